//! Multiplier inversion: closed forms, jumps, plateaus, several solutions, an independent method, random systems.

mod closed_forms;
mod degenerate;
mod errors;
mod independent;
mod jumps;
mod random;
mod several;
mod systems;

use carnot_surface::{
    At, Inversion, InversionOptions, Multipliers, Observable, Rdc, Responsive, Solution, Solved, Target,
    solve_for,
};

use Observable::{Classification, Distortion, Rate};

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("valid multipliers")
}

/// The equilibrium at the multipliers.
fn forward<S: Responsive<Rdc = Rdc>>(system: &S, lambda: f64, gamma: f64) -> At<S> {
    system.equilibrium(at(lambda, gamma), None).expect("an equilibrium")
}

/// The inversion with default options and no start.
fn solve<S: Responsive<Rdc = Rdc>>(system: &S, target: Target) -> Solved<S::State> {
    solve_for(system, target, None, &InversionOptions::default()).expect("an inversion")
}

/// The one equilibrium at a target.
fn point<S: Responsive<Rdc = Rdc>>(system: &S, target: Target) -> At<S>
where
    S::State: std::fmt::Debug,
{
    let solved = solve(system, target);
    let inversion = format!("{:?}", solved.inversion);
    solved.inversion.into_point().unwrap_or_else(|| panic!("{target:?} gave {inversion}"))
}

/// The solution of a target that is met at one point of the surface, in whichever way.
fn unique<X: std::fmt::Debug>(solved: Solved<X>) -> Solution<X> {
    match solved.inversion {
        Inversion::Unique(solution) => solution,
        other => panic!("{other:?}"),
    }
}

fn at_gamma(gamma: f64, observable: Observable, value: f64) -> Target {
    Target::AtGamma { gamma, observable, value }
}

fn at_lambda(lambda: f64, observable: Observable, value: f64) -> Target {
    Target::AtLambda { lambda, observable, value }
}

/// The three targets of two observables that `rdc` meets.
fn pairs(rdc: Rdc) -> [Target; 3] {
    let Rdc { rate, distortion, classification } = rdc;
    [
        Target::DistortionClassification { distortion, classification },
        Target::RateClassification { rate, classification },
        Target::RateDistortion { rate, distortion },
    ]
}
