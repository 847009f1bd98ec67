//! What a diagnosis holds: incidents, findings with their citations, what was ruled out, what
//! could not be seen. The engine fills it, the report prints it.

use crate::config::{Bearing, ReadBeside};
use crate::names::vocabulary;
use crate::{Cause, HopKind, Micros, Remedy, Side, Statement, Timestamp, Visibility};

vocabulary! {
    /// How much the evidence carries.
    pub enum Verdict {
        /// A record states the mechanism, or every rival is excluded by evidence.
        Proved = "proved",
        /// All needs hold, an independent source supports it, no rival's needs all hold.
        Supported = "supported",
        /// Needs hold, but so do a rival's, or nothing independent supports it.
        Consistent = "consistent",
        /// Not decidable from what is visible.
        CannotTell = "cannot-tell",
    }
}

/// Where a claim comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Citation {
    /// When the cited record is dated, if it is.
    pub at: Option<Timestamp>,
    /// Index into [`Diagnosis::sources`].
    pub source: usize,
    /// Line number, from 1.
    pub line: u64,
    /// The record's text, cut to a bounded length, unmasked.
    pub text: String,
}

/// A span of time, both ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// First failure.
    pub start: Timestamp,
    /// Last failure.
    pub end: Timestamp,
}

impl Window {
    /// Its length.
    #[must_use]
    pub fn length(&self) -> Micros {
        self.end - self.start
    }

    /// Whether the point lies inside, with this much tolerance on both sides.
    #[must_use]
    pub fn contains(&self, at: Timestamp, tolerance: Micros) -> bool {
        at >= self.start - tolerance && at <= self.end + tolerance
    }
}

/// One input and what was understood of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSummary {
    /// The name the user would recognise: path, path inside an archive, `-`.
    pub name: String,
    /// Uncompressed bytes read.
    pub bytes: u64,
    /// Lines read.
    pub lines: u64,
    /// Records per dialect, by dialect name.
    pub dialects: Vec<(&'static str, u64)>,
    /// Lines no dialect understood.
    pub unread: u64,
    /// The first few of them: line number and text.
    pub unread_examples: Vec<(u64, String)>,
}

/// One hop as seen in one dialect.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamSummary {
    /// Dialect name.
    pub dialect: &'static str,
    /// The hop.
    pub hop: String,
    /// Its kind.
    pub kind: HopKind,
    /// Requests counted.
    pub requests: u64,
    /// Of them, failing (5xx by gateway or backend, or cut off; not the client's own doing).
    pub failures: u64,
    /// First and last record.
    pub period: Option<Window>,
    /// Median and 95th percentile of the duration of healthy requests.
    pub quantiles: Option<(Micros, Micros)>,
}

/// Something that was assumed because the evidence does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// What, with its values.
    pub says: Statement,
}

/// An input problem, with what was done about it; or a note on what was left out on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The input it is about.
    pub source: String,
    /// One sentence: what is wrong, where, what to do.
    pub says: Statement,
    /// True if nothing is wrong: the reader is told, but need not act.
    pub note: bool,
}

/// Estimated difference between the clocks of two streams.
#[derive(Clone, Debug, PartialEq)]
pub struct Skew {
    /// Stream whose clock is corrected.
    pub stream: String,
    /// Stream taken as reference.
    pub reference: String,
    /// Add this to the stream's times to get the reference's.
    pub offset: Micros,
    /// Number of joined requests the estimate rests on.
    pub pairs: u64,
}

/// One observation that speaks for a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The observation.
    pub says: Statement,
    /// Records that show it; may be empty for a statistic over all records.
    pub citations: Vec<Citation>,
    /// Whether it comes from other evidence than the failing records.
    pub independent: bool,
    /// True if the failures have a time and the records that show this have none.
    pub undated: bool,
}

/// A cause that was considered and excluded.
#[derive(Clone, Debug)]
pub struct RuledOut {
    /// The cause.
    pub cause: &'static Cause,
    /// What excludes it.
    pub because: Statement,
    /// Records that show it.
    pub citations: Vec<Citation>,
}

vocabulary! {
    /// What became of a cause that came into question.
    pub enum Outcome {
        /// All its needs are met and nothing rules it out.
        Holds = "holds",
        /// The evidence rules it out.
        RuledOut = "ruled-out",
        /// A need of it is visibly not met.
        NotMet = "not-met",
        /// A need of it cannot be seen.
        Undecided = "undecided",
    }
}

/// A cause that could not be excluded, and what would decide.
#[derive(Clone, Debug)]
pub struct RivalNote {
    /// The other cause.
    pub cause: &'static Cause,
    /// The observation that would decide between them.
    pub separates: Statement,
}

/// Something that could not be seen.
#[derive(Clone, Debug)]
pub struct Missing {
    /// What, and how to switch it on.
    pub visibility: &'static Visibility,
}

/// A link below the cause of which the evidence says more than of the cause itself: the change that
/// started it may be no more than likely where what it brought about is on record.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The link.
    pub cause: &'static Cause,
    /// How much the evidence carries for it.
    pub verdict: Verdict,
    /// True if a record states it.
    pub stated: bool,
    /// Of the finding's failing requests, those the link claims.
    pub failures: u64,
}

/// A verdict about one incident.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The cause.
    pub cause: &'static Cause,
    /// How much the evidence carries.
    pub verdict: Verdict,
    /// True if a record states the cause; a proved finding without that is proved because every
    /// rival is excluded.
    pub stated: bool,
    /// Failing requests it explains.
    pub failures: u64,
    /// When, in the order of time: one window a burst.
    pub windows: Vec<Window>,
    /// From the cause down to the symptom, this cause first.
    pub chain: Vec<&'static Cause>,
    /// The first link of the chain that is proved and no mere symptom, where a release or a change
    /// started it and that is not proved.
    pub effect: Option<Effect>,
    /// What speaks for it, strongest first.
    pub observations: Vec<Observation>,
    /// Failing records, the first few.
    pub failing: Vec<Citation>,
    /// What was considered and excluded.
    pub ruled_out: Vec<RuledOut>,
    /// What could not be excluded.
    pub rivals: Vec<RivalNote>,
    /// What could not be seen.
    pub missing: Vec<Missing>,
    /// What to do, in the order of expected effect: for the cause and for what it leads to here.
    pub remedies: Vec<&'static Remedy>,
    /// Measured values for the places in the cause's texts.
    pub figures: Vec<(&'static str, String)>,
    /// Where its failing requests were recorded, most of them first.
    pub seen: Vec<Seen>,
    /// What configuration says of it.
    pub configuration: Vec<Bearing>,
    /// What the logs alone carry, where configuration made the verdict stronger.
    pub of_logs: Option<Verdict>,
}

/// A hop at which failing requests were recorded, the innermost that is known to have seen them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Dialect of the records.
    pub dialect: &'static str,
    /// The hop, as they name it.
    pub hop: String,
    /// Its kind.
    pub kind: HopKind,
    /// On which side of it they failed.
    pub side: Side,
    /// The targets they name, as they name them; the first few in the order of their names.
    pub targets: Vec<String>,
    /// How many failing requests.
    pub failures: u64,
    /// True if the records of most say no more than a status.
    pub bare: bool,
}

/// Failures that no cause explains, with what is most distinctive about them.
#[derive(Clone, Debug)]
pub struct Unexplained {
    /// How many.
    pub failures: u64,
    /// What they have in common.
    pub traits: Vec<Statement>,
    /// The first few.
    pub failing: Vec<Citation>,
}

/// Failures that belong together in time.
#[derive(Clone, Debug)]
pub struct Incident {
    /// When: one window, or several that repeat the same failure.
    pub windows: Vec<Window>,
    /// Requests counted in the windows at the hops where failures are counted; 0 if the evidence
    /// has failing records only.
    pub requests: u64,
    /// Failing requests counted there.
    pub failures: u64,
    /// What caused them, largest share first.
    pub findings: Vec<Finding>,
    /// Every cause that could have made some of these failures, by slug, and what became of it.
    pub considered: Vec<(&'static Cause, Outcome)>,
    /// The rest.
    pub unexplained: Option<Unexplained>,
}

/// Everything one run found out.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// The inputs, sorted by name.
    pub sources: Vec<SourceSummary>,
    /// The hops seen.
    pub streams: Vec<StreamSummary>,
    /// First and last dated record.
    pub period: Option<Window>,
    /// Requests counted, each once, at the outermost hops.
    pub requests: u64,
    /// Failing requests among them.
    pub failures: u64,
    /// Failures too few and too scattered to be called an incident.
    pub background: u64,
    /// Incidents, in the order of time.
    pub incidents: Vec<Incident>,
    /// Occurrences by kind, for the record.
    pub occurrences: Vec<(crate::OccurrenceKind, u64)>,
    /// What was assumed.
    pub assumptions: Vec<Assumption>,
    /// Clock differences that were corrected.
    pub skews: Vec<Skew>,
    /// Problems with the input.
    pub complaints: Vec<Complaint>,
    /// Configuration that was read beside the logs; `None` if there was none.
    pub configuration: Option<ReadBeside>,
}
