"""Stories about waiting for a response: timeouts, their order, and pools with nobody free."""

from aws import Alb
from core import MIN, MS, S, case, t
from gcp import TOO_LONG, Gcp
from hosts import php_fpm
from nginx import SLOW_CONNECT, SLOW_HEAD, Nginx
from proxies import Apache, Envoy, Haproxy

SLUG = "target-response-timeout"
REPORT = ("GET", "/api/reports/monthly")


def slow_alb(ev, start, failures=20):
    """One report takes longer than the load balancer's idle timeout of 60 s."""
    alb = Alb(ev, ["10.0.21.14:8080", "10.0.22.31:8080"])
    alb.traffic(start, start + 30 * MIN, 8)
    for at in ev.spread(start + 9 * MIN, start + 20 * MIN, failures):
        alb.request(at, 60 * S + ev.rng.randint(300, 9_000), 504, "-", "0.001 -1 -1", ev.rng.choice(alb.targets),
                    *REPORT, sent=303)


def slow_nginx(ev, start, style="timed", address="10.0.3.11:8080"):
    """A slow report behind `proxy_read_timeout 60s`."""
    proxy = Nginx(ev, style)
    proxy.traffic(start, start + 28 * MIN, 8, [address])
    for at in ev.spread(start + 8 * MIN, start + 19 * MIN, 22):
        proxy.failed(at, 60 * S + ev.rng.choice([0, 1, 1, 2, 4, 9]) * MS, 504, address, SLOW_HEAD,
                     method="GET", path=REPORT[1], connected=0)
    return proxy


@case(SLUG, "fires-aws-alb",
      "first: target-response-timeout\nverdict: proved|supported\nnot: timeout-ladder-inversion target-connect-timeout worker-pool-saturated")
def _(ev):
    """A monthly report got slower than the load balancer's idle timeout: every failure lasts 60 s,
    all on one path, while everything else stays quick."""
    slow_alb(ev, t("2026-11-09T09:00:00"))


@case(SLUG, "fires-nginx-error", "first: target-response-timeout\nverdict: proved\nnot: target-connect-timeout worker-pool-saturated")
def _(ev):
    """The same behind nginx and its default proxy_read_timeout."""
    slow_nginx(ev, t("2026-11-09T10:00:00"))


@case(SLUG, "fires-haproxy", "first: target-response-timeout\nverdict: proved\nnot: target-connect-timeout")
def _(ev):
    """`timeout server 50s`: sessions end sH with 504."""
    proxy, start = Haproxy(ev), t("2026-11-09T11:00:00")
    proxy.traffic(start, start + 28 * MIN, 8, ["api1", "api2"])
    for at in ev.spread(start + 8 * MIN, start + 19 * MIN, 20):
        proxy.http(at, (0, 0, 1, -1, 50_001 + ev.rng.randint(0, 3)), 504, "sH--", ev.rng.choice(["api1", "api2"]),
                   *REPORT, sent=194)


@case(SLUG, "quiet-timeout-ladder-inversion",
      "first: timeout-ladder-inversion\nverdict: proved|supported\nnot: target-response-timeout\ncandidate: target-response-timeout")
def _(ev):
    """The outer gateway's timer fires at 15 s, and the same requests are finished by the hop behind
    it, with 200, a few seconds later."""
    ladder_envoy(ev, t("2026-11-09T12:00:00"))


@case(SLUG, "quiet-worker-pool-saturated",
      "first: worker-pool-saturated\nverdict: proved|supported\nnot: target-response-timeout\ncandidate: target-response-timeout")
def _(ev):
    """Timeouts on every path, after latency had risen for minutes, while PHP-FPM reports that it
    has no child left."""
    saturated_fpm(ev, t("2026-11-09T13:00:00"))


@case(SLUG, "quiet-target-connect-timeout", "first: target-connect-timeout\nverdict: proved\nnot: target-response-timeout")
def _(ev):
    """504 after 60 s too, but nginx was still connecting: its proxy_connect_timeout has the same
    default."""
    proxy, start = Nginx(ev), t("2026-11-09T14:00:00")
    proxy.traffic(start, start + 9 * MIN, 8, ["10.0.31.7:8080"], fresh=True)
    for at in ev.spread(start + 9 * MIN, start + 16 * MIN, 22):
        proxy.failed(at, 60 * S + ev.rng.choice([0, 1, 3]) * MS, 504, "10.0.31.7:8080", SLOW_CONNECT)
    proxy.traffic(start + 17 * MIN, start + 26 * MIN, 8, ["10.0.31.7:8080"], fresh=True)


@case(SLUG, "blind-combined-only", "verdict-at-most: consistent\nnot: target-response-timeout target-connect-timeout")
def _(ev):
    """The 504s in the combined format: how long they took and in which phase is not there."""
    slow_nginx(ev, t("2026-11-09T10:00:00"), "combined")
    del ev.files["error.log"]


LADDER_SLUG = "timeout-ladder-inversion"


def ladder_run(ev, start, inner=True):
    """A Cloud Run service with a limit of 60 s calls another with 300 s; the trace joins them."""
    gcp = Gcp(ev)
    for at in ev.arrivals(start, start + 30 * MIN, 4):
        method, path, took = ev.page()
        trace = ev.hex(32)
        gcp.run(at, took + 9 * MS, 200, method, path, "web", "web-00018-zab", trace=trace)
        if inner:
            gcp.run(at + 4 * MS, took, 200, method, path, "api", "api-00042-kol", trace=trace)
    for at in ev.spread(start + 8 * MIN, start + 22 * MIN, 16):
        trace = ev.hex(32)
        gcp.run(at, 60 * S + ev.rng.randint(1, 9) * MS, 504, *REPORT, "web", "web-00018-zab", text=TOO_LONG,
                trace=trace)
        if inner:
            gcp.run(at + 5 * MS, ev.rng.randint(64_000, 96_000) * MS, 200, *REPORT, "api", "api-00042-kol",
                    trace=trace)


def ladder_envoy(ev, start, inner=True, finishes=True):
    """Envoy with its default route timeout of 15 s in front of ingress-nginx, which goes on without
    a client (proxy_ignore_client_abort on). Both log the same request id."""
    envoy = Envoy(ev, "json", "shop_edge", "shop.example.com", down="10.9.0.4:443", local="10.9.0.4")
    ingress = Nginx(ev, "ingress", group="shop-api-8080", access="ingress-access.log", peer="10.9.0.4")
    for at in ev.arrivals(start, start + 30 * MIN, 5):
        page = ev.page()
        request_id = ev.uuid()
        envoy.ok(at, "10.9.7.2:80", page=(page[0], page[1], page[2] + 2_000), request_id=request_id)
        if inner:
            ingress.ok(at + 1_000, "10.8.1.23:8080", page=page, request_id=request_id)
    for at in ev.spread(start + 8 * MIN, start + 22 * MIN, 18):
        request_id = ev.uuid()
        envoy.request(at, 15_000 + ev.rng.randint(0, 3), 504, "UT", "response_timeout", *REPORT, "10.9.7.2:80",
                      sent=24, request_id=request_id)
        if inner and finishes:
            took = ev.rng.randint(16_200, 27_500) * MS
            ingress.access(at + 1_000, took, 200, *REPORT, [("10.8.1.23:8080", 0, took, took, 200)],
                           request_id=request_id)
        elif inner:
            took = 15 * S - 2_000
            ingress.access(at + 1_000, took, 499, *REPORT, [("10.8.1.23:8080", 0, None, took, None)], sent=0,
                           request_id=request_id)


@case(LADDER_SLUG, "fires-gcp-run", "first: timeout-ladder-inversion\nverdict: proved|supported\nnot: target-response-timeout")
def _(ev):
    """The outer service may take 60 s, the inner one 300 s. The outer answers 504 at 60 s; the inner
    finishes the same requests, by their trace, with 200 after 64 to 96 s."""
    ladder_run(ev, t("2026-11-09T16:00:00"))


@case(LADDER_SLUG, "fires-envoy-ingress", "first: timeout-ladder-inversion\nverdict: proved|supported\nnot: target-response-timeout client-abort")
def _(ev):
    """Envoy's default route timeout of 15 s in front of an ingress that is allowed 60 s: the ingress
    logs 200 for the very requests Envoy gave up."""
    ladder_envoy(ev, t("2026-11-09T17:00:00"))


@case(LADDER_SLUG, "quiet-target-response-timeout",
      "first: target-response-timeout\nverdict: proved|supported\nnot: timeout-ladder-inversion\ncandidate: timeout-ladder-inversion")
def _(ev):
    """Two hops in the right order: the inner one gives up at 10 s, the outer one would have waited
    15 s and passes the 504 on. Nobody behind finishes later."""
    start = t("2026-11-09T18:00:00")
    envoy = Envoy(ev, "json", "shop_edge", "shop.example.com", down="10.9.0.4:443", local="10.9.0.4")
    ingress = Nginx(ev, "ingress", group="shop-api-8080", access="ingress-access.log", error="ingress-error.log",
                    peer="10.9.0.4")
    for at in ev.arrivals(start, start + 28 * MIN, 5):
        page = ev.page()
        request_id = ev.uuid()
        envoy.ok(at, "10.9.7.2:80", page=(page[0], page[1], page[2] + 2_000), request_id=request_id)
        ingress.ok(at + 1_000, "10.8.1.23:8080", page=page, request_id=request_id)
    for at in ev.spread(start + 8 * MIN, start + 20 * MIN, 18):
        request_id, client = ev.uuid(), "10.9.0.4"
        took = 10 * S + ev.rng.choice([0, 1, 2]) * MS
        envoy.request(at, took // MS + 2, 504, "-", "via_upstream", *REPORT, "10.9.7.2:80", took // MS + 1,
                      sent=160, request_id=request_id)
        ingress.access(at + 1_000, took, 504, *REPORT, [("10.8.1.23:8080", 0, None, took, 504)], client, 160,
                       request_id)
        ingress.error(at + 1_000 + took, SLOW_HEAD, "error", *REPORT, f"http://10.8.1.23:8080{REPORT[1]}", client)


@case(LADDER_SLUG, "quiet-client-abort", "first: client-abort\nnot: timeout-ladder-inversion target-response-timeout")
def _(ev):
    """Both hops end the same requests together, after waits of every length: people left, no timer
    of a gateway fired."""
    start = t("2026-11-09T19:00:00")
    envoy = Envoy(ev, "json", "shop_edge", "shop.example.com", down="10.9.0.4:443", local="10.9.0.4")
    ingress = Nginx(ev, "ingress", group="shop-api-8080", access="ingress-access.log", peer="10.9.0.4")
    for at in ev.arrivals(start, start + 24 * MIN, 5):
        page = ev.page()
        request_id = ev.uuid()
        envoy.ok(at, "10.9.7.2:80", page=(page[0], page[1], page[2] + 2_000), request_id=request_id)
        ingress.ok(at + 1_000, "10.8.1.23:8080", page=page, request_id=request_id)
    for at in ev.spread(start + 4 * MIN, start + 20 * MIN, 24):
        request_id, took = ev.uuid(), ev.rng.randint(900, 13_500) * MS
        envoy.request(at, took // MS, 0, "DC", "downstream_remote_disconnect", *REPORT, "10.9.7.2:80", sent=0,
                      request_id=request_id)
        ingress.access(at + 1_000, took, 499, *REPORT, [("10.8.1.23:8080", 0, None, took, None)], sent=0,
                       request_id=request_id)


@case(LADDER_SLUG, "blind-outer-only", "not: timeout-ladder-inversion")
def _(ev):
    """The outer hop's log alone: its timer fired, and what became of the requests behind it cannot
    be seen."""
    ladder_envoy(ev, t("2026-11-09T17:00:00"), inner=False)


POOL_SLUG = "worker-pool-saturated"
FPM = "10.0.5.20:9000"


def saturated_fpm(ev, start, log=True):
    """A campaign brings more requests than twenty PHP children can serve."""
    proxy = Nginx(ev)
    proxy.traffic(start, start + 8 * MIN, 9, [FPM])
    proxy.traffic(start + 8 * MIN, start + 10 * MIN, 26, [FPM], slow=40)
    for at in ev.spread(start + 10 * MIN, start + 15 * MIN, 40):
        method, path, _ = ev.page()
        client = ev.client()
        took = 60 * S + ev.rng.choice([0, 1, 3, 8]) * MS
        proxy.access(at, took, 504, method, path, [(FPM, 0, None, took, 504)], client)
        proxy.error(at + took, SLOW_HEAD, "error", method, path, f"fastcgi://{FPM}", client)
    proxy.traffic(start + 10 * MIN, start + 16 * MIN, 12, [FPM], slow=160)
    proxy.traffic(start + 16 * MIN, start + 26 * MIN, 9, [FPM])
    if log:
        php_fpm(ev, start + 8 * MIN + 20 * S, "[pool www] seems busy (you may need to increase pm.start_servers, or "
                "pm.min/max_spare_servers), spawning 8 children, there are 0 idle, and 15 total children")
        for minute in range(8):
            php_fpm(ev, start + (9 + minute) * MIN + ev.rng.randint(1, 30) * S,
                    "[pool www] server reached pm.max_children setting (20), consider raising it")


@case(POOL_SLUG, "fires-nginx-php-fpm", "first: worker-pool-saturated\nverdict: proved|supported\nnot: target-response-timeout")
def _(ev):
    """Load triples, latency climbs, PHP-FPM reports that it reached pm.max_children, and then
    requests of every path time out until the campaign is over."""
    saturated_fpm(ev, t("2026-11-09T20:00:00"))


@case(POOL_SLUG, "fires-apache", "first: worker-pool-saturated\nverdict: proved|supported\nnot: target-response-timeout target-connect-timeout")
def _(ev):
    """Apache httpd behind HAProxy reaches MaxRequestWorkers; requests wait in HAProxy's queue
    (`maxconn 150`, `timeout queue 30s`) and those that wait too long end sQ with 503."""
    start = t("2026-11-09T21:00:00")
    proxy, apache = Haproxy(ev), Apache(ev, error="web-1-error.log")
    proxy.traffic(start, start + 9 * MIN, 9, ["web1"])
    proxy.traffic(start + 9 * MIN, start + 11 * MIN, 24, ["web1"], slow=25)
    for at in ev.arrivals(start + 11 * MIN, start + 16 * MIN, 14):
        proxy.ok(at, "web1", slow=60, waited=ev.rng.randint(6_000, 28_000), queue=f"0/{ev.rng.randint(20, 90)}")
    for at in ev.spread(start + 11 * MIN, start + 16 * MIN, 36):
        method, path, _ = ev.page()
        proxy.http(at, (0, 30_001, -1, -1, 30_001), 503, "sQ--", "<NOSRV>", method, path,
                   queue=f"0/{ev.rng.randint(60, 140)}")
    proxy.traffic(start + 17 * MIN, start + 27 * MIN, 9, ["web1"])
    apache.error(start + 10 * MIN + 12 * S, "mpm_event", "error",
                 "AH00484: server reached MaxRequestWorkers setting, consider raising the MaxRequestWorkers setting")
    apache.error(start + 13 * MIN + 40 * S, "mpm_event", "error", "AH10159: server is within MinSpareThreads of "
                 "MaxRequestWorkers, consider raising the MaxRequestWorkers setting")


@case(POOL_SLUG, "quiet-target-response-timeout",
      "first: target-response-timeout\nverdict: proved|supported\nnot: worker-pool-saturated\ncandidate: worker-pool-saturated")
def _(ev):
    """The same timeouts on one slow path only, while all other requests stay quick and PHP-FPM has
    children to spare."""
    start = t("2026-11-09T22:00:00")
    proxy = Nginx(ev)
    proxy.traffic(start, start + 28 * MIN, 8, [FPM])
    for at in ev.spread(start + 8 * MIN, start + 19 * MIN, 22):
        client = ev.client()
        took = 60 * S + ev.rng.choice([0, 1, 2]) * MS
        proxy.access(at, took, 504, "GET", "/report.php", [(FPM, 0, None, took, 504)], client)
        proxy.error(at + took, SLOW_HEAD, "error", "GET", "/report.php", f"fastcgi://{FPM}", client)
    php_fpm(ev, start - 90 * MIN, "fpm is running, pid 811", "NOTICE")
    php_fpm(ev, start - 90 * MIN + S, "ready to handle connections", "NOTICE")


@case(POOL_SLUG, "quiet-backend-own-5xx",
      "first: backend-own-5xx\nnot: worker-pool-saturated\ncandidate: worker-pool-saturated")
def _(ev):
    """503 from the application itself, at once and at an ordinary load: it says that it is busy with
    a migration; no worker is missing."""
    from response import own_nginx
    own_nginx(ev, t("2026-11-09T23:00:00"))


@case(POOL_SLUG, "blind-no-pool-log", "not: worker-pool-saturated")
def _(ev):
    """The campaign without PHP-FPM's log: timeouts under load, which a slow database would cause as
    well."""
    saturated_fpm(ev, t("2026-11-09T20:00:00"), log=False)
