//! Equilibria along a given path: the process without a constraint.

use carnot_surface::{At, Multipliers, System};

use crate::ProcessError;

/// The equilibria of `system` at each of `path`, each started from the one before: a quasi-static process along a
/// prescribed path, for instance lambda swept at fixed gamma. The iterator ends after the first error.
pub fn sweep<S: System, P: IntoIterator<Item = Multipliers>>(
    system: S,
    start: S::State,
    path: P,
) -> Sweep<S, P::IntoIter> {
    Sweep { system, state: start, path: path.into_iter(), waypoint: 1, failed: false }
}

/// The iterator of [`sweep`].
#[derive(Debug, Clone)]
pub struct Sweep<S: System, P> {
    system: S,
    state: S::State,
    path: P,
    /// The number of the next one; the start is number 0.
    waypoint: usize,
    failed: bool,
}

impl<S: System, P: Iterator<Item = Multipliers>> Iterator for Sweep<S, P> {
    type Item = Result<At<S>, ProcessError<S::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let at = self.path.next()?;
        let waypoint = self.waypoint;
        self.waypoint += 1;
        let equilibrium = self.system.equilibrium(at, Some(&self.state));
        Some(match equilibrium {
            Ok(equilibrium) => {
                self.state = equilibrium.state.clone();
                Ok(equilibrium)
            }
            Err(source) => {
                self.failed = true;
                Err(ProcessError::System { waypoint, at, time: 0.0, source })
            }
        })
    }
}
