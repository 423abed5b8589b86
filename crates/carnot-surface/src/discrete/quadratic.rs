//! A convex quadratic programme over non-negative weights, by block principal pivoting.

use faer::{Mat, MatMut, MatRef};

use super::dense::{self, Scratch};

/// Minimises `d' H d / 2 + g' d` subject to `m + d >= 0`.
///
/// Letters leave in blocks (Judice and Pires, *A block principal pivoting algorithm*, 1994); where the number of
/// violated conditions does not fall, one at a time, which ends after finitely many exchanges for a positive definite H.
#[derive(Debug)]
pub(super) struct QuadraticProgramme {
    /// The factor of the free part of H.
    factor: Mat<f64>,
    /// `1 / sqrt(H_kk)`.
    scale: Vec<f64>,
    /// Which weights are free to be positive.
    free: Vec<bool>,
    places: Vec<usize>,
    rhs: Vec<f64>,
    /// `h = H m - g`, so that the minimiser `n = m + d` solves `H n = h` on the free weights.
    target: Vec<f64>,
    solution: Vec<f64>,
    /// How far below zero each entry of `solution` may be.
    tolerances: Vec<f64>,
    scratch: Scratch,
}

/// Added to the unit diagonal of the scaled H: a proximal term, zero at the solution.
const RIDGE: f64 = 1e-12;

/// How much the proximal term grows where the exchanges do not end, as with letters whose costs are nearly alike, and
/// the largest that is tried.
const RIDGE_GROWTH: f64 = 100.0;
const LARGEST_RIDGE: f64 = 1.0;

/// A scaled weight, or a scaled multiplier, above minus this part of the terms that it is the sum of counts as not negative:
/// some tens of units in their last place. Of each its own terms, since weights of letters that only improbable inputs use
/// are right to many digits beside those that are larger by any factor.
const TOLERANCE: f64 = 1e-14;

/// Exchanges in blocks without progress before one at a time.
const PATIENCE: usize = 4;

impl QuadraticProgramme {
    pub(super) fn new(largest: usize) -> Self {
        Self {
            factor: Mat::new(),
            scale: vec![0.0; largest],
            free: vec![false; largest],
            places: Vec::with_capacity(largest),
            rhs: vec![0.0; largest],
            target: vec![0.0; largest],
            solution: vec![0.0; largest],
            tolerances: vec![0.0; largest],
            scratch: Scratch::new(largest),
        }
    }

    /// Writes the step `d` for the Hessian H (its lower triangle), the gradient g and the weights m; `false` where H is
    /// not positive semidefinite.
    pub(super) fn step(
        &mut self,
        hessian: MatRef<'_, f64>,
        gradient: &[f64],
        weights: &[f64],
        step: &mut [f64],
    ) -> bool {
        let n = weights.len();
        let mut ridge = RIDGE;
        while ridge <= LARGEST_RIDGE {
            if self.scale_to_unit_diagonal(&hessian, n) && self.exchange(&hessian, gradient, weights, ridge) {
                for k in 0..n {
                    let weight = if self.free[k] { self.solution[k].max(0.0) * self.scale[k] } else { 0.0 };
                    step[k] = weight - weights[k];
                }
                return true;
            }
            ridge *= RIDGE_GROWTH;
        }
        false
    }

    fn scale_to_unit_diagonal(&mut self, hessian: &MatRef<'_, f64>, n: usize) -> bool {
        for k in 0..n {
            let diagonal = hessian[(k, k)];
            if diagonal.is_nan() || diagonal <= 0.0 {
                return false;
            }
            self.scale[k] = diagonal.sqrt().recip();
        }
        true
    }

    /// Exchanges weights between free and zero until no condition is violated; `false` where that does not end soon.
    fn exchange(&mut self, hessian: &MatRef<'_, f64>, gradient: &[f64], weights: &[f64], ridge: f64) -> bool {
        let n = weights.len();
        // All of this is in scaled weights, n / scale.
        for k in 0..n {
            let product: f64 =
                (0..n).map(|j| entry(hessian, &self.scale, k, j) * weights[j] / self.scale[j]).sum();
            self.target[k] = product + ridge * weights[k] / self.scale[k] - self.scale[k] * gradient[k];
            self.free[k] = weights[k] > 0.0 || gradient[k] < 0.0;
        }
        let (mut fewest, mut patience) = (usize::MAX, PATIENCE);
        for _ in 0..MOST_EXCHANGES + n {
            if !self.solve_free(hessian, n, ridge) {
                return false;
            }
            let violated = (0..n).filter(|&k| self.violated(k)).count();
            if violated == 0 {
                return true;
            }
            if violated < fewest {
                (fewest, patience) = (violated, PATIENCE);
            } else {
                patience = patience.saturating_sub(1);
            }
            let one = if patience == 0 { (0..n).rev().find(|&k| self.violated(k)) } else { None };
            for k in 0..n {
                if self.violated(k) && one.is_none_or(|one| one == k) {
                    self.free[k] = !self.free[k];
                }
            }
        }
        false
    }

    /// A free weight that came out negative, or a multiplier of a weight at zero that did.
    fn violated(&self, k: usize) -> bool {
        self.solution[k] < -self.tolerances[k]
    }

    /// Solves for the free weights; the others' places in `solution` take their multipliers.
    fn solve_free(&mut self, hessian: &MatRef<'_, f64>, n: usize, ridge: f64) -> bool {
        self.places.clear();
        self.places.extend((0..n).filter(|&k| self.free[k]));
        let size = self.places.len();
        if size > self.factor.nrows() {
            self.factor = Mat::zeros(size, size);
        }
        for (j, &place_j) in self.places.iter().enumerate() {
            for (i, &place_i) in self.places.iter().enumerate().skip(j) {
                let diagonal = if i == j { ridge } else { 0.0 };
                self.factor[(i, j)] = entry(hessian, &self.scale, place_i, place_j) + diagonal;
            }
            self.rhs[j] = self.target[place_j];
        }
        if !self.scratch.factor(self.factor.as_mut().submatrix_mut(0, 0, size, size)) {
            return false;
        }
        let factor = self.factor.as_ref().submatrix(0, 0, size, size);
        dense::solve(factor, MatMut::from_column_major_slice_mut(&mut self.rhs[..size], size, 1));
        for k in 0..n {
            let (mut product, mut magnitude) = (0.0, self.target[k].abs());
            for (&j, value) in self.places.iter().zip(&self.rhs) {
                let term = entry(hessian, &self.scale, k, j) * value;
                product += term;
                magnitude += term.abs();
            }
            self.tolerances[k] = TOLERANCE * magnitude;
            self.solution[k] = product - self.target[k];
        }
        let mut largest = 0.0_f64;
        for (&place, value) in self.places.iter().zip(&self.rhs) {
            self.solution[place] = *value;
            largest = largest.max(value.abs());
        }
        largest.is_finite()
    }
}

/// Exchanges, besides one for each weight, after which the proximal term is raised instead.
const MOST_EXCHANGES: usize = 30;

/// An entry of the scaled Hessian, from its lower triangle.
fn entry(hessian: &MatRef<'_, f64>, scale: &[f64], i: usize, j: usize) -> f64 {
    hessian[(i.max(j), i.min(j))] * scale[i] * scale[j]
}

#[cfg(test)]
mod tests {
    use carnot_testkit::strategies::{positive_definite, signed};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_step_satisfies_the_optimality_conditions(
            h in positive_definite(6, (1e-3, 1e3)),
            g in signed(6),
            m in signed(6),
        ) {
            let hessian = Mat::from_fn(6, 6, |i, j| h[i * 6 + j]);
            let weights: Vec<f64> = m.iter().map(|m| m.max(0.0)).collect();
            let mut step = vec![0.0; 6];
            prop_assert!(QuadraticProgramme::new(6).step(hessian.as_ref(), &g, &weights, &mut step));
            for k in 0..6 {
                let slope: f64 = g[k] + (0..6).map(|j| hessian[(k, j)] * step[j]).sum::<f64>();
                // The proximal term, 1e-12 of a diagonal entry up to 1e3, times a weight up to |g| over the least
                // eigenvalue, 1e3.
                let tolerance = 1e-6;
                prop_assert!(weights[k] + step[k] >= 0.0);
                prop_assert!(slope >= -tolerance);
                prop_assert!(slope * (weights[k] + step[k]) <= tolerance);
            }
        }
    }
}
