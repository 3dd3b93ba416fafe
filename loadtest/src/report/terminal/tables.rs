//! Aligned columns.
//!
//! Owns widths. It refuses to know what stands in a cell.
//!
//! Invariant: the first column is text and begins at the left; all others are figures and end at the right.

#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(names: &[&str]) -> Self {
        Self { rows: vec![names.iter().map(|name| (*name).to_owned()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table, a line to each row.
    pub(crate) fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                if column == 0 {
                    line.push_str(&format!("{cell:<0$}", widths[0]));
                } else {
                    line.push_str(&format!("  {cell:>0$}", widths[column]));
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}
