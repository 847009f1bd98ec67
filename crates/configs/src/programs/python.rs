//! Python's application servers: gunicorn's configuration file, `uvicorn.run(…)`, and SQLAlchemy's pools.

use model::config::{Key, Notation, Setting, Slot, Value};

use super::command::{bind_address, worker_class};
use super::{Reading, listens, runs};
use crate::assemble::environment;
use crate::code::{Known, Language, Scale};
use crate::document::Document;
use crate::draft::{Draft, LinkDraft, Name, Reach};

/// gunicorn's settings. <https://docs.gunicorn.org/en/stable/settings.html>
const GUNICORN: &[(&str, Key, &str, bool)] = &[
    ("keepalive", Key::ClientIdleTimeout, "keepalive", true),
    ("timeout", Key::WorkerTimeout, "timeout", true),
    ("graceful_timeout", Key::ShutdownTimeout, "graceful_timeout", true),
    ("workers", Key::Workers, "workers", false),
    ("threads", Key::Threads, "threads", false),
    ("backlog", Key::Backlog, "backlog", false),
];

/// uvicorn's arguments. <https://www.uvicorn.org/settings/>
const UVICORN: &[(&str, Key, &str, bool)] = &[
    ("timeout_keep_alive", Key::ClientIdleTimeout, "timeout_keep_alive", true),
    ("timeout_graceful_shutdown", Key::ShutdownTimeout, "timeout_graceful_shutdown", true),
    ("workers", Key::Workers, "workers", false),
    ("limit_concurrency", Key::Concurrency, "limit_concurrency", false),
    ("backlog", Key::Backlog, "backlog", false),
];

/// True if the file may hold anything of this.
pub(crate) fn matters(name: &str, text: &str) -> bool {
    is_gunicorn(name)
        || text.contains("uvicorn.run(")
        || text.contains("create_engine(")
        || text.contains("create_async_engine(")
        || super::python_calls::matters(text)
}

fn is_gunicorn(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".py") && name.contains("gunicorn")
}

/// Reads a file of the program of a folder.
pub(crate) fn read(document: &Document, folder: &str, draft: &mut Draft) {
    let reading = Reading::new(document, Language::Python, folder, draft);
    if is_gunicorn(document.name()) {
        gunicorn(&reading, folder, draft);
    }
    for open in (1..reading.code.len()).filter(|&at| reading.code.is(at, "(")) {
        match reading.code.callee(open).rsplit('.').next() {
            Some("run") if reading.code.callee(open) == "uvicorn.run" => {
                uvicorn(&reading, open, folder, draft);
            }
            Some("create_engine" | "create_async_engine") => engine(&reading, open, folder, draft),
            _ => {}
        }
    }
}

fn gunicorn(reading: &Reading<'_>, folder: &str, draft: &mut Draft) {
    let code = &reading.code;
    let program = draft.program_of(folder);
    super::add_product_first(program, "gunicorn");
    program.hop.at.get_or_insert(reading.document.span(0..0));
    for (name, expression) in code.assignments() {
        let word = code.word(name);
        if code.around(name).is_some() || code.name_start(name) != name {
            continue;
        }
        let known = reading.value(&expression);
        let at = reading.span(&expression);
        match (GUNICORN.iter().find(|(known, ..)| *known == word), word) {
            (Some((_, key, name, true)), _) => {
                let zero = (*key == Key::WorkerTimeout).then_some(Value::Unlimited);
                program.hop.settings.set(reading.time(
                    (*key, name),
                    &expression,
                    Scale::Seconds,
                    zero,
                ));
            }
            (Some((_, key, name, false)), _) => {
                program.hop.settings.set(reading.count((*key, name), &expression));
            }
            (None, "bind") => {
                if let Some(address) = known.text() {
                    bind_address(address, at, program);
                }
                if let Some(variable) = variable_in(code.source(&expression)) {
                    program.port_variable = Some(variable);
                }
            }
            (None, "worker_class") => {
                if let Some(class) = known.text() {
                    worker_class(class, at, program);
                }
            }
            _ => {}
        }
    }
    if program.hop.get(Key::ClientIdleTimeout).is_none() {
        let end = code.text.len();
        let gap = if code.text.is_empty() || code.text.ends_with('\n') { "" } else { "\n" };
        program.hop.slots.push(Slot {
            key: Key::ClientIdleTimeout,
            name: "keepalive",
            file: reading.document.id,
            at: u32::try_from(end).unwrap_or(u32::MAX),
            text: format!("{gap}keepalive = {{}}\n"),
            notation: Notation::Seconds,
        });
    }
}

/// The variable that `f"0.0.0.0:{os.environ['PORT']}"` reads.
fn variable_in(expression: &str) -> Option<String> {
    let rest = ["os.environ.get(", "os.getenv(", "os.environ["].iter().find_map(|call| {
        let at = expression.find(call)?;
        expression.get(at + call.len()..)
    })?;
    let rest = rest.trim_start_matches(['"', '\'']);
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    Some(rest[..end].to_owned()).filter(|name| !name.is_empty())
}

fn uvicorn(reading: &Reading<'_>, open: usize, folder: &str, draft: &mut Draft) {
    let code = &reading.code;
    let named = code.named(open);
    let program = draft.program_of(folder);
    super::add_product_first(program, "uvicorn");
    runs(program, "uvicorn");
    program.hop.at.get_or_insert(reading.span(&(open - 1..open)));
    let of = |name: &str| {
        named.iter().find(|(label, _)| code.label(*label) == name).map(|(_, value)| value)
    };
    for (label, value) in &named {
        match UVICORN.iter().find(|(known, ..)| code.label(*label) == *known) {
            Some((_, key, name, true)) => {
                program.hop.settings.set(reading.time((*key, name), value, Scale::Seconds, None));
            }
            Some((_, key, name, false)) => {
                program.hop.settings.set(reading.count((*key, name), value));
            }
            None => {}
        }
    }
    let host = of("host").and_then(|host| reading.value(host).text().map(str::to_owned));
    // https://www.uvicorn.org/settings/#socket-binding: 127.0.0.1 and 8000.
    let host = host.unwrap_or_else(|| "127.0.0.1".to_owned());
    match of("port") {
        Some(value) => {
            let known = reading.value(value);
            if let Some(name) = known.variable() {
                program.port_variable = Some(name.to_owned());
            }
            if let Some(port) = known.port() {
                listens(program, &host, port, reading.span(value));
            }
        }
        None => listens(program, &host, 8000, reading.span(&(open - 1..open))),
    }
}

/// A pool of SQLAlchemy. <https://docs.sqlalchemy.org/en/20/core/pooling.html>: 5 connections, 10 more
/// when they are taken, 30 s of waiting for one.
fn engine(reading: &Reading<'_>, open: usize, folder: &str, draft: &mut Draft) {
    let code = &reading.code;
    let Some(first) = code.parts(open).into_iter().next() else { return };
    let named = code.named(open);
    let at = reading.span(&(open - 1..open));
    let from = draft.program_id(folder);
    let mut link = match reading.value(&first) {
        Known::Variable(name, None) => {
            LinkDraft::new(from, Reach::Name(Name::variable(&name)), name)
        }
        known => match known.text().and_then(environment::target) {
            Some((host, port)) => environment::link(from, &host, port, at),
            None => {
                LinkDraft::new(from, Reach::Name(Name::variable("DATABASE_URL")), "DATABASE_URL")
            }
        },
    };
    link.at = Some(at);
    let of = |name: &str| {
        named.iter().find(|(label, _)| code.label(*label) == name).map(|(_, value)| value)
    };
    let number = |name: &str, usual: f64| match of(name) {
        Some(value) => reading.value(value).number(),
        None => Some(usual),
    };
    if let (Some(value), Some(size), Some(more)) = (
        of("pool_size").or(of("max_overflow")),
        number("pool_size", 5.0),
        number("max_overflow", 10.0),
    ) {
        let most = size + more;
        let value_of = if most >= 0.0 && size > 0.0 && more >= 0.0 {
            Value::Count(most as u64)
        } else {
            Value::Unlimited
        };
        link.settings.set(Setting::written(
            Key::PoolMax,
            value_of,
            "pool_size + max_overflow",
            reading.span(value),
        ));
    }
    if let Some(value) = of("pool_timeout") {
        link.settings.set(reading.time(
            (Key::PoolAcquireTimeout, "pool_timeout"),
            value,
            Scale::Seconds,
            None,
        ));
    }
    if let Some(value) = of("pool_recycle") {
        link.settings.set(reading.time(
            (Key::PoolMaxLifetime, "pool_recycle"),
            value,
            Scale::Seconds,
            None,
        ));
    }
    for row in crate::defaults::python::SQLALCHEMY {
        link.settings.set(row.stated());
    }
    draft.links.push(link);
}
