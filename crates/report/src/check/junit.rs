//! Findings as JUnit XML, which every CI system shows: one test case per cause and place. A run
//! without findings is one case that passed, as some systems take a file without cases for a fault.

use std::fmt::Write as _;

use model::Lang;
use model::config::{Checked, Severity};

use super::happened;
use super::places::{ARMED, sentence, spots};

/// The document.
#[must_use]
pub fn junit(checked: &Checked, lang: Lang) -> String {
    let found = &checked.findings;
    let failed = found.iter().filter(|f| f.prediction.severity == Severity::Error).count();
    let silent = checked.ignored.len();
    let tests = (found.len() + silent).max(1);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites>\n  <testsuite name=\"why502 check\" tests=\"{tests}\" failures=\"{failed}\" \
         errors=\"0\" skipped=\"{silent}\">"
    );
    for finding in found {
        let spots = spots(&checked.system, finding);
        let place =
            spots.first().map(|s| format!("{}:{}", s.title(), s.from.0)).unwrap_or_default();
        let _ = writeln!(
            out,
            "    <testcase classname=\"{}\" name=\"{}\">",
            escaped(finding.cause.slug),
            escaped(&place)
        );
        let mut body = String::new();
        for told in happened::sentences(checked, finding, lang) {
            let _ = writeln!(body, "{told}");
        }
        for spot in &spots {
            let _ =
                writeln!(body, "{}:{}: {}", spot.title(), spot.from.0, sentence(spot.says, lang));
        }
        for update in &finding.prediction.armed_by {
            let _ = writeln!(body, "{}{}", ARMED.get(lang), sentence(update, lang));
        }
        for change in &finding.prediction.changes {
            let _ = writeln!(body, "→ {}", sentence(change, lang));
        }
        let says = escaped(&sentence(&finding.prediction.says, lang));
        let severity = finding.prediction.severity;
        if severity == Severity::Error {
            let _ = writeln!(
                out,
                "      <failure type=\"{severity}\" message=\"{says}\">{}</failure>",
                escaped(&body)
            );
        } else {
            let text = format!("{severity}: {}\n{body}", sentence(&finding.prediction.says, lang));
            let _ = writeln!(out, "      <system-out>{}</system-out>", escaped(&text));
        }
        out.push_str("    </testcase>\n");
    }
    for ignored in &checked.ignored {
        let _ = writeln!(
            out,
            "    <testcase classname=\"{}\" name=\"{}\">\n      <skipped message=\"{}\"/>\n    \
             </testcase>",
            escaped(ignored.finding.cause.slug),
            escaped(&checked.system.place(ignored.at)),
            escaped(&ignored.reason)
        );
    }
    if found.is_empty() && silent == 0 {
        out.push_str("    <testcase classname=\"why502\" name=\"check\"/>\n");
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

/// Text for XML 1.0: markup escaped, characters that no document may hold left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if (c as u32) < 0x20 || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_control_characters_do_no_harm() {
        assert_eq!(escaped("a<b> & \"c\"\u{1b}[0m\u{0}"), "a&lt;b&gt; &amp; &quot;c&quot;[0m");
    }
}
