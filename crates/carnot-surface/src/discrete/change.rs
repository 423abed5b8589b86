//! Changes of what letters say.

use super::letters::Letters;
use super::problem::Problem;

/// What a letter may be given to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// What this letter says.
    Letter(usize),
    /// What the labels of this input are, nearly.
    Input(usize),
}

/// A change of the letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Two letters exchange their classifiers and, where they are free, their weights.
    Swap(usize, usize),
    /// The letter says this. If it is not in use it is taken into use with a small weight.
    Say(usize, Said),
}

impl Change {
    /// The letters that are changed or copied.
    pub(super) fn letters(self) -> [usize; 2] {
        match self {
            Self::Swap(a, b) | Self::Say(a, Said::Letter(b)) => [a, b],
            Self::Say(z, Said::Input(_)) => [z, z],
        }
    }

    pub(super) fn apply(self, problem: &Problem, letters: &mut Letters) {
        let n_y = problem.n_y;
        match self {
            Self::Swap(a, b) => {
                if problem.marginal.is_none() {
                    letters.marginal.swap(a, b);
                }
                for y in 0..n_y {
                    letters.log_classifier.swap(a * n_y + y, b * n_y + y);
                }
            }
            Self::Say(z, said) => {
                if letters.marginal[z] == 0.0 {
                    let share = entering_share(letters.in_use().count());
                    for weight in &mut letters.marginal {
                        *weight *= 1.0 - share;
                    }
                    letters.marginal[z] = share;
                }
                match said {
                    Said::Letter(from) => {
                        letters.log_classifier.copy_within(from * n_y..(from + 1) * n_y, z * n_y);
                    }
                    Said::Input(x) => {
                        for y in 0..n_y {
                            letters.log_classifier[z * n_y + y] = log_of_input(problem, x, y);
                        }
                    }
                }
            }
        }
    }
}

/// Half of what each letter would have if all had the same, the entering one too.
pub(super) fn entering_share(in_use: usize) -> f64 {
    0.5 / (1.0 + in_use as f64)
}

/// The part of an input's labels that is spread over all labels, so that none is excluded.
const SMOOTHING: f64 = 0.01;

pub(super) fn log_of_input(problem: &Problem, x: usize, y: usize) -> f64 {
    let t = problem.labels[y * problem.n_x + x];
    ((1.0 - SMOOTHING) * t + SMOOTHING / problem.n_y as f64).ln()
}
