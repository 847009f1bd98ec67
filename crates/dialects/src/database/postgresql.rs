//! PostgreSQL server logs in every form, and PgBouncer's.

use model::Event;

use super::{pgbouncer, postgresql_forms, postgresql_messages};
use crate::{About, Blind, Context, Dialect, Marks, Understood};

/// PostgreSQL's and PgBouncer's logs.
pub(crate) struct PostgreSql;

/// Longest text looked at: statements of megabytes are logged with their errors.
const LONGEST: usize = 64 * 1024;

impl Dialect for PostgreSql {
    fn name(&self) -> &'static str {
        "postgresql"
    }

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn marks(&self) -> Marks {
        postgresql_forms::MARKS
    }

    fn sniff(&self, record: &str) -> bool {
        read(record, &Context::default()).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(read(record, context), out)
    }
}

/// `None` if the record is no message of these servers.
fn read(record: &str, context: &Context) -> Option<Option<Event<'static>>> {
    let record = record.trim();
    let head = &record[..record.floor_char_boundary(LONGEST)];
    if !head.starts_with('{')
        && let Some(event) = pgbouncer::read(head, context)
    {
        return Some(event);
    }
    let line = postgresql_forms::read(head, context)?;
    let known = postgresql_messages::is_known(&line.severity, &line.message);
    if !line.certain && !known {
        return None;
    }
    let told = postgresql_messages::read(&line.severity, &line.message, line.at);
    Some(told.map(Event::from))
}

static ABOUT: About = About {
    title: "PostgreSQL server log (stderr, csvlog, jsonlog) and PgBouncer log",
    source: "https://www.postgresql.org/docs/current/runtime-config-logging.html and https://www.pgbouncer.org/config.html",
    from: "the files in log_directory (SHOW log_directory), journalctl -u postgresql, Amazon RDS: aws rds download-db-log-file-portion, Cloud SQL: gcloud logging read; PgBouncer: its logfile",
    time: "the moment of the message, in log_timezone; its abbreviation is read where it means one zone, otherwise --timezone applies",
    fields: &[
        ("%m, %t, log_time, timestamp", "when"),
        ("error_severity", "which messages end a session"),
        (
            "message",
            "what happened: limits, restarts, crashes, cancelled statements, changed parameters",
        ),
        ("pooler error (PgBouncer)", "clients turned away or left waiting"),
        (
            "closing because (PgBouncer, server side)",
            "server connections lost, with the server's address",
        ),
    ],
    shows: &[
        "Connections refused because the server, a role, a database or the pooler has too many.",
        "Starts, shutdown requests and crashes of the server and of its processes.",
        "Statements ended by a timeout, a deadlock or a conflict with recovery.",
        "Memory, disk, processes or file descriptors used up.",
        "Parameters that changed with a reload.",
    ],
    blind: &[
        Blind {
            what: "How many connections were open before the limit was reached",
            how: "SELECT state, count(*) FROM pg_stat_activity GROUP BY state; SHOW max_connections",
        },
        Blind {
            what: "Who waited for whose lock, short of a deadlock",
            how: "log_lock_waits = on writes it to this log; SELECT * FROM pg_locks WHERE NOT granted",
        },
        Blind {
            what: "Slow statements that were not cancelled",
            how: "log_min_duration_statement = 1s, or the extension pg_stat_statements",
        },
        Blind {
            what: "Why the application's own pool was empty",
            how: "the application's log: the pool's exception names its size and its timeout",
        },
    ],
    recommended: "log_line_prefix = '%m [%p] %q%u@%d '\nlog_timezone = 'UTC'\nlog_connections = on\nlog_lock_waits = on\nlog_min_duration_statement = 1s",
};
