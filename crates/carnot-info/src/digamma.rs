/// `psi(x) = d/dx ln Gamma(x)` for `x > 0`, to a few roundings of `max(1, |psi(x)|)`.
///
/// `psi(x) = psi(x + 1) - 1/x` up to 10, then the asymptotic series `ln x - 1/(2x) - sum_k B_2k / (2k x^2k)`.
/// (Abramowitz and Stegun, *Handbook of Mathematical Functions*, 6.3.5 and 6.3.18.)
pub(crate) fn digamma(x: f64) -> f64 {
    let (mut shifted, mut steps) = (x, 0.0);
    while shifted < 10.0 {
        steps += 1.0 / shifted;
        shifted += 1.0;
    }
    // The first term left out, B_16 / (16 x^16) = -0.44 / x^16, is below 5e-17 at 10.
    let square = 1.0 / (shifted * shifted);
    let coefficients =
        [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32760.0, 1.0 / 12.0];
    let series = coefficients.iter().rev().fold(0.0, |tail, coefficient| square * (coefficient + tail));
    shifted.ln() - 0.5 / shifted - series - steps
}

#[cfg(test)]
mod tests {
    use super::digamma;
    use carnot_testkit::assert_close;
    use std::f64::consts::LN_2;

    /// Euler's constant (OEIS A001620).
    const EULER: f64 = 0.577_215_664_901_532_9;

    #[test]
    fn whole_and_half_arguments() {
        // psi(n) = -gamma + sum_(k<n) 1/k and psi(n + 1/2) = -gamma - 2 ln 2 + sum_(k<=n) 2/(2k-1)
        // (Abramowitz and Stegun 6.3.2 and 6.3.4). A few roundings of numbers up to 8.
        let (mut whole, mut half) = (-EULER, -EULER - 2.0 * LN_2);
        for n in 1..2000 {
            assert_close!(digamma(f64::from(n)), whole, 4e-15, 4e-15);
            assert_close!(digamma(f64::from(n) - 0.5), half, 4e-15, 4e-15);
            whole += 1.0 / f64::from(n);
            half += 2.0 / f64::from(2 * n - 1);
        }
    }

    #[test]
    fn large_arguments() {
        assert_close!(digamma(1e17), 17.0 * 10.0_f64.ln(), 1e-15, 0.0);
    }
}
