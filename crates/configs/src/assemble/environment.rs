//! What variables of the environment mean once program and environment have met: addresses that
//! requests are sent to, and the port that the program listens on.

use std::collections::BTreeSet;

use model::Micros;
use model::config::{Setting, Span, Task, Value};

use crate::draft::{Draft, DraftId, HopDraft, LinkDraft, Name, Reach, Variable};

/// Words in names of variables that hold the program's own address, or one that browsers use.
const OWN: &[&str] = &[
    "PUBLIC", "CALLBACK", "ORIGIN", "FRONTEND", "SITE", "WEBSITE", "NEXTAUTH", "REDIRECT",
    "BASE_URL", "APP_URL", "HOME", "HEALTH", "PROXY",
];

/// Protocols of addresses and their usual ports.
const PROTOCOLS: &[(&str, u16)] = &[
    ("http", 80),
    ("https", 443),
    ("grpc", 0),
    ("postgres", 5432),
    ("postgresql", 5432),
    ("mysql", 3306),
    ("mysql2", 3306),
    ("mariadb", 3306),
    ("redis", 6379),
    ("rediss", 6379),
    ("mongodb", 27017),
    ("amqp", 5672),
    ("amqps", 5671),
];

/// Variables that hold a host alone, by how their names begin, and the usual ports.
const HOSTS: &[(&str, u16)] = &[
    ("DB_", 0),
    ("DATABASE_", 0),
    ("PG", 5432),
    ("POSTGRES_", 5432),
    ("MYSQL_", 3306),
    ("REDIS_", 6379),
];

/// A host and port that an address names; of an address with variables in its host, none.
pub(crate) fn target(address: &str) -> Option<(String, u16)> {
    let address = address.strip_prefix("jdbc:").unwrap_or(address);
    let (scheme, rest) = address.split_once("://")?;
    let scheme = scheme.split('+').next().unwrap_or(scheme);
    let (_, usual) = PROTOCOLS.iter().find(|(known, _)| known.eq_ignore_ascii_case(scheme))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let place = place.split(',').next().unwrap_or(place);
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') && !port.ends_with(']') => {
            (host, port.parse().unwrap_or(0))
        }
        _ => (place, *usual),
    };
    let is_host =
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._[]:".contains(c));
    is_host.then(|| (host.to_owned(), port))
}

/// Gives every program the port and the addresses that its environment says.
pub(crate) fn bind(draft: &mut Draft, gone: &[bool]) {
    let known = hosts(draft);
    for at in (0..draft.hops.len()).filter(|&at| !gone[at]) {
        listen(draft, at);
        timers(&mut draft.hops[at]);
        let variables = draft.hops[at].environment.clone();
        for variable in &variables {
            match &variable.of {
                Some((whose, port)) => {
                    reference(
                        draft,
                        at,
                        variable,
                        (whose, port_beside(&variables, variable, *port)),
                    );
                }
                None => address(draft, at, variable, &known),
            }
        }
        // One database may be named several times: as a host, in an address, for its name.
        for variable in &variables {
            let Some((whose, port)) = &variable.of else { continue };
            let (from, to) = (DraftId(at), Reach::Name(whose.clone()));
            let met = draft.links.iter().any(|link| link.from == from && link.to == to);
            if !met && matches!(draft.hops[at].hop.task, Task::App) {
                let mut link = LinkDraft::new(from, to, variable.value.clone());
                link.port = port_beside(&variables, variable, *port);
                link.at = Some(variable.at);
                draft.links.push(link);
            }
        }
    }
}

/// What the program sends to the address in the variable goes to whose address it is.
fn reference(draft: &mut Draft, at: usize, variable: &Variable, (whose, port): (&Name, u16)) {
    let (name, from) = (Name::variable(&variable.name), DraftId(at));
    for link in draft.links.iter_mut().filter(|link| link.from == from) {
        if link.to == Reach::Name(name.clone()) {
            link.to = Reach::Name(whose.clone());
            link.port = if link.port == 0 { port } else { link.port };
            link.address.clone_from(&variable.value);
            link.at = link.at.or(Some(variable.at));
        }
    }
}

/// The port in the variable beside that of a host: `DB_PORT` beside `DB_HOST`.
fn port_beside(environment: &[Variable], variable: &Variable, usual: u16) -> u16 {
    let Some((stem, _)) = variable.name.rsplit_once('_') else { return usual };
    let wanted = format!("{stem}_PORT");
    let port = environment.iter().find(|other| other.name == wanted);
    port.and_then(|port| port.value.parse().ok()).unwrap_or(usual)
}

/// The port of a program that reads it from a variable.
fn listen(draft: &mut Draft, at: usize) {
    let hop = &mut draft.hops[at];
    let Some(name) = &hop.port_variable else { return };
    let Some(variable) = hop.environment.iter().find(|variable| variable.name == *name) else {
        return;
    };
    let Ok(port @ 1..) = variable.value.parse::<u16>() else { return };
    if let [listen] = &mut hop.hop.listens[..]
        && listen.port != port
    {
        listen.port = port;
        listen.at = Some(variable.at);
    }
}

/// Timers that a server reads from variables.
fn timers(hop: &mut HopDraft) {
    for (name, key) in hop.timers.clone() {
        let Some(variable) = hop.environment.iter().find(|variable| variable.name == name) else {
            continue;
        };
        let value = match variable.value.trim().parse::<u32>() {
            Ok(millis) => Value::Time(Micros::from_millis(millis.into())),
            Err(_) => Value::Unknown(variable.value.clone()),
        };
        hop.hop.settings.set(Setting::written(key, value, name, variable.at));
    }
}

fn address(draft: &mut Draft, at: usize, variable: &Variable, known: &BTreeSet<String>) {
    let hop = &draft.hops[at];
    let said = meant(&hop.environment, variable)
        .or_else(|| place_of_another(known, &hop.names, &variable.value));
    let Some((host, port)) = said else { return };
    let is_app = matches!(draft.hops[at].hop.task, Task::App);
    let (name, from) = (Name::variable(&variable.name), DraftId(at));
    let mut met = false;
    for link in draft.links.iter_mut().filter(|link| link.from == from) {
        if link.to == Reach::Name(name.clone()) {
            met = true;
            link.to = Reach::Name(Name::host(&host));
            link.port = if link.port == 0 { port } else { link.port };
            link.address = shown(&host, link.port);
            link.at = link.at.or(Some(variable.at));
        }
    }
    if !met && is_app && !is_own(&variable.name) {
        draft.links.push(link(from, &host, port, variable.at));
    }
}

/// True if the variable's name says that its address is the program's own, or for browsers. Whole
/// words count: `BASE_URL` is one's own, `DATABASE_URL` is not.
fn is_own(name: &str) -> bool {
    let name = format!("_{name}_");
    OWN.iter().any(|words| name.contains(&format!("_{words}_")))
}

/// A host with its port and nothing else, `orders:8080`, if something else here has that name.
fn place_of_another(known: &BTreeSet<String>, own: &[Name], value: &str) -> Option<(String, u16)> {
    let (host, port) = value.split_once(':')?;
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let is_own = own.contains(&Name::host(host));
    (known.contains(&host.to_ascii_lowercase()) && !is_own).then(|| (host.to_owned(), port))
}

/// The hosts that something here is called by.
fn hosts(draft: &Draft) -> BTreeSet<String> {
    let of_hops = draft.hops.iter().flat_map(|hop| &hop.names);
    let names = of_hops.chain(draft.pools.iter().flat_map(|pool| &pool.names));
    let host = |name: &Name| match name {
        Name::Host(host) => Some(host.clone()),
        Name::Id(..) => None,
    };
    names.filter_map(host).collect()
}

/// A link to a host.
pub(crate) fn link(from: DraftId, host: &str, port: u16, at: Span) -> LinkDraft {
    let mut link = LinkDraft::new(from, Reach::Name(Name::host(host)), shown(host, port));
    link.port = port;
    link.at = Some(at);
    link
}

fn shown(host: &str, port: u16) -> String {
    if port == 0 { host.to_owned() } else { format!("{host}:{port}") }
}

/// The host and port a variable stands for: an address, or a host with its port in another variable.
fn meant(environment: &[Variable], variable: &Variable) -> Option<(String, u16)> {
    if let Some(found) = target(&variable.value) {
        return Some(found);
    }
    let stem =
        variable.name.strip_suffix("HOST").or_else(|| variable.name.strip_suffix("HOSTNAME"))?;
    let (_, usual) = HOSTS.iter().find(|(known, _)| stem.starts_with(known))?;
    let value = &variable.value;
    let is_host = !value.is_empty()
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
        && value != "0.0.0.0";
    let port = environment.iter().find(|other| other.name == format!("{stem}PORT"));
    let port = port.and_then(|port| port.value.parse().ok()).unwrap_or(*usual);
    is_host.then(|| (value.clone(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_addresses_are_told_by_whole_words() {
        for name in ["BASE_URL", "API_BASE_URL", "PUBLIC_URL", "NEXT_PUBLIC_API", "NEXTAUTH_URL"] {
            assert!(is_own(name), "{name}");
        }
        for name in ["DATABASE_URL", "API_URL", "REPUBLIC_URL", "WEBSITES_API", "PROXYSQL_URL"] {
            assert!(!is_own(name), "{name}");
        }
    }

    #[test]
    fn addresses_name_hosts_and_ports() {
        let found = |address: &str| target(address).map(|(host, port)| format!("{host} {port}"));
        assert_eq!(found("postgres://u:p@db:5433/app").unwrap(), "db 5433");
        assert_eq!(found("postgresql+psycopg://db/app").unwrap(), "db 5432");
        assert_eq!(found("jdbc:postgresql://db.internal/app").unwrap(), "db.internal 5432");
        assert_eq!(found("http://api:4000/v1").unwrap(), "api 4000");
        assert_eq!(found("http://[::1]:80/").unwrap(), "[::1] 80");
        for odd in ["${X}", "http://${HOST}/", "http://", "ftp://x", "db:5432", "://"] {
            assert_eq!(target(odd), None, "{odd}");
        }
    }
}
