//! The loop over a block: lines to records, records to the dialects, everything else counted.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};
use model::Event;

use super::array::{self, Piece};
use super::lines::{self, Kind, MAX_RECORD, Open};
use super::offer::Offers;
use super::prefix;
use super::profile::Profile;
use super::{Progress, Sink};

/// Reads as many complete records as the bytes hold.
pub(super) fn read(profile: &Profile, bytes: &[u8], last: bool, sink: &mut impl Sink) -> Progress {
    let mut block = Block { profile, offers: Offers::new(profile), bytes, sink, line: 0 };
    if profile.is_array { block.array(last) } else { block.lines(last) }
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
        self.sink.tally(self.profile.order[index].name(), &tally);
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
            let line = lines::trim_end(line);
            if lines::kind(line) != Kind::Blank && !self.offer(line, number) {
                self.sink.unread(number, &text(line));
            }
        }
    }

    fn overlong(&mut self, line: u32, record: &[u8]) {
        self.sink.overlong(line, record, record.len() as u64);
    }

    fn offer(&mut self, record: &[u8], line: u32) -> bool {
        let record = text(record);
        let (profile, sink) = (self.profile, &mut *self.sink);
        self.offers.offer(&record, &mut |index, events: &[Event<'_>]| {
            let dialect = profile.order[index].name();
            if events.is_empty() {
                sink.understood(dialect, 1);
            }
            for event in events {
                sink.event(dialect, event, line, &record);
            }
        })
    }

    fn array(&mut self, last: bool) -> Progress {
        let mut at = 0;
        loop {
            let rest = &self.bytes[at..];
            let length = match array::piece(rest, last) {
                Piece::More => break,
                Piece::Between(length) => length,
                Piece::Element(length) => {
                    let element = &rest[..length];
                    let one_line = memchr(b'\n', element).is_none();
                    let understood =
                        (one_line && self.quick(element)) || self.offer(element, self.line);
                    if !understood {
                        self.sink.unread(self.line, &text(element));
                    }
                    length
                }
                Piece::Line(length) => {
                    let line = rest[..length].trim_ascii_end();
                    if !self.quick(line) && !is_header(line) && !self.offer(line, self.line) {
                        self.sink.unread(self.line, &text(line));
                    }
                    length
                }
                Piece::Broken(length) => {
                    self.overlong(self.line, &rest[..length]);
                    length
                }
            };
            self.line += memchr_iter(b'\n', &rest[..length]).count() as u32;
            at += length;
        }
        if last && self.bytes.last().is_some_and(|b| *b != b'\n') {
            self.line += 1;
        }
        Progress { consumed: at, lines: self.line, overlong: false }
    }
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

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
