//! When the curvature of the last step is good for the next one.

/// The work of a step with the curvature of the step before, in units of a step with its own.
const CHORD: f64 = 0.35;

/// How fast Newton's method converges, and whether the curvature of its last step is worth to be used again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Convergence {
    /// The residual where the curvature was assembled; zero where there is none to be used again.
    assembled: f64,
    /// The residual after that step; zero before it is known.
    first: f64,
    /// The last two residuals.
    last: [f64; 2],
}

impl Convergence {
    /// A step has come to this residual.
    pub(super) fn reached(&mut self, residual: f64) {
        if self.first == 0.0 {
            self.first = residual;
        }
        self.last = [self.last[1], residual];
    }

    /// A step with its own curvature is made from the last residual.
    pub(super) fn restart(&mut self) {
        (self.assembled, self.first) = (self.last[1], 0.0);
    }

    /// Whether less work is left to the target with the curvature that there is: of it every step leaves the part that the
    /// last one left, of their own curvature the n-th `quadratic` times the residual squared.
    pub(super) fn favours_chord(&self, target: f64) -> bool {
        let [before, residual] = self.last;
        let (factor, quadratic) = (residual / before, self.first / (self.assembled * self.assembled));
        if self.assembled == 0.0 || !(factor < 0.5 && quadratic.is_finite()) {
            return false;
        }
        let chords = ((target / residual).ln() / factor.ln()).ceil().max(1.0);
        let (mut steps, mut reached) = (1.0, quadratic * residual * residual);
        while reached > target && steps < chords {
            (steps, reached) = (steps + 1.0, quadratic * reached * reached);
        }
        CHORD * chords < steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A method that leaves `rate` times the square of the residual, from `first`, as seen after one step.
    fn after_one_step(first: f64, rate: f64) -> Convergence {
        let mut convergence = Convergence::default();
        convergence.reached(first);
        convergence.restart();
        convergence.reached(rate * first * first);
        convergence
    }

    #[test]
    fn the_curvature_is_used_again_where_that_is_less_work() {
        // 1e-3, 1e-6; then 1e-9, 1e-12, 1e-15 against 1e-12, 1e-24: three steps of 0.35 against two.
        assert!(after_one_step(1e-3, 1.0).favours_chord(1e-13));
        // 1e-1, 1e-2; then eleven steps of a tenth each against 1e-4, 1e-8, 1e-16.
        assert!(!after_one_step(1e-1, 1.0).favours_chord(1e-13));
        // A step that gained nothing says that the curvature is not the one that is needed.
        assert!(!after_one_step(1e-3, 1e3).favours_chord(1e-13));
        assert!(!Convergence::default().favours_chord(1e-13));
    }

    #[test]
    fn a_step_that_falls_short_ends_it() {
        let mut convergence = after_one_step(1e-3, 1.0);
        convergence.reached(0.9e-6);
        assert!(!convergence.favours_chord(1e-13));
    }
}
