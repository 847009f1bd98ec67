//! What Python's application servers do when nobody says otherwise. Checked in gunicorn 20.1.0 and
//! 27.0.1, uvicorn 0.54.0, Hypercorn 0.18.0 and SQLAlchemy 2.0.58.

use model::config::Key;

use super::{Preset, Row, Subject, Table};

const GUNICORN_SETTINGS: &str = "https://docs.gunicorn.org/en/stable/settings.html";
const UVICORN_SETTINGS: &str = "https://www.uvicorn.org/settings/";
const HYPERCORN_SETTINGS: &str =
    "https://hypercorn.readthedocs.io/en/latest/how_to_guides/configuring.html";

const fn gunicorn(key: Key, name: &'static str, value: Preset) -> Row {
    Row::new("gunicorn", key, name, value, GUNICORN_SETTINGS)
}

/// The defaults of gunicorn. Its plain worker closes every connection after one response; threads
/// make it another kind of worker.
pub(crate) static GUNICORN: Table = Table {
    product: "gunicorn",
    hop: &[
        gunicorn(Key::ClientKeepAlive, "worker_class", Preset::Flag(true)).when(has_threads),
        gunicorn(Key::ClientKeepAlive, "worker_class", Preset::Flag(false)).when(has_no_threads),
        gunicorn(Key::ClientIdleTimeout, "keepalive", Preset::Seconds(2)).when(keeps),
        gunicorn(Key::WorkerTimeout, "timeout", Preset::Seconds(30)),
        gunicorn(Key::ShutdownTimeout, "graceful_timeout", Preset::Seconds(30)),
        gunicorn(Key::Workers, "workers", Preset::Count(1)),
        gunicorn(Key::Threads, "threads", Preset::Count(1)),
        gunicorn(Key::Backlog, "backlog", Preset::Count(2048)),
    ],
    link: &[],
    check: &[],
};

/// The defaults of uvicorn. Below gunicorn, gunicorn's settings hold.
pub(crate) static UVICORN: Table = Table {
    product: "uvicorn",
    hop: &[
        Row::new(
            "uvicorn",
            Key::ClientIdleTimeout,
            "--timeout-keep-alive",
            Preset::Seconds(5),
            UVICORN_SETTINGS,
        )
        .when(is_alone),
        Row::new(
            "uvicorn",
            Key::ShutdownTimeout,
            "--timeout-graceful-shutdown",
            Preset::Unlimited,
            UVICORN_SETTINGS,
        )
        .when(is_alone),
        Row::new("uvicorn", Key::Workers, "--workers", Preset::Count(1), UVICORN_SETTINGS)
            .when(is_alone),
        Row::new("uvicorn", Key::Backlog, "--backlog", Preset::Count(2048), UVICORN_SETTINGS)
            .when(is_alone),
    ],
    link: &[],
    check: &[],
};

/// The defaults of Hypercorn.
pub(crate) static HYPERCORN: Table = Table {
    product: "Hypercorn",
    hop: &[
        Row::new(
            "Hypercorn",
            Key::ClientIdleTimeout,
            "keep_alive_timeout",
            Preset::Seconds(5),
            HYPERCORN_SETTINGS,
        ),
        Row::new(
            "Hypercorn",
            Key::ShutdownTimeout,
            "graceful_timeout",
            Preset::Seconds(3),
            HYPERCORN_SETTINGS,
        ),
        Row::new("Hypercorn", Key::Workers, "workers", Preset::Count(1), HYPERCORN_SETTINGS),
        Row::new("Hypercorn", Key::Backlog, "backlog", Preset::Count(100), HYPERCORN_SETTINGS),
    ],
    link: &[],
    check: &[],
};

fn has_threads(at: &Subject<'_>) -> bool {
    at.settings.count(Key::Threads).is_some_and(|threads| threads > 1)
}

fn has_no_threads(at: &Subject<'_>) -> bool {
    at.settings.get(Key::Threads).is_none() || at.settings.count(Key::Threads) == Some(1)
}

fn keeps(at: &Subject<'_>) -> bool {
    at.settings.flag(Key::ClientKeepAlive) == Some(true)
}

fn is_alone(at: &Subject<'_>) -> bool {
    !at.hop.runs("gunicorn")
}

/// The defaults of SQLAlchemy's pool; the reader knows where there is one.
pub(crate) static SQLALCHEMY: &[Row] = &[
    Row::new("SQLAlchemy", Key::PoolMax, "pool_size + max_overflow", Preset::Count(15), POOLING),
    Row::new("SQLAlchemy", Key::PoolAcquireTimeout, "pool_timeout", Preset::Seconds(30), POOLING),
    Row::new("SQLAlchemy", Key::PoolMaxLifetime, "pool_recycle", Preset::Unlimited, POOLING),
];

const POOLING: &str = "https://docs.sqlalchemy.org/en/20/core/pooling.html";
