//! Phase transitions: where they are, and of which order.

use carnot_surface::geometry::{GeometryError, Order, Phased, Search, Segment, SinglePhase, locate};
use carnot_surface::{At, Multipliers, Rdc, Response, Responsive, System};
use carnot_testkit::assert_close;

use crate::systems::{
    Limited, Noisy, Pairs, Planes, Refused, Symmetric, at, draws, gaussians, multipliers, plane, response,
    solve,
};

fn segment(from: (f64, f64), to: (f64, f64)) -> Segment {
    Segment { from: at(from.0, from.1), to: at(to.0, to.1) }
}

#[test]
fn gaussian_modes_enter_where_their_strength_is_one() {
    let mut found = 0;
    for (system, far) in draws((gaussians(), multipliers()), 30) {
        // Along a ray from the origin the strengths grow in proportion: mode i enters at 1 / mu_i(end).
        let ray = Segment { from: at(0.0, 0.0), to: far };
        let mut predicted: Vec<f64> =
            solve(&system, far).state.strengths().iter().map(|mu| 1.0 / mu).filter(|s| *s < 1.0).collect();
        predicted.sort_by(f64::total_cmp);
        let transitions = locate(&system, &ray, &Search::default()).expect("located");
        assert_eq!(transitions.len(), predicted.len(), "{predicted:?}");
        for (number, (transition, predicted)) in transitions.iter().zip(predicted).enumerate() {
            // The bracket, and the rounding of an eigenvalue of size up to a few thousand at the end.
            assert_close!(transition.position, predicted, rtol = 0.0, atol = 1e-9);
            assert_eq!((transition.phases, transition.order), ([number, number + 1], Order::Second));
            let jump = transition.jump();
            assert!(jump.distortion.abs() <= 1e-7 && jump.classification.abs() <= 1e-7, "{transition:?}");
            assert!(transition.response_jump()[0] <= 0.0 && transition.response_jump()[2] <= 0.0);
            found += 1;
        }
    }
    assert!(found >= 50, "only {found} transitions");
}

#[test]
fn pairs_enter_on_their_lines_with_the_jump_of_the_closed_form() {
    let (system, line) = (Pairs::example(), segment((0.02, 0.1), (3.0, 1.1)));
    // Pair i enters where 2 lambda s2 + gamma rho2 = 1.
    let value = |m: Multipliers, (s2, rho2): (f64, f64)| 2.0 * m.lambda() * s2 + m.gamma() * rho2 - 1.0;
    let transitions = locate(&system, &line, &Search::default()).expect("located");
    assert_eq!(transitions.len(), 3);
    for (transition, &pair) in transitions.iter().zip(&system.0) {
        let (before, after) = (value(line.from, pair), value(line.to, pair));
        assert_close!(transition.position, before / (before - after), rtol = 0.0, atol = 1e-9);
        assert_eq!(transition.order, Order::Second);
        // The pair's own response at u = 1, by the implicit derivative of its quadratic there: 2 a + b = 2 lambda s2
        // (1 + rho2) + (gamma - 1) rho2 = 1 - rho2 + 2 lambda s2 rho2, du/dlambda = -2 s2 / that.
        let (s2, rho2) = pair;
        let slope = 1.0 - rho2 + 2.0 * transition.multipliers.lambda() * s2 * rho2;
        let expected = [-2.0 * s2 * s2 / slope, -s2 * rho2 / slope, -0.5 * rho2 * rho2 / slope];
        for (jump, expected) in transition.response_jump().into_iter().zip(expected) {
            // At the middle of the bracket, 5e-10 off at most, where the response changes by a hundred times its size over
            // the line's length.
            assert_close!(jump, expected, rtol = 1e-7, atol = 0.0, "{transition:?}");
        }
        assert!(transition.free_energy_jump().abs() <= 1e-10);
    }
}

#[test]
fn planes_meet_in_transitions_of_first_order() {
    // Along gamma = 1: planes 0 and 1 meet at lambda = 1, 1 and 2 at lambda = 4, worked out by hand.
    let planes = Planes(vec![plane(0.0, 1.0, 0.5), plane(0.7, 0.4, 0.4), plane(1.4, 0.2, 0.5)]);
    let line = segment((0.3, 1.0), (5.3, 1.0));
    let named = locate(&planes, &line, &Search::default()).expect("located");
    let unnamed = locate(&SinglePhase(planes.clone()), &line, &Search::default()).expect("located");
    assert_eq!((named.len(), unnamed.len()), (2, 2));
    let positions = named.iter().zip(&unnamed).map(|(one, other)| [one.position, other.position]);
    for ((number, found), lambda) in positions.enumerate().zip([1.0, 4.0]) {
        for position in found {
            // Far better than the bracket of 1e-9: the planes are their own tangents.
            assert_close!(position, (lambda - 0.3) / 5.0, rtol = 1e-13, atol = 0.0);
        }
        let transition = &named[number];
        assert_eq!((transition.order, transition.phases), (Order::First, [number, number + 1]));
        assert_eq!(transition.values, [planes.0[number], planes.0[number + 1]]);
        let jump = transition.jump();
        let (lambda, gamma) = (transition.multipliers.lambda(), transition.multipliers.gamma());
        let latent = -lambda * jump.distortion - gamma * jump.classification;
        assert_close!(jump.rate, latent, rtol = 1e-12, atol = 0.0);
        assert!(transition.free_energy_jump().abs() <= 1e-13 && transition.half_width <= 1e-9);
        assert_eq!(unnamed[number].order, Order::First);
    }
}

#[test]
fn three_noisy_labels_are_learnt_by_a_jump_and_two_are_not() {
    // The onset, R and I(Z;Y) of three labels with noise 0.1, to the ten digits they were worked out to.
    let ternary = Symmetric { labels: 3.0, epsilon: 0.1 };
    let line = segment((0.0, 1.2), (0.0, 1.7));
    let nothing_named = locate(&SinglePhase(ternary.clone()), &line, &Search::default()).expect("located");
    let named = locate(&ternary, &line, &Search::default()).expect("located");
    assert_eq!((named.len(), nothing_named.len()), (1, 1));
    for (transition, order) in
        [(&named[0].values, named[0].order), (&nothing_named[0].values, nothing_named[0].order)]
    {
        assert_eq!(order, Order::First);
        assert_close!(transition[0].rate, 0.0, rtol = 0.0, atol = 1e-12);
        // Half a unit in the last place.
        assert_close!(transition[1].rate, 0.068_083_395_1, rtol = 0.0, atol = 1e-9);
        assert_close!(3f64.ln() - transition[1].classification, 0.049_497_176_4, rtol = 0.0, atol = 1e-9);
    }
    for gamma in [named[0].multipliers.gamma(), nothing_named[0].multipliers.gamma()] {
        assert_close!(gamma, 1.375_500_585_7, rtol = 0.0, atol = 0.6e-9);
    }
    // Two labels: continuous, at 1 / (1 - 2 epsilon)^2.
    let binary = Symmetric { labels: 2.0, epsilon: 0.1 };
    let found = locate(&binary, &line, &Search::default()).expect("located");
    assert_eq!((found.len(), found[0].order), (1, Order::Second));
    // The test channel's rate starts with the fourth power of its distance: what decides is below rounding close by.
    assert_close!(found[0].multipliers.gamma(), 1.5625, rtol = 0.0, atol = 1e-3);
}

#[test]
fn deterministic_labels_are_learnt_at_once() {
    // F(0, gamma) = min(1, gamma) H(Y).
    let entropy = 5f64.ln();
    let labels = Planes(vec![plane(0.0, 0.0, entropy), plane(entropy, 0.0, 0.0)]);
    let found = locate(&labels, &segment((0.0, 0.5), (0.0, 2.0)), &Search::default()).expect("located");
    assert_eq!((found.len(), found[0].order), (1, Order::First));
    assert_close!(found[0].multipliers.gamma(), 1.0, rtol = 1e-13, atol = 0.0);
    assert_close!(found[0].jump().rate, entropy, rtol = 1e-14, atol = 0.0);
}

/// One of 64 names, drawn anew at every place.
struct Flickering(Pairs);

impl System for Flickering {
    type Rdc = Rdc;
    type State = Vec<f64>;
    type Error = Refused;

    fn equilibrium(&self, at: Multipliers, from: Option<&Vec<f64>>) -> Result<At<Self>, Refused> {
        self.0.equilibrium(at, from)
    }
}

impl Responsive for Flickering {
    fn response(&self, at: &At<Self>) -> Result<Response, Refused> {
        self.0.response(at)
    }
}

impl Phased for Flickering {
    type Phase = u64;

    fn phase(&self, at: &At<Self>) -> u64 {
        at.multipliers.lambda().to_bits().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58
    }
}

#[test]
fn a_phase_that_flickers_runs_out_of_budget_and_not_of_time() {
    let line = segment((0.1, 0.1), (2.0, 2.0));
    let error = locate(&Flickering(Pairs::example()), &line, &Search::default()).expect_err("noise");
    assert!(matches!(error, GeometryError::Budget { budget: 20_000, .. }), "{error:?}");
}

/// D as a function of lambda alone, with its derivative; R follows from `dR = -lambda dD` from lambda = 0 on.
struct Curve {
    distortion: fn(f64) -> f64,
    slope: fn(f64) -> f64,
    rate: fn(f64) -> f64,
    named_from: f64,
}

impl System for Curve {
    type Rdc = Rdc;
    type State = usize;
    type Error = Refused;

    fn equilibrium(&self, at: Multipliers, _from: Option<&usize>) -> Result<At<Self>, Refused> {
        let lambda = at.lambda();
        Ok(solve(&Planes(vec![plane((self.rate)(lambda), (self.distortion)(lambda), 0.0)]), at))
    }
}

impl Responsive for Curve {
    fn response(&self, at: &At<Self>) -> Result<Response, Refused> {
        Ok(response((self.slope)(at.multipliers.lambda()), 0.0, 0.0))
    }
}

impl Phased for Curve {
    type Phase = bool;

    fn phase(&self, at: &At<Self>) -> bool {
        at.multipliers.lambda() > self.named_from
    }
}

#[test]
fn a_diverging_response_is_no_jump() {
    // D = 1 - sqrt(lambda - 1) beyond 1: continuous, however steep. R = (sqrt(x) + x^(3/2) / 3), x = lambda - 1.
    let root = |lambda: f64| (lambda - 1.0).max(0.0).sqrt();
    let curve = Curve {
        distortion: |lambda| 1.0 - (lambda - 1.0).max(0.0).sqrt(),
        slope: |lambda| if lambda > 1.0 { -0.5 / (lambda - 1.0).sqrt() } else { 0.0 },
        rate: |lambda| {
            let root = (lambda - 1.0).max(0.0).sqrt();
            root + root.powi(3) / 3.0
        },
        named_from: 1.0,
    };
    let line = segment((0.5, 1.0), (1.75, 1.0));
    assert_close!(root(1.25), 0.5, rtol = 1e-15, atol = 0.0);
    let named = locate(&curve, &line, &Search::default()).expect("located");
    assert_eq!((named.len(), named[0].order), (1, Order::Second));
    assert_close!(named[0].position, 0.4, rtol = 0.0, atol = 1e-9);
    // Without a name the steepness itself looks like a jump until the bracket is narrow, and is told from one then.
    let unnamed = locate(&SinglePhase(curve), &line, &Search::default()).expect("located");
    assert!(
        !unnamed.is_empty() && unnamed.iter().all(|transition| transition.order != Order::First),
        "{unnamed:?}"
    );
}

#[test]
fn transitions_closer_than_the_brackets_are_one() {
    // Planes that meet at lambda = 0.35 and 0.45, searched with brackets of a tenth that touch at 0.4.
    let planes = Planes(vec![plane(0.0, 1.0, 0.0), plane(0.175, 0.5, 0.0), plane(0.4, 0.0, 0.0)]);
    let coarse = Search { resolution: 10, tolerance: 0.1 + 1e-9, ..Search::default() };
    let found = locate(&planes, &segment((0.0, 0.0), (1.0, 0.0)), &coarse).expect("located");
    assert_eq!((found.len(), found[0].phases, found[0].order), (1, [0, 2], Order::First));
    assert_close!(found[0].half_width, 0.1, rtol = 1e-12, atol = 0.0);
    // The outer planes meet at 0.4.
    assert_close!(found[0].position, 0.4, rtol = 1e-12, atol = 0.0);
}

#[test]
fn what_a_solver_leaves_is_no_transition() {
    // The residual of a polished solver, 1e-13 relative, different at every place.
    let noisy = Noisy(Pairs::example());
    let line = segment((0.02, 0.1), (3.0, 1.1));
    for transition in locate(&SinglePhase(noisy.clone()), &line, &Search::default()).expect("located") {
        assert_ne!(transition.order, Order::First, "{transition:?}");
    }
    let found = locate(&noisy, &line, &Search::default()).expect("located");
    assert_eq!(found.iter().map(|transition| transition.order).collect::<Vec<_>>(), [Order::Second; 3]);
}

#[test]
fn a_name_without_a_trace_is_not_resolved() {
    let curve = Curve {
        distortion: |lambda| 1.0 / lambda,
        slope: |lambda| -1.0 / (lambda * lambda),
        rate: f64::ln,
        named_from: 1.3,
    };
    let found = locate(&curve, &segment((1.0, 0.0), (2.0, 0.0)), &Search::default()).expect("located");
    assert_eq!((found.len(), found[0].order, found[0].phases), (1, Order::Unresolved, [false, true]));
    assert_close!(found[0].position, 0.3, rtol = 0.0, atol = 1e-9);
    assert!(found[0].jump().distortion.abs() <= 1e-9);
}

#[test]
fn a_small_jump_is_found_down_to_the_threshold() {
    // A step of D on a steep curve, unnamed: D = 1 / lambda, less `height` beyond 1.3 of the range 1 to 2.
    let curve = |jump: bool| Curve {
        distortion: if jump {
            |lambda| 1.0 / lambda - if lambda > 1.3 { 1e-4 } else { 0.0 }
        } else {
            |lambda| 1.0 / lambda
        },
        slope: |lambda| -1.0 / (lambda * lambda),
        rate: if jump { |lambda| lambda.ln() + if lambda > 1.3 { 1.3e-4 } else { 0.0 } } else { f64::ln },
        named_from: 9.0,
    };
    let line = segment((1.0, 0.0), (2.0, 0.0));
    let found = locate(&curve(true), &line, &Search::default()).expect("located");
    assert_eq!((found.len(), found[0].order), (1, Order::First));
    assert_close!(found[0].jump().distortion, -1e-4, rtol = 1e-6, atol = 0.0);
    assert_close!(found[0].jump().rate, 1.3e-4, rtol = 1e-6, atol = 0.0);
    assert_close!(found[0].position, 0.3, rtol = 0.0, atol = 1e-9);
    // Half of its height relative to the variation of 1/2: not seen with a threshold above it, and nothing without it.
    let blunt = Search { jump: 3e-4, ..Search::default() };
    assert_eq!(locate(&curve(true), &line, &blunt).expect("located"), []);
    assert_eq!(locate(&curve(false), &line, &Search::default()).expect("located"), []);
}

#[test]
fn a_transition_at_the_end_of_the_line_is_extrapolated_from_where_there_is_room() {
    let planes = Planes(vec![plane(0.0, 1.0, 0.0), plane(1.0, 0.0, 0.0)]);
    for from in [1.0 - 1e-12, 1.0 - 3e-10, 1.0 - 1e-6] {
        let found = locate(&planes, &segment((from, 0.0), (2.0, 0.0)), &Search::default()).expect("located");
        assert_eq!((found.len(), found[0].order), (1, Order::First), "from {from}");
        let found =
            locate(&planes, &segment((0.0, 0.0), (2.0 - from, 0.0)), &Search::default()).expect("located");
        assert_eq!((found.len(), found[0].order), (1, Order::First), "to {}", 2.0 - from);
    }
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let (system, line) = (Pairs::example(), segment((0.1, 0.1), (2.0, 2.0)));
    let default = Search::default();
    for (name, search) in [
        ("resolution", Search { resolution: 0, ..default }),
        ("tolerance", Search { tolerance: 0.0, ..default }),
        ("jump", Search { jump: f64::NAN, ..default }),
        ("probe", Search { probe: 1.0, ..default }),
    ] {
        let error = locate(&system, &line, &search).expect_err("no search");
        assert!(matches!(error, GeometryError::Option { name: found, .. } if found == name), "{error:?}");
    }
    let tight = Search { budget: 40, ..default };
    let error = locate(&system, &line, &tight).expect_err("65 panel ends");
    assert!(
        matches!(error, GeometryError::Budget { budget: 40, position } if position == 0.625),
        "{error:?}"
    );
    let error = locate(&Limited(system, 1.0), &line, &default).expect_err("beyond the limit");
    assert!(matches!(error, GeometryError::System { source: Refused, .. }), "{error:?}");
    let broken = Planes(vec![plane(0.0, f64::NAN, 0.0)]);
    let error = locate(&broken, &line, &default).expect_err("not a number");
    assert!(matches!(error, GeometryError::NotFinite { what: "distortion", .. }), "{error:?}");
}
