"""Stories about opening connections: refused, not listening, timed out, no local port."""

from aws import Alb
from core import MIN, MS, S, case, t
from gcp import Gcp
from hosts import Host, uncaught
from nginx import CLOSED, REFUSED, SLOW_CONNECT, Nginx
from proxies import Apache, Envoy, Haproxy

REFUSED_SLUG = "target-connect-refused"


def refused_nginx(ev, start, style="timed", failures=26, address="127.0.0.1:3000", before=9 * MIN, down=4 * MIN,
                  after=12 * MIN):
    """One upstream that is down for a few minutes; returns the proxy."""
    proxy = Nginx(ev, style)
    proxy.traffic(start, start + before, 8, [address], fresh=True)
    for at in ev.spread(start + before, start + before + down, failures):
        proxy.failed(at, ev.rng.choice([0, 0, 1_000]), 502, address, REFUSED)
    proxy.traffic(start + before + down, start + before + down + after, 8, [address], fresh=True)
    return proxy


@case(REFUSED_SLUG, "fires-nginx-error",
      "first: target-connect-refused\nverdict: proved\nnot: app-not-listening app-crash passive-ejection-cascade")
def _(ev):
    """The service behind nginx was stopped by hand for four minutes; nobody kept its journal."""
    refused_nginx(ev, t("2026-11-12T11:00:00"))


@case(REFUSED_SLUG, "fires-envoy", "first: target-connect-refused\nverdict: proved\nnot: target-connect-timeout")
def _(ev):
    """The only endpoint of a cluster answers SYN with RST for five minutes. Two retries with
    Envoy's 25 ms back-off make every failure some tens of milliseconds long."""
    envoy, start = Envoy(ev), t("2026-11-12T12:00:00")
    envoy.traffic(start, start + 10 * MIN, 9, ["10.8.1.23:8080"])
    for at in ev.spread(start + 10 * MIN, start + 15 * MIN, 34):
        method, path, _ = ev.page()
        envoy.request(at, ev.rng.randint(18, 95), 503, "UF,URX",
                      "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_111}",
                      method, path, "10.8.1.23:8080", reason="delayed_connect_error:_111")
    envoy.traffic(start + 15 * MIN, start + 25 * MIN, 9, ["10.8.1.23:8080"])


@case(REFUSED_SLUG, "fires-haproxy", "first: target-connect-refused\nverdict: proved|supported|consistent\nnot: target-connect-timeout")
def _(ev):
    """A server without health checks refuses connections. HAProxy tries three more times on the
    same server with a pause of one second, so that the session lasts three seconds and ends SC
    with a connect timer of -1 and retries 3. The flag stands for an unreachable host as well, so
    that no more than consistent can be asked for."""
    proxy, start = Haproxy(ev, classic=True), t("2026-11-12T08:30:00")
    proxy.traffic(start, start + 8 * MIN, 8, ["api1"])
    for at in ev.spread(start + 8 * MIN, start + 13 * MIN, 24):
        method, path, _ = ev.page()
        proxy.http(at, (0, 0, -1, -1, 3000 + ev.rng.randint(1, 6)), 503, "SC--", "api1", method, path, retries="3")
    proxy.traffic(start + 13 * MIN, start + 22 * MIN, 8, ["api1"])


@case(REFUSED_SLUG, "quiet-app-not-listening",
      "first: app-not-listening\nverdict: proved|supported\nnot: target-connect-refused\ncandidate: target-connect-refused")
def _(ev):
    """Refused connections whose reason is known: after a restart the process could not bind its
    port, because the old one still held another socket on it, and says so at every attempt."""
    not_listening_nginx(ev, t("2026-11-12T21:00:00"))


@case(REFUSED_SLUG, "quiet-passive-ejection-cascade",
      "first: passive-ejection-cascade\nverdict: proved|supported")
def _(ev):
    """Two upstreams refuse one connection each while they reload, for a fraction of a second; nginx
    then keeps both out for ten seconds and answers everything itself."""
    from routing import ejected_nginx
    ejected_nginx(ev, t("2026-11-12T20:00:00"), blocks=5, message=REFUSED, took=500, each=11)


@case(REFUSED_SLUG, "quiet-no-healthy-targets",
      "first: no-healthy-targets\nverdict: proved|supported\nnot: target-connect-refused\ncandidate: target-connect-refused")
def _(ev):
    """Health checks take all servers out after six seconds; the first failures are still refused
    connections, the great majority found no server to try."""
    from routing import all_down_haproxy
    all_down_haproxy(ev, t("2026-11-12T04:00:00"), reason='Layer4 connection problem, info: "Connection refused"',
                     early=3)


@case(REFUSED_SLUG, "quiet-target-connect-timeout",
      "first: target-connect-timeout\nverdict: proved|supported\nnot: target-connect-refused")
def _(ev):
    """The load balancer writes the same three times of -1, but after ten seconds and as 504: nobody
    answered at all."""
    silent_alb(ev, t("2026-11-12T05:00:00"))


@case(REFUSED_SLUG, "blind-combined-only", "verdict-at-most: consistent\nnot: target-connect-refused app-not-listening")
def _(ev):
    """The four minutes again with nginx's stock combined format and without its error log: a status
    and nothing else."""
    refused_nginx(ev, t("2026-11-12T11:00:00"), "combined")
    del ev.files["error.log"]


LISTEN_SLUG = "app-not-listening"
IN_USE = [
    "node:events:502",
    "      throw er; // Unhandled 'error' event",
    "      ^",
    "",
    "Error: listen EADDRINUSE: address already in use 0.0.0.0:3000",
    "    at Server.setupListenHandle [as _listen2] (node:net:1908:16)",
    "    at listenInCluster (node:net:1965:12)",
    "    at doListen (node:net:2139:7)",
    "    at process.processTicksAndRejections (node:internal/process/task_queues:83:21)",
    "Emitted 'error' event on Server instance at:",
    "    at emitErrorNT (node:net:1944:8) {",
    "  code: 'EADDRINUSE',",
    "  errno: -98,",
    "  syscall: 'listen',",
    "  address: '0.0.0.0',",
    "  port: 3000",
    "}",
    "",
    "Node.js v20.20.2",
]


def not_listening_nginx(ev, start):
    """A release whose process fails to bind, again and again, until the stray process is killed."""
    refused_nginx(ev, start, failures=30, down=3 * MIN)
    host = Host(ev, "app-1", "syslog")
    at = start + 9 * MIN - 2 * S
    host.unit(at, "Stopping shop-api.service - Shop API...")
    host.app(at + 3 * MS, ["SIGTERM received, shutting down"], dialect="app")
    host.unit(at + 900 * MS, "Stopped shop-api.service - Shop API.")
    for attempt in range(18):
        begin = at + 1_500 * MS + attempt * 10 * S
        host.pid += 11
        host.unit(begin, "Started shop-api.service - Shop API.")
        host.app(begin + 700 * MS, IN_USE)
        host.unit(begin + 740 * MS, "shop-api.service: Main process exited, code=exited, status=1/FAILURE")
    host.pid += 11
    host.unit(at + 182 * S, "Started shop-api.service - Shop API.")
    host.app(at + 183 * S, ["Server listening on 0.0.0.0:3000"], dialect="app")


def not_listening_run(ev, start):
    """New instances of a service that listens on the wrong port: the platform gives each up."""
    gcp = Gcp(ev)
    gcp.run_traffic(start, start + 10 * MIN, 9, instances=2)
    bad = "api-00043-wex"
    for number, at in enumerate(ev.spread(start + 10 * MIN, start + 17 * MIN, 6)):
        gcp.system(at, "Starting new instance. Reason: AUTOSCALING - Instance started due to configured scaling "
                       "factors (e.g. CPU utilization, request throughput, etc.) or no existing capacity for "
                       "current traffic.", revision=bad, index=number)
        gcp.system(at + 9 * S, 'Default STARTUP TCP probe failed 1 time consecutively for container "api-1" on port '
                               "8080. The instance was not started.\nConnection failed with status DEADLINE_EXCEEDED.",
                   revision=bad, index=number, severity="ERROR")
        gcp.system(at + 9_100 * MS, "The user-provided container failed to start and listen on the port defined "
                                    "provided by the PORT=8080 environment variable within the allocated timeout.",
                   revision=bad, index=number, severity="ERROR")
        for moment in ev.spread(at + 9_100 * MS, at + 16 * S, 5):
            method, path, _ = ev.page()
            gcp.run(moment, 0, 500, method, path, revision=bad, instance="00" + gcp.instance(bad, number),
                    text="The request failed because the instance could not start successfully.")
    gcp.run_traffic(start + 18 * MIN, start + 26 * MIN, 9, instances=2)


@case(LISTEN_SLUG, "fires-nginx-journal",
      "first: app-not-listening\nverdict: proved|supported\nnot: target-connect-refused deploy-without-drain")
def _(ev):
    """After a restart a stray process still holds port 3000: the new one fails with EADDRINUSE at
    every attempt for three minutes, and nginx meets refused connections meanwhile."""
    not_listening_nginx(ev, t("2026-11-13T09:00:00"))


@case(LISTEN_SLUG, "fires-gcp-run", "first: app-not-listening\nverdict: proved|supported\nnot: app-crash")
def _(ev):
    """A changed start command makes the container listen on 3000 instead of $PORT; every new
    instance fails its start-up probe, and the platform answers the requests meant for it with 500 at once."""
    not_listening_run(ev, t("2026-11-13T10:00:00"))


@case(LISTEN_SLUG, "quiet-target-connect-refused",
      "first: target-connect-refused\nverdict: proved\nnot: app-not-listening\ncandidate: app-not-listening")
def _(ev):
    """Refused connections while the host's journal goes on without any report of a process that
    failed to start or to listen: the service was taken out on purpose."""
    start = t("2026-11-13T11:00:00")
    refused_nginx(ev, start)
    host = Host(ev, "app-1", "syslog")
    for index in range(12):
        host.unit(start + index * 2 * MIN, "Started sysstat-collect.service - system activity accounting tool.")


@case(LISTEN_SLUG, "quiet-app-crash", "first: app-crash\nverdict: proved|supported\nnot: app-not-listening\ncandidate: app-not-listening")
def _(ev):
    """The process listens well enough, and then dies of a cart without a price; connections are
    refused for the four seconds of each restart."""
    start = t("2026-11-13T12:00:00")
    proxy, host = Nginx(ev), Host(ev, "app-1", "syslog")
    downs = []
    for at in ev.spread(start + 3 * MIN, start + 27 * MIN, 7):
        downs.append((at, host.crash(at, "shop-api.service", "Shop API", uncaught())))
    for at in ev.arrivals(start, start + 30 * MIN, 9):
        if not any(down - 300 * MS <= at <= back for down, back in downs):
            proxy.ok(at, "127.0.0.1:3000", fresh=True)
    for down, back in downs:
        wait = ev.rng.randint(20, 300) * MS
        proxy.failed(down + 5 * MS - wait, wait, 502, "127.0.0.1:3000", CLOSED, connected=300)
        for at in ev.spread(down + 50 * MS, back, 4):
            proxy.failed(at, 0, 502, "127.0.0.1:3000", REFUSED)


@case(LISTEN_SLUG, "quiet-deploy-without-drain",
      "first: deploy-without-drain\nverdict: proved|supported\nnot: app-not-listening\ncandidate: app-not-listening")
def _(ev):
    """Refused connections in the seconds between SIGTERM and the first line of the new process:
    every process came up and listened, the gateway just was not told to wait."""
    from reuse import rollout_alb
    rollout_alb(ev, t("2026-11-13T20:00:00"))


@case(LISTEN_SLUG, "blind-no-journal", "not: app-not-listening app-crash")
def _(ev):
    """The stray process again, without the journal: nginx states that connections were refused, and
    nothing says why nobody listened."""
    not_listening_nginx(ev, t("2026-11-13T09:00:00"))
    del ev.files["syslog"]


TIMEOUT_SLUG = "target-connect-timeout"


def silent_alb(ev, start, failures=24):
    """One target's SYNs get no answer after a firewall change; the other serves."""
    alb = Alb(ev, ["10.0.21.14:8080", "10.0.22.31:8080"])
    alb.traffic(start, start + 9 * MIN, 9)
    for at in ev.spread(start + 9 * MIN, start + 16 * MIN, failures):
        alb.unconnected(at, "10.0.22.31:8080", 10 * S + ev.rng.randint(300, 4_000), 504)
    alb.traffic(start + 9 * MIN, start + 16 * MIN, 5, ["10.0.21.14:8080"])
    alb.traffic(start + 16 * MIN, start + 25 * MIN, 9)


@case(TIMEOUT_SLUG, "fires-aws-alb",
      "first: target-connect-timeout\nverdict: proved|supported\nnot: target-response-timeout target-connect-refused")
def _(ev):
    """A security group was changed for one subnet: SYNs to one target vanish and the load balancer
    gives up after its fixed ten seconds, with three times of -1 and status 504."""
    silent_alb(ev, t("2026-11-13T13:00:00"))


@case(TIMEOUT_SLUG, "fires-nginx-error", "first: target-connect-timeout\nverdict: proved\nnot: target-response-timeout")
def _(ev):
    """The upstream's address belongs to nobody any more; `proxy_connect_timeout 5s` fires."""
    proxy, start = Nginx(ev), t("2026-11-13T14:00:00")
    proxy.traffic(start, start + 10 * MIN, 8, ["10.0.31.7:8080"], fresh=True)
    for at in ev.spread(start + 10 * MIN, start + 15 * MIN, 26):
        proxy.failed(at, 5 * S + ev.rng.choice([0, 1, 2, 3, 5]) * MS, 504, "10.0.31.7:8080", SLOW_CONNECT)
    proxy.traffic(start + 15 * MIN, start + 25 * MIN, 8, ["10.0.31.7:8080"], fresh=True)


@case(TIMEOUT_SLUG, "fires-haproxy", "first: target-connect-timeout\nverdict: proved|supported\nnot: target-response-timeout")
def _(ev):
    """`timeout connect 5s` and the default three retries: sessions end sC after twenty seconds."""
    proxy, start = Haproxy(ev), t("2026-11-13T15:00:00")
    proxy.traffic(start, start + 10 * MIN, 8, ["api1", "api2"])
    for at in ev.spread(start + 10 * MIN, start + 16 * MIN, 22):
        method, path, _ = ev.page()
        proxy.http(at, (0, 0, -1, -1, 20_000 + ev.rng.randint(2, 24)), 503, "sC--", "api2", method, path, retries="3")
    proxy.traffic(start + 10 * MIN, start + 16 * MIN, 5, ["api1"])
    proxy.traffic(start + 16 * MIN, start + 26 * MIN, 8, ["api1", "api2"])


@case(TIMEOUT_SLUG, "quiet-nat-port-exhaustion",
      "first: nat-port-exhaustion\nverdict: proved|supported\nnot: target-connect-timeout\ncandidate: target-connect-timeout")
def _(ev):
    """Connect timeouts again, but of calls outward, to the destination for which the NAT had no
    port left and says so."""
    from egress import exhausted_nat
    exhausted_nat(ev, t("2026-11-13T16:00:00"))


@case(TIMEOUT_SLUG, "quiet-target-response-timeout",
      "first: target-response-timeout\nverdict: proved|supported\nnot: target-connect-timeout")
def _(ev):
    """504 as well, but the connection stood: the request waited the full idle timeout of 60 s."""
    from waiting import slow_alb
    slow_alb(ev, t("2026-11-13T17:00:00"))


@case(TIMEOUT_SLUG, "quiet-target-connect-refused",
      "first: target-connect-refused\nnot: target-connect-timeout")
def _(ev):
    """The load balancer could not connect either, but learned it within two milliseconds: 502 with
    three times of -1. It does not say whether by RST or by ICMP, so more than one reading is left."""
    alb, start = Alb(ev, ["10.0.21.14:8080", "10.0.22.31:8080"]), t("2026-11-13T18:00:00")
    alb.traffic(start, start + 9 * MIN, 9)
    for at in ev.spread(start + 9 * MIN, start + 12 * MIN, 24):
        alb.unconnected(at, "10.0.22.31:8080", ev.rng.randint(800, 2_400))
    alb.traffic(start + 9 * MIN, start + 12 * MIN, 5, ["10.0.21.14:8080"])
    alb.traffic(start + 12 * MIN, start + 21 * MIN, 9)


@case(TIMEOUT_SLUG, "blind-main-format",
      "verdict-at-most: consistent\nnot: target-connect-timeout target-response-timeout")
def _(ev):
    """504s in the format that nginx packages call main: no duration, no phase, no target."""
    proxy, start = Nginx(ev, "main"), t("2026-11-13T14:00:00")
    proxy.traffic(start, start + 10 * MIN, 8, ["10.0.31.7:8080"])
    for at in ev.spread(start + 10 * MIN, start + 15 * MIN, 26):
        proxy.failed(at, 5 * S + 2 * MS, 504, "10.0.31.7:8080", SLOW_CONNECT)
    proxy.traffic(start + 15 * MIN, start + 25 * MIN, 8, ["10.0.31.7:8080"])
    del ev.files["error.log"]


PORT_SLUG = "ephemeral-port-exhaustion"
NO_PORT = "connect() to 10.0.40.9:8080 failed (99: Cannot assign requested address) while connecting to upstream"


def no_port_nginx(ev, start, style="timed"):
    """A load test through nginx without upstream keep-alive uses up the host's ports to one target."""
    proxy = Nginx(ev, style)
    proxy.traffic(start, start + 8 * MIN, 8, ["10.0.40.9:8080"], fresh=True)
    proxy.traffic(start + 8 * MIN, start + 13 * MIN, 30, ["10.0.40.9:8080"], fresh=True)
    for at in ev.spread(start + 9 * MIN, start + 13 * MIN, 60):
        proxy.failed(at, 0, 502, "10.0.40.9:8080", NO_PORT, level="crit")
    proxy.traffic(start + 13 * MIN, start + 21 * MIN, 8, ["10.0.40.9:8080"], fresh=True)


@case(PORT_SLUG, "fires-nginx-error",
      "first: ephemeral-port-exhaustion\nverdict: proved\nnot: nat-port-exhaustion target-connect-refused")
def _(ev):
    """nginx opens a connection for every request to one address; the sockets in TIME_WAIT hold all
    source ports of the host, and connect() fails with errno 99 at once."""
    no_port_nginx(ev, t("2026-11-14T09:00:00"))


@case(PORT_SLUG, "fires-apache", "first: ephemeral-port-exhaustion\nverdict: proved\nnot: target-connect-refused")
def _(ev):
    """The same at an Apache proxy: (99) with AH00957, then AH01114, status 503."""
    proxy, start = Apache(ev), t("2026-11-14T10:00:00")
    proxy.traffic(start, start + 20 * MIN, 9)
    for at in ev.spread(start + 9 * MIN, start + 12 * MIN, 30):
        method, path, _ = ev.page()
        client = ev.client()
        proxy.access(at, 900, 503, method, path, client)
        proxy.error(at + 400, "proxy", "error", "AH00957: http: attempt to connect to 10.0.40.9:8080 (10.0.40.9:8080) failed",
                    client, "(99)Cannot assign requested address")
        proxy.error(at + 500, "proxy_http", "error", "AH01114: HTTP: failed to make connection to backend: 10.0.40.9", client)


@case(PORT_SLUG, "quiet-nat-port-exhaustion",
      "first: nat-port-exhaustion\nverdict: proved|supported\nnot: ephemeral-port-exhaustion")
def _(ev):
    """The application runs out of ports too, but the NAT's: its SYNs vanish and the calls time out
    after ten seconds instead of failing at once."""
    from egress import exhausted_nat
    exhausted_nat(ev, t("2026-11-14T11:00:00"))


@case(PORT_SLUG, "quiet-target-connect-refused",
      "first: target-connect-refused\nverdict: proved\nnot: ephemeral-port-exhaustion")
def _(ev):
    """Connecting fails at once here too, with another errno: 111, by the target's RST."""
    refused_nginx(ev, t("2026-11-14T12:00:00"), address="10.0.40.9:8080")


@case(PORT_SLUG, "blind-combined-only", "verdict-at-most: consistent\nnot: ephemeral-port-exhaustion")
def _(ev):
    """The load test again, seen in the combined format alone: 502 under load, for whatever reason."""
    no_port_nginx(ev, t("2026-11-14T09:00:00"), "combined")
    del ev.files["error.log"]
