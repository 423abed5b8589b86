//! Trainings that are resumed, and what they leave when they fail.

use std::fs;
use std::path::Path;

use carnot_models::engine::Scalar;
use carnot_models::{
    Checkpoint, CheckpointError, Method, ModelError, Optimiser, Phase, Plan, Schedule, Trainer,
};

use super::{digits, in_folder, plan, plans, trained};

/// A training resumed after every few steps, through the file, ends as one that was not.
fn is_resumed<T: Scalar>(plan: &Plan, path: &Path) {
    let data = digits();
    let mut whole = Trainer::<T>::new(plan.clone(), &data).expect("a training");
    trained(&mut whole, 30);
    assert!(whole.is_done() && whole.step().expect("no step").is_none());
    let mut steps = 0;
    while steps < 30 {
        let mut part = Trainer::<T>::continued(plan.clone(), &data, path).expect("a training");
        assert_eq!(part.steps(), steps);
        trained(&mut part, 7);
        steps = part.steps();
        part.checkpoint().write(path).expect("a file");
        assert_eq!(Checkpoint::read(path).expect("a checkpoint"), part.checkpoint());
    }
    let resumed = Checkpoint::<T>::read(path).expect("a checkpoint");
    // Equal as numbers, and none is NaN: the same bytes.
    assert_eq!(resumed, whole.checkpoint());
    assert_eq!(resumed.averaged(), whole.averaged());
    assert_eq!(whole.averaged() == whole.parameters(), plan.averaged_from.is_none());
    let recorded: Vec<u64> = resumed.history().iter().map(|record| record.step).collect();
    assert_eq!(recorded, [0, 4, 8, 12, 16, 20, 24, 28]);
}

#[test]
fn a_resumed_training_ends_as_one_that_was_not_interrupted() {
    in_folder(|folder| {
        for (index, plan) in plans().iter().enumerate() {
            is_resumed::<f32>(plan, &folder.join(format!("{index}.single")));
            is_resumed::<f64>(plan, &folder.join(format!("{index}.double")));
        }
        // Nothing is left of temporary files.
        assert_eq!(fs::read_dir(folder).expect("a folder").count(), 6);
    });
}

#[test]
fn an_average_is_of_the_steps_from_its_first_on() {
    let data = digits();
    let mut trainer = Trainer::<f64>::new(plan(), &data).expect("a training");
    trained(&mut trainer, 12);
    assert_eq!(trainer.averaged(), trainer.parameters());
    let mut sums = vec![0.0; trainer.parameters().len()];
    for count in 1..=18 {
        trainer.step().expect("a step");
        for (sum, value) in sums.iter_mut().zip(trainer.parameters().values()) {
            *sum += value;
        }
        for (sum, average) in sums.iter().zip(trainer.averaged().values()) {
            // A few dozen roundings of numbers below three.
            carnot_testkit::assert_close!(*average, sum / f64::from(count), rtol = 1e-13, atol = 1e-14);
        }
    }
}

#[test]
fn a_training_that_diverges_keeps_the_last_good_checkpoint() {
    in_folder(|folder| {
        let (data, path) = (digits(), folder.join("training"));
        // Ten good steps, then a rate that no model survives.
        let phases = vec![Phase::constant(10, 1e-3), Phase::constant(50, 1e30)];
        let explodes = Plan { schedule: Schedule::new(phases).expect("a schedule"), ..plan() };
        let mut trainer = Trainer::<f32>::new(explodes.clone(), &data).expect("a training");
        let error = trainer.run(&path, 1).expect_err("it diverges");
        let ModelError::Diverged { step, .. } = error else { panic!("{error}") };
        // The step that failed has not been taken, its batch neither.
        let mut again = Trainer::<f32>::new(explodes, &data).expect("a training");
        trained(&mut again, 11);
        assert_eq!(trainer.checkpoint(), again.checkpoint());
        let kept = Checkpoint::<f32>::read(&path).expect("a checkpoint");
        // The step at the large rate is the eleventh, which the twelfth finds out.
        assert_eq!((step, kept.steps()), (11, 10));
        assert!(kept.averaged().values().iter().all(|value| value.is_finite()));
        let mut again = Trainer::resume(kept, &data).expect("a training");
        assert!(again.step().expect("the step before").is_some());

        // The last step leaves what no further one would find.
        let phases = vec![Phase::constant(10, 1e-3), Phase::constant(1, 1e38)];
        let last =
            Plan { schedule: Schedule::new(phases).expect("a schedule"), averaged_from: None, ..plan() };
        let optimiser = Optimiser { method: Method::Sgd { momentum: 0.0 }, clip_norm: None };
        let path = folder.join("last");
        let mut trainer = Trainer::<f32>::new(Plan { optimiser, ..last }, &data).expect("a training");
        let error = trainer.run(&path, 5).expect_err("it diverges");
        assert!(matches!(error, ModelError::Diverged { step: 11, .. }), "{error}");
        assert_eq!(Checkpoint::<f32>::read(&path).expect("a checkpoint").steps(), 10);

        let error = Trainer::<f32>::new(plan(), &data).expect("a training").run(&path, 0).expect_err("zero");
        assert!(matches!(error, ModelError::Option { option: "steps between checkpoints", .. }));
        let nowhere = folder.join("no such folder").join("training");
        let error =
            Trainer::<f32>::new(plan(), &data).expect("a training").run(&nowhere, 1).expect_err("nowhere");
        assert!(matches!(error, ModelError::Checkpoint(CheckpointError::Write { .. })), "{error}");
    });
}
