//! From samples one after another to panels, in which they lie side by side.

use carnot_data::ImageDataset;

use super::columns::Columns;
use super::scalar::{Scalar, vectorised};

/// Copies rows of `features`, one for each column, into panels.
pub(super) fn into_panels<T: Scalar>(columns: Columns, features: usize, rows: &[T], panels: &mut [T]) {
    columns.each_tile(features, panels, |panel, first, tile| {
        for (j, row) in rows[panel.range(features)].chunks_exact(features).enumerate() {
            for (values, &value) in tile.chunks_exact_mut(panel.width).zip(&row[first..]) {
                values[j] = value;
            }
        }
    });
}

/// Bytes on a side of the squares that are transposed at a time.
const SIDE: usize = 8;

/// Copies images into panels, their bytes divided by 255; every row is known to exist.
pub(super) fn gather<T: Scalar>(columns: Columns, data: &ImageDataset, rows: &[usize], panels: &mut [T]) {
    let pixels = data.shape().n_pixels();
    columns.each_tile(pixels, panels, |panel, first, tile| {
        let width = panel.width;
        let count = tile.len() / width;
        for j in (0..width).step_by(SIDE) {
            let rows = &rows[panel.start + j..panel.start + (j + SIDE).min(width)];
            let image = |row: usize| &data.pixels()[row * pixels + first..][..count];
            vectorised(|| {
                for (at, values) in tile.chunks_mut(SIDE * width).enumerate() {
                    let mut square = [0; SIDE];
                    for (line, &row) in square.iter_mut().zip(rows) {
                        *line = line_of(&image(row)[at * SIDE..]);
                    }
                    for (values, line) in values.chunks_exact_mut(width).zip(transposed(square)) {
                        for (value, byte) in values[j..].iter_mut().zip(line.to_le_bytes()) {
                            *value = T::from_byte(byte) / T::from_byte(255);
                        }
                    }
                }
            });
        }
    });
}

/// The first bytes, filled up with zeros, the first of them the least significant.
#[inline(always)]
fn line_of(bytes: &[u8]) -> u64 {
    let mut line = [0; SIDE];
    match bytes.first_chunk() {
        Some(whole) => line = *whole,
        None => line.iter_mut().zip(bytes).for_each(|(to, &byte)| *to = byte),
    }
    u64::from_le_bytes(line)
}

/// The transpose of a square of bytes, by halves: four by four, two by two, one by one (Warren, *Hacker's Delight*, 2nd
/// edition, section 7-3).
#[inline(always)]
fn transposed(mut square: [u64; SIDE]) -> [u64; SIDE] {
    exchange::<4>(&mut square, 0x0000_0000_FFFF_FFFF);
    exchange::<2>(&mut square, 0x0000_FFFF_0000_FFFF);
    exchange::<1>(&mut square, 0x00FF_00FF_00FF_00FF);
    square
}

/// Exchanges the two blocks off the diagonal of every square of `2 HALF` bytes on the diagonal.
#[inline(always)]
fn exchange<const HALF: usize>(square: &mut [u64; SIDE], mask: u64) {
    for start in (0..SIDE).step_by(2 * HALF) {
        for upper in start..start + HALF {
            let exchanged = ((square[upper] >> (8 * HALF)) ^ square[upper + HALF]) & mask;
            square[upper] ^= exchanged << (8 * HALF);
            square[upper + HALF] ^= exchanged;
        }
    }
}

#[cfg(test)]
mod tests {
    use carnot_data::ImageShape;

    use super::*;

    /// Every number of a quantity of `features`, by column and feature.
    fn each(columns: Columns, features: usize, panels: &[f64], mut f: impl FnMut(usize, usize, f64)) {
        for panel in columns.panels() {
            for (feature, row) in panels[panel.range(features)].chunks(panel.width).enumerate() {
                for (column, &value) in panel.columns().zip(row) {
                    f(column, feature, value);
                }
            }
        }
    }

    #[test]
    fn rows_and_images_land_side_by_side() {
        for (inputs, samples, side) in [(1, 1, 1), (8, 1, 4), (130, 3, 3), (63, 2, 5), (300, 1, 6)] {
            let columns = Columns { inputs, samples };
            let features = side * side;
            let rows: Vec<f64> = (0..features * columns.len()).map(|i| i as f64).collect();
            let mut panels = vec![-1.0; features * columns.len()];
            into_panels(columns, features, &rows, &mut panels);
            each(columns, features, &panels, |column, feature, value| {
                assert_eq!(value, (column * features + feature) as f64);
            });
            // Images in another order, some more than once.
            let byte = |image: usize, pixel: usize| (7 * image + 31 * pixel) as u8;
            let pixels =
                (0..50).flat_map(|image| (0..features).map(move |pixel| byte(image, pixel))).collect();
            let shape = ImageShape::new(1, side, side).expect("a shape");
            let data = ImageDataset::new(shape, pixels, vec![0; 50], 1).expect("images");
            let chosen: Vec<usize> = (0..inputs).map(|i| 17 * i % 50).collect();
            let columns = columns.of_inputs();
            let mut panels = vec![-1.0; features * inputs];
            gather(columns, &data, &chosen, &mut panels);
            each(columns, features, &panels, |column, pixel, value| {
                assert_eq!(value, f64::from(byte(chosen[column], pixel)) / 255.0);
            });
        }
    }
}
