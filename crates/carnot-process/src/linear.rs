//! Three-dimensional vectors: everything linear that a process needs.

pub(crate) type Vector = [f64; 3];

pub(crate) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn norm(a: Vector) -> f64 {
    a[0].hypot(a[1]).hypot(a[2])
}

pub(crate) fn scale(a: Vector, factor: f64) -> Vector {
    a.map(|entry| factor * entry)
}

pub(crate) fn plus(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(crate) fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

pub(crate) fn unit(a: Vector) -> Option<Vector> {
    let length = norm(a);
    (length > 0.0 && length.is_finite()).then(|| scale(a, 1.0 / length))
}

/// Rows whose directions span less than this count as parallel: what rounding leaves of two rows that are.
const PARALLEL: f64 = 1e-14;

/// `x` with `rows x = right`, by Cramer's rule, which keeps a component that the rows fix at zero exactly there; `None` where
/// the rows do not determine it.
pub(crate) fn solve(rows: [Vector; 3], right: Vector) -> Option<Vector> {
    let lengths = rows.map(norm);
    let minors = [cross(rows[1], rows[2]), cross(rows[2], rows[0]), cross(rows[0], rows[1])];
    let determinant = dot(rows[0], minors[0]);
    let is_regular = determinant.abs() > PARALLEL * lengths[0] * lengths[1] * lengths[2];
    if !is_regular {
        return None;
    }
    let sum = plus(plus(scale(minors[0], right[0]), scale(minors[1], right[1])), scale(minors[2], right[2]));
    let x = scale(sum, 1.0 / determinant);
    x.iter().all(|entry| entry.is_finite()).then_some(x)
}

/// The unit vector that is orthogonal to both rows, on the side of `preferred`. A row of zeros demands nothing: then it is
/// the allowed direction closest to `preferred`. `None` where two rows are parallel, or where `preferred` is forbidden.
pub(crate) fn orthogonal(rows: [Vector; 2], preferred: Vector) -> Option<Vector> {
    let direction = match (unit(rows[0]), unit(rows[1])) {
        (Some(a), Some(b)) => {
            let direction = cross(a, b);
            if norm(direction) <= PARALLEL {
                return None;
            }
            unit(direction)?
        }
        (Some(a), None) | (None, Some(a)) => {
            let rest = plus(preferred, scale(a, -dot(a, preferred)));
            if norm(rest) <= PARALLEL * norm(preferred) {
                return None;
            }
            unit(rest)?
        }
        (None, None) => unit(preferred)?,
    };
    Some(if dot(direction, preferred) < 0.0 { scale(direction, -1.0) } else { direction })
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    #[test]
    fn cramer_solves_and_keeps_what_is_fixed() {
        let rows = [[2.0, 1.0, 0.5], [-1.0, 3.0, 0.2], [0.3, -0.7, 1.5]];
        let x = solve(rows, [1.0, -2.0, 0.4]).expect("regular");
        for (row, right) in rows.into_iter().zip([1.0, -2.0, 0.4]) {
            // A few roundings of numbers of order one.
            assert_close!(dot(row, x), right, rtol = 0.0, atol = 1e-14);
        }
        let fixed = solve([[0.3, 0.7, 0.1], [0.0, 0.0, 2.0], [1.0, 0.0, 0.0]], [0.5, 0.0, 0.0]);
        let fixed = fixed.expect("regular");
        assert_eq!((fixed[0], fixed[2]), (0.0, 0.0));
        assert_eq!(solve([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 0.0, 1.0]], [1.0; 3]), None);
    }

    #[test]
    fn the_orthogonal_direction_is_on_the_preferred_side() {
        let direction = orthogonal([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]], [-1.0, 0.0, 0.0]).expect("one");
        let half = 0.5f64.sqrt();
        assert_close!(direction[0], -half, rtol = 1e-15, atol = 0.0);
        assert_close!(direction[1], half, rtol = 1e-15, atol = 0.0);
        // Nothing is demanded: the preferred direction, as far as the other row allows it.
        assert_eq!(orthogonal([[0.0; 3], [0.0, 0.0, 1.0]], [0.0, 2.0, 5.0]), Some([0.0, 1.0, 0.0]));
        assert_eq!(orthogonal([[0.0; 3], [0.0, 1.0, 0.0]], [0.0, 2.0, 0.0]), None);
        assert_eq!(orthogonal([[1.0, 0.0, 0.0], [2.0, 0.0, 0.0]], [0.0, 1.0, 0.0]), None);
    }
}
