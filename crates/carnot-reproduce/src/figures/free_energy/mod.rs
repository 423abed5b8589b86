//! The free energy of exact systems over the plane of multipliers, and what follows from its being a minimum.

mod charts;
mod identities;
mod report;
mod words;

use carnot_surface::geometry::Phased;
use carnot_surface::{At, Multipliers, Observables, Rdc, Responsive};

use super::exact::{self, Boundary, Example, Plane, boundaries, geometric};
use crate::figure::{Context, Figure, FigureError, Outcome};
use identities::Identities;

pub(super) const NAME: &str = "free-energy";
pub(super) const SHOWS: &str =
    "F, its gradient and response over (lambda, gamma); concavity, Maxwell relations, loops";

/// The figure `free-energy`.
#[derive(Debug, Clone, Copy)]
pub(super) struct FreeEnergy;

/// Both multipliers run over this range: from where no mode of the Gaussian system is encoded to where all are.
const RANGE: (f64, f64) = (0.05, 20.0);

/// Points of the grid along each multiplier.
const GRID: usize = 49;

/// What is plotted at a point of the grid. F, D and C are without the constants that no encoder can change.
struct Point {
    multipliers: Multipliers,
    free_energy: f64,
    rdc: Rdc,
    /// The response in units of the multipliers, `-lambda^2 S11`, `-lambda gamma S12` and `-gamma^2 S22`, in nats.
    response: [f64; 3],
}

/// What is shown of one system.
struct Shown {
    name: &'static str,
    words: &'static str,
    constants: [f64; 2],
    lambdas: Vec<f64>,
    gammas: Vec<f64>,
    /// Row by row: gamma from row to row, lambda within a row.
    points: Vec<Point>,
    /// Where modes or letters enter.
    boundaries: Vec<Boundary>,
    identities: Identities,
}

impl Shown {
    fn all() -> Result<[Self; 2], FigureError> {
        Ok([Shown::of(&exact::gaussian()?)?, Shown::of(&exact::classified()?)?])
    }

    /// The free energy of an exact system of any kind.
    fn of<S: Phased<Rdc = Rdc> + Responsive>(example: &Example<S>) -> Result<Self, FigureError> {
        let Example { name, words, system, constants } = example;
        let axis = || geometric(RANGE.0, RANGE.1, GRID);
        let plane = Plane::tabulate(system, axis(), axis())?;
        let point = |at: &At<S>| -> Result<Point, FigureError> {
            let rdc = Rdc {
                distortion: at.rdc.distortion - constants[0],
                classification: at.rdc.classification - constants[1],
                ..at.rdc
            };
            let s = system.response(at).map_err(FigureError::unfinished)?;
            let (lambda, gamma) = (at.multipliers.lambda(), at.multipliers.gamma());
            Ok(Point {
                multipliers: at.multipliers,
                free_energy: rdc.objective(at.multipliers),
                rdc,
                response: [
                    -lambda * lambda * s.distortion_lambda,
                    -lambda * gamma * s.cross,
                    -gamma * gamma * s.classification_gamma,
                ],
            })
        };
        Ok(Shown {
            name,
            words,
            constants: *constants,
            points: plane.points().iter().map(point).collect::<Result<_, _>>()?,
            boundaries: boundaries(system, RANGE)?,
            identities: Identities::of(system, &plane)?,
            lambdas: plane.lambdas,
            gammas: plane.gammas,
        })
    }
}

impl Figure for FreeEnergy {
    fn name(&self) -> &'static str {
        NAME
    }

    fn shows(&self) -> &'static str {
        SHOWS
    }

    fn run(&self, _context: &Context<'_>) -> Result<Outcome, FigureError> {
        Ok(report::outcome(&Shown::all()?))
    }
}

#[cfg(test)]
mod tests {
    use carnot_surface::geometry::Potential;
    use carnot_surface::{GaussianError, GaussianSystem, Modes, Response, System};
    use carnot_testkit::assert_close;

    use super::*;

    #[test]
    fn the_figure_keeps_its_bounds_and_measures_what_it_says() {
        let all = Shown::all().expect("planes");
        let shown = &all[0];
        for potential in Potential::ALL {
            let relations = shown.identities.relations.iter();
            // Sixteen by sixteen points; a tenth of them at most is lost to transitions and plateaus.
            assert!(relations.filter(|relation| relation.potential == potential).count() > 230);
        }
        assert!(shown.identities.loops.iter().any(|path| path.transitions == 8), "across all modes twice");
        assert_eq!(shown.boundaries.len(), 4);
        let outcome = report::outcome(&all);
        for metric in &outcome.metrics {
            assert_ne!(metric.pass(), Some(false), "{metric:?}");
        }
        assert!(outcome.trace.rows.iter().all(|row| row.len() == outcome.trace.columns.len()));
    }

    #[test]
    fn the_map_shows_the_closed_form() {
        // F = sum_i f(mu_i), f(mu) = mu / 2 up to one and (1 + ln mu) / 2 above, with nothing of D and C in it.
        let example = exact::gaussian().expect("a system");
        let shown = Shown::of(&example).expect("a plane");
        for point in shown.points.iter().step_by(97) {
            let at = example.system.equilibrium(point.multipliers, None).expect("an equilibrium");
            let f = |mu: &f64| if *mu <= 1.0 { 0.5 * mu } else { 0.5 * (1.0 + mu.ln()) };
            let closed: f64 = at.state.strengths().iter().map(f).sum();
            // The constants, up to a hundred nats at the largest multipliers, cancel.
            assert_close!(point.free_energy, closed, rtol = 1e-12, atol = 1e-13);
            // And -t^2 times the second derivative along the ray through the point is one half for each mu above one.
            let [distortion, cross, classification] = point.response;
            let capacity = 0.5 * at.state.active() as f64;
            assert_close!(distortion + 2.0 * cross + classification, capacity, rtol = 1e-12, atol = 1e-13);
        }
    }

    /// A Gaussian system that reports a distortion a little too large the more gamma there is: no equilibrium of anything.
    struct Crooked(GaussianSystem);

    impl System for Crooked {
        type Rdc = Rdc;
        type State = Modes;
        type Error = GaussianError;

        fn equilibrium(&self, at: Multipliers, from: Option<&Modes>) -> Result<At<Self>, GaussianError> {
            let mut found = self.0.equilibrium(at, from)?;
            found.rdc.distortion += 1e-6 * at.gamma();
            Ok(found)
        }
    }

    impl Responsive for Crooked {
        fn response(&self, at: &At<Self>) -> Result<Response, GaussianError> {
            self.0.response(at)
        }
    }

    impl Phased for Crooked {
        type Phase = usize;

        fn phase(&self, at: &At<Self>) -> usize {
            at.state.active()
        }
    }

    #[test]
    fn what_is_not_a_minimum_is_found_out() {
        let Example { name, words, system, constants } = exact::gaussian().expect("a system");
        let crooked = Example { name, words, system: Crooked(system), constants };
        let outcome = report::outcome(&[Shown::of(&crooked).expect("a plane")]);
        let missed = |name: &str| {
            outcome.metrics.iter().any(|metric| metric.name == name && metric.pass() == Some(false))
        };
        for name in [
            "concavity_worst_violation",
            "maxwell_free_energy_worst",
            "loop_integral_worst",
            "line_integral_worst",
        ] {
            assert!(missed(name), "{name}");
        }
    }
}
