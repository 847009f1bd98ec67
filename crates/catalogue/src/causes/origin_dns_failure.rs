//! # Name of the target does not resolve
//!
//! ## What happens
//!
//! Before the gateway, or the application calling outward, can open a connection it needs an
//! address, and the resolver it asks says that the name does not exist or does not answer at
//! all. No packet ever goes to the target. "Does not exist" (NXDOMAIN) is an authoritative
//! answer and stays until a record changes; "no answer" (SERVFAIL, timeout) may pass.
//!
//! What counts is the resolver of the gateway, not that of the person looking: private zones,
//! search domains and caches differ.
//!
//! ## How it shows
//!
//! - CloudFront: `502`, `OriginDnsError`, body `NonS3OriginDnsError`.
//! - nginx: `host not found in upstream "NAME"` (emerg) at start or reload; at run time `NAME
//!   could not be resolved (3: Host not found)`, `(2: Server failure)` or `(110: Operation
//!   timed out)`, `502`; `no resolver defined to resolve NAME`.
//! - Envoy: flag `DF`, `503`, `dns_resolution_failure`.
//! - Apache httpd: `DNS lookup failure for: NAME`, `500` on current versions, `502` on older
//!   ones.
//! - HAProxy: `could not resolve address 'NAME'` at start.
//! - Node.js as the caller: `getaddrinfo ENOTFOUND NAME` (does not exist) or `EAI_AGAIN`
//!   (resolver did not answer).
//!
//! ## What it is mistaken for
//!
//! - `nat-port-exhaustion`: the same `fetch failed`; there the cause's code is a connect
//!   timeout and an address is named. Resolvers outside the network are reached through the NAT
//!   too, so both can come together.
//! - A stale address: the name resolves, and the gateway goes on using an old answer; an
//!   address is in the log.
//! - A resolver that is slow or throttled: `EAI_AGAIN` for many names in the same seconds, not
//!   one name all the time.
//!
//! ## Before it happens
//!
//! - The origin's name exists in a private zone only, while a CDN asks public DNS; a delegation
//!   that expired or was never made.
//! - nginx with a variable in `proxy_pass` and no `resolver`; a `resolver` that is not
//!   reachable from the container.
//! - A container or service name used outside its network (Compose, Kubernetes namespace left
//!   out).
//! - Records deleted, or renamed by a release, before the caches and callers were ready.
//!
//! ## Reproduce it
//!
//! `why502 drill origin-dns-failure` has nginx and a Node.js service look up a name at a DNS
//! server that has no record of it, or that a firewall keeps from hearing the question; then
//! the record is there, or the question gets through.
//!
//! ## Remedy
//!
//! 1. Ask the gateway's own resolver for the name, from the gateway's host or container. The
//!    answer is an address that the target has.
//! 2. Correct the record, the delegation, the zone's visibility, or the spelling in the
//!    configuration. The lookup succeeds everywhere the gateway runs.
//! 3. Have a resolver near by with a cache and a second server behind it. One lost resolver no
//!    longer shows.
//! 4. Keep connections open, so that fewer lookups are needed. The number of queries falls.
//!
//! ## Sources
//!
//! - AWS, HTTP 502 status code (Bad Gateway), "NonS3OriginDnsError":
//!   <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/http-502-bad-gateway.html>
//! - nginx `resolver`: <https://nginx.org/en/docs/http/ngx_http_core_module.html> ; Envoy
//!   response flags (`DF`).
//! - Node.js documentation, `dns` error codes; RFC 8020 (NXDOMAIN); RFC 9209 section 2.3.2.

use model::Condition::{AtLeast, AtMost};
use model::{
    Arrivals, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part,
    Place, Predicts, Remedy, Rival, Scenario, Server, Shows, Side, Signal as S, Test, Text,
};

use crate::drills::{APP, NGINX_FRONT, NODE_FRONT, STEADY};
use crate::{sentences, visibility};

/// Name of the target does not resolve: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "origin-dns-failure",
    title: Text::new("Name of the target does not resolve", "ターゲットの名前解決の失敗"),
    explanation: Text::new(
        "The resolver that the gateway or the application asks has no \
        address for the target's name.",
        "ゲートウェイまたはアプリケーションが使うリゾルバーで、ターゲットの\
        名前のアドレスが得られませんでした。",
    ),
    place: Place::Dns,
    statuses: &[500, 502, 503],
    leads_to: &["backend-own-5xx"],
    source: include_str!("origin_dns_failure.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::NameNotFound]).states(),
            Claim::of(&[M::NameLookupFailed]).sides(&[Side::Upstream, Side::Gateway]).states(),
            Claim::of(&[M::NameLookupFailed]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} requests failed because the target's name gave no address.",
                "{value} 件のリクエストが、ターゲットの名前からアドレスを得られずに\
                失敗しました。",
            ),
        )],
        supports: &[
            Test::new(
                S::StatedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of the records state that the lookup of the name failed.",
                    "そのうち {value} に、名前解決が失敗したことが記録されています。",
                ),
            ),
            Test::new(
                S::EgressLookupFailures,
                AtLeast(1.0),
                Text::new(
                    "{value} outward calls of the application failed at the lookup of \
                    a name.",
                    "アプリケーションの外向き通信 {value} 件が、名前解決の段階で失敗し\
                    ました。",
                ),
            ),
            Test::new(S::DeployLead, AtMost(600.0), sentences::AFTER_DEPLOY).independent(),
        ],
        rules_out: &[],
        rivals: &[Rival {
            slug: "nat-port-exhaustion",
            separates: Text::new(
                "The code of the error's cause: a lookup failure, or a connect \
                timeout.",
                "エラーの原因コードです。名前解決の失敗か、接続タイムアウトかで分か\
                れます。",
            ),
        }],
        visible: &[visibility::EGRESS, visibility::DEPLOYS],
    },
    predicts: Predicts::Never(
        "No setting tells: whether a name resolves is known to the servers of its zone and to \
        the resolver that the gateway asks.",
    ),
    drill: Drill::Runs(&[
        NGINX_NO_RECORD,
        Scenario {
            name: "nginx-silent",
            happens: Text::new(
                "nginx looks the application up while it runs, and a firewall drops the queries.",
                "nginx が実行中にアプリケーションの名前を引きますが、ファイアウォールが問い合わ\
                せを破棄します。",
            ),
            cure: Text::new(
                "The firewall lets queries through.",
                "ファイアウォールで問い合わせを通します。",
            ),
            hosts: &[
                APP,
                Host::new("dns", &[Part::new(Server::Dns, "dnsmasq", 53, DNS)]).firewall(SILENT),
                Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)]),
            ],
            knobs: &[
                Knob {
                    name: "record",
                    fault: "{{ip:app}} app.internal",
                    remedy: "{{ip:app}} app.internal",
                },
                Knob { name: "verdict", fault: "drop", remedy: "accept" },
            ],
            ..NGINX_NO_RECORD
        },
        Scenario {
            name: "node-no-record",
            happens: Text::new(
                "A Node.js service behind nginx calls an API with fetch, and the name server \
                has no record of its name.",
                "nginx の後ろの Node.js サービスが API を fetch で呼び出しますが、ネームサーバ\
                ーにその名前のレコードがありません。",
            ),
            hosts: &[
                APP,
                Host::new("dns", &[Part::new(Server::Dns, "dnsmasq", 53, DNS)]),
                Host::new(
                    "front",
                    &[Part::new(Server::Node, "front", 3000, NODE_FRONT)
                        .options(&["API=http://app.internal:3000"])],
                )
                .resolver("{{ip:dns}}"),
                Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX_FRONT)]),
            ],
            ..NGINX_NO_RECORD
        },
        Scenario {
            name: "node-silent",
            happens: Text::new(
                "A Node.js service behind nginx calls an API with fetch, and a firewall drops \
                its queries for the name.",
                "nginx の後ろの Node.js サービスが API を fetch で呼び出しますが、ファイアウォ\
                ールが名前の問い合わせを破棄します。",
            ),
            cure: Text::new(
                "The firewall lets queries through.",
                "ファイアウォールで問い合わせを通します。",
            ),
            hosts: &[
                APP,
                Host::new("dns", &[Part::new(Server::Dns, "dnsmasq", 53, DNS)]).firewall(SILENT),
                Host::new(
                    "front",
                    &[Part::new(Server::Node, "front", 3000, NODE_FRONT)
                        .options(&["UV_THREADPOOL_SIZE=64", "API=http://app.internal:3000"])],
                )
                .resolver("{{ip:dns}}"),
                Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX_FRONT)]),
            ],
            router: None,
            knobs: &[
                Knob {
                    name: "record",
                    fault: "{{ip:app}} app.internal",
                    remedy: "{{ip:app}} app.internal",
                },
                Knob { name: "verdict", fault: "drop", remedy: "accept" },
            ],
            steps: &[],
            load: Load { arrivals: Arrivals::Constant { rate: "10" }, ..STEADY },
            expect: Expect::failing(1.0, &[502]),
            everyday: false,
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Ask the gateway's own resolver for the name, on the gateway's \
                host or in its container.",
                "ゲートウェイのホストまたはコンテナの中で、そのリゾルバーに名前を問\
                い合わせます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "getent hosts NAME
dig NAME @RESOLVER +short",
            verify: Text::new(
                "The answer is an address that the target has.",
                "ターゲットが持つアドレスが返れば解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "Correct the record, the delegation, the zone's visibility or the \
                name in the configuration.",
                "レコード、委任、ゾーンの公開範囲、または設定中の名前を直します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "The lookup succeeds from every place where the gateway runs.",
                "ゲートウェイが動くすべての場所で名前解決が成功します。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Name two resolvers near by, and let a name in a variable be \
                resolved again.",
                "近くのリゾルバーを 2 つ指定し、変数に入れた名前を再解決させます。",
            ),
            setting: "resolver",
            direction: Direction::Set,
            snippet: "resolver 10.0.0.2 10.0.0.3 valid=10s;
resolver_timeout 5s;",
            verify: Text::new(
                "No \"could not be resolved\" after stopping one of the resolvers.",
                "リゾルバーを 1 つ止めても「could not be resolved」が出なければ有効\
                です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Kubernetes",
            action: Text::new(
                "Use the full name with its namespace, and a node-local DNS cache.",
                "名前空間を含む完全な名前を使い、ノードローカルの DNS キャッシュを\
                用意します。",
            ),
            setting: "dnsPolicy",
            direction: Direction::Set,
            snippet: "http://app.namespace.svc.cluster.local.:8080",
            verify: Text::new(
                "kubectl exec POD -- getent hosts app.namespace.svc.cluster.local. \
                returns the service's address.",
                "kubectl exec POD -- getent hosts app.namespace.svc.cluster.local. \
                がサービスのアドレスを返します。",
            ),
            arithmetic: None,
        },
    ],
};

const NGINX_NO_RECORD: Scenario = Scenario {
    name: "nginx-no-record",
    happens: Text::new(
        "nginx looks the application up while it runs, and its name server has no \
                record of that name.",
        "nginx が実行中にアプリケーションの名前を引きますが、ネームサーバーにその名前の\
                レコードがありません。",
    ),
    cure: Text::new("The record is there.", "レコードを登録します。"),
    hosts: &[
        APP,
        Host::new("dns", &[Part::new(Server::Dns, "dnsmasq", 53, DNS)]),
        Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)]),
    ],
    router: None,
    knobs: &[Knob {
        name: "record",
        fault: "{{ip:app}} shop.internal",
        remedy: "{{ip:app}} app.internal",
    }],
    steps: &[],
    load: STEADY,
    expect: Expect::failing(1.0, &[502]),
    everyday: true,
};

const DNS: &str = "\
local=/internal/
{{record}}
";

const SILENT: &str = "\
table inet host {
    chain input {
        type filter hook input priority filter; policy accept;
        iifname eth0 udp dport 53 {{verdict}}
    }
}
";

const NGINX: &str = "\
resolver {{ip:dns}} valid=1s ipv6=off;
resolver_timeout 1s;
server {
    listen 8080;
    location / { set $app app.internal; proxy_pass http://$app:3000; }
}
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_the_name_is_gone_after_a_deploy() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 50.0), (S::StatedShare, 1.0), (S::DeployLead, 12.0)]),
            Judgement::Holds {
                supports: vec![S::StatedShare, S::DeployLead],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn a_silent_resolver_is_no_more_than_consistent() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 3.0), (S::StatedShare, 0.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn the_nat_does_not_hold_on_lookup_failures() {
        assert_eq!(
            judge(
                &crate::causes::nat_port_exhaustion::CAUSE,
                &[(S::Failures, 3.0), (S::EgressConnectTimeouts, 0.0), (S::NatDrops, 0.0)]
            ),
            Judgement::NotThis(S::EgressConnectTimeouts)
        );
    }

    #[test]
    fn without_other_logs_nothing_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 3.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn nxdomain_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::NameNotFound, 502)), Some(true));
    }

    #[test]
    fn a_silent_resolver_states_it_at_a_gateway_only() {
        let silent = Seen::of(M::NameLookupFailed, 502);
        assert_eq!(claims(&CAUSE, silent), Some(true));
        assert_eq!(claims(&CAUSE, silent.outward()), Some(false));
    }

    #[test]
    fn a_connect_timeout_is_the_neighbours() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 0).outward()), None);
    }
}
