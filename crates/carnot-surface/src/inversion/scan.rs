//! The targets that may be met more than once along a line of multipliers.

use super::bracket::{Crossing, Search};
use super::curve::{Line, same};
use super::error::Halt;
use super::oracle::{Oracle, Sample};
use super::plateau::{between, edge};
use super::settle::{Wanted, coexistence};
use super::{Inversion, InversionOptions, Solution};
use crate::{Rdc, Responsive};

/// Steps into a valley between two multipliers of the scan, each at least every other time half of what is left.
const MOST_VALLEY_STEPS: usize = 60;
/// The place of a valley's bottom is found to this, relative to the multiplier.
const RESOLUTION: f64 = 1e-9;

/// Every solution on `line` that the scan finds, in ascending order of the multiplier.
///
/// The multipliers tried are zero, `scan_per_decade` a decade from the smallest to the largest, and the meeting points of
/// the tangents of F between them. Between two neighbours a solution shows as a change of sign; two solutions show where the residual's slopes at both ends point to a bottom
/// (or top) between them, which is then looked for.
pub(super) fn scan<S: Responsive<Rdc = Rdc>>(
    line: Line,
    oracle: &mut Oracle<'_, S>,
) -> Result<Inversion<S::State>, Halt<S::Error>> {
    let options = oracle.options;
    let evaluate = |multiplier| line.sample(oracle, multiplier);
    let mut scan =
        Scan { wanted: line.wanted, options, evaluate, found: Vec::new(), lowest: None, highest: None };
    let mut samples = Vec::new();
    for multiplier in grid(options) {
        let sample = scan.sample(multiplier)?;
        if let Some(last) = samples.last() {
            samples.extend(scan.meeting(last, &sample)?);
        }
        samples.push(sample);
    }
    let mut before: Option<&Sample<S::State>> = None;
    let mut met: Option<[&Sample<S::State>; 2]> = None;
    for sample in &samples {
        if scan.is_met(sample) {
            met = Some([met.map_or(sample, |[first, _]| first), sample]);
            continue;
        }
        match met.take() {
            Some([first, last]) => scan.plateau(before, [first, last], Some(sample))?,
            None => {
                if let Some(before) = before {
                    scan.between(before, sample)?;
                }
            }
        }
        before = Some(sample);
    }
    if let Some(met) = met {
        scan.plateau(before, met, None)?;
    }
    match (scan.lowest, scan.highest) {
        (Some(lowest), Some(highest)) if scan.found.is_empty() => {
            Ok(Inversion::Unattainable(line.wanted.unattainable(&lowest, &highest)))
        }
        _ => Ok(Inversion::Scanned(scan.found)),
    }
}

/// Zero, and a fixed number of multipliers a decade.
fn grid(options: &InversionOptions) -> impl Iterator<Item = f64> + use<> {
    let (smallest, largest) = (options.smallest_multiplier, options.largest_multiplier);
    let decades = (largest / smallest).log10();
    let steps = (decades * options.scan_per_decade as f64).ceil().max(1.0);
    let logarithm = move |step: usize| smallest.ln() + (largest / smallest).ln() * step as f64 / steps;
    let inner = (1..steps as usize).map(move |step| logarithm(step).exp());
    [0.0, smallest].into_iter().chain(inner).chain([largest])
}

/// A scan under way.
struct Scan<'a, X, F> {
    wanted: Wanted,
    options: &'a InversionOptions,
    evaluate: F,
    found: Vec<Solution<X>>,
    lowest: Option<Sample<X>>,
    highest: Option<Sample<X>>,
}

impl<X, F, E> Scan<'_, X, F>
where
    X: Clone,
    F: FnMut(f64) -> Result<Sample<X>, Halt<E>>,
    E: std::error::Error + 'static,
{
    fn sample(&mut self, multiplier: f64) -> Result<Sample<X>, Halt<E>> {
        let sample = (self.evaluate)(multiplier)?;
        if self.lowest.as_ref().is_none_or(|lowest| sample.residual < lowest.residual) {
            self.lowest = Some(sample.clone());
        }
        if self.highest.as_ref().is_none_or(|highest| sample.residual > highest.residual) {
            self.highest = Some(sample.clone());
        }
        Ok(sample)
    }

    /// A sample where the tangents of two neighbours meet, unless F is straight between them: there a phase that begins
    /// and ends between the two is found.
    fn meeting(&mut self, before: &Sample<X>, after: &Sample<X>) -> Result<Option<Sample<X>>, Halt<E>> {
        let (low, high) = (before.multiplier, after.multiplier);
        let meeting = before.meeting(after);
        let above_chord = (meeting - low) * (high - meeting) * (before.force - after.force) / (high - low);
        let bent = above_chord > self.options.allowed(before.potential);
        if low < meeting && meeting < high && bent { self.sample(meeting).map(Some) } else { Ok(None) }
    }

    fn is_met(&self, sample: &Sample<X>) -> bool {
        self.wanted.is_met(self.options, sample)
    }

    /// The solutions between two neighbours that are none.
    fn between(&mut self, before: &Sample<X>, after: &Sample<X>) -> Result<(), Halt<E>> {
        if before.residual * after.residual > 0.0 {
            return self.valley(before.clone(), after.clone());
        }
        let search = Search { falling: before.residual > 0.0, ..self.wanted.search(self.options) };
        match search.between(before.clone(), after.clone(), &mut self.evaluate)? {
            Crossing::Point(root) => self.plateau(Some(before), [&root, &root], Some(after))?,
            Crossing::Jump(low, high) => {
                self.found.push(coexistence(low, high, same(self.options)));
            }
            Crossing::BeforeZero(high) | Crossing::BeyondLargest(high) => {
                self.found.push(coexistence(before.clone(), high, same(self.options)));
            }
        }
        Ok(())
    }

    /// The solutions between two neighbours of the same sign, which there are if the residual turns back between them
    /// and reaches zero before it does.
    fn valley(&mut self, mut before: Sample<X>, mut after: Sample<X>) -> Result<(), Halt<E>> {
        let sign = before.residual.signum();
        for step in 0..MOST_VALLEY_STEPS {
            let (Some(down), Some(up)) = (before.slope, after.slope) else { return Ok(()) };
            let (low, high) = (before.multiplier, after.multiplier);
            if !(low > 0.0 && high - low > RESOLUTION * high && sign * down < 0.0 && sign * up > 0.0) {
                return Ok(());
            }
            let share = if step % 2 == 0 { down / (down - up) } else { 0.5 };
            let bottom = self.sample(low * (high / low).powf(share))?;
            if self.is_met(&bottom) {
                return self.plateau(Some(&before), [&bottom, &bottom], Some(&after));
            }
            if bottom.residual * sign < 0.0 {
                self.between(&before, &bottom)?;
                return self.between(&bottom, &after);
            }
            match bottom.slope {
                Some(slope) if slope * sign < 0.0 => before = bottom,
                Some(_) => after = bottom,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// The solution, or plateau, of samples `met` that are within the tolerance, between neighbours that are not.
    fn plateau(
        &mut self,
        before: Option<&Sample<X>>,
        met: [&Sample<X>; 2],
        after: Option<&Sample<X>>,
    ) -> Result<(), Halt<E>> {
        let (wanted, options) = (self.wanted, self.options);
        let is_met = |sample: &Sample<X>| wanted.is_met(options, sample);
        let [mut low, mut high] = met.map(Clone::clone);
        if let (Some(before), true) = (before, wanted.is_flat(options, &low)) {
            low = edge(options, low, before.multiplier, is_met, &mut self.evaluate)?;
        }
        if let (Some(after), true) = (after, wanted.is_flat(options, &high)) {
            high = edge(options, high, after.multiplier, is_met, &mut self.evaluate)?;
        }
        self.found.push(between(&low, &high).unwrap_or_else(|| met[0].solution.clone()));
        Ok(())
    }
}
