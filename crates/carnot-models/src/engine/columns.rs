//! How a batch lies in memory, and who computes which part of it.
//!
//! A quantity with some features for each sample is kept feature by feature: a matrix (features, samples), cut into
//! *panels* of up to [`WIDTH`] samples. Panel after panel, each is row-major with its samples side by side. So a row of
//! a panel fills vector registers, a panel is what a matrix product wants to stream, and both a panel and a block of
//! its rows are one piece of memory, which safe code can hand to a thread.
//!
//! Work is cut into tiles, a block of rows of one panel, by the sizes of the problem alone. Threads choose who computes
//! which tile; a tile is computed by one thread, in a fixed order. That is why the number of threads changes no bit.

use rayon::prelude::*;

use super::scalar::Scalar;

/// Samples in a panel: measured, a few percent faster than 64 where there are as many.
pub(super) const WIDTH: usize = 128;

/// Tiles to aim at in one layer: enough for a few threads, few enough to keep the products large.
const TILES: usize = 8;

/// The columns of a batch: `samples` of z for each of `inputs`. Column `s * inputs + i` is sample s of input i.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) inputs: usize,
    pub(super) samples: usize,
}

/// One panel: some columns of one sample index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Panel {
    /// Its number.
    pub(super) index: usize,
    /// The first of its columns.
    pub(super) start: usize,
    /// The input of that column.
    pub(super) input: usize,
    /// How many columns it has.
    pub(super) width: usize,
}

impl Panel {
    /// Where the panel lies in a quantity of so many features.
    pub(super) fn range(self, features: usize) -> std::ops::Range<usize> {
        features * self.start..features * (self.start + self.width)
    }

    /// The panel's columns in a quantity of one number a column.
    pub(super) fn columns(self) -> std::ops::Range<usize> {
        self.start..self.start + self.width
    }

    /// The panel's inputs in a quantity of one number an input.
    pub(super) fn inputs(self) -> std::ops::Range<usize> {
        self.input..self.input + self.width
    }

    /// The panel of the same inputs without samples.
    pub(super) fn of_inputs(self) -> Self {
        Self { index: self.input / WIDTH, start: self.input, ..self }
    }
}

impl Columns {
    /// How many there are.
    pub(super) fn len(self) -> usize {
        self.inputs * self.samples
    }

    /// The same inputs, one column each.
    pub(super) fn of_inputs(self) -> Self {
        Self { samples: 1, ..self }
    }

    fn panels_per_sample(self) -> usize {
        self.inputs.div_ceil(WIDTH)
    }

    /// The panel `number` of sample index `sample`.
    pub(super) fn panel(self, sample: usize, number: usize) -> Panel {
        let input = number * WIDTH;
        Panel {
            index: sample * self.panels_per_sample() + number,
            start: sample * self.inputs + input,
            input,
            width: WIDTH.min(self.inputs - input),
        }
    }

    /// All panels in order.
    pub(super) fn panels(self) -> impl Iterator<Item = Panel> {
        (0..self.samples)
            .flat_map(move |sample| (0..self.panels_per_sample()).map(move |n| self.panel(sample, n)))
    }

    /// Rows of a tile of a quantity of so many features.
    pub(super) fn tile_rows(self, features: usize) -> usize {
        let blocks = TILES.div_ceil(self.samples * self.panels_per_sample());
        // A multiple of four, the other side of faer's kernels.
        features.div_ceil(blocks).next_multiple_of(4)
    }

    /// Calls `f` with every panel and its part of `values`, a quantity of `features` a column.
    pub(super) fn each_panel<T: Scalar>(
        self,
        features: usize,
        values: &mut [T],
        f: impl Fn(Panel, &mut [T]) + Sync,
    ) {
        values.par_chunks_mut(features * self.inputs).enumerate().for_each(|(sample, values)| {
            let panels = values.par_chunks_mut(features * WIDTH).enumerate();
            panels.for_each(|(number, values)| f(self.panel(sample, number), values));
        });
    }

    /// Calls `f` with every tile: its panel, its first row and its part of `values`, a quantity of `features` a column.
    pub(super) fn each_tile<T: Scalar>(
        self,
        features: usize,
        values: &mut [T],
        f: impl Fn(Panel, usize, &mut [T]) + Sync,
    ) {
        let rows = self.tile_rows(features);
        self.each_panel(features, values, |panel, values| {
            let tiles = values.par_chunks_mut(rows * panel.width).enumerate();
            tiles.for_each(|(tile, values)| f(panel, tile * rows, values));
        });
    }

    /// Calls `f` with every row of every panel: its panel, its number and its part of `values`, a quantity of `features` a
    /// column.
    pub(super) fn each_row<T: Scalar>(
        self,
        features: usize,
        values: &mut [T],
        f: impl Fn(Panel, usize, &mut [T]) + Sync,
    ) {
        self.each_panel(features, values, |panel, values| {
            values.par_chunks_mut(panel.width).enumerate().for_each(|(row, values)| f(panel, row, values));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_cover_every_column_once_and_tiles_every_number() {
        for (inputs, samples, features) in [(1, 1, 1), (64, 1, 10), (130, 3, 7), (63, 2, 70), (600, 1, 5)] {
            let columns = Columns { inputs, samples };
            let seen: Vec<usize> = columns.panels().flat_map(Panel::columns).collect();
            assert_eq!(seen, (0..columns.len()).collect::<Vec<_>>());
            assert!(columns.panels().enumerate().all(|(index, panel)| panel.index == index));
            assert!(columns.panels().all(|panel| panel.start % inputs == panel.input));
            let mut values = vec![0.0f64; features * columns.len()];
            columns.each_tile(features, &mut values, |panel, first, tile| {
                for (i, value) in tile.iter_mut().enumerate() {
                    *value += 1.0 + (features * panel.start + first * panel.width + i) as f64;
                }
            });
            assert!(values.iter().enumerate().all(|(i, &value)| value == 1.0 + i as f64));
        }
    }
}
