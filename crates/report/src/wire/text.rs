//! The small pieces of the wire form: sentences, citations, windows.

use std::collections::BTreeMap;

use model::{Citation, Lang, SourceSummary, Statement, Text, Window};
use serde::Serialize;

use crate::fill;
use crate::mask::mask;

/// What may be seen of the evidence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight<'a> {
    pub(crate) show_values: bool,
    pub(crate) sources: &'a [SourceSummary],
}

impl Sight<'_> {
    /// Text from the evidence as it may be shown.
    pub(crate) fn seen(&self, text: &str) -> String {
        if self.show_values { text.to_owned() } else { mask(text).into_owned() }
    }

    /// A statement, unless one of its values is not known.
    pub(crate) fn statement(&self, says: &Statement) -> Option<WireText> {
        let seen = |value: &str| self.seen(value);
        Some(WireText {
            en: fill::statement(says, Lang::En, &seen)?,
            ja: fill::statement(says, Lang::Ja, &seen)?,
        })
    }

    /// Names and values.
    pub(crate) fn values(&self, values: &[(&'static str, String)]) -> BTreeMap<String, String> {
        values.iter().map(|(name, value)| ((*name).to_owned(), self.seen(value))).collect()
    }

    pub(crate) fn citations(&self, citations: &[Citation]) -> Vec<WireCitation> {
        citations.iter().map(|citation| self.citation(citation)).collect()
    }

    fn citation(&self, citation: &Citation) -> WireCitation {
        WireCitation {
            source: self.sources.get(citation.source).map(|source| source.name.clone()),
            line: citation.line,
            time: citation.at.map(|at| at.to_string()),
            text: self.seen(&citation.text),
        }
    }
}

/// One sentence in both languages.
#[derive(Debug, Serialize)]
pub(crate) struct WireText {
    pub(crate) en: String,
    pub(crate) ja: String,
}

impl From<Text> for WireText {
    fn from(text: Text) -> WireText {
        WireText { en: text.en.to_owned(), ja: text.ja.to_owned() }
    }
}

/// A record that shows something.
#[derive(Debug, Serialize)]
pub(crate) struct WireCitation {
    source: Option<String>,
    line: u64,
    time: Option<String>,
    text: String,
}

/// A span of time, both ends inclusive.
#[derive(Debug, Serialize)]
pub(crate) struct WireWindow {
    start: String,
    end: String,
    length_seconds: f64,
}

impl From<&Window> for WireWindow {
    fn from(window: &Window) -> WireWindow {
        WireWindow {
            start: window.start.to_string(),
            end: window.end.to_string(),
            length_seconds: window.length().as_secs_f64(),
        }
    }
}

pub(crate) fn windows(windows: &[Window]) -> Vec<WireWindow> {
    windows.iter().map(WireWindow::from).collect()
}

/// A share with four digits; more of them where it would else be rounded to all or none.
pub(crate) fn share(part: u64, whole: u64) -> Option<f64> {
    let exact = crate::figures::share(part, whole)?;
    let rounded = (exact * 1e4).round() / 1e4;
    let misleads = (rounded == 1.0 && part < whole) || (rounded == 0.0 && part > 0);
    Some(if misleads { exact } else { rounded })
}
