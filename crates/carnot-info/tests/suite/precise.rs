//! Posteriors after measurements far more precise than the prior, and by instruments of very different precision.

use crate::assert_all_close;
use carnot_info::gaussian::{Covariance, Gaussian, LinearChannel};
use carnot_testkit::assert_close;
use ndarray::array;

#[test]
fn precise_measurements_leave_the_rest_its_digits() {
    // z = x + a y + noise of s^2, x and y of variance one. With t = 1/s^2:
    // T = [[1 + a^2 t, -a t], [-a t, 1 + t]] / (1 + (1 + a^2) t), gain (1, a) t / (1 + (1 + a^2) t).
    let source = Gaussian::centred(Covariance::isotropic(2, 1.0).unwrap());
    for (a, s) in
        [(1.0, 1.0), (1e8, 1e-7), (1e-8, 1e-12), (1e15, 1.0), (3.0, 1e-20), (1e-3, 1e6), (1e-150, 1e3)]
    {
        for swapped in [false, true] {
            let weights = if swapped { array![[a, 1.0]] } else { array![[1.0, a]] };
            let noise = Covariance::isotropic(1, s * s).unwrap();
            let posterior =
                LinearChannel::new(weights.view(), vec![0.0], noise).unwrap().posterior(&source).unwrap();
            let total = s * s + 1.0 + a * a;
            let (mut t, mut gain) =
                ([(s * s + a * a) / total, (s * s + 1.0) / total], [1.0 / total, a / total]);
            if swapped {
                t.reverse();
                gain.reverse();
            }
            let found = posterior.noise().matrix();
            let deviation = (t[0] * t[1]).sqrt();
            // Relative to the standard deviations of row and column, a few roundings of the factors.
            assert_close!(found[[0, 0]], t[0], 1e-14, 0.0, "{a} {s}");
            assert_close!(found[[1, 1]], t[1], 1e-14, 0.0, "{a} {s}");
            assert_close!(found[[0, 1]], -a / total, 0.0, 1e-14 * deviation, "{a} {s}");
            // In units of the standard deviation of x over that of z.
            let unit = 1e-15 / total.sqrt();
            assert_all_close(posterior.weights().column(0), &gain, 1e-14, unit);
        }
    }
}

#[test]
fn instruments_of_very_different_precision() {
    // Two instruments, of variances 1e13 and 1e-14, see two sums of x ~ N(0, I): the precise one as good as determines its
    // own, and of the direction across it the poor one says a little.
    let weights = array![[3.0, 1e6], [1.0, 2.0]];
    let noise = Covariance::diagonal(&[1e13, 1e-14]).unwrap();
    let source = Gaussian::centred(Covariance::isotropic(2, 1.0).unwrap());
    let posterior =
        LinearChannel::new(weights.view(), vec![0.0; 2], noise).unwrap().posterior(&source).unwrap();
    // One after the other is the same as both at once: the precise one first, in closed form, as rank-one updates.
    let precise = 5.0 + 1e-14;
    let first = [[(4.0 + 1e-14) / precise, -2.0 / precise], [-2.0 / precise, (1.0 + 1e-14) / precise]];
    let seen = [3.0 * first[0][0] + 1e6 * first[0][1], 3.0 * first[1][0] + 1e6 * first[1][1]];
    let total = 1e13 + 3.0 * seen[0] + 1e6 * seen[1];
    for i in 0..2 {
        for j in 0..2 {
            // The second takes less than a hundredth off: no cancellation.
            let expected = first[i][j] - seen[i] * seen[j] / total;
            assert_close!(posterior.noise().matrix()[[i, j]], expected, 1e-13, 0.0, "{i} {j}");
        }
        assert_close!(posterior.weights()[[i, 0]], seen[i] / total, 1e-9, 0.0, "{i}");
    }
}
