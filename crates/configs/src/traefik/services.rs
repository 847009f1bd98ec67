//! Services with their servers, middlewares and transports, by name, whichever provider says them.

use std::collections::{BTreeMap, BTreeSet};

use model::config::{Check, CheckKind, Key, Setting, Settings, Span, Value};

use super::crd::{Object, PROVIDER};
use super::field::Field;
use crate::draft::Name;
use crate::part::put;

/// How deep services and middlewares lead to each other.
const MOST_DEEP: usize = 8;

/// Services and middlewares that one router leads to.
const MOST_LED_TO: usize = 200;

/// Servers of one service.
const MOST_SERVERS: usize = 64;

/// The container whose labels say something.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    /// The name that others reach it by.
    pub(super) name: String,
    /// Where it is described.
    pub(super) at: Span,
    /// True if it runs Traefik: its routers lead to Traefik's own pages.
    pub(super) is_traefik: bool,
}

/// What one file, or the labels of one container, say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'t> {
    /// `http` or `tcp`.
    pub(super) section: &'static str,
    /// Its routers, services, middlewares.
    pub(super) root: Field<'t>,
    /// `file`, `docker` or `kubernetescrd`.
    pub(super) provider: &'static str,
    /// The container, for labels.
    pub(super) owner: Option<&'t Owner>,
    /// The namespace, for objects of Kubernetes.
    pub(super) namespace: &'t str,
}

/// A server of a service.
#[derive(Clone, Debug)]
pub(super) struct Server<'t> {
    /// `http`, `https`, `h2c`, or `tcp`.
    pub(super) scheme: String,
    /// Its name or address.
    pub(super) host: String,
    /// Its port; 0 if it is not said.
    pub(super) port: u16,
    /// Where it is written.
    pub(super) at: Span,
    /// The load balancer it belongs to.
    pub(super) balancer: Option<Field<'t>>,
    /// The Service of Kubernetes that it is, if it is one.
    pub(super) to: Option<Name>,
}

type Named<'t> = BTreeMap<String, Vec<(Part<'t>, Field<'t>)>>;

/// Everything that has a name.
#[derive(Debug, Default)]
pub(super) struct Definitions<'t> {
    services: Named<'t>,
    middlewares: Named<'t>,
    transports: Named<'t>,
}

impl<'t> Definitions<'t> {
    /// What all parts define.
    pub(super) fn new(parts: &[Part<'t>]) -> Definitions<'t> {
        let mut all = Definitions::default();
        for part in parts {
            for (kind, into) in [
                ("services", &mut all.services),
                ("middlewares", &mut all.middlewares),
                ("serversTransports", &mut all.transports),
            ] {
                for (name, field) in part.root.get(kind).entries() {
                    let key = format!("{} {}", part.section, name.to_lowercase());
                    into.entry(key).or_default().push((*part, field));
                }
            }
        }
        all
    }

    /// Adds what an object of Kubernetes defines.
    pub(super) fn add(&mut self, object: &Object<'t>) {
        let into = match object.kind {
            "Middleware" => &mut self.middlewares,
            "ServersTransport" => &mut self.transports,
            _ => return,
        };
        let Object { part, name, .. } = object;
        let key = format!("{} {}-{}", part.section, part.namespace, name.to_lowercase());
        into.entry(key).or_default().push((*part, part.root));
    }

    /// The definitions that a name means where it is used: those of the provider that it names, else
    /// of the same one, else of any.
    fn find(named: &Named<'t>, part: &Part<'t>, name: &str) -> Vec<(Part<'t>, Field<'t>)> {
        // Within Kubernetes a name alone is one of the same namespace.
        let own = format!("{}-{name}", part.namespace);
        let (name, provider) = match name.split_once('@') {
            Some(parts) => parts,
            None if part.provider == PROVIDER => (own.as_str(), PROVIDER),
            None => (name, part.provider),
        };
        let key = format!("{} {}", part.section, name.to_lowercase());
        let Some(all) = named.get(&key) else { return Vec::new() };
        let own: Vec<_> = all.iter().filter(|(of, _)| of.provider == provider).copied().collect();
        let found = if own.is_empty() { all.clone() } else { own };
        // The labels of one container hold for it first.
        let at_owner = |(of, _): &&(Part<'t>, Field<'t>)| {
            let names = [of.owner, part.owner].map(|owner| owner.map(|owner| &owner.name));
            part.owner.is_some() && names[0] == names[1]
        };
        let here: Vec<_> = found.iter().filter(at_owner).copied().collect();
        if here.is_empty() { found } else { here }
    }

    /// The servers of a service.
    pub(super) fn servers(&self, part: &Part<'t>, name: &str) -> Vec<Server<'t>> {
        let mut found = Vec::new();
        self.follow(part, name, MOST_DEEP, (&mut BTreeSet::new(), &mut found));
        found.truncate(MOST_SERVERS);
        found
    }

    fn follow(
        &self,
        part: &Part<'t>,
        name: &str,
        depth: usize,
        (seen, out): (&mut BTreeSet<String>, &mut Vec<Server<'t>>),
    ) {
        let new = seen.len() < MOST_LED_TO && seen.insert(name.to_owned());
        if depth == 0 || !new {
            return;
        }
        for (of, service) in Self::find(&self.services, part, name) {
            if out.len() >= MOST_SERVERS {
                return;
            }
            let balancer = service.get("loadBalancer");
            if balancer.there() {
                servers(&of, balancer, out);
            }
            for inner in service.get("weighted.services").items() {
                if let Some(name) = inner.get("name").text() {
                    self.follow(&of, name, depth - 1, (seen, out));
                }
            }
            for path in ["mirroring.service", "failover.service", "failover.fallback"] {
                if let Some(name) = service.get(path).text() {
                    self.follow(&of, name, depth - 1, (seen, out));
                }
            }
        }
    }

    /// The transport of this name.
    pub(super) fn transport(&self, part: &Part<'t>, name: &str) -> Option<Field<'t>> {
        Self::find(&self.transports, part, name).first().map(|(_, field)| *field)
    }

    /// True if one of these middlewares sends every request of plain HTTP elsewhere.
    pub(super) fn redirects(&self, part: &Part<'t>, names: &[String]) -> bool {
        names.iter().any(|name| {
            let found = Self::find(&self.middlewares, part, name);
            let Some((_, middleware)) = found.first() else { return false };
            let scheme = middleware.get("redirectScheme.scheme").text();
            scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
        })
    }

    /// What middlewares say of the requests that pass them.
    pub(super) fn pass(&self, part: &Part<'t>, names: &[String]) -> Settings {
        let mut settings = Settings::new();
        self.pass_within(part, names, MOST_DEEP, (&mut BTreeSet::new(), &mut settings));
        settings
    }

    fn pass_within(
        &self,
        part: &Part<'t>,
        names: &[String],
        depth: usize,
        (seen, into): (&mut BTreeSet<String>, &mut Settings),
    ) {
        for name in names.iter().filter(|_| depth > 0) {
            if seen.len() >= MOST_LED_TO || !seen.insert(name.clone()) {
                continue;
            }
            let found = Self::find(&self.middlewares, part, name);
            let Some((of, middleware)) = found.first() else { continue };
            retry(middleware.get("retry"), into);
            let buffering = middleware.get("buffering");
            for (key, name) in [
                (Key::MaxRequestBody, "maxRequestBodyBytes"),
                (Key::MaxResponseBody, "maxResponseBodyBytes"),
            ] {
                put(into, buffering.get(name).bytes(key, name));
            }
            let host = middleware.get("headers.customRequestHeaders.Host");
            put(into, host.word(Key::UpstreamHost, "customRequestHeaders"));
            let chain = middleware.get("chain.middlewares").words();
            self.pass_within(of, &chain, depth - 1, (seen, into));
        }
    }
}

/// `attempts` counts the first one, too; a request that was sent is not tried again unless a status
/// is named.
fn retry(retry: Field<'_>, into: &mut Settings) {
    let attempts = retry.get("attempts");
    let Some(n) = attempts.number() else { return };
    let more = Value::Count(n.saturating_sub(1));
    into.set(attempts.setting(Key::Retries, "attempts", more));
    let again = retry.get("retryNonIdempotentMethod");
    if let Some(on) = again.flag() {
        let name = "retryNonIdempotentMethod";
        into.set(again.setting(Key::RetryNonIdempotent, name, Value::Flag(on)));
    }
    let status = retry.get("status");
    let words = status.words();
    if !words.is_empty() {
        into.set(status.setting(Key::RetryOn, "status", Value::Text(words.join(","))));
    }
}

fn servers<'t>(part: &Part<'t>, balancer: Field<'t>, out: &mut Vec<Server<'t>>) {
    let before = out.len();
    for server in balancer.get("servers").items() {
        for name in ["url", "address"] {
            let at = server.get(name);
            out.extend(at.text().and_then(|text| parse(text, at.span(), Some(balancer))));
        }
    }
    let own = balancer.get("server");
    let url = own.get("url");
    out.extend(url.text().and_then(|text| parse(text, url.span(), Some(balancer))));
    let Some(owner) = part.owner.filter(|_| out.len() == before) else { return };
    let port = own.get("port");
    let scheme = own.get("scheme").text().unwrap_or(part.section);
    out.push(Server {
        scheme: scheme.to_lowercase(),
        host: owner.name.clone(),
        port: port.number().and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
        at: port.some().map_or(owner.at, Field::span),
        balancer: Some(balancer),
        to: None,
    });
}

/// The server of an address: `http://10.0.0.1:80/`, `db:5432`.
fn parse<'t>(text: &str, at: Span, balancer: Option<Field<'t>>) -> Option<Server<'t>> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", text));
    let place = match rest.contains(['{', '$']) {
        true => rest,
        false => rest.split(['/', '?', '#']).next().unwrap_or(rest),
    };
    let usual = match scheme {
        "https" => 443,
        "tcp" => 0,
        _ => 80,
    };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.contains([']', '}']) => (host, port.parse().unwrap_or(0)),
        _ => (place, usual),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let ok = host.contains(char::is_alphanumeric) && !host.contains(char::is_whitespace);
    let (scheme, host) = (scheme.to_lowercase(), host.to_owned());
    ok.then_some(Server { scheme, host, port, at, balancer, to: None })
}

/// The health check of a load balancer: there is none without a path.
pub(super) fn check(balancer: Field<'_>, scheme: &str) -> Option<Check> {
    let check = balancer.get("healthCheck");
    let path = check.get("path").some()?;
    let mut settings = Settings::new();
    let own = check.get("scheme").text().unwrap_or(scheme);
    let protocol = Value::Text(if own == "https" { "https" } else { "http" }.to_owned());
    settings.set(path.setting(Key::CheckProtocol, "healthCheck", protocol));
    put(&mut settings, path.word(Key::CheckPath, "path"));
    put(&mut settings, check.get("hostname").word(Key::CheckHost, "hostname"));
    for (key, name) in [(Key::CheckInterval, "interval"), (Key::CheckTimeout, "timeout")] {
        put(&mut settings, check.get(name).time(key, name));
    }
    put(&mut settings, check.get("port").count(Key::CheckPort, "port"));
    let status = check.get("status");
    if let Some(n) = status.number() {
        settings.set(status.setting(Key::CheckMatcher, "status", Value::Text(n.to_string())));
    }
    Some(Check { kind: CheckKind::Balancer, at: Some(path.span()), settings })
}

/// Passive checks of a load balancer.
pub(super) fn passive(balancer: Field<'_>) -> Vec<Setting> {
    let passive = balancer.get("passiveHealthCheck");
    let times = passive.get("failureWindow").time(Key::FailTimeout, "failureWindow");
    let fails = passive.get("maxFailedAttempts").count(Key::MaxFails, "maxFailedAttempts");
    times.into_iter().chain(fails).collect()
}
