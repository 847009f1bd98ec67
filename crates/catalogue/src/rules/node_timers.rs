//! Two timers of one Node.js server: the one for the head of a request has to outlast the one for
//! idle connections.

use model::config::{Hop, Key, Prediction, Product, Severity, System, Value};
use model::{Micros, Statement, Text};

use super::said::{any_written, is_served, sure};

/// `headersTimeout` at or below `keepAliveTimeout`, on versions that count it from the end of the
/// request before (nodejs/node issues 24980 and 27363; before 18.2, where the check moved to a list
/// of connections).
pub(crate) fn head_before_idle(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, hop) in system.hops() {
        if !node(hop).is_some_and(counts_from_the_last_request) || !is_served(system, id) {
            continue;
        }
        let (Some(head), Some(idle)) =
            (hop.get(Key::ClientHeaderTimeout), hop.get(Key::ClientIdleTimeout))
        else {
            continue;
        };
        let (Some(least), Some(kept)) = (head.time(), idle.time()) else { continue };
        if least > kept || !any_written(&[head, idle]) {
            continue;
        }
        let wanted = Value::Time(Micros(kept.0.saturating_add(1_000_000)));
        let says = Statement::plain(SAYS)
            .with("hop", &hop.name)
            .with("head", &head.value)
            .with("head_name", head.name)
            .with("idle", &idle.value)
            .with("idle_name", idle.name);
        found.push(
            Prediction::new(Severity::Error, sure(system, &[head, idle], &[]), says)
                .rests_on(system, id, head)
                .rests_on(system, id, idle)
                .change(
                    Statement::plain(CHANGE)
                        .with("name", head.name)
                        .with("hop", &hop.name)
                        .with("wanted", &wanted),
                )
                .edit(head.changed_to(&wanted, &hop.slots)),
        );
    }
    found
}

fn node(hop: &Hop) -> Option<&Product> {
    hop.products.iter().find(|product| product.name == "Node.js")
}

fn counts_from_the_last_request(node: &Product) -> bool {
    let mut parts = node.version.split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), _) if major < 18 => true,
        (Some(Ok(18)), Some(Ok(minor))) => minor < 2,
        _ => false,
    }
}

const SAYS: Text = Text::new(
    "{hop} waits {head} for the head of a request ({head_name}) and counts it from the end of the one \
     before, but keeps idle connections for {idle} ({idle_name}): a request after a longer pause is reset",
    "{hop} はリクエストヘッダーを {head} 待ちますが（{head_name}）、この版は直前のリクエストの終わりから数え、ア\
     イドル接続は {idle} 保持します（{idle_name}）。それより間が空いたリクエストはリセットされます",
);
const CHANGE: Text = Text::new(
    "set {name} of {hop} to {wanted} or more",
    "{hop} の {name} を {wanted} 以上にします",
);

#[cfg(test)]
mod tests {
    use model::config::Task;

    use super::*;
    use crate::rules::test_support::{Made, only, secs, unknown};

    fn with(version: &str, head: Value, idle: Value) -> Vec<Prediction> {
        let mut made = Made::new();
        let front = made.hop(Task::LoadBalancer, "front");
        let app = made.hop(Task::App, "app");
        made.link(front, app, "app:3000");
        made.runs(app, "Node.js", version);
        made.default(app, Key::ClientHeaderTimeout, head);
        made.set(app, Key::ClientIdleTimeout, idle);
        head_before_idle(&made.system)
    }

    #[test]
    fn old_versions_count_from_the_last_request() {
        only(with("14.21.3", secs(60), secs(65)));
        only(with("18.1", secs(60), secs(60)));
        assert!(with("14.21.3", secs(66), secs(65)).is_empty());
        assert!(with("20", secs(60), secs(65)).is_empty());
        assert!(with("18", secs(60), secs(65)).is_empty());
        assert!(with("", secs(60), secs(65)).is_empty());
        assert!(with("14", unknown(), secs(65)).is_empty());
    }
}
