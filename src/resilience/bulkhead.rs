//! A bulkhead: at most so many calls to one place at a time, and nobody waits for a place.
//!
//! A server that hangs holds its callers; without a bound it would hold all of them. Whoever finds it full goes on
//! without that server. Invariant: at most `seats` seats are taken.

use tokio::sync::{Semaphore, SemaphorePermit};

/// See the module.
#[derive(Debug)]
pub struct Bulkhead {
    seats: Semaphore,
}

/// A seat; it is free again when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Seat<'a> {
    _permit: SemaphorePermit<'a>,
}

impl Bulkhead {
    /// A bulkhead with so many seats.
    pub fn new(seats: usize) -> Self {
        Self { seats: Semaphore::new(seats) }
    }

    /// Takes a seat if one is free.
    pub fn enter(&self) -> Option<Seat<'_>> {
        self.seats.try_acquire().ok().map(|permit| Seat { _permit: permit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_the_seats_is_refused_until_one_is_free_again() {
        let bulkhead = Bulkhead::new(2);
        let first = bulkhead.enter().expect("free");
        let _second = bulkhead.enter().expect("free");
        assert!(bulkhead.enter().is_none());
        drop(first);
        assert!(bulkhead.enter().is_some());
    }
}
