use crate::double::sum;
use crate::{Measure, TransportError};

/// One entry of a coupling: `mass` goes from atom `source`, at `from`, to atom `target`, at `to`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// Index `i` of the atom of the source measure.
    pub source: usize,
    /// Index `j` of the atom of the target measure.
    pub target: usize,
    /// The mass `G_ij > 0`.
    pub mass: f64,
    /// The place `x_i` of the source atom.
    pub from: f64,
    /// The place `y_j` of the target atom.
    pub to: f64,
}

/// A transport plan between two measures on the line, made by [`quantile_coupling`](crate::quantile_coupling).
///
/// Entries go from left to right: neither `from` nor `to` ever decreases.
#[derive(Debug, Clone, PartialEq)]
pub struct Coupling {
    entries: Vec<Entry>,
}

impl Coupling {
    pub(crate) fn new(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// The entries, from left to right.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The cost of the plan, `sum_ij G_ij cost(x_i, y_j)`.
    ///
    /// Least among all plans when `cost(x, y) = h(x - y)` with `h` convex. What `cost` returns is used as it is: an
    /// infinite or NaN value anywhere on the plan gives an infinite or NaN cost.
    #[must_use]
    pub fn cost(&self, cost: impl Fn(f64, f64) -> f64) -> f64 {
        self.entries.iter().map(|entry| entry.mass * cost(entry.from, entry.to)).sum()
    }

    /// The Wasserstein distance `W_p = ( sum_ij G_ij |x_i - y_j|^p )^(1/p)`, in the unit of the atoms; `+inf`
    /// when a distance `|x_i - y_j|` leaves the range of `f64`.
    ///
    /// # Errors
    ///
    /// [`TransportError::InvalidOrder`] unless `order` = `p` is finite and at least one.
    pub fn wasserstein(&self, order: f64) -> Result<f64, TransportError> {
        if !(order.is_finite() && order >= 1.0) {
            return Err(TransportError::InvalidOrder { order });
        }
        // Distances relative to the longest: |x - y|^p itself may leave the range where the distance does not.
        let longest = self.entries.iter().map(Entry::distance).fold(0.0, f64::max);
        if longest == 0.0 || longest.is_infinite() {
            return Ok(longest);
        }
        let powers = self.entries.iter().map(|entry| entry.mass * (entry.distance() / longest).powf(order));
        Ok(longest * sum(powers).powf(order.recip()))
    }

    /// McCann's displacement interpolation: the measure at `time` = `t` on the way from the source (`t = 0`) to the
    /// target (`t = 1`), with an atom at `(1 - t) x_i + t y_j` of weight `G_ij` for each entry.
    ///
    /// It is the constant-speed geodesic, `W_p(mu_s, mu_t) = |t - s| W_p(mu_0, mu_1)`. Atoms that were split stay
    /// split, also at the ends. (R. McCann, *A Convexity Principle for Interacting Gases*, 1997.)
    ///
    /// # Errors
    ///
    /// [`TransportError::InvalidTime`] unless `0 <= t <= 1`.
    pub fn interpolate(&self, time: f64) -> Result<Measure, TransportError> {
        if !(0.0..=1.0).contains(&time) {
            return Err(TransportError::InvalidTime { time });
        }
        let place = |entry: &Entry| {
            // Rounding must not take an atom beyond its ends: one that stays put stays exactly.
            let (left, right) = (entry.from.min(entry.to), entry.from.max(entry.to));
            ((1.0 - time) * entry.from + time * entry.to).clamp(left, right)
        };
        let atoms = self.entries.iter().map(place).collect();
        Measure::new(atoms, self.entries.iter().map(|entry| entry.mass).collect())
    }
}

impl Entry {
    fn distance(&self) -> f64 {
        (self.from - self.to).abs()
    }
}
