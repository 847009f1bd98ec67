//! Active health checks of `reverse_proxy`.

use model::config::{Check, CheckKind, Key, Settings};

use super::lex::Line;
use super::values::{count_setting, text_setting, time_setting};
use crate::part::put;

/// The check of a proxy's targets; there is none without a path or a port of it.
pub(super) fn check(proxy: &Line, tls: bool) -> Option<Check> {
    let line = ["health_uri", "health_path", "health_port"].iter().find_map(|n| proxy.get(n))?;
    let mut settings = Settings::new();
    let protocol = if tls { "https" } else { "http" };
    settings.set(text_setting(Key::CheckProtocol, "health_uri", protocol, line.at(0)));
    let word = |name: &str| proxy.get(name).and_then(|line| line.words.get(1));
    // Before 2.2 the path had a name of its own.
    for name in ["health_path", "health_uri"] {
        if let Some(word) = word(name) {
            let path = word.text.split('?').next().unwrap_or("");
            settings.set(text_setting(Key::CheckPath, name, path, word.at));
        }
    }
    for (key, name) in
        [(Key::CheckInterval, "health_interval"), (Key::CheckTimeout, "health_timeout")]
    {
        put(&mut settings, word(name).and_then(|word| time_setting(key, name, word)));
    }
    for (key, name) in [
        (Key::CheckPort, "health_port"),
        (Key::CheckHealthyThreshold, "health_passes"),
        (Key::CheckUnhealthyThreshold, "health_fails"),
    ] {
        put(&mut settings, word(name).and_then(|word| count_setting(key, name, word)));
    }
    if let Some(word) = word("health_status") {
        let statuses = match word.text.strip_suffix("xx") {
            Some(class) => format!("{class}00-{class}99"),
            None => word.text.clone(),
        };
        settings.set(text_setting(Key::CheckMatcher, "health_status", &statuses, word.at));
    }
    let fields = proxy.get("health_headers").map_or(&[][..], Line::lines);
    if let Some(host) = fields.iter().find(|field| field.name().eq_ignore_ascii_case("host")) {
        settings.set(text_setting(Key::CheckHost, "health_headers", host.text(1), host.at(1)));
    }
    Some(Check { kind: CheckKind::Balancer, at: Some(line.span()), settings })
}
