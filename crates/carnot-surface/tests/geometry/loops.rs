//! Loop integrals of `D dlambda + C dgamma`.

use carnot_surface::geometry::{
    GeometryError, Phased, Quadrature, Search, Segment, SinglePhase, line_integral, locate, loop_integral,
};
use carnot_surface::{At, Multipliers, Rdc, Response, Responsive, System};
use carnot_testkit::assert_close;

use crate::systems::{
    Limited, Noisy, Pairs, Planes, Refused, Symmetric, at, draws, gaussians, multipliers, plane, response,
    solve,
};

fn around<S: Phased<Rdc = Rdc> + Responsive>(system: &S, vertices: &[Multipliers]) -> f64 {
    let integral =
        loop_integral(system, vertices, &Search::default(), &Quadrature::default()).expect("integrated");
    assert!(integral.value.abs() <= 10.0 * integral.error + 1e-13 * integral.size, "{integral:?}");
    // The error is not an excuse.
    assert!(integral.error <= 1e-8 * integral.size, "{integral:?}");
    integral.relative()
}

#[test]
fn loops_of_gaussian_systems_close_across_transitions() {
    let (mut worst, mut crossed) = (0.0f64, 0);
    for (system, a, b, c) in draws((gaussians(), multipliers(), multipliers(), multipliers()), 20) {
        worst = worst.max(around(&system, &[a, b, c]));
        crossed += usize::from(solve(&system, a).state.active() != solve(&system, b).state.active());
    }
    // The bracket of a continuous transition is 1e-9 wide, and the integrand has a kink there: the square of that.
    assert!(worst <= 1e-12, "{worst}");
    assert!(crossed >= 5, "{crossed} loops crossed a transition");
}

#[test]
fn loops_close_across_first_order_transitions() {
    // Three planes that meet in a point, all crossed; with labels and without.
    let planes = Planes(vec![plane(0.0, 1.0, 1.0), plane(0.7, 0.2, 1.1), plane(0.9, 0.6, 0.3)]);
    let square = [at(0.1, 0.1), at(3.0, 0.2), at(2.5, 2.8), at(0.2, 3.0)];
    let on_edges = |search: &Search| -> usize {
        let edges = (0..4).map(|k| Segment { from: square[k], to: square[(k + 1) % 4] });
        edges.map(|edge| locate(&planes, &edge, search).expect("located").len()).sum()
    };
    assert_eq!(on_edges(&Search::default()), 3);
    // The place of the kink is that of the crossing tangents: to rounding, not to the bracket's 1e-9.
    assert!(around(&planes, &square) <= 1e-13);
    assert!(around(&SinglePhase(planes.clone()), &square) <= 1e-13);
    // The jump of the ternary channel, there and back by another lambda.
    let ternary = Symmetric { labels: 3.0, epsilon: 0.1 };
    assert!(around(&ternary, &[at(0.0, 1.0), at(0.0, 2.0), at(1.0, 2.0), at(1.0, 1.0)]) <= 1e-12);
}

#[test]
fn what_a_solver_leaves_costs_neither_the_loop_nor_time() {
    let noisy = Noisy(Pairs::example());
    let triangle = [at(0.05, 0.2), at(1.0, 0.4), at(0.6, 2.0)];
    let integral = loop_integral(&noisy, &triangle, &Search::default(), &Quadrature::default());
    let integral = integral.expect("integrated");
    assert!(integral.relative() <= 1e-12, "{integral:?}");
    // Without noise six panels of three transitions take 180 equilibria; halved to the end they would take 100,000.
    assert!(integral.evaluations <= 5_000, "{integral:?}");
}

/// The field `(-gamma, lambda) / 2`, which is no gradient: its loop integral is the area.
struct Swirl;

impl System for Swirl {
    type Rdc = Rdc;
    type State = ();
    type Error = Refused;

    fn equilibrium(&self, at: Multipliers, _from: Option<&()>) -> Result<At<Self>, Refused> {
        let still = solve(&Planes(vec![plane(0.0, -0.5 * at.gamma(), 0.5 * at.lambda())]), at);
        let certificate = still.certificate;
        Ok(At::<Self> { multipliers: at, rdc: still.rdc, state: (), certificate })
    }
}

impl Responsive for Swirl {
    fn response(&self, _at: &At<Self>) -> Result<Response, Refused> {
        Ok(response(0.0, 0.0, 0.0))
    }
}

#[test]
fn what_is_no_gradient_leaves_its_area() {
    // A 3-4-5 triangle, counter-clockwise: area 6. The made-up response explains nothing of the field, so that any place
    // may look like a jump: too many to follow with a threshold this side of the panels' own changes.
    let search = Search { resolution: 4, jump: 0.9, ..Search::default() };
    let triangle = [at(1.0, 1.0), at(5.0, 1.0), at(1.0, 4.0)];
    let integral = loop_integral(&SinglePhase(Swirl), &triangle, &search, &Quadrature::default());
    let integral = integral.expect("integrated");
    assert_close!(integral.value, 6.0, rtol = 1e-14, atol = 0.0);
    let (legs, hypotenuse) = (4.0 * 0.5 + 3.0 * 0.5, 11.5);
    assert!(integral.size > 6.0 && integral.size <= legs + hypotenuse, "{integral:?}");
    assert_close!(integral.relative(), 6.0 / integral.size, rtol = 1e-15, atol = 0.0);
}

#[test]
fn along_a_line_the_integral_is_the_change_of_the_free_energy() {
    let system = Pairs::example();
    let segment = Segment { from: at(0.4, 2.0), to: at(1.0, 0.5) };
    let transitions = locate(&system, &segment, &Search::default()).expect("located");
    let breaks: Vec<f64> = transitions.iter().map(|transition| transition.position).collect();
    let integral = line_integral(&system, &segment, &breaks, &Quadrature::default()).expect("integrated");
    let change = solve(&system, segment.to).free_energy() - solve(&system, segment.from).free_energy();
    assert_close!(integral.value, change, rtol = 0.0, atol = 1e-12 * integral.size);
    assert!(integral.size > change.abs());
}

#[test]
fn what_cannot_be_integrated_is_refused() {
    let (system, quadrature) = (Pairs::example(), Quadrature::default());
    let segment = Segment { from: at(0.4, 2.0), to: at(1.0, 0.5) };
    for breaks in [vec![0.5, 0.4], vec![-0.1], vec![1.1], vec![f64::NAN]] {
        let error = line_integral(&system, &segment, &breaks, &quadrature).expect_err("no breaks");
        assert!(matches!(error, GeometryError::Option { name: "breaks", .. }), "{error:?}");
    }
    let error =
        line_integral(&system, &segment, &[], &Quadrature { nodes: 0, ..quadrature }).expect_err("none");
    assert!(matches!(error, GeometryError::Option { name: "nodes", .. }), "{error:?}");
    let error =
        loop_integral(&system, &[at(1.0, 1.0)], &Search::default(), &quadrature).expect_err("a point");
    assert!(matches!(error, GeometryError::Option { name: "vertices", .. }), "{error:?}");
    let limited = Limited(Pairs::example(), 0.7);
    let error = loop_integral(&limited, &[segment.from, segment.to], &Search::default(), &quadrature);
    let error = error.expect_err("beyond the limit");
    assert!(
        matches!(error, GeometryError::System { lambda, source: Refused, .. } if lambda > 0.7),
        "{error:?}"
    );
}
