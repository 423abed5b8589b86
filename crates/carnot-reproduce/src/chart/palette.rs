//! The colours, told apart also without full colour vision.

use super::ramp::{Oklch, Ramp};

/// The colour of a series, a band or a rule.
///
/// The light palette is that of Okabe and Ito (Color Universal Design, 2008); the dark one keeps
/// its hues and raises their lightness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Blue.
    Blue,
    /// Vermillion.
    Vermillion,
    /// Bluish green.
    Green,
    /// Orange.
    Orange,
    /// Reddish purple.
    Purple,
    /// Grey, for references.
    Grey,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// Dark ink on white.
    Light,
    /// Light ink on a dark ground.
    Dark,
}

pub(super) type Rgb = (u8, u8, u8);

/// The colours of everything that is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colours {
    pub(super) background: Rgb,
    /// Text.
    pub(super) ink: Rgb,
    /// Axes and ticks.
    pub(super) axis: Rgb,
    pub(super) grid: Rgb,
    /// In the order of [`Colour`].
    series: [Rgb; 6],
    /// Opacity of bands.
    pub(super) band_opacity: f64,
    /// The colours of a quantity over a plane or a surface: the more, the further from the background. Its hues run from
    /// green to blue, which leaves the warm ones to the curves drawn over it.
    pub(super) ramp: Ramp,
    /// Contour lines, and the mesh of a surface.
    pub(super) contour: Rgb,
}

impl Colours {
    pub(super) fn of(&self, colour: Colour) -> Rgb {
        let [blue, vermillion, green, orange, purple, grey] = self.series;
        match colour {
            Colour::Blue => blue,
            Colour::Vermillion => vermillion,
            Colour::Green => green,
            Colour::Orange => orange,
            Colour::Purple => purple,
            Colour::Grey => grey,
        }
    }

    /// The ink or the background, whichever stands out more from `ground`.
    pub(super) fn readable_on(&self, ground: Rgb) -> Rgb {
        let distance = |colour: Rgb| (brightness(colour) - brightness(ground)).abs();
        if distance(self.ink) >= distance(self.background) { self.ink } else { self.background }
    }
}

/// Luma of the encoded colour, in [0, 255].
fn brightness((r, g, b): Rgb) -> f64 {
    0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b)
}

impl Palette {
    pub(super) fn colours(self) -> Colours {
        match self {
            Palette::Light => Colours {
                background: (0xff, 0xff, 0xff),
                ink: (0x1a, 0x1d, 0x21),
                axis: (0x5a, 0x60, 0x68),
                grid: (0xe6, 0xe8, 0xeb),
                series: [
                    (0x00, 0x72, 0xb2),
                    (0xd5, 0x5e, 0x00),
                    (0x00, 0x9e, 0x73),
                    (0xe6, 0x9f, 0x00),
                    (0xcc, 0x79, 0xa7),
                    (0x6b, 0x72, 0x7a),
                ],
                band_opacity: 0.16,
                ramp: Ramp {
                    low: Oklch { lightness: 0.97, chroma: 0.035, hue: 0.42 },
                    high: Oklch { lightness: 0.42, chroma: 0.11, hue: 0.70 },
                },
                contour: (0x4d, 0x56, 0x60),
            },
            Palette::Dark => Colours {
                background: (0x15, 0x18, 0x1d),
                ink: (0xe8, 0xea, 0xed),
                axis: (0x9a, 0xa1, 0xab),
                grid: (0x2b, 0x30, 0x38),
                series: [
                    (0x56, 0xb4, 0xe9),
                    (0xff, 0x85, 0x3d),
                    (0x33, 0xc9, 0x99),
                    (0xf2, 0xc1, 0x4e),
                    (0xe3, 0x9a, 0xc6),
                    (0xa6, 0xad, 0xb5),
                ],
                band_opacity: 0.24,
                ramp: Ramp {
                    low: Oklch { lightness: 0.30, chroma: 0.06, hue: 0.72 },
                    high: Oklch { lightness: 0.88, chroma: 0.07, hue: 0.44 },
                },
                contour: (0x10, 0x13, 0x17),
            },
        }
    }
}
