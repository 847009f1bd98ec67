//! Rows of every form of the log, with their values by field.

use std::borrow::Cow;

use memchr::{memchr, memmem};
use model::{Micros, Timestamp};

use super::columns::{self, Field, MOST, READ};
use crate::json::Json;
use crate::{Context, scan};

/// The values of one row; empty where the row has none.
#[derive(Clone, Debug)]
pub(super) struct Row<T> {
    values: [T; READ],
}

impl<T: AsRef<[u8]>> Row<T> {
    pub(super) fn get(&self, field: Field) -> &[u8] {
        self.values.get(field as usize).map_or(b"", AsRef::as_ref)
    }

    /// When the response was finished.
    pub(super) fn end(&self) -> Option<Timestamp> {
        match self.get(Field::Stamp) {
            b"" => date_and_time(self.get(Field::Date), self.get(Field::Time)),
            stamp => since_1970(stamp),
        }
    }

    pub(super) fn status(&self) -> Option<u16> {
        scan::status(self.get(Field::Status))
    }

    pub(super) fn seconds(&self, field: Field) -> Option<Micros> {
        scan::seconds(self.get(field))
    }

    /// What the distribution is called: its id where it is logged, else its domain name, else the
    /// name that viewers use.
    pub(super) fn hop(&self) -> Field {
        let named = |field: &Field| !self.get(*field).is_empty();
        [Field::Distribution, Field::Domain].into_iter().find(named).unwrap_or(Field::Host)
    }
}

impl<'a> Row<&'a [u8]> {
    /// A value for as long as its line lives.
    pub(super) fn value(&self, field: Field) -> &'a [u8] {
        self.values.get(field as usize).copied().unwrap_or(b"")
    }
}

impl<'a> Row<Text<'a>> {
    /// A value as text, unless the row has none.
    pub(super) fn text(&self, field: Field) -> Option<Cow<'a, str>> {
        let Text(value) = self.values.get(field as usize)?;
        (!value.is_empty()).then(|| value.clone())
    }
}

/// A row's value as text.
#[derive(Clone, Debug, Default)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl AsRef<[u8]> for Text<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// The row that a record is, in whatever form; `None` for any other text.
pub(super) fn read<'a>(record: &'a str, context: &Context) -> Option<Row<Text<'a>>> {
    if record.trim_start().starts_with('{') {
        return object(record);
    }
    let row = line(record.as_bytes(), context)?;
    // Cut at tabs and spaces out of a `str`: every value is one.
    let values = row.values.map(|value| Text(String::from_utf8_lossy(value)));
    Some(Row { values })
}

/// The row that a line is: in the columns that the head of its source names, in those of the
/// legacy standard log, or in those of the real-time log.
pub(super) fn line<'a>(line: &'a [u8], context: &Context) -> Option<Row<&'a [u8]>> {
    let names = context.columns.as_slice();
    if columns::are_ours(names)
        && let Some(row) = chosen(line, names)
    {
        return Some(row);
    }
    // A row of either order begins with a digit, and hardly any other line has a tab so early.
    if !line.first()?.is_ascii_digit() {
        return None;
    }
    standard(line).or_else(|| real_time(line))
}

/// Values cut at tabs; at blanks where a paste has lost the tabs (values have none of their own:
/// they are percent-encoded).
fn cut(line: &[u8], of: impl Fn(usize) -> Option<Field>) -> Option<(Row<&[u8]>, usize)> {
    let mut values: [&[u8]; READ] = [b""; READ];
    let tabs = memchr(b'\t', line).is_some();
    let mut count = 0;
    let mut rest = Some(line);
    while let Some(text) = rest {
        let value;
        if tabs {
            (value, rest) = split(text, memchr(b'\t', text));
        } else {
            let text = text.trim_ascii_start();
            if text.is_empty() {
                break;
            }
            (value, rest) = split(text, text.iter().position(u8::is_ascii_whitespace));
        }
        let field = of(count)?;
        if value != b"-"
            && let Some(slot) = values.get_mut(field as usize)
        {
            *slot = value;
        }
        count += 1;
    }
    Some((Row { values }, count))
}

fn split(text: &[u8], at: Option<usize>) -> (&[u8], Option<&[u8]>) {
    match at {
        Some(at) => (&text[..at], text.get(at + 1..)),
        None => (text, None),
    }
}

fn chosen<'a>(line: &'a [u8], names: &[String]) -> Option<Row<&'a [u8]>> {
    let known = names.len().min(MOST);
    let of = |at: usize| match names.get(at) {
        Some(name) if at < known => Some(columns::field(name.as_bytes())),
        // Columns added after the header was written.
        _ => (at < MOST).then_some(Field::Other),
    };
    let (row, count) = cut(line, of)?;
    let dated = row.end().is_some() || !names.iter().take(known).any(|name| is_time(name));
    (count >= 3 && count <= known + 2 && dated && row.status().is_some()).then_some(row)
}

fn is_time(name: &str) -> bool {
    matches!(columns::field(name.as_bytes()), Field::Date | Field::Stamp)
}

fn standard(line: &[u8]) -> Option<Row<&[u8]>> {
    scan::digits(line.get(..4)?)?;
    // Cheap first: many lines begin with a date, but few with one of whole seconds.
    let clock = line.get(10..)?.trim_ascii_start();
    clock.get(8)?.is_ascii_whitespace().then_some(())?;
    let (row, count) = cut(line, |at| fixed(&columns::STANDARD, at))?;
    // As far as the status, to be of use at all.
    (count >= 9 && is_of_an_edge(&row) && row.end().is_some()).then_some(row)
}

fn real_time(line: &[u8]) -> Option<Row<&[u8]>> {
    scan::digits(line.get(..9)?)?;
    let (row, count) = cut(line, |at| fixed(&columns::REAL_TIME, at))?;
    (count >= 13 && is_of_an_edge(&row) && row.end().is_some()).then_some(row)
}

/// Fields that were added behind the known ones are passed over, as AWS asks to.
fn fixed(order: &[Field], at: usize) -> Option<Field> {
    order.get(at).copied().or_else(|| (at < MOST).then_some(Field::Other))
}

/// Whether the values that every row has are what they have to be.
fn is_of_an_edge<T: AsRef<[u8]>>(row: &Row<T>) -> bool {
    let address = row.get(Field::Client);
    let method = row.get(Field::Method);
    row.status().is_some()
        && is_location(row.get(Field::Location))
        && address.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':'))
        && method.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_'))
}

/// `LAX1`, `SEA19-C1`, `FRA56-P12`.
fn is_location(text: &[u8]) -> bool {
    let Some((airport, rest)) = text.split_at_checked(3) else { return false };
    airport.iter().all(u8::is_ascii_uppercase)
        && rest.first().is_some_and(u8::is_ascii_digit)
        && rest.len() <= 8
        && rest.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase() || *b == b'-')
}

/// The row that an object with the fields' names as keys is.
fn object(record: &str) -> Option<Row<Text<'_>>> {
    memmem::find(record.as_bytes(), b"\"sc-status\"")?;
    let Json::Object(members) = Json::object(record)? else { return None };
    let mut values: [Text<'_>; READ] = Default::default();
    let mut ours = false;
    for (key, value) in members {
        ours |= key.starts_with("x-edge-") || matches!(&*key, "x-host-header" | "cs(Host)");
        let Some(slot) = values.get_mut(columns::field(key.as_bytes()) as usize) else { continue };
        let Some(text) = value.written() else { continue };
        if text != "-" {
            *slot = Text(text);
        }
    }
    let row = Row { values };
    (ours && row.status().is_some()).then_some(row)
}

/// A row out of the members of an object that a quick look found; `None` if one of them asks for
/// decoding.
pub(super) fn members(line: &[u8]) -> Option<Row<&[u8]>> {
    let mut values: [&[u8]; READ] = [b""; READ];
    let mut members = super::super::flat::members(line);
    let mut ours = false;
    for (key, value) in members.by_ref() {
        ours |= key.starts_with(b"x-edge-") || matches!(key, b"x-host-header" | b"cs(Host)");
        if let Some(slot) = values.get_mut(columns::field(key) as usize)
            && value != b"-"
        {
            if memchr(b'\\', value).is_some() {
                return None;
            }
            *slot = value;
        }
    }
    (members.is_whole() && ours).then_some(Row { values })
}

/// `2019-12-04` and `21:02:31`, UTC.
fn date_and_time(date: &[u8], time: &[u8]) -> Option<Timestamp> {
    let ([a, b, c, d, b'-', e, f, b'-', g, h], [i, j, b':', k, l, b':', m, n]) = (date, time)
    else {
        return None;
    };
    let number = |tens: u8, ones: u8| scan::digits(&[tens, ones]);
    let year = scan::digits(&[*a, *b, *c, *d])? as i32;
    let date = (year, number(*e, *f)?, number(*g, *h)?);
    Timestamp::from_civil(date, (number(*i, *j)?, number(*k, *l)?, number(*m, *n)?), 0, 0)
}

/// Seconds since 1970 with decimals, or milliseconds: the size tells.
fn since_1970(text: &[u8]) -> Option<Timestamp> {
    let micros = scan::seconds(text)?.0;
    match micros / 1_000_000 {
        100_000_000..100_000_000_000 => Some(Timestamp(micros)),
        100_000_000_000..100_000_000_000_000 => Some(Timestamp(micros / 1000)),
        _ => None,
    }
}
