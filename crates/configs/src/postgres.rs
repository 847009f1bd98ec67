//! PostgreSQL: `postgresql.conf`, as far as it bounds connections and statements.
//!
//! <https://www.postgresql.org/docs/current/config-setting.html>: one setting a line, the last one
//! counts, names in any case, values in single quotes where they are no plain numbers or words.

use std::ops::Range;

use model::Micros;
use model::config::{Hop, Key, Listen, Notation, Product, Setting, Task, Value};

use crate::document::Document;
use crate::draft::{Draft, HopDraft};
use crate::readers::Reader;

/// Lines of a file that are read: the longest sample has some 800.
const MOST_LINES: usize = 20_000;

/// Reads `postgresql.conf`.
#[derive(Debug)]
pub(crate) struct Postgres;

impl Reader for Postgres {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn takes(&self, document: &Document) -> bool {
        document.name().eq_ignore_ascii_case("postgresql.conf")
    }

    fn read_all(&self, documents: &[&Document], draft: &mut Draft) {
        for document in documents {
            draft.add_hop(server(document));
        }
    }
}

fn server(document: &Document) -> HopDraft {
    let mut hop = Hop::new(Task::Database, document.path.clone());
    hop.at = Some(document.span(0..0));
    hop.products.push(Product { name: "PostgreSQL", ..Product::default() });
    let (mut port, mut address) = (None, String::new());
    for (name, value, at) in lines(&document.text) {
        let at = document.span(at);
        let known = match &*name {
            "max_connections" => Some((Key::MaxConnections, "max_connections")),
            "superuser_reserved_connections" => {
                Some((Key::ReservedConnections, "superuser_reserved_connections"))
            }
            "statement_timeout" => Some((Key::StatementTimeout, "statement_timeout")),
            "idle_session_timeout" => Some((Key::ClientIdleTimeout, "idle_session_timeout")),
            _ => None,
        };
        match (&*name, known) {
            ("port", _) => port = value.parse::<u16>().ok().map(|port| (port, at)),
            ("listen_addresses", _) => address = only_address(value),
            (_, Some((key @ (Key::StatementTimeout | Key::ClientIdleTimeout), name))) => {
                let value = time(value);
                hop.settings.set(Setting::written(key, value, name, at));
            }
            (_, Some((key, name))) => {
                let count = value.parse().map(Value::Count);
                let setting = match count {
                    Ok(count) => {
                        Setting::written(key, count, name, at).as_written_in(Notation::Count)
                    }
                    Err(_) => Setting::written(key, Value::Unknown(value.to_owned()), name, at),
                };
                hop.settings.set(setting);
            }
            _ => {}
        }
    }
    let (port, at) = port.unwrap_or((5432, document.span(0..0)));
    hop.listens.push(Listen { address, port, tls: false, at: Some(at) });
    let mut draft = HopDraft::new(hop, Vec::new());
    draft.configured_by = Some(document.path.clone());
    draft.listens_known = true;
    draft
}

/// The names, in lower case, with their values and the places of those.
fn lines(text: &str) -> impl Iterator<Item = (String, &str, Range<usize>)> {
    let mut start = 0;
    let lines = text.split('\n').take(MOST_LINES).map(move |line| {
        let at = start;
        start += line.len() + 1;
        (at, line)
    });
    lines.filter_map(|(at, line)| {
        let bare = line.trim_start();
        let end = bare.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')?;
        let (name, rest) = bare.split_at(end);
        let rest = rest.trim_start();
        let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start();
        let value = match rest.strip_prefix('\'') {
            Some(quoted) => &quoted[..quoted.find('\'')?],
            None => rest.split(|c: char| c == '#' || c.is_whitespace()).next()?,
        };
        // What follows the value in its line is as long as here and there.
        let quote = usize::from(rest.starts_with('\''));
        let from = at + line.len() - rest.len() + quote;
        let named = !name.is_empty() && !value.is_empty();
        named.then(|| (name.to_ascii_lowercase(), value, from..from + value.len()))
    })
}

/// The address, where there is one and it does not stand for all.
fn only_address(value: &str) -> String {
    let one = !value.contains([',', '*']) && !matches!(value, "0.0.0.0" | "::");
    if one { value.to_owned() } else { String::new() }
}

/// A time: milliseconds where no unit is written; 0 is no bound.
fn time(value: &str) -> Value {
    let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let factor = match value[end..].trim() {
        "" | "ms" => 1_000,
        "us" => 1,
        "s" => 1_000_000,
        "min" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return Value::Unknown(value.to_owned()),
    };
    let number = value[..end].parse::<i64>().ok().and_then(|n| n.checked_mul(factor));
    match number {
        Some(0) => Value::Unlimited,
        Some(micros) => Value::Time(Micros(micros)),
        None => Value::Unknown(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_the_server_reads_them() {
        let text = "# max_connections = 5\n max_connections = 200\t# (change requires restart)\n\
                    Statement_Timeout '30s'\nlisten_addresses = 'localhost'\nbroken = 'open\n=\nx";
        let found: Vec<_> = lines(text)
            .map(|(name, value, at)| {
                assert_eq!(&text[at], value);
                format!("{name}={value}")
            })
            .collect();
        let expected =
            ["max_connections=200", "statement_timeout=30s", "listen_addresses=localhost"];
        assert_eq!(found, expected);
        assert_eq!(time("1min").to_string(), "60 s");
        assert_eq!(time("250").to_string(), "250 ms");
        assert_eq!(time("0"), Value::Unlimited);
        assert!(matches!(time("99999999999999999d"), Value::Unknown(_)));
    }
}
