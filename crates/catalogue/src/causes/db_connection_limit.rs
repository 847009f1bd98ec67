//! # Database out of connections
//!
//! ## What happens
//!
//! A database accepts a fixed number of connections. When instances times pool size exceed it,
//! further ones are refused at once, with an error of the database's own. The application turns
//! that into `500`, `502` or `503`, usually within milliseconds, for the requests that needed a
//! new connection, while requests that have one go on. A release that runs old and new instances
//! side by side needs twice as many for a while; a slow query holds each one longer.
//!
//! ## How it shows
//!
//! - PostgreSQL, its log and the client's error: `FATAL: sorry, too many clients already`
//!   (SQLSTATE 53300), `remaining connection slots are reserved for …` for ordinary roles, `too
//!   many connections for role` or `for database`. PgBouncer: `no more connections allowed
//!   (max_client_conn)`.
//! - MySQL: `ERROR 1040 (HY000): Too many connections`, `ER_CON_COUNT_ERROR`; its own log `[Warning]
//!   [MY-010055] [Server] Too many connections`.
//! - The same words in the application's log, behind its driver's: Java `PSQLException: FATAL: …`, Go
//!   `pq: …`, Python `OperationalError: … FATAL: …`, .NET `PostgresException … 53300: …`, Ruby
//!   `ActiveRecord::ConnectionNotEstablished`, PHP `SQLSTATE[HY000] [1040]`.
//! - Amazon RDS: the metric `DatabaseConnections` lies flat at the instance's `max_connections`. The
//!   metric does not hold that limit, so that it proves nothing by itself.
//! - Gateways: a plain `500` or `503` from the application, quick, on every path that needs the
//!   database. nginx `$upstream_status` has it; HAProxy `----`; ALB `target_status_code` 500.
//! - Health checks that touch the database fail with it, and take all targets out together.
//!
//! ## What it is mistaken for
//!
//! - `db-pool-exhausted`, an empty pool in the application (`timeout acquiring connection`, Prisma P2024, HikariCP
//!   `Connection is not available`): the database has room and the pool has not; the database
//!   logs nothing.
//! - `external-dependency-outage`: the database cannot be reached or is down; here it answers,
//!   and says no.
//! - `nat-port-exhaustion`: the connection never arrives, and it takes a connect timer instead of
//!   milliseconds.
//! - `backend-own-5xx`: what the gateway sees of it.
//!
//! ## Before it happens
//!
//! - Instances × pool size (and both generations during a release) > `max_connections` less
//!   reserved: PostgreSQL 100 less 3, MySQL 151. A managed database sets it by memory.
//! - Serverless functions and autoscaling without an upper bound; a pool per process with many
//!   processes per instance; a new connection per request.
//! - Connections left open in a transaction: `idle in transaction`.
//! - `why502 check` multiplies instances, workers and pool for every program of a database and
//!   compares the sum with what the database accepts.
//!
//! ## Reproduce it
//!
//! `why502 drill db-connection-limit`: PostgreSQL with `max_connections = 12`, a Node.js service
//! that opens a connection per request, and reports that hold theirs for seconds. With a pool of
//! 8 in the service the same load is answered, later but completely.
//!
//! ## Remedy
//!
//! 1. See who holds the connections: `select application_name, state, count(*) from
//!    pg_stat_activity group by 1, 2`. One of them stands out.
//! 2. Bound the pools: per process at most (`max_connections` less reserved) / (processes ×
//!    instances × 2). The sum stays below the limit during a release, too.
//! 3. Put a pooler in front (PgBouncer in transaction mode, RDS Proxy, Cloud SQL's managed
//!    pooling). The number of server connections is then flat.
//! 4. Only then raise `max_connections`, with the memory each connection needs.
//!
//! ## Sources
//!
//! - PostgreSQL documentation, "Connections and Authentication" (`max_connections`,
//!   `superuser_reserved_connections`, `reserved_connections`) and
//!   `src/backend/utils/init/postinit.c`, `storage/lmgr/proc.c`; appendix "PostgreSQL Error
//!   Codes" (53300).
//! - MySQL reference manual, "Too many connections"; PgBouncer configuration (`max_client_conn`).
//! - Measured with PostgreSQL 15 behind Node.js 20 and nginx 1.22.

use model::Condition::{AtLeast, AtMost};
use model::config::Rule;
use model::{
    Arrivals, Ask, Cause, Claim, Direction, Drill, Expect, Host, Knob, Load, Mechanism as M, Part,
    Place, Predicts, Protocol, Remedy, Rival, Scenario, Server, Shows, Signal as S, Test, Text,
};

use crate::drills::NGINX_API;
use crate::rules::database_budget;
use crate::visibility;

/// Database out of connections: see the page above.
pub static CAUSE: Cause = Cause {
    slug: "db-connection-limit",
    title: Text::new("Database out of connections", "データベースの接続数の上限"),
    explanation: Text::new(
        "The database had as many connections as it allows and refused \
        further ones.",
        "データベースの接続数が上限に達し、新しい接続が拒否されました。",
    ),
    place: Place::Capacity,
    statuses: &[500, 502, 503, 504],
    leads_to: &["db-pool-exhausted", "no-healthy-targets", "backend-own-5xx"],
    source: include_str!("db_connection_limit.rs"),
    shows: Shows {
        claims: &[
            Claim::of(&[M::StatusFromUpstream, M::StatusFromApplication])
                .statuses(&[500, 502, 503, 504]),
            Claim::of(&[M::Unspecified]).statuses(&[500, 502, 503]),
        ],
        claims_effects: false,
        needs: &[Test::new(
            S::DatabaseRefusals,
            AtLeast(1.0),
            Text::new(
                "{value} reports say that the database refused a connection because it \
                had too many.",
                "接続数の超過を理由にデータベースが接続を拒否したという報告が {value} \
                件あります。",
            ),
        )
        .otherwise(Text::new(
            "No database reported that it had too many connections.",
            "接続数が多すぎるというデータベースの報告はありません。",
        ))
        .independent()],
        supports: &[
            Test::new(
                S::RefusalAlignedShare,
                AtLeast(0.5),
                Text::new(
                    "{value} of these requests failed within 5 s of such a refusal.",
                    "これらのリクエストの {value} が、その拒否から 5 秒以内に失敗しまし\
                    た。",
                ),
            )
            .independent(),
            Test::new(
                S::LoadRise,
                AtLeast(1.2),
                Text::new(
                    "The request rate was {value} of its rate outside the window.",
                    "リクエスト数は期間外の {value} でした。",
                ),
            ),
            Test::new(
                S::InstanceStarts,
                AtLeast(1.0),
                Text::new(
                    "{value} instances started shortly before or meanwhile, each with \
                    connections of its own.",
                    "直前または期間中に {value} 個のインスタンスが起動し、それぞれが接\
                    続を開きました。",
                ),
            )
            .independent(),
        ],
        rules_out: &[Test::new(
            S::RefusalAlignedShare,
            AtMost(0.05),
            Text::new(
                "The database refused connections, but only {value} of these \
                requests failed near such a refusal.",
                "データベースによる接続の拒否はありましたが、その近くで失敗したリク\
                エストは {value} だけです。",
            ),
        )],
        rivals: &[Rival {
            slug: "external-dependency-outage",
            separates: Text::new(
                "Whether the database answers and says that it has too many \
                connections, or cannot be reached at all.",
                "データベースが接続数の超過だと応答しているのか、そもそも到達できな\
                いのかです。",
            ),
        }],
        visible: &[visibility::DATABASE, visibility::STARTS],
    },
    predicts: Predicts::By(&[Rule::Look(database_budget::in_operation)]),
    drill: Drill::Runs(DRILLS),
    remedies: &[
        Remedy {
            product: "PostgreSQL",
            action: Text::new(
                "See who holds the connections, and in which state.",
                "誰がどの状態で接続を保持しているかを調べます。",
            ),
            setting: "",
            direction: Direction::Change,
            snippet:
                "select application_name, client_addr, state, count(*), max(now() - state_change)
from pg_stat_activity group by 1, 2, 3 order by 4 desc;
show max_connections;",
            verify: Text::new(
                "The sum stays below max_connections less the reserved ones at \
                peak.",
                "ピーク時でも合計が、予約分を除いた max_connections を下回ります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "Node.js",
            action: Text::new(
                "One pool per process, with an upper bound and a timer for waiting.",
                "プロセスごとにプールを 1 つにし、上限と待ち時間のタイマーを設けま\
                す。",
            ),
            setting: "max",
            direction: Direction::Set,
            snippet: "new Pool({ max: 8, connectionTimeoutMillis: 5000, \
            idleTimeoutMillis: 30000 })",
            verify: Text::new(
                "The database's connections equal instances times the bound at \
                most.",
                "データベースの接続数が、インスタンス数と上限の積以下になります。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "PgBouncer",
            action: Text::new(
                "Share few server connections among many clients.",
                "少数のサーバー接続を多数のクライアントで共有します。",
            ),
            setting: "pool_mode",
            direction: Direction::Set,
            snippet: "pool_mode = transaction
default_pool_size = 20
max_client_conn = 2000",
            verify: Text::new(
                "show pools lists waiting clients instead of errors.",
                "show pools に、エラーではなく待機中のクライアントが表れます。",
            ),
            arithmetic: None,
        },
        Remedy {
            product: "PostgreSQL",
            action: Text::new(
                "Raise the limit if memory allows; it takes a restart.",
                "メモリが許せば上限を上げます。再起動が必要です。",
            ),
            setting: "max_connections",
            direction: Direction::Raise,
            snippet: "alter system set max_connections = 200; -- restart",
            verify: Text::new(
                "No further FATAL with SQLSTATE 53300 in the log.",
                "ログに SQLSTATE 53300 の FATAL が出なくなります。",
            ),
            arithmetic: None,
        },
    ],
};

const DRILLS: &[Scenario] = &[Scenario {
    name: "nginx-node-postgresql",
    happens: Text::new(
        "A service opens a connection per request, and PostgreSQL allows \
        12.",
        "サービスがリクエストごとに接続を開き、PostgreSQL の上限は 12 です。",
    ),
    cure: Text::new(
        "A pool of 8 connections, shared by all requests.",
        "8 本の接続のプールを全リクエストで共有します。",
    ),
    hosts: &[
        Host::new("db", &[Part::new(Server::Postgres, "postgresql", 5432, "max_connections = 12")]),
        Host::new("api", &[Part::new(Server::Node, "api", 3000, APP)]),
        Host::new("gw", &[Part::new(Server::Nginx, "nginx", 8080, NGINX_API)]),
    ],
    router: None,
    knobs: &[Knob { name: "connections", fault: "each", remedy: "pooled" }],
    steps: &[],
    load: Load {
        target: "{{ip:gw}}:8080",
        protocol: Protocol::Http1,
        keep_alive: false,
        arrivals: Arrivals::Constant { rate: "16" },
        lasts: "10000",
        patience: "40000",
        requests: &[Ask::new("GET", "/"), Ask::new("GET", "/report")],
    },
    expect: Expect::failing(0.03, &[500]).at_most(0.6),
    everyday: true,
}];

/// A connection per request, or a pool; reports hold theirs for two seconds.
const APP: &str = "const http = require('node:http');
const { Client, Pool } = require('./pg.js');
const options = { host: '{{ip:db}}', port: 5432 };
const pool = new Pool({ ...options, max: 8 });
async function query(text) {
  if ('{{connections}}' === 'pooled') return pool.query(text);
  const client = new Client(options);
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    client.end();
  }
}
http.createServer(async (request, response) => {
  const seconds = request.url.startsWith('/report') ? 2 : 0.02;
  try {
    await query(`select pg_sleep(${seconds})`);
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
    fn fires_when_refusals_line_up() {
        assert_eq!(
            judge(
                &CAUSE,
                &[
                    (S::Failures, 56.0),
                    (S::DatabaseRefusals, 56.0),
                    (S::RefusalAlignedShare, 1.0),
                    (S::LoadRise, 1.5)
                ]
            ),
            Judgement::Holds {
                supports: vec![S::RefusalAlignedShare, S::LoadRise],
                independent: true,
                proved: false
            }
        );
    }

    #[test]
    fn quiet_when_refusals_are_elsewhere() {
        let signals =
            [(S::Failures, 56.0), (S::DatabaseRefusals, 3.0), (S::RefusalAlignedShare, 0.0)];
        assert_eq!(judge(&CAUSE, &signals), Judgement::Excluded(S::RefusalAlignedShare));
    }

    #[test]
    fn quiet_when_only_the_applications_pool_was_empty() {
        let signals = [(S::Failures, 56.0), (S::DatabaseLimits, 9.0), (S::DatabaseRefusals, 0.0)];
        assert_eq!(judge(&CAUSE, &signals), Judgement::NotThis(S::DatabaseRefusals));
    }

    #[test]
    fn blind_without_the_databases_log() {
        assert_eq!(claims(&CAUSE, Seen::of(M::StatusFromUpstream, 500)), Some(false));
        assert_eq!(
            judge(&CAUSE, &[(S::Failures, 56.0)]),
            Judgement::CannotTell(vec![S::DatabaseRefusals])
        );
    }
}
