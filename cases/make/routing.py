"""Stories about picking a target: none registered, none healthy, all ejected."""

from aws import Alb
from core import MIN, MS, S, case, t
from gcp import Gcp
from nginx import NO_LIVE, REFUSED, SLOW_HEAD, Nginx
from proxies import Apache, Envoy, Haproxy

NONE_SLUG = "no-registered-targets"


def empty_alb(ev, start, down=3 * MIN, failures=48):
    """A target group that is empty for a few minutes between two fleets."""
    old, new = ["10.0.21.14:8080", "10.0.22.31:8080"], ["10.0.21.90:8080", "10.0.22.93:8080"]
    alb = Alb(ev, old)
    alb.traffic(start, start + 9 * MIN, 12)
    for at in ev.spread(start + 9 * MIN, start + 9 * MIN + down, failures):
        alb.unconnected(at, None, ev.rng.randint(200, 900), 503)
    alb.traffic(start + 9 * MIN + down, start + 20 * MIN, 12, new)


def no_backend_gcp(ev, start, details="failed_to_pick_backend"):
    """A load balancer without a backend to pick for three minutes."""
    gcp = Gcp(ev)
    gcp.lb_traffic(start, start + 8 * MIN, 8)
    for at in ev.spread(start + 8 * MIN, start + 11 * MIN, 30):
        method, path, _ = ev.page()
        gcp.lb(at, ev.rng.randint(300, 2_000), 503, details, method, path, None)
    gcp.lb_traffic(start + 11 * MIN, start + 19 * MIN, 8)


@case(NONE_SLUG, "fires-aws-alb",
      "first: no-registered-targets\nverdict: proved|supported\nnot: no-healthy-targets target-connect-refused")
def _(ev):
    """The old fleet was deregistered before the new one was registered: for three minutes every
    request gets 503 at once and names no target. Unhealthy targets would not look like this, since
    the load balancer sends to all of them when none is healthy."""
    empty_alb(ev, t("2026-11-10T03:00:00"))


@case(NONE_SLUG, "quiet-no-healthy-targets",
      "first: no-healthy-targets\nverdict: proved|supported\nnot: no-registered-targets\ncandidate: no-registered-targets")
def _(ev):
    """No server to be had either, but HAProxy reports how each of them was marked down."""
    all_down_haproxy(ev, t("2026-11-10T04:00:00"))


@case(NONE_SLUG, "blind-gcp-lb", "verdict-at-most: consistent\nnot: no-registered-targets no-healthy-targets")
def _(ev):
    """`failed_to_pick_backend` stands for a group without backends as well as for one without
    healthy backends; nothing else is there to decide."""
    no_backend_gcp(ev, t("2026-11-10T05:00:00"))


HEALTH_SLUG = "no-healthy-targets"
SERVERS = ["api1", "api2", "api3"]


def all_down_haproxy(ev, start, reason='Layer7 wrong status, code: 503, info: "Service Unavailable"', early=0,
                     notices=True, failures=54):
    """All servers fail their health checks within seconds; after four minutes they come back."""
    proxy = Haproxy(ev)
    proxy.traffic(start, start + 9 * MIN, 10, SERVERS)
    begin = start + 9 * MIN
    for at in ev.spread(begin, begin + 5 * S, early) if early else []:
        method, path, _ = ev.page()
        proxy.http(at, (0, 0, -1, -1, 3002), 503, "SC--", "api1", method, path, retries="3")
    for index, server in enumerate(SERVERS):
        left = 2 - index
        last = " 0 sessions active, 0 requeued, 0 remaining in queue."
        at = begin + 4_600 * MS + index * 700 * MS
        if notices:
            proxy.notice(at, f"Server be_api/{server} is DOWN, reason: {reason}, check "
                             f"duration: {ev.rng.randint(0, 4)}ms. {left} active and 0 backup servers left.{last}")
    down = begin + 6_000 * MS
    if notices:
        proxy.notice(down + 2 * MS, "backend be_api has no server available!")
    for at in ev.spread(down + 50 * MS, down + 4 * MIN, failures):
        method, path, _ = ev.page()
        proxy.http(at, (0, -1, -1, -1, 0), 503, "SC--", "<NOSRV>", method, path)
    up = down + 4 * MIN
    for index, server in enumerate(SERVERS):
        if notices:
            proxy.notice(up + index * 600 * MS,
                         f"Server be_api/{server} is UP, reason: Layer7 check passed, code: "
                         f"200, check duration: 2ms. {index + 1} active and 0 backup servers online. 0 sessions "
                         "requeued, 0 total in queue.")
    proxy.traffic(up + 2 * S, up + 9 * MIN, 10, SERVERS)


@case(HEALTH_SLUG, "fires-haproxy", "first: no-healthy-targets\nverdict: proved|supported\nnot: no-registered-targets target-connect-refused")
def _(ev):
    """The health check asks the database; when that failed over, all three servers answered their
    checks with 503 and were taken out, although their pages would have been served."""
    all_down_haproxy(ev, t("2026-11-10T14:00:00"))


@case(HEALTH_SLUG, "quiet-no-registered-targets",
      "first: no-registered-targets\nverdict: proved|supported\nnot: no-healthy-targets\ncandidate: no-healthy-targets")
def _(ev):
    """503 from a load balancer that fails open when all targets are unhealthy: that it names no
    target means that none is registered."""
    empty_alb(ev, t("2026-11-10T15:00:00"), down=4 * MIN, failures=56)


@case(HEALTH_SLUG, "quiet-passive-ejection-cascade",
      "first: passive-ejection-cascade\nverdict: proved|supported\nnot: no-healthy-targets\ncandidate: no-healthy-targets")
def _(ev):
    """nginx has no live upstream either, but by its own count of failures and for ten seconds at a
    time; between the blocks both serve."""
    ejected_nginx(ev, t("2026-11-10T16:00:00"), blocks=5, message=SLOW_HEAD, took=10 * S, each=12)


@case(HEALTH_SLUG, "blind-envoy", "verdict-at-most: consistent\nnot: no-healthy-targets no-registered-targets passive-ejection-cascade")
def _(ev):
    """Envoy writes UH for a cluster without endpoints, with unhealthy ones and with ejected ones
    alike."""
    envoy, start = Envoy(ev), t("2026-11-10T17:00:00")
    envoy.traffic(start, start + 9 * MIN, 10, ["10.8.1.23:8080", "10.8.2.41:8080"])
    for at in ev.spread(start + 9 * MIN, start + 12 * MIN, 40):
        method, path, _ = ev.page()
        envoy.request(at, 0, 503, "UH", "no_healthy_upstream", method, path, None, sent=19)
    envoy.traffic(start + 12 * MIN, start + 20 * MIN, 10, ["10.8.1.23:8080", "10.8.2.41:8080"])


EJECT_SLUG = "passive-ejection-cascade"
PEERS = ["10.0.3.11:8080", "10.0.3.12:8080"]


def ejected_nginx(ev, start, blocks, message, took, each, status=504, notice=True):
    """Blocks of ten seconds in which nginx has taken both peers out after one failure each."""
    proxy = Nginx(ev, group="backend")
    begins = ev.spread(start + 3 * MIN, start + 27 * MIN, blocks)
    refused = message == REFUSED
    blocked = []
    for begin in begins:
        client = ev.client()
        method, path = ("GET", "/api/reports/monthly") if not refused else ("GET", "/api/items")
        tries, at = [], begin
        for peer in PEERS:
            tries.append((peer, None if refused else 400, None, took, 502 if refused else 504))
            at += took
            proxy.error(at, message, "error", method, path, f"http://{peer}{path}", client)
            if notice:
                proxy.error(at, "upstream server temporarily disabled while "
                                + message.split(" while ")[1], "warn", method, path, f"http://{peer}{path}", client)
        proxy.access(begin, at - begin, 502 if refused else status, method, path, tries, client)
        blocked.append((at, at + 10 * S))
        for moment in ev.spread(at + 100 * MS, at + 9_900 * MS, each):
            m, p, _ = ev.page()
            who = ev.client()
            proxy.access(moment, 0, 502, m, p, [("backend", None, None, 0, 502)], who)
            proxy.error(moment, NO_LIVE, "error", m, p, f"http://backend{p}", who)
    for moment in ev.arrivals(start, start + 30 * MIN, 10):
        if not any(first - 200 * MS <= moment <= last for first, last in blocked):
            proxy.ok(moment, ev.rng.choice(PEERS), fresh=True)
    return proxy


@case(EJECT_SLUG, "fires-nginx",
      "first: passive-ejection-cascade\nverdict: proved|supported\nnot: no-healthy-targets")
def _(ev):
    """One slow report times out at the first peer and is tried again at the second; with the default
    max_fails=1 that puts both out for ten seconds, and nginx answers everything else with 502
    without trying. It happens six times in half an hour; between the blocks both peers serve."""
    ejected_nginx(ev, t("2026-11-10T19:00:00"), blocks=6, message=SLOW_HEAD, took=10 * S, each=14)


@case(EJECT_SLUG, "fires-apache", "first: passive-ejection-cascade\nverdict: proved|supported")
def _(ev):
    """One refused connection makes Apache disable its only worker for 60 s: it answers 503 without
    trying, although the backend was back after one second."""
    proxy, start = Apache(ev), t("2026-11-10T21:00:00")
    begins = [start + 6 * MIN, start + 15 * MIN, start + 23 * MIN]
    for begin in begins:
        client = ev.client()
        proxy.access(begin, 1_200, 503, "GET", "/", client)
        proxy.error(begin + 600, "proxy", "error", "AH00957: http: attempt to connect to 10.0.3.11:8080 (10.0.3.11:8080) failed",
                    client, "(111)Connection refused")
        proxy.error(begin + 700, "proxy", "error", "AH00959: ap_proxy_connect_backend disabling worker for (10.0.3.11:8080) for 60s")
        proxy.error(begin + 800, "proxy_http", "error", "AH01114: HTTP: failed to make connection to backend: 10.0.3.11", client)
        for at in ev.spread(begin + 300 * MS, begin + 59_700 * MS, 14):
            method, path, _ = ev.page()
            who = ev.client()
            proxy.access(at, 300, 503, method, path, who)
            proxy.error(at + 200, "proxy", "error", "AH00940: http: disabled connection for (10.0.3.11:8080)")
    for at in ev.arrivals(start, start + 30 * MIN, 9):
        if not any(begin <= at <= begin + 60 * S for begin in begins):
            proxy.ok(at)


@case(EJECT_SLUG, "quiet-target-connect-refused",
      "first: target-connect-refused\ncandidate: passive-ejection-cascade")
def _(ev):
    """Both peers refuse connections for twelve minutes. Every ten seconds nginx tries them again and
    is refused again; in between it has no live upstream. Taking them out did happen and cost nobody
    an answer, since not one try in the whole time succeeded: it must not come first."""
    proxy, start = Nginx(ev), t("2026-11-10T22:00:00")
    proxy.traffic(start, start + 8 * MIN, 9, PEERS, fresh=True)
    begin = start + 8 * MIN
    while begin < start + 20 * MIN:
        client = ev.client()
        method, path, _ = ev.page()
        proxy.access(begin, 1 * MS, 502, method, path, [(peer, None, None, 0, 502) for peer in PEERS], client)
        for peer in PEERS:
            proxy.error(begin, REFUSED, "error", method, path, f"http://{peer}{path}", client)
            proxy.error(begin, "upstream server temporarily disabled while connecting to upstream", "warn", method,
                        path, f"http://{peer}{path}", client)
        if ev.rng.random() < 0.8:
            m, p, _ = ev.page()
            who, at = ev.client(), begin + ev.rng.randint(1, 9) * S
            proxy.access(at, 0, 502, m, p, [("backend", None, None, 0, 502)], who)
            proxy.error(at, NO_LIVE, "error", m, p, f"http://backend{p}", who)
        begin += 10 * S + ev.rng.randint(100, 4_000) * MS
    proxy.traffic(start + 20 * MIN, start + 28 * MIN, 9, PEERS, fresh=True)


@case(EJECT_SLUG, "quiet-no-healthy-targets",
      "first: no-healthy-targets\nverdict: proved|supported\nnot: passive-ejection-cascade\ncandidate: passive-ejection-cascade")
def _(ev):
    """Servers taken out by active health checks, which HAProxy reports one by one."""
    all_down_haproxy(ev, t("2026-11-10T23:00:00"), reason="Layer7 timeout")


@case(EJECT_SLUG, "blind-envoy", "verdict-at-most: consistent\nnot: passive-ejection-cascade no-healthy-targets no-registered-targets")
def _(ev):
    """Outlier detection has put all hosts out three times for thirty seconds. UH does not say so,
    and Envoy's event log was not kept."""
    envoy, start = Envoy(ev, "default"), t("2026-11-11T00:00:00")
    hosts = ["10.8.1.23:8080", "10.8.2.41:8080"]
    begins = [start + 6 * MIN, start + 13 * MIN, start + 19 * MIN]
    for begin in begins:
        for at in ev.spread(begin, begin + 30 * S, 14):
            method, path, _ = ev.page()
            envoy.request(at, 0, 503, "UH", "no_healthy_upstream", method, path, None, sent=19)
    for at in ev.arrivals(start, start + 26 * MIN, 9):
        if not any(begin - S <= at <= begin + 30 * S for begin in begins):
            envoy.ok(at, ev.rng.choice(hosts))
