"""nginx access logs (combined, main, with upstream timing, ingress) and its error log."""

from core import AGENTS, S, when


def seconds(us):
    """nginx's own form of a duration."""
    return f"{us / S:.3f}"


class Nginx:
    """One nginx; `style` is the access log's format."""

    def __init__(self, ev, style="timed", server="shop.example.com", group="backend",
                 access="access.log", error="error.log", peer=None):
        self.ev, self.style, self.server, self.group = ev, style, server, group
        self.access_file, self.error_file = access, error
        self.peer = peer
        self.pid = ev.rng.randint(700, 1400)
        self.worker = self.pid + ev.rng.randint(1, 4)
        self.conn = ev.rng.randint(10_000, 90_000)

    def access(self, start, total, status, method, path, tries=(), client=None, sent=None, request_id=None):
        """One line, stamped with the request's end. A try is (address, connect, header, response,
        status) with times in microseconds or None."""
        ev = self.ev
        end = start + total
        client = client or self.peer or ev.client()
        sent = sent if sent is not None else (ev.rng.randint(300, 9000) if status < 400 else 157)
        local = when(end).strftime("%d/%b/%Y:%H:%M:%S +0000")
        agent = ev.rng.choice(AGENTS)
        head = f'{client} - - [{local}] "{method} {path} HTTP/1.1" {status} {sent} "-" "{agent}"'

        def each(index, form):
            parts = ["-" if a[index] is None else form(a[index]) for a in tries]
            return ", ".join(parts) or "-"

        if self.style == "combined":
            line = head
        elif self.style == "main":
            line = head + ' "-"'
        elif self.style == "timed":
            line = (
                f'{head} rt={seconds(total)} uct="{each(1, seconds)}" uht="{each(2, seconds)}" '
                f'urt="{each(3, seconds)}" ua="{each(0, str)}" us="{each(4, str)}"'
            )
        else:
            length = "0" if status >= 400 else str(sent)
            line = (
                f"{head} {ev.rng.randint(300, 1200)} {seconds(total)} [{self.group}] [] "
                f"{each(0, str)} {length} {each(3, seconds)} {each(4, str)} {request_id or ev.hex(32)}"
            )
        ev.add(self.access_file, "nginx-ingress" if self.style == "ingress" else "nginx-access", end, line)

    def error(self, at, message, level="error", method=None, path=None, upstream=None, client=None, host=None,
              cut=True):
        """One line of the error log; without a method it is about the process."""
        stamp = when(at).strftime("%Y/%m/%d %H:%M:%S")
        if method is None:
            text = f"{stamp} [{level}] {self.pid}#{self.pid}: {message}"
        else:
            self.conn += self.ev.rng.randint(1, 9)
            text = (
                f"{stamp} [{level}] {self.worker}#{self.worker}: *{self.conn} {message}, "
                f'client: {client or self.ev.client()}, server: {self.server}, request: "{method} {path} HTTP/1.1"'
            )
            if upstream:
                text += f', upstream: "{upstream}"'
            text += f', host: "{host or self.server}"'
        self.ev.add(self.error_file, "nginx-error", at, text)

    def ok(self, at, target, slow=1.0, status=200, page=None, fresh=False, request_id=None):
        """A request the target answered."""
        m, p, took = page or self.ev.page()
        took = min(int(took * slow), 55 * S)
        self.access(at, took + 500, status, m, p, [(target, 400 if fresh else 0, took, took, status)],
                    request_id=request_id)

    def traffic(self, start, end, per_minute, targets, slow=1.0, fresh=False):
        """Healthy traffic with the odd 404."""
        for at in self.ev.arrivals(start, end, per_minute):
            status = 404 if self.ev.rng.random() < 0.01 else 200
            self.ok(at, self.ev.rng.choice(targets), slow, status, fresh=fresh)

    def failed(self, at, total, status, target, message, level="error", method=None, path=None,
               connected=None, scheme="http", attempt_status=None):
        """A request that failed at one target: both of its lines."""
        m, p, _ = self.ev.page()
        m, p = method or m, path or p
        client = self.ev.client()
        url = target if target.startswith("unix:") else f"{scheme}://{target}{p}"
        self.access(at, total, status, m, p,
                    [(target, connected, None, total, attempt_status or status)], client=client)
        self.error(at + total, message, level, m, p, url, client)


CLOSED = "upstream prematurely closed connection while reading response header from upstream"
RESET = "recv() failed (104: Connection reset by peer) while reading response header from upstream"
REFUSED = "connect() failed (111: Connection refused) while connecting to upstream"
NO_LIVE = "no live upstreams while connecting to upstream"
SLOW_HEAD = "upstream timed out (110: Connection timed out) while reading response header from upstream"
SLOW_CONNECT = "upstream timed out (110: Connection timed out) while connecting to upstream"
