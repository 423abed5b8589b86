//! Directions that are kept out.

use super::{add_scaled, dot, norm};

/// An orthonormal basis of directions that a solver leaves alone: symmetries of an objective, along which its second
/// derivatives vanish, or eigenvectors that are already known.
#[derive(Debug, Clone, PartialEq)]
pub struct Deflation {
    basis: Vec<Vec<f64>>,
    length: usize,
}

/// What is left of a direction without the others, as a part of it, below which it counts as one of their sums.
const DEPENDENT: f64 = 1e-10;

impl Deflation {
    /// The span of these directions, each with `length` entries; others, zeros and sums of the ones before are passed over.
    pub fn span(length: usize, directions: impl IntoIterator<Item = Vec<f64>>) -> Self {
        let mut deflation = Self { basis: Vec::new(), length };
        for direction in directions {
            deflation.add(direction);
        }
        deflation
    }

    fn add(&mut self, mut direction: Vec<f64>) {
        let before = norm(&direction);
        if direction.len() != self.length || !(before.is_normal() && before > 0.0) {
            return;
        }
        self.keep_out(&mut direction);
        let after = norm(&direction);
        if after > DEPENDENT * before {
            direction.iter_mut().for_each(|entry| *entry /= after);
            self.basis.push(direction);
        }
    }

    /// How many directions are kept out.
    pub fn rank(&self) -> usize {
        self.basis.len()
    }

    /// How many entries a direction has.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Subtracts from a vector of this length its part in the span, twice: the first time leaves what it rounds.
    pub fn keep_out(&self, vector: &mut [f64]) {
        for _ in 0..2 {
            for direction in &self.basis {
                add_scaled(-dot(direction, vector), direction, vector);
            }
        }
    }
}
