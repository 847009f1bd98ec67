//! Times, sizes, flags and addresses as nginx writes them, as settings with their places.

use model::Micros;
use model::config::{Key, Notation, Setting, Span, Value};

use crate::defaults::nginx::NO_RESOLVER;
use crate::directives::{Directive, Places};
use crate::values;

/// A time: `60`, `60s`, `500ms`, `1h30m`, `1m 30s` (`ngx_parse_time`).
pub(super) fn time(text: &str) -> Option<Micros> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut total: i64 = 0;
    let mut any = false;
    while at < bytes.len() {
        if bytes[at] == b' ' {
            at += 1;
            continue;
        }
        let digits = bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        let number: i64 = text[at..at + digits].parse().ok()?;
        at += digits;
        let letters = bytes[at..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let unit: i64 = match &text[at..at + letters] {
            "ms" => 1_000,
            "" | "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            "d" => 86_400_000_000,
            "w" => 7 * 86_400_000_000,
            "M" => 30 * 86_400_000_000,
            "y" => 365 * 86_400_000_000,
            _ => return None,
        };
        at += letters;
        total = total.saturating_add(number.saturating_mul(unit));
        any = true;
    }
    any.then_some(Micros(total))
}

/// A size: `4096`, `8k`, `1m`, `1g` (`ngx_parse_size`, `ngx_parse_offset`).
pub(crate) fn size(text: &str) -> Option<u64> {
    let (number, unit) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 1 << 10),
        b'm' | b'M' => (&text[..text.len() - 1], 1 << 20),
        b'g' | b'G' => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    number.parse::<u64>().ok().map(|n| n.saturating_mul(unit))
}

/// A time as a setting; what is no time is not knowable.
pub(super) fn time_setting(key: Key, name: &'static str, text: &str, at: Span) -> Setting {
    values::time((key, name, at), text, time(text), Notation::Seconds)
}

/// A size as a setting.
pub(super) fn size_setting(key: Key, name: &'static str, text: &str, at: Span) -> Setting {
    values::setting((key, name, at), text, size(text).map(Value::Bytes))
}

/// A number as a setting.
pub(super) fn count_setting(key: Key, name: &'static str, text: &str, at: Span) -> Setting {
    values::number((key, name, at), text, Value::Count)
}

/// `on` or `off` as a setting.
pub(super) fn flag_setting(key: Key, name: &'static str, text: &str, at: Span) -> Setting {
    let value = match text {
        "on" => Value::Flag(true),
        "off" => Value::Flag(false),
        _ => Value::Unknown(text.to_owned()),
    };
    Setting::written(key, value, name, at)
}

/// The name servers of a `resolver`, or that there is none.
pub(super) fn name_servers(places: Places<'_>, resolver: Option<&Directive>) -> Setting {
    let Some(directive) = resolver else { return NO_RESOLVER.stated() };
    let servers = directive.args().iter().filter(|word| !word.text.contains('='));
    let servers = Value::Names(servers.map(|word| word.text.clone()).collect());
    Setting::written(Key::NameServers, servers, "resolver", places.value(directive, 0))
}

/// A word as a setting.
pub(super) fn text_setting(key: Key, name: &'static str, text: &str, at: Span) -> Setting {
    Setting::written(key, Value::Text(text.to_owned()), name, at)
}

/// Where requests are sent, or listened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A socket of the file system.
    Socket(String),
    /// A name or an address, and a port; 0 if none is written.
    Host(String, u16),
    /// A name that only the running server knows, as written, and a port; 0 if none is written.
    Variable(String, u16),
}

/// An address: `web`, `web:3000`, `[::1]:80`, `unix:/run/app.sock`, `*:80`, `3000`.
pub(super) fn address(text: &str) -> Address {
    if let Some(path) = text.strip_prefix("unix:") {
        return Address::Socket(path.to_owned());
    }
    if is_variable(text) {
        let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
        return match port.parse() {
            Ok(port) => Address::Variable(host.to_owned(), port),
            Err(_) => Address::Variable(text.to_owned(), 0),
        };
    }
    if text.starts_with('[') {
        let (host, rest) = text.split_once(']').unwrap_or((text, ""));
        let port = rest.strip_prefix(':').and_then(|p| p.parse().ok()).unwrap_or(0);
        return Address::Host(host.trim_start_matches('[').to_owned(), port);
    }
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => {
            Address::Host(host.to_owned(), port.parse().unwrap_or(0))
        }
        _ => Address::Host(text.to_owned(), 0),
    }
}

/// True if the text has a variable of nginx or of a template in it.
pub(super) fn is_variable(text: &str) -> bool {
    text.contains('$') || text.contains("{{")
}

/// True if a name server has to be asked.
pub(super) fn is_name(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_err() && host != "localhost"
}

/// True if it is the machine itself.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes() {
        for (text, millis) in [
            ("60", 60_000),
            ("60s", 60_000),
            ("500ms", 500),
            ("1h30m", 5_400_000),
            ("1m 30s", 90_000),
        ] {
            assert_eq!(time(text), Some(Micros::from_millis(millis)), "{text}");
        }
        assert_eq!(time(""), None);
        assert_eq!(time("$t"), None);
        assert_eq!(time("5q"), None);
        assert_eq!(time("9223372036854775807y"), Some(Micros(i64::MAX)));
        assert_eq!(size("8k"), Some(8192));
        assert_eq!(size("1M"), Some(1 << 20));
        assert_eq!(size("m"), None);
        assert_eq!(size(""), None);
    }

    #[test]
    fn addresses() {
        assert_eq!(address("web:3000"), Address::Host("web".into(), 3000));
        assert_eq!(address("[::1]:80"), Address::Host("::1".into(), 80));
        assert_eq!(address("unix:/run/a.sock"), Address::Socket("/run/a.sock".into()));
        assert_eq!(address("${HOST}:80"), Address::Variable("${HOST}".into(), 80));
        assert_eq!(address("10.0.0.1"), Address::Host("10.0.0.1".into(), 0));
    }
}
