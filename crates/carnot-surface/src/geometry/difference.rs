//! Finite differences of what is solved for, with an estimate of their error.

/// A derivative measured by finite differences of solved equilibria.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Derivative {
    /// The derivative.
    pub value: f64,
    /// An estimate of its absolute error: what the last extrapolation changed, and what rounding and the solver leave
    /// in the smallest stencil. It is of the derivative's own size where the stencil straddles a transition.
    pub error: f64,
}

/// A value that was solved for, with its absolute uncertainty.
pub(super) type Solved = (f64, f64);

/// The derivative at zero from central differences with steps `h`, `h / 2` and `h / 4`, extrapolated twice after
/// Richardson: an error of order `h^6` where `f` is smooth. `f` takes the offset.
pub(super) fn central<E>(mut f: impl FnMut(f64) -> Result<Solved, E>, h: f64) -> Result<Derivative, E> {
    let mut noise: f64 = 0.0;
    let mut difference = |h: f64| {
        let ((above, above_noise), (below, below_noise)) = (f(h)?, f(-h)?);
        let rounding = f64::EPSILON * above.abs().max(below.abs());
        noise = noise.max(above_noise.max(below_noise) + 2.0 * rounding);
        Ok((above - below) / (2.0 * h))
    };
    let d = [difference(h)?, difference(h / 2.0)?, difference(h / 4.0)?];
    let once = [d[1] + (d[1] - d[0]) / 3.0, d[2] + (d[2] - d[1]) / 3.0];
    let value = once[1] + (once[1] - once[0]) / 15.0;
    // Two values, each off by the noise, over the smallest stencil 2 (h / 4).
    Ok(Derivative { value, error: (value - once[1]).abs() + 4.0 * noise / h.abs() })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use carnot_testkit::assert_close;

    use super::central;

    #[test]
    fn the_derivative_is_within_its_error_and_of_sixth_order() {
        let off = |h: f64| {
            let solved = |x: f64| Ok::<_, Infallible>(((1.0 + x).exp(), 0.0));
            let derivative = central(solved, h).expect("no errors");
            let off = (derivative.value - 1f64.exp()).abs();
            assert!(off <= derivative.error, "{off} against {}", derivative.error);
            off
        };
        // Half the step, 2^6 the accuracy; both above rounding.
        assert_close!((off(1.6) / off(0.8)).log2(), 6.0, rtol = 0.0, atol = 0.2);
    }

    #[test]
    fn a_kink_and_noise_are_seen_in_the_error() {
        let kink = |x: f64| Ok::<_, Infallible>(((x - 0.02).max(0.0), 0.0));
        assert!(central(kink, 0.1).expect("no errors").error > 1e-2);
        let noisy = |x: f64| Ok::<_, Infallible>((x, 1e-6));
        assert!(central(noisy, 0.1).expect("no errors").error >= 4e-5);
    }
}
