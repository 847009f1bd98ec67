//! Times, sizes and addresses as HAProxy writes them, as settings with their places.
//!
//! <https://docs.haproxy.org/3.2/configuration.html#2.4> (time format).

use model::Micros;
use model::config::{Key, Notation, Setting, Span, Value};

use crate::values;

/// A time: `5000` (milliseconds), `500us`, `5s`, `1m`, `2h`, `1d`. HAProxy takes one unit only.
pub(super) fn time(text: &str) -> Option<Micros> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: i64 = text[..digits].parse().ok()?;
    let unit = match &text[digits..] {
        "us" => 1,
        "" | "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return None,
    };
    Some(Micros(number.saturating_mul(unit)))
}

/// A size: `16384`, `16k`, `1m`, `1g`.
pub(super) fn size(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match &text[digits..] {
        "" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        _ => return None,
    };
    Some(number.saturating_mul(unit))
}

/// A time as a setting; what is no time is not knowable.
pub(super) fn time_setting(key: Key, name: &'static str, text: &str, at: Span) -> Setting {
    values::time((key, name, at), text, time(text), Notation::Milliseconds)
}

/// A number as a setting; 0 and -1 stand for no bound.
pub(super) fn limit_setting(key: Key, name: &'static str, text: &str, at: Span) -> Setting {
    match text.parse::<i64>() {
        Ok(n) if n <= 0 => Setting::written(key, Value::Unlimited, name, at),
        Ok(n) => Setting::written(key, Value::Count(n.unsigned_abs()), name, at)
            .as_written_in(Notation::Count),
        Err(_) => Setting::written(key, Value::Unknown(text.to_owned()), name, at),
    }
}

/// A word as a setting; one with a variable is not knowable.
pub(super) fn text_setting(key: Key, name: &'static str, text: &str, at: Span) -> Setting {
    let value = match is_variable(text) {
        true => Value::Unknown(text.to_owned()),
        false => Value::Text(text.to_owned()),
    };
    Setting::written(key, value, name, at)
}

/// True if the text has a variable of the environment, an expression of HAProxy or a part of a
/// template in it.
pub(super) fn is_variable(text: &str) -> bool {
    text.contains('$') || text.contains("%[") || text.contains("{{")
}

/// True if it is the machine itself.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// True if a name server has to be asked.
pub(super) fn is_name(host: &str) -> bool {
    !host.is_empty()
        && host != "localhost"
        && !is_variable(host)
        && host.parse::<std::net::IpAddr>().is_err()
}

/// Where HAProxy listens or sends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A socket of the file system, or an abstract one.
    Socket(String),
    /// A name or an address, empty for all, and the port; 0 if none is written.
    Host(String, u16),
    /// A name or a port that only the environment knows; the port if it is known, else 0.
    Variable(String, u16),
}

/// The addresses of a word: several parted by commas, ports as ranges.
pub(super) fn addresses(text: &str) -> Vec<Address> {
    text.split(',').filter(|part| !part.is_empty()).flat_map(ports).collect()
}

/// Ports taken of one range.
const MOST_PORTS: u16 = 32;

fn ports(text: &str) -> Vec<Address> {
    let range = text.rsplit_once(':').and_then(|(host, ports)| {
        let (from, to) = ports.split_once('-')?;
        Some((host, from.parse::<u16>().ok()?, to.parse::<u16>().ok()?))
    });
    match range {
        Some((host, from, to)) => (from..=to.min(from.saturating_add(MOST_PORTS - 1)))
            .map(|port| address(&format!("{host}:{port}")))
            .collect(),
        None => vec![address(text)],
    }
}

/// One address: `web:80`, `[::1]:80`, `:::443`, `*:80`, `ipv4@10.0.0.1:80`, `/run/a.sock`,
/// `unix@/run/a.sock`, `abns@name`.
pub(super) fn address(text: &str) -> Address {
    let (family, rest) = match text.split_once('@') {
        Some((family, rest)) if !family.contains([':', '.', '$']) => (family, rest),
        _ => ("", text),
    };
    if matches!(family, "unix" | "abns" | "abnsz") || rest.starts_with('/') {
        let path = if family.starts_with("abns") { text } else { rest };
        return Address::Socket(path.to_owned());
    }
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, port),
        None => (rest, ""),
    };
    // A port with a sign is counted from the port of the client's connection.
    let number = port.parse().ok().filter(|_| !port.starts_with('+')).unwrap_or(0);
    if is_variable(rest) {
        let host = if number == 0 { rest } else { host };
        return Address::Variable(host.to_owned(), number);
    }
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let host = if matches!(host, "*" | "::" | "0.0.0.0") { "" } else { host };
    Address::Host(host.to_owned(), number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes() {
        for (text, micros) in
            [("5000", 5_000_000), ("250us", 250), ("5s", 5_000_000), ("1m", 60_000_000)]
        {
            assert_eq!(time(text), Some(Micros(micros)), "{text}");
        }
        for text in ["", "s", "1m30s", "5x", "${T}"] {
            assert_eq!(time(text), None, "{text}");
        }
        assert_eq!(size("16k"), Some(16384));
        assert_eq!(size("k"), None);
    }

    #[test]
    fn addresses_of_all_families() {
        let host = |host: &str, port| Address::Host(host.to_owned(), port);
        assert_eq!(addresses("*:80,10.0.0.1:81"), [host("", 80), host("10.0.0.1", 81)]);
        assert_eq!(addresses(":::443"), [host("", 443)]);
        assert_eq!(addresses("ipv4@:8000-8002").len(), 3);
        assert_eq!(address("[::1]:80"), host("::1", 80));
        assert_eq!(address("web"), host("web", 0));
        assert_eq!(address("unix@/run/a.sock"), Address::Socket("/run/a.sock".to_owned()));
        assert_eq!(address("${HOST}:80"), Address::Variable("${HOST}".to_owned(), 80));
        assert_eq!(address("web:+1"), host("web", 0));
    }
}
