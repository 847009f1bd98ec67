//! Comments that ask for silence: `why502: ignore[slug] reason`, in any file, on the line of a place
//! or on the line before it. A reason is required, and an end date (`until=2027-01-31`) may be given.

use model::config::{FileId, Finding, Ignored, PlaceOf, Remark, Span, System};

const MARK: &str = "why502: ignore[";

/// One such comment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wish<'s> {
    slug: &'s str,
    reason: &'s str,
    at: Span,
    /// Lines it speaks for: its own and the next.
    line: usize,
    used: bool,
}

/// What is left to say, what is not, and which comments do not do what their authors wanted.
#[derive(Debug, Default)]
pub struct Sorted {
    /// Findings to tell of.
    pub kept: Vec<Finding>,
    /// Findings not to tell of.
    pub ignored: Vec<Ignored>,
    /// Comments without reason, past their date, or without any finding to silence.
    pub remarks: Vec<Remark>,
}

/// Sorts findings by the comments in the files. `today` is a date as `2026-11-22`; the slugs are those
/// of the catalogue.
#[must_use]
pub fn sort(system: &System, findings: Vec<Finding>, today: &str, slugs: &[&str]) -> Sorted {
    let mut sorted = Sorted::default();
    let mut wishes = Vec::new();
    let files = (0..).map(FileId).zip(&system.files);
    for (file, source) in files.filter(|(_, source)| source.revision.is_empty()) {
        let mut offset = 0;
        for (line, text) in (1..).zip(source.text.split_inclusive('\n')) {
            if let Some(wish) = wish(text, offset, line, file, today, slugs, &mut sorted.remarks) {
                wishes.push(wish);
            }
            offset += text.len();
        }
    }
    for finding in findings {
        let places: Vec<(FileId, usize)> = places(system, &finding).collect();
        let asked = wishes.iter_mut().find(|wish| {
            wish.slug == finding.cause.slug
                && places.iter().any(|(file, line)| {
                    *file == wish.at.file && (*line == wish.line || *line == wish.line + 1)
                })
        });
        match asked {
            Some(wish) => {
                wish.used = true;
                let reason = wish.reason.to_owned();
                sorted.ignored.push(Ignored { finding, reason, at: wish.at });
            }
            None => sorted.kept.push(finding),
        }
    }
    for wish in wishes.iter().filter(|wish| !wish.used) {
        sorted.remarks.push(Remark {
            at: wish.at,
            says: format!(
                "this comment silences {}, which is not found here: it can go",
                wish.slug
            ),
        });
    }
    sorted.remarks.sort();
    sorted
}

fn places<'s>(
    system: &'s System,
    finding: &'s Finding,
) -> impl Iterator<Item = (FileId, usize)> + 's {
    finding.prediction.places.iter().filter_map(|(place, _)| {
        let span = match place {
            PlaceOf::Setting(setting) => setting.span()?,
            PlaceOf::Text(span) => *span,
        };
        Some((span.file, system.file(span.file).position(span.start as usize).0))
    })
}

fn wish<'s>(
    text: &'s str,
    offset: usize,
    line: usize,
    file: FileId,
    today: &str,
    slugs: &[&str],
    remarks: &mut Vec<Remark>,
) -> Option<Wish<'s>> {
    let start = text.find(MARK)?;
    let at = Span::new(file, offset + start..offset + text.trim_end().len());
    let (slug, rest) = text[start + MARK.len()..].split_once(']')?;
    let mut remark = |says: String| remarks.push(Remark { at, says });
    if !slugs.contains(&slug) {
        remark(format!("there is no cause {slug}: `why502 causes` lists them"));
        return None;
    }
    let rest = rest.trim().trim_end_matches("*/").trim_end_matches("-->").trim();
    let (until, reason) = match rest.strip_prefix("until=") {
        Some(rest) => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        None => ("", rest),
    };
    if reason.trim().is_empty() {
        remark(format!("{slug} is not silenced here: write the reason behind the bracket"));
        return None;
    }
    // Dates of this form sort like their text.
    if !until.is_empty() && until < today {
        remark(format!("{slug} is no longer silenced here: its date, {until}, has passed"));
        return None;
    }
    Some(Wish { slug, reason: reason.trim(), at, line, used: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_needs_a_known_cause_a_reason_and_a_date_to_come() {
        let read = |text| {
            let mut remarks = Vec::new();
            let slugs = ["keepalive-race"];
            let reason = wish(text, 0, 1, FileId(0), "2026-11-22", &slugs, &mut remarks)
                .map(|wish| wish.reason.to_owned());
            (reason, remarks.len())
        };
        let reason = |text: &str| Some(text.to_owned());
        assert_eq!(read("x; # why502: ignore[keepalive-race] retried"), (reason("retried"), 0));
        assert_eq!(read("/* why502: ignore[keepalive-race] it is */"), (reason("it is"), 0));
        assert_eq!(
            read("# why502: ignore[keepalive-race] until=2026-11-22 later"),
            (reason("later"), 0)
        );
        assert_eq!(read("# why502: ignore[keepalive-race] until=2026-11-21 later"), (None, 1));
        assert_eq!(read("# why502: ignore[keepalive-race]"), (None, 1));
        assert_eq!(read("# why502: ignore[keepalive] no such"), (None, 1));
        assert_eq!(read("# why502 ignores nothing"), (None, 0));
    }
}
