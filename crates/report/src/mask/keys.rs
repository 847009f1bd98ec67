//! Finds values by the name of their key: `password=…`, `"token": "…"`, `Cookie: a=…; b=…`,
//! `Authorization: Bearer …`, `--password …`, and fields that hold a query string.

use std::ops::Range;

use super::{says_nothing, url};

/// Longest key that is looked at.
const LONGEST_KEY: usize = 64;

/// Keys (lower case, without `-`, `_`, `.`) whose value is secret, as the key's end.
const SECRET_ENDINGS: [&str; 19] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "accesskeyid",
    "secretkey",
    "privatekey",
    "credential",
    "credentials",
    "authorization",
    "sessionid",
    "signature",
    "jwt",
    "passcode",
    "encryptionkey",
];

/// Keys whose value is secret, as the whole key: too short or too common to be an ending.
const SECRET_KEYS: [&str; 9] =
    ["auth", "pass", "sid", "sig", "otp", "pin", "session", "csrf", "basicauth"];

/// Keys whose value is a query string without its question mark.
const QUERY_KEYS: [&str; 6] =
    ["args", "query", "querystring", "requestquery", "queryparams", "requestargs"];

/// What the value of a key is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Secret,
    Authorization,
    Cookies,
    Query,
}

fn kind_of(key: &[u8]) -> Option<Kind> {
    let plain: String = key
        .iter()
        .filter(|b| b.is_ascii_alphanumeric())
        .map(|b| char::from(b.to_ascii_lowercase()))
        .collect();
    let plain = plain.as_str();
    if plain.ends_with("authorization") {
        Some(Kind::Authorization)
    } else if plain.ends_with("cookie") || plain.ends_with("cookies") {
        Some(Kind::Cookies)
    } else if QUERY_KEYS.contains(&plain) {
        Some(Kind::Query)
    } else if SECRET_KEYS.contains(&plain) || SECRET_ENDINGS.iter().any(|end| plain.ends_with(end))
    {
        Some(Kind::Secret)
    } else {
        None
    }
}

pub(super) fn find(text: &[u8], hidden: &mut Vec<Range<usize>>) {
    let mut at = 0;
    while at < text.len() {
        let end = match text[at] {
            b':' | b'=' => after_separator(text, at, hidden),
            b' ' => after_option(text, at, hidden),
            b'B' | b'b' => after_scheme(text, at, hidden),
            _ => None,
        };
        at = end.unwrap_or(at).max(at + 1);
    }
}

fn is_key_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'-' || b == b'.'
}

/// The key that ends right before a position.
fn key_before(text: &[u8], end: usize) -> &[u8] {
    let length =
        text[..end].iter().rev().take(LONGEST_KEY).take_while(|b| is_key_byte(**b)).count();
    &text[end - length..end]
}

/// A `key: value` or `key=value` with its separator here; returns where the value ends.
fn after_separator(text: &[u8], at: usize, hidden: &mut Vec<Range<usize>>) -> Option<usize> {
    let mut end = at;
    for skipped in [b" ", b"\"", b"\\"] {
        if text[..end].ends_with(skipped) {
            end -= 1;
        }
    }
    if end == at && text[..end].ends_with(b"'") {
        end -= 1;
    }
    let key = key_before(text, end);
    let kind = kind_of(key)?;
    if key == b"PWD" && text.get(at + 1) == Some(&b'/') {
        // The working directory, as shells and sudo write it.
        return None;
    }
    Some(value(text, at + 1, kind, hidden))
}

/// The value of a command-line option `--key value`; returns where it ends.
fn after_option(text: &[u8], at: usize, hidden: &mut Vec<Range<usize>>) -> Option<usize> {
    let key = key_before(text, at);
    if !key.starts_with(b"--") || text.get(at + 1).is_none_or(|b| *b == b'-') {
        return None;
    }
    let kind = kind_of(key)?;
    Some(value(text, at + 1, kind, hidden))
}

/// Credentials after a bare `Bearer` or `Basic`; returns where they end. Plain words
/// (`Basic authentication`) are prose.
fn after_scheme(text: &[u8], at: usize, hidden: &mut Vec<Range<usize>>) -> Option<usize> {
    let rest = &text[at..];
    let length = [b"bearer ".as_slice(), b"basic "]
        .iter()
        .find(|scheme| {
            rest.len() > scheme.len() && rest[..scheme.len()].eq_ignore_ascii_case(scheme)
        })?
        .len();
    if at > 0 && text[at - 1].is_ascii_alphanumeric() {
        return None;
    }
    let start = at + length;
    let token = text[start..].iter().take_while(|b| is_token68(**b)).count();
    let value = &text[start..start + token];
    let random = value.iter().any(|b| !b.is_ascii_lowercase() && *b != b'.' && *b != b'-');
    if token < 8 || !random {
        return None;
    }
    hidden.push(start..start + token);
    Some(start + token)
}

/// The characters of `token68` (RFC 9110 section 11.2).
fn is_token68(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b)
}

/// Hides the value that begins here, after white space and an opening quote or bracket; returns
/// where it ends.
fn value(text: &[u8], start: usize, kind: Kind, hidden: &mut Vec<Range<usize>>) -> usize {
    let mut at = start + usize::from(text.get(start) == Some(&b' '));
    let end = match text.get(at) {
        None => return at,
        Some(b'{') => return at,
        Some(b'[') => {
            let end = at + 1 + text[at + 1..].iter().take_while(|b| **b != b']').count();
            hidden.push(at + 1..end);
            return end;
        }
        Some(quote @ (b'"' | b'\'')) => {
            at += 1;
            quoted_end(text, at, &[*quote])
        }
        Some(b'\\') if text.get(at + 1) == Some(&b'"') => {
            at += 2;
            quoted_end(text, at, b"\\\"")
        }
        Some(_) => match kind {
            // Spaces belong to the value of a header field.
            Kind::Cookies | Kind::Authorization => line_end(text, at),
            Kind::Query | Kind::Secret => word_end(text, at),
        },
    };
    match kind {
        Kind::Secret => hide(text, at..end, hidden),
        Kind::Authorization => return credentials(text, at..end, hidden),
        Kind::Cookies => cookies(text, at..end, hidden),
        Kind::Query => {
            if text[at..end].contains(&b'=') {
                return url::parameters(text, at, hidden).max(end);
            }
        }
    }
    end
}

fn hide(text: &[u8], range: Range<usize>, hidden: &mut Vec<Range<usize>>) {
    if !says_nothing(&text[range.clone()]) {
        hidden.push(range);
    }
}

/// Where a quoted value ends: at its closing quote, which no backslash escapes.
fn quoted_end(text: &[u8], start: usize, quote: &[u8]) -> usize {
    let mut at = start;
    while at < text.len() {
        if text[at..].starts_with(quote) {
            return at;
        }
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    text.len()
}

fn line_end(text: &[u8], start: usize) -> usize {
    start + text[start..].iter().take_while(|b| !b"\"\n\r\\'`".contains(b)).count()
}

fn word_end(text: &[u8], start: usize) -> usize {
    let inside = |b: &&u8| !b.is_ascii_whitespace() && !b"\",;&)}]'\\`<>|".contains(b);
    start + text[start..].iter().take_while(inside).count()
}

/// Keeps the scheme of an `Authorization` value and hides the rest.
fn credentials(text: &[u8], range: Range<usize>, hidden: &mut Vec<Range<usize>>) -> usize {
    const SCHEMES: [&[u8]; 9] = [
        b"basic",
        b"bearer",
        b"digest",
        b"negotiate",
        b"ntlm",
        b"aws4-hmac-sha256",
        b"apikey",
        b"token",
        b"hmac",
    ];
    let value = &text[range.clone()];
    let word = value.iter().take_while(|b| !b.is_ascii_whitespace()).count();
    let known = SCHEMES.iter().any(|scheme| value[..word].eq_ignore_ascii_case(scheme));
    let mut start = range.start;
    if known {
        start += word;
        start += text[start..range.end].iter().take_while(|b| b.is_ascii_whitespace()).count();
    }
    if says_nothing(&text[range.clone()]) {
        return range.end;
    }
    hide(text, start..range.end, hidden);
    range.end
}

/// Hides the values of `name=value; name=value`, or all of it if it has another form.
fn cookies(text: &[u8], range: Range<usize>, hidden: &mut Vec<Range<usize>>) {
    let mut at = range.start;
    while at < range.end {
        let pair = text[at..range.end].iter().take_while(|b| **b != b';').count();
        let equals = text[at..at + pair].iter().position(|b| *b == b'=');
        let name = text[at..at + pair].iter().take_while(|b| **b == b' ').count();
        match equals {
            Some(equals) if equals <= LONGEST_KEY => hide(text, at + equals + 1..at + pair, hidden),
            _ => hide(text, at + name..at + pair, hidden),
        }
        at += pair + 1;
    }
}

#[cfg(test)]
mod tests {
    use crate::mask::mask;

    #[test]
    fn values_of_telling_keys_go() {
        for (text, expected) in [
            ("password=hunter2 next", "password=*** next"),
            ("{\"db_password\": \"a\\\"b c\", \"n\": 1}", "{\"db_password\": \"***\", \"n\": 1}"),
            (r#"{\"apiKey\":\"k1\",\"n\":1}"#, r#"{\"apiKey\":\"***\",\"n\":1}"#),
            ("{ clientSecret: 'x y', n: 1 }", "{ clientSecret: '***', n: 1 }"),
            ("run --password hunter2 --port 80", "run --password *** --port 80"),
            ("X-Api-Key: 12345", "X-Api-Key: ***"),
            ("PGPASSWORD=x psql", "PGPASSWORD=*** psql"),
            ("\"tokens\":1 \"token\":[\"a\",\"b\"]", "\"tokens\":1 \"token\":[***]"),
            ("\"args\":\"a=1&b=2\",\"n\":1", "\"args\":\"a=***&b=***\",\"n\":1"),
        ] {
            assert_eq!(mask(text), expected, "{text}");
        }
    }

    #[test]
    fn header_fields_keep_scheme_and_cookie_names() {
        for (text, expected) in [
            ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ***"),
            (
                "\"authorization\":\"Bearer abc.def\",\"n\":1",
                "\"authorization\":\"Bearer ***\",\"n\":1",
            ),
            (
                "authorization: Digest username=\"u\", response=\"r\"",
                "authorization: Digest ***\"u\", response=\"r\"",
            ),
            ("sent Bearer AbC123def456 to x", "sent Bearer *** to x"),
            ("Cookie: sid=abc; theme=dark", "Cookie: sid=***; theme=***"),
            ("\"set-cookie\":\"s=1; Path=/; HttpOnly\"", "\"set-cookie\":\"s=***; Path=***; ***\""),
            ("\"cookie\":[\"a=1\"],\"n\":2", "\"cookie\":[***],\"n\":2"),
        ] {
            assert_eq!(mask(text), expected, "{text}");
        }
    }

    #[test]
    fn other_keys_stay() {
        for text in [
            ":authority: api.example.com:443",
            "\"ssl_session_reused\":\"r\"",
            "password authentication failed for user \"app\"",
            "token: null, cookie: \"-\", \"authorization\":\"\"",
            "Basic authentication is required",
            "author=kim tokens=12 monkey=3",
            "sudo: app : TTY=pts/6 ; PWD=/srv/app ; USER=root",
            "SyntaxError: Unexpected end of JSON input",
        ] {
            assert_eq!(mask(text), text);
        }
    }
}
