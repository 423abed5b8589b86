use crate::TransportError;
use crate::double::sum;

/// A discrete probability measure on the line: `sum_i weights_i * delta(atoms_i)`.
///
/// Atoms are finite and keep the order in which they were given; they may coincide. Weights are finite, not
/// negative and sum to one within one rounding of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    atoms: Vec<f64>,
    weights: Vec<f64>,
}

impl Measure {
    /// The measure with these atoms and weights proportional to `weights`.
    ///
    /// # Errors
    ///
    /// [`TransportError::NoAtoms`], [`TransportError::LengthMismatch`], [`TransportError::InvalidAtom`],
    /// [`TransportError::InvalidWeight`], or [`TransportError::ZeroMass`] when all weights are zero.
    pub fn new(atoms: Vec<f64>, weights: Vec<f64>) -> Result<Self, TransportError> {
        if atoms.len() != weights.len() {
            return Err(TransportError::LengthMismatch { atoms: atoms.len(), weights: weights.len() });
        }
        if atoms.is_empty() {
            return Err(TransportError::NoAtoms);
        }
        if let Some((index, &value)) = atoms.iter().enumerate().find(|(_, atom)| !atom.is_finite()) {
            return Err(TransportError::InvalidAtom { index, value });
        }
        let valid = |weight: f64| weight.is_finite() && weight >= 0.0;
        if let Some((index, &value)) = weights.iter().enumerate().find(|(_, weight)| !valid(**weight)) {
            return Err(TransportError::InvalidWeight { index, value });
        }
        let largest = weights.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return Err(TransportError::ZeroMass);
        }
        // A power of two near the largest weight takes the sum away from overflow and underflow, and rounds nothing
        // else: equal ratios of weights give the same bits at every scale.
        let unit = largest.log2().floor().clamp(-1021.0, 1022.0).exp2();
        let scaled: Vec<f64> = weights.iter().map(|weight| weight / unit).collect();
        let total = sum(scaled.iter().copied());
        Ok(Self { atoms, weights: scaled.into_iter().map(|weight| weight / total).collect() })
    }

    /// The measure with equal weights on these atoms: the empirical measure of a sample.
    ///
    /// # Errors
    ///
    /// [`TransportError::NoAtoms`] or [`TransportError::InvalidAtom`].
    pub fn uniform(atoms: Vec<f64>) -> Result<Self, TransportError> {
        let weights = vec![1.0; atoms.len()];
        Self::new(atoms, weights)
    }

    /// The atoms, in the order given.
    #[must_use]
    pub fn atoms(&self) -> &[f64] {
        &self.atoms
    }

    /// The weights, in the order of the atoms; they sum to one.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The mean `sum_i weights_i atoms_i`.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.atoms.iter().zip(&self.weights).map(|(atom, weight)| atom * weight).sum()
    }

    /// Indices, atoms and weights of the atoms of positive weight, from left to right.
    pub(crate) fn ascending(&self) -> Vec<(usize, f64, f64)> {
        let pairs = self.atoms.iter().copied().zip(self.weights.iter().copied());
        let positive = pairs.enumerate().filter(|(_, (_, weight))| *weight > 0.0);
        let mut atoms: Vec<_> = positive.map(|(index, (atom, weight))| (index, atom, weight)).collect();
        // Stable: atoms that coincide stay in the order given, so the coupling is determined.
        atoms.sort_by(|a, b| a.1.total_cmp(&b.1));
        atoms
    }
}
