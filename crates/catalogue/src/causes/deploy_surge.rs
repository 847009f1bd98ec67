//! # Deploy surge
//!
//! ## What happens
//!
//! During a roll-out old and new instances run side by side. Anything that is counted per
//! instance is needed twice for that time: NAT ports, database connections, addresses of a
//! subnet, quotas. What sufficed for one fleet does not suffice for two, and calls fail on old
//! and new instances alike. When the old fleet is gone and its share has been given back, the
//! failures end without anybody having done anything.
//!
//! Giving back takes longer than the roll-out itself: with Direct VPC egress a Cloud Run
//! instance's address stays taken for up to 20 minutes after the instance ended, and several
//! roll-outs within that time add up.
//!
//! ## How it shows
//!
//! - Failures begin within minutes after a deploy, on routes that call outward, and decay
//!   within about 20 minutes without a rollback. The next deploy does it again.
//! - Cloud NAT: `DROPPED` entries in the same minutes and hardly any outside.
//! - Cloud Run: `Starting new instance. Reason: DEPLOYMENT_ROLLOUT`, and the audit log's
//!   `ReplaceService` or `UpdateService`.
//! - Databases: `sorry, too many clients already`, `Too many connections`.
//! - Node.js: `fetch failed` with `UND_ERR_CONNECT_TIMEOUT`; load balancers in front: `504`, or
//!   `502` and `503` written by the application.
//!
//! ## What it is mistaken for
//!
//! - `bad-release`: begins at the deploy as well, but stays until a rollback and is found on
//!   the new version only. A surge ends by itself and hits both.
//! - `deploy-without-drain`: seconds per stopping instance, on old instances, with closed or
//!   refused connections instead of calls outward that time out.
//! - Slow starts: only the first requests of new instances are slow; old instances are fine.
//! - Egress that warms up on new Cloud Run instances: only instances younger than a minute
//!   fail, and nothing is dropped.
//!
//! ## Before it happens
//!
//! - Ports per instance × (old + new instances) > 64,512 × NAT addresses. `min-instances` of m
//!   means at least 2m during a roll-out, and (k+1)m after k roll-outs within 20 minutes.
//! - Pool size × (old + new instances) > the database's connection limit.
//! - Direct VPC subnet smaller than twice the addresses of old and new instances together (four
//!   times before 2025-03-26).
//! - All traffic moved in one step, tags that keep old revisions with minimum instances alive.
//! - `why502 check` adds the instances that a roll-out starts beside the old ones and compares
//!   their connections with the database's limit and their addresses with the subnet's. Their
//!   ports are found under `nat-port-exhaustion`.
//!
//! ## Reproduce it
//!
//! `why502 drill deploy-surge`. PostgreSQL has connections for one fleet, each instance fills its pool
//! when it starts, and during a roll-out there are two fleets. The new instances answer `500` until
//! the old ones are gone. With connections for twice the fleet the roll-out goes unnoticed.
//!
//! ## Remedy
//!
//! 1. Move traffic in steps, and let each step settle before the next. The number of instances
//!    never reaches twice the fleet; drops stay at zero.
//! 2. Lower the minimum instances of the old revision, or remove its tag, before the new one
//!    takes traffic. Instance count at its peak falls.
//! 3. Size what is shared for twice the fleet: ports, addresses, connections. The next roll-out
//!    shows no failure.
//!
//! ## Sources
//!
//! - Google Cloud, Cloud Run release notes and Direct VPC egress (address allocation):
//!   <https://cloud.google.com/run/docs/configuring/vpc-direct-vpc>
//! - Google Cloud, rollbacks, gradual rollouts and traffic migration:
//!   <https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration>
//! - Google Cloud, Cloud NAT addresses and ports; Cloud SQL quotas and limits.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Action, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part, Place,
    Predicts, Remedy, Rival, Rollout, Scenario, Server, Shows, Signal as S, Step, Test, Text,
};

use crate::drills::{NGINX_ORDERS, STEADY};
use crate::rules::{database_budget, subnet_budget};
use crate::{sentences, visibility};

/// Deploy surge: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "deploy-surge",
    title: Text::new("Deploy surge", "リリース時の一時的な資源不足"),
    explanation: Text::new(
        "Old and new instances ran side by side during a roll-out and \
        together used up something they share.",
        "リリース中に新旧のインスタンスが並走し、共有している資源を合わせて\
        使い切りました。",
    ),
    place: Place::Release,
    statuses: &[500, 502, 503, 504],
    leads_to: &["nat-port-exhaustion", "db-connection-limit"],
    source: include_str!("deploy_surge.rs"),
    shows: Shows {
        claims: &[Claim::of(&[M::InstanceConnectionError, M::NoInstance, M::InstanceStartFailed])],
        claims_effects: true,
        needs: &[
            Test::new(S::DeployLead, AtMost(600.0), sentences::AFTER_DEPLOY)
                .otherwise(Text::new(
                    "No deploy came in the ten minutes before the first failure, and \
fewer than half of the deploys were followed by such failures.",
                    "最初の失敗の前 10 分以内にデプロイはなく、同じ失敗が続いたデプロイ\
も半数に達しません。",
                ))
                .independent()
                .or(&Test::new(
                    S::DeploysFollowed,
                    AtLeast(0.5),
                    Text::new(
                        "{value} of the deploys in the evidence were followed by such \
                    failures within 20 minutes.",
                        "証拠中のデプロイの {value} で、20 分以内に同じ失敗が起きました。",
                    ),
                )
                .independent()),
            Test::new(
                S::EffectsHold,
                AtLeast(1.0),
                Text::new(
                    "Something that instances share ran out in the window.",
                    "この期間に、インスタンスが共有する資源が尽きました。",
                ),
            )
            .otherwise(Text::new(
                "Nothing that instances share ran out in the window.",
                "この期間に、インスタンスが共有する資源は尽きていません。",
            )),
        ],
        supports: &[
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
            Test::new(
                S::DeploysFollowed,
                AtLeast(0.6),
                Text::new(
                    "{value} of the deploys in the evidence were followed by such \
                    failures within 20 minutes.",
                    "証拠中のデプロイの {value} で、20 分以内に同じ失敗が起きました。",
                ),
            )
            .independent(),
            Test::new(
                S::InstanceStarts,
                AtLeast(1.0),
                Text::new(
                    "{value} instances started in the window or just before.",
                    "この期間またはその直前に {value} 個のインスタンスが起動しました。",
                ),
            )
            .independent(),
            Test::new(
                S::Recovers,
                AtLeast(1.0),
                Text::new(
                    "The failures ended by themselves, without a further deploy.",
                    "失敗は、追加のデプロイなしに自然に収まりました。",
                ),
            ),
        ],
        rules_out: &[Test::new(
            S::Recovers,
            AtMost(0.0),
            Text::new(
                "The failures did not end by themselves; a surge ends when the old \
                instances are gone.",
                "失敗は自然に収まっていません。一時的な不足なら、古いインスタンスが\
                なくなれば収まります。",
            ),
        )],
        rivals: &[
            Rival {
                slug: "bad-release",
                separates: Text::new(
                    "Whether the failures end by themselves within 20 minutes, or stay \
                    until a rollback.",
                    "20 分以内に自然に収まるか、切り戻すまで続くかです。",
                ),
            },
            Rival {
                slug: "deploy-without-drain",
                separates: Text::new(
                    "Whether only stopping instances fail, or all instances while old \
                    and new run together.",
                    "停止中のインスタンスだけが失敗するか、新旧が並走する間すべてが失敗\
                    するかです。",
                ),
            },
        ],
        visible: &[
            visibility::DEPLOYS,
            visibility::DEPLOYS_FOLLOWED,
            visibility::RECOVERY,
            visibility::NAT_DROPS,
        ],
    },
    predicts: Predicts::By(&[
        Rule::Look(database_budget::at_release),
        Rule::Look(subnet_budget::at_release),
    ]),
    drill: Drill::Runs(&[Scenario {
        name: "nginx-node-postgresql",
        happens: Text::new(
            "Two instances hold eight database connections each; during a roll-out there are four \
            instances, and PostgreSQL allows 20 connections.",
            "インスタンス 2 つがデータベース接続を 8 本ずつ持ちます。リリース中は 4 つになりますが、\
            PostgreSQL の上限は 20 本です。",
        ),
        cure: Text::new(
            "The database allows connections for twice the fleet.",
            "データベースの接続数を、通常の 2 倍のインスタンス数に足りるようにします。",
        ),
        hosts: &[
            Host::new(
                "db",
                &[Part::new(Server::Postgres, "postgresql", 5432, "max_connections = {{limit}}")],
            ),
            Host::new("app", &[Part::new(Server::Node, "orders", 3000, APP)]).instances("2"),
            Host::new("gateway", &[Part::new(Server::Nginx, "gateway", 8080, NGINX_ORDERS)]),
        ],
        router: None,
        knobs: &[Knob { name: "limit", fault: "20", remedy: "40" }],
        steps: &[Step::at(
            "2000",
            Action::Rollout(Rollout {
                host: "app",
                gateways: &["gateway/gateway"],
                pace: "0",
                ready: "",
                drain: "2500",
                grace: "5000",
                environment: &["REVISION=2"],
            }),
        )],
        load: Load { lasts: "8000", patience: "5000", ..STEADY },
        expect: Expect::failing(0.05, &[500]),
        everyday: true,
    }]),
    remedies: &[
        Remedy {
            product: "Cloud Run",
            action: Text::new(
                "Move traffic to the new revision in steps and let each step \
                settle.",
                "新しいリビジョンへのトラフィックを段階的に移し、段階ごとに落ち着く\
                のを待ちます。",
            ),
            setting: "traffic",
            direction: Direction::Change,
            snippet: "gcloud run deploy SERVICE --image=IMAGE --no-traffic
gcloud run services update-traffic SERVICE --to-revisions=NEW=10",
            verify: Text::new(
                "The instance count of old and new together stays below twice the \
                fleet, and no call fails during the roll-out.",
                "新旧を合わせたインスタンス数が 2 倍に達せず、リリース中に失敗が出\
                なければ解消です。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Cloud Run",
            action: Text::new(
                "Keep fewer instances of the old revision: set the minimum on the \
                service instead of the revision, and drop tags that keep old \
                revisions alive.",
                "古いリビジョンのインスタンスを減らします。最小数はリビジョンではな\
                くサービスに設定し、古いリビジョンを残すタグを外します。",
            ),
            setting: "--min-instances",
            direction: Direction::Lower,
            snippet: "gcloud run services update SERVICE --min=4
gcloud run services update-traffic SERVICE --remove-tags=OLD",
            verify: Text::new(
                "container/instance_count falls back right after the roll-out.",
                "リリース直後に container/instance_count が元に戻ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Cloud NAT",
            action: Text::new(
                "Provide ports, addresses and database connections for twice the \
                fleet.",
                "ポート、アドレス、データベース接続数を 2 倍のインスタンス数に合わ\
                せて用意します。",
            ),
            setting: "natIps",
            direction: Direction::Raise,
            snippet: "gcloud compute routers nats update NAT --router=ROUTER \
            --region=REGION --nat-external-ip-pool=ADDRESS1,ADDRESS2",
            verify: Text::new(
                "The next roll-out shows no DROPPED entry.",
                "次のリリースで DROPPED が出なければ解消です。",
            ),
            arithmetic: Some(Text::new(
                "{endpoints} instances × {nat_ports_needed} ports / 64512 = \
                {nat_ips_needed} addresses.",
                "{endpoints} インスタンス × {nat_ports_needed} ポート ÷ 64512 = \
                {nat_ips_needed} アドレス。",
            )),
        },
    ],
};

/// Fills its pool before it listens, as services do that want no slow first request.
const APP: &str = r"
const http = require('http');
const { Pool } = require('./pg.js');
const say = (text) => console.log(`${new Date().toISOString()} ${text}`);
const fail = (error) => console.error(new Date().toISOString(), error);
const pool = new Pool({ host: '{{ip:db}}', port: 5432, max: 8, idleTimeoutMillis: 60000 });
const server = http.createServer((request, response) => {
  pool.query('select pg_sleep(0.2)').then(
    () => response.end('{}\n'),
    (error) => {
      fail(error);
      response.writeHead(500).end();
    },
  );
});
const warm = Array.from({ length: 8 }, () => pool.query('select 1').catch(fail));
Promise.all(warm).then(() => {
  server.listen(process.env.PORT, () => say(`listening on port ${process.env.PORT}`));
});
process.on('SIGTERM', () => {
  say('SIGTERM received, closing');
  server.close(() => process.exit(0));
});
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, judge};

    #[test]
    fn fires_when_it_follows_deploys_and_ends() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::DeployLead, 95.0),
                    (S::DeploysFollowed, 1.0),
                    (S::EffectsHold, 1.0),
                    (S::NatDropFocus, 0.97),
                    (S::InstanceStarts, 12.0),
                    (S::Recovers, 1.0)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::NatDropFocus, S::DeploysFollowed, S::InstanceStarts, S::Recovers],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_it_stays() {
        assert_eq!(
            judge(&CAUSE, &[(S::DeployLead, 95.0), (S::EffectsHold, 1.0), (S::Recovers, 0.0)]),
            Judgement::Excluded(S::Recovers)
        );
    }

    #[test]
    fn the_bad_release_holds_there() {
        assert_eq!(
            judge(
                &crate::causes::bad_release::CAUSE,
                &[(S::DeployLead, 95.0), (S::Recovers, 0.0), (S::NewTargetShare, 1.0)]
            ),
            Judgement::Holds {
                supports: vec![S::NewTargetShare, S::DeployLead],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_nothing_ran_out() {
        assert_eq!(
            judge(&CAUSE, &[(S::DeployLead, 95.0), (S::EffectsHold, 0.0), (S::Recovers, 1.0)]),
            Judgement::NotThis(S::EffectsHold)
        );
    }

    #[test]
    fn quiet_long_after_the_last_deploy() {
        assert_eq!(
            judge(
                &CAUSE,
                &[(S::DeployLead, 1500.0), (S::DeploysFollowed, 0.0), (S::EffectsHold, 1.0)]
            ),
            Judgement::NotThis(S::DeployLead)
        );
    }

    #[test]
    fn blind_without_deploy_records() {
        assert_eq!(
            judge(&CAUSE, &[(S::EffectsHold, 1.0), (S::NatDropFocus, 1.0)]),
            Judgement::CannotTell(vec![S::DeployLead, S::DeploysFollowed])
        );
    }

    #[test]
    fn without_the_nat_log_nothing_independent_supports_it() {
        assert_eq!(
            judge(&CAUSE, &[(S::DeployLead, 95.0), (S::EffectsHold, 1.0), (S::Recovers, 1.0)]),
            Judgement::Holds { supports: vec![S::Recovers], independent: false, proved: false }
        );
    }
}
