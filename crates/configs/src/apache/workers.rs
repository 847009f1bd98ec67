//! Workers of mod_proxy: the parameters of a target, and what they mean for its connections.
//! <https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypass>

use model::config::{Check, CheckKind, Key, Setting, Settings, Value};

use super::values::{Url, flag, number_setting, text_setting, time, time_setting};
use crate::defaults::apache::{CLOSED, KEPT, RESOLVE_ONCE, REVERSE, TUNNELED};
use crate::directives::{Directive, Places, Word};

/// One `key=value` and where it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Param<'d> {
    directive: &'d Directive,
    word: &'d Word,
    /// Length of the name.
    name: usize,
}

impl<'d> Param<'d> {
    /// The parameters among the values of a directive.
    pub(super) fn of(directive: &'d Directive) -> impl Iterator<Item = Param<'d>> {
        directive.args().iter().filter_map(move |word| {
            let name = word.text.find('=')?;
            let is_name = word.text[..name].bytes().all(|b| b.is_ascii_alphanumeric());
            is_name.then_some(Param { directive, word, name })
        })
    }

    fn key(self) -> String {
        self.word.text[..self.name].to_ascii_lowercase()
    }

    /// What is written after the `=`.
    pub(super) fn value(self) -> &'d str {
        &self.word.text[self.name + 1..]
    }

    /// The place of the value.
    pub(super) fn span(self, places: Places<'_>) -> model::config::Span {
        places.part(self.directive, self.word, self.name + 1)
    }
}

/// The last parameter of this name.
pub(super) fn param<'d>(params: &[Param<'d>], name: &str) -> Option<Param<'d>> {
    params.iter().rev().find(|param| param.key() == name).copied()
}

/// How the target came to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// `ProxyPass` or `BalancerMember`: a worker of its own.
    Worker,
    /// `RewriteRule … [P]` or `SetHandler proxy:…`: the worker for all the rest.
    Reverse,
}

/// What the parameters of a worker say.
pub(super) fn settings(places: Places<'_>, params: &[Param<'_>], url: &Url, way: Way) -> Settings {
    let mut settings = Settings::new();
    let timeout = param(params, "timeout");
    if let Some(param) = timeout {
        let at = param.span(places);
        for key in [Key::ResponseTimeout, Key::SendTimeout, Key::ConnectTimeout] {
            settings.set(time_setting(key, "timeout", param.value(), at));
        }
    }
    for (key, name) in
        [(Key::ConnectTimeout, "connectiontimeout"), (Key::UpstreamIdleTimeout, "ttl")]
    {
        if let Some(param) = param(params, name) {
            settings.set(time_setting(key, name, param.value(), param.span(places)));
        }
    }
    if let Some(param) = param(params, "retry") {
        let at = param.span(places);
        if time(param.value()).is_some_and(|time| time.0 == 0) {
            // The target is tried again at once, so that no failure takes it out.
            for key in [Key::FailTimeout, Key::MaxFails] {
                settings.set(Setting::written(key, Value::Unlimited, "retry", at));
            }
        } else {
            settings.set(time_setting(Key::FailTimeout, "retry", param.value(), at));
        }
    }
    if let Some(param) = param(params, "max") {
        let (key, at) = (Key::UpstreamMaxConnections, param.span(places));
        settings.set(number_setting((key, "max", at), param.value(), Value::Count, false));
    }
    if let Some(param) = param(params, "responsefieldsize") {
        let (key, at) = (Key::MaxResponseHeader, param.span(places));
        settings.set(number_setting(
            (key, "responsefieldsize", at),
            param.value(),
            Value::Bytes,
            false,
        ));
    }
    settings.set(reuse(places, params, url, way));
    let resolves_once = settings.flag(Key::UpstreamKeepAlive) == Some(true);
    let is_name = url.socket.is_none()
        && url.host.parse::<std::net::IpAddr>().is_err()
        && url.host != "localhost"
        && !url.host.contains(['$', '%', '{']);
    let ttl = param(params, "addressttl").filter(|param| !param.value().starts_with('-'));
    match ttl {
        Some(param) => {
            let off = Value::Flag(false);
            let at = param.span(places);
            settings.set(Setting::written(Key::ResolveOnce, off, "addressttl", at));
        }
        None if is_name && resolves_once => settings.set(RESOLVE_ONCE.stated()),
        None => {}
    }
    settings
}

fn reuse(places: Places<'_>, params: &[Param<'_>], url: &Url, way: Way) -> Setting {
    let said = [("disablereuse", false), ("enablereuse", true)]
        .into_iter()
        .find_map(|(name, on)| Some((name, on, param(params, name)?)));
    if let Some((name, on, param)) = said
        && let Some(flag) = flag(param.value())
    {
        let value = Value::Flag(flag == on);
        return Setting::written(Key::UpstreamKeepAlive, value, name, param.span(places));
    }
    match (way, url.scheme.as_str()) {
        (Way::Reverse, _) => REVERSE.stated(),
        (Way::Worker, "fcgi" | "scgi" | "uwsgi") => CLOSED.stated(),
        (Way::Worker, "ws" | "wss") => TUNNELED.stated(),
        (Way::Worker, _) => KEPT.stated(),
    }
}

/// The protocol spoken to the target, if it is not plain HTTP.
pub(super) fn protocol(url: &Url) -> Option<&'static str> {
    Some(match url.scheme.as_str() {
        "ajp" => "ajp",
        "fcgi" => "fastcgi",
        "scgi" => "scgi",
        "uwsgi" => "uwsgi",
        "h2" => "h2",
        "h2c" => "h2c",
        _ => return None,
    })
}

/// The health check of a member of a balancer (mod_proxy_hcheck).
pub(super) fn check(places: Places<'_>, params: &[Param<'_>]) -> Option<Check> {
    let method = param(params, "hcmethod").filter(|m| !m.value().eq_ignore_ascii_case("none"))?;
    let mut settings = Settings::new();
    let (at, name) = (method.span(places), "hcmethod");
    let protocol = match method.value().to_ascii_lowercase().as_str() {
        "tcp" => "tcp",
        "cping" => "ajp",
        _ => "http",
    };
    settings.set(text_setting(Key::CheckProtocol, name, protocol, at));
    if let Some(param) = param(params, "hcuri") {
        settings.set(text_setting(Key::CheckPath, "hcuri", param.value(), param.span(places)));
    }
    if let Some(param) = param(params, "hcexpr") {
        settings.set(text_setting(Key::CheckMatcher, "hcexpr", param.value(), param.span(places)));
    }
    if let Some(param) = param(params, "hcinterval") {
        let at = param.span(places);
        settings.set(time_setting(Key::CheckInterval, "hcinterval", param.value(), at));
    }
    for (key, name) in
        [(Key::CheckHealthyThreshold, "hcpasses"), (Key::CheckUnhealthyThreshold, "hcfails")]
    {
        if let Some(param) = param(params, name) {
            settings.set(number_setting(
                (key, name, param.span(places)),
                param.value(),
                Value::Count,
                false,
            ));
        }
    }
    let at = Some(places.directive(method.directive));
    Some(Check { kind: CheckKind::Balancer, at, settings })
}
