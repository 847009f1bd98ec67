//! The three-valued reading of one cause on hand-made signals: what the tests of each cause are
//! written against, and the reference for anything else that interprets a cause.
//!
//! A signal that is not listed is not visible. An exclusion that cannot be seen does not exclude;
//! a need that cannot be seen leaves the cause undecided.

use model::{Band, Cause, Mechanism, Reuse, Side, Signal, Test};

/// What the signals say about one cause.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// A test in `rules_out` holds: the signal that excludes.
    Excluded(Signal),
    /// A need is visible and does not hold: its signal.
    NotThis(Signal),
    /// No need is known to fail, and these signals, which could decide one, are not visible.
    CannotTell(Vec<Signal>),
    /// All needs hold.
    Holds {
        /// Signals whose support holds.
        supports: Vec<Signal>,
        /// True if one of them is evidence other than the failing records.
        independent: bool,
        /// True if one of them proves the cause by itself.
        proved: bool,
    },
}

/// Whether a test holds; `None` if that cannot be seen.
#[must_use]
pub fn holds(test: &Test, signals: &[(Signal, f64)]) -> Option<bool> {
    let mut answer = Some(false);
    for one in alternatives(test) {
        match value(signals, one.signal) {
            Some(value) if one.is.holds(value) => return Some(true),
            Some(_) => {}
            None => answer = None,
        }
    }
    answer
}

/// A test and those that do as well.
pub fn alternatives(test: &Test) -> impl Iterator<Item = &Test> {
    std::iter::successors(Some(test), |one| one.or)
}

/// Reads one cause on the signals that are visible.
#[must_use]
pub fn judge(cause: &Cause, signals: &[(Signal, f64)]) -> Judgement {
    let shows = &cause.shows;
    if let Some(test) = shows.rules_out.iter().find(|t| holds(t, signals) == Some(true)) {
        return Judgement::Excluded(test.signal);
    }
    if let Some(test) = shows.needs.iter().find(|t| holds(t, signals) == Some(false)) {
        return Judgement::NotThis(test.signal);
    }
    let mut missing = Vec::new();
    for test in shows.needs.iter().filter(|t| holds(t, signals).is_none()) {
        for one in alternatives(test) {
            if value(signals, one.signal).is_none() && !missing.contains(&one.signal) {
                missing.push(one.signal);
            }
        }
    }
    if !missing.is_empty() {
        return Judgement::CannotTell(missing);
    }
    let held: Vec<&Test> =
        shows.supports.iter().filter(|t| holds(t, signals) == Some(true)).collect();
    Judgement::Holds {
        supports: held.iter().map(|t| t.signal).collect(),
        independent: held.iter().any(|t| t.independent),
        proved: held.iter().any(|t| t.proves),
    }
}

/// The coordinates of a failing request that claims look at.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// What the record says happened.
    pub mechanism: Mechanism,
    /// On which side.
    pub side: Side,
    /// Status sent to the client.
    pub status: u16,
    /// On which kind of connection.
    pub reuse: Reuse,
    /// After which wait.
    pub band: Band,
    /// Whether it was to the IPv6 loopback address.
    pub ipv6_loopback: bool,
}

impl Seen {
    /// A failure on its usual side, on a connection and after a wait that the record does not
    /// tell.
    #[must_use]
    pub const fn of(mechanism: Mechanism, status: u16) -> Seen {
        let (side, ..) = mechanism.usual();
        Seen {
            mechanism,
            side,
            status,
            reuse: Reuse::Unknown,
            band: Band::Unknown,
            ipv6_loopback: false,
        }
    }

    /// The same failure after a known wait.
    #[must_use]
    pub const fn after(mut self, band: Band) -> Seen {
        self.band = band;
        self
    }

    /// The same failure on a known kind of connection.
    #[must_use]
    pub const fn on(mut self, reuse: Reuse) -> Seen {
        self.reuse = reuse;
        self
    }

    /// The same failure, on the IPv6 loopback address.
    #[must_use]
    pub const fn to_ipv6_loopback(mut self) -> Seen {
        self.ipv6_loopback = true;
        self
    }

    /// The same failure, of an outward call.
    #[must_use]
    pub const fn outward(mut self) -> Seen {
        self.side = Side::Egress;
        self
    }
}

/// Whether the cause claims such a request: `None` if not, else whether the record states the
/// cause by itself. Authors are not looked at.
#[must_use]
pub fn claims(cause: &Cause, seen: Seen) -> Option<bool> {
    let any = |states: bool| {
        cause.shows.claims.iter().any(|claim| {
            claim.states == states
                && (claim.mechanisms.is_empty() || claim.mechanisms.contains(&seen.mechanism))
                && (claim.sides.is_empty() || claim.sides.contains(&seen.side))
                && (claim.statuses.is_empty() || claim.statuses.contains(&seen.status))
                && (claim.reuse.is_empty() || claim.reuse.contains(&seen.reuse))
                && (claim.bands.is_empty() || claim.bands.contains(&seen.band))
                && (!claim.ipv6_loopback || seen.ipv6_loopback)
        })
    };
    if any(true) {
        Some(true)
    } else if any(false) {
        Some(false)
    } else {
        None
    }
}

fn value(signals: &[(Signal, f64)], signal: Signal) -> Option<f64> {
    signals.iter().find(|(name, _)| *name == signal).map(|(_, value)| *value)
}
