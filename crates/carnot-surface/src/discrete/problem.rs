//! A discrete problem as the solver sees it: only what occurs, letter after letter, distortions from zero.

mod given;

use carnot_info::{Channel, Joint};
use ndarray::{Array1, ArrayView2, Axis};

use super::DiscreteError;
use super::constant::Least;
use super::sums::dot;
use crate::Multipliers;

/// The logarithm that stands for probability zero: `exp` of it is zero, and finite multiples and sums of a few of them
/// stay finite, so that `0 * ln 0 = 0` needs no branch.
pub(super) const LOG_ZERO: f64 = -1e306;

/// The largest gamma. Its product with the logarithm of any probability that is a number is not taken for that of zero.
pub(super) const LARGEST_GAMMA: f64 = 1e300;

/// A pair of an input and a label of less probability than this counts as one that does not occur: with costs of up to a
/// million nats it changes no objective by a unit in the last place, and the letters that only it would use have weights that
/// nothing shows.
pub(crate) const NEGLIGIBLE: f64 = 1e-22;

/// Inputs that occur, labels that occur, and every letter.
///
/// All tables are letter-major or label-major: the inputs of one letter, or of one label, lie side by side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    /// How many inputs occur.
    pub(super) n_x: usize,
    /// How many labels occur.
    pub(super) n_y: usize,
    /// How many letters there are.
    pub(super) n_z: usize,
    /// `p(x)`, shape `(n_x)`.
    pub(super) source: Vec<f64>,
    /// `p(y|x)`, shape `(n_y, n_x)`.
    pub(super) labels: Vec<f64>,
    /// `p(x, y)`, shape `(n_y, n_x)`.
    pub(super) pairs: Vec<f64>,
    /// `rho(x, z)` less the least of a letter that the input may have, shape `(n_z, n_x)`; `+inf` where a pair is forbidden.
    pub(super) costs: Vec<f64>,
    /// The least distortions that are left out of the costs, shape `(n_x)`.
    pub(super) least_costs: Vec<f64>,
    /// The first letter with the same costs: letters of one kind can stand for each other.
    pub(super) kinds: Vec<usize>,
    /// What tells where nothing is encoded; `None` where nothing does.
    pub(super) least: Option<Least>,
    /// The given marginal `m(z)`, shape `(n_z)`; `None` where it is free.
    pub(super) marginal: Option<Vec<f64>>,
    /// The logarithm of the given classifier `c(y|z)`, shape `(n_z, n_y)`; `None` where it is free.
    pub(super) log_classifier: Option<Vec<f64>>,
    /// The same as the user gave it, with what it says of labels that do not occur.
    pub(super) classifier: Option<Channel>,
    /// The places of the inputs that occur in the user's table.
    pub(super) inputs: Vec<usize>,
    /// The places of the labels that occur in the user's table.
    label_places: Vec<usize>,
    /// The size of the user's input alphabet.
    n_inputs: usize,
    /// The size of the user's label alphabet.
    n_labels: usize,
}

impl Problem {
    pub(super) fn new(joint: &Joint, distortion: &ArrayView2<'_, f64>) -> Result<Self, DiscreteError> {
        let (n_inputs, n_z) = distortion.dim();
        if n_inputs != joint.n_x() {
            return Err(DiscreteError::Shape {
                what: "rows (x) of the distortion",
                expected: joint.n_x(),
                found: n_inputs,
            });
        }
        if n_z == 0 {
            return Err(DiscreteError::NoLetters);
        }
        for ((x, z), &value) in distortion.indexed_iter() {
            if value.is_nan() || value < 0.0 {
                return Err(DiscreteError::Distortion { x, z, value });
            }
        }
        let table = joint.table().mapv(|p| if p < NEGLIGIBLE { 0.0 } else { p });
        let (of_inputs, of_labels) = (table.sum_axis(Axis(1)), table.sum_axis(Axis(0)));
        let occurring = |p: &Array1<f64>| -> Vec<usize> { (0..p.len()).filter(|&i| p[i] > 0.0).collect() };
        let (inputs, label_places) = (occurring(&of_inputs), occurring(&of_labels));
        let places: Vec<_> = label_places.iter().flat_map(|&y| inputs.iter().map(move |&x| (x, y))).collect();
        let mut problem = Self {
            n_x: inputs.len(),
            n_y: label_places.len(),
            n_z,
            source: inputs.iter().map(|&x| of_inputs[x]).collect(),
            labels: places.iter().map(|&place| table[place] / of_inputs[place.0]).collect(),
            pairs: places.iter().map(|&place| table[place]).collect(),
            costs: Vec::new(),
            least_costs: Vec::new(),
            kinds: Vec::new(),
            least: None,
            marginal: None,
            log_classifier: None,
            classifier: None,
            inputs,
            label_places,
            n_inputs,
            n_labels: joint.n_y(),
        };
        problem.set_costs(distortion)?;
        Ok(problem)
    }

    /// The costs of this distortion, and what depends on them.
    fn set_costs(&mut self, distortion: &ArrayView2<'_, f64>) -> Result<(), DiscreteError> {
        let pairs = (0..self.n_z).flat_map(|z| self.inputs.iter().map(move |&x| (x, z)));
        self.costs = pairs.map(|pair| distortion[pair]).collect();
        self.least_costs = vec![0.0; self.n_x];
        self.take_least_costs()?;
        self.set_kinds();
        self.least = Least::of(self);
        Ok(())
    }

    /// Which letters have the same costs.
    pub(super) fn set_kinds(&mut self) {
        let alike = |a: usize, b: usize| self.row(&self.costs, a) == self.row(&self.costs, b);
        self.kinds = (0..self.n_z).map(|z| (0..z).find(|&other| alike(other, z)).unwrap_or(z)).collect();
    }

    /// Takes out of each input's costs the least of a letter that it may have, one of the given marginal that neither the
    /// distortion nor the given classifier forbids: so an input has a letter that costs nothing, whatever the price.
    fn take_least_costs(&mut self) -> Result<(), DiscreteError> {
        let n_x = self.n_x;
        let occurs = |z: &usize| self.marginal.as_ref().is_none_or(|marginal| marginal[*z] > 0.0);
        let letters: Vec<usize> = (0..self.n_z).filter(occurs).collect();
        for x in 0..n_x {
            let least = letters.iter().map(|z| self.costs[z * n_x + x]).fold(f64::INFINITY, f64::min);
            if least == f64::INFINITY {
                return Err(DiscreteError::NothingAllowed { x: self.inputs[x] });
            }
            self.least_costs[x] += least;
            for cost in self.costs.iter_mut().skip(x).step_by(n_x) {
                *cost -= least;
            }
        }
        Ok(())
    }

    /// `E_x` of what was taken out of the costs, nats.
    pub(super) fn least_distortion(&self) -> f64 {
        dot(&self.source, &self.least_costs)
    }

    /// The problem of some inputs and labels alone, with the marginal and the classifier free: `p(x)` and `p(y|x)` given that
    /// it is among them. Of the places in the user's tables it knows nothing.
    pub(super) fn part(&self, inputs: &[usize], labels: &[usize]) -> Self {
        let share: f64 = inputs.iter().map(|&x| self.source[x]).sum();
        let of_inputs: Vec<f64> =
            inputs.iter().map(|&x| labels.iter().map(|&y| self.labels[y * self.n_x + x]).sum()).collect();
        let of_row = |table: &[f64], row: usize| -> Vec<f64> {
            inputs.iter().map(|&x| table[row * self.n_x + x]).collect()
        };
        let conditional = |&y: &usize| -> Vec<f64> {
            of_row(&self.labels, y).iter().zip(&of_inputs).map(|(t, all)| t / all).collect()
        };
        let joint = |y: &usize| -> Vec<f64> {
            let with_source = inputs.iter().zip(conditional(y));
            with_source.map(|(&x, t)| self.source[x] / share * t).collect()
        };
        Self {
            n_x: inputs.len(),
            n_y: labels.len(),
            n_z: self.n_z,
            source: inputs.iter().map(|&x| self.source[x] / share).collect(),
            labels: labels.iter().flat_map(conditional).collect(),
            pairs: labels.iter().flat_map(joint).collect(),
            costs: (0..self.n_z).flat_map(|z| of_row(&self.costs, z)).collect(),
            least_costs: vec![0.0; inputs.len()],
            kinds: self.kinds.clone(),
            least: None,
            marginal: None,
            log_classifier: None,
            classifier: None,
            inputs: Vec::new(),
            label_places: Vec::new(),
            n_inputs: inputs.len(),
            n_labels: labels.len(),
        }
    }

    /// The same alphabets, costs and given tables with the joint distribution of this table, of the user's shape, which has
    /// no other inputs and labels. An input that it does not have keeps its labels, with probability zero.
    pub(super) fn with_joint(&self, table: ArrayView2<'_, f64>) -> Self {
        let pairs = self.gather(table);
        let mut labels = pairs.clone();
        let source: Vec<f64> =
            (0..self.n_x).map(|x| (0..self.n_y).map(|y| labels[y * self.n_x + x]).sum()).collect();
        for (place, label) in labels.iter_mut().enumerate() {
            let p = source[place % self.n_x];
            *label = if p > 0.0 { *label / p } else { self.labels[place] };
        }
        let problem = Self { source, labels, pairs, ..self.clone() };
        Self { least: Least::of(&problem), ..problem }
    }

    /// The entries of a table of the user's shape `(inputs, labels)` that occur here, shape `(n_y, n_x)`.
    pub(super) fn gather(&self, table: ArrayView2<'_, f64>) -> Vec<f64> {
        let rows = self.label_places.iter().flat_map(|&y| self.inputs.iter().map(move |&x| (x, y)));
        rows.map(|place| table[place]).collect()
    }

    /// The place of an input, and of a label, in the user's tables.
    pub(super) fn places(&self, x: usize, y: usize) -> (usize, usize) {
        (self.inputs[x], self.label_places[y])
    }

    /// The inputs' entries of a letter-major or label-major table.
    pub(super) fn row<'t>(&self, table: &'t [f64], index: usize) -> &'t [f64] {
        &table[index * self.n_x..][..self.n_x]
    }

    /// A table over the user's inputs from one over the inputs that occur; the others get `otherwise`.
    pub(super) fn spread_inputs(
        &self,
        of: impl Fn(usize, usize) -> f64,
        otherwise: &[f64],
    ) -> ndarray::Array2<f64> {
        let mut table = ndarray::Array2::from_shape_fn((self.n_inputs, self.n_z), |(_, z)| otherwise[z]);
        for (place, &x) in self.inputs.iter().enumerate() {
            for z in 0..self.n_z {
                table[(x, z)] = of(place, z);
            }
        }
        table
    }

    /// A table over the user's labels from one over the labels that occur, shape `(n_z, n_labels)`.
    pub(super) fn spread_labels(&self, of: impl Fn(usize, usize) -> f64) -> ndarray::Array2<f64> {
        let mut table = ndarray::Array2::zeros((self.n_z, self.n_labels));
        for (place, &y) in self.label_places.iter().enumerate() {
            for z in 0..self.n_z {
                table[(z, y)] = of(z, place);
            }
        }
        table
    }

    /// `p(y)` of the labels that occur.
    pub(super) fn label_distribution(&self) -> Vec<f64> {
        (0..self.n_y)
            .map(|y| self.row(&self.labels, y).iter().zip(&self.source).map(|(t, p)| t * p).sum())
            .collect()
    }
}

/// A problem at a pair of multipliers: what a solver is given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'p> {
    pub(super) problem: &'p Problem,
    pub(super) at: Multipliers,
}

impl Task<'_> {
    /// Whether the classifier is free and the objective depends on it.
    pub(super) fn classifier_matters(&self) -> bool {
        self.problem.log_classifier.is_none() && self.at.gamma() > 0.0 && self.problem.n_y > 1
    }

    /// Whether every stationary point is a global minimum: with a given classifier the objective is convex in the marginal
    /// at every gamma, with a free one up to gamma = 1 (theory, section 3.2).
    pub(super) fn is_convex(&self) -> bool {
        self.problem.log_classifier.is_some() || self.problem.n_y == 1 || self.at.gamma() <= 1.0
    }

    /// Refuses a gamma that is beyond what the logarithms can be told from that of zero by.
    pub(super) fn check(&self) -> Result<(), DiscreteError> {
        let gamma = self.at.gamma();
        if self.problem.n_y > 1 && gamma > LARGEST_GAMMA {
            return Err(DiscreteError::GammaTooLarge { gamma, largest: LARGEST_GAMMA });
        }
        Ok(())
    }

    /// The same problem at another gamma.
    pub(super) fn with_gamma(self, gamma: f64) -> Self {
        Self { at: self.at.with_gamma(gamma), ..self }
    }
}
