//! # Target's address cannot be reached
//!
//! ## What happens
//!
//! The kernel of the gateway, or a router on the way, says that it has no way to the target: the
//! address is not in the routing table (`ENETUNREACH`), nobody on the last network answers for it
//! (no reply to ARP or neighbour discovery), or a router or firewall sends an ICMP *unreachable*
//! (`EHOSTUNREACH`). The gateway learns it at once, or after some three seconds where it had to wait
//! for a neighbour that does not exist. No part of the request was sent.
//!
//! ## How it shows
//!
//! - nginx: `connect() failed (113: No route to host)` or `(101: Network is unreachable) while
//!   connecting to upstream`, `502`. Apache httpd: `(113)No route to host: AH00957`, `503`.
//! - HAProxy: `SC` with `503` after some three seconds, and of the check `Layer4 connection problem,
//!   info: "No route to host"`.
//! - Envoy: `delayed connect error: 113`. Node.js: `EHOSTUNREACH`, `ENETUNREACH`. Go: `connect: no
//!   route to host`. Java: `NoRouteToHostException`.
//! - AWS ALB cannot tell it from a refusal: `502` with `-1 -1 -1`.
//!
//! ## What it is mistaken for
//!
//! - `target-connect-timeout`: there nobody says anything, and the connect timer fires.
//! - `target-connect-refused`: there the host exists and answers with a reset.
//! - What may lie behind it: `stale-upstream-address` (the machine that had the address is gone),
//!   `security-group-block` (a firewall that rejects with ICMP *host prohibited*, as firewalld does,
//!   looks just like this), an IPv6 address where the host has no IPv6 route.
//!
//! ## Before it happens
//!
//! - A name with AAAA records, or a resolver that makes NAT64 addresses (64:ff9b::/96), on a host or
//!   in a container without an IPv6 route.
//! - A peering, VPN or transit route that one side lacks; overlapping address ranges.
//! - Addresses of virtual machines or containers written into configuration.
//!
//! ## Reproduce it
//!
//! `why502 drill target-unreachable`: nginx's target is an address of its own network that nobody
//! has. Then it is the application's.
//!
//! ## Remedy
//!
//! 1. Ask the gateway's kernel: `ip route get ADDRESS`, `ip neigh show ADDRESS`. `unreachable` or
//!    `FAILED` says where it ends.
//! 2. Correct the address, the route or the peering. `ip neigh` shows the neighbour as `REACHABLE`.
//! 3. If only IPv6 is missing, give the host a route or use IPv4 only for this target. The log shows
//!    the IPv4 address and no error.
//! 4. Let the gateway follow DNS instead of a fixed address. The address in the log is what `dig`
//!    answers.
//!
//! ## Sources
//!
//! - `connect(2)`; RFC 1122, section 3.2.2.1; RFC 4443, section 3.1 (ICMPv6 *unreachable*);
//!   RFC 6052 (64:ff9b::/96).
//! - nginx `src/event/ngx_event_connect.c`; nginx 1.22 was observed.

use model::Condition::{AtLeast, AtMost};
use model::{
    Cause, Claim, Direction, Drill, Expect, Host, Knob, Mechanism as M, Part, Place, Predicts,
    Remedy, Scenario, Server, Shows, Side, Signal as S, Test, Text,
};

use crate::drills::{APP, STEADY};
use crate::{sentences, visibility};

/// Target's address cannot be reached: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "target-unreachable",
    title: Text::new("Target's address cannot be reached", "ターゲットのアドレスに到達不能"),
    explanation: Text::new(
        "There was no way to the target's address: no route, no such neighbour, or a router that \
        said so.",
        "ターゲットのアドレスへ到達する手段がありませんでした。経路がないか、そのホストが存在しな\
        いか、ルーターが到達不能と応答しました。",
    ),
    place: Place::Connect,
    statuses: &[502, 503],
    leads_to: &["passive-ejection-cascade", "no-healthy-targets", "backend-own-5xx"],
    source: include_str!("target_unreachable.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ConnectUnreachable]).sides(&[Side::Upstream]).states(),
            Claim::of(&[M::ConnectUnreachable]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} requests failed because the address could not be reached.",
                "{value} 件のリクエストが、アドレスに到達できずに失敗しました。",
            ),
        )],
        supports: &[
            Test::new(S::TopTargetShare, AtLeast(0.9), sentences::ONE_TARGET),
            Test::new(
                S::TargetSuccessShare,
                AtMost(0.0),
                Text::new(
                    "None of the requests to these targets succeeded in the window.",
                    "この期間、これらのターゲットへのリクエストは 1 件も成功していません。",
                ),
            ),
            Test::new(S::HealthDowns, AtLeast(1.0), sentences::TARGETS_DOWN).independent(),
        ],
        rules_out: &[],
        rivals: &[],
        visible: &[visibility::SUCCESSES, visibility::HEALTH],
    },
    predicts: Predicts::Never(
        "No setting tells: whether a host has a route to an address is in the tables of the \
        hosts and networks between; a subnet without a way out is `target-connect-timeout`.",
    ),
    drill: Drill::Runs(&[NGINX_NEIGHBOUR]),
    remedies: &[
        Remedy {
            product: "Linux",
            action: Text::new(
                "Ask the gateway's kernel for its way to the address, and correct the address or the \
                route.",
                "ゲートウェイのカーネルに経路を確認し、アドレスまたは経路を直します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "ip route get ADDRESS\nip neigh show ADDRESS\nip -6 route show default",
            verify: Text::new(
                "ip neigh shows the neighbour as REACHABLE, and nc -vz ADDRESS PORT connects.",
                "ip neigh が REACHABLE になり、nc -vz ADDRESS PORT が接続できます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS",
            action: Text::new(
                "Look for the route of the target's subnet in the gateway's route table, both ways.",
                "ゲートウェイのルートテーブルで、ターゲットのサブネットへの経路を双方向で確認します。",
            ),
            setting: "route table",
            direction: Direction::Change,
            snippet: "aws ec2 describe-route-tables --filters \
            Name=association.subnet-id,Values=SUBNET",
            verify: Text::new(
                "A route to the target's range is active, and the target answers.",
                "ターゲットの範囲への経路が active で、ターゲットが応答します。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Use IPv4 only where the host has no IPv6 route, and look names up again.",
                "IPv6 の経路がないホストでは IPv4 だけを使い、名前を引き直します。",
            ),
            setting: "resolver",
            direction: Direction::Set,
            snippet: "resolver 10.0.0.2 ipv6=off valid=30s;\nset $backend http://api.example.com:8080;\n\
            proxy_pass $backend;",
            verify: Text::new(
                "$upstream_addr is an IPv4 address that dig answers.",
                "$upstream_addr が dig の答える IPv4 アドレスになります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Node.js",
            action: Text::new(
                "Try the addresses of both families, the first that answers wins.",
                "両方のアドレスファミリーを試し、先に応答したほうを使います。",
            ),
            setting: "autoSelectFamily",
            direction: Direction::Set,
            snippet: "require('node:net').setDefaultAutoSelectFamily(true)",
            verify: Text::new(
                "The call succeeds although the IPv6 address does not answer.",
                "IPv6 アドレスが応答しなくても呼び出しが成功します。",
            ),
            arithmetic: None,
        },
    ],
};

const EDGE: &str = "server {
  listen 8080;
  location / {
    proxy_pass http://{{target}}:3000;
    proxy_connect_timeout 10s;
    proxy_next_upstream off;
  }
}";

const NGINX_NEIGHBOUR: Scenario = Scenario {
    name: "nginx-neighbour",
    happens: Text::new(
        "nginx's target is an address of its own network that nobody has.",
        "nginx のターゲットは、同じネットワーク内でどのホストも持たないアドレスです。",
    ),
    cure: Text::new("The target is the application.", "ターゲットはアプリケーションです。"),
    hosts: &[APP, Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, EDGE)])],
    router: None,
    knobs: &[Knob { name: "target", fault: "10.50.0.250", remedy: "{{ip:app}}" }],
    steps: &[],
    load: STEADY,
    expect: Expect::failing(1.0, &[502]),
    everyday: true,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn a_record_of_it_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectUnreachable, 502)), Some(true));
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectUnreachable, 0).outward()), Some(false));
    }

    #[test]
    fn health_checks_that_fail_as_well_support_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 9.0), (S::HealthDowns, 1.0)]),
            Judgement::Holds { supports: vec![S::HealthDowns], independent: true, proved: false }
        );
    }

    #[test]
    fn quiet_where_somebody_answers_or_nobody_says_anything() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectRefused, 502)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 504)), None);
    }

    #[test]
    fn blind_where_the_record_does_not_say_how_connecting_failed() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectFailed, 502)), None);
    }
}
