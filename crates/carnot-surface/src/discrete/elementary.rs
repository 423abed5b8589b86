//! Exponentials and logarithms that a loop can compute several of at a time.
//!
//! Most of what a solution of a discrete problem costs are the exponentials of its encoder, and those of the standard library
//! are calls. These are sums and products alone, and selections instead of branches: a loop over them, compiled by
//! [`vectorised`], takes as many at a time as a vector of the machine holds. Nothing is reordered or fused, so they give the
//! same bits on every machine.

/// Runs `f` compiled for the widest vectors that this machine has. A closure is compiled so only where it is
/// `#[inline(always)]`, and all that it calls too.
#[inline(always)]
pub(super) fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}

/// Added to a number below 2^51, it leaves no place behind the binary point, and the integer in the last bits.
const TO_WHOLE: f64 = 1.5 * (1_u64 << 52) as f64;

/// `ln 2` in two parts, the first with so few digits that its product with an exponent is exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

const MANTISSA_BITS: u32 = 52;
const MANTISSA: u64 = (1 << MANTISSA_BITS) - 1;
const BIAS: u64 = 1023;

/// The least argument whose exponential is not taken for zero: that of the least normal number, rounded up.
const LEAST: f64 = -708.0;
/// An argument whose exponential is infinite.
const LARGEST: f64 = 710.0;

/// `e^x` to 1.5 units in the last place; zero below -708, infinite above 709.4.
#[inline(always)]
pub(super) fn exp(x: f64) -> f64 {
    // 2^k e^r, |r| <= ln 2 / 2.
    let bounded = if x > LARGEST { LARGEST } else { x };
    let shifted = bounded * std::f64::consts::LOG2_E + TO_WHOLE;
    let k = shifted - TO_WHOLE;
    let r = (bounded - k * LN_2_HIGH) - k * LN_2_LOW;
    // (e^r - 1 - r) / r^2, by its Taylor series.
    let mut series = 1.0 / 6_227_020_800.0;
    series = series * r + 1.0 / 479_001_600.0;
    series = series * r + 1.0 / 39_916_800.0;
    series = series * r + 1.0 / 3_628_800.0;
    series = series * r + 1.0 / 362_880.0;
    series = series * r + 1.0 / 40_320.0;
    series = series * r + 1.0 / 5_040.0;
    series = series * r + 1.0 / 720.0;
    series = series * r + 1.0 / 120.0;
    series = series * r + 1.0 / 24.0;
    series = series * r + 1.0 / 6.0;
    series = series * r + 0.5;
    let power = f64::from_bits(shifted.to_bits().wrapping_add(BIAS) << MANTISSA_BITS);
    let value = power * (1.0 + (r + r * r * series));
    if x < LEAST { 0.0 } else { value }
}

/// The bits of `sqrt(1/2)`, the least mantissa that a logarithm is computed of, rounded.
const ROOT_HALF: u64 = 0x3fe6_a09e_0000_0000;

/// `ln x` of a number that is not negative, to 1.5 units in the last place; `-inf` below the least normal number, and NaN of
/// infinity.
#[inline(always)]
pub(super) fn ln(x: f64) -> f64 {
    // k ln 2 + ln(1 + f), 1 + f between sqrt(1/2) and sqrt(2).
    let shifted = x.to_bits().wrapping_add((BIAS << MANTISSA_BITS) - ROOT_HALF);
    let f = f64::from_bits((shifted & MANTISSA) + ROOT_HALF) - 1.0;
    let exponent =
        f64::from_bits((shifted >> MANTISSA_BITS) | ((BIAS + u64::from(MANTISSA_BITS)) << MANTISSA_BITS));
    let k = exponent - ((1_u64 << MANTISSA_BITS) + BIAS) as f64;
    // ln(1 + f) = ln((1 + s) / (1 - s)) = 2 artanh s.
    let s = f / (2.0 + f);
    let z = s * s;
    let mut series = 2.0 / 19.0;
    series = series * z + 2.0 / 17.0;
    series = series * z + 2.0 / 15.0;
    series = series * z + 2.0 / 13.0;
    series = series * z + 2.0 / 11.0;
    series = series * z + 2.0 / 9.0;
    series = series * z + 2.0 / 7.0;
    series = series * z + 2.0 / 5.0;
    series = series * z + 2.0 / 3.0;
    series *= z;
    // As 2 s = f - s f, and s f = f^2 / 2 - s f^2 / 2.
    let half_square = 0.5 * f * f;
    let value = k * LN_2_HIGH - ((half_square - (s * (half_square + series) + k * LN_2_LOW)) - f);
    // What is no number stays none.
    let value = value + 0.0 * x;
    if x < f64::MIN_POSITIVE { f64::NEG_INFINITY } else { value }
}

/// `e^x` of each.
pub(super) fn exponentials(of: &[f64]) -> Vec<f64> {
    vectorised(
        #[inline(always)]
        || of.iter().map(|x| exp(*x)).collect(),
    )
}

/// `ln x` of each, in place, of what is smaller that of the least normal number.
pub(super) fn take_logarithms(of: &mut [f64]) {
    vectorised(
        #[inline(always)]
        || {
            for x in of {
                *x = ln(x.max(f64::MIN_POSITIVE));
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::{exp, exponentials, ln, take_logarithms};

    /// Numbers that fill an interval evenly.
    fn spread(count: u32, least: f64, largest: f64) -> impl Iterator<Item = f64> {
        // In steps of the golden ratio, without a common measure.
        let place = |i: u32| (f64::from(i) * 0.618_033_988_749_894_8).fract();
        (0..count).map(move |i| least + (largest - least) * place(i))
    }

    /// Two units in the last place: 1.5 of the value and half a one of the library's that it is compared with.
    const RTOL: f64 = 2.0 * f64::EPSILON;

    #[test]
    fn exponentials_are_right_to_the_last_places() {
        let near_zero = spread(200_000, -1e-3, 1e-3).chain(spread(200_000, -2.0, 2.0));
        for x in spread(500_000, -708.0, 709.4).chain(near_zero).chain([0.0, -0.0, 1.0, -1.0, -708.0, 1e-300])
        {
            let (found, expected) = (exp(x), x.exp());
            assert!((found - expected).abs() <= RTOL * expected, "exp({x}) is {expected}, found {found}");
        }
    }

    #[test]
    fn exponentials_end_in_zero_and_infinity_and_keep_what_is_no_number() {
        for x in [-708.000_001, -745.0, -1e5, -1e300, f64::MIN, f64::NEG_INFINITY] {
            assert_eq!(exp(x), 0.0, "exp({x})");
        }
        for x in [710.0, 1e5, f64::MAX, f64::INFINITY] {
            assert_eq!(exp(x), f64::INFINITY, "exp({x})");
        }
        assert!(exp(f64::NAN).is_nan());
        assert!(exp(-f64::NAN).is_nan());
    }

    #[test]
    fn logarithms_are_right_to_the_last_places() {
        let scales = spread(500_000, -307.6, 308.2).map(|exponent| 10f64.powf(exponent));
        let near_one = spread(500_000, 0.5, 2.0).chain(spread(200_000, 1.0 - 1e-6, 1.0 + 1e-6));
        let ends = [1.0, f64::MIN_POSITIVE, f64::MAX, 0.5f64.sqrt(), 2f64.sqrt(), 1.0 - f64::EPSILON / 2.0];
        for x in scales.chain(near_one).chain(ends) {
            let (found, expected) = (ln(x), x.ln());
            assert!(
                (found - expected).abs() <= RTOL * expected.abs(),
                "ln({x}) is {expected}, found {found}"
            );
        }
    }

    #[test]
    fn logarithms_end_in_minus_infinity_and_keep_what_is_no_number() {
        for x in [0.0, 1e-310, f64::MIN_POSITIVE * (1.0 - f64::EPSILON)] {
            assert_eq!(ln(x), f64::NEG_INFINITY, "ln({x})");
        }
        assert!(ln(f64::NAN).is_nan());
        assert!(ln(f64::INFINITY).is_nan());
    }

    #[test]
    fn vectors_hold_the_same_bits_as_single_numbers() {
        let numbers: Vec<f64> = spread(1_003, 1e-8, 700.0).collect();
        let mut logarithms = numbers.clone();
        take_logarithms(&mut logarithms);
        for ((x, e), l) in numbers.iter().zip(exponentials(&numbers)).zip(logarithms) {
            assert_eq!((exp(*x).to_bits(), ln(*x).to_bits()), (e.to_bits(), l.to_bits()), "at {x}");
        }
    }
}
