//! # Proxy keeps an old address
//!
//! ## What happens
//!
//! A proxy turned the name of its target into an address once, when it started or was reloaded.
//! Then the target moved: a database failed over, a load balancer was scaled, a pod or a container
//! came back elsewhere. DNS gives the new address; the proxy goes on with the old one, where nobody
//! is or somebody else. Connections are refused or run into the connect timer, all of them, until
//! somebody reloads the proxy. Then it is over at once, and nobody knows why.
//!
//! ## How it shows
//!
//! - nginx: `connect() failed (111: Connection refused)`, `(113: No route to host)` or `upstream
//!   timed out (110: Connection timed out) while connecting to upstream`, always with one and the
//!   same address, `502` or `504`; after `signal 1 (SIGHUP) received, reconfiguring` another
//!   address stands in the log and all is well.
//! - HAProxy: `SC` or `sC`, `503`, for a `server` given by name without `resolvers`.
//! - Apache httpd: `AH00957` with the old address, `503`, per child process.
//! - Node.js and the JVM: an agent's pool or a cached lookup (`networkaddress.cache.ttl`) keeps the
//!   old address until the process restarts.
//!
//! ## What it is mistaken for
//!
//! - `target-connect-refused` and `target-connect-timeout` name the symptom: one address refuses or
//!   is silent. Here DNS no longer gives that address.
//! - `deploy-without-drain`: old instances refuse too, but for the seconds after each was told to
//!   stop; here it goes on until the proxy is reloaded.
//! - `origin-dns-failure`: the name cannot be resolved, and the record says so.
//!
//! ## Before it happens
//!
//! - nginx: a name in `proxy_pass` or `server` without `resolver` and `resolve` (in the free version
//!   since 1.27.3), for anything whose address may change: AWS load balancers, `ExternalName`,
//!   compose services.
//! - HAProxy: a `server` line with a name and no `resolvers`. Apache: connection reuse on, which
//!   keeps an address per child.
//! - Envoy `STATIC` clusters; JVM `networkaddress.cache.ttl` -1.
//! - `why502 check` finds names that are looked up once for load balancers, containers of
//!   compose and hosts of others. The name of a Kubernetes Service is no finding.
//!
//! ## Reproduce it
//!
//! `why502 drill stale-upstream-address`: the service behind nginx moves to another address and DNS
//! follows. nginx answers `502` until it gets SIGHUP. With `resolver` and a variable in
//! `proxy_pass` no request fails.
//!
//! ## Remedy
//!
//! 1. Compare the address in the log with what the name gives now: `dig +short NAME`. They differ.
//! 2. Reload the proxy. The next line has the new address.
//! 3. Let the proxy look the name up again (nginx `resolver` with `resolve`, HAProxy `resolvers`,
//!    Envoy `STRICT_DNS`). The address in the log follows DNS without a reload.
//! 4. Put something whose address does not change between them. The next move costs nothing.
//!
//! ## Sources
//!
//! - nginx `resolver`, `server … resolve`:
//!   <https://nginx.org/en/docs/http/ngx_http_upstream_module.html>; CHANGES 1.27.3.
//! - HAProxy configuration manual, "Server IP address resolution using DNS"; Apache `disablereuse`;
//!   Envoy, service discovery.
//! - nginx 1.22 was observed over such a move.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Action, Arrivals, Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load,
    Mechanism as M, Part, Place, Predicts, Protocol, Remedy, Rival, Scenario, Server, Shows, Side,
    Signal as S, Step, Test, Text, When,
};

use crate::rules::names;
use crate::{sentences, visibility};

/// Proxy keeps an old address: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "stale-upstream-address",
    title: Text::new("Proxy keeps an old address", "プロキシが古いアドレスを使用"),
    explanation: Text::new(
        "The proxy had resolved its target's name once and went on using that address after the \
        target had moved.",
        "プロキシはターゲットの名前を一度だけ解決し、ターゲットが移動した後も古いアドレスを使い続\
        けました。",
    ),
    place: Place::Dns,
    statuses: &[502, 503, 504],
    leads_to: &["target-connect-refused", "target-connect-timeout", "target-unreachable"],
    source: include_str!("stale_upstream_address.rs"),
    shows: Shows {
        claims: &[Claim::of(&[
            M::ConnectRefused,
            M::ConnectTimeout,
            M::ConnectUnreachable,
            M::ConnectFailed,
        ])
        .sides(&[Side::Upstream])],
        claims_effects: false,
        needs: &[Test::new(
            S::MovedShare,
            AtLeast(0.9),
            Text::new(
                "{value} of these requests went to an address that the proxy never used again \
                after it was reloaded; it then took up one that it had never used.",
                "これらのリクエストの {value} は、再読み込み後にプロキシが二度と使わなかったアドレ\
                ス宛てでした。その後は、それまで使ったことのないアドレスを使っています。",
            ),
        )
        .independent()
        .otherwise(Text::new(
            "Only {value} of these requests went to an address that the proxy gave up at a reload \
            for a new one.",
            "再読み込みで新しいアドレスに替わったターゲット宛てのリクエストは {value} だけです。",
        ))],
        supports: &[
            Test::new(
                S::TopTargetShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of them went to one and the same address, {top_target}.",
                    "{value} が同じアドレス {top_target} 宛てでした。",
                ),
            ),
            Test::new(
                S::TargetSuccessShare,
                AtMost(0.1),
                Text::new(
                    "Only {value} of the requests to it succeeded in the window.",
                    "この期間、そこへのリクエストで成功したのは {value} だけです。",
                ),
            ),
            Test::new(S::HealthDowns, AtLeast(1.0), sentences::TARGETS_DOWN).independent(),
        ],
        rules_out: &[Test::new(
            S::StopAlignedShare,
            AtLeast(0.5),
            Text::new(
                "{value} of them failed within 30 s after an instance was told to stop.",
                "{value} が、インスタンスの停止指示から 30 秒以内に失敗しました。",
            ),
        )],
        rivals: &[Rival {
            slug: "deploy-without-drain",
            separates: Text::new(
                "Whether the failures end by themselves seconds after a stop, or only when the \
                proxy is reloaded.",
                "停止の数秒後に自然に収まるか、プロキシの再読み込みまで続くかです。",
            ),
        }],
        visible: &[visibility::RELOADS, visibility::STOPS, visibility::SUCCESSES],
    },
    predicts: Predicts::By(&[Rule::Look(names::looked_up_once)]),
    drill: Drill::Runs(&[NGINX]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Compare the address in the log with what the name gives now, and reload the proxy.",
                "ログのアドレスと現在の名前解決の結果を比べ、プロキシを再読み込みします。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "dig +short NAME\nnginx -s reload",
            verify: Text::new(
                "The next line of the log has the address that dig shows.",
                "次のログ行に dig と同じアドレスが出れば解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Let nginx look the name up again.",
                "nginx に名前を再解決させます。",
            ),
            setting: "resolver",
            direction: Direction::Set,
            snippet: "resolver 127.0.0.53 valid=10s ipv6=off;\nupstream app {\n    zone app 64k;\n    \
            server app.internal:8080 resolve; # 1.27.3 and later\n}\n# before that: set $app \
            app.internal; proxy_pass http://$app:8080;",
            verify: Text::new(
                "The address in the log follows DNS without a reload.",
                "再読み込みなしでログのアドレスが DNS に追従します。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Give the server line a resolvers section.",
                "server 行に resolvers を指定します。",
            ),
            setting: "resolvers",
            direction: Direction::Set,
            snippet: "resolvers dns\n  nameserver local 127.0.0.53:53\n  hold valid 10s\nbackend app\n  \
            server app app.internal:8080 resolvers dns init-addr last,libc,none check",
            verify: Text::new(
                "The log says: changed its IP from … to … by dns.",
                "ログに「changed its IP from … to … by dns」が出ます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Envoy",
            action: Text::new(
                "Use a cluster that follows DNS.",
                "DNS に追従するクラスターを使います。",
            ),
            setting: "type",
            direction: Direction::Set,
            snippet: "clusters:\n- name: app\n  type: STRICT_DNS\n  respect_dns_ttl: true",
            verify: Text::new(
                "%UPSTREAM_HOST% follows DNS.",
                "%UPSTREAM_HOST% が DNS に追従します。",
            ),
            arithmetic: None,
        },
    ],
};

const MOVING_SERVER: &str = "require('http').createServer((request, response) => \
response.end('ok\\n')).listen(8080);
";

const NAMING_EDGE: &str = "server {
  listen 8080;
  location / {
    resolver {{ip:dns}} valid=1s ipv6=off;
    set $api api.internal;
    proxy_pass http://{{name}}:8080;
    proxy_connect_timeout 2s;
  }
}";

const NGINX: Scenario = Scenario {
    name: "nginx",
    happens: Text::new(
        "The service moves from one host to another and DNS follows; nginx had looked the name up when \
        it started, and is reloaded only eight seconds after the old server ended.",
        "サービスが別のホストに移り、DNS も追従しますが、nginx は起動時に名前を解決したままで、再読み込\
        みは古いサーバーの終了から 8 秒後です。",
    ),
    cure: Text::new(
        "nginx looks the name up again when its answer is a second old.",
        "nginx が 1 秒ごとに名前を再解決します。",
    ),
    hosts: &[
        Host::new("dns", &[Part::new(Server::Dns, "dns", 53, "{{ip:old}} api.internal\n")])
            .sysctls(&[("net.ipv4.ip_unprivileged_port_start", "53")]),
        Host::new("old", &[Part::new(Server::Node, "api", 8080, MOVING_SERVER)]),
        Host::new("new", &[Part::new(Server::Node, "api", 8080, MOVING_SERVER)]),
        Host::new(
            "edge",
            &[Part::new(Server::Nginx, "nginx", 8080, NAMING_EDGE)
                .options(&["error_log {{dir}}/logs/error.log notice;"])],
        )
        .resolver("{{ip:dns}}")
        .hosts_file("127.0.0.1 localhost\n"),
    ],
    router: None,
    knobs: &[Knob { name: "name", fault: "api.internal", remedy: "$api" }],
    steps: &[
        Step::at(
            "3000",
            Action::Rewrite { part: "dns/dns", file: "hosts", text: "{{ip:new}} api.internal\n" },
        ),
        Step::at("7000", Action::Signal { part: "old/api", signal: "KILL" }),
        Step::at("15000", Action::Signal { part: "edge/nginx", signal: "HUP" }).when(When::Fault),
    ],
    load: Load {
        target: "edge:8080",
        protocol: Protocol::Http1,
        keep_alive: true,
        arrivals: Arrivals::Constant { rate: "10" },
        lasts: "28000",
        patience: "5000",
        requests: &[Ask::new("GET", "/api/items"), Ask::new("POST", "/api/orders").body("64")],
    },
    expect: Expect::failing(0.15, &[502, 504]).at_most(0.6),
    everyday: false,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_a_reload_ends_it_with_a_new_address() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 72.0),
                    (S::MovedShare, 1.0),
                    (S::TopTargetShare, 1.0),
                    (S::TargetSuccessShare, 0.0),
                    (S::StopAlignedShare, 0.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::TopTargetShare, S::TargetSuccessShare],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_the_same_address_serves_after_the_reload() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 72.0), (S::MovedShare, 0.0)]),
            Judgement::NotThis(S::MovedShare)
        );
    }

    #[test]
    fn quiet_next_to_stops() {
        let seen = [(S::Failures, 20.0), (S::MovedShare, 1.0), (S::StopAlignedShare, 0.9)];
        assert_eq!(judge(&CAUSE, &seen), Judgement::Excluded(S::StopAlignedShare));
    }

    #[test]
    fn blind_without_a_reload_in_the_log() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 72.0)]),
            Judgement::CannotTell(vec![S::MovedShare])
        );
    }

    #[test]
    fn outward_calls_are_not_claimed() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 504)), Some(false));
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 0).outward()), None);
    }
}
