//! Whom a Python program calls, and how its clients keep connections and wait: requests, HTTPX and
//! aiohttp.

use std::collections::BTreeMap;
use std::ops::Range;

use model::config::{Key, Setting, Settings, Value};

use super::Reading;
use super::reach::{add, link_to, sent_by};
use crate::code::{Language, Scale};
use crate::defaults::clients;
use crate::document::Document;
use crate::draft::Draft;

/// Calls of one file that are read.
const MOST_CALLS: usize = 200;

const METHODS: &[&str] =
    &["get", "post", "put", "patch", "delete", "head", "options", "request", "stream"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Library {
    Requests,
    Httpx,
    Aiohttp,
}

/// What makes a client that keeps connections.
const MAKES: &[(&str, Library, &str)] = &[
    ("requests.Session", Library::Requests, "requests.Session"),
    ("requests.session", Library::Requests, "requests.Session"),
    ("httpx.Client", Library::Httpx, "httpx.Client"),
    ("httpx.AsyncClient", Library::Httpx, "httpx.Client"),
    ("aiohttp.ClientSession", Library::Aiohttp, "aiohttp.ClientSession"),
];

/// True if the file may call anybody.
pub(crate) fn matters(text: &str) -> bool {
    ["requests.", "httpx.", "aiohttp."].iter().any(|word| text.contains(word))
}

/// A client that the code makes.
#[derive(Clone)]
struct Made {
    library: Library,
    name: &'static str,
    base: Option<Range<usize>>,
    settings: Settings,
}

/// Reads the calls of a file.
pub(crate) fn read(document: &Document, folder: &str, draft: &mut Draft) {
    if !matters(&document.text) {
        return;
    }
    let reading = Reading::new(document, Language::Python, folder, draft);
    let code = &reading.code;
    let from = draft.program_id(folder);
    let brackets: Vec<usize> = (1..code.len()).filter(|&at| code.is(at, "(")).collect();
    let mut named: BTreeMap<&str, Made> = BTreeMap::new();
    let mut found = 0;
    for &open in &brackets {
        let Some(made) = made(&reading, open) else { continue };
        if let Some(name) = name_of(&reading, open) {
            named.insert(name, made.clone());
        }
        let Some(base) = made.base.clone() else { continue };
        if let Some(mut link) = link_to(&reading, &base, from) {
            found += 1;
            let sends = if made.library == Library::Aiohttp { "" } else { "post" };
            finish(&reading, &base, &made, sends, &mut link.settings);
            add(draft, link);
        }
    }
    for open in brackets {
        if found >= MOST_CALLS {
            break;
        }
        let callee = code.callee(open);
        let Some((first, method)) = callee.split_once('.') else { continue };
        let method = method.rsplit('.').next().unwrap_or(method);
        if !METHODS.contains(&method) {
            continue;
        }
        let once = |library, name| Made { library, name, base: None, settings: Settings::new() };
        // `self.session.get(…)` calls what is assigned to `self.session`.
        let called = callee.rsplit('.').nth(1).unwrap_or(first);
        let mut client = match (named.get(called), first) {
            (Some(made), _) => made.clone(),
            (None, "requests") => once(Library::Requests, "requests"),
            (None, "httpx") => once(Library::Httpx, "httpx"),
            _ => continue,
        };
        let parts = code.parts(open);
        // `request("GET", url)` names the method first.
        let at = usize::from(matches!(method, "request" | "stream"));
        let Some(to) = parts.get(at).filter(|part| !code.is(part.start + 1, "=")) else { continue };
        let Some(mut link) = link_to(&reading, to, from) else { continue };
        found += 1;
        let mut own = Settings::new();
        options(&reading, open, client.library, &mut own);
        own.inherit(&client.settings);
        client.settings = own;
        let word = parts.first().and_then(|part| code.string(part.start)).unwrap_or("");
        let sends = if at == 1 { word.to_ascii_lowercase() } else { method.to_owned() };
        finish(&reading, to, &client, &sends, &mut link.settings);
        add(draft, link);
    }
}

/// The name that is given to what these brackets make: `session = …`, `with … as session`.
fn name_of<'d>(reading: &Reading<'d>, open: usize) -> Option<&'d str> {
    let code = &reading.code;
    let close = code.close(open)?;
    if code.is(close + 1, "as") {
        return Some(code.word(close + 2));
    }
    let start = code.name_start(open - 1);
    let sign = start.checked_sub(1)?;
    (code.is(sign, "=") && sign > 0).then(|| code.word(sign - 1))
}

fn made(reading: &Reading<'_>, open: usize) -> Option<Made> {
    let callee = reading.code.callee(open);
    let (_, library, name) = MAKES.iter().find(|(made, ..)| *made == callee)?;
    let mut settings = Settings::new();
    options(reading, open, *library, &mut settings);
    let code = &reading.code;
    let named = code.named(open).into_iter().find(|(label, _)| code.label(*label) == "base_url");
    let first = code
        .parts(open)
        .into_iter()
        .next()
        .filter(|part| *library == Library::Aiohttp && part.len() == 1);
    let base = named.map(|(_, value)| value).or(first);
    Some(Made { library: *library, name, base, settings })
}

/// The settings of a call or of a client.
fn options(reading: &Reading<'_>, open: usize, library: Library, settings: &mut Settings) {
    let code = &reading.code;
    for (label, value) in code.named(open) {
        match (library, code.label(label)) {
            (_, "timeout") => timeout(reading, &value, library, settings),
            (Library::Httpx, "limits") => limits(reading, &value, settings),
            (Library::Aiohttp, "connector") => limits(reading, &value, settings),
            _ => {}
        }
    }
}

/// `timeout=5`, `timeout=(3.05, 27)`, `timeout=httpx.Timeout(10, connect=5)`,
/// `timeout=aiohttp.ClientTimeout(total=30)`.
fn timeout(reading: &Reading<'_>, value: &Range<usize>, library: Library, settings: &mut Settings) {
    let code = &reading.code;
    let none = |key, at: &Range<usize>| {
        Setting::written(key, Value::Unlimited, "timeout", reading.span(at))
    };
    let set = |key, at: &Range<usize>, settings: &mut Settings| {
        settings.set(if code.source(at) == "None" {
            none(key, at)
        } else {
            reading.time((key, "timeout"), at, Scale::Seconds, None)
        });
    };
    let both = [Key::ConnectTimeout, Key::ResponseTimeout];
    let open = (value.start..value.end).find(|&at| code.is(at, "("));
    let Some(open) = open else {
        match library {
            Library::Aiohttp => set(Key::TotalTimeout, value, settings),
            _ => both.into_iter().for_each(|key| set(key, value, settings)),
        }
        return;
    };
    let parts = code.parts(open);
    if library == Library::Requests && open == value.start {
        for (key, part) in both.into_iter().zip(&parts) {
            set(key, part, settings);
        }
        return;
    }
    for (label, value) in code.named(open) {
        let key = match code.label(label) {
            "total" => Key::TotalTimeout,
            "connect" | "sock_connect" => Key::ConnectTimeout,
            "read" | "sock_read" => Key::ResponseTimeout,
            "timeout" => {
                both.into_iter().for_each(|key| {
                    if settings.get(key).is_none() {
                        set(key, &value, settings);
                    }
                });
                continue;
            }
            _ => continue,
        };
        set(key, &value, settings);
    }
    let plain = parts.first().filter(|part| part.len() == 1 || !code.is(part.start + 1, "="));
    if let (Library::Httpx, Some(first)) = (library, plain) {
        for key in both {
            if settings.get(key).is_none() {
                set(key, first, settings);
            }
        }
    }
}

/// `httpx.Limits(…)` and `aiohttp.TCPConnector(…)`.
fn limits(reading: &Reading<'_>, value: &Range<usize>, settings: &mut Settings) {
    let code = &reading.code;
    let Some(open) = (value.start..value.end).find(|&at| code.is(at, "(")) else { return };
    for (label, value) in code.named(open) {
        match code.label(label) {
            name @ ("keepalive_expiry" | "keepalive_timeout") => {
                let name = if name == "keepalive_expiry" {
                    "keepalive_expiry"
                } else {
                    "keepalive_timeout"
                };
                let setting = if code.source(&value) == "None" {
                    let at = reading.span(&value);
                    Setting::written(Key::UpstreamIdleTimeout, Value::Unlimited, name, at)
                } else {
                    reading.time((Key::UpstreamIdleTimeout, name), &value, Scale::Seconds, None)
                };
                settings.set(setting);
            }
            "max_connections" => {
                let key = (Key::UpstreamMaxConnections, "max_connections");
                settings.set(reading.count(key, &value));
            }
            "limit_per_host" => {
                let key = (Key::UpstreamMaxConnections, "limit_per_host");
                settings.set(reading.count(key, &value));
            }
            "force_close" if code.source(&value) == "True" => {
                let (at, off) = (reading.span(&value), Value::Flag(false));
                settings.set(Setting::written(Key::UpstreamKeepAlive, off, "force_close", at));
            }
            _ => {}
        }
    }
}

/// The settings of a link, with what the library does by itself. What aiohttp sends again by itself
/// when a kept connection turns out to be closed says nothing of kept connections.
fn finish(
    reading: &Reading<'_>,
    to: &Range<usize>,
    made: &Made,
    sends: &str,
    settings: &mut Settings,
) {
    settings.inherit(&made.settings);
    let once = !MAKES.iter().any(|(.., name)| *name == made.name);
    let (waits, keeps): (&[_], &[_]) = match made.library {
        Library::Requests => (clients::REQUESTS, clients::REQUESTS_SESSION),
        Library::Httpx => (clients::HTTPX, clients::HTTPX_CLIENT),
        Library::Aiohttp => (clients::AIOHTTP, clients::AIOHTTP_KEPT),
    };
    waits.iter().for_each(|row| settings.set(row.stated()));
    match (made.library, once) {
        (Library::Requests, true) => settings.set(clients::REQUESTS_ONCE.stated()),
        (Library::Httpx, true) => settings.set(clients::HTTPX_ONCE.stated()),
        (Library::Aiohttp, _) if !matches!(sends, "post" | "patch") => {}
        _ => keeps.iter().for_each(|row| settings.set(row.stated())),
    }
    settings.set(sent_by(made.name, reading.span(to)));
}
