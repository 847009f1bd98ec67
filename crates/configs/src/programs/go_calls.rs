//! Whom a Go program calls with net/http, and how its client keeps connections and waits.
//! <https://pkg.go.dev/net/http#Transport>

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

const TRANSPORT: &[(&str, Key, &str)] = &[
    ("IdleConnTimeout", Key::UpstreamIdleTimeout, "IdleConnTimeout"),
    ("ResponseHeaderTimeout", Key::ResponseTimeout, "ResponseHeaderTimeout"),
];

const COUNTS: &[(&str, Key, &str)] = &[
    ("MaxIdleConnsPerHost", Key::UpstreamPool, "MaxIdleConnsPerHost"),
    ("MaxConnsPerHost", Key::UpstreamMaxConnections, "MaxConnsPerHost"),
];

/// True if the file may call anybody.
pub(crate) fn matters(text: &str) -> bool {
    text.contains("net/http")
        && ["http.Get(", "http.Post", "http.Head(", "http.NewRequest", "http.Client{"]
            .iter()
            .any(|word| text.contains(word))
}

/// What sends the requests of a file.
struct Sender {
    /// Settings of the client and its transport.
    settings: Settings,
    /// True if the client names no transport, and so has the one that everybody has.
    default: bool,
}

/// Reads the calls of a file. One client per file is followed: of several nobody says here which one
/// sends a request.
pub(crate) fn read(document: &Document, folder: &str, draft: &mut Draft) {
    if !matters(&document.text) {
        return;
    }
    let reading = Reading::new(document, Language::Go, folder, draft);
    let code = &reading.code;
    let literals = |name: &'static str| {
        let reading = &reading;
        (1..code.len())
            .filter(move |&at| reading.code.is(at, "{") && reading.code.name_ending(at - 1) == name)
    };
    let (made, transports): (Vec<usize>, Vec<usize>) =
        (literals("http.Client").collect(), literals("http.Transport").collect());
    let own = match (&made[..], &transports[..]) {
        ([client], []) => Some(client_of(&reading, *client, None)),
        ([client], [transport]) => Some(client_of(&reading, *client, Some(*transport))),
        _ => None,
    };
    let plain = Sender { settings: Settings::new(), default: true };
    let from = draft.program_id(folder);
    let brackets = (1..code.len()).filter(|&at| code.is(at, "("));
    let mut found = 0;
    for open in brackets {
        if found >= MOST_CALLS {
            break;
        }
        let callee = code.callee(open);
        let (receiver, method) = callee.rsplit_once('.').unwrap_or(("", &callee));
        let parts = code.parts(open);
        let (sends, to, sender) = match (receiver, method) {
            ("http", "Get" | "Head") => ("GET".to_owned(), parts.first(), Some(&plain)),
            ("http", "Post" | "PostForm") => ("POST".to_owned(), parts.first(), Some(&plain)),
            ("http", "NewRequest" | "NewRequestWithContext") => {
                let at = usize::from(method.ends_with("Context"));
                let Some(word) = parts.get(at) else { continue };
                let sender = match (&own, made.is_empty()) {
                    (Some(own), _) => Some(own),
                    (None, true) => Some(&plain),
                    (None, false) => None,
                };
                (verb(&reading, word), parts.get(at + 1), sender)
            }
            (_, "Get" | "Head" | "Post" | "PostForm") if own.is_some() => {
                let sends = if method.starts_with("Post") { "POST" } else { "GET" };
                (sends.to_owned(), parts.first(), own.as_ref())
            }
            _ => continue,
        };
        let Some(to) = to else { continue };
        let Some(mut link) = link_to(&reading, to, from) else { continue };
        found += 1;
        if let Some(sender) = sender {
            finish(&reading, to, sender, &sends, &mut link.settings);
        }
        add(draft, link);
    }
}

/// `"POST"` and `http.MethodPost`.
fn verb(reading: &Reading<'_>, word: &Range<usize>) -> String {
    let source = reading.code.source(word);
    let word = source.strip_prefix("http.Method").unwrap_or(source).trim_matches('"');
    word.to_ascii_uppercase()
}

/// The settings of a client and of the only transport of its file.
fn client_of(reading: &Reading<'_>, client: usize, transport: Option<usize>) -> Sender {
    let code = &reading.code;
    let mut settings = Settings::new();
    let time = |key: (Key, &'static str), value: &Range<usize>| {
        let mut setting = reading.time(key, value, Scale::Seconds, Some(Value::Unlimited));
        // A duration is an expression, which no plain number may replace.
        setting.notation = None;
        setting
    };
    let mut names_transport = false;
    for (label, value) in code.named(client) {
        match code.label(label) {
            "Timeout" => settings.set(time((Key::TotalTimeout, "Timeout"), &value)),
            "Transport" => names_transport = true,
            _ => {}
        }
    }
    let Some(transport) = transport.filter(|_| names_transport) else {
        return Sender { settings, default: !names_transport };
    };
    for (label, value) in code.named(transport) {
        let label = code.label(label);
        if let Some((_, key, name)) = TRANSPORT.iter().find(|(known, ..)| *known == label) {
            settings.set(time((*key, name), &value));
        }
        if let Some((_, key, name)) = COUNTS.iter().find(|(known, ..)| *known == label) {
            settings.set(reading.count((*key, name), &value));
        }
        match (label, code.source(&value)) {
            ("DisableKeepAlives", "true") => {
                let (at, off) = (reading.span(&value), Value::Flag(false));
                let name = "DisableKeepAlives";
                settings.set(Setting::written(Key::UpstreamKeepAlive, off, name, at));
            }
            // (&net.Dialer{Timeout: 5 * time.Second}).DialContext
            ("DialContext" | "Dial", _) => {
                let open = (value.start..value.end).find(|&at| code.is(at, "{"));
                let named = open.map(|open| code.named(open)).unwrap_or_default();
                for (label, value) in named {
                    if code.label(label) == "Timeout" {
                        settings.set(time((Key::ConnectTimeout, "Dialer.Timeout"), &value));
                    }
                }
            }
            _ => {}
        }
    }
    Sender { settings, default: false }
}

/// The settings of a link. Go sends a request again by itself if the kept connection turned out to be
/// closed and the method is idempotent: about kept connections only the others say something.
fn finish(
    reading: &Reading<'_>,
    to: &Range<usize>,
    sender: &Sender,
    sends: &str,
    settings: &mut Settings,
) {
    let kept = matches!(sends, "POST" | "PATCH");
    let all = [sender.settings.clone()];
    for setting in all.iter().flatten() {
        if kept || setting.key != Key::UpstreamIdleTimeout {
            settings.set(setting.clone());
        }
    }
    let rows = if sender.default { clients::GO_DEFAULT } else { clients::GO_TRANSPORT };
    for setting in rows.iter().map(crate::defaults::Row::stated) {
        if kept || setting.key != Key::UpstreamIdleTimeout {
            settings.set(setting);
        }
    }
    settings.set(clients::GO_TIMEOUT.stated());
    settings.set(sent_by("net/http", reading.span(to)));
}
