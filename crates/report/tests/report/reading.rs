//! What a reader must not stumble over: who is at fault, what adds up, what is said twice, what is
//! not there.

use model::{
    Citation, Diagnosis, Finding, Incident, Lang, Missing, RuledOut, Statement, Text, Verdict,
};
use report::text::{TextOptions, diagnosis};

use crate::causes::{ALSO_EVERYWHERE, CONNECT, DNS, EVERYWHERE, LEFT, NAT, OOM};
use crate::sample;

fn shown(d: &Diagnosis, lang: Lang) -> String {
    diagnosis(d, &TextOptions { lang, width: 100, ..TextOptions::default() })
}

fn verbose(d: &Diagnosis) -> String {
    let options = TextOptions { width: 100, verbose: true, ..TextOptions::default() };
    diagnosis(d, &options)
}

/// The last block, from its heading on.
fn closing(text: &str) -> &str {
    let at = text.find("In short").or_else(|| text.find("要点")).expect("a closing block");
    &text[at..]
}

#[test]
fn what_the_clients_did_is_no_failure() {
    let mut d = sample::rich();
    let mut left = d.incidents[0].findings[0].clone();
    (left.cause, left.chain, left.failures) = (&LEFT, vec![&LEFT], 30);
    let window = d.incidents[0].windows.clone();
    d.incidents = vec![Incident {
        windows: window,
        requests: 95,
        failures: 30,
        findings: vec![left],
        considered: Vec::new(),
        unexplained: None,
    }];
    (d.failures, d.background) = (0, 0);
    let text = shown(&d, Lang::En);
    assert!(
        text.contains(
            "30 of 95 requests (32 %) ended on the client's side: not failures of the gateway"
        ),
        "{text}"
    );
    assert!(!text.contains("requests failed ("), "{text}");
    assert!(!text.contains("failing requests"), "{text}");
    assert!(!text.contains("Failing requests"), "{text}");
    assert!(
        closing(&text).contains("It accounts for 30 requests that ended on the client's side"),
        "{text}"
    );
    assert!(!shown(&d, Lang::Ja).contains("失敗したリクエスト"));
}

/// Failures and the clients' doing in one diagnosis: shares are of the failures alone.
#[test]
fn shares_are_of_the_failures_alone() {
    let mut d = sample::rich();
    let mut left = d.incidents[0].findings[1].clone();
    (left.cause, left.chain, left.failures) = (&LEFT, vec![&LEFT], 1_000);
    d.incidents[0].failures += 1_000;
    d.incidents[0].findings.push(left);
    let text = shown(&d, Lang::En);
    assert!(text.contains("1,000 of these ended on the client's side"), "{text}");
    assert!(closing(&text).contains("It explains 431 of 465 failing requests (93 %)"), "{text}");
    assert!(closing(&text).contains("client-left (consistent, 1,000)"), "{text}");
}

/// Everything that is called a failing request is in the last lines: explained, unexplained or in
/// no incident.
#[test]
fn the_closing_block_adds_up() {
    let text = shown(&sample::rich(), Lang::En);
    let closing = closing(&text);
    let of_all: u64 = closing
        .lines()
        .filter_map(|line| line.split_once(" of 465 failing requests"))
        .map(|(before, _)| before.rsplit(' ').next().unwrap_or_default())
        .map(|n| n.parse::<u64>().expect("a number"))
        .sum();
    let further = 5;
    assert_eq!(of_all + further, 465, "{closing}");
    assert!(closing.contains("memory-limit-kill (cannot tell, 5)"));
    assert!(closing.contains("Arithmetic: 4,096 connections"));
    assert!(closing.contains("Chain: The NAT has no port left → Connecting"));
}

#[test]
fn undated_evidence_is_called_undated() {
    let mut d = sample::rich();
    d.period = None;
    d.requests = 0;
    for incident in &mut d.incidents {
        incident.windows.clear();
        incident.requests = 0;
        incident.findings.iter_mut().for_each(|finding| finding.windows.clear());
    }
    let text = shown(&d, Lang::En);
    assert!(text.contains("Incident 1 of 2: undated\n"), "{text}");
    assert!(text.contains("Undated: no record states its time."), "{text}");
    assert!(!text.contains("of 0 "), "{text}");
    assert!(!text.contains(": ?"), "{text}");
    assert!(shown(&d, Lang::Ja).contains("インシデント 1/2: 時刻なし\n"));
}

#[test]
fn an_undated_finding_in_a_dated_incident_says_so() {
    let mut d = sample::rich();
    d.incidents[0].findings[1].windows.clear();
    let text = shown(&d, Lang::En);
    assert!(text.lines().any(|line| line == "     undated"), "{text}");
}

#[test]
fn only_products_of_the_evidence_are_asked_for() {
    let mut d = sample::rich();
    let finding = &mut d.incidents[0].findings[1];
    finding.missing = vec![Missing { visibility: &EVERYWHERE }];
    let text = shown(&d, Lang::En);
    assert!(text.contains("Google Cloud Load Balancing: gcloud one"), "{text}");
    assert!(text.contains("         look into the application's log\n"), "{text}");
    assert!(!text.contains("option httplog") && !text.contains("log_format"), "{text}");
    let all = verbose(&d);
    assert!(all.contains("HAProxy: option httplog") && all.contains("log_format why502"), "{all}");
}

#[test]
fn a_long_configuration_is_shown_once() {
    let mut d = sample::rich();
    d.sources[1].dialects = vec![("nginx-access", 1)];
    let finding = &mut d.incidents[0].findings[1];
    finding.missing =
        vec![Missing { visibility: &EVERYWHERE }, Missing { visibility: &ALSO_EVERYWHERE }];
    for text in [shown(&d, Lang::En), verbose(&d)] {
        assert_eq!(text.matches("  'two';").count(), 1, "{text}");
        assert!(text.contains("log_format why502 'one' (in full above)"), "{text}");
    }
}

#[test]
fn what_is_not_visible_is_not_said_twice() {
    let mut d = sample::rich();
    let missing = vec![Missing { visibility: &EVERYWHERE }];
    d.incidents[0].findings[1].missing.clone_from(&missing);
    d.incidents[1].findings[2].missing = missing;
    let text = shown(&d, Lang::En);
    assert_eq!(text.matches("gcloud one").count(), 1, "{text}");
    assert!(text.contains("how long each request had waited: see above"), "{text}");
}

fn ruled_out(n: usize, cited: bool) -> RuledOut {
    let citation = Citation { at: None, source: 0, line: 7, text: "record".to_owned() };
    RuledOut {
        cause: if cited { &OOM } else { &CONNECT },
        because: Statement::plain(Text::new("reason {n}.", "理由 {n}。")).with("n", n),
        citations: if cited { vec![citation] } else { vec![] },
    }
}

#[test]
fn five_that_are_ruled_out_are_shown_those_with_records_first() {
    let mut d = sample::rich();
    let plain = Statement::plain(Text::new("nothing speaks for it.", "根拠がありません。"));
    let absent = RuledOut { cause: &DNS, because: plain, citations: vec![] };
    let mut all: Vec<RuledOut> = vec![absent];
    all.extend((0..8).map(|n| ruled_out(n, n == 6)));
    d.incidents[0].findings[0].ruled_out = all;
    let text = shown(&d, Lang::En);
    let order: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once("): reason "))
        .map(|(_, n)| n.trim_end_matches('.'))
        .collect();
    assert_eq!(order, ["6", "0", "1", "2", "3"], "{text}");
    assert!(text.contains("and 4 more (-v shows all)"), "{text}");
    assert!(verbose(&d).contains("nothing speaks for it."));
    let json = report::json::diagnosis(&d, &report::json::JsonOptions::default());
    assert!(json.contains("nothing speaks for it.") && json.contains("reason 7."));
}

/// The same cause again is told by what differs.
#[test]
fn a_repeated_cause_is_told_by_what_differs() {
    let mut d = sample::rich();
    let mut again: Finding = d.incidents[0].findings[0].clone();
    again.verdict = Verdict::Consistent;
    again.observations.remove(1);
    again.observations[0].says = Statement::plain(NAT.shows.needs[0].says).with("value", "77");
    d.incidents[1].findings[0] = again;
    let text = shown(&d, Lang::En);
    let second = &text[text.find("Incident 2 of 2").expect("a second incident")..];
    let second = &second[..second.find("  2. ").expect("a second finding")];
    assert!(second.contains("Same cause as in incident 1; only what differs follows."), "{second}");
    assert!(second.contains("- The NAT dropped 77 packets"), "{second}");
    assert!(
        second.contains("Not seen here, only in incident 1: 100 % of the failures"),
        "{second}"
    );
    assert!(second.contains("Not established."), "another verdict is explained: {second}");
    assert!(!second.contains("Setting:") && !second.contains("From the cause"), "{second}");
    assert!(closing(&text).contains("Proved (incident 1), consistent (incident 2): The NAT"));
    assert!(verbose(&d).matches("From the cause to the symptom").count() > 2);
}

/// Remedies that no earlier incident showed are shown.
#[test]
fn a_cause_that_was_open_before_is_told_in_full() {
    let mut d = sample::rich();
    d.incidents[0].findings[0].verdict = Verdict::CannotTell;
    let text = shown(&d, Lang::En);
    assert!(text.contains("Setting: min-ports-per-vm"), "{text}");
}

#[test]
fn long_paths_are_stated_once_and_whole() {
    let mut d = sample::rich();
    let directory = "bucket/AWSLogs/123456789012/elasticloadbalancing/eu-central-1/2026/11/11/";
    let long = format!("{directory}123456789012_elasticloadbalancing_app.0733815f.log.gz");
    d.sources[0].name.clone_from(&long);
    d.sources[1].name = format!("{directory}other.log.gz");
    d.sources[2].name = format!("{directory}third.log.gz");
    let text = shown(&d, Lang::En);
    assert!(text.contains(&format!("\n  in {directory}\n")), "{text}");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert!(lines.contains(&format!("{long}:10344").as_str()), "{text}");
    let failing = lines.iter().position(|line| line.ends_with(":10344")).expect("cited");
    assert!(lines[failing + 1].starts_with('{'), "{text}");
}

#[test]
fn notes_are_not_problems() {
    let mut d = sample::rich();
    let mut note = d.complaints[0].clone();
    note.note = true;
    note.says = Statement::plain(Text::new("Left out: a.md.", "対象外: a.md。"));
    d.complaints.push(note);
    let text = shown(&d, Lang::En);
    assert!(text.contains("\n  Left out: a.md.\n"), "{text}");
    assert_eq!(text.matches("Problem").count(), 1, "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&report::json::diagnosis(&d, &report::json::JsonOptions::default()))
            .expect("JSON");
    assert_eq!(json["complaints"][0]["note"], false);
    assert_eq!(json["complaints"][1]["note"], true);
}
