"""Stories about connections that were idle: closed by the peer in the instant of their next use, or forgotten on
the way, as Caddy, Traefik, CloudFront and the HTTP clients of applications tell of it."""

from core import MIN, MS, S, case, iso, t, when
from nginx import Nginx
from platforms import metric, spring
from proxies import Haproxy
from webservers import Caddy, Traefik

RACE = "keepalive-race"
IDLE = "idle-flow-dropped"
TARGETS = ["10.0.21.14:3000", "10.0.22.31:3000"]
POSTS = [("POST", "/api/orders"), ("POST", "/api/cart/lines"), ("PATCH", "/api/profile")]


@case(RACE, "fires-caddy", "first: keepalive-race\nverdict: proved|supported|consistent\nnot: app-crash deploy-without-drain")
def _(ev):
    """Caddy keeps idle connections for two minutes, Node.js for five seconds. Go's client tries again by itself what is
    idempotent; POST ends as 502 with `EOF` or a reset, within two milliseconds."""
    proxy, start = Caddy(ev), t("2026-11-25T06:00:00")
    proxy.traffic(start, start + 60 * MIN, 4.5, TARGETS)
    for at in ev.spread(start + MIN, start + 59 * MIN, 16):
        target, (method, path) = ev.rng.choice(TARGETS), ev.rng.choice(POSTS)
        words = "EOF" if ev.rng.random() < 0.6 else (
            f"read tcp 10.0.20.4:{ev.port()}->{target}: read: connection reset by peer")
        proxy.failed(at, ev.rng.randint(500, 2_000), 502, words, target, method, path)


@case(RACE, "fires-traefik", "first: keepalive-race\nverdict: proved|supported|consistent\nnot: app-crash deploy-without-drain")
def _(ev):
    """The same behind Traefik at the level of debugging."""
    proxy, start = Traefik(ev), t("2026-11-25T07:00:00")
    proxy.traffic(start, start + 60 * MIN, 4.5, TARGETS)
    for at in ev.spread(start + MIN, start + 59 * MIN, 16):
        method, path = ev.rng.choice(POSTS)
        proxy.failed(at, ev.rng.randint(500, 2_000), 502, ev.rng.choice(["EOF", "http: server closed idle connection"]),
                     ev.rng.choice(TARGETS), method, path)


def calls(ev, start, answered, say, failures=16):
    """A service that calls another one over a pool of connections, and answers 502 when a call is lost."""
    proxy = Nginx(ev)
    proxy.traffic(start, start + 60 * MIN, 4.5, ["10.0.31.7:8080"])
    for at in ev.spread(start + MIN, start + 59 * MIN, failures):
        took = ev.rng.randint(4, 20) * MS
        method, path = ev.rng.choice(POSTS)
        proxy.access(at, took, answered, method, path, [("10.0.31.7:8080", 0, took, took, answered)])
        say(at + took - 2 * MS)


@case(RACE, "fires-nginx-java", "first: keepalive-race\nverdict: proved|supported|consistent\nnot: external-dependency-outage app-crash")
def _(ev):
    """A Java service calls the stock service with Apache HttpClient, whose pool keeps connections longer than that
    service does: `failed to respond`, and 502 for the shop's customer."""
    def say(at):
        spring(ev, at, "stock: reservation failed", "ERROR", f"nio-8080-exec-{ev.rng.randint(1, 40)}", "c.e.shop.StockClient", more=[
            "org.apache.http.NoHttpResponseException: stock.internal:8080 failed to respond",
            "\tat org.apache.http.impl.conn.DefaultHttpResponseParser.parseHead(DefaultHttpResponseParser.java:141)"])
    calls(ev, t("2026-11-25T08:00:00"), 502, say)


@case(RACE, "fires-nginx-python", "first: keepalive-race\nverdict: proved|supported|consistent\nnot: external-dependency-outage app-crash")
def _(ev):
    """The same with requests, whose session does not try a POST again."""
    def say(at):
        lines = [f"{when(at).strftime('%Y-%m-%d %H:%M:%S')},{at // MS % 1000:03d} ERROR shop.stock reservation failed",
                 "Traceback (most recent call last):",
                 '  File "/srv/shop/lib/python3.12/site-packages/requests/adapters.py", line 682, in send',
                 "    raise ConnectionError(err, request=request)",
                 "requests.exceptions.ConnectionError: ('Connection aborted.', RemoteDisconnected('Remote end closed connection "
                 "without response'))"]
        ev.lines("app.log", "django", at, lines)
    calls(ev, t("2026-11-25T09:00:00"), 502, say)


@case(RACE, "fires-nginx-go", "first: keepalive-race\nverdict: proved|supported|consistent\nnot: external-dependency-outage app-crash")
def _(ev):
    """The same with Go's client, which names what happened where it noticed in time."""
    def say(at):
        words = ev.rng.choice(["EOF", "http: server closed idle connection"])
        ev.add("app.log", "go", at, f"{when(at).strftime('%Y/%m/%d %H:%M:%S')} reserve: Post \"http://stock.internal:8080/reservations\": "
               f"{words}")
    calls(ev, t("2026-11-25T10:00:00"), 502, say)


@case(RACE, "fires-nginx-dotnet", "first: keepalive-race\nverdict: proved|supported|consistent\nnot: external-dependency-outage app-crash")
def _(ev):
    """The same with HttpClient of .NET."""
    def say(at):
        lines = [f"{iso(at, 3)} fail: Shop.StockClient[0]",
                 "      reservation failed",
                 "      System.Net.Http.HttpRequestException: An error occurred while sending the request.",
                 "       ---> System.Net.Http.HttpIOException: The response ended prematurely. (ResponseEnded)"]
        ev.lines("app.log", "dotnet", at, lines)
    calls(ev, t("2026-11-25T11:00:00"), 502, say)


@case(RACE, "quiet-external-dependency-outage",
      "first: external-dependency-outage\nnot: keepalive-race\ncandidate: keepalive-race")
def _(ev):
    """Calls to a partner end without an answer here too, but all of them, for eleven minutes, after seconds, and some
    are not even accepted."""
    start = t("2026-11-25T12:00:00")
    proxy = Nginx(ev)
    proxy.traffic(start, start + 40 * MIN, 6, ["10.0.31.7:8080"])
    for number, at in enumerate(ev.spread(start + 14 * MIN, start + 25 * MIN, 46)):
        took = ev.rng.randint(2_000, 9_000) * MS
        proxy.access(at, took, 502, "POST", "/api/orders", [("10.0.31.7:8080", 0, took, took, 502)])
        words = "EOF" if number % 3 else "dial tcp 203.0.113.77:443: connect: connection refused"
        said = at + took - 2 * MS
        ev.add("app.log", "go", said, f"{when(said).strftime('%Y/%m/%d %H:%M:%S')} charge: Post \"https://api.partner.example/charges\": "
               f"{words}")


def after_pauses(ev, start, ok, fail, pauses=9, gap=7 * MIN):
    """Busy minutes with pauses between them; the first request after each pause fails."""
    at, firsts = start, []
    for _ in range(pauses):
        fail(at)
        firsts.append(at)
        at += 6 * S
        for _ in range(ev.rng.randint(7, 12)):
            at += ev.rng.randint(1, 9) * S
            ok(at)
        at += gap + ev.rng.randint(0, 120) * S
    return firsts


@case(IDLE, "fires-aws-nat-go", "first: idle-flow-dropped\nverdict: supported|consistent\nnot: keepalive-race external-dependency-outage")
def _(ev):
    """A worker on a private subnet calls a partner through a NAT gateway every seven minutes or so. The gateway forgets
    connections after 350 s and answers with a reset; its metric IdleTimeoutCount counts each."""
    start = t("2026-11-25T13:00:00")
    proxy = Nginx(ev)

    def ok(at):
        took = ev.around(90 * MS)
        proxy.access(at, took, 200, "POST", "/hooks/pay", [("10.0.31.7:8080", 0, took, took, 200)])

    def fail(at):
        took = ev.rng.randint(2, 6) * MS
        proxy.access(at, took, 502, "POST", "/hooks/pay", [("10.0.31.7:8080", 0, took, took, 502)])
        said = at + took - MS
        ev.add("app.log", "go", said, f"{when(said).strftime('%Y/%m/%d %H:%M:%S')} charge: Post \"https://api.partner.example/charges\": "
               f"read tcp 10.0.31.7:{ev.port()}->203.0.113.77:443: read: connection reset by peer")

    firsts = after_pauses(ev, start, ok, fail)
    metric(ev, start, [(at, 1) for at in firsts], "IdleTimeoutCount", "nat-idle.json")


@case(IDLE, "fires-haproxy-nlb", "first: idle-flow-dropped\nverdict: supported|consistent\nnot: keepalive-race target-response-timeout")
def _(ev):
    """HAProxy in one VPC reaches a service in another through a Network Load Balancer, which forgets idle flows after
    350 s and resets what comes after; TCP_ELB_Reset_Count counts these."""
    proxy, start = Haproxy(ev), t("2026-11-25T15:00:00")

    def fail(at):
        proxy.http(at, (0, 0, 0, -1, ev.rng.randint(1, 3)), 502, "SH--", "nlb", "POST", "/api/orders")

    firsts = after_pauses(ev, start, lambda at: proxy.ok(at, "nlb"), fail)
    metric(ev, start, [(at, 1) for at in firsts], "TCP_ELB_Reset_Count", "nlb-resets.json")
