//! Problems of which tables are given.

use carnot_info::{Channel, Distribution};

use super::{LOG_ZERO, Problem};
use crate::DiscreteError;

impl Problem {
    /// The problem with this marginal given.
    pub(in crate::discrete) fn with_marginal(
        mut self,
        marginal: &Distribution,
    ) -> Result<Self, DiscreteError> {
        if marginal.n_outcomes() != self.n_z {
            return Err(DiscreteError::Shape {
                what: "outcomes (z) of the marginal",
                expected: self.n_z,
                found: marginal.n_outcomes(),
            });
        }
        self.marginal = Some(marginal.probabilities().to_vec());
        self.take_least_costs()?;
        Ok(self)
    }

    /// The problem with this classifier given.
    pub(in crate::discrete) fn with_classifier(
        mut self,
        classifier: &Channel,
    ) -> Result<Self, DiscreteError> {
        let sizes = [
            ("rows (z) of the classifier", classifier.n_inputs(), self.n_z),
            ("columns (y) of the classifier", classifier.n_outputs(), self.n_labels),
        ];
        for (what, found, expected) in sizes {
            if found != expected {
                return Err(DiscreteError::Shape { what, expected, found });
            }
        }
        let table = classifier.table();
        let log_of = |(z, y): (usize, usize)| {
            let value: f64 = table[(z, y)];
            if value > 0.0 { value.ln() } else { LOG_ZERO }
        };
        self.log_classifier = Some(
            (0..self.n_z).flat_map(|z| self.label_places.iter().map(move |&y| (z, y))).map(log_of).collect(),
        );
        self.classifier = Some(classifier.clone());
        self.forbid_impossible_labels();
        self.take_least_costs()?;
        Ok(self)
    }

    /// A letter to which the given classifier denies a label of an input costs that input infinitely much.
    fn forbid_impossible_labels(&mut self) {
        let Some(log_classifier) = &self.log_classifier else { return };
        let n_x = self.n_x;
        for (pair, cost) in self.costs.iter_mut().enumerate() {
            let (z, x) = (pair / n_x, pair % n_x);
            let denied =
                |y: usize| log_classifier[z * self.n_y + y] == LOG_ZERO && self.labels[y * n_x + x] > 0.0;
            if (0..self.n_y).any(denied) {
                *cost = f64::INFINITY;
            }
        }
    }
}
