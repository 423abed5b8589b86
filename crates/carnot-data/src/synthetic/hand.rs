//! How a hand varies a skeleton: knots, bends, warp, slant, size, place, pen.

use std::f64::consts::PI;

use rand::RngCore;

use super::SIDE;
use super::skeleton::{Knot, SKELETONS, Skeleton};
use crate::random::{bell, between, uniform};

/// A written digit: strokes as polylines in pixel coordinates (the pixel in column `i` and row `j` has
/// its centre at `(i + 0.5, j + 0.5)`), and the pen.
pub(super) struct Writing {
    pub(super) strokes: Vec<Vec<Dot>>,
    /// Width in pixels over which the edge of a stroke fades from full ink to none.
    pub(super) edge: f64,
    /// Intensity of full ink, at most 1.
    pub(super) ink: f64,
}

/// A point of a stroke with the radius of the pen there, in pixels.
#[derive(Clone, Copy)]
pub(super) struct Dot {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) radius: f64,
}

// How much a hand varies. The numbers were set so that linear and multilayer classifiers find these
// digits about as hard as those of MNIST. Lengths in the unit square of the skeletons unless said otherwise; `SD`:
// standard deviation.

/// Displacement of every knot, SD.
const KNOT_JITTER: f64 = 0.039;
/// Sideways bend of a straight run, as a share of its length, SD.
const BEND: f64 = 0.04;
/// Waves of the elastic warp, and the amplitude of each, SD.
const WARP_WAVES: usize = 3;
const WARP_AMPLITUDE: f64 = 0.032;
/// Wave vectors of the warp lie in this square, in radians per unit length: at most one wave across.
const WARP_WAVE_NUMBER: f64 = 2.0 * PI;
/// Ratio of width to height of the unit square, range.
const ASPECT: (f64, f64) = (0.5, 1.05);
/// Tangent of the angle to the vertical: mean (to the right) and SD.
const SLANT: (f64, f64) = (0.12, 0.24);
/// Rotation in radians, SD.
const ROTATION: f64 = 0.11;
/// Longer side of the digit with its ink in pixels, range.
const EXTENT: (f64, f64) = (17.0, 21.0);
/// Displacement from the centre in each direction in pixels, SD.
const SHIFT: f64 = 0.7;
/// Radius of the pen in pixels, range; its relative change along a digit, largest.
const RADIUS: (f64, f64) = (0.75, 1.9);
const PRESSURE: f64 = 0.25;
/// Fading edge in pixels, range.
const EDGE: (f64, f64) = (0.9, 1.5);
/// Intensity of full ink, range.
const INK: (f64, f64) = (0.85, 1.0);

/// Straight pieces per curve between two knots: pieces of about a pixel.
const PIECES: usize = 6;

/// Writes `digit` (0 to 9; others as 9) as the random numbers have it.
pub(super) fn write(digit: u8, rng: &mut impl RngCore) -> Writing {
    let skeleton = choose(SKELETONS[usize::from(digit.min(9))], rng);
    let mut strokes: Vec<Vec<(f64, f64)>> = skeleton.strokes.iter().map(|knots| trace(knots, rng)).collect();
    let warp = Warp::new(rng);
    let aspect = between(rng, ASPECT.0, ASPECT.1);
    let slant = SLANT.0 + SLANT.1 * bell(rng);
    let angle = ROTATION * bell(rng);
    let (sine, cosine) = (libm::sin(angle), libm::cos(angle));
    for point in strokes.iter_mut().flatten() {
        let (x, y) = warp.apply(*point);
        let x = aspect * (x - 0.5) + slant * (0.5 - y);
        let y = y - 0.5;
        *point = (cosine * x - sine * y, sine * x + cosine * y);
    }
    let radius = between(rng, RADIUS.0, RADIUS.1);
    let extent = between(rng, EXTENT.0, EXTENT.1);
    let shift = (SHIFT * bell(rng), SHIFT * bell(rng));
    place(&mut strokes, extent - 2.0 * radius, shift);
    let pressure = Pressure::new(radius, rng);
    let strokes = strokes
        .into_iter()
        .map(|stroke| stroke.into_iter().map(|(x, y)| Dot { x, y, radius: pressure.radius_at(y) }).collect())
        .collect();
    Writing { strokes, edge: between(rng, EDGE.0, EDGE.1), ink: between(rng, INK.0, INK.1) }
}

/// One of the ways of writing a digit, by weight.
fn choose(ways: &'static [Skeleton], rng: &mut impl RngCore) -> &'static Skeleton {
    let total = ways.iter().fold(0.0, |sum, way| sum + way.weight);
    let mut rest = total * uniform(rng);
    let mut index = 0;
    while index + 1 < ways.len() && rest >= ways[index].weight {
        rest -= ways[index].weight;
        index += 1;
    }
    &ways[index]
}

/// The polyline of a stroke through displaced knots.
fn trace(knots: &[Knot], rng: &mut impl RngCore) -> Vec<(f64, f64)> {
    let points: Vec<(f64, f64)> = knots
        .iter()
        .map(|knot| (knot.x + KNOT_JITTER * bell(rng), knot.y + KNOT_JITTER * bell(rng)))
        .collect();
    let mut polyline: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    let mut start = 0;
    for end in 1..knots.len() {
        if knots[end].corner || end + 1 == knots.len() {
            match &points[start..=end] {
                &[from, to] => bend(from, to, BEND * bell(rng), &mut polyline),
                run => smooth(run, &mut polyline),
            }
            start = end;
        }
    }
    polyline
}

/// Appends a parabola from `from` (left out) to `to` whose middle is off the chord by `height` of its length.
fn bend(from: (f64, f64), to: (f64, f64), height: f64, polyline: &mut Vec<(f64, f64)>) {
    let chord = (to.0 - from.0, to.1 - from.1);
    for piece in 1..=PIECES {
        let t = piece as f64 / PIECES as f64;
        let rise = 4.0 * height * t * (1.0 - t);
        polyline.push((from.0 + t * chord.0 - rise * chord.1, from.1 + t * chord.1 + rise * chord.0));
    }
}

/// Appends the Catmull-Rom spline through `run` (its first point left out): cubic Hermite pieces whose
/// tangent at a knot is half the difference of its neighbours, at an end the difference to the one.
fn smooth(run: &[(f64, f64)], polyline: &mut Vec<(f64, f64)>) {
    let last = run.len() - 1;
    let tangent = |i: usize| {
        let (before, after) = (i.saturating_sub(1), (i + 1).min(last));
        let span = (after - before) as f64;
        ((run[after].0 - run[before].0) / span, (run[after].1 - run[before].1) / span)
    };
    for i in 0..last {
        let (from, to, leaving, arriving) = (run[i], run[i + 1], tangent(i), tangent(i + 1));
        for piece in 1..=PIECES {
            let t = piece as f64 / PIECES as f64;
            let (t2, t3) = (t * t, t * t * t);
            let weights = [2.0 * t3 - 3.0 * t2 + 1.0, t3 - 2.0 * t2 + t, 3.0 * t2 - 2.0 * t3, t3 - t2];
            let blend = |a: f64, b: f64, c: f64, d: f64| {
                weights[0] * a + weights[1] * b + weights[2] * c + weights[3] * d
            };
            polyline.push((
                blend(from.0, leaving.0, to.0, arriving.0),
                blend(from.1, leaving.1, to.1, arriving.1),
            ));
        }
    }
}

/// A smooth random displacement of the plane: a sum of plane sine waves.
struct Warp([Wave; WARP_WAVES]);

struct Wave {
    wave_vector: (f64, f64),
    phase: f64,
    amplitude: (f64, f64),
}

impl Warp {
    fn new(rng: &mut impl RngCore) -> Self {
        Self(std::array::from_fn(|_| Wave {
            wave_vector: (
                between(rng, -WARP_WAVE_NUMBER, WARP_WAVE_NUMBER),
                between(rng, -WARP_WAVE_NUMBER, WARP_WAVE_NUMBER),
            ),
            phase: between(rng, 0.0, 2.0 * PI),
            amplitude: (WARP_AMPLITUDE * bell(rng), WARP_AMPLITUDE * bell(rng)),
        }))
    }

    fn apply(&self, (x, y): (f64, f64)) -> (f64, f64) {
        self.0.iter().fold((x, y), |moved, wave| {
            let height = libm::sin(wave.wave_vector.0 * x + wave.wave_vector.1 * y + wave.phase);
            (moved.0 + wave.amplitude.0 * height, moved.1 + wave.amplitude.1 * height)
        })
    }
}

/// Scales the strokes so that their longer side is `extent` pixels, and moves their centre of length
/// to the image's centre plus `shift`.
fn place(strokes: &mut [Vec<(f64, f64)>], extent: f64, shift: (f64, f64)) {
    let (mut low, mut high) = ((f64::INFINITY, f64::INFINITY), (f64::NEG_INFINITY, f64::NEG_INFINITY));
    let (mut centre, mut length) = ((0.0, 0.0), 0.0);
    for stroke in strokes.iter() {
        for &(x, y) in stroke {
            low = (low.0.min(x), low.1.min(y));
            high = (high.0.max(x), high.1.max(y));
        }
        for pair in stroke.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let piece = ((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0)).sqrt();
            centre = (centre.0 + piece * 0.5 * (x0 + x1), centre.1 + piece * 0.5 * (y0 + y1));
            length += piece;
        }
    }
    // Every skeleton is about one unit high and the variations are bounded, so neither divisor is near zero.
    let scale = extent / (high.0 - low.0).max(high.1 - low.1);
    let middle = 0.5 * SIDE as f64;
    let offset = (middle + shift.0 - scale * centre.0 / length, middle + shift.1 - scale * centre.1 / length);
    for (x, y) in strokes.iter_mut().flatten() {
        (*x, *y) = (scale * *x + offset.0, scale * *y + offset.1);
    }
}

/// The pen's radius, which changes along the height of the image as one slow wave.
struct Pressure {
    radius: f64,
    change: f64,
    phase: f64,
}

impl Pressure {
    fn new(radius: f64, rng: &mut impl RngCore) -> Self {
        Self { radius, change: between(rng, 0.0, PRESSURE), phase: between(rng, 0.0, 2.0 * PI) }
    }

    fn radius_at(&self, y: f64) -> f64 {
        self.radius * (1.0 + self.change * libm::sin(2.0 * PI * y / SIDE as f64 + self.phase))
    }
}
