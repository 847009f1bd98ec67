//! The frame of an Apache httpd error log line: time, module, level, process, peer, error number.

use model::Timestamp;

use crate::{Context, scan};

/// Level words, <https://httpd.apache.org/docs/2.4/mod/core.html#loglevel>.
const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"];

/// One record of the error log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// UTC time, if the line states one.
    pub(super) at: Option<Timestamp>,
    /// Module of 2.4's `[module:level]`; empty in 2.2 or where the server wrote none.
    pub(super) module: &'a str,
    /// Client address without port.
    pub(super) client: Option<&'a str>,
    /// Port of the client, 2.4 only.
    pub(super) client_port: Option<u32>,
    /// The server httpd connected to, where the line is about that connection (`[remote …]`).
    pub(super) remote: Option<&'a str>,
    /// Error number of `(111)Connection refused: ` or `(OS 10061)…: `.
    pub(super) errno: Option<u32>,
    /// Number of the `AH00957: ` code.
    pub(super) code: Option<u32>,
    /// The message after all that, without `, referer: …`.
    pub(super) message: &'a str,
}

/// Splits a record; `None` if its beginning cannot be httpd's.
pub(super) fn read<'a>(record: &'a str, context: &Context) -> Option<Line<'a>> {
    let mut rest = record.trim_end();
    let mut line = Line::default();
    let mut level_of: Option<bool> = None;
    let mut process = false;
    let mut ctime = false;
    for _ in 0..8 {
        let Some((group, after)) = group(rest) else { break };
        if line.at.is_none()
            && level_of.is_none()
            && let Some((at, native)) = time(group, context.offset_east)
        {
            line.at = Some(at);
            ctime = native;
            rest = after;
            continue;
        }
        if level_of.is_none() {
            let (module, level) = match group.split_once(':') {
                Some((module, level)) => (Some(module), level),
                None => (None, group),
            };
            // `%-m` writes a dash where httpd does not know the module.
            let module = module.map(|module| if module == "-" { "" } else { module });
            let name = |m: &str| m.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            let level = level.trim_end_matches(|c: char| c.is_ascii_digit());
            if (!LEVELS.contains(&level) && level != "trace") || !module.is_none_or(name) {
                return None;
            }
            line.module = module.unwrap_or("");
            level_of = Some(module.is_some());
        } else if let Some(numbers) = group.strip_prefix("pid ") {
            scan::digits(numbers.split(':').next()?.as_bytes())?;
            process = true;
        } else if let Some(peer) = group.strip_prefix("client ") {
            line.peer(peer, level_of == Some(true));
        } else if let Some(peer) = group.strip_prefix("remote ") {
            line.remote = scan::present(peer);
        } else {
            break;
        }
        rest = after;
        // The error stands before or after the peer, by version.
        line.error(&mut rest);
        source(&mut rest);
        line.error(&mut rest);
    }
    if level_of.is_none() && line.at.is_none() {
        // Pasted from the error or the peer on: the code below shows whose it is.
        line.error(&mut rest);
        if let Some((group, after)) = group(rest)
            && let Some(peer) = group.strip_prefix("client ")
        {
            line.peer(peer, true);
            rest = after;
            line.error(&mut rest);
        }
    }
    // httpd's own time with a level is enough; any other time, or none, needs module and process,
    // and without any of these it is the code of mod_proxy and its family that is nobody else's.
    let framed = level_of.is_some_and(|has_module| ctime || (has_module && process));
    if !framed && (level_of.is_some() || line.at.is_some() || !is_coded(rest)) {
        return None;
    }
    if let Some((code, after)) = rest.strip_prefix("AH").and_then(|text| text.split_once(": "))
        && code.len() == 5
    {
        line.code = scan::digits(code.as_bytes());
        rest = after;
    }
    line.message = rest.rfind(", referer: ").map_or(rest, |at| &rest[..at]);
    Some(line)
}

/// Whether a text begins with a code of httpd's: `AH00957: `.
fn is_coded(text: &str) -> bool {
    let code = text.strip_prefix("AH").and_then(|rest| rest.split_once(": "));
    code.is_some_and(|(code, _)| code.len() == 5 && scan::digits(code.as_bytes()).is_some())
}

impl<'a> Line<'a> {
    fn peer(&mut self, peer: &'a str, with_port: bool) {
        // 2.4 writes a port after every address, IPv6 without brackets; 2.2 writes none.
        let (address, port) = match peer.rsplit_once(':') {
            Some((address, port)) if with_port => (address, scan::digits(port.as_bytes())),
            _ => (peer, None),
        };
        self.client = scan::present(address);
        self.client_port = port;
    }

    /// Takes `(111)Connection refused: ` off the beginning. The text is the system's, in whatever
    /// language, so only the number counts.
    fn error(&mut self, rest: &mut &'a str) {
        let text = rest.strip_prefix("(OS ").or_else(|| rest.strip_prefix('('));
        let Some((number, after)) = text.and_then(|text| text.split_once(')')) else { return };
        let Some(number) = scan::digits(number.as_bytes()) else { return };
        let Some((_, message)) = after.split_once(": ") else { return };
        self.errno = Some(number);
        *rest = message.trim_start();
    }
}

/// Takes a source position (`mod_proxy.c(820): `) off the beginning: levels debug and trace.
fn source(rest: &mut &str) {
    if let Some((position, after)) = rest.split_once("): ")
        && let Some((file, number)) = position.split_once(".c(")
        && !file.contains(' ')
        && scan::digits(number.as_bytes()).is_some()
    {
        *rest = after;
    }
}

/// The text between brackets at the beginning, and what follows them and their spaces.
fn group(text: &str) -> Option<(&str, &str)> {
    let (inside, after) = text.strip_prefix('[')?.split_once(']')?;
    Some((inside, after.trim_start_matches(' ')))
}

/// A time, and whether it is in httpd's default form, `Sat Jul 08 17:40:54.742169 2017`, rather
/// than in one of `ErrorLogFormat`'s others.
fn time(text: &str, offset_east: i32) -> Option<(Timestamp, bool)> {
    const DAYS: [&str; 7] = ["Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "];
    if let Some(rest) = DAYS.iter().find_map(|day| text.strip_prefix(day)) {
        let mut words = rest.split_ascii_whitespace();
        let month = scan::month(words.next()?.as_bytes())?;
        let day = scan::digits(words.next()?.as_bytes())?;
        let clock = words.next()?;
        let year = scan::digits(words.next()?.as_bytes()).filter(|year| *year < 10_000)?;
        let iso = format!("{year:04}-{month:02}-{day:02}T{clock}");
        return scan::iso(iso.as_bytes(), offset_east).map(|at| (at, true));
    }
    scan::clf_time(text.as_bytes(), offset_east)
        .or_else(|| scan::iso(text.as_bytes(), offset_east))
        .map(|at| (at, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_number_on_either_side_of_the_client() {
        for record in [
            "[Sat Jul 08 17:40:54.742169 2017] [proxy:error] [pid 1:tid 2] (111)Verbindung \
             abgelehnt: [client ::1:53768] AH00957: m, referer: http://example.com/",
            "[Sat Jul 08 17:40:54.742169 2017] [proxy:error] [pid 1] [client ::1:53768] \
             (111)Connection refused: AH00957: m",
            "[proxy:error] [pid 1] mod_proxy.c(820): (111)x: [client ::1:53768] AH00957: m",
        ] {
            let line = read(record, &Context::default()).unwrap();
            assert_eq!((line.errno, line.code, line.message), (Some(111), Some(957), "m"));
            assert_eq!((line.client, line.client_port), (Some("::1"), Some(53768)));
        }
    }

    #[test]
    fn other_programs_brackets() {
        for record in [
            "[2021-06-04 15:40:27 +0000] [12345] [CRITICAL] WORKER TIMEOUT (pid:1)",
            "[2021-06-04 15:40:27] [error] something",
            "[error] something",
            "[2021/06/03 09:30:50] - - - -",
            "[",
            "[]",
            "[pid 1]",
        ] {
            assert_eq!(read(record, &Context::default()), None, "{record}");
        }
    }
}
