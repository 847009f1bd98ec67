//! Requests that arrive before a program is ready, because nothing asks whether it is.

use model::config::{CheckKind, Confidence, Prediction, Severity, System, Task};
use model::{Statement, Text};

use super::said::{is_served, stands_in};

/// A pod behind a Service that is ready from the moment at which it is started.
pub(crate) fn unasked(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, hop) in system.hops_that(Task::App) {
        let asked = hop
            .checks
            .iter()
            .any(|check| matches!(check.kind, CheckKind::Readiness | CheckKind::Startup));
        let Some(at) = hop.at else { continue };
        if asked || !stands_in(system, hop, "kubernetes") || !is_served(system, id) {
            continue;
        }
        // The image may come from elsewhere: a balancer that checks the pod itself does the same.
        if system.links_to(id).any(|(_, link)| !link.checks.is_empty()) {
            continue;
        }
        // So may a controller that nobody names.
        let is_named =
            |from: &model::config::Hop| from.task != Task::Gateway || !from.products.is_empty();
        if !system.links_to(id).any(|(_, link)| is_named(system.hop(link.from))) {
            continue;
        }
        let says = Statement::plain(SAYS).with("hop", &hop.name);
        let mut one = Prediction::new(Severity::Warning, Confidence::Medium, says)
            .at(at, Statement::plain(NONE).with("hop", &hop.name));
        one.hops.push(id);
        found.push(one.change(Statement::plain(CHANGE).with("hop", &hop.name)));
    }
    found
}

const SAYS: Text = Text::new(
    "{hop} gets requests from the moment its process is started, because nothing asks whether it is ready: \
     they are refused at every release until it listens",
    "{hop} は準備完了を確認する設定がないため、プロセスの起動直後からリクエストが届きます。リリースのたびに、待ち受け\
     を始めるまで拒否されます",
);
const NONE: Text =
    Text::new("{hop} has no readiness probe", "{hop} には readiness プローブがありません");
const CHANGE: Text = Text::new(
    "give {hop} a readiness probe that asks what a request needs",
    "{hop} に、リクエストに必要なものを確かめる readiness プローブを加えます",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::test_support::{Made, only};

    fn with(reader: &'static str, kind: Option<CheckKind>, served: bool) -> Vec<Prediction> {
        behind(Some("ingress-nginx"), reader, kind, served)
    }

    fn behind(
        controller: Option<&'static str>,
        reader: &'static str,
        kind: Option<CheckKind>,
        served: bool,
    ) -> Vec<Prediction> {
        let mut made = Made::new().read_as(reader);
        let front = made.hop(Task::Gateway, "ingress");
        if let Some(controller) = controller {
            made.runs(front, controller, "");
        }
        let app = made.hop(Task::App, "app");
        if served {
            made.link(front, app, "app:3000");
        }
        if let Some(kind) = kind {
            made.check_of(app, kind, &[]);
        }
        unasked(&made.system)
    }

    #[test]
    fn a_pod_is_asked_before_it_gets_requests() {
        only(with("kubernetes", None, true));
        only(with("kubernetes", Some(CheckKind::Liveness), true));
        assert!(with("kubernetes", Some(CheckKind::Readiness), true).is_empty());
        assert!(with("kubernetes", None, false).is_empty());
        assert!(with("compose", None, true).is_empty());
    }

    #[test]
    fn a_controller_that_nobody_names_may_ask_by_itself() {
        only(behind(Some("Ingress controller"), "kubernetes", None, true));
        assert!(behind(None, "kubernetes", None, true).is_empty());
    }
}
