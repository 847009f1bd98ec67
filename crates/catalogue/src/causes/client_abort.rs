//! # Client left before the answer
//!
//! ## What happens
//!
//! The client closed its connection before the gateway had an answer for it: a reader pressed
//! reload, an app on a phone lost its network, or a program ran into a timer of its own. This
//! is not a failure of the gateway or of the target. The log has a status that no client ever
//! saw, and such lines must not be counted as errors; but if they rise, something has become
//! slow.
//!
//! "Client" means whatever stands in front of this hop. If that is another proxy or a CDN, its
//! timer may be the reason.
//!
//! ## How it shows
//!
//! - nginx: `499`, and at level info `client prematurely closed connection`.
//! - AWS ALB: `460`. CLB: `408`, or no line. CloudFront: `000` with `ClientCommError`.
//! - Google Cloud Load Balancing: status `0` (`499` on some products),
//!   `client_disconnected_before_any_response`, `client_disconnected_after_partial_response`.
//! - HAProxy: `CD`, `CH`, `CC`, `CQ`, status -1 or as sent. Without `option abortonclose` it goes on
//!   waiting for the server and may log a plain `200`.
//! - Envoy: `DC`, status `0`, `downstream_remote_disconnect`.
//! - Apache httpd: `(32)Broken pipe` or `(104)Connection reset by peer` while the answer is
//!   being written. NLB: `TCP_Client_Reset_Count`.
//!
//! ## What it is mistaken for
//!
//! - `target-response-timeout`: the same slow target; there the gateway's own timer fired first
//!   and it wrote `504` itself.
//! - `timeout-ladder-inversion`: the client is a hop with a timer. All durations are then the
//!   same, such as 30.0 s; people leave at any time.
//! - `client-tls-failure`: the connection ended in the handshake, before any request; the log of
//!   requests has no line of it.
//! - An outage: a dashboard that counts 499 or 460 as 5xx.
//!
//! ## Before it happens
//!
//! - Client timers (mobile SDKs often 10 s or 30 s, browsers minutes) shorter than the slow
//!   routes take.
//! - Pages that cancel requests: typing ahead in a search field, navigation, React effects with
//!   abort signals.
//! - Health checkers and uptime probes with timeouts of a second or two.
//!
//! ## Reproduce it
//!
//! `why502 drill client-abort`: a search takes 2.5 s and the client hangs up after 1 s. nginx
//! logs `499`, HAProxy `CH`, Envoy `DC` after 1.0 s, and the client has no response. With a
//! longer timer of the client all get one.
//!
//! ## Remedy
//!
//! 1. Do not alert on these statuses by themselves; alert on their share together with latency.
//!    The dashboard matches what users report.
//! 2. Look at the durations. At one value: find the hop or program with that timer and put the
//!    timers in order. The peak disappears.
//! 3. Scattered: make the slow routes faster. Their share falls with the 95th percentile.
//!
//! ## Sources
//!
//! - nginx `src/http/ngx_http_request.h` (`NGX_HTTP_CLIENT_CLOSED_REQUEST` 499).
//! - AWS, Troubleshoot your Application Load Balancers, HTTP 460.
//! - HAProxy configuration manual, section 8.5; Envoy access log response flags; Google Cloud
//!   load balancer logging, `statusDetails`.

use model::Condition::{AtLeast, AtMost};
use model::{
    Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part, Place,
    Predicts, Remedy, Rival, Scenario, Server, Shows, Signal as S, Test, Text,
};

use crate::drills::{STEADY, envoy_routes};
use crate::{sentences, visibility};

/// Client left before the answer: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "client-abort",
    title: Text::new("Client left before the answer", "クライアントの切断"),
    explanation: Text::new(
        "The client, or the hop in front, closed its connection before the \
        answer was ready; this is not a failure of the gateway.",
        "応答の前に、クライアントまたは手前のホップが接続を閉じました。ゲー\
        トウェイの障害ではありません。",
    ),
    place: Place::ClientEdge,
    statuses: &[0, 408, 460, 499],
    leads_to: &[],
    source: include_str!("client_abort.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::ClientClosed]).states()],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} requests ended because the client closed its connection.",
                "{value} 件のリクエストは、クライアントが接続を閉じたために終了しま\
                した。",
            ),
        )],
        supports: &[
            Test::new(
                S::TimerShare,
                AtMost(0.3),
                Text::new(
                    "Their durations scatter: at most {value} ended at the same \
                    duration, as with people who leave.",
                    "所要時間はばらつき、同じ時間で終わったのは最大でも {value} です。\
                    人が離れた場合の形です。",
                ),
            ),
            Test::new(S::LatencyRise, AtLeast(1.5), sentences::SLOWER),
        ],
        rules_out: &[],
        rivals: &[
            Rival {
                slug: "client-tls-failure",
                separates: Text::new(
                    "Whether the client had sent a request before its connection ended.",
                    "接続が終わる前に、クライアントがリクエストを送っていたかどうかです。",
                ),
            },
            Rival {
                slug: "target-response-timeout",
                separates: Text::new(
                    "Who left first: the gateway at its own timer, or the client \
                    before it.",
                    "先に離れた側です。ゲートウェイが自身のタイマーで見切ったか、その前\
                    にクライアントが離れたかで分かれます。",
                ),
            },
            Rival {
                slug: "timeout-ladder-inversion",
                separates: Text::new(
                    "Whether the hop in front logged an error of its own at that \
                    moment, at one and the same duration each time.",
                    "手前のホップがその時刻に、毎回同じ所要時間で自身のエラーを記録して\
                    いるかどうかです。",
                ),
            },
        ],
        visible: &[visibility::DURATIONS, visibility::JOINED, visibility::LATENCY],
    },
    predicts: Predicts::Never(
        "No setting tells: the timers of clients and the durations of the routes they ask for \
        stand in no configuration of the path.",
    ),
    drill: Drill::Runs(&[
        NGINX_NODE,
        Scenario {
            name: "haproxy-node",
            happens: Text::new(
                "A search takes 2.5 s, and the client hangs up after 1 s; HAProxy would have \
            waited.",
                "検索に 2.5 秒かかりますが、クライアントは 1 秒で切断します。HAProxy は待つつも\
            りでした。",
            ),
            hosts: &[
                Host::new("app", &[Part::new(Server::Node, "node", 3000, APP)]),
                Host::new("gateway", &[Part::new(Server::HAProxy, "haproxy", 8080, HAPROXY)]),
            ],
            ..NGINX_NODE
        },
        Scenario {
            name: "envoy-node",
            happens: Text::new(
                "A search takes 2.5 s, and the client hangs up after 1 s; Envoy would have \
            waited.",
                "検索に 2.5 秒かかりますが、クライアントは 1 秒で切断します。Envoy は待つつもり\
            でした。",
            ),
            hosts: &[
                Host::new("app", &[Part::new(Server::Node, "node", 3000, APP)]),
                Host::new("gateway", &[Part::new(Server::Envoy, "envoy", 8080, ENVOY)]),
            ],
            everyday: false,
            ..NGINX_NODE
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Take these statuses out of error alerts; watch their share \
                together with latency.",
                "これらの状態コードをエラーの警報から外し、割合を応答時間と合わせて\
                見ます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "The alert's count matches what users report.",
                "警報の件数が利用者の報告と合います。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "If the durations stand at one value, find the hop or program in \
                front with that timer and raise it above the slow route.",
                "所要時間が 1 つの値に揃うなら、そのタイマーを持つ手前のホップやプ\
                ログラムを探し、遅い経路より長くします。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "The peak at that duration disappears.",
                "その所要時間の山がなくなります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "If they scatter, make the slow routes faster, or answer at once \
                and let the client poll.",
                "ばらつくなら、遅い経路を速くするか、すぐ応答して後から取得させます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "Their share falls together with the 95th percentile.",
                "割合が 95 パーセンタイルとともに下がります。",
            ),
            arithmetic: None,
        },
    ],
};

const NGINX_NODE: Scenario = Scenario {
    name: "nginx-node",
    happens: Text::new(
        "A search takes 2.5 s, and the client hangs up after 1 s; nginx would have \
            waited.",
        "検索に 2.5 秒かかりますが、クライアントは 1 秒で切断します。nginx は待つつもり\
            でした。",
    ),
    cure: Text::new(
        "The client's timer is longer than the slow route takes.",
        "クライアントのタイマーを、遅い経路の所要時間より長くします。",
    ),
    hosts: &[
        Host::new("app", &[Part::new(Server::Node, "node", 3000, APP)]),
        Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, GATEWAY)]),
    ],
    router: None,
    knobs: &[Knob { name: "patience", fault: "1000", remedy: "8000" }],
    steps: &[],
    load: Load {
        patience: "{{patience}}",
        requests: &[Ask::new("GET", "/orders").weight(3), Ask::new("GET", "/search?q=tea")],
        ..STEADY
    },
    expect: Expect::failing(0.15, &[0]).at_most(0.35),
    everyday: true,
};

const APP: &str = r"
require('http').createServer((request, response) => {
  const work = request.url.startsWith('/search') ? 2500 : 5;
  setTimeout(() => response.end('ok'), work);
}).listen(process.env.PORT);
";

const GATEWAY: &str = r"
upstream app { server {{ip:app}}:3000; }
server { listen 8080; location / { proxy_pass http://app; } }
";

const HAPROXY: &str = r"
defaults
  mode http
  log global
  option httplog
  option abortonclose
  timeout connect 1s
  timeout client 10s
  timeout server 10s
frontend web
  bind :8080
  default_backend app
backend app
  server app {{ip:app}}:3000
";

const ENVOY: &str = envoy_routes!(
    r#"              - match: {prefix: "/"}
                route: {cluster: app}
"#,
    "    {{members:app:3000}}\n"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_people_leave() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 60.0),
                    (S::StatedShare, 1.0),
                    (S::TimerShare, 0.08),
                    (S::LatencyRise, 2.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::TimerShare, S::LatencyRise],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn one_duration_does_not_look_like_people() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 60.0), (S::TimerShare, 1.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn the_inversion_is_proved_there() {
        assert_eq!(
            judge(
                &crate::causes::timeout_ladder_inversion::CAUSE,
                &[(S::Failures, 60.0), (S::TimerShare, 1.0), (S::InnerFinishedLater, 50.0)]
            ),
            Judgement::Holds {
                supports: vec![S::InnerFinishedLater, S::TimerShare],
                independent: true,
                proved: true
            }
        );
    }

    #[test]
    fn without_durations_nothing_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 60.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn a_499_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ClientClosed, 499)), Some(true));
    }

    #[test]
    fn a_504_is_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseTimeout, 504)), None);
    }
}
