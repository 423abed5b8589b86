//! The curves along which one multiplier is searched for: lines of constant multiplier, and constrained curves.

use super::bracket::Crossing;
use super::oracle::{Oracle, Sample};
use super::plateau::plateau;
use super::settle::{Wanted, coexistence};
use super::target::Axis;
use super::{InversionError, InversionOptions, Solution};
use crate::{At, Observable, Observables, Rdc, Response, Responsive};

/// Phases whose observables agree within the tolerance are the same.
pub(super) fn same(options: &InversionOptions) -> impl Fn(&Rdc, &Rdc) -> bool {
    let options = *options;
    move |one, other| {
        [Observable::Distortion, Observable::Classification].into_iter().all(|observable| {
            let (one, other) = (one.get(observable), other.get(observable));
            (one - other).abs() <= options.allowed(one)
        })
    }
}

/// A line: the multiplier of `axis` varies, the other one is `fixed`.
///
/// The potential is F, which is concave along the line, with the derivative D or C.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) axis: Axis,
    pub(super) fixed: f64,
    pub(super) wanted: Wanted,
}

impl Line {
    /// Whether theory lets the wanted observable only rise, or only fall, along the line. `D` falls in lambda and C in
    /// gamma, whatever the other. R need not be monotone, but where the other multiplier is zero it is: `dR/dlambda =
    /// -lambda S11 - gamma S12`. How D moves with gamma, and C with lambda, is S12, which has either sign.
    pub(super) fn is_monotone(&self) -> bool {
        let observable = self.wanted.observable;
        observable == self.axis.conjugate() || (observable == Observable::Rate && self.fixed == 0.0)
    }

    pub(super) fn sample<S: Responsive<Rdc = Rdc>>(
        &self,
        oracle: &mut Oracle<'_, S>,
        multiplier: f64,
    ) -> Result<Sample<S::State>, InversionError<S::Error>> {
        let found = oracle.equilibrium(self.axis.pair(multiplier, self.fixed))?;
        let response = oracle.response(&found);
        let gradient = response.map(|s| s.gradient(self.wanted.observable, found.multipliers));
        Ok(Sample {
            multiplier,
            residual: self.wanted.residual(&found.rdc),
            slope: gradient.map(|gradient| gradient[self.axis.index()]),
            potential: found.free_energy(),
            force: found.rdc.get(self.axis.conjugate()),
            response,
            solution: Solution::Point(found),
            slack: Vec::new(),
            unmet: None,
        })
    }
}

/// A constrained curve: the multiplier of `axis` varies, and at each of its values the other one is such that its loss
/// is `held`, or zero where the loss is below that.
///
/// With `held` C at C* the potential is `h(lambda) = max over gamma >= 0 of F - gamma C*`, which is concave as F is
/// jointly, and `h' = D`. So D falls along the curve; and R rises, as `dR = -lambda dD` where C is constant or gamma is
/// zero. Where F has a kink the point of the curve is a coexistence with the held loss in the mean, and all of this
/// remains true. It does as well where gamma is at its limit and C is still above C*: such a sample, with `unmet`, says
/// on which side of it the solution is, but is none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Constrained {
    pub(super) axis: Axis,
    pub(super) held: f64,
    pub(super) wanted: Wanted,
}

impl Constrained {
    /// The point of the curve at a multiplier. `guess` is the other multiplier's first guess, and the next one.
    pub(super) fn sample<S: Responsive<Rdc = Rdc>>(
        &self,
        oracle: &mut Oracle<'_, S>,
        multiplier: f64,
        guess: &mut f64,
    ) -> Result<Sample<S::State>, InversionError<S::Error>> {
        let axis = self.axis.other();
        let held = Wanted { observable: axis.conjugate(), value: self.held };
        let line = Line { axis, fixed: multiplier, wanted: held };
        let options = oracle.options;
        // What a large multiplier can do depends on how large it is beside the other.
        let largest_multiplier = options.largest_multiplier * multiplier.max(1.0);
        let within = InversionOptions { largest_multiplier, ..*options };
        let mut search = held.search(&within);
        // The lever rule, however small a share it gives to one side, is what makes the other loss right.
        search.accept_side = search.aim;
        if self.wanted.observable == Observable::Rate {
            // dR = -lambda dD - gamma dC: the rate shows what is left of the held loss times its multiplier.
            let aim = 0.1 * options.allowed(self.wanted.value) / *guess;
            search.aim = search.aim.min(aim.max(4.0 * f64::EPSILON * self.held.abs()));
        }
        let crossing = search.from(*guess, &mut |other| line.sample(oracle, other))?;
        let (mut slack, mut unmet) = (Vec::new(), None);
        let (solution, response) = match crossing {
            Crossing::Point(inner) => (inner.solution, inner.response),
            Crossing::BeforeZero(inner) => {
                slack.push(held.observable);
                (inner.solution, inner.response)
            }
            Crossing::Jump(jump) => (coexistence(*jump, same(options)), None),
            Crossing::BeyondLargest(inner) => {
                unmet = Some(held.unattainable(&inner, &line.sample(oracle, 0.0)?));
                (inner.solution, None)
            }
        };
        *guess = axis.of(solution.multipliers());
        let rdc = solution.rdc();
        let free_energy = rdc.objective(solution.multipliers());
        let force_slope = response.and_then(|s| self.force_slope(&s, *guess == 0.0));
        let slope = force_slope.map(|slope| match self.wanted.observable {
            Observable::Rate => -multiplier * slope,
            Observable::Distortion | Observable::Classification => slope,
        });
        Ok(Sample {
            multiplier,
            residual: self.wanted.residual(&rdc),
            slope,
            potential: free_energy - *guess * self.held,
            force: rdc.get(self.axis.conjugate()),
            response,
            solution,
            slack,
            unmet,
        })
    }

    /// The solution at a point of the curve where both observables are met: a plateau, if they stay so along the line of
    /// the other multiplier. Along the curve that multiplier is any one with the held loss, and does not show.
    pub(super) fn across<S: Responsive<Rdc = Rdc>>(
        &self,
        oracle: &mut Oracle<'_, S>,
        point: At<S>,
    ) -> Result<Solution<S::State>, InversionError<S::Error>> {
        let (axis, options) = (self.axis.other(), oracle.options);
        let held = Wanted { observable: axis.conjugate(), value: self.held };
        let line = Line { axis, fixed: self.axis.of(point.multipliers), wanted: held };
        let evaluate = &mut |multiplier| {
            let mut sample = line.sample(oracle, multiplier)?;
            if self.wanted.residual(&sample.solution.rdc()).abs() > options.allowed(self.wanted.value) {
                sample.residual = f64::INFINITY;
            }
            Ok(sample)
        };
        let root = evaluate(axis.of(point.multipliers))?;
        Ok(match plateau(held, options, root, evaluate)? {
            Solution::Plateau { ends } => Solution::Plateau { ends },
            Solution::Point(_) | Solution::Coexistence { .. } => Solution::Point(point),
        })
    }

    /// `(dD/dlambda)_C = S11 - S12^2 / S22`, or `S11` where gamma stays at zero; and the same with D and C exchanged.
    fn force_slope(&self, s: &Response, other_stays: bool) -> Option<f64> {
        let [own, other] = match self.axis {
            Axis::Lambda => [s.distortion_lambda, s.classification_gamma],
            Axis::Gamma => [s.classification_gamma, s.distortion_lambda],
        };
        if other_stays || s.cross == 0.0 {
            return Some(own);
        }
        // S is negative semidefinite: rounding can take a zero above it, and then says nothing.
        (other < 0.0).then(|| (own - s.cross * s.cross / other).min(0.0))
    }
}
