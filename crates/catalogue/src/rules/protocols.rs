//! Protocols: what a gateway speaks to a target, and what the target's server understands.

use model::config::{Hop, Key, Prediction, Severity, System};
use model::{Statement, Text};

use super::said::sure;

/// Servers that speak HTTP/1 and nothing else: none of them has HTTP/2 or FastCGI (gunicorn's and
/// uvicorn's documentation, Puma's README).
const HTTP1_ONLY: &[&str] = &["gunicorn", "uvicorn", "Puma"];
/// Servers that speak FastCGI and nothing else.
const FASTCGI_ONLY: &[&str] = &["PHP-FPM"];
/// Other servers that do not speak FastCGI.
const NO_FASTCGI: &[&str] = &["Node.js", "nginx", "Apache httpd", "HAProxy", "Tomcat", "Jetty"];

/// A protocol that the target's server does not speak.
pub(crate) fn not_understood(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, link) in system.links() {
        let to = system.hop(link.to);
        let Some(setting) = link.get(Key::UpstreamProtocol) else { continue };
        let Some(spoken) = setting.text() else { continue };
        let Some(server) = deaf(to, spoken) else { continue };
        let understood = if FASTCGI_ONLY.contains(&server) { "FastCGI" } else { "HTTP/1.1" };
        let fill = |text| {
            Statement::plain(text)
                .with("from", &system.hop(link.from).name)
                .with("spoken", spoken)
                .with("to", &to.name)
                .with("server", server)
                .with("understood", understood)
        };
        let mut one = Prediction::new(Severity::Error, sure(system, &[setting], &[id]), fill(SAYS))
            .rests_on(system, link.from, setting)
            .along(system, id);
        let product = to.products.iter().find(|product| product.name == server);
        if let Some(at) = product.and_then(|product| product.version_at).or(to.at) {
            one = one.at(at, fill(RUNS));
        }
        found.push(one.change(fill(CHANGE)));
    }
    found
}

/// The server there that does not understand what is spoken.
fn deaf(hop: &Hop, spoken: &str) -> Option<&'static str> {
    let runs = |names: &[&'static str]| names.iter().copied().find(|name| hop.runs(name));
    // A container may run a server of its own in front of another one.
    let both =
        runs(FASTCGI_ONLY).is_some() && (runs(HTTP1_ONLY).is_some() || runs(NO_FASTCGI).is_some());
    match spoken {
        _ if both => None,
        "fastcgi" => runs(HTTP1_ONLY).or(runs(NO_FASTCGI)),
        "http/1.0" | "http/1.1" => runs(FASTCGI_ONLY),
        "h2" | "h2c" | "grpc" => runs(HTTP1_ONLY).or(runs(FASTCGI_ONLY)),
        _ => None,
    }
}

const SAYS: Text = Text::new(
    "{from} speaks {spoken} to {to}, but {server} understands {understood} only: every request fails",
    "{from} は {to} に {spoken} で送りますが、{server} が理解するのは {understood} だけです。リクエストはすべて失敗し\
     ます",
);
const RUNS: Text = Text::new("{to} runs {server}", "{to} では {server} が動いています");
const CHANGE: Text = Text::new(
    "let {from} speak {understood} to {to}",
    "{from} から {to} へは {understood} にします",
);

#[cfg(test)]
mod tests {
    use model::config::{Task, Value};

    use super::*;
    use crate::rules::test_support::{Made, only, text, unknown};

    fn with(spoken: Value, servers: &[&'static str]) -> Vec<Prediction> {
        let mut made = Made::new();
        let front = made.hop(Task::Gateway, "front");
        let app = made.hop(Task::App, "app");
        for server in servers {
            made.runs(app, server, "");
        }
        let link = made.link(front, app, "app:9000");
        made.set_link(link, Key::UpstreamProtocol, spoken);
        not_understood(&made.system)
    }

    #[test]
    fn the_target_understands_what_is_spoken() {
        only(with(text("http/1.1"), &["PHP", "PHP-FPM"]));
        only(with(text("fastcgi"), &["Node.js"]));
        only(with(text("grpc"), &["gunicorn"]));
        assert!(with(text("fastcgi"), &["PHP-FPM"]).is_empty());
        assert!(with(text("http/1.1"), &["Node.js"]).is_empty());
        assert!(with(text("h2c"), &["Node.js"]).is_empty());
        assert!(with(text("http/1.1"), &["nginx", "PHP-FPM"]).is_empty());
        assert!(with(text("http/1.1"), &[]).is_empty());
        assert!(with(unknown(), &["PHP-FPM"]).is_empty());
    }
}
