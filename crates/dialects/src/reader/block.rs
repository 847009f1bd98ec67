//! The loop over a block: lines to records, records to the dialects, everything else counted.

use memchr::{memchr, memchr_iter};

use super::documents::{self, Documents, Step};
use super::lines::{self, Kind, MAX_RECORD, Open, text};
use super::offer::{Offers, Said};
use super::profile::Profile;
use super::{Progress, Sink, State};
use super::{csv, prefix};

/// Reads as many complete records as the bytes hold.
pub(super) fn read(
    profile: &Profile,
    state: &mut State,
    bytes: &[u8],
    last: bool,
    sink: &mut impl Sink,
) -> Progress {
    let mut block = Block { profile, offers: Offers::new(profile), bytes, sink, line: 0 };
    if profile.is_csv {
        block.sequential(Walk::Rows, last)
    } else if profile.is_sequential() {
        block.sequential(Walk::Documents(&mut state.documents), last)
    } else {
        block.lines(last)
    }
}

struct Block<'p, 'b, 's, S> {
    profile: &'p Profile,
    offers: Offers<'p>,
    bytes: &'b [u8],
    sink: &'s mut S,
    line: u32,
}

/// A record that may still go on.
struct Pending {
    start: usize,
    end: usize,
    line: u32,
    open: Open,
    many: bool,
    /// Ended by its size rather than by what follows.
    cut: bool,
}

impl<S: Sink> Block<'_, '_, '_, S> {
    fn lines(&mut self, last: bool) -> Progress {
        let bytes = self.bytes;
        let mut pending: Option<Pending> = None;
        let mut at = 0;
        while at < bytes.len() {
            let (end, next) = match memchr(b'\n', &bytes[at..]) {
                Some(length) => (at + length, at + length + 1),
                None if last => (bytes.len(), bytes.len()),
                None if bytes.len() - at > MAX_RECORD => {
                    if let Some(pending) = pending {
                        self.flush(&pending);
                    }
                    return Progress { consumed: at, lines: self.line, overlong: true };
                }
                None => break,
            };
            // A byte order mark is no part of the text: at the beginning, and where files were joined.
            at += lines::mark(&bytes[at..end]);
            let raw = lines::trim_end(&bytes[at..end]);
            if raw.len() > MAX_RECORD {
                if let Some(pending) = pending.take() {
                    self.flush(&pending);
                }
                self.overlong(self.line, raw);
            } else if !pending.as_mut().is_some_and(|p| p.takes(bytes, raw, end)) {
                if let Some(pending) = pending.take() {
                    self.flush(&pending);
                }
                if !self.quick(raw) && lines::kind(raw) != Kind::Blank && !is_header(raw) {
                    let open = Open::after_start(raw);
                    pending = Some(Pending::new(at, end, self.line, open));
                }
            }
            self.line += 1;
            at = next;
        }
        if last {
            if let Some(pending) = pending {
                self.flush(&pending);
            }
            return Progress { consumed: bytes.len(), lines: self.line, overlong: false };
        }
        match pending {
            Some(Pending { start, line, .. }) => {
                Progress { consumed: start, lines: line, overlong: false }
            }
            None => Progress { consumed: at, lines: self.line, overlong: false },
        }
    }

    fn quick(&mut self, line: &[u8]) -> bool {
        let Some((index, tally)) = self.offers.quick(line) else { return false };
        let dialect = self.profile.order[index].name();
        match tally {
            Some(tally) => self.sink.tally(dialect, &tally),
            None => self.sink.understood(dialect, 1),
        }
        true
    }

    fn flush(&mut self, pending: &Pending) {
        let record = self.bytes[pending.start..pending.end].trim_ascii_end();
        if pending.cut {
            self.overlong(pending.line, record);
            return;
        }
        if self.offer(record, pending.line) {
            return;
        }
        if !pending.many {
            self.sink.unread(pending.line, &text(record));
            return;
        }
        // Nobody knows the lines together; each may still mean something alone.
        for (number, line) in (pending.line..).zip(record.split(|b| *b == b'\n')) {
            let line = lines::trim_end(&line[lines::mark(line)..]);
            if lines::kind(line) != Kind::Blank && !self.offer(line, number) {
                self.sink.unread(number, &text(line));
            }
        }
    }

    fn overlong(&mut self, line: u32, record: &[u8]) {
        self.sink.overlong(line, record, record.len() as u64);
    }

    /// Offers a record, and, if nobody knows it, what stands in its lists.
    fn offer(&mut self, record: &[u8], line: u32) -> bool {
        let text = text(record);
        let (profile, sink) = (self.profile, &mut *self.sink);
        let understood = self.offers.offer(&text, &mut |index, said| {
            let dialect = profile.order[index].name();
            match said {
                Said::Tally(tally) => sink.tally(dialect, tally),
                Said::Events([]) => sink.understood(dialect, 1),
                Said::Events(events) => {
                    for event in events {
                        sink.event(dialect, event, line, &text);
                    }
                }
            }
        });
        understood || self.inside(record, line)
    }

    /// Reads the records of a document that is itself one record of a source of lines.
    fn inside(&mut self, record: &[u8], line: u32) -> bool {
        if !matches!(record.first(), Some(b'{' | b'[')) || !documents::begins(record) {
            return false;
        }
        let here = std::mem::replace(&mut self.line, line);
        self.walk(&mut Walk::Documents(&mut Documents::default()), record, true);
        self.line = here;
        self.offers.within(&[]);
        true
    }

    fn sequential(&mut self, mut walk: Walk<'_>, last: bool) -> Progress {
        let bytes = self.bytes;
        let consumed = self.walk(&mut walk, bytes, last);
        if last && bytes.last().is_some_and(|byte| *byte != b'\n') {
            self.line += 1;
        }
        Progress { consumed, lines: self.line, overlong: false }
    }

    /// Takes the steps that are complete within the bytes and returns how many bytes those are.
    fn walk(&mut self, walk: &mut Walk<'_>, bytes: &[u8], last: bool) -> usize {
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            let step = match walk {
                Walk::Documents(documents) => documents.step(rest, last),
                Walk::Rows => csv::step(rest, last),
            };
            let length = match step {
                Step::More => return at,
                Step::Pass(length) => length,
                Step::Record(length) | Step::Line(length) => {
                    if let Walk::Documents(documents) = walk {
                        self.offers.within(documents.around());
                    }
                    self.element(rest[..length].trim_ascii_end());
                    length
                }
                Step::Broken(length) if length > MAX_RECORD => {
                    self.overlong(self.line, &rest[..length]);
                    length
                }
                Step::Broken(length) => {
                    self.sink.unread(self.line, &text(&rest[..length]));
                    length
                }
                Step::TooLong => {
                    self.overlong(self.line, &rest[..=MAX_RECORD]);
                    0
                }
            };
            self.line += memchr_iter(b'\n', &rest[..length]).count() as u32;
            at += length;
        }
    }

    fn element(&mut self, record: &[u8]) {
        let record = &record[lines::mark(record)..];
        let columns = &self.profile.rows;
        let is_header =
            is_header(record) || (self.profile.is_csv && csv::is_header(&text(record), columns));
        let one_line = memchr(b'\n', record).is_none();
        let known = is_header || (one_line && self.quick(record)) || self.offer(record, self.line);
        if !known {
            self.sink.unread(self.line, &text(record));
        }
    }
}

/// What tells where the records of a sequential source begin and end.
enum Walk<'d> {
    Documents(&'d mut Documents),
    Rows,
}

impl Pending {
    fn new(start: usize, end: usize, line: u32, open: Open) -> Pending {
        Pending { start, end, line, open, many: false, cut: false }
    }

    /// Takes one more line into the record, if it belongs there.
    fn takes(&mut self, bytes: &[u8], line: &[u8], end: usize) -> bool {
        if self.open == Open::No && lines::plainly_starts(line) && !needs_look(line) {
            return false;
        }
        let (grouping, start) = (prefix::grouping(line), &bytes[self.start..self.end]);
        let content = grouping.map_or(line, |p| line.get(p.rest..).unwrap_or(b""));
        let same_hop = hop(start) == hop(line);
        let takes = match lines::kind(line) {
            // Blank lines end nothing by themselves and belong to nobody.
            Kind::Blank => return true,
            Kind::Certain => false,
            Kind::Body => self.open.takes_body() && same_hop,
            Kind::Continuation => same_hop,
            Kind::Start => self.open.takes(content) && same_hop,
        };
        self.cut = takes && end - self.start > MAX_RECORD;
        if !takes || self.cut {
            return false;
        }
        self.open = self.open.after(line, content);
        self.end = end;
        self.many = true;
        true
    }
}

/// A line at the margin that may continue a record all the same: by its words, or by what stands
/// behind its prefix.
fn needs_look(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'T' | b'C' | b'[' | b'D' | b'N'))
        || prefix::grouping(line).is_some()
}

/// The host or container that a line names in front.
fn hop(line: &[u8]) -> Option<&[u8]> {
    let (from, to) = prefix::grouping(line)?.hop?;
    line.get(from..to)
}

/// Header lines of the W3C extended log format say nothing about requests.
fn is_header(line: &[u8]) -> bool {
    const DIRECTIVES: [&[u8]; 7] =
        [b"Version:", b"Fields:", b"Software:", b"Date:", b"Start-Date:", b"End-Date:", b"Remark:"];
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
    line.strip_prefix(b"#")
        .is_some_and(|rest| DIRECTIVES.iter().any(|directive| rest.starts_with(directive)))
}
