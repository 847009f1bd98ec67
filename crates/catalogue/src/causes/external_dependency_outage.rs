//! # Outage of an external dependency
//!
//! ## What happens
//!
//! The application calls a third party or a database outside its own platform while it handles
//! a request. That other side is down, overloaded, or limits how often it may be called. The
//! call fails, or waits until a timer of the application fires, and the application answers with
//! an error of its own or is cut off by the hop in front. Nothing is wrong at the gateway, and
//! no setting of it helps.
//!
//! Only routes that call the dependency fail. Where the calls wait, they hold workers and
//! connections meanwhile, and routes that have nothing to do with it become slow next.
//!
//! ## How it shows
//!
//! - Node.js: `TypeError: fetch failed` with cause `ECONNREFUSED`, `ECONNRESET`,
//!   `UND_ERR_SOCKET` (`other side closed`), `UND_ERR_HEADERS_TIMEOUT` or
//!   `UND_ERR_CONNECT_TIMEOUT`; axios: `timeout of 5000ms exceeded`. All for one destination.
//! - The answers where there are any: `429` or `503` of the third party, with `Retry-After`;
//!   databases: `Too many connections`, `the database system is starting up`.
//! - Cloud Run, load balancers and proxies in front: `500`, `502` or `503` written by the
//!   application, or `504` (`backend_timeout`, `upstream timed out (110)`, ALB `504`).
//! - Without the application's own log it looks like any other error of a backend.
//!
//! ## What it is mistaken for
//!
//! - `idle-flow-dropped`: a NAT or firewall on the way forgot the connection; the first call after a
//!   long pause fails and the next one succeeds.
//! - `keepalive-race`: single calls end without an answer on connections that had been idle; none is
//!   refused, times out or is answered with an error, and the next one succeeds.
//! - `nat-port-exhaustion`: the calls never leave, for want of a port. The NAT's log shows drops
//!   to the very destination that failed, and other busy destinations fail soon after.
//! - `target-connect-timeout`: a firewall, a route or a dead address swallows the SYN. From
//!   another network the destination answers.
//! - `db-pool-exhausted`: connections to the database are all in use; new ones could be opened.
//! - `db-connection-limit`: the database answers at once that it has too many connections.
//! - `origin-dns-failure`: the name gives no address; nobody is called.
//! - `ephemeral-port-exhaustion`: fails at once with `EADDRNOTAVAIL` inside the calling host.
//! - `keepalive-race`: single calls are reset on a kept connection while nearly all succeed.
//! - An expired credential or a changed interface: the dependency answers every call with
//!   `401`, `403` or `404`; it is up.
//!
//! ## Before it happens
//!
//! - Calls without a timeout of their own, or with one longer than the hop in front waits.
//! - Retries without a limit or without backoff: they multiply the load on what is down.
//! - No circuit breaker, no cached or reduced answer, pages that need every dependency.
//! - Quotas that are close to their limit at peak.
//! - `why502 check` compares the timers of outward calls with the hop in front, and multiplies
//!   the attempts of two hops in a row: nine or more are a finding.
//!
//! ## Reproduce it
//!
//! `why502 drill external-dependency-outage`: a vendor's API on a public network stops, or
//! accepts connections and no longer answers; a Node.js application calls it on one of two
//! routes, through a NAT with ports to spare. That route fails, the other goes on. With a
//! circuit breaker and an answer without that part no request fails.
//!
//! ## Remedy
//!
//! 1. Look at the dependency's status page or metrics, and call it from another network. It
//!    fails there too.
//! 2. Give every outward call a timeout below that of the hop in front, and few retries with
//!    backoff that honour `Retry-After`. Routes that do not call it keep their usual latency.
//! 3. Stop calling for a while once most calls fail (circuit breaker), and answer from a cache
//!    or without that part. The share of errors falls while the dependency is still down.
//! 4. Where it throttles: fewer calls (batching, caching) or a larger quota. `429` ends at peak.
//!
//! ## Sources
//!
//! - undici, errors and the timeouts of `Client` (`connect`, `headersTimeout`, `bodyTimeout`):
//!   <https://github.com/nodejs/undici/tree/main/docs/docs/api>
//! - RFC 6585 section 4 (429), RFC 9110 sections 10.2.3 (Retry-After) and 15.6.4 (503).
//! - AWS, Timeouts, retries, and backoff with jitter:
//!   <https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/>
//! - Envoy, outlier detection and circuit breaking.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Action, Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Nat,
    Part, Place, Predicts, Remedy, Rival, Router, Scenario, Server, Shows, Side, Signal as S, Step,
    Test, Text,
};

use crate::drills::{NGINX_FRONT, STEADY};
use crate::rules::{attempts, ladder};
use crate::{sentences, visibility};

/// Outage of an external dependency: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "external-dependency-outage",
    title: Text::new("Outage of an external dependency", "外部サービスの障害"),
    explanation: Text::new(
        "A third party or a database outside was down, overloaded or \
throttling, and the requests that depend on it failed with it.",
        "外部のサービスまたはデータベースが停止、過負荷または呼び出し制限の\
状態にあり、それに依存するリクエストが失敗しました。",
    ),
    place: Place::Egress,
    statuses: &[500, 502, 503, 504],
    leads_to: &[
        "target-connect-refused",
        "target-unreachable",
        "target-response-timeout",
        "api-gateway-integration-timeout",
        "lambda-function-error",
        "backend-own-5xx",
    ],
    source: include_str!("external_dependency_outage.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[
                M::ConnectRefused,
                M::ConnectTimeout,
                M::ConnectUnreachable,
                M::ConnectFailed,
                M::TlsTimeout,
                M::RequestSendFailed,
                M::RequestSendTimeout,
                M::ClosedBeforeResponse,
                M::ResetBeforeResponse,
                M::EndedBeforeResponse,
                M::ResponseTimeout,
                M::ResponseStalled,
                M::ResponseTruncated,
                M::StatusFromUpstream,
            ])
            .sides(&[Side::Egress]),
            Claim::of(&[
                M::StatusFromUpstream,
                M::StatusFromApplication,
                M::ResponseTimeout,
                M::RequestDeadline,
                M::IntegrationTimeout,
                M::FunctionTimeout,
            ])
            .statuses(&[500, 502, 503, 504]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::EgressPeerFailures,
            AtLeast(1.0),
            Text::new(
                "{value} outward calls failed on the way to the other side or at it.",
                "外向き通信 {value} 件が、相手までの経路上または相手側で失敗しました。",
            ),
        )
        .otherwise(Text::new(
            "No outward call failed on the way to the other side or at it.",
            "相手までの経路上または相手側で失敗した外向き通信はありません。",
        ))],
        supports: &[
            Test::new(
                S::NatDestinationMatch,
                AtMost(0.0),
                Text::new(
                    "The NAT's log shows no packet dropped on the way to the \
destinations that failed: the calls left.",
                    "失敗した宛先への破棄は NAT のログになく、通信は外に出ていました。",
                ),
            )
            .independent(),
            Test::new(
                S::EgressDestinations,
                AtMost(1.0),
                Text::new(
                    "All of the failed calls went to one destination, \
{egress_destinations}.",
                    "失敗した呼び出しの宛先は {egress_destinations} だけです。",
                ),
            )
            .independent(),
            Test::new(
                S::TopPathShare,
                AtLeast(0.8),
                Text::new(
                    "{value} of the failing requests are for one path, {top_path}.",
                    "失敗したリクエストの {value} が同じパス {top_path} へのものです。",
                ),
            ),
        ],
        rules_out: &[
            Test::new(
                S::NatDestinationMatch,
                AtLeast(0.5),
                Text::new(
                    "The NAT itself dropped the packets to {nat_destinations}: they \
never got there.",
                    "{nat_destinations} 宛てのパケットは NAT が破棄しており、相手に届い\
ていません。",
                ),
            ),
            Test::new(
                S::ExitAlignedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of these requests failed within 5 s of one of the own \
processes ending.",
                    "これらのリクエストの {value} が、自身のプロセスの終了から 5 秒以内\
に失敗しました。",
                ),
            ),
        ],
        rivals: &[
            Rival {
                slug: "nat-port-exhaustion",
                separates: Text::new(
                    "Whether the NAT logs drops to the destination that failed, and \
whether other destinations fail too.",
                    "失敗した宛先への破棄が NAT のログにあるか、ほかの宛先も失敗してい\
るかです。",
                ),
            },
            Rival {
                slug: "db-pool-exhausted",
                separates: Text::new(
                    "Whether connections to the database can be had and are all in use, or cannot be \
                    opened at all.",
                    "データベースへの接続がすべて使用中なのか、そもそも開けないのかです。",
                ),
            },
            Rival { slug: "idle-flow-dropped", separates: sentences::FIRST_AFTER_A_PAUSE },
            Rival { slug: "keepalive-race", separates: sentences::ALSO_IN_OTHER_WAYS },
            Rival {
                slug: "target-connect-timeout",
                separates: Text::new(
                    "Whether the destination also fails from another network, or only \
from here.",
                    "ほかのネットワークからも失敗するか、ここからだけ失敗するかです。",
                ),
            },
            Rival {
                slug: "db-connection-limit",
                separates: Text::new(
                    "Whether the database answers and says that it has too many \
                    connections, or cannot be reached at all.",
                    "データベースが接続数の超過だと応答しているのか、そもそも到達できな\
                    いのかです。",
                ),
            },
        ],
        visible: &[
            visibility::EGRESS_CALLS,
            visibility::NAT_DROPS,
            visibility::EGRESS_DESTINATION,
            visibility::EXIT_ALIGNED,
        ],
    },
    predicts: Predicts::By(&[Rule::Order(&ladder::OUTWARD), Rule::Look(attempts::multiplied)]),
    drill: Drill::Runs(&[
        NGINX_NODE_REFUSED,
        Scenario {
            name: "nginx-node-hangs",
            happens: Text::new(
                "A vendor's API on the public network accepts connections and no longer \
            answers; the Node.js application gives up each call after 1.5 s.",
                "公開ネットワーク上の外部 API が接続は受け付けるものの応答しなくなります。Node\
            .js アプリケーションは各呼び出しを 1.5 秒で打ち切ります。",
            ),
            steps: &[Step::at("1500", Action::Signal { part: "prices/api", signal: "STOP" })],
            ..NGINX_NODE_REFUSED
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Call the dependency from another network and read its status \
page, to know whether it is down or only unreachable from here.",
                "別のネットワークから呼び出し、相手の稼働状況を確認して、停止してい\
るのか、ここから届かないだけなのかを確かめます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "curl -sv -m 10 -o /dev/null -w '%{http_code} %{time_total}' \
            https://DEPENDENCY/",
            verify: Text::new(
                "The call fails there as well: the dependency is down for \
everybody.",
                "そこでも失敗すれば、相手側の障害です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Node.js",
            action: Text::new(
                "Give every outward call a timeout shorter than that of the hop in \
front, so that the application still answers in time.",
                "外向きの呼び出しすべてに、手前のホップより短いタイムアウトを設定し\
、アプリケーションが期限内に応答できるようにします。",
            ),
            setting: "signal",
            direction: Direction::Set,
            snippet: "await fetch(url, { signal: AbortSignal.timeout(3_000) });",
            verify: Text::new(
                "While the dependency is down, the application answers within that \
time and no 504 is written in front.",
                "停止中もその時間内に応答し、手前で 504 が出なければ有効です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Envoy",
            action: Text::new(
                "Stop sending calls to a dependency that keeps failing, and limit \
how many may wait for it.",
                "失敗が続く相手への呼び出しを止め、待たせる数に上限を設けます。",
            ),
            setting: "outlier_detection",
            direction: Direction::Set,
            snippet: "outlier_detection:\n  consecutive_5xx: 5\n  base_ejection_time: 30s\n\
            circuit_breakers:\n  thresholds:\n  - max_pending_requests: 20\n    max_retries: 3",
            verify: Text::new(
                "Routes that do not need the dependency keep their latency while \
it is down.",
                "停止中も、その相手を使わない経路の所要時間が変わりません。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "Honour Retry-After, retry at most twice with growing, random \
pauses, and cache or batch what is asked for often.",
                "Retry-After に従い、再試行は間隔を広げながら乱数を加えて 2 回まで\
とし、頻繁な問い合わせはキャッシュするかまとめます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "The number of calls to the dependency falls at peak, and its 429 \
and 503 answers end.",
                "ピーク時の呼び出し数が減り、相手の 429 と 503 が出なくなります。",
            ),
            arithmetic: None,
        },
    ],
};

const NGINX_NODE_REFUSED: Scenario = Scenario {
    name: "nginx-node-refused",
    happens: Text::new(
        "A vendor's API on the public network stops; the Node.js application calls it \
            on one route, through a NAT with ports to spare.",
        "公開ネットワーク上の外部 API が停止します。Node.js アプリケーションは 1 つの経\
            路で、ポートに余裕のある NAT を通してそれを呼び出します。",
    ),
    cure: Text::new(
        "The application stops calling for a while, and answers without that part.",
        "アプリケーションは呼び出しをしばらく止め、その部分なしで応答します。",
    ),
    hosts: &[
        Host::new("prices", &[Part::new(Server::Node, "api", 443, VENDOR)]).public(),
        Host::new("stock", &[Part::new(Server::Node, "api", 443, VENDOR)]).public(),
        Host::new(
            "front",
            &[Part::new(Server::Node, "front", 3000, FRONT).options(&[
                "PRICES=http://{{ip:prices}}:443/",
                "STOCK=http://{{ip:stock}}:443/",
                "{{degrade}}",
            ])],
        ),
        Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX_FRONT)]),
    ],
    router: Some(Router {
        nat: Some(Nat { ports: "4096", ..Nat::STATIC }),
        firewall: "",
        sysctls: &[],
    }),
    knobs: &[Knob { name: "degrade", fault: "", remedy: "DEGRADE=1" }],
    steps: &[Step::at("1500", Action::Signal { part: "prices/api", signal: "TERM" })],
    load: Load {
        lasts: "5000",
        requests: &[Ask::new("GET", "/stock"), Ask::new("GET", "/prices")],
        ..STEADY
    },
    expect: Expect::failing(0.2, &[502]).at_most(0.5),
    everyday: true,
};

const VENDOR: &str = r"
require('http').createServer((request, response) => response.end('ok')).listen(process.env.PORT);
";

const FRONT: &str = r"
const { PRICES, STOCK, DEGRADE, PORT } = process.env;
const call = async (url) => {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1500) });
    return await answer.text();
  } catch (error) {
    throw new Error(`GET ${url} failed`, { cause: error });
  }
};
let openUntil = 0;
const prices = async () => {
  if (DEGRADE && Date.now() < openUntil) return 'list prices';
  try {
    return await call(PRICES);
  } catch (error) {
    if (!DEGRADE) throw error;
    openUntil = Date.now() + 5000;
    console.log(new Date().toISOString(), 'live prices are off for 5 s, answering with list prices');
    return 'list prices';
  }
};
require('http').createServer(async (request, response) => {
  try {
    response.end(request.url === '/prices' ? await prices() : await call(STOCK));
  } catch (error) {
    console.error(new Date().toISOString(), error);
    response.writeHead(502).end('bad gateway');
  }
}).listen(PORT);
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_the_nat_let_the_calls_out() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 30.0),
                    (S::EgressPeerFailures, 30.0),
                    (S::EgressDestinations, 1.0),
                    (S::NatDestinationMatch, 0.0),
                    (S::TopPathShare, 1.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::NatDestinationMatch, S::EgressDestinations, S::TopPathShare],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_the_nat_dropped_the_packets() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::EgressPeerFailures, 30.0),
                    (S::EgressDestinations, 1.0),
                    (S::NatDestinationMatch, 1.0)
                ]
            ),
            Judgement::Excluded(S::NatDestinationMatch)
        );
    }

    #[test]
    fn the_nat_is_excluded_when_it_dropped_nothing_there() {
        assert_eq!(
            judge(
                &crate::causes::nat_port_exhaustion::CAUSE,
                &[(S::EgressConnectTimeouts, 30.0), (S::NatDestinationMatch, 0.0)]
            ),
            Judgement::Excluded(S::NatDestinationMatch)
        );
    }

    #[test]
    fn several_destinations_at_once_do_not_support_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::EgressPeerFailures, 30.0), (S::EgressDestinations, 4.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn quiet_when_no_outward_call_failed() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 30.0), (S::EgressPeerFailures, 0.0)]),
            Judgement::NotThis(S::EgressPeerFailures)
        );
    }

    #[test]
    fn quiet_when_own_processes_died() {
        assert_eq!(
            judge(&CAUSE, &[(S::EgressPeerFailures, 30.0), (S::ExitAlignedShare, 0.9)]),
            Judgement::Excluded(S::ExitAlignedShare)
        );
    }

    #[test]
    fn blind_without_the_applications_log() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 30.0), (S::TopPathShare, 1.0)]),
            Judgement::CannotTell(vec![S::EgressPeerFailures])
        );
    }

    #[test]
    fn calls_outward_are_claimed_whatever_ended_them() {
        for mechanism in [M::ConnectRefused, M::ResetBeforeResponse, M::ResponseTimeout] {
            assert_eq!(claims(&CAUSE, Seen::of(mechanism, 0).outward()), Some(false));
        }
    }

    #[test]
    fn a_target_of_the_gateway_is_no_third_party() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectRefused, 502)), None);
    }
}
