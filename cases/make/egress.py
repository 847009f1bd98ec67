"""Stories about calls outward: NAT ports, names that do not resolve, third parties that are down."""

from core import MIN, MS, S, case, t
from gcp import Gcp
from hosts import connect_timeout, fetch_failed
from nginx import REFUSED, Nginx
from proxies import Envoy

SLUG = "nat-port-exhaustion"
PARTNER = "203.0.113.80"
OTHERS = ["203.0.113.21", "198.51.100.9"]
CHECKOUT = ("POST", "/api/payments")


def failed_call(ev, gcp, at, lines, took, status=502, revision="api-00042-kol", structured=True):
    """A request of a Cloud Run service that failed because its own call outward did."""
    trace = ev.hex(32)
    gcp.run(at, took, status, *CHECKOUT, revision=revision, trace=trace, sent=61,
            instance="00" + gcp.instance(revision, ev.rng.randrange(3)))
    if structured:
        gcp.structured(at + took - 4 * MS, "\n".join(lines), revision=revision, trace=trace)
    else:
        gcp.output(at + took - 4 * MS, lines, revision=revision)


def starved(ev, gcp, begin, length, failures, drops, revision="api-00042-kol", nat=True, structured=True):
    """A time in which connections to the partner find no NAT port."""
    for at in ev.spread(begin, begin + length, failures):
        failed_call(ev, gcp, at, connect_timeout(f"{PARTNER}:443"), 10 * S + ev.rng.randint(4, 60) * MS,
                    revision=revision, structured=structured)
        if nat:
            gcp.nat(at + 12 * MS, "DROPPED", f"10.20.0.{ev.rng.randint(16, 31)}", PARTNER)
    if nat:
        for at in ev.spread(begin, begin + length, drops):
            gcp.nat(at, "DROPPED", f"10.20.0.{ev.rng.randint(16, 31)}", PARTNER)


def exhausted_nat(ev, start, nat=True, structured=True):
    """A campaign: every order calls the partner on a connection of its own until the ports are used up."""
    gcp = Gcp(ev)
    gcp.run_traffic(start, start + 9 * MIN, 5)
    gcp.run_traffic(start + 9 * MIN, start + 17 * MIN, 12)
    gcp.run_traffic(start + 17 * MIN, start + 28 * MIN, 5)
    starved(ev, gcp, start + 9 * MIN, 8 * MIN, 26, 50, nat=nat, structured=structured)
    if nat:
        for at in ev.spread(start, start + 28 * MIN, 60):
            gcp.nat(at, "OK", f"10.20.0.{ev.rng.randint(16, 31)}", ev.rng.choice([PARTNER, *OTHERS]))


@case(SLUG, "fires-gcp-run-nat",
      "first: nat-port-exhaustion\nverdict: proved|supported\nnot: target-connect-timeout deploy-surge ephemeral-port-exhaustion")
def _(ev):
    """Load doubles for eight minutes, every order opens a connection to the partner through Cloud
    NAT with 64 ports an instance; the NAT drops SYNs to that address and the calls time out after
    undici's ten seconds. Nothing was deployed."""
    exhausted_nat(ev, t("2026-11-06T09:00:00"))


@case(SLUG, "fires-gcp-run-nat-plain-stderr", "first: nat-port-exhaustion\nverdict: proved|supported\nnot: target-connect-timeout")
def _(ev):
    """The same with an application that prints errors as plain text, so that the platform makes an
    entry of every line of the stack."""
    exhausted_nat(ev, t("2026-11-06T10:00:00"), structured=False)


@case(SLUG, "quiet-target-connect-timeout",
      "first-of: target-connect-timeout external-dependency-outage\nnot: nat-port-exhaustion\ncandidate: nat-port-exhaustion target-connect-timeout")
def _(ev):
    """The partner's address does not answer, although the NAT allocated a port for every one of
    these connections; what it dropped at that time were packets of a crawler to somewhere else."""
    start = t("2026-11-06T11:00:00")
    gcp = Gcp(ev)
    gcp.run_traffic(start, start + 28 * MIN, 5)
    for at in ev.spread(start + 9 * MIN, start + 17 * MIN, 24):
        failed_call(ev, gcp, at, connect_timeout(f"{PARTNER}:443"), 10 * S + ev.rng.randint(4, 60) * MS)
        gcp.nat(at + 12 * MS, "OK", f"10.20.0.{ev.rng.randint(16, 31)}", PARTNER)
    for at in ev.spread(start, start + 28 * MIN, 40):
        gcp.nat(at, "OK", f"10.20.0.{ev.rng.randint(16, 31)}", ev.rng.choice(OTHERS))
    for at in ev.spread(start + 2 * MIN, start + 26 * MIN, 6):
        gcp.nat(at, "DROPPED", "10.20.9.4", "192.0.2.200", port=6881)


@case(SLUG, "quiet-ephemeral-port-exhaustion",
      "first: ephemeral-port-exhaustion\nverdict: proved|supported\nnot: nat-port-exhaustion")
def _(ev):
    """No port left here either, but the host's own: connect() fails at once with EADDRNOTAVAIL, and
    the NAT has nothing to drop."""
    start = t("2026-11-06T12:00:00")
    gcp = Gcp(ev)
    gcp.run_traffic(start, start + 26 * MIN, 5)
    for at in ev.spread(start + 9 * MIN, start + 14 * MIN, 28):
        failed_call(ev, gcp, at, fetch_failed(f"Error: connect EADDRNOTAVAIL {PARTNER}:443 - Local (0.0.0.0:0)",
                                              "EADDRNOTAVAIL",
                                              [("errno", "-99"), ("syscall", "'connect'"), ("address", f"'{PARTNER}'"),
                                               ("port", "443")]), ev.rng.randint(3, 12) * MS)
    for at in ev.spread(start, start + 26 * MIN, 40):
        gcp.nat(at, "OK", f"10.20.0.{ev.rng.randint(16, 31)}", ev.rng.choice([PARTNER, *OTHERS]))


@case(SLUG, "quiet-worker-pool-saturated",
      "first: worker-pool-saturated\nverdict: proved|supported\nnot: nat-port-exhaustion\ncandidate: nat-port-exhaustion")
def _(ev):
    """Timeouts under load, and a NAT log that covers them: it allocated a port for every connection
    outward. PHP-FPM had no child left."""
    from waiting import saturated_fpm
    start = t("2026-11-06T21:00:00")
    saturated_fpm(ev, start)
    gcp = Gcp(ev)
    for at in ev.spread(start, start + 26 * MIN, 70):
        gcp.nat(at, "OK", f"10.20.0.{ev.rng.randint(16, 31)}", ev.rng.choice([PARTNER, *OTHERS]))


@case(SLUG, "quiet-deploy-surge",
      "first: deploy-surge\nverdict: proved|supported\ncandidate: nat-port-exhaustion")
def _(ev):
    """The NAT runs out of ports, each time after a deploy and only for some minutes: what used them
    up was two fleets at once. Nothing is wrong with saying that the ports were gone, but that is
    not where it began."""
    from release import surge
    surge(ev, t("2026-11-06T13:00:00"))


@case(SLUG, "blind-no-nat-log", "not: nat-port-exhaustion ephemeral-port-exhaustion")
def _(ev):
    """Connect timeouts of calls outward, and no NAT log: a partner that is down, a firewall and a
    NAT without ports look the same from inside."""
    exhausted_nat(ev, t("2026-11-06T09:00:00"), nat=False)


DNS_SLUG = "origin-dns-failure"
NAME = "orders.internal.example"


def unresolved_nginx(ev, start, style="timed"):
    """`proxy_pass` with a variable: nginx asks its resolver, and the name is gone."""
    proxy = Nginx(ev, style)
    proxy.traffic(start, start + 9 * MIN, 8, ["10.0.44.6:8080"])
    for at in ev.spread(start + 9 * MIN, start + 15 * MIN, 30):
        method, path, _ = ev.page()
        client = ev.client()
        took = ev.rng.choice([1, 2, 3]) * MS
        proxy.access(at, took, 502, method, path, (), client)
        proxy.error(at + took, f"{NAME} could not be resolved (3: Host not found)", "error", method, path, None, client)
    proxy.traffic(start + 15 * MIN, start + 24 * MIN, 8, ["10.0.44.6:8080"])


@case(DNS_SLUG, "fires-nginx-error", "first: origin-dns-failure\nverdict: proved\nnot: target-connect-refused target-connect-timeout")
def _(ev):
    """A record was deleted in a clean-up; nginx resolves the upstream's name at run time and is told
    that it does not exist."""
    unresolved_nginx(ev, t("2026-11-06T15:00:00"))


@case(DNS_SLUG, "fires-envoy", "first: origin-dns-failure\nverdict: proved\nnot: no-healthy-targets no-registered-targets")
def _(ev):
    """Envoy's dynamic forward proxy cannot resolve the host: flag DF, 503."""
    envoy, start = Envoy(ev, "json", "dynamic_forward_proxy", NAME), t("2026-11-06T16:00:00")
    envoy.traffic(start, start + 9 * MIN, 8, ["10.0.44.6:8080"])
    for at in ev.spread(start + 9 * MIN, start + 14 * MIN, 28):
        method, path, _ = ev.page()
        envoy.request(at, ev.rng.randint(1, 6), 503, "DF", "dns_resolution_failure", method, path, None, sent=22)
    envoy.traffic(start + 14 * MIN, start + 23 * MIN, 8, ["10.0.44.6:8080"])


@case(DNS_SLUG, "fires-gcp-run-node", "first: origin-dns-failure\nverdict: proved|supported\nnot: nat-port-exhaustion target-connect-timeout")
def _(ev):
    """A service calls a partner by a name whose zone lapsed: getaddrinfo ENOTFOUND, at once."""
    start = t("2026-11-06T17:00:00")
    gcp = Gcp(ev)
    gcp.run_traffic(start, start + 26 * MIN, 5)
    for at in ev.spread(start + 8 * MIN, start + 16 * MIN, 24):
        failed_call(ev, gcp, at, fetch_failed("Error: getaddrinfo ENOTFOUND pay.partner.example", "ENOTFOUND",
                                              [("errno", "-3008"), ("syscall", "'getaddrinfo'"),
                                               ("hostname", "'pay.partner.example'")]), ev.rng.randint(6, 30) * MS)


@case(DNS_SLUG, "quiet-target-connect-refused",
      "first: target-connect-refused\nverdict: proved\nnot: origin-dns-failure")
def _(ev):
    """The name resolves, to a host that refuses: nginx names the address it tried."""
    proxy, start = Nginx(ev), t("2026-11-06T18:00:00")
    proxy.traffic(start, start + 9 * MIN, 8, ["10.0.44.6:8080"], fresh=True)
    for at in ev.spread(start + 9 * MIN, start + 15 * MIN, 30):
        proxy.failed(at, 1 * MS, 502, "10.0.44.6:8080", REFUSED)
    proxy.traffic(start + 15 * MIN, start + 24 * MIN, 8, ["10.0.44.6:8080"], fresh=True)


@case(DNS_SLUG, "quiet-nat-port-exhaustion",
      "first: nat-port-exhaustion\nverdict: proved|supported\nnot: origin-dns-failure")
def _(ev):
    """`fetch failed` as well, with another cause: the address was known, its SYN was dropped."""
    exhausted_nat(ev, t("2026-11-06T19:00:00"))


@case(DNS_SLUG, "blind-message-only", "not: origin-dns-failure nat-port-exhaustion target-connect-timeout target-connect-refused")
def _(ev):
    """The application logs `error.message` and drops `error.cause`: `fetch failed`, and no more."""
    start = t("2026-11-06T17:00:00")
    gcp = Gcp(ev)
    gcp.run_traffic(start, start + 26 * MIN, 5)
    for at in ev.spread(start + 8 * MIN, start + 16 * MIN, 24):
        failed_call(ev, gcp, at, ["TypeError: fetch failed"], ev.rng.randint(6, 30) * MS)


OUTAGE_SLUG = "external-dependency-outage"


def refused(address):
    """The cause of a refused connection."""
    host, port = address.split(":")
    return fetch_failed(f"Error: connect ECONNREFUSED {address}", "ECONNREFUSED",
                        [("errno", "-111"), ("syscall", "'connect'"), ("address", f"'{host}'"), ("port", port)])


def no_response():
    """The cause of a response that does not begin; undici does not say who was asked."""
    return fetch_failed("HeadersTimeoutError: Headers Timeout Error", "UND_ERR_HEADERS_TIMEOUT")


def partner_outage(ev, start, unanswered=0, nat=True, log=True, requests=True):
    """The partner stops answering, is restarted and refuses for some minutes, then works again."""
    gcp = Gcp(ev)
    if requests:
        gcp.run_traffic(start, start + 28 * MIN, 5)
    begin = start + 9 * MIN

    def call(at, lines, took):
        if not requests:
            gcp.structured(at + took - 4 * MS, "\n".join(lines), trace=ev.hex(32))
        elif log:
            failed_call(ev, gcp, at, lines, took)
        else:
            gcp.run(at, took, 502, *CHECKOUT, trace=ev.hex(32), sent=61)
        if nat:
            gcp.nat(at + 12 * MS, "OK", f"10.20.0.{ev.rng.randint(16, 31)}", PARTNER)

    for at in ev.spread(begin, begin + 3 * MIN, 10):
        call(at, no_response(), 15 * S + ev.rng.randint(4, 60) * MS)
    for at in ev.spread(begin, begin + 9 * MIN, unanswered) if unanswered else ():
        call(at, connect_timeout(f"{PARTNER}:443"), 10 * S + ev.rng.randint(4, 60) * MS)
    for at in ev.spread(begin + 4 * MIN, begin + 9 * MIN, 24):
        call(at, refused(f"{PARTNER}:443"), ev.rng.randint(4, 20) * MS)
    if nat:
        for at in ev.spread(start, start + 28 * MIN, 40):
            gcp.nat(at, "OK", f"10.20.0.{ev.rng.randint(16, 31)}", ev.rng.choice([PARTNER, *OTHERS]))


@case(OUTAGE_SLUG, "fires-gcp-run-node",
      "first: external-dependency-outage\nverdict: proved|supported\nnot: nat-port-exhaustion target-connect-timeout keepalive-race")
def _(ev):
    """The payment partner accepts connections and answers nothing, is restarted, refuses for five
    minutes and works again. The NAT had a port for every call, and other routes are fine."""
    partner_outage(ev, t("2026-11-07T09:00:00"))


@case(OUTAGE_SLUG, "quiet-nat-port-exhaustion",
      "first: nat-port-exhaustion\nverdict: proved|supported\nnot: external-dependency-outage\ncandidate: external-dependency-outage")
def _(ev):
    """Every failed call went to the one partner here as well, and the partner was fine: the NAT
    dropped the packets on the way."""
    exhausted_nat(ev, t("2026-11-07T10:00:00"))


@case(OUTAGE_SLUG, "blind-no-application-log",
      "not: external-dependency-outage nat-port-exhaustion target-connect-refused")
def _(ev):
    """The same outage with the platform's request log alone: the application wrote 502, and nothing
    says that it had called anybody."""
    partner_outage(ev, t("2026-11-07T11:00:00"), nat=False, log=False)


@case("target-connect-timeout", "quiet-external-dependency-outage",
      "first: external-dependency-outage\nnot: target-connect-timeout\ncandidate: target-connect-timeout")
def _(ev):
    """While the partner restarts, some calls get no answer to their SYN; the others are refused or
    get no response. What swallowed those packets was no firewall: the other side was not there. Only
    the application's errors and the NAT's log were kept."""
    partner_outage(ev, t("2026-11-07T12:00:00"), unanswered=8, requests=False)
