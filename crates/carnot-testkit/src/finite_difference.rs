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

impl Derivative {
    /// Twice-extrapolated differences of steps `h`, `h / 2` and `h / 4`, whose error has terms of even order only.
    fn extrapolate(d: [f64; 3], rounding: f64) -> Self {
        let once = [d[1] + (d[1] - d[0]) / 3.0, d[2] + (d[2] - d[1]) / 3.0];
        let value = once[1] + (once[1] - once[0]) / 15.0;
        let (coarse, fine) = ((d[0] - d[1]).abs(), (d[1] - d[2]).abs());
        let order = (fine > 100.0 * rounding).then(|| (coarse / fine).log2());
        Self { value, error: (value - once[1]).abs() + rounding, order }
    }
}

/// The derivative of `f` at `x` from central differences with steps `h`, `h / 2` and `h / 4`, extrapolated twice
/// (error of order `h^6` for a smooth `f`).
pub fn central(f: impl Fn(f64) -> f64, x: f64, h: f64) -> Derivative {
    let [derivative] = central_each(|x| [f(x)], x, h);
    derivative
}

/// [`central`] of every component of `f` at once: what is solved for at a point is solved for once.
pub fn central_each<const N: usize>(f: impl Fn(f64) -> [f64; N], x: f64, h: f64) -> [Derivative; N] {
    let mut scale = [0f64; N];
    let mut difference = |h: f64| {
        let (above, below) = (x + h, x - h);
        let (f_above, f_below) = (f(above), f(below));
        std::array::from_fn::<f64, N, _>(|i| {
            scale[i] = scale[i].max(f_above[i].abs()).max(f_below[i].abs());
            // The divisor is the step that was taken, not the one that was asked for.
            (f_above[i] - f_below[i]) / (above - below)
        })
    };
    let d = [difference(h), difference(h / 2.0), difference(h / 4.0)];
    // A few units in the last place of f, divided by the smallest stencil 2 (h / 4).
    let rounding = |i: usize| 8.0 * f64::EPSILON * scale[i] / h.abs();
    std::array::from_fn(|i| Derivative::extrapolate(d.map(|d| d[i]), rounding(i)))
}

/// The second derivative of `f` at `x` from `(f(x + h) - 2 f(x) + f(x - h)) / h^2` with steps `h`, `h / 2` and `h / 4`,
/// extrapolated twice. It loses twice the digits of a first derivative to rounding: take larger steps.
pub fn second(f: impl Fn(f64) -> f64, x: f64, h: f64) -> Derivative {
    let centre = f(x);
    let mut scale = centre.abs();
    let mut difference = |h: f64| {
        let (above, below) = (x + h, x - h);
        let (f_above, f_below) = (f(above), f(below));
        scale = scale.max(f_above.abs()).max(f_below.abs());
        // Divided differences over the steps that were taken.
        let (rise, fall) = ((f_above - centre) / (above - x), (centre - f_below) / (x - below));
        2.0 * (rise - fall) / (above - below)
    };
    let d = [difference(h), difference(h / 2.0), difference(h / 4.0)];
    // Four values of f with a few units in the last place each, divided by (h / 4)^2.
    Derivative::extrapolate(d, 64.0 * f64::EPSILON * scale / (h * h))
}

#[cfg(test)]
mod tests {
    use super::{central, central_each, second};
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
    fn every_component_is_the_difference_of_that_component_alone() {
        let both = central_each(|x: f64| [x.sin(), 1e6 * x.exp()], 0.7, 0.05);
        assert_eq!(both, [central(f64::sin, 0.7, 0.05), central(|x: f64| 1e6 * x.exp(), 0.7, 0.05)]);
    }

    #[test]
    fn second_derivatives_show_order_two_and_an_honest_error() {
        for x in [0.1, 1.0, 3.0] {
            let derivative = second(f64::exp, x, 0.1);
            // The next term of the extrapolation is below 1e-12 of the value; rounding is 64 eps / h^2 = 1.4e-12.
            assert_close!(derivative.value, x.exp(), rtol = 3e-12, atol = 0.0);
            assert!((derivative.value - x.exp()).abs() <= 10.0 * derivative.error);
            assert_close!(derivative.order.unwrap_or(f64::NAN), 2.0, rtol = 0.0, atol = 0.05);
        }
    }

    #[test]
    fn a_kink_inside_the_stencil_shows_in_the_order_or_the_error() {
        let derivative = central(|x: f64| (x - 0.01).max(0.0), 0.0, 0.05);
        let suspicious = derivative.order.is_none_or(|order| (order - 2.0).abs() > 0.2);
        assert!(suspicious && derivative.error > 1e-3, "{derivative:?}");
        let curvature = second(|x: f64| (x - 0.01).max(0.0), 0.0, 0.05);
        assert!(curvature.error > 0.1, "{curvature:?}");
    }
}
