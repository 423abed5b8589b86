//! Gradients and tangents against central differences in `f64`.

use carnot_testkit::{assert_close, finite_difference::central_each, tier};

use super::*;

/// `[R, D, C, F]` of a case at parameters moved by `step` along `direction`, and the signs of its ReLUs.
fn moved(case: &Case, direction: &[f64], step: f64) -> ([f64; 4], Vec<bool>) {
    let parameters: Vec<f64> =
        case.parameters.iter().zip(direction).map(|(value, slope)| value + step * slope).collect();
    let mut engine = case.engine();
    let rdc = engine.forward(&parameters, &case.batch()).expect("losses");
    let networks = [&engine.encoder, &engine.decoder, &engine.classifier];
    let signs = networks.into_iter().flat_map(|network| network.signs()).collect();
    ([rdc.rate, rdc.distortion, rdc.classification, rdc.objective(case.at)], signs)
}

/// The derivatives of `[R, D, C, F]` along `direction` by differences, unless a ReLU changes its sign however near.
fn differences(case: &Case, direction: &[f64]) -> Option<[f64; 4]> {
    // Rounding is 1e-16 F / h, 1e-11 F at the least step; with two extrapolations the truncation is of order h^6.
    const STEPS: [f64; 3] = [2e-3, 1e-4, 1e-5];
    // A ReLU is linear in each parameter between two steps only as long as the others are: look at the whole stencil.
    let signs = moved(case, direction, 0.0).1;
    let is_smooth = |step: &f64| {
        let stencil = [1.0, 0.5, 0.25].into_iter().flat_map(|part| [part * step, -part * step]);
        stencil.into_iter().all(|step| moved(case, direction, step).1 == signs)
    };
    let step = STEPS.into_iter().find(is_smooth)?;
    Some(central_each(|step| moved(case, direction, step).0, 0.0, step).map(|d| d.value))
}

/// The gradients of R, D, C and of the objective.
fn gradients(case: &Case) -> [Vec<f64>; 4] {
    let at = |lambda, gamma| case.gradient_at(Multipliers::new(lambda, gamma).expect("valid")).1;
    let less = |a: Vec<f64>, b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
    let rate = at(0.0, 0.0);
    let (distortion, classification) = (less(at(1.0, 0.0), &rate), less(at(0.0, 1.0), &rate));
    [rate, distortion, classification, case.gradient_at(case.at).1]
}

/// Along `direction`: slopes by the gradients and by the tangent against differences; `None` at a kink.
fn check_direction(case: &Case, gradients: &[Vec<f64>; 4], direction: &[f64]) -> Option<()> {
    let expected = differences(case, direction)?;
    let (values, tangents) =
        case.engine().tangent(&case.parameters, direction, &case.batch()).expect("a tangent");
    let objective = values.objective(case.at).abs();
    let by_tangent = [
        tangents.rate,
        tangents.distortion,
        tangents.classification,
        tangents.rate + case.at.lambda() * tangents.distortion + case.at.gamma() * tangents.classification,
    ];
    for (part, gradient) in gradients.iter().enumerate() {
        // The bound asked for: 1e-6 of the slope and 1e-9 of the objective (and of D, which may outweigh it).
        let atol = 1e-9 * (objective + values.distortion.abs());
        let by_gradient = dot(gradient, direction);
        assert_close!(by_gradient, expected[part], rtol = 1e-6, atol = atol, "part {part} of {case:?}");
        // Both are exact: sums of some thousand products, in two orders, of sizes up to |gradient|.
        let rounding = 1e-13 * (norm(gradient) + objective + values.distortion.abs());
        assert_close!(
            by_gradient,
            by_tangent[part],
            rtol = 1e-12,
            atol = rounding,
            "part {part} of {case:?}"
        );
    }
    Some(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tier::cases(48, 1000)))]

    #[test]
    fn gradients_and_tangents_are_those_of_central_differences(case in cases(EVERY), seed in any::<u64>()) {
        let gradients = gradients(&case);
        prop_assume!(check_direction(&case, &gradients, &case.direction(seed)).is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tier::cases(12, 200)))]

    #[test]
    fn every_parameter_has_the_gradient_of_central_differences(case in cases(EVERY)) {
        // A batch of few inputs: each parameter costs seven passes.
        let case = Case::new(case.architecture, [case.n_inputs.min(5), case.n_samples],
            [case.at.lambda(), case.at.gamma()], 7);
        let [.., gradient] = gradients(&case);
        let (mut found, mut expected) = (Vec::new(), Vec::new());
        for index in 0..case.parameters.len() {
            let mut unit = vec![0.0; case.parameters.len()];
            unit[index] = 1.0;
            if let Some([.., difference]) = differences(&case, &unit) {
                found.push(gradient[index]);
                expected.push(difference);
            }
        }
        // Kinks are rare.
        prop_assert!(10 * found.len() >= 8 * gradient.len(), "{} of {}", found.len(), gradient.len());
        let (objective, difference) = (case.gradient_at(case.at).0.objective(case.at), distance(&found, &expected));
        prop_assert!(difference <= 1e-6 * norm(&expected) + 1e-9 * objective.abs(), "{difference:e}");
    }

    #[test]
    fn no_parameter_is_without_a_gradient(case in cases(SMOOTH)) {
        // Smooth functions of random numbers: no derivative is zero by chance, nor one of another by rounding.
        let at = [case.at.lambda() + 0.1, case.at.gamma() + 0.1];
        let case = Case::new(case.architecture, [case.n_inputs, case.n_samples], at, 3);
        let gradient = case.gradient_at(case.at).1;
        let one_class = case.architecture.classes() == 1;
        for place in crate::parameters::places(&case.architecture) {
            // With a single class C is zero, whatever the logits.
            let flat = one_class && place.name.starts_with("classifier");
            prop_assert!(gradient[place.range()].iter().all(|&g| (g == 0.0) == flat), "{}", place.name);
        }
    }
}

#[test]
fn the_gradients_of_two_halves_are_that_of_the_whole_by_their_weights() {
    let architecture = Architecture::fully_connected(5, &[4], 2, 3, Likelihood::Bernoulli).expect("it fits");
    let case = Case::new(architecture, [70, 2], [0.7, 1.3], 5);
    let with_weights = |weights: Vec<f64>| Case { weights, ..case.clone() }.gradient_at(case.at);
    let of =
        |half: bool| with_weights((0..70).map(|i| if (i % 2 == 0) == half { 1.0 } else { 0.0 }).collect());
    let ((first, first_gradient), (second, second_gradient)) = (of(true), of(false));
    // A mixture: three quarters of the even ones, a quarter of the odd ones. The scale of the weights does not count.
    let (mixed, mixed_gradient) =
        with_weights((0..70).map(|i| if i % 2 == 0 { 30.0 } else { 10.0 }).collect());
    let mix = |a: f64, b: f64| 0.75 * a + 0.25 * b;
    // Sums of seventy terms in f64.
    assert_close!(mixed.rate, mix(first.rate, second.rate), rtol = 1e-13, atol = 0.0);
    assert_close!(mixed.distortion, mix(first.distortion, second.distortion), rtol = 1e-13, atol = 0.0);
    assert_close!(
        mixed.classification,
        mix(first.classification, second.classification),
        rtol = 1e-13,
        atol = 0.0
    );
    for (&found, (&a, &b)) in mixed_gradient.iter().zip(first_gradient.iter().zip(&second_gradient)) {
        assert_close!(found, mix(a, b), rtol = 1e-12, atol = 1e-14);
    }
}
