//! Systems in closed form, with the features that an inversion must cope with.

use carnot_surface::{
    At, Certificate, Equilibrium, GaussianSystem, Multipliers, Rdc, Response, Responsive, Sidedness, System,
};
use ndarray::{Array1, Array2, array};

/// A Gibbs system of one x: with the letters' weights `m_z` and losses `d_z`, `c_z` given,
/// `F = offset - ln sum_z m_z exp(-lambda d_z - gamma c_z)`, and the response is minus the covariance of (d, c) under
/// the Gibbs measure. The offset is a rate that is paid in any case.
#[derive(Debug, Clone)]
pub(crate) struct Gibbs {
    pub offset: f64,
    /// `[m_z, d_z, c_z]`.
    pub letters: Vec<[f64; 3]>,
}

impl Gibbs {
    /// A single letter: `F = rate + lambda distortion + gamma classification`, the same model everywhere.
    pub(crate) fn single(rate: f64, distortion: f64, classification: f64) -> Self {
        Self { offset: rate, letters: vec![[1.0, distortion, classification]] }
    }

    /// F, the Gibbs measure, and the means of d and c.
    fn solve(&self, at: Multipliers) -> (f64, Vec<f64>, [f64; 2]) {
        let energy = |[m, d, c]: [f64; 3]| {
            if m > 0.0 { at.lambda() * d + at.gamma() * c - m.ln() } else { f64::INFINITY }
        };
        let lowest = self.letters.iter().map(|&z| energy(z)).fold(f64::INFINITY, f64::min);
        let mut measure: Vec<f64> = self.letters.iter().map(|&z| (lowest - energy(z)).exp()).collect();
        let total: f64 = measure.iter().sum();
        measure.iter_mut().for_each(|weight| *weight /= total);
        let mean = |k: usize| measure.iter().zip(&self.letters).map(|(e, z)| e * z[k]).sum();
        (self.offset + lowest - total.ln(), measure.clone(), [mean(1), mean(2)])
    }

    fn rdc(&self, at: Multipliers) -> (f64, Rdc) {
        let (free_energy, measure, [distortion, classification]) = self.solve(at);
        // The rate by itself, not as F - lambda D - gamma C, which cancels.
        let divergence: f64 = measure
            .iter()
            .zip(&self.letters)
            .map(|(&e, z)| if e > 0.0 { e * (e / z[0]).ln() } else { 0.0 })
            .sum();
        (free_energy, Rdc { rate: self.offset + divergence, distortion, classification })
    }
}

/// Phases that compete: F is the smallest of theirs, with a kink wherever another one takes over.
#[derive(Debug, Clone)]
pub(crate) struct Phases {
    pub phases: Vec<Gibbs>,
    /// Whether the response is an error everywhere.
    pub blind: bool,
    /// The system fails where a multiplier is above this.
    pub fails_above: f64,
    /// The distortion is this at lambda = 0, where it is not identified.
    pub distortion_at_zero: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the toy does not {0}")]
pub(crate) struct ToyError(pub &'static str);

impl Phases {
    pub(crate) fn of(phases: Vec<Gibbs>) -> Self {
        Self { phases, blind: false, fails_above: f64::INFINITY, distortion_at_zero: None }
    }

    pub(crate) fn one(letters: &[[f64; 3]]) -> Self {
        Self::of(vec![Gibbs { offset: 0.0, letters: letters.to_vec() }])
    }
}

impl System for Phases {
    type Rdc = Rdc;
    type State = usize;
    type Error = ToyError;

    fn equilibrium(&self, at: Multipliers, _from: Option<&usize>) -> Result<At<Self>, ToyError> {
        if at.lambda().max(at.gamma()) > self.fails_above {
            return Err(ToyError("converge"));
        }
        let solved = self.phases.iter().map(|phase| phase.rdc(at)).enumerate();
        let (state, (_, mut rdc)) = solved.min_by(|a, b| a.1.0.total_cmp(&b.1.0)).ok_or(ToyError("exist"))?;
        if let (Some(distortion), 0.0) = (self.distortion_at_zero, at.lambda()) {
            rdc.distortion = distortion;
        }
        Ok(Equilibrium { multipliers: at, rdc, state, certificate: Certificate::ClosedForm })
    }
}

impl Responsive for Phases {
    fn response(&self, at: &At<Self>) -> Result<Response, ToyError> {
        if self.blind {
            return Err(ToyError("respond"));
        }
        let phase = &self.phases[at.state];
        let (_, measure, means) = phase.solve(at.multipliers);
        let minus_covariance = |a: usize, b: usize| -> f64 {
            -measure
                .iter()
                .zip(&phase.letters)
                .map(|(e, z)| e * (z[a] - means[a - 1]) * (z[b] - means[b - 1]))
                .sum::<f64>()
        };
        Ok(Response {
            distortion_lambda: minus_covariance(1, 1),
            cross: minus_covariance(1, 2),
            classification_gamma: minus_covariance(2, 2),
            sidedness: Sidedness::TwoSided,
        })
    }
}

/// The uniform binary source with Hamming distortion: `F = ln 2 - ln(1 + exp(-lambda))`, `D = 1 / (1 + exp(lambda))`,
/// `R = ln 2 - h(D)`.
pub(crate) fn uniform_binary() -> Phases {
    Phases::one(&[[0.5, 0.0, 0.0], [0.5, 1.0, 0.0]])
}

/// A Gaussian source of independent dimensions with nothing to classify, D the squared error plus `(n/2) ln pi`.
pub(crate) fn water(variances: &[f64]) -> GaussianSystem {
    GaussianSystem::new(
        Array2::from_diag(&Array1::from(variances.to_vec())).view(),
        Array2::zeros((1, variances.len())).view(),
        array![[1.0]].view(),
        0.5,
        1.0,
    )
    .expect("a valid system")
}

/// One dimension: D and C are functions of one another.
pub(crate) fn scalar() -> GaussianSystem {
    GaussianSystem::new(array![[2.0]].view(), array![[0.7]].view(), array![[0.3]].view(), 0.5, 0.4)
        .expect("a valid system")
}

/// Two correlated dimensions of which the target sees mostly the second.
pub(crate) fn plane() -> GaussianSystem {
    GaussianSystem::new(
        array![[2.0, 0.6], [0.6, 1.0]].view(),
        array![[0.1, 1.0]].view(),
        array![[0.1]].view(),
        0.5,
        0.1,
    )
    .expect("a valid system")
}
