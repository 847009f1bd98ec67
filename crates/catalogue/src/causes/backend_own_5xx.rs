//! # Backend answered with the error itself
//!
//! ## What happens
//!
//! The gateway did its work: it reached the target, got a complete, valid answer, and passed it
//! on. The status in the answer is a 5xx. Looking at the gateway's settings is a waste of time
//! here; the next question goes to the component behind it.
//!
//! That component may itself be a gateway (a sidecar, an ingress, an API gateway), whose 502,
//! 503 or 504 has a cause of its own. Then its log has to be read the same way, one hop further
//! in.
//!
//! ## How it shows
//!
//! - AWS ALB: `target_status_code` equal to `elb_status_code`. CLB: `backend_status_code`.
//! - nginx: `$upstream_status` equal to `$status`, no line in the error log.
//! - Envoy: flag `-`, details `via_upstream`.
//! - Google Cloud Load Balancing: `statusDetails` `response_sent_by_backend`.
//! - HAProxy: flags `--` with a 5xx and a real `Tr`.
//! - API Gateway: `integrationStatus` equal to `status`.
//! - CloudFront: `OriginError`. A plain `Error` is whatever fits no other word, an answer out of the
//!   cache too: that the origin wrote it is likely and no more, until the origin's own log has it.
//! - Cloud Run: a 5xx without one of the platform's own messages. PHP-FPM: `FastCGI sent in
//!   stderr: "PHP message: …"`.
//!
//! ## What it is mistaken for
//!
//! - Errors that the gateway writes itself: target status `-`, or none. Those have a cause
//!   between the gateway and the target.
//! - A fixed answer, a maintenance page or a limit configured in a proxy in between
//!   (`limit_req` answers `503`): the `Server` field and the body show who wrote it.
//! - Deeper causes such as `bad-release`, `app-crash` or `nat-port-exhaustion` make
//!   applications answer with a 5xx; where evidence for them exists they are shown in front of
//!   this one.
//!
//! ## Before it happens
//!
//! - Error handling that turns every exception into 500, and every failing call into 502 or
//!   503, without writing down why.
//! - Readiness that stays true while a dependency is missing.
//! - No request id passed on, so that the error in the application's log cannot be found.
//!
//! ## Reproduce it
//!
//! `why502 drill backend-own-5xx`: a setting is missing in the environment of a Node.js or
//! gunicorn application, so that one route throws and answers `500`, which nginx, HAProxy or
//! Envoy passes on. With the setting all pass. Stop the application instead, and the error is
//! the gateway's own: `502` with an error line.
//!
//! ## Remedy
//!
//! 1. Take one failing request's id to the application's log at the same second and read the
//!    error. The stack trace has a name.
//! 2. If a proxy answered (look at the `Server` field and the body), add its log to the
//!    evidence and ask again. The verdict moves one hop inwards.
//! 3. Fix what the error names. The rate falls on the path where it was highest.
//!
//! ## Sources
//!
//! - AWS, Access logs for your Application Load Balancer (`target_status_code`):
//!   <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html>
//! - Google Cloud, Application Load Balancer logging, `response_sent_by_backend`.
//! - Envoy, response code details (`via_upstream`); nginx `ngx_http_upstream_module` variables;
//!   RFC 9110 section 15.6.

use model::Condition::AtLeast;
use model::{
    Ask, Author, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part,
    Place, Predicts, Remedy, Scenario, Server, Shows, Signal as S, Test, Text,
};

use crate::drills::{STEADY, envoy_routes};
use crate::{sentences, visibility};

/// Backend answered with the error itself: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "backend-own-5xx",
    title: Text::new("Backend answered with the error itself", "バックエンド自身のエラー応答"),
    explanation: Text::new(
        "The gateway passed on a complete answer; the error status was \
        written behind it.",
        "ゲートウェイは完全な応答を中継しただけで、エラーの状態コードは背後\
        で書かれました。",
    ),
    place: Place::Process,
    statuses: &[500, 501, 502, 503, 504, 505, 507, 508, 511],
    leads_to: &[],
    source: include_str!("backend_own_5xx.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::StatusFromUpstream]).authors(&[Author::Behind]).states(),
            Claim::of(&[M::StatusFromApplication]).states(),
            // Who wrote it is inferred: CloudFront's `Error` is whatever has no word of its own.
            Claim::of(&[M::StatusFromUpstream]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::Failures,
            AtLeast(1.0),
            Text::new(
                "{value} answers with an error status came from behind the gateway.",
                "エラーの状態コードを持つ応答 {value} 件が、ゲートウェイの背後から\
                届きました。",
            ),
        )],
        supports: &[
            Test::new(S::ApplicationErrors, AtLeast(1.0), sentences::UNHANDLED_ERRORS)
                .independent(),
            Test::new(
                S::EgressFailures,
                AtLeast(1.0),
                Text::new(
                    "{value} outward calls of the application failed in the window.",
                    "この期間にアプリケーションの外向き通信 {value} 件が失敗しました。",
                ),
            )
            .independent(),
            Test::new(
                S::DatabaseLimits,
                AtLeast(1.0),
                Text::new(
                    "The database or its pool refused {value} connections in the \
                    window.",
                    "この期間に、データベースまたはそのプールが {value} 件の接続を拒否\
                    しました。",
                ),
            )
            .independent(),
            Test::new(S::TopPathShare, AtLeast(0.8), sentences::ONE_PATH),
        ],
        rules_out: &[],
        rivals: &[],
        visible: &[visibility::APP_ERRORS, visibility::EGRESS],
    },
    predicts: Predicts::Never("No setting tells: the application decides what it answers."),
    drill: Drill::Runs(&[
        NGINX_NODE,
        Scenario {
            name: "haproxy-gunicorn",
            happens: Text::new(
                "A setting is missing in the application's environment: one route throws and \
            answers 500, and HAProxy passes that on.",
                "アプリケーションの環境変数が 1 つ欠けており、ある経路が例外を投げて 500 を返し\
            、HAProxy はそれを中継します。",
            ),
            hosts: &[
                Host::new(
                    "app",
                    &[Part::new(Server::Gunicorn, "gunicorn", 3000, WSGI)
                        .options(&["{{setting}}"])],
                ),
                Host::new("gateway", &[Part::new(Server::HAProxy, "haproxy", 8080, HAPROXY)]),
            ],
            ..NGINX_NODE
        },
        Scenario {
            name: "envoy-node",
            happens: Text::new(
                "A setting is missing in the application's environment: one route throws and \
            answers 500, and Envoy passes that on.",
                "アプリケーションの環境変数が 1 つ欠けており、ある経路が例外を投げて 500 を返し\
            、Envoy はそれを中継します。",
            ),
            hosts: &[
                Host::new(
                    "app",
                    &[Part::new(Server::Node, "node", 3000, APP).options(&["{{setting}}"])],
                ),
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
                "Look up one failing request's id, or its second, in the \
                application's log and read the error.",
                "失敗した 1 件のリクエストの ID または時刻をアプリケーションのログ\
                で探し、エラーを読みます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "The error has a message and a place in the code.",
                "エラーの内容とコード上の場所が分かります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "If another proxy wrote the answer, add its log to the evidence \
                and diagnose again.",
                "別のプロキシが書いた応答なら、そのログを証拠に加えて診断し直します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "curl -sv https://HOST/PATH -o /dev/null 2>&1 | grep -i '^< server'",
            verify: Text::new(
                "The diagnosis names a cause one hop further in.",
                "診断が 1 つ内側のホップの原因を示します。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "Log the upstream's status next to the own one, so that the two \
                can be told apart.",
                "自身の状態コードと並べてアップストリームの状態コードを記録し、両者\
                を区別できるようにします。",
            ),
            setting: "log_format",
            direction: Direction::Set,
            snippet: r#"log_format why502 '$remote_addr [$time_local] "$request" $status '
                  'us="$upstream_status" urt="$upstream_response_time"';"#,
            verify: Text::new(
                "Each 5xx line shows who wrote the status.",
                "5xx の各行で、誰が状態コードを書いたかが分かります。",
            ),
            arithmetic: None,
        },
    ],
};

const NGINX_NODE: Scenario = Scenario {
    name: "nginx-node",
    happens: Text::new(
        "A setting is missing in the application's environment: one route throws and \
            answers 500, and nginx passes that on.",
        "アプリケーションの環境変数が 1 つ欠けており、ある経路が例外を投げて 500 を返し\
            、nginx はそれを中継します。",
    ),
    cure: Text::new("The setting is there.", "その環境変数を設定します。"),
    hosts: &[
        Host::new("app", &[Part::new(Server::Node, "node", 3000, APP).options(&["{{setting}}"])]),
        Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, GATEWAY)]),
    ],
    router: None,
    knobs: &[Knob { name: "setting", fault: "", remedy: "CURRENCY=eur" }],
    steps: &[],
    load: Load {
        requests: &[Ask::new("GET", "/orders").weight(3), Ask::new("GET", "/prices")],
        ..STEADY
    },
    expect: Expect::failing(0.2, &[500]).at_most(0.3),
    everyday: true,
};

const APP: &str = r"
const prices = { tea: 4 };
require('http').createServer((request, response) => {
  try {
    if (request.url !== '/prices') return response.end('ok');
    response.end(`${process.env.CURRENCY.toUpperCase()} ${prices.tea}`);
  } catch (error) {
    console.error(new Date().toISOString(), error);
    response.writeHead(500).end('internal error');
  }
}).listen(process.env.PORT);
";

const WSGI: &str = r#"
import os

def app(environ, start_response):
    body = "ok"
    if environ["PATH_INFO"] == "/prices":
        body = os.environ["CURRENCY"].upper() + " 4"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body.encode()]
"#;

const GATEWAY: &str = r"
upstream app { server {{ip:app}}:3000; }
server { listen 8080; location / { proxy_pass http://app; } }
";

const HAPROXY: &str = r"
defaults
  mode http
  log global
  option httplog
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
    fn fires_with_the_applications_errors_beside_it() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 90.0),
                    (S::StatedShare, 1.0),
                    (S::ApplicationErrors, 88.0),
                    (S::TopPathShare, 0.95)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::ApplicationErrors, S::TopPathShare],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn without_the_application_log_nothing_independent_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 90.0)]),
            Judgement::Holds { supports: vec![], independent: false, proved: false }
        );
    }

    #[test]
    fn a_status_passed_on_states_it() {
        assert_eq!(claims(&CAUSE, Seen::of(M::StatusFromUpstream, 503)), Some(true));
    }

    #[test]
    fn an_error_of_the_gateway_is_not_claimed() {
        assert_eq!(claims(&CAUSE, Seen::of(M::Unspecified, 502)), None);
    }

    #[test]
    fn a_refused_connection_is_not_claimed() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectRefused, 502)), None);
    }
}
