"""Stories about connections that are used again: keepalive-race and its neighbours."""

from aws import Alb
from core import MIN, MS, S, case, t
from gcp import Gcp
from hosts import Host, uncaught
from nginx import CLOSED, REFUSED, RESET, Nginx
from proxies import Envoy

SLUG = "keepalive-race"
TARGETS = ["10.0.21.14:3000", "10.0.22.31:3000"]


def trickle_alb(ev, start, minutes, failures, per_minute=5.0):
    """An hour of light traffic with requests that meet a connection being closed."""
    alb = Alb(ev, TARGETS)
    alb.traffic(start, start + minutes * MIN, per_minute)
    for at in ev.spread(start + MIN, start + (minutes - 1) * MIN, failures):
        alb.closed(at, ev.rng.choice(TARGETS), ev.rng.choice([0, 400, 700, 1_000]))


def trickle_nginx(ev, start, minutes, failures, retried):
    """The same behind nginx, which tries safe methods again by itself."""
    proxy = Nginx(ev)
    proxy.traffic(start, start + minutes * MIN, 4.5, TARGETS)
    posts = [("POST", "/api/orders"), ("POST", "/api/cart/lines"), ("PATCH", "/api/profile")]
    for at in ev.spread(start + MIN, start + (minutes - 1) * MIN, failures):
        method, path = ev.rng.choice(posts)
        message = RESET if ev.rng.random() < 0.3 else CLOSED
        proxy.failed(at, ev.rng.choice([1_000, 1_000, 2_000]), 502, ev.rng.choice(TARGETS), message,
                     method=method, path=path, connected=0)
    for at in ev.spread(start, start + minutes * MIN, retried):
        first, second = ev.rng.sample(TARGETS, 2)
        took, client = ev.around(40 * MS), ev.client()
        proxy.access(at, took + 1_000, 200, "GET", "/api/items",
                     [(first, 0, None, 1_000, 502), (second, 0, took, took, 200)], client=client)
        proxy.error(at + 1_000, CLOSED, "error", "GET", "/api/items", f"http://{first}/api/items", client)


def rolling(ev, begin, hosts, apart, boot, inflight, refused, unit="shop-api.service"):
    """Restarts one host after the other; returns (address, stop, back) and the failures to write."""
    outages = []
    for index, (name, address) in enumerate(hosts):
        stop = begin + index * apart
        host = Host(ev, name, "syslog")
        host.unit(stop, f"Stopping {unit} - Shop API...")
        host.app(stop + 2 * MS, ["SIGTERM received, shutting down"], dialect="app")
        host.unit(stop + 190 * MS, f"{unit}: Deactivated successfully.")
        host.unit(stop + 192 * MS, f"Stopped {unit} - Shop API.")
        host.pid += 40
        host.unit(stop + 230 * MS, f"Started {unit} - Shop API.")
        host.app(stop + boot, ["Server listening on 0.0.0.0:3000"], dialect="app")
        cut = [(stop + ev.rng.randint(10, 150) * MS) for _ in range(inflight)]
        none = ev.spread(stop + 250 * MS, stop + boot - 100 * MS, refused)
        outages.append((address, stop, stop + boot, cut, none))
    return outages


def living(outages, targets, at):
    """Targets that serve at this moment."""
    down = [address for address, stop, back, _, _ in outages if stop - 300 * MS <= at <= back]
    return [target for target in targets if target not in down]


@case(SLUG, "fires-aws-alb", "first: keepalive-race\nverdict: proved|supported|consistent\nnot: deploy-without-drain app-crash")
def _(ev):
    """Node.js 20 targets close idle connections after their default 5 s, the load balancer keeps
    them for 60 s. For an hour, about one request in twenty meets a connection that is being closed
    and ends within a millisecond; both targets serve all the time."""
    trickle_alb(ev, t("2026-11-12T09:00:00"), 60, 18)


@case(SLUG, "fires-nginx-access-error",
      "first: keepalive-race\nverdict: proved|supported|consistent\nnot: app-crash target-connect-refused")
def _(ev):
    """nginx 1.30 keeps connections to Node.js upstreams for 60 s, Node.js closes them after 5 s.
    nginx tries GET again on the other upstream, so that only POST and PATCH end as 502, one or two
    milliseconds after they were sent on a cached connection (connect time 0.000)."""
    trickle_nginx(ev, t("2026-11-12T13:00:00"), 60, 16, 6)


@case(SLUG, "fires-gcp-lb", "first: keepalive-race\nverdict: proved|supported|consistent\nnot: deploy-without-drain")
def _(ev):
    """The backend's keep-alive of 65 s is shorter than the load balancer's fixed 600 s. The file has the
    form that `gcloud logging read --format=json` prints: one array, newest first."""
    gcp, start = Gcp(ev), t("2026-11-11T22:00:00")
    gcp.lb_traffic(start, start + 50 * MIN, 2.4)
    for at in ev.spread(start + MIN, start + 49 * MIN, 14):
        method, path, _ = ev.page()
        gcp.lb(at, ev.rng.randint(2_100, 9_500), 502, "backend_connection_closed_before_data_sent_to_client",
               method, path, ev.rng.choice(["10.20.0.4", "10.20.0.5", "10.20.0.6"]))
    ev.arrays.add("lb-requests.json")


@case(SLUG, "quiet-deploy-without-drain",
      "first: deploy-without-drain\nverdict: proved|supported\nnot: keepalive-race\ncandidate: keepalive-race")
def _(ev):
    """The same bytes on the wire, but in three bursts, each in the seconds after an upstream was
    told to stop: a rolling restart whose instances close their connections at SIGTERM."""
    start = t("2026-11-12T15:00:00")
    hosts = [("app-1", "10.0.21.14:3000"), ("app-2", "10.0.22.31:3000"), ("app-3", "10.0.23.8:3000")]
    targets = [address for _, address in hosts]
    outages = rolling(ev, start + 7 * MIN, hosts, 75 * S, 6 * S, 6, 3)
    proxy = Nginx(ev)
    for at in ev.arrivals(start, start + 20 * MIN, 12):
        proxy.ok(at, ev.rng.choice(living(outages, targets, at)))
    for address, _, _, cut, none in outages:
        for at in cut:
            proxy.failed(at, ev.rng.choice([1, 1, 2, 14]) * MS, 502, address, CLOSED, method="POST",
                         path="/api/orders", connected=0)
        for at in none:
            client = ev.client()
            other = ev.rng.choice([one for one in targets if one != address])
            proxy.access(at, 41 * MS, 200, "GET", "/api/items",
                         [(address, None, None, 0, 502), (other, 0, 40 * MS, 40 * MS, 200)], client=client)
            proxy.error(at, REFUSED, "error", "GET", "/api/items", f"http://{address}/api/items", client)


@case(SLUG, "quiet-app-crash",
      "first: app-crash\nverdict: proved|supported\nnot: keepalive-race\ncandidate: keepalive-race")
def _(ev):
    """A Node.js process dies of an uncaught error five times in half an hour. What was in flight
    ends as `prematurely closed`, some of it within milliseconds, always in the second of an exit."""
    start = t("2026-11-12T16:00:00")
    proxy, host = Nginx(ev), Host(ev, "app-1", "syslog")
    downs = []
    for at in ev.spread(start + 3 * MIN, start + 30 * MIN, 5):
        downs.append((at, host.crash(at, "shop-api.service", "Shop API", uncaught())))
    for at in ev.arrivals(start, start + 33 * MIN, 8):
        if not any(down - 400 * MS <= at <= back for down, back in downs):
            proxy.ok(at, "127.0.0.1:3000")
    for down, _ in downs:
        for _ in range(ev.rng.randint(4, 6)):
            wait = ev.rng.choice([2, 3, 9, 40, 180]) * MS
            proxy.failed(down + 8 * MS - wait, wait, 502, "127.0.0.1:3000", CLOSED, connected=0)


@case(SLUG, "quiet-oom-kill",
      "first: oom-kill\nverdict: proved|supported\nnot: keepalive-race\ncandidate: keepalive-race")
def _(ev):
    """Connections that end without a response, some within milliseconds, each time in the second in
    which the kernel kills the process for its memory."""
    start = t("2026-11-12T17:00:00")
    proxy, host = Nginx(ev), Host(ev, "app-1", "syslog")
    downs = []
    for at in ev.spread(start + 3 * MIN, start + 30 * MIN, 5):
        downs.append((at, host.oom(at, "shop-api.service")))
    for at in ev.arrivals(start, start + 33 * MIN, 8):
        if not any(down - 400 * MS <= at <= back for down, back in downs):
            proxy.ok(at, "127.0.0.1:3000")
    for down, _ in downs:
        for _ in range(ev.rng.randint(4, 6)):
            wait = ev.rng.choice([2, 3, 9, 30, 45]) * MS
            proxy.failed(down + 8 * MS - wait, wait, 502, "127.0.0.1:3000", RESET, connected=0)


@case(SLUG, "quiet-healthy-hour", "none")
def _(ev):
    """An ordinary hour: not found pages, three clients that left, and nothing wrong."""
    alb, start = Alb(ev, TARGETS), t("2026-11-12T10:00:00")
    alb.traffic(start, start + 60 * MIN, 3)
    for at in ev.spread(start, start + 60 * MIN, 3):
        method, path, _ = ev.page()
        alb.request(at, ev.rng.randint(300, 4_000) * MS, 460, "-", "0.000 -1 -1", TARGETS[0], method, path, sent=0)


@case(SLUG, "blind-nginx-error-only", "verdict-at-most: consistent\nnot: keepalive-race app-crash deploy-without-drain")
def _(ev):
    """The same trickle, but somebody sent the error log alone: it names neither the wait nor the
    age of the connection, and shows no request that went well."""
    trickle_nginx(ev, t("2026-11-12T13:00:00"), 60, 40, 12)
    del ev.files["access.log"]


SLUG_DRAIN = "deploy-without-drain"
FLEET = [("app-1", "10.0.21.14:3000"), ("app-2", "10.0.22.31:3000"), ("app-3", "10.0.23.8:3000"),
         ("app-4", "10.0.21.77:3000")]


def rollout_alb(ev, start, minutes=14):
    """A rolling restart of four targets behind a load balancer that is not told."""
    alb = Alb(ev, [address for _, address in FLEET])
    outages = rolling(ev, start + 5 * MIN, FLEET, 60 * S, 9 * S, 3, 5)
    for at in ev.arrivals(start, start + minutes * MIN, 24):
        alb.ok(at, ev.rng.choice(living(outages, alb.targets, at)))
    for address, _, _, cut, none in outages:
        for at in cut:
            alb.closed(at, address, ev.rng.randint(1, 90) * MS)
        for at in none:
            alb.unconnected(at, address, ev.rng.randint(900, 2_400))


@case(SLUG_DRAIN, "fires-aws-alb-journal",
      "first: deploy-without-drain\nverdict: proved|supported\nnot: keepalive-race app-crash bad-release")
def _(ev):
    """Four targets are restarted one after the other, each while it is still registered: requests
    in flight are cut off at SIGTERM and new ones are refused until it listens again."""
    rollout_alb(ev, t("2026-11-12T06:00:00"))


@case(SLUG_DRAIN, "fires-envoy", "first: deploy-without-drain\nverdict: proved|supported\nnot: keepalive-race")
def _(ev):
    """Kubernetes pods without a preStop pause exit at SIGTERM; for a few seconds the gateway still
    sends to them and logs UC on reused connections, then UF. Each pod says when it stops."""
    envoy, start = Envoy(ev), t("2026-11-12T02:00:00")
    old = ["10.8.1.23:8080", "10.8.2.41:8080", "10.8.3.9:8080"]
    new = ["10.8.1.60:8080", "10.8.2.88:8080", "10.8.3.71:8080"]
    stops = [start + 8 * MIN + index * 50 * S for index in range(3)]
    for at in ev.arrivals(start, start + 20 * MIN, 16):
        alive = [new[i] if at > stops[i] - 10 * S else old[i] for i in range(3)]
        envoy.ok(at, ev.rng.choice(alive))
    for index, stop in enumerate(stops):
        pod = Host(ev, f"orders-6c9f7d-{ev.hex(5)}", "pods.log")
        pod.app(stop, ["SIGTERM received, shutting down"], tag="orders", dialect="app")
        for at in ev.spread(stop + 20 * MS, stop + 3 * S, 5):
            method, path, _ = ev.page()
            envoy.request(at, ev.rng.choice([1, 1, 2]), 503, "UC",
                          "upstream_reset_before_response_started{connection_termination}", method, path, old[index])
        for at in ev.spread(stop + 3 * S, stop + 9 * S, 4):
            method, path, _ = ev.page()
            envoy.request(at, ev.rng.randint(24, 80), 503, "UF,URX",
                          "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_111}",
                          method, path, old[index], reason="delayed_connect_error:_111")


@case(SLUG_DRAIN, "quiet-keepalive-race",
      "first: keepalive-race\nverdict: proved|supported\nnot: deploy-without-drain\ncandidate: deploy-without-drain")
def _(ev):
    """A steady trickle before, during and long after one restart; the restart itself drained."""
    start = t("2026-11-12T18:00:00")
    trickle_alb(ev, start, 70, 22, 4)
    host = Host(ev, "app-1", "syslog")
    host.restart(start + 24 * MIN, "shop-api.service", "Shop API")


@case(SLUG_DRAIN, "quiet-app-crash",
      "first: app-crash\nverdict: proved|supported\nnot: deploy-without-drain\ncandidate: deploy-without-drain")
def _(ev):
    """Bursts like those of a restart, but nobody asked the processes to stop: they exit with code 1."""
    alb, start = Alb(ev, [address for _, address in FLEET]), t("2026-11-12T07:00:00")
    downs = []
    for index, at in enumerate(ev.spread(start + 4 * MIN, start + 24 * MIN, 5)):
        name, address = FLEET[index % 4]
        back = Host(ev, name, "syslog").crash(at, "shop-api.service", "Shop API", uncaught())
        downs.append((address, at, back, [], []))
    for at in ev.arrivals(start, start + 28 * MIN, 12):
        alb.ok(at, ev.rng.choice(living(downs, alb.targets, at)))
    for address, at, back, _, _ in downs:
        for _ in range(4):
            wait = ev.rng.randint(4, 120) * MS
            alb.closed(at + 10 * MS - wait, address, wait)
        for moment in ev.spread(at + 60 * MS, back, 2):
            alb.unconnected(moment, address, ev.rng.randint(900, 2_400))


@case(SLUG_DRAIN, "quiet-target-connect-refused",
      "first: target-connect-refused\nverdict: proved\nnot: deploy-without-drain app-crash\ncandidate: deploy-without-drain")
def _(ev):
    """A unit is stopped, and for five minutes nobody starts it again: nearly all failures lie long
    after the stop, so that it is the missing listener and not a missing drain."""
    from connect import refused_nginx
    start = t("2026-11-12T08:00:00")
    refused_nginx(ev, start, failures=40, down=5 * MIN)
    host = Host(ev, "app-1", "syslog")
    host.unit(start + 9 * MIN - 300 * MS, "Stopping shop-api.service - Shop API...")
    host.unit(start + 9 * MIN - 90 * MS, "shop-api.service: Deactivated successfully.")
    host.unit(start + 9 * MIN - 88 * MS, "Stopped shop-api.service - Shop API.")
    host.unit(start + 14 * MIN - 900 * MS, "Started shop-api.service - Shop API.")


@case(SLUG_DRAIN, "blind-no-journal", "verdict-at-most: consistent\nnot: deploy-without-drain")
def _(ev):
    """The rolling restart again, seen by the load balancer alone: bursts, each on one target, and
    nothing that says whether somebody stopped them or they died."""
    rollout_alb(ev, t("2026-11-12T06:00:00"))
    del ev.files["syslog"]
