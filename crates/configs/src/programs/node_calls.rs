//! Whom a program of Node.js calls, and how its clients keep connections and wait: `fetch` and undici,
//! agents of `node:http`, axios, got and ky.

use std::collections::BTreeMap;
use std::ops::Range;

use model::config::{Key, Setting, Settings, Span, Value};

use super::Reading;
use super::reach::{add, link_to, sent_by};
use crate::assemble::environment;
use crate::code::{Kind, Known, Language, Scale};
use crate::defaults::clients;
use crate::document::Document;
use crate::draft::{Draft, LinkDraft};

/// Calls of one file that are read.
const MOST_CALLS: usize = 200;

/// How deep clients may be wrapped in each other.
const MOST_DEEP: u8 = 4;

/// Calls that send requests, by the first part of their name, and the client that they are.
const SENDS: &[(&str, Client)] = &[
    ("fetch", Client::Fetch),
    ("undici", Client::Fetch),
    ("axios", Client::Axios),
    ("got", Client::Got),
    ("ky", Client::Ky),
    ("http", Client::Agent),
    ("https", Client::Agent),
];

/// Their methods that send.
const METHODS: &[&str] =
    &["get", "post", "put", "patch", "delete", "head", "request", "fetch", "stream"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    /// `fetch` and undici.
    Fetch,
    /// `http.request`.
    Agent,
    /// axios, over an agent.
    Axios,
    /// got, which sends again what is idempotent.
    Got,
    /// ky, over `fetch`, which does the same.
    Ky,
}

/// True if the file may call anybody.
pub(crate) fn matters(text: &str) -> bool {
    ["fetch(", "axios", "http.request", "https.request", "http.get", "https.get"]
        .iter()
        .chain(&["undici", "setGlobalDispatcher", "got", "ky.create", "ky.extend"])
        .any(|word| text.contains(word))
}

/// Settings that hold for every call of a program.
#[derive(Debug, Default)]
pub(crate) struct Everywhere {
    /// What `setGlobalDispatcher` was given.
    fetch: Settings,
    /// What was assigned to `axios.defaults`.
    axios: Settings,
}

impl Everywhere {
    /// Adds what a file says.
    pub(crate) fn add(&mut self, document: &Document, folder: &str, draft: &Draft) {
        let text = &document.text;
        if !text.contains("setGlobalDispatcher") && !text.contains("axios.defaults") {
            return;
        }
        let reading = Reading::new(document, Language::JavaScript, folder, draft);
        let (code, clients) = (&reading.code, Clients::new(&reading));
        for open in (1..code.len()).filter(|&at| code.is(at, "(")) {
            if code.callee(open).rsplit('.').next() == Some("setGlobalDispatcher")
                && let Some(first) = code.parts(open).into_iter().next()
            {
                self.fetch.inherit(&clients.given(&first, MOST_DEEP).settings);
            }
        }
        for (name, expression) in code.assignments() {
            let of = code.name_ending(name);
            if let Some(option) = of.strip_prefix("axios.defaults.") {
                clients.option(Client::Axios, option, &expression, MOST_DEEP, &mut self.axios);
            }
        }
    }
}

/// Reads the calls of a file.
pub(crate) fn read(reading: &Reading<'_>, folder: &str, all: &Everywhere, draft: &mut Draft) {
    let code = &reading.code;
    let clients = Clients::new(reading);
    let from = draft.program_id(folder);
    let mut found = 0;
    for open in (1..code.len()).filter(|&at| code.is(at, "(")) {
        if found >= MOST_CALLS {
            break;
        }
        let Some(call) = clients.call(open) else { continue };
        let of_another = |text: &str| text.contains("://") && !text.starts_with("http");
        if reading.value(&call.to).text().is_some_and(of_another) {
            continue;
        }
        let to = match &call.host {
            Some((host, port)) => {
                let at = reading.span(&call.to);
                Some(environment::link(from, host, *port, at))
            }
            None => link_to(reading, &call.to, from),
        };
        let Some(mut link) = to else { continue };
        found += 1;
        finish(call, all, reading, &mut link);
        add(draft, link);
    }
}

/// What a call says about whom, and how.
struct Call {
    client: Client,
    /// True if a lost request may be sent again by the client.
    retried: bool,
    to: Range<usize>,
    /// The host and port, where they are said apart.
    host: Option<(String, u16)>,
    settings: Settings,
    /// True if it names a dispatcher of its own, so that the one of everybody counts for nothing.
    dispatched: bool,
}

/// Puts the settings of a call and its client's defaults into a link.
fn finish(call: Call, all: &Everywhere, reading: &Reading<'_>, link: &mut LinkDraft) {
    let at = reading.span(&call.to);
    link.settings.inherit(&call.settings);
    let (name, everywhere) = match call.client {
        Client::Fetch => (clients::FETCH, Some(&all.fetch)),
        Client::Agent => (clients::HTTP_AGENT, None),
        Client::Axios => (clients::HTTP_AGENT, Some(&all.axios)),
        Client::Got if call.retried => ("got", None),
        Client::Got => (clients::HTTP_AGENT, None),
        Client::Ky if call.retried => ("ky", None),
        Client::Ky => (clients::FETCH, Some(&all.fetch)),
    };
    if let (Some(settings), false) = (everywhere, call.dispatched) {
        link.settings.inherit(settings);
    }
    match call.client {
        Client::Axios => link.settings.set(clients::AXIOS.stated()),
        Client::Ky => link.settings.set(clients::KY.stated()),
        Client::Fetch | Client::Agent | Client::Got => {}
    }
    link.settings.set(sent_by(name, at));
}

/// A client or an agent that the code makes.
#[derive(Clone, Debug, Default)]
struct Given {
    client: Option<Client>,
    /// What addresses of its calls begin with.
    base: Option<Range<usize>>,
    settings: Settings,
}

/// The clients of a file by name.
struct Clients<'r, 'd> {
    reading: &'r Reading<'d>,
    named: BTreeMap<&'d str, Given>,
    from_undici: bool,
    is_kept_by_package: bool,
}

impl<'r, 'd> Clients<'r, 'd> {
    fn new(reading: &'r Reading<'d>) -> Clients<'r, 'd> {
        let quoted = |name: &str| {
            ['\'', '"'].iter().any(|q| reading.code.text.contains(&format!("{q}{name}{q}")))
        };
        let mut clients = Clients {
            reading,
            named: BTreeMap::new(),
            from_undici: quoted("undici"),
            is_kept_by_package: quoted("agentkeepalive"),
        };
        let code = &reading.code;
        for (name, expression) in code.assignments() {
            if code.name_start(name) != name {
                continue;
            }
            let given = clients.given(&expression, MOST_DEEP);
            if given.client.is_some() || given.settings.iter().next().is_some() {
                clients.named.insert(code.word(name), given);
            }
        }
        clients
    }

    /// What an expression makes: an agent, a dispatcher, an instance of a library.
    fn given(&self, expression: &Range<usize>, depth: u8) -> Given {
        let code = &self.reading.code;
        let Some(depth) = depth.checked_sub(1) else { return Given::default() };
        let mut first = expression.start;
        if first + 1 == expression.end {
            return self.named.get(code.word(first)).cloned().unwrap_or_default();
        }
        // `{ http: new HttpAgent() }`
        if code.is(first, "{") {
            let one = code.named(first).into_iter().next();
            return one.map(|(_, value)| self.given(&value, depth)).unwrap_or_default();
        }
        let is_new = code.is(first, "new");
        first += usize::from(is_new);
        let Some(open) = (first..expression.end).find(|&at| code.is(at, "(")) else {
            return Given::default();
        };
        // Only the call that the whole expression is.
        if code.close(open).is_none_or(|close| close + 1 != expression.end) {
            return Given::default();
        }
        let callee = code.callee(open);
        let parts = code.parts(open);
        let options = parts.iter().find(|part| code.is(part.start, "{"));
        let address = parts.first().filter(|part| !code.is(part.start, "{")).cloned();
        let last = callee.rsplit('.').next().unwrap_or("");
        let of_undici =
            callee.starts_with("undici.") || (self.from_undici && !callee.contains('.'));
        let (kind, base, options_of) = match (is_new, callee.as_str(), last) {
            (true, _, "Agent" | "Pool" | "Client" | "RetryAgent") if of_undici => {
                (None, address, Client::Fetch)
            }
            (true, "http.Agent" | "https.Agent" | "HttpAgent" | "HttpsAgent" | "Agent", _) => {
                let mut given = Given::default();
                let at = self.reading.span(expression);
                self.agent(options, &callee, at, &mut given.settings);
                return given;
            }
            (true, _, "HttpsAgent" | "KeepAliveAgent" | "AgentKeepAlive") => {
                let mut given = Given::default();
                let at = self.reading.span(expression);
                self.agent(options, &callee, at, &mut given.settings);
                return given;
            }
            (false, "axios.create", _) => (Some(Client::Axios), None, Client::Axios),
            (false, "got.extend", _) => (Some(Client::Got), None, Client::Got),
            (false, "ky.create" | "ky.extend", _) => (Some(Client::Ky), None, Client::Ky),
            _ => return Given::default(),
        };
        let mut given = Given { client: kind, base, settings: Settings::new() };
        for (label, value) in options.map(|part| self.options(part.start)).unwrap_or_default() {
            if matches!(label, "baseURL" | "prefixUrl") {
                given.base = Some(value);
            } else {
                self.option(options_of, label, &value, depth, &mut given.settings);
            }
        }
        // A pool of undici is a client of one place.
        if options_of == Client::Fetch && given.base.is_some() {
            given.client = Some(Client::Fetch);
        }
        given
    }

    /// The options of an agent of `node:http`, or of the package agentkeepalive.
    fn agent(
        &self,
        options: Option<&Range<usize>>,
        callee: &str,
        made_at: Span,
        settings: &mut Settings,
    ) {
        let (code, reading) = (&self.reading.code, self.reading);
        let by_package = self.is_kept_by_package && !callee.contains('.');
        for (label, value) in options.map(|part| self.options(part.start)).unwrap_or_default() {
            let idle = |name| {
                let key = (Key::UpstreamIdleTimeout, name);
                reading.time(key, &value, Scale::Milliseconds, Some(Value::Unlimited))
            };
            match label {
                "keepAlive" => {
                    let on = match code.source(&value) {
                        "true" => Value::Flag(true),
                        "false" => Value::Flag(false),
                        other => Value::Unknown(super::short(other)),
                    };
                    let at = reading.span(&value);
                    let name = "http.Agent keepAlive";
                    settings.set(Setting::written(Key::UpstreamKeepAlive, on, name, at));
                }
                "freeSocketTimeout" if by_package => settings.set(idle("freeSocketTimeout")),
                "timeout" if !by_package => settings.set(idle("http.Agent timeout")),
                "maxSockets" => {
                    let key = (Key::UpstreamMaxConnections, "maxSockets");
                    settings.set(reading.count(key, &value));
                }
                "maxFreeSockets" => {
                    let key = (Key::UpstreamPool, "maxFreeSockets");
                    settings.set(reading.count(key, &value));
                }
                _ => {}
            }
        }
        let mut rest = Settings::new();
        if by_package {
            clients::AGENT_KEEPALIVE.iter().for_each(|row| rest.set(row.stated_at(made_at)));
        } else if settings.get(Key::UpstreamKeepAlive).is_none() {
            rest.set(clients::AGENT_OFF.stated_at(made_at));
        } else if settings.flag(Key::UpstreamKeepAlive) == Some(true) {
            rest.set(clients::AGENT_IDLE.stated_at(made_at));
        }
        settings.inherit(&rest);
    }

    /// The options between brackets; `{ dispatcher }` stands for `{ dispatcher: dispatcher }`.
    fn options(&self, open: usize) -> Vec<(&'d str, Range<usize>)> {
        let code = &self.reading.code;
        let short = code.parts(open).into_iter().filter(|part| part.len() == 1);
        let short = short.filter(|part| code.kind(part.start) == Some(Kind::Word));
        let short = short.map(|part| (code.word(part.start), part));
        let named = code.named(open).into_iter().map(|(label, value)| (code.label(label), value));
        named.chain(short).collect()
    }

    /// One option of a call or of a client.
    fn option(
        &self,
        of: Client,
        label: &str,
        value: &Range<usize>,
        depth: u8,
        settings: &mut Settings,
    ) {
        let (code, reading) = (&self.reading.code, self.reading);
        let time = |key: Key, name: &'static str| {
            reading.time((key, name), value, Scale::Milliseconds, Some(Value::Unlimited))
        };
        match (of, label) {
            (_, "signal") if code.source(value).starts_with("AbortSignal.timeout(") => {
                let inner = value.start + 4..value.end.saturating_sub(1);
                let key = (Key::TotalTimeout, "AbortSignal.timeout");
                settings.set(reading.time(key, &inner, Scale::Milliseconds, None));
            }
            (_, "agent" | "httpAgent" | "httpsAgent" | "dispatcher") => {
                settings.inherit(&self.given(value, depth).settings);
            }
            (Client::Got, "timeout") if code.is(value.start, "{") => {
                for (label, value) in self.options(value.start) {
                    let key = match label {
                        "request" => (Key::TotalTimeout, "timeout.request"),
                        "connect" => (Key::ConnectTimeout, "timeout.connect"),
                        "response" => (Key::ResponseTimeout, "timeout.response"),
                        _ => continue,
                    };
                    settings.set(reading.time(key, &value, Scale::Milliseconds, None));
                }
            }
            // `http.request` only says that the time has passed: somebody has to end the request.
            (Client::Agent, "timeout")
                if (0..code.len()).any(|at| code.string(at) == Some("timeout")) =>
            {
                settings.set(time(Key::ResponseTimeout, "timeout"));
            }
            (Client::Axios | Client::Got | Client::Ky, "timeout") => {
                settings.set(time(Key::TotalTimeout, "timeout"));
            }
            (Client::Fetch, "keepAliveTimeout") => {
                settings.set(time(Key::UpstreamIdleTimeout, "keepAliveTimeout"));
            }
            (Client::Fetch, "headersTimeout") => {
                settings.set(time(Key::ResponseTimeout, "headersTimeout"));
            }
            (Client::Fetch, "connectTimeout") => {
                settings.set(time(Key::ConnectTimeout, "connectTimeout"));
            }
            (Client::Fetch, "connect") if code.is(value.start, "{") => {
                for (label, value) in self.options(value.start) {
                    if label == "timeout" {
                        let key = (Key::ConnectTimeout, "connect.timeout");
                        settings.set(reading.time(key, &value, Scale::Milliseconds, None));
                    }
                }
            }
            (Client::Fetch, "connections") => {
                settings.set(reading.count((Key::UpstreamMaxConnections, "connections"), value));
            }
            (Client::Fetch, "pipelining") if reading.value(value) == Known::Number(0.0) => {
                let at = reading.span(value);
                let off = Value::Flag(false);
                settings.set(Setting::written(Key::UpstreamKeepAlive, off, "pipelining", at));
            }
            _ => {}
        }
    }

    /// The call of these brackets, if it sends a request or makes what sends to one place.
    fn call(&self, open: usize) -> Option<Call> {
        let code = &self.reading.code;
        let callee = code.callee(open);
        let (first, method) = callee.split_once('.').unwrap_or((&callee, ""));
        let start = code.name_start(open.checked_sub(1)?);
        // `new Pool("http://…")`, `axios.create({ baseURL })`: what it sends to is known here.
        let whole = if start > 0 && code.is(start - 1, "new") { start - 1 } else { start };
        let close = code.close(open)?;
        let made = self.given(&(whole..close + 1), MOST_DEEP);
        if let (Some(client), Some(to)) = (made.client, made.base) {
            let retried = matches!(client, Client::Got | Client::Ky);
            let dispatched = client == Client::Fetch;
            let (host, settings) = (None, made.settings);
            return Some(Call { client, retried, to, host, settings, dispatched });
        }
        let own = self.named.get(first).filter(|given| given.client.is_some());
        let client = match own {
            Some(given) => given.client?,
            None => SENDS.iter().find(|(name, _)| *name == first)?.1,
        };
        let plain = method.is_empty() && client != Client::Agent;
        if !plain && !METHODS.contains(&method) {
            return None;
        }
        let parts = code.parts(open);
        let mut settings = Settings::new();
        let mut host = None;
        let mut port = if first == "https" { 443 } else { 80 };
        let mut to = parts.first().filter(|part| !code.is(part.start, "{")).cloned();
        let mut sends = method.to_ascii_lowercase();
        let mut dispatched = own.is_some_and(|given| given.client == Some(Client::Fetch));
        for part in parts.iter().filter(|part| code.is(part.start, "{")) {
            for (label, value) in self.options(part.start) {
                match label {
                    "url" if to.is_none() => to = Some(value),
                    "hostname" | "host" if to.is_none() && client == Client::Agent => {
                        host = self.reading.value(&value).text().map(str::to_owned);
                        to = host.is_some().then_some(value);
                    }
                    "port" => port = self.reading.value(&value).port().unwrap_or(0),
                    "method" => {
                        sends = self.reading.value(&value).text().unwrap_or("").to_lowercase();
                    }
                    _ => {
                        dispatched |= label == "dispatcher";
                        self.option(client, label, &value, MOST_DEEP, &mut settings);
                    }
                }
            }
        }
        if let Some(given) = own {
            settings.inherit(&given.settings);
        }
        let retried =
            matches!(client, Client::Got | Client::Ky) && !matches!(&*sends, "post" | "patch");
        let host = host.map(|host| (host, port));
        Some(Call { client, retried, to: to?, host, settings, dispatched })
    }
}
