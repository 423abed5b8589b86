//! A training that is killed at any moment, and goes on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use carnot_data::synthetic;
use carnot_models::{Architecture, Likelihood, Phase, Plan, Schedule, Trainer};
use carnot_surface::Multipliers;
use carnot_testkit::tier;
use rand::{Rng, SeedableRng};

/// Where a second process keeps its checkpoint.
const FILE: &str = "CARNOT_KILLED_TRAINING";

const STEPS: u64 = 500;

/// Trains to the end, from what is in the file if there is something, with a checkpoint after every `every` steps.
fn train(path: &Path, every: u64) {
    let data = synthetic::digits(40, 3).expect("digits");
    let architecture =
        Architecture::fully_connected(784, &[4], 2, 10, Likelihood::Bernoulli).expect("a model");
    let schedule = Schedule::new(vec![Phase::constant(STEPS, 1e-3)]).expect("a schedule");
    let at = Multipliers::new(1.0, 1.0).expect("multipliers");
    let plan = Plan { batch_size: 5, averaged_from: Some(250), ..Plan::new(architecture, at, schedule) };
    let mut trainer = Trainer::<f32>::continued(plan, &data, path).expect("a whole checkpoint, or none");
    trainer.run(path, every).expect("it does not diverge");
}

/// The training that is killed below; when nobody asks for it, one that is not.
#[test]
fn a_training_comes_to_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = std::env::var_os(FILE).map_or(folder.path().join("training"), PathBuf::from);
    train(&path, 1);
    assert!(path.exists());
}

fn second_process(path: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "a_training_comes_to_its_end"])
        .env(FILE, path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a second process")
}

#[test]
fn a_training_killed_again_and_again_ends_as_if_it_had_never_been() {
    let folder = tempfile::tempdir().expect("a folder");
    let (whole, torn) = (folder.path().join("whole"), folder.path().join("torn"));
    train(&whole, STEPS);
    let whole = fs::read(whole).expect("a checkpoint");
    let wanted = tier::cases(5, 50);
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(11);
    let mut kills = 0;
    while kills < wanted {
        let mut child = second_process(&torn);
        let before = fs::read(&torn).ok();
        // Once it has got somewhere it is killed at some time: between two steps, or in the middle of its writing.
        let deadline = Instant::now() + Duration::from_secs(60);
        while fs::read(&torn).ok() == before && child.try_wait().expect("a child").is_none() {
            assert!(Instant::now() < deadline, "it does not get on");
            sleep(Duration::from_micros(200));
        }
        sleep(Duration::from_micros(rng.random_range(0..20_000)));
        child.kill().expect("it is ours");
        let status = child.wait().expect("a child");
        if status.success() {
            // It was faster: from the beginning.
            assert_eq!(fs::read(&torn).expect("a checkpoint"), whole);
            fs::remove_file(&torn).expect("a file");
        } else {
            kills += 1;
            assert!(status.code().is_none(), "it failed by itself: {status}");
        }
    }
    let status = second_process(&torn).wait().expect("a child");
    assert!(status.success());
    assert!(fs::read(&torn).expect("a checkpoint") == whole, "other bytes");
}
