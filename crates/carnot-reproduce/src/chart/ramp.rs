//! A sequence of colours for a quantity: equal differences of the quantity look equally large.

use super::palette::Rgb;

/// A colour by its lightness, chroma and hue (in turns) in Ottosson's Oklab (2020), a space in which equal distances
/// look equally large.
#[derive(Clone, Copy, Debug)]
pub(super) struct Oklch {
    pub(super) lightness: f64,
    pub(super) chroma: f64,
    pub(super) hue: f64,
}

/// The colours from `low` to `high`, in equal steps of lightness, chroma and hue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ramp {
    pub(super) low: Oklch,
    pub(super) high: Oklch,
}

impl Ramp {
    /// The colour at `position` in [0, 1].
    pub(super) fn at(&self, position: f64) -> Rgb {
        let t = position.clamp(0.0, 1.0);
        let mix = |low: f64, high: f64| low + t * (high - low);
        rgb(Oklch {
            lightness: mix(self.low.lightness, self.high.lightness),
            chroma: mix(self.low.chroma, self.high.chroma),
            hue: mix(self.low.hue, self.high.hue),
        })
    }
}

/// From Oklab through the responses of the cones to sRGB.
fn rgb(colour: Oklch) -> Rgb {
    let (sin, cos) = (std::f64::consts::TAU * colour.hue).sin_cos();
    let (l, a, b) = (colour.lightness, colour.chroma * cos, colour.chroma * sin);
    let long = (l + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let medium = (l - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let short = (l - 0.089_484_177_5 * a - 1.291_485_548 * b).powi(3);
    let encoded = |linear: f64| {
        let linear = linear.clamp(0.0, 1.0);
        let value =
            if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
        (255.0 * value).round() as u8
    };
    (
        encoded(4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short),
        encoded(-1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short),
        encoded(-0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701 * short),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Palette;

    #[test]
    fn the_conversion_meets_known_colours() {
        // Ottosson's own pairs: white, and the sRGB primaries red and blue, in Oklab.
        let white = Oklch { lightness: 1.0, chroma: 0.0, hue: 0.0 };
        assert_eq!(rgb(white), (255, 255, 255));
        let polar = |lightness: f64, a: f64, b: f64| Oklch {
            lightness,
            chroma: a.hypot(b),
            hue: b.atan2(a) / std::f64::consts::TAU,
        };
        assert_eq!(rgb(polar(0.627_955, 0.224_863, 0.125_846)), (255, 0, 0));
        assert_eq!(rgb(polar(0.452_014, -0.032_457, -0.311_528)), (0, 0, 255));
    }

    #[test]
    fn more_is_always_further_from_the_ground() {
        let luminance =
            |(r, g, b): Rgb| 0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b);
        for (palette, sign) in [(Palette::Light, -1.0), (Palette::Dark, 1.0)] {
            let ramp = palette.colours().ramp;
            let steps: Vec<f64> = (0..=20).map(|k| sign * luminance(ramp.at(f64::from(k) / 20.0))).collect();
            assert!(steps.windows(2).all(|pair| pair[1] > pair[0] + 2.0), "{palette:?}: {steps:?}");
        }
    }
}
