//! # Application not listening
//!
//! ## What happens
//!
//! The target is registered and its address is alive, but the application does not accept
//! connections where the gateway looks for it: it listens on another port, on 127.0.0.1 only,
//! on IPv4 while the gateway comes by IPv6, or it is still starting. Every connection is
//! refused at once, and none has succeeded since the target appeared.
//!
//! ## How it shows
//!
//! - Cloud Run: `The user-provided container failed to start and listen on the port defined
//!   provided by the PORT=8080 environment variable`; the revision does not become ready.
//! - nginx: `connect() failed (111: Connection refused)` for every request to that address.
//! - AWS ALB: `502` with `-1 -1 -1`; target health `unhealthy`, later
//!   `Target.FailedHealthChecks`. ECS stops and starts the task again and again.
//! - Kubernetes: `Readiness probe failed: … connect: connection refused`, event `Unhealthy`.
//! - Google Cloud Load Balancing: `failed_to_connect_to_backend`. Envoy: `UF` `delayed connect
//!   error: 111`. HAProxy: `SC` and `L4CON`.
//! - Application servers: gunicorn `Worker failed to boot.`, Node.js `EADDRINUSE`; a start message
//!   with a loopback address, such as `Listening at: http://127.0.0.1:8000`.
//!
//! ## What it is mistaken for
//!
//! - `app-crash`: had been answering before and ended; here there has never been an answer.
//! - `deploy-without-drain`: the refusing address is an old one that was told to stop; here it
//!   is a new one.
//! - `slow-startup`: begins to answer by itself a little later.
//! - A port blocked by a firewall (`target-connect-timeout`): drops give a timeout, not a
//!   refusal.
//! - `localhost-resolves-to-ipv6`: the refusing address is `::1`, while 127.0.0.1 answers.
//! - `health-check-misconfigured`: requests succeed although the check fails.
//!
//! ## Before it happens
//!
//! - Cloud Run expects the process on `0.0.0.0:$PORT`, 8080 by default. Development servers
//!   bind loopback (`localhost`, `127.0.0.1`) by default.
//! - `containerPort`, `targetPort`, target group port and the application's own setting differ.
//!   In Kubernetes `containerPort` is information only.
//! - Start-up longer than the grace that health checks give; no start-up or readiness probe.
//! - `why502 check` finds a server on a loopback address that is reached by another one.
//!
//! ## Reproduce it
//!
//! `why502 drill app-not-listening`: gunicorn keeps its default `127.0.0.1:8000` behind Envoy on
//! another host; or something else has taken the port of a Node.js application (`EADDRINUSE`).
//! Every connection is refused until the address or the port is right.
//!
//! ## Remedy
//!
//! 1. See what is listened on, inside the target: `ss -ltnp`. The address column must be
//!    `0.0.0.0`, `[::]` or the target's own address, and the port the one that is configured.
//! 2. Bind all addresses and take the port from the environment. A request from outside the
//!    container is answered.
//! 3. Make every place that names the port say the same. The target becomes healthy.
//! 4. Give slow starters a start-up probe. No request arrives before the first success.
//!
//! ## Sources
//!
//! - Google Cloud, Cloud Run container runtime contract (listening for requests):
//!   <https://cloud.google.com/run/docs/container-contract>
//! - Google Cloud, Troubleshoot Cloud Run issues, "container failed to start".
//! - Kubernetes, Configure Liveness, Readiness and Startup Probes.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Action, Band, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part,
    Place, Predicts, Remedy, Rival, Scenario, Server, Shows, Side, Signal as S, Step, Test, Text,
    When,
};

use crate::drills::{STEADY, envoy_routes};
use crate::rules::listening;
use crate::{sentences, visibility};

/// Application not listening: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "app-not-listening",
    title: Text::new("Application not listening", "アプリケーションの待ち受け不備"),
    explanation: Text::new(
        "The application does not accept connections on the address and \
        port where the gateway looks for it.",
        "ゲートウェイが接続するアドレスとポートで、アプリケーションが接続を\
        受け付けていません。",
    ),
    place: Place::Process,
    statuses: &[502, 503],
    leads_to: &["target-connect-refused", "no-healthy-targets"],
    source: include_str!("app_not_listening.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::ConnectRefused]).sides(&[Side::Upstream]),
            Claim::of(&[M::ConnectFailed]).sides(&[Side::Upstream]).bands(&[
                Band::Instant,
                Band::Short,
                Band::Unknown,
            ]),
            Claim::of(&[M::InstanceStartFailed]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::TargetSuccessShare,
            AtMost(0.0),
            Text::new(
                "The targets that refused have answered none of their requests in \
                the window.",
                "拒否したターゲットは、この期間に 1 件も応答していません。",
            ),
        )
        .otherwise(Text::new(
            "The targets that refused answered {value} of their requests in \
the window, and nothing reported that a process was not listening.",
            "拒否したターゲットはこの期間のリクエストの {value} に応答しており\
、待ち受けていないという報告もありません。",
        ))
        .or(&Test::new(
            S::ListenFailures,
            AtLeast(1.0),
            Text::new(
                "{value} reports in the window say that a process did not listen \
                where it had to.",
                "この期間に、プロセスが所定のポートで待ち受けていないという報告が \
                {value} 件あります。",
            ),
        )
        .proves())],
        supports: &[
            Test::new(
                S::LoopbackListeners,
                AtLeast(1.0),
                Text::new(
                    "{value} processes say that they listen on a loopback address, on the port \
                    where the gateway looks for them from outside.",
                    "ゲートウェイが外部から接続するポートを、{value} 個のプロセスがループバックア\
                    ドレスだけで待ち受けていると記録しています。",
                ),
            )
            .independent(),
            Test::new(
                S::ListenFailures,
                AtLeast(1.0),
                Text::new(
                    "{value} reports in the window say that a process did not listen \
                    where it had to.",
                    "この期間に、プロセスが所定のポートで待ち受けていないという報告が \
                    {value} 件あります。",
                ),
            )
            .proves(),
            Test::new(
                S::NewTargetShare,
                AtLeast(0.8),
                Text::new(
                    "{value} of the failures are on targets that had just appeared.",
                    "失敗の {value} が、現れたばかりのターゲットで起きています。",
                ),
            ),
            Test::new(
                S::DeployLead,
                AtMost(1200.0),
                sentences::AFTER_DEPLOY,
            )
            .independent(),
            Test::new(
                S::HealthDowns,
                AtLeast(1.0),
                sentences::TARGETS_DOWN,
            )
            .independent(),
        ],
        rules_out: &[
            Test::new(
                S::Ipv4LoopbackListens,
                AtLeast(1.0),
                Text::new(
                    "The server reported {value} times that it listens on 127.0.0.1 and the same \
                    port; the refusals came from ::1.",
                    "サーバーは 127.0.0.1 の同じポートで待ち受けていると {value} 回報告しました。拒否した\
                    のは ::1 です。",
                ),
            )
            .independent(),
            Test::new(
                S::TargetSuccessShare,
                AtLeast(0.5),
                Text::new(
                    "The same targets answered {value} of their requests in the \
                    window, so they do listen.",
                    "同じターゲットはこの期間のリクエストの {value} に応答しており、待\
                    ち受けています。",
                ),
            ),
            Test::new(
                S::FirstAnswerShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of these requests went to a target that began to answer \
                    within minutes.",
                    "これらのリクエストの {value} は、数分以内に応答を始めたターゲットへ\
                    のものです。",
                ),
            ),
        ],
        rivals: &[
            Rival {
                slug: "app-crash",
                separates: Text::new(
                    "Whether the process had ever answered since it started.",
                    "プロセスが起動後に一度でも応答していたかどうかです。",
                ),
            },
            Rival {
                slug: "deploy-without-drain",
                separates: Text::new(
                    "Whether the refusing address had answered before.",
                    "接続を拒否したアドレスが、以前は応答していたかどうかです。",
                ),
            },
            Rival {
                slug: "slow-startup",
                separates: Text::new(
                    "Whether the process begins to answer by itself a little later.",
                    "しばらくすると、プロセスが自ら応答を始めるかどうかです。",
                ),
            },
            Rival {
                slug: "localhost-resolves-to-ipv6",
                separates: Text::new(
                "Whether 127.0.0.1 answers on the same port (ss -ltn, curl http://127.0.0.1:PORT/).",
                "同じポートで 127.0.0.1 が応答するかどうかです(\
                ss -ltn、curl http://127.0.0.1:PORT/)。",
                ),
            },
        ],
        visible: &[
            visibility::SUCCESSES,
            visibility::LISTEN,
            visibility::LISTENERS,
            visibility::NEW_TARGETS,
            visibility::DEPLOYS,
        ],
    },
    predicts: Predicts::By(&[Rule::Look(listening::loopback)]),
    drill: Drill::Runs(&[
        Scenario {
            name: "nginx-node-port-taken",
            happens: Text::new(
                "Something else on the host has taken the application's port, so that the \
            application cannot listen and ends.",
                "ホスト上の別のプロセスがアプリケーションのポートを使っているため、アプリケーシ\
            ョンは待ち受けられずに終了します。",
            ),
            cure: Text::new(
                "The other process has a port of its own.",
                "別のプロセスには専用のポートを割り当てます。",
            ),
            hosts: &[
                Host::new(
                    "app",
                    &[
                        Part::new(Server::Node, "exporter", 0, EXPORTER)
                            .options(&["PORT={{exporter}}"]),
                        Part::new(Server::Node, "node", 3000, APP)
                            .stopped()
                            .restarts()
                            .when(When::Fault),
                        Part::new(Server::Node, "node", 3000, APP).when(When::Remedy),
                    ],
                ),
                Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, ONE)]),
            ],
            router: None,
            knobs: &[Knob { name: "exporter", fault: "3000", remedy: "9100" }],
            steps: &[Step::at("0", Action::Start { part: "app/node" }).when(When::Fault)],
            load: Load { lasts: "4000", ..STEADY },
            expect: Expect::failing(0.9, &[502]),
            everyday: false,
        },
        Scenario {
            name: "envoy-gunicorn-loopback",
            happens: Text::new(
                "gunicorn listens on 127.0.0.1:8000, which is its default, and Envoy comes from \
            another host.",
                "gunicorn が既定の 127.0.0.1:8000 で待ち受け、Envoy は別のホストから接続します\
            。",
            ),
            cure: Text::new(
                "gunicorn listens on all addresses.",
                "gunicorn がすべてのアドレスで待ち受けます。",
            ),
            hosts: &[
                Host::new(
                    "app",
                    &[Part::new(Server::Gunicorn, "gunicorn", 8000, WSGI)
                        .options(&["--bind {{bind}}:8000"])],
                ),
                Host::new("gateway", &[Part::new(Server::Envoy, "envoy", 8080, ENVOY)]),
            ],
            router: None,
            knobs: &[Knob { name: "bind", fault: "127.0.0.1", remedy: "0.0.0.0" }],
            steps: &[],
            load: STEADY,
            expect: Expect::failing(1.0, &[503]),
            everyday: true,
        },
    ]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Look inside the target which address and port the process listens \
                on.",
                "ターゲットの中で、プロセスが待ち受けているアドレスとポートを確認し\
                ます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "ss -ltnp",
            verify: Text::new(
                "The line shows 0.0.0.0 or [::] and the port that the gateway uses.",
                "0.0.0.0 または [::] と、ゲートウェイが使うポートが表示されます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Cloud Run",
            action: Text::new(
                "Listen on 0.0.0.0 and on the port in PORT.",
                "0.0.0.0 で、環境変数 PORT のポートを待ち受けます。",
            ),
            setting: "PORT",
            direction: Direction::Set,
            snippet: "server.listen(Number(process.env.PORT ?? 8080), '0.0.0.0');",
            verify: Text::new("The revision becomes ready.", "リビジョンが準備完了になります。"),
            arithmetic: None,
        },
        Remedy {
            product: "gunicorn",
            action: Text::new(
                "Bind all addresses instead of the default 127.0.0.1:8000.",
                "既定の 127.0.0.1:8000 ではなく、すべてのアドレスで待ち受けます。",
            ),
            setting: "bind",
            direction: Direction::Set,
            snippet: "gunicorn --bind 0.0.0.0:8080 app:app",
            verify: Text::new(
                "curl from another host or container is answered.",
                "別のホストやコンテナからの curl に応答があります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Kubernetes",
            action: Text::new(
                "Give slow starters time, and send nothing before the first \
                success.",
                "起動の遅いものには時間を与え、最初の成功まで何も送りません。",
            ),
            setting: "startupProbe",
            direction: Direction::Set,
            snippet: "startupProbe:
  httpGet: { path: /ready, port: 8080 }
  failureThreshold: 60
  periodSeconds: 2",
            verify: Text::new(
                "No refused connection during the next start.",
                "次の起動時に接続拒否が出なければ有効です。",
            ),
            arithmetic: None,
        },
    ],
};

const APP: &str = r"
const { PORT, HOST = '0.0.0.0' } = process.env;
const line = (...words) => console.log(new Date().toISOString(), ...words);
const server = require('http').createServer((request, response) => response.end('ok'));
server.on('error', (error) => { line(error); process.exit(1); });
server.listen(PORT, HOST, () => line(`Listening on http://${HOST}:${PORT}`));
";

const EXPORTER: &str = r"
require('http').createServer((request, response) => response.end('up 1'))
  .listen(process.env.PORT, '127.0.0.1');
";

const WSGI: &str = r#"
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
"#;

const ONE: &str = r"
upstream app { server {{ip:app}}:3000; }
server { listen 8080; location / { proxy_pass http://app; } }
";

const ENVOY: &str = envoy_routes!(
    r#"              - match: {prefix: "/"}
                route: {cluster: app}
"#,
    "    {{members:app:8000}}\n"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, judge};

    #[test]
    fn fires_when_the_new_target_never_answers() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 30.0),
                    (S::TargetSuccessShare, 0.0),
                    (S::NewTargetShare, 1.0),
                    (S::DeployLead, 30.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::NewTargetShare, S::DeployLead],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn proved_by_the_platforms_report() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 3.0), (S::ListenFailures, 1.0)]),
            Judgement::Holds { supports: vec![S::ListenFailures], independent: true, proved: true }
        );
    }

    #[test]
    fn supported_by_a_process_that_says_it_listens_on_loopback() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 60.0), (S::TargetSuccessShare, 0.0), (S::LoopbackListeners, 1.0)]
            ),
            Judgement::Holds {
                supports: vec![S::LoopbackListeners],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_the_target_answers_others() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 30.0), (S::TargetSuccessShare, 0.97)]),
            Judgement::Excluded(S::TargetSuccessShare)
        );
    }

    #[test]
    fn quiet_when_it_answered_some() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::Failures, 30.0), (S::TargetSuccessShare, 0.2), (S::ListenFailures, 0.0)]
            ),
            Judgement::NotThis(S::TargetSuccessShare)
        );
    }

    #[test]
    fn the_crash_holds_there() {
        assert_eq!(
            judge(
                &crate::causes::app_crash::CAUSE,
                &[
                    (S::Failures, 30.0),
                    (S::TargetSuccessShare, 0.2),
                    (S::ProcessExits, 1.0),
                    (S::ExitAlignedShare, 0.8)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::ExitAlignedShare],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn blind_on_error_logs_alone() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 30.0)]),
            Judgement::CannotTell(vec![S::TargetSuccessShare, S::ListenFailures])
        );
    }
}
