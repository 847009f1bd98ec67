//! What clients of databases print when the database, or their own pool, has no connection to give.
//!
//! The words must come as an error's message: behind `FATAL:`, an error's class, a vendor's number.
//! Prose about them, documentation and source code write them without.
//!
//! Sources: PostgreSQL `src/backend/storage/lmgr/proc.c` and `postmaster.c`, MySQL error 1040
//! (`ER_CON_COUNT_ERROR`) and 1203, the pools' own messages.

/// What a client's line complains of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Complaint {
    /// The named database refused a connection because it has too many.
    Refused(&'static str),
    /// The application's own pool had no connection to give in time.
    PoolEmpty,
}

/// Sentences of a database that refuses, with the words that must stand somewhere before them.
const REFUSALS: [(&str, &str); 11] = [
    ("sorry, too many clients already", "postgresql"),
    ("remaining connection slots are reserved", "postgresql"),
    ("too many connections for role ", "postgresql"),
    ("too many connections for database ", "postgresql"),
    ("no more connections allowed", "pgbouncer"),
    ("1040 (HY000): Too many connections", "mysql"),
    ("1040 (08004): Too many connections", "mysql"),
    ("ER_CON_COUNT_ERROR: Too many connections", "mysql"),
    ("1040] Too many connections", "mysql"),
    ("(1040, 'Too many connections')", "mysql"),
    ("message from server: \"Too many connections\"", "mysql"),
];

/// What an error message of PostgreSQL or a pooler stands behind, in its own log and in those of
/// its drivers: libpq and pgjdbc repeat the severity, Node.js's and Go's drivers put their name,
/// Npgsql the SQLSTATE 53300 (`too_many_connections`).
const INTRODUCED: [&str; 6] = ["FATAL: ", "FATAL:  ", "rror: ", "pq: ", "53300: ", "ERROR: "];

/// What pools say, each in full as far as it is constant: Prisma, HikariCP, SQLAlchemy, Tomcat JDBC,
/// Commons DBCP, c3p0, Sequelize, Knex, Active Record, psycopg, ADO.NET, Npgsql, R2DBC,
/// node-postgres (`pg-pool`), the MongoDB drivers.
const POOLS: [&str; 15] = [
    "Timed out fetching a new connection from the connection pool.",
    "Connection is not available, request timed out after ",
    "QueuePool limit of size ",
    "Timeout: Pool empty. Unable to fetch a connection in ",
    "Cannot get a connection, pool error Timeout waiting for idle object",
    "An attempt by a client to checkout a Connection has timed out.",
    "ConnectionAcquireTimeoutError",
    "Knex: Timeout acquiring a connection. The pool is probably full.",
    "could not obtain a connection from the pool within ",
    "PoolTimeout: couldn't get a connection after ",
    "The timeout period elapsed prior to obtaining a connection from the pool.",
    "The connection pool has been exhausted, either raise ",
    "Connection acquisition timed out after ",
    "timeout exceeded when trying to connect",
    "Timed out while checking out a connection from connection pool",
];

/// The complaint of a line, if it is one.
pub(crate) fn complaint(line: &str) -> Option<Complaint> {
    // Without one of these syllables no sentence of the tables is there.
    if !["onnection", "too many clients", "trying to connect"].iter().any(|w| line.contains(w)) {
        return None;
    }
    let refusal = REFUSALS.iter().find(|(words, who)| {
        line.find(words).is_some_and(|at| *who == "mysql" || is_introduced(&line[..at]))
    });
    if let Some((_, who)) = refusal {
        return Some(Complaint::Refused(who));
    }
    let sentence = POOLS.iter().find_map(|words| line.find(words).map(|at| (words, at)))?;
    let whole = match *sentence.0 {
        "QueuePool limit of size " => line.contains("connection timed out"),
        // The class alone may stand in prose; thrown, it is followed by a colon or ends the line.
        "ConnectionAcquireTimeoutError" => {
            let rest = &line[sentence.1 + sentence.0.len()..];
            rest.starts_with([':', ' ']) && rest.contains("Operation timeout")
                || rest.trim_end().is_empty()
        }
        // pg-pool's words are plain ones: as an error's message alone they are its own.
        "timeout exceeded when trying to connect" => line[..sentence.1].ends_with("rror: "),
        _ => true,
    };
    (whole && !is_code(&line[..sentence.1])).then_some(Complaint::PoolEmpty)
}

fn is_introduced(before: &str) -> bool {
    INTRODUCED.iter().any(|words| before.ends_with(words)) && !is_code(before)
}

/// Whether what stands before is a comment or makes the error rather than reporting it.
fn is_code(before: &str) -> bool {
    let start = before.trim_start();
    let mark = ["//", "/*", "* ", "#", "> ", "<!--", "- "].iter().any(|m| start.starts_with(m));
    let made = ["new ", "throw ", "raise ", "contains(", "includes(", "==", "match("]
        .iter()
        .any(|words| before.contains(words));
    mark || made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_every_driver() {
        for (line, who) in [
            ("FATAL:  sorry, too many clients already", "postgresql"),
            (
                "org.postgresql.util.PSQLException: FATAL: sorry, too many clients already",
                "postgresql",
            ),
            ("error: remaining connection slots are reserved for roles with x", "postgresql"),
            ("pq: sorry, too many clients already", "postgresql"),
            (
                "Npgsql.PostgresException (0x80004005): 53300: sorry, too many clients already",
                "postgresql",
            ),
            ("FATAL: too many connections for role \"app\"", "postgresql"),
            ("FATAL: no more connections allowed (max_client_conn)", "pgbouncer"),
            ("ERROR 1040 (HY000): Too many connections", "mysql"),
            ("Error 1040 (08004): Too many connections", "mysql"),
            ("SQLSTATE[HY000] [1040] Too many connections", "mysql"),
            ("pymysql.err.OperationalError: (1040, 'Too many connections')", "mysql"),
        ] {
            assert_eq!(complaint(line), Some(Complaint::Refused(who)), "{line}");
        }
    }

    #[test]
    fn pools_of_every_framework() {
        for line in [
            "java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 30001ms.",
            "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00",
            "KnexTimeoutError: Knex: Timeout acquiring a connection. The pool is probably full. Are you missing a .transacting(trx) call?",
            "SequelizeConnectionAcquireTimeoutError [SequelizeConnectionAcquireTimeoutError]: Operation timeout",
            "ActiveRecord::ConnectionTimeoutError (could not obtain a connection from the pool within 5.000 seconds (waited 5.003 seconds); all pooled connections were in use)",
            "psycopg_pool.PoolTimeout: couldn't get a connection after 30.00 sec",
            "System.InvalidOperationException: Timeout expired.  The timeout period elapsed prior to obtaining a connection from the pool.  This may",
            "io.r2dbc.spi.R2dbcTimeoutException: Connection acquisition timed out after 30000ms",
        ] {
            assert_eq!(complaint(line), Some(Complaint::PoolEmpty), "{line}");
        }
    }

    #[test]
    fn prose_and_code_complain_of_nothing() {
        for line in [
            "How to fix sorry, too many clients already",
            "// FATAL: sorry, too many clients already",
            "if err.message.includes(\"FATAL: sorry, too many clients already\")",
            "too many connections",
            "QueuePool limit of size 5 is the default",
            "the ConnectionAcquireTimeoutError class",
        ] {
            assert_eq!(complaint(line), None, "{line}");
        }
    }
}
