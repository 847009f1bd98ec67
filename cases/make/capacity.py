"""Stories about listen queues, workers that are killed, processes that stand still or start slowly.

Most evidence of these causes was captured from real servers; here are the neighbours that were not."""

from connect import not_listening_nginx
from core import MIN, MS, S, case, t, when
from hosts import Host
from nginx import CLOSED, SLOW_CONNECT, Nginx
from waiting import saturated_fpm

BACKEND = "10.0.31.7:8080"


def slow_connects(ev, start):
    """nginx in front of a TCP backend whose connections stop being accepted for six minutes."""
    proxy = Nginx(ev)
    proxy.traffic(start, start + 9 * MIN, 9, [BACKEND], fresh=True)
    proxy.traffic(start + 9 * MIN, start + 15 * MIN, 14, [BACKEND], slow=30, fresh=True)
    for at in ev.spread(start + 9 * MIN, start + 15 * MIN, 44):
        proxy.failed(at, 5 * S + ev.rng.choice([0, 0, 1, 2]) * MS, 504, BACKEND, SLOW_CONNECT)
    proxy.traffic(start + 15 * MIN, start + 24 * MIN, 9, [BACKEND], fresh=True)


@case("listen-backlog-overflow", "fires-nginx-kernel",
      "first: listen-backlog-overflow\nverdict: proved|supported\nnot: target-connect-timeout worker-pool-saturated")
def _(ev):
    """A campaign brings more connections than a backend with a backlog of 128 accepts: nginx's connect timer
    of 5 s fires, and the kernel of the backend writes its one line about the port."""
    start = t("2026-11-14T09:00:00")
    slow_connects(ev, start)
    host = Host(ev, "api-1", "kern.log")
    host.kernel(start + 9 * MIN + 12 * S, "TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:8080. "
                "Sending cookies.")


@case("listen-backlog-overflow", "quiet-target-connect-timeout",
      "first: target-connect-timeout\nverdict: proved\nnot: listen-backlog-overflow\ncandidate: listen-backlog-overflow")
def _(ev):
    """A firewall rule swallows the SYNs: connect timeouts too, at the usual load, while the log of the
    backend's host goes on without a word about a queue."""
    proxy, start = Nginx(ev), t("2026-11-14T10:00:00")
    proxy.traffic(start, start + 9 * MIN, 9, [BACKEND], fresh=True)
    for at in ev.spread(start + 9 * MIN, start + 15 * MIN, 44):
        proxy.failed(at, 5 * S + ev.rng.choice([0, 0, 1, 2]) * MS, 504, BACKEND, SLOW_CONNECT)
    proxy.traffic(start + 15 * MIN, start + 24 * MIN, 9, [BACKEND], fresh=True)
    host = Host(ev, "api-1", "syslog")
    for index in range(4):
        host.unit(start + index * 6 * MIN + 7 * S, "Started sysstat-collect.service - system activity accounting tool.")


@case("worker-timeout-kill", "quiet-oom-kill",
      "first: oom-kill\nverdict: proved|supported\nnot: worker-timeout-kill\ncandidate: worker-timeout-kill")
def _(ev):
    """The kernel kills gunicorn's workers at the memory limit of the unit. gunicorn only sees a SIGKILL and
    guesses; its log has no WORKER TIMEOUT."""
    proxy, host, start = Nginx(ev), Host(ev, "app-1", "syslog"), t("2026-11-14T11:00:00")
    target = "127.0.0.1:8000"
    kills = ev.spread(start + 4 * MIN, start + 32 * MIN, 6)
    for at in ev.arrivals(start, start + 36 * MIN, 9):
        proxy.ok(at, target)
    for kill in kills:
        pid = ev.rng.randint(2_000, 9_000)
        for _ in range(2):
            wait = ev.rng.randint(400, 2_600) * MS
            proxy.failed(kill + 6 * MS - wait, wait, 502, target, CLOSED, connected=0)
        host.pid = pid
        host.kernel(kill, "gunicorn invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0")
        host.kernel(kill + 600, "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
                    "oom_memcg=/system.slice/shop.service,task_memcg=/system.slice/shop.service,"
                    f"task=gunicorn,pid={pid},uid=998")
        host.kernel(kill + 900, f"Memory cgroup out of memory: Killed process {pid} (gunicorn) total-vm:1572864kB, "
                    "anon-rss:515288kB, file-rss:2048kB, shmem-rss:0kB, UID:998 pgtables:2184kB oom_score_adj:0")
        for offset, text in [(200 * MS, f"[7] [ERROR] Worker (pid:{pid}) was sent SIGKILL! Perhaps out of memory?"),
                             (230 * MS, f"[{pid + 40}] [INFO] Booting worker with pid: {pid + 40}")]:
            at = kill + offset
            ev.add("gunicorn.log", "gunicorn", at, f"[{when(at).strftime('%Y-%m-%d %H:%M:%S')} +0000] {text}")


@case("cpu-or-eventloop-stall", "quiet-worker-pool-saturated",
      "first: worker-pool-saturated\nverdict: proved|supported\nnot: cpu-or-eventloop-stall\ncandidate: cpu-or-eventloop-stall")
def _(ev):
    """Every path times out here as well; but latency climbs for minutes, everyone waits alike, and PHP-FPM
    reports that it has no child left."""
    saturated_fpm(ev, t("2026-11-14T12:00:00"))


@case("slow-startup", "quiet-app-not-listening",
      "first: app-not-listening\nverdict: proved|supported\nnot: slow-startup\ncandidate: slow-startup")
def _(ev):
    """Refused connections around many starts of the service; but each start fails, because a stray process
    holds the port, and it stays so until that one is ended."""
    not_listening_nginx(ev, t("2026-11-14T13:00:00"))
