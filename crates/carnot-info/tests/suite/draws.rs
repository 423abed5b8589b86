//! Random draws from seeds that are written down, and exact expectations over all samples there can be.

use carnot_info::samples::Counts;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// A standard normal number, by Box and Muller.
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (u, v) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// A letter drawn from these probabilities.
pub(crate) fn letter<'a>(probabilities: impl IntoIterator<Item = &'a f64>, rng: &mut ChaCha8Rng) -> usize {
    let mut left = rng.random::<f64>();
    let mut last = 0;
    for (letter, probability) in probabilities.into_iter().enumerate() {
        if *probability > 0.0 {
            last = letter;
            if left < *probability {
                break;
            }
        }
        left -= probability;
    }
    last
}

/// The counts of n draws.
pub(crate) fn counts(probabilities: &[f64], n: usize, rng: &mut ChaCha8Rng) -> Counts {
    let mut counts = vec![0; probabilities.len()];
    for _ in 0..n {
        counts[letter(probabilities, rng)] += 1;
    }
    Counts::new(counts).unwrap()
}

/// Mean and variance of an estimator over all counts of n draws, each with its multinomial probability.
pub(crate) fn exactly(probabilities: &[f64], n: u64, estimator: impl Fn(&Counts) -> f64) -> (f64, f64) {
    let mut values = Vec::new();
    visit(&mut vec![0; probabilities.len()], 0, n, &mut |counts| {
        let mut log = (1..=n).map(|k| (k as f64).ln()).sum::<f64>();
        for (&count, probability) in counts.iter().zip(probabilities) {
            log += count as f64 * probability.ln() - (1..=count).map(|k| (k as f64).ln()).sum::<f64>();
        }
        values.push((log.exp(), estimator(&Counts::new(counts).unwrap())));
    });
    let mean = values.iter().map(|(weight, value)| weight * value).sum::<f64>();
    (mean, values.iter().map(|(weight, value)| weight * (value - mean).powi(2)).sum())
}

fn visit(counts: &mut [u64], letter: usize, left: u64, found: &mut impl FnMut(&[u64])) {
    if letter + 1 == counts.len() {
        counts[letter] = left;
        found(counts);
        return;
    }
    for count in 0..=left {
        counts[letter] = count;
        visit(counts, letter + 1, left - count, found);
    }
}
