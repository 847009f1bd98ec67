"""Application Load Balancer access log."""

from core import AGENTS, MS, S, iso

ARN = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup"


class Alb:
    """One load balancer with one target group."""

    def __init__(self, ev, targets, name="shop-prod", group="shop-api", host="shop.example.com"):
        self.ev, self.targets, self.name, self.group, self.host = ev, targets, name, group, host
        self.id = f"{ev.hex(16)}"
        self.arn = f"{ARN}/{group}/{ev.hex(16)}"
        self.cert = f"arn:aws:acm:ap-northeast-1:123456789012:certificate/{ev.uuid()}"
        self.node = f"172.31.{ev.rng.randint(1, 40)}.{ev.rng.randint(4, 250)}"
        self.random = "".join(ev.rng.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(8))

    def request(self, start, total, status, target_status, times, target, method, path, received=0, sent=0,
                reason="-"):
        """One line; the time stamp is the moment the response was made."""
        ev = self.ev
        end = start + total
        # Files are cut every five minutes and carry the end of their interval in the name.
        cut = (end // (300 * S) + 1) * 300 * S
        stamp = iso(cut, 0).replace("-", "").replace(":", "")[:13] + "Z"
        file = (
            f"123456789012_elasticloadbalancing_ap-northeast-1_app.{self.name}.{self.id}_"
            f"{stamp}_{self.node}_{self.random}.log"
        )
        target_text = target or "-"
        received = received or ev.rng.randint(180, 900)
        sent = sent or (ev.rng.randint(400, 9000) if status < 400 else 272)
        line = (
            f"https {iso(end)} app/{self.name}/{self.id} {ev.client()}:{ev.port()} {target_text} "
            f"{times} {status} {target_status} {received} {sent} "
            f'"{method} https://{self.host}:443{path} HTTP/2.0" "{ev.rng.choice(AGENTS)}" '
            f"TLS_AES_128_GCM_SHA256 TLSv1.3 {self.arn} "
            f'"Root=1-{end // S:08x}-{ev.hex(24)}" "{self.host}" "{self.cert}" 10 {iso(start)} '
            f'"forward" "-" "{reason}" "{target_text}" "{target_status}" "-" "-" TID_{ev.hex(32)}'
        )
        ev.add(file, "aws-alb", end, line)

    def ok(self, at, target=None, slow=1.0, status=200, method=None, path=None):
        """A request the target answered."""
        m, p, took = self.ev.page()
        took = int(took * slow)
        total = took + 1000
        self.request(at, total, status, status, f"0.000 {took / S:.3f} 0.000",
                     target or self.ev.rng.choice(self.targets), method or m, path or p)

    def traffic(self, start, end, per_minute, targets=None, slow=1.0):
        """Healthy traffic with the odd 404."""
        for at in self.ev.arrivals(start, end, per_minute * 0.8):
            status = 404 if self.ev.rng.random() < 0.01 else 200
            self.ok(at, self.ev.rng.choice(targets or self.targets), slow, status)

    def closed(self, at, target, wait=700, status=502):
        """The target closed the connection after this wait, in microseconds."""
        m, p, _ = self.ev.page()
        self.request(at, wait + 900, status, "-", f"0.000 {wait / S:.3f} -1", target, m, p, sent=277)

    def unconnected(self, at, target, took, status=502):
        """No connection to the target."""
        m, p, _ = self.ev.page()
        self.request(at, took, status, "-", "-1 -1 -1", target, m, p, sent=277)

    def function(self, at, total, status, reason="-", page=None, received=0, sent=0, answered=True):
        """A request for a target that is a function: no address, and a reason where it failed."""
        m, p, _ = page or self.ev.page()
        times = f"0.000 {(total - MS) / S:.3f} {'0.000' if answered else '-1'}"
        self.request(at, total, status, status if reason == "-" else "-", times, None, m, p, received, sent, reason)

    def function_traffic(self, start, end, per_minute, slow=1.0):
        """Requests that a function answered."""
        for at in self.ev.arrivals(start, end, per_minute):
            m, p, took = self.ev.page()
            self.function(at, int(took * slow) + MS, 200, page=(m, p, took))
