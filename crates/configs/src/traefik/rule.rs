//! A router's rule: the hosts and paths that it names.
//!
//! <https://doc.traefik.io/traefik/routing/routers/#rule>.

use model::config::Route;

/// Names taken of one rule.
const MOST_NAMES: usize = 64;

/// The hosts and paths of a rule, as far as they are written out.
pub(super) fn route(rule: &str) -> Route {
    let mut route = Route::default();
    let mut paths: Vec<&str> = Vec::new();
    for (at, _) in rule.match_indices('(') {
        let before = &rule[..at];
        let start = before.rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
        let name = before.get(start..).unwrap_or("");
        let negated = before.get(..start).unwrap_or("").trim_end().ends_with('!');
        let values = || quoted(&rule[at + 1..]);
        match name {
            _ if negated => {}
            "Host" | "HostHeader" | "HostSNI" => {
                let hosts = values().into_iter().filter(|host| *host != "*");
                route.hosts.extend(hosts.map(str::to_owned));
            }
            "Path" | "PathPrefix" => paths.extend(values()),
            _ => {}
        }
    }
    route.hosts.truncate(MOST_NAMES);
    paths.truncate(MOST_NAMES);
    route.path = paths.join(" ");
    route
}

/// The values before the bracket that closes, each in quotation marks.
fn quoted(text: &str) -> Vec<&str> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['`', '"', '\'', ')']) {
        let mark = rest[start..].chars().next().unwrap_or(')');
        if mark == ')' {
            break;
        }
        let inner = &rest[start + 1..];
        let Some(end) = inner.find(mark) else { break };
        values.push(&inner[..end]);
        rest = &inner[end + 1..];
        if values.len() >= MOST_NAMES {
            break;
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_tell_hosts_and_paths() {
        let shown = |rule: &str| {
            let route = route(rule);
            format!("{} {}", route.hosts.join(","), route.path)
        };
        assert_eq!(
            shown("Host(`a.example`, `b.example`) && PathPrefix(`/api`)"),
            "a.example,b.example /api"
        );
        assert_eq!(shown("Host(\"a\") || (Host(`b`) && !Path(`/x`))"), "a,b ");
        assert_eq!(shown("HostRegexp(`.+`) && Path(`/a`) || PathPrefix(`/b`)"), " /a /b");
        assert_eq!(shown("HostSNI(`*`)"), " ");
        for odd in ["Host(", "Host(`a", ")(", "Host()", "(`a`)", "!(Host(`a`)"] {
            route(odd);
        }
    }
}
