//! The stroke skeletons of the ten digits.
//!
//! Coordinates lie in the unit square, x to the right and y downwards. A stroke is a sequence of knots:
//! a smooth curve runs through them, which breaks its direction at corners.

/// A point that a stroke runs through.
#[derive(Clone, Copy)]
pub(super) struct Knot {
    pub(super) x: f64,
    pub(super) y: f64,
    /// Whether the stroke may turn sharply here.
    pub(super) corner: bool,
}

/// One way of writing a digit, with how often it is chosen (relative to the others of that digit).
pub(super) struct Skeleton {
    pub(super) weight: f64,
    pub(super) strokes: &'static [&'static [Knot]],
}

/// A smooth knot.
const fn s(x: f64, y: f64) -> Knot {
    Knot { x, y, corner: false }
}

/// A corner.
const fn c(x: f64, y: f64) -> Knot {
    Knot { x, y, corner: true }
}

const fn skeleton(weight: f64, strokes: &'static [&'static [Knot]]) -> Skeleton {
    Skeleton { weight, strokes }
}

/// The ways of writing each digit, indexed by the digit.
pub(super) static SKELETONS: [&[Skeleton]; 10] = [ZERO, ONE, TWO, THREE, FOUR, FIVE, SIX, SEVEN, EIGHT, NINE];

const ZERO: &[Skeleton] = &[
    // closed
    skeleton(
        3.0,
        &[&[
            s(0.52, 0.0),
            s(0.2, 0.14),
            s(0.06, 0.5),
            s(0.2, 0.87),
            s(0.5, 1.0),
            s(0.8, 0.86),
            s(0.94, 0.5),
            s(0.8, 0.14),
            s(0.52, 0.0),
        ]],
    ),
    // closed with an overlap at the top right
    skeleton(
        2.0,
        &[&[
            s(0.72, 0.08),
            s(0.42, 0.0),
            s(0.14, 0.25),
            s(0.08, 0.65),
            s(0.3, 0.97),
            s(0.65, 0.95),
            s(0.9, 0.62),
            s(0.86, 0.25),
            s(0.62, 0.06),
            s(0.4, 0.1),
        ]],
    ),
    // left open a little at the top
    skeleton(
        1.0,
        &[&[
            s(0.42, 0.02),
            s(0.16, 0.2),
            s(0.08, 0.55),
            s(0.24, 0.9),
            s(0.52, 1.0),
            s(0.82, 0.84),
            s(0.92, 0.48),
            s(0.8, 0.16),
            s(0.56, 0.05),
        ]],
    ),
];

const ONE: &[Skeleton] = &[
    // a single stroke
    skeleton(4.0, &[&[c(0.5, 0.0), c(0.5, 1.0)]]),
    // with a flag
    skeleton(1.5, &[&[c(0.32, 0.2), c(0.52, 0.0), c(0.5, 1.0)]]),
    // with a flag and a foot
    skeleton(0.8, &[&[c(0.3, 0.2), c(0.52, 0.0), c(0.5, 1.0)], &[c(0.24, 1.0), c(0.78, 0.99)]]),
];

const TWO: &[Skeleton] = &[
    // with a corner at the foot
    skeleton(
        2.0,
        &[&[
            s(0.12, 0.24),
            s(0.26, 0.05),
            s(0.52, 0.0),
            s(0.78, 0.1),
            s(0.82, 0.32),
            s(0.62, 0.6),
            s(0.34, 0.82),
            c(0.08, 0.98),
            s(0.5, 0.96),
            s(0.94, 0.98),
        ]],
    ),
    // with a loop at the foot
    skeleton(
        2.0,
        &[&[
            s(0.14, 0.2),
            s(0.32, 0.03),
            s(0.6, 0.02),
            s(0.78, 0.18),
            s(0.72, 0.42),
            s(0.48, 0.74),
            s(0.22, 0.95),
            s(0.06, 0.9),
            s(0.14, 0.75),
            s(0.36, 0.79),
            s(0.62, 0.96),
            s(0.96, 0.9),
        ]],
    ),
    // with a small head and a long foot
    skeleton(
        1.0,
        &[&[
            s(0.2, 0.16),
            s(0.42, 0.0),
            s(0.68, 0.08),
            s(0.68, 0.34),
            s(0.44, 0.68),
            c(0.1, 0.94),
            s(0.4, 0.9),
            s(0.72, 0.97),
            s(1.0, 0.95),
        ]],
    ),
];

const THREE: &[Skeleton] = &[
    // two bowls meeting in a corner
    skeleton(
        3.0,
        &[&[
            s(0.12, 0.14),
            s(0.36, 0.0),
            s(0.68, 0.05),
            s(0.78, 0.22),
            s(0.62, 0.4),
            c(0.36, 0.47),
            s(0.68, 0.52),
            s(0.86, 0.72),
            s(0.72, 0.93),
            s(0.42, 1.0),
            s(0.08, 0.88),
        ]],
    ),
    // flat top
    skeleton(
        0.8,
        &[&[
            c(0.14, 0.03),
            c(0.8, 0.02),
            c(0.42, 0.4),
            s(0.74, 0.48),
            s(0.86, 0.72),
            s(0.68, 0.95),
            s(0.36, 1.0),
            s(0.08, 0.9),
        ]],
    ),
    // with a small loop in the middle
    skeleton(
        1.2,
        &[&[
            s(0.16, 0.12),
            s(0.44, 0.0),
            s(0.74, 0.12),
            s(0.66, 0.36),
            s(0.4, 0.5),
            s(0.36, 0.42),
            s(0.56, 0.47),
            s(0.84, 0.66),
            s(0.76, 0.92),
            s(0.44, 1.0),
            s(0.1, 0.92),
        ]],
    ),
];

const FOUR: &[Skeleton] = &[
    // open
    skeleton(
        3.0,
        &[
            &[c(0.2, 0.03), s(0.14, 0.3), c(0.1, 0.56), s(0.45, 0.56), s(0.86, 0.5)],
            &[c(0.74, 0.02), s(0.72, 0.5), s(0.66, 1.0)],
        ],
    ),
    // closed
    skeleton(
        1.2,
        &[&[c(0.04, 0.64), c(0.66, 0.0), c(0.64, 1.0)], &[c(0.04, 0.64), s(0.5, 0.64), s(0.96, 0.62)]],
    ),
    // open with a round belly, the stem drawn on from the cup
    skeleton(
        2.0,
        &[
            &[s(0.16, 0.06), s(0.1, 0.34), s(0.24, 0.52), s(0.52, 0.5), s(0.76, 0.38)],
            &[c(0.84, 0.0), s(0.76, 0.5), s(0.66, 1.0)],
        ],
    ),
];

const FIVE: &[Skeleton] = &[
    // bar, stem and bowl in one
    skeleton(
        2.0,
        &[&[
            c(0.84, 0.0),
            c(0.28, 0.02),
            c(0.2, 0.42),
            s(0.46, 0.36),
            s(0.78, 0.48),
            s(0.84, 0.74),
            s(0.6, 0.97),
            s(0.3, 1.0),
            s(0.06, 0.9),
        ]],
    ),
    // the bar apart
    skeleton(
        1.5,
        &[
            &[
                c(0.3, 0.08),
                s(0.22, 0.42),
                s(0.52, 0.45),
                s(0.78, 0.64),
                s(0.72, 0.9),
                s(0.42, 1.0),
                s(0.08, 0.92),
            ],
            &[c(0.3, 0.08), s(0.6, 0.06), s(0.96, 0.0)],
        ],
    ),
    // in one sweep, narrow
    skeleton(
        1.0,
        &[&[
            s(0.88, 0.04),
            s(0.5, 0.02),
            s(0.3, 0.2),
            s(0.36, 0.42),
            s(0.62, 0.58),
            s(0.68, 0.82),
            s(0.42, 1.0),
            s(0.06, 0.94),
        ]],
    ),
];

const SIX: &[Skeleton] = &[
    // curved back
    skeleton(
        3.0,
        &[&[
            s(0.72, 0.02),
            s(0.38, 0.22),
            s(0.14, 0.55),
            s(0.16, 0.86),
            s(0.46, 1.0),
            s(0.78, 0.88),
            s(0.82, 0.66),
            s(0.56, 0.53),
            s(0.28, 0.66),
            s(0.15, 0.82),
        ]],
    ),
    // straight back, small bowl
    skeleton(
        1.5,
        &[&[
            s(0.46, 0.0),
            s(0.26, 0.36),
            s(0.14, 0.72),
            s(0.26, 0.96),
            s(0.56, 0.98),
            s(0.74, 0.8),
            s(0.6, 0.62),
            s(0.34, 0.68),
            s(0.2, 0.86),
        ]],
    ),
    // large bowl, curling in
    skeleton(
        1.0,
        &[&[
            s(0.86, 0.1),
            s(0.58, 0.0),
            s(0.26, 0.2),
            s(0.08, 0.6),
            s(0.24, 0.95),
            s(0.62, 0.98),
            s(0.86, 0.74),
            s(0.68, 0.5),
            s(0.36, 0.54),
            s(0.22, 0.72),
        ]],
    ),
];

const SEVEN: &[Skeleton] = &[
    // plain
    skeleton(3.0, &[&[c(0.08, 0.06), s(0.45, 0.06), c(0.88, 0.03), s(0.62, 0.5), s(0.44, 1.0)]]),
    // with a bar
    skeleton(
        1.2,
        &[
            &[c(0.08, 0.06), s(0.45, 0.06), c(0.88, 0.03), s(0.64, 0.5), s(0.46, 1.0)],
            &[c(0.34, 0.54), c(0.86, 0.48)],
        ],
    ),
    // with a serif
    skeleton(0.8, &[&[c(0.1, 0.22), c(0.14, 0.04), s(0.5, 0.08), c(0.88, 0.02), s(0.7, 0.36), s(0.5, 1.0)]]),
    // with a round shoulder
    skeleton(1.5, &[&[s(0.06, 0.14), s(0.36, 0.06), s(0.7, 0.02), s(0.82, 0.14), s(0.66, 0.5), s(0.5, 1.0)]]),
];

const EIGHT: &[Skeleton] = &[
    // one crossing stroke
    skeleton(
        3.0,
        &[&[
            s(0.76, 0.14),
            s(0.5, 0.0),
            s(0.24, 0.14),
            s(0.34, 0.36),
            s(0.64, 0.58),
            s(0.78, 0.82),
            s(0.5, 1.0),
            s(0.22, 0.82),
            s(0.36, 0.58),
            s(0.64, 0.36),
            s(0.76, 0.14),
        ]],
    ),
    // left open at the top
    skeleton(
        1.2,
        &[&[
            s(0.8, 0.04),
            s(0.48, 0.02),
            s(0.26, 0.2),
            s(0.44, 0.42),
            s(0.7, 0.64),
            s(0.66, 0.92),
            s(0.36, 0.98),
            s(0.22, 0.78),
            s(0.46, 0.52),
            s(0.72, 0.28),
            s(0.86, 0.12),
        ]],
    ),
    // two rings
    skeleton(
        0.8,
        &[
            &[
                s(0.5, 0.46),
                s(0.26, 0.34),
                s(0.28, 0.1),
                s(0.52, 0.0),
                s(0.74, 0.12),
                s(0.72, 0.36),
                s(0.5, 0.46),
            ],
            &[
                s(0.5, 0.46),
                s(0.2, 0.62),
                s(0.22, 0.9),
                s(0.5, 1.0),
                s(0.8, 0.9),
                s(0.78, 0.62),
                s(0.5, 0.46),
            ],
        ],
    ),
];

const NINE: &[Skeleton] = &[
    // straight stem
    skeleton(
        3.0,
        &[&[
            s(0.76, 0.14),
            s(0.5, 0.0),
            s(0.2, 0.16),
            s(0.18, 0.4),
            s(0.44, 0.5),
            s(0.72, 0.34),
            c(0.78, 0.1),
            s(0.74, 0.5),
            s(0.66, 1.0),
        ]],
    ),
    // curved stem, the ring closing into it
    skeleton(
        1.5,
        &[&[
            s(0.72, 0.3),
            s(0.42, 0.48),
            s(0.18, 0.34),
            s(0.28, 0.08),
            s(0.6, 0.02),
            s(0.78, 0.2),
            s(0.74, 0.56),
            s(0.54, 1.0),
        ]],
    ),
    // hooked stem
    skeleton(
        1.0,
        &[&[
            s(0.78, 0.14),
            s(0.52, 0.0),
            s(0.22, 0.14),
            s(0.22, 0.4),
            s(0.5, 0.48),
            s(0.74, 0.32),
            c(0.8, 0.1),
            s(0.8, 0.6),
            s(0.64, 0.94),
            s(0.36, 1.0),
            s(0.16, 0.88),
        ]],
    ),
];
