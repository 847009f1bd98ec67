//! # Application crash
//!
//! ## What happens
//!
//! The process that was handling the request ended: an unhandled exception, a segmentation
//! fault, an abort, a failed assertion, an explicit exit. The kernel closes all its sockets, so
//! every request in flight on that process sees its connection closed or reset, each after a
//! different wait. Until the process is back, new connections to the port are refused.
//!
//! When one request makes it crash, clients and proxies that try again carry the crash from
//! instance to instance.
//!
//! ## How it shows
//!
//! - AWS ALB: `502`, target status `-`, times such as `0.001 1.734 -1`: the target had the
//!   request for a while and then closed.
//! - Google Cloud Load Balancing: `backend_connection_closed_before_data_sent_to_client`, or
//!   `backend_connection_closed_after_partial_response_sent`.
//! - Cloud Run: `503` `The request failed because either the HTTP response was malformed or
//!   connection to the instance had an error.` and, in the system log, `Container called
//!   exit(1).` or `Uncaught signal: 11`.
//! - nginx: `upstream prematurely closed connection while reading response header from
//!   upstream`, `recv() failed (104: Connection reset by peer)`, then `connect() failed (111:
//!   Connection refused)`; for PHP-FPM `upstream prematurely closed FastCGI stdout`.
//! - HAProxy: `SH` or `SD`, then `SC`; nothing at all for a request that was not the first on its
//!   client's connection, which HAProxy then closes without an answer. Envoy: `UC`, then `UF`.
//! - Apache httpd: `AH00052: child pid N exit signal Segmentation fault (11)`.
//! - Supervisors: exit code 1, 134 (abort), 139 (segmentation fault); `CrashLoopBackOff` in
//!   Kubernetes.
//!
//! ## What it is mistaken for
//!
//! - `keepalive-race`: fails within milliseconds, on reused connections only, while the process
//!   lives on. A crash cuts requests at any age and a process ends.
//! - `deploy-without-drain`: the process was told to stop. A crash comes without an order.
//! - `app-not-listening`: the process never listened. A crashed one had answered before and
//!   usually does again.
//! - `oom-kill`: the process was killed for its memory (exit 137); it is the cause of this kind
//!   of end and is shown as such.
//! - `worker-timeout-kill`: a supervisor killed a slow worker (`WORKER TIMEOUT`, harakiri): the
//!   wait is the same round value each time, such as gunicorn's 30 s.
//!
//! ## Before it happens
//!
//! - No error handler around asynchronous work: Node.js ends the process on an unhandled
//!   rejection since version 15.
//! - Native extensions and drivers that differ between build and runtime image.
//! - A single instance or a single process, so that one crash is an outage; a restart policy
//!   with growing back-off (Kubernetes up to 5 minutes).
//!
//! ## Reproduce it
//!
//! `why502 drill app-crash`. One order has no note, and exporting it ends the Node.js process
//! behind nginx or HAProxy: what was in flight ends as `prematurely closed`, then connections are
//! refused until the supervisor has started the process again. With the defect mended, the same
//! requests pass.
//!
//! ## Remedy
//!
//! 1. Read the last lines the process wrote and its exit code; fix the defect or the input that
//!    triggers it. The exits stop, and with them the failures.
//! 2. If it came with a release, roll back first. The exit count returns to what it was.
//! 3. Run more than one process and let the proxy try idempotent requests on another one. A
//!    forced crash then costs no more than the requests in flight.
//!
//! ## Sources
//!
//! - nginx `src/http/ngx_http_upstream.c`; AWS, Troubleshoot your Application Load Balancers,
//!   HTTP 502.
//! - Google Cloud, Troubleshoot Cloud Run issues:
//!   <https://cloud.google.com/run/docs/troubleshooting>
//! - Node.js documentation, `--unhandled-rejections` (default `throw` since 15).

use model::Condition::{AtLeast, AtMost};
use model::{
    Arrivals, Ask, Band, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M,
    Part, Place, Predicts, Protocol, Remedy, Rival, Scenario, Server, Shows, Side, Signal as S,
    Test, Text,
};

use crate::drills::{HAPROXY_CHECKED, NGINX_ORDERS};
use crate::{sentences, visibility};

/// Application crash: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "app-crash",
    title: Text::new("Application crash", "アプリケーションの異常終了"),
    explanation: Text::new(
        "The process that was handling the requests ended by itself and \
        took their connections with it.",
        "リクエストを処理していたプロセスが自ら終了し、その接続も失われまし\
        た。",
    ),
    place: Place::Process,
    statuses: &[500, 502, 503],
    leads_to: &[
        "response-body-truncated",
        "target-connect-refused",
        "no-healthy-targets",
        "passive-ejection-cascade",
        "backend-own-5xx",
    ],
    source: include_str!("app_crash.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[
                M::ClosedBeforeResponse,
                M::ResetBeforeResponse,
                M::EndedBeforeResponse,
                M::RequestSendFailed,
                M::ResponseTruncated,
                M::InstanceConnectionError,
            ]),
            Claim::of(&[M::ConnectRefused]).sides(&[Side::Upstream]),
            // Some proxies log the status alone (Traefik, unless it is told to debug).
            Claim::of(&[M::Unspecified]).statuses(&[502, 503, 504]),
            Claim::of(&[M::ConnectFailed]).sides(&[Side::Upstream]).bands(&[
                Band::Instant,
                Band::Short,
                Band::Unknown,
            ]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::ProcessExits,
            AtLeast(1.0),
            Text::new(
                "{value} processes ended by themselves or by a signal in or just \
                before the window.",
                "この期間またはその直前に、{value} 個のプロセスが自らまたはシグナル\
                で終了しました。",
            ),
        )
        .independent()
        .otherwise(Text::new(
            "No process ended in the window or in the minute before.",
            "この期間とその前の 1 分間に、終了したプロセスはありません。",
        ))],
        supports: &[
            Test::new(
                S::ExitAlignedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of these requests failed within 5 s of such an end.",
                    "これらのリクエストの {value} が、その終了から 5 秒以内に失敗しまし\
                    た。",
                ),
            )
            .independent(),
            Test::new(S::ApplicationErrors, AtLeast(1.0), sentences::UNHANDLED_ERRORS)
                .independent(),
            Test::new(S::TopPathShare, AtLeast(0.8), sentences::ONE_PATH),
        ],
        rules_out: &[
            Test::new(
                S::DrainCutShare,
                AtLeast(0.6),
                Text::new(
                    "{value} of them were in flight when an instance was told to stop and were cut off \
                    {drain} later: they had been given time, though not enough.",
                    "{value} は停止の指示時に処理中で、{drain} 後に切断されました。猶予はありましたが、足\
                    りませんでした。",
                ),
            ),
            Test::new(
                S::ExitAlignedShare,
                AtMost(0.05),
                Text::new(
                    "Processes ended, but only {value} of these requests failed near \
                such an end.",
                    "プロセスの終了はありましたが、その近くで失敗したリクエストは \
                {value} だけです。",
                ),
            ),
        ],
        rivals: &[
            Rival {
                slug: "keepalive-race",
                separates: Text::new(
                    "Whether a process ended at the second of the failure (supervisor, \
                    container or platform log).",
                    "失敗と同じ秒にプロセスが終了したかどうかです(監視プロセス、コンテ\
                    ナ、プラットフォームのログ)。",
                ),
            },
            Rival {
                slug: "deploy-without-drain",
                separates: Text::new(
                    "Whether the process had been told to stop before it ended.",
                    "プロセスが終了前に停止を指示されていたかどうかです。",
                ),
            },
            Rival {
                slug: "app-not-listening",
                separates: Text::new(
                    "Whether the process had ever answered since it started.",
                    "プロセスが起動後に一度でも応答していたかどうかです。",
                ),
            },
        ],
        visible: &[visibility::PROCESS_EXITS, visibility::EXIT_ALIGNED, visibility::APP_ERRORS],
    },
    predicts: Predicts::Never(
        "No setting tells: a crash is a defect of code; only its blast radius (instances, \
        restart back-off) is a setting.",
    ),
    drill: Drill::Runs(&[
        Scenario {
            name: "nginx-node",
            happens: Text::new(
                "A Node.js service dies of an error that nothing catches whenever an order without \
                a note is exported; systemd starts it again.",
                "メモのない注文をエクスポートするたびに、Node.js サービスが捕捉されないエラーで終了し、\
                systemd が再起動します。",
            ),
            hosts: &[
                NODE,
                Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX_ORDERS)]),
            ],
            ..CRASH
        },
        Scenario {
            name: "haproxy-node",
            happens: Text::new(
                "A Node.js service behind HAProxy dies of an error that nothing catches whenever an \
                order without a note is exported; systemd starts it again.",
                "メモのない注文をエクスポートするたびに、HAProxy の背後の Node.js サービスが捕捉されな\
                いエラーで終了し、systemd が再起動します。",
            ),
            hosts: &[
                NODE,
                Host::new(
                    "gateway",
                    &[Part::new(Server::HAProxy, "haproxy", 8080, HAPROXY_CHECKED)],
                ),
            ],
            load: Load { keep_alive: false, ..CRASH.load },
            expect: Expect::failing(0.02, &[502, 503]),
            ..CRASH
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Read the last lines before each end and its exit code, and fix \
                the defect or reject the input that triggers it.",
                "各終了の直前のログと終了コードを読み、欠陥を直すか、引き金となる入\
                力を拒否します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "No process ends by itself for as long as it took to collect the \
                last ten ends.",
                "直近の 10 件の終了にかかった期間、自発的な終了がなければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Kubernetes",
            action: Text::new(
                "If a release started it, go back to the previous one.",
                "リリースが原因なら、前の版に戻します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "kubectl logs POD --previous
kubectl rollout undo deployment/NAME",
            verify: Text::new(
                "Restart counts stand still: kubectl get pods shows no new \
                RESTARTS.",
                "kubectl get pods の RESTARTS が増えなければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Cloud Run",
            action: Text::new(
                "If a revision started it, send the traffic back to the previous \
                one.",
                "リビジョンが原因なら、トラフィックを前のリビジョンに戻します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "gcloud run services update-traffic SERVICE --to-revisions=PREVIOUS=100",
            verify: Text::new(
                "The system log shows no further \"Container called exit\".",
                "システムログに「Container called exit」が新たに出なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Run at least two processes and let safe requests be tried on \
                another one.",
                "少なくとも 2 つのプロセスを動かし、安全なリクエストを別のプロセス\
                で再試行させます。",
            ),
            setting: "proxy_next_upstream",
            direction: Direction::Set,
            snippet: "proxy_next_upstream error timeout;
proxy_next_upstream_tries 2;",
            verify: Text::new(
                "A forced crash of one process costs GET requests nothing.",
                "1 つのプロセスを意図的に落としても、GET は失敗しません。",
            ),
            arithmetic: None,
        },
    ],
};

const CRASH: Scenario = Scenario {
    name: "",
    happens: Text::new("", ""),
    cure: Text::new(
        "The release that can export an order without a note is deployed.",
        "メモのない注文もエクスポートできる版に更新します。",
    ),
    hosts: &[],
    router: None,
    knobs: &[Knob {
        name: "note",
        fault: "order.note.trim()",
        remedy: "(order.note ?? '').trim()",
    }],
    steps: &[],
    load: Load {
        target: "gateway:8080",
        protocol: Protocol::Http1,
        keep_alive: true,
        arrivals: Arrivals::Constant { rate: "25" },
        lasts: "6000",
        patience: "5000",
        requests: &[Ask::new("GET", "/orders/7").weight(49), Ask::new("GET", "/orders/7/export")],
    },
    expect: Expect::failing(0.05, &[502]),
    everyday: true,
};

const NODE: Host = Host::new("app", &[Part::new(Server::Node, "orders", 3000, APP).restarts()]);

/// The error is thrown after the answer of the database, outside of what the handler could catch.
const APP: &str = r"
const http = require('http');
const order = { id: 7, items: 3 };
http.createServer((request, response) => {
  setTimeout(() => {
    if (request.url.endsWith('/export')) {
      response.end(order.id + ';' + {{note}});
    } else {
      response.end(JSON.stringify(order));
    }
  }, 100);
}).listen(process.env.PORT, () => {
  console.log(`${new Date().toISOString()} listening on port ${process.env.PORT}`);
});
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, judge};

    #[test]
    fn fires_when_exits_line_up() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 9.0),
                    (S::ProcessExits, 2.0),
                    (S::ExitAlignedShare, 1.0),
                    (S::ApplicationErrors, 2.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::ExitAlignedShare, S::ApplicationErrors],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_exits_are_elsewhere() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 9.0), (S::ProcessExits, 1.0), (S::ExitAlignedShare, 0.0)]
            ),
            Judgement::Excluded(S::ExitAlignedShare)
        );
    }

    #[test]
    fn quiet_without_exits() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 12.0), (S::ProcessExits, 0.0), (S::ShortWaitShare, 1.0)]),
            Judgement::NotThis(S::ProcessExits)
        );
    }

    #[test]
    fn the_race_holds_there() {
        assert_eq!(
            judge(
                &crate::causes::keepalive_race::CAUSE,
                &[(S::Failures, 12.0), (S::ProcessExits, 0.0), (S::ShortWaitShare, 1.0)]
            ),
            Judgement::Holds {
                supports: vec![S::ShortWaitShare],
                independent: false,
                proved: false
            }
        );
    }

    #[test]
    fn blind_without_process_log() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 9.0), (S::TopPathShare, 1.0)]),
            Judgement::CannotTell(vec![S::ProcessExits])
        );
    }
}
