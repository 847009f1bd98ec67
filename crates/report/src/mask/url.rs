//! Finds the values of query strings and fragments, and passwords in URLs (RFC 3986).

use std::ops::Range;

use super::says_nothing;

/// Longest parameter name that is shown; a longer one is taken for a value.
const LONGEST_NAME: usize = 64;

pub(super) fn find(text: &[u8], hidden: &mut Vec<Range<usize>>) {
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'?' if text.get(at + 1).is_some_and(|b| is_query_start(*b)) => {
                at = parameters(text, at + 1, hidden);
            }
            b':' if text[at..].starts_with(b"://") => at = user_info(text, at + 3, hidden),
            _ => at += 1,
        }
    }
}

fn is_query_start(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"_%-.~[$&=+/".contains(&b) || b >= 0x80
}

/// Hides the values of `name=value` pairs that begin here; returns where they end. Also used
/// for fields that hold a query string without its question mark.
pub(super) fn parameters(text: &[u8], start: usize, hidden: &mut Vec<Range<usize>>) -> usize {
    let mut pair = start;
    let mut at = start;
    let mut value: Option<usize> = None;
    loop {
        let separator = separator_at(text, at);
        let ends = separator == 0 && ends_query(text, at);
        if separator > 0 || ends {
            hide_pair(text, pair, value, at, hidden);
            if ends {
                return at;
            }
            at += separator;
            pair = at;
            value = None;
        } else {
            if text[at] == b'=' && value.is_none() {
                value = Some(at + 1);
            }
            at += 1;
        }
    }
}

fn hide_pair(
    text: &[u8],
    pair: usize,
    value: Option<usize>,
    end: usize,
    hidden: &mut Vec<Range<usize>>,
) {
    match value {
        Some(value) if value - pair <= LONGEST_NAME + 1 => {
            if !says_nothing(&text[value..end]) {
                hidden.push(value..end);
            }
        }
        _ if says_nothing(&text[pair..end]) => {}
        _ => hidden.push(pair..end),
    }
}

/// Length of the separator of parameters here: `&`, `;` between pairs, `#` before a fragment, and
/// `&` as JSON and HTML writers escape it. 0 if there is none.
fn separator_at(text: &[u8], at: usize) -> usize {
    let rest = &text[at.min(text.len())..];
    if rest.starts_with(b"\\u0026") {
        6
    } else if rest.starts_with(b"&amp;") {
        5
    } else if matches!(rest.first(), Some(b'&' | b'#')) {
        1
    } else {
        0
    }
}

/// Whether a query string ends here: at white space or a quote, also an escaped one. A single
/// quote may be part of a value, so that it ends only where a delimiter follows.
fn ends_query(text: &[u8], at: usize) -> bool {
    let Some(b) = text.get(at) else { return true };
    let next = text.get(at + 1);
    match b {
        b'"' | b'<' | b'>' | b'`' | b'|' => true,
        b'\\' => matches!(next, None | Some(b'"' | b'n' | b'r' | b't' | b'\\')),
        b'\'' => next.is_none_or(|b| b" ,;)]}:".contains(b) || b.is_ascii_whitespace()),
        b',' | b')' | b']' | b'}' => next.is_none_or(u8::is_ascii_whitespace),
        b => b.is_ascii_whitespace(),
    }
}

/// Hides the password of `user:password@host`, or the only part of `token@host`; returns where
/// the authority ends.
fn user_info(text: &[u8], start: usize, hidden: &mut Vec<Range<usize>>) -> usize {
    let length = text[start..]
        .iter()
        .take_while(|b| !b.is_ascii_whitespace() && !b"/?#\"<>\\`,".contains(b))
        .count();
    let authority = &text[start..start + length];
    if let Some(end) = authority.iter().rposition(|b| *b == b'@') {
        let colon = authority[..end].iter().position(|b| *b == b':');
        let secret = colon.map_or(0, |colon| colon + 1)..end;
        if !says_nothing(&authority[secret.clone()]) {
            hidden.push(start + secret.start..start + secret.end);
        }
    }
    start + length
}

#[cfg(test)]
mod tests {
    use crate::mask::mask;

    #[test]
    fn query_values_go_and_names_stay() {
        for (text, expected) in [
            ("GET /a?x=1&y=two%20b HTTP/1.1", "GET /a?x=***&y=*** HTTP/1.1"),
            ("\"http://h:80/a?b=c\"", "\"http://h:80/a?b=***\""),
            ("path '/s?q=O'Brien&t=1' }", "path '/s?q=***&t=***' }"),
            (r#"{"url":"/a?b=c\u0026d=e\"f"}"#, r#"{"url":"/a?b=***\u0026d=***\"f"}"#),
            ("/a?b=1&amp;c=2 x", "/a?b=***&amp;c=*** x"),
            ("/cb#x /cb?code=ab#access_token=zz", "/cb#x /cb?code=***#access_token=***"),
            ("/a?flag&b=&c=-", "/a?***&b=&c=-"),
            ("/a?b=日本語", "/a?b=***"),
            ("(see /a?b=c)", "(see /a?b=***)"),
        ] {
            assert_eq!(mask(text), expected, "{text}");
        }
    }

    #[test]
    fn url_passwords_go_and_hosts_stay() {
        for (text, expected) in [
            ("postgres://app:hunter2@db.internal:5432/x", "postgres://app:***@db.internal:5432/x"),
            ("redis://:s3cret@10.0.0.5:6379", "redis://:***@10.0.0.5:6379"),
            ("https://abc123@host/x", "https://***@host/x"),
            ("amqp://u:p@ss@mq:5672", "amqp://u:***@mq:5672"),
            ("upstream: \"http://10.0.0.1:8080/a\"", "upstream: \"http://10.0.0.1:8080/a\""),
        ] {
            assert_eq!(mask(text), expected, "{text}");
        }
    }

    #[test]
    fn question_marks_in_prose_stay() {
        for text in ["is it down? yes", "what?", "(really?)", "a ? b : c"] {
            assert_eq!(mask(text), text);
        }
    }
}
