//! # NAT out of ports
//!
//! ## What happens
//!
//! Outward connections of instances without a public address leave through a NAT, which lends
//! each of them a source port. A port is taken per destination (address, port, protocol) and
//! stays taken while the connection is open and for the TIME_WAIT timer afterwards. When an
//! instance has no port left for a destination, the NAT drops the SYN without a word. The
//! application sees no refusal and no reset; it waits until its own connect timer fires (10 s
//! in Node.js), while the callers in front of it run into theirs.
//!
//! Only new connections suffer, and only those through the NAT: pooled connections, private
//! addresses and Google APIs over Private Google Access go on working. The busiest destination
//! fails first.
//!
//! ## How it shows
//!
//! - Cloud NAT: log entries of `nat_flows` with `allocation_status` `DROPPED`, without
//!   `nat_ip`; metric `nat/dropped_sent_packets_count` with reason `OUT_OF_RESOURCES`;
//!   `nat/nat_allocation_failed`. A log with the filter `TRANSLATIONS_ONLY` shows no drops.
//! - AWS NAT gateway: CloudWatch `ErrorPortAllocation` above 0. 55,000 connections per
//!   destination and address.
//! - Node.js: `TypeError: fetch failed` with cause `UND_ERR_CONNECT_TIMEOUT` (`Connect Timeout
//!   Error`, `timeout: 10000ms`), or `ETIMEDOUT`.
//! - Cloud Run, load balancers, proxies in front: `504` `upstream request timeout`,
//!   `backend_timeout`, ALB `504`, nginx `upstream timed out (110)`, or a `500`, `502` or `503`
//!   that the application writes when its call fails.
//!
//! ## What it is mistaken for
//!
//! - `target-connect-timeout`: a firewall or a dead address also swallows SYNs. The NAT's log
//!   decides: drops to the very destination that failed.
//! - `ephemeral-port-exhaustion`: the caller's own host has no port. That fails at once with
//!   `EADDRNOTAVAIL`; a NAT makes the caller wait.
//! - `origin-dns-failure`: the same `fetch failed`, but the cause says `ENOTFOUND` or
//!   `EAI_AGAIN` and no SYN is ever sent.
//! - `worker-pool-saturated`: requests queue as well, because workers wait for outward calls;
//!   CPU is idle and the connect timeouts come first.
//! - A slow backend (`target-response-timeout`): that is the symptom one hop further out, and
//!   is shown as the end of the chain.
//! - `external-dependency-outage`: the destination fails from every network, refuses or resets
//!   as well, and the NAT drops nothing.
//! - Direct VPC egress warming up on a new Cloud Run instance: connect timeouts in its first
//!   minute, without any drop.
//!
//! ## Before it happens
//!
//! - One Cloud NAT address has 64,512 ports; static allocation gives each instance
//!   `minPortsPerVm` (64) of them, used or not. 64 ports with short calls carry 0.53 new
//!   connections a second to one destination at a TIME_WAIT of 120 s, and 2.1 at 30 s. Read
//!   `tcpTimeWaitTimeoutSec` rather than assume it.
//! - Cloud Run with `--vpc-egress=all-traffic` sends public calls, and a database on its public
//!   address, through the NAT.
//! - HTTP clients without keep-alive; a single, manually assigned NAT address; roll-outs that
//!   double the instances.
//! - `why502 check` multiplies instances by two revisions and by ports, and compares the
//!   product with the addresses; it compares the requests at a time of one instance with its
//!   ports, and finds databases on a public address and calls of the own service by its public
//!   name.
//!
//! ## Reproduce it
//!
//! Not yet automated. On loopback: two network namespaces, between them a NAT with `nft` whose
//! set of `saddr . sport` has `size 64` and drops what does not fit. Send 100 short requests
//! from one namespace through it to a server in the other: 64 get through, the others time out.
//! With one kept-alive connection all of them pass.
//!
//! ## Remedy
//!
//! 1. Reach the database over its private address: its connections leave the NAT altogether.
//!    Drops to the database's address end.
//! 2. Send only private ranges through the VPC (`private-ranges-only`). Check before whether
//!    the service calls itself or a sibling through its public URL: such calls then come from
//!    another address, and an internal-only ingress refuses them. NAT port usage falls to what
//!    remains.
//! 3. Reuse connections: one pool per process with keep-alive. New connections per second fall,
//!    port usage with them.
//! 4. More ports or more addresses, by the arithmetic below. `nat/port_usage` stays below the
//!    allocation at peak.
//! 5. Dynamic port allocation with a sufficient minimum. Drops stay at zero through a roll-out.
//!
//! ## Sources
//!
//! - Google Cloud, Cloud NAT: IP addresses and ports:
//!   <https://cloud.google.com/nat/docs/ports-and-addresses>
//! - Google Cloud, Cloud NAT logs and metrics: <https://cloud.google.com/nat/docs/monitoring>
//! - Compute API, `RouterNat` (`minPortsPerVm`, `tcpTimeWaitTimeoutSec`) and
//!   `RouterNatLogConfig` (`filter`: `ALL`, `ERRORS_ONLY`, `TRANSLATIONS_ONLY`).
//! - Google Cloud, Cloud Run networking best practices:
//!   <https://cloud.google.com/run/docs/configuring/networking-best-practices>
//! - AWS, NAT gateway basics and CloudWatch metrics; undici `connectTimeout`; RFC 9293 section
//!   3.6.1 (TIME-WAIT).

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Arrivals, Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Nat,
    Part, Place, Predicts, Protocol, Remedy, Rival, Router, Scenario, Server, Shows, Side,
    Signal as S, Test, Text,
};

use crate::drills::NODE_OK;
use crate::rules::{egress, nat_budget};
use crate::visibility;

/// NAT out of ports: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "nat-port-exhaustion",
    title: Text::new("NAT out of ports", "NAT のポート枯渇"),
    explanation: Text::new(
        "The NAT had no free source port left for the destination and \
        dropped the connection attempts without an answer, so outward \
        calls timed out.",
        "宛先に使える送信元ポートが NAT に残っておらず、接続要求が無応答で\
        破棄されたため、外向きの通信がタイムアウトしました。",
    ),
    place: Place::Egress,
    statuses: &[500, 502, 503, 504],
    leads_to: &[
        "timeout-ladder-inversion",
        "target-response-timeout",
        "api-gateway-integration-timeout",
        "lambda-function-error",
        "backend-own-5xx",
    ],
    source: include_str!("nat_port_exhaustion.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ConnectTimeout]).sides(&[Side::Egress]),
            Claim::of(&[
                M::StatusFromUpstream,
                M::StatusFromApplication,
                M::ResponseTimeout,
                M::RequestDeadline,
                M::IntegrationTimeout,
                M::FunctionTimeout,
                M::Unspecified,
            ])
            .statuses(&[500, 502, 503, 504]),
            Claim::of(&[M::ResponseTimeout, M::Unspecified]).sides(&[Side::Egress]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::EgressConnectTimeouts,
            AtLeast(1.0),
            Text::new(
                "{value} outward calls of the application failed because nobody \
                answered the SYN: they waited for a connection, not for the \
                answer of a slow backend.",
                "アプリケーションの外向き通信 {value} 件が、SYN に応答がないため失\
                敗しました。待っていたのは接続であり、遅いバックエンドの応答ではあり\
                ません。",
            ),
        )
        .otherwise(Text::new(
            "No outward call failed for want of an answer to its SYN, and the \
NAT dropped nothing in the window.",
            "この期間に、SYN への応答がなく失敗した外向き通信も、NAT による破棄\
もありません。",
        ))
        .or(&Test::new(
            S::NatDrops,
            AtLeast(1.0),
            Text::new(
                "The NAT logged {value} packets dropped for want of a port in the \
                window.",
                "この期間に NAT は、ポート不足で破棄したパケットを {value} 件記録し\
                ました。",
            ),
        )
        .independent())],
        supports: &[
            Test::new(
                S::NatDestinationMatch,
                AtLeast(0.5),
                Text::new(
                    "{value} of the outward calls that failed went to a destination \
                    the NAT was dropping packets to ({nat_destinations}).",
                    "失敗した外向き通信の {value} が、NAT がパケットを破棄していた宛先(\
                    {nat_destinations})宛てでした。",
                ),
            )
            .proves(),
            Test::new(
                S::NatDrops,
                AtLeast(1.0),
                Text::new(
                    "The NAT logged {value} packets dropped for want of a port in the \
                    window.",
                    "この期間に NAT は、ポート不足で破棄したパケットを {value} 件記録し\
                    ました。",
                ),
            )
            .independent(),
            Test::new(
                S::NatDropFocus,
                AtLeast(0.5),
                Text::new(
                    "{value} of all NAT drops in the evidence fall into such windows of failure.",
                    "全証拠中の NAT の破棄の {value} が、このような障害の期間に集中しています。",
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
            Test::new(
                S::LatencyRise,
                AtMost(1.5),
                Text::new(
                    "The backends were not slow: healthy requests took {value} as long \
as outside the window.",
                    "バックエンドは遅くなっていません。正常なリクエストの所要時間は期間\
外の {value} です。",
                ),
            ),
        ],
        rules_out: &[Test::new(
            S::NatDestinationMatch,
            AtMost(0.1),
            Text::new(
                "Only {value} of the outward calls that failed went to a \
destination the NAT dropped packets to; it had ports for the \
others.",
                "失敗した外向き通信のうち、NAT がパケットを破棄した宛先へのものは \
{value} だけです。ほかの宛先にはポートがありました。",
            ),
        )],
        rivals: &[
            Rival {
                slug: "target-connect-timeout",
                separates: Text::new(
                    "Whether the NAT's log shows drops to the destination that failed.",
                    "失敗した宛先への破棄が NAT のログにあるかどうかです。",
                ),
            },
            Rival {
                slug: "ephemeral-port-exhaustion",
                separates: Text::new(
                    "Whether the call failed at once with EADDRNOTAVAIL on the host, \
                    or after a wait without an answer.",
                    "ホスト上で EADDRNOTAVAIL により即座に失敗したか、応答がないまま待\
                    って失敗したかです。",
                ),
            },
            Rival {
                slug: "origin-dns-failure",
                separates: Text::new(
                    "The code of the error's cause: a lookup failure, or a connect \
                    timeout.",
                    "エラーの原因コードです。名前解決の失敗か、接続タイムアウトかで分か\
                    れます。",
                ),
            },
            Rival {
                slug: "worker-pool-saturated",
                separates: Text::new(
                    "What the busy workers wait for: CPU, or outward connections that \
                    nobody answers.",
                    "使用中のワーカーが待っているものです。CPU か、応答のない外向き接続\
                    かで分かれます。",
                ),
            },
            Rival {
                slug: "external-dependency-outage",
                separates: Text::new(
                    "Whether the NAT logs drops to the destination that failed, and \
whether other destinations fail too.",
                    "失敗した宛先への破棄が NAT のログにあるか、ほかの宛先も失敗してい\
るかです。",
                ),
            },
        ],
        visible: &[
            visibility::NAT_DROPS,
            visibility::EGRESS,
            visibility::EGRESS_DESTINATION,
            visibility::LATENCY,
        ],
    },
    predicts: Predicts::By(&[
        Rule::Look(nat_budget::at_release),
        Rule::Look(nat_budget::per_instance),
        Rule::Look(egress::database),
        Rule::Look(egress::own_name),
    ]),
    drill: Drill::Runs(&[Scenario {
        name: "node-fetch",
        happens: Text::new(
            "A Node.js service calls an external API with fetch and a new connection each time; \
            its NAT has 64 ports per instance.",
            "Node.js サービスが外部 API を fetch で毎回新しい接続で呼び出します。NAT のポートはイン\
            スタンスあたり 64 個です。",
        ),
        cure: Text::new(
            "The service uses its connections again: the same load needs a handful of ports.",
            "サービスが接続を再利用します。同じ負荷でも必要なポートはわずかです。",
        ),
        hosts: &[
            Host::new("vendor", &[Part::new(Server::Node, "api", 443, NODE_OK)]).public(),
            Host::new(
                "front",
                &[Part::new(Server::Node, "front", 8080, FRONT)
                    .options(&["CONNECTION={{connection}}", "VENDOR=http://{{ip:vendor}}:443/"])],
            ),
        ],
        router: Some(Router { nat: Some(Nat::STATIC), firewall: "", sysctls: &[] }),
        knobs: &[Knob { name: "connection", fault: "close", remedy: "keep-alive" }],
        steps: &[],
        load: Load {
            target: "front:8080",
            protocol: Protocol::Http1,
            keep_alive: true,
            arrivals: Arrivals::Constant { rate: "20" },
            lasts: "8000",
            patience: "15000",
            requests: &[Ask::new("GET", "/orders")],
        },
        expect: Expect::failing(0.5, &[502]).passes("64"),
        everyday: true,
    }]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Connect to the database over its private address, so that its \
                connections do not use the NAT at all.",
                "データベースにはプライベートアドレスで接続し、NAT をまったく使わな\
                いようにします。",
            ),
            setting: "ipConfiguration.privateNetwork",
            direction: Direction::Change,
            snippet: "gcloud sql instances describe INSTANCE \
            --format='value(ipAddresses)'\ngcloud sql instances patch \
            INSTANCE --network=projects/PROJECT/global/networks/VPC",
            verify: Text::new(
                "The NAT's log shows no connection to the database's public \
                address.",
                "NAT のログにデータベースのパブリックアドレスへの接続がなければ解消\
                です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Cloud Run",
            action: Text::new(
                "Send only private ranges through the VPC. First make sure that \
                the service does not call itself or a sibling through its public \
                URL where ingress is internal only: such calls no longer come \
                from the VPC.",
                "プライベートアドレス宛てだけを VPC に通します。その前に、内部限定\
                の受信設定のサービスを公開 URL 経由で自己呼び出しまたは相互呼び出\
                ししていないかを必ず確認してください。その通信は VPC からの通信で\
                はなくなります。",
            ),
            setting: "--vpc-egress",
            direction: Direction::Set,
            snippet: "gcloud run services update SERVICE --region=REGION \
            --vpc-egress=private-ranges-only",
            verify: Text::new(
                "nat/port_usage drops to what the remaining destinations need, and \
                calls between services still succeed.",
                "nat/port_usage が残りの宛先に必要な分まで下がり、サービス間の呼び\
                出しも成功し続けます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Node.js",
            action: Text::new(
                "Share one pool of kept-alive connections per process instead of \
                opening one per call.",
                "呼び出しごとに接続を開かず、プロセスごとに 1 つのキープアライブ接\
                続プールを共有します。",
            ),
            setting: "Agent",
            direction: Direction::Change,
            snippet: "import { Agent, setGlobalDispatcher } from 'undici';\n\
            setGlobalDispatcher(new Agent({ connections: 20, \
            keepAliveTimeout: 30_000 }));",
            verify: Text::new(
                "nat/new_connections_count per instance falls well below one per \
                request.",
                "インスタンスあたりの nat/new_connections_count が、リクエスト数を\
                大きく下回ります。",
            ),
            arithmetic: Some(Text::new(
                "Opening {nat_rate} new connections per second per instance to the \
                busiest destination takes {nat_ports_needed} ports.",
                "最も多い宛先へインスタンスあたり毎秒 {nat_rate} 件の新規接続を開く\
                には、{nat_ports_needed} 個のポートが必要です。",
            )),
        },
        Remedy {
            product: "Cloud NAT",
            action: Text::new(
                "Give each instance the ports it needs, and the NAT the addresses \
                that this takes.",
                "各インスタンスに必要なポート数を割り当て、それに足りるアドレスを \
                NAT に追加します。",
            ),
            setting: "minPortsPerVm",
            direction: Direction::Raise,
            snippet: "gcloud compute routers nats update NAT --router=ROUTER \
            --region=REGION --min-ports-per-vm=1024 \
            --nat-external-ip-pool=ADDRESS1,ADDRESS2",
            verify: Text::new(
                "No DROPPED entries at peak, and nat/port_usage stays below \
                nat/allocated_ports.",
                "ピーク時に DROPPED がなく、nat/port_usage が nat/allocated_ports \
                を下回り続けます。",
            ),
            arithmetic: Some(Text::new(
                "{nat_rate} new connections per second to the busiest destination \
                × 120 s of TIME_WAIT (the default), plus the open ones = \
                {nat_ports_needed} ports per instance; allocated now: \
                {nat_ports_now} (64 by default). {endpoints} instances × \
                {nat_ports_needed} ports / 64512 = {nat_ips_needed} addresses.",
                "最も多い宛先への新規接続 毎秒 {nat_rate} 件 × TIME_WAIT 120 秒(既\
                定値)+ 開いている接続 = インスタンスあたり {nat_ports_needed} ポー\
                ト。現在の割り当ては {nat_ports_now}(既定値 64)。{endpoints} イン\
                スタンス × {nat_ports_needed} ポート ÷ 64512 = {nat_ips_needed} ア\
                ドレス。",
            )),
        },
        Remedy {
            product: "Cloud NAT",
            action: Text::new(
                "Let busy instances get more ports on demand; it needs \
                endpoint-independent mapping off, and switching can break open \
                connections.",
                "混雑したインスタンスに必要に応じてポートを追加させます。エンドポイ\
                ント非依存マッピングの無効化が必要で、切り替え時に接続が切れること\
                があります。",
            ),
            setting: "enableDynamicPortAllocation",
            direction: Direction::Set,
            snippet: "gcloud compute routers nats update NAT --router=ROUTER \
            --region=REGION --no-enable-endpoint-independent-mapping \
            --enable-dynamic-port-allocation --min-ports-per-vm=256 \
            --max-ports-per-vm=4096",
            verify: Text::new(
                "No drops during the next roll-out.",
                "次のリリースの間に破棄がなければ解消です。",
            ),
            arithmetic: None,
        },
    ],
};

const FRONT: &str = r#"
const { VENDOR, CONNECTION, PORT } = process.env;
const line = (severity, fields) =>
  console.error(JSON.stringify({ severity, time: new Date().toISOString(), ...fields }));
require('http').createServer(async (request, response) => {
  try {
    const answer = await fetch(VENDOR, { headers: { connection: CONNECTION } });
    response.end(await answer.text());
  } catch (error) {
    console.error(new Date().toISOString(), error);
    response.writeHead(502).end('bad gateway');
  }
}).listen(PORT);
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn proved_when_the_nat_drops_what_the_application_misses() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 80.0),
                    (S::EgressConnectTimeouts, 40.0),
                    (S::NatDrops, 512.0),
                    (S::NatDropFocus, 1.0),
                    (S::NatDestinationMatch, 1.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![
                    S::NatDestinationMatch,
                    S::NatDrops,
                    S::NatDropFocus,
                    S::EgressConnectTimeouts
                ],
                independent: true,
                proved: true
            }
        );
    }

    #[test]
    fn without_the_nat_log_nothing_independent_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 80.0), (S::EgressConnectTimeouts, 40.0)]),
            Judgement::Holds {
                supports: vec![S::EgressConnectTimeouts],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn without_the_application_log_the_drops_support_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 80.0), (S::NatDrops, 512.0), (S::NatDropFocus, 0.9)]),
            Judgement::Holds {
                supports: vec![S::NatDrops, S::NatDropFocus],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn no_drops_in_a_sampled_log_do_not_exclude_it() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 80.0), (S::EgressConnectTimeouts, 40.0), (S::NatDrops, 0.0)]
            ),
            Judgement::Holds {
                supports: vec![S::EgressConnectTimeouts],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn drops_to_other_destinations_exclude_it() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 80.0),
                    (S::EgressConnectTimeouts, 40.0),
                    (S::NatDrops, 512.0),
                    (S::NatDestinationMatch, 0.0)
                ]
            ),
            Judgement::Excluded(S::NatDestinationMatch)
        );
    }

    #[test]
    fn the_silent_target_holds_there() {
        assert_eq!(
            judge(
                &crate::causes::target_connect_timeout::CAUSE,
                &[
                    (S::Failures, 80.0),
                    (S::EgressConnectTimeouts, 40.0),
                    (S::NatDrops, 512.0),
                    (S::NatDestinationMatch, 0.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::NatDestinationMatch, S::EgressConnectTimeouts],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn the_silent_target_is_excluded_when_the_nat_explains_it() {
        assert_eq!(
            judge(
                &crate::causes::target_connect_timeout::CAUSE,
                &[(S::Failures, 80.0), (S::NatDestinationMatch, 1.0)]
            ),
            Judgement::Excluded(S::NatDestinationMatch)
        );
    }

    #[test]
    fn quiet_when_neither_log_shows_anything() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 80.0), (S::EgressConnectTimeouts, 0.0), (S::NatDrops, 0.0)]
            ),
            Judgement::NotThis(S::EgressConnectTimeouts)
        );
    }

    #[test]
    fn blind_with_neither_log() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 80.0)]),
            Judgement::CannotTell(vec![S::EgressConnectTimeouts, S::NatDrops])
        );
    }

    #[test]
    fn an_outward_connect_timeout_states_nothing() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 0).outward()), Some(false));
    }

    #[test]
    fn a_proxys_connect_timeout_is_not_claimed() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 504)), None);
    }

    #[test]
    fn the_504_in_front_is_claimed() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseTimeout, 504)), Some(false));
    }
}
