//! A convex quadratic programme over non-negative weights, by block principal pivoting.

use faer::{Mat, MatMut, MatRef};

use super::dense::{self, Scratch};
use super::sums::dot;

/// Minimises `d' H d / 2 + g' d` subject to `m + d >= 0`.
///
/// Letters leave in blocks (Judice and Pires, *A block principal pivoting algorithm*, 1994); where the number of
/// violated conditions does not fall, one at a time, which ends after finitely many exchanges for a positive definite H.
#[derive(Debug)]
pub(super) struct QuadraticProgramme {
    /// H in units in which its diagonal is one, and a proximal term on it; both triangles.
    scaled: Mat<f64>,
    /// The factor of its free part.
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
    /// Whose solution is a free weight that came out negative, or a multiplier of a weight at zero that did.
    violated: Vec<bool>,
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
            scaled: Mat::new(),
            factor: Mat::new(),
            scale: vec![0.0; largest],
            free: vec![false; largest],
            places: Vec::with_capacity(largest),
            rhs: Vec::with_capacity(largest),
            target: vec![0.0; largest],
            solution: vec![0.0; largest],
            violated: vec![false; largest],
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
            if self.scale_to_unit_diagonal(&hessian, n, ridge) && self.exchange(gradient, weights) {
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

    /// Writes `scale`, and `scaled` with the proximal term `ridge`.
    fn scale_to_unit_diagonal(&mut self, hessian: &MatRef<'_, f64>, n: usize, ridge: f64) -> bool {
        for k in 0..n {
            let diagonal = hessian[(k, k)];
            if diagonal.is_nan() || diagonal <= 0.0 {
                return false;
            }
            self.scale[k] = diagonal.sqrt().recip();
        }
        if n > self.scaled.nrows() {
            self.scaled = Mat::zeros(n, n);
        }
        for j in 0..n {
            for i in j..n {
                let entry = hessian[(i, j)] * self.scale[i] * self.scale[j];
                self.scaled[(i, j)] = entry;
                self.scaled[(j, i)] = entry;
            }
            self.scaled[(j, j)] += ridge;
        }
        true
    }

    /// Exchanges weights between free and zero until no condition is violated; `false` where that does not end soon.
    fn exchange(&mut self, gradient: &[f64], weights: &[f64]) -> bool {
        let n = weights.len();
        // All of this is in scaled weights, n / scale.
        self.rhs.clear();
        self.rhs.extend(weights.iter().zip(&self.scale).map(|(weight, scale)| weight / scale));
        for k in 0..n {
            self.target[k] = dot(&self.scaled.col_as_slice(k)[..n], &self.rhs) - self.scale[k] * gradient[k];
            self.free[k] = weights[k] > 0.0 || gradient[k] < 0.0;
        }
        let (mut fewest, mut patience) = (usize::MAX, PATIENCE);
        for _ in 0..MOST_EXCHANGES + n {
            if !self.solve_free(n) {
                return false;
            }
            let violated = self.violated[..n].iter().filter(|violated| **violated).count();
            if violated == 0 {
                return true;
            }
            if violated < fewest {
                (fewest, patience) = (violated, PATIENCE);
            } else {
                patience = patience.saturating_sub(1);
            }
            let one =
                if patience == 0 { self.violated[..n].iter().rposition(|violated| *violated) } else { None };
            for k in 0..n {
                if self.violated[k] && one.is_none_or(|one| one == k) {
                    self.free[k] = !self.free[k];
                }
            }
        }
        false
    }

    /// Solves for the free weights, the others being zero, and finds what that violates.
    fn solve_free(&mut self, n: usize) -> bool {
        self.places.clear();
        self.places.extend((0..n).filter(|&k| self.free[k]));
        let size = self.places.len();
        if size > self.factor.nrows() {
            self.factor = Mat::zeros(size, size);
        }
        self.rhs.clear();
        for (j, &place_j) in self.places.iter().enumerate() {
            let column = self.scaled.col_as_slice(place_j);
            for (entry, &place_i) in
                self.factor.col_as_slice_mut(j)[j..size].iter_mut().zip(&self.places[j..])
            {
                *entry = column[place_i];
            }
            self.rhs.push(self.target[place_j]);
        }
        if !self.scratch.factor(self.factor.as_mut().submatrix_mut(0, 0, size, size)) {
            return false;
        }
        let factor = self.factor.as_ref().submatrix(0, 0, size, size);
        dense::solve(factor, MatMut::from_column_major_slice_mut(&mut self.rhs, size, 1));
        self.solution[..n].fill(0.0);
        for (&place, value) in self.places.iter().zip(&self.rhs) {
            self.solution[place] = *value;
        }
        self.find_violated(n);
        self.rhs.iter().all(|value| value.is_finite())
    }

    /// Looks at the free weights of `solution` and at the multipliers of the others.
    fn find_violated(&mut self, n: usize) {
        let solution = &self.solution[..n];
        for k in 0..n {
            let (column, target) = (&self.scaled.col_as_slice(k)[..n], self.target[k]);
            let value = if self.free[k] { solution[k] } else { dot(column, solution) - target };
            let magnitude = || {
                let terms = column.iter().zip(solution).map(|(entry, value)| (entry * value).abs());
                target.abs() + terms.sum::<f64>()
            };
            self.violated[k] = value < 0.0 && value < -TOLERANCE * magnitude();
        }
    }
}

/// Exchanges, besides one for each weight, after which the proximal term is raised instead.
const MOST_EXCHANGES: usize = 30;

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
