//! Spring Boot's `application.properties` and `application.yml`.
//! <https://docs.spring.io/spring-boot/appendix/application-properties/index.html>

use model::Micros;
use model::config::{Key, Notation, Setting, Value};

use super::{duration, listens};
use crate::assemble::environment;
use crate::document::Document;
use crate::draft::{Draft, LinkDraft, Name, Reach};
use crate::tree::At;

/// Settings of the server: the property, what it means, whether it is a time. A plain number is
/// milliseconds.
const SERVER: &[(&str, Key, bool)] = &[
    ("server.tomcat.keep-alive-timeout", Key::ClientIdleTimeout, true),
    ("server.tomcat.connection-timeout", Key::ClientHeaderTimeout, true),
    ("server.tomcat.max-keep-alive-requests", Key::ClientKeepAliveRequests, false),
    ("server.tomcat.threads.max", Key::Threads, false),
    ("server.tomcat.max-connections", Key::MaxConnections, false),
    ("server.tomcat.accept-count", Key::Backlog, false),
    ("server.jetty.connection-idle-timeout", Key::ClientIdleTimeout, true),
    ("server.undertow.no-request-timeout", Key::ClientIdleTimeout, true),
    ("server.netty.idle-timeout", Key::ClientIdleTimeout, true),
    ("spring.lifecycle.timeout-per-shutdown-phase", Key::ShutdownTimeout, true),
    ("spring.mvc.async.request-timeout", Key::RequestTimeout, true),
];

/// Settings of the pool.
const POOL: &[(&str, Key, bool)] = &[
    ("spring.datasource.hikari.maximum-pool-size", Key::PoolMax, false),
    ("spring.datasource.hikari.minimum-idle", Key::PoolMin, false),
    ("spring.datasource.hikari.connection-timeout", Key::PoolAcquireTimeout, true),
    ("spring.datasource.hikari.idle-timeout", Key::PoolIdleTimeout, true),
    ("spring.datasource.hikari.max-lifetime", Key::PoolMaxLifetime, true),
];

/// Timers of what calls others. <https://docs.spring.io/spring-boot/reference/io/rest-client.html>,
/// <https://docs.spring.io/spring-cloud-openfeign/reference/>,
/// <https://docs.spring.io/spring-cloud-gateway/reference/>
const GATEWAY: &[(&str, Key)] = &[
    ("spring.cloud.gateway.httpclient.connect-timeout", Key::ConnectTimeout),
    ("spring.cloud.gateway.httpclient.response-timeout", Key::ResponseTimeout),
    ("spring.cloud.gateway.httpclient.pool.max-idle-time", Key::UpstreamIdleTimeout),
    ("spring.cloud.gateway.server.webflux.httpclient.connect-timeout", Key::ConnectTimeout),
    ("spring.cloud.gateway.server.webflux.httpclient.response-timeout", Key::ResponseTimeout),
    ("spring.cloud.gateway.server.webflux.httpclient.pool.max-idle-time", Key::UpstreamIdleTimeout),
];

/// Properties that hold the address of somebody else, by how their names begin.
const ROUTES: &[&str] =
    &["spring.cloud.gateway.routes", "spring.cloud.gateway.server.webflux.routes"];
const FEIGN: &[&str] = &["spring.cloud.openfeign.client.config.", "feign.client.config."];

/// Addresses and properties that are read.
const MOST_ADDRESSES: usize = 100;

/// How deep properties may be nested.
const MOST_DEEP: usize = 16;

/// A property as written.
struct Property {
    name: String,
    value: String,
    at: std::ops::Range<usize>,
}

/// True if the file is Spring Boot's.
pub(crate) fn is_spring(document: &Document, name: &str) -> bool {
    let named = matches!(
        name,
        "application.properties"
            | "application.yml"
            | "application.yaml"
            | "application-prod.properties"
            | "application-prod.yml"
            | "application-prod.yaml"
            | "application-production.yml"
            | "application-production.properties"
    );
    named && ["server", "spring", "management"].iter().any(|word| document.text.contains(word))
}

/// Reads a file of the program of a folder.
pub(crate) fn read(document: &Document, folder: &str, draft: &mut Draft) {
    let properties =
        if document.extension() == "properties" { lines(&document.text) } else { nested(document) };
    // `src/main/resources` belongs to the project above it.
    let folder =
        folder.strip_suffix("src/main/resources").map_or(folder, |root| root.trim_end_matches('/'));
    let of = |name: &str| {
        properties.iter().rev().find(|property| relaxed(&property.name) == relaxed(name))
    };
    let program = draft.program_of(folder);
    super::add_product_first(program, "Spring Boot");
    program.hop.at.get_or_insert(document.span(0..0));
    for (name, key, is_time) in SERVER {
        if let Some(property) = of(name) {
            program.hop.settings.set(setting(document, property, name, *key, *is_time));
        }
    }
    // Tomcat's idle connections follow the other timer where only that one is written.
    if let (Some(property), None) =
        (of("server.tomcat.connection-timeout"), of("server.tomcat.keep-alive-timeout"))
    {
        let name = "server.tomcat.connection-timeout";
        program.hop.settings.set(setting(document, property, name, Key::ClientIdleTimeout, true));
    }
    if let Some(property) = of("server.shutdown") {
        let at_once = Value::Flag(!property.value.eq_ignore_ascii_case("graceful"));
        let at = document.span(property.at.clone());
        program.hop.settings.set(Setting::written(
            Key::StopsAtOnce,
            at_once,
            "server.shutdown",
            at,
        ));
    }
    match of("server.port") {
        Some(property) => {
            let (value, variable) = filled(&property.value);
            if let Some(variable) = variable {
                program.port_variable = Some(variable);
            }
            if let Ok(port @ 1..) = value.parse::<u16>() {
                listens(program, "", port, document.span(property.at.clone()));
            }
        }
        // https://docs.spring.io/spring-boot/how-to/webserver.html: 8080.
        None => listens(program, "", 8080, document.span(0..0)),
    }
    addresses(document, &properties, folder, draft);
    if let Some(url) = of("spring.datasource.url") {
        let from = draft.program_id(folder);
        let at = document.span(url.at.clone());
        let (value, variable) = filled(&url.value);
        let mut link = match (environment::target(&value), variable) {
            (Some((host, port)), _) => environment::link(from, &host, port, at),
            (None, Some(variable)) => {
                LinkDraft::new(from, Reach::Name(Name::variable(&variable)), variable)
            }
            (None, None) => return,
        };
        link.at = Some(at);
        for (name, key, is_time) in POOL {
            if let Some(property) = of(name) {
                link.settings.set(setting(document, property, name, *key, *is_time));
            }
        }
        for row in crate::defaults::jvm::HIKARI {
            link.settings.set(row.stated());
        }
        draft.links.push(link);
    }
}

/// Links to whom the properties name: routes of Spring Cloud Gateway, clients of OpenFeign, and
/// addresses that the program itself reads.
fn addresses(document: &Document, properties: &[Property], folder: &str, draft: &mut Draft) {
    let from = draft.program_id(folder);
    let mut found = 0;
    for property in properties {
        let name = property.name.as_str();
        let is_route = ROUTES.iter().any(|route| name.starts_with(route)) && name.ends_with(".uri");
        let feign = FEIGN.iter().find_map(|start| name.strip_prefix(start));
        let feign = feign.and_then(|rest| rest.strip_suffix(".url"));
        let is_own = !["spring.", "server.", "management.", "logging.", "feign.", "springdoc."]
            .iter()
            .any(|start| name.starts_with(start));
        let (value, _) = filled(&property.value);
        let is_http = value.starts_with("http://") || value.starts_with("https://");
        let names_it =
            ["url", "uri", "endpoint", "host"].iter().any(|word| relaxed(name).ends_with(word));
        if found >= MOST_ADDRESSES
            || !is_http
            || !(is_route || feign.is_some() || (is_own && names_it))
        {
            continue;
        }
        let Some((host, port)) = environment::target(&value) else { continue };
        found += 1;
        let at = document.span(property.at.clone());
        let mut link = environment::link(from, &host, port, at);
        let mut put = |known: &str, label: &'static str, key: Key| {
            let own = |property: &&Property| relaxed(&property.name) == relaxed(known);
            if let Some(property) = properties.iter().rev().find(own)
                && link.settings.get(key).is_none()
            {
                link.settings.set(setting(document, property, label, key, true));
            }
        };
        if is_route {
            GATEWAY.iter().for_each(|(known, key)| put(known, known, *key));
        }
        for config in feign.into_iter().chain(feign.map(|_| "default")) {
            for start in FEIGN {
                put(
                    &format!("{start}{config}.connect-timeout"),
                    "connectTimeout",
                    Key::ConnectTimeout,
                );
                put(&format!("{start}{config}.read-timeout"), "readTimeout", Key::ResponseTimeout);
            }
        }
        super::reach::add(draft, link);
    }
}

fn setting(
    document: &Document,
    property: &Property,
    name: &'static str,
    key: Key,
    is_time: bool,
) -> Setting {
    let (text, _) = filled(&property.value);
    let unknown = || Value::Unknown(super::short(&property.value));
    let plain: Option<i64> = text.parse().ok();
    let value = match (is_time, plain) {
        (true, Some(-1)) => Value::Unlimited,
        (true, Some(millis @ 0..=9_000_000_000_000)) => Value::Time(Micros::from_millis(millis)),
        (true, _) => duration(&text).map_or_else(unknown, Value::Time),
        (false, Some(-1)) => Value::Unlimited,
        (false, Some(number @ 0..)) => Value::Count(number.unsigned_abs()),
        (false, _) => unknown(),
    };
    let setting = Setting::written(key, value, name, document.span(property.at.clone()));
    // Only a value without a variable, and without quotation marks, can be replaced.
    let whole = text == property.value && property.at.len() == text.len();
    match (is_time, plain) {
        _ if !whole => setting,
        (true, Some(_)) => setting.as_written_in(Notation::Milliseconds),
        (true, None) => setting.as_written_in(Notation::SecondsUnit),
        (false, _) => setting.as_written_in(Notation::Count),
    }
}

/// A value with `${NAME:default}` filled in, and the variable.
fn filled(value: &str) -> (String, Option<String>) {
    let Some((before, rest)) = value.split_once("${") else { return (value.to_owned(), None) };
    let Some((inner, after)) = rest.split_once('}') else { return (value.to_owned(), None) };
    match inner.split_once(':') {
        Some((name, usual)) => (format!("{before}{usual}{after}"), Some(name.to_owned())),
        None => (value.to_owned(), before.is_empty().then(|| inner.to_owned())),
    }
}

/// Names without dashes, underscores and capitals, which Spring Boot does not tell apart.
fn relaxed(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
}

fn lines(text: &str) -> Vec<Property> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let bare = line.trim_start();
        if bare.starts_with(['#', '!']) {
            continue;
        }
        let Some(sign) = line.find(['=', ':']) else { continue };
        let (name, rest) = line.split_at(sign);
        let value = rest[1..].trim();
        let value_at = at + sign + 1 + (rest.len() - 1 - rest[1..].trim_start().len());
        let end = value_at + value.len();
        found.push(Property {
            name: name.trim().to_owned(),
            value: value.to_owned(),
            at: value_at..end,
        });
    }
    found
}

fn nested(document: &Document) -> Vec<Property> {
    let mut found = Vec::new();
    let mut open: Vec<(String, At<'_>, usize)> = Vec::new();
    for root in document.tree().roots() {
        // What holds for one profile only is left out.
        if root.at("spring.config.activate").there().is_some()
            || root.at("spring.profiles").there().is_some()
        {
            continue;
        }
        open.push((String::new(), root, 0));
    }
    while let Some((prefix, at, depth)) = open.pop() {
        for (entry, value) in at.entries() {
            let name = if prefix.is_empty() {
                entry.key.clone()
            } else {
                format!("{prefix}.{}", entry.key)
            };
            match value.text() {
                Some(text) => {
                    found.push(Property { name, value: text.to_owned(), at: value.range() });
                }
                None if depth < MOST_DEEP => open.push((name, value, depth + 1)),
                None => {}
            }
        }
        for (number, item) in at.items().enumerate().filter(|_| depth < MOST_DEEP) {
            open.push((format!("{prefix}[{number}]"), item, depth + 1));
        }
        // A document whose anchors expand.
        if found.len() > 20_000 || open.len() > 20_000 {
            break;
        }
    }
    found
}
