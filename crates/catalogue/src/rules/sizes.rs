//! Sizes in order: a limit that was raised at one hop and not at the next.

use model::config::{HopId, Key, LinkId, Prediction, Setting, Severity, System, Value};
use model::{Statement, Text};

use super::functions::LAMBDA;
use super::said::sure;

/// A hop that lets larger bodies or heads through than the next one takes.
pub(crate) fn requests(system: &System) -> Vec<Prediction> {
    let mut found: Vec<Prediction> = Vec::new();
    for (id, link) in system.links() {
        // The payload of a function is a cause of its own.
        if LAMBDA.iter().any(|name| system.hop(link.to).runs(name)) {
            continue;
        }
        for key in [Key::MaxRequestBody, Key::MaxRequestHeader] {
            let (Some(outer), Some(inner)) =
                (system.hop(link.from).get(key), system.hop(link.to).get(key))
            else {
                continue;
            };
            let ends = ((link.from, outer), (link.to, inner));
            if raised_alone(outer, inner) && !told(&found, outer, inner) {
                let what = if key == Key::MaxRequestBody { BODY } else { HEAD };
                found.push(predict(system, ends, &[id], what, true));
            }
        }
    }
    found
}

/// A hop that takes larger response heads than the hop in front of it does.
pub(crate) fn response_heads(system: &System) -> Vec<Prediction> {
    let mut found: Vec<Prediction> = Vec::new();
    for (outer_id, outer) in system.links() {
        for (inner_id, inner) in system.links_from(outer.to) {
            let key = Key::MaxResponseHeader;
            let (Some(front), Some(behind)) = (outer.get(key), inner.get(key)) else { continue };
            if raised_alone(behind, front) && !told(&found, behind, front) {
                let ends = ((inner.from, behind), (outer.from, front));
                found.push(predict(system, ends, &[outer_id, inner_id], RESPONSE, false));
            }
        }
    }
    found
}

/// True if somebody set one limit above the other.
fn raised_alone(raised: &Setting, left: &Setting) -> bool {
    let above = match (&raised.value, left.count()) {
        (Value::Unlimited, Some(_)) => true,
        (_, Some(least)) => raised.count().is_some_and(|most| most > least),
        _ => false,
    };
    above && raised.is_written()
}

/// True if the same two settings were found fault with on another route.
fn told(found: &[Prediction], one: &Setting, other: &Setting) -> bool {
    let rests = |prediction: &Prediction, setting: &Setting| {
        prediction.places.iter().any(
            |(place, _)| matches!(place, model::config::PlaceOf::Setting(had) if had == setting),
        )
    };
    found.iter().any(|prediction| rests(prediction, one) && rests(prediction, other))
}

fn predict(
    system: &System,
    ((raised_hop, raised), (left_hop, left)): ((HopId, &Setting), (HopId, &Setting)),
    links: &[LinkId],
    says: Text,
    request: bool,
) -> Prediction {
    let fill = |text| {
        Statement::plain(text)
            .with("raised", &system.hop(raised_hop).name)
            .with("raised_name", raised.name)
            .with("most", &raised.value)
            .with("left", &system.hop(left_hop).name)
            .with("left_name", left.name)
            .with("least", &left.value)
    };
    // Without a bound there is nothing to raise the other one to.
    let wanted = if raised.value == Value::Unlimited { LOWER } else { RAISE };
    let slots = if request { system.hop(left_hop).slots.as_slice() } else { &[] };
    let mut one =
        Prediction::new(Severity::Warning, sure(system, &[raised, left], links), fill(says))
            .rests_on(system, left_hop, left)
            .rests_on(system, raised_hop, raised);
    for link in links {
        one = one.along(system, *link);
    }
    let edit = raised.count().and_then(|_| left.changed_to(&raised.value, slots));
    one.change(fill(wanted)).edit(edit)
}

const BODY: Text = Text::new(
    "{raised} takes bodies of {most} ({raised_name}), but {left} behind it only {least} ({left_name}): larger \
     uploads end as 413",
    "{raised} は {most} までのボディを受け付けますが（{raised_name}）、背後の {left} は {least} までです（{left_name}）。\
     それより大きいアップロードは 413 になります",
);
const HEAD: Text = Text::new(
    "{raised} takes request heads of {most} ({raised_name}), but {left} behind it only {least} ({left_name}): \
     larger ones end as 400 or 431",
    "{raised} は {most} までのリクエストヘッダーを受け付けますが（{raised_name}）、背後の {left} は {least} までです\
     （{left_name}）。それより大きいものは 400 か 431 になります",
);
const RESPONSE: Text = Text::new(
    "{raised} takes response heads of {most} ({raised_name}), but {left} in front of it only {least} \
     ({left_name}): larger ones end as 502 there",
    "{raised} は {most} までのレスポンスヘッダーを受け付けますが（{raised_name}）、前にある {left} は {least} までです\
     （{left_name}）。それより大きいものはそこで 502 になります",
);
const RAISE: Text = Text::new(
    "set {left_name} of {left} to {most} as well",
    "{left} の {left_name} も {most} にします",
);
const LOWER: Text = Text::new(
    "give {raised_name} of {raised} a bound of {least}, or raise {left_name} of {left} to what is needed",
    "{raised} の {raised_name} を {least} に制限するか、{left} の {left_name} を必要な大きさにします",
);

#[cfg(test)]
mod tests {
    use model::config::Task;

    use super::*;
    use crate::rules::test_support::{Made, only, unknown};

    const MIB: u64 = 1 << 20;

    fn bodies(outer: Value, written: bool, inner: Value) -> Vec<Prediction> {
        let mut made = Made::new();
        let front = made.hop(Task::Gateway, "front");
        let proxy = made.hop(Task::Gateway, "proxy");
        made.link(front, proxy, "proxy:80");
        made.link(front, proxy, "proxy:81");
        if written {
            made.set(front, Key::MaxRequestBody, outer);
        } else {
            made.default(front, Key::MaxRequestBody, outer);
        }
        made.default(proxy, Key::MaxRequestBody, inner);
        requests(&made.system)
    }

    #[test]
    fn what_is_let_through_is_taken() {
        only(bodies(Value::Bytes(50 * MIB), true, Value::Bytes(MIB)));
        only(bodies(Value::Unlimited, true, Value::Bytes(MIB)));
        assert!(bodies(Value::Bytes(50 * MIB), false, Value::Bytes(MIB)).is_empty());
        assert!(bodies(Value::Bytes(MIB), true, Value::Bytes(MIB)).is_empty());
        assert!(bodies(Value::Bytes(50 * MIB), true, Value::Unlimited).is_empty());
        assert!(bodies(Value::Bytes(50 * MIB), true, unknown()).is_empty());
        assert!(bodies(unknown(), true, Value::Bytes(MIB)).is_empty());
    }

    #[test]
    fn response_heads_pass_every_hop() {
        let with = |front, behind| {
            let mut made = Made::new();
            let edge = made.hop(Task::Gateway, "edge");
            let proxy = made.hop(Task::Gateway, "proxy");
            let app = made.hop(Task::App, "app");
            let outer = made.link(edge, proxy, "proxy:80");
            let inner = made.link(proxy, app, "app:3000");
            made.default_link(outer, Key::MaxResponseHeader, front);
            made.set_link(inner, Key::MaxResponseHeader, behind);
            response_heads(&made.system)
        };
        only(with(Value::Bytes(4096), Value::Bytes(16384)));
        assert!(with(Value::Bytes(16384), Value::Bytes(16384)).is_empty());
        assert!(with(unknown(), Value::Bytes(16384)).is_empty());
    }
}
