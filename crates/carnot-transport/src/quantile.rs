use crate::coupling::{Coupling, Entry};
use crate::double::Double;
use crate::{Measure, TransportError};

/// Two cumulative weights closer than this are one level.
///
/// Each weight is within two roundings of what its author meant (its own and that of the normalisation), hence each
/// cumulative weight, at most one, within `eps` of it, and the difference of two within `2 eps`; twice that is left
/// for weights that were themselves computed. Without it, thirds against sixths would leave crumbs of mass 1e-17,
/// and a crumb moved by a distance `l` adds `l * 1e-17^(1/p)` to a Wasserstein distance that should be zero.
const SAME_LEVEL: f64 = 4.0 * f64::EPSILON;

/// The monotone coupling of two measures on the line: the quantile of level `u` of the one goes to the quantile of
/// level `u` of the other.
///
/// It is an optimal transport plan for every cost `h(x - y)` with `h` convex, in time `O((n + m) log(n + m))`, and
/// has at most `n + m - 1` entries for `n` and `m` atoms. Its marginals are the two measures, to `8 eps` of absolute
/// mass in each atom. (F. Santambrogio, *Optimal Transport for Applied Mathematicians*, 2015, section 2.2.)
///
/// ```
/// # use carnot_transport::{Measure, quantile_coupling};
/// # fn main() -> Result<(), carnot_transport::TransportError> {
/// let source = Measure::new(vec![0.0, 1.0], vec![0.75, 0.25])?;
/// let target = Measure::uniform(vec![5.0, 3.0])?;
/// let plan: Vec<_> =
///     quantile_coupling(&source, &target).entries().iter().map(|e| (e.source, e.target, e.mass)).collect();
/// assert_eq!(plan, [(0, 1, 0.5), (0, 0, 0.25), (1, 0, 0.25)]);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn quantile_coupling(source: &Measure, target: &Measure) -> Coupling {
    let mut sources = Queue::new(source);
    let mut targets = Queue::new(target);
    let mut entries = Vec::with_capacity(sources.atoms.len() + targets.atoms.len());
    while let (Some(i), Some(j)) = (sources.current(), targets.current()) {
        let gap = sources.remaining.minus(targets.remaining).value();
        let tie = gap.abs() <= SAME_LEVEL;
        // The last atom of one side takes all that is left of the other, whatever the rounding of the totals.
        let (last_source, last_target) = (sources.is_last(), targets.is_last());
        let source_done = if last_source { last_target } else { tie || gap < 0.0 || last_target };
        let target_done = if last_target { last_source } else { tie || gap > 0.0 || last_source };
        let moved = match (source_done, target_done) {
            (true, false) => sources.remaining,
            (false, true) => targets.remaining,
            _ if gap < 0.0 => targets.remaining,
            _ => sources.remaining,
        };
        let mass = moved.value();
        // Not so after a tie that gave an atom lighter than SAME_LEVEL to its neighbour.
        if mass > 0.0 {
            entries.push(Entry { source: i.0, target: j.0, mass, from: i.1, to: j.1 });
            sources.remaining = sources.remaining.minus(moved);
            targets.remaining = targets.remaining.minus(moved);
        }
        if source_done {
            sources.advance();
        }
        if target_done {
            targets.advance();
        }
    }
    Coupling::new(entries)
}

/// The Wasserstein distance `W_p = ( min over couplings of sum_ij G_ij |x_i - y_j|^p )^(1/p)` of two measures on the
/// line, in the unit of their atoms.
///
/// # Errors
///
/// [`TransportError::InvalidOrder`] unless `order` = `p` is finite and at least one.
pub fn wasserstein_distance(source: &Measure, target: &Measure, order: f64) -> Result<f64, TransportError> {
    quantile_coupling(source, target).wasserstein(order)
}

/// The atoms of a measure from left to right, and how much of the current one is left to move.
struct Queue {
    atoms: Vec<(usize, f64, f64)>,
    at: usize,
    /// What the plan has yet to move of the current atom, and what it owes from a tie before it. A difference of
    /// cumulative weights would be the same, but would lose a last atom of mass 1e-34.
    remaining: Double,
}

impl Queue {
    fn new(measure: &Measure) -> Self {
        let atoms = measure.ascending();
        let first = atoms.first().map_or(0.0, |atom| atom.2);
        Self { atoms, at: 0, remaining: Double::default().plus(first) }
    }

    fn current(&self) -> Option<(usize, f64)> {
        self.atoms.get(self.at).map(|atom| (atom.0, atom.1))
    }

    fn is_last(&self) -> bool {
        self.at + 1 >= self.atoms.len()
    }

    fn advance(&mut self) {
        self.at += 1;
        if let Some(atom) = self.atoms.get(self.at) {
            self.remaining = self.remaining.plus(atom.2);
        }
    }
}
