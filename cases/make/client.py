"""Stories about clients that leave."""

import json

from aws import Alb
from core import MIN, MS, S, case, t
from gcp import Gcp
from nginx import SLOW_HEAD, Nginx
from waiting import REPORT, ladder_envoy

SLUG = "client-abort"
LEFT = "client prematurely closed connection, so upstream connection is closed too while sending request to upstream"
SEARCH = ("GET", "/api/search")


@case(SLUG, "fires-nginx", "first: client-abort\nverdict: proved|supported\nnot: target-response-timeout timeout-ladder-inversion")
def _(ev):
    """A search that takes a few seconds; people type on and their browsers drop the request: 499
    after waits of every length, while searches that were waited for succeed."""
    proxy, start = Nginx(ev), t("2026-11-03T09:00:00")
    proxy.traffic(start, start + 28 * MIN, 8, ["10.0.3.11:8080"])
    for at in ev.spread(start + 5 * MIN, start + 24 * MIN, 20):
        took = ev.rng.randint(2_000, 6_500) * MS
        proxy.ok(at, "10.0.3.11:8080", page=(*SEARCH, took))
    for at in ev.spread(start + 5 * MIN, start + 24 * MIN, 34):
        client, took = ev.client(), ev.rng.randint(300, 5_800) * MS
        proxy.access(at, took, 499, *SEARCH, [("10.0.3.11:8080", 0, None, took, None)], client, 0)
        proxy.error(at + took, LEFT, "info", *SEARCH, f"http://10.0.3.11:8080{SEARCH[1]}", client)


@case(SLUG, "fires-aws-alb", "first: client-abort\nverdict: proved|supported\nnot: target-response-timeout keepalive-race")
def _(ev):
    """A mobile application gives up after five seconds, well before the load balancer's 60: status
    460."""
    alb, start = Alb(ev, ["10.0.21.14:8080", "10.0.22.31:8080"]), t("2026-11-03T10:00:00")
    alb.traffic(start, start + 28 * MIN, 8)
    for at in ev.spread(start + 6 * MIN, start + 20 * MIN, 30):
        alb.request(at, 5 * S + ev.rng.randint(5, 180) * MS, 460, "-", "0.001 -1 -1", ev.rng.choice(alb.targets),
                    *SEARCH, sent=0)


@case(SLUG, "quiet-target-response-timeout",
      "first: target-response-timeout\nverdict: proved|supported\nnot: client-abort")
def _(ev):
    """Most requests for the report last the full 60 s and end as 504; a few people lose patience
    before and leave a 499. The slow report is the cause of both."""
    proxy, start = Nginx(ev), t("2026-11-03T11:00:00")
    proxy.traffic(start, start + 28 * MIN, 8, ["10.0.3.11:8080"])
    for at in ev.spread(start + 8 * MIN, start + 19 * MIN, 24):
        proxy.failed(at, 60 * S + ev.rng.choice([0, 1, 2]) * MS, 504, "10.0.3.11:8080", SLOW_HEAD, method="GET",
                     path=REPORT[1], connected=0)
    for at in ev.spread(start + 8 * MIN, start + 19 * MIN, 5):
        client, took = ev.client(), ev.rng.randint(20_000, 55_000) * MS
        proxy.access(at, took, 499, *REPORT, [("10.0.3.11:8080", 0, None, took, None)], client, 0)
        proxy.error(at + took, LEFT, "info", *REPORT, f"http://10.0.3.11:8080{REPORT[1]}", client)


@case(SLUG, "quiet-timeout-ladder-inversion",
      "first-of: timeout-ladder-inversion target-response-timeout\nnot: client-abort\ncandidate: client-abort")
def _(ev):
    """The ingress logs 499, always after the same 15 s: its client is the outer gateway, whose own
    log has 504 for the same request ids. No person left."""
    ladder_envoy(ev, t("2026-11-03T12:00:00"), finishes=False)


@case(SLUG, "blind-gcp-lb", "verdict-at-most: consistent\nnot: client-abort")
def _(ev):
    """Requests without a status, from an export that left jsonPayload out: no answer was sent, and
    statusDetails, which would say whose doing that was, is not there."""
    gcp, start = Gcp(ev), t("2026-11-03T13:00:00")
    gcp.lb_traffic(start, start + 24 * MIN, 6)
    for at in ev.spread(start + 5 * MIN, start + 20 * MIN, 24):
        gcp.lb(at, ev.rng.randint(300, 5_000) * MS, 0, None, *SEARCH, sent=0)
    stripped = []
    for at, serial, text in ev.files["lb-requests.json"]:
        entry = json.loads(text)
        del entry["jsonPayload"]
        stripped.append((at, serial, json.dumps(entry, sort_keys=True, separators=(",", ":"))))
    ev.files["lb-requests.json"] = stripped
