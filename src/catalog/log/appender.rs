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
use super::prune;
use super::resolve::{Outcomes, Resolver};
use super::store::Store;
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
    /// Where the answer goes.
    pub(super) reply: SyncSender<Result<Written, LogError>>,
}

/// The thread's state.
pub(super) struct Appender {
    store: Arc<Store>,
    shared: Arc<Shared>,
    commands: Receiver<Command>,
    last: u64,
    /// Where the last step of pruning that succeeded ended.
    pruned: u64,
}

impl Appender {
    pub(super) fn new(store: Arc<Store>, shared: Arc<Shared>, commands: Receiver<Command>, last: u64) -> Self {
        let pruned = shared.pruned.value();
        Self { store, shared, commands, last, pruned }
    }

    /// Serves commands until every sender is gone, then those still in the queue.
    pub(super) fn run(mut self) {
        let mut prune_more = false;
        loop {
            let command = match self.commands.try_recv() {
                Ok(command) => command,
                Err(TryRecvError::Disconnected) => return,
                // Nobody waits: a good time to tidy up.
                Err(TryRecvError::Empty) if prune_more => {
                    prune_more = self.prune();
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
                    self.append(group);
                    // One step a group, so that a writer who never pauses cannot outrun the removal.
                    prune_more = self.prune();
                }
                Command::Prune => prune_more = self.prune(),
            }
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
            group.into_iter().map(|append| (append.changes, append.reply)).unzip();
        match self.make_durable(requests) {
            Ok(outcomes) => {
                for (reply, outcomes) in replies.into_iter().zip(outcomes) {
                    let sequence = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).max();
                    let sequence = sequence.copied().unwrap_or(self.last);
                    // A caller who has gone away loses only the answer.
                    drop(reply.send(Ok(Written { sequence, outcomes })));
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

    fn make_durable(&mut self, requests: Vec<Vec<Prepared>>) -> Result<Vec<Outcomes>, LogError> {
        let mut resolver = Resolver::new(&self.store, self.last);
        let mut outcomes = Vec::with_capacity(requests.len());
        for changes in requests {
            outcomes.push(changes.into_iter().map(|change| resolver.resolve(change)).collect::<Result<_, _>>()?);
        }
        if let Some(resolved) = resolver.finish() {
            self.store.commit_durably(resolved.batch)?;
            self.last = resolved.last;
            if let Some(settings) = resolved.settings {
                self.shared.settings.store(Some(Arc::new(settings)));
            }
            self.shared.acknowledged(self.last);
        }
        Ok(outcomes)
    }

    /// One step of pruning; returns whether another one is due.
    fn prune(&mut self) -> bool {
        let announce = |through| self.shared.pruned.raise(through);
        match prune::step(&self.store, self.pruned, self.shared.durable.value(), announce) {
            Ok(pruned) => {
                self.pruned = pruned.through;
                pruned.more
            }
            Err(error) => {
                // Nothing is lost but space; the next durable position tries again.
                tracing::warn!(error = %error, "superseded events could not be removed");
                false
            }
        }
    }
}
