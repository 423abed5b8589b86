//! A surface over a plane, and curves on it, as data.

use super::{Axis, Colour};

/// A surface through the points of a grid, seen from a point of view; its colour is its height.
///
/// A point with a coordinate that is not finite, or outside of an axis's range, leaves a hole.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    /// The title above the axes.
    pub title: String,
    /// The three axes; the third one points upwards.
    pub axes: [Axis; 3],
    /// The points of the grid, row by row; neighbours in a row and in a column are joined.
    pub rows: Vec<Vec<[f64; 3]>>,
    /// Curves on the surface.
    pub curves: Vec<SurfaceCurve>,
    /// Where the viewer is, from the first axis towards the second, in degrees.
    pub azimuth: f64,
    /// How high the viewer is, in degrees.
    pub elevation: f64,
}

/// A curve on a surface.
#[derive(Clone, Debug, PartialEq)]
pub struct SurfaceCurve {
    /// The name in the legend, where curves of one name and colour stand once; empty for none.
    pub name: String,
    /// The colour.
    pub colour: Colour,
    /// The points in the order they are joined.
    pub points: Vec<[f64; 3]>,
}

impl Surface {
    /// A surface without curves.
    #[must_use]
    pub fn new(title: impl Into<String>, axes: [Axis; 3], rows: Vec<Vec<[f64; 3]>>) -> Self {
        // Both lower axes run towards the viewer, the second one to the right.
        Surface { title: title.into(), axes, rows, curves: Vec::new(), azimuth: 35.0, elevation: 24.0 }
    }

    /// The same with one more curve.
    #[must_use]
    pub fn curve(
        mut self,
        name: impl Into<String>,
        colour: Colour,
        points: impl IntoIterator<Item = [f64; 3]>,
    ) -> Self {
        self.curves.push(SurfaceCurve { name: name.into(), colour, points: points.into_iter().collect() });
        self
    }

    /// The same from another point of view.
    #[must_use]
    pub fn seen_from(self, azimuth: f64, elevation: f64) -> Self {
        Surface { azimuth, elevation, ..self }
    }
}
