//! Where to look next inside a bracket: few places where the event has a number that comes to zero, and never many more than
//! halving takes.

/// One end of a bracket.
#[derive(Debug, Clone, Copy)]
struct End {
    place: f64,
    value: Option<f64>,
    /// The end before this one, on the same side.
    before: Option<(f64, f64)>,
}

/// A bracket that is narrowed by the method of interpolation, truncation and projection (I. F. D. Oliveira and R. H. C.
/// Takahashi, *ACM Trans. Math. Softw.* 47, 2021): an estimate of the place, moved a little towards the middle so that either
/// end moves, and not farther from the middle than the number of places that are left allows. The estimate is the root of the
/// chord between values of different signs; of values that come to zero from one side only, that of the last chord on it.
#[derive(Debug)]
pub(super) struct Narrowing {
    /// The last place known where it had not happened, and the first where it had.
    ends: [End; 2],
    /// Half the width that is wanted.
    half: f64,
    first_width: f64,
    /// Halvings that would do, less the places looked at.
    left: i32,
}

/// How far an estimate is moved towards the middle: this part of the square of the bracket, in units of its first width.
const TRUNCATION: f64 = 0.2;
/// But at least by this part of half the width that is wanted.
const LEAST: f64 = 0.5;
/// Places that may be looked at beyond those of halving.
const MORE: i32 = 1;

impl Narrowing {
    /// A bracket between two places, the first below the second, with the event's numbers there.
    pub(super) fn new(places: [f64; 2], values: [Option<f64>; 2], wanted: f64) -> Self {
        let end = |k: usize| End { place: places[k], value: values[k], before: None };
        let first_width = places[1] - places[0];
        let halvings = (first_width / wanted).log2().ceil().clamp(0.0, 1e3);
        Self { ends: [end(0), end(1)], half: 0.5 * wanted, first_width, left: halvings as i32 + MORE }
    }

    /// The place to look at, as a fraction of the way between the ends.
    pub(super) fn fraction(&self) -> f64 {
        let [low, high] = self.ends.map(|end| end.place);
        let (width, middle) = (high - low, 0.5 * (low + high));
        let estimate = self.estimate().filter(|x| (low..=high).contains(x)).unwrap_or(middle);
        let truncation = (TRUNCATION * width * width / self.first_width).max(LEAST * self.half);
        let off = estimate - middle;
        let truncated = (off.abs() - truncation).max(0.0);
        let projected = truncated.min((self.half * 2f64.powi(self.left) - 0.5 * width).max(0.0));
        0.5 + projected.copysign(off) / width
    }

    /// What was found at the last [`fraction`](Self::fraction).
    pub(super) fn look(&mut self, fraction: f64, value: Option<f64>, happened: bool) {
        let [low, high] = self.ends.map(|end| end.place);
        let side = usize::from(happened);
        let before = self.ends[side].value.map(|value| (self.ends[side].place, value));
        self.ends[side] = End { place: low + fraction * (high - low), value, before };
        self.left -= 1;
    }

    fn estimate(&self) -> Option<f64> {
        let [low, high] = self.ends;
        let root = |(a, f): (f64, f64), (b, g): (f64, f64)| a - f * (b - a) / (g - f);
        let known = |end: End| end.value.map(|value| (end.place, value));
        if let (Some(one), Some(other)) = (known(low), known(high))
            && (one.1 > 0.0) != (other.1 > 0.0)
        {
            return Some(root(one, other));
        }
        let from_a_side = |end: End| Some((end.value?.abs(), root(end.before?, known(end)?)));
        let inside = |(_, x): &(f64, f64)| (low.place..=high.place).contains(x);
        let sides = [low, high].into_iter().filter_map(from_a_side).filter(inside);
        sides.min_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, x)| x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places looked at until the bracket of `place` in [0, 1] is narrower than 1e-9.
    fn places(place: f64, value: impl Fn(f64) -> Option<f64>) -> usize {
        let (mut low, mut high) = (0.0, 1.0);
        let mut narrowing = Narrowing::new([low, high], [value(low), value(high)], 1e-9);
        for count in 0..100 {
            if high - low <= 1e-9 {
                assert!(low <= place && place <= high, "{place}: {low} to {high}");
                return count;
            }
            let fraction = narrowing.fraction();
            assert!(fraction > 0.0 && fraction < 1.0, "{fraction}");
            let x = low + fraction * (high - low);
            narrowing.look(fraction, value(x), x >= place);
            *(if x >= place { &mut high } else { &mut low }) = x;
        }
        panic!("not within a hundred places");
    }

    #[test]
    fn few_places_are_looked_at_where_a_number_comes_to_zero() {
        for place in [0.1, 0.3, 0.57, 0.93] {
            let smooth = places(place, |x| Some((2.0 * x).exp() - (2.0 * place).exp()));
            assert!(smooth <= 12, "{place}: {smooth}");
            // What enters at the place is smooth before it, and after it something else is next; or the other way round.
            let entering = |x: f64| Some(if x < place { x.ln_1p() - place.ln_1p() } else { -0.5 - 0.3 * x });
            let leaving = |x: f64| Some(if x < place { -0.5 - 0.3 * x } else { place.exp() - x.exp() });
            for count in [places(place, entering), places(place, leaving)] {
                assert!(count <= 12, "{place}: {count}");
            }
        }
    }

    #[test]
    fn no_more_than_one_place_beyond_halving_is_looked_at() {
        // log2(1e9) is below thirty; and one for rounding.
        for place in [1e-6, 0.1, 0.3, 0.57, 0.93] {
            assert!(places(place, |_| None) <= 32);
            assert!(places(place, |x| Some(if x < place { -1e-9 } else { 1e9 })) <= 32);
            assert!(places(place, |_| Some(f64::NAN)) <= 32);
            assert!(places(place, |x| Some((40.0 * (x - place)).sinh())) <= 32);
            assert!(places(place, |x| Some((x - place) * if x < place { 1.0 } else { 5.0 })) <= 32);
        }
    }
}
