//! A surface on paper: the cube of its axes, and its patches and curves painted from the farthest to the nearest.

use plotters::style::text_anchor::{HPos, VPos};

use super::canvas::{Area, Canvas, Drawn, TextStyle};
use super::palette::{Colours, Rgb};
use super::panel::{LABEL_SIZE, TICK_SIZE, axis_title};
use super::projection::{Point3, Projected, Projection};
use super::scale::{Mapping, Ticks};
use super::{Line, Surface, font};

const CURVE_WIDTH: f64 = 3.4;
/// From the edge of the cube to the end of a tick mark, on to the text, and from there to the label, in pixels.
const TICK_LENGTH: f64 = 7.0;
const TEXT_GAP: f64 = 6.0;
const LABEL_GAP: f64 = 10.0;
/// Room around the cube for texts and labels: left, right, above and below.
const ROOM: [f64; 4] = [92.0, 60.0, 8.0, 66.0];
/// A curve lies this much in front of the surface that it is on, so that the patches around it do not hide it.
const IN_FRONT: f64 = 0.07;

/// A surface with its axes decided.
pub(super) struct PreparedSurface<'a> {
    pub(super) surface: &'a Surface,
    pub(super) ticks: [Ticks; 3],
    /// The grid and the curves in the unit cube; NaN for what has no place in it.
    pub(super) rows: Vec<Vec<Point3>>,
    pub(super) curves: Vec<Vec<Point3>>,
}

impl<'a> PreparedSurface<'a> {
    pub(super) fn new(surface: &'a Surface) -> Self {
        let grid = || surface.rows.iter().flatten();
        let drawn = || grid().chain(surface.curves.iter().flat_map(|curve| &curve.points));
        let mapping = |axis: usize| Mapping::new(&surface.axes[axis], drawn().map(|point| point[axis]));
        let mappings = [mapping(0), mapping(1), mapping(2)];
        let place = |point: &[f64; 3]| -> Point3 {
            let inside = |p: &f64| (-1e-9..=1.0 + 1e-9).contains(p);
            let at = [0, 1, 2].map(|k| mappings[k].position(point[k]).filter(inside).unwrap_or(f64::NAN));
            if at.iter().any(|p| p.is_nan()) { [f64::NAN; 3] } else { at }
        };
        PreparedSurface {
            ticks: [0, 1, 2].map(|k| mappings[k].ticks(5)),
            rows: surface.rows.iter().map(|row| row.iter().map(place).collect()).collect(),
            curves: surface.curves.iter().map(|curve| curve.points.iter().map(place).collect()).collect(),
            surface,
        }
    }

    /// Draws everything but the title and the legend.
    pub(super) fn draw(&self, canvas: &Canvas<'_>, area: Area, colours: &Colours) -> Drawn {
        let view = View::new(Projection::new(self.surface.azimuth, self.surface.elevation), area);
        self.draw_cube(canvas, &view, colours)?;
        let mut pieces = self.patches(&view, colours);
        pieces.extend(self.strokes(&view, colours));
        pieces.sort_by(|a, b| a.nearness.total_cmp(&b.nearness));
        for piece in pieces {
            match piece.shape {
                Shape::Patch(corners) => {
                    canvas.polygon(&corners, piece.colour, 1.0)?;
                    // The outline closes the hair-thin gaps between neighbours, and shows the grid.
                    let [a, b, c, d] = corners;
                    let mesh = mixed(piece.colour, colours.contour, 0.28);
                    canvas.path(&[a, b, c, d, a], Line::Solid, mesh, 0.6)?;
                }
                Shape::Stroke(ends) => canvas.path(&ends, Line::Solid, piece.colour, CURVE_WIDTH)?,
            }
        }
        Ok(())
    }

    /// The patches between neighbouring points of the grid that are all there.
    fn patches(&self, view: &View, colours: &Colours) -> Vec<Piece> {
        let mut patches = Vec::new();
        for pair in self.rows.windows(2) {
            for (lower, upper) in pair[0].windows(2).zip(pair[1].windows(2)) {
                let corners = [lower[0], lower[1], upper[1], upper[0]];
                if corners.iter().flatten().any(|p| p.is_nan()) {
                    continue;
                }
                let projected = corners.map(|corner| view.projection.project(corner));
                let mean = |of: &dyn Fn(usize) -> f64| 0.25 * (0..4).map(of).sum::<f64>();
                patches.push(Piece {
                    nearness: mean(&|k| projected[k].nearness),
                    colour: colours.ramp.at(mean(&|k| corners[k][2])),
                    shape: Shape::Patch(projected.map(|p| view.pixel(p))),
                });
            }
        }
        patches
    }

    fn strokes(&self, view: &View, colours: &Colours) -> Vec<Piece> {
        let mut strokes = Vec::new();
        for (points, curve) in self.curves.iter().zip(&self.surface.curves) {
            for pair in points.windows(2).filter(|pair| !pair.iter().flatten().any(|p| p.is_nan())) {
                let ends = [pair[0], pair[1]].map(|point| view.projection.project(point));
                strokes.push(Piece {
                    nearness: 0.5 * (ends[0].nearness + ends[1].nearness) + IN_FRONT,
                    colour: colours.of(curve.colour),
                    shape: Shape::Stroke(ends.map(|end| view.pixel(end))),
                });
            }
        }
        strokes
    }

    /// The three sides of the cube behind the surface with their grids, and the axes with their ticks.
    fn draw_cube(&self, canvas: &Canvas<'_>, view: &View, colours: &Colours) -> Drawn {
        let near = view.projection.near_sides();
        let far = near.map(|side| 1.0 - side);
        let line = |a: Point3, b: Point3, colour: Rgb, width: f64| {
            canvas.path(&[view.place(a), view.place(b)], Line::Solid, colour, width)
        };
        for axis in 0..3 {
            for (position, _) in &self.ticks[axis].major {
                // In each of the two far sides that the axis runs along.
                for side in [1, 2].map(|step| (axis + step) % 3) {
                    let across = 3 - axis - side;
                    let mut ends = [[0.0; 3]; 2];
                    for (end, along) in ends.iter_mut().zip([0.0, 1.0]) {
                        end[axis] = *position;
                        end[side] = far[side];
                        end[across] = along;
                    }
                    line(ends[0], ends[1], colours.grid, 1.0)?;
                }
            }
        }
        for axis in 0..3 {
            let edge = Edge::of(axis, near, &view.projection);
            line(edge.at(0.0), edge.at(1.0), colours.axis, 1.4)?;
            self.draw_ticks(canvas, view, axis, &edge, colours)?;
        }
        Ok(())
    }

    fn draw_ticks(
        &self,
        canvas: &Canvas<'_>,
        view: &View,
        axis: usize,
        edge: &Edge,
        colours: &Colours,
    ) -> Drawn {
        let ticks = &self.ticks[axis];
        let text = TextStyle {
            size: TICK_SIZE,
            bold: false,
            colour: colours.ink,
            horizontal: HPos::Center,
            vertical: VPos::Center,
            upwards: false,
        };
        let away = view.direction(edge);
        let moved = |at: (f64, f64), by: f64| (at.0 + by * away.0, at.1 + by * away.1);
        // Half the extent of a text in the direction away from the cube.
        let extent = |width: f64, height: f64| 0.5 * (width * away.0.abs()).hypot(height * away.1);
        let mut widest = 0.0f64;
        for (position, label) in &ticks.major {
            let at = view.place(edge.at(*position));
            canvas.path(&[at, moved(at, TICK_LENGTH)], Line::Solid, colours.axis, 1.2)?;
            let half = extent(font::width(label, TICK_SIZE, false), TICK_SIZE);
            let (x, y) = moved(at, TICK_LENGTH + TEXT_GAP + half);
            canvas.text(label, (x, y + 1.5), text)?;
            widest = widest.max(half);
        }
        let upright = axis == 2;
        let title = axis_title(&self.surface.axes[axis], ticks);
        let width = font::width(&title, LABEL_SIZE, false);
        let half = if upright { 0.5 * LABEL_SIZE } else { extent(width, LABEL_SIZE) };
        let label = TextStyle { size: LABEL_SIZE, upwards: upright, ..text };
        let out = TICK_LENGTH + TEXT_GAP + 2.0 * widest + LABEL_GAP + half;
        canvas.text(&title, moved(view.place(edge.at(0.5)), out), label)
    }
}

struct Piece {
    nearness: f64,
    colour: Rgb,
    shape: Shape,
}

enum Shape {
    Patch([(f64, f64); 4]),
    Stroke([(f64, f64); 2]),
}

/// The edge of the cube that carries an axis, and the direction away from the cube.
struct Edge {
    axis: usize,
    origin: Point3,
    outwards: Point3,
}

impl Edge {
    /// The two lower axes lie on the floor towards the viewer; the upright one stands at the left.
    fn of(axis: usize, near: Point3, projection: &Projection) -> Self {
        let [x, y, _] = near;
        let candidates = match axis {
            0 => vec![([0.0, y, 0.0], [0.0, 2.0 * y - 1.0, 0.0])],
            1 => vec![([x, 0.0, 0.0], [2.0 * x - 1.0, 0.0, 0.0])],
            _ => vec![
                ([x, 1.0 - y, 0.0], [2.0 * x - 1.0, 1.0 - 2.0 * y, 0.0]),
                ([1.0 - x, y, 0.0], [1.0 - 2.0 * x, 2.0 * y - 1.0, 0.0]),
            ],
        };
        let right = |origin: &Point3| projection.project(*origin).right;
        let leftmost = candidates.into_iter().min_by(|a, b| right(&a.0).total_cmp(&right(&b.0)));
        let (origin, outwards) = leftmost.unwrap_or_default();
        Edge { axis, origin, outwards }
    }

    /// The point at `position` along the axis.
    fn at(&self, position: f64) -> Point3 {
        let mut at = self.origin;
        at[self.axis] = position;
        at
    }
}

/// A projection, scaled so that the cube and the texts around it fill an area.
struct View {
    projection: Projection,
    centre: (f64, f64),
    scale: f64,
}

impl View {
    fn new(projection: Projection, area: Area) -> Self {
        let [left, right, above, below] = ROOM;
        let inner = Area {
            left: area.left + left,
            right: area.right - right,
            top: area.top + above,
            bottom: area.bottom - below,
        };
        let corners = (0..8u8).map(|k| [k & 1, (k >> 1) & 1, k >> 2].map(f64::from));
        let points: Vec<Projected> = corners.map(|corner| projection.project(corner)).collect();
        let half = |of: fn(&Projected) -> f64| points.iter().map(of).fold(0.0, f64::max);
        // The centre of the cube is that of the picture.
        let (half_width, half_height) = (half(|p| p.right), half(|p| p.up));
        let scale = (0.5 * (inner.right - inner.left) / half_width)
            .min(0.5 * (inner.bottom - inner.top) / half_height);
        let centre = (0.5 * (inner.left + inner.right), 0.5 * (inner.top + inner.bottom));
        View { projection, centre, scale }
    }

    /// The unit vector in the picture that leads away from the cube at an edge.
    fn direction(&self, edge: &Edge) -> (f64, f64) {
        let at = edge.at(0.5);
        let out = [0, 1, 2].map(|k| at[k] + edge.outwards[k]);
        let ((x0, y0), (x1, y1)) = (self.place(at), self.place(out));
        let length = (x1 - x0).hypot(y1 - y0).max(f64::MIN_POSITIVE);
        ((x1 - x0) / length, (y1 - y0) / length)
    }

    fn pixel(&self, point: Projected) -> (f64, f64) {
        (self.centre.0 + self.scale * point.right, self.centre.1 - self.scale * point.up)
    }

    fn place(&self, point: Point3) -> (f64, f64) {
        self.pixel(self.projection.project(point))
    }
}

/// `part` of `b` in `a`.
fn mixed(a: Rgb, b: Rgb, part: f64) -> Rgb {
    let mix = |a: u8, b: u8| ((1.0 - part) * f64::from(a) + part * f64::from(b)).round() as u8;
    (mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}
