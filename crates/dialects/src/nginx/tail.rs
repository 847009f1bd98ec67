//! What sites append to nginx's combined format: the ingress controller's columns, and timings as
//! `key=value`.

use std::sync::LazyLock;

use memchr::memchr;

use super::fields::{Fields, Var, is_address, none, tries};
use super::format::{LogFormat, ends_in_escape};
use crate::scan;

/// ingress-nginx's `upstreaminfo`, the part after the user agent, newest first
/// (`internal/ingress/controller/config`, `logFormatUpstream`).
static INGRESS: LazyLock<Vec<LogFormat>> = LazyLock::new(|| {
    [
        "$request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] \
         $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id",
        "$request_length $request_time [$proxy_upstream_name] \
         $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id",
        "$request_length $request_time [$proxy_upstream_name] \
         $upstream_addr $upstream_response_length $upstream_response_time $upstream_status",
    ]
    .iter()
    .filter_map(|source| LogFormat::of(source).ok())
    .collect()
});

/// What a tail says.
#[derive(Clone, Debug)]
pub(crate) struct Tail<'a> {
    /// Values found.
    pub(crate) fields: Fields<'a>,
    /// Whether only nginx writes such a tail.
    pub(crate) only_nginx: bool,
}

/// Reads what follows the user agent; `None` if it is another program's.
pub(crate) fn read(tail: &[u8]) -> Option<Tail<'_>> {
    let Some(rest) = tail.strip_prefix(b" ") else {
        return tail.is_empty().then(|| Tail { fields: Fields::default(), only_nginx: false });
    };
    if rest.first().is_some_and(u8::is_ascii_digit)
        && let Some(fields) = INGRESS.iter().find_map(|format| format.read(rest))
    {
        return Some(Tail { fields, only_nginx: true });
    }
    pieces(rest)
}

/// Quoted strings, `key=value` pairs, bracketed words and nginx's decimals, in any order.
fn pieces(mut rest: &[u8]) -> Option<Tail<'_>> {
    let mut tail = Tail { fields: Fields::default(), only_nginx: false };
    while !rest.is_empty() {
        rest = match rest {
            [b' ' | b',' | b'|', after @ ..] => after,
            [b'"', after @ ..] => &after[quote_end(after)? + 1..],
            [b'[', after @ ..] => &after[memchr(b']', after)? + 1..],
            _ => {
                let (key, after) = key(rest);
                if let Some(after) = after {
                    let (value, after) = value(after)?;
                    if let Some(var) = meaning(key, value).filter(|var| var.accepts(value)) {
                        tail.only_nginx |= var.per_try() || var == Var::RequestTime;
                        tail.fields.set(var, value);
                    }
                    after
                } else {
                    let (word, after) = bare(rest);
                    // `$request_time` and its like have exactly three decimals; a bare word of
                    // another shape is another program's column.
                    if !tries(word).all(|one| none(one) || is_nginx_span(one) || is_address(one)) {
                        return None;
                    }
                    after
                }
            }
        };
    }
    Some(tail)
}

fn is_nginx_span(word: &[u8]) -> bool {
    word.len() > 4 && word[word.len() - 4] == b'.' && scan::seconds(word).is_some()
}

fn quote_end(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'"', text).find(|&at| !ends_in_escape(&text[..at]))
}

/// A key and what follows its `=`, if the text begins with one.
fn key(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let end = text
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')))
        .unwrap_or(text.len());
    let named = text.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    match &text[end..] {
        [b'=' | b':', after @ ..] if named && !after.starts_with(b"/") => {
            (&text[..end], Some(after))
        }
        _ => (&text[..end], None),
    }
}

fn value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    match text {
        [b'"', after @ ..] => {
            let end = quote_end(after)?;
            Some((&after[..end], &after[end + 1..]))
        }
        _ => Some(bare(text)),
    }
}

/// A value without quotes: up to a space that does not stand between two tries.
fn bare(text: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr_iter(b' ', text)
        .find(|&at| {
            let before = &text[..at];
            !(before.ends_with(b",") || before.ends_with(b" :") || text[at..].starts_with(b" : "))
        })
        .unwrap_or(text.len());
    (&text[..end], &text[end..])
}

/// What the keys in use stand for. They are the sites' own, so the value has to fit as well.
fn meaning(key: &[u8], value: &[u8]) -> Option<Var> {
    let var = match key {
        b"rt" | b"request_time" | b"req_time" => Var::RequestTime,
        b"uct" | b"upstream_connect_time" => Var::UpstreamConnectTime,
        b"uht" | b"upstream_header_time" => Var::UpstreamHeaderTime,
        b"urt" | b"upstream_response_time" => Var::UpstreamResponseTime,
        b"us" | b"ust" | b"ups_status" | b"upstream_status" => Var::UpstreamStatus,
        b"ua" | b"uaddr" | b"upstream_addr" | b"upstream" | b"backend" => {
            // `ua` may also be the user agent; a group's name has neither space nor slash.
            let fits = |one: &[u8]| none(one) || is_address(one) || is_group(one);
            return tries(value).all(fits).then_some(Var::UpstreamAddr);
        }
        b"ubr" | b"upstream_bytes_received" => Var::UpstreamBytesReceived,
        b"host" | b"h" | b"vhost" | b"http_host" => Var::Host,
        b"rid" | b"reqid" | b"req_id" | b"request_id" => Var::RequestId,
        b"traceparent" | b"trace_id" | b"trace" => Var::Trace,
        _ => return None,
    };
    Some(var)
}

fn is_group(word: &[u8]) -> bool {
    word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_in_any_order() {
        let tail =
            read(br#" "-" us="502, 200" rt=0.012 ua="192.0.2.1:80, b" uct=0.001, 0.002 x=y"#);
        let fields = tail.unwrap().fields;
        assert_eq!(fields.text(Var::RequestTime).as_deref(), Some("0.012"));
        assert_eq!(fields.last(Var::UpstreamStatus), Some(&b"200"[..]));
        assert_eq!(fields.last(Var::UpstreamConnectTime), Some(&b"0.002"[..]));
        assert_eq!(fields.last(Var::UpstreamAddr), Some(&b"b"[..]));
    }

    #[test]
    fn tails_of_others() {
        for tail in [
            &br#" 5 "router@docker" "http://192.0.2.1:80" 12ms"#[..],
            br#" 1270925568 644 "fe" "be" "srv" 1 2 3"#,
            br#" ua="curl/8.0 (x y)" "unclosed"#,
            br#"x"#,
        ] {
            let read = read(tail);
            assert!(read.is_none_or(|t| t.fields.raw(Var::UpstreamAddr).is_none()), "{tail:?}");
        }
        assert!(read(br#" "a" 0.003 0.002"#).is_some_and(|t| !t.only_nginx));
    }
}
