//! # Health check asks for the wrong thing
//!
//! ## What happens
//!
//! The targets serve users well, and the load balancer takes them out all the same, because what
//! its health check asks for is not what they serve: a path that a release removed, one that
//! redirects or asks for a login, a Host field the application does not know, a port on which
//! nothing listens. When the last one is out, every request is refused at once, while the targets
//! are idle.
//!
//! ## How it shows
//!
//! - HAProxy: `Server b/s is DOWN, reason: Layer7 wrong status, code: 404` (`L7STS`) for one server
//!   after the other within seconds, then `backend b has no server available!` and `<NOSRV>`, `SC`,
//!   `503`. Until then the same servers answer `200`.
//! - AWS: target health reason `Target.ResponseCodeMismatch` with `[404]`, `[301]`, `[401]`; an ALB
//!   then fails open and users may notice nothing.
//! - Envoy: `UH`, `503`; the health check event log has `failure_type` `ACTIVE`.
//! - Apache httpd with `mod_proxy_hcheck`: `AH03302: Threaded Health check DISABLING`, then `All
//!   workers are in error state`, `503`.
//! - The targets' own access logs: the checker's requests with `404`, everybody else's with `200`.
//!
//! ## What it is mistaken for
//!
//! - `no-healthy-targets` names the symptom: all are marked down. It is the whole story where the
//!   checks fail with a timeout, a refusal or a `5xx`: there the target itself is not well.
//! - `passive-ejection-cascade`: the proxy took targets out for failed requests of users, not of a
//!   checker.
//! - A wrong port in the check looks like a target that is down (`Layer4 connection problem`); only
//!   the requests it served until that second, and a try by hand, tell.
//!
//! ## Before it happens
//!
//! - A check path that is a page of the application, and so changes with it; one that redirects to
//!   https or to a login.
//! - A matcher of `200` only; `option httpchk` without a Host field (HTTP/1.0 has none).
//! - A check port that is not the serving port; a check of the database inside it.
//! - `why502 check` compares the port of each check with those that the target listens on.
//!
//! ## Reproduce it
//!
//! `why502 drill health-check-misconfigured`: HAProxy asks two servers for `/health`, which they
//! answer with `404`. All requests are `503`. With `/healthz`, which exists, none is.
//!
//! ## Remedy
//!
//! 1. Ask a target what the check asks, from the load balancer's host, with its path, port and Host
//!    field: `curl -i http://TARGET:PORT/PATH`. The status is the one in the log.
//! 2. Correct path, port, Host field or expected status in the check; keep a route for it that no
//!    release removes. The targets are up again after rise times interval.
//! 3. Decide what happens when all are down (Envoy `healthy_panic_threshold`, HAProxy `backup`). A
//!    wrong check is then no outage.
//!
//! ## Sources
//!
//! - HAProxy configuration manual, `option httpchk`, `http-check expect`; check results `L7STS`,
//!   `L4CON`.
//! - AWS, target group health checks, reason codes:
//!   <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html>
//! - Envoy, health checking and panic threshold; Apache `mod_proxy_hcheck`.
//! - HAProxy 2.6, Apache 2.4 and Envoy 1.40 were observed.

use model::Condition::AtLeast;
use model::config::Rule;
use model::{
    Arrivals, Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part,
    Place, Predicts, Protocol, Remedy, Scenario, Server, Shows, Signal as S, Test, Text,
};

use crate::rules::checked_port;
use crate::{sentences, visibility};

/// Health check asks for the wrong thing: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "health-check-misconfigured",
    title: Text::new("Health check asks for the wrong thing", "ヘルスチェックの設定誤り"),
    explanation: Text::new(
        "The health check asked the targets for something they do not serve, so that targets in \
        good order were taken out.",
        "ヘルスチェックがターゲットの提供していないものを要求したため、正常なターゲットが外され\
        ました。",
    ),
    place: Place::Routing,
    statuses: &[502, 503],
    leads_to: &["no-healthy-targets"],
    source: include_str!("health_check_misconfigured.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::NoHealthyTarget, M::NoTarget])],
        claims_effects: false,
        needs: &[Test::new(
            S::CheckRefusals,
            AtLeast(1.0),
            Text::new(
                "{value} checks failed because the target answered them with a redirect or a client \
                error (3xx, 4xx): it was there and did not know what they asked for.",
                "{value} 件のチェックは、ターゲットがリダイレクトまたはクライアントエラー(3xx、4xx)を\
                返したために失敗しました。動作していますが、要求されたものを知りません。",
            ),
        )
        .independent()
        .otherwise(Text::new(
            "{value} checks failed for a 3xx or 4xx answer.",
            "3xx または 4xx の応答で失敗したチェックは {value} 件です。",
        ))],
        supports: &[
            Test::new(
                S::NoServerLeft,
                AtLeast(1.0),
                Text::new(
                    "The proxy reported {value} times that a group had no server left.",
                    "プロキシは、グループに使えるサーバーがないと {value} 回報告しました。",
                ),
            )
            .independent(),
            Test::new(
                S::ShortWaitShare,
                AtLeast(0.9),
                sentences::NO_ATTEMPT,
            ),
        ],
        rules_out: &[],
        rivals: &[],
        visible: &[visibility::CHECKS, visibility::NO_SERVER_LEFT],
    },
    predicts: Predicts::By(&[Rule::Look(checked_port::port)]),
    drill: Drill::Runs(&[HAPROXY]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Ask a target what the check asks, and correct the check's path, port, Host field \
                or expected status.",
                "チェックと同じ要求をターゲットに送り、チェックのパス、ポート、Host、期待するステ\
                ータスを直します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "curl -si http://TARGET:PORT/HEALTH-PATH | head -1",
            verify: Text::new(
                "The answer is the status that the check expects.",
                "チェックが期待するステータスが返ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "HAProxy",
            action: Text::new(
                "Let the check ask for a route that exists, with a Host field.",
                "存在するパスを Host 付きで要求するようにチェックを直します。",
            ),
            setting: "option httpchk",
            direction: Direction::Set,
            snippet: "option httpchk\nhttp-check send meth GET uri /healthz ver HTTP/1.1 hdr Host \
            app.example.com\nhttp-check expect status 200-299",
            verify: Text::new(
                "The log says: is UP, reason: Layer7 check passed.",
                "ログに「is UP, reason: Layer7 check passed」が出ます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS ALB",
            action: Text::new(
                "Correct the path and the matcher of the target group.",
                "ターゲットグループのパスとマッチャーを直します。",
            ),
            setting: "HealthCheckPath",
            direction: Direction::Set,
            snippet: "aws elbv2 modify-target-group --target-group-arn ARN --health-check-path \
            /healthz --matcher HttpCode=200-299",
            verify: Text::new(
                "describe-target-health shows healthy.",
                "describe-target-health が healthy になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Envoy",
            action: Text::new(
                "Correct the check, and let traffic flow when all targets are marked unhealthy.",
                "チェックを直し、全ターゲットが異常と判定されたときも転送されるようにします。",
            ),
            setting: "healthy_panic_threshold",
            direction: Direction::Set,
            snippet: "health_checks:\n- http_health_check: { path: /healthz }\ncommon_lb_config: { \
            healthy_panic_threshold: { value: 50 } }",
            verify: Text::new("No UH any more.", "UH が出なくなれば解消です。"),
            arithmetic: None,
        },
    ],
};

const HEALTHZ_SERVER: &str = "const server = require('http').createServer((request, response) => {
  if (request.url === '/health') response.statusCode = 404;
  response.end('ok\\n');
});
server.listen(8080, () => console.log('Listening on http://0.0.0.0:8080'));
";

const CHECKING_EDGE: &str = "defaults
  mode http
  log global
  option httplog
  timeout connect 2s
  timeout client 10s
  timeout server 10s
frontend edge
  bind :8080
  default_backend api
backend api
  option httpchk GET {{path}}
  server api-1 {{ip:api-1}}:8080 check inter 500ms fall 2
  server api-2 {{ip:api-2}}:8080 check inter 500ms fall 2
";

const HAPROXY: Scenario = Scenario {
    name: "haproxy-node",
    happens: Text::new(
        "HAProxy checks /health, which the servers answer with 404.",
        "HAProxy が /health を確認しますが、サーバーは 404 を返します。",
    ),
    cure: Text::new(
        "The check asks for /healthz, which exists.",
        "存在する /healthz を確認するようにします。",
    ),
    hosts: &[
        Host::new("api-1", &[Part::new(Server::Node, "api", 8080, HEALTHZ_SERVER)]),
        Host::new("api-2", &[Part::new(Server::Node, "api", 8080, HEALTHZ_SERVER)]),
        Host::new("edge", &[Part::new(Server::HAProxy, "haproxy", 8080, CHECKING_EDGE)]),
    ],
    router: None,
    knobs: &[Knob { name: "path", fault: "/health", remedy: "/healthz" }],
    steps: &[],
    load: Load {
        target: "edge:8080",
        protocol: Protocol::Http1,
        keep_alive: true,
        arrivals: Arrivals::Constant { rate: "10" },
        lasts: "6000",
        patience: "5000",
        requests: &[Ask::new("GET", "/api/items"), Ask::new("GET", "/api/cart")],
    },
    expect: Expect::failing(0.5, &[503]),
    everyday: true,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_checks_are_answered_with_404() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 49.0),
                    (S::CheckRefusals, 2.0),
                    (S::HealthDowns, 2.0),
                    (S::NoServerLeft, 1.0)
                ]
            ),
            Judgement::Holds { supports: vec![S::NoServerLeft], independent: true, proved: false }
        );
    }

    #[test]
    fn quiet_when_the_checks_were_refused() {
        let seen = [(S::Failures, 49.0), (S::CheckRefusals, 0.0), (S::HealthDowns, 2.0)];
        assert_eq!(judge(&CAUSE, &seen), Judgement::NotThis(S::CheckRefusals));
        assert!(matches!(
            judge(&crate::causes::no_healthy_targets::CAUSE, &seen),
            Judgement::Holds { independent: true, .. }
        ));
    }

    #[test]
    fn blind_without_the_notices() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 49.0)]),
            Judgement::CannotTell(vec![S::CheckRefusals])
        );
    }

    #[test]
    fn an_ejection_is_not_a_check() {
        assert_eq!(claims(&CAUSE, Seen::of(M::AllTargetsEjected, 502)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::NoHealthyTarget, 503)), Some(false));
    }
}
