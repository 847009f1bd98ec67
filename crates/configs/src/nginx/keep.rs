//! Whether connections to targets are used again. Before 1.29.7 that takes a `keepalive` in the
//! `upstream` block, HTTP/1.1 and a `Connection` field that does not say `close`; since then a block
//! without `keepalive` has one, HTTP/1.1 is the default and nothing is said in `Connection`. What
//! only the version decides is left to the defaults.
//!
//! <https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive>,
//! <https://nginx.org/en/CHANGES> 1.29.7, `ngx_http_upstream_keepalive_module.c`.

use model::config::{Key, Setting, Value};

use super::families::Family;
use crate::defaults::nginx::{NEVER_KEPT, NO_BLOCK, NO_KEEP_CONN};
use crate::directives::{Directive, Places, Scope};

/// What is known of it without the version; `None` if the version decides. `block` is the scope of
/// the `upstream` that is named, if one is.
pub(super) fn reuse(
    places: Places<'_>,
    family: &Family,
    scope: &Scope<'_>,
    block: Option<&Scope<'_>>,
) -> Option<Setting> {
    if matches!(family.protocol, "uwsgi" | "scgi") {
        return Some(NEVER_KEPT.stated());
    }
    let Some(block) = block else { return Some(NO_BLOCK.stated()) };
    let keepalive = block.get("keepalive");
    if let Some(directive) = keepalive.filter(|directive| directive.text(0) == "0") {
        return Some(stated(places, directive, 0, "keepalive", false));
    }
    let conditions = match family.protocol {
        "fastcgi" => fastcgi(places, scope),
        "grpc" => Conditions::Met,
        _ => http(places, family, scope),
    };
    match (conditions, keepalive) {
        (Conditions::Refused(setting), _) => Some(setting),
        (Conditions::Met, Some(directive)) => Some(stated(places, directive, 0, "keepalive", true)),
        (Conditions::Met | Conditions::ByVersion, _) => None,
    }
}

/// What the location says of it.
enum Conditions {
    /// Connections are closed, whatever the block says.
    Refused(Setting),
    /// They are kept if the block keeps them.
    Met,
    /// Some versions close them.
    ByVersion,
}

fn stated(
    places: Places<'_>,
    directive: &Directive,
    value: usize,
    name: &'static str,
    on: bool,
) -> Setting {
    let at = places.value(directive, value);
    Setting::written(Key::UpstreamKeepAlive, Value::Flag(on), name, at)
}

fn fastcgi(places: Places<'_>, scope: &Scope<'_>) -> Conditions {
    match scope.get("fastcgi_keep_conn") {
        None => Conditions::Refused(NO_KEEP_CONN.stated()),
        Some(directive) if directive.text(0) == "on" => Conditions::Met,
        Some(directive) => {
            Conditions::Refused(stated(places, directive, 0, "fastcgi_keep_conn", false))
        }
    }
}

fn http(places: Places<'_>, family: &Family, scope: &Scope<'_>) -> Conditions {
    let version = scope.get("proxy_http_version");
    if version.is_some_and(|directive| directive.text(0).starts_with('2')) {
        return Conditions::Met;
    }
    let header = header(family, scope, "connection");
    let says = header.map(|directive| connection(scope, directive.text(1)).to_ascii_lowercase());
    if let (Some(directive), Some("close")) = (header, says.as_deref()) {
        return Conditions::Refused(stated(places, directive, 1, "proxy_set_header", false));
    }
    let old = version.filter(|directive| directive.text(0) == "1.0");
    match (old, version, says.as_deref()) {
        // HTTP/1.0 keeps a connection that it is asked to keep.
        (_, _, Some("keep-alive")) => Conditions::Met,
        (Some(directive), _, _) => {
            Conditions::Refused(stated(places, directive, 0, "proxy_http_version", false))
        }
        (None, Some(_), Some(_)) => Conditions::Met,
        (None, _, _) => Conditions::ByVersion,
    }
}

/// The directive that sets a field of the request, whose name is given in lower case.
pub(super) fn header<'d>(family: &Family, scope: &Scope<'d>, name: &str) -> Option<&'d Directive> {
    let is_it = |directive: &&&Directive| directive.text(0).eq_ignore_ascii_case(name);
    scope.all(family.header).iter().rev().find(is_it).copied()
}

/// What `Connection` says for a request that asks for no upgrade: the usual
/// `map $http_upgrade $connection_upgrade` says `close` or nothing then.
fn connection(scope: &Scope<'_>, text: &str) -> String {
    let text = scope.filled(text);
    let maps = scope.all("map");
    let of = |map: &&&Directive| map.text(0) == "$http_upgrade" && map.text(1) == text;
    let Some(map) = maps.iter().find(of) else { return text };
    let value = |name: &str| {
        map.block.iter().find(|entry| entry.name() == name).map(|entry| entry.text(0).to_owned())
    };
    value("").or_else(|| value("default")).unwrap_or_default()
}
