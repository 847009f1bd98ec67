"""Stories about supervisors that kill workers for taking too long."""

from aws import Alb
from core import MIN, MS, S, case, t, when
from hosts import php_fpm
from nginx import CLOSED, RESET, Nginx
from platforms import gunicorn
from proxies import Apache, Haproxy
from webservers import Caddy, Traefik

SLUG = "worker-timeout-kill"
APP = "10.0.31.7:8000"


def uwsgi(ev, at, text, file="uwsgi.log"):
    """A line of uWSGI's log with its default stamp."""
    stamp = when(at).strftime("%a %b ") + f"{when(at).day:2d}" + when(at).strftime(" %H:%M:%S %Y")
    ev.add(file, "uwsgi", at, f"{stamp} - {text}")


@case(SLUG, "fires-nginx-uwsgi", "first: worker-timeout-kill\nverdict: proved|supported\nnot: app-crash oom-kill keepalive-race")
def _(ev):
    """uWSGI's harakiri is 20 s; the statistics page takes longer when nobody has asked for it in a while."""
    proxy, start = Nginx(ev), t("2026-11-23T12:00:00")
    proxy.traffic(start, start + 30 * MIN, 12, [APP])
    for number, at in enumerate(ev.spread(start + 3 * MIN, start + 28 * MIN, 9)):
        pid = 2_200 + number
        uwsgi(ev, at + 20 * S + 300 * MS, f"*** HARAKIRI ON WORKER {number % 4 + 1} (pid: {pid}, try: 1) ***")
        uwsgi(ev, at + 20 * S + 310 * MS, f"HARAKIRI !!! worker {number % 4 + 1} status !!!")
        uwsgi(ev, at + 21 * S, f"DAMN ! worker {number % 4 + 1} (pid: {pid}) died, killed by signal 9 :( trying respawn ...")
        uwsgi(ev, at + 21 * S + 10 * MS, f"Respawned uWSGI worker {number % 4 + 1} (new pid: {pid + 40})")
        proxy.failed(at, 20 * S + 990 * MS, 502, APP, CLOSED, method="GET", path="/admin/statistics", connected=400,
                     scheme="uwsgi")


@case(SLUG, "fires-apache-php-fpm",
      "first: worker-timeout-kill\nverdict: proved|supported\nnot: app-crash oom-kill worker-pool-saturated")
def _(ev):
    """PHP-FPM with request_terminate_timeout of 30 s behind Apache httpd; an import reaches it eight times."""
    proxy, start = Apache(ev), t("2026-11-23T13:00:00")
    proxy.traffic(start, start + 30 * MIN, 12)
    for number, at in enumerate(ev.spread(start + 3 * MIN, start + 28 * MIN, 8)):
        client, pid = ev.client(), 3_100 + number
        took = 30 * S + ev.rng.randint(100, 900) * MS
        proxy.access(at, took, 503, "POST", "/import.php", client)
        php_fpm(ev, at + took - 5 * MS, f"[pool www] child {pid}, script '/srv/www/import.php' (request: \"POST "
                f"/import.php\") execution timed out ({took / S:.6f} sec), terminating")
        php_fpm(ev, at + took + 2 * MS, f"[pool www] child {pid} exited on signal 15 (SIGTERM) after "
                f"{ev.rng.randint(300, 900)}.{ev.rng.randint(100_000, 999_999)} seconds from start")
        proxy.error(at + took, "proxy_fcgi", "error", "AH01067: Failed to read FastCGI header", client,
                    "(104)Connection reset by peer")
        proxy.error(at + took + 100, "proxy_fcgi", "error", "AH01075: Error dispatching request to : ", client,
                    "(104)Connection reset by peer")


@case(SLUG, "fires-haproxy-puma", "first: worker-timeout-kill\nverdict: proved|supported\nnot: app-crash oom-kill keepalive-race")
def _(ev):
    """A lock in a native extension stops a whole worker of Puma; the cluster's supervisor ends it after 60 s, with the
    requests of its five threads."""
    proxy, start = Haproxy(ev), t("2026-11-23T14:00:00")
    proxy.traffic(start, start + 40 * MIN, 12, ["api-1"])
    for number, at in enumerate(ev.spread(start + 4 * MIN, start + 36 * MIN, 5)):
        kill = at + 63 * S
        ev.add("puma.log", "puma", kill, f"{when(kill).strftime('%Y-%m-%dT%H:%M:%S')}.{kill // MS % 1000:03d}Z [7] ! Terminating "
               f"timed out worker (Worker {number % 3} failed to check in within 60 seconds): {40 + number}")
        for began in ev.spread(at, at + 4 * S, 4):
            m, p, _ = ev.page()
            ended = kill + ev.rng.randint(4, 40) * MS
            proxy.http(began, (0, 0, 0, -1, (ended - began) // MS), 502, "SH--", "api-1", m, p)


@case(SLUG, "fires-aws-alb-gunicorn", "first: worker-timeout-kill\nverdict: proved|supported\nnot: app-crash oom-kill drain-too-short")
def _(ev):
    """gunicorn's sync workers at the default of 30 s behind a load balancer that would wait 60 s: 502 and not 504."""
    alb, start = Alb(ev, [APP]), t("2026-11-23T15:00:00")
    alb.traffic(start, start + 30 * MIN, 12)
    for number, at in enumerate(ev.spread(start + 3 * MIN, start + 28 * MIN, 10)):
        pid = 60 + number
        took = 30 * S + ev.rng.randint(200, 1_000) * MS
        alb.request(at, took + MS, 502, "-", f"0.001 {took / S:.3f} -1", APP, "GET", "/reports/monthly", sent=272)
        gunicorn(ev, at + took - 20 * MS, 7, "CRITICAL", f"WORKER TIMEOUT (pid:{pid})")
        gunicorn(ev, at + took, pid, "ERROR", "Error handling request /reports/monthly")
        gunicorn(ev, at + took + 2 * MS, pid, "INFO", f"Worker exiting (pid: {pid})")
        gunicorn(ev, at + took + 300 * MS, pid + 20, "INFO", f"Booting worker with pid: {pid + 20}")


@case(SLUG, "fires-traefik-gunicorn", "first: worker-timeout-kill\nverdict: proved|supported\nnot: app-crash oom-kill")
def _(ev):
    """The same behind Traefik, whose access log has the status alone."""
    proxy, start = Traefik(ev, debug=False), t("2026-11-23T16:00:00")
    proxy.traffic(start, start + 30 * MIN, 12, [APP])
    for number, at in enumerate(ev.spread(start + 3 * MIN, start + 28 * MIN, 10)):
        pid, took = 60 + number, 30 * S + ev.rng.randint(200, 1_000) * MS
        proxy.failed(at, took, 502, "EOF", APP, "GET", "/reports/monthly")
        gunicorn(ev, at + took - 20 * MS, 7, "CRITICAL", f"WORKER TIMEOUT (pid:{pid})")
        gunicorn(ev, at + took + 300 * MS, pid + 20, "INFO", f"Booting worker with pid: {pid + 20}")


@case(SLUG, "fires-caddy-php-fpm", "first: worker-timeout-kill\nverdict: proved|supported\nnot: app-crash oom-kill")
def _(ev):
    """Caddy in front of PHP-FPM on a unix socket: the connection is reset when the script is ended after 60 s."""
    proxy, start = Caddy(ev), t("2026-11-23T17:00:00")
    proxy.traffic(start, start + 40 * MIN, 12, [None])
    for number, at in enumerate(ev.spread(start + 3 * MIN, start + 38 * MIN, 8)):
        pid, took = 3_100 + number, 60 * S + ev.rng.randint(100, 900) * MS
        proxy.failed(at, took, 502, "read unix @->/run/php/php8.3-fpm.sock: read: connection reset by peer",
                     method="POST", path="/import.php")
        php_fpm(ev, at + took - 5 * MS, f"[pool www] child {pid}, script '/srv/www/import.php' (request: \"POST "
                f"/import.php\") execution timed out ({took / S:.6f} sec), terminating")


@case(SLUG, "quiet-app-crash",
      "first: app-crash\nverdict: proved|supported\nnot: worker-timeout-kill\ncandidate: worker-timeout-kill")
def _(ev):
    """Workers of PHP-FPM end here as well, but by a segmentation fault of their own, and long before any limit; the one
    script that was ended for its time was another one, half an hour earlier."""
    proxy, start = Nginx(ev), t("2026-11-23T18:00:00")
    proxy.traffic(start, start + 60 * MIN, 10, ["10.0.31.7:9000"])
    php_fpm(ev, start + 2 * MIN, "[pool www] child 3001, script '/srv/www/cron.php' (request: \"GET /cron.php\") execution "
            "timed out (60.213004 sec), terminating")
    for number, at in enumerate(ev.spread(start + 34 * MIN, start + 58 * MIN, 9)):
        wait = ev.rng.randint(40, 700) * MS
        proxy.failed(at - wait, wait, 502, "10.0.31.7:9000", RESET, connected=300, scheme="fastcgi", method="GET",
                     path="/product.php")
        php_fpm(ev, at + MS, f"[pool www] child {4_000 + number} exited on signal 11 (SIGSEGV) after "
                f"{ev.rng.randint(30, 900)}.{ev.rng.randint(100_000, 999_999)} seconds from start")
