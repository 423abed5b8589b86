//! The learned system on synthetic digits: how well it learns, and that it learns the same thing every time.

use carnot_data::{ImageDataset, Sizes, split, synthetic};
use carnot_models::{Architecture, LearnedSystem, Likelihood, Method, ModelError, Optimiser, Relaxation};
use carnot_surface::{At, Certificate, Multipliers, Observables, System};
use carnot_testkit::{assert_close, tier};

fn at(lambda: f64, gamma: f64) -> Multipliers {
    Multipliers::new(lambda, gamma).expect("valid multipliers")
}

fn digits(training: usize, evaluation: usize) -> (ImageDataset, ImageDataset) {
    let digits = synthetic::digits(training + evaluation, 11).expect("digits");
    let [fit, seen] = split(digits.len(), Sizes::Counts([training, evaluation]), 1).expect("a split");
    (digits.select(&fit).expect("rows"), digits.select(&seen).expect("rows"))
}

fn small(likelihood: Likelihood, seed: u64) -> LearnedSystem {
    let architecture = Architecture::fully_connected(784, &[32], 4, 10, likelihood).expect("an architecture");
    let (training, evaluation) = digits(500, 300);
    let relaxation = Relaxation { initial_steps: 60, steps: 20, batch_size: 50, ..Relaxation::default() };
    LearnedSystem::new(architecture, training, evaluation, relaxation, seed).expect("a system")
}

const GAUSSIAN: Likelihood = Likelihood::Gaussian { variance: 0.5 };

#[test]
fn the_fully_connected_model_learns_the_synthetic_digits_about_as_well_as_mnist() {
    // A high price of classification loss and a low one of distortion: a classifier, above all.
    let architecture =
        Architecture::fully_connected(784, &[512, 256], 16, 10, GAUSSIAN).expect("an architecture");
    let (training, test) = digits(8_000, 2_000);
    let relaxation = Relaxation { initial_steps: 700, steps: 100, ..Relaxation::default() };
    let system = LearnedSystem::new(architecture, training, test, relaxation, 1).expect("a system");
    let equilibrium = system.equilibrium(at(0.1, 50.0), None).expect("an equilibrium");
    let accuracy = equilibrium.state.accuracy().mean();
    assert!((0.95..=0.99).contains(&accuracy), "accuracy {accuracy}");
}

fn bits(equilibrium: &At<LearnedSystem>) -> (Vec<u32>, [u64; 3]) {
    let parameters = equilibrium.state.parameters().values().iter().map(|w| w.to_bits()).collect();
    let rdc = &equilibrium.rdc;
    let observed = [rdc.rate(), rdc.distortion(), rdc.classification()];
    (parameters, observed.map(|estimate| estimate.mean().to_bits()))
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let run = |seed| {
        let system = small(GAUSSIAN, seed);
        let start = system.equilibrium(at(1.0, 1.0), None).expect("a start");
        bits(&system.equilibrium(at(0.5, 1.0), Some(&start.state)).expect("a second equilibrium"))
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let steps = u64::from(tier::cases(40, 500));
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            // Batches of a full panel and a part of one.
            let architecture = Architecture::fully_connected(784, &[64], 4, 10, GAUSSIAN).expect("it fits");
            let (training, evaluation) = digits(500, 600);
            let relaxation =
                Relaxation { initial_steps: steps - 10, steps: 10, batch_size: 150, ..Relaxation::DEFAULT };
            let system =
                LearnedSystem::new(architecture, training, evaluation, relaxation, 8).expect("a system");
            bits(&system.equilibrium(at(1.0, 1.0), None).expect("an equilibrium"))
        })
    };
    let one = run(1);
    for threads in [2, 8] {
        assert!(run(threads) == one, "{threads} threads");
    }
}

#[test]
fn an_equilibrium_is_a_pure_function_of_its_start() {
    let system = small(GAUSSIAN, 5);
    let start = system.equilibrium(at(1.0, 1.0), None).expect("a start");
    let before = bits(&start);
    let once = bits(&system.equilibrium(at(0.5, 1.0), Some(&start.state)).expect("once"));
    let twice = bits(&system.equilibrium(at(0.5, 1.0), Some(&start.state)).expect("twice"));
    assert_eq!(once, twice);
    assert_eq!(bits(&start), before);
    assert_ne!(once, before);
    assert_eq!(start.state.steps(), 80);
}

#[test]
fn both_likelihoods_learn_and_say_how() {
    for (likelihood, constant) in
        [(GAUSSIAN, 392.0 * std::f64::consts::PI.ln()), (Likelihood::Bernoulli, 0.0)]
    {
        assert_close!(likelihood.constant(784), constant, rtol = 1e-14, atol = 0.0);
        let system = small(likelihood, 2);
        let prices = at(0.05, 20.0);
        let start = system.equilibrium(prices, None).expect("a start");
        let later = system.equilibrium(prices, Some(&start.state)).expect("a later one");
        // Training goes on: the objective falls, by far more than the standard error of the paired difference.
        let change = later.rdc.change_since(&start.rdc).objective(prices);
        assert!(change.mean() < -5.0 * change.std_err(), "{likelihood:?}: {change}");
        let Certificate::Relaxed { steps, plateau } = later.certificate else {
            panic!("a trained model is relaxed, not {:?}", later.certificate);
        };
        assert_eq!(steps, 20);
        assert!(plateau.std_err() > 0.0);
        // Every functional is what it is called: R and C are not negative, and C no worse than guessing.
        assert!(later.rdc.rate().mean() > 0.0);
        assert!((0.0..10f64.ln()).contains(&later.rdc.classification().mean()));
        assert!(later.rdc.distortion().mean() > constant);
    }
}

#[test]
fn evaluating_again_gives_the_same_estimate_and_other_sets_fit_or_are_refused() {
    let system = small(GAUSSIAN, 6);
    let start = system.equilibrium(at(1.0, 1.0), None).expect("a start");
    let (_, seen) = digits(500, 300);
    let again = system.evaluate(&start.state, &seen).expect("an evaluation");
    assert_eq!(again.rdc, start.rdc);
    assert_eq!(again.accuracy, start.state.accuracy());
    // A set of the same size is another set: the two estimates are not paired.
    let (other, _) = digits(300, 500);
    let elsewhere = system.evaluate(&start.state, &other).expect("an evaluation");
    assert_eq!(elsewhere.rdc.change_since(&start.rdc).samples(), None);
    assert_eq!(again.rdc.change_since(&start.rdc).samples(), Some(300));
    // Common random numbers: two models that differ by a little differ by little on every sample.
    let later = system.equilibrium(at(1.0, 1.0), Some(&start.state)).expect("a later one");
    let change = later.rdc.change_since(&start.rdc);
    assert!(change.distortion().std_err() < 0.5 * later.rdc.distortion().std_err());
    let one = seen.select(&[0]).expect("a row");
    let error = system.evaluate(&start.state, &one).expect_err("one sample has no standard error");
    assert!(
        matches!(
            error,
            ModelError::Data { what: "samples", found: 1, requirement: "at least", expected: 2, .. }
        ),
        "{error}"
    );
}

#[test]
fn misuse_is_refused_by_name() {
    let (training, evaluation) = digits(20, 20);
    let new = |architecture: Architecture, relaxation: Relaxation| {
        LearnedSystem::new(architecture, training.clone(), evaluation.clone(), relaxation, 0)
    };
    let of =
        |inputs, classes| Architecture::fully_connected(inputs, &[4], 2, classes, GAUSSIAN).expect("it fits");
    let error = new(of(100, 10), Relaxation::default()).expect_err("pixels");
    assert!(matches!(
        error,
        ModelError::Data { set: "training", what: "pixels", found: 784, expected: 100, .. }
    ));
    let error = new(of(784, 5), Relaxation::default()).expect_err("classes");
    assert!(matches!(error, ModelError::Data { what: "classes", found: 10, expected: 5, .. }));
    let error = new(of(784, 10), Relaxation { steps: 7, ..Relaxation::default() }).expect_err("steps");
    assert!(matches!(error, ModelError::Option { option: "steps", .. }));
    let error =
        new(of(784, 10), Relaxation { learning_rate: -1.0, ..Relaxation::default() }).expect_err("rate");
    assert!(matches!(error, ModelError::Option { option: "learning_rate", .. }));
    let precise = Likelihood::Gaussian { variance: 1e-300 };
    let precise = Architecture::fully_connected(784, &[4], 2, 10, precise).expect("it fits");
    let error = new(precise, Relaxation::default()).expect_err("a variance");
    assert!(matches!(error, ModelError::Variance { value: 1e-300, .. }));
    let method = Method::Adam { decay: [0.9, 0.999], epsilon: 1e-50, weight_decay: 0.0 };
    let optimiser = Optimiser { method, clip_norm: None };
    let error = new(of(784, 10), Relaxation { optimiser, ..Relaxation::default() }).expect_err("epsilon");
    assert!(matches!(error, ModelError::Option { option: "epsilon", .. }));
    let batch_size = usize::MAX;
    let error = new(of(784, 10), Relaxation { batch_size, ..Relaxation::default() }).expect_err("a batch");
    assert!(matches!(error, ModelError::Memory { .. }), "{error}");
    let wide = Architecture::fully_connected(784, &[1 << 40], 2, 10, GAUSSIAN).expect("it could be");
    let error = new(wide, Relaxation::default()).expect_err("parameters");
    assert!(matches!(error, ModelError::Memory { .. }), "{error}");
    // The least that is allowed works.
    let least = Relaxation { initial_steps: 0, steps: 8, batch_size: 1, ..Relaxation::default() };
    let system = new(of(784, 10), least).expect("it fits");
    let state = system.equilibrium(at(1.0, 1.0), None).expect("an equilibrium").state;
    let refused = |system: &LearnedSystem, what: &str| {
        let error = system.equilibrium(at(1.0, 1.0), Some(&state)).expect_err("another system's state");
        assert!(matches!(error, ModelError::State { what: found, .. } if found == what), "{error}");
    };
    refused(&small(GAUSSIAN, 0), "parameters");
    let other_batches = Relaxation { batch_size: 2, ..least };
    refused(&new(of(784, 10), other_batches).expect("it fits"), "samples in a batch");
    let optimiser = Optimiser { clip_norm: Some(1.0), ..Optimiser::ADAM };
    let clipped = new(of(784, 10), Relaxation { optimiser, ..least }).expect("it fits");
    let error = clipped.equilibrium(at(1.0, 1.0), Some(&state)).expect_err("another optimiser's state");
    assert!(matches!(error, ModelError::Optimiser { expected, .. } if expected == optimiser), "{error}");
    // To be looked at, a state needs its model only.
    let seen = clipped.evaluate(&state, &evaluation).expect("the same model");
    assert_eq!(seen.accuracy, state.accuracy());
    let fewer = training.select(&[0, 1, 2]).expect("rows");
    let other_data = LearnedSystem::new(of(784, 10), fewer, evaluation.clone(), least, 0).expect("it fits");
    refused(&other_data, "training samples");
}

#[test]
fn a_model_that_diverges_says_where() {
    let architecture = Architecture::fully_connected(784, &[8], 2, 10, GAUSSIAN).expect("an architecture");
    let (training, evaluation) = digits(50, 50);
    let relaxation =
        Relaxation { initial_steps: 50, learning_rate: 1e4, batch_size: 10, ..Relaxation::default() };
    let system = LearnedSystem::new(architecture, training, evaluation, relaxation, 0).expect("a system");
    let error = system.equilibrium(at(1.0, 1.0), None).expect_err("no model survives this learning rate");
    assert!(matches!(error, ModelError::Diverged { .. } | ModelError::Evaluation(_)), "{error}");
}
