//! The laws of information theory, the closed forms and the limits of the number range.

mod contrastive;
mod counted;
mod coverage;
mod diagonal;
mod draws;
mod entropies;
mod estimate;
mod extremes;
mod functionals;
mod gaussian_entropies;
mod gaussian_functionals;
mod gaussians;
mod importance;
mod log_domain;
mod matrices;
mod mixtures;
mod neighbours;
mod precise;
mod random;
mod renyi;
mod sampled;
mod types;
mod written;

/// [`carnot_testkit::assert_close!`], entry by entry.
#[track_caller]
fn assert_all_close<'a>(
    found: impl IntoIterator<Item = &'a f64>,
    expected: impl IntoIterator<Item = &'a f64>,
    rtol: f64,
    atol: f64,
) {
    let (found, expected): (Vec<_>, Vec<_>) = (found.into_iter().collect(), expected.into_iter().collect());
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.into_iter().zip(expected) {
        carnot_testkit::assert_close!(*found, *expected, rtol, atol);
    }
}
