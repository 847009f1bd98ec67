//! Command lines that start servers: gunicorn, uvicorn, Hypercorn, Puma, `next start`, and the memory
//! that a runtime is given.

use model::config::{Key, Notation, Product, Setting, Span, Value};

use super::{Word, add_product, duration, listens, runs, split_words};
use crate::code::Scale;
use crate::document::Document;
use crate::draft::{HopDraft, SettingsFile};

/// An option, what it means, and how it writes its value.
type Meaning = (&'static [&'static str], Key, &'static str, Unit);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    Time(Scale),
    Count,
}

const SECONDS: Unit = Unit::Time(Scale::Seconds);
const MILLISECONDS: Unit = Unit::Time(Scale::Milliseconds);

/// <https://docs.gunicorn.org/en/stable/settings.html>
const GUNICORN: &[Meaning] = &[
    (&["--keep-alive"], Key::ClientIdleTimeout, "--keep-alive", SECONDS),
    (&["-t", "--timeout"], Key::WorkerTimeout, "--timeout", SECONDS),
    (&["--graceful-timeout"], Key::ShutdownTimeout, "--graceful-timeout", SECONDS),
    (&["-w", "--workers"], Key::Workers, "--workers", Unit::Count),
    (&["--threads"], Key::Threads, "--threads", Unit::Count),
    (&["--backlog"], Key::Backlog, "--backlog", Unit::Count),
];

/// <https://www.uvicorn.org/settings/>
const UVICORN: &[Meaning] = &[
    (&["--timeout-keep-alive"], Key::ClientIdleTimeout, "--timeout-keep-alive", SECONDS),
    (
        &["--timeout-graceful-shutdown"],
        Key::ShutdownTimeout,
        "--timeout-graceful-shutdown",
        SECONDS,
    ),
    (&["--workers"], Key::Workers, "--workers", Unit::Count),
    (&["--limit-concurrency"], Key::Concurrency, "--limit-concurrency", Unit::Count),
    (&["--backlog"], Key::Backlog, "--backlog", Unit::Count),
];

/// <https://hypercorn.readthedocs.io/en/latest/how_to_guides/configuring.html>
const HYPERCORN: &[Meaning] = &[
    (&["--keep-alive"], Key::ClientIdleTimeout, "--keep-alive", SECONDS),
    (&["--graceful-timeout"], Key::ShutdownTimeout, "--graceful-timeout", SECONDS),
    (&["-w", "--workers"], Key::Workers, "--workers", Unit::Count),
    (&["--backlog"], Key::Backlog, "--backlog", Unit::Count),
];

/// <https://nextjs.org/docs/app/api-reference/cli/next>
const NEXT: &[Meaning] =
    &[(&["--keepAliveTimeout"], Key::ClientIdleTimeout, "--keepAliveTimeout", MILLISECONDS)];

/// <https://puma.io/puma/#thread-pool>
const PUMA: &[Meaning] = &[
    (&["-w", "--workers"], Key::Workers, "--workers", Unit::Count),
    (&["--persistent-timeout"], Key::ClientIdleTimeout, "--persistent-timeout", SECONDS),
];

/// Reads the command that a program is started with.
pub(crate) fn run(words: &[Word], document: &Document, program: &mut HopDraft) {
    // A line for a shell, as one word of `sh -c "…"`.
    let inner = words.iter().position(|word| matches!(word.text.as_str(), "-c" | "-lc" | "-ec"));
    let is_shell = words.first().is_some_and(|word| {
        matches!(word.text.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash"))
    });
    if let (true, Some(script)) = (is_shell, inner.and_then(|at| words.get(at + 1))) {
        let quoted = document.text.get(script.at.clone()).unwrap_or("");
        let shift = usize::from(quoted.starts_with(['"', '\'']));
        // Places hold only where nothing was escaped.
        if document
            .text
            .get(script.at.start + shift..)
            .is_some_and(|rest| rest.starts_with(&script.text))
        {
            return run(&split_words(&script.text, script.at.start + shift), document, program);
        }
        return;
    }
    let called =
        |name: &str| words.iter().position(|word| word.text.rsplit('/').next() == Some(name));
    if let Some(at) = called("gunicorn") {
        gunicorn(&words[at + 1..], document, program);
    } else if let Some(at) = called("uvicorn") {
        server("uvicorn", &words[at + 1..], document, program, UVICORN);
    } else if let Some(at) =
        called("fastapi").filter(|at| words.get(at + 1).is_some_and(|w| w.text == "run"))
    {
        server("uvicorn", &words[at + 2..], document, program, &[]);
        if program.hop.listens.is_empty() {
            listens(program, "0.0.0.0", 8000, document.span(words[at].at.clone()));
        }
    } else if let Some(at) = called("hypercorn") {
        server("Hypercorn", &words[at + 1..], document, program, HYPERCORN);
    } else if let Some(at) = called("puma") {
        server("Puma", &words[at + 1..], document, program, PUMA);
    } else if let Some(at) =
        called("next").filter(|at| words.get(at + 1).is_some_and(|w| w.text == "start"))
    {
        server("Next.js", &words[at + 2..], document, program, NEXT);
        runs(program, "Node.js");
    } else if called("node").is_some() {
        runs(program, "Node.js");
    }
    for word in words {
        heap(&word.text, document.span(word.at.clone()), program);
    }
}

/// The heap that an option gives to a runtime.
pub(crate) fn heap(text: &str, at: Span, program: &mut HopDraft) {
    for word in text.split_whitespace() {
        if let Some(mib) =
            word.strip_prefix("--max-old-space-size=").and_then(|n| n.parse::<u64>().ok())
        {
            let value = Value::Bytes(mib.saturating_mul(1 << 20));
            program.hop.settings.set(Setting::written(
                Key::HeapLimit,
                value,
                "--max-old-space-size",
                at,
            ));
        }
        if let Some(bytes) = word.strip_prefix("-Xmx").and_then(memory) {
            program.hop.settings.set(Setting::written(
                Key::HeapLimit,
                Value::Bytes(bytes),
                "-Xmx",
                at,
            ));
        }
    }
}

/// A size as the JVM writes it: `512m`, `2g`.
fn memory(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..end].parse().ok()?;
    let unit = match &text[end..] {
        "" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit)
}

fn gunicorn(words: &[Word], document: &Document, program: &mut HopDraft) {
    server("gunicorn", words, document, program, GUNICORN);
    if let Some((class, at)) = option(words, &["-k", "--worker-class"]) {
        worker_class(&class, document.span(at.at.clone()), program);
    }
}

/// What the class of gunicorn's workers means for connections of clients.
pub(crate) fn worker_class(class: &str, at: Span, program: &mut HopDraft) {
    if class.to_ascii_lowercase().contains("uvicorn") {
        runs(program, "uvicorn");
    }
    // Only the plain worker closes every connection after one response:
    // https://docs.gunicorn.org/en/stable/settings.html#keepalive
    let kept = Value::Flag(class != "sync");
    program.hop.settings.set(Setting::written(Key::ClientKeepAlive, kept, "worker_class", at));
}

/// Reads the options of a server that was called.
fn server(
    product: &'static str,
    words: &[Word],
    document: &Document,
    program: &mut HopDraft,
    meanings: &[Meaning],
) {
    add_product(program, Product { name: product, version: String::new(), version_at: None });
    // The server stands before the language it is written in.
    if let Some(at) = program.hop.products.iter().position(|had| had.name == product) {
        let moved = program.hop.products.remove(at);
        program.hop.products.insert(0, moved);
    }
    for (names, key, name, unit) in meanings {
        let Some((text, word)) = option(words, names) else { continue };
        let at = document.span(word.at.clone());
        program.hop.settings.set(setting((*key, name), &text, *unit, at, word));
    }
    bind(words, document, program);
    settings_file(product, words, document, program, meanings);
}

/// What a file that the command names may set, and the command does not.
fn settings_file(
    product: &'static str,
    words: &[Word],
    document: &Document,
    program: &mut HopDraft,
    meanings: &[Meaning],
) {
    let names: &[&str] = match product {
        "gunicorn" => &["-c", "--config"],
        "Puma" => &["-C", "--config"],
        _ => return,
    };
    let Some((path, word)) = option(words, names).filter(|(path, _)| path != "-") else { return };
    let unset = |key: Key| program.hop.get(key).is_none();
    let mut keys: Vec<(Key, &'static str)> =
        meanings.iter().map(|(_, key, name, _)| (*key, *name)).collect();
    match product {
        "gunicorn" => keys.push((Key::ClientKeepAlive, "worker_class")),
        _ => keys.extend([
            (Key::Threads, "threads"),
            (Key::ClientHeaderTimeout, "first_data_timeout"),
            (Key::Backlog, "bind"),
        ]),
    }
    keys.retain(|(key, _)| unset(*key));
    program.settings_file = Some(SettingsFile {
        path: super::join(document.folder(), &path),
        product,
        keys,
        at: document.span(word.at.clone()),
    });
}

fn setting(
    (key, name): (Key, &'static str),
    text: &str,
    unit: Unit,
    at: Span,
    word: &Word,
) -> Setting {
    let number: Option<f64> = text.parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0);
    let value = match (unit, number) {
        // gunicorn and Hypercorn wait without bound for 0.
        (Unit::Time(_), Some(0.0)) if key == Key::WorkerTimeout => Value::Unlimited,
        (Unit::Time(scale), Some(number)) => {
            let unit = if scale == Scale::Seconds { "s" } else { "ms" };
            duration(&format!("{number}{unit}"))
                .map_or_else(|| Value::Unknown(text.to_owned()), Value::Time)
        }
        (Unit::Count, Some(number)) if number.fract() == 0.0 => Value::Count(number as u64),
        _ => Value::Unknown(text.to_owned()),
    };
    let setting = Setting::written(key, value, name, at);
    // The value can be replaced where it is a word of its own.
    match (unit, number, word.text == text && word.at.len() == text.len()) {
        (Unit::Time(Scale::Seconds), Some(_), true) => setting.as_written_in(Notation::Seconds),
        (Unit::Time(Scale::Milliseconds), Some(_), true) => {
            setting.as_written_in(Notation::Milliseconds)
        }
        (Unit::Count, Some(_), true) => setting.as_written_in(Notation::Count),
        _ => setting,
    }
}

/// The value of an option, and the word that holds it.
fn option<'w>(words: &'w [Word], names: &[&str]) -> Option<(String, &'w Word)> {
    words.iter().enumerate().rev().find_map(|(at, word)| {
        names.iter().find_map(|name| {
            if word.text == *name {
                let value = words.get(at + 1)?;
                return Some((value.text.clone(), value));
            }
            let rest = word.text.strip_prefix(name)?;
            match rest.strip_prefix('=') {
                Some(value) => Some((value.to_owned(), word)),
                // `-w4`
                None if name.len() == 2 && !rest.is_empty() => Some((rest.to_owned(), word)),
                None => None,
            }
        })
    })
}

/// The address that is bound.
fn bind(words: &[Word], document: &Document, program: &mut HopDraft) {
    let mut bound = false;
    for at in 0..words.len() {
        // One option and its value at a time, as the option may be given several times.
        let these = &words[at..words.len().min(at + 2)];
        let given = option(&these[..1], &["-b", "--bind"]).or_else(|| {
            let plain = matches!(these[0].text.as_str(), "-b" | "--bind");
            plain.then(|| option(these, &["-b", "--bind"])).flatten()
        });
        if let Some((address, word)) = given {
            bound = true;
            bind_address(&address, document.span(word.at.clone()), program);
        }
    }
    if bound {
        return;
    }
    if let Some((path, word)) = option(words, &["--uds"]) {
        return listens(program, &path, 0, document.span(word.at.clone()));
    }
    let host =
        option(words, &["--host", "-H", "--hostname"]).map_or_else(String::new, |(host, _)| host);
    if let Some((port, word)) = option(words, &["-p", "--port"]) {
        let at = document.span(word.at.clone());
        bind_address(&format!("{host}:{port}"), at, program);
    }
}

/// Listens on an address as servers take it: `0.0.0.0:8000`, `unix:/run/app.sock`, `:$PORT`.
pub(crate) fn bind_address(address: &str, at: Span, program: &mut HopDraft) {
    let plain = address.strip_prefix("tcp://").unwrap_or(address);
    // Ruby puts it together when it runs.
    if plain.contains("#{") {
        return;
    }
    if let Some(path) = plain.strip_prefix("unix:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = path.split('?').next().unwrap_or(path);
        return listens(program, path, 0, at);
    }
    let (host, port) = plain.rsplit_once(':').unwrap_or((plain, "8000"));
    let values = super::environment(program);
    if let Some(variable) = port.strip_prefix('$') {
        let variable = variable.trim_start_matches('{');
        let end = variable
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(variable.len());
        program.port_variable = Some(variable[..end].to_owned());
    }
    let port = super::fill_variables(port, &values);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(port @ 1..) = port.parse::<u16>() {
        listens(program, host, port, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_however_they_are_written() {
        let words = split_words("-w4 --timeout=120 -b 0.0.0.0:80 --keep-alive 5", 0);
        let value = |names: &[&str]| option(&words, names).map(|(text, _)| text);
        assert_eq!(value(&["-w", "--workers"]).as_deref(), Some("4"));
        assert_eq!(value(&["-t", "--timeout"]).as_deref(), Some("120"));
        assert_eq!(value(&["--keep-alive"]).as_deref(), Some("5"));
        assert_eq!(value(&["--threads"]), None);
        assert_eq!(memory("512m"), Some(512 << 20));
        assert_eq!(memory("99999999999999999g"), None);
    }
}
