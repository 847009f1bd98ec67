//! # Application's own connection pool empty
//!
//! ## What happens
//!
//! An application keeps a pool of database connections with an upper bound. While all of them are
//! in use, the next request waits, and after the pool's timer gets an error instead of a
//! connection; or the gateway's timer fires first. The database has room and is often idle: it
//! is the application that holds its connections too long or has too few of them.
//!
//! What holds them: a slow query or a lock, a transaction that stays open during a call to
//! somebody else, a connection that is never given back (a leak), or simply more requests at a
//! time than the pool was made for.
//!
//! ## How it shows
//!
//! - The application's error, in the words of its pool: `timeout exceeded when trying to connect`
//!   (node-postgres), `Timed out fetching a new connection from the connection pool` (Prisma
//!   P2024), `Timeout acquiring a connection. The pool is probably full.` (Knex), `Connection is
//!   not available, request timed out after 30000ms` (HikariCP), `QueuePool limit of size 5
//!   overflow 10 reached, connection timed out` (SQLAlchemy), `could not obtain a connection from
//!   the pool within` (Active Record), `The connection pool has been exhausted` (Npgsql).
//! - Gateways: `500` or `503` from the application after the pool's timer, every one after the
//!   same time (5, 10, 30 s); or `504` where the gateway waits less, or the pool has no timer.
//! - The database's log says nothing, and its CPU is idle.
//!
//! ## What it is mistaken for
//!
//! - `db-connection-limit`: the database refuses; here it was never asked. Where both report, the
//!   pool is empty because it could not be filled.
//! - `worker-pool-saturated`: all workers are busy; here they wait for a connection, and that is
//!   what makes them busy.
//! - `external-dependency-outage`: the database does not answer at all; that has an error of
//!   its own at connecting.
//! - `target-response-timeout`: what the gateway sees of it.
//!
//! ## Before it happens
//!
//! - Requests at a time × connections each > the pool's bound. Two connections per request (a
//!   transaction inside another) can lock the pool up at half of that.
//! - No timer for waiting (`connectionTimeoutMillis` 0, node-postgres' default): requests wait
//!   until the gateway gives up.
//! - The pool's timer is longer than the gateway's: the error never reaches the client.
//! - `why502 check` compares the wait for a connection with the timer of the gateway in front
//!   and, for Puma, the threads of a process with its pool.
//!
//! ## Reproduce it
//!
//! `why502 drill db-pool-exhausted`: a Node.js service with a pool of 2 and a timer of 1 s, in
//! front of a PostgreSQL that has plenty of room, and reports that hold a connection for a
//! second. With a pool of 20 all requests are answered.
//!
//! ## Remedy
//!
//! 1. See what holds the connections: `pg_stat_activity` by state. `idle in transaction` is a
//!    transaction left open; `active` a slow query.
//! 2. Hold them shorter: no call to others inside a transaction, give them back in `finally`, an
//!    index for the slow query. The pool's waiting count falls to zero.
//! 3. Give the pool a timer below the gateway's, so that the client gets an error that says why.
//! 4. Raise the bound, as long as instances × bound stay below the database's limit.
//!
//! ## Sources
//!
//! - node-postgres, Pool (`max`, `connectionTimeoutMillis`); Prisma, error P2024; HikariCP
//!   (`connectionTimeout`, 30 s); SQLAlchemy, "QueuePool limit of size x overflow y reached";
//!   Rails, Active Record connection pool; Npgsql, connection string parameters.
//! - PostgreSQL documentation, `pg_stat_activity`.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Arrivals, Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part,
    Place, Predicts, Protocol, Remedy, Rival, Scenario, Server, Shows, Side, Signal as S, Test,
    Text,
};

use crate::drills::NGINX_API;
use crate::rules::{ladder, workers};
use crate::{sentences, visibility};

/// Application's own connection pool empty: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "db-pool-exhausted",
    title: Text::new(
        "Application's own connection pool empty",
        "アプリケーション側の接続プールの枯渇",
    ),
    explanation: Text::new(
        "All database connections of the application's own pool were in use, and requests waited \
        for one until a timer fired.",
        "アプリケーション自身の接続プールがすべて使用中で、リクエストは接続を待つうちにタイマーが切れました。",
    ),
    place: Place::Capacity,
    statuses: &[500, 502, 503, 504],
    leads_to: &[
        "target-response-timeout",
        "api-gateway-integration-timeout",
        "lambda-function-error",
        "no-healthy-targets",
        "backend-own-5xx",
    ],
    source: include_str!("db_pool_exhausted.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::StatusFromUpstream, M::StatusFromApplication])
                .statuses(&[500, 502, 503, 504]),
            Claim::of(&[M::Unspecified]).statuses(&[500, 502, 503, 504]),
            Claim::of(&[
                M::ResponseTimeout,
                M::RequestDeadline,
                M::IntegrationTimeout,
                M::FunctionTimeout,
            ])
            .sides(&[Side::Upstream]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::PoolTimeouts,
            AtLeast(1.0),
            Text::new(
                "{value} reports say that the application's pool had no connection to give in \
                time.",
                "アプリケーションのプールが時間内に接続を渡せなかったという報告が {value} 件あります。",
            ),
        )
        .otherwise(Text::new(
            "No application reported that its pool of connections was empty.",
            "接続プールが空だというアプリケーションの報告はありません。",
        ))
        .independent()],
        supports: &[
            Test::new(
                S::PoolTimeoutAlignedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of these requests failed within 5 s of such a report.",
                    "これらのリクエストの {value} が、その報告から 5 秒以内に失敗しました。",
                ),
            )
            .independent(),
            Test::new(
                S::TimerShare,
                AtLeast(0.7),
                Text::new(
                    "{value} of these requests ended at the same duration, {timer}: a timer.",
                    "これらのリクエストの {value} が同じ時間 {timer} で終了しました。タイマーです。",
                ),
            ),
            Test::new(
                S::LatencyRise,
                AtLeast(1.5),
                sentences::SLOWER,
            ),
        ],
        rules_out: &[Test::new(
            S::PoolTimeoutAlignedShare,
            AtMost(0.05),
            Text::new(
                "The pool was empty at times, but only {value} of these requests failed near \
                such a moment.",
                "プールが空になった時刻はありますが、その近くで失敗したリクエストは {value} だけです。",
            ),
        )],
        rivals: &[Rival {
            slug: "external-dependency-outage",
            separates: Text::new(
                "Whether connections to the database can be had and are all in use, or cannot be \
                opened at all.",
                "データベースへの接続がすべて使用中なのか、そもそも開けないのかです。",
            ),
        }],
        visible: &[visibility::POOL_TIMEOUTS, visibility::DURATIONS, visibility::LATENCY],
    },
    predicts: Predicts::By(&[Rule::Order(&ladder::POOL), Rule::Look(workers::threads_and_pool)]),
    drill: Drill::Runs(DRILLS),
    remedies: &[
        Remedy {
            product: "PostgreSQL",
            action: Text::new(
                "See what the held connections are doing.",
                "保持されている接続が何をしているかを調べます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "select state, wait_event_type, now() - xact_start as open, left(query, 60)
from pg_stat_activity where application_name = 'APP' order by xact_start;",
            verify: Text::new(
                "No session is idle in transaction, and no query takes longer than the route may.",
                "idle in transaction のセッションがなく、経路の許容時間を超えるクエリもありません。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "Give connections back at once: in finally, and before calls to others.",
                "接続はすぐに返します。finally で返し、外部を呼ぶ前にも返します。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet: "const client = await pool.connect();
try { /* queries only */ } finally { client.release(); }",
            verify: Text::new(
                "The pool's waiting count is zero at peak (pool.waitingCount).",
                "ピーク時もプールの待ち数（pool.waitingCount）が 0 になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Node.js",
            action: Text::new(
                "Let waiting end before the gateway gives up.",
                "ゲートウェイが見切る前に待ちを終えます。",
            ),
            setting: "connectionTimeoutMillis",
            direction: Direction::Set,
            snippet: "new Pool({ max: 20, connectionTimeoutMillis: 5000 })",
            verify: Text::new(
                "What remains fails with the pool's own error instead of a 504.",
                "残る失敗が 504 ではなくプール自身のエラーになります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "any",
            action: Text::new(
                "Raise the pool's bound, as long as instances times bound stay below the \
                database's limit, during a release too.",
                "プールの上限を上げます。リリース中も含め、インスタンス数との積がデータベースの上限を下回る範囲です。",
            ),
            setting: "max",
            direction: Direction::Raise,
            snippet: "HikariCP: maximumPoolSize=20
SQLAlchemy: create_engine(url, pool_size=20, max_overflow=0, pool_timeout=5)
Rails: pool: 20",
            verify: Text::new(
                "No such errors at the same load, and the database refuses nobody.",
                "同じ負荷でこのエラーが出ず、データベースも接続を拒否しません。",
            ),
            arithmetic: None,
        },
    ],
};

const DRILLS: &[Scenario] = &[Scenario {
    name: "nginx-node-postgresql",
    happens: Text::new(
        "Reports hold a connection for a second; the service's pool has 2 and waits 1 s for one, \
        while PostgreSQL allows 60.",
        "レポートが接続を 1 秒保持します。サービスのプールは 2 本で待ち時間は 1 秒ですが、PostgreSQL の上限は 60 です。",
    ),
    cure: Text::new("The pool has 20 connections.", "プールを 20 本にします。"),
    hosts: &[
        Host::new("db", &[Part::new(Server::Postgres, "postgresql", 5432, "max_connections = 60")]),
        Host::new("api", &[Part::new(Server::Node, "api", 3000, APP)]),
        Host::new("gw", &[Part::new(Server::Nginx, "nginx", 8080, NGINX_API)]),
    ],
    router: None,
    knobs: &[Knob { name: "size", fault: "2", remedy: "20" }],
    steps: &[],
    load: Load {
        target: "{{ip:gw}}:8080",
        protocol: Protocol::Http1,
        keep_alive: false,
        arrivals: Arrivals::Constant { rate: "14" },
        lasts: "8000",
        patience: "20000",
        requests: &[Ask::new("GET", "/"), Ask::new("GET", "/report")],
    },
    expect: Expect::failing(0.15, &[500]).at_most(0.95),
    everyday: true,
}];

/// Reports take a connection for a second; everything else for a moment.
const APP: &str = "const http = require('node:http');
const { Pool } = require('./pg.js');
const pool = new Pool({
  host: '{{ip:db}}', port: 5432, max: {{size}}, connectionTimeoutMillis: 1000,
});
http.createServer(async (request, response) => {
  const seconds = request.url.startsWith('/report') ? 1 : 0.02;
  try {
    await pool.query(`select pg_sleep(${seconds})`);
    response.end('ok\\n');
  } catch (error) {
    console.error(new Date().toISOString(), error);
    response.statusCode = 500;
    response.end('error\\n');
  }
}).listen(3000, () => console.log(new Date().toISOString(), 'Server listening on port 3000'));
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Judgement, Seen, claims, judge};

    #[test]
    fn fires_when_reports_line_up() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 56.0),
                    (S::PoolTimeouts, 56.0),
                    (S::PoolTimeoutAlignedShare, 1.0),
                    (S::TimerShare, 0.9)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::PoolTimeoutAlignedShare, S::TimerShare],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_only_the_database_refuses() {
        let signals = [(S::Failures, 56.0), (S::DatabaseRefusals, 9.0), (S::PoolTimeouts, 0.0)];
        assert_eq!(judge(&CAUSE, &signals), Judgement::NotThis(S::PoolTimeouts));
    }

    #[test]
    fn quiet_when_the_reports_are_elsewhere() {
        let signals =
            [(S::Failures, 56.0), (S::PoolTimeouts, 3.0), (S::PoolTimeoutAlignedShare, 0.0)];
        assert_eq!(judge(&CAUSE, &signals), Judgement::Excluded(S::PoolTimeoutAlignedShare));
    }

    #[test]
    fn blind_without_the_applications_log() {
        assert_eq!(claims(&CAUSE, Seen::of(M::ResponseTimeout, 504)), Some(false));
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 56.0)]),
            Judgement::CannotTell(vec![S::PoolTimeouts])
        );
    }
}
