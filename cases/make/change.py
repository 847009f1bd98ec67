"""Stories about settings and rules: what an operating system or a filter forbids, routes and protocols
that do not fit, checks that come late, and changes that broke something."""

import json

from aws import Alb
from core import MIN, MS, S, case, iso, t
from gcp import Gcp
from hosts import Host
from nginx import REFUSED, SLOW_CONNECT, SLOW_HEAD, Nginx
from proxies import Envoy, Haproxy

TARGETS = ["10.0.31.7:8080", "10.0.31.8:8080", "10.0.31.9:8080"]
ACCOUNT = "123456789012"

DENIED = "connect-permission-denied"
FORBIDDEN = "connect() to 127.0.0.1:8081 failed (13: Permission denied) while connecting to upstream"


def forbidden_nginx(ev, start, style="timed"):
    """After a reboot into the enforcing mode every request to one local port is forbidden."""
    proxy = Nginx(ev, style=style)
    for at in ev.spread(start, start + 20 * MIN, 30):
        proxy.failed(at, 0, 502, "127.0.0.1:8081", FORBIDDEN, level="crit")
    return proxy


def avc(ev, at, port=8081, process="nginx", kind="httpd_t"):
    """A denial of SELinux in the log of the Linux audit daemon."""
    serial = 400 + at // S % 10_000
    ev.add("audit.log", "audit", at,
           f"type=AVC msg=audit({at // S}.{at // MS % 1000:03d}:{serial}): avc:  denied  {{ name_connect }} for  "
           f'pid=1187 comm="{process}" dest={port} scontext=system_u:system_r:{kind}:s0 '
           "tcontext=system_u:object_r:unreserved_port_t:s0 tclass=tcp_socket permissive=0")


@case(DENIED, "fires-nginx-selinux", "first: connect-permission-denied\nverdict: proved\nnot: unix-socket-upstream target-connect-refused")
def _(ev):
    """A new base image enforces SELinux; nginx may not connect to the application's port, and the audit
    log says so."""
    start = t("2026-11-20T08:00:00")
    forbidden_nginx(ev, start)
    for at in ev.spread(start, start + 20 * MIN, 12):
        avc(ev, at)


@case(DENIED, "quiet-unix-socket-upstream", "first: unix-socket-upstream\nverdict: proved\nnot: connect-permission-denied")
def _(ev):
    """The same errno on the file of a socket: its owner and mode are wrong, no policy is involved."""
    proxy, start = Nginx(ev), t("2026-11-20T09:00:00")
    words = "connect() to unix:/run/php/app.sock failed (13: Permission denied) while connecting to upstream"
    for at in ev.spread(start, start + 15 * MIN, 20):
        proxy.failed(at, 0, 502, "unix:/run/php/app.sock", words, level="crit")


@case(DENIED, "blind-access-log", "not: connect-permission-denied")
def _(ev):
    """The access log alone: 502 at once, and nothing about why."""
    forbidden_nginx(ev, t("2026-11-20T08:00:00"), style="combined")
    del ev.files["error.log"]


LOST = "target-unreachable"
NO_ROUTE = "connect() failed (113: No route to host) while connecting to upstream"


@case(LOST, "fires-nginx", "first: target-unreachable\nverdict: proved\nnot: target-connect-timeout target-connect-refused")
def _(ev):
    """One of three machines loses its network for ten minutes: nobody answers for its address, which
    nginx's kernel finds out after some three seconds."""
    proxy, start = Nginx(ev), t("2026-11-20T10:00:00")
    proxy.traffic(start, start + 10 * MIN, 9, TARGETS, fresh=True)
    for at in ev.spread(start + 10 * MIN, start + 20 * MIN, 24):
        proxy.failed(at, 3 * S + ev.rng.randint(40, 90) * MS, 502, TARGETS[1], NO_ROUTE)
    proxy.traffic(start + 10 * MIN, start + 20 * MIN, 7, [TARGETS[0], TARGETS[2]], fresh=True)
    proxy.traffic(start + 20 * MIN, start + 27 * MIN, 9, TARGETS, fresh=True)


@case(LOST, "quiet-target-connect-timeout", "first: target-connect-timeout\nverdict: proved\nnot: target-unreachable")
def _(ev):
    """Nobody says anything, and nginx's own timer ends the attempt."""
    proxy, start = Nginx(ev), t("2026-11-20T11:00:00")
    proxy.traffic(start, start + 10 * MIN, 9, TARGETS, fresh=True)
    for at in ev.spread(start + 10 * MIN, start + 20 * MIN, 24):
        proxy.failed(at, 5 * S + ev.rng.choice([0, 1, 2]) * MS, 504, TARGETS[1], SLOW_CONNECT)
    proxy.traffic(start + 10 * MIN, start + 20 * MIN, 7, [TARGETS[0], TARGETS[2]], fresh=True)
    proxy.traffic(start + 20 * MIN, start + 27 * MIN, 9, TARGETS, fresh=True)


@case(LOST, "blind-aws-alb", "not: target-unreachable")
def _(ev):
    """A load balancer that writes the same 502 for a refusal and for an ICMP message."""
    alb, start = Alb(ev, ["10.0.21.14:8080", "10.0.22.31:8080"]), t("2026-11-20T12:00:00")
    alb.traffic(start, start + 25 * MIN, 9)
    for at in ev.spread(start + 9 * MIN, start + 16 * MIN, 20):
        alb.unconnected(at, "10.0.22.31:8080", ev.rng.randint(900, 4_000))


NOWHERE = "route-missing"


@case(NOWHERE, "fires-envoy", "first: route-missing\nverdict: proved\nnot: no-healthy-targets no-registered-targets")
def _(ev):
    """A route was renamed to a cluster that was not there yet: Envoy answers 503 with NC for it, and
    404 with NR for a host nobody had listed."""
    envoy, start = Envoy(ev), t("2026-11-20T13:00:00")
    envoy.traffic(start, start + 25 * MIN, 7, ["10.8.1.20:8080", "10.8.2.31:8080"])
    for at in ev.spread(start + 9 * MIN, start + 14 * MIN, 26):
        envoy.request(at, 0, 503, "NC", "cluster_not_found", "GET", "/api/items", None, sent=0)
    for at in ev.spread(start + 9 * MIN, start + 14 * MIN, 8):
        envoy.request(at, 0, 404, "NR", "route_not_found", "GET", "/api/items", None, sent=0)


@case(NOWHERE, "quiet-no-registered-targets", "first: no-registered-targets\nverdict: proved\nnot: route-missing")
def _(ev):
    """A rule of the load balancer matched, and the group behind it is empty."""
    alb, start = Alb(ev, ["10.0.21.14:8080"]), t("2026-11-20T14:00:00")
    alb.traffic(start, start + 10 * MIN, 9)
    for at in ev.spread(start + 10 * MIN, start + 15 * MIN, 30):
        alb.unconnected(at, None, ev.rng.randint(300, 900), 503)
    alb.traffic(start + 15 * MIN, start + 25 * MIN, 9)


@case(NOWHERE, "blind-envoy-default-format", "not: route-missing")
def _(ev):
    """A proxy in front logs the 503 of Envoy as an upstream's, and Envoy's own log is not there."""
    proxy, start = Nginx(ev), t("2026-11-20T15:00:00")
    proxy.traffic(start, start + 25 * MIN, 7, ["10.9.14.20:8443"])
    for at in ev.spread(start + 9 * MIN, start + 14 * MIN, 26):
        proxy.ok(at, "10.9.14.20:8443", status=503, page=("GET", "/api/items", 2 * MS))


SPEAKS = "protocol-version-mismatch"
FASTCGI = "upstream sent unsupported FastCGI protocol version: 72 while reading response header from upstream"


@case(SPEAKS, "fires-nginx-fastcgi", "first: protocol-version-mismatch\nverdict: proved\nnot: malformed-response")
def _(ev):
    """The image now runs a web server of its own on port 9000, and nginx still speaks FastCGI to it."""
    proxy, start = Nginx(ev), t("2026-11-20T16:00:00")
    for at in ev.spread(start, start + 12 * MIN, 30):
        proxy.failed(at, ev.rng.randint(1, 3) * MS, 502, "10.0.31.7:9000", FASTCGI, scheme="fastcgi", connected=0)


@case(SPEAKS, "fires-aws-alb-grpc", "first: protocol-version-mismatch\nverdict: proved\nnot: malformed-response")
def _(ev):
    """Clients of HTTP/1.1 at a rule whose target group has the protocol version gRPC: 464 without a
    target."""
    alb, start = Alb(ev, ["10.0.21.14:8080"]), t("2026-11-20T17:00:00")
    alb.traffic(start, start + 20 * MIN, 9)
    for at in ev.spread(start + 6 * MIN, start + 14 * MIN, 24):
        alb.unconnected(at, None, ev.rng.randint(200, 900), 464)


@case(SPEAKS, "quiet-malformed-response", "first: malformed-response\nverdict: proved\nnot: protocol-version-mismatch")
def _(ev):
    """The right protocol, and one field that breaks its grammar."""
    proxy, start = Nginx(ev), t("2026-11-20T18:00:00")
    proxy.traffic(start, start + 20 * MIN, 9, TARGETS)
    words = 'upstream sent invalid header: "X-Report\\x20..." while reading response header from upstream'
    for at in ev.spread(start + 6 * MIN, start + 14 * MIN, 20):
        proxy.failed(at, ev.rng.randint(20, 60) * MS, 502, TARGETS[0], words, connected=0, path="/report")


@case(SPEAKS, "blind-aws-alb-closed", "not: protocol-version-mismatch")
def _(ev):
    """The target of another protocol closes the connection, and the load balancer only says that."""
    alb, start = Alb(ev, ["10.0.21.14:8080"]), t("2026-11-20T19:00:00")
    for at in ev.spread(start, start + 14 * MIN, 24):
        alb.closed(at, "10.0.21.14:8080")


RETURNS = "nacl-return-path-block"


def flow(ev, at, source, destination, ports, action, flags):
    """One record of a flow log with the flags of TCP."""
    file = "vpc-flow.log"
    if file not in ev.files:
        ev.add(file, "aws-vpc-flow", at - 600 * S,
               "version interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action tcp-flags "
               "flow-direction log-status")
    first = at // S
    ev.add(file, "aws-vpc-flow", at,
           f"5 eni-0a9c31f27be54d610 {source} {destination} {ports[0]} {ports[1]} 6 {ev.rng.randint(3, 5)} 240 {first} "
           f"{first + 47} {action} {flags} {'ingress' if flags == 2 else 'egress'} OK")


def alb_unanswered(ev, start, rejected):
    """An ALB whose connections to one of two targets end after ten seconds."""
    alb = Alb(ev, ["10.0.21.14:8080", "10.0.22.31:8080"])
    alb.traffic(start, start + 9 * MIN, 9)
    for at in ev.spread(start + 9 * MIN, start + 16 * MIN, 24):
        alb.unconnected(at, "10.0.22.31:8080", 10 * S + ev.rng.randint(300, 4_000), 504)
        rejected(at, f"10.0.20.{ev.rng.choice([6, 91])}", ev.rng.randint(1024, 65535))
    alb.traffic(start + 9 * MIN, start + 16 * MIN, 5, ["10.0.21.14:8080"])
    alb.traffic(start + 16 * MIN, start + 25 * MIN, 9)
    return alb


@case(RETURNS, "fires-aws-alb-flow", "first: nacl-return-path-block\nverdict: proved\nnot: security-group-block conntrack-table-full")
def _(ev):
    """The network ACL of one target's subnet lets port 8080 in and has no rule for the ephemeral ports
    out: the flow log accepts each opening and rejects the answer to it."""

    def rejected(at, node, port):
        flow(ev, at, node, "10.0.22.31", (port, 8080), "ACCEPT", 2)
        flow(ev, at, "10.0.22.31", node, (8080, port), "REJECT", 18)

    alb_unanswered(ev, t("2026-11-21T08:00:00"), rejected)


@case(RETURNS, "quiet-security-group-block",
      "first: security-group-block\nverdict: proved\nnot: nacl-return-path-block\ncandidate: nacl-return-path-block")
def _(ev):
    """The openings are rejected; the answers of something else are rejected as well, far from here."""

    def rejected(at, node, port):
        flow(ev, at, node, "10.0.22.31", (port, 8080), "REJECT", 2)
        if port % 3 == 0:
            flow(ev, at, "10.0.60.9", "10.0.20.6", (5432, port), "REJECT", 18)

    alb_unanswered(ev, t("2026-11-21T09:00:00"), rejected)


@case(RETURNS, "fires-aws-alb-default-format",
      "first: nacl-return-path-block\nverdict: supported\nnot: security-group-block")
def _(ev):
    """The same in the default format, which has no TCP flags: what was rejected came from the target's port, and
    whether it answered an opening is not on record."""

    def rejected(at, node, port):
        first = at // S
        ends = (f"{node} 10.0.22.31 {port} 8080", "ACCEPT"), (f"10.0.22.31 {node} 8080 {port}", "REJECT")
        for flows, action in ends:
            ev.add("vpc-flow.log", "aws-vpc-flow", at,
                   f"2 123456789012 eni-0a9c31f27be54d610 {flows} 6 {ev.rng.randint(3, 5)} 240 {first} {first + 47} "
                   f"{action} OK")

    alb_unanswered(ev, t("2026-11-21T08:00:00"), rejected)


@case(RETURNS, "blind-no-flow-log", "not: nacl-return-path-block security-group-block")
def _(ev):
    """The load balancer's log alone: connections that nobody answered."""
    alb_unanswered(ev, t("2026-11-21T08:00:00"), lambda at, node, port: None)


LATE = "health-check-lag"


def killed_server(ev, start, interval, notices=True):
    """HAProxy with two servers, of which one dies for ten minutes."""
    proxy = Haproxy(ev)
    died, noticed = start + 10 * MIN, start + 10 * MIN + 3 * interval
    proxy.traffic(start, died, 20, ["api-1", "api-2"])
    for at in ev.spread(died, noticed - S, max(8, (noticed - died) // (2 * S))):
        m, p, _ = ev.page()
        proxy.http(at, (0, 0, -1, -1, 3), 503, "SC--", "api-2", m, p, retries="3")
    proxy.traffic(died, start + 20 * MIN, 20, ["api-1"])
    proxy.traffic(start + 20 * MIN, start + 26 * MIN, 20, ["api-1", "api-2"])
    if notices:
        proxy.notice(noticed, 'Server be_api/api-2 is DOWN, reason: Layer4 connection problem, info: "Connection refused", '
                              "check duration: 0ms. 1 active and 0 backup servers left. 0 sessions active, 0 requeued, "
                              "0 remaining in queue.")


@case(LATE, "fires-haproxy", "first: health-check-lag\nverdict: supported|consistent\nnot: deploy-without-drain no-healthy-targets")
def _(ev):
    """Checks come every ten seconds and three have to fail: for half a minute every other request goes
    to a server that is gone."""
    killed_server(ev, t("2026-11-21T10:00:00"), 10 * S)


@case(LATE, "quiet-target-connect-refused", "first: target-connect-refused\nverdict: proved|consistent\nnot: health-check-lag")
def _(ev):
    """The server is not taken out for what happens: requests to it fail before and after a check that
    failed once in the middle, and go on failing."""
    proxy, start = Nginx(ev), t("2026-11-21T11:00:00")
    proxy.traffic(start, start + 10 * MIN, 9, TARGETS)
    for at in ev.spread(start + 10 * MIN, start + 20 * MIN, 30):
        proxy.failed(at, 1 * MS, 502, TARGETS[1], REFUSED)
    proxy.traffic(start + 10 * MIN, start + 20 * MIN, 7, [TARGETS[0], TARGETS[2]])
    proxy.traffic(start + 20 * MIN, start + 27 * MIN, 9, TARGETS)


@case(LATE, "blind-no-notices", "not: health-check-lag")
def _(ev):
    """HAProxy's requests without its notices: when the server was marked down is not there."""
    killed_server(ev, t("2026-11-21T10:00:00"), 10 * S, notices=False)


CHANGED = "config-change-regression"


def cloudtrail(ev, at, source, name, parameters, read_only=False):
    """One event of CloudTrail, a line of its own as `lookup-events` prints it."""
    ev.add("cloudtrail.json", "aws-cloudtrail", at, json.dumps({
        "eventVersion": "1.11",
        "userIdentity": {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/ops/jane",
                         "accountId": ACCOUNT},
        "eventTime": iso(at, 0), "eventSource": f"{source}.amazonaws.com", "eventName": name,
        "awsRegion": "ap-northeast-1", "sourceIPAddress": "198.51.100.20", "userAgent": "console.amazonaws.com",
        "requestParameters": parameters, "responseElements": None, "requestID": ev.uuid(), "eventID": ev.uuid(),
        "readOnly": read_only, "eventType": "AwsApiCall", "managementEvent": True, "recipientAccountId": ACCOUNT,
        "eventCategory": "Management"}, separators=(",", ":")))


def permission(port):
    """The rule of a security group as the API takes it."""
    return {"groupId": "sg-0f1e2d3c4b5a69788", "ipPermissions": {"items": [
        {"ipProtocol": "tcp", "fromPort": port, "toPort": port,
         "groups": {"items": [{"groupId": "sg-0a1b2c3d4e5f60718"}]}, "ipRanges": {}}]}}


@case(CHANGED, "fires-aws-security-group",
      "first: config-change-regression\nverdict: proved|supported\nnot: bad-release conntrack-table-full")
def _(ev):
    """Somebody tidied up a security group: eight seconds later connections to one target end after ten
    seconds, and the flow log rejects them. Another group was changed an hour before."""
    start = t("2026-11-21T13:00:00")

    def rejected(at, node, port):
        flow(ev, at, node, "10.0.22.31", (port, 8080), "REJECT", 2)

    alb_unanswered(ev, start, rejected)
    cloudtrail(ev, start - 55 * MIN, "ec2", "RevokeSecurityGroupIngress", permission(22))
    cloudtrail(ev, start + 8 * MIN + 52 * S, "ec2", "RevokeSecurityGroupIngress", permission(8080))
    cloudtrail(ev, start + 8 * MIN + 58 * S, "ec2", "DescribeSecurityGroups", {}, read_only=True)


@case(CHANGED, "fires-gcp-firewall", "first: config-change-regression\nverdict: proved|supported\nnot: bad-release")
def _(ev):
    """A firewall rule lost the load balancers' ranges; half a minute later no backend can be reached."""
    gcp, start = Gcp(ev), t("2026-11-21T14:00:00")
    gcp.lb_traffic(start, start + 10 * MIN, 9)
    gcp.entry("audit.json", "gcp-audit", start + 9 * MIN + 35 * S, "cloudaudit.googleapis.com%2Factivity", "gce_firewall_rule",
              {"firewall_rule_id": "4417417417417417417"}, severity="NOTICE",
              protoPayload={"@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                            "authenticationInfo": {"principalEmail": "ops@example.com"},
                            "methodName": "v1.compute.firewalls.patch",
                            "resourceName": "projects/shop-prod-417/global/firewalls/allow-lb",
                            "serviceName": "compute.googleapis.com"},
              operation={"id": "operation-1", "producer": "compute.googleapis.com", "first": True, "last": True})
    for at in ev.spread(start + 10 * MIN, start + 18 * MIN, 40):
        m, p, _ = ev.page()
        gcp.lb(at, 4 * S + ev.rng.randint(400, 600) * MS, 502, "failed_to_connect_to_backend", m, p)


@case(CHANGED, "quiet-target-response-timeout",
      "first: target-response-timeout\nverdict: proved\nnot: config-change-regression\ncandidate: config-change-regression")
def _(ev):
    """A security group was changed a minute before requests began to take too long: it can close a port,
    and not slow down an application that was reached."""
    proxy, start = Nginx(ev), t("2026-11-21T15:00:00")
    proxy.traffic(start, start + 30 * MIN, 9, TARGETS)
    cloudtrail(ev, start + 9 * MIN, "ec2", "RevokeSecurityGroupIngress", permission(8080))
    for at in ev.spread(start + 10 * MIN, start + 20 * MIN, 24):
        proxy.failed(at, 60 * S + ev.rng.randint(1, 9) * MS, 504, TARGETS[1], SLOW_HEAD, connected=0)


@case(CHANGED, "quiet-security-group-block",
      "first: security-group-block\nverdict: proved\nnot: config-change-regression\ncandidate: config-change-regression")
def _(ev):
    """The right kind of change, of another port: the rule that dropped these connections is older than
    the record of changes."""
    start = t("2026-11-21T16:00:00")

    def rejected(at, node, port):
        flow(ev, at, node, "10.0.22.31", (port, 8080), "REJECT", 2)

    alb_unanswered(ev, start, rejected)
    cloudtrail(ev, start + 8 * MIN + 52 * S, "ec2", "RevokeSecurityGroupIngress", permission(5432))


@case(CHANGED, "blind-no-record-of-changes", "not: config-change-regression bad-release")
def _(ev):
    """The load balancer's log alone: connections that nobody answered, since a moment in which something
    must have happened."""
    alb_unanswered(ev, t("2026-11-21T13:00:00"), lambda at, node, port: None)




EDGE = "origin-blocks-edge"
FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) "
    "cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken "
    "x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status "
    "fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
    "sc-range-start sc-range-end"
)


def cloudfront(ev, at, took, status, result, detail, page=None):
    """One line of CloudFront's standard log; tabs between the fields."""
    file = "E1A2B3C4D5E6F7.2026-11-21-13.a1b2c3d4"
    if file not in ev.files:
        ev.add(file, "aws-cloudfront", at - 3_600 * S, "#Version: 1.0")
        ev.add(file, "aws-cloudfront", at - 3_600 * S, f"#Fields: {FIELDS}")
    m, p, _ = page or ev.page()
    end = at + took
    day, clock = iso(end, 0, "").split("T")
    seconds = f"{took / S:.3f}"
    ev.add(file, "aws-cloudfront", end, "\t".join([
        day, clock, "NRT57-P3", str(ev.rng.randint(400, 9000)), ev.client(), m, "d111111abcdef8.cloudfront.net", p,
        str(status), "-", "okhttp/4.12.0", "-", "-", result, ev.hex(52) + "==", "shop.example.com", "https", "212",
        seconds, "-", "TLSv1.3", "TLS_AES_128_GCM_SHA256", result, "HTTP/2.0", "-", "-", str(ev.port()), seconds,
        detail, "text/html", "512", "-", "-"]))


def refused_edge(ev, start, origin=True):
    """The distribution's requests fail to connect for ten minutes, while the origin's load balancer
    answers those of the office network."""
    for at in ev.arrivals(start, start + 10 * MIN, 12):
        cloudfront(ev, at, ev.rng.randint(30, 200) * MS, 200, "Miss", "Miss")
    for at in ev.spread(start + 10 * MIN, start + 20 * MIN, 40):
        cloudfront(ev, at, ev.rng.randint(10, 40) * MS, 502, "Error", "OriginConnectError")
        if origin:
            flow(ev, at, f"203.0.113.{ev.rng.randint(10, 90)}", "10.0.10.7", (ev.port(), 443), "REJECT", 2)
    if origin:
        Alb(ev, ["10.0.21.14:8080", "10.0.22.31:8080"]).traffic(start, start + 20 * MIN, 12)


@case(EDGE, "fires-cloudfront-alb", "first: origin-blocks-edge\nverdict: supported|proved\nnot: target-connect-refused")
def _(ev):
    """The origin's security group was narrowed to the office network: CloudFront cannot connect, the flow
    log of the load balancer's subnet rejects its addresses, and the office is answered as before."""
    refused_edge(ev, t("2026-11-21T17:00:00"))


@case(EDGE, "quiet-target-connect-refused",
      "first: target-connect-refused\nverdict: proved\nnot: origin-blocks-edge\ncandidate: origin-blocks-edge")
def _(ev):
    """Between two hops of one's own: nginx is refused by one target and there is no CDN."""
    proxy, start = Nginx(ev), t("2026-11-21T18:00:00")
    proxy.traffic(start, start + 10 * MIN, 9, TARGETS)
    for at in ev.spread(start + 10 * MIN, start + 20 * MIN, 30):
        proxy.failed(at, 1 * MS, 502, TARGETS[1], REFUSED)
    proxy.traffic(start + 10 * MIN, start + 20 * MIN, 7, [TARGETS[0], TARGETS[2]])
    proxy.traffic(start + 20 * MIN, start + 27 * MIN, 9, TARGETS)


@case(EDGE, "blind-cloudfront-alone", "not: origin-blocks-edge security-group-block")
def _(ev):
    """The distribution's log alone: the origin may refuse it, or be down."""
    refused_edge(ev, t("2026-11-21T17:00:00"), origin=False)
