//! What the head of a source teaches about all of it: which dialects, which prefix, which zone.
//!
//! Everything that a single record cannot decide is decided here, once, so that no record is read
//! differently because of where a block happened to begin.

use std::sync::Arc;

use model::Timestamp;

use super::csv;
use super::documents;
use super::gate::Gate;
use super::header;
use super::lines::{self, Kind};
use super::offer::{self, Offers};
use super::prefix::Style;
use crate::{ALL, Context, Dialect, scan};

/// Bytes of a source that are worth giving to [`Profile::of`].
pub const HEAD_BYTES: usize = 64 << 10;

/// Records that are looked at, and those that suffice if they agree.
const SAMPLES: usize = 200;
const ENOUGH: usize = 12;

/// What is known about a source from outside it.
#[derive(Clone)]
pub struct Options {
    /// The one dialect to read with; others are not tried.
    pub forced: Option<&'static dyn Dialect>,
    /// Zone, year and log formats as far as they are known.
    pub context: Context,
    /// The dialects to choose from, most specific first.
    pub dialects: &'static [&'static dyn Dialect],
    /// When the source was last written to: stamps without a year are not read as later. Used
    /// only where the context gives no year.
    pub newest: Option<Timestamp>,
    /// Whether the zone of the context was stated by the user rather than assumed. If not, a zone
    /// that other stamps of the same head state goes before it.
    pub zone_is_given: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            forced: None,
            context: Context::default(),
            dialects: ALL,
            newest: None,
            zone_is_given: false,
        }
    }
}

/// What the head of a source taught.
#[derive(Clone)]
pub struct Profile {
    /// In the order of being asked: those the head showed first, and last those whose records
    /// others carry.
    pub(super) order: Arc<[&'static dyn Dialect]>,
    /// Places in that order of those the head showed, the most frequent first. They need no
    /// sniffing, and they alone are asked for a quick look.
    pub(super) likely: Arc<[usize]>,
    /// Keeps the others from being asked for text that they cannot know.
    pub(super) gate: Arc<Gate>,
    pub(super) style: Option<Style>,
    /// The records stand in JSON documents of several.
    pub(super) is_documents: bool,
    /// The records are rows of a CSV export.
    pub(super) is_csv: bool,
    /// Names of the columns of the CSV export; what its rows carry may have columns of its own.
    pub(super) rows: Vec<String>,
    pub(super) context: Context,
    pub(super) newest: Option<Timestamp>,
    /// The year was not given: a syslog date decides it by itself.
    pub(super) free_year: bool,
}

impl Profile {
    /// Learns from the first bytes of a source, [`HEAD_BYTES`] of them if there are as many. A
    /// last line that is cut off is disregarded where others are there to learn from.
    #[must_use]
    pub fn of(head: &[u8], options: &Options) -> Profile {
        let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
        let mut context = options.context.clone();
        if !options.zone_is_given
            && let Some(zone) = zone_of(head)
        {
            context.offset_east = zone;
        }
        let free_year = context.year.is_none();
        if free_year {
            context.year = options.newest.map(|newest| newest.date().0);
        }
        // What the source says of itself goes before what the user said of all sources.
        let columns = header::columns(head);
        if !columns.is_empty() {
            context.columns = columns;
        }
        let rows = header::csv_columns(head);
        let is_csv = !rows.is_empty();
        let dialects: Arc<[&'static dyn Dialect]> = match options.forced {
            Some(forced) => Arc::from([forced]),
            None => Arc::from(options.dialects),
        };
        let likely: Arc<[usize]> = match options.forced {
            Some(_) => Arc::from([0]),
            None => Arc::from([]),
        };
        let mut profile = Profile {
            gate: Arc::new(Gate::of(&dialects, &likely)),
            order: dialects,
            likely,
            style: None,
            is_documents: false,
            is_csv,
            rows,
            context,
            newest: options.newest,
            free_year,
        };
        profile.is_documents = !is_csv && documents::begins(head) && !profile.knows_first(head);
        if options.forced.is_none() && profile.agree(&profile.samples(head, ENOUGH)) {
            return profile;
        }
        let samples = profile.samples(head, SAMPLES);
        profile.style = style_of(&samples, &profile);
        if options.forced.is_none() {
            profile.settle_combined(&samples);
            profile.rank(&samples);
        }
        profile
    }

    /// Dialects that the head shows, the most frequent first.
    pub fn dialects(&self) -> impl Iterator<Item = &'static str> {
        self.likely.iter().map(|&index| self.order[index].name())
    }

    /// The zone in which stamps without one are read, in seconds east of UTC.
    #[must_use]
    pub fn offset_east(&self) -> i32 {
        self.context.offset_east
    }

    /// True if the records cannot be found from the middle of the source, as those of a JSON
    /// document or a CSV export cannot: it has to be read from its beginning.
    #[must_use]
    pub fn is_sequential(&self) -> bool {
        self.is_documents || self.is_csv
    }

    /// Whether a dialect knows the first object of the head as a record: then a list in it is no
    /// list of records.
    fn knows_first(&self, head: &[u8]) -> bool {
        documents::first_whole(head).is_some_and(|record| {
            Offers::new(self).offer(&String::from_utf8_lossy(record), &mut |_, _| {})
        })
    }

    /// Records of the head, or their first lines.
    fn samples<'h>(&self, head: &'h [u8], wanted: usize) -> Vec<&'h [u8]> {
        if self.is_documents {
            return documents::records(head).take(wanted).collect();
        }
        if self.is_csv {
            return csv::rows(head).skip(1).take(wanted).collect();
        }
        first_lines(head, wanted)
    }

    /// Lines of an error log beside access lines tell whose a combined log is.
    fn settle_combined(&mut self, samples: &[&[u8]]) {
        let is_apache = |name| {
            self.order
                .iter()
                .find(|dialect| dialect.name() == name)
                .map(|dialect| samples.iter().any(|sample| dialect.sniff(&lines::text(sample))))
        };
        match (is_apache("apache-error"), is_apache("nginx-error")) {
            (Some(true), Some(false)) => self.context.combined_is_apache = true,
            (Some(false), Some(true)) => self.context.combined_is_apache = false,
            _ => {}
        }
    }

    /// Takes the dialect that reads all of the samples as they stand, if one does.
    fn agree(&mut self, samples: &[&[u8]]) -> bool {
        let mut readers = samples.iter().map(|sample| {
            let text = lines::text(sample);
            offer::first(self, &text, &self.context).map(|(index, _)| index)
        });
        let Some(Some(index)) = readers.next() else { return false };
        if !readers.all(|other| other == Some(index)) {
            return false;
        }
        let mut votes = vec![0; self.order.len()];
        votes[index] = 1;
        self.settle(&votes);
        true
    }

    fn rank(&mut self, samples: &[&[u8]]) {
        let mut votes = vec![0_u32; self.order.len()];
        let mut offers = Offers::new(self);
        for sample in samples {
            offers.offer(&lines::text(sample), &mut |index, _| votes[index] += 1);
        }
        self.settle(&votes);
    }

    /// Puts the dialects in order by how many samples each of them read.
    fn settle(&mut self, votes: &[u32]) {
        let mut ranked: Vec<usize> = (0..self.order.len()).collect();
        // Stable: what is equal stays in the order of specificity, which also decides between
        // dialects that the head showed: a record is read by the one that knows most of it.
        ranked.sort_by_key(|&index| {
            let is_carried = self.order[index].is_carried();
            (is_carried, !is_carried && votes[index] == 0)
        });
        let mut likely: Vec<usize> =
            (0..ranked.len()).filter(|&place| votes[ranked[place]] > 0).collect();
        likely.sort_by_key(|&place| std::cmp::Reverse(votes[ranked[place]]));
        self.likely = Arc::from(likely);
        self.order = ranked.iter().map(|&index| self.order[index]).collect();
        self.gate = Arc::new(Gate::of(&self.order, &self.likely));
    }

    /// The context with the year that belongs to a stamp of this month and day.
    pub(super) fn year_of(&self, month: u32, day: u32) -> Option<i32> {
        if !self.free_year {
            return self.context.year;
        }
        let (year, newest_month, newest_day) = self.newest?.date();
        // A day of grace for zones.
        Some(if (month, day) > (newest_month, newest_day + 1) { year - 1 } else { year })
    }
}

/// The zone that the bracketed time stamps of access lines in this text state, if they all agree.
/// Stamps that end in `Z` teach nothing: programs write them whatever zone their host is in.
#[must_use]
pub fn zone_of(head: &[u8]) -> Option<i32> {
    let mut found = None;
    for line in head.split(|b| *b == b'\n').take(SAMPLES / 4) {
        let line = line.get(..lines::LINE_HEAD).unwrap_or(line);
        let Some(zone) = memchr::memchr_iter(b'[', line).find_map(|at| {
            let stamp = line.get(at + 1..at + 27)?;
            (stamp[20] == b' ').then(|| scan::clf_time(stamp, 0))??;
            scan::offset(&stamp[21..])
        }) else {
            continue;
        };
        if *found.get_or_insert(zone) != zone {
            return None;
        }
    }
    found
}

/// First lines of records.
fn first_lines(head: &[u8], wanted: usize) -> Vec<&[u8]> {
    let whole = match memchr::memrchr(b'\n', head) {
        Some(end) if head.len() >= HEAD_BYTES => &head[..end],
        _ => head,
    };
    let mut samples: Vec<&[u8]> = Vec::new();
    let mut start = None;
    let mut at = 0;
    for line in whole.split_inclusive(|b| *b == b'\n') {
        let text = lines::trim_end(line.strip_suffix(b"\n").unwrap_or(line));
        if matches!(lines::kind(text), Kind::Start | Kind::Certain | Kind::Body) {
            if let Some(start) = start.replace(at) {
                samples.push(whole[start..at].trim_ascii_end());
            }
            if samples.len() == wanted {
                return samples;
            }
        }
        at += line.len();
    }
    if let Some(start) = start {
        samples.push(whole[start..].trim_ascii_end());
    }
    samples
}

/// The prefix that half of the records have, unless they are understood with it.
fn style_of(samples: &[&[u8]], profile: &Profile) -> Option<Style> {
    let style = Style::ALL.into_iter().find(|style| {
        let hits = samples.iter().filter(|sample| style.find(sample).is_some()).count();
        hits > 0 && hits * 2 >= samples.len()
    })?;
    let understood = samples
        .iter()
        .filter(|sample| {
            let text = lines::text(sample);
            offer::first(profile, &text, &profile.context).is_some()
        })
        .count();
    (understood * 2 < samples.len()).then_some(style)
}
