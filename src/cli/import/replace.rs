//! `--replace`: which products go because the files lack them.
//!
//! A file that was cut off, exported with a filter or made with other ids would empty a shop, so the guard judges by
//! what was in the catalog *before* the import: were new products counted, a file of nothing but new ids would pass.
//! Products that came while the import ran are nobody's business here; they stay.
//!
//! Owns the decision, not the deletion. Invariant: a product that a line names stays, also if the line was rejected.

use anyhow::anyhow;

use crate::ingest::Ids;

/// Share of a catalog that may go without being asked twice, in percent. A season's change of assortment is below it,
/// a broken file above.
const GONE_PERCENT_MAX: usize = 30;

/// How the caller wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Replace {
    /// With all doubts.
    Guarded,
    /// Without.
    Force,
}

/// What a replacing import knows.
#[derive(Debug)]
pub(super) struct Replacing {
    mode: Replace,
    /// Ids of the catalog before the import.
    before: Vec<String>,
    /// Ids that the files name.
    pub(super) named: Ids,
}

impl Replacing {
    pub(super) fn new(mode: Replace, before: Vec<String>) -> Self {
        Self { mode, before, named: Ids::default() }
    }

    /// The products that are to go, or why none will. `rejected` lines were.
    pub(super) fn gone(self, rejected: u64) -> Result<Vec<String>, anyhow::Error> {
        let before = self.before.len();
        let gone: Vec<String> = self.before.into_iter().filter(|id| !self.named.contains(id)).collect();
        if self.mode == Replace::Force || gone.is_empty() {
            return Ok(gone);
        }
        let lack = gone.len();
        if rejected > 0 {
            return Err(anyhow!(
                "--replace: nothing was removed, because {rejected} line(s) were rejected and one of the {lack} \
                 product(s) that the files lack may be meant by one of them; repair the lines, or give --replace=force"
            ));
        }
        if lack * 100 > before * GONE_PERCENT_MAX {
            return Err(anyhow!(
                "--replace: nothing was removed, because the files lack {lack} of the {before} products that the \
                 catalog had, more than {GONE_PERCENT_MAX} %; if that is meant, give --replace=force"
            ));
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replacing(mode: Replace, before: usize, named: usize) -> Replacing {
        let mut replacing = Replacing::new(mode, (0..before).map(|id| id.to_string()).collect());
        (0..named).for_each(|id| replacing.named.insert(&id.to_string()));
        replacing
    }

    #[test]
    fn what_the_files_lack_goes_up_to_a_share() {
        assert_eq!(replacing(Replace::Guarded, 10, 7).gone(0).unwrap(), ["7", "8", "9"]);
        let message = replacing(Replace::Guarded, 10, 6).gone(0).unwrap_err().to_string();
        assert!(message.contains("lack 4 of the 10 products") && message.contains("=force"), "{message}");
        assert_eq!(replacing(Replace::Force, 10, 6).gone(9).unwrap().len(), 4);
        assert!(replacing(Replace::Guarded, 0, 9).gone(0).unwrap().is_empty());
    }

    #[test]
    fn a_rejected_line_keeps_everything() {
        let message = replacing(Replace::Guarded, 10, 9).gone(2).unwrap_err().to_string();
        assert!(message.contains("2 line(s) were rejected"), "{message}");
        assert!(replacing(Replace::Guarded, 10, 10).gone(2).unwrap().is_empty());
    }
}
