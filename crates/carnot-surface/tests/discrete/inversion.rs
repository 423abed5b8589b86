//! The multipliers of wanted observables.

use carnot_surface::{
    DiscreteSystem, Inversion, InversionError, InversionOptions, Observable, Observables, Responsive,
    Solution, Target, Unattainable, solve_for,
};
use carnot_testkit::closed_forms::{erasure, label_noise, uniform_hamming};
use carnot_testkit::{assert_close, tier};

use Observable::{Classification, Distortion, Rate};

use crate::theory::{two_tasks, warm_multipliers};
use crate::{bottleneck_of, for_draws, rate_distortion, solve, system_of};

fn inverted(system: &DiscreteSystem, target: Target) -> Inversion<carnot_surface::DiscreteState> {
    solve_for(system, target, None, &InversionOptions::default()).expect("an inversion").inversion
}

fn unique(system: &DiscreteSystem, target: Target) -> Solution<carnot_surface::DiscreteState> {
    match inverted(system, target) {
        Inversion::Unique(solution) => solution,
        other => panic!("{target:?}: {other:?}"),
    }
}

#[test]
fn a_tenth_of_the_bits_wrong_costs_ln_nine() {
    for p in [0.5, 0.2] {
        let system = rate_distortion(&[p, 1.0 - p], &uniform_hamming::table(2));
        let target = Target::AtGamma { gamma: 0.0, observable: Distortion, value: 0.1 };
        let found = unique(&system, target);
        // Half a unit in the last of ten digits, here and in the rates.
        assert_close!(found.multipliers().lambda(), 2.197_224_577_3, rtol = 0.0, atol = 0.5e-10);
        let rate = if p == 0.5 { 0.368_064_207_2 } else { 0.175_319_450_1 };
        assert_close!(found.rdc().rate, rate, rtol = 0.0, atol = 0.5e-10);
        // By the rate, from the other side.
        let target = Target::AtGamma { gamma: 0.0, observable: Rate, value: found.rdc().rate };
        assert_close!(unique(&system, target).rdc().distortion, 0.1, rtol = 0.0, atol = 1e-9);
    }
}

#[test]
fn what_was_solved_is_found_again() {
    let (mut kept, mut drawn) = (0, 0);
    for_draws(tier::cases(16, 200), &(two_tasks(), warm_multipliers()), |draw, (problem, place)| {
        drawn += 1;
        let system = system_of(&problem);
        let there = solve(&system, place);
        let rdc = there.rdc;
        let response = system.response(&there).expect("a response");
        let regular = response.condition(place) < 1e6;
        kept += u32::from(regular);
        let targets = [
            Target::DistortionClassification {
                distortion: rdc.distortion,
                classification: rdc.classification,
            },
            Target::RateClassification { rate: rdc.rate, classification: rdc.classification },
            Target::AtLambda {
                lambda: place.lambda(),
                observable: Classification,
                value: rdc.classification,
            },
            Target::AtGamma { gamma: place.gamma(), observable: Distortion, value: rdc.distortion },
        ];
        for (number, target) in targets.into_iter().enumerate() {
            // On a curve or a plateau pairs can be met in other ways; what is regular has one answer.
            if !regular {
                continue;
            }
            let found = unique(&system, target);
            for observable in [Rate, Distortion, Classification] {
                let (found, wanted) = (found.rdc().get(observable), rdc.get(observable));
                assert_close!(found, wanted, 0.0, 1e-9, "draw {draw}, target {number}, {observable}");
            }
        }
    });
    println!("{kept} of {drawn} draws regular");
    assert!(2 * kept >= drawn);
}

#[test]
fn inside_the_jump_of_the_erasure_problem_two_phases_coexist() {
    let p = [0.8, 0.2];
    let system = rate_distortion(&p, &erasure::table(2));
    for distortion in (1..40).map(|hundredths| 0.01 * f64::from(hundredths)) {
        let target = Target::AtGamma { gamma: 0.0, observable: Distortion, value: distortion };
        let Solution::Coexistence { multipliers, phases } = unique(&system, target) else {
            panic!("one phase")
        };
        assert_close!(multipliers.lambda(), 2f64.ln(), rtol = 0.0, atol = 1e-12);
        assert_eq!(phases.len(), 2);
        // The lever rule between D = .4 and D = 0, and R on the line between.
        assert_close!(phases[0].equilibrium.rdc.distortion, 0.4, rtol = 0.0, atol = 1e-9);
        assert_close!(phases[1].equilibrium.rdc.distortion, 0.0, rtol = 0.0, atol = 1e-9);
        assert_close!(phases[0].weight, distortion / 0.4, rtol = 0.0, atol = 1e-9);
        assert_close!(phases[0].weight + phases[1].weight, 1.0, rtol = 1e-14, atol = 0.0);
        let rate: f64 = phases.iter().map(|phase| phase.weight * phase.equilibrium.rdc.rate).sum();
        assert_close!(rate, erasure::rate(&p, distortion), rtol = 0.0, atol = 1e-9);
    }
    // On either side one phase.
    let target = Target::AtGamma { gamma: 0.0, observable: Distortion, value: 0.5 };
    let Solution::Point(found) = unique(&system, target) else { panic!("two phases") };
    assert_close!(found.multipliers.lambda(), erasure::multiplier(&p, 0.5), rtol = 1e-9, atol = 0.0);
}

#[test]
fn inside_the_jump_of_three_noisy_classes_two_phases_coexist() {
    let system = bottleneck_of(3, &label_noise::joint(3, 0.1), 4);
    let jump = label_noise::onset(3, 0.1);
    for share in [0.3, 0.7] {
        let value = 3f64.ln() - share * jump.jump.relevance;
        let target = Target::AtLambda { lambda: 0.0, observable: Classification, value };
        let Solution::Coexistence { multipliers, phases } = unique(&system, target) else {
            panic!("one phase")
        };
        assert_close!(multipliers.gamma(), jump.multiplier, rtol = 0.0, atol = 1e-9);
        assert_close!(multipliers.gamma(), 1.375_500_585_7, rtol = 0.0, atol = 1e-9);
        let weight = phases.iter().find(|phase| phase.equilibrium.rdc.rate > 1e-3).map(|phase| phase.weight);
        assert_close!(weight.expect("a phase that has learnt"), share, rtol = 0.0, atol = 1e-6);
    }
}

#[test]
fn what_cannot_be_had_is_said_with_its_range() {
    let system = rate_distortion(&[0.8, 0.2], &[0.1, 1.0, 1.0, 0.1]);
    for (observable, value, range) in [(Distortion, 0.05, [0.1, 0.28]), (Rate, 0.51, [0.0, 0.500_402_423_5])]
    {
        let target = Target::AtGamma { gamma: 0.0, observable, value };
        let found = inverted(&system, target);
        let Inversion::Unattainable(Unattainable { observable: named, target: wanted, lowest, highest }) =
            found
        else {
            panic!("{observable}: {found:?}")
        };
        assert_eq!((named, wanted), (observable, value));
        assert_close!(lowest.value, range[0], rtol = 0.0, atol = 1e-9);
        assert_close!(highest.value, range[1], rtol = 0.0, atol = 1e-9);
    }
    // More than the distortion of the best constant letter: the constraint does not bind.
    let target = Target::AtGamma { gamma: 0.0, observable: Distortion, value: 0.5 };
    let found = inverted(&system, target);
    let Inversion::Slack { solution, slack } = found else { panic!("{found:?}") };
    assert_eq!((solution.rdc().rate, slack), (0.0, vec![Distortion]));
    let target = Target::AtGamma { gamma: 0.0, observable: Distortion, value: f64::NAN };
    let error = solve_for(&system, target, None, &InversionOptions::default());
    assert!(matches!(error, Err(InversionError::Target { observable: Distortion, value }) if value.is_nan()));
}
