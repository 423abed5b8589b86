//! Processes along metastable branches: hysteresis around a transition of first order, and what following costs.

use carnot_info::Joint;
use carnot_process::{
    Closure, Counters, Cycle, Drive, FromResponse, Hold, Journey, Process, StopReason, sweep,
};
use carnot_surface::{
    At, Certificate, DiscreteBranch, DiscreteSystem, Driven, MovingDiscrete, Multipliers, Responsive, System,
};
use carnot_testkit::assert_close;
use carnot_testkit::closed_forms::label_noise;
use ndarray::Array2;

use crate::at;
use crate::discrete::{Counted, square};

const CLASSES: usize = 3;
const FLIP: f64 = 0.1;

fn noisy_labels() -> DiscreteSystem {
    let table =
        Array2::from_shape_vec((CLASSES, CLASSES), label_noise::joint(CLASSES, FLIP)).expect("a shape");
    DiscreteSystem::bottleneck(&Joint::new(table).expect("a joint table"), CLASSES).expect("a system")
}

/// Bisects an increasing function.
fn root(f: impl Fn(f64) -> f64, (mut low, mut high): (f64, f64)) -> f64 {
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if f(middle) > 0.0 { high = middle } else { low = middle }
    }
    high
}

/// The gamma at which the symmetric channel of this correlation is stationary: `dR = gamma dI` along the family.
fn stationary_gamma(correlation: f64) -> f64 {
    let s = label_noise::label_correlation(CLASSES, FLIP);
    let slope = |delta: f64| {
        let others = CLASSES as f64 - 1.0;
        ((others * delta).ln_1p() - (-delta).ln_1p()) * others / CLASSES as f64
    };
    slope(correlation) / (s * slope(s * correlation))
}

/// Where the branch on which something is known ends: the least gamma with a stationary channel, and its correlation.
fn lower_end() -> (f64, f64) {
    let grid = (1..100_000).map(|k| f64::from(k) * 1e-5);
    let of = |delta: f64| (stationary_gamma(delta), delta);
    grid.map(of).min_by(|a, b| a.0.total_cmp(&b.0)).expect("a grid")
}

/// F of the better symmetric channel that is stationary at gamma.
fn informed(gamma: f64) -> f64 {
    let delta = root(|delta| stationary_gamma(delta) - gamma, (lower_end().1, 1.0 - 1e-12));
    let s = label_noise::label_correlation(CLASSES, FLIP);
    let relevance = label_noise::information(CLASSES, s * delta);
    label_noise::information(CLASSES, delta) + gamma * ((CLASSES as f64).ln() - relevance)
}

fn ignorant(gamma: f64) -> f64 {
    gamma * (CLASSES as f64).ln()
}

#[test]
fn what_is_known_is_kept_and_what_is_not_is_not_looked_for() {
    let (system, lowest) = (noisy_labels(), lower_end().0);
    let (onset, highest) =
        (label_noise::onset(CLASSES, FLIP).multiplier, label_noise::local_threshold(CLASSES, FLIP));
    assert!(lowest < onset - 1e-3 && onset < highest - 1e-3, "{lowest} {onset} {highest}");
    let (first, last) = (lowest - 2e-3, highest + 2e-3);
    let path = |k: u32| at(0.0, first + (last - first) * f64::from(k) / 40.0);
    let branch = system.clone().following();
    let start = branch.equilibrium(path(0), None).expect("an equilibrium");
    let swept = |start: &At<DiscreteBranch>, path: Vec<Multipliers>| {
        sweep(&branch, start.state.clone(), path).collect::<Result<Vec<_>, _>>().expect("equilibria")
    };
    let up = swept(&start, (1..=40).map(path).collect());
    let down = swept(up.last().expect("an end"), (0..40).rev().map(path).collect());
    let mut apart = 0;
    for (found, is_rising) in up.iter().map(|at| (at, true)).chain(down.iter().map(|at| (at, false))) {
        let gamma = found.multipliers.gamma();
        assert!(
            matches!(found.certificate, Certificate::Stationary { starts: 1, .. }),
            "{:?}",
            found.certificate
        );
        let knows = gamma > highest || (!is_rising && gamma > lowest);
        let exact = if knows { informed(gamma) } else { ignorant(gamma) };
        // Of the order of the residual, where nothing is known its square; near its end the branch is soft.
        assert_close!(found.free_energy(), exact, rtol = 0.0, atol = 1e-12);
        assert_eq!(found.rdc.rate > 1e-2, knows, "{gamma} {is_rising}");
        // Never below the global branch, and on it but for where the other one is better.
        let global = system.equilibrium(found.multipliers, None).expect("an equilibrium").free_energy();
        let excess = found.free_energy() - global;
        let is_metastable = knows != (gamma > onset);
        apart += usize::from(is_metastable);
        if is_metastable {
            let other = if knows { ignorant(gamma) } else { informed(gamma) };
            assert_close!(excess, exact - other, rtol = 0.0, atol = 2e-12);
            assert!(excess > 1e-7, "{gamma}: {excess:e}");
        } else {
            assert_close!(excess, 0.0, rtol = 0.0, atol = 2e-12);
        }
    }
    assert!(apart > 15, "{apart}");
}

fn there_and_back<S: Responsive + Clone>(system: S, from: f64, to: f64) -> Journey<S> {
    let legs = [to, from].map(|gamma| Process::new(Hold::Lambda, Drive::GammaTo(gamma)));
    let journey = Cycle::new(legs).run(system, at(0.0, from)).expect("a journey");
    journey.into_complete().expect("two legs")
}

#[test]
fn a_cycle_around_a_transition_of_first_order_shows_hysteresis() {
    let onset = label_noise::onset(CLASSES, FLIP).multiplier;
    let highest = label_noise::local_threshold(CLASSES, FLIP);
    let from = 0.5 * (lower_end().0 + onset);
    // Up over the end of the ignorant branch, and back to where ignorance is better and knowledge metastable.
    let journey = there_and_back(noisy_labels().following(), from, highest + 0.02);
    let Closure::Hysteresis { free_energy } = journey.closure(1e-9) else {
        panic!("{:?}", journey.closure(1e-9))
    };
    assert!(free_energy > 1e-5, "{free_energy:e}");
    assert_close!(free_energy, informed(from) - ignorant(from), rtol = 0.0, atol = 2e-12);
    // Not so far up nothing is learnt; and the global branch returns.
    let short = there_and_back(noisy_labels().following(), from, highest - 1e-3);
    assert_eq!(short.closure(1e-9), Closure::Closed);
    let global = there_and_back(noisy_labels(), from, highest + 0.02);
    assert_eq!(global.closure(1e-9), Closure::Closed);
}

#[test]
fn following_costs_a_descent_where_searching_costs_one_for_each_start() {
    let cost = |costs: &Counted<DiscreteBranch>| costs.costs.take();
    let counted = Counted::new(square(12, 6).following());
    let start = counted.equilibrium(at(3.0, 6.0), None).expect("an equilibrium");
    let search = cost(&counted);
    let process = Process::new(Hold::Classification, Drive::LambdaTo(6.0));
    let curve =
        process.trace(&counted, start, FromResponse).expect("a trace").collect_curve().expect("a curve");
    let followed = cost(&counted);
    assert_eq!(curve.stop, StopReason::ReachedEnd);
    // One descent for each equilibrium, and none besides.
    assert_eq!(followed.len(), curve.counters.equilibria);
    let total = |cycles: usize, newton_steps: usize| 3 * cycles + newton_steps;
    let mean =
        followed.iter().map(|work| total(work.cycles, work.newton_steps)).sum::<usize>() / followed.len();
    let searched = total(search[0].cycles, search[0].newton_steps);
    assert!(50 * mean < searched, "{mean} of {searched}");
    assert_eq!(curve.counters, Counters { equilibria: 24, rejected_steps: 0, corrections: 17 });
    for waypoint in &curve.waypoints[1..] {
        assert!(waypoint.residual.abs() <= 1e-10);
        assert!(matches!(waypoint.equilibrium.certificate, Certificate::Stationary { starts: 1, .. }));
    }
}

/// The labels of three noisy classes become cleaner with time: knowing something becomes better than nothing on the way, and
/// what is followed learns later.
#[test]
fn moving_data_carry_a_branch_along() {
    let noisy = |flip: f64| {
        let table = Array2::from_shape_vec((3, 3), label_noise::joint(3, flip)).expect("a shape");
        Joint::new(table).expect("a joint table")
    };
    let moving =
        MovingDiscrete::mixture(&noisy(0.12), &noisy(0.08), Array2::zeros((3, 3)).view()).expect("a path");
    let flip = |time: f64| 0.12 - 0.04 * time;
    let gamma = 1.38;
    let learns = root(|time| gamma - label_noise::local_threshold(3, flip(time)), (0.0, 1.0));
    let better = root(|time| gamma - label_noise::onset(3, flip(time)).multiplier, (0.0, 1.0));
    assert!(better < learns - 0.02, "{better} {learns}");
    let rate = |curve: &carnot_process::Curve<_>| {
        curve.last().map(|last: &carnot_process::Waypoint<DiscreteBranch>| last.point.rate)
    };
    let followed = moving.clone().following();
    for (end, knows) in [(0.5 * (better + learns), false), (learns + 0.05, true)] {
        let process = Process::new(Hold::Lambda, Drive::TimeTo(end)).with_rule(Hold::Gamma);
        let curve = process.run_driven(&followed, at(0.0, gamma), 0.1).expect("a curve");
        assert_eq!(curve.stop, StopReason::ReachedEnd);
        assert_eq!(rate(&curve).is_some_and(|rate| rate > 1e-2), knows, "{:?}", curve.last());
        let global = moving.at(end).and_then(|system| system.equilibrium(at(0.0, gamma), None));
        assert!(global.expect("an equilibrium").rdc.rate > 1e-2);
    }
}
