"""Stories about TLS between hops: the wrong name, and no common ground."""

from aws import Alb
from core import MIN, MS, S, case, t
from gcp import Gcp
from nginx import Nginx
from proxies import Envoy

SLUG = "sni-host-mismatch"
ORIGIN = "10.0.50.8:443"
NO_MATCH = 'upstream SSL certificate does not match "origin.shop.example" while SSL handshaking to upstream'
ALERT_112 = (
    "SSL_do_handshake() failed (SSL: error:0A000458:SSL routines::tlsv1 unrecognized name:SSL alert number 112) "
    "while SSL handshaking to upstream"
)
WRONG_VERSION = (
    "SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) "
    "while SSL handshaking to upstream"
)
ALERT_70 = (
    "SSL_do_handshake() failed (SSL: error:0A00042E:SSL routines::tlsv1 alert protocol version:SSL alert number 70) "
    "while SSL handshaking to upstream"
)


def handshake_nginx(ev, start, messages, failures=30):
    """An upstream with which the handshake fails from one configuration change to the next."""
    proxy = Nginx(ev)
    proxy.traffic(start, start + 10 * MIN, 8, [ORIGIN], fresh=True)
    proxy.error(start + 10 * MIN, "signal 1 (SIGHUP) received from 20418, reconfiguring", "notice")
    proxy.error(start + 10 * MIN, "reconfiguring", "notice")
    for at in ev.spread(start + 10 * MIN + 2 * S, start + 17 * MIN, failures):
        proxy.failed(at, ev.rng.randint(2, 9) * MS, 502, ORIGIN, ev.rng.choice(messages), scheme="https")
    proxy.error(start + 17 * MIN, "signal 1 (SIGHUP) received from 20533, reconfiguring", "notice")
    proxy.error(start + 17 * MIN, "reconfiguring", "notice")
    proxy.traffic(start + 17 * MIN + 2 * S, start + 26 * MIN, 8, [ORIGIN], fresh=True)


def handshake_gcp(ev, start, details):
    """A backend with which the load balancer's handshake fails."""
    gcp = Gcp(ev)
    gcp.lb_traffic(start, start + 9 * MIN, 7)
    for at in ev.spread(start + 9 * MIN, start + 15 * MIN, 28):
        method, path, _ = ev.page()
        gcp.lb(at, ev.rng.randint(3, 14) * MS, 502, details, method, path, "10.20.0.4")
    gcp.lb_traffic(start + 15 * MIN, start + 23 * MIN, 7)


def handshake_envoy(ev, start, reason):
    """A cluster with which Envoy's handshake fails."""
    envoy = Envoy(ev, "json", "partner", "partner.example")
    envoy.traffic(start, start + 9 * MIN, 8, ["198.51.100.9:443"])
    for at in ev.spread(start + 9 * MIN, start + 15 * MIN, 28):
        method, path, _ = ev.page()
        envoy.request(at, ev.rng.randint(22, 90), 503, "UF,URX",
                      "upstream_reset_before_response_started{remote_connection_failure|" + reason.replace(" ", "_") + "}",
                      method, path, "198.51.100.9:443", reason=reason)
    envoy.traffic(start + 15 * MIN, start + 23 * MIN, 8, ["198.51.100.9:443"])


@case(SLUG, "fires-nginx-error", "first: sni-host-mismatch\nverdict: proved\nnot: upstream-tls-negotiation target-connect-refused")
def _(ev):
    """A configuration change made nginx use another name for the upstream than its certificate
    carries; some workers meet alert 112, the others compare the names themselves. The change was
    taken back seven minutes later."""
    handshake_nginx(ev, t("2026-11-04T09:00:00"), [NO_MATCH, NO_MATCH, ALERT_112])


@case(SLUG, "fires-gcp-lb", "first: sni-host-mismatch\nverdict: proved\nnot: upstream-tls-negotiation")
def _(ev):
    """A Google load balancer with authenticated TLS to the backend finds none of the expected names
    in its certificate."""
    handshake_gcp(ev, t("2026-11-04T10:00:00"), "ssl_certificate_san_verification_failed")


@case(SLUG, "quiet-upstream-tls-negotiation", "first: upstream-tls-negotiation\nverdict: proved\nnot: sni-host-mismatch")
def _(ev):
    """The handshake fails before any name is compared: the upstream's port speaks plain HTTP."""
    handshake_nginx(ev, t("2026-11-04T11:00:00"), [WRONG_VERSION])


@case(SLUG, "blind-envoy", "verdict-at-most: consistent\nnot: sni-host-mismatch upstream-tls-negotiation")
def _(ev):
    """Envoy could not verify the certificate and does not log whether for its name, its date or its
    chain."""
    handshake_envoy(ev, t("2026-11-04T12:00:00"),
                    "TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end")


TLS_SLUG = "upstream-tls-negotiation"


@case(TLS_SLUG, "fires-nginx-error", "first: upstream-tls-negotiation\nverdict: proved\nnot: sni-host-mismatch target-connect-refused")
def _(ev):
    """The upstream was moved to TLS 1.3 only; nginx offers 1.2: protocol version, alert 70."""
    handshake_nginx(ev, t("2026-11-04T13:00:00"), [ALERT_70])


@case(TLS_SLUG, "fires-gcp-lb", "first: upstream-tls-negotiation\nverdict: proved\nnot: sni-host-mismatch")
def _(ev):
    """The backend service was set to HTTP/2, the backend offers no ALPN."""
    handshake_gcp(ev, t("2026-11-04T14:00:00"), "failed_to_negotiate_alpn")


@case(TLS_SLUG, "fires-envoy", "first: upstream-tls-negotiation\nverdict: proved\nnot: sni-host-mismatch target-connect-refused")
def _(ev):
    """Envoy speaks TLS to a port that answers in plain HTTP."""
    handshake_envoy(ev, t("2026-11-04T15:00:00"),
                    "TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end")


@case(TLS_SLUG, "quiet-sni-host-mismatch", "first: sni-host-mismatch\nverdict: proved\nnot: upstream-tls-negotiation")
def _(ev):
    """Protocol and cipher were agreed on; the name was not."""
    handshake_nginx(ev, t("2026-11-04T16:00:00"), [NO_MATCH])


@case(TLS_SLUG, "quiet-target-connect-refused", "first: target-connect-refused\nverdict: proved\nnot: upstream-tls-negotiation")
def _(ev):
    """Envoy's UF again, with a reason from below TLS."""
    handshake_envoy(ev, t("2026-11-04T17:00:00"), "delayed_connect_error:_111")


@case(TLS_SLUG, "blind-aws-alb", "verdict-at-most: consistent\nnot: upstream-tls-negotiation target-connect-refused")
def _(ev):
    """An HTTPS target group whose target lost its certificate: 502 and three times of -1 after a few
    milliseconds, which a refused connection would look like too."""
    alb, start = Alb(ev, ["10.0.21.14:8443", "10.0.22.31:8443"]), t("2026-11-04T18:00:00")
    alb.traffic(start, start + 9 * MIN, 9)
    for at in ev.spread(start + 9 * MIN, start + 14 * MIN, 26):
        alb.unconnected(at, "10.0.22.31:8443", ev.rng.randint(2_500, 6_500))
    alb.traffic(start + 9 * MIN, start + 14 * MIN, 5, ["10.0.21.14:8443"])
    alb.traffic(start + 14 * MIN, start + 23 * MIN, 9)
