//! The paper's model on MNIST: a test of the tier `real`.

use carnot_data::mnist;
use carnot_models::{Architecture, Likelihood, Parameters, Phase, Plan, Schedule, Trainer};
use carnot_surface::{Multipliers, Observables};
use carnot_testkit::tier;

#[test]
fn the_model_of_the_paper_learns_mnist() {
    let Some(folder) = tier::real_data() else { return };
    let data = mnist::load(folder.join("mnist")).expect("MNIST");
    let half = Likelihood::Gaussian { variance: 0.5 };
    let architecture =
        Architecture::fully_connected(784, &[512, 256], 16, 10, half).expect("an architecture");
    let phases = vec![Phase::constant(3_000, 1e-3), Phase::constant(1_500, 3e-4)];
    let at = Multipliers::new(2.0, 8.0).expect("multipliers");
    let plan = Plan::new(architecture.clone(), at, Schedule::new(phases).expect("a schedule"));

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("training");
    let started = std::time::Instant::now();
    let mut trainer = Trainer::<f32>::new(plan.clone(), &data.train).expect("a training");
    trainer.run(&path, 500).expect("it does not diverge");
    let seconds = started.elapsed().as_secs_f64();

    let seen = trainer.evaluate(&data.test).expect("an evaluation");
    let [rate, distortion, classification] =
        [seen.rdc.rate(), seen.rdc.distortion(), seen.rdc.classification()];
    // The bare squared error: without the constant of the likelihood.
    let squared_error = distortion.mean() - half.constant(784);
    println!(
        "4,500 steps in {seconds:.0} s; on the test set R {rate}, D {squared_error:.3} +- {:.3}, C {classification}, \
         accuracy {}",
        distortion.std_err(),
        seen.accuracy
    );
    // A prototype of the same model came to 18.1, 12.3 and 0.955.
    assert!((rate.mean() - 18.0).abs() <= 1.0, "R {rate}");
    assert!((squared_error - 12.3).abs() <= 0.7, "D {squared_error}");
    assert!(seen.accuracy.mean() >= 0.955, "accuracy {}", seen.accuracy);

    // What was saved, and what is exported, is that model.
    let again = Trainer::<f32>::continued(plan, &data.train, &path).expect("the training");
    assert!(again.is_done() && again.parameters() == trainer.parameters());
    let exported = folder.path().join("model.safetensors");
    trainer.averaged().export(&architecture, &exported).expect("a file");
    assert_eq!(&Parameters::import(&architecture, &exported).expect("parameters"), trainer.averaged());
}
