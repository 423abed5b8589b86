//! Where letters go on to along the line of the last multipliers.

use super::DiscreteError;
use super::letters::Letters;
use super::problem::Task;
use super::state::Follows;
use crate::Multipliers;

/// States of the past that are kept.
const MOST_PAST: usize = 3;

/// How far along the line a start is extrapolated by the secant of the last step, in units of it.
const FARTHEST: f64 = 3.0;
/// The same by polynomials of higher degree, whose error grows faster.
const FARTHEST_BENT: f64 = 1.5;

/// How far off the line, as a part of the way, the next multipliers may be.
const OFF_THE_LINE: f64 = 0.1;

/// The part of its weight that a letter keeps where the line says that it is gone: whether it is, Newton's method finds.
const KEPT: f64 = 0.1;

/// The multipliers that a state was reached through, and the letters there, the last first: those that lie on one line.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Line(Vec<(Multipliers, Letters)>);

impl Line {
    /// The line to `at` through `here`, which was reached along this one.
    pub(super) fn through(&self, here: Multipliers, letters: &Letters, at: Multipliers) -> Self {
        if here == at {
            return Self::default();
        }
        let past = self.place(here, at).map_or(&[][..], |_| &self.0);
        let kept = past.iter().take(MOST_PAST - 1).cloned();
        Self(std::iter::once((here, letters.clone())).chain(kept).collect())
    }

    /// The letters of the past.
    pub(super) fn letters(&self) -> impl Iterator<Item = &Letters> {
        self.0.iter().map(|(_, letters)| letters)
    }

    /// Where `at` lies on the line, in units of the last step: that began at -1, and `here` is 0. `None` where it does not.
    fn place(&self, here: Multipliers, at: Multipliers) -> Option<f64> {
        let (last, next) = (way(here, self.0.first()?.0, here), way(here, here, at));
        let place = (last[0] * next[0] + last[1] * next[1]) / (last[0] * last[0] + last[1] * last[1]);
        let off = (next[0] - place * last[0]).hypot(next[1] - place * last[1]);
        (off <= OFF_THE_LINE * next[0].hypot(next[1])).then_some(place)
    }

    /// The letters to start a task from, from those of `here`: along how they follow the multipliers, where that is known, and
    /// where the task's lie on the line along the polynomial through the past, of their weights and of the logarithms of their
    /// classifiers, if those matter.
    pub(super) fn extrapolated(
        &self,
        here: Multipliers,
        letters: &Letters,
        follows: Option<&Follows>,
        task: Task<'_>,
    ) -> Letters {
        let at = task.at;
        let mut moved = letters.clone();
        // Letters that enter or leave bend the ways of all.
        let alike = |past: &Letters| past.in_use().eq(letters.in_use());
        let smooth = self.letters().take_while(|past| alike(past)).count();
        let mut stencils = self.stencils(here, at, follows.is_some());
        stencils.truncate(1 + smooth.max(1));
        let n_y = letters.n_y();
        for z in letters.in_use() {
            let used = self.letters().take_while(|past| past.marginal[z] > 0.0).count();
            let Some(stencil) = stencils.get(used).or(stencils.last()) else { continue };
            let past = || self.letters().zip(&stencil.past);
            let weight: f64 = past().map(|(past, share)| share * past.marginal[z]).sum();
            let slopes = follows.map(|follows| follows.each_ref().map(|follow| follow.marginal[z]));
            let here = letters.marginal[z];
            moved.marginal[z] = (stencil.here * here + weight + stencil.along(slopes)).max(KEPT * here);
            if !task.classifier_matters() {
                continue;
            }
            for place in z * n_y..(z + 1) * n_y {
                let log_c: f64 = past().map(|(past, share)| share * past.log_classifier[place]).sum();
                let slopes =
                    follows.map(|follows| follows.each_ref().map(|follow| follow.log_classifier[place]));
                moved.log_classifier[place] =
                    stencil.here * letters.log_classifier[place] + log_c + stencil.along(slopes);
            }
            moved.normalise_classifier(z, n_y);
        }
        moved.normalise_marginal();
        let mut numbers = moved.marginal.iter().chain(&moved.log_classifier);
        if numbers.all(|number| number.is_finite()) { moved } else { letters.clone() }
    }

    /// The stencils with none of the past, with the last of it, with the last two, and so on.
    fn stencils(&self, here: Multipliers, at: Multipliers, has_slopes: bool) -> Vec<Stencil> {
        let way = |from: Multipliers| [at.lambda() - from.lambda(), at.gamma() - from.gamma()];
        let next = way(here);
        let alone = Stencil { here: 1.0, slopes: next, past: Vec::new() };
        let (Some(place), Some((last, _))) = (self.place(here, at), self.0.first()) else {
            return vec![alone];
        };
        let last = [here.lambda() - last.lambda(), here.gamma() - last.gamma()];
        let places = self.0.iter().map_while(|(past, _)| self.place(here, *past));
        let past: Vec<f64> = places.collect();
        let usable = (1..=past.len()).filter(|&count| place >= -1.0 && place <= farthest(count));
        let mut stencils = vec![alone];
        for count in usable {
            let double = usize::from(has_slopes);
            let nodes: Vec<f64> =
                std::iter::repeat_n(0.0, 1 + double).chain(past[..count].iter().copied()).collect();
            let share = |of: usize| unit_polynomial(&nodes, of, place);
            let by_slope = if has_slopes { share(1) } else { 0.0 };
            stencils.push(Stencil {
                here: share(0),
                // What is off the line is known to the first power.
                slopes: [0, 1].map(|k| next[k] + (by_slope - place) * last[k]),
                past: (0..count).map(|back| share(1 + double + back)).collect(),
            });
        }
        stencils
    }

    /// Refuses letters of the past of other sizes.
    pub(super) fn check(&self, n_z: usize, n_y: usize) -> Result<(), DiscreteError> {
        self.letters().try_for_each(|letters| {
            super::state::check_sizes([
                ("letters of the state before", n_z, letters.marginal.len()),
                ("labels of the state before", n_y, letters.n_y()),
            ])
        })
    }
}

/// How a number is extrapolated: of what it is here, of its derivatives, and of what it was.
struct Stencil {
    here: f64,
    slopes: [f64; 2],
    past: Vec<f64>,
}

impl Stencil {
    fn along(&self, slopes: Option<[f64; 2]>) -> f64 {
        slopes.map_or(0.0, |slopes| self.slopes[0] * slopes[0] + self.slopes[1] * slopes[1])
    }
}

fn farthest(past: usize) -> f64 {
    if past == 1 { FARTHEST } else { FARTHEST_BENT }
}

/// The value at a place of the polynomial that is one at one node and zero at the others, by divided differences. Where the first
/// two nodes are the same place, they are the value there and the derivative.
fn unit_polynomial(nodes: &[f64], one: usize, place: f64) -> f64 {
    let is_double = nodes.len() > 1 && nodes[0] == nodes[1];
    let value = |node: usize| f64::from(u8::from(node == one));
    let mut differences: Vec<f64> = (0..nodes.len()).map(value).collect();
    if is_double {
        differences[1] = differences[0];
    }
    let mut result = differences[0];
    let mut product = 1.0;
    for order in 1..nodes.len() {
        for k in 0..nodes.len() - order {
            let way = nodes[k + order] - nodes[k];
            differences[k] = if way == 0.0 { value(1) } else { (differences[k + 1] - differences[k]) / way };
        }
        product *= place - nodes[order - 1];
        result += product * differences[0];
    }
    result
}

/// The way between multipliers, in units of those that are `here`.
fn way(here: Multipliers, from: Multipliers, to: Multipliers) -> [f64; 2] {
    let scale = |multiplier: f64| if multiplier > 0.0 { multiplier } else { 1.0 };
    let by_lambda = (to.lambda() - from.lambda()) / scale(here.lambda());
    [by_lambda, (to.gamma() - from.gamma()) / scale(here.gamma())]
}
