//! Keeps the log as small as the catalog: superseded events go.
//!
//! Each event says which earlier ones it superseded. The pruner walks the events in order, through the last one that
//! every projection holds durably, notes what they superseded, and removes that in the order of its sequences, so that
//! neighbours go with one write of their page. Until then they stay, so that a projection that walks the log passes
//! through each state that the log had. One that starts from nothing afterwards meets only last states, and what it
//! has built is a state of the log again once it has walked through the *pruned-through* sequence (see `log`).
//!
//! Owns the removal only. It runs on the appender's thread, between groups, because a deletion's trace in `products`
//! may only go while no change of the same id is under way.
//!
//! Invariant: an event goes only after its successor is durable in the log and in every projection. A step is not
//! synced: if a crash loses it, it is done again; doing it twice changes nothing.

use rusqlite::{Connection, params};

use super::error::LogError;
use super::record::{Latest, State};
use super::store::{Durability, META_PRUNED, META_WALKED, Store, Writer, put_number};

/// Events looked at or removed in one step: a few milliseconds, which is what a group of changes may have to wait.
pub(super) const PRUNE_STEP_EVENTS: usize = 4_000;

/// Superseded events that one round removes: enough that many of them are neighbours, and under 1 MB of memory.
const ROUND_EVENTS_MAX: usize = 100_000;

/// Events that must have come before a round begins in between writes. While nobody writes, one begins at once.
const BUSY_ROUND_EVENTS_MIN: u64 = 50_000;

/// Events walked in vain after which the position is written down, so that the next start does not walk them again.
const WALKED_IN_VAIN_MAX: u64 = 100_000;

/// The pruner's state.
pub(super) struct Pruner {
    /// What the events through this one superseded has gone.
    walked: u64,
    /// Value of `walked` that is written down.
    noted: u64,
    round: Option<Round>,
}

/// What is to go next.
struct Round {
    /// The walk is here.
    walked: u64,
    /// Highest superseding sequence met.
    through: Option<u64>,
    /// Superseded sequences. Sorted downwards once the walk is over.
    superseded: Vec<u64>,
    /// Deletions with their ids, whose traces may go.
    deletions: Vec<(u64, String)>,
    /// Whether the walk is over.
    removing: bool,
}

impl Pruner {
    pub(super) fn new(walked: u64) -> Self {
        Self { walked, noted: walked, round: None }
    }

    /// One step, of about `events` events; returns whether another one is due. `busy`: somebody may be waiting.
    /// `announce` is told how far it reaches before anything goes, so that a reader who misses an event can always
    /// learn why.
    pub(super) fn step(
        &mut self,
        writer: &mut Writer,
        durable: u64,
        events: usize,
        busy: bool,
        announce: impl FnOnce(u64),
    ) -> Result<bool, LogError> {
        let Some(mut round) = self.round.take().or_else(|| self.begin(durable)) else { return Ok(false) };
        if busy && !round.removing && round.walked == self.walked && durable - self.walked < BUSY_ROUND_EVENTS_MIN {
            return Ok(true);
        }
        // After an error the round is gone and begins anew from `self.walked`.
        if round.removing {
            if let Some(through) = round.through {
                announce(through);
            }
            round.remove(writer, events)?;
        } else {
            round.collect(writer, durable, events)?;
        }
        if round.removing && round.superseded.is_empty() && round.deletions.is_empty() {
            self.end(&round, writer)?;
        } else {
            self.round = Some(round);
        }
        Ok(self.round.is_some() || self.walked < durable)
    }

    fn begin(&self, durable: u64) -> Option<Round> {
        (self.walked < durable).then(|| Round {
            walked: self.walked,
            through: None,
            superseded: Vec::new(),
            deletions: Vec::new(),
            removing: false,
        })
    }

    fn end(&mut self, round: &Round, writer: &mut Writer) -> Result<(), LogError> {
        self.walked = round.walked;
        if round.through.is_some() || self.walked - self.noted >= WALKED_IN_VAIN_MAX {
            let store = std::sync::Arc::clone(&writer.store);
            writer.write(Durability::Later, |connection| {
                put_number(connection, META_WALKED, self.walked).map_err(|error| store.failed(error))
            })?;
            self.noted = self.walked;
        }
        Ok(())
    }
}

impl Round {
    /// Walks on.
    fn collect(&mut self, writer: &Writer, durable: u64, events: usize) -> Result<(), LogError> {
        let mut walk = || -> rusqlite::Result<usize> {
            let mut select = writer.connection().prepare_cached(
                "SELECT sequence, ends, ends_too, deletes FROM events
                 WHERE sequence > ?1 AND sequence <= ?2 ORDER BY sequence LIMIT ?3",
            )?;
            let limit = i64::try_from(events).unwrap_or(i64::MAX);
            let mut rows = select.query(params![self.walked.cast_signed(), durable.cast_signed(), limit])?;
            let mut walked = 0;
            while let Some(row) = rows.next()? {
                let sequence = row.get::<_, i64>(0)?.cast_unsigned();
                let before = self.superseded.len();
                for column in 1..=2 {
                    self.superseded.extend(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned));
                }
                if let Some(id) = row.get::<_, Option<String>>(3)? {
                    self.superseded.push(sequence);
                    self.deletions.push((sequence, id));
                }
                if self.superseded.len() > before {
                    self.through = Some(sequence);
                }
                self.walked = sequence;
                walked += 1;
            }
            Ok(walked)
        };
        let at_the_end = walk().map_err(|error| writer.store.failed(error))? < events;
        if at_the_end {
            self.walked = durable;
        }
        if at_the_end || self.superseded.len() >= ROUND_EVENTS_MAX {
            self.superseded.sort_unstable_by(|one, other| other.cmp(one));
            self.removing = true;
        }
        Ok(())
    }

    /// Removes the next ones.
    fn remove(&mut self, writer: &mut Writer, events: usize) -> Result<(), LogError> {
        let count = self.superseded.len().min(events);
        let superseded = self.superseded.split_off(self.superseded.len() - count);
        let deletions = self.deletions.split_off(self.deletions.len() - self.deletions.len().min(events));
        let store = std::sync::Arc::clone(&writer.store);
        writer.write(Durability::Later, |connection| {
            let go = || -> rusqlite::Result<()> {
                if let Some(through) = self.through {
                    put_number(connection, META_PRUNED, through)?;
                }
                let mut delete = connection.prepare_cached("DELETE FROM events WHERE sequence = ?1")?;
                for sequence in superseded.iter().rev() {
                    delete.execute([sequence.cast_signed()])?;
                }
                Ok(())
            };
            go().map_err(|error| store.failed(error))?;
            deletions.iter().try_for_each(|(sequence, id)| forget(&store, connection, id, *sequence))
        })
    }
}

/// Removes the trace of the deletion with this sequence, if it is still the last word on the id.
fn forget(store: &Store, connection: &Connection, id: &str, sequence: u64) -> Result<(), LogError> {
    if store.latest(connection, id)? != Some(Latest { content: sequence, state: State::Deleted }) {
        return Ok(());
    }
    let delete = || connection.prepare_cached("DELETE FROM products WHERE id = ?1")?.execute([id]).map(drop);
    delete().map_err(|error| store.failed(error))
}
