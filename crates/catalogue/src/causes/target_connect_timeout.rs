//! # Target does not answer the connection
//!
//! ## What happens
//!
//! The gateway sends a SYN and nothing comes back: no acceptance, no refusal. The kernel
//! repeats the SYN after about 1, 3, 7 and more seconds, until the gateway's connect timer
//! fires or the kernel gives up after some two minutes. Something on the way drops packets, or
//! nobody owns the address any more.
//!
//! No part of the request has been sent, so another target may safely be tried; but each try
//! costs a whole timer, and a few silent targets tie up many connections.
//!
//! ## How it shows
//!
//! - nginx: `upstream timed out (110: Connection timed out) while connecting to upstream`,
//!   `504`, after `proxy_connect_timeout`.
//! - AWS ALB: `504` with `-1 -1 -1`, 10 s after `request_creation_time`.
//! - Google Cloud Load Balancing: `failed_to_connect_to_backend` after seconds.
//! - HAProxy: `sC`, `503` or `504`, after `timeout connect` times the number of tries.
//! - Envoy: `UF`, `503`, `{connection_timeout}`, 5 s by default.
//! - Apache httpd: `(110)Connection timed out: AH00957`, `503`.
//! - CloudFront: `504`, 30 s (three attempts of 10 s). Node.js: `UND_ERR_CONNECT_TIMEOUT` (10
//!   s), `ETIMEDOUT`.
//!
//! ## What it is mistaken for
//!
//! - `target-connect-refused`: answered at once with a reset. Dropped packets never give a
//!   refusal; on an ALB a blocked security group is a `504`, not a `502`.
//! - `nat-port-exhaustion`: the NAT drops the SYN for want of a port; only public destinations
//!   and only new connections are affected, and the NAT's log names the destination.
//! - `external-dependency-outage`: for calls outward, the third party itself is down; it then
//!   fails from every network, and usually refuses or answers with errors as well.
//! - A full accept queue under load: the connect times cluster at 1, 3 and 7 s and load is
//!   high; `TcpExtListenOverflows` rises.
//! - `target-unreachable`: somebody says that there is no way to the address (errno 113, 101).
//! - What may lie behind it: `security-group-block`, `nacl-return-path-block`,
//!   `conntrack-table-full`, `stale-upstream-address` (the address is no longer what DNS answers).
//! - `target-response-timeout`: there the connection is open and the request has been sent.
//!
//! ## Before it happens
//!
//! - Security group, network ACL, or firewall rule without the gateway's addresses; on Google
//!   Cloud without 35.191.0.0/16 and 130.211.0.0/22. A stateless ACL needs the return ports
//!   1024 to 65535.
//! - nginx resolves the name in `proxy_pass` once at start; the target's address changes later.
//! - Connect timers are long by default: nginx 60 s, kernel 127 s (`tcp_syn_retries` 6);
//!   HAProxy has none.
//! - `why502 check` evaluates network ACLs for the serving port, and finds programs that call
//!   the internet from subnets without a way out.
//!
//! ## Reproduce it
//!
//! `why502 drill target-connect-timeout` lets the firewall of the application's host drop what
//! nginx, HAProxy and Envoy send to its port; every request ends after the connect timer of one
//! second. Then the firewall lets it through.
//!
//! ## Remedy
//!
//! 1. From the gateway's host or subnet, try the port: `nc -vz -w 3 TARGET PORT`. Compare with
//!    a try from the target itself; what lies between them drops.
//! 2. Correct the rule or the route (security group, ACL both ways, firewall, pod network
//!    policy). `nc` connects.
//! 3. Let the gateway resolve names again (`resolver` and `resolve`, HAProxy `resolvers`). The
//!    address in the log follows DNS.
//! 4. Shorten the connect timer to 3 to 5 s and try the next target. A silent target costs
//!    seconds instead of a minute.
//!
//! ## Sources
//!
//! - AWS, Troubleshoot your Application Load Balancers, HTTP 504:
//!   <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html>
//! - Linux kernel, `Documentation/networking/ip-sysctl.rst` (`tcp_syn_retries`).
//! - nginx `src/http/ngx_http_upstream.c`; Envoy FAQ, "How do I configure timeouts?".

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Band, Cause, Claim, Direction, Drill, Expect, Host, Knob, Mechanism as M, Part, Place,
    Predicts, Remedy, Rival, Scenario, Server, Shows, Side, Signal as S, Test, Text,
};

use crate::drills::{APP, STEADY, envoy, envoy_app, haproxy};
use crate::rules::{filters, routes};
use crate::{sentences, visibility};

/// Target does not answer the connection: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "target-connect-timeout",
    title: Text::new("Target does not answer the connection", "ターゲットが接続に無応答"),
    explanation: Text::new(
        "Nobody answered when the connection to the target was opened: \
        packets are dropped on the way, or the address is dead.",
        "ターゲットへの接続に応答がありませんでした。途中でパケットが破棄さ\
        れているか、アドレスが使われていません。",
    ),
    place: Place::Connect,
    statuses: &[502, 503, 504],
    leads_to: &[
        "target-response-timeout",
        "passive-ejection-cascade",
        "no-healthy-targets",
        "backend-own-5xx",
    ],
    source: include_str!("target_connect_timeout.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ConnectTimeout]).sides(&[Side::Upstream]).states(),
            Claim::of(&[M::ConnectTimeout]),
            Claim::of(&[M::ConnectFailed]).bands(&[Band::Medium, Band::Long, Band::Unknown]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} requests failed while their connection was being opened.",
                "{value} 件のリクエストが、接続を開く段階で失敗しました。",
            ),
        )],
        supports: &[
            Test::new(
                S::TimerShare,
                AtLeast(0.7),
                Text::new(
                    "{value} of these requests ended at the same duration, {timer}: a \
                    connect timer.",
                    "これらのリクエストの {value} が同じ時間 {timer} で終了しました。接\
                    続タイマーです。",
                ),
            ),
            Test::new(S::TopTargetShare, AtLeast(0.9), sentences::ONE_TARGET),
            Test::new(S::HealthDowns, AtLeast(1.0), sentences::TARGETS_DOWN).independent(),
            Test::new(
                S::NatDestinationMatch,
                AtMost(0.0),
                Text::new(
                    "The NAT's log shows no packet dropped on the way to the \
destinations that failed.",
                    "失敗した宛先への破棄は NAT のログにありません。",
                ),
            )
            .independent(),
            Test::new(
                S::EgressConnectTimeouts,
                AtLeast(3.0),
                Text::new(
                    "It was not a single call: {value} outward calls ran into their \
connect timer.",
                    "1 件だけではありません。外向き通信 {value} 件が接続タイマーに達し\
ました。",
                ),
            ),
        ],
        rules_out: &[
            Test::new(
                S::NatDestinationMatch,
                AtLeast(0.5),
                Text::new(
                    "{value} of the outward calls that failed went to a destination \
                the NAT was dropping packets to; the target was not asked.",
                    "失敗した外向き通信の {value} は NAT がパケットを破棄していた宛先で\
                した。ターゲットには届いていません。",
                ),
            ),
            Test::new(
                S::VagueQuickShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of these requests failed within a second: an attempt that nobody \
                    answers takes longer.",
                    "これらのリクエストの {value} は 1 秒以内に失敗しました。無応答の接続試行なら、\
                    もっと長くかかります。",
                ),
            ),
        ],
        rivals: &[
            Rival {
                slug: "target-connect-refused",
                separates: Text::new(
                    "How long the attempt took: a refusal is answered in milliseconds, \
                    a silent address runs into the connect timer.",
                    "接続試行の所要時間です。拒否なら数ミリ秒、無応答なら接続タイマーま\
                    でかかります。",
                ),
            },
            Rival {
                slug: "nat-port-exhaustion",
                separates: Text::new(
                    "Whether the NAT's log shows drops to the destination that failed.",
                    "失敗した宛先への破棄が NAT のログにあるかどうかです。",
                ),
            },
            Rival {
                slug: "external-dependency-outage",
                separates: Text::new(
                    "Whether the destination also fails from another network, or only \
from here.",
                    "ほかのネットワークからも失敗するか、ここからだけ失敗するかです。",
                ),
            },
        ],
        visible: &[
            visibility::DURATIONS,
            visibility::NAT_DROPS,
            visibility::EGRESS_DESTINATION,
            visibility::HEALTH,
        ],
    },
    predicts: Predicts::By(&[Rule::Look(filters::acl_forward), Rule::Look(routes::no_way_out)]),
    drill: Drill::Runs(&[
        NGINX_FIREWALL,
        Scenario {
            name: "haproxy-firewall",
            happens: Text::new(
                "The firewall of the application's host drops what HAProxy sends to its port.",
                "アプリケーションのホストのファイアウォールが、HAProxy からそのポートへのパケッ\
                トを破棄します。",
            ),
            hosts: &[
                APP.firewall(FIREWALL),
                Host::new("gateway", &[Part::new(Server::HAProxy, "haproxy", 8080, HAPROXY)]),
            ],
            expect: Expect::failing(1.0, &[503, 0]),
            ..NGINX_FIREWALL
        },
        Scenario {
            name: "envoy-firewall",
            happens: Text::new(
                "The firewall of the application's host drops what Envoy sends to its port.",
                "アプリケーションのホストのファイアウォールが、Envoy からそのポートへのパケット\
                を破棄します。",
            ),
            hosts: &[
                APP.firewall(FIREWALL),
                Host::new("gateway", &[Part::new(Server::Envoy, "envoy", 8080, ENVOY)]),
            ],
            expect: Expect::failing(1.0, &[503]),
            everyday: false,
            ..NGINX_FIREWALL
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Try the port from the gateway's network and from the target's \
                own; correct the rule or route that lies between.",
                "ゲートウェイ側とターゲット側の両方からポートを試し、その間の規則や\
                経路を直します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "nc -vz -w 3 TARGET PORT",
            verify: Text::new(
                "nc connects from the gateway's network.",
                "ゲートウェイ側から nc が接続できれば解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS ALB",
            action: Text::new(
                "Allow the load balancer's security group on the target's port and \
                on its health check port.",
                "ターゲットのポートとヘルスチェックのポートで、ロードバランサーのセ\
                キュリティグループを許可します。",
            ),
            setting: "security group",
            direction: Direction::Change,
            snippet: "aws ec2 authorize-security-group-ingress --group-id TARGET_SG \
            --protocol tcp --port 8080 --source-group ALB_SG",
            verify: Text::new(
                "No 504 with -1 -1 -1 after 10 s.",
                "10 秒後の -1 -1 -1 の 504 が出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Give up on a silent target after a few seconds and try the next.",
                "無応答のターゲットは数秒で見切り、次を試します。",
            ),
            setting: "proxy_connect_timeout",
            direction: Direction::Lower,
            snippet: "proxy_connect_timeout 3s;
proxy_next_upstream error timeout;",
            verify: Text::new(
                "$upstream_connect_time never exceeds 3 s.",
                "$upstream_connect_time が 3 秒を超えなければ有効です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Resolve the target's name again when its address changes.",
                "ターゲットのアドレスが変わったら名前を再解決させます。",
            ),
            setting: "resolver",
            direction: Direction::Set,
            snippet: "resolver 127.0.0.53 valid=10s;
upstream app {
    zone app 64k;
    server app.internal:8080 resolve; # nginx 1.27.3 and later
}",
            verify: Text::new(
                "The address in the log follows DNS without a reload.",
                "再読み込みなしでログのアドレスが DNS に追従します。",
            ),
            arithmetic: None,
        },
    ],
};

const NGINX_FIREWALL: Scenario = Scenario {
    name: "nginx-firewall",
    happens: Text::new(
        "The firewall of the application's host drops what nginx sends to its port.",
        "アプリケーションのホストのファイアウォールが、nginx からそのポートへのパケット\
                を破棄します。",
    ),
    cure: Text::new(
        "The firewall lets the port through.",
        "ファイアウォールでそのポートを開きます。",
    ),
    hosts: &[
        APP.firewall(FIREWALL),
        Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)]),
    ],
    router: None,
    knobs: &[Knob { name: "verdict", fault: "drop", remedy: "accept" }],
    steps: &[],
    load: STEADY,
    expect: Expect::failing(1.0, &[504]),
    everyday: true,
};

const FIREWALL: &str = "\
table inet host {
    chain input {
        type filter hook input priority filter; policy accept;
        iifname eth0 tcp dport 3000 {{verdict}}
    }
}
";

const NGINX: &str = "\
upstream app { server {{ip:app}}:3000; }
server { listen 8080; location / { proxy_pass http://app; proxy_connect_timeout 1s; } }
";

const HAPROXY: &str = haproxy!(
    "    timeout connect 1s
    retries 1
    server app-1 {{ip:app}}:3000
"
);

const ENVOY: &str = envoy!("    connect_timeout: 1s\n", envoy_app!());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_at_the_connect_timer() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 15.0),
                    (S::StatedShare, 1.0),
                    (S::TimerShare, 1.0),
                    (S::TopTargetShare, 1.0),
                    (S::HealthDowns, 1.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::TimerShare, S::TopTargetShare, S::HealthDowns],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_the_nat_explains_it() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 15.0), (S::NatDestinationMatch, 0.9), (S::NatDrops, 40.0)]
            ),
            Judgement::Excluded(S::NatDestinationMatch)
        );
    }

    #[test]
    fn the_nat_holds_there() {
        assert_eq!(
            judge(
                &crate::causes::nat_port_exhaustion::CAUSE,
                &[
                    (S::Failures, 15.0),
                    (S::EgressConnectTimeouts, 15.0),
                    (S::NatDestinationMatch, 0.9),
                    (S::NatDrops, 40.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::NatDestinationMatch, S::NatDrops, S::EgressConnectTimeouts],
                independent: true,
                proved: true
            }
        );
    }

    #[test]
    fn without_the_nat_log_it_is_not_excluded() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 15.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn a_proxys_connect_timer_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 504)), Some(true));
    }

    #[test]
    fn an_outward_timeout_states_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 0).outward()), Some(false));
    }

    #[test]
    fn a_vague_quick_failure_is_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectFailed, 502).after(Band::Instant)), None);
    }
}
