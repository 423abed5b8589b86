//! The targets that may be met more than once along a line of multipliers.

use super::bracket::{Crossing, Jump, Search};
use super::curve::{Line, same};
use super::oracle::{Oracle, Sample};
use super::plateau::{between, edge};
use super::settle::{Wanted, coexistence};
use super::{Inversion, InversionError, InversionOptions, Solution};
use crate::{Rdc, Responsive};

/// Steps into a valley between two multipliers of the scan, each at least every other time half of what is left.
const MOST_VALLEY_STEPS: usize = 60;
/// How often the interval between two multipliers of the scan is halved to resolve what happens in it.
const MOST_HALVINGS: u8 = 6;
/// How well a cubic must foretell a residual, relative to how much it changes over the interval.
const FORETOLD: f64 = 0.02;
/// The place of a valley's bottom is found to this, relative to the multiplier.
const RESOLUTION: f64 = 1e-9;

/// Every solution on `line` that the scan finds, in ascending order of the multiplier.
///
/// The multipliers tried are zero, `scan_per_decade` a decade from the smallest to the largest, and more where the
/// observable changes in a way that these do not foretell. Between two neighbours a solution shows as a change of sign;
/// two solutions show where the residual's slopes at both ends point to a bottom (or top) between them, which is then
/// looked for.
pub(super) fn scan<S: Responsive<Rdc = Rdc>>(
    line: Line,
    oracle: &mut Oracle<'_, S>,
) -> Result<Inversion<S::State>, InversionError<S::Error>> {
    let options = oracle.options;
    let evaluate = |multiplier| line.sample(oracle, multiplier);
    let wanted = line.wanted;
    let mut scan = Scan { wanted, options, evaluate, found: vec![], lowest: None, highest: None };
    let mut samples = Vec::new();
    for multiplier in grid(options) {
        let sample = scan.sample(multiplier)?;
        if let Some(last) = samples.last().cloned() {
            scan.resolve(&last, &sample, MOST_HALVINGS, &mut samples)?;
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
        match (met.take(), before) {
            // Met by chance at a multiplier of the scan: the root next to it is better.
            (Some([first, last]), Some(before))
                if first.multiplier == last.multiplier
                    && before.residual * sample.residual < 0.0
                    && !wanted.is_flat(options, first) =>
            {
                scan.between(before, sample)?;
            }
            (Some([first, last]), _) => scan.plateau(before, [first, last], Some(sample))?,
            (None, Some(before)) => scan.between(before, sample)?,
            (None, None) => {}
        }
        before = Some(sample);
    }
    if let Some(met) = met {
        scan.plateau(before, met, None)?;
    }
    match (scan.lowest, scan.highest) {
        (Some(lowest), Some(highest)) if scan.found.is_empty() => {
            Ok(Inversion::Unattainable(wanted.unattainable(&lowest, &highest)))
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
    F: FnMut(f64) -> Result<Sample<X>, InversionError<E>>,
    E: std::error::Error + 'static,
{
    fn sample(&mut self, multiplier: f64) -> Result<Sample<X>, InversionError<E>> {
        let sample = (self.evaluate)(multiplier)?;
        if self.lowest.as_ref().is_none_or(|lowest| sample.residual < lowest.residual) {
            self.lowest = Some(sample.clone());
        }
        if self.highest.as_ref().is_none_or(|highest| sample.residual > highest.residual) {
            self.highest = Some(sample.clone());
        }
        Ok(sample)
    }

    /// Samples between two neighbours, until a cubic through each pair of neighbours and their slopes foretells the one
    /// in between. That one is where the tangents of F meet, which is the way to a kink: and between two phases a third
    /// one, that begins and ends between the neighbours, is the best one there.
    fn resolve(
        &mut self,
        before: &Sample<X>,
        after: &Sample<X>,
        halvings: u8,
        samples: &mut Vec<Sample<X>>,
    ) -> Result<(), InversionError<E>> {
        let (low, high) = (before.multiplier, after.multiplier);
        if low == 0.0 || halvings == 0 {
            return Ok(());
        }
        let meeting = before.meeting(after);
        let drop = before.force - after.force;
        let bent =
            (meeting - low) * (high - meeting) * drop > (high - low) * self.options.allowed(before.potential);
        let kink = bent && low < meeting && meeting < high;
        let sample = self.sample(if kink { meeting } else { low.sqrt() * high.sqrt() })?;
        let resolved = foretells(before, after, &sample, self.options.allowed(self.wanted.value));
        let left = if resolved { 0 } else { halvings - 1 };
        self.resolve(before, &sample, left, samples)?;
        samples.push(sample.clone());
        self.resolve(&sample, after, left, samples)
    }

    fn is_met(&self, sample: &Sample<X>) -> bool {
        self.wanted.is_met(self.options, sample)
    }

    /// The solutions between two neighbours that are none.
    fn between(&mut self, before: &Sample<X>, after: &Sample<X>) -> Result<(), InversionError<E>> {
        if before.residual * after.residual > 0.0 {
            return self.valley(before.clone(), after.clone());
        }
        let search = Search { falling: before.residual > 0.0, ..self.wanted.search(self.options) };
        match search.between(before.clone(), after.clone(), &mut self.evaluate)? {
            Crossing::Point(root) => self.plateau(Some(before), [&root, &root], Some(after))?,
            Crossing::Jump(jump) => self.found.push(coexistence(*jump, same(self.options))),
            Crossing::BeforeZero(high) | Crossing::BeyondLargest(high) => {
                self.found.push(coexistence(Jump::between(before.clone(), high), same(self.options)));
            }
        }
        Ok(())
    }

    /// The solutions between two neighbours of the same sign between which the residual turns back: there are some if it
    /// reaches zero before it does.
    fn valley(&mut self, mut before: Sample<X>, mut after: Sample<X>) -> Result<(), InversionError<E>> {
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
    ) -> Result<(), InversionError<E>> {
        let (wanted, options) = (self.wanted, self.options);
        let is_met = |sample: &Sample<X>| wanted.is_met(options, sample);
        let [mut low, mut high] = met.map(Clone::clone);
        let lasting = low.multiplier < high.multiplier || wanted.is_flat(options, &low);
        if let (Some(before), true) = (before, lasting) {
            low = edge(options, low, before.multiplier, is_met, &mut self.evaluate)?;
        }
        if let (Some(after), true) = (after, lasting) {
            high = edge(options, high, after.multiplier, is_met, &mut self.evaluate)?;
        }
        self.found.push(between(&low, &high).unwrap_or_else(|| met[0].solution.clone()));
        Ok(())
    }
}

/// Whether the cubic with the residuals and slopes of two samples, in the logarithm of the multiplier, foretells the
/// residual of one in between; the straight line, if there are no slopes.
fn foretells<X>(before: &Sample<X>, after: &Sample<X>, sample: &Sample<X>, noise: f64) -> bool {
    let width = (after.multiplier / before.multiplier).ln();
    let t = (sample.multiplier / before.multiplier).ln() / width;
    let change = |end: &Sample<X>| end.slope.map(|slope| slope * end.multiplier * width);
    let rise = after.residual - before.residual;
    let line = before.residual + t * rise;
    let (foretold, scale) = match (change(before), change(after)) {
        (Some(leaving), Some(arriving)) => {
            let bend = t * (1.0 - t) * ((1.0 - t) * (leaving - rise) - t * (arriving - rise));
            (line + bend, rise.abs() + leaving.abs() + arriving.abs())
        }
        _ => (line, rise.abs()),
    };
    (sample.residual - foretold).abs() <= FORETOLD * scale + noise
}
