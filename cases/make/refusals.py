"""Stories about databases that accept no more connections, as applications of every kind tell of it, and about
unix sockets that cannot be opened."""

from aws import Alb
from core import MIN, MS, S, case, iso, t, when
from hosts import php_fpm
from nginx import Nginx
from platforms import spring
from proxies import Apache, Haproxy
from webservers import Caddy, Traefik

SLUG = "db-connection-limit"
API = "10.0.31.7:8080"


def full_database(ev, start, ok, fail, say, per_minute=12, failures=44):
    """Seven minutes in which some requests are answered with an error at once, while the rest goes on; `say` writes
    what the application logs of each."""
    for at in ev.arrivals(start, start + 30 * MIN, per_minute):
        ok(at)
    for at in ev.spread(start + 12 * MIN, start + 19 * MIN, failures):
        took = ev.rng.randint(3, 30) * MS
        fail(at, took)
        say(at + took - MS)


@case(SLUG, "fires-haproxy-spring", "first: db-connection-limit\nverdict: proved|supported\nnot: db-pool-exhausted external-dependency-outage")
def _(ev):
    """Twenty new instances of a Spring service open ten connections each; PostgreSQL keeps the last slots for its
    superuser and refuses the rest."""
    proxy, start = Haproxy(ev), t("2026-11-24T06:00:00")
    servers = ["api-1", "api-2"]

    def fail(at, took):
        m, p, _ = ev.page()
        proxy.http(at, (0, 0, 0, took // MS, took // MS + 1), 500, "----", ev.rng.choice(servers), m, p, sent=180)

    def say(at):
        spring(ev, at, "Servlet.service() for servlet [dispatcherServlet] in context with path [] threw exception "
               "[Request processing failed: org.springframework.transaction.CannotCreateTransactionException: Could not open "
               "JPA EntityManager for transaction] with root cause", "ERROR", f"nio-8080-exec-{ev.rng.randint(1, 40)}",
               "o.a.c.c.C.[.[.[/].[dispatcherServlet]", more=[
                   "",
                   "org.postgresql.util.PSQLException: FATAL: remaining connection slots are reserved for roles with the "
                   "SUPERUSER attribute",
                   "\tat org.postgresql.core.v3.ConnectionFactoryImpl.doAuthentication(ConnectionFactoryImpl.java:693)",
                   "\tat org.postgresql.core.v3.ConnectionFactoryImpl.tryConnect(ConnectionFactoryImpl.java:213)"])

    full_database(ev, start, lambda at: proxy.ok(at, ev.rng.choice(servers)), fail, say)


@case(SLUG, "fires-aws-alb-django", "first: db-connection-limit\nverdict: proved|supported\nnot: db-pool-exhausted external-dependency-outage")
def _(ev):
    """A Django service without a pool opens a connection for each request; during a campaign RDS refuses some."""
    alb, start = Alb(ev, ["10.0.21.14:8080", "10.0.22.31:8080"]), t("2026-11-24T07:00:00")

    def fail(at, took):
        m, p, _ = ev.page()
        alb.request(at, took + 900, 500, "500", f"0.000 {took / S:.3f} 0.000", ev.rng.choice(alb.targets), m, p, sent=180)

    def say(at):
        lines = [f"{when(at).strftime('%Y-%m-%d %H:%M:%S')},{at // MS % 1000:03d} ERROR django.request Internal Server Error: "
                 "/api/items",
                 "Traceback (most recent call last):",
                 '  File "/srv/shop/lib/python3.12/site-packages/django/db/backends/base/base.py", line 279, in ensure_connection',
                 "    self.connect()",
                 "django.db.utils.OperationalError: connection to server at \"shop.c1a2b3c4d5e6.ap-northeast-1.rds.amazonaws.com\" "
                 "(10.0.40.21), port 5432 failed: FATAL:  sorry, too many clients already"]
        ev.lines("app.log", "django", at, lines)

    full_database(ev, start, alb.ok, fail, say)


@case(SLUG, "fires-nginx-php-mysql", "first: db-connection-limit\nverdict: proved|supported\nnot: db-pool-exhausted external-dependency-outage")
def _(ev):
    """PHP with persistent connections in more children than MySQL's max_connections: PDO's error 1040, and the same in
    the server's own log."""
    proxy, start = Nginx(ev), t("2026-11-24T08:00:00")

    def fail(at, took):
        m, p, _ = ev.page()
        proxy.access(at, took, 500, m, p, [("unix:/run/php/php8.3-fpm.sock", 0, took, took, 500)])

    def say(at):
        php_fpm(ev, at, "[pool www] child 1290 said into stderr: \"NOTICE: PHP message: PHP Fatal error:  Uncaught "
                "PDOException: SQLSTATE[HY000] [1040] Too many connections in /srv/www/lib/db.php:12\"", "WARNING")
        ev.add("mysqld.log", "mysql", at - MS, f"{iso(at - MS, 6)} 8 [Warning] [MY-010055] [Server] Too many connections")

    full_database(ev, start, lambda at: proxy.ok(at, "unix:/run/php/php8.3-fpm.sock"), fail, say)


@case(SLUG, "fires-traefik-go", "first: db-connection-limit\nverdict: proved|supported\nnot: db-pool-exhausted external-dependency-outage")
def _(ev):
    """A Go service whose sql.DB has no SetMaxOpenConns, behind Traefik; it answers 503 when PostgreSQL refuses."""
    proxy, start = Traefik(ev), t("2026-11-24T09:00:00")

    def fail(at, took):
        m, p, _ = ev.page()
        proxy.access(at, took, 503, m, p, API)

    def say(at):
        ev.add("app.log", "go", at, f"{when(at).strftime('%Y/%m/%d %H:%M:%S')} orders: list: pq: sorry, too many clients already")

    full_database(ev, start, lambda at: proxy.ok(at, API), fail, say)


@case(SLUG, "fires-apache-rails-pgbouncer", "first: db-connection-limit\nverdict: proved|supported\nnot: db-pool-exhausted external-dependency-outage")
def _(ev):
    """A pooler in front of the database has a limit of its own: PgBouncer's max_client_conn, met by a Rails service."""
    proxy, start = Apache(ev), t("2026-11-24T10:00:00")

    def fail(at, took):
        m, p, _ = ev.page()
        proxy.access(at, took, 500, m, p)

    def say(at):
        ev.add("production.log", "rails", at, f"F, [{iso(at, 6, '')} #71] FATAL -- : [{ev.uuid()}] "
               "ActiveRecord::ConnectionNotEstablished (connection to server at \"10.0.40.9\", port 6432 failed: FATAL:  no more "
               "connections allowed (max_client_conn)):")

    full_database(ev, start, proxy.ok, fail, say)


@case(SLUG, "fires-caddy-dotnet", "first: db-connection-limit\nverdict: proved|supported\nnot: db-pool-exhausted external-dependency-outage")
def _(ev):
    """A .NET service with Npgsql pools of 100 in four processes, and a server of 100."""
    proxy, start = Caddy(ev), t("2026-11-24T11:00:00")

    def fail(at, took):
        m, p, _ = ev.page()
        proxy.access(at, took, 500, m, p, upstream=API)

    def say(at):
        lines = [f"{iso(at, 3)} fail: Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware[1]",
                 "      An unhandled exception has occurred while executing the request.",
                 "      Npgsql.PostgresException (0x80004005): 53300: sorry, too many clients already",
                 "         at Npgsql.Internal.NpgsqlConnector.ReadMessageLong(Boolean async)"]
        ev.lines("app.log", "dotnet", at, lines)

    full_database(ev, start, lambda at: proxy.ok(at, API), fail, say)


@case(SLUG, "quiet-db-pool-exhausted",
      "first: db-pool-exhausted\nverdict: proved|supported\nnot: db-connection-limit\ncandidate: db-connection-limit")
def _(ev):
    """SQLAlchemy's pool of fifteen is empty for half a minute at a time; the database's own log is there, and refuses
    nobody."""
    alb, start = Alb(ev, ["10.0.21.14:8080"]), t("2026-11-24T12:00:00")
    for at in ev.arrivals(start, start + 30 * MIN, 12):
        alb.ok(at)
    for at in ev.spread(start + 12 * MIN, start + 19 * MIN, 40):
        took = 30 * S + ev.rng.randint(2, 60) * MS
        m, p, _ = ev.page()
        alb.request(at, took + 900, 500, "500", f"0.000 {took / S:.3f} 0.000", alb.targets[0], m, p, sent=180)
        said = at + took - MS
        lines = [f"{when(said).strftime('%Y-%m-%d %H:%M:%S')},{said // MS % 1000:03d} ERROR shop.api unhandled",
                 "Traceback (most recent call last):",
                 '  File "/srv/shop/lib/python3.12/site-packages/sqlalchemy/pool/impl.py", line 166, in _do_get',
                 "    raise exc.TimeoutError(",
                 "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout "
                 "30.00 (Background on this error at: https://sqlalche.me/e/20/3o7r)"]
        ev.lines("app.log", "django", said, lines)
    for at in ev.spread(start, start + 30 * MIN, 12):
        ev.add("postgresql.log", "postgresql", at, f"{when(at).strftime('%Y-%m-%d %H:%M:%S')}.{at // MS % 1000:03d} UTC [4711] LOG:  "
               "checkpoint starting: time")


SOCKET = "unix-socket-upstream"
FPM = "/run/php/php8.3-fpm.sock"


@case(SOCKET, "fires-caddy-missing", "first: unix-socket-upstream\nverdict: proved\nnot: target-connect-refused listen-backlog-overflow")
def _(ev):
    """An upgrade to PHP 8.4 names its socket anew; Caddy still dials the old file."""
    proxy, start = Caddy(ev), t("2026-11-24T13:00:00")
    proxy.traffic(start, start + 9 * MIN, 12, [None])
    for at in ev.spread(start + 9 * MIN, start + 14 * MIN, 44):
        proxy.failed(at, ev.rng.randint(200, 900), 502, f"dialing backend: dial unix {FPM}: connect: no such file or directory")
    proxy.traffic(start + 14 * MIN, start + 25 * MIN, 12, [None])


@case(SOCKET, "fires-caddy-forbidden", "first: unix-socket-upstream\nverdict: proved\nnot: target-connect-refused listen-backlog-overflow")
def _(ev):
    """The pool's listen.mode is 0660 for www-data, and Caddy runs as caddy."""
    proxy, start = Caddy(ev), t("2026-11-24T14:00:00")
    for at in ev.spread(start, start + 8 * MIN, 50):
        proxy.failed(at, ev.rng.randint(200, 900), 502, f"dialing backend: dial unix {FPM}: connect: permission denied")
    php_fpm(ev, start - 2 * S, "fpm is running, pid 811", "NOTICE")
    php_fpm(ev, start - 2 * S, "ready to handle connections", "NOTICE")


@case(SOCKET, "fires-haproxy-check", "first: unix-socket-upstream\nverdict: proved|supported\nnot: target-connect-refused")
def _(ev):
    """HAProxy's request log has SC and no reason; its health check of the same server names the missing file."""
    proxy, start = Haproxy(ev), t("2026-11-24T15:00:00")
    proxy.traffic(start, start + 9 * MIN, 12, ["app"])
    down = start + 9 * MIN
    for at in ev.spread(down, down + 2 * S, 8):
        m, p, _ = ev.page()
        proxy.http(at, (0, 0, -1, -1, 0), 503, "SC--", "app", m, p, retries="3")
    proxy.notice(down + 2 * S, 'Server be_api/app is DOWN, reason: Socket error, info: "General socket error (No such file or '
                 'directory)", check duration: 0ms. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 '
                 "remaining in queue.")
    proxy.notice(down + 2 * S, "backend be_api has no server available!")
    for at in ev.spread(down + 3 * S, down + 5 * MIN, 40):
        m, p, _ = ev.page()
        proxy.http(at, (0, -1, -1, -1, 0), 503, "SC--", "<NOSRV>", m, p)
    proxy.notice(down + 5 * MIN + S, "Server be_api/app is UP, reason: Layer4 check passed, check duration: 0ms. 1 active and 0 "
                 "backup servers online. 0 sessions requeued, 0 total in queue.")
    proxy.traffic(down + 5 * MIN + S, start + 25 * MIN, 12, ["app"])


@case(SOCKET, "quiet-listen-backlog-overflow",
      "first: listen-backlog-overflow\nverdict: proved\nnot: unix-socket-upstream")
def _(ev):
    """The same file and the same caller, but the file is there and its queue is full: `resource temporarily
    unavailable`, and only while a newsletter brings its readers."""
    proxy, start = Caddy(ev), t("2026-11-24T16:00:00")
    proxy.traffic(start, start + 9 * MIN, 10, [None])
    proxy.traffic(start + 9 * MIN, start + 13 * MIN, 40, [None], slow=20)
    for at in ev.spread(start + 9 * MIN, start + 13 * MIN, 60):
        proxy.failed(at, ev.rng.randint(200, 900), 502, f"dialing backend: dial unix {FPM}: connect: resource temporarily "
                     "unavailable")
    proxy.traffic(start + 13 * MIN, start + 25 * MIN, 10, [None])
