//! Callers who come, leave and lose patience at random, over computations that end well, fail and panic.
//!
//! The oracle knows nothing of the map of flights. It notes which caller's computation began, how each ended, and what every
//! caller was given and when. After each step nobody waits for nothing, and no two computations run at once; at the end
//! every caller who stayed has an outcome that follows from what happened while it was there, and nothing is held.

use std::collections::VecDeque;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// The generation that was computed: the how-manieth computation it was; as an error where it failed.
type Generation = Result<usize, usize>;
type Outcome = (Result<(Generation, Part), FlightError>, Instant);

/// tokio's timers are as fine as this.
const TICK: Duration = Duration::from_millis(1);

#[derive(Debug, Clone)]
enum Step {
    /// A caller comes and stays for so long at most. If it is picky, what is in the air already does not suit it.
    Come { patience_ms: u64, is_picky: bool },
    /// One of those who came goes away, whatever it is at.
    Leave(Index),
    /// The computation in the air ends.
    End(Ending),
    /// Nothing happens for a while.
    Pass { ms: u64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Well,
    Failed,
    Panicked,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ending = prop_oneof![3 => Just(Ending::Well), 1 => Just(Ending::Failed), 2 => Just(Ending::Panicked)];
    let come = (1_u64..60, prop::bool::weighted(0.2));
    let step = prop_oneof![
        6 => come.prop_map(|(patience_ms, is_picky)| Step::Come { patience_ms, is_picky }),
        3 => any::<Index>().prop_map(Step::Leave),
        2 => ending.prop_map(Step::End),
        2 => (1_u64..30).prop_map(|ms| Step::Pass { ms }),
    ];
    prop::collection::vec(step, 1..60)
}

struct Caller {
    task: tokio::task::JoinHandle<Outcome>,
    deadline: Instant,
    /// The first generation that suits it.
    least: usize,
    /// Computations that had ended when it came.
    ended_before: usize,
    has_left: bool,
}

/// What happened, in order; shared with the computations.
#[derive(Default)]
struct Story {
    /// Whose computation each generation is.
    leaders: Vec<usize>,
    air: VecDeque<(usize, oneshot::Sender<Generation>)>,
}

struct Scene {
    flights: Arc<SingleFlight<Generation>>,
    key: Arc<Key>,
    story: Arc<Mutex<Story>>,
    /// Every computation holds a clone as long as it lives.
    held: Arc<()>,
    callers: Vec<Caller>,
    endings: Vec<Ending>,
    panics_left: usize,
}

impl Scene {
    fn new(any_picky: bool) -> Self {
        Self {
            flights: Arc::default(),
            key: Arc::new(Key::new("q".into())),
            story: Arc::default(),
            held: Arc::default(),
            callers: Vec::new(),
            endings: Vec::new(),
            // One more and somebody would have entered as often as one may, and compute for itself alone: another story,
            // told by a test of its own.
            panics_left: ENTRIES_MAX - 1 - usize::from(any_picky),
        }
    }

    fn story(&self) -> MutexGuard<'_, Story> {
        self.story.lock().expect("no panic while it is held")
    }

    fn come(&mut self, patience: Duration, is_picky: bool) {
        let me = self.callers.len();
        let deadline = Instant::now() + patience;
        let least = if is_picky { self.story().leaders.len() } else { 0 };
        let (flights, key) = (Arc::clone(&self.flights), Arc::clone(&self.key));
        let (story, held) = (Arc::clone(&self.story), Arc::clone(&self.held));
        let compute = move || {
            let (open, gate) = oneshot::channel();
            let mut story = story.lock().expect("no panic while it is held");
            let generation = story.leaders.len();
            story.leaders.push(me);
            story.air.push_back((generation, open));
            async move {
                let _held = held;
                gate.await.expect("on purpose: the gate was dropped")
            }
        };
        let suits = move |value: &Generation| value.is_err() || value.is_ok_and(|generation| generation >= least);
        let task = tokio::spawn(async move {
            let outcome = flights.run(&key, deadline, suits, compute).await;
            (outcome, Instant::now())
        });
        let ended_before = self.endings.len();
        self.callers.push(Caller { task, deadline, least, ended_before, has_left: false });
    }

    fn leave(&mut self, which: &Index) {
        if !self.callers.is_empty() {
            let caller = which.index(self.callers.len());
            let caller = &mut self.callers[caller];
            caller.has_left |= !caller.task.is_finished();
            caller.task.abort();
        }
    }

    fn end(&mut self, ending: Ending) {
        let Some((generation, open)) = self.story().air.pop_front() else { return };
        let ending = match ending {
            Ending::Panicked if self.panics_left == 0 => Ending::Failed,
            ending => ending,
        };
        assert_eq!(generation, self.endings.len(), "computations end in the order in which they began");
        self.endings.push(ending);
        let listens = match ending {
            Ending::Well => open.send(Ok(generation)).is_ok(),
            Ending::Failed => open.send(Err(generation)).is_ok(),
            Ending::Panicked => {
                self.panics_left -= 1;
                true
            }
        };
        assert!(listens, "the computation lives on, whoever has left");
    }

    /// What holds between any two steps.
    fn check(&self) {
        let (leader, computing) = {
            let story = self.story();
            (story.leaders.last().copied(), story.air.len())
        };
        assert!(computing <= 1, "{computing} computations at once");
        assert_eq!(self.flights.len(), computing);
        let waits = |caller: &Caller| !caller.has_left && !caller.task.is_finished();
        for caller in self.callers.iter().filter(|caller| waits(caller)) {
            assert!(Instant::now() <= caller.deadline + TICK, "waits beyond its deadline");
        }
        let waiting = self.callers.iter().enumerate().filter(|(_, caller)| waits(caller)).map(|(who, _)| who);
        if computing == 0 {
            assert_eq!(waiting.count(), 0, "somebody waits for nothing");
            return;
        }
        let waiting = waiting.filter(|who| Some(*who) != leader).count();
        let seats = lock(&self.flights.flights).get(&self.key).map(|flight| Arc::strong_count(&flight.seats) - 1);
        assert_eq!(seats, Some(waiting), "places that are taken");
    }

    /// What everybody was given follows from what happened.
    async fn judge(self) {
        let leaders = self.story().leaders.clone();
        assert_eq!(leaders.len(), self.endings.len(), "computations that began and ended");
        let mut led = Vec::new();
        for (who, caller) in self.callers.into_iter().enumerate() {
            if caller.has_left {
                continue;
            }
            let (outcome, at) = caller.task.await.expect("no caller panics");
            match outcome {
                Ok((value, part)) => {
                    let generation = value.unwrap_or_else(|failed| failed);
                    let ending = if value.is_ok() { Ending::Well } else { Ending::Failed };
                    assert_eq!(self.endings[generation], ending);
                    assert!(generation >= caller.ended_before, "given what had ended before it came");
                    assert!(at <= caller.deadline + TICK);
                    match part {
                        Part::Led => {
                            assert_eq!(leaders[generation], who);
                            led.push(generation);
                        }
                        Part::Waited => assert!(value.is_err() || generation >= caller.least, "does not suit"),
                    }
                }
                Err(FlightError::TimedOut) => {
                    assert!(at >= caller.deadline && at <= caller.deadline + TICK, "gave up at another moment");
                }
                Err(FlightError::Lost) => {
                    let panicked = |(leader, ending): (&usize, &Ending)| *leader == who && *ending == Ending::Panicked;
                    assert!(leaders.iter().zip(&self.endings).any(panicked), "lost, and its computation did not panic");
                }
                Err(FlightError::Crowded) => panic!("there was room"),
            }
        }
        led.sort_unstable();
        assert!(led.is_sorted_by(|a, b| a < b), "two callers led one computation");
        settle().await;
        assert!(self.flights.is_empty());
        assert_eq!((Arc::strong_count(&self.key), Arc::strong_count(&self.held)), (1, 1), "something is held");
    }
}

async fn play(steps: Vec<Step>) {
    let mut scene = Scene::new(steps.iter().any(|step| matches!(step, Step::Come { is_picky: true, .. })));
    for step in &steps {
        match step {
            Step::Come { patience_ms, is_picky } => scene.come(Duration::from_millis(*patience_ms), *is_picky),
            Step::Leave(which) => scene.leave(which),
            Step::End(ending) => scene.end(*ending),
            Step::Pass { ms } => tokio::time::sleep(Duration::from_millis(*ms)).await,
        }
        settle().await;
        scene.check();
    }
    while !scene.story().air.is_empty() {
        scene.end(Ending::Well);
        settle().await;
        scene.check();
    }
    scene.judge().await;
}

proptest! {
    #[test]
    fn who_stays_has_an_outcome_and_each_generation_is_computed_once(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(play(steps));
    }
}
