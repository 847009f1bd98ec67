//! Health checks that ask where nobody answers: another port than any that is listened on, or another
//! protocol.

use model::config::{
    Check, Confidence, Hop, Key, Link, LinkId, Prediction, Severity, System, Task,
};
use model::{Statement, Text};

use super::said::{stands_in, sure};

/// A check on a port that the target does not listen on.
pub(crate) fn port(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, link) in system.links() {
        for check in &link.checks {
            found.extend(of_link(system, (id, link), check));
        }
    }
    for (id, hop) in system.hops() {
        for check in &hop.checks {
            let Some((setting, port)) = checked(check) else { continue };
            if let Some(missed) = missed(system, hop, port) {
                let confidence = missed.min(sure(system, &[setting], &[]));
                let says = says(PORT_OF_PLATFORM, "", hop, port);
                found.push(finish(
                    Prediction::new(Severity::Error, confidence, says)
                        .rests_on(system, id, setting),
                    hop,
                    port,
                ));
            }
        }
    }
    found
}

fn of_link(system: &System, (id, link): (LinkId, &Link), check: &Check) -> Option<Prediction> {
    let to = system.hop(link.to);
    let (setting, port) = checked(check)?;
    // The port that requests go to is a matter of the link.
    if port == link.port {
        return None;
    }
    let confidence = missed(system, to, port)?.min(sure(system, &[setting], &[id]));
    let says = says(PORT, &system.hop(link.from).name, to, port);
    let one = Prediction::new(Severity::Error, confidence, says)
        .rests_on(system, link.from, setting)
        .along(system, id);
    Some(finish(one, to, port))
}

fn checked(check: &Check) -> Option<(&model::config::Setting, u16)> {
    let setting = check.settings.get(Key::CheckPort)?;
    let port = setting.count().and_then(|port| u16::try_from(port).ok())?;
    (port != 0).then_some((setting, port))
}

/// How sure it is that a hop does not listen on a port; `None` if it does, or if nothing is known.
fn missed(system: &System, hop: &Hop, port: u16) -> Option<Confidence> {
    let serves = matches!(hop.task, Task::App | Task::Gateway);
    let known = hop.listens.iter().all(|listen| listen.port != 0);
    let listened = hop.listens.iter().any(|listen| listen.port == port);
    if hop.listens.is_empty() || !serves || !known || listened {
        return None;
    }
    // Containers declare some of their ports only.
    let declared =
        ["dockerfile", "kubernetes", "compose"].iter().any(|reader| stands_in(system, hop, reader));
    Some(if declared { Confidence::Low } else { Confidence::High })
}

fn says(text: Text, from: &str, to: &Hop, port: u16) -> Statement {
    let ports: Vec<String> = to.listens.iter().map(|listen| listen.port.to_string()).collect();
    Statement::plain(text)
        .with("from", from)
        .with("to", &to.name)
        .with("port", port)
        .with("ports", ports.join(", "))
}

fn finish(mut one: Prediction, to: &Hop, port: u16) -> Prediction {
    for listen in &to.listens {
        if let Some(at) = listen.at {
            let shows = Statement::plain(LISTENS).with("to", &to.name).with("port", listen.port);
            one = one.at(at, shows);
        }
    }
    let first = to.listens.first().map_or(0, |listen| listen.port);
    one.change(
        Statement::plain(CHANGE).with("to", &to.name).with("port", port).with("first", first),
    )
}

const PORT: Text = Text::new(
    "{from} checks the health of {to} on port {port}, but it listens on {ports}: no target is ever healthy",
    "{from} は {to} のヘルスチェックをポート {port} で行いますが、待ち受けているのは {ports} です。ターゲットは正常に\
     なりません",
);
const PORT_OF_PLATFORM: Text = Text::new(
    "the platform checks the health of {to} on port {port}, but it listens on {ports}: no instance is ever \
     ready, or each is restarted",
    "プラットフォームは {to} のヘルスチェックをポート {port} で行いますが、待ち受けているのは {ports} です。インスタン\
     スは準備完了にならないか、再起動を繰り返します",
);
const LISTENS: Text = Text::new("{to} listens on {port}", "{to} は {port} で待ち受けます");
const CHANGE: Text = Text::new(
    "check port {first} of {to}, or let it listen on {port}",
    "{to} のポート {first} を確認するか、{port} でも待ち受けます",
);

#[cfg(test)]
mod tests {
    use model::config::{CheckKind, Value};

    use super::*;
    use crate::rules::test_support::{Made, count, only, unknown};

    fn with(checked: Value, listens: &[u16]) -> Vec<Prediction> {
        let mut made = Made::new();
        let front = made.hop(Task::LoadBalancer, "front");
        let app = made.hop(Task::App, "app");
        for port in listens {
            made.listens(app, "", *port, false);
        }
        let link = made.link(front, app, "app:3000");
        made.check_by(link, &[(Key::CheckPort, checked)]);
        port(&made.system)
    }

    #[test]
    fn a_check_asks_where_somebody_answers() {
        only(with(count(8081), &[3000]));
        assert!(with(count(3000), &[3000]).is_empty());
        assert!(with(count(3000), &[8080]).is_empty());
        assert!(with(count(8081), &[3000, 8081]).is_empty());
        assert!(with(count(8081), &[]).is_empty());
        assert!(with(count(99999), &[3000]).is_empty());
        assert!(with(unknown(), &[3000]).is_empty());
    }

    #[test]
    fn a_platforms_own_check_too() {
        let mut made = Made::new();
        let app = made.hop(Task::App, "app");
        made.listens(app, "", 3000, false);
        made.check_of(app, CheckKind::Readiness, &[(Key::CheckPort, count(8081))]);
        only(port(&made.system));
        made.listens(app, "", 8081, false);
        assert!(port(&made.system).is_empty());
    }
}
