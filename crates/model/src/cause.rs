//! The shape of a cause: identity, how it shows, what it is mistaken for, what to do about it.
//!
//! A cause is data: the engine interprets it, the report prints it, later verbs read their own
//! parts of it. Eighty descriptions can be reviewed; eighty small programs cannot.

use crate::names::vocabulary;
use crate::{Author, Mechanism, Micros, Reuse, Side, Signal, Text};

vocabulary! {
    /// The place on the request path where the condition at fault sits.
    pub enum Place {
        /// The client's side of the outermost hop.
        ClientEdge = "client-edge",
        /// Name resolution.
        Dns = "dns",
        /// TLS between hops.
        Tls = "tls",
        /// A load balancer's groups, routes and health checks.
        Routing = "routing",
        /// Opening connections to a target.
        Connect = "connect",
        /// Connections that are used again.
        Reuse = "connection-reuse",
        /// Waiting for a response.
        ResponseWait = "response-wait",
        /// The form of the response.
        ResponseFormat = "response-format",
        /// The process behind the gateway.
        Process = "process",
        /// The capacity of the backend.
        Capacity = "capacity",
        /// Calls outward: NAT, routes, third parties.
        Egress = "egress",
        /// Releases and their roll-out.
        Release = "release",
    }
}

/// One cause of the catalogue.
#[derive(Debug)]
pub struct Cause {
    /// Stable name in kebab case: the condition at fault, readable after "caused by".
    pub slug: &'static str,
    /// A few words.
    pub title: Text,
    /// One sentence that explains the mechanism to someone who has never met it.
    pub explanation: Text,
    /// Where it sits.
    pub place: Place,
    /// Statuses it can surface as, whatever the gateway.
    pub statuses: &'static [u16],
    /// Slugs of the causes it brings about.
    pub leads_to: &'static [&'static str],
    /// The source file, whose leading `//!` lines are the page.
    pub source: &'static str,
    /// How it shows in evidence.
    pub shows: Shows,
    /// The relation between settings that predicts it.
    pub predicts: Predicts,
    /// The run that makes it happen.
    pub drill: Drill,
    /// What to do, in the order of expected effect.
    pub remedies: &'static [Remedy],
}

impl Cause {
    /// The page as Markdown: the leading `//!` lines of the cause's file.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = String::new();
        for line in self.source.lines() {
            let Some(text) = line.strip_prefix("//!") else { break };
            page.push_str(text.strip_prefix(' ').unwrap_or(text));
            page.push('\n');
        }
        page
    }
}

/// How a cause shows in evidence.
#[derive(Debug)]
pub struct Shows {
    /// Which failing requests may belong to it: any of these.
    pub claims: &'static [Claim],
    /// True if it also explains what the causes it leads to would claim (when theirs hold).
    pub claims_effects: bool,
    /// Without any one of these, not this cause.
    pub needs: &'static [Test],
    /// Each makes it more certain; sources beyond the failing records themselves are marked
    /// independent.
    pub supports: &'static [Test],
    /// Any one of these excludes it.
    pub rules_out: &'static [Test],
    /// Causes it is mistaken for, with the one observation that separates them.
    pub rivals: &'static [Rival],
    /// For signals that may not be visible: what to switch on.
    pub visible: &'static [Visibility],
}

/// How long a failing request had waited: bands coarse enough to count by, fine enough to tell
/// refused, raced and timed out apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// No duration in the record.
    Unknown,
    /// Under 10 ms.
    Instant,
    /// 10 ms to 50 ms.
    Short,
    /// 50 ms to 1 s.
    Medium,
    /// 1 s or more.
    Long,
}

impl Band {
    /// The band of a duration.
    #[must_use]
    pub const fn of(duration: Option<Micros>) -> Band {
        match duration {
            None => Band::Unknown,
            Some(Micros(us)) if us < 10_000 => Band::Instant,
            Some(Micros(us)) if us < 50_000 => Band::Short,
            Some(Micros(us)) if us < 1_000_000 => Band::Medium,
            Some(_) => Band::Long,
        }
    }
}

/// A description of failing requests by their coordinates. Empty lists mean "any".
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// What the record says happened.
    pub mechanisms: &'static [Mechanism],
    /// On which side.
    pub sides: &'static [Side],
    /// Status sent to the client.
    pub statuses: &'static [u16],
    /// Who wrote the status.
    pub authors: &'static [Author],
    /// On which kind of connection; list `Reuse::Unknown` too where most records do not say.
    pub reuse: &'static [Reuse],
    /// After which wait; list `Band::Unknown` too where most records do not say.
    pub bands: &'static [Band],
    /// True if only connections to the IPv6 loopback address are meant.
    pub ipv6_loopback: bool,
    /// True if such a record states this cause by itself, with no other reading.
    pub states: bool,
}

impl Claim {
    /// Requests whose record says one of these things happened.
    #[must_use]
    pub const fn of(mechanisms: &'static [Mechanism]) -> Claim {
        Claim {
            mechanisms,
            sides: &[],
            statuses: &[],
            authors: &[],
            reuse: &[],
            bands: &[],
            ipv6_loopback: false,
            states: false,
        }
    }

    /// Limited to these sides.
    #[must_use]
    pub const fn sides(mut self, sides: &'static [Side]) -> Claim {
        self.sides = sides;
        self
    }

    /// Limited to these statuses.
    #[must_use]
    pub const fn statuses(mut self, statuses: &'static [u16]) -> Claim {
        self.statuses = statuses;
        self
    }

    /// Limited to these authors of the status.
    #[must_use]
    pub const fn authors(mut self, authors: &'static [Author]) -> Claim {
        self.authors = authors;
        self
    }

    /// Limited to these kinds of connection.
    #[must_use]
    pub const fn reuse(mut self, reuse: &'static [Reuse]) -> Claim {
        self.reuse = reuse;
        self
    }

    /// Limited to these waits.
    #[must_use]
    pub const fn bands(mut self, bands: &'static [Band]) -> Claim {
        self.bands = bands;
        self
    }

    /// Limited to connections to the IPv6 loopback address.
    #[must_use]
    pub const fn to_ipv6_loopback(mut self) -> Claim {
        self.ipv6_loopback = true;
        self
    }

    /// Such a record states the cause by itself.
    #[must_use]
    pub const fn states(mut self) -> Claim {
        self.states = true;
        self
    }
}

/// A condition on a known signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Condition {
    /// At least this much.
    AtLeast(f64),
    /// At most this much.
    AtMost(f64),
}

impl Condition {
    /// Whether the value meets the condition.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        match self {
            Condition::AtLeast(least) => value >= least,
            Condition::AtMost(most) => value <= most,
        }
    }
}

/// A condition on one signal, and what it means in words when it holds.
#[derive(Clone, Copy, Debug)]
pub struct Test {
    /// The fact that is looked at.
    pub signal: Signal,
    /// When it holds.
    pub is: Condition,
    /// The observation, as a sentence; the engine's figures may be used as `{name}`, and `{value}`
    /// is the signal's value.
    pub says: Text,
    /// True if the observation comes from other evidence than the failing records themselves.
    pub independent: bool,
    /// True if the observation, when it holds, proves the cause by itself because a record of
    /// that other evidence states the mechanism.
    pub proves: bool,
    /// A test that does as well where this one does not hold or cannot be seen. Undecidable only
    /// if neither holds and at least one cannot be seen.
    pub or: Option<&'static Test>,
    /// What it means that the test does not hold, as a sentence: why a cause that needs it is ruled
    /// out.
    pub otherwise: Option<Text>,
}

impl Test {
    /// A test on the failing records themselves.
    #[must_use]
    pub const fn new(signal: Signal, is: Condition, says: Text) -> Test {
        Test { signal, is, says, independent: false, proves: false, or: None, otherwise: None }
    }

    /// The observation comes from evidence other than the failing records.
    #[must_use]
    pub const fn independent(mut self) -> Test {
        self.independent = true;
        self
    }

    /// The observation proves the cause; implies independent.
    #[must_use]
    pub const fn proves(mut self) -> Test {
        self.independent = true;
        self.proves = true;
        self
    }

    /// What it means that the test, as a need, visibly does not hold.
    #[must_use]
    pub const fn otherwise(mut self, says: Text) -> Test {
        self.otherwise = Some(says);
        self
    }

    /// The other test does as well.
    #[must_use]
    pub const fn or(mut self, other: &'static Test) -> Test {
        self.or = Some(other);
        self
    }
}

/// A cause this one is mistaken for.
#[derive(Clone, Copy, Debug)]
pub struct Rival {
    /// The other cause's slug.
    pub slug: &'static str,
    /// The one observation that separates them.
    pub separates: Text,
}

/// What has to be switched on for a signal to be visible.
#[derive(Clone, Copy, Debug)]
pub struct Visibility {
    /// The signal that may be missing.
    pub signal: Signal,
    /// What is missing, as a noun phrase.
    pub what: Text,
    /// The exact setting, field or command that would show it, per product.
    pub how: &'static [Evidence],
}

/// A way to get evidence, for one product.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    /// Product in the vendor's spelling.
    pub product: &'static str,
    /// Setting or command, ready to copy.
    pub command: &'static str,
}

/// The relation between settings that predicts a cause.
#[derive(Debug)]
pub enum Predicts {
    /// Not written yet; the reason, for the catalogue's table.
    NotYet(&'static str),
    /// No setting tells; the reason, for the catalogue's table.
    Never(&'static str),
    /// Any of these.
    By(&'static [crate::config::Rule]),
}

/// The run that makes a cause happen on real servers.
#[derive(Debug)]
pub enum Drill {
    /// Not written yet, or not possible on one Linux machine; the reason, for the catalogue's
    /// table.
    NotYet(&'static str),
    /// One scenario per set of servers.
    Runs(&'static [crate::Scenario]),
}

vocabulary! {
    /// Which way a remedy turns its setting.
    pub enum Direction {
        /// Make it larger.
        Raise = "raise",
        /// Make it smaller.
        Lower = "lower",
        /// Give it the value in the snippet.
        Set = "set",
        /// Change code or procedure rather than a setting.
        Change = "change",
    }
}

/// One step against a cause.
#[derive(Clone, Copy, Debug)]
pub struct Remedy {
    /// Product in the vendor's spelling, or `any`.
    pub product: &'static str,
    /// What to do, one sentence.
    pub action: Text,
    /// The setting's own name, empty if there is none.
    pub setting: &'static str,
    /// Which way to turn it.
    pub direction: Direction,
    /// Command or configuration to copy, empty if there is none.
    pub snippet: &'static str,
    /// How to know that it worked.
    pub verify: Text,
    /// The arithmetic behind it with the engine's figures as `{name}`; shown only where all of
    /// them are known.
    pub arithmetic: Option<Text>,
}
