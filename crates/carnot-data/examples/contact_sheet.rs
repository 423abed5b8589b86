//! Writes a contact sheet of synthetic digits as a binary PGM image:
//! `cargo run -p carnot-data --example contact_sheet -- sheet.pgm [ROWS] [COLUMNS] [SEED]`.
//!
//! Samples run along the rows; a row of ten holds every digit once.

use std::error::Error;
use std::io::Write;

use carnot_data::synthetic;

const USAGE: &str = "usage: contact_sheet FILE [ROWS] [COLUMNS] [SEED]";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    // What begins with a hyphen was meant as an option, and there is none; a file of such a name is `./-name`.
    let path = arguments.next().filter(|path| !path.starts_with('-')).ok_or(USAGE)?;
    let mut number = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse());
    let (rows, columns, seed) = (number(10)? as usize, number(20)? as usize, number(0)?);

    let samples = rows.checked_mul(columns).ok_or("the sheet is too large")?;
    let digits = synthetic::digits(samples, seed)?;
    let side = synthetic::SIDE;
    let width = columns * side;
    let mut sheet = vec![0_u8; rows * side * width];
    for (index, image) in digits.pixels().chunks_exact(side * side).enumerate() {
        let (row, column) = (index / columns, index % columns);
        for (y, line) in image.chunks_exact(side).enumerate() {
            let start = (row * side + y) * width + column * side;
            sheet[start..start + side].copy_from_slice(line);
        }
    }
    let mut file = std::fs::File::create(path)?;
    write!(file, "P5\n{width} {}\n255\n", rows * side)?;
    file.write_all(&sheet)?;
    Ok(())
}
