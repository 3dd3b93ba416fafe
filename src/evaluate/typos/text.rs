//! The measure of typing errors as text for a terminal.

use std::fmt;

use super::{FalseCorrection, Lost, Report, Row};

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "\ntyping errors, seed {}", self.seed)?;
        writeln!(out, "  edits  letters     queries  best product kept  nothing found")?;
        for edits in [1, 2] {
            let rows = self.rows.iter().filter(|row| row.edits == edits && row.n_queries > 0);
            rows.chain([&self.of_edits(edits)]).try_for_each(|row| write_row(out, row))?;
        }
        let Self { n_numbers, n_false, n_partial, .. } = self;
        writeln!(out, "numbers taken for another: {n_false} of {n_numbers} queries with digits")?;
        writeln!(out, "  {n_partial} more were answered by parts of the number, and the answer said so")?;
        for FalseCorrection { typed, taken_for } in &self.false_corrections {
            writeln!(out, "  {typed} as {taken_for}")?;
        }
        if !self.lost.is_empty() {
            writeln!(out, "best product lost, some of them")?;
        }
        for Lost { meant, typed, corrected, .. } in &self.lost {
            match corrected {
                Some(corrected) => writeln!(out, "  {meant} typed {typed}, corrected to {corrected}")?,
                None => writeln!(out, "  {meant} typed {typed}")?,
            }
        }
        Ok(())
    }
}

fn write_row(out: &mut fmt::Formatter<'_>, row: &Row) -> fmt::Result {
    let Row { edits, letters, n_queries, n_empty, .. } = row;
    let percent = row.share() * 100.0;
    writeln!(out, "  {edits:>5}  {letters:<10}  {n_queries:>7}  {percent:>16.1}%  {n_empty:>13}")
}
