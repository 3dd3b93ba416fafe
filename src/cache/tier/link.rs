//! The link to a server: made when it is first wanted, shared by all who want it, made anew after it has failed.
//!
//! Making one runs in a task of its own, so that a caller whose deadline is shorter than that does not interrupt it: the
//! next one finds it made. A failure is told to those who waited, and whoever comes after them tries again, also if nobody
//! waited; how often is the breaker's business. Invariant: at most one is being made at a time.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::Shared;

use super::remote::{Fault, Reply};

type Making<L> = Shared<Reply<'static, L>>;

/// See the module.
pub(super) struct Link<L: Clone> {
    made: Arc<Mutex<Option<Making<L>>>>,
}

/// A link that was handed out, and which one it was.
pub(super) struct Held<L: Clone> {
    pub(super) link: L,
    making: Making<L>,
}

impl<L: Clone> Default for Link<L> {
    fn default() -> Self {
        Self { made: Arc::default() }
    }
}

impl<L: Clone + Send + Sync + 'static> Link<L> {
    /// The link; `make` makes one if there is none.
    pub(super) async fn hold<F>(&self, make: impl FnOnce() -> F) -> Result<Held<L>, Fault>
    where
        F: Future<Output = Result<L, Fault>> + Send + 'static,
    {
        let making = self.making(make);
        match making.clone().await {
            Ok(link) => Ok(Held { link, making }),
            Err(fault) => {
                let_go(&self.made, &making);
                Err(fault)
            }
        }
    }

    /// Has the next caller make another one, unless somebody has already.
    pub(super) fn give_up(&self, held: &Held<L>) {
        let_go(&self.made, &held.making);
    }

    fn making<F>(&self, make: impl FnOnce() -> F) -> Making<L>
    where
        F: Future<Output = Result<L, Fault>> + Send + 'static,
    {
        let mut made = lock(&self.made);
        if let Some(making) = &*made {
            return making.clone();
        }
        // A panic would be kept like a result, and stay there.
        let caught = AssertUnwindSafe(make()).catch_unwind();
        let reply: Reply<'static, L> =
            Box::pin(caught.map(|made| made.unwrap_or_else(|_| Err(Fault::Garbled("the client panicked".into())))));
        let making = reply.shared();
        let (place, watched) = (Arc::clone(&self.made), making.clone());
        tokio::spawn(async move {
            if watched.clone().await.is_err() {
                let_go(&place, &watched);
            }
        });
        *made = Some(making.clone());
        making
    }
}

fn let_go<L: Clone>(place: &Mutex<Option<Making<L>>>, making: &Making<L>) {
    let mut made = lock(place);
    if made.as_ref().is_some_and(|current| current.ptr_eq(making)) {
        *made = None;
    }
}

/// What is guarded is replaced in one step, so a poisoned lock needs no repair.
fn lock<L: Clone>(place: &Mutex<Option<Making<L>>>) -> MutexGuard<'_, Option<Making<L>>> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<L: Clone> std::fmt::Debug for Link<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_link_is_made_once_even_if_nobody_has_the_time_to_wait_for_it() {
        let (link, made) = (Link::<u32>::default(), Arc::new(AtomicU32::new(0)));
        let make = || {
            let made = Arc::clone(&made);
            async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Ok(made.fetch_add(1, Ordering::Relaxed))
            }
        };
        for _ in 0..3 {
            assert!(tokio::time::timeout(Duration::from_millis(5), link.hold(make)).await.is_err());
        }
        assert_eq!(link.hold(make).await.map(|held| held.link), Ok(0));
        assert_eq!((link.hold(make).await.map(|held| held.link), made.load(Ordering::Relaxed)), (Ok(0), 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_that_nobody_waited_for_is_not_kept() {
        let link = Link::<u32>::default();
        let late = || async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Err(Fault::TimedOut)
        };
        assert!(tokio::time::timeout(Duration::from_millis(5), link.hold(late)).await.is_err());
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!(link.hold(|| std::future::ready(Ok(1))).await.map(|held| held.link), Ok(1));
    }

    #[tokio::test]
    async fn a_failure_is_told_and_tried_again_and_a_link_given_up_is_made_anew_once() {
        let link = Link::<u32>::default();
        let fault = Fault::Refused("no".into());
        let failed = link.hold(|| std::future::ready(Err(fault.clone()))).await;
        assert_eq!(failed.map(|held| held.link).err(), Some(fault));
        let panicked = link.hold(|| async { panic!("on purpose") }).await;
        assert!(matches!(panicked, Err(Fault::Garbled(_))));
        let first = link.hold(|| std::future::ready(Ok(1))).await.expect("made");
        link.give_up(&first);
        assert_eq!(link.hold(|| std::future::ready(Ok(2))).await.map(|held| held.link), Ok(2));
        link.give_up(&first);
        assert_eq!(link.hold(|| std::future::ready(Ok(3))).await.map(|held| held.link), Ok(2), "not its own any more");
    }
}
