//! The log's one writer: a thread that turns waiting requests into groups and pays one sync for each.
//!
//! **Why a thread, and not the callers in turn.** A sync costs a thousand times an append, so callers that come while
//! one is under way must share the next. With a leader among the callers, somebody else's request is at the mercy of
//! the leader's thread, and leadership must be handed over after each group lest one caller work for all. A thread of
//! its own has neither trouble: the order of its queue *is* the order of the log, the state that it needs (last
//! sequence, position of pruning) has one owner and no lock, and if it ever dies, every caller sees a closed channel,
//! not a lock held for ever. The price is two switches of thread a request, small beside the sync.
//!
//! Owns the order and the last sequence. It refuses to know projections: it is told how far they are.
//!
//! Invariant: a reply is sent only after the events that it tells of are durable, and readers see no event before.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};

use super::error::LogError;
use super::once;
use super::prune::{PRUNE_STEP_EVENTS, Pruner};
use super::resolve::Resolver;
use super::store::{Durability, Writer};
use super::{Prepared, Shared};
use crate::catalog::Written;

/// Bytes of events after which a group is closed: about what a disk writes in the time of one sync.
const GROUP_BYTES_MAX: usize = 4 << 20;

/// What the thread can be asked.
pub(super) enum Command {
    /// Append these changes and answer.
    Append(Append),
    /// The projections are durable further than before; see [`Shared::durable`].
    Prune,
}

/// One caller's request.
pub(super) struct Append {
    /// In order.
    pub(super) changes: Vec<Prepared>,
    /// Idempotency key and digest of the request.
    pub(super) once: Option<(String, u64)>,
    /// Where the answer goes.
    pub(super) reply: SyncSender<Result<Written, LogError>>,
}

/// The thread's state.
pub(super) struct Appender {
    writer: Writer,
    shared: Arc<Shared>,
    commands: Receiver<Command>,
    last: u64,
    pruner: Pruner,
}

/// What a request is told: its answer, or why it alone is refused.
type Answer = Result<Written, LogError>;

impl Appender {
    pub(super) fn new(
        writer: Writer,
        shared: Arc<Shared>,
        commands: Receiver<Command>,
        last: u64,
        pruner: Pruner,
    ) -> Self {
        Self { writer, shared, commands, last, pruner }
    }

    /// Serves commands until every sender is gone, then those still in the queue.
    pub(super) fn run(mut self) {
        self.serve();
        // For a quick start.
        self.writer.tidy_up();
    }

    fn serve(&mut self) {
        let mut prune_more = false;
        loop {
            let command = match self.commands.try_recv() {
                Ok(command) => command,
                Err(TryRecvError::Disconnected) => return,
                // Nobody waits: a good time to tidy up.
                Err(TryRecvError::Empty) if prune_more => {
                    prune_more = self.prune(PRUNE_STEP_EVENTS, false);
                    continue;
                }
                Err(TryRecvError::Empty) => match self.commands.recv() {
                    Ok(command) => command,
                    Err(_) => return,
                },
            };
            match command {
                Command::Append(first) => {
                    let group = self.gather(first);
                    let changes = group.iter().map(|append| append.changes.len()).sum::<usize>();
                    self.append(group);
                    // One step a group, and one that removes more than the group can supersede, looking at them
                    // included, so that a writer who never pauses cannot outrun the removal.
                    prune_more = self.prune(PRUNE_STEP_EVENTS.max(changes * 4), true);
                }
                Command::Prune => prune_more = true,
            }
            self.writer.checkpoint();
        }
    }

    /// The request and those that wait behind it, up to [`GROUP_BYTES_MAX`].
    fn gather(&self, first: Append) -> Vec<Append> {
        let size = |append: &Append| append.changes.iter().map(Prepared::bytes).sum::<usize>();
        let mut bytes = size(&first);
        let mut group = vec![first];
        while bytes < GROUP_BYTES_MAX {
            match self.commands.try_recv() {
                Ok(Command::Append(next)) => {
                    bytes += size(&next);
                    group.push(next);
                }
                // A step follows each group anyway.
                Ok(Command::Prune) => {}
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        group
    }

    /// Resolves the group, makes it durable with one sync, and answers every request in it.
    fn append(&mut self, group: Vec<Append>) {
        let (requests, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|append| ((append.changes, append.once), append.reply)).unzip();
        match self.make_durable(requests) {
            Ok(answers) => {
                for (reply, answer) in replies.into_iter().zip(answers) {
                    // A caller who has gone away loses only the answer.
                    drop(reply.send(answer));
                }
            }
            Err(error) => {
                tracing::error!(error = %error, "changes could not be made durable");
                for reply in replies {
                    drop(reply.send(Err(error.clone())));
                }
            }
        }
    }

    #[expect(clippy::type_complexity, reason = "the two parts of `Append` that matter here")]
    fn make_durable(&mut self, requests: Vec<(Vec<Prepared>, Option<(String, u64)>)>) -> Result<Vec<Answer>, LogError> {
        let last = self.last;
        let store = Arc::clone(&self.writer.store);
        let (answers, resolved) = self.writer.write(Durability::Now, |connection| {
            let mut resolver = Resolver::new(&store, connection, last);
            let mut answers = Vec::with_capacity(requests.len());
            for (changes, key) in requests {
                if let Some((key, digest)) = &key {
                    match once::find(&store, connection, key, *digest) {
                        Ok(None) => {}
                        Ok(Some(written)) => {
                            answers.push(Ok(written));
                            continue;
                        }
                        Err(error @ LogError::KeyReused { .. }) => {
                            answers.push(Err(error));
                            continue;
                        }
                        Err(error) => return Err(error),
                    }
                }
                let outcomes: Vec<_> =
                    changes.into_iter().map(|change| resolver.resolve(change)).collect::<Result<_, _>>()?;
                let sequence = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).max();
                let written = Written { sequence: sequence.copied().unwrap_or(resolver.last()), outcomes };
                if let Some((key, digest)) = &key {
                    once::keep(&store, connection, key, *digest, &written)?;
                }
                answers.push(Ok(written));
            }
            Ok((answers, resolver.finish()?))
        })?;
        if let Some(settings) = resolved.settings {
            self.shared.settings.store(Some(Arc::new(settings)));
        }
        if let Some(rules) = resolved.rules {
            self.shared.rules.store(Some(Arc::new(rules)));
        }
        if resolved.last > self.last {
            self.last = resolved.last;
            let mut tail = self.shared.tail();
            resolved.given.into_iter().for_each(|given| tail.push(given));
            drop(tail);
            self.shared.acknowledged(self.last);
        }
        Ok(answers)
    }

    /// One step of pruning; returns whether another one is due.
    fn prune(&mut self, events: usize, busy: bool) -> bool {
        let announce = |through| self.shared.pruned.raise(through);
        match self.pruner.step(&mut self.writer, self.shared.durable.value(), events, busy, announce) {
            Ok(more) => more,
            Err(error) => {
                // Nothing is lost but space; the next durable position tries again.
                tracing::warn!(error = %error, "superseded events could not be removed");
                false
            }
        }
    }
}
