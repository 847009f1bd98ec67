//! Where a program listens, and where it is looked for.

use model::config::{Confidence, Hop, Link, Listen, Prediction, Severity, System, Task};
use model::{Statement, Text};

use super::said::{host_of, is_loopback, is_read_by, is_socket, sure};

/// Readers whose ports say what a container means to offer, not what its program listens on.
const DECLARED: &[&str] = &["dockerfile", "kubernetes", "compose"];

/// Platforms that take requests on the usual ports of the web and hand them to the container's own
/// port (Cloud Run, "Container runtime contract": the URL of a service answers on 443 and 80).
const FRONTED: &[&str] = &["Cloud Run"];

/// True if a platform answers on this port in front of what the files describe.
fn is_fronted(to: &Hop, port: u16) -> bool {
    matches!(port, 80 | 443) && FRONTED.iter().any(|platform| to.runs(platform))
}

/// A link to a port on which its target does not listen.
pub(crate) fn port(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, link) in system.links() {
        let to = system.hop(link.to);
        let known = to.listens.iter().all(|listen| listen.port != 0);
        let missed = to.listens.iter().all(|listen| listen.port != link.port);
        let Some(first) = to.listens.first() else { continue };
        let serves = matches!(to.task, Task::App | Task::Gateway);
        if link.port == 0 || !known || !missed || !serves || stands_behind_its_url(to, link.port) {
            continue;
        }
        if is_fronted(to, link.port) {
            continue;
        }
        let declared = to.listens.iter().any(|listen| is_declared(system, listen));
        let (severity, most) = if declared {
            (Severity::Warning, Confidence::Low)
        } else {
            (Severity::Error, Confidence::High)
        };
        let ports: Vec<String> = to.listens.iter().map(|listen| listen.port.to_string()).collect();
        let says = Statement::plain(PORT)
            .with("from", &system.hop(link.from).name)
            .with("to", &to.name)
            .with("port", link.port)
            .with("ports", ports.join(", "));
        let mut one =
            Prediction::new(severity, sure(system, &[], &[id]).min(most), says).along(system, id);
        if let Some(at) = first.at {
            one = one.at(at, listens(to, first));
        }
        if one.places.is_empty() {
            continue;
        }
        found.push(
            one.change(
                Statement::plain(PORT_CHANGE)
                    .with("to", &to.name)
                    .with("port", link.port)
                    .with("from", &system.hop(link.from).name)
                    .with("listened", first.port),
            ),
        );
    }
    found
}

/// True where the platform answers at the service's URL and knows the program's port itself.
fn stands_behind_its_url(hop: &Hop, port: u16) -> bool {
    hop.runs("Cloud Run") && matches!(port, 80 | 443)
}

fn is_declared(system: &System, listen: &Listen) -> bool {
    listen.at.is_none_or(|at| DECLARED.iter().any(|reader| is_read_by(system, at, reader)))
}

fn listens(to: &Hop, listen: &Listen) -> Statement {
    let address = if listen.address.is_empty() { "*" } else { &listen.address };
    Statement::plain(LISTENS)
        .with("to", &to.name)
        .with("address", address)
        .with("port", listen.port)
}

const PORT: Text = Text::new(
    "{from} sends requests to port {port} of {to}, which listens on {ports}: connections are refused",
    "{from} は {to} のポート {port} にリクエストを送りますが、待ち受けているのは {ports} です。接続は拒否されます",
);
const LISTENS: Text =
    Text::new("{to} listens on {address}:{port}", "{to} は {address}:{port} で待ち受けます");
const PORT_CHANGE: Text = Text::new(
    "let {to} listen on {port}, or let {from} send to {listened}",
    "{to} が {port} で待ち受けるか、{from} の送り先を {listened} にします",
);

/// A program that listens on its own loopback address only, reached from another machine or container.
pub(crate) fn loopback(system: &System) -> Vec<Prediction> {
    let mut found: Vec<Prediction> = Vec::new();
    for (id, link) in system.links() {
        let to = system.hop(link.to);
        let host = host_of(link);
        if link.port == 0 || is_socket(link) || !from_elsewhere(link, host) {
            continue;
        }
        let mut on_port = to.listens.iter().filter(|listen| listen.port == link.port).peekable();
        let Some(first) = on_port.peek().copied() else { continue };
        if !on_port.all(|listen| is_loopback(&listen.address)) {
            continue;
        }
        let says = Statement::plain(LOOPBACK)
            .with("to", &to.name)
            .with("address", &first.address)
            .with("from", &system.hop(link.from).name);
        let mut one =
            Prediction::new(Severity::Error, sure(system, &[], &[id]), says).along(system, id);
        if let Some(at) = first.at {
            one = one.at(at, listens(to, first));
        }
        if one.places.is_empty() {
            continue;
        }
        found.push(one.change(
            Statement::plain(LOOPBACK_CHANGE).with("to", &to.name).with("port", first.port),
        ));
    }
    found
}

/// True if the address is surely not that of the machine itself.
fn from_elsewhere(link: &Link, host: &str) -> bool {
    !host.is_empty() && !is_loopback(host) && !link.address.contains('$')
}

const LOOPBACK: Text = Text::new(
    "{to} listens on {address} only, but {from} reaches it from elsewhere: every connection is refused",
    "{to} は {address} でだけ待ち受けていますが、{from} は別の場所から接続します。接続はすべて拒否されます",
);
const LOOPBACK_CHANGE: Text = Text::new(
    "let {to} listen on 0.0.0.0:{port}",
    "{to} が 0.0.0.0:{port} で待ち受けるようにします",
);

/// A link to a socket of the file system, and a program that made its socket elsewhere.
pub(crate) fn socket(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, link) in system.links() {
        if !is_socket(link) {
            continue;
        }
        let to = system.hop(link.to);
        let wanted = path_of(&link.address);
        let sockets: Vec<&Listen> = to.listens.iter().filter(|listen| listen.port == 0).collect();
        let met = sockets.iter().any(|listen| plain(path_of(&listen.address)) == plain(wanted));
        let Some(first) = sockets.first().filter(|_| !met) else { continue };
        let absolute = |path: &str| path.starts_with('/');
        if !absolute(wanted) || !absolute(path_of(&first.address)) {
            continue;
        }
        let Some(at) = first.at else { continue };
        let says = Statement::plain(SOCKET)
            .with("from", &system.hop(link.from).name)
            .with("wanted", wanted)
            .with("to", &to.name)
            .with("made", path_of(&first.address));
        let shows =
            Statement::plain(MADE).with("to", &to.name).with("made", path_of(&first.address));
        found.push(
            Prediction::new(Severity::Error, sure(system, &[], &[id]), says)
                .along(system, id)
                .at(at, shows)
                .change(
                    Statement::plain(SOCKET_CHANGE)
                        .with("from", &system.hop(link.from).name)
                        .with("made", path_of(&first.address)),
                ),
        );
    }
    found
}

/// The path of a socket, without the prefix and the suffix that servers write around it; `/run` and
/// `/var/run` are one folder on today's systems.
fn path_of(address: &str) -> &str {
    let path = address.strip_prefix("unix://").or(address.strip_prefix("unix:")).unwrap_or(address);
    let path = path.split([':', '|']).next().unwrap_or(path);
    path.strip_prefix("/var/run/").map_or(path, |_| &path["/var".len()..])
}

/// A path without `.` and `..`.
fn plain(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts
}

const SOCKET: Text = Text::new(
    "{from} connects to {wanted}, but {to} makes its socket at {made}: no connection is possible",
    "{from} は {wanted} に接続しますが、{to} のソケットは {made} です。接続できません",
);
const MADE: Text = Text::new("{to} makes its socket at {made}", "{to} のソケットは {made} です");
const SOCKET_CHANGE: Text =
    Text::new("let {from} connect to {made}", "{from} の接続先を {made} にします");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::test_support::{Made, only};

    fn looked_for(made: Made, address: &str, listens: &[(&str, u16)]) -> System {
        let mut made = made;
        let front = made.hop(Task::LoadBalancer, "front");
        let app = made.hop(Task::App, "app");
        for (address, port) in listens {
            made.listens(app, address, *port, false);
        }
        made.link(front, app, address);
        made.system
    }

    #[test]
    fn a_port_has_to_be_listened_on() {
        let with =
            |address, listens: &[(&str, u16)]| port(&looked_for(Made::new(), address, listens));
        let one = only(with("app:3000", &[("", 8080)]));
        assert_eq!((one.severity, one.confidence), (Severity::Error, Confidence::High));
        assert!(with("app:3000", &[("", 8080), ("", 3000)]).is_empty());
        assert!(with("app:3000", &[]).is_empty());
        assert!(with("app", &[("", 8080)]).is_empty());
        assert!(with("app:3000", &[("/run/app.sock", 0)]).is_empty());
        let mut run = looked_for(Made::new(), "api.a.run.app:443", &[("", 8080)]);
        assert_eq!(port(&run).len(), 1);
        run.hops[1]
            .products
            .push(model::config::Product { name: "Cloud Run", ..Default::default() });
        assert!(port(&run).is_empty());
        let declared = Made::new().read_as("dockerfile");
        let one = only(port(&looked_for(declared, "app:3000", &[("", 8080)])));
        assert_eq!((one.severity, one.confidence), (Severity::Warning, Confidence::Low));
    }

    #[test]
    fn a_platform_answers_on_the_ports_of_the_web() {
        let with = |product: Option<&'static str>, address| {
            let mut made = Made::new();
            let front = made.hop(Task::App, "front");
            let app = made.hop(Task::App, "app");
            made.listens(app, "", 8080, false);
            if let Some(product) = product {
                made.runs(app, product, "");
            }
            made.link(front, app, address);
            port(&made.system)
        };
        assert!(with(Some("Cloud Run"), "https://app:443").is_empty());
        assert!(with(Some("Cloud Run"), "http://app:80").is_empty());
        only(with(Some("Cloud Run"), "app:3000"));
        only(with(None, "https://app:443"));
    }

    #[test]
    fn loopback_is_reached_from_itself_only() {
        let with =
            |address, listens: &[(&str, u16)]| loopback(&looked_for(Made::new(), address, listens));
        only(with("app:3000", &[("127.0.0.1", 3000)]));
        assert!(with("127.0.0.1:3000", &[("127.0.0.1", 3000)]).is_empty());
        assert!(with("localhost:3000", &[("127.0.0.1", 3000)]).is_empty());
        assert!(with("app:3000", &[("127.0.0.1", 3000), ("", 3000)]).is_empty());
        assert!(with("app:3000", &[("0.0.0.0", 3000)]).is_empty());
        assert!(with("app:4000", &[("127.0.0.1", 3000)]).is_empty());
        assert!(with("$APP:3000", &[("127.0.0.1", 3000)]).is_empty());
    }

    #[test]
    fn a_socket_has_one_path() {
        let with = |address, path| socket(&looked_for(Made::new(), address, &[(path, 0)]));
        only(with("unix:/run/app.sock", "/tmp/app.sock"));
        assert!(with("unix:/run/app.sock", "/run/app.sock").is_empty());
        assert!(with("unix:/var/run/app.sock:/", "unix:/run/app.sock").is_empty());
        assert!(with("unix:/run/app.sock", "app.sock").is_empty());
        assert!(with("app:3000", "/run/app.sock").is_empty());
    }
}
