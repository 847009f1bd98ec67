//! Servers of Node.js: where they listen, how long they keep connections, whether they finish requests
//! when they are told to stop, and their pools of connections to databases.

use std::collections::BTreeMap;
use std::ops::Range;

use model::config::{Key, Notation, Setting, Slot, Value};

use super::node_calls::Everywhere;
use super::{Reading, is_program, listens, runs};
use crate::assemble::environment;
use crate::code::{Kind, Known, Language, Scale};
use crate::document::Document;
use crate::draft::{Draft, LinkDraft, Name, Reach};

/// Servers and pools of one file that are read.
const MOST_SERVERS: usize = 16;
const MOST_POOLS: usize = 16;

/// Servers' settings and what they mean; milliseconds. <https://nodejs.org/api/http.html#class-httpserver>
const SERVER: &[(&str, Key, &str)] = &[
    ("keepAliveTimeout", Key::ClientIdleTimeout, "keepAliveTimeout"),
    ("headersTimeout", Key::ClientHeaderTimeout, "headersTimeout"),
    ("requestTimeout", Key::ClientBodyTimeout, "requestTimeout"),
];

/// Calls whose options are a server's.
const MAKES_SERVER: &[&str] = &["createServer", "fastify", "Fastify", "createSecureServer"];

/// Pools of connections to databases, as they are called, and their options. `max` of node-postgres
/// is `connectionLimit` of mysql2.
const POOLS: &[&str] = &["Pool", "pg.Pool", "createPool", "mysql.createPool", "mysql2.createPool"];

const POOL: &[(&str, Key, &str)] = &[
    ("max", Key::PoolMax, "max"),
    ("min", Key::PoolMin, "min"),
    ("connectionLimit", Key::PoolMax, "connectionLimit"),
    ("idleTimeoutMillis", Key::PoolIdleTimeout, "idleTimeoutMillis"),
    ("idleTimeout", Key::PoolIdleTimeout, "idleTimeout"),
    ("connectionTimeoutMillis", Key::PoolAcquireTimeout, "connectionTimeoutMillis"),
    ("statement_timeout", Key::StatementTimeout, "statement_timeout"),
];

/// True if the file may hold anything of this.
pub(crate) fn matters(text: &str) -> bool {
    [".listen(", "keepAliveTimeout", "headersTimeout", "new Pool(", "createPool("]
        .iter()
        .any(|word| text.contains(word))
        || super::node_calls::matters(text)
}

/// Reads a file of the program of a folder.
pub(crate) fn read(document: &Document, folder: &str, draft: &mut Draft) {
    let reading = Reading::new(document, Language::JavaScript, folder, draft);
    let serves = server(&reading, folder, draft);
    settings(&reading, folder, draft);
    if serves {
        stop(&reading, folder, draft);
    }
}

/// Reads what a file calls, once all servers are known: requests of a page in a browser are nobody's
/// here.
pub(crate) fn read_calls(
    document: &Document,
    folder: &str,
    everywhere: &Everywhere,
    draft: &mut Draft,
) {
    let in_browser = document.text.contains("document.")
        || document.text.contains("window.")
        || document.text.contains("from 'react'")
        || document.text.contains("from \"react\"");
    if is_program(folder, draft) && !in_browser {
        let reading = Reading::new(document, Language::JavaScript, folder, draft);
        pools(&reading, folder, draft);
        super::node_calls::read(&reading, folder, everywhere, draft);
    }
}

/// Every `listen`; true if one of a server was found.
fn server(reading: &Reading<'_>, folder: &str, draft: &mut Draft) -> bool {
    let code = &reading.code;
    let mut found = 0;
    let made = made(reading);
    for open in (1..code.len()).filter(|&at| code.is(at, "(")) {
        if found >= MOST_SERVERS {
            break;
        }
        let called = open - 1;
        if !code.is(called, "listen")
            || called == 0
            || !(code.is(called - 1, ".") || code.is(called - 1, "?."))
        {
            continue;
        }
        let parts = code.parts(open);
        let Some(first) = parts.first() else { continue };
        let receiver = made.get(code.word(code.name_start(called))).map_or("", String::as_str);
        let is_server =
            SERVERS.contains(&receiver) || MAKES_SERVER.iter().any(|call| receiver.ends_with(call));
        let Some(place) = place(reading, first, parts.get(1), is_server) else { continue };
        found += 1;
        let program = draft.program_of(folder);
        program.hop.at.get_or_insert(reading.span(first));
        runs(program, "Node.js");
        if let Some(variable) = place.port.variable() {
            program.port_variable = Some(variable.to_owned());
        }
        let at = reading.span(&place.at);
        if let Some(port) = place.port.port() {
            listens(program, &place.host, port, at);
        } else if let Some(path) = place.port.text().filter(|path| path.starts_with('/')) {
            listens(program, path, 0, at);
        }
        for (framework, mark) in FRAMEWORKS {
            let imported = [format!("'{mark}'"), format!("\"{mark}\"")];
            if imported.iter().any(|word| code.text.contains(word.as_str())) {
                super::add_product_first(program, framework);
            }
        }
        program.hop.slots.extend(slot(reading, open, receiver));
    }
    found > 0
}

/// Calls that make something that listens, whatever it is given as a port.
const SERVERS: &[&str] =
    &["express", "Koa", "connect", "restify.createServer", "polka", "NestFactory.create"];

/// Frameworks with defaults of their own.
const FRAMEWORKS: &[(&str, &str)] = &[("Fastify", "fastify")];

struct Place {
    port: Known,
    host: String,
    at: Range<usize>,
}

/// Where a server listens, from the arguments; `None` if they are those of something else.
fn place(
    reading: &Reading<'_>,
    first: &Range<usize>,
    second: Option<&Range<usize>>,
    is_server: bool,
) -> Option<Place> {
    let code = &reading.code;
    if code.is(first.start, "{") {
        let named = code.named(first.start);
        let of = |name: &str| {
            named.iter().find(|(label, _)| code.label(*label) == name).map(|(_, value)| value)
        };
        // `{ port, host }` stands for `{ port: port, host: host }`.
        let shorthand = |name: &str| {
            code.parts(first.start)
                .into_iter()
                .find(|part| part.len() == 1 && code.is(part.start, name))
        };
        let at =
            of("port").cloned().or_else(|| shorthand("port")).or_else(|| of("path").cloned())?;
        let host = of("host").cloned().or_else(|| shorthand("host"));
        let host = host.and_then(|host| reading.value(&host).text().map(str::to_owned));
        return Some(Place { port: reading.value(&at), host: host.unwrap_or_default(), at });
    }
    let port = reading.value(first);
    let is_place = is_server
        || port.port().is_some()
        || port.variable().is_some()
        || port.text().is_some_and(|path| path.starts_with('/'));
    let host =
        second.and_then(|host| reading.value(host).text().map(str::to_owned)).unwrap_or_default();
    is_place.then(|| Place { port, host, at: first.clone() })
}

/// Where `keepAliveTimeout` can be added after a `listen`: on the name its result is kept in, on the
/// server that listens, or on the result itself.
fn slot(reading: &Reading<'_>, open: usize, receiver: &str) -> Option<Slot> {
    let code = &reading.code;
    if code.text.contains("keepAliveTimeout") {
        return None;
    }
    let close = code.close(open)?;
    let start = code.name_start(open - 1);
    let ends = code.is(close + 1, ";")
        || code.token(close + 1).is_none_or(|next| next.first && !code.is(close + 1, "."));
    if !ends {
        return None;
    }
    let make = |at: usize, text: String| Slot {
        key: Key::ClientIdleTimeout,
        name: "keepAliveTimeout",
        file: reading.document.id,
        at: u32::try_from(at).unwrap_or(u32::MAX),
        text,
        notation: Notation::Milliseconds,
    };
    let end_of_call = code.token(close)?.at.end;
    let end = if code.is(close + 1, ";") { code.token(close + 1)?.at.end } else { end_of_call };
    let begin = code.token(start)?.at.start;
    let line = code.text.get(..begin)?.rfind('\n').map_or(0, |at| at + 1);
    let indent: String =
        code.text.get(line..begin)?.chars().take_while(|c| *c == ' ' || *c == '\t').collect();
    match receiver {
        // Fastify gives no server back, but has one.
        "fastify" | "Fastify" => {
            let name = code.word(start);
            Some(make(end, format!("\n{indent}{name}.server.keepAliveTimeout = {{}};")))
        }
        "createServer" | "http.createServer" | "https.createServer" => {
            let name = code.word(start);
            Some(make(end, format!("\n{indent}{name}.keepAliveTimeout = {{}};")))
        }
        "express" | "Koa" | "connect" | "" => {
            // An unknown receiver may give back anything.
            if receiver.is_empty() && !is_express(code.text) {
                return None;
            }
            if start >= 2 && code.is(start - 1, "=") && code.kind(start - 2) == Some(Kind::Word) {
                let name = code.name_ending(start - 2);
                return Some(make(end, format!("\n{indent}{name}.keepAliveTimeout = {{}};")));
            }
            let before = start.checked_sub(1);
            let own = before.is_none_or(|before| {
                code.is(before, ";")
                    || code.is(before, "}")
                    || code.is(before, "{")
                    || (code.token(start).is_some_and(|token| token.first)
                        && (code.is(before, ")") || matches!(code.kind(before), Some(Kind::Text))))
            });
            own.then(|| make(end_of_call, ".keepAliveTimeout = {}".to_owned()))
        }
        _ => None,
    }
}

fn is_express(text: &str) -> bool {
    ["'express'", "\"express\"", "'koa'", "\"koa\""].iter().any(|word| text.contains(word))
}

/// The calls that made what names stand for.
fn made<'t>(reading: &Reading<'t>) -> BTreeMap<&'t str, String> {
    let code = &reading.code;
    let mut made = BTreeMap::new();
    for (name, expression) in code.assignments() {
        let mut first = expression.start;
        if code.is(first, "new") || code.is(first, "await") {
            first += 1;
        }
        if let Some(open) = (first..expression.end).find(|&at| code.is(at, "(")) {
            made.entry(code.word(name)).or_insert_with(|| code.callee(open));
        }
    }
    made
}

/// Settings of servers, assigned or as options.
fn settings(reading: &Reading<'_>, folder: &str, draft: &mut Draft) {
    let code = &reading.code;
    let mut found: Vec<Setting> = Vec::new();
    for (name, expression) in code.assignments() {
        let of_something = name > 0 && (code.is(name - 1, ".") || code.is(name - 1, "?."));
        if let Some((_, key, label)) =
            SERVER.iter().find(|(word, ..)| of_something && code.word(name) == *word)
        {
            found.push(reading.time(
                (*key, label),
                &expression,
                Scale::Milliseconds,
                Some(Value::Unlimited),
            ));
        }
        if of_something && code.word(name) == "maxRequestsPerSocket" {
            found.push(
                reading.count((Key::ClientKeepAliveRequests, "maxRequestsPerSocket"), &expression),
            );
        }
    }
    for open in (1..code.len()).filter(|&at| code.is(at, "(")) {
        let callee = code.callee(open);
        let last = callee.rsplit('.').next().unwrap_or("");
        if !MAKES_SERVER.contains(&last) {
            continue;
        }
        let options = code.parts(open).into_iter().find(|part| code.is(part.start, "{"));
        let Some(options) = options else { continue };
        for (label, value) in code.named(options.start) {
            if let Some((_, key, name)) =
                SERVER.iter().find(|(word, ..)| code.label(label) == *word)
            {
                found.push(reading.time(
                    (*key, name),
                    &value,
                    Scale::Milliseconds,
                    Some(Value::Unlimited),
                ));
            }
        }
    }
    if !found.is_empty() {
        let program = draft.program_of(folder);
        runs(program, "Node.js");
        found.into_iter().for_each(|setting| program.hop.settings.set(setting));
    }
}

/// Whether it finishes requests after `SIGTERM`. Nothing is said of a program without a handler: what
/// happens then depends on what runs as the first process.
fn stop(reading: &Reading<'_>, folder: &str, draft: &mut Draft) {
    let code = &reading.code;
    let signal = (0..code.len()).find(|&at| code.string(at) == Some("SIGTERM"));
    let Some(signal) = signal else { return };
    let Some(open) = code.around(signal).filter(|&open| code.is(open, "(")) else { return };
    let Some(close) = code.close(open) else { return };
    let within = |word: &str| (open..close).any(|at| code.is(at, word));
    // A handler with a name does what is written elsewhere.
    let inline = within("=>") || within("function");
    if !inline {
        return;
    }
    let (closes, exits) = (within("close"), within("exit"));
    let at = reading.span(&(signal..signal + 1));
    let program = draft.program_of(folder);
    if closes || exits {
        let value = Value::Flag(!closes);
        program.hop.settings.set(Setting::written(
            Key::StopsAtOnce,
            value,
            "process.on('SIGTERM')",
            at,
        ));
    }
}

/// Pools of connections to databases.
fn pools(reading: &Reading<'_>, folder: &str, draft: &mut Draft) {
    let code = &reading.code;
    let brackets = (1..code.len()).filter(|&at| code.is(at, "("));
    let pools = brackets.filter(|&open| POOLS.contains(&code.callee(open).as_str()));
    for open in pools.take(MOST_POOLS) {
        let callee = code.callee(open);
        // undici has a `Pool`, too: its first argument is an address.
        let mysql = callee.contains("createPool");
        let Some(options) = code.parts(open).into_iter().next() else { continue };
        let is_map = code.is(options.start, "{");
        if !is_map && !mysql {
            continue;
        }
        let named = if is_map { code.named(options.start) } else { Vec::new() };
        let of = |name: &str| {
            named
                .iter()
                .find(|(label, _)| code.label(*label) == name)
                .map(|(_, value)| value.clone())
        };
        let address = if is_map {
            of("connectionString").or_else(|| of("uri"))
        } else {
            Some(options.clone())
        };
        let from = draft.program_id(folder);
        let at = reading.span(&(open - 1..open));
        let usual = if mysql { 3306 } else { 5432 };
        let host = of("host").map(|host| reading.value(&host));
        let known = address.map(|address| reading.value(&address)).or(host);
        let mut link = match known {
            Some(Known::Variable(name, None)) => {
                LinkDraft::new(from, Reach::Name(Name::variable(&name)), name)
            }
            Some(known) => match known.text() {
                Some(text) => {
                    let (host, port) =
                        environment::target(text).unwrap_or((text.to_owned(), usual));
                    environment::link(from, &host, port, at)
                }
                None => continue,
            },
            // Without a host, node-postgres asks PGHOST.
            None if !mysql => LinkDraft::new(from, Reach::Name(Name::variable("PGHOST")), "PGHOST"),
            None => continue,
        };
        link.at = Some(at);
        let mut settings = Vec::new();
        for (label, value) in &named {
            let Some((_, key, name)) = POOL.iter().find(|(word, ..)| code.label(*label) == *word)
            else {
                continue;
            };
            settings.push(match key {
                Key::PoolMax | Key::PoolMin => reading.count((*key, name), value),
                _ => reading.time((*key, name), value, Scale::Milliseconds, Some(Value::Unlimited)),
            });
        }
        settings.into_iter().for_each(|setting| link.settings.set(setting));
        let defaults =
            if mysql { crate::defaults::node::MYSQL_POOL } else { crate::defaults::node::PG_POOL };
        defaults.iter().for_each(|row| link.settings.set(row.stated()));
        draft.links.push(link);
    }
}
