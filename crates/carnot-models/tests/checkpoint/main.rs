//! Trainings saved, resumed and exported, and files that are refused.

mod exported;
mod refused;
mod resumed;

use std::path::{Path, PathBuf};

use carnot_data::{ImageDataset, synthetic};
use carnot_models::engine::Scalar;
use carnot_models::{
    Architecture, Likelihood, Method, Optimiser, Phase, Plan, Prior, Schedule, Shape, Trainer,
};
use carnot_surface::Multipliers;

fn digits() -> ImageDataset {
    synthetic::digits(60, 3).expect("digits")
}

fn plan() -> Plan {
    let half = Likelihood::Gaussian { variance: 0.5 };
    let architecture = Architecture::fully_connected(784, &[8], 2, 10, half).expect("an architecture");
    let fall = Phase { steps: 20, first: 1e-2, last: 1e-3, shape: Shape::Geometric };
    let schedule = Schedule::new(vec![Phase::constant(10, 1e-2), fall]).expect("a schedule");
    let at = Multipliers::new(1.0, 2.0).expect("multipliers");
    Plan {
        batch_size: 7,
        averaged_from: Some(12),
        record_every: 4,
        seed: 5,
        ..Plan::new(architecture, at, schedule)
    }
}

/// Plans that keep different things: two moments and an average, one moment and none, clipping and a learned marginal.
fn plans() -> [Plan; 3] {
    let sgd = Optimiser { method: Method::Sgd { momentum: 0.9 }, clip_norm: Some(1.0) };
    let decay = Method::Adam { decay: [0.8, 0.99], epsilon: 1e-7, weight_decay: 0.1 };
    let learned = plan().architecture.with_prior(Prior::LearnedDiagonal);
    [
        plan(),
        Plan { optimiser: sgd, averaged_from: None, samples: 2, ..plan() },
        Plan { architecture: learned, optimiser: Optimiser { method: decay, clip_norm: None }, ..plan() },
    ]
}

fn in_folder(test: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().expect("a folder");
    test(folder.path());
}

/// Trains so many steps, or all.
fn trained<'a, T: Scalar>(trainer: &mut Trainer<'a, T>, steps: usize) {
    for _ in 0..steps {
        trainer.step().expect("a step");
    }
}

fn saved(folder: &Path) -> PathBuf {
    let (data, path) = (digits(), folder.join("training"));
    let mut trainer = Trainer::<f32>::new(plan(), &data).expect("a training");
    trained(&mut trainer, 15);
    trainer.checkpoint().write(&path).expect("a file");
    path
}

/// The errors of a chain, from the outside in.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(|error| format!("{error}: ")).collect()
}
