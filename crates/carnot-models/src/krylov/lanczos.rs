//! The lowest eigenvalues, by the method of Lanczos.

use faer::{Mat, Side};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Counted, KrylovError, Limits, Product, add_scaled, dot, norm};

/// Eigenvalues from the lowest up, with their vectors.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Eigenpairs {
    /// The eigenvalues, ascending.
    pub values: Vec<f64>,
    /// A vector of length one for each, orthogonal to the others.
    pub vectors: Vec<Vec<f64>>,
    /// `|A v - value v|` of each, as the recursion gives it: the map has an eigenvalue within this.
    pub residuals: Vec<f64>,
    /// Products that were made.
    pub products: usize,
}

/// Vectors between two looks at the eigenvalues.
const LOOK: usize = 8;

/// The part of the norm of the map that counts as nothing left to span.
const ROUNDING: f64 = 1e-14;

/// The `count` lowest eigenvalues of `A + damping`, from a start drawn from `seed`.
///
/// They are right to `max(rtol |A|, atol)`, of which the limits hold the two, where the products allowed suffice; the
/// residuals say what was reached. Every vector is kept and the next one made orthogonal to all of them: the memory is as
/// many vectors as products. An eigenvalue of which there are several is found once for each start that a map without
/// anything else to span gives cause for; in between, rounding finds the others.
///
/// # Errors
///
/// [`KrylovError`] for the map's own errors, numbers that are not finite, and limits outside their ranges;
/// [`KrylovError::Option`] where `count` is zero or more than `length`.
pub fn lowest_eigenvalues<E>(
    map: impl Product<E>,
    length: usize,
    count: usize,
    seed: u64,
    limits: &Limits<'_>,
) -> Result<Eigenpairs, KrylovError<E>> {
    if count == 0 || count > length {
        let (option, requirement) = ("count", "at least 1 and at most the length");
        return Err(KrylovError::Option { option, requirement, value: count as f64 });
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut map = Counted::new(map, &vec![0.0; length], limits)?;
    let (mut basis, mut alphas, mut betas): (Vec<Vec<f64>>, Vec<f64>, Vec<f64>) = Default::default();
    let mut product = vec![0.0; length];
    let mut scale = 0.0_f64;
    let mut next = start(&mut rng, &map, &basis, length);
    while let Some(v) = next.take() {
        map.multiply(&v, &mut product)?;
        alphas.push(dot(&v, &product));
        basis.push(v);
        orthogonalise(&basis, &mut product);
        let beta = norm(&product);
        scale = scale.max(alphas[alphas.len() - 1].abs() + beta);
        let nothing_left = beta <= ROUNDING * scale;
        betas.push(if nothing_left { 0.0 } else { beta });
        let size = basis.len();
        let is_last = size >= length || !map.may_go_on();
        if size >= count && (is_last || nothing_left || size.is_multiple_of(LOOK)) {
            let found = ritz(&basis, &alphas, &betas, count, map.products);
            let enough = map.enough(scale);
            // After a start of its own the recursion shows nothing of what it has not spanned yet.
            if is_last || (!nothing_left && found.residuals.iter().all(|residual| *residual <= enough)) {
                return Ok(found);
            }
        }
        next = if nothing_left {
            start(&mut rng, &map, &basis, length)
        } else {
            Some(product.iter().map(|entry| entry / beta).collect())
        };
    }
    let count = count.min(basis.len());
    Ok(ritz(&basis, &alphas, &betas, count, map.products))
}

/// A direction that is orthogonal to the basis and to what is deflated; `None` where those are all.
fn start<P>(
    rng: &mut ChaCha8Rng,
    map: &Counted<'_, P>,
    basis: &[Vec<f64>],
    length: usize,
) -> Option<Vec<f64>> {
    let spanned = basis.len() + map.limits.deflation.map_or(0, super::Deflation::rank);
    if spanned >= length {
        return None;
    }
    let mut v: Vec<f64> = (0..length).map(|_| rng.random_range(-1.0..1.0)).collect();
    map.keep_out(&mut v);
    orthogonalise(basis, &mut v);
    map.keep_out(&mut v);
    let size = norm(&v);
    v.iter_mut().for_each(|entry| *entry /= size);
    (size > 0.0).then_some(v)
}

/// Subtracts the part of a vector in the span of the basis, twice.
fn orthogonalise(basis: &[Vec<f64>], vector: &mut [f64]) {
    for _ in 0..2 {
        for direction in basis {
            add_scaled(-dot(direction, vector), direction, vector);
        }
    }
}

/// The lowest eigenvalues of the map within the span of the basis.
fn ritz(basis: &[Vec<f64>], alphas: &[f64], betas: &[f64], count: usize, products: usize) -> Eigenpairs {
    let size = basis.len();
    let tridiagonal = Mat::from_fn(size, size, |i, j| match i.abs_diff(j) {
        0 => alphas[i],
        1 => betas[i.min(j)],
        _ => 0.0,
    });
    let (mut values, mut vectors, mut residuals) = (Vec::new(), Vec::new(), Vec::new());
    if let Ok(eigen) = tridiagonal.self_adjoint_eigen(Side::Lower) {
        for k in 0..count {
            let mut vector = vec![0.0; basis[0].len()];
            for (i, direction) in basis.iter().enumerate() {
                add_scaled(eigen.U()[(i, k)], direction, &mut vector);
            }
            values.push(eigen.S()[k]);
            residuals.push((betas[size - 1] * eigen.U()[(size - 1, k)]).abs());
            vectors.push(vector);
        }
    }
    Eigenpairs { values, vectors, residuals, products }
}
