"""Caddy and Traefik, as they log by default."""

import json

from core import AGENTS, MS, S, iso, when


class Caddy:
    """One Caddy with its JSON logs: an access line for each request, and an error line for each that failed."""

    def __init__(self, ev, file="caddy.log", host="shop.example.com"):
        self.ev, self.file, self.host = ev, file, host

    def request(self, client, method, path):
        """What both lines say of a request."""
        return {"remote_ip": client, "remote_port": str(self.ev.port()), "client_ip": client, "proto": "HTTP/2.0",
                "method": method, "host": self.host, "uri": path,
                "headers": {"User-Agent": [self.ev.rng.choice(AGENTS)]}}

    def access(self, start, total, status, method, path, client=None, upstream=None):
        """An access line, stamped with the request's end; the upstream is there where `log_append` adds it."""
        end = start + total
        line = {"level": "error" if status >= 500 else "info", "ts": end / S, "logger": "http.log.access.log0",
                "msg": "handled request", "request": self.request(client or self.ev.client(), method, path),
                "bytes_read": 0, "user_id": "", "duration": total / S,
                "size": self.ev.rng.randint(300, 9000) if status < 400 else 0, "status": status,
                "resp_headers": {"Server": ["Caddy"]}}
        if upstream:
            line["upstream"] = upstream
        self.ev.add(self.file, "caddy", end, json.dumps(line, separators=(",", ":")))

    def ok(self, at, upstream=None, slow=1.0, page=None):
        """A request that was answered."""
        m, p, took = page or self.ev.page()
        self.access(at, int(took * slow), 200, m, p, upstream=upstream)

    def traffic(self, start, end, per_minute, upstreams, slow=1.0):
        """Healthy traffic."""
        for at in self.ev.arrivals(start, end, per_minute):
            self.ok(at, self.ev.rng.choice(upstreams), slow)

    def failed(self, start, total, status, message, upstream=None, method=None, path=None):
        """A request that failed: both of its lines."""
        m, p, _ = self.ev.page()
        m, p, client = method or m, path or p, self.ev.client()
        end = start + total
        line = {"level": "error", "ts": end / S, "logger": "http.log.error.log0", "msg": message,
                "request": self.request(client, m, p), "duration": total / S, "status": status,
                "err_id": self.ev.hex(9), "err_trace": "reverseproxy.statusError (reverseproxy.go:1390)"}
        self.ev.add(self.file, "caddy", end, json.dumps(line, separators=(",", ":")))
        self.access(start, total, status, m, p, client, upstream)


class Traefik:
    """One Traefik with its access log in the common format, and its own log, which says why at the level of
    debugging only."""

    def __init__(self, ev, service="shop@docker", access="access.log", log="traefik.log", debug=True):
        self.ev, self.service, self.access_file, self.log_file, self.debug = ev, service, access, log, debug
        self.count = ev.rng.randint(500, 50_000)

    def access(self, start, total, status, method, path, target):
        """One line, stamped with the request's start in whole seconds and written at its end."""
        ev = self.ev
        self.count += 1
        stamp = when(start).strftime("%d/%b/%Y:%H:%M:%S +0000")
        sent = ev.rng.randint(300, 9000) if status < 400 else 11
        url = f"http://{target}" if target else "-"
        ev.add(self.access_file, "traefik", start + total,
               f'{ev.client()} - - [{stamp}] "{method} {path} HTTP/2.0" {status} {sent} "-" '
               f'"{ev.rng.choice(AGENTS)}" {self.count} "{self.service}" "{url}" {total // MS}ms')

    def ok(self, at, target, slow=1.0, page=None):
        """A request that was answered."""
        m, p, took = page or self.ev.page()
        self.access(at, int(took * slow), 200, m, p, target)

    def traffic(self, start, end, per_minute, targets, slow=1.0):
        """Healthy traffic."""
        for at in self.ev.arrivals(start, end, per_minute):
            self.ok(at, self.ev.rng.choice(targets), slow)

    def failed(self, start, total, status, error, target, method=None, path=None):
        """A request that failed."""
        m, p, _ = self.ev.page()
        self.access(start, total, status, method or m, path or p, target)
        if self.debug:
            words = {502: "502 Bad Gateway", 503: "503 Service Unavailable", 504: "504 Gateway Timeout"}[status]
            self.ev.add(self.log_file, "traefik", start + total,
                        f"{iso(start + total, 0)} DBG github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:121 > "
                        f'{words} error="{error}"')
