//! The clock that sends: takes each request in hand when it is due and waits for none.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use model::Protocol;
use tokio::task::{JoinError, JoinSet, LocalSet};
use tokio::time::timeout_at;

use super::alarm::Alarm;
use super::http1::Http1;
use super::http2::Http2;
use super::outcome::Outcome;
use super::plan::{Plan, PlanError};
use super::recorder::{Ended, Recorder};
use super::report::Report;
use super::schedule::{Mix, Schedule};
use super::trace::{Answer, Trace};

/// How often progress is told and idle connections are looked after.
const TICK: Duration = Duration::from_millis(100);
/// After so many requests in a row without a pause, those that are under way get a turn.
const IN_A_ROW: u32 = 16;

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Since its start.
    pub elapsed: Duration,
    /// Requests taken in hand.
    pub sent: u64,
    /// Of these, those still under way.
    pub in_flight: usize,
    /// Those that succeeded.
    pub succeeded: u64,
    /// Those that failed.
    pub failed: u64,
}

/// Why a load was not sent at all.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The plan has no meaning.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A request cannot be written in HTTP/2.
    #[error("a request of the load cannot be sent over HTTP/2: {0}")]
    Request(#[from] http::Error),
    /// The machine refused what the generator itself needs.
    #[error("the load generator cannot run: {0}")]
    Io(#[from] io::Error),
}

/// Sends the load and waits for what becomes of it: at most the plan's length and its patience.
///
/// Everything happens on the calling thread, sockets included: a thread that has moved into a
/// network namespace sends from there. `progress` is called about ten times a second, on the same
/// thread; time it takes makes the generator late. Nothing is left open on return.
///
/// # Errors
///
/// The plan has no meaning, or the machine refused a timer or an event queue. What happens to the
/// requests is not an error but the report.
pub fn run(plan: &Plan, progress: impl FnMut(&Progress)) -> Result<Report, RunError> {
    plan.check()?;
    let sender = Sender::new(plan)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let local = LocalSet::new();
    Ok(local.block_on(&runtime, Generator::new(plan, sender, progress).run())?)
}

/// The client's side of a protocol.
enum Sender {
    Http1(Http1),
    Http2(Http2),
}

impl Sender {
    fn new(plan: &Plan) -> Result<Sender, http::Error> {
        Ok(match plan.protocol {
            Protocol::Http1 => Sender::Http1(Http1::new(plan)),
            Protocol::Http2 => Sender::Http2(Http2::new(plan)?),
        })
    }

    async fn request(
        &self,
        ask: usize,
        id: Option<&str>,
        trace: &Trace,
    ) -> Result<Answer, Outcome> {
        match self {
            Sender::Http1(sender) => sender.request(ask, id, trace).await,
            Sender::Http2(sender) => sender.request(ask, id, trace).await,
        }
    }

    fn sweep(&self) {
        match self {
            Sender::Http1(sender) => sender.sweep(),
            Sender::Http2(sender) => sender.sweep(),
        }
    }

    fn opened(&self) -> u64 {
        match self {
            Sender::Http1(sender) => sender.opened(),
            Sender::Http2(sender) => sender.opened(),
        }
    }
}

/// What all requests of a run share.
struct Shared {
    sender: Sender,
    recorder: RefCell<Recorder>,
    in_flight: Cell<usize>,
    start: Instant,
    patience: Duration,
    request_ids: Option<String>,
}

struct Generator<'a, P> {
    plan: &'a Plan,
    shared: Rc<Shared>,
    tasks: JoinSet<()>,
    progress: P,
    sent: u64,
    next_tick: Instant,
}

impl<'a, P: FnMut(&Progress)> Generator<'a, P> {
    fn new(plan: &'a Plan, sender: Sender, progress: P) -> Generator<'a, P> {
        let start = Instant::now();
        let shared = Shared {
            sender,
            recorder: RefCell::new(Recorder::new(plan)),
            in_flight: Cell::new(0),
            start,
            patience: plan.patience,
            request_ids: plan.request_ids.clone(),
        };
        Generator {
            plan,
            shared: Rc::new(shared),
            tasks: JoinSet::new(),
            progress,
            sent: 0,
            next_tick: start + TICK,
        }
    }

    async fn run(mut self) -> io::Result<Report> {
        let started = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or_default());
        let alarm = Alarm::new()?;
        let start = self.shared.start;
        let (mut number, mut in_a_row) = (0, 0);
        let mut mix = Mix::new(&self.plan.requests);
        for due in Schedule::new(self.plan) {
            while Instant::now() < start + due {
                alarm.until(self.next_tick.min(start + due)).await?;
                self.tick();
                in_a_row = 0;
            }
            in_a_row += 1;
            if in_a_row == IN_A_ROW {
                tokio::task::yield_now().await;
                self.tick();
                in_a_row = 0;
            }
            number += 1;
            self.send(number, mix.next(), due);
        }
        while !self.tasks.is_empty() {
            if let Ok(Some(ended)) = timeout_at(self.next_tick.into(), self.tasks.join_next()).await
            {
                pass_panic(ended);
            }
            self.tick();
        }
        self.tell();
        let lasted = start.elapsed();
        let opened = self.shared.sender.opened();
        let recorder = self.shared.recorder.replace(Recorder::new(self.plan));
        Ok(recorder.finish(started, lasted, opened))
    }

    /// Takes one request in hand.
    fn send(&mut self, number: u64, ask: usize, due: Duration) {
        let shared = &self.shared;
        if shared.in_flight.get() >= self.plan.in_flight {
            shared.recorder.borrow_mut().not_sent(due);
            return;
        }
        shared.in_flight.set(shared.in_flight.get() + 1);
        self.sent += 1;
        self.tasks.spawn_local(Rc::clone(shared).request(number, ask, due));
    }

    fn tick(&mut self) {
        while let Some(ended) = self.tasks.try_join_next() {
            pass_panic(ended);
        }
        let now = Instant::now();
        if now >= self.next_tick {
            self.next_tick = now + TICK;
            self.shared.sender.sweep();
            self.tell();
        }
    }

    fn tell(&mut self) {
        let (mut succeeded, mut failed) = (0, 0);
        for (outcome, count) in self.shared.recorder.borrow().outcomes() {
            if outcome.failed() {
                failed += count;
            } else if *outcome == Outcome::Success {
                succeeded += count;
            }
        }
        (self.progress)(&Progress {
            elapsed: self.shared.start.elapsed(),
            sent: self.sent,
            in_flight: self.shared.in_flight.get(),
            succeeded,
            failed,
        });
    }
}

impl Shared {
    /// One request from the moment it is due to its end.
    async fn request(self: Rc<Shared>, number: u64, ask: usize, due: Duration) {
        let scheduled = self.start + due;
        let late = scheduled.elapsed();
        let id = self.request_ids.as_ref().map(|run| format!("{run}-{number}"));
        let trace = Trace::new();
        let request = self.sender.request(ask, id.as_deref(), &trace);
        let result = match timeout_at((scheduled + self.patience).into(), request).await {
            Ok(result) => result,
            Err(_) => Err(Outcome::timeout(trace.phase())),
        };
        self.in_flight.set(self.in_flight.get() - 1);
        self.recorder.borrow_mut().ended(Ended {
            number,
            ask,
            due,
            late,
            took: scheduled.elapsed(),
            reused: trace.reused(),
            result,
        });
    }
}

/// A panic in a request's task is a bug and must not pass for a request that never ended.
fn pass_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}
