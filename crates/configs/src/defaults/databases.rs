//! How many connections databases take when nobody says otherwise.

use model::config::Key;

use super::{Preset, Row, Table};

const POSTGRESQL_PAGE: &str =
    "https://www.postgresql.org/docs/current/runtime-config-connection.html";
const MYSQL_PAGE: &str = "https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html";
const MARIADB_PAGE: &str =
    "https://mariadb.com/docs/server/server-management/variables-and-modes/server-system-variables";

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
        ),
        Row::new(
            "PostgreSQL",
            Key::ReservedConnections,
            "superuser_reserved_connections",
            Preset::Count(3),
            POSTGRESQL_PAGE,
        ),
    ],
    link: &[],
    check: &[],
};

/// The defaults of MySQL.
pub(crate) static MYSQL: Table = Table {
    product: "MySQL",
    hop: &[
        Row::new("MySQL", Key::MaxConnections, "max_connections", Preset::Count(151), MYSQL_PAGE),
        Row::new(
            "MySQL",
            Key::ClientIdleTimeout,
            "wait_timeout",
            Preset::Seconds(28_800),
            MYSQL_PAGE,
        ),
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
        ),
        Row::new(
            "MariaDB",
            Key::ClientIdleTimeout,
            "wait_timeout",
            Preset::Seconds(28_800),
            MARIADB_PAGE,
        ),
    ],
    link: &[],
    check: &[],
};
