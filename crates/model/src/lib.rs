//! The nouns and contracts of why502: what a log record says, what a cause looks like, what a
//! diagnosis holds.
//!
//! Rank 0 of the workspace: no IO, no clock, no serialisation, no dependency. Everything else
//! speaks these words, and nothing here knows who speaks them.

#![forbid(unsafe_code)]

mod cause;
pub mod config;
mod coordinates;
mod describe;
mod diagnosis;
mod drill;
mod event;
mod mechanism;
mod names;
mod signal;
mod text;
mod time;

pub use cause::{
    Band, Cause, Claim, Condition, Direction, Drill, Evidence, Place, Predicts, Remedy, Rival,
    Shows, Test, Visibility,
};
pub use coordinates::{Author, HopKind, Phase, ProxyError, Reuse, Role, Side};
pub use diagnosis::{
    Assumption, Citation, Complaint, Diagnosis, Effect, Finding, Incident, Missing, Observation,
    Outcome, RivalNote, RuledOut, Seen, Skew, SourceSummary, StreamSummary, Unexplained, Verdict,
    Window,
};
pub use drill::{
    Action, Arrivals, Ask, Certificate, Chapter, Expect, Host, Knob, Load, Nat, Network, Part,
    Protocol, Rollout, Router, Scenario, Server, Step, Story, When,
};
pub use event::{Event, Failure, Occurrence, OccurrenceKind, Request, Tally, Timers};
pub use mechanism::Mechanism;
pub use signal::{Signal, Unit};
pub use text::{Lang, Statement, Text};
pub use time::{Micros, Timestamp};
