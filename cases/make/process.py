"""Stories about the process behind the gateway: it dies by itself, or is killed for its memory."""

from aws import Alb
from core import MIN, MS, S, case, t, when
from gcp import LOST, OOM_REQUEST, Gcp
from hosts import Host, uncaught
from nginx import CLOSED, REFUSED, Nginx
from reuse import TARGETS, trickle_nginx

SLUG = "app-crash"
LOCAL = "127.0.0.1:3000"


def deaths_nginx(ev, start, die, count=6, minutes=36):
    """A process behind nginx that dies several times; `die` writes the journal and returns when the
    process serves again."""
    proxy, host = Nginx(ev), Host(ev, "app-1", "syslog")
    downs = []
    for at in ev.spread(start + 3 * MIN, start + (minutes - 3) * MIN, count):
        downs.append((at, die(host, at)))
    for at in ev.arrivals(start, start + minutes * MIN, 8):
        if not any(down - 900 * MS <= at <= back for down, back in downs):
            proxy.ok(at, LOCAL)
    for down, back in downs:
        for _ in range(ev.rng.randint(3, 5)):
            wait = ev.rng.randint(30, 800) * MS
            proxy.failed(down + 6 * MS - wait, wait, 502, LOCAL, CLOSED, connected=0)
        for at in ev.spread(down + 60 * MS, back - 20 * MS, 3):
            proxy.failed(at, 0, 502, LOCAL, REFUSED)


def crash_run(ev, start, system=True, count=7, minutes=36):
    """A Cloud Run container that exits with an uncaught error while it handles requests."""
    gcp = Gcp(ev)
    gcp.run_traffic(start, start + minutes * MIN, 5)
    for number, at in enumerate(ev.spread(start + 4 * MIN, start + (minutes - 4) * MIN, count)):
        for _ in range(ev.rng.randint(2, 4)):
            method, path, _ = ev.page()
            wait = ev.rng.randint(40, 900) * MS
            gcp.run(at - wait, wait + 25 * MS, 503, method, path, instance="00" + gcp.instance("api-00042-kol", number),
                    text=LOST)
        if system:
            gcp.output(at - 20 * MS, uncaught(), index=number)
            gcp.system(at, "Container called exit(1).", severity="WARNING", index=number)
            gcp.system(at + 900 * MS, "Starting new instance. Reason: AUTOSCALING - Instance started due to "
                       "configured scaling factors (e.g. CPU utilization, request throughput, etc.) or no existing "
                       "capacity for current traffic.", index=number + 10)
            gcp.system(at + 3 * S, 'Default STARTUP TCP probe succeeded after 1 attempt for container "api-1" on '
                       "port 8080.", index=number + 10)


def oom_run(ev, start, system=True, count=6, minutes=36):
    """A Cloud Run container that outgrows its 512 MiB with image uploads."""
    gcp = Gcp(ev)
    gcp.run_traffic(start, start + minutes * MIN, 5)
    for number, at in enumerate(ev.spread(start + 4 * MIN, start + (minutes - 4) * MIN, count)):
        for _ in range(ev.rng.randint(2, 4)):
            wait = ev.rng.randint(300, 4_000) * MS
            gcp.run(at - wait, wait + 30 * MS, 503, "POST", "/api/images",
                    instance="00" + gcp.instance("api-00042-kol", number), text=OOM_REQUEST if system else LOST)
        if system:
            gcp.system(at, f"Memory limit of 512 MiB exceeded with {ev.rng.randint(513, 560)} MiB used. Consider "
                           "increasing the memory limit, see "
                           "https://cloud.google.com/run/docs/configuring/memory-limits", severity="ERROR",
                       index=number)
            gcp.system(at + 40 * MS, "Container terminated on signal 9.", severity="WARNING", index=number)


@case(SLUG, "fires-nginx-journal", "first: app-crash\nverdict: proved|supported\nnot: oom-kill keepalive-race deploy-without-drain")
def _(ev):
    """A cart without a price makes the Node.js process exit with code 1, six times in half an hour:
    requests in flight end early, and connections are refused until systemd has started it again."""
    deaths_nginx(ev, t("2026-11-07T09:00:00"),
                 lambda host, at: host.crash(at, "shop-api.service", "Shop API", uncaught()))


@case(SLUG, "fires-gcp-run", "first: app-crash\nverdict: proved|supported\nnot: oom-kill malformed-response")
def _(ev):
    """The same on Cloud Run: the platform logs `Container called exit(1).` in the moment the
    requests fail, and the container's last words are the stack."""
    crash_run(ev, t("2026-11-07T10:00:00"))


@case(SLUG, "quiet-oom-kill", "first: oom-kill\nverdict: proved|supported\nnot: app-crash\ncandidate: app-crash")
def _(ev):
    """The process ends too, but the kernel killed it at its memory limit and says so."""
    deaths_nginx(ev, t("2026-11-07T11:00:00"), lambda host, at: host.oom(at, "shop-api.service"))


@case(SLUG, "quiet-keepalive-race",
      "first: keepalive-race\nverdict: proved|supported\nnot: app-crash\ncandidate: app-crash")
def _(ev):
    """`prematurely closed` in a steady trickle, while the host's journal shows the same process
    from beginning to end."""
    start = t("2026-11-07T12:00:00")
    trickle_nginx(ev, start, 50, 15, 4)
    host = Host(ev, "app-1", "syslog")
    for index in range(5):
        host.unit(start + index * 10 * MIN + 7 * S, "Started sysstat-collect.service - system activity accounting tool.")


@case(SLUG, "quiet-deploy-without-drain",
      "first: deploy-without-drain\nverdict: proved|supported\nnot: app-crash\ncandidate: app-crash")
def _(ev):
    """Processes end and requests are cut off, but each was told to stop: SIGTERM, one host after
    the other."""
    from reuse import rollout_alb
    rollout_alb(ev, t("2026-11-07T13:00:00"))


@case(SLUG, "blind-gcp-run-requests", "verdict-at-most: consistent\nnot: app-crash malformed-response oom-kill")
def _(ev):
    """The request log alone: a malformed response or a lost connection, the message leaves it
    open, and a lost connection would still have several reasons."""
    crash_run(ev, t("2026-11-07T10:00:00"), system=False, count=9)


OOM_SLUG = "oom-kill"


@case(OOM_SLUG, "fires-nginx-kernel", "first: oom-kill\nverdict: proved|supported\nnot: app-crash keepalive-race")
def _(ev):
    """The unit's MemoryMax is reached five times; the kernel kills the process with everything it
    has in flight."""
    deaths_nginx(ev, t("2026-11-07T15:00:00"), lambda host, at: host.oom(at, "shop-api.service"), count=5)


@case(OOM_SLUG, "fires-gcp-run", "first: oom-kill\nverdict: proved\nnot: app-crash malformed-response")
def _(ev):
    """Image uploads push a Cloud Run container over 512 MiB; both the request log and the system
    log name the memory."""
    oom_run(ev, t("2026-11-07T16:00:00"))


@case(OOM_SLUG, "fires-aws-alb-dmesg", "first: oom-kill\nverdict: proved|supported\nnot: app-crash response-header-too-large")
def _(ev):
    """A load balancer's 502s and the output of `dmesg -T` from the one target that had them."""
    alb, start = Alb(ev, TARGETS), t("2026-11-07T17:00:00")
    kills = ev.spread(start + 4 * MIN, start + 30 * MIN, 5)
    for at in ev.arrivals(start, start + 34 * MIN, 9):
        busy = any(kill - 900 * MS <= at <= kill + 5 * S for kill in kills)
        alb.ok(at, TARGETS[1] if busy else None)
    for kill in kills:
        for _ in range(4):
            wait = ev.rng.randint(80, 900) * MS
            alb.closed(kill - wait + 4 * MS, TARGETS[0], wait)
        pid = ev.rng.randint(2_000, 9_000)
        stamp = when(kill).strftime("[%a %b %d %H:%M:%S %Y] ")
        for number, text in enumerate([
            "node invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
            "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=docker-3f1c,mems_allowed=0,"
            f"oom_memcg=/docker/3f1c,task_memcg=/docker/3f1c,task=node,pid={pid},uid=1000",
            f"Memory cgroup out of memory: Killed process {pid} (node) total-vm:1421204kB, anon-rss:517320kB, "
            "file-rss:1024kB, shmem-rss:0kB, UID:1000 pgtables:2208kB oom_score_adj:0",
        ]):
            ev.add("dmesg.txt", "kernel", kill + number, stamp + text)


@case(OOM_SLUG, "quiet-app-crash", "first: app-crash\nverdict: proved|supported\nnot: oom-kill\ncandidate: oom-kill")
def _(ev):
    """The same gaps in the access log, with an exit code of the process's own and a quiet kernel."""
    deaths_nginx(ev, t("2026-11-07T18:00:00"),
                 lambda host, at: host.crash(at, "shop-api.service", "Shop API", uncaught("line.item is undefined")))


@case(OOM_SLUG, "blind-gcp-run-requests", "verdict-at-most: consistent\nnot: oom-kill app-crash malformed-response")
def _(ev):
    """The request log alone, with the message that does not name the memory."""
    oom_run(ev, t("2026-11-07T16:00:00"), system=False, count=8)
