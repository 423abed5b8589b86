//! Random numbers that are the same bits on every platform.
//!
//! Everything is derived here from the 64-bit outputs of ChaCha8, so that neither the width of
//! `usize` nor a new version of a distribution library can change a data set or a split.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What the numbers are for. Equal seeds of different purposes give unrelated numbers.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Shape and ink of one synthetic digit; the stream is the sample's index.
    DigitStyle,
    /// Order of the ten labels of a block; the stream is the block's index.
    DigitLabels,
    /// A split; stream 0.
    Split,
    /// Order of an epoch; the stream is the epoch.
    Batches,
}

/// The generator of a purpose, a seed and a stream: ChaCha8 with the key `seed` (8 bytes,
/// little-endian), purpose (1 byte), zeros, and with the stream as its nonce.
pub(crate) fn generator(purpose: Purpose, seed: u64, stream: u64) -> ChaCha8Rng {
    let tag = match purpose {
        Purpose::DigitStyle => 1,
        Purpose::DigitLabels => 2,
        Purpose::Split => 3,
        Purpose::Batches => 4,
    };
    let mut key = [0_u8; 32];
    for (byte, value) in key.iter_mut().zip(seed.to_le_bytes().into_iter().chain([tag])) {
        *byte = value;
    }
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(stream);
    rng
}

/// Uniform on the multiples of 2^-53 in [0, 1).
pub(crate) fn uniform(rng: &mut impl RngCore) -> f64 {
    const SCALE: f64 = 1.0 / (1_u64 << 53) as f64;
    (rng.next_u64() >> 11) as f64 * SCALE
}

/// Uniform on [low, high).
pub(crate) fn between(rng: &mut impl RngCore, low: f64, high: f64) -> f64 {
    low + (high - low) * uniform(rng)
}

/// A bell-shaped number of mean 0 and standard deviation 1 within [-3, 3]: the sum of three uniform
/// numbers, centred and doubled. Bounded, and free of transcendental functions.
pub(crate) fn bell(rng: &mut impl RngCore) -> f64 {
    2.0 * (uniform(rng) + uniform(rng) + uniform(rng) - 1.5)
}

/// Uniform on 0..bound, without bias; 0 if `bound` is 0.
///
/// The high word of a 128-bit product, with the rejection of D. Lemire, *Fast Random Integer
/// Generation in an Interval* (ACM Trans. Model. Comput. Simul. 29, 2019), algorithm 5.
pub(crate) fn below(rng: &mut impl RngCore, bound: u64) -> u64 {
    if bound == 0 {
        return 0;
    }
    let rejected = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(rng.next_u64()) * u128::from(bound);
        if product as u64 >= rejected {
            return (product >> 64) as u64;
        }
    }
}

/// Shuffles in place; every order is equally likely (Fisher and Yates, from the end).
pub(crate) fn shuffle<T>(rng: &mut impl RngCore, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        let other = below(rng, last as u64 + 1) as usize;
        items.swap(last, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_seeds_and_streams_give_unrelated_numbers() {
        let first = |purpose, seed, stream| generator(purpose, seed, stream).next_u64();
        let numbers = [
            first(Purpose::DigitStyle, 1, 0),
            first(Purpose::DigitLabels, 1, 0),
            first(Purpose::Split, 1, 0),
            first(Purpose::Batches, 1, 0),
            first(Purpose::Batches, 1, 1),
            first(Purpose::Batches, 2, 0),
        ];
        for (i, a) in numbers.iter().enumerate() {
            for b in numbers.iter().skip(i + 1) {
                assert_ne!(a, b);
            }
        }
    }

    #[test]
    fn bounded_numbers_cover_their_range_evenly() {
        let mut rng = generator(Purpose::Split, 7, 0);
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[below(&mut rng, 6) as usize] += 1;
        }
        // Binomial standard deviation sqrt(60000 * 1/6 * 5/6) = 91; five of them.
        assert!(counts.iter().all(|&count| count.abs_diff(10_000) < 456), "{counts:?}");
    }

    #[test]
    fn the_bell_has_unit_variance_and_its_bounds() {
        let mut rng = generator(Purpose::Split, 11, 0);
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..100_000 {
            let value = bell(&mut rng);
            assert!((-3.0..=3.0).contains(&value));
            sum += value;
            squares += value * value;
        }
        // Standard errors of mean and mean square at n = 1e5: 0.0032 and sqrt((2.6 - 1) / n) = 0.004; five of them.
        assert!((sum / 1e5).abs() < 0.016, "{}", sum / 1e5);
        assert!((squares / 1e5 - 1.0).abs() < 0.02, "{}", squares / 1e5);
    }

    #[test]
    fn every_order_of_three_is_equally_likely() {
        let mut rng = generator(Purpose::Split, 3, 0);
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            let mut items = [0_usize, 1, 2];
            shuffle(&mut rng, &mut items);
            let [a, b, _] = items;
            counts[2 * a + usize::from(b > (3 - a - b))] += 1;
        }
        assert!(counts.iter().all(|&count| count.abs_diff(10_000) < 456), "{counts:?}");
    }
}
