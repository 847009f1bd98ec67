//! # Idle connection forgotten on the way
//!
//! ## What happens
//!
//! Between gateway and target stands something that keeps a table of connections: a NAT, a stateful
//! firewall, a network load balancer. It forgets a connection over which nothing was sent for a
//! while, and tells neither end. Both still hold it for open. The next request over it is either
//! swallowed, and the gateway waits its full timer for an answer that cannot come, or answered with a
//! reset by the thing in the middle. The request after that opens a new connection and all is well
//! until the next quiet spell.
//!
//! ## How it shows
//!
//! - Swallowed (most firewalls, Linux conntrack, Azure by default): nginx `upstream timed out (110:
//!   Connection timed out) while reading response header from upstream`, `504` after
//!   `proxy_read_timeout`, with `$upstream_connect_time` 0.000; HAProxy `sH`; Envoy `UT`; database
//!   clients that hang for minutes.
//! - Reset (AWS NAT gateway and NLB after 350 s, `reject with tcp reset`): nginx `recv() failed (104:
//!   Connection reset by peer)`, `502`; HAProxy `SH`; Envoy `UC`; Node.js `ECONNRESET`, at once.
//! - Always the first request after a pause; the target never sees it.
//! - A firewall that logs what it does not know: netfilter lines with `ACK PSH` and without `SYN`
//!   between these two.
//! - CloudWatch, in the minutes of the failures: `IdleTimeoutCount` of a NAT gateway counts the
//!   connections that it gave up, `TCP_ELB_Reset_Count` of a Network Load Balancer the resets that it
//!   sent itself. Both are above 0 on good days too; with failures after pauses they agree, alone they
//!   say nothing.
//! - Applications whose calls go that way: Go `read: connection reset by peer`, Java `Connection
//!   reset` and Connector/J `The last packet successfully received … milliseconds ago`, .NET `An
//!   existing connection was forcibly closed`, Python `ConnectionResetError`.
//!
//! ## What it is mistaken for
//!
//! - `keepalive-race`: the target closes at its own idle timer; the request fails at once, and only in
//!   the instant of that timer. Longer pauses are harmless there, here they always fail.
//! - `target-response-timeout`: the target is slow. Then its own log shows the request.
//! - An outage of the other side (`external-dependency-outage`): busy connections fail as well, and in
//!   other ways.
//! - A cold start after a quiet spell: the target's own log shows the request, late.
//!
//! ## Before it happens
//!
//! - Idle timers on the way against those of the pools at both ends: AWS NLB and NAT gateway 350 s,
//!   Azure 4 min, Cloud NAT 1200 s, Cloud Run outbound 600 s to a VPC; Envoy's pool keeps an hour,
//!   database pools forever.
//! - TCP keep-alive off, or its first probe after two hours (`tcp_keepalive_time` 7200).
//! - `why502 check` compares the idle and lifetime bounds of each pool with the idle timer of
//!   the balancer it connects to, and of the NAT it leaves by.
//!
//! ## Reproduce it
//!
//! `why502 drill idle-flow-dropped`: a router with a stateful firewall forgets connections after 5 s;
//! nginx in front keeps its own for 60 s. Requests 15 s apart wait the full 2 s and end with `504`.
//! With a pool that lets go after 3 s none does.
//!
//! ## Remedy
//!
//! 1. Let the pool drop idle connections before the thing in the middle forgets them (nginx
//!    `keepalive_timeout` in `upstream`, Envoy `idle_timeout`, a pool's max idle time). The first
//!    request after a pause opens a connection and succeeds.
//! 2. Or keep them warm: TCP keep-alive with a first probe well below that timer. `ss -to` shows the
//!    timer.
//! 3. Or raise the timer on the way (NLB `tcp.idle_timeout.seconds`, Cloud NAT
//!    `tcpEstablishedIdleTimeoutSec`, conntrack). No packet without a connection is logged any more.
//!
//! ## Sources
//!
//! - AWS, NAT gateway troubleshooting ("Internet connection drops after 350 seconds"):
//!   <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html>; NLB
//!   connection idle timeout; CloudWatch metrics for NAT gateways and for Network Load Balancers.
//! - Google Cloud, Cloud NAT timeouts; Azure, load balancer TCP reset and idle timeout.
//! - Linux `nf_conntrack_tcp_timeout_established`, `nf_conntrack_tcp_loose`; nginx 1.22 was observed
//!   behind both, with drop and with reset.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Arrivals, Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part,
    Place, Predicts, Protocol, Remedy, Reuse, Rival, Router, Scenario, Server, Shows, Signal as S,
    Test, Text,
};

use crate::rules::idle_flows;
use crate::{sentences, visibility};

/// Idle connection forgotten on the way: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "idle-flow-dropped",
    title: Text::new("Idle connection forgotten on the way", "経路上で忘れられたアイドル接続"),
    explanation: Text::new(
        "A firewall or NAT between gateway and target had forgotten a connection that was idle for \
        too long, and dropped or reset what was sent on it.",
        "ゲートウェイとターゲットの間のファイアウォールまたは NAT が、長くアイドルだった接続を忘れ、\
        そこに送られたものを破棄またはリセットしました。",
    ),
    place: Place::Reuse,
    statuses: &[502, 503, 504],
    leads_to: &["target-response-timeout"],
    source: include_str!("idle_flow_dropped.rs"),
    shows: Shows {
        claims: &[Claim::of(&[
            M::ResponseTimeout,
            M::RequestSendTimeout,
            M::ResetBeforeResponse,
            M::EndedBeforeResponse,
            M::RequestSendFailed,
        ])
        .reuse(&[Reuse::Reused, Reuse::Unknown])],
        claims_effects: false,
        needs: &[Test::new(
            S::FlowMatch,
            AtLeast(0.5),
            Text::new(
                "{value} of these requests went to an address and port towards which a firewall \
                logged packets in the midst of connections that it did not know (any more).",
                "これらのリクエストの {value} は、ファイアウォールが(もはや)知らない接続のパケットを記\
                録したアドレスとポート宛てでした。",
            ),
        )
        .proves()
        .otherwise(Text::new(
            "Only {value} of these requests went to an address towards which a firewall dropped \
            packets of connections it did not know, and they did not come first after pauses.",
            "ファイアウォールが知らない接続のパケットを破棄したアドレス宛ては {value} だけで、休止の直\
            後のリクエストでもありません。",
        ))
        .or(&Test::new(
            S::AfterPauseShare,
            AtLeast(0.8),
            Text::new(
                "{value} of the requests that came first after a long pause failed, and hardly any \
                others.",
                "長い休止の後の最初のリクエストの {value} が失敗し、ほかはほとんど失敗していません。",
            ),
        ))],
        supports: &[
            Test::new(
                S::FlowDrops,
                AtLeast(1.0),
                Text::new(
                    "What stands between gave up idle connections, or met packets of such, {value} \
                    times in the window.",
                    "経路上の機器が、この期間にアイドル接続の破棄、またはそのパケットの検出を {value} 回\
                    記録しました。",
                ),
            )
            .independent(),
            Test::new(
                S::EgressEndedShare,
                AtLeast(0.9),
                sentences::LOST_CALLS_HAD_STOOD,
            )
            .independent(),
            Test::new(
                S::AfterPauseShare,
                AtLeast(0.8),
                Text::new(
                    "{value} of the requests that came first after a long pause failed, and hardly any \
                    others.",
                    "長い休止の後の最初のリクエストの {value} が失敗し、ほかはほとんど失敗していません。",
                ),
            ),
            Test::new(
                S::TargetSuccessShare,
                AtLeast(0.3),
                Text::new(
                    "The same targets answered {value} of all their requests in the window.",
                    "同じターゲットは、この期間の全リクエストの {value} に正常に応答しました。",
                ),
            ),
            Test::new(
                S::InnerNeverSawShare,
                AtLeast(0.9),
                Text::new(
                    "The hop behind never logged {value} of them.",
                    "背後のホップには、その {value} の記録がありません。",
                ),
            )
            .independent(),
        ],
        rules_out: &[
            Test::new(
                S::ReusedShare,
                AtMost(0.2),
                Text::new(
                    "Only {value} of them failed on a reused connection; a forgotten one was used \
                    before.",
                    "再利用された接続での失敗は {value} だけです。忘れられた接続なら以前に使われていま\
                    す。",
                ),
            ),
            Test::new(
                S::InnerFinishedLater,
                AtLeast(1.0),
                Text::new(
                    "The hop behind finished {value} of them after the gateway had given up: they \
                    had arrived.",
                    "そのうち {value} 件は、ゲートウェイが諦めた後に背後のホップが完了しています。届いて\
                    いました。",
                ),
            ),
        ],
        rivals: &[
            Rival {
                slug: "external-dependency-outage",
                separates: sentences::FIRST_AFTER_A_PAUSE,
            },
            Rival {
            slug: "keepalive-race",
            separates: Text::new(
                "Whether every request after a pause beyond some length fails, or only one that \
                meets the target's own idle timer to the millisecond.",
                "一定時間を超える休止の後に必ず失敗するか、ターゲットのアイドルタイマーとちょうど重なった\
                ときだけかです。",
            ),
            },
        ],
        visible: &[
            visibility::FLOWS,
            visibility::FLOW_METRICS,
            visibility::EGRESS_ENDED,
            visibility::PAUSES,
            visibility::REUSE,
        ],
    },
    predicts: Predicts::By(&[Rule::Order(&idle_flows::FORGOTTEN), Rule::Look(idle_flows::through_nat)]),
    drill: Drill::Runs(&[SWALLOWED, RESET]),
    remedies: &[
        Remedy {
            product: "nginx",
            action: Text::new(
                "Close idle upstream connections before the firewall forgets them.",
                "ファイアウォールが忘れる前に、アイドルなアップストリーム接続を閉じます。",
            ),
            setting: "keepalive_timeout",
            direction: Direction::Lower,
            snippet: "upstream app {\n    server 10.0.0.1:8080;\n    keepalive 32;\n    \
            keepalive_timeout 60s; # below the idle timer on the way\n}",
            verify: Text::new(
                "The first request after a pause succeeds.",
                "休止後の最初のリクエストが成功すれば解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Linux",
            action: Text::new(
                "Send TCP keep-alive probes well before the idle timer on the way.",
                "経路上のアイドルタイマーより十分早く TCP キープアライブを送ります。",
            ),
            setting: "net.ipv4.tcp_keepalive_time",
            direction: Direction::Lower,
            snippet: "sysctl -w net.ipv4.tcp_keepalive_time=120 net.ipv4.tcp_keepalive_intvl=30\n# nginx: \
            proxy_socket_keepalive on;",
            verify: Text::new(
                "ss -to shows timer:(keepalive,…) below that time.",
                "ss -to の timer:(keepalive,…) がその時間を下回れば有効です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS NLB",
            action: Text::new(
                "Raise the idle timer on the way above that of the pools.",
                "経路上のアイドルタイマーをプールより長くします。",
            ),
            setting: "tcp.idle_timeout.seconds",
            direction: Direction::Raise,
            snippet: "aws elbv2 modify-listener-attributes --listener-arn ARN --attributes \
            Key=tcp.idle_timeout.seconds,Value=3600",
            verify: Text::new(
                "TCP_ELB_Reset_Count stays flat.",
                "TCP_ELB_Reset_Count が増えなければ有効です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Envoy",
            action: Text::new(
                "Let the pool drop idle connections earlier.",
                "プールのアイドル接続を早めに閉じます。",
            ),
            setting: "idle_timeout",
            direction: Direction::Lower,
            snippet: "typed_extension_protocol_options:\n  \
            envoy.extensions.upstreams.http.v3.HttpProtocolOptions:\n    \
            common_http_protocol_options: { idle_timeout: 60s }",
            verify: Text::new(
                "No UC or UT as the first request after a pause.",
                "休止後の最初のリクエストに UC や UT が出なければ解消です。",
            ),
            arithmetic: None,
        },
    ],
};

const PATIENT_APP: &str = "const server = require('http').createServer((request, response) => \
response.end('ok\\n'));
server.keepAliveTimeout = 600000;
server.listen(8080);
";

const POOLING_EDGE: &str = "upstream api {
  server {{ip:api}}:8080;
  keepalive 8;
  keepalive_timeout {{idle}};
}
server {
  listen 8080;
  location / {
    proxy_pass http://api;
    proxy_http_version 1.1;
    proxy_set_header Connection \"\";
    proxy_read_timeout 2s;
    proxy_next_upstream off;
  }
}";

const HOSTS: &[Host] = &[
    Host::new("api", &[Part::new(Server::Node, "api", 8080, PATIENT_APP)]).public(),
    Host::new("edge", &[Part::new(Server::Nginx, "nginx", 8080, POOLING_EDGE)]),
];

const FORGETFUL: &[(&str, &str)] = &[
    ("net.netfilter.nf_conntrack_tcp_timeout_established", "5"),
    ("net.netfilter.nf_conntrack_tcp_loose", "0"),
];

const LOAD: Load = Load {
    target: "edge:8080",
    protocol: Protocol::Http1,
    keep_alive: false,
    arrivals: Arrivals::Bursts { size: "1", gap: "15000", step: "0" },
    lasts: "62000",
    patience: "10000",
    requests: &[Ask::new("GET", "/api/items"), Ask::new("GET", "/api/cart")],
};

const KNOBS: &[Knob] = &[Knob { name: "idle", fault: "60s", remedy: "3s" }];

const SWALLOWED: Scenario = Scenario {
    name: "nginx-swallowed",
    happens: Text::new(
        "The router between nginx and the service forgets connections after 5 s and drops what comes \
        on them.",
        "nginx とサービスの間のルーターが 5 秒で接続を忘れ、そこに届くものを破棄します。",
    ),
    cure: Text::new(
        "nginx lets go of idle connections after 3 s.",
        "nginx がアイドル接続を 3 秒で閉じます。",
    ),
    hosts: HOSTS,
    router: Some(Router {
        nat: None,
        firewall: "table inet firewall {
  chain through {
    type filter hook forward priority 0;
    ct state established,related accept
    ct state new tcp flags & (fin|syn|rst|ack) == syn accept
    meta l4proto tcp log prefix \"DROP-state \" group 6 drop
  }
}",
        sysctls: FORGETFUL,
    }),
    knobs: KNOBS,
    steps: &[],
    load: LOAD,
    expect: Expect::failing(0.4, &[504]),
    everyday: false,
};

const RESET: Scenario = Scenario {
    name: "nginx-reset",
    happens: Text::new(
        "The router forgets connections after 5 s and answers what comes on them with a reset.",
        "ルーターが 5 秒で接続を忘れ、そこに届くものにリセットを返します。",
    ),
    cure: SWALLOWED.cure,
    hosts: HOSTS,
    router: Some(Router {
        nat: None,
        firewall: "table inet firewall {
  chain through {
    type filter hook forward priority 0;
    ct state established,related accept
    ct state new tcp flags & (fin|syn|rst|ack) == syn accept
    meta l4proto tcp log prefix \"REJECT-state \" group 6 reject with tcp reset
  }
}",
        sysctls: FORGETFUL,
    }),
    knobs: KNOBS,
    steps: &[],
    load: LOAD,
    expect: Expect::failing(0.4, &[502]),
    everyday: false,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_the_firewall_names_the_same_address() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 7.0), (S::FlowMatch, 1.0), (S::AfterPauseShare, 1.0)]),
            Judgement::Holds {
                supports: vec![S::AfterPauseShare],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn pauses_do_without_the_firewalls_log() {
        assert!(matches!(
            judge(&CAUSE, &[(S::Failures, 7.0), (S::AfterPauseShare, 1.0)]),
            Judgement::Holds { independent: false, .. }
        ));
    }

    #[test]
    fn quiet_when_pauses_do_no_harm() {
        let seen = [(S::Failures, 12.0), (S::FlowMatch, 0.0), (S::AfterPauseShare, 0.02)];
        assert_eq!(judge(&CAUSE, &seen), Judgement::NotThis(S::FlowMatch));
    }

    #[test]
    fn quiet_when_the_target_had_the_request() {
        let seen = [(S::Failures, 7.0), (S::AfterPauseShare, 1.0), (S::InnerFinishedLater, 5.0)];
        assert_eq!(judge(&CAUSE, &seen), Judgement::Excluded(S::InnerFinishedLater));
    }

    #[test]
    fn blind_without_both() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 7.0)]),
            Judgement::CannotTell(vec![S::FlowMatch, S::AfterPauseShare])
        );
    }

    #[test]
    fn a_fresh_connection_is_not_a_forgotten_one() {
        let seen = Seen::of(M::ResponseTimeout, 504);
        assert_eq!(claims(&CAUSE, seen.on(Reuse::Reused)), Some(false));
        assert_eq!(claims(&CAUSE, seen.on(Reuse::Fresh)), None);
    }

    #[test]
    fn a_metric_of_idle_connections_is_other_evidence_and_not_enough_alone() {
        let seen = [(S::Failures, 9.0), (S::AfterPauseShare, 1.0), (S::FlowDrops, 9.0)];
        assert_eq!(
            judge(&CAUSE, &seen),
            Judgement::Holds {
                supports: vec![S::FlowDrops, S::AfterPauseShare],
                independent: true,
                proved: false
            }
        );
        let busy = [
            (S::Failures, 9.0),
            (S::AfterPauseShare, 0.1),
            (S::FlowDrops, 9.0),
            (S::FlowMatch, 0.0),
        ];
        assert_eq!(judge(&CAUSE, &busy), Judgement::NotThis(S::FlowMatch));
    }
}
