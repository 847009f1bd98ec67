//! nginx `log_format` strings, compiled once and matched line by line.

use memchr::{memchr, memchr_iter, memmem};

use super::fields::{Fields, Var};

/// How nginx escaped the variables' values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    /// `"`, `\` and unprintable bytes as `\xXX`.
    Default,
    /// As in JSON strings.
    Json,
    /// Not at all.
    None,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(Box<[u8]>),
    Value(Var),
}

/// A compiled `log_format`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFormat {
    source: String,
    escape: Escape,
    pieces: Vec<Piece>,
}

impl LogFormat {
    /// Compiles the value of a `log_format` directive (the string after the name, quotes removed
    /// and pieces joined). An `escape=…` parameter may stand before it.
    ///
    /// # Errors
    /// One sentence if two variables stand side by side with nothing between them (a URI may
    /// follow another variable: its slash divides them), or if the format has no `$status`.
    pub fn compile(source: &str) -> Result<LogFormat, String> {
        let format = LogFormat::of(source)?;
        if !format.pieces.contains(&Piece::Value(Var::Status)) {
            return Err("The format has no $status, so it cannot show a failure.".to_owned());
        }
        Ok(format)
    }

    /// Compiles without asking for a status, for parts of lines.
    pub(super) fn of(source: &str) -> Result<LogFormat, String> {
        let source = source.trim();
        let (escape, text) = match source.strip_prefix("escape=") {
            Some(rest) => {
                let (word, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                let escape = match word {
                    "default" => Escape::Default,
                    "json" => Escape::Json,
                    "none" => Escape::None,
                    other => return Err(format!("nginx has no escape={other}.")),
                };
                (escape, text.trim_start())
            }
            None => (Escape::Default, source),
        };
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            literal.push_str(&rest[..dollar]);
            let after = &rest[dollar + 1..];
            let (name, next) = variable(after);
            if name.is_empty() {
                literal.push('$');
                rest = after;
                continue;
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal).into_bytes().into()));
            }
            let var = Var::of(name);
            if matches!(pieces.last(), Some(Piece::Value(_))) && var != Var::Uri {
                return Err(format!("Nothing separates ${name} from the variable before it."));
            }
            pieces.push(Piece::Value(var));
            rest = next;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.into_bytes().into()));
        }
        Ok(LogFormat { source: source.to_owned(), escape, pieces })
    }

    /// The format as it was given.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The variables' values, if the whole line is of this format.
    pub(crate) fn read<'a>(&self, line: &'a [u8]) -> Option<Fields<'a>> {
        let mut fields = Fields::default();
        let mut rest = line;
        for (index, piece) in self.pieces.iter().enumerate() {
            let var = match piece {
                Piece::Literal(literal) => {
                    rest = rest.strip_prefix(&**literal)?;
                    continue;
                }
                Piece::Value(var) => *var,
            };
            let last = index + 2 >= self.pieces.len();
            let end = match self.pieces.get(index + 1) {
                None => rest.len(),
                Some(Piece::Literal(literal)) if last => {
                    rest.strip_suffix(&**literal).map(<[u8]>::len)?
                }
                Some(Piece::Literal(literal)) => self.end(rest, literal, var)?,
                Some(Piece::Value(_)) => memchr(b'/', rest)?,
            };
            let value = &rest[..end];
            if !var.accepts(value) {
                return None;
            }
            fields.set(var, value);
            rest = &rest[end..];
        }
        rest.is_empty().then_some(fields)
    }

    /// Where a value ends that is followed by a literal.
    fn end(&self, rest: &[u8], literal: &[u8], var: Var) -> Option<usize> {
        let fixed = match var {
            Var::TimeLocal => Some("10/Oct/2000:13:55:36 -0700".len()),
            Var::TimeIso => Some("2000-10-10T13:55:36-07:00".len()),
            _ => None,
        };
        if let Some(length) = fixed {
            return (rest.len() >= length).then_some(length);
        }
        let bare = literal[0] == b' ';
        let escaped = literal[0] == b'"' && self.escape != Escape::None;
        // A request line without quotes has spaces of its own.
        let from = match var {
            Var::Request if bare && !rest.starts_with(b"- ") => memmem::find(rest, b" HTTP/")? + 1,
            _ => 0,
        };
        let ends = |at: &usize| {
            let value = &rest[..*at];
            if escaped && ends_in_escape(value) {
                return false;
            }
            if bare && var.per_try() {
                let goes_on = value.ends_with(b",") || value.ends_with(b" :");
                return !goes_on && !rest[*at..].starts_with(b" : ");
            }
            *at >= from
        };
        // A search for several bytes costs more to prepare than these short values are long. Without
        // it only literals can be found that do not overlap themselves.
        if memchr(literal[0], &literal[1..]).is_none() {
            let begins = memchr_iter(literal[0], rest);
            return begins.filter(|at| rest[*at..].starts_with(literal)).find(ends);
        }
        memmem::find_iter(rest, literal).find(ends)
    }
}

/// A variable's name after its `$`, and what follows it.
fn variable(text: &str) -> (&str, &str) {
    let length =
        |text: &str| text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    if let Some(inner) = text.strip_prefix('{') {
        let end = length(inner);
        if inner[end..].starts_with('}') {
            return (&inner[..end], &inner[end + 1..]);
        }
        return ("", text);
    }
    text.split_at(length(text))
}

/// Whether the byte after this text is escaped: an odd number of backslashes stands before it.
pub(crate) fn ends_in_escape(text: &[u8]) -> bool {
    text.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(format: &str, line: &str, vars: &[Var]) -> Option<Vec<String>> {
        let format = LogFormat::compile(format).unwrap();
        let fields = format.read(line.as_bytes())?;
        Some(vars.iter().map(|v| fields.text(*v).unwrap_or_default().into_owned()).collect())
    }

    #[test]
    fn variables_in_any_order() {
        let got = values(
            "$status|$request_time|$upstream_addr [$time_local] $host$request_uri",
            "502|0.003|192.0.2.1:80, 192.0.2.2:80 [10/Oct/2026:13:55:36 +0000] example.com/a?b",
            &[Var::Status, Var::UpstreamAddr, Var::Host, Var::Uri],
        );
        let want = ["502", "192.0.2.1:80, 192.0.2.2:80", "example.com", "/a?b"];
        assert_eq!(got.unwrap(), want);
    }

    #[test]
    fn lists_without_quotes() {
        let got = values(
            "$upstream_addr $upstream_status $status",
            "192.0.2.1:80, 192.0.2.2:80 : 192.0.2.3:80 502, 502 : 200 200",
            &[Var::UpstreamAddr, Var::UpstreamStatus, Var::Status],
        );
        let want = ["192.0.2.1:80, 192.0.2.2:80 : 192.0.2.3:80", "502, 502 : 200", "200"];
        assert_eq!(got.unwrap(), want);
    }

    #[test]
    fn request_without_quotes() {
        let got = values("$request $status", "GET /a b HTTP/1.1 502", &[Var::Request, Var::Status]);
        assert_eq!(got.unwrap(), ["GET /a b HTTP/1.1", "502"]);
        assert_eq!(values("$request $status", "- 400", &[Var::Status]).unwrap(), ["400"]);
        let spaces = " ".repeat(400_000);
        assert_eq!(values("$request $status $host", &spaces, &[]), None);
    }

    #[test]
    fn quotes_inside_json() {
        let got = values(
            r#"escape=json {"r":"$request","s":$status,"h":"${host}"}"#,
            r#"{"r":"GET /\",\"s\":1 HTTP/1.1","s":200,"h":""}"#,
            &[Var::Request, Var::Status, Var::Host],
        );
        assert_eq!(got.unwrap(), [r#"GET /\",\"s\":1 HTTP/1.1"#, "200", ""]);
    }

    #[test]
    fn refusals() {
        assert!(LogFormat::compile("$remote_addr$status").is_err());
        assert!(LogFormat::compile("$remote_addr").is_err());
        assert!(LogFormat::compile("escape=yaml $status").is_err());
        assert!(LogFormat::compile("").is_err());
        assert!(LogFormat::compile("${status").is_err());
        assert_eq!(values("$status $host", "20 x", &[Var::Host]), None);
        assert_eq!(values("$status $host.", "200 x", &[Var::Host]), None);
    }
}
