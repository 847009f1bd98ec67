"""Hosts and applications: systemd and kernel lines, Node.js errors, PHP-FPM."""

from core import iso, when

STACK = [
    "    at node:internal/deps/undici/undici:13510:13",
    "    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)",
]


class Host:
    """One Linux host with its syslog file."""

    def __init__(self, ev, name="app-1", file="syslog"):
        self.ev, self.name, self.file = ev, name, file
        self.pid = ev.rng.randint(800, 30000)
        self.restarts = ev.rng.randint(0, 3)
        self.booted = 86_400 * 11 + ev.rng.randint(0, 9999)

    def log(self, at, tag, text, dialect):
        """One line as rsyslog writes it with its RFC 5424 time stamps."""
        self.ev.add(self.file, dialect, at, f"{iso(at, 6, '+00:00')} {self.name} {tag}: {text}")

    def unit(self, at, text):
        """A line of the service manager."""
        self.log(at, "systemd[1]", text, "systemd")

    def app(self, at, lines, tag="node", dialect="node"):
        """Lines of the application, a few microseconds apart."""
        for number, text in enumerate(lines):
            self.log(at + number * 40, f"{tag}[{self.pid}]", text, dialect)

    def kernel(self, at, text, dialect="kernel"):
        """A line of the kernel with its own clock."""
        since = self.booted + (at // 1_000_000) % 86_400
        self.log(at, "kernel", f"[{since:>5}.{at % 1_000_000:06d}] {text}", dialect)

    def restart(self, at, unit, description):
        """The orderly stop and start of a unit; returns when it serves again."""
        self.unit(at, f"Stopping {unit} - {description}...")
        self.app(at + 2_000, ["SIGTERM received, shutting down"], dialect="app")
        self.unit(at + 400_000, f"{unit}: Deactivated successfully.")
        self.unit(at + 402_000, f"Stopped {unit} - {description}.")
        self.pid += self.ev.rng.randint(3, 90)
        self.unit(at + 410_000, f"Started {unit} - {description}.")
        self.app(at + 2_600_000, ["Server listening on 0.0.0.0:3000"], dialect="app")
        return at + 2_600_000

    def crash(self, at, unit, description, error):
        """The process dies of an uncaught error and is started again; returns when it serves."""
        self.app(at, error)
        self.unit(at + 30_000, f"{unit}: Main process exited, code=exited, status=1/FAILURE")
        self.unit(at + 31_000, f"{unit}: Failed with result 'exit-code'.")
        self.restarts += 1
        self.unit(at + 2_050_000, f"{unit}: Scheduled restart job, restart counter is at {self.restarts}.")
        self.pid += self.ev.rng.randint(3, 90)
        self.unit(at + 2_060_000, f"Started {unit} - {description}.")
        self.app(at + 4_300_000, ["Server listening on 0.0.0.0:3000"], dialect="app")
        return at + 4_300_000

    def oom(self, at, unit, process="node", rss=524_288):
        """The kernel kills the unit's process at its memory limit."""
        pid = self.pid
        self.kernel(at, f"{process} invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0")
        self.kernel(at + 300, f"memory: usage {rss}kB, limit {rss}kB, failcnt {self.ev.rng.randint(900, 9000)}")
        self.kernel(at + 600, f"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
                              f"oom_memcg=/system.slice/{unit},task_memcg=/system.slice/{unit},"
                              f"task={process},pid={pid},uid=998")
        self.kernel(at + 900, f"Memory cgroup out of memory: Killed process {pid} ({process}) "
                              f"total-vm:{rss * 3}kB, anon-rss:{rss - 9000}kB, file-rss:2048kB, shmem-rss:0kB, "
                              f"UID:998 pgtables:{rss // 240}kB oom_score_adj:0")
        self.unit(at + 40_000, f"{unit}: A process of this unit has been killed by the OOM killer.")
        self.unit(at + 52_000, f"{unit}: Main process exited, code=killed, status=9/KILL")
        self.unit(at + 53_000, f"{unit}: Failed with result 'oom-kill'.")
        self.restarts += 1
        self.unit(at + 2_060_000, f"{unit}: Scheduled restart job, restart counter is at {self.restarts}.")
        self.pid += self.ev.rng.randint(3, 90)
        self.unit(at + 2_070_000, f"Started {unit} - Shop API.")
        return at + 4_300_000


def uncaught(message="Cannot read properties of undefined (reading 'price')"):
    """What Node.js prints before it exits with code 1."""
    return [
        "/srv/api/dist/cart.js:118",
        "    const total = line.item.price * line.count;",
        "                            ^",
        "",
        f"TypeError: {message}",
        "    at priceOf (/srv/api/dist/cart.js:118:29)",
        "    at Array.map (<anonymous>)",
        "    at Immediate.recalculate (/srv/api/dist/cart.js:96:31)",
        "    at process.processImmediate (node:internal/timers:483:21)",
        "",
        "Node.js v20.20.2",
    ]


def fetch_failed(cause, code, fields=()):
    """What Node.js 20 prints of a failed fetch, cause included."""
    lines = ["TypeError: fetch failed", *STACK, "    at async charge (/srv/api/dist/payments.js:41:17) {",
             f"  [cause]: {cause}"]
    lines += [f"    {name}: {value}," for name, value in fields]
    return lines + [f"    code: '{code}'", "  }", "}"]


def connect_timeout(address):
    """The cause of a connect timeout in undici."""
    return fetch_failed(
        f"ConnectTimeoutError: Connect Timeout Error (attempted addresses: {address}, timeout: 10000ms)",
        "UND_ERR_CONNECT_TIMEOUT")


def php_fpm(ev, at, text, level="WARNING", file="php8.3-fpm.log"):
    """A line of PHP-FPM's own log."""
    ev.add(file, "php-fpm", at, f"[{when(at).strftime('%d-%b-%Y %H:%M:%S')}] {level}: {text}")
