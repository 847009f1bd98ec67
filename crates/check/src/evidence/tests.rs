//! What configuration may do to a verdict, and what it may not.

use model::config::{Bearing, Bears, Confidence};
use model::{
    Cause, Drill, Finding, HopKind, Place, Predicts, RivalNote, Seen, Shows, Side, Statement, Text,
    Verdict,
};

use super::*;

const BARE: Cause = Cause {
    slug: "",
    title: Text::new("", ""),
    explanation: Text::new("", ""),
    place: Place::Reuse,
    statuses: &[],
    leads_to: &[],
    source: "",
    shows: Shows {
        claims: &[],
        claims_effects: false,
        needs: &[],
        supports: &[],
        rules_out: &[],
        rivals: &[],
        visible: &[],
    },
    predicts: Predicts::Never(""),
    drill: Drill::NotYet(""),
    remedies: &[],
};
static CAUSE: Cause = Cause { slug: "race", ..BARE };
static OTHER: Cause = Cause { slug: "other", ..BARE };
static THIRD: Cause = Cause { slug: "third", ..BARE };

fn said(bears: Bears, cause: &'static Cause) -> Bearing {
    Bearing {
        bears,
        cause,
        says: Statement::plain(Text::new("", "")),
        meet: None,
        confidence: Confidence::High,
        same_link: true,
        only_one: true,
        places: Vec::new(),
        changes: Vec::new(),
        fingerprint: String::new(),
    }
}

/// A finding that the logs alone are consistent with, and whose link configuration predicts.
fn finding() -> Finding {
    Finding {
        cause: &CAUSE,
        verdict: Verdict::Consistent,
        stated: false,
        failures: 3,
        windows: Vec::new(),
        chain: vec![&CAUSE],
        effect: None,
        observations: Vec::new(),
        failing: Vec::new(),
        ruled_out: Vec::new(),
        rivals: Vec::new(),
        missing: Vec::new(),
        remedies: Vec::new(),
        figures: Vec::new(),
        seen: vec![Seen {
            dialect: "aws-alb",
            hop: "app/shop/1".to_owned(),
            kind: HopKind::Edge,
            side: Side::Upstream,
            targets: vec!["10.0.1.7:3000".to_owned()],
            failures: 3,
            bare: false,
        }],
        configuration: vec![said(Bears::Predicts, &CAUSE)],
        of_logs: None,
    }
}

fn after(mut change: impl FnMut(&mut Finding)) -> Verdict {
    let mut one = finding();
    change(&mut one);
    let before = one.verdict;
    lift(&mut one);
    assert_eq!(one.of_logs, (one.verdict != before).then_some(before));
    one.verdict
}

#[test]
fn configuration_supports_what_the_logs_are_consistent_with() {
    assert_eq!(after(|_| {}), Verdict::Supported);
}

#[test]
fn it_supports_nothing_that_the_logs_leave_open() {
    assert_eq!(after(|one| one.verdict = Verdict::CannotTell), Verdict::CannotTell);
    assert_eq!(after(|one| one.seen.clear()), Verdict::Consistent);
    assert_eq!(after(|one| one.seen[0].bare = true), Verdict::Consistent, "a status alone");
    let rival = RivalNote { cause: &OTHER, separates: Statement::plain(Text::new("", "")) };
    assert_eq!(after(|one| one.rivals.push(rival.clone())), Verdict::Consistent);
}

#[test]
fn it_supports_nothing_where_it_is_not_sure_or_is_about_something_else() {
    assert_eq!(after(|one| one.configuration[0].same_link = false), Verdict::Consistent);
    let low = |one: &mut Finding| one.configuration[0].confidence = Confidence::Low;
    assert_eq!(after(low), Verdict::Consistent);
    for bears in [Bears::PredictsElsewhere, Bears::PredictsRival, Bears::Contradicts] {
        assert_eq!(after(|one| one.configuration[0].bears = bears), Verdict::Consistent);
    }
    let further = |one: &mut Finding| one.configuration[0].cause = &OTHER;
    assert_eq!(after(further), Verdict::Consistent, "what the cause leads to");
}

#[test]
fn it_proves_nothing_and_makes_nothing_weaker() {
    for verdict in [Verdict::Proved, Verdict::Supported] {
        assert_eq!(after(|one| one.verdict = verdict), verdict);
        let against = |one: &mut Finding| {
            one.verdict = verdict;
            one.configuration = vec![said(Bears::Contradicts, &CAUSE)];
        };
        assert_eq!(after(against), verdict);
    }
}

#[test]
fn what_has_happened_comes_first_and_the_rest_keeps_its_order() {
    use model::config::{Finding, Prediction, Severity};
    let one = |cause, happened: usize| {
        let says = Statement::plain(Text::new("", ""));
        let prediction = Prediction::new(Severity::Note, Confidence::Low, says);
        let mut finding = Finding::new(cause, prediction);
        for incident in 0..happened {
            finding.happened.push(Happened {
                incident,
                window: None,
                requests: 0,
                failures: 1,
                verdict: Verdict::Proved,
                of_logs: Verdict::Proved,
                only_one: true,
                seen_at: None,
            });
        }
        finding
    };
    let mut all = [one(&CAUSE, 0), one(&OTHER, 0), one(&THIRD, 2)];
    sort(&mut all);
    let order: Vec<&str> = all.iter().map(|finding| finding.cause.slug).collect();
    assert_eq!(order, ["third", "race", "other"]);
}
