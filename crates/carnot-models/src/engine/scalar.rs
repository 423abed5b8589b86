//! The two floating-point types that the engine computes with, and the elementary functions it needs of them.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

pub(crate) mod sealed {
    use safetensors::Dtype;

    /// What faer can multiply and how it is stored, kept out of the public interface.
    pub trait Sealed: faer::traits::RealField + Copy {
        /// The type's name in a file.
        const DTYPE: Dtype;
        /// The least positive number that has all of its digits.
        const LEAST: f64;
        /// Its bytes, the least first, after those that there are.
        fn store(self, bytes: &mut Vec<u8>);
        /// All values of such bytes; of what is left of them, fewer than a value has, none.
        fn restore(bytes: &[u8]) -> Vec<Self>;
    }

    macro_rules! sealed {
        ($type:ty, $dtype:expr) => {
            impl Sealed for $type {
                const DTYPE: Dtype = $dtype;
                const LEAST: f64 = <$type>::MIN_POSITIVE as f64;

                fn store(self, bytes: &mut Vec<u8>) {
                    bytes.extend_from_slice(&self.to_le_bytes());
                }

                fn restore(bytes: &[u8]) -> Vec<Self> {
                    bytes.as_chunks().0.iter().map(|&value| Self::from_le_bytes(value)).collect()
                }
            }
        };
    }

    sealed!(f32, Dtype::F32);
    sealed!(f64, Dtype::F64);
}

/// `f32` or `f64`: what a model is computed in. Training is in `f32`; curvature and the checks against finite
/// differences are in `f64`, from the same code.
///
/// The elementary functions of `f32` are polynomials without branches, so that loops over them become vector
/// instructions; they are within a few units in the last place. Those of `f64` are the standard library's.
pub trait Scalar:
    sealed::Sealed
    + Debug
    + Default
    + PartialEq
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
{
    /// Zero.
    const ZERO: Self;
    /// One half.
    const HALF: Self;
    /// One.
    const ONE: Self;
    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;
    /// A byte's value, exactly.
    fn from_byte(byte: u8) -> Self;
    /// The value as `f64`, exactly.
    fn to_f64(self) -> f64;
    /// The larger of two numbers; NaN if the first is one.
    fn at_least(self, floor: Self) -> Self;
    /// The square root.
    fn square_root(self) -> Self;
    /// `exp(x)`.
    fn exponential(self) -> Self;
    /// `tanh(x)`.
    fn hyperbolic_tangent(self) -> Self;
    /// `ln(1 + exp(x))`, finite and precise for every finite x.
    fn softplus(self) -> Self;
    /// `1 - exp(-x)` for x >= 0, precise near zero.
    fn one_minus_exp_of_minus(self) -> Self;
    /// `1 / (1 + exp(-x))`.
    #[inline(always)]
    fn logistic(self) -> Self {
        Self::ONE / (Self::ONE + (-self).exponential())
    }
}

impl Scalar for f64 {
    const ZERO: Self = 0.0;
    const HALF: Self = 0.5;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn from_byte(byte: u8) -> Self {
        f64::from(byte)
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn at_least(self, floor: Self) -> Self {
        if self < floor { floor } else { self }
    }

    #[inline(always)]
    fn square_root(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn exponential(self) -> Self {
        self.exp()
    }

    #[inline(always)]
    fn hyperbolic_tangent(self) -> Self {
        self.tanh()
    }

    #[inline(always)]
    fn softplus(self) -> Self {
        self.at_least(0.0) + (-self.abs()).exp().ln_1p()
    }

    #[inline(always)]
    fn one_minus_exp_of_minus(self) -> Self {
        -(-self).exp_m1()
    }
}

impl Scalar for f32 {
    const ZERO: Self = 0.0;
    const HALF: Self = 0.5;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn from_byte(byte: u8) -> Self {
        f32::from(byte)
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn at_least(self, floor: Self) -> Self {
        if self < floor { floor } else { self }
    }

    #[inline(always)]
    fn square_root(self) -> Self {
        self.sqrt()
    }

    /// `2^n exp(r)` with `x = n ln 2 + r` and `|r| <= ln 2 / 2`; the polynomial is that of Cephes' `expf`.
    #[inline(always)]
    fn exponential(self) -> Self {
        // Outside this range the result is zero or infinite; a NaN fails both comparisons and stays.
        let x = if self < -104.0 { -104.0 } else { self };
        let x = if x > 89.0 { 89.0 } else { x };
        // Adding 1.5 * 2^23 rounds to an integer, which is then in the low bits.
        const ROUND: f32 = 12_582_912.0;
        let shifted = x * std::f32::consts::LOG2_E + ROUND;
        let n = shifted - ROUND;
        let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i32;
        // ln 2 in two parts, the first with few enough bits that its product with n is exact.
        let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
        let p = ((((1.987_569_1e-4 * r + 1.398_199_9e-3) * r + 8.333_452e-3) * r + 4.166_579_6e-2) * r
            + 1.666_666_5e-1)
            * r
            + 0.5;
        let value = p * (r * r) + r + 1.0;
        // In two factors, since 2^n alone may be out of range where the result is not. The sums of small integers are wrapping
        // ones, since a check of them would be a branch.
        let half = exponent >> 1;
        let power = |n: i32| f32::from_bits((n.wrapping_add(127) << 23) as u32);
        value * power(half) * power(exponent.wrapping_sub(half))
    }

    /// A quotient of polynomials, odd over even (that of Eigen and XLA).
    #[inline(always)]
    fn hyperbolic_tangent(self) -> Self {
        // Beyond this the result is one to the last place.
        const END: f32 = 7.905_311;
        let x = if self < -END { -END } else { self };
        let x = if x > END { END } else { x };
        let s = x * x;
        let odd = ((((((-2.760_768_5e-16 * s + 2.000_188e-13) * s - 8.604_672e-11) * s + 5.122_297e-8) * s
            + 1.485_722_4e-5)
            * s
            + 6.372_619_3e-4)
            * s
            + 4.893_524_6e-3)
            * x;
        let even = ((1.198_258_4e-6 * s + 1.185_347_1e-4) * s + 2.268_434_6e-3) * s + 4.893_525e-3;
        odd / even
    }

    /// `max(x, 0) + ln(1 + t)` with `t = exp(-|x|)` and `ln(1 + t) = 2 artanh(t / (2 + t))`, whose series in
    /// `s = t / (2 + t) <= 1/3` ends with an error below `s^16 / 17 = 1.4e-9` of it.
    #[inline(always)]
    fn softplus(self) -> Self {
        let t = (-self.abs()).exponential();
        let s = t / (2.0 + t);
        let q = s * s;
        let series = 1.0
            + q * (1.0 / 3.0
                + q * (1.0 / 5.0
                    + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q / 15.0))))));
        self.at_least(0.0) + 2.0 * s * series
    }

    /// The series below one half, where `1 - exp(-x)` would cancel; its next term is `x^8 / 8! < 1e-7 x`.
    #[inline(always)]
    fn one_minus_exp_of_minus(self) -> Self {
        let x = self;
        let series = x
            * (1.0
                - x / 2.0
                    * (1.0
                        - x / 3.0 * (1.0 - x / 4.0 * (1.0 - x / 5.0 * (1.0 - x / 6.0 * (1.0 - x / 7.0))))));
        if x < 0.5 { series } else { 1.0 - (-x).exponential() }
    }
}

/// Runs `f` compiled for the widest vectors that this machine has. It changes no result: nothing is reordered or fused.
#[inline(always)]
pub(super) fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::Scalar;

    /// Numbers of both signs over many scales, and the ends of the ranges.
    fn arguments() -> impl Iterator<Item = f32> {
        let scales = (-60..=25).map(|i| 1.4f32.powi(i));
        scales.flat_map(|x| [x, -x, 0.7 * x, -0.7 * x]).chain([0.0, -0.0, 0.5, -0.5, 88.7, -87.3, -103.0])
    }

    #[test]
    fn functions_of_f32_are_those_of_f64_to_a_few_units_in_the_last_place() {
        // One unit in the last place is 1.2e-7 of the value at most; of a subnormal number it is 1.4e-45.
        let check = |name, found: f32, exact: f64, units: f64| {
            if exact.abs() < f64::from(f32::MAX) {
                assert_close!(f64::from(found), exact, units * 1.2e-7, units * 1.4e-45, "{name}");
            } else {
                assert_eq!(f64::from(found), f64::INFINITY * exact.signum(), "{name}");
            }
        };
        for x in arguments() {
            let wide = f64::from(x);
            check("exp", x.exponential(), wide.exp(), 2.0);
            check("tanh", x.hyperbolic_tangent(), wide.tanh(), 4.0);
            check("softplus", x.softplus(), wide.softplus(), 4.0);
            check("logistic", x.logistic(), wide.logistic(), 4.0);
            if x >= 0.0 {
                check("1 - exp(-x)", x.one_minus_exp_of_minus(), -(-wide).exp_m1(), 4.0);
            }
        }
    }

    #[test]
    fn what_is_not_finite_stays_so() {
        assert!(f32::NAN.exponential().is_nan() && f32::NAN.hyperbolic_tangent().is_nan());
        assert!(f32::NAN.softplus().is_nan() && f64::NAN.softplus().is_nan());
        assert!(f32::NAN.at_least(0.0).is_nan() && f64::NAN.at_least(0.0).is_nan());
        assert_eq!(f32::INFINITY.exponential(), f32::INFINITY);
        assert_eq!(f32::NEG_INFINITY.exponential(), 0.0);
        assert_eq!((1e4f32.softplus(), (-1e4f32).softplus()), (1e4, 0.0));
        assert_eq!((1e4f64.softplus(), (-1e4f64).softplus()), (1e4, 0.0));
        assert_eq!((1e4f32.logistic(), (-1e4f32).logistic()), (1.0, 0.0));
    }
}
