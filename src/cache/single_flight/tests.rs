//! Each fate of a flight by itself, with paused time.

mod cancellation;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;

use super::*;

type Value = Result<u32, &'static str>;

const LONG: Duration = Duration::from_secs(60);

struct Field {
    flights: Arc<SingleFlight<Value>>,
    key: Arc<Key>,
    computations: Arc<AtomicUsize>,
}

impl Field {
    fn new() -> Self {
        Self::with_waiters_max(WAITERS_MAX)
    }

    fn with_waiters_max(waiters_max: usize) -> Self {
        let flights = SingleFlight { waiters_max, ..SingleFlight::default() };
        Self { flights: Arc::new(flights), key: Arc::new(Key::new("q".into())), computations: Arc::default() }
    }

    /// A caller that computes what the gate lets through; a gate that is dropped makes it panic.
    fn caller(
        &self,
        deadline: Duration,
        suits: impl Fn(&Value) -> bool + Send + 'static,
        gate: oneshot::Receiver<Value>,
    ) -> Caller {
        let (flights, key) = (Arc::clone(&self.flights), Arc::clone(&self.key));
        let computations = Arc::clone(&self.computations);
        tokio::spawn(async move {
            let compute = || async move {
                computations.fetch_add(1, Ordering::Relaxed);
                gate.await.expect("the gate was dropped")
            };
            flights.run(&key, Instant::now() + deadline, suits, compute).await
        })
    }

    fn computations(&self) -> usize {
        self.computations.load(Ordering::Relaxed)
    }
}

fn gate() -> (oneshot::Sender<Value>, oneshot::Receiver<Value>) {
    oneshot::channel()
}

type Caller = tokio::task::JoinHandle<Result<(Value, Part), FlightError>>;

/// What callers came by, who led first.
async fn parts_of(callers: Vec<Caller>) -> Vec<(Value, Part)> {
    let mut parts = Vec::new();
    for caller in callers {
        parts.push(caller.await.expect("task").expect("a value"));
    }
    parts.sort_by_key(|(_, part)| *part == Part::Waited);
    parts
}

/// Lets every task run until it waits.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_thousand_callers_one_computes_and_all_get_its_value() {
    let field = Field::new();
    let (open, first) = gate();
    let leader = field.caller(LONG, |_| true, first);
    settle().await;
    let waiters: Vec<_> = (0..999).map(|_| field.caller(LONG, |_| true, gate().1)).collect();
    settle().await;
    assert_eq!(field.flights.len(), 1);
    open.send(Ok(7)).expect("the leader listens");
    assert_eq!(leader.await.expect("task"), Ok((Ok(7), Part::Led)));
    for waiter in waiters {
        assert_eq!(waiter.await.expect("task"), Ok((Ok(7), Part::Waited)));
    }
    assert_eq!(field.computations(), 1);
    assert!(field.flights.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_error_is_shared_and_nobody_tries_again() {
    let field = Field::new();
    let (open, first) = gate();
    let leader = field.caller(LONG, |_| true, first);
    settle().await;
    let waiter = field.caller(LONG, |_| true, gate().1);
    settle().await;
    open.send(Err("overloaded")).expect("the leader listens");
    assert_eq!(leader.await.expect("task"), Ok((Err("overloaded"), Part::Led)));
    assert_eq!(waiter.await.expect("task"), Ok((Err("overloaded"), Part::Waited)));
    assert_eq!(field.computations(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_loses_the_flight_and_one_waiter_leads_the_next() {
    let field = Field::new();
    let (open, first) = gate();
    let leader = field.caller(LONG, |_| true, first);
    settle().await;
    // Which of the two enters first is open, so either can lead.
    let (gates, waiters): (Vec<_>, Vec<_>) = (0..2)
        .map(|_| {
            let (open, gate) = gate();
            (open, field.caller(LONG, |_| true, gate))
        })
        .unzip();
    settle().await;
    drop(open);
    assert_eq!(leader.await.expect("task"), Err(FlightError::Lost));
    settle().await;
    for open in gates {
        open.send(Ok(8)).expect("nobody has a value yet");
    }
    assert_eq!(parts_of(waiters).await, [(Ok(8), Part::Led), (Ok(8), Part::Waited)]);
    assert_eq!(field.computations(), 2);
    assert!(field.flights.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_slow_leader_costs_a_waiter_its_own_deadline_and_no_more() {
    let field = Field::new();
    let (open, first) = gate();
    let leader = field.caller(LONG, |_| true, first);
    settle().await;
    let began = Instant::now();
    let waiter = field.caller(Duration::from_millis(120), |_| true, gate().1);
    assert_eq!(waiter.await.expect("task"), Err(FlightError::TimedOut));
    assert_eq!(began.elapsed(), Duration::from_millis(120));
    open.send(Ok(7)).expect("the leader listens");
    assert_eq!(leader.await.expect("task"), Ok((Ok(7), Part::Led)));
}

#[tokio::test(start_paused = true)]
async fn a_leader_past_its_deadline_leaves_the_computation_to_the_waiters() {
    let field = Field::new();
    let (open, first) = gate();
    let leader = field.caller(Duration::from_millis(10), |_| true, first);
    settle().await;
    let waiter = field.caller(LONG, |_| true, gate().1);
    assert_eq!(leader.await.expect("task"), Err(FlightError::TimedOut));
    open.send(Ok(7)).expect("the computation goes on");
    assert_eq!(waiter.await.expect("task"), Ok((Ok(7), Part::Waited)));
}

#[tokio::test(start_paused = true)]
async fn a_leader_whose_caller_leaves_goes_on_for_the_others() {
    let field = Field::new();
    let (open, first) = gate();
    let leader = field.caller(LONG, |_| true, first);
    settle().await;
    let waiter = field.caller(LONG, |_| true, gate().1);
    settle().await;
    leader.abort();
    settle().await;
    open.send(Ok(7)).expect("the computation goes on");
    assert_eq!(waiter.await.expect("task"), Ok((Ok(7), Part::Waited)));
    assert_eq!(field.computations(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_who_leaves_makes_room_and_harms_nobody() {
    let field = Field::with_waiters_max(1);
    let (open, first) = gate();
    let leader = field.caller(LONG, |_| true, first);
    settle().await;
    let gone = field.caller(LONG, |_| true, gate().1);
    settle().await;
    gone.abort();
    settle().await;
    let waiter = field.caller(LONG, |_| true, gate().1);
    settle().await;
    open.send(Ok(7)).expect("the leader listens");
    assert_eq!(waiter.await.expect("task"), Ok((Ok(7), Part::Waited)));
    assert_eq!(leader.await.expect("task"), Ok((Ok(7), Part::Led)));
}

#[tokio::test(start_paused = true)]
async fn one_waiter_over_the_limit_is_turned_away() {
    let field = Field::with_waiters_max(2);
    let (open, first) = gate();
    let leader = field.caller(LONG, |_| true, first);
    settle().await;
    let at: Vec<_> = (0..2).map(|_| field.caller(LONG, |_| true, gate().1)).collect();
    settle().await;
    assert_eq!(field.caller(LONG, |_| true, gate().1).await.expect("task"), Err(FlightError::Crowded));
    open.send(Ok(7)).expect("the leader listens");
    for waiter in at {
        assert_eq!(waiter.await.expect("task"), Ok((Ok(7), Part::Waited)));
    }
    assert_eq!(leader.await.expect("task"), Ok((Ok(7), Part::Led)));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_does_not_suit_a_waiter_is_computed_again_once_for_all_of_those() {
    let field = Field::new();
    let (open, first) = gate();
    let leader = field.caller(LONG, |_| true, first);
    settle().await;
    let (gates, waiters): (Vec<_>, Vec<_>) = (0..2)
        .map(|_| {
            let (open, gate) = gate();
            (open, field.caller(LONG, |value| *value == Ok(8), gate))
        })
        .unzip();
    settle().await;
    open.send(Ok(7)).expect("the leader listens");
    assert_eq!(leader.await.expect("task"), Ok((Ok(7), Part::Led)));
    settle().await;
    for open in gates {
        open.send(Ok(8)).expect("nobody has a value yet");
    }
    assert_eq!(parts_of(waiters).await, [(Ok(8), Part::Led), (Ok(8), Part::Waited)]);
    assert_eq!(field.computations(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_never_finds_a_suitable_value_computes_alone_at_last() {
    let field = Field::new();
    let next: Arc<Mutex<Vec<Leader<Value>>>> = Arc::default();
    let lead = |flights: &SingleFlight<Value>, key: &Arc<Key>| match flights.enter(key) {
        Role::Lead(leader, _) => leader,
        Role::Wait(_) | Role::Crowded => panic!("a flight is in the air"),
    };
    let first = lead(&field.flights, &field.key);
    let (open, own) = gate();
    // Whenever it finds a value unsuitable, another is faster and leads the next flight.
    let (flights, key, faster) = (Arc::clone(&field.flights), Arc::clone(&field.key), Arc::clone(&next));
    let picky = field.caller(
        LONG,
        move |_| {
            faster.lock().expect("lock").push(lead(&flights, &key));
            false
        },
        own,
    );
    settle().await;
    first.land(Ok(0));
    settle().await;
    for round in 1..ENTRIES_MAX {
        let leader = next.lock().expect("lock").pop().expect("a flight for each round");
        leader.land(Ok(u32::try_from(round).expect("few rounds")));
        settle().await;
    }
    assert_eq!((field.flights.len(), field.computations()), (1, 1));
    open.send(Ok(9)).expect("it computes at last");
    assert_eq!(picky.await.expect("task"), Ok((Ok(9), Part::Led)));
}
