//! The mixture of two joint distributions on common alphabets.

use carnot_info::{Channel, Joint};
use ndarray::Array2;

use crate::DiscreteError;
use crate::discrete::{Motion, NEGLIGIBLE};

/// `p_t = (1 - t) p_0 + t p_1`, and its velocity `p_1 - p_0`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mixture {
    ends: [Joint; 2],
    velocity: Array2<f64>,
}

impl Mixture {
    pub(super) fn new(source: &Joint, target: &Joint) -> Result<Self, DiscreteError> {
        let sizes = [
            ("inputs (x) of the target", source.n_x(), target.n_x()),
            ("labels (y) of the target", source.n_y(), target.n_y()),
        ];
        for (what, expected, found) in sizes {
            if found != expected {
                return Err(DiscreteError::Shape { what, expected, found });
            }
        }
        let velocity = &target.table() - &source.table();
        Ok(Self { ends: [source.clone(), target.clone()], velocity })
    }

    /// `p_t` of a time at which every label of the path occurs.
    pub(super) fn at(&self, time: f64) -> Result<Joint, DiscreteError> {
        if !(0.0..=1.0).contains(&time) {
            return Err(DiscreteError::Time { time });
        }
        let [from, to] = self.ends.each_ref().map(|end| end.table());
        let joint = Joint::from_weights((1.0 - time) * &from + time * &to)?;
        let occurs = |of_inputs: &dyn Fn(usize) -> f64| (0..joint.n_x()).any(|x| of_inputs(x) >= NEGLIGIBLE);
        let missing = |&y: &usize| {
            let half_way = |x: usize| 0.5 * (from[(x, y)] + to[(x, y)]);
            occurs(&half_way) && !occurs(&|x| joint.table()[(x, y)])
        };
        match (0..joint.n_y()).find(missing) {
            Some(index) => Err(DiscreteError::Entering { what: "label", index, time }),
            None => Ok(joint),
        }
    }

    /// `p_t` where everything occurs that ever does.
    pub(super) fn half_way(&self) -> Result<Joint, DiscreteError> {
        self.at(0.5)
    }

    /// The distortion with the pairs forbidden for which the classifier denies a label that the input has at some time.
    pub(super) fn forbidding(&self, distortion: &Array2<f64>, classifier: &Channel) -> Array2<f64> {
        let [from, to] = self.ends.each_ref().map(|end| end.table());
        let denies = |x: usize, z: usize| {
            let said = classifier.table();
            (0..from.ncols().min(said.ncols()))
                .any(|y| from[(x, y)] + to[(x, y)] > 0.0 && z < said.nrows() && said[(z, y)] == 0.0)
        };
        Array2::from_shape_fn(distortion.dim(), |(x, z)| {
            // Tables of other sizes are refused when a system is made of them.
            if x < from.nrows() && denies(x, z) { f64::INFINITY } else { distortion[(x, z)] }
        })
    }

    /// How the data move at `time`, when they are `joint`.
    pub(super) fn motion<'a>(&'a self, time: f64, joint: &'a Joint) -> Motion<'a> {
        Motion { time, joint: joint.table(), velocity: self.velocity.view() }
    }
}
