//! # Bad release
//!
//! ## What happens
//!
//! A new version is broken: it throws on a route, misses a secret or a migration, answers with
//! a wrong format, needs more memory or time than it has, or does not start. Failures begin
//! when it takes traffic, rise with its share of the traffic, stay as long as it runs, and end
//! with the rollback. The gateway's configuration has nothing to do with it, although the
//! gateway is where it is seen.
//!
//! ## How it shows
//!
//! - All dialects: a step at the time of the deploy, and a clear difference between the
//!   versions. Cloud Run names `revision_name` in each request entry; Kubernetes and ECS show
//!   new target addresses.
//! - Errors the application writes itself: ALB target status `500`, nginx `$upstream_status`
//!   equal to `$status`, Envoy `via_upstream`, Google Cloud `response_sent_by_backend`.
//! - Errors of a version that does not stay up: Cloud Run `503` `The request failed because
//!   either the HTTP response was malformed or connection to the instance had an error.`, nginx
//!   `(111: Connection refused)`, Kubernetes `CrashLoopBackOff`.
//! - GraphQL: a client of the version before asks for what the new schema does not have. Such a request
//!   is refused as a whole, with `400`, or with `200` and `errors` where the media type of the answer is
//!   `application/json`; a page that is rendered on a server from it becomes its own `500`.
//! - Application logs: a new stack trace whose first occurrence is in the minute of the deploy.
//!
//! ## What it is mistaken for
//!
//! - `config-change-regression`: no version but a setting of the path was changed last.
//! - `deploy-surge`: begins at the deploy too, but ends by itself within about 20 minutes and
//!   hits old and new instances. A bad release stays and hits the new version.
//! - `deploy-without-drain`: seconds per stopping old instance. A bad release fails on new
//!   ones.
//! - An outage of something the service calls, at the same time by chance: the old version, and
//!   other services, fail as well.
//! - A change of configuration, secret or certificate at the same time: rolling the version
//!   back does not help.
//!
//! ## Before it happens
//!
//! - No step in which the new version gets a small share of the traffic and is watched.
//! - Health checks that pass although the application cannot serve: a static `/health`, a TCP
//!   check.
//! - Fields, arguments or values of a GraphQL schema that are removed without having been `@deprecated`
//!   for as long as clients that use them run: the front end of the version before, pages that are
//!   open, apps that are installed. `why502 check --since REVISION` compares the schemas.
//! - Migrations that the old or the new version cannot work with; settings that exist in one
//!   environment only.
//!
//! ## Reproduce it
//!
//! `why502 drill bad-release`. Two instances behind nginx or HAProxy are replaced by a revision that
//! needs a variable nobody has set, and answers `500`. Failures start with the first request that
//! reaches it. With the variable set, the same roll-out goes unnoticed.
//!
//! ## Remedy
//!
//! 1. Roll back. The failure rate returns to its former level within a minute or two of the
//!    traffic moving; if it does not, it was not the release.
//! 2. Read the new version's first errors and fix them; deploy to a small share and compare the
//!    versions. The error ratio of the new version equals the old one's.
//! 3. Make the roll-out stop by itself: a readiness check that exercises what the version
//!    needs, and automatic rollback on the error ratio. A broken version never gets beyond the
//!    first step.
//!
//! ## Sources
//!
//! - Google Cloud, rollbacks, gradual rollouts and traffic migration:
//!   <https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration>
//! - Kubernetes, Deployments, "Rolling Back a Deployment":
//!   <https://kubernetes.io/docs/concepts/workloads/controllers/deployment/>
//! - AWS, Amazon ECS deployment circuit breaker.
//! - GraphQL specification, September 2025, sections "Validation" and "@deprecated":
//!   <https://spec.graphql.org/September2025/>; GraphQL over HTTP, "Status Codes":
//!   <https://github.com/graphql/graphql-over-http/blob/main/spec/GraphQLOverHTTP.md>

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Action, Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part,
    Place, Predicts, Remedy, Rival, Rollout, Scenario, Server, Shows, Signal as S, Step, Test,
    Text,
};

use crate::drills::{HAPROXY_CHECKED, NGINX_ORDERS, STEADY};
use crate::rules::graphql;
use crate::{sentences, visibility};

/// Bad release: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "bad-release",
    title: Text::new("Bad release", "不具合のあるリリース"),
    explanation: Text::new(
        "A new version is broken, and its share of the requests fails \
        until it is rolled back.",
        "新しい版に不具合があり、切り戻すまでその版へのリクエストが失敗し続\
        けます。",
    ),
    place: Place::Release,
    statuses: &[500, 502, 503, 504],
    leads_to: &[
        "app-crash",
        "oom-kill",
        "app-not-listening",
        "no-healthy-targets",
        "target-response-timeout",
        "response-header-too-large",
        "malformed-response",
        "worker-pool-saturated",
        "lambda-malformed-response",
        "lambda-function-error",
        "backend-own-5xx",
    ],
    source: include_str!("bad_release.rs"),
    shows: Shows {
        claims: &[Claim::of(&[
            M::StatusFromUpstream,
            M::StatusFromApplication,
            M::InstanceConnectionError,
            M::NoInstance,
            M::InstanceStartFailed,
        ])],
        claims_effects: true,
        needs: &[
            Test::new(S::DeployLead, AtMost(1800.0), sentences::AFTER_DEPLOY).otherwise(Text::new(
                "No deploy came in the 30 minutes before the first failure.",
                "最初の失敗の前 30 分以内にデプロイはありません。",
            )),
            Test::new(
                S::NewTargetShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of the failures are on targets or revisions that had just \
                    appeared.",
                    "失敗の {value} が、現れたばかりのターゲットまたはリビジョンで起き\
                    ています。",
                ),
            )
            .otherwise(Text::new(
                "Only {value} of the failures are on targets or revisions that had \
just appeared, and they ended by themselves.",
                "現れたばかりのターゲットまたはリビジョンでの失敗は {value} だけで\
、失敗は自然に収まりました。",
            ))
            .or(&Test::new(
                S::Recovers,
                AtMost(0.0),
                Text::new(
                    "The failures have not ended by themselves.",
                    "失敗は自然には収まっていません。",
                ),
            )),
        ],
        supports: &[
            Test::new(
                S::NewTargetShare,
                AtLeast(0.8),
                Text::new(
                    "{value} of the failures are on targets or revisions that had just \
                    appeared.",
                    "失敗の {value} が、現れたばかりのターゲットまたはリビジョンで起き\
                    ています。",
                ),
            ),
            Test::new(S::ApplicationErrors, AtLeast(1.0), sentences::UNHANDLED_ERRORS)
                .independent(),
            Test::new(
                S::DeployLead,
                AtMost(300.0),
                Text::new(
                    "It began within minutes: the first failure came {value} after a \
deploy.",
                    "始まりは直後です。最初の失敗はデプロイの {value} 後でした。",
                ),
            )
            .independent(),
        ],
        rules_out: &[
            Test::new(
                S::Recovers,
                AtLeast(1.0),
                Text::new(
                    "The failures ended by themselves, without a further deploy; a \
                    broken version stays broken.",
                    "失敗は追加のデプロイなしに自然に収まりました。壊れた版なら続くはず\
                    です。",
                ),
            ),
            Test::new(
                S::NewTargetShare,
                AtMost(0.1),
                Text::new(
                    "Only {value} of the failures are on what was newly deployed.",
                    "新しくデプロイされたものでの失敗は {value} だけです。",
                ),
            ),
            Test::new(
                S::VanishedTargetShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of the failures are on targets that were being replaced.",
                    "失敗の {value} が、置き換えられる側のターゲットで起きています。",
                ),
            ),
            Test::new(
                S::StopConfinedShare,
                AtLeast(0.9),
                Text::new(
                    "{value} of the failures came within 30 s after an instance was \
told to stop or a deploy completed; a broken version fails at any \
time.",
                    "失敗の {value} が、インスタンスの停止指示またはデプロイ完了から \
30 秒以内でした。壊れた版ならいつでも失敗します。",
                ),
            ),
        ],
        rivals: &[
            Rival {
                slug: "config-change-regression",
                separates: Text::new(
                    "Whether a new version was the last thing before the failures, or a changed setting \
                    of the path.",
                    "失敗の直前にあったのが新しいバージョンの公開か、経路の設定変更かです。",
                ),
            },
            Rival {
                slug: "deploy-surge",
                separates: Text::new(
                    "Whether the failures end by themselves within 20 minutes, or stay \
                    until a rollback.",
                    "20 分以内に自然に収まるか、切り戻すまで続くかです。",
                ),
            },
            Rival {
                slug: "deploy-without-drain",
                separates: Text::new(
                    "Which version fails: the old one for seconds, or the new one for \
                    good.",
                    "失敗する版です。古い版が数秒だけか、新しい版がずっとかで分かれます。",
                ),
            },
        ],
        visible: &[
            visibility::STOPS,
            visibility::DEPLOYS,
            visibility::NEW_TARGETS,
            visibility::RECOVERY,
            visibility::APP_ERRORS,
        ],
    },
    // A defect of code is in no setting; what a release takes away from running clients is in its
    // GraphQL schema.
    predicts: Predicts::By(&[Rule::Change(graphql::breaking_changes)]),
    drill: Drill::Runs(&[
        Scenario {
            name: "nginx-node",
            happens: Text::new(
                "The new revision of a Node.js service needs a variable that nobody has set, and \
                answers 500 to every order.",
                "Node.js サービスの新しいリビジョンに必要な環境変数が設定されておらず、注文のたびに 500 を\
                返します。",
            ),
            hosts: &[
                Host::new("app", &[Part::new(Server::Node, "orders", 3000, NODE_APP)])
                    .instances("2"),
                Host::new("gateway", &[Part::new(Server::Nginx, "gateway", 8080, NGINX_ORDERS)]),
            ],
            ..RELEASE
        },
        Scenario {
            name: "haproxy-gunicorn",
            happens: Text::new(
                "The new revision of a gunicorn service needs a variable that nobody has set, and \
                answers 500 to every order.",
                "gunicorn サービスの新しいリビジョンに必要な環境変数が設定されておらず、注文のたびに 500 を\
                返します。",
            ),
            hosts: &[
                Host::new("app", &[Part::new(Server::Gunicorn, "orders", 3000, WSGI_APP)])
                    .instances("2"),
                Host::new(
                    "gateway",
                    &[Part::new(Server::HAProxy, "gateway", 8080, HAPROXY_CHECKED)],
                ),
            ],
            ..RELEASE
        },
    ]),
    remedies: &[
        Remedy {
            product: "Cloud Run",
            action: Text::new(
                "Send the traffic back to the previous revision.",
                "トラフィックを前のリビジョンに戻します。",
            ),
            setting: "traffic",
            direction: Direction::Change,
            snippet: "gcloud run services update-traffic SERVICE --to-revisions=PREVIOUS=100",
            verify: Text::new(
                "The failure rate is back to its former level within two minutes.",
                "2 分以内に失敗率が元に戻れば、リリースが原因でした。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Kubernetes",
            action: Text::new(
                "Go back to the previous revision of the deployment.",
                "Deployment を前のリビジョンに戻します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "kubectl rollout undo deployment/NAME",
            verify: Text::new(
                "The failure rate is back to its former level when the rollback \
                has completed.",
                "切り戻しの完了後、失敗率が元に戻ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "Fix the first error the new version logged, then give it a small \
                share of the traffic and compare.",
                "新しい版が最初に記録したエラーを直し、少量のトラフィックで新旧を比\
                較します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "The new version's error ratio equals the old one's over a \
                thousand requests.",
                "1,000 リクエストで、新しい版のエラー率が古い版と同じになります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "Let the roll-out stop by itself: a readiness check that exercises \
                what the version needs, and automatic rollback on errors.",
                "必要な機能を実際に確かめる準備状態のチェックと、エラー時の自動切り\
                戻しを設定します。",
            ),
            setting: "",
            direction: Direction::Set,
            snippet: "",
            verify: Text::new(
                "A deliberately broken version never gets beyond the first step.",
                "わざと壊した版が最初の段階より先へ進まなければ有効です。",
            ),
            arithmetic: None,
        },
    ],
};

const RELEASE: Scenario = Scenario {
    name: "",
    happens: Text::new("", ""),
    cure: Text::new(
        "The revision is deployed with the variable it needs.",
        "必要な環境変数を設定したリビジョンをデプロイします。",
    ),
    hosts: &[],
    router: None,
    knobs: &[Knob { name: "billing", fault: "", remedy: "http://billing.internal/" }],
    steps: &[Step::at(
        "2000",
        Action::Rollout(Rollout {
            host: "app",
            gateways: &["gateway/gateway"],
            pace: "0",
            ready: "",
            drain: "1000",
            grace: "3000",
            environment: &["REVISION=2", "BILLING_URL={{billing}}"],
        }),
    )],
    load: Load {
        lasts: "7000",
        patience: "5000",
        requests: &[Ask::new("GET", "/orders").weight(3), Ask::new("GET", "/health")],
        ..STEADY
    },
    expect: Expect::failing(0.1, &[500]),
    everyday: true,
};

const NODE_APP: &str = r"
const http = require('http');
const say = (text) => console.log(`${new Date().toISOString()} ${text}`);
const server = http.createServer((request, response) => {
  try {
    if (request.url === '/orders' && process.env.REVISION === '2') {
      response.setHeader('Link', `<${new URL('/invoices', process.env.BILLING_URL)}>`);
    }
    response.end('{}\n');
  } catch (error) {
    console.error(new Date().toISOString(), error);
    response.writeHead(500).end();
  }
});
server.listen(process.env.PORT, () => say(`listening on port ${process.env.PORT}`));
process.on('SIGTERM', () => {
  say('SIGTERM received, closing');
  server.close(() => process.exit(0));
});
";

const WSGI_APP: &str = r"
import os
from urllib.parse import urlparse

def app(environ, start_response):
    headers = [('Content-Length', '3')]
    if environ['PATH_INFO'] == '/orders' and os.environ.get('REVISION') == '2':
        billing = os.environ['BILLING_URL'] or None
        headers.append(('Link', '<' + billing + 'invoices>'))
    start_response('200 OK', headers)
    return [b'{}\n']
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, judge};

    #[test]
    fn fires_on_the_new_revision_right_after_the_deploy() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 300.0),
                    (S::DeployLead, 20.0),
                    (S::NewTargetShare, 1.0),
                    (S::Recovers, 0.0),
                    (S::ApplicationErrors, 290.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::NewTargetShare, S::ApplicationErrors, S::DeployLead],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_it_ended_by_itself() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 300.0),
                    (S::DeployLead, 95.0),
                    (S::NewTargetShare, 0.5),
                    (S::Recovers, 1.0)
                ]
            ),
            Judgement::Excluded(S::Recovers)
        );
    }

    #[test]
    fn quiet_when_old_targets_fail() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 40.0),
                    (S::DeployLead, 30.0),
                    (S::NewTargetShare, 0.3),
                    (S::VanishedTargetShare, 1.0)
                ]
            ),
            Judgement::Excluded(S::VanishedTargetShare)
        );
    }

    #[test]
    fn the_missing_drain_holds_there() {
        assert_eq!(
            judge(
                &crate::causes::deploy_without_drain::CAUSE,
                &[
                    (S::Failures, 40.0),
                    (S::DeployLead, 30.0),
                    (S::NewTargetShare, 0.3),
                    (S::VanishedTargetShare, 1.0),
                    (S::StopAlignedShare, 0.9)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::DeployLead, S::VanishedTargetShare],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn blind_without_deploy_records() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 300.0), (S::NewTargetShare, 1.0)]),
            Judgement::CannotTell(vec![S::DeployLead])
        );
    }

    #[test]
    fn blind_without_versions_or_an_end() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 300.0), (S::DeployLead, 20.0)]),
            Judgement::CannotTell(vec![S::NewTargetShare, S::Recovers])
        );
    }
}
