"""Stories about clients whose TLS handshake with the load balancer fails."""

from aws import Alb
from core import MIN, MS, S, case, iso, t

SLUG = "client-tls-failure"
NLB = "net/shop-tls/3c5d1e7f9a0b2c4d"
CERT = "arn:aws:acm:ap-northeast-1:123456789012:certificate/4c0a3f3e-0f0e-4d8a-9a53-1f0a2f4b6c7d"


def connection(ev, at, verify="-", protocol="TLSv1.3", latency="0.012", subject="-", client=None, file="conn_log.txt"):
    """A line of the connection log of an Application Load Balancer."""
    cipher = "TLS_AES_128_GCM_SHA256" if protocol == "TLSv1.3" else "ECDHE-RSA-AES128-GCM-SHA256"
    dates, serial = ("-", "-") if subject == "-" else (
        "NotBefore=2025-11-20T00:00:00Z;NotAfter=2026-11-25T00:00:00Z", "0A1B2C3D4E5F6071")
    ev.add(file, "aws-alb-connection", at,
           f'{iso(at)} {client or ev.client()} {ev.port()} 443 {protocol} {cipher} {latency} "{subject}" {dates} {serial} {verify} '
           f"TID_{ev.hex(32)}")


@case(SLUG, "fires-aws-alb-mutual-tls", "first: client-tls-failure\nverdict: proved\nnot: upstream-tls-negotiation client-abort")
def _(ev):
    """A partner's client certificate ran out at midnight: the load balancer's connection log refuses each of its
    connections, and the access log has nothing of them."""
    alb, start = Alb(ev, ["10.0.21.14:8080"]), t("2026-11-24T23:45:00")
    for at in ev.arrivals(start, start + 45 * MIN, 9):
        connection(ev, at)
        alb.ok(at + 20 * MS)
    for at in ev.spread(start, start + 14 * MIN, 14):
        connection(ev, at, "Success", "TLSv1.2", "0.031", "CN=partner.example,O=Partner,C=JP", "203.0.113.40")
        alb.ok(at + 40 * MS, path="/partner/orders", method="POST")
    for at in ev.spread(start + 15 * MIN + 3 * S, start + 44 * MIN, 29):
        connection(ev, at, "Failed:ClientCertExpired", "TLSv1.2", "-", "CN=partner.example,O=Partner,C=JP", "203.0.113.40")


@case(SLUG, "fires-aws-nlb", "first: client-tls-failure\nverdict: proved\nnot: upstream-tls-negotiation client-abort")
def _(ev):
    """A renewed certificate is served without its intermediate: browsers find it elsewhere, programs do not and say so
    with alert 48 (unknown authority)."""
    start = t("2026-11-25T20:00:00")

    def line(at, handshake, alert, cipher, version):
        ev.add("nlb.log", "aws-nlb", at,
               f"tls 2.0 {iso(at, 0, '')} {NLB} 8e6f4a2b0c1d3e5f {ev.client()}:{ev.port()} 10.0.3.21:443 5 {handshake} 98 246 "
               f"{alert} {CERT} - {cipher} {version} - shop.example.com - - - {iso(at - S, 0, '')}")

    for at in ev.arrivals(start, start + 40 * MIN, 10):
        line(at, "4", "-", "TLS_AES_128_GCM_SHA256", "tlsv13")
    for at in ev.spread(start + 12 * MIN, start + 40 * MIN, 60):
        line(at, "-", "48", "ECDHE-RSA-AES128-SHA", "tlsv12")


@case(SLUG, "quiet-client-abort", "first: client-abort\nnot: client-tls-failure\ncandidate: client-abort")
def _(ev):
    """Clients fail here as well, but after they had sent a request: they leave after ten seconds (460). The connection
    log has the few handshakes that scanners never finish."""
    alb, start = Alb(ev, ["10.0.21.14:8080"]), t("2026-11-25T21:00:00")
    for at in ev.arrivals(start, start + 40 * MIN, 6):
        connection(ev, at)
        alb.ok(at + 20 * MS)
    for at in ev.spread(start + 10 * MIN, start + 30 * MIN, 60):
        m, p, _ = ev.page()
        connection(ev, at)
        alb.request(at + 20 * MS, 10 * S + ev.rng.randint(0, 40) * MS, 460, "-", "0.000 -1 -1", alb.targets[0], m, p, sent=0)
    for at in ev.spread(start, start + 40 * MIN, 7):
        connection(ev, at, "Failed:UnmappedConnectionError", "-", "-", client="198.51.100.66")


@case(SLUG, "blind-access-log", "not: client-tls-failure\nnone")
def _(ev):
    """The partner's night again with the access log alone: it has nothing but requests that went well, and the program
    finds nothing in it."""
    alb, start = Alb(ev, ["10.0.21.14:8080"]), t("2026-11-24T23:45:00")
    alb.traffic(start, start + 45 * MIN, 9)
    for at in ev.spread(start, start + 14 * MIN, 14):
        alb.ok(at + 40 * MS, path="/partner/orders", method="POST")


@case(SLUG, "quiet-scanners", "none")
def _(ev):
    """An ordinary hour: some forty handshakes that were begun and never finished, from two addresses, spread evenly,
    and nothing else wrong."""
    alb, start = Alb(ev, ["10.0.21.14:8080"]), t("2026-11-25T22:00:00")
    for at in ev.arrivals(start, start + 60 * MIN, 6):
        connection(ev, at)
        alb.ok(at + 20 * MS)
    for at in ev.spread(start, start + 60 * MIN, 40):
        connection(ev, at, "Failed:UnmappedConnectionError", "-", "-", client=ev.rng.choice(["198.51.100.66", "198.51.100.67"]))
