"""Stories about the response itself: too large a head, not HTTP, or an error of its own."""

from aws import Alb
from change import cloudfront
from core import MIN, MS, S, case, t
from gcp import LOST, Gcp
from nginx import Nginx
from proxies import Envoy, Haproxy

HEAD_SLUG = "response-header-too-large"
TOO_BIG = "upstream sent too big header while reading response header from upstream"
CALLBACK = "/auth/callback"


def big_head_nginx(ev, start):
    """A sign-in whose response sets more cookies than proxy_buffer_size holds."""
    proxy = Nginx(ev)
    proxy.traffic(start, start + 40 * MIN, 7, ["10.0.3.11:8080"])
    for at in ev.spread(start + 6 * MIN, start + 36 * MIN, 20):
        proxy.failed(at, ev.around(230 * MS, 0.4), 502, "10.0.3.11:8080", TOO_BIG, method="GET", path=CALLBACK,
                     connected=0)


@case(HEAD_SLUG, "fires-nginx-error", "first: response-header-too-large\nverdict: proved\nnot: malformed-response app-crash")
def _(ev):
    """Tokens in cookies outgrew nginx's proxy_buffer_size of one page; only the sign-in callback
    fails, and only for people with many roles."""
    big_head_nginx(ev, t("2026-11-08T09:00:00"))


@case(HEAD_SLUG, "fires-gcp-lb", "first: response-header-too-large\nverdict: proved\nnot: malformed-response backend-own-5xx")
def _(ev):
    """The same at a Google load balancer, which names the reason."""
    gcp, start = Gcp(ev), t("2026-11-08T10:00:00")
    gcp.lb_traffic(start, start + 35 * MIN, 5)
    for at in ev.spread(start + 5 * MIN, start + 32 * MIN, 16):
        gcp.lb(at, ev.around(190 * MS, 0.3), 502, "backend_response_headers_too_long", "GET", CALLBACK)


@case(HEAD_SLUG, "quiet-malformed-response", "first: malformed-response\nverdict: proved\nnot: response-header-too-large")
def _(ev):
    """502 on one path as well, but nginx says that the head was invalid, not that it was too big."""
    malformed_nginx(ev, t("2026-11-08T11:00:00"))


@case(HEAD_SLUG, "quiet-app-crash",
      "first: app-crash\nverdict: proved|supported\nnot: response-header-too-large malformed-response")
def _(ev):
    """A load balancer's 502 after a few hundred milliseconds of work, with three readings; the
    journal has a process that exits each time."""
    from hosts import Host, uncaught
    alb, start = Alb(ev, ["10.0.21.14:3000"]), t("2026-11-08T12:00:00")
    host, downs = Host(ev, "app-1", "syslog"), []
    for at in ev.spread(start + 3 * MIN, start + 27 * MIN, 6):
        downs.append((at, host.crash(at, "shop-api.service", "Shop API", uncaught())))
    for at in ev.arrivals(start, start + 30 * MIN, 9):
        if not any(down - 700 * MS <= at <= back for down, back in downs):
            alb.ok(at)
    for down, _ in downs:
        for _ in range(4):
            wait = ev.rng.randint(60, 600) * MS
            alb.closed(down + 10 * MS - wait, "10.0.21.14:3000", wait)


@case(HEAD_SLUG, "blind-haproxy", "verdict-at-most: consistent\nnot: response-header-too-large malformed-response")
def _(ev):
    """HAProxy refuses the response and logs PH with 502. That flag covers an invalid head, one that
    is too large and one that a rule denied."""
    proxy, start = Haproxy(ev), t("2026-11-08T13:00:00")
    proxy.traffic(start, start + 30 * MIN, 7, ["api1", "api2"])
    for at in ev.spread(start + 5 * MIN, start + 27 * MIN, 18):
        wait = ev.rng.randint(150, 320)
        proxy.http(at, (0, 0, 1, -1, wait + 1), 502, "PH--", ev.rng.choice(["api1", "api2"]), "GET", CALLBACK)


FORM_SLUG = "malformed-response"
EXPORT = "/api/export.csv"


def malformed_nginx(ev, start):
    """A handler that writes its own head and gets it wrong."""
    proxy = Nginx(ev)
    proxy.traffic(start, start + 35 * MIN, 7, ["10.0.3.11:8080"])
    invalid = 'upstream sent invalid header: "Content Disposition: attachment\\x0d..." while reading response header from upstream'
    double = 'upstream sent duplicate header line: "Transfer-Encoding: chunked", previous value: "Transfer-Encoding: chunked" while reading response header from upstream'
    for at in ev.spread(start + 5 * MIN, start + 31 * MIN, 20):
        proxy.failed(at, ev.around(120 * MS, 0.4), 502, "10.0.3.11:8080", ev.rng.choice([invalid, double]),
                     method="GET", path=EXPORT, connected=0)


@case(FORM_SLUG, "fires-nginx-error", "first: malformed-response\nverdict: proved\nnot: response-header-too-large app-crash")
def _(ev):
    """An export writes a field name with a blank in it, or Transfer-Encoding twice; nginx refuses
    both and quotes them."""
    malformed_nginx(ev, t("2026-11-08T14:00:00"))


@case(FORM_SLUG, "fires-gcp-lb", "first: malformed-response\nverdict: proved\nnot: response-header-too-large backend-own-5xx")
def _(ev):
    """The export behind a Google load balancer: backend_response_corrupted."""
    gcp, start = Gcp(ev), t("2026-11-08T15:00:00")
    gcp.lb_traffic(start, start + 35 * MIN, 5)
    for at in ev.spread(start + 5 * MIN, start + 32 * MIN, 16):
        gcp.lb(at, ev.around(150 * MS, 0.3), 502, "backend_response_corrupted", "GET", EXPORT)


@case(FORM_SLUG, "quiet-response-header-too-large", "first: response-header-too-large\nverdict: proved\nnot: malformed-response")
def _(ev):
    """A head that is in order and too long."""
    big_head_nginx(ev, t("2026-11-08T16:00:00"))


@case(FORM_SLUG, "quiet-app-crash",
      "first: app-crash\nverdict: proved|supported\nnot: malformed-response\ncandidate: malformed-response")
def _(ev):
    """Cloud Run's message names a malformed response and a broken connection in one breath; the
    platform's own log has the exits that decide."""
    from process import crash_run
    crash_run(ev, t("2026-11-08T17:00:00"))


@case(FORM_SLUG, "quiet-backend-own-5xx", "first: backend-own-5xx\nverdict: proved|supported\nnot: malformed-response")
def _(ev):
    """502 that the backend wrote itself, in good HTTP: it passes on what a partner answered."""
    gcp, start = Gcp(ev), t("2026-11-08T18:00:00")
    gcp.lb_traffic(start, start + 30 * MIN, 6)
    for at in ev.spread(start + 7 * MIN, start + 22 * MIN, 18):
        gcp.lb(at, ev.around(310 * MS, 0.3), 502, "response_sent_by_backend", "POST", "/api/payments", sent=88)


@case(FORM_SLUG, "blind-gcp-run", "verdict-at-most: consistent\nnot: malformed-response app-crash oom-kill")
def _(ev):
    """Cloud Run's message alone, always on the export: malformed or a lost connection, it does not
    say which."""
    gcp, start = Gcp(ev), t("2026-11-08T19:00:00")
    gcp.run_traffic(start, start + 35 * MIN, 5)
    for at in ev.spread(start + 5 * MIN, start + 32 * MIN, 16):
        gcp.run(at, ev.around(150 * MS, 0.3), 503, "GET", EXPORT, text=LOST)


OWN_SLUG = "backend-own-5xx"


def own_nginx(ev, start, style="timed"):
    """The application answers one path with 503 for a quarter of an hour."""
    proxy = Nginx(ev, style)
    proxy.traffic(start, start + 32 * MIN, 8, ["10.0.3.11:8080", "10.0.3.12:8080"])
    for at in ev.spread(start + 9 * MIN, start + 22 * MIN, 26):
        took = ev.around(14 * MS, 0.4)
        proxy.access(at, took + 400, 503, "POST", "/api/orders",
                     [(ev.rng.choice(["10.0.3.11:8080", "10.0.3.12:8080"]), 0, took, took, 503)], sent=64)


@case(OWN_SLUG, "fires-aws-alb", "first: backend-own-5xx\nverdict: proved|supported\nnot: app-crash keepalive-race")
def _(ev):
    """The targets themselves answer orders with 503 while a migration locks the table: the target's
    status equals the load balancer's."""
    alb, start = Alb(ev, ["10.0.21.14:8080", "10.0.22.31:8080"]), t("2026-11-08T20:00:00")
    alb.traffic(start, start + 32 * MIN, 8)
    for at in ev.spread(start + 9 * MIN, start + 22 * MIN, 30):
        took = ev.around(15 * MS, 0.4)
        alb.request(at, took + 1_000, 503, "503", f"0.000 {took / S:.3f} 0.000", ev.rng.choice(alb.targets), "POST",
                    "/api/orders", sent=211)


@case(OWN_SLUG, "fires-envoy", "first: backend-own-5xx\nverdict: proved|supported\nnot: no-healthy-targets target-connect-refused")
def _(ev):
    """Envoy passes on 503 from the service: via_upstream and no flag."""
    envoy, start = Envoy(ev, "json"), t("2026-11-08T21:00:00")
    envoy.traffic(start, start + 30 * MIN, 8, ["10.8.1.23:8080", "10.8.2.41:8080"])
    for at in ev.spread(start + 9 * MIN, start + 21 * MIN, 26):
        ms = ev.rng.randint(8, 22)
        envoy.request(at, ms + 1, 503, "-", "via_upstream", "POST", "/api/orders",
                      ev.rng.choice(["10.8.1.23:8080", "10.8.2.41:8080"]), ms, sent=64)


def passed_by_cdn(ev, start, origin):
    """A CDN passes on the 503 of a target. Its own word for that is `Error`, which may be anything."""
    alb = Alb(ev, ["10.0.21.14:8080", "10.0.22.31:8080"])
    for at in ev.arrivals(start, start + 20 * MIN, 10):
        m, p, took = ev.page()
        cloudfront(ev, at - 4 * MS, took * MS // 1_000 + 9 * MS, 200, "Miss", "Miss", (m, p, took))
        if origin:
            alb.ok(at, method=m, path=p)
    for at in ev.spread(start + 6 * MIN, start + 14 * MIN, 32):
        took = ev.rng.randint(40, 220) * MS
        cloudfront(ev, at - 4 * MS, took + 9 * MS, 503, "Error", "Error", ("POST", "/api/orders", 0))
        if origin:
            alb.request(at, took, 503, 503, f"0.000 {(took - MS) / S:.3f} 0.000", "10.0.21.14:8080", "POST",
                        "/api/orders")


@case(OWN_SLUG, "fires-cloudfront-alb", "first: backend-own-5xx\nverdict: proved\nnot: no-healthy-targets")
def _(ev):
    """The CDN's record does not say who wrote the 503; the load balancer's record of the same request does."""
    passed_by_cdn(ev, t("2026-11-13T14:00:00"), True)


@case(OWN_SLUG, "blind-cloudfront-alone", "verdict-at-most: consistent\nnot: backend-own-5xx\ncandidate: backend-own-5xx")
def _(ev):
    """The CDN's log of the same minutes alone: `Error`, and who wrote the 503 is an inference."""
    passed_by_cdn(ev, t("2026-11-13T14:00:00"), False)


@case(OWN_SLUG, "quiet-malformed-response", "first: malformed-response\nverdict: proved\nnot: backend-own-5xx")
def _(ev):
    """The backend answered here too, and nginx made the 502, because it could not read the answer."""
    malformed_nginx(ev, t("2026-11-08T22:00:00"))


@case(OWN_SLUG, "quiet-bad-release",
      "first: bad-release\nverdict: proved|supported\nnot: backend-own-5xx\ncandidate: backend-own-5xx")
def _(ev):
    """The application's own 5xx, from the minute a new revision took traffic until it was rolled
    back, and from that revision only."""
    from release import broken_release
    broken_release(ev, t("2026-11-08T23:00:00"))


@case(OWN_SLUG, "blind-combined-only", "verdict-at-most: consistent\nnot: backend-own-5xx")
def _(ev):
    """503 in the combined format, where nginx's own answers and the upstream's look the same."""
    own_nginx(ev, t("2026-11-09T00:00:00"), "combined")
