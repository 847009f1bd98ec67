//! What can be done to a line: each damage by name, so that what two parsers make of it can be
//! declared for the damage and not for one line.

use crate::line::{Civil, Field, Kind, Line};
use crate::random::Random;

/// Groups of damages, for the table of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    /// As servers write them every day.
    Ordinary,
    /// As servers may write them.
    Unusual,
    /// The end is missing.
    Cut,
    /// A field too few or too many.
    Fields,
    /// Spaces where none belong, or none where one does.
    Spaces,
    /// Delimiters missing, or inside a text.
    Quotes,
    /// Numbers out of range, or none.
    Numbers,
    /// Moments that do not exist.
    Moments,
    /// Control characters, other scripts, bytes that are no text.
    Bytes,
    /// More than one of these.
    Several,
}

impl Family {
    /// Name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Family::Ordinary => "ordinary",
            Family::Unusual => "unusual, valid",
            Family::Cut => "cut",
            Family::Fields => "fields",
            Family::Spaces => "spaces",
            Family::Quotes => "delimiters",
            Family::Numbers => "numbers",
            Family::Moments => "moments",
            Family::Bytes => "bytes",
            Family::Several => "several",
        }
    }
}

/// One way to damage a field.
pub(crate) struct Damage {
    pub(crate) name: &'static str,
    pub(crate) family: Family,
    /// Whether it can be done to this field.
    pub(crate) fits: fn(&Field) -> bool,
    /// Does it to the field at this place.
    pub(crate) apply: fn(&mut Random, &mut Line, usize),
}

const fn damage(
    name: &'static str,
    family: Family,
    fits: fn(&Field) -> bool,
    apply: fn(&mut Random, &mut Line, usize),
) -> Damage {
    Damage { name, family, fits, apply }
}

fn any(_: &Field) -> bool {
    true
}

fn is_separated(field: &Field) -> bool {
    field.before == " "
}

fn is_open(field: &Field) -> bool {
    !field.open.is_empty()
}

fn is_closed(field: &Field) -> bool {
    !field.close.is_empty()
}

fn is_text(field: &Field) -> bool {
    field.kind == Kind::Text
}

fn is_number(field: &Field) -> bool {
    matches!(field.kind, Kind::Number | Kind::Decimal)
}

fn is_moment(field: &Field) -> bool {
    matches!(field.kind, Kind::Moment(_))
}

fn set(line: &mut Line, at: usize, text: &str) {
    line.fields[at].text = text.as_bytes().to_vec();
}

/// Puts bytes somewhere into a field, between two characters.
fn insert(random: &mut Random, line: &mut Line, at: usize, bytes: &[u8]) {
    let text = &mut line.fields[at].text;
    let borders: Vec<usize> =
        (0..=text.len()).filter(|&i| text.get(i).is_none_or(|byte| byte & 0xc0 != 0x80)).collect();
    let place = *random.pick(&borders);
    text.splice(place..place, bytes.iter().copied());
}

fn moment(random: &mut Random, line: &mut Line, at: usize, alter: fn(&mut Civil)) {
    if let Kind::Moment(form) = line.fields[at].kind {
        let mut civil = Civil::any(random);
        alter(&mut civil);
        set(line, at, &civil.text(form));
    }
}

/// Damages to one field.
pub(crate) static DAMAGES: &[Damage] = &[
    damage("cut before", Family::Cut, any, |_, line, at| line.fields.truncate(at)),
    damage("cut inside", Family::Cut, any, |random, line, at| {
        line.fields.truncate(at + 1);
        let field = &mut line.fields[at];
        let keep = random.below(field.text.len() as u64 + 1) as usize;
        field.text.truncate(keep);
        field.close = "";
    }),
    damage("gone", Family::Fields, any, |_, line, at| drop(line.fields.remove(at))),
    damage("empty", Family::Fields, any, |_, line, at| set(line, at, "")),
    damage("dash", Family::Fields, any, |_, line, at| set(line, at, "-")),
    damage("twice", Family::Fields, is_separated, |_, line, at| {
        let copy = line.fields[at].clone();
        line.fields.insert(at, copy);
    }),
    damage("two spaces before", Family::Spaces, is_separated, |_, line, at| {
        line.fields[at].before = "  ";
    }),
    damage("tab before", Family::Spaces, is_separated, |_, line, at| {
        line.fields[at].before = "\t";
    }),
    damage("no space before", Family::Spaces, is_separated, |_, line, at| {
        line.fields[at].before = "";
    }),
    damage("space inside", Family::Spaces, any, |random, line, at| {
        insert(random, line, at, b" ");
    }),
    damage("not opened", Family::Quotes, is_open, |_, line, at| line.fields[at].open = ""),
    damage("not closed", Family::Quotes, is_closed, |_, line, at| line.fields[at].close = ""),
    damage("quote inside", Family::Quotes, is_text, |random, line, at| {
        insert(random, line, at, b"\"");
    }),
    damage("escaped quote inside", Family::Quotes, is_text, |random, line, at| {
        insert(random, line, at, b"\\\"");
    }),
    damage("quotes and a space inside", Family::Quotes, is_text, |random, line, at| {
        insert(random, line, at, b"\" \"");
    }),
    damage("backslash at its end", Family::Quotes, is_text, |_, line, at| {
        line.fields[at].text.push(b'\\');
    }),
    damage("brackets inside", Family::Quotes, is_text, |random, line, at| {
        insert(random, line, at, b"] [");
    }),
    damage("another field's label inside", Family::Quotes, is_text, |random, line, at| {
        let label = *random.pick(&[", client: 192.0.2.99", ", host: \"h\"", ", referer: r"]);
        insert(random, line, at, label.as_bytes());
    }),
    damage("beyond 64 bits", Family::Numbers, is_number, |_, line, at| {
        set(line, at, "99999999999999999999");
    }),
    damage("beyond 32 bits", Family::Numbers, is_number, |_, line, at| {
        set(line, at, "4294967297");
    }),
    damage("beyond 16 bits", Family::Numbers, is_number, |_, line, at| set(line, at, "65537")),
    damage("negative", Family::Numbers, is_number, |random, line, at| {
        let number = random.between(2, 999);
        set(line, at, &format!("-{number}"));
    }),
    damage("with a plus", Family::Numbers, is_number, |_, line, at| set(line, at, "+200")),
    damage("with zeros before", Family::Numbers, is_number, |random, line, at| {
        let zeros: &[u8] = if random.chance(0.5) { b"0" } else { b"000000" };
        line.fields[at].text.splice(0..0, zeros.iter().copied());
    }),
    damage("with letters", Family::Numbers, is_number, |random, line, at| {
        set(line, at, *random.pick(&["2a0", "0x50", "1e3", "NaN", "inf", "null", "true"]));
    }),
    damage("digits of another script", Family::Numbers, is_number, |_, line, at| {
        set(line, at, "٢٠٠");
    }),
    damage("two points", Family::Numbers, is_number, |_, line, at| set(line, at, "1.2.3")),
    damage("month 13", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.month = 13);
    }),
    damage("day 32", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.day = 32);
    }),
    damage("day 0", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.day = 0);
    }),
    damage("30 February", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| (civil.month, civil.day) = (2, 30));
    }),
    damage("29 February", Family::Moments, is_moment, |random, line, at| {
        let year = *random.pick(&[2015, 2016, 2019, 2020, 2024, 2025]);
        moment(random, line, at, |civil| (civil.month, civil.day) = (2, 29));
        if let Kind::Moment(form) = line.fields[at].kind {
            let civil = Civil { year, month: 2, day: 29, ..Civil::any(random) };
            set(line, at, &civil.text(form));
        }
    }),
    damage("hour 24", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.hour = 24);
    }),
    damage("minute 60", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.minute = 60);
    }),
    damage("second 60", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.second = 60);
    }),
    damage("second 61", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.second = 61);
    }),
    damage("year 0", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.year = 0);
    }),
    damage("year 1923", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.year = 1923);
    }),
    damage("year 9999", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.year = 9999);
    }),
    damage("year 20260", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.year = 20_260);
    }),
    damage("zone of 25 hours", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.zone = "+2500");
    }),
    damage("zone with minute 75", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.zone = "+0075");
    }),
    damage("zone without sign", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.zone = "0900");
    }),
    damage("zone with a colon", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.zone = "+09:00");
    }),
    damage("zone by name", Family::Moments, is_moment, |random, line, at| {
        moment(random, line, at, |civil| civil.zone = "UTC");
    }),
    damage("control character inside", Family::Bytes, any, |random, line, at| {
        let byte = *random.pick(&[0, 1, 0x08, 0x1b, 0x7f]);
        insert(random, line, at, &[byte]);
    }),
    damage("tab inside", Family::Bytes, any, |random, line, at| insert(random, line, at, b"\t")),
    damage("carriage return inside", Family::Bytes, any, |random, line, at| {
        insert(random, line, at, b"\r");
    }),
    damage("other script inside", Family::Bytes, any, |random, line, at| {
        let word = *random.pick(&["é", "漢字", "🚀", "\u{301}", "ß"]);
        insert(random, line, at, word.as_bytes());
    }),
    damage("space of another kind inside", Family::Bytes, any, |random, line, at| {
        let space = *random.pick(&["\u{a0}", "\u{2028}", "\u{85}", "\u{3000}"]);
        insert(random, line, at, space.as_bytes());
    }),
    damage("no text inside", Family::Bytes, any, |random, line, at| {
        let bytes: &[u8] =
            [&b"\xff"[..], b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f"][random.below(4) as usize];
        insert(random, line, at, bytes);
    }),
];

/// Damages to the line as a whole; the place says nothing.
pub(crate) static WHOLE: &[Damage] = &[
    damage("a word more", Family::Fields, any, |random, line, _| {
        let word = *random.pick(&[" abc", " 17", " 0.003", " -", " a=b"]);
        line.tail.extend_from_slice(word.as_bytes());
    }),
    damage("a quoted text more", Family::Fields, any, |random, line, _| {
        let text = *random.pick(&[" \"-\"", " \"a b\"", " \"x-forwarded-for, 192.0.2.1\""]);
        line.tail.extend_from_slice(text.as_bytes());
    }),
    damage("a quote at the end", Family::Quotes, any, |_, line, _| line.tail.push(b'"')),
    damage("a space at the end", Family::Spaces, any, |_, line, _| line.tail.push(b' ')),
    damage("a carriage return at the end", Family::Spaces, any, |_, line, _| {
        line.tail.push(b'\r');
    }),
    damage("a space at the beginning", Family::Spaces, any, |_, line, _| line.head.push(b' ')),
    damage("a word before", Family::Fields, any, |_, line, _| {
        line.head.extend_from_slice(b"app-1 ");
    }),
    damage("a byte order mark", Family::Bytes, any, |_, line, _| {
        line.head.extend_from_slice("\u{feff}".as_bytes());
    }),
];
