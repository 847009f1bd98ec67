//! # Keep-alive race
//!
//! ## What happens
//!
//! A gateway keeps idle connections to its targets and uses them again. The target also has a
//! timer for idle connections. When the target's timer is the shorter one, sooner or later it
//! closes a connection in the very moment in which the gateway writes the next request on it.
//! The FIN or RST and the request cross on the wire. The gateway has sent a request and gets no
//! byte of a response, so it must assume that the request may have been executed and, unless
//! the method is safe to repeat, it answers the client with an error.
//!
//! The failure needs a gap between two requests on one connection that is as long as the
//! target's timer. That is why it hits quiet services more than busy ones, never all requests,
//! and no particular path.
//!
//! ## How it shows
//!
//! - AWS ALB: `502`, target status `-`, times such as `0.000 0.001 -1`; the request was handed
//!   over and the connection ended at once. CLB reports the same thing as a quick `504` with
//!   backend `-`.
//! - Google Cloud Load Balancing: `statusDetails`
//!   `backend_connection_closed_before_data_sent_to_client`, `502` on the classic, `503` on the
//!   managed products, latency of some 10 ms.
//! - nginx: `upstream prematurely closed connection while reading response header from
//!   upstream` or `recv() failed (104: Connection reset by peer)`, within milliseconds. nginx
//!   tries GET and HEAD again by itself, so only POST, PATCH and LOCK reach the client as
//!   `502`.
//! - Envoy: flag `UC`, `503`, `upstream_reset_before_response_started{connection_termination}`,
//!   a few milliseconds.
//! - HAProxy: `SH` with `502`, `Tc` 0, if it was the first request of a client's connection. On a
//!   later one HAProxy closes the client's connection without an answer and without a line in the
//!   log, for the client to try again.
//! - Apache httpd: `AH01102: error reading status line from remote server` with `(20014)` or
//!   `(104)`. The access log says `502`; with 0 bytes the client got none of it, but a closed
//!   connection, because it was not the first request on it.
//! - Caddy: `502`, and at level error `EOF` or `read: connection reset by peer`. Traefik: `502`, and
//!   the same words at level debug only. Both use Go's client, which repeats idempotent requests by
//!   itself.
//! - An application as the caller, over its client's pool: Node.js `ECONNRESET`, `UND_ERR_SOCKET`
//!   `other side closed`, `socket hang up`; Go `EOF`, `http: server closed idle connection`; Java
//!   `NoHttpResponseException: … failed to respond`; Python `RemoteDisconnected('Remote end closed
//!   connection without response')`; .NET `The response ended prematurely`. Its own gateway logs the
//!   `500` or `502` that the application makes of it.
//!
//! ## What it is mistaken for
//!
//! - `deploy-without-drain`: the same bytes, but in one burst while instances stop. The race
//!   goes on evenly between roll-outs.
//! - `app-crash`: the same bytes, but a process ends at the same second. In a race the target
//!   keeps answering the other requests.
//! - `oom-kill`: as with a crash; the kernel or the platform logs the kill.
//! - A connection recycled after a number of requests (`keepalive_requests`, `max_requests`):
//!   the gap before the failing request is short and its ordinal on the connection is always
//!   the same.
//! - `external-dependency-outage`: the other side is down. Its calls are also refused, time out or are
//!   answered with an error; in a race all of them end on a connection that had stood.
//! - `idle-flow-dropped`: a firewall or NAT forgot the connection. Every request after a long enough
//!   pause fails then, most often after a full timeout instead of at once.
//!
//! ## Before it happens
//!
//! Compare the idle timer of the target with that of the gateway in front of it; the target's
//! must be the longer one.
//! - Targets: Node.js `server.keepAliveTimeout` 5 s (65 s documented from 26.5 and 24.19),
//!   gunicorn `keepalive` 2 s, uvicorn `timeout_keep_alive` 5 s, Apache `KeepAliveTimeout` 5 s,
//!   Puma `persistent_timeout` 20 s before 7.0 and 65 s since, nginx `keepalive_timeout` 75 s.
//! - Gateways: ALB 60 s, Google Cloud Load Balancing 600 s (fixed), CloudFront 5 s, Envoy 1 h,
//!   nginx upstream pool 60 s.
//! - nginx 1.29.7 and 1.30.0 switched upstream keep-alive on by default (32 connections,
//!   HTTP/1.1). An upgrade can start the race without any change of configuration.
//! - `why502 check` does this for every link whose connections are used again, and for the
//!   pools of a database. For Node.js before 18.2 it compares `headersTimeout` with
//!   `keepAliveTimeout`.
//!
//! ## Reproduce it
//!
//! `why502 drill keepalive-race`. nginx, HAProxy, Envoy and Apache httpd reuse connections to
//! Node.js, gunicorn and uvicorn that have been idle for about as long as the service keeps them.
//! With a longer timer in the service the same load passes. Two things that can be seen there:
//! Node.js announces `keepAliveTimeout` and waits a second longer (20.20), and gunicorn's thread
//! worker notices that a timer is over only when something else wakes it, which is the next
//! request.
//!
//! ## Remedy
//!
//! 1. Make the target's idle timer longer than the gateway's: 65 s or more behind an ALB, 620 s
//!    behind Google Cloud. The errors stop with the restart; none may appear in as many hours
//!    as it took to collect ten before.
//! 2. Where the target cannot be changed, make the gateway's pool shorter than the target's
//!    timer (nginx `keepalive_timeout` in `upstream`, Envoy `idle_timeout`). Same check.
//! 3. Let the gateway try again where that is safe (HAProxy `retry-on empty-response`, Envoy
//!    `retry_on: reset-before-request`). The retry counter rises while the error count falls.
//!
//! ## Sources
//!
//! - Troubleshoot your Application Load Balancers, "HTTP 502: Bad gateway":
//!   <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html>
//! - Google Cloud, external Application Load Balancer timeouts and retries (backend keep-alive
//!   600 s).
//! - RFC 9112 section 9.3.1 (retrying requests) and section 9.5 (failures and timeouts); RFC
//!   9110 section 9.2.2.
//! - nginx `src/http/ngx_http_upstream.c` (`ngx_http_upstream_next`) and CHANGES 1.29.7;
//!   nodejs/node issue 20256.

use model::Condition::{AtLeast, AtMost};
use model::config::{Guard, Key, Order, Rule, Severity, Shape, Site, Term};
use model::{
    Band, Cause, Claim, Direction, Drill, Expect, Load, Mechanism as M, Micros, Place, Predicts,
    Remedy, Reuse, Rival, Scenario, Shows, Signal as S, Test, Text,
};

use crate::drills::keepalive_race::{
    APACHE_GATEWAY, EITHER, ENVOY_GATEWAY, GUNICORN, GUNICORN_RACE, HAPROXY_GATEWAY, NGINX_GATEWAY,
    NODE, NODE_RACE, UVICORN, UVICORN_RACE,
};
use crate::rules::{idle_flows, node_timers};
use crate::{sentences, visibility};

/// What happens in a scenario, for the names of its gateway and its service.
macro_rules! happens {
    ($gateway:literal, $service:literal) => {
        Text::new(
            concat!(
                $gateway,
                " uses connections again that ",
                $service,
                " closes after a second of idleness, and requests come about that far apart."
            ),
            concat!(
                $service,
                " は 1 秒アイドルの接続を閉じますが、",
                $gateway,
                " はその接続を再利用し、リクエストがほぼその間隔で届きます。"
            ),
        )
    };
}

/// A connection that is used again has to be closed by its sender first: the target's idle timer
/// must outlast the sender's. The second of margin is for a close that is on its way while the
/// request leaves.
static IDLE_ORDER: Order = Order {
    shape: Shape::Link,
    longer: Term { site: Site::To, keys: &[Key::ClientIdleTimeout] },
    shorter: Term { site: Site::Link, keys: &[Key::UpstreamIdleTimeout] },
    margin: Micros::from_secs(1),
    when: &[Guard::NotOff(Site::Link, Key::UpstreamKeepAlive)],
    severity: Severity::Error,
    decides: true,
    says: Text::new(
        "{longer_hop} closes idle connections after {longer} ({longer_name}), but {shorter_hop} uses \
         them again for up to {shorter} ({shorter_name}): requests that meet the close fail",
        "{longer_hop} はアイドル接続を {longer} で閉じますが（{longer_name}）、{shorter_hop} は最大 \
         {shorter} 再利用します（{shorter_name}）。閉じる瞬間に送られたリクエストは失敗します",
    ),
};

/// Keep-alive race: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "keepalive-race",
    title: Text::new("Keep-alive race", "キープアライブの競合"),
    explanation: Text::new(
        "The target closed an idle connection in the same moment in which \
        the gateway sent the next request on it, so the request got no \
        answer.",
        "ターゲットがアイドル接続を閉じるのと同時に、ゲートウェイがその接続\
        で次のリクエストを送ったため、応答が得られませんでした。",
    ),
    place: Place::Reuse,
    statuses: &[502, 503, 504],
    leads_to: &["passive-ejection-cascade", "backend-own-5xx"],
    source: include_str!("keepalive_race.rs"),
    shows: Shows {
        claims: &[Claim::of(&[
            M::ClosedBeforeResponse,
            M::ResetBeforeResponse,
            M::EndedBeforeResponse,
            M::RequestSendFailed,
        ])
        .reuse(&[Reuse::Reused, Reuse::Unknown])
        .bands(&[Band::Instant, Band::Short, Band::Unknown])],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} requests got no byte of a response before their \
                connection ended.",
                "{value} 件のリクエストで、応答が 1 バイトも届かないまま接続が終了\
                しました。",
            ),
        )],
        supports: &[
            Test::new(S::EgressEndedShare, AtLeast(0.9), sentences::LOST_CALLS_HAD_STOOD)
                .independent(),
            Test::new(
                S::ShortWaitShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of these requests ended within 50 ms of being sent.",
                    "これらのリクエストの {value} が、送信から 50 ms 以内に終了しました。",
                ),
            ),
            Test::new(
                S::ReusedShare,
                AtLeast(0.8),
                Text::new(
                    "{value} of them failed on a connection that had been used before.",
                    "{value} が、以前に使われた接続で失敗しました。",
                ),
            ),
            Test::new(
                S::UnsafeMethodShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of them are POST or PATCH, which a proxy does not repeat.",
                    "{value} が、プロキシが再試行しない POST または PATCH です。",
                ),
            ),
            Test::new(
                S::Steadiness,
                AtLeast(0.6),
                Text::new(
                    "They trickle in over {value} of the window instead of coming in a \
                    burst.",
                    "集中せず、期間の {value} にわたって散発的に起きています。",
                ),
            ),
            Test::new(
                S::TargetSuccessShare,
                AtLeast(0.9),
                Text::new(
                    "The same targets answered {value} of all their requests in the \
                    window.",
                    "同じターゲットは、この期間の全リクエストの {value} に正常に応答し\
                    ました。",
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
            Test::new(
                S::StopAlignedShare,
                AtMost(0.1),
                Text::new(
                    "Only {value} of them came near the stop of an instance or a deploy.",
                    "インスタンスの停止やデプロイの近くで起きたのは {value} だけです。",
                ),
            )
            .independent(),
            Test::new(
                S::ExitAlignedShare,
                AtMost(0.1),
                Text::new(
                    "Only {value} of them came near the end of a process.",
                    "プロセスの終了の近くで起きたのは {value} だけです。",
                ),
            )
            .independent(),
        ],
        rules_out: &[
            Test::new(
                S::EgressEndedShare,
                AtMost(0.7),
                Text::new(
                    "Only {value} of the calls that the application lost there ended with a connection \
                    that had stood; the others failed in ways a race cannot bring about.",
                    "その宛先への失敗した呼び出しのうち、確立済みの接続が終わったものは {value} だけで\
                    す。ほかは競合では起こりえない失敗です。",
                ),
            ),
            Test::new(
                S::ShortWaitShare,
                AtMost(0.5),
                Text::new(
                    "Only {value} of these requests ended within 50 ms; a race is over \
                    at once.",
                    "50 ms 以内に終わったのは {value} だけです。競合ならすぐに終わりま\
                    す。",
                ),
            ),
            Test::new(
                S::ReusedShare,
                AtMost(0.2),
                Text::new(
                    "Only {value} of them failed on a reused connection; a race needs \
                    one.",
                    "再利用された接続での失敗は {value} だけです。競合は再利用された接\
                    続でしか起きません。",
                ),
            ),
            Test::new(
                S::ExitAlignedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of them failed within 5 s of a process ending.",
                    "{value} が、プロセスの終了から 5 秒以内に失敗しました。",
                ),
            ),
            Test::new(
                S::StopAlignedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of them failed within 30 s of an instance being told to \
                    stop or a deploy completing.",
                    "{value} が、インスタンスの停止指示またはデプロイ完了から 30 秒以内\
                    に失敗しました。",
                ),
            ),
            Test::new(
                S::VanishedTargetShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of them went to targets that never served again.",
                    "{value} が、その後二度と応答しなかったターゲット宛てでした。",
                ),
            ),
        ],
        rivals: &[
            Rival {
                slug: "deploy-without-drain",
                separates: Text::new(
                    "When the failures fall: in a burst while instances stop, or \
                    evenly between roll-outs.",
                    "失敗の時刻です。インスタンス停止中に集中していればドレイン不足、リ\
                    リースの間にも散発していれば競合です。",
                ),
            },
            Rival {
                slug: "app-crash",
                separates: Text::new(
                    "Whether a process ended at the second of the failure (supervisor, \
                    container or platform log).",
                    "失敗と同じ秒にプロセスが終了したかどうかです(監視プロセス、コンテ\
                    ナ、プラットフォームのログ)。",
                ),
            },
            Rival {
                slug: "oom-kill",
                separates: Text::new(
                    "Whether the kernel or the platform killed a process for its \
                    memory at that second.",
                    "その秒にカーネルまたはプラットフォームがメモリ超過でプロセスを終了\
                    させたかどうかです。",
                ),
            },
            Rival { slug: "external-dependency-outage", separates: sentences::ALSO_IN_OTHER_WAYS },
            Rival {
                slug: "idle-flow-dropped",
                separates: Text::new(
                    "Whether every request after a pause beyond some length fails, or only one that \
                meets the target's own idle timer to the millisecond.",
                    "一定時間を超える休止の後に必ず失敗するか、ターゲットのアイドルタイマーとちょうど重なった\
                ときだけかです。",
                ),
            },
        ],
        visible: &[
            visibility::EGRESS_ENDED,
            visibility::DURATIONS,
            visibility::REUSE,
            visibility::SUCCESSES,
            visibility::INNER_NEVER,
            visibility::STOPS,
            visibility::EXIT_ALIGNED,
        ],
    },
    predicts: Predicts::By(&[
        Rule::Order(&IDLE_ORDER),
        Rule::Order(&idle_flows::DATABASE),
        Rule::Look(node_timers::head_before_idle),
    ]),
    drill: Drill::Runs(&[
        Scenario {
            name: "nginx-node",
            happens: happens!("nginx", "Node.js"),
            hosts: &[NODE, NGINX_GATEWAY],
            ..NODE_RACE
        },
        Scenario {
            name: "haproxy-gunicorn",
            happens: happens!("HAProxy", "gunicorn"),
            hosts: &[GUNICORN, HAPROXY_GATEWAY],
            load: Load { keep_alive: false, ..GUNICORN_RACE.load },
            expect: EITHER,
            ..GUNICORN_RACE
        },
        Scenario {
            name: "envoy-uvicorn",
            happens: happens!("Envoy", "uvicorn"),
            hosts: &[UVICORN, ENVOY_GATEWAY],
            expect: Expect::failing(0.002, &[503]),
            ..UVICORN_RACE
        },
        Scenario {
            name: "apache-node",
            happens: happens!("Apache httpd", "Node.js"),
            hosts: &[NODE, APACHE_GATEWAY],
            expect: EITHER,
            ..NODE_RACE
        },
        Scenario {
            name: "haproxy-node",
            happens: happens!("HAProxy", "Node.js"),
            hosts: &[NODE, HAPROXY_GATEWAY],
            load: Load { keep_alive: false, ..NODE_RACE.load },
            expect: EITHER,
            everyday: false,
            ..NODE_RACE
        },
        Scenario {
            name: "envoy-node",
            happens: happens!("Envoy", "Node.js"),
            hosts: &[NODE, ENVOY_GATEWAY],
            expect: Expect::failing(0.002, &[503]),
            everyday: false,
            ..NODE_RACE
        },
        Scenario {
            name: "apache-gunicorn",
            happens: happens!("Apache httpd", "gunicorn"),
            hosts: &[GUNICORN, APACHE_GATEWAY],
            expect: EITHER,
            everyday: false,
            ..GUNICORN_RACE
        },
        Scenario {
            name: "nginx-gunicorn",
            happens: happens!("nginx", "gunicorn"),
            hosts: &[GUNICORN, NGINX_GATEWAY],
            everyday: false,
            ..GUNICORN_RACE
        },
        Scenario {
            name: "envoy-gunicorn",
            happens: happens!("Envoy", "gunicorn"),
            hosts: &[GUNICORN, ENVOY_GATEWAY],
            expect: Expect::failing(0.002, &[503]),
            everyday: false,
            ..GUNICORN_RACE
        },
        Scenario {
            name: "nginx-uvicorn",
            happens: happens!("nginx", "uvicorn"),
            hosts: &[UVICORN, NGINX_GATEWAY],
            everyday: false,
            ..UVICORN_RACE
        },
        Scenario {
            name: "haproxy-uvicorn",
            happens: happens!("HAProxy", "uvicorn"),
            hosts: &[UVICORN, HAPROXY_GATEWAY],
            load: Load { keep_alive: false, ..UVICORN_RACE.load },
            expect: EITHER,
            everyday: false,
            ..UVICORN_RACE
        },
        Scenario {
            name: "apache-uvicorn",
            happens: happens!("Apache httpd", "uvicorn"),
            hosts: &[UVICORN, APACHE_GATEWAY],
            expect: EITHER,
            everyday: false,
            ..UVICORN_RACE
        },
    ]),
    remedies: &[
        Remedy {
            product: "Node.js",
            action: Text::new(
                "Keep idle connections longer than the gateway does: above 60 s \
                behind an ALB, above 600 s behind Google Cloud Load Balancing.",
                "アイドル接続をゲートウェイより長く保ちます。ALB の背後では 60 秒超、\
                Google Cloud Load Balancing の背後では 600 秒超にします。",
            ),
            setting: "server.keepAliveTimeout",
            direction: Direction::Raise,
            snippet: "server.keepAliveTimeout = 65_000; // 620_000 behind Google Cloud \
            Load Balancing\nserver.headersTimeout = 66_000;   // above \
            keepAliveTimeout on Node.js before 18.2",
            verify: Text::new(
                "No further instant 502 or 503 after the restart, over a span that \
                used to show ten.",
                "再起動後、以前なら 10 件は起きていた期間に、即時の 502 や 503 が 1 \
                件も出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "gunicorn",
            action: Text::new(
                "Raise the idle timer above the gateway's; the sync worker ignores \
                it, use gthread or an async worker.",
                "アイドルタイマーをゲートウェイより長くします。sync ワーカーでは効\
                かないため、gthread か非同期ワーカーを使います。",
            ),
            setting: "keepalive",
            direction: Direction::Raise,
            snippet: "gunicorn --worker-class gthread --threads 8 --keep-alive 65 app:app",
            verify: Text::new(
                "No further instant 502 over a span that used to show ten.",
                "以前なら 10 件は起きていた期間に、即時の 502 が出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Where nginx is the gateway and the target's timer is fixed, give \
                up pooled connections before the target does.",
                "nginx がゲートウェイでターゲット側を変えられない場合は、プール接続\
                をターゲットより先に手放します。",
            ),
            setting: "keepalive_timeout",
            direction: Direction::Set,
            snippet: "upstream app {
    server 127.0.0.1:8080;
    keepalive 32;
    keepalive_timeout 4s; # below the target's 5 s
}",
            verify: Text::new(
                "The error log shows no new \"prematurely closed\" line for POST \
                requests.",
                "エラーログに POST の「prematurely closed」が新たに出なければ解消で\
                す。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Envoy",
            action: Text::new(
                "Close pooled connections before the target does.",
                "プール接続をターゲットより先に閉じます。",
            ),
            setting: "common_http_protocol_options.idle_timeout",
            direction: Direction::Lower,
            snippet: "common_http_protocol_options: { idle_timeout: 4s }",
            verify: Text::new(
                "Responses with the flag UC stop; upstream_cx_idle_timeout rises \
                instead.",
                "フラグ UC の応答が止まり、代わりに upstream_cx_idle_timeout が増え\
                ます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Let requests that got an empty answer be sent again, where \
                repeating them is safe.",
                "空の応答になったリクエストを、再送しても安全な範囲で再試行させます。",
            ),
            setting: "retry-on",
            direction: Direction::Set,
            snippet: "retry-on conn-failure empty-response
http-request disable-l7-retry unless METH_GET",
            verify: Text::new(
                "Lines with SH stop for GET; the retries field counts instead.",
                "GET の SH が消え、代わりに再試行の欄が増えます。",
            ),
            arithmetic: None,
        },
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_on_an_even_trickle_of_instant_closes() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 12.0),
                    (S::ShortWaitShare, 1.0),
                    (S::Steadiness, 0.9),
                    (S::TargetSuccessShare, 0.99),
                    (S::ExitAlignedShare, 0.0),
                    (S::StopAlignedShare, 0.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![
                    S::ShortWaitShare,
                    S::Steadiness,
                    S::TargetSuccessShare,
                    S::StopAlignedShare,
                    S::ExitAlignedShare
                ],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_a_process_ended_each_time() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 12.0),
                    (S::ShortWaitShare, 1.0),
                    (S::ExitAlignedShare, 0.9),
                    (S::ProcessExits, 4.0)
                ]
            ),
            Judgement::Excluded(S::ExitAlignedShare)
        );
    }

    #[test]
    fn the_crash_is_seen_there() {
        assert_eq!(
            judge(
                &crate::causes::app_crash::CAUSE,
                &[(S::Failures, 12.0), (S::ExitAlignedShare, 0.9), (S::ProcessExits, 4.0)]
            ),
            Judgement::Holds {
                supports: vec![S::ExitAlignedShare],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_the_targets_worked_on_the_request() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 12.0), (S::ShortWaitShare, 0.1)]),
            Judgement::Excluded(S::ShortWaitShare)
        );
    }

    #[test]
    fn without_durations_or_successes_nothing_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 1.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn a_long_wait_is_not_claimed() {
        assert_eq!(claims(&CAUSE, Seen::of(M::EndedBeforeResponse, 502).after(Band::Long)), None);
    }

    #[test]
    fn a_fresh_connection_is_not_claimed() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ClosedBeforeResponse, 502).on(Reuse::Fresh)), None);
    }

    #[test]
    fn a_quick_close_is_claimed_but_states_nothing() {
        assert_eq!(
            claims(&CAUSE, Seen::of(M::EndedBeforeResponse, 502).after(Band::Instant)),
            Some(false)
        );
    }

    #[test]
    fn calls_that_fail_in_other_ways_are_no_race() {
        let outage = [(S::Failures, 46.0), (S::EgressEndedShare, 0.6)];
        assert_eq!(judge(&CAUSE, &outage), Judgement::Excluded(S::EgressEndedShare));
        let race = [(S::Failures, 16.0), (S::EgressEndedShare, 1.0)];
        assert_eq!(
            judge(&CAUSE, &race),
            Judgement::Holds {
                supports: vec![S::EgressEndedShare],
                independent: true,
                proved: false
            }
        );
    }
}
