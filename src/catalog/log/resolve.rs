//! What a group of changes does to the log: sequences, events and refusals.
//!
//! Changes are resolved one after the other, each against the last state of its product, inside one transaction, so
//! that a group has the same outcome as its changes one by one. A patch becomes an upsert; an upsert that changes only
//! live fields becomes a live event; a change that changes nothing becomes nothing.
//!
//! Owns the sequences of one group and nothing that outlives it. If the group cannot be made durable, it is rolled
//! back and no sequence was given.
//!
//! Invariant: for each id, `products` names its last content event and its last live event after that, and every
//! earlier event is named by the one that superseded it.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use storefind_index::live::LiveFields;
use storefind_index::product::{Product, apply_patch};
use storefind_index::settings::Settings;
use xxhash_rust::xxh3::xxh3_64;

use super::error::LogError;
use super::record::{Latest, Present, State};
use super::rules::{RULES_KEPT, RulesChange};
use super::store::{META_LAST, META_RULES, META_SETTINGS, Store, put_number};
use super::{Prepared, STARTS_MAX};
use crate::catalog::Refusal;
use crate::catalog::event::{self, Event, FormerRules, PutRules};

/// One group, being resolved.
pub(super) struct Resolver<'a> {
    store: &'a Store,
    connection: &'a Connection,
    /// Sequence of the last event given.
    last: u64,
    given: Vec<Given>,
    settings: Option<(u64, Arc<Settings>)>,
    rules: Option<(u64, Arc<PutRules>)>,
}

/// An event that the group gave.
pub(super) struct Given {
    pub(super) sequence: u64,
    pub(super) event: Event,
    /// Length of its encoding.
    pub(super) bytes: usize,
}

/// What a group leaves to be done once it is durable.
pub(super) struct Resolved {
    /// The log's last sequence.
    pub(super) last: u64,
    /// Its events, in order.
    pub(super) given: Vec<Given>,
    /// Settings that are in force, with their sequence.
    pub(super) settings: Option<(u64, Arc<Settings>)>,
    /// Rules that are in force, with their sequence.
    pub(super) rules: Option<(u64, Arc<PutRules>)>,
}

/// What an event makes needless.
#[derive(Default)]
struct Ends<'a> {
    content: Option<u64>,
    live: Option<u64>,
    /// The id of a deletion, whose own trace goes in the end.
    deletes: Option<&'a str>,
}

impl<'a> Resolver<'a> {
    /// A group whose first event gets the sequence after `last`.
    pub(super) fn new(store: &'a Store, connection: &'a Connection, last: u64) -> Self {
        Self { store, connection, last, given: Vec::new(), settings: None, rules: None }
    }

    /// Sequence of the last event given.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Resolves one change. The outer error is the log's: then the whole group fails.
    pub(super) fn resolve(&mut self, change: Prepared) -> Result<Result<u64, Refusal>, LogError> {
        match change {
            Prepared::Upsert { product, bytes } => Ok(Ok(self.upsert(product, &bytes)?)),
            Prepared::Patch { id, fields } => {
                let Some(product) = self.product(&id)? else { return Ok(Err(Refusal::unknown_product(&id))) };
                let patched = match apply_patch(&product, fields) {
                    Ok(patched) => patched,
                    Err(error) => return Ok(Err(Refusal { code: error.code, message: error.message })),
                };
                let bytes = event::encode_upsert(&patched)
                    .map_err(|source| LogError::Encode { path: self.store.path().to_owned(), source })?;
                Ok(Ok(self.upsert(Box::new(patched), &bytes)?))
            }
            Prepared::Live { id, price, stock } => self.live(&id, price, stock),
            Prepared::Delete { id } => self.delete(&id),
            Prepared::Settings { bytes, settings } => Ok(Ok(self.put_settings(&bytes, settings)?)),
            Prepared::Rules { change, .. } => self.put_rules(*change),
        }
    }

    /// Begins another history of the log.
    pub(super) fn start(&mut self, id: u64) -> Result<(), LogError> {
        let dropped = || -> rusqlite::Result<Option<i64>> {
            let oldest = "SELECT sequence FROM starts ORDER BY sequence DESC LIMIT 1 OFFSET ?1";
            let oldest: Option<i64> =
                self.connection.query_row(oldest, [STARTS_MAX - 1], |row| row.get(0)).optional()?;
            self.connection.execute("DELETE FROM starts WHERE sequence <= ?1", [oldest])?;
            Ok(oldest)
        };
        let ends = dropped().map_err(|error| self.store.failed(error))?.map(i64::cast_unsigned);
        let bytes = event::encode_start(id);
        let sequence = self.give(&Ends { content: ends, ..Ends::default() }, &bytes, Event::Start { id })?;
        let row = params![sequence.cast_signed(), id.cast_signed()];
        let insert = self.connection.execute("INSERT INTO starts(sequence, id) VALUES (?1, ?2)", row);
        insert.map(drop).map_err(|error| self.store.failed(error))
    }

    /// Ends the group.
    pub(super) fn finish(self) -> Result<Resolved, LogError> {
        let finish = || -> rusqlite::Result<()> {
            if let Some((sequence, _)) = &self.settings {
                put_number(self.connection, META_SETTINGS, *sequence)?;
            }
            if let Some((sequence, _)) = &self.rules {
                put_number(self.connection, META_RULES, *sequence)?;
            }
            if self.given.is_empty() { Ok(()) } else { put_number(self.connection, META_LAST, self.last) }
        };
        finish().map_err(|error| self.store.failed(error))?;
        Ok(Resolved { last: self.last, given: self.given, settings: self.settings, rules: self.rules })
    }

    fn upsert(&mut self, product: Box<Product>, bytes: &[u8]) -> Result<u64, LogError> {
        let digest = xxh3_64(event::content_of(bytes));
        let fields = LiveFields::of(&product);
        let id = product.id.clone();
        let mut ends = Ends::default();
        if let Some(Latest { content, state: State::Present(present) }) = self.store.latest(self.connection, &id)? {
            if present.digest == digest && self.has_content(content, bytes)? {
                return self.put_live(&id, content, present, fields);
            }
            ends = Ends { content: Some(content), live: present.live, deletes: None };
        }
        let sequence = self.give(&ends, bytes, Event::Upsert { product })?;
        let present = Present { digest, live: None, fields };
        self.put(&id, Latest { content: sequence, state: State::Present(present) })?;
        Ok(sequence)
    }

    fn live(
        &mut self,
        id: &str,
        price: Option<Option<f64>>,
        stock: Option<Option<i64>>,
    ) -> Result<Result<u64, Refusal>, LogError> {
        let latest = self.store.latest(self.connection, id)?;
        let Some(Latest { content, state: State::Present(present) }) = latest else {
            return Ok(Err(Refusal::unknown_product(id)));
        };
        if let Some(Some(price)) = price
            && !(price.is_finite() && price >= 0.0)
        {
            let message = format!("`price`: expected a number that is not negative, found {price}");
            return Ok(Err(Refusal { code: "invalid_price".to_owned(), message }));
        }
        let fields = LiveFields {
            price: price.unwrap_or(present.fields.price),
            stock: stock.unwrap_or(present.fields.stock),
            in_stock: present.fields.in_stock,
        };
        Ok(Ok(self.put_live(id, content, present, fields)?))
    }

    /// The live fields of a product are now these; its content stays.
    fn put_live(&mut self, id: &str, content: u64, present: Present, fields: LiveFields) -> Result<u64, LogError> {
        if fields == present.fields {
            return Ok(present.live.unwrap_or(content));
        }
        let bytes = event::encode_live(id, fields);
        let ends = Ends { live: present.live, ..Ends::default() };
        let sequence = self.give(&ends, &bytes, Event::Live { id: id.to_owned(), fields })?;
        let present = Present { live: Some(sequence), fields, ..present };
        self.put(id, Latest { content, state: State::Present(present) })?;
        Ok(sequence)
    }

    fn delete(&mut self, id: &str) -> Result<Result<u64, Refusal>, LogError> {
        let latest = self.store.latest(self.connection, id)?;
        let Some(Latest { content, state: State::Present(present) }) = latest else {
            return Ok(Err(Refusal::unknown_product(id)));
        };
        let ends = Ends { content: Some(content), live: present.live, deletes: Some(id) };
        let sequence = self.give(&ends, &event::encode_delete(id), Event::Delete { id: id.to_owned() })?;
        self.put(id, Latest { content: sequence, state: State::Deleted })?;
        Ok(Ok(sequence))
    }

    fn put_settings(&mut self, bytes: &[u8], settings: Arc<Settings>) -> Result<u64, LogError> {
        let before = match &self.settings {
            Some((sequence, _)) => Some(*sequence),
            None => self.store.number(self.connection, META_SETTINGS)?,
        };
        if let Some(sequence) = before
            && self.store.event_bytes(self.connection, sequence)? == bytes
        {
            return Ok(sequence);
        }
        let event = Event::Settings { settings: Box::new((*settings).clone()) };
        let sequence = self.give(&Ends { content: before, ..Ends::default() }, bytes, event)?;
        self.settings = Some((sequence, settings));
        Ok(sequence)
    }

    /// The rules before these stay, up to [`RULES_KEPT`] of them; the oldest one beyond is superseded.
    fn put_rules(&mut self, change: RulesChange) -> Result<Result<u64, Refusal>, LogError> {
        let before = match &self.rules {
            Some(before) => Some(before.clone()),
            None => super::rules::read_latest(self.store, self.connection)?,
        };
        let version = before.as_ref().map_or(0, |(sequence, _)| *sequence);
        // Whoever puts the rules that are in force has what it wants, above all if it sends again what it got no answer
        // to. So says RFC 9110, 13.1.1.
        if before.as_ref().is_some_and(|(_, before)| before.rules == change.rules) {
            return Ok(Ok(version));
        }
        if change.expected.is_some_and(|expected| expected != version) {
            return Ok(Err(Refusal::version_changed(version)));
        }
        let mut former = Vec::new();
        if let Some((version, before)) = before {
            former.clone_from(&before.former);
            former.push(FormerRules { version, put_at: before.put_at, rules: before.rules.0.len() });
        }
        let ends = (former.len() > RULES_KEPT).then(|| former.remove(0).version);
        let rules = PutRules { put_at: change.put_at, former, rules: change.rules };
        let bytes = event::encode_rules(&rules)
            .map_err(|source| LogError::Encode { path: self.store.path().to_owned(), source })?;
        let event = Event::Rules { rules: Box::new(rules.clone()) };
        let sequence = self.give(&Ends { content: ends, ..Ends::default() }, &bytes, event)?;
        self.rules = Some((sequence, Arc::new(rules)));
        Ok(Ok(sequence))
    }

    fn give(&mut self, ends: &Ends<'_>, bytes: &[u8], event: Event) -> Result<u64, LogError> {
        let sequence = self.last + 1;
        let signed = |number: Option<u64>| number.map(u64::cast_signed);
        let insert = || -> rusqlite::Result<usize> {
            let mut insert = self.connection.prepare_cached(
                "INSERT INTO events(sequence, ends, ends_too, deletes, event) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            insert.execute(params![
                sequence.cast_signed(),
                signed(ends.content),
                signed(ends.live),
                ends.deletes,
                bytes
            ])
        };
        insert().map_err(|error| self.store.failed(error))?;
        self.last = sequence;
        self.given.push(Given { sequence, event, bytes: bytes.len() });
        Ok(sequence)
    }

    fn put(&self, id: &str, latest: Latest) -> Result<(), LogError> {
        let put = || -> rusqlite::Result<usize> {
            let mut put =
                self.connection.prepare_cached("INSERT OR REPLACE INTO products(id, record) VALUES (?1, ?2)")?;
            put.execute(params![id, latest.encode()])
        };
        put().map(drop).map_err(|error| self.store.failed(error))
    }

    /// Whether the content event with this sequence says the same as these bytes, but for live fields.
    fn has_content(&self, sequence: u64, bytes: &[u8]) -> Result<bool, LogError> {
        let before = self.store.event_bytes(self.connection, sequence)?;
        Ok(event::content_of(&before) == event::content_of(bytes))
    }

    fn product(&self, id: &str) -> Result<Option<Product>, LogError> {
        match self.store.latest(self.connection, id)? {
            Some(Latest { content, state: State::Present(present) }) => {
                read_product(self.store, self.connection, id, content, present.fields).map(Some)
            }
            Some(Latest { state: State::Deleted, .. }) | None => Ok(None),
        }
    }
}

/// The product whose last content event is `content`, with its live fields of now.
pub(super) fn read_product(
    store: &Store,
    connection: &Connection,
    id: &str,
    content: u64,
    fields: LiveFields,
) -> Result<Product, LogError> {
    match store.event(connection, content)? {
        Event::Upsert { mut product } if product.id == id => {
            fields.fill(&mut product);
            Ok(*product)
        }
        Event::Upsert { .. }
        | Event::Delete { .. }
        | Event::Live { .. }
        | Event::Settings { .. }
        | Event::Rules { .. }
        | Event::Start { .. } => Err(store.damaged(id)),
    }
}
