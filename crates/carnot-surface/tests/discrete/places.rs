//! Where transitions are located, against where theory says that they are.

use carnot_info::Channel;
use carnot_surface::geometry::{Order, Phased, Search, Segment, Transition, locate};
use carnot_surface::{
    At, DiscreteError, DiscreteState, DiscreteSystem, Equilibrium, Multipliers, Rdc, Response, Responsive,
    System,
};
use carnot_testkit::assert_close;
use carnot_testkit::closed_forms::{binary_hamming, erasure, label_noise, two_transitions, uniform_hamming};

use crate::{at, bottleneck_of, joint, rate_distortion, solve, table};

type Found = Transition<Vec<(usize, usize)>>;

fn transitions<S>(system: &S, from: Multipliers, to: Multipliers) -> Vec<Found>
where
    S: Phased<Rdc = Rdc, Phase = Vec<(usize, usize)>> + Responsive,
{
    let found = locate(system, &Segment { from, to }, &Search::default()).expect("located");
    let mut back = locate(system, &Segment { from: to, to: from }, &Search::default()).expect("located");
    back.reverse();
    // The way back finds the same.
    assert_eq!(found.len(), back.len());
    for (there, back) in found.iter().zip(&back) {
        let half_width = there.half_width + back.half_width;
        assert!((there.position - (1.0 - back.position)).abs() <= half_width, "{there:?} {back:?}");
    }
    found
}

/// Asserts that a transition is where it should be, in gamma or lambda along a line of this length: to ten digits, and to
/// what it says of itself.
fn assert_place(found: &Found, located: f64, exact: f64, length: f64) {
    let half_width = found.half_width * length;
    assert!((located - exact).abs() <= half_width, "{located} is {:e} off: {found:?}", located - exact);
    assert!(half_width <= 1e-10 * exact, "{half_width:e} of {exact}");
}

/// A system that names its phases, but does not say what is about to enter.
struct Mute(DiscreteSystem);

impl System for Mute {
    type Rdc = Rdc;
    type State = DiscreteState;
    type Error = DiscreteError;

    fn equilibrium(&self, at: Multipliers, from: Option<&DiscreteState>) -> Result<At<Self>, DiscreteError> {
        self.0.equilibrium(at, from)
    }
}

impl Responsive for Mute {
    fn response(&self, at: &At<Self>) -> Result<Response, DiscreteError> {
        self.0.response(at)
    }
}

impl Phased for Mute {
    type Phase = Vec<(usize, usize)>;

    fn phase(&self, at: &At<Self>) -> Self::Phase {
        self.0.phase(at)
    }
}

#[test]
fn two_classes_part_at_the_local_threshold() {
    for (flip, n_letters) in [(0.1, 2), (0.1, 3), (0.3, 2), (0.02, 2)] {
        let exact = label_noise::local_threshold(2, flip);
        let system = bottleneck_of(2, &label_noise::joint(2, flip), n_letters);
        let [from, to] = [0.9 * exact, 1.2 * exact];
        let found = transitions(&system, at(0.0, from), at(0.0, to));
        assert_eq!((found.len(), found[0].order), (1, Order::Second), "flip {flip}: {found:?}");
        assert_place(&found[0], found[0].multipliers.gamma(), exact, to - from);
        // Far better than it says: the threshold is an eigenvalue, known to rounding.
        assert_close!(found[0].multipliers.gamma(), exact, 1e-13, 0.0, "flip {flip}");
    }
}

#[test]
fn three_classes_part_by_a_jump_at_the_onset() {
    for (classes, flip) in [(3, 0.1), (4, 0.2)] {
        let exact = label_noise::onset(classes, flip).multiplier;
        let system = bottleneck_of(classes, &label_noise::joint(classes, flip), classes + 1);
        let [from, to] = [0.95 * exact, 1.05 * exact];
        let found = transitions(&system, at(0.0, from), at(0.0, to));
        assert_eq!((found.len(), found[0].order), (1, Order::First), "{classes} classes: {found:?}");
        assert_place(&found[0], found[0].multipliers.gamma(), exact, to - from);
    }
}

#[test]
fn the_five_pairs_have_both_kinds() {
    let system = bottleneck_of(3, &two_transitions::joint(), 3);
    let found = transitions(&system, at(0.0, 1.8), at(0.0, 3.4));
    let orders: Vec<Order> = found.iter().map(|transition| transition.order).collect();
    assert_eq!(orders, [Order::First, Order::Second], "{found:?}");
    for (found, exact) in found.iter().zip([two_transitions::FIRST_ORDER, two_transitions::second_order()]) {
        assert_place(found, found.multipliers.gamma(), exact, 1.6);
    }
    // The promise crosses one like a line, and is known to rounding.
    assert_close!(found[1].multipliers.gamma(), two_transitions::second_order(), rtol = 1e-13, atol = 0.0);
}

#[test]
fn a_rarer_bit_enters_and_an_erasure_leaves() {
    for rarer in [0.2, 0.4, 0.01] {
        let system = rate_distortion(&[1.0 - rarer, rarer], &uniform_hamming::table(2));
        // R(D) is zero from D = p on.
        let exact = binary_hamming::multiplier(rarer);
        let found = transitions(&system, at(0.9 * exact, 0.0), at(1.2 * exact, 0.0));
        assert_eq!((found.len(), found[0].order), (1, Order::Second), "{rarer}: {found:?}");
        assert_place(&found[0], found[0].multipliers.lambda(), exact, 0.3 * exact);
    }
    // All the letters' mixtures with the erasure are as good at lambda = ln K, up to where D jumps.
    let system = rate_distortion(&[0.8, 0.2], &erasure::table(2));
    let found = transitions(&system, at(0.6, 0.0), at(0.8, 0.0));
    assert_eq!((found.len(), found[0].order), (1, Order::First), "{found:?}");
    assert_place(&found[0], found[0].multipliers.lambda(), 2f64.ln(), 0.2);
}

#[test]
fn what_is_about_to_enter_promises_what_theory_says() {
    let excess = |system: &DiscreteSystem, place: Multipliers| {
        let found = solve(system, place);
        system.entry(&found).map(|entry| (entry.excess, entry.uncertainty))
    };
    let check = |system: &DiscreteSystem, place: Multipliers, exact: f64| {
        let (excess, uncertainty) = excess(system, place).expect("a letter to enter");
        assert!((excess - exact).abs() <= uncertainty, "{place:?}: {excess} of {exact}, to {uncertainty:e}");
        assert!(uncertainty < 1e-11);
    };
    // The rarer bit with s(x) = exp(-lambda rho) of the other letter alone: w = 0.8 exp(-lambda) + 0.2 exp(lambda).
    let bit = rate_distortion(&[0.8, 0.2], &uniform_hamming::table(2));
    for lambda in [0.1, 1.0, 1.3, 1.386] {
        check(&bit, at(lambda, 0.0), 0.8 * (-lambda).exp() + 0.2 * lambda.exp() - 1.0);
    }
    // Towards the end of the plateau of the five pairs a letter for X = 1 alone, which says 2: w = p(1) / (3/5)^gamma.
    let pairs = bottleneck_of(3, &two_transitions::joint(), 3);
    for gamma in [3.0, 3.1, 3.15] {
        check(&pairs, at(0.0, gamma), 0.2 * (5f64 / 3.0).powf(gamma) - 1.0);
    }
    // A letter that says nothing parts at 1 / sigma^2, with sigma = 0.8; close to that and with letters to spare too.
    for n_letters in 2..5 {
        let noise = bottleneck_of(2, &label_noise::joint(2, 0.1), n_letters);
        for gamma in (0..40).map(|k| 1.5625 - 0.3 * 0.6f64.powi(k)) {
            check(&noise, at(0.0, gamma), 0.64 * gamma - 1.0);
            // The same with one letter in use, as below gamma = 1, so that the others can be tried.
            let one = Equilibrium { multipliers: at(0.0, gamma), ..solve(&noise, at(0.0, 0.5)) };
            let entry = noise.entry(&one).expect("a letter to enter");
            assert_close!(entry.excess, 0.64 * gamma - 1.0, rtol = 0.0, atol = 1e-14);
        }
    }
    // With a given classifier the losses of that bit are what letters say: its distortion times 0.8 ln 9.
    let said = Channel::new(table(2, &[0.9, 0.1, 0.1, 0.9])).expect("a channel");
    let given = bottleneck_of(2, &[0.72, 0.08, 0.02, 0.18], 2).with_classifier(&said).expect("a system");
    for lambda in [0.1, 1.0, 1.3] {
        let gamma = lambda / (0.8 * 9f64.ln());
        check(&given, at(0.0, gamma), 0.8 * (-lambda).exp() + 0.2 * lambda.exp() - 1.0);
    }
    // Nothing is left to enter where every letter is in use and none has a twin.
    assert_eq!(excess(&bit, at(2.0, 0.0)), None);
    assert_eq!(excess(&pairs, at(0.0, 5.0)), None);
}

#[test]
fn letters_too_rare_to_show_are_no_phases() {
    // Input 0 has a probability of 1e-19 and is forbidden the letter of all others: its own comes and goes unseen.
    let entries = [
        4.382_332_9e-20,
        4.598_550_2e-20,
        4.080_204_1e-20,
        0.0,
        0.0,
        0.0,
        0.335_525_9,
        0.352_080_2,
        0.312_393_9,
    ];
    let inf = f64::INFINITY;
    let distortion = [
        inf, 36.454_38, inf, 11.220_54, inf, inf, inf, 6.230_19, 21.008_12, inf, 22.434_55, 30.610_85,
        0.783_955, inf, inf,
    ];
    let system = DiscreteSystem::new(&joint(3, &entries), table(3, &distortion).view()).expect("a system");
    let found = solve(&system, at(0.04, 0.2));
    // The one input needs a letter, the others another.
    assert_eq!((found.state.support(), system.phase(&found)), (vec![2, 3], vec![(2, 1)]));
    assert_eq!(transitions(&system, at(0.04, 0.2), at(0.2, 3.0)), []);
}

#[test]
fn letters_that_can_stand_for_each_other_over_a_range_are_one_phase() {
    // Two of them halve the inputs, and all inputs but one that both are right about pay for that. The promise of two others
    // is one at every lambda, with no weight.
    let rho = [
        [1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0],
        [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0],
        [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        [0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0],
    ];
    let halves = rate_distortion(&[0.2; 5], &rho.concat());
    let paid = |lambda: f64| -(0.5 + 0.5 * (-lambda).exp()).ln();
    // The edges of a square: opposite ones halve its corners, in two ways.
    let edges = [
        [0.0, 1.0, 0.0, 1.0], //
        [0.0, 1.0, 1.0, 0.0],
        [1.0, 0.0, 1.0, 0.0],
        [1.0, 0.0, 0.0, 1.0],
    ];
    let square = rate_distortion(&[0.25; 4], &edges.concat());
    for (system, letters, paying) in [(halves, [2, 5, 8, 10], 0.8), (square, [0, 1, 2, 3], 1.0)] {
        assert_eq!(transitions(&system, at(0.05, 0.0), at(6.0, 0.0)), []);
        for lambda in [0.1, 1.0, 4.0] {
            let found = solve(&system, at(lambda, 0.0));
            assert_close!(found.free_energy(), paying * paid(lambda), 1e-14, 0.0);
            assert_eq!(system.phase(&found), letters.map(|z| (z, 1)));
        }
    }
}

#[test]
fn a_line_on_which_nothing_has_a_price_has_no_transitions() {
    // Labels that say nothing, and distortions that cost nothing: any letter is as good, with any D.
    let rho =
        [0.0, 1.0, 0.0, 1.0, f64::INFINITY, 1.0, 0.0, 0.0, 0.0, f64::INFINITY, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0];
    let system = DiscreteSystem::new(&joint(2, &[0.25; 4]), table(2, &rho).view()).expect("a system");
    assert_eq!(transitions(&system, at(0.0, 0.2), at(0.0, 4.0)), []);
}

#[test]
fn where_nothing_says_what_enters_the_slopes_of_the_free_energy_do() {
    let binary = bottleneck_of(2, &label_noise::joint(2, 0.1), 2);
    let pairs = bottleneck_of(3, &two_transitions::joint(), 3);
    for (system, exact) in [(binary, 1.5625), (pairs, two_transitions::second_order())] {
        let found = transitions(&Mute(system), at(0.0, exact - 0.1), at(0.0, exact + 0.2));
        assert_eq!((found.len(), found[0].order), (1, Order::Second), "{found:?}");
        assert_place(&found[0], found[0].multipliers.gamma(), exact, 0.3);
    }
}

#[test]
fn a_line_that_ends_beside_a_transition_says_how_little_it_knows() {
    // The letter enters at the square of what rounding leaves in F; on one side there is no room to see the slope.
    let exact = two_transitions::second_order();
    for room in [3e-9, 1e-8, 3e-8, 1e-7] {
        let system = Mute(bottleneck_of(3, &two_transitions::joint(), 3));
        for line in [
            Segment { from: at(0.0, 3.0), to: at(0.0, exact + room) },
            Segment { from: at(0.0, exact - room), to: at(0.0, 3.3) },
        ] {
            let length = line.to.gamma() - line.from.gamma();
            for found in locate(&system, &line, &Search::default()).expect("located") {
                let off = (found.multipliers.gamma() - exact).abs();
                assert!(off <= found.half_width * length, "{room:e}: {off:e} off, {found:?}");
            }
        }
    }
}
