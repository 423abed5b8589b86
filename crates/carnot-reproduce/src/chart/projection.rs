//! From the unit cube to the plane of the picture.

/// A point in the unit cube.
pub(super) type Point3 = [f64; 3];

/// The cube is lower than it is wide: a surface over a plane reads better so.
pub(super) const HEIGHT: f64 = 0.8;

/// A view along parallel lines, which keeps equal lengths equal wherever they lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Projection {
    /// Unit vectors to the right, upwards and towards the viewer.
    right: Point3,
    up: Point3,
    towards: Point3,
}

/// A point of the picture: to the right and upwards of the centre of the cube, in widths of the cube, and how near it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Projected {
    pub(super) right: f64,
    pub(super) up: f64,
    pub(super) nearness: f64,
}

impl Projection {
    /// The view of someone at `azimuth` (from the first axis towards the second) and `elevation`, in degrees.
    pub(super) fn new(azimuth: f64, elevation: f64) -> Self {
        let (sin_a, cos_a) = azimuth.to_radians().sin_cos();
        let (sin_e, cos_e) = elevation.to_radians().sin_cos();
        Projection {
            right: [-sin_a, cos_a, 0.0],
            up: [-sin_e * cos_a, -sin_e * sin_a, cos_e],
            towards: [cos_e * cos_a, cos_e * sin_a, sin_e],
        }
    }

    pub(super) fn project(&self, [x, y, z]: Point3) -> Projected {
        let centred = [x - 0.5, y - 0.5, HEIGHT * (z - 0.5)];
        let along = |axis: Point3| axis.iter().zip(centred).map(|(a, b)| a * b).sum();
        Projected { right: along(self.right), up: along(self.up), nearness: along(self.towards) }
    }

    /// For each axis the side of the cube nearer to the viewer, 0 or 1.
    pub(super) fn near_sides(&self) -> Point3 {
        self.towards.map(|component| if component > 0.0 { 1.0 } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use carnot_testkit::assert_close;

    use super::*;

    #[test]
    fn the_viewer_sees_what_is_before_them() {
        // From the first axis at eye level the second runs to the right and the third upwards.
        let view = Projection::new(0.0, 0.0);
        let at = view.project([1.0, 1.0, 1.0]);
        for (found, expected) in [(at.right, 0.5), (at.up, 0.5 * HEIGHT), (at.nearness, 0.5)] {
            assert_close!(found, expected, rtol = 1e-15, atol = 0.0);
        }
        // From above, seen over the third axis, nearness is height.
        let above = Projection::new(-90.0, 90.0);
        assert!(above.project([0.2, 0.9, 1.0]).nearness > above.project([0.8, 0.1, 0.0]).nearness);
        assert_eq!(Projection::new(40.0, 25.0).near_sides(), [1.0, 1.0, 1.0]);
        assert_eq!(Projection::new(-140.0, 25.0).near_sides(), [0.0, 0.0, 1.0]);
    }

    #[test]
    fn turning_keeps_distances() {
        let (a, b) = ([0.1, 0.7, 0.3], [0.9, 0.2, 0.8]);
        for (azimuth, elevation) in [(0.0, 0.0), (33.0, 20.0), (211.0, -70.0)] {
            let view = Projection::new(azimuth, elevation);
            let (p, q) = (view.project(a), view.project(b));
            let squares =
                (p.right - q.right).powi(2) + (p.up - q.up).powi(2) + (p.nearness - q.nearness).powi(2);
            assert_close!(squares, 0.64 + 0.25 + 0.25 * HEIGHT * HEIGHT, rtol = 1e-14, atol = 0.0);
        }
    }
}
