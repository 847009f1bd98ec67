//! Times and numbers as Apache httpd writes them, as settings with their places.

use model::Micros;
use model::config::{Key, Notation, Setting, Span, Value};

use crate::values::{self, Stands};

/// A time: a number in seconds, or with `ms`, `s`, `mi`, `h` (`ap_timeout_parameter_parse`).
pub(super) fn time(text: &str) -> Option<Micros> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: i64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].to_ascii_lowercase().as_str() {
        "" | "s" | "sec" | "second" | "seconds" => 1_000_000,
        "ms" => 1_000,
        "mi" | "min" | "minute" | "minutes" => 60_000_000,
        "h" | "hour" | "hours" => 3_600_000_000,
        _ => return None,
    };
    Some(Micros(number.saturating_mul(unit)))
}

/// A time as a setting; what is no time is not knowable.
pub(super) fn time_setting(key: Key, name: &'static str, text: &str, at: Span) -> Setting {
    values::time((key, name, at), text, time(text), Notation::Seconds)
}

/// A number as a setting, what `of` makes of it; 0 is no limit where the directive says so.
pub(super) fn number_setting(
    (key, name, at): Stands,
    text: &str,
    of: fn(u64) -> Value,
    unlimited_at_zero: bool,
) -> Setting {
    values::number((key, name, at), text, |n| match n {
        0 if unlimited_at_zero => Value::Unlimited,
        n => of(n),
    })
}

/// `On` or `Off`.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

/// A word as a setting.
pub(super) fn text_setting(key: Key, name: &'static str, text: &str, at: Span) -> Setting {
    Setting::written(key, Value::Text(text.to_owned()), name, at)
}

/// A URL that requests are passed on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    /// In lower case.
    pub(super) scheme: String,
    /// The socket of the file system, if it is one.
    pub(super) socket: Option<String>,
    /// Host without port.
    pub(super) host: String,
    /// 0 if neither written nor implied.
    pub(super) port: u16,
    /// Host and port as written.
    pub(super) authority: String,
}

/// A URL: `http://web:3000/`, `balancer://shop/`, `unix:/run/app.sock|http://localhost/`.
pub(super) fn url(text: &str) -> Option<Url> {
    let (socket, rest) = match text.strip_prefix("unix:") {
        Some(rest) => {
            let (path, url) = rest.split_once('|').unwrap_or((rest, "http://localhost/"));
            (Some(path.to_owned()), url)
        }
        None => (None, text),
    };
    let (scheme, rest) = rest.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, port.parse().ok()),
        _ => (authority, None),
    };
    let implied = match scheme.as_str() {
        "http" | "ws" | "h2c" => 80,
        "https" | "wss" | "h2" => 443,
        "ajp" => 8009,
        "fcgi" => 8000,
        "scgi" => 4000,
        "uwsgi" => 3031,
        _ => 0,
    };
    Some(Url {
        socket,
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: port.unwrap_or(implied),
        authority: authority.to_owned(),
        scheme,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_urls() {
        assert_eq!(time("5"), Some(Micros::from_secs(5)));
        assert_eq!(time("200ms"), Some(Micros::from_millis(200)));
        assert_eq!(time("2mi"), Some(Micros::from_secs(120)));
        assert_eq!(time("five"), None);
        let web = url("HTTP://user@web:3000/path").unwrap();
        assert_eq!((web.scheme.as_str(), web.host.as_str(), web.port), ("http", "web", 3000));
        let six = url("https://[::1]/").unwrap();
        assert_eq!((six.host.as_str(), six.port), ("::1", 443));
        let php = url("unix:/run/php.sock|fcgi://localhost/srv").unwrap();
        assert_eq!(php.socket.as_deref(), Some("/run/php.sock"));
        assert_eq!(php.scheme, "fcgi");
        assert_eq!(url("/relative"), None);
    }
}
