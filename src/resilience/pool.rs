//! The query pool: a fixed number of threads beside the async runtime, with a bounded queue.
//!
//! A search is a fraction of a millisecond to many milliseconds of pure computing. On an async thread it would hold
//! up every connection of that thread; without a bound, overload would grow a queue whose every answer comes too
//! late. So searches run here, and whoever would wait too long is told so at once: how many may wait follows what
//! queries take ([`Limiter`]).
//!
//! There are two lanes. What shoppers see at every keystroke is served to the last: urgent jobs go first, may wait
//! twice as long, and leave the others one turn in [`URGENT_IN_A_ROW_MAX`] + 1. In each lane the order is that of arrival.
//!
//! | event | outcome |
//! | --- | --- |
//! | the wait would be too long, or the queue is full | [`PoolError::Full`], the job never runs |
//! | the deadline passes while the job waits | [`PoolError::TimedOut`], the job never runs |
//! | the deadline passes while it runs | [`PoolError::TimedOut`]; its [`Worth`] is over, and it is to stop |
//! | the caller leaves | the same, unseen |
//! | the job panics | [`PoolError::Panicked`]; counted; the thread lives on |
//! | the pool closes | queued jobs run, new ones get [`PoolError::Closed`] |
//!
//! Invariant: at most `threads` jobs run and at most [`Limits::queue_max`] wait.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::deadline::Worth;
use super::limiter::Limiter;

/// Urgent jobs that go before a waiting one of the other lane: four of five requests of a shop are keystrokes, so under
/// overload both lanes get about their share.
const URGENT_IN_A_ROW_MAX: u32 = 4;

type Job = Box<dyn FnOnce() + Send>;

/// The pool. Dropping it closes it.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    queue: Mutex<Queue>,
    work: Condvar,
    limits: Limits,
    counters: Counters,
}

struct Queue {
    urgent: VecDeque<Job>,
    normal: VecDeque<Job>,
    urgent_in_a_row: u32,
    limiter: Limiter,
    running: usize,
    closed: bool,
}

/// What bounds the waiting.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most jobs that wait, whatever they take.
    pub queue_max: usize,
    /// Longest wait that is of use; urgent jobs may wait twice as long.
    pub wait_max: Duration,
}

/// Which lane a job takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Goes first and is refused last.
    Urgent,
    /// All else.
    Normal,
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
    #[error("too many queries wait")]
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
    /// Jobs turned away because too many waited.
    pub refused: u64,
    /// Jobs that may wait now, urgent ones twice as many.
    pub places: usize,
    /// Jobs that waited past their deadline and never ran.
    pub timed_out: u64,
    /// Jobs that panicked.
    pub panicked: u64,
}

impl Pool {
    /// A pool of `threads` threads (at least one) named `name-0`, `name-1`, … with these limits on what waits.
    ///
    /// # Errors
    /// A thread could not be started.
    pub fn new(name: &str, threads: usize, limits: Limits) -> std::io::Result<Self> {
        let threads = threads.max(1);
        let queue = Queue {
            urgent: VecDeque::new(),
            normal: VecDeque::new(),
            urgent_in_a_row: 0,
            limiter: Limiter::new(threads),
            running: 0,
            closed: false,
        };
        let shared =
            Arc::new(Shared { queue: Mutex::new(queue), work: Condvar::new(), limits, counters: Counters::default() });
        let pool = Self { shared, threads: Mutex::default() };
        for n in 0..threads {
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
    pub async fn run<T, J>(&self, lane: Lane, deadline: Instant, job: J) -> Result<T, PoolError>
    where
        T: Send + 'static,
        J: FnOnce(&Worth) -> T + Send + 'static,
    {
        let worth = Worth::until(deadline);
        let (reply, answer) = oneshot::channel();
        let (shared, asked) = (Arc::clone(&self.shared), worth.clone());
        let job = Box::new(move || {
            // The caller may be gone; then nobody wants the reply.
            drop(reply.send(shared.perform(&asked, job)));
        });
        self.shared.submit(lane, job)?;
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
            queued: queue.waiting(),
            running: queue.running,
            finished: counters.finished.load(Ordering::Relaxed),
            refused: counters.refused.load(Ordering::Relaxed),
            places: self.shared.limits.places(&queue.limiter, Lane::Normal),
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

impl Limits {
    /// How many jobs may wait for one of this lane to be let in.
    fn places(&self, limiter: &Limiter, lane: Lane) -> usize {
        let wait = match lane {
            Lane::Urgent => self.wait_max * 2,
            Lane::Normal => self.wait_max,
        };
        limiter.places(wait).min(self.queue_max)
    }
}

impl Queue {
    /// Whether one more of this lane is refused. One turn in so many is a normal job's, so that share of the places is
    /// theirs however many urgent jobs wait: the last of them is begun in time, too.
    fn is_full(&self, limits: &Limits, lane: Lane) -> bool {
        let share = limits.places(&self.limiter, Lane::Normal) / (URGENT_IN_A_ROW_MAX as usize + 1);
        let share = share.max(1);
        let crowded = self.waiting() >= limits.places(&self.limiter, lane);
        match lane {
            Lane::Normal => self.waiting() >= limits.queue_max || crowded && self.normal.len() >= share,
            Lane::Urgent => crowded || self.urgent.len() >= limits.queue_max.saturating_sub(share),
        }
    }

    fn waiting(&self) -> usize {
        self.urgent.len() + self.normal.len()
    }

    /// The job that is due.
    fn next(&mut self) -> Option<Job> {
        let gives_way = self.urgent_in_a_row >= URGENT_IN_A_ROW_MAX && !self.normal.is_empty();
        match if gives_way { None } else { self.urgent.pop_front() } {
            Some(job) => {
                self.urgent_in_a_row += 1;
                Some(job)
            }
            None => {
                self.urgent_in_a_row = 0;
                self.normal.pop_front()
            }
        }
    }
}

impl Shared {
    fn submit(&self, lane: Lane, job: Job) -> Result<(), PoolError> {
        let mut queue = self.lock();
        if queue.closed {
            return Err(PoolError::Closed);
        }
        if queue.is_full(&self.limits, lane) {
            drop(queue);
            self.counters.refused.fetch_add(1, Ordering::Relaxed);
            return Err(PoolError::Full);
        }
        match lane {
            Lane::Urgent => queue.urgent.push_back(job),
            Lane::Normal => queue.normal.push_back(job),
        }
        drop(queue);
        self.work.notify_one();
        Ok(())
    }

    fn serve(&self) {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.next() {
                queue.running += 1;
                drop(queue);
                let began = Instant::now();
                job();
                let took = began.elapsed();
                queue = self.lock();
                queue.running -= 1;
                queue.limiter.took(took);
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
        f.debug_struct("Pool").field("limits", &self.shared.limits).field("stats", &self.stats()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn later() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    /// Room for so many, however long they wait.
    fn room(queue_max: usize) -> Limits {
        Limits { queue_max, wait_max: Duration::from_secs(3_600) }
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
            pool.run(Lane::Normal, later(), job).await
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
        let pool = Pool::new("query", 2, room(8)).expect("threads");
        let name = pool.run(Lane::Normal, later(), |_| std::thread::current().name().map(String::from)).await;
        assert!(
            name.as_ref().is_ok_and(|name| name.as_deref().is_some_and(|name| name.starts_with("query-"))),
            "{name:?}"
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_job_over_the_queue_is_refused_and_those_within_run() {
        let pool = Arc::new(Pool::new("query", 1, room(2)).expect("threads"));
        let (running, gate) = occupy(&pool);
        let queued: Vec<_> = (0..2)
            .map(|n| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move { pool.run(Lane::Normal, later(), move |_| n).await })
            })
            .collect();
        until(|| pool.stats().queued == 2).await;
        assert_eq!(pool.run(Lane::Normal, later(), |_| 3).await, Err(PoolError::Full));
        drop(gate);
        assert_eq!(running.await.expect("task"), Ok(()));
        for (n, task) in queued.into_iter().enumerate() {
            assert_eq!(task.await.expect("task"), Ok(n));
        }
        assert_eq!((pool.stats().refused, pool.stats().finished), (1, 3));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn urgent_jobs_go_first_and_leave_the_others_a_turn() {
        let pool = Arc::new(Pool::new("query", 1, room(64)).expect("threads"));
        let (running, gate) = occupy(&pool);
        let order = Arc::new(Mutex::new(String::new()));
        let mut tasks = Vec::new();
        for (at, name) in "nnuuuuuu".chars().enumerate() {
            let lane = if name == 'u' { Lane::Urgent } else { Lane::Normal };
            let (pool, order) = (Arc::clone(&pool), Arc::clone(&order));
            let note = move |_: &Worth| order.lock().expect("no panic").push(name);
            tasks.push(tokio::spawn({
                let pool = Arc::clone(&pool);
                async move { pool.run(lane, later(), note).await }
            }));
            until(|| pool.stats().queued == at + 1).await;
        }
        drop(gate);
        assert_eq!(running.await.expect("task"), Ok(()));
        for task in tasks {
            assert_eq!(task.await.expect("task"), Ok(()));
        }
        assert_eq!(*order.lock().expect("no panic"), "uuuunuun");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn urgent_jobs_leave_room_for_the_others() {
        let pool = Arc::new(Pool::new("query", 1, room(10)).expect("threads"));
        let (running, gate) = occupy(&pool);
        let queue = |lane| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move { pool.run(lane, later(), |_| ()).await })
        };
        let mut waiting = Vec::new();
        // A fifth of ten places is not theirs.
        for at in 0..8 {
            waiting.push(queue(Lane::Urgent));
            until(|| pool.stats().queued == at + 1).await;
        }
        assert_eq!(pool.run(Lane::Urgent, later(), |_| ()).await, Err(PoolError::Full));
        for at in 8..10 {
            waiting.push(queue(Lane::Normal));
            until(|| pool.stats().queued == at + 1).await;
        }
        assert_eq!(pool.run(Lane::Normal, later(), |_| ()).await, Err(PoolError::Full));
        drop(gate);
        assert_eq!(running.await.expect("task"), Ok(()));
        for task in waiting {
            assert_eq!(task.await.expect("task"), Ok(()));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_would_wait_too_long_is_refused_urgent_ones_last() {
        let limits = Limits { queue_max: 1_000, wait_max: Duration::from_secs(1) };
        let pool = Arc::new(Pool::new("query", 1, limits).expect("threads"));
        // One job was measured, at 5 ms or more: 200 places at most, and never fewer than the least.
        let sleep = |_: &Worth| std::thread::sleep(Duration::from_millis(5));
        assert_eq!(pool.run(Lane::Normal, later(), sleep).await, Ok(()));
        until(|| pool.stats().running == 0).await;
        let places = pool.stats().places;
        assert!((crate::resilience::limiter::PLACES_MIN..=200).contains(&places), "{places}");
        let (running, gate) = occupy(&pool);
        let queue = |lane| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move { pool.run(lane, later(), |_| ()).await })
        };
        let mut waiting = Vec::new();
        for at in 0..places {
            waiting.push(queue(Lane::Normal));
            until(|| pool.stats().queued == at + 1).await;
        }
        assert_eq!(pool.run(Lane::Normal, later(), |_| ()).await, Err(PoolError::Full));
        waiting.push(queue(Lane::Urgent));
        until(|| pool.stats().queued == places + 1).await;
        drop(gate);
        assert_eq!(running.await.expect("task"), Ok(()));
        for task in waiting {
            assert_eq!(task.await.expect("task"), Ok(()));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_job_whose_deadline_passes_in_the_queue_never_runs() {
        let pool = Arc::new(Pool::new("query", 1, room(2)).expect("threads"));
        let (running, gate) = occupy(&pool);
        let (ran, has_run) = mpsc::channel::<()>();
        let waited = pool.run(Lane::Normal, Instant::now() + Duration::from_millis(1), move |_| ran.send(())).await;
        assert!(matches!(waited, Err(PoolError::TimedOut)));
        drop(gate);
        assert_eq!(running.await.expect("task"), Ok(()));
        until(|| pool.stats().timed_out == 1).await;
        assert!(has_run.recv().is_err(), "dropped unrun");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_running_job_learns_that_its_deadline_has_passed() {
        let pool = Pool::new("query", 1, room(2)).expect("threads");
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
            let result = pool.run(Lane::Normal, Instant::now() + Duration::from_millis(deadline_ms), job).await;
            assert!(matches!(result, Err(PoolError::TimedOut) | Ok(Ok(()))), "{result:?}");
            if tokio::task::block_in_place(|| stopped.recv()).is_ok() {
                return;
            }
        }
        panic!("no job began within half a minute");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_job_is_called_off_when_its_caller_leaves() {
        let pool = Arc::new(Pool::new("query", 1, room(2)).expect("threads"));
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
            async move { pool.run(Lane::Normal, later(), job).await }
        });
        tokio::task::block_in_place(|| begun.recv()).expect("the job begins");
        caller.abort();
        assert!(tokio::task::block_in_place(|| stopped.recv()).is_ok());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_is_counted_and_the_thread_lives_on() {
        let pool = Pool::new("query", 1, room(2)).expect("threads");
        let panicking = |_: &Worth| panic!("as the test wants");
        assert_eq!(pool.run(Lane::Normal, later(), panicking).await, Err::<(), _>(PoolError::Panicked));
        assert_eq!(pool.run(Lane::Normal, later(), |_| 1).await, Ok(1));
        assert_eq!(pool.stats().panicked, 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn closing_runs_what_waits_and_refuses_what_comes() {
        let pool = Arc::new(Pool::new("query", 1, room(2)).expect("threads"));
        let (running, gate) = occupy(&pool);
        let waiting = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(Lane::Normal, later(), |_| 1).await }
        });
        until(|| pool.stats().queued == 1).await;
        let closing = tokio::task::spawn_blocking({
            let pool = Arc::clone(&pool);
            move || pool.close()
        });
        until(|| pool.shared.lock().closed).await;
        assert_eq!(pool.run(Lane::Normal, later(), |_| 2).await, Err(PoolError::Closed));
        drop(gate);
        closing.await.expect("task");
        assert_eq!(running.await.expect("task"), Ok(()));
        assert_eq!(waiting.await.expect("task"), Ok(1));
    }
}
