"""HAProxy, Envoy and Apache httpd."""

import json

from core import AGENTS, iso, when


class Haproxy:
    """One HAProxy that logs through rsyslog to one file."""

    def __init__(self, ev, backend="be_api", file="haproxy.log", host="lb-1", classic=False):
        self.ev, self.backend, self.file, self.host = ev, backend, file, host
        self.pid = ev.rng.randint(900, 4000)
        self.classic = classic

    def prefix(self, at):
        """rsyslog's time stamp, of RFC 5424 or the traditional form, and tag."""
        if self.classic:
            day = f"{when(at).day:2d}"
            return f"{when(at).strftime('%b')} {day} {when(at).strftime('%H:%M:%S')} {self.host} haproxy[{self.pid}]: "
        return f"{iso(at, 6, '+00:00')} {self.host} haproxy[{self.pid}]: "

    def http(self, start, timers, status, flags, server, method, path, sent=None, retries="0", queue="0/0"):
        """One line of the HTTP log; timers are TR/Tw/Tc/Tr/Ta in ms."""
        ev = self.ev
        stamp = when(start).strftime("%d/%b/%Y:%H:%M:%S") + f".{start // 1000 % 1000:03d}"
        total = timers[4]
        sent = sent if sent is not None else (ev.rng.randint(300, 9000) if 0 < status < 400 else 217)
        active = ev.rng.randint(2, 40)
        line = (
            f"{ev.client()}:{ev.port()} [{stamp}] fe_https~ {self.backend}/{server} "
            f"{'/'.join(map(str, timers))} {status} {sent} - - {flags} "
            f"{active}/{active}/{active // 2}/{active // 4}/{retries} {queue} \"{method} {path} HTTP/1.1\""
        )
        end = start + total * 1000
        ev.add(self.file, "haproxy-http", end, self.prefix(end) + line)

    def ok(self, at, server, slow=1.0, status=200, page=None, waited=0, queue="0/0"):
        """A request the server answered."""
        m, p, took = page or self.ev.page()
        ms = max(1, int(took * slow) // 1000)
        self.http(at, (0, waited, 0, ms, ms + waited + 1), status, "----", server, m, p, queue=queue)

    def traffic(self, start, end, per_minute, servers, slow=1.0):
        """Healthy traffic."""
        for at in self.ev.arrivals(start, end, per_minute):
            self.ok(at, self.ev.rng.choice(servers), slow)

    def notice(self, at, text):
        """A message about a server or a backend."""
        self.ev.add(self.file, "haproxy-notice", at, self.prefix(at) + text)


class Envoy:
    """One Envoy; `style` is istio, default (Envoy's own text) or json."""

    def __init__(self, ev, style="istio", cluster="outbound|8080||orders.shop.svc.cluster.local",
                 authority="orders.shop.svc.cluster.local:8080", file="envoy-access.log",
                 down="10.9.14.20:8443", local="10.9.14.20"):
        self.ev, self.style, self.cluster, self.authority, self.file = ev, style, cluster, authority, file
        self.down, self.local = down, local

    def request(self, start, ms, code, flags, details, method, path, target, service_ms=None,
                reason="-", sent=None, request_id=None, termination="-", protocol="HTTP/1.1"):
        """One line; the time stamp is the request's start, duration in ms."""
        ev = self.ev
        request_id = request_id or ev.uuid()
        agent = ev.rng.choice(AGENTS)
        sent = sent if sent is not None else (ev.rng.randint(300, 9000) if 0 < code < 400 else 91)
        received = ev.rng.randint(40, 900) if method in ("POST", "PUT") else 0
        xff = ev.client()
        client = f"{xff}:{ev.port()}"
        up_local = f"{self.local}:{ev.port()}" if target and service_ms is not None else "-"
        service = "-" if service_ms is None else str(service_ms)
        if self.style == "json":
            line = json.dumps({
                "authority": self.authority, "bytes_received": received, "bytes_sent": sent,
                "connection_termination_details": None if termination == "-" else termination,
                "downstream_local_address": self.down, "downstream_remote_address": client,
                "duration": ms, "method": method, "path": path, "protocol": protocol,
                "request_id": request_id, "requested_server_name": None, "response_code": code,
                "response_code_details": details, "response_flags": flags, "route_name": "default",
                "start_time": iso(start, 3), "upstream_cluster": self.cluster,
                "upstream_host": target or "-", "upstream_local_address": None if up_local == "-" else up_local,
                "upstream_service_time": None if service_ms is None else service,
                "upstream_transport_failure_reason": None if reason == "-" else reason,
                "user_agent": agent, "x_forwarded_for": xff,
            }, separators=(",", ":"))
            dialect = "envoy-json"
        elif self.style == "istio":
            line = (
                f'[{iso(start, 3)}] "{method} {path} {protocol}" {code} {flags} {details} {termination} "{reason}" '
                f'{received} {sent} {ms} {service} "{xff}" "{agent}" "{request_id}" "{self.authority}" '
                f'"{target or "-"}" {self.cluster} {up_local} {self.down} {client} - default'
            )
            dialect = "envoy-text"
        else:
            line = (
                f'[{iso(start, 3)}] "{method} {path} {protocol}" {code} {flags} {received} {sent} {ms} {service} '
                f'"{xff}" "{agent}" "{request_id}" "{self.authority}" "{target or "-"}"'
            )
            dialect = "envoy-text"
        ev.add(self.file, dialect, start + ms * 1000, line)

    def ok(self, at, target, slow=1.0, page=None, request_id=None, code=200, details="via_upstream"):
        """A request the host answered."""
        m, p, took = page or self.ev.page()
        ms = max(1, int(took * slow) // 1000)
        self.request(at, ms + 1, code, "-", details, m, p, target, ms, request_id=request_id)

    def traffic(self, start, end, per_minute, targets, slow=1.0):
        """Healthy traffic."""
        for at in self.ev.arrivals(start, end, per_minute):
            self.ok(at, self.ev.rng.choice(targets), slow)


class Apache:
    """Apache httpd as a reverse proxy: vhost_combined access log with %T/%D, and the error log."""

    def __init__(self, ev, access="other_vhosts_access.log", error="error.log", host="www.example.com"):
        self.ev, self.access_file, self.error_file, self.host = ev, access, error, host
        self.pid = ev.rng.randint(1000, 9000)
        self.tid = 139_900_000_000_000 + ev.rng.randint(0, 99_999_999)

    def access(self, start, total, status, method, path, client=None, sent=None):
        """One line; %t is the request's start, %T/%D its duration in seconds and microseconds."""
        ev = self.ev
        local = when(start).strftime("%d/%b/%Y:%H:%M:%S +0000")
        sent = sent if sent is not None else (ev.rng.randint(300, 9000) if status < 400 else 299)
        ev.add(self.access_file, "apache-access", start + total,
               f'{self.host}:443 {client or ev.client()} - - [{local}] "{method} {path} HTTP/1.1" {status} {sent} "-" '
               f'"{ev.rng.choice(AGENTS)}" {total // 1_000_000}/{total}')

    def error(self, at, module, level, message, client=None, errno=None):
        """One line of the error log; proxy messages carry errno and client."""
        stamp = when(at).strftime("%a %b %d %H:%M:%S") + f".{at % 1_000_000:06d} " + when(at).strftime("%Y")
        text = f"[{stamp}] [{module}:{level}] [pid {self.pid}:tid {self.tid}] "
        if errno:
            text += errno + ": "
        if client:
            text += f"[client {client}:{self.ev.port()}] "
        self.ev.add(self.error_file, "apache-error", at, text + message)

    def ok(self, at, slow=1.0, page=None):
        """A request that was answered."""
        m, p, took = page or self.ev.page()
        self.access(at, int(took * slow), 200, m, p)

    def traffic(self, start, end, per_minute, slow=1.0):
        """Healthy traffic."""
        for at in self.ev.arrivals(start, end, per_minute):
            self.ok(at, slow)
