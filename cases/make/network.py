"""Stories about what stands between gateway and target: a full connection table, a firewall; and
the neighbours of causes whose own evidence was captured."""

from aws import Alb
from core import MIN, MS, S, case, t
from hosts import Host
from nginx import SLOW_CONNECT, Nginx
from reuse import trickle_nginx
from secure import handshake_envoy

FULL = "conntrack-table-full"
TABLE_FULL = "nf_conntrack: nf_conntrack: table full, dropping packet"
TARGETS = ["10.0.31.7:8080", "10.0.31.8:8080", "10.0.31.9:8080"]


def full_table(ev, start):
    """A rush through the machine that translates addresses: some of the new connections of every
    target are lost for five minutes."""
    proxy, gate = Nginx(ev), Host(ev, "nat-1", "nat-1-kern.log")
    proxy.traffic(start, start + 8 * MIN, 10, TARGETS, fresh=True)
    proxy.traffic(start + 8 * MIN, start + 14 * MIN, 34, TARGETS, fresh=True)
    for at in ev.spread(start + 9 * MIN, start + 14 * MIN, 40):
        proxy.failed(at, 5 * S + ev.rng.choice([0, 1, 2, 4]) * MS, 504, ev.rng.choice(TARGETS), SLOW_CONNECT)
    proxy.traffic(start + 14 * MIN, start + 24 * MIN, 10, TARGETS, fresh=True)
    gate.kernel(start + 2 * MIN, "IPv4: martian source 10.0.31.1 from 10.0.40.2, on dev eth1", "netfilter")
    for at in ev.spread(start + 9 * MIN - 3 * S, start + 14 * MIN, 30):
        gate.kernel(at, TABLE_FULL, "netfilter")
    gate.kernel(start + 14 * MIN, "net_ratelimit: 1841 callbacks suppressed", "netfilter")


@case(FULL, "fires-nginx-kernel", "first: conntrack-table-full\nverdict: supported\nnot: security-group-block nat-port-exhaustion")
def _(ev):
    """A sale without keep-alive towards the back ends fills the connection table of the machine
    between them; its kernel says so."""
    full_table(ev, t("2026-11-19T09:00:00"))


@case(FULL, "quiet-security-group-block",
      "first: security-group-block\nverdict: proved|supported\nnot: conntrack-table-full\ncandidate: conntrack-table-full")
def _(ev):
    """The same timeouts, but a rule of the target's firewall drops the SYNs and logs them; the
    kernel's log is there and says nothing about its table."""
    proxy, start, host = Nginx(ev), t("2026-11-19T10:00:00"), Host(ev, "api-1", "kern.log")
    proxy.traffic(start, start + 10 * MIN, 8, TARGETS, fresh=True)
    for at in ev.spread(start + 10 * MIN, start + 15 * MIN, 26):
        proxy.failed(at, 5 * S + ev.rng.choice([0, 1, 2, 3]) * MS, 504, TARGETS[0], SLOW_CONNECT)
        port = ev.port()
        for again in (0, 1, 3):
            host.kernel(at + again * S + 2 * MS,
                        "[UFW BLOCK] IN=eth0 OUT= MAC=0e:3c:5d:00:11:22:0e:3c:5d:00:11:01:08:00 SRC=10.0.30.4 "
                        f"DST=10.0.31.7 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID={ev.rng.randint(1, 65535)} DF PROTO=TCP "
                        f"SPT={port} DPT=8080 WINDOW=64240 RES=0x00 SYN URGP=0", "netfilter")
    proxy.traffic(start + 10 * MIN, start + 15 * MIN, 6, TARGETS[1:], fresh=True)
    proxy.traffic(start + 15 * MIN, start + 25 * MIN, 8, TARGETS, fresh=True)


@case(FULL, "blind-no-kernel-log", "not: conntrack-table-full security-group-block")
def _(ev):
    """The sale again without the kernel's log of the machine between: connections that nobody
    answered, and no word why."""
    full_table(ev, t("2026-11-19T09:00:00"))
    del ev.files["nat-1-kern.log"]


@case("upstream-cert-invalid", "quiet-sni-host-mismatch",
      "first: sni-host-mismatch\nverdict: proved\nnot: upstream-cert-invalid\ncandidate: upstream-cert-invalid")
def _(ev):
    """Two versions of Envoy write to one log while a fleet is being upgraded: the newer one says that
    the certificate's names did not match, the older one only that it did not verify."""
    details = ("TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:"
               "verify_cert_failed:_verify_SAN_list:TLS_error_end")
    handshake_envoy(ev, t("2026-11-19T11:00:00"), details)
    bare = "CERTIFICATE_VERIFY_FAILED:TLS_error_end"
    [(file, records)] = ev.files.items()
    failed = 0
    for index, (at, serial, text) in enumerate(records):
        if "verify_SAN_list" in text:
            failed += 1
            if failed % 4 == 0:
                text = text.replace("CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_verify_SAN_list:TLS_error_end", bare)
                records[index] = (at, serial, text)


@case("idle-flow-dropped", "quiet-keepalive-race",
      "first: keepalive-race\nverdict: proved|supported|consistent\nnot: idle-flow-dropped\ncandidate: idle-flow-dropped")
def _(ev):
    """The target closes idle connections itself: a few POST requests meet that instant, and requests
    after longer pauses are none the worse for it."""
    trickle_nginx(ev, t("2026-11-19T12:00:00"), 40, 14, 10)


@case("security-group-block", "fires-aws-alb-flow",
      "first: security-group-block\nverdict: proved\nnot: conntrack-table-full target-connect-refused")
def _(ev):
    """The security group of one target lost the rule that let the load balancer in: connections to
    it end after ten seconds with three times of -1, and the subnet's flow log says REJECT."""
    alb, start = Alb(ev, ["10.0.21.14:8080", "10.0.22.31:8080"]), t("2026-11-19T13:00:00")
    alb.traffic(start, start + 9 * MIN, 9)
    ev.add("vpc-flow.log", "aws-vpc-flow", start,
           "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
           "log-status")
    for at in ev.spread(start + 9 * MIN, start + 16 * MIN, 24):
        alb.unconnected(at, "10.0.22.31:8080", 10 * S + ev.rng.randint(300, 4_000), 504)
        first = at // S
        ev.add("vpc-flow.log", "aws-vpc-flow", at,
               f"2 123456789012 eni-0a9c31f27be54d610 10.0.20.{ev.rng.choice([6, 91])} 10.0.22.31 "
               f"{ev.rng.randint(1024, 65535)} 8080 6 {ev.rng.randint(3, 4)} 240 {first} {first + 47} REJECT OK")
    alb.traffic(start + 9 * MIN, start + 16 * MIN, 5, ["10.0.21.14:8080"])
    alb.traffic(start + 16 * MIN, start + 25 * MIN, 9)
