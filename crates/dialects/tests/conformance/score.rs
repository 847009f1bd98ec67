//! One suite's result: what was understood, and which values agree.

use std::fmt;

use dialects::Context;

use super::corpus::{Corpus, Sample};
use super::exceptions::Exceptions;
use super::fields::{self, Verdict};
use super::suites::Suite;

/// Counts of lines and values.
#[derive(Debug, Default)]
pub(crate) struct Score {
    pub(crate) lines: usize,
    understood: usize,
    pub(crate) compared: usize,
    agree: usize,
    /// Values that the other parser states and no event carries.
    untold: usize,
    /// Differences that are not declared.
    pub(crate) undeclared: Vec<String>,
}

impl Score {
    /// Reads a suite and compares.
    pub(crate) fn of(suite: &Suite, corpus: &Corpus, exceptions: &mut Exceptions) -> Score {
        let mut score = Score::default();
        if let Some(missing) = suite.dialects.iter().find(|name| dialects::by_name(name).is_none())
        {
            println!("{:<34} skipped: there is no dialect {missing} yet", suite.name);
            return score;
        }
        for sample in (suite.samples)(corpus) {
            score.sample(suite, &sample, exceptions);
        }
        assert!(score.lines > 0, "{} is empty", suite.name);
        score
    }

    fn sample(&mut self, suite: &Suite, sample: &Sample, exceptions: &mut Exceptions) {
        let mut context = Context { combined_is_apache: suite.apache, ..Context::default() };
        if suite.columns
            && let Some(format) = &sample.format
        {
            context.columns = dialects::flow_columns(format).unwrap_or_default();
        }
        let read = fields::read(&sample.record, &context);
        if sample.refused && read.dialect.is_none() {
            // Both hold it for no log: that is agreement, but no evidence.
            return;
        }
        self.lines += 1;
        let right = read.dialect.is_some_and(|name| suite.dialects.contains(&name));
        if right {
            self.understood += 1;
        } else if !exceptions.excuse(suite.name, sample.line, "record") {
            let by = read.dialect.unwrap_or("nobody");
            let what = format!("{} | {} | record | read by {by}", suite.name, sample.line);
            self.undeclared.push(format!("{what}: {}", sample.record));
            return;
        }
        if !right {
            return;
        }
        for (name, theirs) in &sample.expected {
            for mapping in suite.mappings.iter().filter(|mapping| mapping.theirs == name) {
                match fields::compare(theirs.as_deref(), mapping, &read) {
                    Verdict::Untold => self.untold += 1,
                    Verdict::Agrees => {
                        self.compared += 1;
                        self.agree += 1;
                    }
                    Verdict::Differs(ours) => {
                        self.compared += 1;
                        if !exceptions.excuse(suite.name, sample.line, name) {
                            let (suite, line) = (suite.name, sample.line);
                            let theirs = theirs.as_deref().unwrap_or("(none)");
                            self.undeclared.push(format!(
                                "{suite} | {line} | {name} | {theirs} is {ours}: {}",
                                sample.record
                            ));
                        }
                    }
                }
            }
        }
    }

    /// Adds another suite's.
    pub(crate) fn add(&mut self, other: Score) {
        self.lines += other.lines;
        self.understood += other.understood;
        self.compared += other.compared;
        self.agree += other.agree;
        self.untold += other.untold;
        self.undeclared.extend(other.undeclared);
    }

    /// Of the lines, how many a dialect of the suite understood.
    pub(crate) fn understood_share(&self) -> f64 {
        self.understood as f64 / self.lines.max(1) as f64
    }

    /// Of the values compared, how many agree.
    pub(crate) fn agreement_share(&self) -> f64 {
        self.agree as f64 / self.compared.max(1) as f64
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = format!("{} of {}", self.understood, self.lines);
        let values = format!("{} of {}", self.agree, self.compared);
        write!(f, "{lines:>17} {values:>17} {:>8}", self.untold)
    }
}
