"""What every story needs: time, traffic, files, and the list of cases.

Times are whole microseconds since 1970 in UTC, so that every number in the evidence is exact and
the same on every machine. Randomness comes from one generator per case, seeded with its name.
"""

import random
from datetime import datetime, timedelta, timezone

MS = 1_000
S = 1_000_000
MIN = 60 * S

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
CASES = []

# Part of the healthy traffic that is written: enough for contrast, and no more bytes than that.
THIN = 0.75

AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "okhttp/4.12.0",
    "shop-mobile/8.14.2",
]

# Method, path, usual duration in ms.
PAGES = [
    ("GET", "/", 18),
    ("GET", "/api/items", 42),
    ("GET", "/api/items/8812", 25),
    ("GET", "/api/cart", 31),
    ("POST", "/api/cart/lines", 48),
    ("POST", "/api/orders", 120),
    ("GET", "/api/orders/latest", 60),
    ("PUT", "/api/profile", 55),
]


def t(text):
    """Microseconds of `2026-11-12T14:00:00`, UTC."""
    return int((datetime.fromisoformat(text).replace(tzinfo=timezone.utc) - EPOCH).total_seconds()) * S


def when(at):
    """The moment as a datetime in UTC."""
    return EPOCH + timedelta(microseconds=at)


def iso(at, digits=6, zone="Z"):
    """ISO 8601 with so many digits of a second."""
    text = when(at).strftime("%Y-%m-%dT%H:%M:%S")
    if digits == 9:
        return f"{text}.{at % S:06d}{(at * 7919) % 1000:03d}{zone}"
    if digits:
        text += "." + f"{at % S:06d}"[:digits]
    return text + zone


class Evidence:
    """The log files of one case."""

    def __init__(self, name):
        self.rng = random.Random(name)
        self.files = {}
        self.arrays = set()
        self.made_after = {}
        self.serial = 0

    def add(self, file, dialect, at, text):
        """Adds one record; files are written in the order of their records' times."""
        self.serial += 1
        self.files.setdefault(file, []).append((at, self.serial, text))
        self.made_after.setdefault(file, [])
        if dialect not in self.made_after[file]:
            self.made_after[file].append(dialect)

    def lines(self, file, dialect, at, lines):
        """Adds the lines of one record, a microsecond apart, so that they stay together."""
        for number, line in enumerate(lines):
            self.add(file, dialect, at + number, line)

    def hex(self, length):
        """Random hexadecimal digits."""
        return "".join(self.rng.choice("0123456789abcdef") for _ in range(length))

    def uuid(self):
        """A random request id."""
        return "-".join(self.hex(n) for n in (8, 4, 4, 4, 12))

    def client(self):
        """A client's address, from the ranges reserved for documentation."""
        return f"{self.rng.choice(['203.0.113', '198.51.100', '192.0.2'])}.{self.rng.randint(2, 250)}"

    def port(self):
        """A client's source port."""
        return self.rng.randint(32768, 60999)

    def page(self):
        """A page of the shop, and how long it takes this time, in microseconds."""
        method, path, usual = self.rng.choice(PAGES)
        return method, path, int(usual * MS * self.rng.lognormvariate(0, 0.45))

    def arrivals(self, start, end, per_minute):
        """Moments of a Poisson stream."""
        at = start
        while True:
            at += int(self.rng.expovariate(per_minute * THIN / 60.0) * S)
            if at >= end:
                return
            yield at

    def spread(self, start, end, count):
        """So many moments, one at random in each of as many equal parts: an even trickle."""
        part = (end - start) // count
        return [start + i * part + self.rng.randrange(part) for i in range(count)]

    def around(self, usual, part=0.1):
        """The figure, give or take a part of it."""
        return int(usual * self.rng.uniform(1 - part, 1 + part))


def case(slug, name, expect):
    """Registers a story: a function that fills an `Evidence`; its docstring says what happened."""

    def register(story):
        CASES.append((slug, name, expect, story))
        return story

    return register
