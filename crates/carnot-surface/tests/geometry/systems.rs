//! Systems whose surfaces are known by other means.

use carnot_surface::geometry::Phased;
use carnot_surface::{
    At, Certificate, Equilibrium, GaussianSystem, Multipliers, Rdc, Response, Responsive, Sidedness, System,
};
use carnot_testkit::strategies::{log_uniform, positive_definite, signed};
use ndarray::{Array2, array};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

pub(crate) fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("valid multipliers")
}

pub(crate) fn solve<S: System>(system: &S, multipliers: Multipliers) -> At<S> {
    system.equilibrium(multipliers, None).expect("an equilibrium")
}

/// Linear-Gaussian systems of dimension 2 to 4 with 1 or 2 targets.
pub(crate) fn gaussians() -> impl Strategy<Value = GaussianSystem> {
    (2..5usize, 1..3usize).prop_flat_map(|(n, k)| {
        let noise = (log_uniform(0.1, 10.0), log_uniform(0.1, 10.0));
        (positive_definite(n, (1e-1, 1e1)), signed(n * k), noise).prop_map(move |(sx, b, (decoder, head))| {
            let matrix =
                |rows, columns, values| Array2::from_shape_vec((rows, columns), values).expect("shape");
            let (source, readout) = (matrix(n, n, sx), matrix(k, n, b));
            GaussianSystem::new(source.view(), readout.view(), Array2::eye(k).view(), decoder, head)
                .expect("a valid system")
        })
    })
}

pub(crate) fn multipliers() -> impl Strategy<Value = Multipliers> {
    (log_uniform(1e-1, 1e2), log_uniform(1e-1, 1e2)).prop_map(|(lambda, gamma)| at(lambda, gamma))
}

/// `count` draws, the same in every run.
pub(crate) fn draws<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, count: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("no rejections").current()).collect()
}

/// One two-dimensional system with a correlated source.
pub(crate) fn gaussian() -> GaussianSystem {
    GaussianSystem::new(
        array![[2.0, 0.6], [0.6, 1.0]].view(),
        array![[0.0, 1.0]].view(),
        array![[0.1]].view(),
        0.5,
        0.1,
    )
    .expect("a valid system")
}

fn found<X>(multipliers: Multipliers, rdc: Rdc, state: X) -> Equilibrium<Rdc, X> {
    Equilibrium { multipliers, rdc, state, certificate: Certificate::ClosedForm }
}

pub(crate) fn response(s11: f64, s12: f64, s22: f64) -> Response {
    let sidedness = Sidedness::TwoSided;
    Response { distortion_lambda: s11, cross: s12, classification_gamma: s22, sidedness }
}

/// F as the minimum of planes: each transition is of first order, the phase the plane's number.
#[derive(Debug, Clone)]
pub(crate) struct Planes(pub(crate) Vec<Rdc>);

/// A plane by its (R, D, C).
pub(crate) fn plane(rate: f64, distortion: f64, classification: f64) -> Rdc {
    Rdc { rate, distortion, classification }
}

/// What these systems say when they have no equilibrium.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

impl System for Planes {
    type Rdc = Rdc;
    type State = usize;
    type Error = Refused;

    fn equilibrium(&self, at: Multipliers, _from: Option<&usize>) -> Result<At<Self>, Refused> {
        let value = |rdc: &Rdc| rdc.rate + at.lambda() * rdc.distortion + at.gamma() * rdc.classification;
        let best = (0..self.0.len()).min_by(|&a, &b| value(&self.0[a]).total_cmp(&value(&self.0[b])));
        let best = best.ok_or(Refused)?;
        Ok(found(at, self.0[best], best))
    }
}

impl Responsive for Planes {
    fn response(&self, _at: &At<Self>) -> Result<Response, Refused> {
        Ok(response(0.0, 0.0, 0.0))
    }
}

impl Phased for Planes {
    type Phase = usize;

    fn phase(&self, at: &At<Self>) -> usize {
        at.state
    }
}

/// Independent pairs `(X_i, Y_i)` of jointly Gaussian scalars: variance `s2` of X, squared correlation `rho2`, variance
/// one of Y. D is the mean squared error and C the differential entropy `h(Y|Z)`. Each pair is the scalar closed form
/// with `u = exp(-2 R)` the positive root of
/// `2 lambda s2 rho2 u^2 + [2 lambda s2 (1 - rho2) + (gamma - 1) rho2] u - (1 - rho2) = 0`, at most one.
#[derive(Debug, Clone)]
pub(crate) struct Pairs(pub(crate) Vec<(f64, f64)>);

impl Pairs {
    /// The example of three pairs that the expected numbers belong to.
    pub(crate) fn example() -> Self {
        Self(vec![(4.0, 0.2), (1.0, 0.6), (0.25, 0.9)])
    }

    fn root((s2, rho2): (f64, f64), at: Multipliers) -> f64 {
        let a = 2.0 * at.lambda() * s2 * rho2;
        let b = 2.0 * at.lambda() * s2 * (1.0 - rho2) + (at.gamma() - 1.0) * rho2;
        let c = 1.0 - rho2;
        let discriminant = (b * b + 4.0 * a * c).sqrt();
        // The root that does not cancel, whatever the sign of b.
        let u = if b > 0.0 { 2.0 * c / (b + discriminant) } else { (discriminant - b) / (2.0 * a) };
        if u.is_nan() { 1.0 } else { u.min(1.0) }
    }
}

impl System for Pairs {
    type Rdc = Rdc;
    type State = Vec<f64>;
    type Error = Refused;

    fn equilibrium(&self, at: Multipliers, _from: Option<&Vec<f64>>) -> Result<At<Self>, Refused> {
        let roots: Vec<f64> = self.0.iter().map(|&pair| Self::root(pair, at)).collect();
        let mut rdc = plane(0.0, 0.0, 0.0);
        for (&(s2, rho2), u) in self.0.iter().zip(&roots) {
            rdc.rate -= 0.5 * u.ln();
            rdc.distortion += s2 * u;
            let residual = 1.0 - rho2 + rho2 * u;
            rdc.classification += 0.5 * (std::f64::consts::TAU * std::f64::consts::E * residual).ln();
        }
        Ok(found(at, rdc, roots))
    }
}

impl Responsive for Pairs {
    fn response(&self, at: &At<Self>) -> Result<Response, Refused> {
        let (lambda, gamma) = (at.multipliers.lambda(), at.multipliers.gamma());
        let [mut s11, mut s12, mut s22] = [0.0; 3];
        for (&(s2, rho2), &u) in self.0.iter().zip(&at.state).filter(|(_, u)| **u < 1.0) {
            // Implicit differentiation of the quadratic.
            let a = 2.0 * lambda * s2 * rho2;
            let b = 2.0 * lambda * s2 * (1.0 - rho2) + (gamma - 1.0) * rho2;
            let by_lambda = -2.0 * s2 * u * (rho2 * u + 1.0 - rho2) / (2.0 * a * u + b);
            let by_gamma = -rho2 * u / (2.0 * a * u + b);
            s11 += s2 * by_lambda;
            s12 += s2 * by_gamma;
            s22 += 0.5 * rho2 * by_gamma / (1.0 - rho2 + rho2 * u);
        }
        Ok(response(s11, s12, s22))
    }
}

impl Phased for Pairs {
    type Phase = usize;

    fn phase(&self, at: &At<Self>) -> usize {
        at.state.iter().filter(|u| **u < 1.0).count()
    }
}

/// The information bottleneck of K equally likely labels with symmetric noise `epsilon` in all, over K-ary symmetric
/// test channels of error q: `R = ln K - h(q) - q ln(K-1)`, `C = h(e) + e ln(K-1)` at the error `e = q * epsilon`. For
/// K > 2 it leaves `q = (K-1)/K` by a jump. D is zero.
#[derive(Debug, Clone)]
pub(crate) struct Symmetric {
    pub(crate) labels: f64,
    pub(crate) epsilon: f64,
}

impl Symmetric {
    /// `h(q) + q ln(K-1)`, and its derivative.
    fn entropy(&self, q: f64) -> (f64, f64) {
        let odds = (self.labels - 1.0).ln();
        (-q * q.ln() - (1.0 - q) * (-q).ln_1p() + q * odds, ((1.0 - q) / q).ln() + odds)
    }

    fn contraction(&self) -> f64 {
        1.0 - self.epsilon * self.labels / (self.labels - 1.0)
    }

    fn error(&self, q: f64) -> f64 {
        self.epsilon + q * self.contraction()
    }

    fn at(&self, q: f64) -> Rdc {
        let (rate, loss) = (self.labels.ln() - self.entropy(q).0, self.entropy(self.error(q)).0);
        plane(rate, 0.0, loss)
    }
}

impl System for Symmetric {
    type Rdc = Rdc;
    type State = f64;
    type Error = Refused;

    fn equilibrium(&self, at: Multipliers, _from: Option<&f64>) -> Result<At<Self>, Refused> {
        let gamma = at.gamma();
        let trivial = (self.labels - 1.0) / self.labels;
        let slope = |q: f64| -self.entropy(q).1 + gamma * self.contraction() * self.entropy(self.error(q)).1;
        // The first minimum from below; the slope is -infinity at zero.
        let grid = |k: u32| trivial * f64::from(k) / 4000.0;
        let Some(k) = (1..4000).find(|&k| slope(grid(k)) > 0.0) else {
            return Ok(found(at, plane(0.0, 0.0, self.labels.ln()), trivial));
        };
        let (mut low, mut high) = (if k == 1 { 1e-300 } else { grid(k - 1) }, grid(k));
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if slope(middle) > 0.0 { high = middle } else { low = middle }
        }
        let rdc = self.at(low);
        let value = rdc.rate + gamma * rdc.classification;
        if value < gamma * self.labels.ln() {
            Ok(found(at, rdc, low))
        } else {
            Ok(found(at, plane(0.0, 0.0, self.labels.ln()), trivial))
        }
    }
}

impl Responsive for Symmetric {
    fn response(&self, at: &At<Self>) -> Result<Response, Refused> {
        let q = at.state;
        if at.rdc.rate == 0.0 {
            return Ok(response(0.0, 0.0, 0.0));
        }
        let (a, e) = (self.contraction(), self.error(q));
        let loss_slope = a * self.entropy(e).1;
        let curvature = 1.0 / (q * (1.0 - q)) - at.multipliers.gamma() * a * a / (e * (1.0 - e));
        Ok(response(0.0, 0.0, -loss_slope * loss_slope / curvature))
    }
}

impl Phased for Symmetric {
    type Phase = bool;

    fn phase(&self, at: &At<Self>) -> bool {
        at.rdc.rate > 0.0
    }
}

/// Another system that refuses multipliers lambda beyond a limit.
#[derive(Debug, Clone)]
pub(crate) struct Limited<S>(pub(crate) S, pub(crate) f64);

impl<S: System<Error = Refused>> System for Limited<S> {
    type Rdc = S::Rdc;
    type State = S::State;
    type Error = Refused;

    fn equilibrium(&self, at: Multipliers, from: Option<&S::State>) -> Result<At<S>, Refused> {
        if at.lambda() > self.1 { Err(Refused) } else { self.0.equilibrium(at, from) }
    }
}

impl<S: Responsive<Rdc = Rdc, Error = Refused>> Responsive for Limited<S> {
    fn response(&self, at: &At<S>) -> Result<Response, Refused> {
        self.0.response(at)
    }
}

impl<S: Phased<Error = Refused>> Phased for Limited<S> {
    type Phase = S::Phase;

    fn phase(&self, at: &At<S>) -> S::Phase {
        self.0.phase(at)
    }
}

/// Another system whose D and C are off by up to 1e-13 of themselves, differently at every place: what is left by a
/// solver.
#[derive(Debug, Clone)]
pub(crate) struct Noisy<S>(pub(crate) S);

impl<S: System<Rdc = Rdc>> System for Noisy<S> {
    type Rdc = Rdc;
    type State = S::State;
    type Error = S::Error;

    fn equilibrium(&self, at: Multipliers, from: Option<&S::State>) -> Result<At<S>, S::Error> {
        let mut found = self.0.equilibrium(at, from)?;
        let bits = (at.lambda().to_bits() ^ at.gamma().to_bits().rotate_left(17))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let noise = |bits: u64| 1e-13 * ((bits % 2001) as f64 / 1000.0 - 1.0);
        found.rdc.distortion *= 1.0 + noise(bits >> 40);
        found.rdc.classification *= 1.0 + noise(bits >> 20);
        Ok(found)
    }
}

impl<S: Responsive<Rdc = Rdc>> Responsive for Noisy<S> {
    fn response(&self, at: &At<S>) -> Result<Response, S::Error> {
        self.0.response(at)
    }
}

impl<S: Phased<Rdc = Rdc>> Phased for Noisy<S> {
    type Phase = S::Phase;

    fn phase(&self, at: &At<S>) -> S::Phase {
        self.0.phase(at)
    }
}
