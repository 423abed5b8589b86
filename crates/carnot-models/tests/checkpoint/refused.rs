//! Files that are no checkpoint of the training asked for.

use std::fs;
use std::path::Path;

use carnot_data::{Sizes, split, synthetic};
use carnot_models::{
    Checkpoint, CheckpointError, ModelError, Optimiser, Phase, Plan, Prior, Schedule, Trainer,
};
use carnot_surface::Multipliers;
use safetensors::SafeTensors;
use serde_json::{Value, json};

use super::{chain, digits, in_folder, plan, saved};

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
    let changes: [(Change, &str); 16] = [
        (|said, _| said["version"] = json!(2), "version 2, not 1"),
        (|said, _| said["plan"]["seed"] = json!(6), "bytes have changed"),
        (|said, _| said["steps"] = json!(14), "bytes have changed"),
        (|said, _| said["plan"]["batch_size"] = json!(0), "batch_size must be at least 1"),
        (|said, _| said["plan"]["schedule"] = json!([]), "phases of a schedule must be at least 1"),
        (|said, _| said["plan"]["averaged_from"] = json!(30), "averaged_from must be a step of the schedule"),
        (|said, _| said["plan"]["schedule"][1]["steps"] = json!(u64::MAX), "steps of all phases must be"),
        (
            |said, tensors| {
                said["is_averaged"] = json!(false);
                tensors.retain(|(name, ..)| !name.starts_with("average."));
            },
            "no average after 15 steps of a plan that averages from step 12 on",
        ),
        (|said, _| said["plan"]["at"]["lambda"] = json!(-1.0), "multiplier lambda"),
        (|said, _| said["colour"] = json!("blue"), "unknown field `colour`"),
        (
            |said, _| said["plan"]["architecture"]["encoder"][0]["Linear"]["outputs"] = json!(9),
            "layer 2 of the encoder has 8 inputs; it needs 9",
        ),
        (
            |said, _| said["plan"]["architecture"]["classifier"][0]["Linear"]["outputs"] = json!(1u64 << 62),
            "layer 0 of the classifier, 2 inputs and 4611686018427387904 outputs, takes the parameters beyond",
        ),
        // As low bits, twice the decoder's inputs would be what the encoder gives.
        (
            |said, _| {
                said["plan"]["architecture"]["decoder"][0]["Linear"]["inputs"] = json!((1u64 << 63) + 2)
            },
            "layer 0 of the decoder, 9223372036854775810 inputs and 8 outputs, takes the parameters beyond",
        ),
        // It could be, and is not.
        (
            |said, _| said["plan"]["architecture"]["classifier"][0]["Linear"]["outputs"] = json!(1u64 << 50),
            "classifier.0.weight has the shape [10, 2], not [1125899906842624, 2]",
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
