//! The first part of a report: what was read, what was made of it, what was assumed; and the one
//! sentence that is left where there is no incident.

use model::{Diagnosis, SourceSummary, StreamSummary};

use super::View;
use crate::figures::{bytes, count, percent, share, window};
use crate::style::{Ink, ink, plain};
use crate::wrap::{columns, cut, pad, pad_left};
use crate::{clean, words};

/// Widest column for names in the table of hops.
const WIDEST_HOP: usize = 34;
/// Narrowest one; where not even that is left, the durations are left out.
const NARROWEST_HOP: usize = 12;

impl View<'_> {
    pub(super) fn read(&mut self) {
        let d = self.diagnosis;
        let heading = self.say(words::READ);
        self.page.heading(0, heading);
        let mut first = self.counted(d.sources.len() as u64, &words::SOURCES, &[]);
        let comma = self.say(words::LIST);
        for part in [self.counted(lines(d), &words::LINES, &[]), bytes(total(d, |s| s.bytes))] {
            first.push_str(comma);
            first.push_str(&part);
        }
        self.page.text(2, "", &first);
        if let Some(directory) = common_directory(&d.sources) {
            let within = if d.sources.len() > 1 { self.say(words::WITHIN) } else { "" };
            let label = plain(within);
            let directory = clean::one_line(directory).into_owned();
            self.page.verbatim_spans(2, &[label, ink(Ink::Path, directory)]);
        }
        self.inputs();
        if let Some(period) = &d.period {
            let period = window(period, self.lang());
            self.page.text(2, "", &period);
        } else if d.sources.iter().any(is_understood) {
            let undated = self.say(words::UNDATED_READ);
            self.page.text(2, "", undated);
        }
        self.dialects();
        self.configuration_read();
        self.streams();
        self.unread();
        self.notes();
    }

    /// Every input, where all is to be shown.
    fn inputs(&mut self) {
        if !self.options.verbose {
            return;
        }
        for source in &self.diagnosis.sources {
            let lines = self.counted(source.lines, &words::LINES, &[]);
            let dialects: Vec<&str> = source.dialects.iter().map(|(name, _)| *name).collect();
            let mut about = format!(": {lines}");
            for dialect in dialects {
                about.push_str(self.say(words::LIST));
                about.push_str(dialect);
            }
            let name = clean::one_line(&source.name).into_owned();
            self.page.verbatim_spans(4, &[ink(Ink::Path, name), ink(Ink::Quiet, about)]);
        }
    }

    fn dialects(&mut self) {
        let mut all: Vec<(&str, u64)> = Vec::new();
        for (name, n) in self.diagnosis.sources.iter().flat_map(|s| &s.dialects) {
            match all.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => *sum += n,
                None => all.push((name, *n)),
            }
        }
        all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        if all.is_empty() {
            let none = self.say(words::NO_DIALECTS);
            self.page.text(2, "", none);
            return;
        }
        let list: Vec<String> =
            all.iter().map(|(name, n)| format!("{name}\u{a0}{}", count(*n))).collect();
        let text = format!("{}{}", self.say(words::DIALECTS), list.join(self.say(words::LIST)));
        self.page.text(2, "", &text);
    }

    /// One line a hop. A table where it fits, so that numbers can be compared.
    fn streams(&mut self) {
        let streams = &self.diagnosis.streams;
        if streams.is_empty() {
            return;
        }
        let mut timed = streams.iter().any(|s| s.quantiles.is_some());
        let mut rows: Vec<Vec<String>> = vec![
            [words::HOP, words::KIND, words::FORMAT, words::REQUESTS, words::FAILURES]
                .iter()
                .map(|word| self.say(*word).to_owned())
                .collect(),
        ];
        if timed {
            rows[0].extend([words::MEDIAN, words::P95].map(|word| self.say(word).to_owned()));
        }
        let shown = self.few(12).min(streams.len());
        for stream in &streams[..shown] {
            let row = self.stream(stream, timed);
            rows.push(row);
        }
        let (mut widths, mut room) = self.measure(&rows);
        if timed && room < NARROWEST_HOP {
            timed = false;
            rows.iter_mut().for_each(|row| row.truncate(5));
            (widths, room) = self.measure(&rows);
        }
        let room = room.max(NARROWEST_HOP);
        let hop = widths[0].min(room).min(WIDEST_HOP.max(self.page.width() / 3));
        self.page.blank();
        for (i, row) in rows.iter().enumerate() {
            let mut line = pad(&cut(&row[0], hop), hop);
            for (column, cell) in row.iter().enumerate().skip(1) {
                let width = widths[column];
                let cell = if column < 3 { pad(cell, width) } else { pad_left(cell, width) };
                line.push_str("  ");
                line.push_str(&cell);
            }
            let kind = if i == 0 { Ink::Quiet } else { Ink::Plain };
            self.page.verbatim(2, kind, &line);
        }
        self.more(2, streams.len() - shown);
        if timed {
            let note = self.say(words::HEALTHY_DURATIONS);
            self.page.para(2, "", vec![ink(Ink::Quiet, note)]);
        }
        self.page.blank();
    }

    /// Width of every column, and what is left for the hop's name.
    fn measure(&self, rows: &[Vec<String>]) -> (Vec<usize>, usize) {
        let widths: Vec<usize> = (0..rows[0].len())
            .map(|i| rows.iter().map(|row| columns(&row[i])).max().unwrap_or(0))
            .collect();
        let others: usize = widths[1..].iter().map(|w| w + 2).sum();
        let room = self.page.width().saturating_sub(2 + others);
        (widths, room)
    }

    fn stream(&self, stream: &StreamSummary, timed: bool) -> Vec<String> {
        let mut row = vec![
            self.seen(&stream.hop),
            self.say(words::hop_kind(stream.kind)).to_owned(),
            stream.dialect.to_owned(),
            // An error log has failures without requests.
            if stream.requests == 0 { "-".to_owned() } else { count(stream.requests) },
            count(stream.failures),
        ];
        if timed {
            let (median, p95) = stream.quantiles.map_or_else(Default::default, |(median, p95)| {
                (median.to_string(), p95.to_string())
            });
            row.extend([median, p95]);
        }
        row
    }

    fn unread(&mut self) {
        let unread = total(self.diagnosis, |s| s.unread);
        if unread == 0 {
            return;
        }
        let part = share(unread, lines(self.diagnosis)).map_or_else(|| "?".to_owned(), percent);
        let mut text = self.counted(unread, &words::NOT_UNDERSTOOD, &[("share", &part)]);
        let example = self
            .diagnosis
            .sources
            .iter()
            .enumerate()
            .find_map(|(i, source)| source.unread_examples.first().map(|example| (i, example)));
        if let Some((source, (line, example))) = example {
            text.push_str(self.say(words::FOR_EXAMPLE));
            self.page.text(2, "", &text);
            let citation = model::Citation { at: None, source, line: *line, text: example.clone() };
            self.citation(4, &citation);
        } else {
            self.page.text(2, "", &text);
        }
    }

    /// Assumptions, clock differences and problems with the input.
    fn notes(&mut self) {
        let d = self.diagnosis;
        for assumption in &d.assumptions {
            if let Some(says) = self.statement(&assumption.says) {
                let label = self.say(words::ASSUMED);
                self.page.para(2, "", vec![ink(Ink::Quiet, label), plain(says)]);
            }
        }
        for skew in &d.skews {
            let sign = if skew.offset.0 < 0 { "" } else { "+" };
            let offset = format!("{sign}{}", skew.offset);
            let (stream, reference) = (self.seen(&skew.stream), self.seen(&skew.reference));
            let values = [
                ("stream", stream.as_str()),
                ("reference", reference.as_str()),
                ("offset", offset.as_str()),
            ];
            let text = self.counted(skew.pairs, &words::CLOCK, &values);
            self.page.text(2, "", &text);
        }
        for complaint in d.complaints.iter().filter(|complaint| !complaint.note) {
            if let Some(says) = self.statement(&complaint.says) {
                let source = clean::one_line(&complaint.source).into_owned();
                let label = if says.contains(&source) {
                    self.say(words::PROBLEM).to_owned()
                } else {
                    self.fill(&words::PROBLEM_WITH, &[("source", &source)])
                };
                self.page.para(2, "", vec![ink(Ink::Problem, label), plain(says)]);
            }
        }
        for note in d.complaints.iter().filter(|complaint| complaint.note) {
            if let Some(says) = self.statement(&note.says) {
                self.page.para(2, "", vec![ink(Ink::Quiet, says)]);
            }
        }
    }

    /// The one sentence of a report without incidents.
    pub(super) fn nothing_found(&mut self) {
        let d = self.diagnosis;
        let failures = d.failures.max(d.background);
        let understood = d.sources.iter().any(is_understood);
        let text = if failures > 0 {
            match share(failures, d.requests) {
                Some(part) => {
                    let (total, part) = (count(d.requests), percent(part));
                    let values = [("total", total.as_str()), ("share", part.as_str())];
                    self.counted(failures, &words::BACKGROUND, &values)
                }
                None => self.counted(failures, &words::BACKGROUND_ALONE, &[]),
            }
        } else if d.requests > 0 {
            let when = d.period.as_ref().map_or_else(String::new, |period| {
                self.fill(&words::WHEN, &[("window", &window(period, self.lang()))])
            });
            self.counted(d.requests, &words::NO_FAILURES, &[("when", &when)])
        } else if understood {
            self.say(words::NO_REQUESTS).to_owned()
        } else if lines(d) > 0 {
            self.say(words::NOTHING_UNDERSTOOD).to_owned()
        } else {
            self.say(words::NOTHING_READ).to_owned()
        };
        self.page.blank();
        self.page.para(0, "", vec![ink(Ink::Strong, text)]);
        if d.requests == 0 && failures == 0 && !d.occurrences.is_empty() {
            let kinds: Vec<String> =
                d.occurrences.iter().map(|(kind, n)| format!("{kind} × {}", count(*n))).collect();
            let list = kinds.join(self.say(words::LIST));
            let recorded = self.fill(&words::RECORDED, &[("list", &list)]);
            self.page.text(0, "", &recorded);
        }
    }
}

fn total(d: &Diagnosis, of: impl Fn(&SourceSummary) -> u64) -> u64 {
    d.sources.iter().map(of).fold(0, u64::saturating_add)
}

fn lines(d: &Diagnosis) -> u64 {
    total(d, |source| source.lines)
}

fn is_understood(source: &SourceSummary) -> bool {
    source.dialects.iter().any(|(_, n)| *n > 0)
}

/// The directory that holds all of the inputs, with its last slash, if there is one to name: the
/// path itself where there is one input.
fn common_directory(sources: &[SourceSummary]) -> Option<&str> {
    let (first, others) = sources.split_first()?;
    if others.is_empty() {
        return (first.name != "-").then_some(first.name.as_str());
    }
    let mut common = directory(&first.name);
    for other in others {
        while !other.name.starts_with(common) {
            common = directory(common.strip_suffix('/').unwrap_or(common));
        }
    }
    (!common.is_empty() && common != "/").then_some(common)
}

/// Everything up to and with the last slash.
fn directory(path: &str) -> &str {
    path.rfind('/').and_then(|slash| path.get(..=slash)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(names: &[&str]) -> Option<String> {
        let sources: Vec<SourceSummary> = names
            .iter()
            .map(|name| SourceSummary {
                name: (*name).to_owned(),
                bytes: 0,
                lines: 0,
                dialects: vec![],
                unread: 0,
                unread_examples: vec![],
            })
            .collect();
        common_directory(&sources).map(str::to_owned)
    }

    #[test]
    fn the_directory_of_all_inputs() {
        assert_eq!(common(&["a/b/x.log", "a/b/y.log"]).as_deref(), Some("a/b/"));
        assert_eq!(common(&["a/b/x.log", "a/bc/y.log"]).as_deref(), Some("a/"));
        assert_eq!(common(&["é/x.log", "ê/y.log"]), None);
        assert_eq!(common(&["/x.log", "/y/z.log"]), None);
        assert_eq!(common(&["a.log"]).as_deref(), Some("a.log"));
        assert_eq!(common(&["-"]), None);
        assert_eq!(common(&[]), None);
    }
}
