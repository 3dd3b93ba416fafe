//! The query pool: a fixed number of threads beside the async runtime, with a bounded queue.
//!
//! A search is a fraction of a millisecond to many milliseconds of pure computing. On an async thread it would hold
//! up every connection of that thread; without a bound, overload would grow a queue whose every answer comes too
//! late. So searches run here, in order of arrival, and whoever finds the queue full is told so at once.
//!
//! | event | outcome |
//! | --- | --- |
//! | the queue is full | [`PoolError::Full`], the job never runs |
//! | the deadline passes while the job waits | [`PoolError::TimedOut`], the job never runs |
//! | the deadline passes while it runs | [`PoolError::TimedOut`]; its [`Worth`] is over, and it is to stop |
//! | the caller leaves | the same, unseen |
//! | the job panics | [`PoolError::Panicked`]; counted; the thread lives on |
//! | the pool closes | queued jobs run, new ones get [`PoolError::Closed`] |
//!
//! Invariant: at most `threads` jobs run and at most `queue_max` wait.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use serde::Serialize;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::deadline::Worth;

type Job = Box<dyn FnOnce() + Send>;

/// The pool. Dropping it closes it.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    queue: Mutex<Queue>,
    work: Condvar,
    queue_max: usize,
    counters: Counters,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    running: usize,
    closed: bool,
}

#[derive(Default)]
struct Counters {
    finished: AtomicU64,
    refused: AtomicU64,
    timed_out: AtomicU64,
    panicked: AtomicU64,
}

/// Why a job has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// As many jobs wait as may.
    #[error("the query queue is full")]
    Full,
    /// The deadline passed.
    #[error("the query took longer than its deadline")]
    TimedOut,
    /// The job panicked.
    #[error("the query panicked")]
    Panicked,
    /// The server is shutting down.
    #[error("the query pool is closed")]
    Closed,
}

/// What the pool has done and holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PoolStats {
    /// Jobs that wait.
    pub queued: usize,
    /// Jobs that run.
    pub running: usize,
    /// Jobs that ran to their end.
    pub finished: u64,
    /// Jobs turned away because the queue was full.
    pub refused: u64,
    /// Jobs that waited past their deadline and never ran.
    pub timed_out: u64,
    /// Jobs that panicked.
    pub panicked: u64,
}

impl Pool {
    /// A pool of `threads` threads (at least one) named `name-0`, `name-1`, … and at most `queue_max` waiting jobs.
    ///
    /// # Errors
    /// A thread could not be started.
    pub fn new(name: &str, threads: usize, queue_max: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            work: Condvar::new(),
            queue_max,
            counters: Counters::default(),
        });
        let pool = Self { shared, threads: Mutex::default() };
        for n in 0..threads.max(1) {
            let shared = Arc::clone(&pool.shared);
            let thread = std::thread::Builder::new().name(format!("{name}-{n}")).spawn(move || shared.serve())?;
            pool.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(pool)
    }

    /// Runs `job` on a thread of the pool and returns its result. The job is handed a [`Worth`] that it should ask
    /// now and then.
    ///
    /// # Errors
    /// [`PoolError`].
    ///
    /// # Cancel safety
    /// Dropping the returned future calls the job off.
    pub async fn run<T, J>(&self, deadline: Instant, job: J) -> Result<T, PoolError>
    where
        T: Send + 'static,
        J: FnOnce(&Worth) -> T + Send + 'static,
    {
        let worth = Worth::until(deadline);
        let (reply, answer) = oneshot::channel();
        let (shared, asked) = (Arc::clone(&self.shared), worth.clone());
        self.shared.submit(Box::new(move || {
            // The caller may be gone; then nobody wants the reply.
            drop(reply.send(shared.perform(&asked, job)));
        }))?;
        let _called_off_on_return = worth.guard();
        match tokio::time::timeout_at(deadline, answer).await {
            Ok(Ok(result)) => result,
            // The job was dropped unrun, which only a thread that died outside of jobs could do.
            Ok(Err(_)) => Err(PoolError::Closed),
            Err(_) => Err(PoolError::TimedOut),
        }
    }

    /// What it has done and holds.
    pub fn stats(&self) -> PoolStats {
        let queue = self.shared.lock();
        let counters = &self.shared.counters;
        PoolStats {
            queued: queue.jobs.len(),
            running: queue.running,
            finished: counters.finished.load(Ordering::Relaxed),
            refused: counters.refused.load(Ordering::Relaxed),
            timed_out: counters.timed_out.load(Ordering::Relaxed),
            panicked: counters.panicked.load(Ordering::Relaxed),
        }
    }

    /// Refuses new jobs, runs those that wait and returns when all are done. Blocking; a second call waits likewise.
    pub fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.work.notify_all();
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            // Jobs are caught when they panic, so a thread has nothing to tell.
            drop(thread.join());
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn submit(&self, job: Job) -> Result<(), PoolError> {
        let mut queue = self.lock();
        if queue.closed {
            return Err(PoolError::Closed);
        }
        if queue.jobs.len() >= self.queue_max {
            drop(queue);
            self.counters.refused.fetch_add(1, Ordering::Relaxed);
            return Err(PoolError::Full);
        }
        queue.jobs.push_back(job);
        drop(queue);
        self.work.notify_one();
        Ok(())
    }

    fn serve(&self) {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                queue.running += 1;
                drop(queue);
                job();
                queue = self.lock();
                queue.running -= 1;
            } else if queue.closed {
                return;
            } else {
                queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn perform<T>(&self, worth: &Worth, job: impl FnOnce(&Worth) -> T) -> Result<T, PoolError> {
        if worth.is_over() {
            self.counters.timed_out.fetch_add(1, Ordering::Relaxed);
            return Err(PoolError::TimedOut);
        }
        // A job owns what it works on, or shares what is locked or atomic; nothing half-changed can be seen later.
        match catch_unwind(AssertUnwindSafe(|| job(worth))) {
            Ok(value) => {
                self.counters.finished.fetch_add(1, Ordering::Relaxed);
                Ok(value)
            }
            Err(_) => {
                self.counters.panicked.fetch_add(1, Ordering::Relaxed);
                Err(PoolError::Panicked)
            }
        }
    }

    /// The queue is whole between any two statements, so a poisoned lock needs no repair.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("queue_max", &self.shared.queue_max).field("stats", &self.stats()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    fn later() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    /// A job that runs until its gate is opened or dropped, and says when it has begun.
    fn occupy(pool: &Arc<Pool>) -> (tokio::task::JoinHandle<Result<(), PoolError>>, mpsc::Sender<()>) {
        let (gate, opened) = mpsc::channel();
        let (begin, begun) = mpsc::channel();
        let pool = Arc::clone(pool);
        let task = tokio::spawn(async move {
            let job = move |_: &Worth| {
                _ = begin.send(());
                _ = opened.recv();
            };
            pool.run(later(), job).await
        });
        tokio::task::block_in_place(|| begun.recv()).expect("the job begins");
        (task, gate)
    }

    async fn until(holds: impl Fn() -> bool) {
        tokio::time::timeout(Duration::from_secs(30), async {
            while !holds() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("within half a minute");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_job_runs_on_a_named_thread_and_its_result_comes_back() {
        let pool = Pool::new("query", 2, 8).expect("threads");
        let name = pool.run(later(), |_| std::thread::current().name().map(String::from)).await;
        assert!(
            name.as_ref().is_ok_and(|name| name.as_deref().is_some_and(|name| name.starts_with("query-"))),
            "{name:?}"
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_job_over_the_queue_is_refused_and_those_within_run() {
        let pool = Arc::new(Pool::new("query", 1, 2).expect("threads"));
        let (running, gate) = occupy(&pool);
        let queued: Vec<_> = (0..2)
            .map(|n| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move { pool.run(later(), move |_| n).await })
            })
            .collect();
        until(|| pool.stats().queued == 2).await;
        assert_eq!(pool.run(later(), |_| 3).await, Err(PoolError::Full));
        drop(gate);
        assert_eq!(running.await.expect("task"), Ok(()));
        for (n, task) in queued.into_iter().enumerate() {
            assert_eq!(task.await.expect("task"), Ok(n));
        }
        assert_eq!((pool.stats().refused, pool.stats().finished), (1, 3));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_job_whose_deadline_passes_in_the_queue_never_runs() {
        let pool = Arc::new(Pool::new("query", 1, 2).expect("threads"));
        let (running, gate) = occupy(&pool);
        let (ran, has_run) = mpsc::channel::<()>();
        let waited = pool.run(Instant::now() + Duration::from_millis(1), move |_| ran.send(())).await;
        assert!(matches!(waited, Err(PoolError::TimedOut)));
        drop(gate);
        assert_eq!(running.await.expect("task"), Ok(()));
        until(|| pool.stats().timed_out == 1).await;
        assert!(has_run.recv().is_err(), "dropped unrun");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_running_job_learns_that_its_deadline_has_passed() {
        let pool = Pool::new("query", 1, 2).expect("threads");
        // A busy machine may let a short deadline pass in the queue; a longer one is met by a running job some time.
        for deadline_ms in (0..16).map(|doublings| 1 << doublings) {
            let (stop, stopped) = mpsc::channel();
            let job = move |worth: &Worth| {
                while !worth.is_over() {
                    std::thread::yield_now();
                }
                stop.send(())
            };
            // A job that stops at once may still reply before the caller's timer, which is coarser, goes off.
            let result = pool.run(Instant::now() + Duration::from_millis(deadline_ms), job).await;
            assert!(matches!(result, Err(PoolError::TimedOut) | Ok(Ok(()))), "{result:?}");
            if tokio::task::block_in_place(|| stopped.recv()).is_ok() {
                return;
            }
        }
        panic!("no job began within half a minute");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_job_is_called_off_when_its_caller_leaves() {
        let pool = Arc::new(Pool::new("query", 1, 2).expect("threads"));
        let ((begin, begun), (stop, stopped)) = (mpsc::channel(), mpsc::channel());
        let job = move |worth: &Worth| {
            _ = begin.send(());
            while !worth.is_over() {
                std::thread::yield_now();
            }
            _ = stop.send(());
        };
        let caller = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(later(), job).await }
        });
        tokio::task::block_in_place(|| begun.recv()).expect("the job begins");
        caller.abort();
        assert!(tokio::task::block_in_place(|| stopped.recv()).is_ok());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_is_counted_and_the_thread_lives_on() {
        let pool = Pool::new("query", 1, 2).expect("threads");
        let panicking = |_: &Worth| panic!("as the test wants");
        assert_eq!(pool.run(later(), panicking).await, Err::<(), _>(PoolError::Panicked));
        assert_eq!(pool.run(later(), |_| 1).await, Ok(1));
        assert_eq!(pool.stats().panicked, 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn closing_runs_what_waits_and_refuses_what_comes() {
        let pool = Arc::new(Pool::new("query", 1, 2).expect("threads"));
        let (running, gate) = occupy(&pool);
        let waiting = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(later(), |_| 1).await }
        });
        until(|| pool.stats().queued == 1).await;
        let closing = tokio::task::spawn_blocking({
            let pool = Arc::clone(&pool);
            move || pool.close()
        });
        until(|| pool.shared.lock().closed).await;
        assert_eq!(pool.run(later(), |_| 2).await, Err(PoolError::Closed));
        drop(gate);
        closing.await.expect("task");
        assert_eq!(running.await.expect("task"), Ok(()));
        assert_eq!(waiting.await.expect("task"), Ok(1));
    }
}
