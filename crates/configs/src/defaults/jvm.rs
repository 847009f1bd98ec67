//! What Tomcat, Jetty and Spring Boot do when nobody says otherwise. Checked in Tomcat 10.1.60, Jetty
//! 9.4.57 and HikariCP 2.7.9, and on the pages named here.

use model::config::Key;

use super::{Preset, Row, Subject, Table};

const CONNECTOR: &str = "https://tomcat.apache.org/tomcat-10.1-doc/config/http.html";
const SERVER_XML: &str = "https://github.com/apache/tomcat/blob/main/conf/server.xml";
const JETTY_HTTP: &str = "https://jetty.org/docs/jetty/12/operations-guide/modules/standard.html";
const PROPERTIES: &str =
    "https://docs.spring.io/spring-boot/appendix/application-properties/index.html";
const SHUTDOWN: &str = "https://docs.spring.io/spring-boot/reference/web/graceful-shutdown.html";

/// Tomcat as it is shipped: its `server.xml` sets 20 s, and idle connections follow it.
pub(crate) static TOMCAT: Table = Table {
    product: "Tomcat",
    hop: &[
        Row::new(
            "Tomcat",
            Key::ClientIdleTimeout,
            "connectionTimeout",
            Preset::Seconds(20),
            SERVER_XML,
        ),
        Row::new(
            "Tomcat",
            Key::ClientHeaderTimeout,
            "connectionTimeout",
            Preset::Seconds(20),
            SERVER_XML,
        ),
        Row::new(
            "Tomcat",
            Key::ClientKeepAliveRequests,
            "maxKeepAliveRequests",
            Preset::Count(100),
            CONNECTOR,
        ),
        Row::new("Tomcat", Key::Threads, "maxThreads", Preset::Count(200), CONNECTOR),
        Row::new("Tomcat", Key::MaxConnections, "maxConnections", Preset::Count(8192), CONNECTOR),
        Row::new("Tomcat", Key::Backlog, "acceptCount", Preset::Count(100), CONNECTOR),
    ],
    link: &[],
    check: &[],
};

/// Jetty.
pub(crate) static JETTY: Table = Table {
    product: "Jetty",
    hop: &[
        Row::new(
            "Jetty",
            Key::ClientIdleTimeout,
            "jetty.http.idleTimeout",
            Preset::Seconds(30),
            JETTY_HTTP,
        ),
        Row::new(
            "Jetty",
            Key::Threads,
            "jetty.threadPool.maxThreads",
            Preset::Count(200),
            JETTY_HTTP,
        ),
    ],
    link: &[],
    check: &[],
};

const fn spring(key: Key, name: &'static str, value: Preset, source: &'static str) -> Row {
    Row::new("Spring Boot", key, name, value, source)
}

/// Spring Boot with the Tomcat in it, which knows no `server.xml`: 60 s.
pub(crate) static SPRING: Table = Table {
    product: "Spring Boot",
    hop: &[
        spring(
            Key::ClientIdleTimeout,
            "server.tomcat.keep-alive-timeout",
            Preset::Seconds(60),
            CONNECTOR,
        )
        .when(has_tomcat),
        spring(
            Key::ClientHeaderTimeout,
            "server.tomcat.connection-timeout",
            Preset::Seconds(60),
            CONNECTOR,
        )
        .when(has_tomcat),
        spring(
            Key::ClientKeepAliveRequests,
            "server.tomcat.max-keep-alive-requests",
            Preset::Count(100),
            PROPERTIES,
        )
        .when(has_tomcat),
        spring(Key::Threads, "server.tomcat.threads.max", Preset::Count(200), PROPERTIES)
            .when(has_tomcat),
        spring(
            Key::MaxConnections,
            "server.tomcat.max-connections",
            Preset::Count(8192),
            PROPERTIES,
        )
        .when(has_tomcat),
        spring(Key::Backlog, "server.tomcat.accept-count", Preset::Count(100), PROPERTIES)
            .when(has_tomcat),
        spring(Key::StopsAtOnce, "server.shutdown", Preset::Flag(false), SHUTDOWN).versions(
            "3.4",
            "",
            "3.4 and later",
        ),
        spring(Key::StopsAtOnce, "server.shutdown", Preset::Flag(true), SHUTDOWN).versions(
            "",
            "3.4",
            "before 3.4",
        ),
        spring(
            Key::ShutdownTimeout,
            "spring.lifecycle.timeout-per-shutdown-phase",
            Preset::Seconds(30),
            SHUTDOWN,
        )
        .when(finishes),
    ],
    link: &[],
    check: &[],
};

fn has_tomcat(at: &Subject<'_>) -> bool {
    !["Jetty", "Undertow", "Reactor Netty"].iter().any(|name| at.hop.runs(name))
}

fn finishes(at: &Subject<'_>) -> bool {
    at.settings.flag(Key::StopsAtOnce) == Some(false)
}

const HIKARI_PAGE: &str =
    "https://github.com/brettwooldridge/HikariCP#gear-configuration-knobs-baby";

/// The defaults of HikariCP's pool; the reader knows where there is one.
pub(crate) static HIKARI: &[Row] = &[
    Row::new("HikariCP", Key::PoolMax, "maximum-pool-size", Preset::Count(10), HIKARI_PAGE),
    Row::new(
        "HikariCP",
        Key::PoolAcquireTimeout,
        "connection-timeout",
        Preset::Seconds(30),
        HIKARI_PAGE,
    ),
    Row::new("HikariCP", Key::PoolIdleTimeout, "idle-timeout", Preset::Seconds(600), HIKARI_PAGE),
    Row::new("HikariCP", Key::PoolMaxLifetime, "max-lifetime", Preset::Seconds(1800), HIKARI_PAGE),
];
