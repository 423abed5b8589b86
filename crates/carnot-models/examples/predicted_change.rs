//! The change of D and C of a trained network for a small step of lambda or of gamma: foretold by second derivatives, by a
//! secant, and measured after relaxation.
//!
//! Every relaxation starts from the same network and sees the same batches and noise, and what a relaxation at unchanged
//! multipliers does is taken out. It takes some minutes: `cargo run --release --example predicted_change -p carnot-models`
#![allow(clippy::print_stdout, reason = "an example speaks by printing")]

use carnot_data::{Sizes, split, synthetic};
use carnot_info::Estimate;
use carnot_models::{Architecture, Curvature, LearnedSystem, Likelihood, ModelError, Prediction, Relaxation};
use carnot_surface::{At, Multipliers, Observables, System};

/// The part of a multiplier that a step is.
const STEP: f64 = 0.1;

fn change(from: &At<LearnedSystem>, to: &At<LearnedSystem>) -> [Estimate; 2] {
    let change = to.rdc.change_since(&from.rdc);
    [change.distortion(), change.classification()]
}

fn say(what: &str, [distortion, classification]: [Estimate; 2]) {
    println!("  {what:32} D {distortion:.4}, C {classification:.5}");
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let digits = synthetic::digits(4_000, 1)?;
    let [training, evaluation] = split(digits.len(), Sizes::Counts([3_000, 1_000]), 1)?;
    let half = Likelihood::Gaussian { variance: 0.5 };
    let relaxation = Relaxation { initial_steps: 10_000, steps: 3_000, ..Relaxation::default() };
    let system = LearnedSystem::new(
        Architecture::fully_connected(784, &[64], 8, 10, half)?,
        digits.select(&training)?,
        digits.select(&evaluation)?,
        relaxation,
        7,
    )?;
    let (lambda, gamma) = (2.0, 5.0);
    let here = system.equilibrium(Multipliers::new(lambda, gamma)?, None)?;
    let relaxed = |by_lambda: f64, by_gamma: f64| -> Result<At<LearnedSystem>, Box<dyn std::error::Error>> {
        let place = Multipliers::new(lambda + by_lambda, gamma + by_gamma)?;
        Ok(system.equilibrium(place, Some(&here.state))?)
    };
    let same = relaxed(0.0, 0.0)?;
    println!(
        "At lambda {lambda}, gamma {gamma}: D {}, C {}",
        here.rdc.distortion(),
        here.rdc.classification()
    );
    say("a relaxation without a step", change(&here, &same));
    let steps = [("lambda", STEP * lambda, 0.0), ("gamma", 0.0, STEP * gamma)];
    for (multiplier, by_lambda, by_gamma) in steps {
        println!("A step of {multiplier} by {}:", by_lambda + by_gamma);
        say("measured", change(&same, &relaxed(by_lambda, by_gamma)?));
        say("secant of a step back", change(&relaxed(-by_lambda, -by_gamma)?, &same));
    }
    for (curvature, damping) in [
        (Curvature::GaussNewton, 10.0),
        (Curvature::GaussNewton, 1.0),
        (Curvature::GaussNewton, 0.1),
        (Curvature::Hessian, 10.0),
        (Curvature::Hessian, 1.0),
    ] {
        let prediction =
            Prediction { curvature, damping, inputs: 3_000, samples: 2, draws: 2, ..Prediction::default() };
        let found = match system.predicted_response(&here, &prediction) {
            Err(ModelError::Saddle { curvature: down, .. }) => {
                println!("{curvature:?}, damping {damping}: curves down by {down:e}");
                continue;
            }
            found => found?,
        };
        println!(
            "{curvature:?}, damping {damping}: {} products, residuals {:?}",
            found.products,
            found.residuals.map(|residual| format!("{residual:.1e}"))
        );
        for (multiplier, by_lambda, by_gamma) in steps {
            say(&format!("foretold, {multiplier}"), found.change(by_lambda, by_gamma)?);
        }
    }
    Ok(())
}
