//! Systems whose data move.

use carnot_info::Joint;
use carnot_surface::{GaussianPath, JointGaussian, MovingDiscrete, MovingGaussian};
use ndarray::{Array1, Array2};

use crate::figure::FigureError;

/// Moving data, where a process on them begins, and what is said of them.
pub(super) struct Moving<D> {
    pub(super) name: &'static str,
    pub(super) words: &'static str,
    pub(super) driven: D,
    /// lambda and gamma at t = 0.
    pub(super) start: (f64, f64),
}

/// The variances of the dimensions of x, the weights with which two targets read them, the mean of the first dimension, and
/// the variance of the targets' noise.
struct Gaussian {
    variances: [f64; 3],
    readout: [[f64; 3]; 2],
    mean: f64,
    noise: f64,
}

const SOURCE: Gaussian = Gaussian {
    variances: [2.0, 1.0, 0.1],
    readout: [[1.0, 0.0, 0.0], [0.0, 0.5, 0.0]],
    mean: 0.0,
    noise: 0.1,
};
const TARGET: Gaussian = Gaussian {
    variances: [0.1, 1.0, 2.0],
    readout: [[0.0, 0.5, 0.0], [0.0, 0.0, 1.0]],
    mean: 1.0,
    noise: 0.2,
};

impl Gaussian {
    /// The moments of x and `y = readout x + noise`.
    fn joint(&self) -> Result<JointGaussian, FigureError> {
        let [n, k] = [self.variances.len(), self.readout.len()];
        // Column i of the lower block reads dimension i of x.
        let reads = |row: usize, i: usize| {
            if row < n { f64::from(u8::from(row == i)) } else { self.readout[row - n][i] }
        };
        let covariance = Array2::from_shape_fn((n + k, n + k), |(a, b)| {
            let shared: f64 = (0..n).map(|i| reads(a, i) * reads(b, i) * self.variances[i]).sum();
            shared + if a == b && a >= n { self.noise } else { 0.0 }
        });
        let mean = Array1::from_shape_fn(n + k, |row| reads(row, 0) * self.mean);
        JointGaussian::new(mean.view(), covariance.view(), n).map_err(FigureError::unfinished)
    }
}

/// Three dimensions and two targets: what was strong becomes weak, and the targets read something else.
pub(super) fn gaussian() -> Result<Moving<MovingGaussian>, FigureError> {
    let path = GaussianPath::mixture(&SOURCE.joint()?, &TARGET.joint()?).map_err(FigureError::unfinished)?;
    Ok(Moving {
        name: "moving Gaussian",
        words: "a linear-Gaussian system of three dimensions and two targets: the variances go from 2, 1, 1/10 to 1/10, \
                1, 2, the targets read the first two dimensions of the source and the last two of the target, the noise \
                doubles, and the mean moves by one (decoder and head of variance 1/2)",
        driven: MovingGaussian::new(path, 0.5, 0.5).map_err(FigureError::unfinished)?,
        start: (0.5, 0.5),
    })
}

/// Places on a line and labels of the discrete system.
const PLACES: usize = 8;
const LABELS: usize = 4;

/// Places around a centre, the label of each being its number up to a multiple, and wrong now and then.
fn places(centre: f64, noise: f64) -> Result<Joint, FigureError> {
    let weights = Array2::from_shape_fn((PLACES, LABELS), |(x, y)| {
        let weight = (-((x as f64 - centre) / 1.8).powi(2)).exp();
        weight * if y == x % LABELS { 1.0 - noise } else { noise / (LABELS - 1) as f64 }
    });
    Joint::from_weights(weights).map_err(FigureError::unfinished)
}

/// The places move from the left to the right, where labels are wrong twice as often: letters enter there and leave here.
pub(super) fn discrete() -> Result<Moving<MovingDiscrete>, FigureError> {
    let distance = Array2::from_shape_fn((PLACES, PLACES), |(x, z)| (x as f64 - z as f64).powi(2) / 4.0);
    let driven = MovingDiscrete::mixture(&places(1.5, 0.1)?, &places(5.5, 0.2)?, distance.view())
        .map_err(FigureError::unfinished)?;
    Ok(Moving {
        name: "moving discrete",
        words: "eight places on a line with four labels, the distortion a quarter of the squared distance: the source is \
                around the second and third place, the target around the sixth and seventh, where labels are wrong twice as \
                often",
        driven,
        start: (2.0, 0.4),
    })
}
