//! How well the places of transitions are known, against what is said of them.

use carnot_surface::geometry::{Entry, Order, Phased, Search, Segment, Transition, locate};
use carnot_surface::{
    At, GaussianBottleneck, GaussianSystem, Modes, Multipliers, Rdc, Response, Responsive, System,
};
use carnot_testkit::strategies::{positive_definite, signed};
use ndarray::Array2;
use proptest::prelude::*;

use crate::systems::{Pairs, Refused, Symmetric, at, draws, gaussians, multipliers};

/// Asserts that transitions are at these positions, to within what they say of themselves and to `digits`.
fn assert_places<P: std::fmt::Debug>(found: &[Transition<P>], exact: &[f64], digits: f64) {
    assert_eq!(found.len(), exact.len(), "{exact:?} {found:?}");
    for (transition, exact) in found.iter().zip(exact) {
        let off = transition.position - exact;
        assert!(off.abs() <= transition.half_width, "{off:e} off {exact}: {transition:?}");
        assert!(transition.half_width <= digits, "{:e}", transition.half_width);
    }
}

/// Positions closer than this are one transition, or two of which the brackets touch.
fn are_apart(places: &[f64]) -> bool {
    places.windows(2).all(|pair| pair[1] - pair[0] > 1e-6)
}

#[test]
fn modes_are_located_where_the_pencil_has_its_eigenvalues() {
    let mut located = 0;
    for (system, base, far) in draws((gaussians(), multipliers(), multipliers()), 40) {
        let near = at(0.01 * base.lambda(), 0.01 * base.gamma());
        let to = at(near.lambda() + far.lambda(), near.gamma() + far.gamma());
        let mut exact = system.transitions(near, far).expect("transitions");
        exact.retain(|place| (1e-9..1.0 - 1e-9).contains(place));
        if !are_apart(&exact) {
            continue;
        }
        let found = locate(&system, &Segment { from: near, to }, &Search::default()).expect("located");
        // An eigenvalue of one beside one of up to a few thousand.
        assert_places(&found, &exact, 1e-10);
        located += exact.len();
    }
    assert!(located >= 40, "only {located}");
}

/// Gaussian bottlenecks of two to four dimensions and as many targets.
fn bottlenecks() -> impl Strategy<Value = GaussianBottleneck> {
    (2..5usize).prop_flat_map(|n| {
        let parts = (positive_definite(n, (1e-1, 1e1)), signed(n * n), positive_definite(n, (1e-1, 1e1)));
        parts.prop_map(move |(source, readout, residual)| {
            let [source, readout, residual] = [source, readout, residual]
                .map(|entries| Array2::from_shape_vec((n, n), entries).expect("a shape"));
            GaussianBottleneck::new(source.view(), readout.view(), residual.view(), 0.5).expect("a system")
        })
    })
}

#[test]
fn modes_of_the_bottleneck_are_located_at_the_critical_gammas() {
    let mut located = 0;
    for system in draws(bottlenecks(), 30) {
        let critical = system.critical_gammas().expect("singular values");
        let to = 1.1 * critical.iter().copied().filter(|gamma| *gamma < 100.0).fold(2.0, f64::max);
        let exact: Vec<f64> = critical.iter().map(|gamma| (gamma - 0.5) / (to - 0.5)).collect();
        let exact: Vec<f64> = exact.into_iter().filter(|place| *place < 1.0).collect();
        if !are_apart(&exact) {
            continue;
        }
        let line = Segment { from: at(0.0, 0.5), to: at(0.0, to) };
        assert_places(&locate(&system, &line, &Search::default()).expect("located"), &exact, 1e-10);
        located += exact.len();
    }
    assert!(located >= 30, "only {located}");
}

#[test]
fn what_is_about_to_enter_is_the_strongest_mode_that_is_not_encoded() {
    for (system, place) in draws((gaussians(), multipliers()), 20) {
        let found = system.equilibrium(place, None).expect("an equilibrium");
        let absent = found.state.strengths().iter().copied().filter(|mu| *mu <= 1.0).reduce(f64::max);
        let entry = system.entry(&found);
        assert_eq!(entry.map(|entry| entry.excess), absent.map(|mu| mu - 1.0));
        assert!(entry.is_none_or(|entry| entry.excess <= 0.0 && entry.uncertainty < 1e-10));
    }
}

/// The example of three pairs, a line, and the positions at which pairs enter on it: where `2 lambda s2 + gamma rho2 = 1`.
fn pairs_on_a_line() -> (Pairs, Vec<f64>, Segment) {
    let (system, line) = (Pairs::example(), Segment { from: at(0.02, 0.1), to: at(3.0, 1.1) });
    let value = |m: Multipliers, (s2, rho2): (f64, f64)| 2.0 * m.lambda() * s2 + m.gamma() * rho2 - 1.0;
    let place = |&pair| value(line.from, pair) / (value(line.from, pair) - value(line.to, pair));
    let exact = system.0.iter().map(place).collect();
    (system, exact, line)
}

#[test]
fn a_system_that_names_its_phases_only_is_located_by_the_slopes_of_the_free_energy() {
    let (system, exact, line) = pairs_on_a_line();
    assert_places(&locate(&system, &line, &Search::default()).expect("located"), &exact, 1e-10);
    // With names that come late, by up to ten million times as much as they were narrowed to.
    for late in [1e-10, 1e-8, 1e-7] {
        let found = locate(&Late(system.clone(), late), &line, &Search::default()).expect("located");
        assert!(found.iter().all(|transition| transition.order == Order::Second));
        assert_places(&found, &exact, 1e-10);
    }
}

/// Pairs that are named, and used, only when they are above their threshold by this much.
#[derive(Clone)]
struct Late(Pairs, f64);

impl System for Late {
    type Rdc = Rdc;
    type State = Vec<f64>;
    type Error = Refused;

    fn equilibrium(&self, at: Multipliers, _from: Option<&Vec<f64>>) -> Result<At<Self>, Refused> {
        let in_use = |&(s2, rho2): &(f64, f64)| 2.0 * at.lambda() * s2 + at.gamma() * rho2 > 1.0 + self.1;
        let (used, unused): (Vec<_>, Vec<_>) = self.0.0.iter().copied().partition(in_use);
        let mut found = Pairs(used).equilibrium(at, None)?;
        for (s2, _) in unused {
            found.rdc.distortion += s2;
            found.rdc.classification += 0.5 * (std::f64::consts::TAU * std::f64::consts::E).ln();
            found.state.push(1.0);
        }
        Ok(found)
    }
}

impl Responsive for Late {
    fn response(&self, at: &At<Self>) -> Result<Response, Refused> {
        let used = at.state.iter().filter(|u| **u < 1.0).count();
        Pairs(self.0.0[..used].to_vec()).response(at)
    }
}

impl Phased for Late {
    type Phase = usize;

    fn phase(&self, at: &At<Self>) -> usize {
        at.state.iter().filter(|u| **u < 1.0).count()
    }
}

/// The same, that say how far the next pair is from its threshold: in what unit, and how well that is known.
struct Spoken(Late, [f64; 2]);

impl System for Spoken {
    type Rdc = Rdc;
    type State = Vec<f64>;
    type Error = Refused;

    fn equilibrium(&self, at: Multipliers, from: Option<&Vec<f64>>) -> Result<At<Self>, Refused> {
        self.0.equilibrium(at, from)
    }
}

impl Responsive for Spoken {
    fn response(&self, at: &At<Self>) -> Result<Response, Refused> {
        self.0.response(at)
    }
}

impl Phased for Spoken {
    type Phase = usize;

    fn phase(&self, at: &At<Self>) -> usize {
        self.0.phase(at)
    }

    fn entry(&self, at: &At<Self>) -> Option<Entry> {
        let &(s2, rho2) = self.0.0.0.get(self.phase(at))?;
        let excess = 2.0 * at.multipliers.lambda() * s2 + at.multipliers.gamma() * rho2 - 1.0;
        let [unit, uncertainty] = self.1;
        Some(Entry { excess: unit * excess, uncertainty })
    }
}

#[test]
fn what_enters_late_is_located_by_what_the_system_says() {
    // Late by more than rounding of F makes plausible, as of a search that misses the least of several minima.
    let (pairs, exact, line) = pairs_on_a_line();
    for late in [1e-7, 1e-6, 1e-5] {
        let system = Spoken(Late(pairs.clone(), late), [1.0, 1e-15]);
        for backward in [false, true] {
            let (mut line, mut exact) = (line, exact.clone());
            if backward {
                line = Segment { from: line.to, to: line.from };
                exact = exact.iter().rev().map(|place| 1.0 - place).collect();
            }
            let found = locate(&system, &line, &Search::default()).expect("located");
            assert!(found.iter().all(|transition| transition.order == Order::Second), "{late} {found:?}");
            assert_places(&found, &exact, 1e-10);
        }
    }
}

#[test]
fn what_the_system_hardly_knows_is_not_taken() {
    // A threshold that could be a thousand lines away.
    let (pairs, exact, line) = pairs_on_a_line();
    let system = Spoken(Late(pairs, 0.0), [1e-9, 1e-6]);
    let found = locate(&system, &line, &Search::default()).expect("located");
    assert_places(&found, &exact, 1e-10);
}

#[test]
fn limits_are_taken_within_their_phases() {
    // A line so long that limits are taken from as close as the pairs are late: closer, they are not in use on either side.
    let (pairs, _, _) = pairs_on_a_line();
    let line = Segment { from: at(0.02, 0.1), to: at(300.0, 1.1) };
    for late in [1e-4, 3e-4, 7e-4, 1e-3] {
        let system = Spoken(Late(pairs.clone(), late), [1.0, 1e-15]);
        let found =
            locate(&system, &line, &Search { resolution: 1024, ..Search::default() }).expect("located");
        for transition in &found {
            assert_eq!(transition.order, Order::Second, "late {late}: {transition:?}");
            assert!(transition.response_jump()[0] < 0.0);
        }
    }
}

/// Gaussian modes whose number is anyone's guess within a hundred millionth of a transition.
struct Hesitant(GaussianSystem);

impl System for Hesitant {
    type Rdc = Rdc;
    type State = Modes;
    type Error = <GaussianSystem as System>::Error;

    fn equilibrium(&self, at: Multipliers, from: Option<&Modes>) -> Result<At<Self>, Self::Error> {
        self.0.equilibrium(at, from)
    }
}

impl Responsive for Hesitant {
    fn response(&self, at: &At<Self>) -> Result<Response, Self::Error> {
        self.0.response(at)
    }
}

impl Phased for Hesitant {
    type Phase = usize;

    fn phase(&self, at: &At<Self>) -> usize {
        let threshold = match at.multipliers.lambda().to_bits().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63 {
            0 => 1.0 - 1e-8,
            _ => 1.0 + 1e-8,
        };
        at.state.strengths().iter().filter(|mu| **mu > threshold).count()
    }
}

#[test]
fn phases_that_flicker_beside_a_transition_are_one_transition() {
    for (system, far) in draws((gaussians(), multipliers()), 20) {
        let exact = system.transitions(at(0.0, 0.0), far).expect("transitions");
        let exact: Vec<f64> = exact.into_iter().filter(|place| *place < 1.0).collect();
        if !are_apart(&exact) {
            continue;
        }
        let ray = Segment { from: at(0.0, 0.0), to: far };
        let found = locate(&Hesitant(system), &ray, &Search::default()).expect("located");
        assert_eq!(found.len(), exact.len(), "{exact:?} {found:?}");
        for (number, (transition, exact)) in found.iter().zip(&exact).enumerate() {
            assert_eq!(transition.phases, [number, number + 1]);
            let off = (transition.position - exact).abs();
            assert!(off <= transition.half_width, "{off:e} off {exact}: {transition:?}");
        }
    }
}

#[test]
fn a_jump_is_as_well_known_as_the_free_energy() {
    // Three noisy labels, worked out to ten digits.
    let line = Segment { from: at(0.0, 1.2), to: at(0.0, 1.7) };
    let ternary = Symmetric { labels: 3.0, epsilon: 0.1 };
    let found = locate(&ternary, &line, &Search::default()).expect("located");
    let exact = (1.375_500_585_7 - 1.2) / 0.5;
    assert_eq!((found.len(), found[0].order), (1, Order::First));
    // Half a unit in the last of the ten digits, over the line's length.
    assert!((found[0].position - exact).abs() <= found[0].half_width + 1e-10, "{found:?}");
    assert!(found[0].half_width <= 2e-10, "{:e}", found[0].half_width);
}
