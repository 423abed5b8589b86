//! How much work goes into the process on a network, and what steers it.

use carnot_models::Relaxation;
use carnot_process::{
    Adaptive, Drive, Guess, Hold, InvalidGuess, Measured, Newton, Options, Process, Tolerance,
};
use carnot_surface::Observable;

/// How much work goes into the process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) relaxation: Relaxation,
    /// The largest step in ln lambda.
    pub(super) largest_step: f64,
    /// A waypoint is accepted when `|C / C_0 - 1|` is at most this: together with twice the standard error of C / C_0,
    /// which is below one percent, inside the five percent that the figure promises.
    pub(super) tolerance: f64,
}

impl Settings {
    pub(super) const QUICK: Self = Self {
        relaxation: Relaxation { initial_steps: 4_000, ..Relaxation::DEFAULT },
        largest_step: 0.35,
        tolerance: 0.025,
    };

    pub(super) const FULL: Self = Self {
        relaxation: Relaxation { initial_steps: 8_000, steps: 600, ..Self::QUICK.relaxation },
        largest_step: 0.2,
        tolerance: 0.015,
    };

    #[cfg(test)]
    pub(super) const SMALL: Self = Self {
        relaxation: Relaxation { initial_steps: 250, steps: 30, batch_size: 100, ..Self::QUICK.relaxation },
        largest_step: 1.0,
        tolerance: 0.1,
    };

    /// The held process down to `end`. A step costs one correction or two. Four corrections that do not bring C back, each by
    /// at most a factor of exp(0.5) in gamma, mean that the step was too long.
    pub(super) fn process(&self, end: f64) -> Process {
        let tolerance = Tolerance { rtol: self.tolerance, atol: 0.0, standard_errors: 0.0 };
        let control = Adaptive {
            first_step: 0.5 * self.largest_step,
            smallest_step: 0.02,
            largest_step: self.largest_step,
            wanted_corrections: 1,
            // What a noisy correction says of the prediction is not to be trusted.
            wanted_error: f64::MAX,
        };
        Process::new(Hold::Classification, Drive::LambdaTo(end))
            .with_options(Options { tolerance, ..Options::default() })
            .with_control(control)
            .with_corrector(Newton { most_corrections: 4, largest_correction: 0.5, ..Newton::default() })
    }

    /// The relaxations that the held process is expected to take, one correction in two waypoints, for the progress.
    pub(super) fn relaxations_between(&self, from: f64, to: f64) -> u64 {
        (1.5 * (from / to).ln().abs() / self.largest_step).ceil() as u64
    }
}

/// The standard deviation of C, relative to C, that relaxing anew adds to what is measured. Relaxing on where it is
/// changes C of the network by about two percent, most of which is the way still to go and not noise.
const SCATTER: f64 = 0.015;

/// The slopes of C with ln lambda and ln gamma to begin with, relative to C, and how wrong they may be: on digits they
/// were found between -0.05 and -0.4, and between -0.2 and -0.5.
const GUESS: (f64, f64, f64) = (-0.1, -0.35, 0.15);

/// The slopes of C that the process begins with, `first_loss` being C at the start.
pub(super) fn tangent(first_loss: f64) -> Result<Measured, InvalidGuess> {
    let (driving, steered, uncertainty) = GUESS;
    let guess = Guess {
        slopes: [driving * first_loss, steered * first_loss, 0.0],
        uncertainty: uncertainty * first_loss,
        scatter: SCATTER * first_loss,
    };
    Measured::new(Observable::Classification, guess)
}
