//! A generator of eight lines, so that a table is one seed to proptest and not thousands of numbers to shrink.

/// SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Debug, Clone)]
pub(crate) struct SplitMix(u64);

impl SplitMix {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number in `(0, 1)`: the middle of one of 2^52 cells.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((z >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// A number in `(-1, 1)`.
    pub(crate) fn signed(&mut self) -> f64 {
        2.0 * self.uniform() - 1.0
    }

    /// An index below `n`.
    pub(crate) fn index(&mut self, n: usize) -> usize {
        ((self.uniform() * n as f64) as usize).min(n.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::SplitMix;
    use crate::assert_close;

    #[test]
    fn the_first_numbers_of_the_reference_implementation() {
        // The reference implementation started at 1234567 begins with 6457827717110365317.
        let expected = ((6_457_827_717_110_365_317_u64 >> 12) as f64 + 0.5) / (1u64 << 52) as f64;
        assert_eq!(SplitMix::new(1_234_567).uniform(), expected);
    }

    #[test]
    fn the_numbers_are_uniform() {
        let mut random = SplitMix::new(1);
        let draws: Vec<f64> = (0..10_000).map(|_| random.uniform()).collect();
        let mean = draws.iter().sum::<f64>() / 1e4;
        let square = draws.iter().map(|u| u * u).sum::<f64>() / 1e4;
        // Four standard errors: sqrt(1 / 12) and sqrt(4 / 45), over a hundred.
        assert_close!(mean, 0.5, rtol = 0.0, atol = 0.0116);
        assert_close!(square, 1.0 / 3.0, rtol = 0.0, atol = 0.012);
        assert!((0..7).all(|i| (0..1000).any(|_| random.index(7) == i)));
    }
}
