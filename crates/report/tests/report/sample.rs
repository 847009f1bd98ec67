//! Diagnoses made by hand: a rich one with every kind of verdict, and the quiet ones.

use model::{
    Assumption, Citation, Complaint, Diagnosis, Effect, Finding, HopKind, Incident, Micros,
    Missing, Observation, OccurrenceKind, Outcome, RivalNote, RuledOut, Skew, SourceSummary,
    Statement, StreamSummary, Text, Timestamp, Unexplained, Verdict, Window,
};

use crate::causes::{CONNECT, DEPLOY, DNS, IDLE, NAT, NAT_LOGS, OOM, REUSE_LOGS};

pub(crate) fn at(hour: u32, minute: u32, second: u32) -> Timestamp {
    Timestamp::from_civil((2026, 11, 2), (hour, minute, second), 0, 0).expect("a valid time")
}

fn window(start: (u32, u32, u32), end: (u32, u32, u32)) -> Window {
    Window { start: at(start.0, start.1, start.2), end: at(end.0, end.1, end.2) }
}

fn cite(source: usize, line: u64, text: &str) -> Citation {
    Citation { at: Some(at(14, 3, 7)), source, line, text: text.to_owned() }
}

fn source(name: &str, bytes: u64, lines: u64, dialect: &'static str) -> SourceSummary {
    SourceSummary {
        name: name.to_owned(),
        bytes,
        lines,
        dialects: vec![(dialect, lines)],
        unread: 0,
        unread_examples: vec![],
    }
}

const LB: &str = r#"{"httpRequest":{"requestUrl":"https://api.example.com/orders?customer=jane.doe@example.com&token=s3cr3t","status":504},"jsonPayload":{"statusDetails":"backend_timeout"},"trace":"projects/p/traces/4bf92f3577b34da6a3ce929d0e0e4736"}"#;
const DROP: &str = r#"{"jsonPayload":{"allocation_status":"DROPPED","connection":{"dest_ip":"203.0.113.7","dest_port":443,"src_ip":"10.128.0.5"}},"timestamp":"2026-11-02T14:03:08.120Z"}"#;
const NODE: &str = "2026-11-02T14:03:17.020Z TypeError: fetch failed { [cause]: ConnectTimeoutError: Connect Timeout Error (attempted address: pay.example.net:443, timeout: 10000ms) code: 'UND_ERR_CONNECT_TIMEOUT' }";

fn nat(failures: u64, windows: Vec<Window>) -> Finding {
    Finding {
        cause: &NAT,
        verdict: Verdict::Proved,
        stated: true,
        failures,
        windows,
        chain: vec![&NAT, &CONNECT],
        effect: None,
        observations: vec![
            Observation {
                says: Statement::plain(NAT.shows.needs[0].says).with("value", "1,204"),
                citations: vec![cite(1, 88, DROP), cite(1, 89, DROP), cite(1, 90, DROP)],
                independent: true,
                undated: false,
            },
            Observation {
                says: Statement::plain(NAT.shows.supports[0].says).with("value", "100 %"),
                citations: vec![],
                independent: false,
                undated: false,
            },
            Observation {
                says: Statement::plain(NAT.shows.supports[1].says).with("value", "8 s"),
                citations: vec![],
                independent: true,
                undated: false,
            },
        ],
        failing: vec![
            cite(0, 10_344, LB),
            cite(2, 71, NODE),
            cite(0, 10_350, LB),
            cite(0, 10_351, LB),
        ],
        ruled_out: vec![RuledOut {
            cause: &DNS,
            because: Statement::plain(Text::new(
                "every failing call had an address ({address})",
                "失敗した呼び出しはすべて接続先アドレス（{address}）を持っています",
            ))
            .with("address", "203.0.113.7:443"),
            citations: vec![cite(2, 71, NODE)],
        }],
        rivals: vec![],
        missing: vec![],
        remedies: NAT.remedies.iter().collect(),
        figures: vec![
            ("connections", "4,096".to_owned()),
            ("instances", "20".to_owned()),
            ("ports_needed", "205".to_owned()),
        ],
        seen: vec![],
        configuration: vec![],
        of_logs: None,
    }
}

/// Two incidents with every kind of verdict.
pub(crate) fn rich() -> Diagnosis {
    let first = window((14, 3, 7), (14, 11, 7));
    let bursts = vec![window((15, 0, 2), (15, 0, 41)), window((15, 30, 1), (15, 30, 44))];
    let mut app = source("/var/log/app/api 1.log", 812_000, 2_210, "node-fetch");
    app.unread = 14;
    app.unread_examples =
        vec![(3, "\u{1b}[32minfo\u{1b}[0m user jane.doe@example.com ready".to_owned())];
    let surge = Finding {
        cause: &DEPLOY,
        verdict: Verdict::Supported,
        stated: false,
        failures: 7,
        windows: bursts.clone(),
        chain: vec![&DEPLOY, &NAT, &CONNECT],
        effect: Some(Effect { cause: &NAT, verdict: Verdict::Proved, stated: true, failures: 6 }),
        observations: vec![Observation {
            says: Statement::plain(Text::new(
                "Every burst follows a deploy.",
                "どの発生もデプロイの直後です。",
            )),
            citations: vec![cite(
                0,
                9,
                "{\"protoPayload\":{\"methodName\":\"Services.ReplaceService\"}}",
            )],
            independent: true,
            undated: false,
        }],
        failing: vec![],
        ruled_out: vec![],
        rivals: vec![],
        missing: vec![],
        remedies: DEPLOY.remedies.iter().collect(),
        figures: vec![],
        seen: vec![],
        configuration: vec![],
        of_logs: None,
    };
    let idle = Finding {
        cause: &IDLE,
        verdict: Verdict::Consistent,
        stated: false,
        failures: 12,
        windows: vec![first],
        chain: vec![&IDLE],
        effect: None,
        observations: vec![Observation {
            says: Statement::plain(Text::new(
                "{value} of these ended within 50 ms, on path {path}.",
                "このうち {value} が 50 ms 以内に終わっています（パス {path}）。",
            ))
            .with("value", "12")
            .with("path", "/users/{id}/jane.doe@example.com"),
            citations: vec![],
            independent: false,
            undated: false,
        }],
        failing: vec![cite(0, 11_002, LB)],
        ruled_out: vec![],
        rivals: vec![RivalNote {
            cause: &OOM,
            separates: Statement::plain(Text::new(
                "A killed process leaves an entry in the kernel log; a closed idle connection leaves none.",
                "強制終了ならカーネルログに記録が残り、アイドル接続の切断なら残りません。",
            )),
        }],
        missing: vec![Missing { visibility: &REUSE_LOGS }],
        remedies: IDLE.remedies.iter().collect(),
        figures: vec![],
        seen: vec![],
        configuration: vec![],
        of_logs: None,
    };
    let oom = Finding {
        cause: &OOM,
        verdict: Verdict::CannotTell,
        stated: false,
        failures: 5,
        windows: vec![bursts[0]],
        chain: vec![&OOM],
        effect: None,
        observations: vec![],
        failing: vec![],
        ruled_out: vec![],
        rivals: vec![],
        missing: vec![Missing { visibility: &NAT_LOGS }],
        remedies: OOM.remedies.iter().collect(),
        figures: vec![],
        seen: vec![],
        configuration: vec![],
        of_logs: None,
    };
    Diagnosis {
        sources: vec![
            source("logs/lb-2026-11-02.json", 4_210_000, 12_431, "gcp-lb"),
            source("logs/nat.json", 212_000, 1_204, "gcp-nat"),
            app,
        ],
        streams: vec![
            StreamSummary {
                dialect: "gcp-lb",
                hop: "api-backend".to_owned(),
                kind: HopKind::Edge,
                requests: 12_431,
                failures: 462,
                period: Some(window((13, 0, 0), (16, 0, 0))),
                quantiles: Some((Micros::from_millis(42), Micros::from_millis(310))),
            },
            StreamSummary {
                dialect: "node-fetch",
                hop: "api".to_owned(),
                kind: HopKind::Application,
                requests: 0,
                failures: 431,
                period: None,
                quantiles: None,
            },
        ],
        period: Some(window((13, 0, 0), (16, 0, 0))),
        requests: 12_431,
        failures: 465,
        background: 3,
        incidents: vec![
            Incident {
                windows: vec![first],
                requests: 9_120,
                failures: 431,
                findings: vec![nat(412, vec![first]), idle],
                considered: vec![(&NAT, Outcome::Holds), (&DNS, Outcome::RuledOut)],
                unexplained: Some(Unexplained {
                    failures: 7,
                    traits: vec![
                        Statement::plain(Text::new(
                            "All on {target}.",
                            "すべて {target} で起きています。",
                        ))
                        .with("target", "10.0.0.9:8080"),
                    ],
                    failing: vec![cite(0, 9_001, LB)],
                }),
            },
            Incident {
                windows: bursts.clone(),
                requests: 0,
                failures: 31,
                findings: vec![nat(19, bursts), surge, oom],
                considered: vec![(&NAT, Outcome::Undecided)],
                unexplained: None,
            },
        ],
        occurrences: vec![(OccurrenceKind::Deploy, 3), (OccurrenceKind::NatDrop, 1_204)],
        assumptions: vec![Assumption {
            says: Statement::plain(Text::new(
                "times without a zone in {source} are UTC.",
                "{source} のタイムゾーンのない時刻は UTC とみなします。",
            ))
            .with("source", "api 1.log"),
        }],
        skews: vec![Skew {
            stream: "node-fetch api".to_owned(),
            reference: "gcp-lb api-backend".to_owned(),
            offset: Micros::from_millis(-1_200),
            pairs: 57,
        }],
        configuration: None,
        complaints: vec![Complaint {
            source: "logs/old.gz".to_owned(),
            says: Statement::plain(Text::new(
                "the archive ends early; what could be unpacked was read.",
                "アーカイブが途中で終わっています。展開できた部分だけを読み込みました。",
            )),
            note: false,
        }],
    }
}

/// Healthy logs.
pub(crate) fn healthy() -> Diagnosis {
    Diagnosis {
        sources: vec![source("access.log", 1_200_000, 9_800, "nginx-access")],
        streams: vec![StreamSummary {
            dialect: "nginx-access",
            hop: "nginx".to_owned(),
            kind: HopKind::Proxy,
            requests: 9_800,
            failures: 0,
            period: Some(window((14, 0, 0), (15, 0, 0))),
            quantiles: Some((Micros::from_millis(3), Micros::from_millis(25))),
        }],
        period: Some(window((14, 0, 0), (15, 0, 0))),
        requests: 9_800,
        ..Diagnosis::default()
    }
}

/// A few scattered failures, no incident.
pub(crate) fn background() -> Diagnosis {
    let mut d = Diagnosis { failures: 3, background: 3, ..healthy() };
    d.streams[0].failures = 3;
    d
}

/// Nothing in a known format.
pub(crate) fn not_understood() -> Diagnosis {
    Diagnosis {
        sources: vec![SourceSummary {
            name: "notes.txt".to_owned(),
            bytes: 61,
            lines: 2,
            dialects: vec![],
            unread: 2,
            unread_examples: vec![(1, "dear diary".to_owned())],
        }],
        ..Diagnosis::default()
    }
}
