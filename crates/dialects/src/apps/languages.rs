//! One dialect for each language's errors; they share all but the reader of the text.

use memchr::memmem;
use model::{Event, Occurrence, OccurrenceKind, Timestamp};

use super::{Found, dotnet, go_client, java, occurrence, pages, python, ruby};
use crate::database::{Complaint, complaint};
use crate::node::{Origin, begins_code, is_code, leading_stamp, short};
use crate::{About, Context, Dialect, Marks, Understood, scan};

/// Longest text of one record that is looked at.
const LONGEST: usize = 64 * 1024;

/// The errors of one language.
pub(crate) struct Language {
    name: &'static str,
    about: &'static About,
    /// Words of which one is in every text that the reader understands.
    marks: &'static [&'static [&'static str]],
    read: fn(&str, &Origin<'_>) -> Found,
}

/// Java and other languages on its virtual machine.
pub(crate) static JAVA: Language = Language {
    name: "java",
    about: &pages::JAVA,
    marks: &[&[
        "Exception",
        "Error",
        "started on port",
        "raceful shutdown",
        "Web server failed to start",
        "The last packet s",
        "Servlet.service()",
    ]],
    read: java::read,
};

/// Python.
pub(crate) static PYTHON: Language = Language {
    name: "python",
    about: &pages::PYTHON,
    marks: &[&[
        "Error",
        "Traceback (most",
        "Timeout",
        "[Errno ",
        "Disconnected",
        "Connect call failed",
    ]],
    read: python::read,
};

/// .NET.
pub(crate) static DOTNET: Language = Language {
    name: "dotnet",
    about: &pages::DOTNET,
    marks: &[&["Exception", "Now listening on: ", "Application is shutting down"]],
    read: dotnet::read,
};

/// Go.
pub(crate) static GO: Language = Language {
    name: "go-client",
    about: &pages::GO,
    marks: &[&[
        "dial ",
        "panic",
        "fatal error: ",
        " \"http",
        "\\\"http",
        "read tcp ",
        "write tcp ",
    ]],
    read: go_client::read,
};

/// Ruby.
pub(crate) static RUBY: Language =
    Language { name: "ruby", about: &pages::RUBY, marks: &[&["::"]], read: ruby::read };

/// In the order in which a text is offered to them: the strictest grammar first.
static ALL: [&Language; 5] = [&DOTNET, &JAVA, &RUBY, &PYTHON, &GO];

impl Language {
    fn told(&self, text: &str, origin: &Origin<'_>) -> Found {
        let text = &text[..text.floor_char_boundary(LONGEST)];
        let marked = self
            .marks
            .iter()
            .copied()
            .flatten()
            .any(|mark| memmem::find(text.as_bytes(), mark.as_bytes()).is_some());
        if !marked || is_source(text) {
            return None;
        }
        // A refusal by the database or an empty pool says more than the exception it comes in, and
        // is the same in every language.
        if text.lines().take(40).any(|line| complaint(line).is_some()) {
            return None;
        }
        (self.read)(text, origin)
    }
}

impl Dialect for Language {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static About {
        self.about
    }

    fn is_carried(&self) -> bool {
        true
    }

    fn marks(&self) -> Marks {
        Marks::any_of(self.marks)
    }

    fn sniff(&self, record: &str) -> bool {
        read(self, record, &Context::default()).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(read(self, record, context), out)
    }
}

fn read(language: &Language, record: &str, context: &Context) -> Found {
    // A JSON line has its own dialect, which reads the texts inside it with these.
    if record.trim_start().starts_with('{') {
        return None;
    }
    let first = record.lines().find(|line| !line.trim().is_empty())?;
    let (at, rest) = leading_stamp(first, context.offset_east);
    let at = at.or_else(|| inner_stamp(first, context.offset_east));
    // What follows the stamp is the first line; those below belong to it as they are.
    let text = &record[record.find(first)? + first.len() - rest.len()..];
    let hop = context.hop.as_deref().unwrap_or("application");
    language.told(text, &Origin { hop, at: at.or(context.prefix_time) })
}

/// Whether a text is source code or prose about an error. A driver of PostgreSQL for Go writes
/// backticks itself.
fn is_source(text: &str) -> bool {
    let line = text.trim_start().lines().next().unwrap_or("");
    begins_code(text) || is_code(line) && !line.contains("failed to connect to `")
}

/// The time that a logger wrote elsewhere than in front: `time=…` of logfmt and Go's slog, `E,
/// [2026-11-02T03:04:05.678123 #7]` of Ruby's Logger.
fn inner_stamp(line: &str, offset_east: i32) -> Option<Timestamp> {
    let line = &line[..line.floor_char_boundary(200)];
    let of_ruby = || {
        let (level, rest) = line.split_once(", [")?;
        (level.len() == 1).then(|| rest.split([' ', ']']).next())?
    };
    let of_logfmt = || {
        ["time=", "ts=", "timestamp="].iter().find_map(|key| {
            let (before, rest) = line.split_once(key)?;
            let own = before.is_empty() || before.ends_with(' ');
            own.then(|| rest.trim_start_matches('"').split(['"', ' ']).next())?
        })
    };
    scan::iso(of_ruby().or_else(of_logfmt)?.as_bytes(), offset_east)
}

/// What a text printed by a program in whatever language says about calls outward, the database, or
/// the program itself.
pub(crate) fn read_text(text: &str, origin: &Origin<'_>) -> Found {
    let lines = || text.lines().take(40);
    if let Some((line, complaint)) = lines().find_map(|line| Some((line, complaint(line)?))) {
        let (kind, subject) = match complaint {
            Complaint::Refused(who) => (OccurrenceKind::DatabaseLimit, who),
            Complaint::PoolEmpty => (OccurrenceKind::ConnectionPoolEmpty, "connection pool"),
        };
        return Some(vec![occurrence(
            Occurrence::new(kind, origin.at, subject).detail(short(line)),
        )]);
    }
    ALL.iter()
        .find_map(|language| language.told(text, origin))
        .or_else(|| crate::node::read_text(text, origin))
}
