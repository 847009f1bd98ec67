//! The frame of an nginx error log line: time, level, message, and the request it is about.

use model::Timestamp;

use crate::{Context, scan};

/// Level words, <https://nginx.org/en/docs/ngx_core_module.html#error_log>.
const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"];

/// One record of the error log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// UTC time, if the line states one in full.
    pub(super) at: Option<Timestamp>,
    /// Level, if the line has its prefix.
    pub(super) level: Option<&'a str>,
    /// Whether the frame alone shows that nginx wrote the line.
    pub(super) framed: bool,
    /// The message without the request's parts.
    pub(super) message: &'a str,
    pub(super) client: Option<&'a str>,
    pub(super) server: Option<&'a str>,
    /// The request line; shortened if the record was cut in it.
    pub(super) request: Option<&'a str>,
    pub(super) upstream: Option<&'a str>,
    pub(super) host: Option<&'a str>,
    /// Whether the stream module wrote the line: there is no HTTP, and no status.
    pub(super) stream: bool,
}

/// Splits a record; `None` if its beginning cannot be nginx's.
pub(super) fn read<'a>(record: &'a str, context: &Context) -> Option<Line<'a>> {
    let record = record.trim_end();
    let mut line = Line::default();
    let mut rest = record;
    if let Some(console) = rest.strip_prefix("nginx: ")
        && let Some((level, after)) = level(console)
    {
        line.level = Some(level);
        line.framed = true;
        line.message = after.trim_start();
        return Some(line);
    }
    rest = rest.strip_prefix("nginx: ").unwrap_or(rest);
    let timed = time(rest);
    if let Some((stamp, after)) = timed {
        line.at = scan::iso(dashed(stamp).as_ref(), context.offset_east);
        rest = after;
    }
    if let Some((level, after)) = level(rest) {
        line.level = Some(level);
        rest = after.strip_prefix(' ')?;
        // `PID#TID: `; a line cut short may lack the rest of it.
        let (process, after) = rest.split_once(": ").unwrap_or((rest.trim_end_matches(':'), ""));
        let (pid, tid) = process.split_once('#')?;
        if scan::digits(pid.as_bytes()).is_none() || !tid.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        line.framed = true;
        rest = after;
    } else if timed.is_some() {
        return None;
    }
    if let Some(after) = rest.strip_prefix('*')
        && let Some((connection, after)) = after.split_once(' ')
        && masked_number(connection)
    {
        rest = after;
    } else if line.level.is_none() && record.starts_with('*') {
        return None;
    }
    line.split(rest);
    Some(line)
}

impl<'a> Line<'a> {
    /// Separates the message from the parts nginx appends to it (`ngx_http_log_error`).
    fn split(&mut self, text: &'a str) {
        let Some((message, rest)) = text.split_once(", client: ") else {
            self.message = text;
            return;
        };
        self.message = message;
        self.stream = rest.contains(", bytes from/to client:");
        let next = [", server: ", ", request: \"", ", upstream: \"", ", host: \""];
        let (client, mut rest) = until(rest, &next);
        // A server without a name at the end of a record, whose last space was taken off.
        let client = client.strip_suffix(", server:").unwrap_or(client);
        self.client = scan::present(client);
        if let Some(after) = rest.strip_prefix(", server: ") {
            let (server, after) = until(after, &next[1..]);
            self.server = scan::present(server);
            rest = after;
        }
        // Quoted parts in nginx's order. Their values are the client's and may hold quotes, so a
        // part ends where the next one begins.
        const PARTS: [&str; 5] = ["request", "subrequest", "upstream", "host", "referrer"];
        for (index, part) in PARTS.iter().enumerate() {
            let Some(after) = rest
                .strip_prefix(", ")
                .and_then(|text| text.strip_prefix(part))
                .and_then(|text| text.strip_prefix(": \""))
            else {
                continue;
            };
            let end = PARTS[index + 1..]
                .iter()
                .filter_map(|next| after.find(&format!("\", {next}: \"")))
                .min();
            let (value, after) = match end {
                Some(end) => (&after[..end], &after[end + 1..]),
                // The last part: its quote is missing if the record was cut.
                None => (after.split_once("\", bytes from").map_or(after, |(v, _)| v), ""),
            };
            let value =
                if after.is_empty() { value.strip_suffix('"').unwrap_or(value) } else { value };
            let slot = match *part {
                "request" => &mut self.request,
                "upstream" => &mut self.upstream,
                "host" => &mut self.host,
                _ => &mut None,
            };
            *slot = scan::present(value);
            rest = after;
        }
    }

    /// The address nginx used: host and port of the upstream's URL, or `unix:/path`.
    pub(super) fn target(&self) -> Option<&'a str> {
        let url = self.upstream?;
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        if let Some(path) = rest.strip_prefix("unix:") {
            // `unix:/run/app.sock:/uri`
            let end = path.find(':').map_or(rest.len(), |at| at + "unix:".len());
            return scan::present(&rest[..end]);
        }
        scan::present(&rest[..rest.find(['/', '?']).unwrap_or(rest.len())])
    }
}

/// The text up to the first of several marks, and the rest from that mark on.
fn until<'a>(text: &'a str, marks: &[&str]) -> (&'a str, &'a str) {
    let end = marks.iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    text.split_at(end)
}

/// `2006/01/02 15:04:05 `, possibly with digits masked by letters or signs.
fn time(text: &str) -> Option<(&[u8], &str)> {
    let stamp = text.as_bytes().get(..20)?;
    let shape = stamp.iter().enumerate().all(|(i, byte)| match i {
        4 | 7 => *byte == b'/',
        10 | 19 => *byte == b' ',
        13 | 16 => *byte == b':',
        _ => byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'?' | b'#'),
    });
    (shape && stamp[..2].iter().all(u8::is_ascii_digit)).then(|| (&stamp[..19], &text[20..]))
}

fn dashed(stamp: &[u8]) -> Vec<u8> {
    stamp.iter().map(|byte| if *byte == b'/' { b'-' } else { *byte }).collect()
}

/// `[level]` and what follows the bracket.
fn level(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.strip_prefix('[')?.split_once(']')?;
    LEVELS.contains(&word).then_some((word, rest))
}

fn masked_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'X' | b'x' | b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_commas_in_the_request() {
        let record = "2026/11/02 14:03:07 [error] 7#7: *1 a, b, client: 2001:db8::1, server: , \
                      request: \"GET /?q=\", host: \"evil HTTP/1.1\", upstream: \
                      \"http://unix:/run/a.sock:/x\", host: \"h\", referrer: \"r\"";
        let line = read(record, &Context::default()).unwrap();
        assert_eq!(line.message, "a, b");
        assert_eq!(line.client, Some("2001:db8::1"));
        assert_eq!(line.server, None);
        assert_eq!(line.at.unwrap().to_string(), "2026-11-02T14:03:07Z");
        // The request holds what looks like a host; nothing can tell them apart.
        assert_eq!(line.request, Some("GET /?q="));
        let plain = record.replace("\", host: \"evil", "'");
        let line = read(&plain, &Context::default()).unwrap();
        assert_eq!(line.request, Some("GET /?q=' HTTP/1.1"));
        assert_eq!((line.target(), line.host), (Some("unix:/run/a.sock"), Some("h")));
    }

    #[test]
    fn any_cut_is_survived() {
        let record = "2026/11/02 14:03:07 [error] 7#7: *1 é, client: é, server: é, request: \
                      \"GET /é HTTP/1.1\", upstream: \"http://é:80/\", host: \"é\"";
        for end in (0..record.len()).filter(|end| record.is_char_boundary(*end)) {
            let line = read(&record[..end], &Context::default());
            assert!(end < 20 || line.is_none_or(|l| l.message.len() < 40));
        }
    }
}
