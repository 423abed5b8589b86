//! Linear systems and eigenvalues of symmetric maps that are known by their products alone.
//!
//! The second derivatives of a network are such a map: a product with them costs about as much as two gradients, the
//! matrix itself as many as there are weights. [`conjugate_gradients`] solves where the map is positive definite, and says
//! in which direction it is not; [`minres`] solves whatever the signs; [`lowest_eigenvalues`] tells a minimum from a saddle
//! and how far a minimum is from becoming one. Directions that are known to be of no consequence, such as symmetries of the
//! map, are kept out by a [`Deflation`].
//!
//! ```
//! use carnot_models::krylov::{Limits, conjugate_gradients};
//!
//! // [[2, 1], [1, 3]] x = [3, 5].
//! let map = |x: &[f64], out: &mut [f64]| -> Result<(), std::convert::Infallible> {
//!     out.copy_from_slice(&[2.0 * x[0] + x[1], x[0] + 3.0 * x[1]]);
//!     Ok(())
//! };
//! let solved = conjugate_gradients(map, &[3.0, 5.0], &Limits::default())?;
//! assert!((solved.solution[0] - 0.8).abs() < 1e-12 && (solved.solution[1] - 1.4).abs() < 1e-12);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod conjugate_gradients;
mod deflation;
mod lanczos;
mod minres;
#[cfg(test)]
mod tests;

pub use conjugate_gradients::{conjugate_gradients, within_radius};
pub use deflation::Deflation;
pub use lanczos::{Eigenpairs, lowest_eigenvalues};
pub use minres::minres;

/// A symmetric linear map: writes `A x` into the second argument.
pub trait Product<E>: FnMut(&[f64], &mut [f64]) -> Result<(), E> {}

impl<E, F: FnMut(&[f64], &mut [f64]) -> Result<(), E>> Product<E> for F {}

/// When a solution is good enough, and how it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// The residual `|b - (A + damping) x|` that is enough, relative to `|b|`.
    pub rtol: f64,
    /// The same, absolute: whichever is larger.
    pub atol: f64,
    /// How many products with A are made at most, besides those that tell the residual at the end.
    pub most_products: usize,
    /// Added to A's diagonal. It biases what is small in A by itself over the eigenvalue.
    pub damping: f64,
    /// Directions that are kept out of right sides, products and solutions.
    pub deflation: Option<&'a Deflation>,
}

impl Default for Limits<'_> {
    /// Twelve digits in at most 10,000 products, without damping.
    fn default() -> Self {
        Self { rtol: 1e-12, atol: 0.0, most_products: 10_000, damping: 0.0, deflation: None }
    }
}

/// What a solver came to.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Solved {
    /// `x`.
    pub solution: Vec<f64>,
    /// `|b - (A + damping) x| / |b|` of this x, by a product of its own; zero where b is.
    pub residual: f64,
    /// Products that were made.
    pub products: usize,
    /// Why no more were.
    pub end: End,
}

/// Why a solver stopped.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// The residual is small enough.
    Converged,
    /// There were as many products as allowed.
    Products,
    /// Rounding allows no smaller residual.
    Stagnated,
    /// The map is not positive definite: a direction d of length one, with `d' (A + damping) d`.
    NegativeCurvature {
        /// d.
        direction: Vec<f64>,
        /// `d' (A + damping) d`, not positive.
        curvature: f64,
    },
    /// The solution would have been longer than allowed; it ends on that radius.
    Boundary,
}

/// Why there is no solution.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KrylovError<E> {
    /// The map's own error.
    #[error("product {product} failed")]
    Product {
        /// How many products had been made.
        product: usize,
        /// What went wrong.
        source: E,
    },
    /// A number that is not finite, in the right side or in what the map wrote.
    #[error("entry {index} of {what} is {value}")]
    NotFinite {
        /// Of what.
        what: &'static str,
        /// Which entry.
        index: usize,
        /// The number.
        value: f64,
    },
    /// An option outside its range.
    #[error("{option} must be {requirement}, not {value}")]
    Option {
        /// Which.
        option: &'static str,
        /// Its range.
        requirement: &'static str,
        /// What was given.
        value: f64,
    },
    /// Vectors of different lengths.
    #[error("{what} have {found} entries, the right side has {expected}")]
    Length {
        /// What.
        what: &'static str,
        /// Their length.
        found: usize,
        /// The length of the right side.
        expected: usize,
    },
}

/// A map with what the limits say of it: damped, deflated, counted and checked.
struct Counted<'a, P> {
    map: P,
    limits: Limits<'a>,
    products: usize,
}

impl<'a, P> Counted<'a, P> {
    /// Checks the limits and the right side.
    fn new<E>(map: P, b: &[f64], limits: &Limits<'a>) -> Result<Self, KrylovError<E>>
    where
        P: Product<E>,
    {
        let ranges = [("rtol", limits.rtol), ("atol", limits.atol), ("damping", limits.damping)];
        for (option, value) in ranges {
            if !(value.is_finite() && value >= 0.0) {
                return Err(KrylovError::Option { option, requirement: "finite and not negative", value });
            }
        }
        if let Some(deflation) = limits.deflation.filter(|deflation| deflation.length() != b.len()) {
            let (what, found) = ("deflated directions", deflation.length());
            return Err(KrylovError::Length { what, found, expected: b.len() });
        }
        check_finite("the right side", b)?;
        Ok(Self { map, limits: *limits, products: 0 })
    }

    /// `P (A + damping) P x`, P keeping out what is deflated; x is taken to be without it.
    fn multiply<E>(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), KrylovError<E>>
    where
        P: Product<E>,
    {
        let product = self.products;
        (self.map)(x, out).map_err(|source| KrylovError::Product { product, source })?;
        self.products += 1;
        check_finite("a product", out)?;
        if self.limits.damping > 0.0 {
            add_scaled(self.limits.damping, x, out);
        }
        self.keep_out(out);
        Ok(())
    }

    fn keep_out(&self, vector: &mut [f64]) {
        if let Some(deflation) = self.limits.deflation {
            deflation.keep_out(vector);
        }
    }

    fn may_go_on(&self) -> bool {
        self.products < self.limits.most_products
    }

    /// The residual that is small enough for a right side of this length.
    fn enough(&self, length: f64) -> f64 {
        (self.limits.rtol * length).max(self.limits.atol)
    }
}

/// How much smaller a restart must make the residual to be worth another.
const PROGRESS: f64 = 0.5;

/// Calls `run`, which moves a solution closer from its residual, again and again until the residual, by a product of its own,
/// is small enough, or no longer halves, or `run` says that it has come to an end.
fn solve<E, P: Product<E>>(
    mut map: Counted<'_, P>,
    b: &[f64],
    mut run: impl FnMut(&mut Counted<'_, P>, &mut [f64], &mut [f64], f64) -> Result<Option<End>, KrylovError<E>>,
) -> Result<Solved, KrylovError<E>> {
    let mut b = b.to_vec();
    map.keep_out(&mut b);
    let length = norm(&b);
    let enough = map.enough(length);
    let (mut x, mut product, mut residual) = (vec![0.0; b.len()], vec![0.0; b.len()], b.clone());
    let mut size = length;
    let end = loop {
        if size <= enough {
            break End::Converged;
        }
        let stopped = run(&mut map, &mut x, &mut residual, enough)?;
        map.multiply(&x, &mut product)?;
        for (r, (b, p)) in residual.iter_mut().zip(b.iter().zip(&product)) {
            *r = b - p;
        }
        let before = std::mem::replace(&mut size, norm(&residual));
        if let Some(end) = stopped {
            break end;
        }
        if size > enough && !map.may_go_on() {
            break End::Products;
        }
        if size > enough && size > PROGRESS * before {
            break End::Stagnated;
        }
    };
    // What products rounded into it.
    map.keep_out(&mut x);
    let residual = if length > 0.0 { size / length } else { 0.0 };
    Ok(Solved { solution: x, residual, products: map.products, end })
}

fn check_finite<E>(what: &'static str, vector: &[f64]) -> Result<(), KrylovError<E>> {
    match vector.iter().position(|entry| !entry.is_finite()) {
        Some(index) => Err(KrylovError::NotFinite { what, index, value: vector[index] }),
        None => Ok(()),
    }
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    // In lanes: one chain of additions waits for each of them.
    const LANES: usize = 8;
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f64>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f64>()
}

pub(crate) fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// `y += scale x`.
pub(crate) fn add_scaled(scale: f64, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += scale * x;
    }
}
