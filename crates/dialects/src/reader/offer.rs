//! One record, offered to the dialects as it stands and then without what was wrapped around it.

use std::borrow::Cow;
use std::cell::LazyCell;

use model::{Event, Tally, Timestamp};

use super::cloudwatch::{self, Carried};
use super::prefix::{self, Prefix, Style};
use super::profile::Profile;
use super::wrapper;
use super::{journal, lines};
use crate::{Context, Quick, Understood, node, scan};

/// Wrappings taken off one record at most: a runtime's prefix around a shipper's JSON around a
/// syslog line with colours is four.
const LAYERS: u32 = 4;

/// The dialect (its place in the order) that reads the text, and what the text says.
pub(super) fn first<'a>(
    profile: &Profile,
    text: &'a str,
    context: &Context,
) -> Option<(usize, Vec<Event<'a>>)> {
    let mut events = Vec::new();
    // An application's words are prose of a kind, and source code quotes them.
    let is_code = LazyCell::new(|| node::begins_code(text));
    for index in profile.gate.admits(text, context) {
        let dialect = profile.order[index];
        if dialect.is_carried() && *is_code {
            continue;
        }
        let asked = profile.likely.contains(&index) || dialect.sniff_in(text, context);
        if asked && dialect.parse(text, context, &mut events) == Understood::Yes {
            return Some((index, events));
        }
        events.clear();
    }
    None
}

/// What one record said.
pub(super) enum Said<'t, 'e> {
    /// A healthy request.
    Tally(&'t Tally<'t>),
    /// Any number of events.
    Events(&'t [Event<'e>]),
}

/// Gets the dialect's place in the order and what it understood.
type Emit<'e> = dyn FnMut(usize, Said<'_, '_>) + 'e;

/// Offers records of one source, one after the other.
pub(super) struct Offers<'p> {
    profile: &'p Profile,
    /// How many members of the context's `around` are of the document rather than of the record.
    around: usize,
    /// The context of the record at hand: host and time of its prefix, year of its stamp.
    context: Context,
    decoded: Vec<u8>,
}

impl<'p> Offers<'p> {
    pub(super) fn new(profile: &'p Profile) -> Offers<'p> {
        let context = profile.context.clone();
        Offers { profile, around: context.around.len(), context, decoded: Vec::new() }
    }

    /// The records to come stand in a document with these members.
    pub(super) fn within(&mut self, around: &[(String, String)]) {
        let own = self.profile.context.around.len();
        if self.context.around.get(own..self.around) != Some(around) {
            self.context.around.truncate(own);
            self.context.around.extend_from_slice(around);
            self.around = self.context.around.len();
        }
    }

    /// Offers one record. False if nobody understood it.
    pub(super) fn offer(&mut self, record: &str, emit: &mut Emit<'_>) -> bool {
        self.reset(record.as_bytes());
        // An element cut out of an array keeps its comma.
        let record = match record.strip_suffix(',') {
            Some(object) if object.starts_with('{') => object,
            _ => record,
        };
        // What a container runtime puts in front is no part of any dialect and goes first.
        let peeled = self
            .profile
            .style
            .into_iter()
            .chain(Style::RUNTIMES)
            .find_map(|style| peel(style, record));
        if let Some(peeled) = peeled {
            self.learn(&peeled);
            if self.layer(&peeled.text, 1, emit) {
                return true;
            }
            self.reset(record.as_bytes());
        }
        // The same goes for what CloudWatch Logs puts around.
        let columns = self.profile.is_csv.then_some(&*self.profile.rows);
        if let Some(carried) = cloudwatch::carried(record, columns) {
            let text = self.unpack(carried);
            if let Some((index, tally)) = ask(self.profile, text.as_bytes(), &self.context) {
                emit(index, tally.as_ref().map_or(Said::Events(&[]), Said::Tally));
                return true;
            }
            if self.layer(&text, 1, emit) {
                return true;
            }
            self.reset(record.as_bytes());
        }
        self.layer(record, 0, emit)
    }

    /// Takes from a message what is said of it, and returns its text.
    fn unpack(&mut self, carried: Carried) -> String {
        let context = &mut self.context;
        for (name, value) in [("logGroup", &carried.group), ("logStream", &carried.stream)] {
            if let Some(value) = value {
                context.around.push((name.to_owned(), value.clone()));
            }
        }
        if context.hop.is_none() {
            let name = context.around("logGroup").or(context.around("logStream"));
            context.hop = name.map(str::to_owned);
        }
        context.prefix_time = context.prefix_time.or(carried.time);
        carried.text
    }

    fn layer(&mut self, text: &str, depth: u32, emit: &mut Emit<'_>) -> bool {
        if let Some((index, events)) = first(self.profile, text, &self.context) {
            emit(index, Said::Events(&events));
            return true;
        }
        if depth == LAYERS || text.is_empty() {
            return false;
        }
        if let Some(peeled) = Style::ALL.into_iter().find_map(|style| peel(style, text)) {
            self.learn(&peeled);
            return self.layer(&peeled.text, depth + 1, emit);
        }
        if let Some(plain) = wrapper::without_colours(text) {
            return self.layer(&plain, depth + 1, emit);
        }
        if let Some(message) = wrapper::message(text).or_else(|| journal::message(text)) {
            self.context.hop = self.context.hop.take().or(message.hop);
            self.context.prefix_time = self.context.prefix_time.or(message.time);
            return self.layer(&message.text, depth + 1, emit);
        }
        false
    }

    fn reset(&mut self, record: &[u8]) {
        self.context.around.truncate(self.around);
        self.context.prefix_time = None;
        self.context.hop.clone_from(&self.profile.context.hop);
        self.context.year = self.profile.context.year;
        if self.profile.free_year {
            let at = prefix::after_priority(record).unwrap_or(0);
            if let Some((month, day)) = record.get(at..).and_then(month_and_day) {
                self.context.year = self.profile.year_of(month, day).or(self.context.year);
            }
        }
    }

    /// Takes host and time from what was peeled off; what an outer wrapping said stands.
    fn learn(&mut self, peeled: &Peeled<'_>) {
        let context = &mut self.context;
        if let Some(hop) = peeled.hop
            && context.hop.is_none()
        {
            context.hop = Some(hop.to_owned());
        }
        if context.prefix_time.is_none() {
            context.prefix_time = peeled.iso_time.or_else(|| {
                let year = context.year;
                prefix::timestamp(peeled.stamp?, context.offset_east, |_, _| year)
            });
        }
    }

    /// The quick look at a line, through the prefix that the source's lines have: the dialect's
    /// place in the order and the tally, if there is something to count.
    #[inline]
    pub(super) fn quick<'a>(&'a mut self, line: &'a [u8]) -> Option<(usize, Option<Tally<'a>>)> {
        match self.profile.style {
            None => ask(self.profile, line, &self.profile.context),
            Some(style) => self.quick_behind(style, line),
        }
    }

    fn quick_behind<'a>(
        &'a mut self,
        style: Style,
        line: &'a [u8],
    ) -> Option<(usize, Option<Tally<'a>>)> {
        let profile = self.profile;
        match style {
            Style::DockerJson => {
                let rest = line.get(style.find(line)?.rest..)?;
                let end = wrapper::json_string(rest, &mut self.decoded)?;
                self.context.prefix_time = wrapper::docker_time(&rest[end..]);
                ask(profile, &self.decoded, &self.context)
            }
            _ => {
                let Prefix { rest, hop, time } = style.find(line)?;
                self.reset(line);
                if let Some((from, to)) = hop
                    && let Some(name) = line.get(from..to)
                    && self.context.hop.is_none()
                {
                    self.context.hop = Some(String::from_utf8_lossy(name).into_owned());
                }
                self.context.prefix_time = time.and_then(|(from, to)| {
                    let year = self.context.year;
                    prefix::timestamp(line.get(from..to)?, self.context.offset_east, |_, _| year)
                });
                ask(profile, line.get(rest..).unwrap_or(b""), &self.context)
            }
        }
    }
}

#[inline]
fn ask<'a>(
    profile: &Profile,
    line: &'a [u8],
    context: &'a Context,
) -> Option<(usize, Option<Tally<'a>>)> {
    for &index in &*profile.likely {
        match profile.order[index].quick(line, context) {
            Quick::Tally(tally) => return Some((index, Some(tally))),
            Quick::Nothing => return Some((index, None)),
            Quick::Full => {}
        }
    }
    None
}

fn month_and_day(stamp: &[u8]) -> Option<(u32, u32)> {
    lines::syslog_date(stamp).then_some(())?;
    Some((scan::month(stamp.get(..3)?)?, scan::digits(stamp.get(4..6)?.trim_ascii_start())?))
}

/// A record without one wrapping.
struct Peeled<'a> {
    text: Cow<'a, str>,
    hop: Option<&'a str>,
    stamp: Option<&'a [u8]>,
    iso_time: Option<Timestamp>,
}

/// Takes a prefix off every line of the record that has it; `None` if the first has not.
fn peel(style: Style, record: &str) -> Option<Peeled<'_>> {
    let found = style.find(record.as_bytes())?;
    let hop = found.hop.and_then(|(from, to)| record.get(from..to));
    let stamp = found.time.and_then(|(from, to)| record.as_bytes().get(from..to));
    if style == Style::DockerJson {
        let mut text = String::new();
        let mut decoded = Vec::new();
        let mut iso_time = None;
        for (number, line) in record.lines().enumerate() {
            let rest = line.as_bytes().get(style.find(line.as_bytes())?.rest..)?;
            let end = wrapper::json_string(rest, &mut decoded)?;
            if number == 0 {
                iso_time = wrapper::docker_time(&rest[end..]);
            } else {
                text.push('\n');
            }
            text.push_str(&String::from_utf8_lossy(&decoded));
        }
        return Some(Peeled { text: text.into(), hop, stamp, iso_time });
    }
    let first = record.get(found.rest..)?;
    if style == Style::Blank || !record.contains('\n') {
        return Some(Peeled { text: first.into(), hop, stamp, iso_time: None });
    }
    let mut text = String::with_capacity(record.len());
    for (number, line) in record.lines().enumerate() {
        let rest = style.find(line.as_bytes()).map_or(0, |prefix| prefix.rest);
        if number > 0 {
            text.push('\n');
        }
        text.push_str(line.get(rest..)?);
    }
    Some(Peeled { text: text.into(), hop, stamp, iso_time: None })
}
