//! Finite differences that say how wrong they are.

/// A derivative by Richardson extrapolation of central differences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Derivative {
    /// The extrapolated derivative.
    pub value: f64,
    /// An estimate of its absolute error: the disagreement of the last two extrapolations plus the rounding error of
    /// the smallest stencil.
    pub error: f64,
    /// The observed order of the plain central difference, `log2(|d_h - d_h/2| / |d_h/2 - d_h/4|)`: 2 where `f` is
    /// smooth over the stencil. `None` where the differences are at the level of rounding.
    pub order: Option<f64>,
}

/// The derivative of `f` at `x` from central differences with steps `h`, `h / 2` and `h / 4`, extrapolated twice
/// (error of order `h^6` for a smooth `f`).
pub fn central(f: impl Fn(f64) -> f64, x: f64, h: f64) -> Derivative {
    let mut scale: f64 = 0.0;
    let mut difference = |h: f64| {
        let (above, below) = (x + h, x - h);
        let (f_above, f_below) = (f(above), f(below));
        scale = scale.max(f_above.abs()).max(f_below.abs());
        // The divisor is the step that was taken, not the one that was asked for.
        (f_above - f_below) / (above - below)
    };
    let d = [difference(h), difference(h / 2.0), difference(h / 4.0)];
    let once = [d[1] + (d[1] - d[0]) / 3.0, d[2] + (d[2] - d[1]) / 3.0];
    let value = once[1] + (once[1] - once[0]) / 15.0;
    // A few units in the last place of f, divided by the smallest stencil 2 (h / 4).
    let rounding = 8.0 * f64::EPSILON * scale / h.abs();
    let (coarse, fine) = ((d[0] - d[1]).abs(), (d[1] - d[2]).abs());
    let order = (fine > 100.0 * rounding).then(|| (coarse / fine).log2());
    Derivative { value, error: (value - once[1]).abs() + rounding, order }
}

#[cfg(test)]
mod tests {
    use super::central;
    use crate::assert_close;

    #[test]
    fn smooth_functions_show_order_two_and_an_honest_error() {
        for x in [0.1, 1.0, 3.0] {
            let derivative = central(f64::sin, x, 0.05);
            // The next term of the extrapolation is about h^6 / 5e5 here: 3e-14.
            assert_close!(derivative.value, x.cos(), rtol = 0.0, atol = 1e-11);
            assert!((derivative.value - x.cos()).abs() <= 10.0 * derivative.error);
            assert_close!(derivative.order.unwrap_or(f64::NAN), 2.0, rtol = 0.0, atol = 0.05);
        }
    }

    #[test]
    fn a_kink_inside_the_stencil_shows_in_the_order_or_the_error() {
        let derivative = central(|x: f64| (x - 0.01).max(0.0), 0.0, 0.05);
        let suspicious = derivative.order.is_none_or(|order| (order - 2.0).abs() > 0.2);
        assert!(suspicious && derivative.error > 1e-3, "{derivative:?}");
    }
}
