//! The solvers against dense decompositions, over random maps of all conditions and signs.

use std::convert::Infallible;

use carnot_testkit::assert_close;
use carnot_testkit::strategies::{log_uniform, signed};
use faer::prelude::Solve;
use faer::{Mat, Side};
use proptest::prelude::*;

use super::*;

/// A symmetric matrix with these eigenvalues, in the frame of a random matrix.
fn with_eigenvalues(values: &[f64], frame: &[f64]) -> Mat<f64> {
    let n = values.len();
    let q = Mat::from_fn(n, n, |i, j| frame[i * n + j] + f64::from(u8::from(i == j))).qr().compute_Q();
    let scaled = Mat::from_fn(n, n, |i, j| q[(i, j)] * values[j]);
    let matrix = &scaled * q.transpose();
    Mat::from_fn(n, n, |i, j| 0.5 * (matrix[(i, j)] + matrix[(j, i)]))
}

fn product(matrix: &Mat<f64>) -> impl FnMut(&[f64], &mut [f64]) -> Result<(), Infallible> + '_ {
    |x, out| {
        for (i, entry) in out.iter_mut().enumerate() {
            *entry = (0..x.len()).map(|j| matrix[(i, j)] * x[j]).sum();
        }
        Ok(())
    }
}

fn dense_solution(matrix: &Mat<f64>, b: &[f64]) -> Vec<f64> {
    let rhs = Mat::from_fn(b.len(), 1, |i, _| b[i]);
    let x = matrix.partial_piv_lu().solve(&rhs);
    (0..b.len()).map(|i| x[(i, 0)]).collect()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

const SIZE: usize = 12;

/// The residual is small enough, or as small as the rounding of products, some units of the map times the solution, allows;
/// and what is said of it is true up to the same.
fn check_residual(matrix: &Mat<f64>, b: &[f64], solved: &Solved, rtol: f64) -> Result<(), TestCaseError> {
    let mut image = vec![0.0; b.len()];
    product(matrix)(&solved.solution, &mut image).expect("a product");
    let (residual, rounding) = (distance(&image, b), 1e-15 * matrix.norm_l2() * norm(&solved.solution));
    prop_assert!(residual <= (rtol * norm(b)).max(10.0 * rounding), "{residual:e} {rounding:e}");
    prop_assert!((residual - solved.residual * norm(b)).abs() <= 10.0 * rounding);
    let may_stagnate = rounding >= 0.01 * rtol * norm(b);
    prop_assert!(solved.end == End::Converged || (solved.end == End::Stagnated && may_stagnate));
    Ok(())
}

/// As [`check_residual`], and the distance from the dense solution is that over the least eigenvalue.
fn check_solution(matrix: &Mat<f64>, b: &[f64], solved: &Solved, rtol: f64) -> Result<(), TestCaseError> {
    check_residual(matrix, b, solved, rtol)?;
    let eigen = matrix.self_adjoint_eigenvalues(Side::Lower).expect("eigenvalues");
    let least = eigen.iter().fold(f64::INFINITY, |least, value| least.min(value.abs()));
    let expected = dense_solution(matrix, b);
    let rounding = 1e-14 * matrix.norm_l2() * norm(&expected);
    let off = distance(&solved.solution, &expected);
    prop_assert!(off <= (rtol * norm(b) + 2.0 * rounding) / least, "{off:e}");
    Ok(())
}

fn spectra() -> impl Strategy<Value = (Vec<f64>, Vec<f64>, Vec<f64>)> {
    (
        prop::collection::vec(log_uniform(1e-3, 1e3), SIZE),
        prop::collection::vec(-1.0..1.0_f64, SIZE * SIZE),
        signed(SIZE).prop_filter("a right side", |b| norm(b) > 1e-3),
    )
}

proptest! {
    #[test]
    fn conjugate_gradients_solve_what_is_positive_definite((values, frame, b) in spectra()) {
        let matrix = with_eigenvalues(&values, &frame);
        let limits = Limits { rtol: 1e-11, ..Limits::default() };
        let solved = conjugate_gradients(product(&matrix), &b, &limits).expect("solved");
        check_solution(&matrix, &b, &solved, 1e-11)?;
    }

    #[test]
    fn minimal_residuals_solve_whatever_the_signs((values, frame, b) in spectra(), signs in any::<[bool; SIZE]>()) {
        let signed = values.iter().zip(signs).map(|(v, negative)| if negative { -v } else { *v });
        let matrix = with_eigenvalues(&signed.collect::<Vec<_>>(), &frame);
        let limits = Limits { rtol: 1e-11, ..Limits::default() };
        let solved = minres(product(&matrix), &b, &limits).expect("solved");
        check_solution(&matrix, &b, &solved, 1e-11)?;
    }

    #[test]
    fn damping_is_added_to_the_map((values, frame, b) in spectra(), damping in log_uniform(1e-2, 1e2)) {
        let matrix = with_eigenvalues(&values, &frame);
        let damped = Mat::from_fn(SIZE, SIZE, |i, j| matrix[(i, j)] + if i == j { damping } else { 0.0 });
        let limits = Limits { rtol: 1e-11, damping, ..Limits::default() };
        let solved = conjugate_gradients(product(&matrix), &b, &limits).expect("solved");
        check_solution(&damped, &b, &solved, 1e-11)?;
        let solved = minres(product(&matrix), &b, &limits).expect("solved");
        check_solution(&damped, &b, &solved, 1e-11)?;
    }

    #[test]
    fn what_is_deflated_is_neither_asked_nor_answered((mut values, frame, b) in spectra(), null in 1..4_usize) {
        values[..null].fill(0.0);
        let matrix = with_eigenvalues(&values, &frame);
        let eigen = matrix.self_adjoint_eigen(Side::Lower).expect("eigenvalues");
        let vector = |k: usize| (0..SIZE).map(|i| eigen.U()[(i, k)]).collect::<Vec<_>>();
        let deflation = Deflation::span(SIZE, (0..null).map(vector));
        prop_assert_eq!(deflation.rank(), null);
        let limits = Limits { rtol: 1e-10, deflation: Some(&deflation), ..Limits::default() };
        let mut wanted = b.clone();
        deflation.keep_out(&mut wanted);
        for solved in [
            conjugate_gradients(product(&matrix), &b, &limits).expect("solved"),
            minres(product(&matrix), &b, &limits).expect("solved"),
        ] {
            check_residual(&matrix, &wanted, &solved, 1e-10)?;
            for k in 0..null {
                prop_assert!(dot(&vector(k), &solved.solution).abs() <= 1e-14 * norm(&solved.solution));
            }
        }
    }

    #[test]
    fn a_direction_of_negative_curvature_is_one((values, frame, b) in spectra(), negative in 0..SIZE) {
        let mut values = values;
        values[negative] = -values[negative];
        let matrix = with_eigenvalues(&values, &frame);
        let solved = conjugate_gradients(product(&matrix), &b, &Limits::default()).expect("no error");
        // Where b hardly has the negative direction it may not be met before the residual is small enough.
        if let End::NegativeCurvature { direction, curvature } = &solved.end {
            let mut image = vec![0.0; SIZE];
            product(&matrix)(direction, &mut image).expect("a product");
            prop_assert!(*curvature <= 0.0);
            prop_assert!((dot(direction, &image) - curvature).abs() <= 1e-10 * 1e3);
            prop_assert!((norm(direction) - 1.0).abs() <= 1e-12);
        } else {
            prop_assert!(matches!(solved.end, End::Converged | End::Stagnated));
        }
    }

    #[test]
    fn within_a_radius_the_model_falls_up_to_it((values, frame, b) in spectra(), part in 0.01..2.0_f64) {
        let matrix = with_eigenvalues(&values, &frame);
        let whole = conjugate_gradients(product(&matrix), &b, &Limits::default()).expect("solved");
        let radius = part * norm(&whole.solution);
        let solved = within_radius(product(&matrix), &b, radius, &Limits::default()).expect("solved");
        prop_assert!(norm(&solved.solution) <= radius * (1.0 + 1e-12));
        let outside = part < 1.0 - 1e-9;
        prop_assert_eq!(solved.end == End::Boundary, outside, "{:?}", solved.end);
        if outside {
            prop_assert!((norm(&solved.solution) / radius - 1.0).abs() <= 1e-10);
            // At least as low as the point of steepest descent on the way: along b to the radius or the minimum.
            let model = |x: &[f64]| {
                let mut image = vec![0.0; SIZE];
                product(&matrix)(x, &mut image).expect("a product");
                0.5 * dot(x, &image) - dot(&b, x)
            };
            let mut image = vec![0.0; SIZE];
            product(&matrix)(&b, &mut image).expect("a product");
            let step = (dot(&b, &b) / dot(&b, &image)).min(radius / norm(&b));
            let cauchy: Vec<f64> = b.iter().map(|entry| step * entry).collect();
            let (found, least) = (model(&solved.solution), model(&cauchy));
            prop_assert!(found <= least + 1e-10 * least.abs());
        }
    }

    #[test]
    fn lowest_eigenvalues_are_those_of_the_matrix((values, frame, _) in spectra(), signs in any::<[bool; SIZE]>(), count in 1..=SIZE) {
        let signed = values.iter().zip(signs).map(|(v, negative)| if negative { -v } else { *v });
        let matrix = with_eigenvalues(&signed.collect::<Vec<_>>(), &frame);
        let eigen = matrix.self_adjoint_eigenvalues(Side::Lower).expect("eigenvalues");
        let limits = Limits { rtol: 1e-10, ..Limits::default() };
        let found = lowest_eigenvalues(product(&matrix), SIZE, count, 7, &limits).expect("eigenvalues");
        prop_assert_eq!(found.values.len(), count);
        for (k, value) in found.values.iter().enumerate() {
            prop_assert!((value - eigen[k]).abs() <= 1e-10 * 2e3, "{k}: {value} and {}", eigen[k]);
            let mut image = vec![0.0; SIZE];
            product(&matrix)(&found.vectors[k], &mut image).expect("a product");
            add_scaled(-value, &found.vectors[k], &mut image);
            prop_assert!(norm(&image) <= found.residuals[k] + 1e-11 * 1e3);
        }
    }
}

#[test]
fn an_eigenvalue_of_the_whole_space_is_found_as_often_as_asked() {
    let matrix = Mat::<f64>::identity(5, 5);
    let limits = Limits::default();
    let found = lowest_eigenvalues(product(&matrix), 5, 3, 1, &limits).expect("eigenvalues");
    for value in &found.values {
        assert_close!(*value, 1.0, rtol = 1e-14, atol = 0.0);
    }
    assert_close!(dot(&found.vectors[0], &found.vectors[2]), 0.0, rtol = 0.0, atol = 1e-14);
}

#[test]
fn a_right_side_out_of_reach_leaves_its_own_part_as_the_residual() {
    // [1, 0] is in the range of diag(1, 0), [0, 1] is not.
    let map = |x: &[f64], out: &mut [f64]| -> Result<(), Infallible> {
        out.copy_from_slice(&[x[0], 0.0]);
        Ok(())
    };
    let solved = minres(map, &[3.0, 4.0], &Limits::default()).expect("an answer");
    assert_eq!(solved.end, End::Stagnated);
    assert_close!(solved.residual, 0.8, rtol = 1e-12, atol = 0.0);
    assert_close!(solved.solution[0], 3.0, rtol = 1e-12, atol = 0.0);
}

#[test]
fn few_products_end_with_what_they_gave() {
    let matrix = with_eigenvalues(&[1e-3, 0.1, 1.0, 30.0, 500.0], &[0.3; 25]);
    let limits = Limits { most_products: 3, ..Limits::default() };
    for solved in [
        conjugate_gradients(product(&matrix), &[1.0; 5], &limits).expect("an answer"),
        minres(product(&matrix), &[1.0; 5], &limits).expect("an answer"),
    ] {
        assert_eq!(solved.end, End::Products);
        assert!(solved.products <= 4 && solved.residual > 1e-12, "{solved:?}");
    }
}

#[test]
fn nothing_is_solved_by_nothing() {
    let matrix = Mat::<f64>::identity(3, 3);
    for solved in [
        conjugate_gradients(product(&matrix), &[0.0; 3], &Limits::default()).expect("an answer"),
        minres(product(&matrix), &[0.0; 3], &Limits::default()).expect("an answer"),
    ] {
        assert_eq!((solved.solution, solved.residual, solved.products), (vec![0.0; 3], 0.0, 0));
    }
}

#[test]
fn what_is_wrong_is_named() {
    let matrix = Mat::<f64>::identity(2, 2);
    let solve = |b: &[f64], limits: &Limits<'_>| conjugate_gradients(product(&matrix), b, limits);
    assert!(matches!(
        solve(&[1.0, f64::NAN], &Limits::default()),
        Err(KrylovError::NotFinite { what: "the right side", index: 1, .. })
    ));
    let negative = Limits { damping: -1.0, ..Limits::default() };
    assert!(matches!(solve(&[1.0, 1.0], &negative), Err(KrylovError::Option { option: "damping", .. })));
    let deflation = Deflation::span(3, [vec![1.0, 0.0, 0.0]]);
    let foreign = Limits { deflation: Some(&deflation), ..Limits::default() };
    assert!(matches!(solve(&[1.0, 1.0], &foreign), Err(KrylovError::Length { found: 3, expected: 2, .. })));
    let broken = |_: &[f64], out: &mut [f64]| -> Result<(), Infallible> {
        out.copy_from_slice(&[1.0, f64::INFINITY]);
        Ok(())
    };
    assert!(matches!(
        minres(broken, &[1.0, 1.0], &Limits::default()),
        Err(KrylovError::NotFinite { what: "a product", index: 1, .. })
    ));
    let failing = |_: &[f64], _: &mut [f64]| Err("no product");
    assert!(matches!(
        minres(failing, &[1.0, 1.0], &Limits::default()),
        Err(KrylovError::Product { product: 0, source: "no product" })
    ));
    for count in [0, 3] {
        let none = lowest_eigenvalues(product(&matrix), 2, count, 0, &Limits::default());
        assert!(matches!(none, Err(KrylovError::Option { option: "count", .. })));
    }
    let radius = within_radius(product(&matrix), &[1.0, 1.0], 0.0, &Limits::default());
    assert!(matches!(radius, Err(KrylovError::Option { option: "radius", .. })));
}
