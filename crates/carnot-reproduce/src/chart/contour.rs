//! Contours of a quantity on a grid, by marching squares.

/// Where a contour crosses an edge of the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Crossing {
    /// Column and row, with fractions.
    at: (f64, f64),
    /// Whether the edge leads to where there is no value: such a crossing bounds the grid or a hole.
    on_border: bool,
}

/// What is below a level by no more than this is at it: a plateau exactly at a level is not torn apart by rounding.
const ROUNDING: f64 = 1e-9;

/// A closed contour with the higher values on its left, columns running to the right and rows upwards.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Contour {
    crossings: Vec<Crossing>,
}

impl Contour {
    /// The points of the closed contour: column and row, with fractions.
    pub(super) fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.crossings.iter().map(|crossing| crossing.at)
    }

    /// The area inside in cells of the grid: positive around higher values, negative around lower ones.
    pub(super) fn area(&self) -> f64 {
        let next = self.points().skip(1).chain(self.points().take(1));
        0.5 * self.points().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>()
    }

    /// The parts of the contour where the quantity is at the level: what follows the border is left out.
    pub(super) fn lines(&self) -> Vec<Vec<(f64, f64)>> {
        let Some(start) = self.crossings.iter().position(|crossing| crossing.on_border) else {
            // Closed inside the grid.
            return vec![self.points().chain(self.points().take(1)).collect()];
        };
        let (end, begin) = self.crossings.split_at(start);
        let around: Vec<Crossing> = [begin, end].concat();
        let inner = around.split(|crossing| crossing.on_border);
        inner.filter(|line| line.len() > 1).map(|line| line.iter().map(|c| c.at).collect()).collect()
    }
}

/// The contours of `value` at `level` on a grid of `shape` = (columns, rows). Where `value` is NaN there is no value, and
/// none around the grid: the region at or above the level is closed off there.
pub(super) fn contours(
    (columns, rows): (usize, usize),
    value: impl Fn(usize, usize) -> f64,
    level: f64,
) -> Vec<Contour> {
    // A frame of points without value lies around the grid.
    let (width, height) = (columns + 2, rows + 2);
    let framed = |i: usize, j: usize| {
        let inside = (1..=columns).contains(&i) && (1..=rows).contains(&j);
        if inside { value(i - 1, j - 1) } else { f64::NAN }
    };
    // Each edge that is crossed has a number: that of its lower left point, doubled, plus one if it runs upwards.
    let mut next: Vec<Option<usize>> = vec![None; 2 * width * height];
    let mut crossings: Vec<Option<Crossing>> = vec![None; 2 * width * height];
    for (i, j) in (0..height - 1).flat_map(|j| (0..width - 1).map(move |i| (i, j))) {
        let corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)];
        let values = corners.map(|(i, j)| framed(i, j));
        // False for NaN.
        let inside = values.map(|v| v >= level - ROUNDING);
        let edges =
            [(i, j, 0), (i + 1, j, 1), (i, j + 1, 0), (i, j, 1)].map(|(i, j, k)| 2 * (j * width + i) + k);
        // A saddle is joined or parted by the mean of its corners, in the same way whatever the level.
        let joined = values.iter().sum::<f64>() >= 4.0 * level;
        for k in 0..4 {
            if !inside[k] || inside[(k + 1) % 4] {
                continue;
            }
            // Here the way around the cell leaves the region, and the contour enters the cell.
            crossings[edges[k]] =
                Some(crossing((corners[k], values[k]), (corners[(k + 1) % 4], values[(k + 1) % 4]), level));
            let mut entries =
                (1..4).map(|step| (k + step) % 4).filter(|&e| !inside[e] && inside[(e + 1) % 4]);
            let end = if joined { entries.next() } else { entries.next_back() };
            next[edges[k]] = end.map(|end| edges[end]);
        }
    }
    let mut contours = Vec::new();
    for start in 0..next.len() {
        let mut ring = Vec::new();
        let mut edge = start;
        while let Some(following) = next[edge].take() {
            ring.extend(crossings[edge]);
            edge = following;
        }
        if ring.len() > 2 {
            contours.push(Contour { crossings: ring });
        }
    }
    contours
}

/// The crossing between a point in the region and one outside.
fn crossing(inside: ((usize, usize), f64), outside: ((usize, usize), f64), level: f64) -> Crossing {
    // Back from the framed grid to the grid.
    let place = |(i, j): (usize, usize)| (i as f64 - 1.0, j as f64 - 1.0);
    let (a, b) = (place(inside.0), place(outside.0));
    if outside.1.is_nan() {
        return Crossing { at: a, on_border: true };
    }
    let t = ((inside.1 - level) / (inside.1 - outside.1)).clamp(0.0, 1.0);
    Crossing { at: (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)), on_border: false }
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    const SIZE: usize = 41;

    fn square_distance(column: usize, row: usize) -> f64 {
        let from_middle = |k: usize| k as f64 - 20.0;
        from_middle(column).powi(2) + from_middle(row).powi(2)
    }

    #[test]
    fn a_hill_and_a_hollow_have_their_areas_and_signs() {
        // A polygon in a circle of radius 10: corners off by up to h^2 f'' / 8 f' = 0.0125, where f is taken to be linear
        // along an edge, and sides of length up to one, off by up to 1 / 8r = 0.0125; both inwards: 2 * 0.025 / 10.
        let hollow = contours((SIZE, SIZE), square_distance, 100.0);
        let area = std::f64::consts::PI * 100.0;
        assert_eq!(hollow.len(), 2, "the border and the hollow");
        let areas: Vec<f64> = hollow.iter().map(Contour::area).collect();
        assert_close!(areas[0], 1600.0, rtol = 1e-12, atol = 0.0);
        assert_close!(areas[1], -area, rtol = 5e-3, atol = 0.0);
        let hill = contours((SIZE, SIZE), |i, j| -square_distance(i, j), -100.0);
        assert_eq!(hill.len(), 1);
        assert_close!(hill[0].area(), area, rtol = 5e-3, atol = 0.0);
        let lines = hill[0].lines();
        assert_eq!((lines.len(), lines[0].first()), (1, lines[0].last()), "one closed line");
    }

    #[test]
    fn lines_end_at_the_border_and_leave_it_out() {
        let slope = contours((5, 4), |column, _| column as f64, 1.25);
        assert_eq!(slope.len(), 1);
        assert_close!(slope[0].area(), 2.75 * 3.0, rtol = 1e-12, atol = 0.0);
        let lines = slope[0].lines();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].len() == 4 && lines[0].iter().all(|at| at.0 == 1.25), "{lines:?}");
        let everywhere = contours((5, 4), |column, _| column as f64, f64::NEG_INFINITY);
        assert_eq!((everywhere.len(), everywhere[0].area()), (1, 12.0));
        assert!(everywhere[0].lines().is_empty());
    }

    #[test]
    fn a_point_without_value_is_a_hole() {
        let value = |i: usize, j: usize| if (i, j) == (2, 2) { f64::NAN } else { 1.0 };
        let rings = contours((5, 5), value, 0.0);
        let areas: Vec<f64> = rings.iter().map(Contour::area).collect();
        assert_eq!(areas, [16.0, -2.0]);
        assert!(rings.iter().all(|ring| ring.lines().is_empty()));
        assert!(contours((5, 5), |_, _| f64::NAN, 0.0).is_empty());
        assert!(contours((0, 0), |_, _| 1.0, 0.0).is_empty());
    }

    #[test]
    fn a_plateau_at_the_level_is_not_torn_apart() {
        let value = |i: usize, j: usize| 1.0 + 1e-15 * if (i + j).is_multiple_of(2) { 1.0 } else { -1.0 };
        let rings = contours((6, 6), value, 1.0);
        assert_eq!((rings.len(), rings[0].area()), (1, 25.0));
    }

    #[test]
    fn a_saddle_is_joined_or_parted_by_its_mean() {
        let saddle =
            |corner: f64| contours((2, 2), move |i, j| if i == j { corner } else { -1.0 }, 0.0).len();
        assert_eq!((saddle(0.5), saddle(2.0)), (2, 1));
    }
}
