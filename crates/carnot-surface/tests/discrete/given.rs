//! Given tables: the Gibbs system, and a marginal or a classifier that is given, each against independent methods.

use carnot_info::{Channel, Distribution};
use carnot_surface::{Certificate, DiscreteSystem, GibbsSystem, Response, Responsive, System};
use carnot_testkit::finite_difference::central_each;
use carnot_testkit::strategies::{convex_multipliers, discrete_problem, log_uniform, probabilities};
use carnot_testkit::{DiscreteProblem, assert_close, tier};
use proptest::prelude::*;

use crate::{at, for_draws, joint_of, solve, system_of, table};

/// A problem with a marginal and a classifier, all of whose entries are positive.
pub(crate) fn given() -> impl Strategy<Value = (DiscreteProblem, Vec<f64>, Vec<f64>)> {
    discrete_problem(1..=8, 1..=4, 1..=8).prop_flat_map(|problem| {
        let rows = prop::collection::vec(probabilities(problem.n_y), problem.n_z);
        let smooth = |p: &[f64]| -> Vec<f64> { p.iter().map(|q| 0.9 * q + 0.1 / p.len() as f64).collect() };
        (probabilities(problem.n_z), rows, Just(problem)).prop_map(move |(marginal, rows, problem)| {
            (problem, smooth(&marginal), rows.iter().flat_map(|row| smooth(row)).collect())
        })
    })
}

pub(crate) fn distribution(p: &[f64]) -> Distribution {
    Distribution::from_weights(p.to_vec()).expect("a distribution")
}

pub(crate) fn channel(n_rows: usize, entries: &[f64]) -> Channel {
    Channel::from_weights(table(n_rows, entries)).expect("a channel")
}

/// `ln e(z|x)` and `ln Z_x` of the Gibbs encoder of `m` and `c`, by hand; forbidden pairs are `-inf`.
fn gibbs(problem: &DiscreteProblem, m: &[f64], c: &[f64], lambda: f64, gamma: f64) -> (Vec<f64>, Vec<f64>) {
    let (n_y, n_z) = (problem.n_y, problem.n_z);
    let labels = problem.labels();
    let (mut encoder, mut partition) = (Vec::new(), Vec::new());
    for x in 0..problem.n_x {
        let exponent = |z: usize| -> f64 {
            let rho = problem.distortion[x * n_z + z];
            let said = (0..n_y).filter(|y| labels[x * n_y + y] > 0.0);
            let said: f64 = said.map(|y| labels[x * n_y + y] * c[z * n_y + y].ln()).sum();
            if rho == f64::INFINITY { -rho } else { m[z].ln() - lambda * rho + gamma * said }
        };
        let exponents: Vec<f64> = (0..n_z).map(exponent).collect();
        let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total = largest + exponents.iter().map(|e| (e - largest).exp()).sum::<f64>().ln();
        encoder.extend(exponents.iter().map(|e| e - total));
        partition.push(total);
    }
    (encoder, partition)
}

/// The joint distribution `q(z, y)` of an encoder given by its logarithm.
fn label_joint(problem: &DiscreteProblem, log_encoder: &[f64]) -> Vec<f64> {
    let (n_y, n_z) = (problem.n_y, problem.n_z);
    let mut joint = vec![0.0; n_z * n_y];
    for x in 0..problem.n_x {
        for z in 0..n_z {
            for y in 0..n_y {
                joint[z * n_y + y] += problem.joint[x * n_y + y] * log_encoder[x * n_z + z].exp();
            }
        }
    }
    joint
}

/// F after `updates` alternations over the tables that are free, from `m` and `c`.
pub(crate) fn alternated(
    problem: &DiscreteProblem,
    (mut m, mut c): (Vec<f64>, Vec<f64>),
    free: [bool; 2],
    (lambda, gamma): (f64, f64),
    updates: usize,
) -> f64 {
    let n_y = problem.n_y;
    for _ in 0..updates {
        let joint = label_joint(problem, &gibbs(problem, &m, &c, lambda, gamma).0);
        for (z, row) in joint.chunks(n_y).enumerate() {
            let weight: f64 = row.iter().sum();
            if free[0] {
                m[z] = weight.max(1e-300);
            }
            if free[1] && weight > 1e-290 {
                let next = row.iter().map(|q| (q / weight).max(1e-300));
                c[z * n_y..][..n_y].iter_mut().zip(next).for_each(|(c, next)| *c = next);
            }
        }
    }
    let partition = gibbs(problem, &m, &c, lambda, gamma).1;
    -problem
        .source()
        .iter()
        .zip(partition)
        .filter(|(p, _)| **p > 0.0)
        .map(|(p, log_z)| p * log_z)
        .sum::<f64>()
}

/// The response against differences of the re-solved D and C; `false` where letters change within the stencil.
fn matches_differences<S>(system: &S, place: (f64, f64), support: impl Fn(&S::State) -> Vec<usize>) -> bool
where
    S: Responsive<Rdc = carnot_surface::Rdc>,
{
    let (lambda, gamma) = place;
    let found = solve(system, at(lambda, gamma));
    let Response { distortion_lambda: s11, cross: s12, classification_gamma: s22, .. } =
        system.response(&found).expect("a response");
    let size = s11.abs().max(s12.abs()).max(s22.abs());
    let step = 1e-3;
    let here = support(&found.state);
    let ends = [(1.0 + step, 1.0), (1.0 - step, 1.0), (1.0, 1.0 + step), (1.0, 1.0 - step)];
    if ends.iter().any(|(l, g)| support(&solve(system, at(l * lambda, g * gamma)).state) != here) {
        return false;
    }
    let losses = |lambda: f64, gamma: f64| {
        let rdc = solve(system, at(lambda, gamma)).rdc;
        [rdc.distortion, rdc.classification]
    };
    let by_lambda = central_each(|lambda| losses(lambda, gamma), lambda, step * lambda);
    let by_gamma = central_each(|gamma| losses(lambda, gamma), gamma, step * gamma);
    let residual = match found.certificate {
        Certificate::Bound { residual, .. } => residual.max(f64::EPSILON),
        _ => f64::EPSILON,
    };
    let losses = found.rdc.distortion + found.rdc.classification;
    let noise = residual * losses / (step * lambda.min(gamma));
    let pairs = [(by_lambda[0], s11), (by_lambda[1], s12), (by_gamma[0], s12), (by_gamma[1], s22)];
    for (measured, entry) in pairs {
        // 1e-5 of the response, what the differences say of themselves, and the solver's noise over the step: the letters
        // are off by about the residual, in units of the losses.
        let allowed = 1e-5 * size + 10.0 * measured.error + noise;
        assert_close!(measured.value, entry, 0.0, allowed, "{measured:?} at {place:?}, size {size:e}");
    }
    true
}

#[test]
fn the_gibbs_system_is_the_distribution_of_gibbs() {
    let strategy = (given(), convex_multipliers(), log_uniform(0.1, 10.0));
    for_draws(tier::cases(64, 1000), &strategy, |draw, ((problem, m, c), (lambda, _), gamma)| {
        let distortion = table(problem.n_x, &problem.distortion);
        let classifier = channel(problem.n_z, &c);
        let system = GibbsSystem::new(&joint_of(&problem), &distribution(&m), distortion.view(), &classifier)
            .expect("a system");
        let found = solve(&system, at(lambda, gamma));
        assert_eq!(found.certificate, Certificate::ClosedForm);
        // F = -E ln Z, and D = E rho of the encoder.
        let (log_encoder, partition) = gibbs(&problem, &m, &c, lambda, gamma);
        let source = problem.source();
        let exact: f64 = source.iter().zip(&partition).filter(|(p, _)| **p > 0.0).map(|(p, z)| -p * z).sum();
        // Sums of 64 terms.
        assert_close!(found.free_energy(), exact, 1e-12, 1e-13, "draw {draw}");
        let mean: f64 = (0..log_encoder.len())
            .filter(|&i| log_encoder[i] > f64::NEG_INFINITY)
            .map(|i| source[i / problem.n_z] * log_encoder[i].exp() * problem.distortion[i])
            .sum();
        assert_close!(found.rdc.distortion, mean, 1e-11, 1e-13, "draw {draw}");
        assert!(matches_differences(&system, (lambda, gamma), |_| Vec::new()));
    });
}

#[test]
fn a_decoder_is_a_distortion_in_nats() {
    let source = crate::joint(2, &[0.3, 0.2, 0.1, 0.4]);
    let decoder = [0.9, 0.1, 0.25, 0.75, 1.0, 0.0];
    let (marginal, classifier) =
        (distribution(&[0.5, 0.3, 0.2]), channel(3, &[0.6, 0.4, 0.2, 0.8, 0.5, 0.5]));
    let system = GibbsSystem::from_decoder(&source, &marginal, &channel(3, &decoder), &classifier);
    let nats: Vec<f64> = [0.9, 0.25, 1.0, 0.1, 0.75, 0.0].map(|d: f64| d.ln().abs()).to_vec();
    let by_hand = GibbsSystem::new(&source, &marginal, table(2, &nats).view(), &classifier);
    let place = at(0.7, 1.3);
    let (one, other) = (solve(&system.expect("a system"), place), solve(&by_hand.expect("a system"), place));
    assert_eq!(one.rdc, other.rdc);
    assert!(one.rdc.distortion.is_finite());
}

#[test]
fn a_given_table_is_held_and_the_other_minimised() {
    let (mut differences, mut left_out) = (0, 0);
    let strategy = (given(), log_uniform(1e-2, 1e2), 0.02..0.98f64);
    for_draws(tier::cases(64, 1000), &strategy, |draw, ((problem, m, c), lambda, gamma)| {
        let free = system_of(&problem);
        let (marginal, classifier) = (distribution(&m), channel(problem.n_z, &c));
        let with_marginal = free.clone().with_marginal(&marginal).expect("a system");
        let with_classifier = free.with_classifier(&classifier).expect("a system");
        for (system, is_free) in [(with_marginal, [false, true]), (with_classifier, [true, false])] {
            let found = solve(&system, at(lambda, gamma));
            let scale = found.free_energy().abs().max(1.0);
            let Certificate::Bound { gap, residual } = found.certificate else {
                panic!("draw {draw}: no bound")
            };
            assert!(
                (0.0..=1e-10 * scale).contains(&gap) && residual <= 1e-12,
                "draw {draw}: {gap} {residual}"
            );
            let given = |table: &[f64], held: &[f64], what: &str| {
                for (found, held) in table.iter().zip(held) {
                    assert_close!(*found, *held, 1e-13, 0.0, "draw {draw}: {what}");
                }
            };
            if is_free[0] {
                given(&found.state.classifier().table().iter().copied().collect::<Vec<_>>(), &c, "c");
            } else {
                given(&found.state.marginal().probabilities().to_vec(), &m, "m");
            }
            // The alternation from the same tables comes from above, after n updates by at most the divergence of its start
            // from the optimum over n (Csiszar and Tusnady 1984): here at most -ln of the smallest entry.
            let updates = 3000;
            let plain = alternated(&problem, (m.clone(), c.clone()), is_free, (lambda, gamma), updates);
            let smallest = m.iter().chain(&c).copied().fold(1.0, f64::min);
            let above = plain - found.free_energy();
            let most = -smallest.ln() / updates as f64 + 1e-12 * scale;
            assert!(
                (-1e-12 * scale..=most).contains(&above),
                "draw {draw}: {above:e} above, at most {most:e}"
            );
            let matches = matches_differences(&system, (lambda, gamma), |state| state.support());
            differences += u32::from(matches);
            left_out += u32::from(!matches);
        }
    });
    println!("{differences} responses measured, {left_out} left out");
    assert!(differences > 10 * left_out);
}

#[test]
fn a_given_classifier_is_convex_at_every_gamma() {
    for_draws(tier::cases(24, 300), &(given(), log_uniform(1.0, 50.0)), |draw, ((problem, m, c), gamma)| {
        let system = system_of(&problem).with_classifier(&channel(problem.n_z, &c)).expect("a system");
        assert!(system.is_convex(at(1.0, gamma)));
        let found = solve(&system, at(1.0, gamma));
        let plain = alternated(&problem, (m, c), [true, false], (1.0, gamma), 3000);
        let scale = found.free_energy().abs().max(1.0);
        assert!(matches!(found.certificate, Certificate::Bound { gap, .. } if gap <= 1e-10 * scale));
        assert!(found.free_energy() <= plain + 1e-12 * scale, "draw {draw}");
    });
}

#[test]
fn both_given_is_a_gibbs_system() {
    for_draws(32, &(given(), convex_multipliers()), |draw, ((problem, m, c), (lambda, gamma))| {
        let (marginal, classifier) = (distribution(&m), channel(problem.n_z, &c));
        let distortion = table(problem.n_x, &problem.distortion);
        let gibbs = GibbsSystem::new(&joint_of(&problem), &marginal, distortion.view(), &classifier);
        let gibbs = gibbs.expect("a system");
        let both: DiscreteSystem = system_of(&problem)
            .with_marginal(&marginal)
            .and_then(|system| system.with_classifier(&classifier))
            .expect("a system");
        let (one, other) = (solve(&gibbs, at(lambda, gamma)), solve(&both, at(lambda, gamma)));
        let scale = one.free_energy().abs().max(1.0);
        assert_close!(one.free_energy(), other.free_energy(), 0.0, 1e-14 * scale, "draw {draw}");
        let responses = (gibbs.response(&one).expect("S"), both.response(&other).expect("S"));
        assert_eq!(responses.0, responses.1, "draw {draw}");
        assert!(gibbs.equilibrium(at(lambda, gamma), Some(&other.state)).is_ok());
    });
}

/// Labels that do not occur take their share of what letters say; a letter that says nothing else is of use to no input.
#[test]
fn a_given_classifier_may_speak_of_labels_that_do_not_occur() {
    let source = crate::joint(2, &[0.3, 0.2, 0.0, 0.1, 0.4, 0.0]);
    let rho = [1.0, 0.0, 0.2, 0.0, 1.0, 0.1];
    let said = [0.5, 0.25, 0.25, 0.2, 0.3, 0.5, 0.0, 0.0, 1.0];
    let (marginal, classifier) = (distribution(&[0.4, 0.4, 0.2]), channel(3, &said));
    let free = DiscreteSystem::new(&source, table(2, &rho).view()).expect("a system");
    let given = free.with_classifier(&classifier).expect("a system");
    let gibbs = GibbsSystem::new(&source, &marginal, table(2, &rho).view(), &classifier).expect("a system");
    let place = at(1.0, 0.5);
    let (found, closed) = (solve(&given, place), solve(&gibbs, place));
    let encoders = [given.encoder(&found).expect("an encoder"), {
        let both = given.clone().with_marginal(&marginal).expect("a system");
        both.encoder(&solve(&both, place)).expect("an encoder")
    }];
    for (encoder, (rdc, state)) in encoders.iter().zip([(found.rdc, found.state), (closed.rdc, closed.state)])
    {
        assert_eq!(state.classifier(), &classifier);
        let encoder = encoder.table();
        let classification: f64 = [(0, 0, 0.3), (0, 1, 0.2), (1, 0, 0.1), (1, 1, 0.4)]
            .iter()
            .flat_map(|&(x, y, p)| (0..2).map(move |z| -p * encoder[(x, z)] * said[3 * z + y].ln()))
            .sum();
        assert_close!(rdc.classification, classification, 1e-14, 0.0);
        assert_eq!((encoder[(0, 2)], encoder[(1, 2)]), (0.0, 0.0));
    }
}
