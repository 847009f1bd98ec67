//! # Setting that was changed
//!
//! ## What happens
//!
//! Nothing new was deployed, and yet a kind of failure begins that was not there before: somebody or
//! something changed a setting of the path a moment ago. A rule of a firewall or a route was removed,
//! a certificate was replaced, a timeout was shortened, a listener or a group of targets now points
//! elsewhere. Such changes take effect within
//! seconds and for all requests they concern, and they stay until somebody takes them back.
//!
//! ## How it shows
//!
//! - AWS CloudTrail: `RevokeSecurityGroupIngress`, `ReplaceNetworkAclEntry`, `DeleteRoute`,
//!   `ModifyLoadBalancerAttributes`, `ModifyTargetGroup`, `ModifyListener`, `UpdateDistribution`,
//!   `ChangeResourceRecordSets`, seconds to minutes before the first failure.
//! - Google Cloud audit logs: `compute.firewalls.patch`, `compute.backendServices.patch`,
//!   `compute.urlMaps.update`.
//! - PostgreSQL: `parameter "statement_timeout" changed to "40ms"`.
//! - Proxies say that they were reloaded (nginx `signal 1 (SIGHUP) received …, reconfiguring`) and not
//!   what was changed: compare the two configurations.
//! - What fails fits what was changed: connections after a firewall, handshakes after a certificate,
//!   answers after a timer, and nothing of the kind failed before.
//!
//! ## What it is mistaken for
//!
//! - `bad-release`: a version was deployed instead, and what the new version answers is wrong.
//! - A change that has nothing to do with it: another port, another load balancer, another hour. It
//!   does not fit what failed, or the failures are older than it.
//! - `security-group-block`, `upstream-cert-invalid`, `target-response-timeout` and others say what the
//!   change brought about; they are the links below it.
//!
//! ## Before it happens
//!
//! - Settings that are changed by hand in a console, without review and without a way back.
//! - Changes of infrastructure as code that replace a resource (a rule is deleted before the new one is
//!   made).
//! - Reloads without a look at whether every target still answers.
//! - Updates of an image or a library whose defaults are others: nobody touched the timer, and it is
//!   another one. `why502 check --since REVISION` says which, and what it arms.
//!
//! ## Reproduce it
//!
//! `why502 drill config-change-regression`: while requests run, PostgreSQL gets a `statement_timeout`
//! that is shorter than the application's query takes, and the application answers `500`. Then the
//! timeout is longer than the query.
//!
//! ## Remedy
//!
//! 1. Take the change back. The failures end within seconds; if they do not, it was another one.
//! 2. Look who made it and why, before it is made again: the record names the caller.
//! 3. Test such changes against the path (`nginx -t` does not; a request does), and make them for one of
//!    several instances first.
//!
//! ## Sources
//!
//! - AWS, "CloudTrail record contents" and the API references of EC2, Elastic Load Balancing, CloudFront
//!   and Route 53; Google Cloud, "Cloud Audit Logs overview".
//! - PostgreSQL `src/backend/utils/misc/guc-file.l`, whose message it is; PostgreSQL 15 was observed.

use model::Condition::AtMost;
use model::config::Rule;
use model::{
    Action, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part, Place,
    Predicts, Remedy, Rival, Scenario, Server, Shows, Signal as S, Step, Test, Text,
};

use crate::drills::STEADY;
use crate::rules::updates;
use crate::visibility;

/// Setting that was changed: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "config-change-regression",
    title: Text::new("Setting that was changed", "設定変更による障害"),
    explanation: Text::new(
        "A setting of the path was changed just before, and what failed is what such a change can \
        break.",
        "直前に経路上の設定が変更され、その変更で起こりうる失敗が始まりました。",
    ),
    place: Place::Release,
    statuses: &[404, 500, 502, 503, 504],
    leads_to: &[
        "security-group-block",
        "nacl-return-path-block",
        "origin-blocks-edge",
        "target-connect-timeout",
        "target-connect-refused",
        "target-unreachable",
        "origin-dns-failure",
        "sni-host-mismatch",
        "upstream-cert-invalid",
        "upstream-tls-negotiation",
        "protocol-version-mismatch",
        "route-missing",
        "health-check-misconfigured",
        "no-healthy-targets",
        "no-registered-targets",
        "timeout-ladder-inversion",
        "target-response-timeout",
        "external-dependency-outage",
        "backend-own-5xx",
    ],
    source: include_str!("config_change_regression.rs"),
    shows: Shows {
        claims: &[Claim::of(&[
            M::ConnectTimeout,
            M::ConnectRefused,
            M::ConnectUnreachable,
            M::ConnectFailed,
            M::NameNotFound,
            M::NameLookupFailed,
            M::TlsHandshakeFailed,
            M::TlsPlaintextPeer,
            M::TlsAlert,
            M::TlsNameMismatch,
            M::TlsCertificateInvalid,
            M::TlsCertificateUnverified,
            M::TlsTimeout,
            M::ProtocolMismatch,
            M::NoRoute,
            M::NoTarget,
            M::NoHealthyTarget,
            M::ResponseTimeout,
            M::UpstreamTimeout,
            M::RequestDeadline,
            M::FunctionTimeout,
            M::IntegrationTimeout,
            M::EndedBeforeResponse,
            M::ClosedBeforeResponse,
            M::ResetBeforeResponse,
            M::FunctionDenied,
            M::FunctionThrottled,
            M::Denied,
            M::Throttled,
            M::StatusFromUpstream,
            M::StatusFromApplication,
        ])],
        claims_effects: false,
        needs: &[Test::new(
            S::ChangeLead,
            AtMost(600.0),
            Text::new(
                "The first failure came {value} after a change that can bring it about ({change}), and \
                nothing of the kind failed before.",
                "最初の失敗は、それを引き起こしうる設定変更({change})の {value} 後でした。変更前に同種の\
                失敗はありません。",
            ),
        )
        .independent()
        .otherwise(Text::new(
            "No change of a setting that fits these failures came in the ten minutes before them.",
            "失敗の前の 10 分間に、これらに合う設定変更はありません。",
        ))],
        supports: &[Test::new(
            S::ChangeLead,
            AtMost(60.0),
            Text::new(
                "It was a matter of seconds: {value} from the change to the first failure.",
                "変更から最初の失敗までは {value} で、直後に始まっています。",
            ),
        )
        .independent()],
        rules_out: &[],
        rivals: &[Rival {
            slug: "bad-release",
            separates: Text::new(
                "Whether a new version was the last thing before the failures, or a changed setting \
                of the path.",
                "失敗の直前にあったのが新しいバージョンの公開か、経路の設定変更かです。",
            ),
        }],
        visible: &[visibility::CHANGES],
    },
    // What a change breaks is the relation of each cause that it leads to. What nobody changed, and
    // still is another after an update, is its own.
    predicts: Predicts::By(&[Rule::Change(updates::changed_defaults)]),
    drill: Drill::Runs(&[POSTGRESQL_TIMEOUT]),
    remedies: &[
        Remedy {
            product: "any",
            action: Text::new(
                "Take the change back first, and look for its reason afterwards.",
                "まず変更を元に戻し、理由の調査はその後にします。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "",
            verify: Text::new(
                "The failures end within seconds.",
                "数秒以内に失敗が収まれば、その変更が原因です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "AWS",
            action: Text::new(
                "List what was changed in the minutes before, and by whom.",
                "直前に変更された設定と変更者を一覧します。",
            ),
            setting: "CloudTrail",
            direction: Direction::Change,
            snippet: "aws cloudtrail lookup-events --start-time START --end-time END \
            --lookup-attributes AttributeKey=ReadOnly,AttributeValue=false --query \
            'Events[].[EventTime,EventName,Username]' --output text",
            verify: Text::new(
                "The list has the change that was taken back, and its caller.",
                "元に戻した変更とその実行者が一覧にあります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Google Cloud",
            action: Text::new(
                "Read the admin activity of the minutes before.",
                "直前の管理アクティビティを読みます。",
            ),
            setting: "Cloud Audit Logs",
            direction: Direction::Change,
            snippet: "gcloud logging read 'logName:\"cloudaudit.googleapis.com%2Factivity\"' \
            --freshness=2h --format=json > changes.json",
            verify: Text::new(
                "The entry names the resource and the caller.",
                "エントリにリソースと実行者が載っています。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "nginx",
            action: Text::new(
                "After every reload ask each route once, and go back if one does not answer.",
                "再読み込みのたびに各ルートへ 1 件ずつ要求し、応答しなければ元に戻します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "nginx -t && nginx -s reload && sleep 1 && curl -fsS -o /dev/null \
            http://localhost/health || (git checkout -- /etc/nginx && nginx -s reload)",
            verify: Text::new(
                "A wrong target port is gone after a second or two.",
                "誤ったポートを設定しても、1~2 秒で元に戻ります。",
            ),
            arithmetic: None,
        },
    ],
};

const POSTGRESQL_TIMEOUT: Scenario = Scenario {
    name: "nginx-node-postgresql",
    happens: Text::new(
        "PostgreSQL is told to end statements sooner than the application's query is done.",
        "アプリケーションのクエリより短い時間で文を打ち切るよう、PostgreSQL の設定が変更されます。",
    ),
    cure: Text::new(
        "The new limit is longer than the query takes.",
        "新しい上限がクエリの所要時間より長くなっています。",
    ),
    hosts: &[
        Host::new(
            "db",
            &[Part::new(
                Server::Postgres,
                "postgresql",
                5432,
                "include_if_exists = 'changed.conf'",
            )],
        ),
        Host::new("api", &[Part::new(Server::Node, "api", 3000, QUERY)]),
        Host::new("gateway", &[Part::new(Server::Nginx, "nginx", 8080, NGINX)]),
    ],
    router: None,
    knobs: &[Knob { name: "limit", fault: "40ms", remedy: "5s" }],
    steps: &[Step::at(
        "3000",
        Action::Rewrite {
            part: "db/postgresql",
            file: "changed.conf",
            text: "statement_timeout = {{limit}}\n",
        },
    )],
    load: Load { lasts: "8000", ..STEADY },
    expect: Expect::failing(0.3, &[500]).at_most(0.8),
    everyday: true,
};

/// Every request asks the database for what takes it a tenth of a second.
const QUERY: &str = "const { Pool } = require('./pg.js');
const pool = new Pool({ host: '{{ip:db}}', port: 5432, max: 8 });
require('node:http').createServer(async (request, response) => {
  try {
    await pool.query('select pg_sleep(0.1)');
    response.end('ok\\n');
  } catch (error) {
    console.error(new Date().toISOString(), error);
    response.statusCode = 500;
    response.end('error\\n');
  }
}).listen(3000);
";

const NGINX: &str = "\
upstream app { server {{ip:api}}:3000; }
server { listen 8080; location / { proxy_pass http://app; } }
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_seconds_after_a_fitting_change() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 24.0), (S::ChangeLead, 12.0)]),
            Judgement::Holds { supports: vec![S::ChangeLead], independent: true, proved: false }
        );
    }

    #[test]
    fn quiet_long_after_any_change() {
        let seen = [(S::Failures, 24.0), (S::ChangeLead, 1_500.0)];
        assert_eq!(judge(&CAUSE, &seen), Judgement::NotThis(S::ChangeLead));
    }

    #[test]
    fn blind_without_a_record_of_changes() {
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 24.0)]),
            Judgement::CannotTell(vec![S::ChangeLead])
        );
    }

    #[test]
    fn what_clients_and_processes_do_is_no_matter_of_settings() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ConnectTimeout, 504)), Some(false));
        assert_eq!(claims(&CAUSE, Seen::of(M::ClientClosed, 499)), None);
        assert_eq!(claims(&CAUSE, Seen::of(M::InstanceOutOfMemory, 503)), None);
    }
}
