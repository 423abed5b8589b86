//! What does not fit is refused by name, and what diverges changes nothing.

use carnot_data::synthetic;

use super::*;
use crate::{Optimiser, OptimiserState};

fn small() -> Case {
    let architecture = Architecture::fully_connected(4, &[3], 2, 3, Likelihood::Bernoulli).expect("it fits");
    Case::new(architecture, [5, 2], [1.0, 1.0], 1)
}

#[test]
fn batches_that_do_not_fit_are_refused_by_name() {
    let case = small();
    let mut engine = case.engine();
    let mut refused =
        |batch: Batch<'_, f64>| engine.forward(&case.parameters, &batch).expect_err("a misfit").to_string();
    let (inputs, labels, noise) = (&case.inputs, &case.labels, &case.noise);
    assert_eq!(
        refused(Batch::new(&inputs[1..], labels, noise)),
        "the batch has 19 numbers of the inputs; the engine needs 20"
    );
    assert_eq!(
        refused(Batch::new(inputs, &labels[1..], noise)),
        "the batch has 4 inputs; the engine needs 5"
    );
    assert_eq!(
        refused(Batch::new(inputs, labels, &noise[..10])),
        "the batch has 10 numbers of the noise; the engine needs 20"
    );
    assert_eq!(
        refused(Batch::new(inputs, &[0, 1, 2, 3, 0], noise)),
        "the label of input 3 is 3, but there are 3 classes"
    );
    let weighted = |weights| Batch::new(inputs, labels, noise).with_weights(weights);
    assert_eq!(refused(weighted(&[1.0; 4])), "the batch has 4 weights; the engine needs 5");
    assert_eq!(
        refused(weighted(&[1.0, -1.0, 1.0, 1.0, 1.0])),
        "the weight of input 1 is -1; it must be finite and not negative"
    );
    assert_eq!(refused(weighted(&[0.0; 5])), "sum of the weights must be finite and positive, not 0");
    assert!(refused(weighted(&[f64::NAN; 5])).contains("NaN"));
    let digits = synthetic::digits(6, 1).expect("digits");
    assert_eq!(
        refused(Batch::of_images(&digits, &[0, 1, 2, 3, 4], noise)),
        "the batch has 784 pixels of an image; the engine needs 4"
    );
    let images = Architecture::fully_connected(784, &[], 2, 10, Likelihood::Bernoulli).expect("it fits");
    let parameters = Parameters::<f64>::initial(&images, 1);
    let mut engine = Engine::new(&images, 2, 1).expect("an engine");
    let error = engine.forward(parameters.values(), &Batch::of_images(&digits, &[0, 6], &noise[..4]));
    assert_eq!(error.expect_err("a row").to_string(), "input 1 is row 6 of a data set with 6 samples");
}

#[test]
fn parameters_that_do_not_fit_are_refused() {
    let case = small();
    let short = &case.parameters[1..];
    let mut engine = case.engine();
    assert!(matches!(engine.forward(short, &case.batch()), Err(ModelError::State { .. })));
    assert!(matches!(engine.gradient(short, &case.batch(), case.at), Err(ModelError::State { .. })));
    assert!(matches!(engine.tangent(&case.parameters, short, &case.batch()), Err(ModelError::State { .. })));
    let mut state = OptimiserState::new(Optimiser::ADAM, short.len()).expect("an optimiser");
    let mut parameters = case.parameters.clone();
    let step = engine.descend(&mut parameters, &mut state, &case.batch(), case.at, 0.1);
    assert!(matches!(step, Err(ModelError::State { .. })));
    for shape in [[0, 1], [1, 0]] {
        let engine = Engine::<f32>::new(&case.architecture, shape[0], shape[1]);
        assert!(matches!(engine, Err(ModelError::Option { .. })));
    }
}

#[test]
fn an_objective_that_is_not_finite_stops_the_step_before_it() {
    let case = small();
    for (clip_norm, poison) in [(None, f64::NAN), (None, f64::INFINITY), (Some(1.0), f64::NAN)] {
        let optimiser = Optimiser { clip_norm, ..Optimiser::ADAM };
        let mut state = OptimiserState::new(optimiser, case.parameters.len()).expect("an optimiser");
        let mut parameters = case.parameters.clone();
        let mut engine = case.engine();
        engine.descend(&mut parameters, &mut state, &case.batch(), case.at, 0.1).expect("a step");
        parameters[0] = poison;
        let before = (parameters.iter().map(|p| p.to_bits()).collect::<Vec<_>>(), state.clone());
        let error = engine.descend(&mut parameters, &mut state, &case.batch(), case.at, 0.1);
        assert!(matches!(error, Err(ModelError::Diverged { step: 1, .. })));
        assert_eq!((parameters.iter().map(|p| p.to_bits()).collect::<Vec<_>>(), state), before);
        // The engine itself is as good as new.
        engine.forward(&case.parameters, &case.batch()).expect("losses");
    }
}

#[test]
fn constants_outside_their_range_are_refused() {
    use crate::Method;
    let adam = |decay, epsilon, weight_decay| Method::Adam { decay, epsilon, weight_decay };
    let methods = [
        adam([1.0, 0.9], 1e-8, 0.0),
        adam([0.9, -0.1], 1e-8, 0.0),
        adam([0.9, 0.9], 0.0, 0.0),
        adam([0.9, 0.9], 1e-8, f64::NAN),
        Method::Sgd { momentum: 1.0 },
    ];
    for method in methods {
        let optimiser = Optimiser { method, clip_norm: None };
        assert!(
            matches!(OptimiserState::<f32>::new(optimiser, 3), Err(ModelError::Option { .. })),
            "{method:?}"
        );
    }
    for clip_norm in [0.0, f64::NAN, f64::INFINITY] {
        let clipped = Optimiser { clip_norm: Some(clip_norm), ..Optimiser::ADAM };
        assert!(OptimiserState::<f32>::new(clipped, 3).is_err());
    }
    // Where there has been no gradient yet, the step is zero over epsilon, which must not be zero too.
    let tiny = Optimiser { method: adam([0.9, 0.999], 1e-50, 0.0), clip_norm: None };
    assert!(OptimiserState::<f64>::new(tiny, 3).is_ok());
    let error = OptimiserState::<f32>::new(tiny, 3).expect_err("zero in f32");
    assert!(matches!(error, ModelError::Option { option: "epsilon", value: 1e-50, .. }), "{error}");
    let error = OptimiserState::<f32>::new(Optimiser::ADAM, usize::MAX).expect_err("no memory");
    assert!(matches!(error, ModelError::Memory { .. }), "{error}");
}
