"""Application Load Balancer access log."""

import json

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


class ApiGateway:
    """One stage of a REST API: its access log (JSON, the fields that tell of the integration) and its execution
    log, both as CloudWatch Logs writes them."""

    def __init__(self, ev, api="a1b2c3d4e5", stage="prod", access="api-access.log", execution="api-execution.log"):
        self.ev, self.api, self.stage, self.access_file, self.execution_file = ev, api, stage, access, execution

    def access(self, start, total, status, method, path, integration="-", error="-", message="-", request_id=None):
        """One line; the time stamp is the request's start. Durations in the log are whole milliseconds."""
        ev, waited = self.ev, max(1, (total - 4 * MS) // MS)
        line = json.dumps({
            "requestId": request_id or ev.uuid(), "requestTimeEpoch": str(start // MS), "apiId": self.api,
            "stage": self.stage, "domainName": "api.shop.example.com", "httpMethod": method, "path": path,
            "status": str(status), "responseLatency": str(total // MS),
            "integrationLatency": "-" if integration is None else str(waited),
            "integrationStatus": "-" if integration is None else str(integration),
            "integrationErrorMessage": message, "error.responseType": error, "ip": ev.client(),
        }, separators=(",", ":"))
        ev.add(self.access_file, "aws-api-gateway", start + total, line)

    def ok(self, at, slow=1.0, page=None):
        """A request the function answered."""
        m, p, took = page or self.ev.page()
        self.access(at, int(took * slow) + 6 * MS, 200, m, p, 200)

    def traffic(self, start, end, per_minute, slow=1.0):
        """Healthy traffic."""
        for at in self.ev.arrivals(start, end, per_minute):
            self.ok(at, slow)

    def execution(self, at, request_id, *texts):
        """Lines of the execution log, as `aws logs tail` prints them."""
        for number, text in enumerate(texts):
            moment = at + number * MS
            self.ev.add(self.execution_file, "aws-api-gateway-execution", moment,
                        f"{iso(moment, 6, '+00:00')} {self.ev.hex(32)} ({request_id}) {text}")


class Lambda:
    """One function's log, as `aws logs tail` prints it."""

    def __init__(self, ev, name="orders", memory=512, file="lambda.log"):
        self.ev, self.name, self.memory, self.file = ev, name, memory, file
        self.stream = ev.hex(32)

    def line(self, at, text):
        """One message of the log stream."""
        stream = f"{iso(at, 0, '')[:10].replace('-', '/')}/[$LATEST]{self.stream}"
        self.ev.add(self.file, "aws-lambda", at, f"{iso(at, 6, '+00:00')} {stream} {text}")

    def request(self, start, total, *messages, used=97, status=""):
        """One invocation: its beginning, what it printed just before it ended, and its report."""
        request_id = self.ev.uuid()
        self.line(start, f"START RequestId: {request_id} Version: $LATEST")
        for number, text in enumerate(messages):
            self.line(start + total - (len(messages) - number) * 100, text.replace("{id}", request_id))
        self.line(start + total, f"END RequestId: {request_id}")
        self.line(start + total + 50, f"REPORT RequestId: {request_id}\tDuration: {total / MS:.2f} ms\tBilled Duration: "
                  f"{-(-total // MS)} ms\tMemory Size: {self.memory} MB\tMax Memory Used: {used} MB\t{status}")
        return request_id
