//! How many connections databases take when nobody says otherwise. Checked in PostgreSQL 15.18 and
//! MariaDB 10.11.19.

use model::config::Key;

use super::{Preset, Row, Subject, Table};

const POSTGRESQL_PAGE: &str =
    "https://www.postgresql.org/docs/current/runtime-config-connection.html";
const MYSQL_PAGE: &str = "https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html";
const MARIADB_PAGE: &str =
    "https://mariadb.com/docs/server/server-management/variables-and-modes/server-system-variables";

/// True if nobody else runs the database: platforms choose these values by the size of the instance
/// (docs.aws.amazon.com/AmazonRDS, "Quotas and constraints"; cloud.google.com/sql/docs/quotas).
fn is_own(subject: &Subject<'_>) -> bool {
    !["Amazon RDS", "Cloud SQL"].iter().any(|platform| subject.hop.runs(platform))
}

/// The defaults of PostgreSQL.
pub(crate) static POSTGRESQL: Table = Table {
    product: "PostgreSQL",
    hop: &[
        Row::new(
            "PostgreSQL",
            Key::MaxConnections,
            "max_connections",
            Preset::Count(100),
            POSTGRESQL_PAGE,
        )
        .when(is_own),
        Row::new(
            "PostgreSQL",
            Key::ReservedConnections,
            "superuser_reserved_connections",
            Preset::Count(3),
            POSTGRESQL_PAGE,
        )
        .when(is_own),
    ],
    link: &[],
    check: &[],
};

/// The defaults of MySQL.
pub(crate) static MYSQL: Table = Table {
    product: "MySQL",
    hop: &[
        Row::new("MySQL", Key::MaxConnections, "max_connections", Preset::Count(151), MYSQL_PAGE)
            .when(is_own),
        Row::new(
            "MySQL",
            Key::ClientIdleTimeout,
            "wait_timeout",
            Preset::Seconds(28_800),
            MYSQL_PAGE,
        )
        .when(is_own),
    ],
    link: &[],
    check: &[],
};

/// The defaults of MariaDB.
pub(crate) static MARIADB: Table = Table {
    product: "MariaDB",
    hop: &[
        Row::new(
            "MariaDB",
            Key::MaxConnections,
            "max_connections",
            Preset::Count(151),
            MARIADB_PAGE,
        )
        .when(is_own),
        Row::new(
            "MariaDB",
            Key::ClientIdleTimeout,
            "wait_timeout",
            Preset::Seconds(28_800),
            MARIADB_PAGE,
        )
        .when(is_own),
    ],
    link: &[],
    check: &[],
};
