//! What happens to a drill's system while the load runs.

use super::When;

/// Something that happens while the load runs.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Milliseconds from the start of the load, templated.
    pub at: &'static str,
    /// What.
    pub does: Action,
    /// In which run.
    pub when: When,
}

impl Step {
    /// A step of both runs.
    #[must_use]
    pub const fn at(milliseconds: &'static str, does: Action) -> Step {
        Step { at: milliseconds, does, when: When::Always }
    }

    /// In one of the runs only.
    #[must_use]
    pub const fn when(mut self, when: When) -> Step {
        self.when = when;
        self
    }
}

/// What a step does. `part` is `host/part`, or `host-2/part` for one instance.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// Sends a signal (`TERM`, `KILL`, `HUP`, `STOP`, `CONT`, …) to a part; a part stopped by it
    /// counts as ended on purpose.
    Signal {
        /// The part.
        part: &'static str,
        /// The signal's name without `SIG`, templated.
        signal: &'static str,
    },
    /// Starts a part that is not running.
    Start {
        /// The part.
        part: &'static str,
    },
    /// Replaces a host's firewall.
    Firewall {
        /// The host.
        host: &'static str,
        /// The rules in the grammar of `nft`, templated; empty to remove them.
        rules: &'static str,
    },
    /// Writes a file into a part's folder and sends the part `HUP`.
    Rewrite {
        /// The part.
        part: &'static str,
        /// Path below its folder.
        file: &'static str,
        /// The text, templated.
        text: &'static str,
    },
    /// Fills the connection tracking table of a host or the router to the kernel's own limit, but
    /// for a few entries, with connections nobody has.
    FillConnectionTable {
        /// The host, or `router`.
        host: &'static str,
        /// Entries left free, templated.
        spare: &'static str,
        /// Seconds for which the entries last, templated.
        seconds: &'static str,
    },
    /// Runs a shell command on a host; its output goes to the run's journal, not to the evidence.
    Run {
        /// The host.
        host: &'static str,
        /// The command, templated.
        command: &'static str,
    },
    /// Switches a host's instances to a new revision, as a managed platform does.
    Rollout(Rollout),
}

/// A switch of revisions: new instances start, traffic moves, old ones drain and stop. Numbers
/// templated.
#[derive(Clone, Copy, Debug)]
pub struct Rollout {
    /// The host whose instances are replaced.
    pub host: &'static str,
    /// The gateways (`host/part`) whose lists of members are rewritten.
    pub gateways: &'static [&'static str],
    /// Milliseconds between the starts of two new instances; 0 starts them together.
    pub pace: &'static str,
    /// Milliseconds from the last new instance's start until traffic moves to them; empty to wait
    /// until they accept connections.
    pub ready: &'static str,
    /// Milliseconds from the moving of traffic until the old instances get `TERM`; negative if
    /// they get it before traffic moves.
    pub drain: &'static str,
    /// Milliseconds from `TERM` until `KILL`.
    pub grace: &'static str,
    /// Environment of the new revision, `NAME=value`, templated.
    pub environment: &'static [&'static str],
}
