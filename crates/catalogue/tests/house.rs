//! House rules of the catalogue: what every cause must have, whoever wrote it.

use std::collections::BTreeSet;
use std::path::Path;

use catalogue::judge::alternatives;
use catalogue::{ALL, by_slug};
use model::{Cause, Mechanism, Signal, Test, Text};

const HEADINGS: [&str; 7] = [
    "What happens",
    "How it shows",
    "What it is mistaken for",
    "Before it happens",
    "Reproduce it",
    "Remedy",
    "Sources",
];

/// Signals that the failing records themselves always give.
const ALWAYS_VISIBLE: [Signal; 9] = [
    Signal::Failures,
    Signal::StatedShare,
    Signal::HandshakeShare,
    Signal::UnreadableShare,
    Signal::LocalhostShare,
    Signal::Steadiness,
    Signal::BurstShare,
    Signal::WindowSeconds,
    Signal::EffectsHold,
];

/// Figures that may stand in an observation.
const IN_OBSERVATIONS: [&str; 11] = [
    "drain",
    "change",
    "value",
    "failures",
    "timer",
    "top_target",
    "change",
    "top_path",
    "deploy",
    "nat_destinations",
    "egress_destinations",
];

/// Figures that may stand in a remedy's arithmetic, besides those of observations: it is left out
/// where one of them is unknown, which the other sentences of a remedy cannot be.
const IN_ARITHMETIC: [&str; 9] = [
    "requests",
    "deploy_time",
    "nat_drops",
    "exit_process",
    "endpoints",
    "nat_ports_needed",
    "nat_ports_now",
    "nat_rate",
    "nat_ips_needed",
];

/// The `{name}` places of a sentence.
fn places(text: &str) -> Vec<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

fn is_japanese(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ff66}'..='\u{ff9d}')
    })
}

fn is_kebab(slug: &str) -> bool {
    slug.split('-').all(|word| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

fn tests_of(cause: &'static Cause) -> impl Iterator<Item = &'static Test> {
    let shows = &cause.shows;
    shows.needs.iter().chain(shows.supports).chain(shows.rules_out).flat_map(alternatives)
}

/// Every sentence of a cause, and whether it is a remedy's arithmetic.
fn texts(cause: &'static Cause) -> Vec<(Text, bool)> {
    let mut all = vec![(cause.title, false), (cause.explanation, false)];
    all.extend(tests_of(cause).map(|t| (t.says, false)));
    all.extend(tests_of(cause).filter_map(|t| t.otherwise).map(|says| (says, false)));
    all.extend(cause.shows.rivals.iter().map(|r| (r.separates, false)));
    all.extend(cause.shows.visible.iter().map(|v| (v.what, false)));
    for remedy in cause.remedies {
        all.extend([(remedy.action, false), (remedy.verify, false)]);
        all.extend(remedy.arithmetic.map(|text| (text, true)));
    }
    all
}

/// The text under each heading of a page, in order.
fn sections(page: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            found.push((heading.to_owned(), String::new()));
        } else if let Some((_, body)) = found.last_mut() {
            body.push_str(line);
            body.push('\n');
        }
    }
    found
}

/// Everything a cause leads to, directly or not.
fn reach(cause: &'static Cause) -> BTreeSet<&'static str> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&'static str> = cause.leads_to.to_vec();
    while let Some(slug) = open.pop() {
        if seen.insert(slug) {
            open.extend(by_slug(slug).into_iter().flat_map(|next| next.leads_to));
        }
    }
    seen
}

#[test]
fn pages_have_all_headings_in_order() {
    for cause in ALL {
        let page = cause.page();
        assert_eq!(page.lines().next(), Some(format!("# {}", cause.title.en).as_str()));
        let sections = sections(&page);
        let headings: Vec<&str> = sections.iter().map(|(h, _)| h.as_str()).collect();
        assert_eq!(headings, HEADINGS, "{}", cause.slug);
        for (heading, body) in &sections {
            assert!(body.trim().len() > 60, "{}: {heading} says nothing", cause.slug);
        }
        let lines = page.lines().count();
        assert!((40..=110).contains(&lines), "{}: {lines} lines", cause.slug);
    }
}

#[test]
fn slugs_are_unique_and_name_their_files() {
    let mut slugs = BTreeSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/causes");
    for cause in ALL {
        assert!(slugs.insert(cause.slug), "{} twice", cause.slug);
        assert!(is_kebab(cause.slug), "{}", cause.slug);
        let file = folder.join(format!("{}.rs", cause.slug.replace('-', "_")));
        let source = std::fs::read_to_string(&file).expect("the cause's own file");
        assert_eq!(source, cause.source, "{}", cause.slug);
        assert!(std::ptr::eq(by_slug(cause.slug).expect("listed"), *cause));
    }
    let files = std::fs::read_dir(&folder).expect("the folder of causes").count();
    assert_eq!(files, ALL.len() + 1, "every file but mod.rs is listed once");
    assert!(by_slug("no-such-cause").is_none());
}

#[test]
fn both_languages_are_written_everywhere() {
    for cause in ALL {
        for (text, _) in texts(cause) {
            assert!(!text.en.trim().is_empty(), "{}: {}", cause.slug, text.ja);
            assert!(!is_japanese(text.en), "{}: {}", cause.slug, text.en);
            assert!(is_japanese(text.ja), "{}: {}", cause.slug, text.ja);
            assert!(!text.en.contains("  ") && !text.ja.contains("  "), "{}", text.en);
            let both = |t: &'static str| places(t).into_iter().collect::<BTreeSet<_>>();
            assert_eq!(both(text.en), both(text.ja), "{}: {}", cause.slug, text.en);
        }
    }
}

#[test]
fn only_known_figures_are_used() {
    for cause in ALL {
        for (text, in_arithmetic) in texts(cause) {
            for name in places(text.en) {
                let known = IN_OBSERVATIONS.contains(&name)
                    || (in_arithmetic && IN_ARITHMETIC.contains(&name));
                assert!(known, "{}: {{{name}}}", cause.slug);
            }
        }
        let fixed = [cause.title, cause.explanation].into_iter();
        for text in fixed.chain(cause.remedies.iter().flat_map(|r| [r.action, r.verify])) {
            assert!(places(text.en).is_empty(), "{}: {}", cause.slug, text.en);
        }
    }
}

#[test]
fn consequences_are_known_and_acyclic() {
    for cause in ALL {
        for slug in cause.leads_to {
            assert!(by_slug(slug).is_some(), "{} leads to unknown {slug}", cause.slug);
        }
        assert!(!reach(cause).contains(cause.slug), "{} leads to itself", cause.slug);
    }
}

#[test]
fn rivals_are_known_mutual_and_never_consequences() {
    for cause in ALL {
        for rival in cause.shows.rivals {
            let other = by_slug(rival.slug).expect("a known rival");
            let back = other.shows.rivals.iter().find(|r| r.slug == cause.slug);
            let back = back.unwrap_or_else(|| panic!("{} / {}", cause.slug, rival.slug));
            assert_eq!(back.separates, rival.separates, "{} / {}", cause.slug, rival.slug);
            assert!(!reach(cause).contains(rival.slug), "{} / {}", cause.slug, rival.slug);
        }
    }
}

#[test]
fn pages_name_every_rival_where_confusion_is_discussed() {
    for cause in ALL {
        let sections = sections(&cause.page());
        let (_, body) = sections.iter().find(|(h, _)| h == HEADINGS[2]).expect("the section");
        for rival in cause.shows.rivals {
            assert!(body.contains(&format!("`{}`", rival.slug)), "{}: {}", cause.slug, rival.slug);
        }
    }
}

#[test]
fn no_cause_is_its_own_rival_or_consequence() {
    for cause in ALL {
        for slug in cause.leads_to.iter().chain(cause.shows.rivals.iter().map(|r| &r.slug)) {
            assert_ne!(*slug, cause.slug);
        }
    }
}

#[test]
fn what_a_need_may_miss_says_how_to_switch_it_on() {
    for cause in ALL {
        let visible: Vec<Signal> = cause.shows.visible.iter().map(|v| v.signal).collect();
        for test in cause.shows.needs.iter().flat_map(alternatives) {
            let known = ALWAYS_VISIBLE.contains(&test.signal) || visible.contains(&test.signal);
            assert!(known, "{}: {}", cause.slug, test.signal);
        }
        for entry in cause.shows.visible {
            assert!(!entry.how.is_empty(), "{}: {}", cause.slug, entry.signal);
            assert!(entry.how.iter().all(|e| !e.product.is_empty() && !e.command.is_empty()));
        }
        let unique: BTreeSet<Signal> = visible.iter().copied().collect();
        assert_eq!(unique.len(), visible.len(), "{}: visibility listed twice", cause.slug);
    }
}

#[test]
fn what_a_need_means_that_does_not_hold_is_said() {
    for cause in ALL {
        for need in cause.shows.needs {
            let told = alternatives(need)
                .all(|t| matches!(t.signal, Signal::Failures | Signal::EffectsHold));
            assert!(told || need.otherwise.is_some(), "{}: {}", cause.slug, need.signal);
        }
        let first = |test: &Test| cause.shows.needs.iter().any(|need| std::ptr::eq(need, test));
        for test in tests_of(cause).filter(|t| t.otherwise.is_some()) {
            assert!(first(test), "{}: {} is nowhere shown", cause.slug, test.signal);
        }
    }
}

#[test]
fn one_sentence_has_one_mark() {
    for cause in ALL {
        for test in tests_of(cause) {
            for other in tests_of(cause).filter(|other| other.says == test.says) {
                let same = (test.independent, test.proves) == (other.independent, other.proves);
                assert!(same, "{}: {}", cause.slug, test.says.en);
            }
        }
    }
}

#[test]
fn no_two_needs_say_the_same() {
    for cause in ALL {
        let mut said = BTreeSet::new();
        for test in cause.shows.needs.iter().flat_map(alternatives) {
            assert!(said.insert(test.says.en), "{}: {}", cause.slug, test.says.en);
        }
    }
}

/// What is counted in the same log as the failing requests is no other evidence.
#[test]
fn statistics_of_the_failing_log_are_not_independent() {
    for cause in ALL {
        for test in tests_of(cause).filter(|t| t.independent) {
            let same_log = matches!(
                test.signal,
                Signal::Failures
                    | Signal::StatedShare
                    | Signal::ShortWaitShare
                    | Signal::LongWaitShare
                    | Signal::TimerShare
                    | Signal::ReusedShare
                    | Signal::UnsafeMethodShare
                    | Signal::TopTargetShare
                    | Signal::FailingTargets
                    | Signal::TargetSuccessShare
                    | Signal::HealthyTargetShare
                    | Signal::TopPathShare
                    | Signal::FailureRate
                    | Signal::Steadiness
                    | Signal::BurstShare
                    | Signal::WindowSeconds
                    | Signal::LoadRise
                    | Signal::LatencyRise
                    | Signal::Recovers
                    | Signal::VanishedTargetShare
                    | Signal::NewTargetShare
                    | Signal::PrecededByTargetFailure
                    | Signal::FinishedTogether
                    | Signal::FirstAnswerShare
                    | Signal::AnswersLaterShare
                    | Signal::AfterPauseShare
                    | Signal::Ipv6LoopbackShare
                    | Signal::Ipv4LoopbackServes
            );
            assert!(!same_log, "{}: {}", cause.slug, test.signal);
        }
    }
}

#[test]
fn every_cause_can_claim_hold_and_be_remedied() {
    for cause in ALL {
        let shows = &cause.shows;
        assert!(!shows.claims.is_empty() || shows.claims_effects, "{}", cause.slug);
        assert!(shows.claims.iter().all(|c| !c.mechanisms.is_empty()), "{}", cause.slug);
        assert!(!shows.needs.is_empty() && !shows.supports.is_empty(), "{}", cause.slug);
        let shown = shows.supports.iter().any(|t| t.independent);
        assert!(shown || shows.claims.iter().any(|c| c.states), "{}", cause.slug);
        assert!(!cause.statuses.is_empty(), "{}", cause.slug);
        assert!(cause.remedies.len() >= 3, "{}", cause.slug);
        for test in tests_of(cause).filter(|t| t.proves) {
            assert!(test.independent, "{}: {}", cause.slug, test.signal);
        }
        match &cause.predicts {
            model::Predicts::By(rules) => assert!(!rules.is_empty(), "{}", cause.slug),
            model::Predicts::NotYet(why) | model::Predicts::Never(why) => {
                assert!(why.len() > 40, "{}: an absent part needs a reason", cause.slug);
            }
        }
        match &cause.drill {
            model::Drill::NotYet(how) => {
                assert!(how.len() > 40, "{}: an absent part needs a reason", cause.slug);
            }
            model::Drill::Runs(scenarios) => {
                assert!(!scenarios.is_empty(), "{}", cause.slug);
                let names: BTreeSet<&str> = scenarios.iter().map(|s| s.name).collect();
                assert_eq!(names.len(), scenarios.len(), "{}: names are unique", cause.slug);
            }
        }
    }
}

/// Mechanisms that no cause claims, with the reason. A new one has to be claimed, or to be put here.
const UNCLAIMED: &[(Mechanism, &str)] = &[
    (
        Mechanism::EarlyResponse,
        "no cause of its own yet: that a target answered an upload before it had read it says nothing \
        of why, and the answer itself was passed on",
    ),
    (
        Mechanism::ClientTimeout,
        "the client's own slowness is no failure of the gateway's, and no incident",
    ),
    (
        Mechanism::ClientRequestInvalid,
        "a request that breaks the grammar is the client's, and no incident",
    ),
    (
        Mechanism::GatewayInternal,
        "a fault of the gateway itself whose record gives no reason: nothing to look for behind it",
    ),
];

#[test]
fn every_mechanism_is_claimed_or_says_why_not() {
    let claimed = |mechanism: Mechanism| {
        let claims = ALL.iter().flat_map(|cause| cause.shows.claims);
        claims.into_iter().any(|claim| claim.mechanisms.contains(&mechanism))
    };
    for mechanism in Mechanism::ALL.iter().copied() {
        let excused = UNCLAIMED.iter().find(|(other, _)| *other == mechanism);
        match excused {
            None => assert!(claimed(mechanism), "no cause claims {mechanism}"),
            Some((_, reason)) => {
                assert!(!claimed(mechanism), "{mechanism} is claimed, and excused by: {reason}");
                assert!(reason.len() > 20, "{mechanism}: not a reason: {reason}");
            }
        }
    }
}
