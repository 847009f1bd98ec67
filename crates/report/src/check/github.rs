//! Annotations of GitHub Actions: one workflow command a line, shown at the place in the change
//! (docs.github.com, "Workflow commands", "Setting an error message").

use std::fmt::Write as _;

use model::Lang;
use model::config::{Checked, Severity};

use super::happened;
use super::places::{ARMED, sentence, spots};

/// One line per finding.
#[must_use]
pub fn github(checked: &Checked, lang: Lang) -> String {
    let mut out = String::new();
    for finding in &checked.findings {
        let level = match finding.prediction.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let spots = spots(&checked.system, finding);
        let mut properties = String::new();
        if let Some(first) = spots.iter().find(|spot| spot.revision.is_none()) {
            let _ = write!(
                properties,
                "file={},line={},endLine={},col={},",
                property(first.path),
                first.from.0,
                first.to.0.max(first.from.0),
                first.from.1
            );
        }
        let _ = write!(properties, "title={}", property(finding.cause.slug));
        let mut message = sentence(&finding.prediction.says, lang);
        for told in happened::sentences(checked, finding, lang) {
            let _ = write!(message, "\n{told}");
        }
        for spot in &spots {
            let _ = write!(
                message,
                "\n{}:{}: {}",
                spot.title(),
                spot.from.0,
                sentence(spot.says, lang)
            );
        }
        for update in &finding.prediction.armed_by {
            let _ = write!(message, "\n{}{}", ARMED.get(lang), sentence(update, lang));
        }
        for change in &finding.prediction.changes {
            let _ = write!(message, "\n→ {}", sentence(change, lang));
        }
        let _ = writeln!(out, "::{level} {properties}::{}", data(&message));
    }
    out
}

/// Escapes a message: percent signs and line breaks.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property's value: colons and commas too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(data("100%\nx: a, b"), "100%25%0Ax: a, b");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
