//! Closed journeys.

use std::convert::Infallible;

use carnot_info::Joint;
use carnot_process::{Closure, Cycle, Drive, Hold, Options, PhaseChange, Process, StopReason};
use carnot_surface::{
    At, Certificate, DiscreteSystem, Driven, Equilibrium, Force, GaussianError, GaussianSystem, Multipliers,
    Rdc, Response, Responsive, Sidedness, Still, System,
};
use carnot_testkit::assert_close;
use ndarray::array;

use crate::{at, with_transitions};

fn precise(held: Hold, drive: Drive) -> Process {
    Process::new(held, drive).with_options(Options { work_nodes: 4, ..Options::default() })
}

/// C held, gamma held, C held, gamma held: from `(lambda, gamma)` to `gamma_1`, to `lambda_1`, and back.
fn carnot_cycle(start: Multipliers, gamma: f64, lambda: f64) -> Cycle {
    Cycle::new([
        precise(Hold::Classification, Drive::GammaTo(gamma)),
        precise(Hold::Gamma, Drive::LambdaTo(lambda)),
        precise(Hold::Classification, Drive::GammaTo(start.gamma())),
        precise(Hold::Gamma, Drive::LambdaTo(start.lambda())),
    ])
}

#[test]
fn a_carnot_cycle_closes_on_global_equilibria_across_transitions() {
    let system = with_transitions();
    let start = at(2.0, 5.0);
    let cycle = carnot_cycle(start, 5.3, 0.5);
    let journey = cycle
        .run_driven(&Still(system.clone()), start, 0.0, |leg| leg.with_event(PhaseChange))
        .expect("a journey")
        .into_complete()
        .expect("four legs");
    assert!(journey.legs.iter().flat_map(|leg| &leg.waypoints).any(|waypoint| waypoint.event.is_some()));
    assert_eq!(journey.closure(1e-9), Closure::Closed);
    let work = journey.work();
    assert!(work.total().abs() <= 1e-8 * work.size, "{} of {}", work.total(), work.size);
    // Leg by leg: C moves on the legs of constant gamma only, and the work is the change of F.
    for (leg, work) in journey.legs.iter().zip(journey.works()) {
        let [first, last] = [leg.waypoints[0].point, leg.last().expect("a waypoint").point];
        assert_close!(
            work.total(),
            last.free_energy() - first.free_energy(),
            rtol = 0.0,
            atol = 1e-8 * work.size
        );
    }
    assert_eq!(journey.works()[1].gamma, 0.0);
    assert_close!(journey.works()[0].classification, 0.0, rtol = 0.0, atol = 1e-9);
    // The heat of a loop is not zero leg by leg, and in all it is: int lambda dD + gamma dC = -int dR.
    assert!(journey.works()[1].distortion.abs() > 1e-2);
    assert_close!(work.rate_change(), 0.0, rtol = 0.0, atol = 1e-8 * work.size);

    // The reverse cycle does the opposite work on each leg.
    let [_, first_turn, second_turn, third_turn] =
        [0, 1, 2, 3].map(|k: usize| journey.legs[k].waypoints[0].point);
    let reversed = Cycle::new([
        precise(Hold::Gamma, Drive::LambdaTo(third_turn.lambda)),
        precise(Hold::Classification, Drive::GammaTo(second_turn.gamma)),
        precise(Hold::Gamma, Drive::LambdaTo(first_turn.lambda)),
        precise(Hold::Classification, Drive::GammaTo(start.gamma())),
    ]);
    let back = reversed
        .run_driven(&Still(system), start, 0.0, |leg| leg.with_event(PhaseChange))
        .expect("a journey");
    assert_eq!(back.closure(1e-9), Closure::Closed);
    for (forth, back) in journey.works().iter().zip(back.works().iter().rev()) {
        assert_close!(back.lambda, -forth.lambda, rtol = 0.0, atol = 1e-8 * work.size);
        assert_close!(back.gamma, -forth.gamma, rtol = 0.0, atol = 1e-8 * work.size);
    }
}

/// Data that are not to be copied.
struct Once(GaussianSystem);

impl Driven for Once {
    type System = GaussianSystem;

    fn at(&self, time: f64) -> Result<GaussianSystem, GaussianError> {
        Still(self.0.clone()).at(time)
    }

    fn force(&self, time: f64, at: &At<GaussianSystem>) -> Result<Force<f64>, GaussianError> {
        Still(self.0.clone()).force(time, at)
    }
}

#[test]
fn a_cycle_borrows_its_data() {
    let (data, start) = (Once(with_transitions()), at(2.0, 5.0));
    let journey = carnot_cycle(start, 5.3, 1.5).run_driven(&data, start, 0.0, |leg| leg).expect("a journey");
    assert_eq!(journey.closure(1e-9), Closure::Closed);
}

#[test]
fn a_cycle_of_a_discrete_system_closes() {
    let joint =
        Joint::new(array![[0.20, 0.05], [0.10, 0.15], [0.05, 0.20], [0.15, 0.10]]).expect("a joint table");
    let rho = array![[0.0, 1.0, 2.0, 0.7], [0.8, 0.0, 1.0, 1.3], [2.1, 0.9, 0.0, 0.6], [0.5, 1.2, 0.8, 0.0]];
    let system = DiscreteSystem::new(&joint, rho.view()).expect("a system");
    let start = at(4.0, 0.5);
    let journey = carnot_cycle(start, 0.7, 5.0)
        .run_driven(&Still(system), start, 0.0, |leg| leg.with_event(PhaseChange))
        .expect("a journey")
        .into_complete()
        .expect("four legs");
    assert_eq!(journey.closure(1e-9), Closure::Closed);
    let work = journey.work();
    assert!(work.total().abs() <= 1e-8 * work.size, "{} of {}", work.total(), work.size);
}

#[test]
fn a_leg_that_does_not_end_ends_the_journey() {
    let start = at(2.0, 5.0);
    let journey = carnot_cycle(start, 5e3, 6.0).run(with_transitions(), start).expect("a journey");
    assert_eq!(journey.legs.len(), 1);
    assert_eq!(
        journey.legs[0].stop,
        StopReason::ReachedZero { multiplier: carnot_process::Coordinate::Lambda }
    );
    assert!(matches!(journey.closure(1e-9), Closure::Open { .. }) && journey.planned() == 4);
    assert!(journey.into_complete().is_err());
}

/// Two branches, each kept as far as it goes: `F = ln lambda + b ln gamma + c`, the first until gamma is two, the second until
/// it is one half.
#[derive(Debug, Clone)]
struct Sticky;

const BRANCHES: [(f64, f64); 2] = [(1.0, 0.0), (0.4, 0.1)];

impl System for Sticky {
    type Rdc = Rdc;
    type State = usize;
    type Error = Infallible;

    fn equilibrium(&self, at: Multipliers, from: Option<&usize>) -> Result<At<Self>, Infallible> {
        let kept = from.copied().unwrap_or(0);
        let state = if at.gamma() > 2.0 {
            1
        } else if at.gamma() < 0.5 {
            0
        } else {
            kept
        };
        let (b, c) = BRANCHES[state];
        let free_energy = at.lambda().ln() + b * at.gamma().ln() + c;
        let rdc = Rdc {
            rate: free_energy - 1.0 - b,
            distortion: 1.0 / at.lambda(),
            classification: b / at.gamma(),
        };
        let certificate = Certificate::Stationary { residual: 0.0, starts: 1 };
        Ok(Equilibrium { multipliers: at, rdc, state, certificate })
    }
}

impl Responsive for Sticky {
    fn response(&self, at: &At<Self>) -> Result<Response<f64>, Infallible> {
        let (lambda, gamma) = (at.multipliers.lambda(), at.multipliers.gamma());
        Ok(Response {
            distortion_lambda: -1.0 / (lambda * lambda),
            cross: 0.0,
            classification_gamma: -BRANCHES[at.state].0 / (gamma * gamma),
            sidedness: Sidedness::TwoSided,
        })
    }
}

#[test]
fn hysteresis_is_reported_as_such() {
    let there_and_back = |far: f64| {
        let legs = [Drive::GammaTo(far), Drive::GammaTo(1.0)].map(|drive| precise(Hold::Lambda, drive));
        Cycle::new(legs).run(Sticky, at(1.0, 1.0)).expect("a journey").into_complete().expect("two legs")
    };
    assert_eq!(there_and_back(1.9).closure(1e-9), Closure::Closed);
    let around = there_and_back(4.0);
    let Closure::Hysteresis { free_energy } = around.closure(1e-9) else {
        panic!("{:?}", around.closure(1e-9))
    };
    // The second branch at (1, 1) is 0.1 above the first.
    assert_close!(free_energy, 0.1, rtol = 1e-12, atol = 0.0);
    // The loop integral does not vanish: the first branch's ln 2 forth, the second's 0.4 ln 2 back.
    assert!((around.work().total() - 0.6 * 2f64.ln()).abs() < 0.2, "{}", around.work().total());
    // Once around both ends of the loop it has returned.
    let legs = [4.0, 0.25, 1.0].map(|gamma| precise(Hold::Lambda, Drive::GammaTo(gamma)));
    let whole = Cycle::new(legs).run(Sticky, at(1.0, 1.0)).expect("a journey");
    assert_eq!(whole.closure(1e-9), Closure::Closed);
}
