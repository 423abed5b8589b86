//! Tables and their CSV form.

/// One entry of a [`Table`].
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Text, quoted where the CSV needs it.
    Text(String),
    /// A number, written with the fewest digits that read back to the same `f64`.
    Number(f64),
    /// A whole number.
    Integer(i64),
    /// Nothing: the quantity does not exist in this row.
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Cell::Number(value)
    }
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Cell::Integer(value)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Empty, Into::into)
    }
}

/// A table with named columns: `trace.csv`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The names of the columns, with their units where they have one (`rate_nats`).
    pub columns: Vec<String>,
    /// The rows, each as long as `columns`; [`Table::to_csv`] fills a short row with empty cells.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table with these columns.
    #[must_use]
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Table { columns: columns.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: impl IntoIterator<Item = Cell>) {
        self.rows.push(row.into_iter().collect());
    }

    /// Adds a row with these cells under their columns' names, and nothing in the others.
    pub fn push_named(&mut self, cells: &[(&str, Cell)]) {
        let under =
            |column: &String| cells.iter().find(|(name, _)| name == column).map(|(_, cell)| cell.clone());
        let row = self.columns.iter().map(|column| under(column).unwrap_or(Cell::Empty)).collect();
        self.rows.push(row);
    }

    /// The table as CSV after RFC 4180, with a header line, except that lines end in `\n` alone.
    ///
    /// Numbers read back to the same `f64`; those that are not finite are written `NaN`, `inf` and
    /// `-inf`.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut csv = String::new();
        push_record(&mut csv, self.columns.iter().map(|name| quoted(name)), self.columns.len());
        for row in &self.rows {
            push_record(&mut csv, row.iter().map(cell_text), self.columns.len());
        }
        csv
    }
}

fn push_record(csv: &mut String, fields: impl Iterator<Item = String>, width: usize) {
    let mut fields: Vec<String> = fields.collect();
    if fields.len() < width {
        fields.resize(width, String::new());
    }
    // A record of one empty field would be an empty line, which many readers skip.
    if let [only] = fields.as_mut_slice()
        && only.is_empty()
    {
        only.push_str("\"\"");
    }
    csv.push_str(&fields.join(","));
    csv.push('\n');
}

fn cell_text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => quoted(text),
        Cell::Number(value) => number(*value),
        Cell::Integer(value) => value.to_string(),
        Cell::Empty => String::new(),
    }
}

/// The shortest text that reads back to `value`; `Debug` of `f64` switches to an exponent for very
/// large and very small numbers, where `Display` would write hundreds of zeros.
fn number(value: f64) -> String {
    let text = format!("{value:?}");
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back_to_the_same_bits() {
        for value in [0.0, -0.0, 0.1, 1.0 / 3.0, 5e-324, f64::MAX, 1e16, 123_456_789.0, -2.5e-300] {
            let text = number(value);
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{text}");
            assert!(text.len() <= 24, "{text}");
        }
    }

    #[test]
    fn fields_are_quoted_only_where_needed() {
        assert_eq!(quoted("plain text"), "plain text");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("say \"no\""), "\"say \"\"no\"\"\"");
        assert_eq!(quoted("two\nlines"), "\"two\nlines\"");
    }

    #[test]
    fn named_cells_go_under_their_columns() {
        let mut table = Table::new(["run", "rate", "step"]);
        table.push_named(&[("step", Cell::Integer(3)), ("run", Cell::from("held"))]);
        assert_eq!(table.to_csv(), "run,rate,step\nheld,,3\n");
    }

    #[test]
    fn short_rows_are_filled_and_an_empty_record_stays_visible() {
        let mut table = Table::new(["run", "rate"]);
        table.push([Cell::from("held")]);
        table.push([Cell::from("free"), Cell::from(None::<f64>)]);
        assert_eq!(table.to_csv(), "run,rate\nheld,\nfree,\n");
        let mut single = Table::new(["note"]);
        single.push([Cell::Empty]);
        assert_eq!(single.to_csv(), "note\n\"\"\n");
    }
}
