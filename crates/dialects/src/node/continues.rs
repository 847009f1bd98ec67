//! Which lines belong to the error printed above them.

/// Whether a line continues the record of a Node.js error: stack frames, the `cause` block, the
/// properties printed with it, closing braces, and the version line of a process that dies.
///
/// Only meaningful after the first line of such an error: on its own an indented `key: value`
/// line could be anything.
#[must_use]
pub fn continues(line: &str) -> bool {
    let text = line.trim_start();
    let indented = text.len() < line.len();
    let text = text.trim_end();
    if text.is_empty() {
        return false;
    }
    if text.trim_start_matches(['}', ']']).trim_matches([',', ' ', '{']).is_empty()
        && text.starts_with(['}', ']'])
    {
        return true;
    }
    if !indented {
        return text
            .strip_prefix("Node.js v")
            .is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()));
    }
    if text.starts_with("at ") || text.starts_with("... ") || text.starts_with("^") {
        return true;
    }
    if super::head::heads(text).next().is_some_and(|head| head.start == 0) {
        return true;
    }
    let Some((key, _)) = text.split_once(':') else { return false };
    let key = key.trim_matches(['[', ']', '\'', '"']);
    !key.is_empty()
        && key.len() <= 40
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$'))
}

#[cfg(test)]
mod tests {
    use super::continues;

    #[test]
    fn the_lines_of_a_printed_error() {
        for line in [
            "    at async Object.load (file:///srv/app.js:24:9)",
            "    at async Server.<anonymous> (/srv/app.js:24:9) {",
            "  cause: HeadersTimeoutError: Headers Timeout Error",
            "  [cause]: AggregateError [ETIMEDOUT]: ",
            "    [errors]: [",
            "      Error: connect ETIMEDOUT 203.0.113.7:443",
            "    code: 'UND_ERR_HEADERS_TIMEOUT',",
            "    socket: {",
            "    },",
            "  }",
            "}",
            "            ^",
            "    ... 4 lines matching cause stack trace ...",
            "Node.js v20.20.2",
        ] {
            assert!(continues(line), "{line}");
        }
    }

    #[test]
    fn lines_that_begin_something_new() {
        for line in [
            "",
            "TypeError: fetch failed",
            "2026-11-02T03:04:05Z GET /health 200",
            "  indented prose that goes on",
            "GET / 200",
            "{\"level\":30}",
            "Node.js version check passed",
        ] {
            assert!(!continues(line), "{line}");
        }
    }
}
