//! Functions of AWS Lambda: bodies that do not fit through, and functions that are switched off.

use model::config::{Confidence, Hop, Key, Prediction, Severity, System, Value};
use model::{Statement, Text};

use super::said::{is_served, sure};

/// How configuration readers name AWS Lambda.
pub(crate) const LAMBDA: &[&str] = &["AWS Lambda"];
/// How they name the API gateways of platforms, whose integration timeout has a bound of its own.
pub(crate) const API_GATEWAY: &[&str] = &[
    "Amazon API Gateway HTTP API",
    "Amazon API Gateway REST API",
    "Amazon API Gateway",
    "Google API Gateway",
];

/// Largest request body from an Application Load Balancer to a function (AWS, "Lambda functions as
/// targets": 1 MB).
const THROUGH_ALB: u64 = 1 << 20;
/// Largest payload of a synchronous call (AWS, "Lambda quotas": 6 MB each way).
const SYNCHRONOUS: u64 = 6 << 20;

fn runs_any(hop: &Hop, names: &[&str]) -> bool {
    names.iter().any(|name| hop.runs(name))
}

/// A hop in front lets bodies through that no call of the function can carry.
pub(crate) fn bodies(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, link) in system.links() {
        let (from, to) = (system.hop(link.from), system.hop(link.to));
        if !runs_any(to, LAMBDA) {
            continue;
        }
        let bound = if from.runs("AWS ALB") { THROUGH_ALB } else { SYNCHRONOUS };
        // The hop that calls the function, and the one in front of it: beyond, another hop's limit
        // may lie between.
        let before = system.links_to(link.from).map(|(_, link)| link.from);
        for front in std::iter::once(link.from).chain(before) {
            let Some(setting) = system.hop(front).get(Key::MaxRequestBody) else { continue };
            let unlimited = setting.value == Value::Unlimited;
            let too_large = unlimited || setting.count().is_some_and(|n| n > bound);
            if !too_large || !setting.is_written() {
                continue;
            }
            let says = Statement::plain(BODIES)
                .with("front", &system.hop(front).name)
                .with("name", setting.name)
                .with("value", &setting.value)
                .with("function", &to.name)
                .with("bound", Value::Bytes(bound));
            found.push(
                Prediction::new(Severity::Warning, sure(system, &[setting], &[id]), says)
                    .rests_on(system, front, setting)
                    .along(system, id)
                    .step(
                        Statement::plain(BASE64)
                            .with("bound", Value::Bytes(bound))
                            .with("bytes", Value::Bytes(bound / 4 * 3)),
                    )
                    .change(
                        Statement::plain(BODIES_CHANGE)
                            .with("name", setting.name)
                            .with("front", &system.hop(front).name)
                            .with("bytes", Value::Bytes(bound / 4 * 3)),
                    )
                    .edit(
                        setting.changed_to(&Value::Bytes(bound / 4 * 3), &system.hop(front).slots),
                    ),
            );
        }
    }
    found
}

const BODIES: Text = Text::new(
    "{front} lets bodies of {value} through ({name}), but a call of the function {function} carries at most \
     {bound}: larger ones fail",
    "{front} は {value} までのボディを通しますが（{name}）、関数 {function} の呼び出しで渡せるのは {bound} ま\
     でです。それより大きいものは失敗します",
);
const BASE64: Text = Text::new(
    "binary bodies grow by a third as base64: {bytes} × 4/3 = {bound}",
    "バイナリのボディは base64 で 3 分の 4 になります: {bytes} × 4/3 = {bound}",
);
const BODIES_CHANGE: Text = Text::new(
    "set {name} of {front} to {bytes} or less, and let larger files be uploaded to storage directly",
    "{front} の {name} を {bytes} 以下にし、それより大きいファイルはストレージに直接アップロードさせます",
);

/// A function that is called, and may run no instance at all.
pub(crate) fn switched_off(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, hop) in system.hops() {
        let Some(setting) = hop.get(Key::ReservedConcurrency) else { continue };
        if setting.count() != Some(0) || !setting.is_written() || !is_served(system, id) {
            continue;
        }
        let says = Statement::plain(OFF).with("hop", &hop.name).with("name", setting.name);
        let mut one = Prediction::new(Severity::Error, Confidence::High, says)
            .rests_on(system, id, setting)
            .change(Statement::plain(OFF_CHANGE).with("hop", &hop.name).with("name", setting.name));
        for (link, _) in system.links_to(id) {
            one = one.along(system, link);
        }
        found.push(one);
    }
    found
}

const OFF: Text = Text::new(
    "{hop} may not run at all ({name} is 0), but requests are sent to it: every call is refused",
    "{hop} は {name} が 0 のため 1 件も実行できませんが、リクエストの送り先になっています。呼び出しはすべて拒\
     否されます",
);
const OFF_CHANGE: Text = Text::new(
    "remove {name} of {hop}, or set it to the calls it has to take at a time",
    "{hop} の {name} を外すか、同時に受ける呼び出しの数にします",
);

#[cfg(test)]
mod tests {
    use model::config::Task;

    use super::*;
    use crate::rules::test_support::{Made, count, only, unknown};

    fn uploads(limit: Value, front: &'static str) -> Vec<Prediction> {
        let mut made = Made::new();
        let nginx = made.hop(Task::Gateway, "nginx");
        let balancer = made.hop(Task::LoadBalancer, "front");
        made.runs(balancer, front, "");
        let function = made.hop(Task::App, "resize");
        made.runs(function, "AWS Lambda", "");
        made.link(nginx, balancer, "lb:443");
        made.link(balancer, function, "resize");
        made.set(nginx, Key::MaxRequestBody, limit);
        bodies(&made.system)
    }

    #[test]
    fn a_body_has_to_fit_into_the_call() {
        let one = only(uploads(Value::Bytes(5 << 20), "AWS ALB"));
        assert_eq!(one.edits[0].text, (3 << 18).to_string());
        only(uploads(Value::Unlimited, "Amazon API Gateway"));
        assert!(uploads(Value::Bytes(5 << 20), "Amazon API Gateway").is_empty());
        assert!(uploads(Value::Bytes(1 << 20), "AWS ALB").is_empty());
        assert!(uploads(unknown(), "AWS ALB").is_empty());
    }

    #[test]
    fn no_concurrency_is_no_function() {
        let reserved = |value| {
            let mut made = Made::new();
            let gateway = made.hop(Task::Gateway, "api");
            let function = made.hop(Task::App, "orders");
            made.set(function, Key::ReservedConcurrency, value);
            let unused = switched_off(&made.system);
            assert!(unused.is_empty());
            made.link(gateway, function, "orders");
            switched_off(&made.system)
        };
        only(reserved(count(0)));
        assert!(reserved(count(5)).is_empty());
        assert!(reserved(unknown()).is_empty());
    }
}
