//! # Target refuses connections
//!
//! ## What happens
//!
//! The gateway opens a connection to the target and gets a reset for its SYN: the address is
//! alive, but nothing accepts connections on that port. The kernel of the target answers, so it
//! takes well under 10 ms. No part of the request has been sent; trying it on another target is
//! always safe.
//!
//! Refusal is a symptom. Behind it stands a process that has ended, has not started to listen
//! yet, listens on another port or on loopback only, or was stopped while still in the list.
//!
//! ## How it shows
//!
//! - nginx: `connect() failed (111: Connection refused) while connecting to upstream`, `502`.
//! - Apache httpd: `(111)Connection refused: AH00957 … attempt to connect to … failed`, then
//!   `AH01114`, `503`; members of a balancer are then left out for 60 s (`AH00940`).
//! - HAProxy: `SC`, timers `TR/Tw/-1/-1/Ta`, `503`; a TLS handshake with the server that fails
//!   looks the same. Ta includes up to a second of pause per retry. A client whose connection had
//!   carried a request before gets no answer: HAProxy closes it, so that the client may try
//!   again.
//! - Envoy: `UF`, `503`, `delayed connect error: Connection refused`, or `111` in older versions.
//! - AWS ALB: `502` with `-1 -1 -1`, target status `-`, metric `TargetConnectionErrorCount`;
//!   the record alone does not tell refusal from other connect errors.
//! - Google Cloud Load Balancing: `failed_to_connect_to_backend` at about 0.03 s.
//! - Node.js as the caller: `ECONNREFUSED`.
//!
//! ## What it is mistaken for
//!
//! - `target-connect-timeout`: nobody answers and the connect timer fires after seconds; a
//!   refusal is answered at once. Where the record only says that connecting failed, the
//!   duration tells.
//! - `upstream-tls-negotiation`: the connection opens and the TLS handshake fails; a plain `nc
//!   -z HOST PORT` succeeds then.
//! - A firewall that rejects instead of dropping: sends a reset as well; on the target itself
//!   `ss -ltn` shows a listener then.
//! - A full accept queue with `net.ipv4.tcp_abort_on_overflow=1`: resets under load only.
//!
//! ## Before it happens
//!
//! - Container port, target group port and `proxy_pass` port differ.
//! - The application binds 127.0.0.1 while the gateway comes from another address; `localhost`
//!   in `proxy_pass` resolving to `::1` as well.
//! - Targets registered before they listen; restart policies that leave gaps; a single process.
//! - `why502 check` compares the port of each link with those that the target listens on.
//!
//! ## Reproduce it
//!
//! `why502 drill target-connect-refused` sends requests through nginx, HAProxy, Envoy and
//! Apache httpd to a port on which a Node.js application does not listen, then to the one on
//! which it does.
//!
//! ## Remedy
//!
//! 1. On the target, see who listens: `ss -ltnp`. If nobody does, start the process and read
//!    why it ended; if on another port or on loopback, correct the address. `curl` from the
//!    gateway's host gets an answer.
//! 2. Register or route to a target only when it is ready. Restarting one target costs no
//!    request.
//! 3. Let the gateway try the next target; nothing was sent, so that is safe for all methods.
//!    Single refusals no longer reach clients.
//!
//! ## Sources
//!
//! - RFC 9293 section 3.10.7.1 (a SYN to a closed port is answered with RST).
//! - nginx `src/event/ngx_event_connect.c`; HAProxy configuration manual, section 8.5 (session
//!   state at disconnection).
//! - AWS, Troubleshoot your Application Load Balancers, HTTP 502.

use model::Condition::AtLeast;
use model::config::Rule;
use model::{
    Band, Cause, Claim, Direction, Drill, Expect, Host, Knob, Mechanism as M, Part, Place,
    Predicts, Remedy, Rival, Scenario, Server, Shows, Signal as S, Test, Text,
};

use crate::drills::{APP, STEADY, envoy, envoy_app, haproxy};
use crate::rules::listening;
use crate::{sentences, visibility};

/// Target refuses connections: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "target-connect-refused",
    title: Text::new("Target refuses connections", "ターゲットの接続拒否"),
    explanation: Text::new(
        "Nothing accepted connections on the target's port, so the attempt \
        was refused at once.",
        "ターゲットのポートで接続を受け付けるものがなく、接続要求が即座に拒\
        否されました。",
    ),
    place: Place::Connect,
    statuses: &[502, 503],
    leads_to: &["passive-ejection-cascade", "no-healthy-targets", "backend-own-5xx"],
    source: include_str!("target_connect_refused.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ConnectRefused]).states(),
            Claim::of(&[M::ConnectFailed]).bands(&[Band::Instant, Band::Short, Band::Unknown]),
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
                S::ShortWaitShare,
                AtLeast(0.9),
                Text::new(
                    "The attempts of {value} of these requests to connect failed within \
                    50 ms: something answered, and did not let them in.",
                    "これらのリクエストの {value} で、接続試行が 50 ms 以内に失敗しまし\
                    た。相手が応答し、受け入れなかったことを示します。",
                ),
            ),
            Test::new(S::TopTargetShare, AtLeast(0.9), sentences::ONE_TARGET),
            Test::new(S::HealthDowns, AtLeast(1.0), sentences::TARGETS_DOWN).independent(),
        ],
        rules_out: &[],
        rivals: &[
            Rival {
                slug: "target-connect-timeout",
                separates: Text::new(
                    "How long the attempt took: a refusal is answered in milliseconds, \
                    a silent address runs into the connect timer.",
                    "接続試行の所要時間です。拒否なら数ミリ秒、無応答なら接続タイマーま\
                    でかかります。",
                ),
            },
            Rival {
                slug: "upstream-tls-negotiation",
                separates: Text::new(
                    "Whether a plain TCP connection to the port succeeds.",
                    "そのポートへの TCP 接続自体は成功するかどうかです。",
                ),
            },
        ],
        visible: &[visibility::DURATIONS, visibility::HEALTH],
    },
    predicts: Predicts::By(&[Rule::Look(listening::port)]),
    drill: Drill::Runs(&[
        NGINX_NODE,
        Scenario {
            name: "haproxy-node",
            happens: Text::new(
                "HAProxy sends requests to a port on which the Node.js application does not \
                listen.",
                "HAProxy が、Node.js アプリケーションの待ち受けていないポートへリクエストを送り\
                ます。",
            ),
            hosts: &[
                APP,
                Host::new("gateway", &[Part::new(Server::HAProxy, "haproxy", 8080, HAPROXY)]),
            ],
            expect: Expect::failing(1.0, &[503, 0]),
            ..NGINX_NODE
        },
        Scenario {
            name: "envoy-node",
            happens: Text::new(
                "Envoy sends requests to a port on which the Node.js application does not \
                listen.",
                "Envoy が、Node.js アプリケーションの待ち受けていないポートへリクエストを送りま\
                す。",
            ),
            hosts: &[APP, Host::new("gateway", &[Part::new(Server::Envoy, "envoy", 8080, ENVOY)])],
            expect: Expect::failing(1.0, &[503]),
            everyday: false,
            ..NGINX_NODE
        },
        Scenario {
            name: "apache-node",
            happens: Text::new(
                "Apache httpd sends requests to a port on which the Node.js application does \
                not listen.",
                "Apache httpd が、Node.js アプリケーションの待ち受けていないポートへリクエスト\
                を送ります。",
            ),
            hosts: &[
                APP,
                Host::new("gateway", &[Part::new(Server::Apache, "apache", 8080, APACHE)]),
            ],
            expect: Expect::failing(1.0, &[503]),
            everyday: false,
            ..NGINX_NODE
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Look on the target who listens on the port, and start or correct \
                what should.",
                "ターゲット側でそのポートを誰が待ち受けているかを調べ、起動するか設\
                定を直します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "ss -ltnp
curl -sv http://TARGET:PORT/ -o /dev/null",
            verify: Text::new(
                "curl from the gateway's host gets an HTTP answer.",
                "ゲートウェイのホストからの curl に HTTP の応答があれば解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Kubernetes",
            action: Text::new(
                "Send requests to a pod only when it accepts them.",
                "Pod が受け付け可能になってからリクエストを送ります。",
            ),
            setting: "readinessProbe",
            direction: Direction::Set,
            snippet: "readinessProbe:
  httpGet: { path: /ready, port: 8080 }
  periodSeconds: 2",
            verify: Text::new(
                "A restart of one pod costs no request.",
                "Pod を 1 つ再起動しても失敗が出なければ有効です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Provide a second target and let refused requests go there.",
                "ターゲットを 2 つ以上にし、拒否されたリクエストを次へ回します。",
            ),
            setting: "proxy_next_upstream",
            direction: Direction::Set,
            snippet: "proxy_next_upstream error timeout;
proxy_connect_timeout 3s;",
            verify: Text::new(
                "Error lines with 111 remain in the log, but $status is 200 for \
                those requests.",
                "ログに 111 の行が残っても、そのリクエストの $status が 200 になり\
                ます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Let a retry go to another server.",
                "再試行を別のサーバーに回します。",
            ),
            setting: "option redispatch",
            direction: Direction::Set,
            snippet: "option redispatch 1
retries 3",
            verify: Text::new(
                "Lines with SC stop; the retries field shows a plus sign.",
                "SC の行が消え、再試行の欄にプラス記号が付きます。",
            ),
            arithmetic: None,
        },
    ],
};

const NGINX_NODE: Scenario = Scenario {
    name: "nginx-node",
    happens: Text::new(
        "nginx sends requests to a port on which the Node.js application does not \
                listen.",
        "nginx が、Node.js アプリケーションの待ち受けていないポートへリクエストを送りま\
                す。",
    ),
    cure: Text::new("The port is the application's.", "アプリケーションのポートに直します。"),
    hosts: &[APP, Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)])],
    router: None,
    knobs: &[Knob { name: "port", fault: "3001", remedy: "3000" }],
    steps: &[],
    load: STEADY,
    expect: Expect::failing(1.0, &[502]),
    everyday: true,
};

const NGINX: &str = "\
upstream app { server {{ip:app}}:{{port}}; }
server { listen 8080; location / { proxy_pass http://app; } }
";

const HAPROXY: &str = haproxy!("    server app-1 {{ip:app}}:{{port}}\n");

const ENVOY: &str = envoy!(envoy_app!("{{port}}"));

const APACHE: &str = "\
Listen 8080
<VirtualHost *:8080>
    ProxyPass / http://{{ip:app}}:{{port}}/
</VirtualHost>
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_and_says_which_target() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 20.0),
                    (S::StatedShare, 1.0),
                    (S::ShortWaitShare, 1.0),
                    (S::TopTargetShare, 1.0),
                    (S::HealthDowns, 1.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::ShortWaitShare, S::TopTargetShare, S::HealthDowns],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn the_record_alone_supports_nothing_independent() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 1.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn errno_111_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectRefused, 502)), Some(true));
    }

    #[test]
    fn a_vague_connect_failure_states_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectFailed, 502)), Some(false));
    }

    #[test]
    fn a_vague_failure_after_seconds_is_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectFailed, 504).after(Band::Long)), None);
    }

    #[test]
    fn a_silent_address_is_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 504)), None);
    }
}
