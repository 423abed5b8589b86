//! What a solver finds, what it took, and when it may stop.

use super::letters::Letters;

/// What a solver found.
#[derive(Debug, Clone)]
pub(super) struct Solution {
    pub(super) letters: Letters,
    /// The objective without the least distortion, nats.
    pub(super) objective: f64,
    /// `F* >= objective - gap` where the problem is convex.
    pub(super) gap: f64,
    /// How far one more update moves the joint distribution of labels and letters.
    pub(super) residual: f64,
    pub(super) work: Work,
    /// Whether the solver's evaluation, updated, is that of these letters.
    pub(super) is_evaluated: bool,
}

impl Solution {
    /// Whether the objective is lower or, where rounding does not tell, the optimality conditions are satisfied better.
    pub(super) fn is_better_than(&self, other: &Self) -> bool {
        let rounding = 4.0 * f64::EPSILON * other.objective.abs().max(1.0);
        self.objective < other.objective - rounding
            || (self.objective <= other.objective + rounding && self.residual < other.residual)
    }
}

/// The work of a solution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Work {
    /// Cycles of the accelerated alternation, three evaluations of the objective each.
    pub cycles: usize,
    /// Steps of Newton's method.
    pub newton_steps: usize,
    /// Steps of Newton's method with the second derivatives of the step before, a quarter of the work each.
    pub chord_steps: usize,
}

impl Work {
    /// This and `other` together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            cycles: self.cycles + other.cycles,
            newton_steps: self.newton_steps + other.newton_steps,
            chord_steps: self.chord_steps + other.chord_steps,
        }
    }
}

/// When the solver may stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Target {
    /// The certified gap, relative to `max(1, |F|)`.
    pub(super) gap: f64,
    /// The residual of the optimality conditions.
    pub(super) residual: f64,
}

impl Target {
    pub(super) fn is_met(&self, solution: &Solution) -> bool {
        let scale = solution.objective.abs().max(1.0);
        solution.gap <= self.gap * scale && solution.residual <= self.residual
    }
}
