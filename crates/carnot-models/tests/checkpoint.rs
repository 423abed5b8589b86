//! Trainings saved, resumed and exported, and files that are refused.

use std::fs;
use std::path::{Path, PathBuf};

use carnot_data::{ImageDataset, Sizes, split, synthetic};
use carnot_models::engine::Scalar;
use carnot_models::{
    Architecture, Checkpoint, CheckpointError, Layer, Likelihood, Method, ModelError, Optimiser, Parameters,
    Phase, Plan, Prior, Schedule, Shape, Trainer,
};
use carnot_surface::Multipliers;
use safetensors::SafeTensors;
use serde_json::{Value, json};

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

fn refusal(path: &Path) -> String {
    chain(&Checkpoint::<f32>::read(path).expect_err("no checkpoint"))
}

#[test]
fn every_byte_that_is_lost_or_changed_is_noticed() {
    in_folder(|folder| {
        let path = saved(folder);
        let bytes = fs::read(&path).expect("bytes");
        let read = |bytes: &[u8]| {
            fs::write(&path, bytes).expect("a file");
            Checkpoint::<f32>::read(&path)
        };
        assert!(read(&bytes).is_ok());
        let places = (0..bytes.len()).step_by(977).chain(bytes.len() - 40..bytes.len()).chain(0..40);
        for place in places {
            assert!(read(&bytes[..place]).is_err(), "{place} of {}", bytes.len());
            let mut changed = bytes.clone();
            changed[place] ^= 0x10;
            assert!(read(&changed).is_err(), "{place} of {}", bytes.len());
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(read(&longer).is_err());
        fs::write(&path, b"not tensors").expect("a file");
        assert!(refusal(&path).contains("no safetensors file"), "{}", refusal(&path));
        let missing = folder.join("missing");
        assert!(refusal(&missing).contains("reading") && refusal(&missing).contains("missing"));
    });
}

/// Rewrites a file: its description, and its tensors by name.
fn rewritten(path: &Path, change: impl FnOnce(&mut Value, &mut Vec<(String, Vec<usize>, Vec<u8>)>)) {
    let bytes = fs::read(path).expect("bytes");
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("a header");
    let text = header.metadata().as_ref().expect("metadata")["carnot"].clone();
    let mut description: Value = serde_json::from_str(&text).expect("JSON");
    let file = SafeTensors::deserialize(&bytes).expect("tensors");
    let owned = |name: String, view: safetensors::tensor::TensorView<'_>| {
        (name, view.shape().to_vec(), view.data().to_vec())
    };
    let mut tensors: Vec<_> = file.tensors().into_iter().map(|(name, view)| owned(name, view)).collect();
    change(&mut description, &mut tensors);
    let views = tensors.iter().map(|(name, shape, data)| {
        let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), data);
        (name.clone(), view.expect("a tensor"))
    });
    let header = std::collections::HashMap::from([("carnot".to_owned(), description.to_string())]);
    fs::write(path, safetensors::serialize(views, Some(header)).expect("a file")).expect("a file");
}

#[test]
fn what_is_no_checkpoint_of_this_training_is_refused_by_name() {
    type Change = fn(&mut Value, &mut Vec<(String, Vec<usize>, Vec<u8>)>);
    let changes: [(Change, &str); 10] = [
        (|said, _| said["version"] = json!(2), "version 2, not 1"),
        (|said, _| said["plan"]["seed"] = json!(6), "bytes have changed"),
        (|said, _| said["steps"] = json!(14), "bytes have changed"),
        (|said, _| said["plan"]["batch_size"] = json!(0), "batch_size must be at least 1"),
        (|said, _| said["plan"]["schedule"] = json!([]), "phases of a schedule must be at least 1"),
        (|said, _| said["plan"]["at"]["lambda"] = json!(-1.0), "multiplier lambda"),
        (|said, _| said["colour"] = json!("blue"), "unknown field `colour`"),
        (
            |said, _| said["plan"]["architecture"]["encoder"][0]["Linear"]["outputs"] = json!(9),
            "layer 2 of the encoder has 8 inputs; it needs 9",
        ),
        (|_, tensors| tensors.retain(|(name, ..)| name != "encoder.2.bias"), "encoder.2.bias is missing"),
        (|_, tensors| tensors.push(("extra".to_owned(), vec![0], vec![])), "no tensor extra"),
    ];
    in_folder(|folder| {
        for (change, expected) in changes {
            let path = saved(folder);
            rewritten(&path, change);
            assert!(refusal(&path).contains(expected), "{expected}: {}", refusal(&path));
        }
        let path = saved(folder);
        rewritten(&path, |_, _| ());
        assert!(Checkpoint::<f32>::read(&path).is_ok());
        rewritten(&path, |_, tensors| {
            let (_, shape, _) = tensors.iter_mut().find(|(name, ..)| name == "encoder.0.weight").expect("it");
            *shape = vec![784, 8];
        });
        assert!(refusal(&path).contains("encoder.0.weight has the shape [784, 8], not [8, 784]"));
        let path = saved(folder);
        let error = chain(&Checkpoint::<f64>::read(&path).expect_err("another type"));
        assert!(error.contains("is of type F32, not F64"), "{error}");
    });
}

#[test]
fn another_plan_and_other_data_are_refused_by_name() {
    in_folder(|folder| {
        let (path, data) = (saved(folder), digits());
        let checkpoint = || Checkpoint::<f32>::read(&path).expect("a checkpoint");
        let other = synthetic::digits(60, 4).expect("digits");
        let error = Trainer::resume(checkpoint(), &other).expect_err("other data");
        assert!(matches!(error, ModelError::Checkpoint(CheckpointError::Data { .. })), "{error}");
        let [fewer, _] = split(60, Sizes::Counts([2, 58]), 1).expect("a split");
        let error =
            Trainer::resume(checkpoint(), &data.select(&fewer).expect("rows")).expect_err("fewer data");
        assert!(matches!(error, ModelError::Checkpoint(CheckpointError::Data { .. })), "{error}");
        let longer = Schedule::new(vec![Phase::constant(31, 1e-2)]).expect("a schedule");
        let at = Multipliers::new(1.0, 3.0).expect("multipliers");
        let learned = plan().architecture.with_prior(Prior::LearnedDiagonal);
        let others = [
            (Plan { architecture: learned, ..plan() }, "architecture"),
            (Plan { at, ..plan() }, "multipliers"),
            (Plan { schedule: longer, ..plan() }, "schedule"),
            (Plan { batch_size: 8, ..plan() }, "batch_size"),
            (Plan { samples: 2, ..plan() }, "samples"),
            (
                Plan { optimiser: Optimiser { clip_norm: Some(1.0), ..Optimiser::ADAM }, ..plan() },
                "optimiser",
            ),
            (Plan { averaged_from: None, ..plan() }, "averaged_from"),
            (Plan { record_every: 5, ..plan() }, "record_every"),
            (Plan { seed: 6, ..plan() }, "seed"),
        ];
        for (plan, expected) in others {
            let error = Trainer::<f32>::continued(plan, &data, &path).expect_err("another plan");
            assert!(
                matches!(error, ModelError::Checkpoint(CheckpointError::Plan { part }) if part == expected),
                "{expected}: {error:?}"
            );
        }
        assert_eq!(Trainer::<f32>::continued(plan(), &data, &path).expect("the same").steps(), 15);
    });
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

#[test]
fn exported_parameters_are_read_back_and_others_are_refused() {
    in_folder(|folder| {
        let [smaller, _, learned] = plans().map(|plan| plan.architecture);
        let path = folder.join("model.safetensors");
        let single = Parameters::<f32>::initial(&learned, 1);
        single.export(&learned, &path).expect("a file");
        assert_eq!(Parameters::import(&learned, &path).expect("parameters"), single);
        let bytes = fs::read(&path).expect("bytes");
        let file = SafeTensors::deserialize(&bytes).expect("tensors");
        let shape = |name: &str| file.tensor(name).expect("a tensor").shape().to_vec();
        assert_eq!(shape("encoder.0.weight"), [8, 784]);
        assert_eq!([shape("decoder.2.bias"), shape("prior.mean")], [vec![784], vec![2]]);
        let error = chain(&Parameters::<f64>::import(&learned, &path).expect_err("another type"));
        assert!(error.contains("is of type F32, not F64"), "{error}");
        let error = chain(&Parameters::<f32>::import(&smaller, &path).expect_err("another model"));
        assert!(error.contains("the model has no tensor prior.log_variance"), "{error}");
        let error = single.export(&smaller, &path).expect_err("another model");
        assert!(matches!(error, ModelError::State { what: "parameters", .. }));
        // A checkpoint is not the model alone, but has it.
        let double = Parameters::<f64>::initial(&learned, 1);
        double.export(&learned, &path).expect("a file");
        assert_eq!(Parameters::import(&learned, &path).expect("parameters"), double);
        let linear = |inputs, outputs| Layer::Linear { inputs, outputs };
        let tiny = Architecture::new(
            vec![linear(3, 2)],
            vec![linear(1, 3)],
            vec![linear(1, 2)],
            Likelihood::Bernoulli,
        );
        let error = Parameters::<f64>::import(&tiny.expect("a model"), &path).expect_err("another model");
        assert!(chain(&error).contains("encoder.0.weight has the shape [8, 784], not [2, 3]"), "{error}");
    });
}
