//! A call an application made outward and that failed, whatever its language: the event of it, and
//! the addresses that errors name.

use std::borrow::Cow;
use std::net::IpAddr;

use model::{Author, Event, Failure, HopKind, Mechanism, Micros, Request, Reuse, Role};

use crate::node::{Origin, of_url};
use crate::scan;

/// What an error says about the call that it ended.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// What happened.
    pub(super) failure: Failure,
    /// The error's class, or its own number.
    pub(super) token: String,
    /// `address:port`.
    pub(super) target: Option<String>,
    /// The name the caller asked for.
    pub(super) host: Option<String>,
    /// The timer that fired.
    pub(super) timer: Option<Micros>,
    /// The status of an answer that the client library treats as an error.
    pub(super) status: Option<u16>,
}

impl Call {
    /// A call that ended so.
    pub(super) fn new(mechanism: Mechanism, token: &str) -> Call {
        Call {
            failure: Failure::of(mechanism).outward(),
            token: token.to_owned(),
            target: None,
            host: None,
            timer: None,
            status: None,
        }
    }

    /// The answer came, with a status of 500 or more.
    pub(super) fn answered(status: u16, token: &str) -> Call {
        let mut call = Call::new(Mechanism::StatusFromUpstream, token);
        call.status = Some(status);
        call
    }

    /// A timer over the whole call, or one of which the phase is not said.
    pub(super) fn any_phase(mut self) -> Call {
        self.failure.phase = None;
        self
    }

    /// On a connection that had been used before.
    pub(super) fn reused(mut self) -> Call {
        self.failure.reuse = Reuse::Reused;
        self
    }

    /// To this place, where it is known.
    pub(super) fn to(mut self, place: Option<Place>) -> Call {
        if let Some(place) = place {
            self.target = place.target;
            self.host = place.host;
        }
        self
    }

    /// The timer that fired, where it is known.
    pub(super) fn after(mut self, timer: Option<Micros>) -> Call {
        self.timer = timer;
        self
    }

    /// The event.
    pub(super) fn event(self, origin: &Origin<'_>) -> Event<'static> {
        let hop = Cow::Owned(origin.hop.to_owned());
        let mut request = Request::new(hop, HopKind::Application, Role::Explanation);
        request.end = origin.at;
        let by_timer = matches!(
            self.failure.mechanism,
            Mechanism::ConnectTimeout
                | Mechanism::ResponseTimeout
                | Mechanism::ResponseStalled
                | Mechanism::TlsTimeout
                | Mechanism::RequestDeadline
        );
        request.timers.wait = self.timer.filter(|_| by_timer);
        request.failure = Some(self.failure);
        request.target = self.target.map(Cow::Owned);
        request.host = self.host.map(Cow::Owned);
        request.token = Some(Cow::Owned(self.token));
        if let Some(status) = self.status {
            request.author = Author::Behind;
            request.upstream_status = Some(status);
        }
        Event::from(request)
    }
}

/// Where a call went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// `address:port`.
    pub(super) target: Option<String>,
    /// The name.
    pub(super) host: Option<String>,
}

/// A host and a port that stand apart.
pub(super) fn host_and_port(host: &str, port: &str) -> Option<Place> {
    let host = host.trim_matches(['[', ']']);
    let named = !host.is_empty()
        && host.len() <= 253
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':'));
    if !named || scan::digits(port.as_bytes()).is_none_or(|port| port > 65_535) {
        return None;
    }
    let is_address = host.parse::<IpAddr>().is_ok();
    let target =
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    Some(Place { target: Some(target), host: (!is_address).then(|| host.to_owned()) })
}

/// `10.0.0.5:8080`, `name:443`, `name/10.0.0.5:8080`, `/10.0.0.5:8080`, `[2001:db8::1]:443`, at the
/// beginning of a text.
pub(super) fn authority(text: &str) -> Option<Place> {
    let end = text
        .find(|c: char| {
            c.is_whitespace() || matches!(c, ',' | ')' | '\'' | '"' | ';' | '}' | '<' | '|' | '`')
        })
        .unwrap_or(text.len());
    let word = text[..end].trim_end_matches(['.', ':']);
    let (name, address) = match word.split_once('/') {
        Some((name, address)) => (name, address),
        None => ("", word),
    };
    let (host, port) = address.rsplit_once(':')?;
    let mut place = host_and_port(host, port)?;
    if !name.is_empty() {
        place.host = Some(name.to_owned()).filter(|name| {
            name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        });
    }
    Some(place)
}

/// The place behind the first of these words that one follows.
pub(super) fn behind(text: &str, words: &[&str]) -> Option<Place> {
    words.iter().find_map(|word| {
        text.match_indices(word).take(8).find_map(|(at, _)| authority(&text[at + word.len()..]))
    })
}

/// The place a URL in the text names.
pub(super) fn url(text: &str) -> Option<Place> {
    text.match_indices("://").take(8).find_map(|(at, _)| {
        let scheme = text[..at]
            .rfind(|c: char| !c.is_ascii_alphabetic())
            .map_or(0, |before| before + text[before..].chars().next().map_or(1, char::len_utf8));
        if !matches!(&text[scheme..at], "http" | "https") {
            return None;
        }
        let details = of_url(&text[scheme..]);
        let known = details.target.is_some() || details.host.is_some();
        known.then_some(Place { target: details.target, host: details.host })
    })
}

/// A number of seconds or milliseconds behind one of these words: `after 10000ms`,
/// `timeout=30)`, `of 100 seconds`.
pub(super) fn span(text: &str, words: &[&str]) -> Option<Micros> {
    words.iter().find_map(|word| {
        text.match_indices(word).take(8).find_map(|(at, _)| {
            let rest = &text[at + word.len()..];
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let value = scan::seconds(rest[..end].trim_end_matches('.').as_bytes())?;
            let unit = rest[end..].trim_start();
            Some(if unit.starts_with("ms") || unit.starts_with("milli") {
                Micros(value.0 / 1000)
            } else if unit.starts_with("ns") {
                Micros(value.0 / 1_000_000_000)
            } else {
                value
            })
        })
    })
}

/// The first status of 500 to 599 in a text: three digits that nothing else belongs to.
pub(super) fn server_error(text: &str) -> Option<u16> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .find_map(|word| scan::status(word.as_bytes()))
        .filter(|status| (500..600).contains(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let place = |target: &str, host: Option<&str>| {
            Some(Place { target: Some(target.into()), host: host.map(str::to_owned) })
        };
        assert_eq!(authority("10.0.0.5:8080 [/10.0.0.5]"), place("10.0.0.5:8080", None));
        assert_eq!(
            authority("api.example.com/203.0.113.7:443"),
            place("203.0.113.7:443", Some("api.example.com"))
        );
        assert_eq!(authority("/10.0.0.5:8080"), place("10.0.0.5:8080", None));
        assert_eq!(authority("[2001:db8::1]:443)"), place("[2001:db8::1]:443", None));
        assert_eq!(
            authority("api.example.com:443."),
            place("api.example.com:443", Some("api.example.com"))
        );
        for bad in ["", ":", "x", "a:b", "a b:80", "日本:80", "a:99999"] {
            assert_eq!(authority(bad), None, "{bad}");
        }
        assert_eq!(
            url("see (https://api.example.com/x)").unwrap().host.as_deref(),
            Some("api.example.com")
        );
        assert_eq!(url("éhttp"), None);
        assert_eq!(span("after 10000ms", &["after "]), Some(Micros(10_000_000)));
        assert_eq!(span("read timeout=30)", &["timeout="]), Some(Micros(30_000_000)));
    }
}
