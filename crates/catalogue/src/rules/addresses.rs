//! `localhost` is two addresses, and a server may listen on one of them only.

use model::config::{Key, Prediction, Severity, System, Value};
use model::{Statement, Text};

use super::said::{host_of, sure};

/// A caller that takes the IPv6 address of `localhost`, and a server on the IPv4 one.
pub(crate) fn localhost(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, link) in system.links() {
        let (from, to) = (system.hop(link.from), system.hop(link.to));
        let own = link.get(Key::PrefersIpv6).or(from.get(Key::PrefersIpv6));
        let Some(prefers) = own else { continue };
        let six = prefers.value == Value::Flag(true);
        if !six || !host_of(link).eq_ignore_ascii_case("localhost") || link.port == 0 {
            continue;
        }
        let mut on_port = to.listens.iter().filter(|listen| listen.port == link.port).peekable();
        let Some(first) = on_port.peek().copied() else { continue };
        if !on_port.all(|listen| is_ipv4(&listen.address)) {
            continue;
        }
        let says = Statement::plain(SAYS)
            .with("from", &from.name)
            .with("to", &to.name)
            .with("address", &first.address);
        let mut one = Prediction::new(Severity::Error, sure(system, &[prefers], &[id]), says)
            .rests_on(system, link.from, prefers)
            .along(system, id);
        if let Some(at) = first.at {
            let shows = Statement::plain(LISTENS)
                .with("to", &to.name)
                .with("address", &first.address)
                .with("port", first.port);
            one = one.at(at, shows);
        }
        found.push(
            one.change(Statement::plain(CHANGE).with("from", &from.name).with("port", link.port)),
        );
    }
    found
}

/// True for an address of IPv4; an empty one is every address.
fn is_ipv4(address: &str) -> bool {
    address.parse::<std::net::Ipv4Addr>().is_ok()
}

const SAYS: Text = Text::new(
    "{from} takes localhost for ::1, but {to} listens on {address} only: every connection is refused",
    "{from} は localhost を ::1 と解釈しますが、{to} は {address} でだけ待ち受けています。接続はすべて拒否されます",
);
const LISTENS: Text =
    Text::new("{to} listens on {address}:{port}", "{to} は {address}:{port} で待ち受けます");
const CHANGE: Text = Text::new(
    "write 127.0.0.1:{port} instead of localhost in {from}",
    "{from} では localhost の代わりに 127.0.0.1:{port} と書きます",
);

#[cfg(test)]
mod tests {
    use model::config::Task;

    use super::*;
    use crate::rules::test_support::{Made, only, unknown};

    fn with(prefers: Value, address: &str, listens: &str) -> Vec<Prediction> {
        let mut made = Made::new();
        let caller = made.hop(Task::App, "caller");
        let server = made.hop(Task::App, "server");
        made.set(caller, Key::PrefersIpv6, prefers);
        made.listens(server, listens, 3000, false);
        made.link(caller, server, address);
        localhost(&made.system)
    }

    #[test]
    fn localhost_has_to_mean_what_is_listened_on() {
        only(with(Value::Flag(true), "http://localhost:3000", "127.0.0.1"));
        only(with(Value::Flag(true), "http://localhost:3000", "0.0.0.0"));
        assert!(with(Value::Flag(true), "http://localhost:3000", "").is_empty());
        assert!(with(Value::Flag(true), "http://localhost:3000", "::").is_empty());
        assert!(with(Value::Flag(true), "http://127.0.0.1:3000", "127.0.0.1").is_empty());
        assert!(with(Value::Flag(true), "http://localhost:4000", "127.0.0.1").is_empty());
        assert!(with(Value::Flag(false), "http://localhost:3000", "127.0.0.1").is_empty());
        assert!(with(unknown(), "http://localhost:3000", "127.0.0.1").is_empty());
        // What holds for one link counts more than what holds for the program.
        let mut made = Made::new();
        let proxy = made.hop(Task::Gateway, "proxy");
        let server = made.hop(Task::App, "server");
        made.listens(server, "127.0.0.1", 3000, false);
        let link = made.link(proxy, server, "localhost:3000");
        made.set_link(link, Key::PrefersIpv6, Value::Flag(true));
        only(localhost(&made.system));
        made.set_link(link, Key::PrefersIpv6, Value::Flag(false));
        made.set(proxy, Key::PrefersIpv6, Value::Flag(true));
        assert!(localhost(&made.system).is_empty());
    }
}
