"""Stories about limits: sizes, rates, the proxy's own connections, instances, pools."""

import json

from aws import Alb
from connect import not_listening_run
from core import MIN, MS, S, case, iso, t, when
from gcp import Gcp
from nginx import SLOW_HEAD, Nginx
from proxies import Envoy, Haproxy

API = "10.0.31.7:8080"
NO_INSTANCE = (
    "The request was aborted because there was no available instance. Additional troubleshooting documentation can "
    "be found at: https://cloud.google.com/run/docs/troubleshooting#abort-request"
)

SIZE = "request-too-large"


def app_log(ev, at, lines, file="app.log"):
    """Lines of an application that stamps the first of them."""
    for number, text in enumerate(lines):
        stamp = when(at).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at // MS % 1000:03d}Z "
        ev.add(file, "node" if number else "app", at + number, (stamp if number == 0 else "") + text)


@case(SIZE, "fires-nginx", f"first: {SIZE}\nverdict: proved\nnot: response-header-too-large")
def _(ev):
    """Photos of the new phones are above 1 MB, and nginx in front of the shop accepts no more; everything else
    goes on."""
    proxy, start = Nginx(ev), t("2026-11-16T09:00:00")
    proxy.traffic(start, start + 30 * MIN, 12, [API])
    for at in ev.spread(start + 2 * MIN, start + 29 * MIN, 31):
        client = ev.client()
        proxy.access(at, ev.rng.choice([1, 2, 3]) * MS, 413, "POST", "/api/photos", client=client, sent=183)
        proxy.error(at + 2 * MS, f"client intended to send too large body: {ev.rng.randint(1_100_000, 4_800_000)} bytes",
                    method="POST", path="/api/photos", client=client)


@case(SIZE, "fires-gcp-lb", f"first: {SIZE}\nverdict: proved\nnot: response-header-too-large")
def _(ev):
    """Group claims in a session cookie grow past what Google's load balancer takes as a header section."""
    cloud, start = Gcp(ev), t("2026-11-16T10:00:00")
    cloud.lb_traffic(start, start + 30 * MIN, 12)
    for at in ev.spread(start + 5 * MIN, start + 28 * MIN, 26):
        m, p, _ = ev.page()
        cloud.lb(at, 2 * MS, 413, "headers_too_long", m, p, server=None)


@case(SIZE, "quiet-response-header-too-large",
      f"first: response-header-too-large\nverdict: proved\nnot: {SIZE}\ncandidate: response-header-too-large")
def _(ev):
    """The answer to a login has more cookies than nginx has buffer: the request was small, and the application
    saw it."""
    proxy, start = Nginx(ev), t("2026-11-16T11:00:00")
    proxy.traffic(start, start + 30 * MIN, 12, [API])
    for at in ev.spread(start + 2 * MIN, start + 29 * MIN, 22):
        proxy.failed(at, ev.around(38 * MS), 502, API, "upstream sent too big header while reading response header from "
                     "upstream", method="POST", path="/login", connected=0)


@case(SIZE, "blind-no-error-log", f"verdict-at-most: cannot-tell\nnot: {SIZE}")
def _(ev):
    """The same photos with the access log alone: it has a status that any hop could have written for any reason,
    below 500, and nothing is claimed."""
    proxy, start = Nginx(ev), t("2026-11-16T12:00:00")
    proxy.traffic(start, start + 30 * MIN, 12, [API])
    for at in ev.spread(start + 2 * MIN, start + 29 * MIN, 31):
        proxy.access(at, 2 * MS, 413, "POST", "/api/photos", sent=183)


RATE = "gateway-quota-throttle"
SHARE = "proxy-connection-limit"


def limited(ev, start, with_errors):
    """nginx with limit_req and no burst, while a partner's job asks for every item at once."""
    proxy = Nginx(ev)
    proxy.traffic(start, start + 30 * MIN, 10, [API])
    for at in ev.spread(start + 12 * MIN, start + 17 * MIN, 160):
        path = f"/api/items/{ev.rng.randint(1000, 9999)}"
        if ev.rng.random() < 0.2:
            proxy.ok(at, API, page=("GET", path, 25 * MS))
            continue
        client = "198.51.100.40"
        proxy.access(at, 0, 503, "GET", path, client=client, sent=190)
        if with_errors:
            proxy.error(at, f"limiting requests, excess: 0.{ev.rng.randint(100, 990)} by zone \"api\"", method="GET",
                        path=path, client=client)


@case(RATE, "fires-nginx", f"first: {RATE}\nverdict: proved\nnot: {SHARE} backend-own-5xx")
def _(ev):
    """A partner's job asks for every item at once; nginx allows five requests a second per client, and answers the
    rest with 503."""
    limited(ev, t("2026-11-17T09:00:00"), True)


@case(RATE, "fires-envoy", f"first: {RATE}\nverdict: proved\nnot: {SHARE}")
def _(ev):
    """Envoy's local rate limit runs dry during a campaign; the details name the filter."""
    proxy, start = Envoy(ev), t("2026-11-17T10:00:00")
    targets = ["10.9.15.4:8080", "10.9.15.5:8080"]
    proxy.traffic(start, start + 30 * MIN, 12, targets)
    for at in ev.spread(start + 12 * MIN, start + 17 * MIN, 60):
        m, p, _ = ev.page()
        proxy.request(at, 0, 429, "RL", "local_rate_limited", m, p, None, sent=18)


@case(RATE, "fires-haproxy", f"first: {RATE}\nverdict: proved\nnot: {SHARE}")
def _(ev):
    """A rule on a stick table denies a crawler with 429."""
    proxy, start = Haproxy(ev), t("2026-11-17T11:00:00")
    proxy.traffic(start, start + 30 * MIN, 12, ["api-1", "api-2"])
    for at in ev.spread(start + 12 * MIN, start + 17 * MIN, 60):
        proxy.http(at, (0, -1, -1, -1, 0), 429, "PR--", "<NOSRV>", "GET", f"/api/items/{ev.rng.randint(1000, 9999)}")


def overflowing(ev, start):
    """Envoy while its targets answer ten times slower than usual: more requests under way than it allows."""
    proxy = Envoy(ev)
    targets = ["10.9.15.4:8080", "10.9.15.5:8080"]
    proxy.traffic(start, start + 12 * MIN, 14, targets)
    proxy.traffic(start + 12 * MIN, start + 17 * MIN, 16, targets, slow=30)
    for at in ev.spread(start + 12 * MIN, start + 17 * MIN, 70):
        m, p, _ = ev.page()
        proxy.request(at, 0, 503, "UO", "upstream_reset_before_response_started{overflow}", m, p, None, sent=81)
    proxy.traffic(start + 17 * MIN, start + 30 * MIN, 14, targets)


@case(RATE, f"quiet-{SHARE}", f"first: {SHARE}\nverdict: proved\nnot: {RATE}\ncandidate: {SHARE}")
def _(ev):
    """503 at once here too, and for everybody: the circuit breaker is full, for the targets have become slow."""
    overflowing(ev, t("2026-11-17T12:00:00"))


@case(RATE, "blind-no-error-log", f"verdict-at-most: consistent\nnot: {RATE} {SHARE}")
def _(ev):
    """The partner's job with nginx's access log alone: 503 without an upstream, at once, and no reason."""
    limited(ev, t("2026-11-17T13:00:00"), False)


def crowded(ev, start, with_errors):
    """nginx with too few worker connections while the API behind takes ten seconds."""
    proxy = Nginx(ev)
    proxy.traffic(start, start + 12 * MIN, 12, [API])
    proxy.traffic(start + 12 * MIN, start + 18 * MIN, 14, [API], slow=60)
    for at in ev.spread(start + 12 * MIN, start + 18 * MIN, 66):
        m, p, _ = ev.page()
        client = ev.client()
        proxy.access(at, 0, 500, m, p, [(API, None, None, 0, None)], client=client, sent=170)
        if with_errors:
            proxy.error(at, "1024 worker_connections are not enough while connecting to upstream", "alert", m, p,
                        f"http://{API}{p}", client)
    proxy.traffic(start + 18 * MIN, start + 30 * MIN, 12, [API])


@case(SHARE, "fires-nginx", f"first: {SHARE}\nverdict: proved\nnot: {RATE} backend-own-5xx")
def _(ev):
    """The API behind nginx becomes slow; the requests under way need more connections than a worker may hold, and
    the rest gets 500 at once."""
    crowded(ev, t("2026-11-17T14:00:00"), True)


@case(SHARE, "fires-envoy", f"first: {SHARE}\nverdict: proved\nnot: {RATE}")
def _(ev):
    """Envoy's circuit breaker at its default, in front of targets that have become slow."""
    overflowing(ev, t("2026-11-17T15:00:00"))


@case(SHARE, f"quiet-{RATE}", f"first: {RATE}\nverdict: proved\nnot: {SHARE}\ncandidate: {RATE}")
def _(ev):
    """503 at once, in a burst as well; but a rule refused one client, and the others are served."""
    limited(ev, t("2026-11-17T16:00:00"), True)


@case(SHARE, "blind-no-error-log", f"verdict-at-most: consistent\nnot: {SHARE} {RATE}")
def _(ev):
    """The same crowd with the access log alone: 500 without a status from behind."""
    crowded(ev, t("2026-11-17T17:00:00"), False)


SCALE = "instance-limit-or-scale-lag"


def burst(ev, start, system):
    """Cloud Run with a maximum of instances while webhooks of a mailing come in."""
    cloud = Gcp(ev)
    cloud.run_traffic(start, start + 12 * MIN, 6)
    cloud.run_traffic(start + 12 * MIN, start + 15 * MIN, 24, slow=8)
    cloud.run_traffic(start + 15 * MIN, start + 30 * MIN, 6)
    for at in ev.spread(start + 12 * MIN + 3 * S, start + 14 * MIN, 58):
        cloud.run(at, ev.rng.choice([0, 10_002 * MS, 10_004 * MS]), 429, "POST", "/hooks/mail", text=NO_INSTANCE)
    if system:
        for index in range(3):
            at = start + 12 * MIN + (4 + 17 * index) * S
            cloud.system(at, "Starting new instance. Reason: AUTOSCALING - Instance started due to configured scaling "
                         "factors (e.g. CPU utilization, request throughput, etc.) or no existing capacity for current "
                         "traffic.", index=index + 3)


@case(SCALE, "fires-gcp-run", f"first: {SCALE}\nverdict: proved\nnot: slow-startup {RATE}")
def _(ev):
    """A mailing brings its webhooks all at once, and the service may have no more instances than it has."""
    burst(ev, t("2026-11-18T09:00:00"), True)


@case(SCALE, "fires-gcp-lb-run", f"first: {SCALE}\nverdict: proved\nnot: backend-own-5xx")
def _(ev):
    """The same with the load balancer's log beside the service's: its 429 and 500 came from behind, and the
    platform's entries say why."""
    cloud, start = Gcp(ev), t("2026-11-18T10:00:00")
    for at in ev.arrivals(start, start + 30 * MIN, 8):
        cloud.lb_ok(at, server=None)
        cloud.run_ok(at + 2 * MS)
    for at in ev.spread(start + 12 * MIN, start + 13 * MIN, 40):
        trace = ev.hex(32)
        cloud.lb(at, 10_020 * MS, 500, "response_sent_by_backend", "POST", "/hooks/mail", server=None, trace=trace)
        cloud.run(at + 8 * MS, 10_003 * MS, 500, "POST", "/hooks/mail", text=NO_INSTANCE, trace=trace)


@case(SCALE, "quiet-app-not-listening", f"first: app-not-listening\nverdict: proved|supported\nnot: {SCALE}")
def _(ev):
    """No instance to answer here too: each one that is started listens on the wrong port and never becomes
    ready."""
    not_listening_run(ev, t("2026-11-18T11:00:00"))


@case(SCALE, f"quiet-{RATE}", f"first: {RATE}\nverdict: proved\nnot: {SCALE}")
def _(ev):
    """429 in a burst as well; but the load balancer's security policy refused, by a rate, and the service behind
    was not asked."""
    cloud, start = Gcp(ev), t("2026-11-18T12:00:00")
    cloud.lb_traffic(start, start + 30 * MIN, 7)
    for at in ev.spread(start + 12 * MIN, start + 14 * MIN, 58):
        cloud.lb(at, MS, 429, "throttled_by_security_policy", "POST", "/hooks/mail", server=None)


@case(SCALE, "blind-no-platform-log", f"first: backend-own-5xx\nnot: {SCALE}")
def _(ev):
    """The load balancer's log alone: a 500 from behind, and no word of why."""
    cloud, start = Gcp(ev), t("2026-11-18T13:00:00")
    cloud.lb_traffic(start, start + 30 * MIN, 7)
    for at in ev.spread(start + 12 * MIN, start + 13 * MIN, 40):
        cloud.lb(at, 10_020 * MS, 500, "response_sent_by_backend", "POST", "/hooks/mail", server=None)


@case(SCALE, "fires-aws-ecs", f"first: {SCALE}\nverdict: supported|proved\nnot: no-registered-targets")
def _(ev):
    """The instances of the cluster are replaced all at once; the service finds no place for its tasks, the target
    group is empty, and the load balancer answers 503."""
    start = t("2026-11-18T14:00:00")
    alb = Alb(ev, ["10.0.31.7:8080", "10.0.32.8:8080"])
    alb.traffic(start, start + 12 * MIN, 10)
    for at in ev.arrivals(start + 12 * MIN, start + 19 * MIN, 10):
        m, p, _ = ev.page()
        alb.request(at, MS, 503, "-", "-1 -1 -1", None, m, p, sent=337)
    alb.traffic(start + 19 * MIN, start + 30 * MIN, 10)
    told = [(4, "(service shop-api) has reached a steady state."),
            (12.1, "(service shop-api) was unable to place a task because no container instance met all of its "
             "requirements. Reason: No Container Instances were found in your cluster. For more information, see the "
             "Troubleshooting section of the Amazon ECS Developer Guide."),
            (15.2, "(service shop-api) was unable to place a task because no container instance met all of its "
             "requirements. Reason: No Container Instances were found in your cluster. For more information, see the "
             "Troubleshooting section of the Amazon ECS Developer Guide."),
            (19.5, "(service shop-api) has reached a steady state.")]
    events = [{"id": ev.uuid(), "createdAt": iso(start + int(minutes * MIN), 0, "+00:00"), "message": text}
              for minutes, text in reversed(told)]
    ev.add("services.json", "aws-ecs", start, json.dumps(
        {"services": [{"serviceName": "shop-api", "status": "ACTIVE", "desiredCount": 2, "events": events}],
         "failures": []}, indent=4))


POOL = "db-pool-exhausted"
EMPTY = [
    "Error: timeout exceeded when trying to connect",
    "    at Timeout._onTimeout (/srv/shop/node_modules/pg-pool/index.js:205:27)",
    "    at listOnTimeout (node:internal/timers:581:17)",
    "    at process.processTimers (node:internal/timers:519:7)",
]
REFUSED = [
    "error: sorry, too many clients already",
    "    at Parser.parseErrorMessage (/srv/shop/node_modules/pg-protocol/dist/parser.js:285:98)",
    "    at Socket.<anonymous> (/srv/shop/node_modules/pg-protocol/dist/index.js:11:42) {",
    "  severity: 'FATAL',",
    "  code: '53300'",
    "}",
]


def empty_pool(ev, start, lines):
    """nginx in front of a service whose requests fail after five seconds; `lines` is what it logs each time."""
    proxy = Nginx(ev)
    proxy.traffic(start, start + 12 * MIN, 12, [API])
    proxy.traffic(start + 12 * MIN, start + 19 * MIN, 12, [API], slow=12)
    for at in ev.spread(start + 12 * MIN, start + 19 * MIN, 62):
        m, p, _ = ev.page()
        took = 5 * S + ev.rng.randint(2, 40) * MS
        proxy.access(at, took, 500, m, p, [(API, 0, took, took, 500)])
        if lines:
            app_log(ev, at + took - MS, lines)
    proxy.traffic(start + 19 * MIN, start + 30 * MIN, 12, [API])


@case(POOL, "fires-nginx-node", f"first: {POOL}\nverdict: proved|supported\nnot: db-connection-limit external-dependency-outage")
def _(ev):
    """A report that holds a connection for minutes is started several times; the shop's pool of ten has none left,
    and after five seconds each request gives up."""
    empty_pool(ev, t("2026-11-19T09:00:00"), EMPTY)


@case(POOL, "fires-haproxy-hikari", f"first: {POOL}\nverdict: proved|supported\nnot: target-response-timeout db-connection-limit")
def _(ev):
    """A Java service waits 30 s for a connection of its pool, as long as HAProxy waits for the answer: the gateway
    logs a timeout, and the service's log has the reason."""
    proxy, start = Haproxy(ev), t("2026-11-19T10:00:00")
    proxy.traffic(start, start + 12 * MIN, 12, ["api-1"])
    proxy.traffic(start + 12 * MIN, start + 19 * MIN, 10, ["api-1"], slow=10)
    for at in ev.spread(start + 12 * MIN, start + 19 * MIN, 48):
        m, p, _ = ev.page()
        proxy.http(at, (0, 0, 0, -1, 30_001), 504, "sH--", "api-1", m, p)
        done = at + 30 * S + ev.rng.randint(1, 30) * MS
        ev.add("api.log", "hikari", done, f"{when(done).strftime('%Y-%m-%dT%H:%M:%S')}.{done // MS % 1000:03d}Z  WARN 1 --- "
               "[shop-api] [nio-8080-exec-7] o.h.engine.jdbc.spi.SqlExceptionHelper : HikariPool-1 - Connection is not "
               "available, request timed out after 30000ms (total=10, active=10, idle=0, waiting=41)")
    proxy.traffic(start + 19 * MIN, start + 30 * MIN, 12, ["api-1"])


@case(POOL, "quiet-db-connection-limit", f"first: db-connection-limit\nverdict: proved|supported\nnot: {POOL}\ncandidate: {POOL}")
def _(ev):
    """500 from the service in the same way, after a few tries; but it is the database that says it has too many
    connections."""
    empty_pool(ev, t("2026-11-19T11:00:00"), REFUSED)


@case(POOL, "blind-no-application-log", f"first: backend-own-5xx\nnot: {POOL}\ncandidate: {POOL}")
def _(ev):
    """The gateway's log alone: the application answered 500 after five seconds."""
    empty_pool(ev, t("2026-11-19T12:00:00"), None)


@case(POOL, "blind-gateway-timeout", f"first: target-response-timeout\nnot: {POOL}\ncandidate: {POOL}")
def _(ev):
    """A pool without a timer: requests wait until nginx gives up, and nobody logs why."""
    proxy, start = Nginx(ev), t("2026-11-19T13:00:00")
    proxy.traffic(start, start + 12 * MIN, 12, [API])
    for at in ev.spread(start + 12 * MIN, start + 19 * MIN, 40):
        proxy.failed(at, 60 * S + 3 * MS, 504, API, SLOW_HEAD, connected=0)
    proxy.traffic(start + 21 * MIN, start + 30 * MIN, 12, [API])
