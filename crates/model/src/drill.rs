//! The shape of a drill: a small system of real servers, a fault, a load, what has to be seen,
//! and the remedy as a second configuration of the same system.
//!
//! A drill is data like the rest of a cause. The lab interprets it; the same data is printed as
//! a plan that can be typed by hand. Wherever a text is marked *templated*, it may hold
//! `{{name}}` (a [`Knob`]), `{{ip:host}}` and `{{public:host}}` (addresses of a host),
//! `{{members:host:port options}}` (the
//! instances of a host as the list of servers in the grammar of the part that reads it) and
//! `{{dir}}` (the part's own folder).

mod host;
mod load;
mod router;
mod step;

use crate::Text;
use crate::names::vocabulary;

pub use host::{Certificate, Host, Network, Part, Server};
pub use load::{Arrivals, Ask, Expect, Load, Protocol};
pub use router::{Nat, Router};
pub use step::{Action, Rollout, Step};

/// One system to run, once with the fault and once with the remedy.
#[derive(Debug)]
pub struct Scenario {
    /// Which servers it runs on, in kebab case: unique among the drills of one cause.
    pub name: &'static str,
    /// What is set up and what goes wrong, one sentence.
    pub happens: Text,
    /// What the remedy changes, one sentence.
    pub cure: Text,
    /// The hosts, in the order in which they start.
    pub hosts: &'static [Host],
    /// What stands between the two networks; without it, all hosts share one.
    pub router: Option<Router>,
    /// The values that differ between the fault and the remedy.
    pub knobs: &'static [Knob],
    /// What happens while the load runs.
    pub steps: &'static [Step],
    /// What the client sends.
    pub load: Load,
    /// What has to be seen.
    pub expect: Expect,
    /// True if it belongs to the everyday tests; the others run on demand.
    pub everyday: bool,
}

/// A value that is one thing while the fault is in and another after the remedy.
#[derive(Clone, Copy, Debug)]
pub struct Knob {
    /// The name used in `{{name}}`.
    pub name: &'static str,
    /// The value that makes the failure happen.
    pub fault: &'static str,
    /// The value that ends it.
    pub remedy: &'static str,
}

vocabulary! {
    /// In which of the two runs something is there.
    pub enum When {
        /// In both.
        Always = "always",
        /// Only in the run with the fault.
        Fault = "fault",
        /// Only in the run with the remedy.
        Remedy = "remedy",
    }
}

/// A system of several services and the ways to mend it, run one after the other: what a single
/// cause's drill is too small for.
#[derive(Debug)]
pub struct Story {
    /// Its name on the command line, in kebab case.
    pub name: &'static str,
    /// What is set up and what goes wrong, a few sentences.
    pub tells: Text,
    /// The system. The knobs' values for the fault are those of the first chapter.
    pub scenario: Scenario,
    /// When the release begins, in milliseconds from the start of the load: what is counted as
    /// before and after.
    pub release: u64,
    /// What is changed, one chapter after the other; the first changes nothing.
    pub chapters: &'static [Chapter],
}

/// One way to run a story's system.
#[derive(Clone, Copy, Debug)]
pub struct Chapter {
    /// A few words for the table.
    pub title: Text,
    /// What follows from it, one sentence.
    pub says: Text,
    /// Knobs with their values in this chapter; the others have that of the fault.
    pub set: &'static [(&'static str, &'static str)],
    /// The cause the logs have to name first; empty if there must be nothing to diagnose, and
    /// `None` if either may be.
    pub names: Option<&'static str>,
    /// Least and greatest share of requests that fail once the release has begun.
    pub failing: (f64, f64),
}
