//! Products with second derivatives, against differences, against themselves, and in `f32`.

use carnot_testkit::tier;

use super::steps::large;
use super::*;
use crate::engine::Linearised;
use crate::objective::Differences;

/// The case with parameters moved by `step` along `direction`.
pub(super) fn moved(case: &Case, direction: &[f64], step: f64) -> Case {
    let parameters = case.parameters.iter().zip(direction).map(|(value, slope)| value + step * slope);
    Case { parameters: parameters.collect(), ..case.clone() }
}

/// The derivative at zero of a vector, from central differences with steps `h`, `h / 2` and `h / 4`, extrapolated twice.
pub(super) fn differentiate(f: impl Fn(f64) -> Vec<f64>, h: f64) -> Vec<f64> {
    let difference = |h: f64| -> Vec<f64> {
        let (above, below) = (f(h), f(-h));
        above.iter().zip(&below).map(|(above, below)| (above - below) / (2.0 * h)).collect()
    };
    let [coarse, middle, fine] = [h, h / 2.0, h / 4.0].map(difference);
    let extrapolated = coarse.iter().zip(&middle).zip(&fine).map(|((coarse, middle), fine)| {
        let once = [middle + (middle - coarse) / 3.0, fine + (fine - middle) / 3.0];
        once[1] + (once[1] - once[0]) / 15.0
    });
    extrapolated.collect()
}

/// A step along `direction` on whose whole stencil no ReLU changes its sign, if there is one.
pub(super) fn smooth_step(case: &Case, direction: &[f64]) -> Option<f64> {
    let signs = |step: f64| {
        let case = moved(case, direction, step);
        let mut engine = case.engine();
        engine.forward(&case.parameters, &case.batch()).expect("losses");
        let networks = [&engine.encoder, &engine.decoder, &engine.classifier];
        networks.into_iter().flat_map(|network| network.signs().collect::<Vec<_>>()).collect::<Vec<bool>>()
    };
    let here = signs(0.0);
    let is_smooth = |step: &f64| {
        [1.0, 0.5, 0.25].iter().all(|part| [1.0, -1.0].iter().all(|side| signs(side * part * step) == here))
    };
    [4e-3, 4e-4, 4e-5].into_iter().find(is_smooth)
}

pub(super) type Product =
    for<'e, 'a> fn(&'e mut Linearised<'a, f64>, &[f64]) -> Result<&'e [f64], ModelError>;

const HESSIAN: Product = |linearised, direction| linearised.hessian_product(direction);
pub(super) const GAUSS_NEWTON: Product = |linearised, direction| linearised.gauss_newton_product(direction);
pub(super) const FISHER: Product = |linearised, direction| linearised.fisher_product(direction);
const EACH: [Product; 3] = [HESSIAN, GAUSS_NEWTON, FISHER];

pub(super) fn product(case: &Case, which: Product, direction: &[f64]) -> Vec<f64> {
    let (mut engine, batch) = (case.engine(), case.batch());
    let mut linearised = engine.linearise(&case.parameters, &batch, case.at).expect("a gradient");
    which(&mut linearised, direction).expect("a product").to_vec()
}

/// The norm of the gradient and of the objective: what rounding is measured by.
fn scale(case: &Case) -> f64 {
    let (rdc, gradient) = case.gradient_at(case.at);
    norm(&gradient) + rdc.objective(case.at).abs()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tier::cases(48, 1000)))]

    #[test]
    fn a_product_is_the_difference_of_gradients(case in cases(EVERY), seed in any::<u64>()) {
        let direction = case.direction(seed);
        let step = smooth_step(&case, &direction);
        prop_assume!(step.is_some());
        let gradient = |step| moved(&case, &direction, step).gradient_at(case.at).1;
        let expected = differentiate(gradient, step.unwrap_or(f64::NAN));
        let found = product(&case, HESSIAN, &direction);
        // Truncation is of order h^6, 4e-15 at the largest step. Rounding is that of gradients, whose terms are as large as
        // their sum and the objective, over the smallest stencil, h / 2.
        let bound = 1e-9 * norm(&expected) + 1e-14 / step.unwrap_or(f64::NAN) * scale(&case);
        prop_assert!(distance(&found, &expected) <= bound, "{:e} > {bound:e}", distance(&found, &expected));
    }

    #[test]
    fn a_product_is_what_differences_say_it_is(case in cases(SMOOTH), seed in any::<u64>()) {
        let direction = case.direction(seed);
        let (mut engine, batch) = (case.engine(), case.batch());
        let objective = |parameters: &[f64], gradient: &mut [f64]| -> Result<f64, ModelError> {
            let (rdc, found) = engine.gradient(parameters, &batch, case.at)?;
            gradient.copy_from_slice(found);
            Ok(rdc.objective(case.at))
        };
        let differences = Differences::DEFAULT.hessian_product(objective, &case.parameters, &direction);
        let differences = differences.expect("a product");
        let exact = product(&case, HESSIAN, &direction);
        // The error told is an estimate, of noise that is a few roundings of gradients here.
        prop_assert!(distance(&differences.product, &exact) <= 3.0 * differences.error, "{differences:?}");
        prop_assert!(differences.error <= 1e-9 * scale(&case), "{differences:?} {:e}", scale(&case));
    }

    #[test]
    fn products_are_symmetric(case in cases(EVERY), seed in any::<u64>()) {
        let (u, v) = (case.direction(seed), case.direction(seed ^ 1));
        for which in EACH {
            let (of_u, of_v) = (product(&case, which, &u), product(&case, which, &v));
            // Sums of some thousand products each, in other orders, of terms up to the sizes that rounding is measured by.
            let bound = 1e-13 * (norm(&of_u) + norm(&of_v) + scale(&case));
            prop_assert!((dot(&u, &of_v) - dot(&v, &of_u)).abs() <= bound);
        }
    }

    #[test]
    fn a_product_in_f32_is_that_in_f64_to_its_rounding(case in cases(SMOOTH), seed in any::<u64>()) {
        let direction = case.direction(seed);
        let (inputs, noise) = (narrow(&case.inputs), narrow(&case.noise));
        let batch = Batch::new(&inputs, &case.labels, &noise).with_weights(&case.weights);
        let (parameters, narrowed) = (narrow(&case.parameters), narrow(&direction));
        let mut engine = case.engine::<f32>();
        let mut linearised = engine.linearise(&parameters, &batch, case.at).expect("a gradient");
        for (which, found) in [
            (HESSIAN, linearised.hessian_product(&narrowed).expect("a product").to_vec()),
            (GAUSS_NEWTON, linearised.gauss_newton_product(&narrowed).expect("a product").to_vec()),
            (FISHER, linearised.fisher_product(&narrowed).expect("a product").to_vec()),
        ] {
            let found: Vec<f64> = found.into_iter().map(f64::from).collect();
            let expected = product(&case, which, &direction);
            let difference = distance(&found, &expected);
            // As of gradients: parameters and inputs are rounded to 6e-8, times some tens; terms that cancel count as much as
            // the gradient and the objective.
            let bound = 1e-5 * norm(&expected) + 1e-6 * scale(&case);
            prop_assert!(difference <= bound, "{difference:e} > {bound:e}");
        }
    }
}

#[test]
fn a_product_does_not_depend_on_those_before_it() {
    let case = large(true);
    let (u, v) = (case.direction(1), case.direction(2));
    let (mut engine, batch) = (case.engine(), case.batch());
    let (rdc, gradient) = case.gradient_at(case.at);
    let mut linearised = engine.linearise(&case.parameters, &batch, case.at).expect("a gradient");
    for _ in 0..2 {
        for (which, direction) in
            [(HESSIAN, &u), (GAUSS_NEWTON, &v), (FISHER, &u), (HESSIAN, &v), (GAUSS_NEWTON, &u)]
        {
            let found = which(&mut linearised, direction).expect("a product");
            assert!(found == product(&case, which, direction));
        }
        assert_eq!(parts(&linearised.rdc()), parts(&rdc));
        assert!(linearised.gradient() == gradient);
    }
    assert!(matches!(linearised.hessian_product(&u[1..]), Err(ModelError::State { .. })));
    assert!(matches!(linearised.gauss_newton_product(&[]), Err(ModelError::State { .. })));
    assert!(engine.linearise(&case.parameters[1..], &batch, case.at).is_err());
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for learned in [false, true] {
        let case = large(learned);
        let direction = case.direction(3);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            let both = || EACH.map(|which| product(&case, which, &direction));
            pool.install(both).concat().into_iter().map(f64::to_bits).collect::<Vec<u64>>()
        };
        let one = run(1);
        for threads in [2, 8] {
            assert!(run(threads) == one, "{threads} threads");
        }
    }
}

#[test]
fn activations_that_are_flat_have_finite_products() {
    // Values that are one to the last place, or zero, have slopes that are zero.
    for activation in SMOOTH {
        let linear = |inputs, outputs| Layer::Linear { inputs, outputs };
        let two =
            |sizes: [usize; 3]| vec![linear(sizes[0], sizes[1]), *activation, linear(sizes[1], sizes[2])];
        let (up, down, head) = (two([3, 4, 2]), two([1, 4, 3]), two([1, 4, 2]));
        let architecture = Architecture::new(up, down, head, Likelihood::Bernoulli).expect("it fits");
        let mut case = Case::new(architecture, [3, 1], [1.0, 1.0], 1);
        // The first layer's weights and biases.
        case.parameters[..16].iter_mut().for_each(|value| *value *= 1e4);
        // The encoder's information is infinite where its variance vanishes.
        let products = [HESSIAN, GAUSS_NEWTON].map(|which| product(&case, which, &case.direction(1)));
        assert!(products.concat().iter().all(|value| value.is_finite()), "{activation:?}");
        assert!(norm(&products[0]) > 0.0);
    }
}
