//! What configuration says of a finding of a diagnosis, and what a diagnosis says of a prediction: the
//! two refer to each other.

use super::{Confidence, KnownDefault};
use crate::names::vocabulary;
use crate::{Cause, Statement, Verdict, Window};

vocabulary! {
    /// Which way configuration speaks.
    pub enum Bears {
        /// It predicts the cause, or what the cause leads to, where the failures were seen.
        Predicts = "predicts",
        /// It predicts, where the failures were seen, a cause that could not be ruled out.
        PredictsRival = "predicts-rival",
        /// It predicts the cause, but not at a hop that is known to be that of the failures.
        PredictsElsewhere = "predicts-elsewhere",
        /// It states settings with which the cause does not happen where the failures were seen.
        Contradicts = "contradicts",
    }
}

/// A line of a file of configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLine {
    /// The file's name, as the user would recognise it.
    pub path: String,
    /// Line number, from 1.
    pub line: usize,
    /// What is written there, unmasked.
    pub text: String,
}

/// One place that configuration is cited with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cited {
    /// Where it is written; for a default, where the version is written that decides it. `None` if
    /// nobody wrote either.
    pub at: Option<FileLine>,
    /// What it shows.
    pub says: Statement,
    /// Whose default it is, if nobody wrote it.
    pub default_of: Option<&'static KnownDefault>,
}

/// What configuration says of one finding.
#[derive(Clone, Debug)]
pub struct Bearing {
    /// Which way.
    pub bears: Bears,
    /// The cause it is about: that of the finding, one further down its chain, or a rival.
    pub cause: &'static Cause,
    /// What it says, in one sentence.
    pub says: Statement,
    /// The two values that contradict each other and where they stand, in one sentence.
    pub meet: Option<Statement>,
    /// How sure the configuration is of it.
    pub confidence: Confidence,
    /// True if the records name the target by the port by which the configuration reaches it, and
    /// no other two hops fit.
    pub same_link: bool,
    /// True if nothing else of the configuration fits the records as well.
    pub only_one: bool,
    /// The places it rests on.
    pub places: Vec<Cited>,
    /// The smallest change that ends it, in words.
    pub changes: Vec<Statement>,
    /// The fingerprint of the finding of `check`; empty if there is none.
    pub fingerprint: String,
}

/// Configuration that was read beside the logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadBeside {
    /// What to give to `check` to have the same configuration read.
    pub paths: Vec<String>,
    /// The files, in the order of their names, and what each was read as.
    pub files: Vec<(String, &'static str)>,
    /// Findings of `check` about other causes than those of the incidents.
    pub further: usize,
}

/// That a prediction has come true, as far as logs show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// Number of the incident in the diagnosis, from 1.
    pub incident: usize,
    /// First and last failure; `None` if no record is dated.
    pub window: Option<Window>,
    /// Requests in the incident's windows; 0 if the logs hold failing requests only.
    pub requests: u64,
    /// Failing requests that the cause explains.
    pub failures: u64,
    /// How much the logs carry for the cause, and the configuration beside them.
    pub verdict: Verdict,
    /// How much the logs alone carry.
    pub of_logs: Verdict,
    /// True if nothing else of the configuration fits the records as well.
    pub only_one: bool,
    /// A failing record: name of the input and line.
    pub seen_at: Option<(String, u64)>,
}
