//! Gauss-Legendre quadrature of solved quantities, in panels that are halved until they agree.

/// The nodes and weights of Gauss-Legendre quadrature on `[-1, 1]`, exact for polynomials of degree `2 n - 1`. The nodes
/// are the roots of the Legendre polynomial `P_n`, by Newton's method from Tricomi's approximation (Abramowitz and
/// Stegun, 22.16.6); the weights are `2 / ((1 - x^2) P_n'(x)^2)` (25.4.29).
pub fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let order = n as f64;
    let node = |k: usize| {
        let mut x = (std::f64::consts::PI * (k as f64 + 0.75) / (order + 0.5)).cos();
        let mut slope = 1.0;
        // The start is good to 1e-3 and Newton's method doubles the digits: four steps are ample.
        for _ in 0..6 {
            let (mut before, mut value) = (1.0, x);
            for degree in 1..n {
                let degree = degree as f64;
                (before, value) =
                    (value, ((2.0 * degree + 1.0) * x * value - degree * before) / (degree + 1.0));
            }
            slope = order * (x * value - before) / (x * x - 1.0);
            x -= value / slope;
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..n).map(node).collect()
}

/// An integral, the integral of the size of its terms, and its error.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Integral {
    pub(super) value: f64,
    pub(super) size: f64,
    pub(super) error: f64,
    pub(super) evaluations: usize,
}

/// Integrates over `[from, to]` a function that returns its value and the size of its terms. A panel whose two halves
/// disagree with the whole by more than `tolerance` times the integral of the size is halved, `depth` times at most.
pub(super) fn integrate<E>(
    f: &mut impl FnMut(f64) -> Result<[f64; 2], E>,
    [from, to]: [f64; 2],
    rule: &[(f64, f64)],
    tolerance: f64,
    depth: u32,
) -> Result<Integral, E> {
    let whole = panel(f, [from, to], rule)?;
    let mut integral = refine(f, [from, to], whole, rule, tolerance, depth)?;
    integral.evaluations += rule.len();
    Ok(integral)
}

fn panel<E>(
    f: &mut impl FnMut(f64) -> Result<[f64; 2], E>,
    [from, to]: [f64; 2],
    rule: &[(f64, f64)],
) -> Result<[f64; 2], E> {
    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
    let mut sums = [0.0; 2];
    for (node, weight) in rule {
        let [value, size] = f(middle + half * node)?;
        sums[0] += weight * half * value;
        sums[1] += weight * half * size;
    }
    Ok(sums)
}

fn refine<E>(
    f: &mut impl FnMut(f64) -> Result<[f64; 2], E>,
    [from, to]: [f64; 2],
    whole: [f64; 2],
    rule: &[(f64, f64)],
    tolerance: f64,
    depth: u32,
) -> Result<Integral, E> {
    let middle = 0.5 * (from + to);
    let (left, right) = (panel(f, [from, middle], rule)?, panel(f, [middle, to], rule)?);
    let (value, size) = (left[0] + right[0], left[1] + right[1]);
    let error = (value - whole[0]).abs();
    let mut integral = Integral { value, size, error, evaluations: 2 * rule.len() };
    if error > tolerance * size && depth > 0 {
        let one = refine(f, [from, middle], left, rule, tolerance, depth - 1)?;
        let other = refine(f, [middle, to], right, rule, tolerance, depth - 1)?;
        integral.value = one.value + other.value;
        integral.size = one.size + other.size;
        integral.error = one.error + other.error;
        integral.evaluations += one.evaluations + other.evaluations;
    }
    Ok(integral)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use carnot_testkit::assert_close;

    use super::{gauss_legendre, integrate};

    #[test]
    fn the_rule_is_exact_up_to_degree_2n_minus_1_and_no_further() {
        for n in 1..=20 {
            let rule = gauss_legendre(n);
            let moment = |degree: i32| rule.iter().map(|(x, weight)| weight * x.powi(degree)).sum::<f64>();
            for degree in 0..2 * n as i32 {
                let exact = if degree % 2 == 0 { 2.0 / f64::from(degree + 1) } else { 0.0 };
                // Rounding of n terms of size one.
                assert_close!(moment(degree), exact, rtol = 1e-14, atol = 1e-14, "{n} nodes, x^{degree}");
            }
            // The error of x^(2n) is known in closed form and far above rounding for few nodes.
            if n <= 8 {
                let off = 2.0 / f64::from(2 * n as i32 + 1) - moment(2 * n as i32);
                assert!(off > 1e-9, "{n} nodes are exact for x^{}", 2 * n);
            }
        }
    }

    #[test]
    fn panels_are_halved_where_they_must_be_and_the_error_is_honest() {
        let rule = gauss_legendre(6);
        let mut smooth = |x: f64| Ok::<_, Infallible>([x.exp(), x.exp()]);
        let integral = integrate(&mut smooth, [0.0, 1.0], &rule, 1e-12, 20).expect("no errors");
        assert_close!(integral.value, 1f64.exp() - 1.0, rtol = 1e-14, atol = 0.0);
        assert_eq!(integral.evaluations, 18);
        let mut kink = |x: f64| Ok::<_, Infallible>([(x - 0.3).abs(), (x - 0.3).abs()]);
        let integral = integrate(&mut kink, [0.0, 1.0], &rule, 1e-12, 5).expect("no errors");
        let off = (integral.value - (0.09 + 0.49) / 2.0).abs();
        assert!(off > 1e-9 && off < 2.0 * integral.error, "{off} against {}", integral.error);
    }
}
