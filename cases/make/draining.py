"""Stories about instances that are told to stop while requests go to them: too little time to finish,
and none at all, as Amazon ECS, Kubernetes and the servers themselves tell of it."""

from aws import Alb
from change import cloudtrail
from core import MIN, MS, S, case, t
from nginx import CLOSED, REFUSED, Nginx
from platforms import Ecs, Kubernetes, spring
from proxies import Envoy, Haproxy

SHORT = "drain-too-short"
WITHOUT = "deploy-without-drain"
OLD = ["10.0.21.14:8080", "10.0.22.31:8080"]
NEW = ["10.0.21.77:8080", "10.0.22.90:8080"]


def replaced(ev, ecs, target, drain, since, started, registered, stopped):
    """One task of a release makes way for another. `started` and `registered` are before the drain; `stopped` says
    how long after it the stop is logged, the task is told to stop, and it has ended."""
    old, new = ecs.task_id(), ecs.task_id()
    ecs.started(drain - started, new)
    ecs.registered(drain - registered)
    ecs.drained(drain)
    logged, told, ended = stopped
    ecs.stopped(drain + logged, old)
    ecs.ended(old, since, drain + told, drain + ended, 143,
              f"Scaling activity initiated by (deployment ecs-svc/{ev.rng.randint(10**18, 9 * 10**18)})",
              target.split(":")[0])


def around(moments, at, before, after):
    """Whether a moment lies near one of these."""
    return any(moment - before <= at <= moment + after for moment in moments)


def short_delay_ecs(ev, start, told=True):
    """Two tasks behind a load balancer are replaced; its deregistration delay is 20 s, exports take 50 s."""
    alb, ecs = Alb(ev, OLD), Ecs(ev)
    drains = [start + 11 * MIN, start + 13 * MIN]
    for at in ev.arrivals(start, start + 24 * MIN, 12):
        serving = [NEW[i] if at > drains[i] - 5 * S else OLD[i] for i in range(2)]
        alb.ok(at, ev.rng.choice(serving))
    for at in ev.spread(start, start + 24 * MIN, 18):
        if not around(drains, at, 60 * S, 5 * S):
            serving = [NEW[i] if at > drains[i] else OLD[i] for i in range(2)]
            took = ev.around(50 * S)
            alb.request(at, took, 200, 200, f"0.000 {took / S:.3f} 0.000", ev.rng.choice(serving), "POST", "/api/export")
    for target, drain in zip(OLD, drains):
        replaced(ev, ecs, target, drain, since=start - 86_400 * S, started=75 * S, registered=50 * S,
                 stopped=(20 * S, 0, 21 * S))
        for began in ev.spread(drain - 26 * S, drain - S, 6):
            took = drain + 20 * S + ev.rng.randint(2, 90) * MS - began
            alb.request(began, took, 502, "-", f"0.001 {(took - MS) / S:.3f} -1", target, "POST", "/api/export",
                        sent=272)
    ecs.say(start + 15 * MIN, "has reached a steady state.")
    if told:
        ecs.describe_service()
        ecs.describe_tasks()


@case(SHORT, "fires-aws-alb-ecs",
      "first: drain-too-short\nverdict: proved|supported\nnot: deploy-without-drain app-crash keepalive-race")
def _(ev):
    """The deregistration delay of the target group was lowered to 20 s so that deploys are faster. In the next one
    each export of 50 s that a leaving task works on ends with 502, 20 s after the service began to drain it."""
    short_delay_ecs(ev, t("2026-11-22T06:00:00"))


def killed_pods(ev, start, grace, began_before, name="api"):
    """Pods that ignore SIGTERM until they have answered, and are killed when the grace is over."""
    envoy, cluster = Envoy(ev), Kubernetes(ev)
    old = ["10.8.1.23:8080", "10.8.2.41:8080", "10.8.3.9:8080"]
    new = ["10.8.1.60:8080", "10.8.2.88:8080", "10.8.3.71:8080"]
    stops = [start + 9 * MIN + index * 70 * S for index in range(3)]
    for at in ev.arrivals(start, start + 24 * MIN, 16):
        envoy.ok(at, ev.rng.choice([new[i] if at > stops[i] - 6 * S else old[i] for i in range(3)]))
    for at in ev.spread(start, start + 24 * MIN, 14):
        if not around(stops, at, 60 * S, 10 * S):
            envoy.request(at, 45_000 + ev.rng.randint(0, 2_000), 200, "-", "via_upstream", "POST", "/api/reports",
                          ev.rng.choice([new[i] if at > stops[i] else old[i] for i in range(3)]), 45_000)
    cluster.scaled(start + 8 * MIN, name, f"{name}-7d9c5b7f4", 1)
    for index, stop in enumerate(stops):
        leaving, coming = cluster.pod(name, "66c8f9bd5"), cluster.pod(name)
        cluster.started(stop - 30 * S, coming, name)
        cluster.killing(stop, leaving, name)
        cluster.ended_pod(stop + grace, leaving, 137, "Error", start - 86_400 * S, name)
        for began in ev.spread(stop - began_before, stop - S, 5):
            took = stop + grace + ev.rng.randint(5, 80) * MS - began
            envoy.request(began, took // MS, 503, "UC", "upstream_reset_before_response_started{connection_termination}",
                          "POST", "/api/reports", old[index])
    cluster.write()
    cluster.write_pods()


@case(SHORT, "fires-envoy-kubernetes",
      "first: drain-too-short\nverdict: proved|supported\nnot: deploy-without-drain app-crash oom-kill keepalive-race")
def _(ev):
    """Reports take 45 s, and pods get the default grace of 30 s: in a roll-out the containers end with 137, which
    nothing else is said of, 30 s after each `Killing`, and the reports in them end together."""
    killed_pods(ev, t("2026-11-22T07:00:00"), 30 * S, 14 * S)


@case(SHORT, "quiet-oom-kill",
      "first: oom-kill\nverdict: proved|supported\nnot: drain-too-short deploy-without-drain\ncandidate: drain-too-short")
def _(ev):
    """Exit code 137 and long requests cut off together here too; but nobody had told the containers to stop before,
    and the kubelet gives the memory as the reason."""
    start = t("2026-11-22T08:00:00")
    envoy, cluster = Envoy(ev), Kubernetes(ev)
    hosts = ["10.8.1.23:8080", "10.8.2.41:8080", "10.8.3.9:8080"]
    kills = ev.spread(start + 5 * MIN, start + 22 * MIN, 5)
    for at in ev.arrivals(start, start + 26 * MIN, 14):
        envoy.ok(at, ev.rng.choice(hosts))
    for index, kill in enumerate(kills):
        pod = cluster.pod()
        cluster.ended_pod(kill, pod, 137, "OOMKilled", start - 86_400 * S)
        cluster.started(kill + 2 * S, pod)
        for began in ev.spread(kill - 24 * S, kill - 2 * S, 4):
            took = kill + ev.rng.randint(100, 900) * MS - began
            envoy.request(began, took // MS, 503, "UC", "upstream_reset_before_response_started{connection_termination}",
                          "POST", "/api/reports", hosts[index % 3])
    cluster.killing(start - 40 * MIN, cluster.pod())
    cluster.write()
    cluster.write_pods()


@case(SHORT, "fires-haproxy-spring-boot",
      "first: drain-too-short\nverdict: proved|supported\nnot: deploy-without-drain app-crash keepalive-race")
def _(ev):
    """Spring Boot gives requests 30 s to finish. Imports of 70 s are cut off when it says that it gave up waiting."""
    proxy, start = Haproxy(ev), t("2026-11-22T09:00:00")
    stops = [start + 8 * MIN, start + 10 * MIN]
    for at in ev.arrivals(start, start + 22 * MIN, 12):
        proxy.ok(at, ev.rng.choice([f"api-{i + 1}" for i in range(2) if not stops[i] <= at <= stops[i] + 52 * S]))
    for index, stop in enumerate(stops):
        server, file = f"api-{index + 1}", f"app-{index + 1}.log"
        spring(ev, stop, "Commencing graceful shutdown. Waiting for active requests to complete",
               thread="ionShutdownHook", file=file)
        for began in ev.spread(stop - 35 * S, stop - S, 6):
            ended = stop + 30 * S + ev.rng.randint(10, 120) * MS
            proxy.http(began, (0, 0, 0, -1, (ended - began) // MS), 502, "SH--", server, "POST", "/api/imports")
        spring(ev, stop + 30 * S + 8 * MS, "Graceful shutdown aborted with one or more requests still active",
               thread="tomcat-shutdown", file=file)
        proxy.notice(stop + 31 * S, f"Server be_api/{server} is DOWN, reason: Layer4 connection problem, info: "
                     "\"Connection refused\", check duration: 0ms. 1 active and 0 backup servers left. 0 sessions active, "
                     "0 requeued, 0 remaining in queue.")
        spring(ev, stop + 50 * S, "Tomcat started on port 8080 (http) with context path '/'",
               logger="o.s.b.w.embedded.tomcat.TomcatWebServer", file=file)
        proxy.notice(stop + 52 * S, f"Server be_api/{server} is UP, reason: Layer4 check passed, check duration: 0ms. "
                     "2 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.")


def undrained_ecs(ev, start, stopped=True, snapshot=False):
    """Tasks that end at SIGTERM, in a target group whose deregistration delay is 0: for some seconds the load
    balancer still sends to them."""
    alb, ecs = Alb(ev, OLD), Ecs(ev)
    drains = [start + 8 * MIN, start + 9 * MIN + 30 * S]
    for at in ev.arrivals(start, start + 18 * MIN, 22):
        alb.ok(at, ev.rng.choice([NEW[i] if at > drains[i] - 4 * S else OLD[i] for i in range(2)]))
    for target, drain in zip(OLD, drains):
        replaced(ev, ecs, target, drain, since=start - 86_400 * S, started=80 * S, registered=45 * S,
                 stopped=(300 * MS, 200 * MS, S))
        for at in ev.spread(drain + 300 * MS, drain + S, 4):
            alb.closed(at, target, ev.rng.randint(1, 60) * MS)
        for at in ev.spread(drain + S, drain + 7 * S, 9):
            alb.unconnected(at, target, ev.rng.randint(900, 2_400))
        for at in ev.spread(drain + 8 * S, drain + 14 * S, 4):
            # The address is gone with the task's network interface.
            alb.unconnected(at, target, 10 * S + ev.rng.randint(300, 4_000), 504)
    ecs.say(start + 12 * MIN, "has reached a steady state.")
    if stopped:
        ecs.describe_service()
        ecs.describe_tasks()
    if snapshot:
        ecs.target_health([(NEW[0], "healthy"), (NEW[1], "healthy"), (OLD[0], "draining"), (OLD[1], "draining")])


@case(WITHOUT, "fires-aws-alb-ecs",
      "first: deploy-without-drain\nverdict: proved|supported\nnot: drain-too-short app-crash target-connect-refused")
def _(ev):
    """The deregistration delay is 0 and the tasks end at SIGTERM: in each of two replacements the load balancer goes
    on sending for some seconds, is refused (502), and then gets no answer from an address that is gone (504)."""
    undrained_ecs(ev, t("2026-11-22T10:00:00"))


@case(WITHOUT, "fires-aws-alb-target-health",
      "first: deploy-without-drain\nverdict: consistent\nnot: drain-too-short app-crash target-connect-refused")
def _(ev):
    """The same release, with nothing but the load balancer's log and a snapshot of its targets: those that fail are
    the ones that are draining."""
    undrained_ecs(ev, t("2026-11-22T11:00:00"), stopped=False, snapshot=True)


@case(WITHOUT, "fires-nginx-kubernetes",
      "first: deploy-without-drain\nverdict: proved|supported\nnot: drain-too-short app-crash target-connect-refused")
def _(ev):
    """Pods without a preStop pause behind ingress-nginx: in the seconds after each `Killing` the controller still has
    their addresses."""
    proxy, cluster, start = Nginx(ev, style="ingress", group="shop-api-8080"), Kubernetes(ev), t("2026-11-22T12:00:00")
    old = ["10.8.1.23:8080", "10.8.2.41:8080", "10.8.3.9:8080"]
    new = ["10.8.1.60:8080", "10.8.2.88:8080", "10.8.3.71:8080"]
    stops = [start + 9 * MIN + index * 50 * S for index in range(3)]
    for at in ev.arrivals(start, start + 20 * MIN, 16):
        proxy.ok(at, ev.rng.choice([new[i] if at > stops[i] - 2 * S else old[i] for i in range(3)]))
    cluster.scaled(start + 8 * MIN, "api", "api-7d9c5b7f4", 1)
    for index, stop in enumerate(stops):
        cluster.started(stop - 25 * S, cluster.pod())
        cluster.killing(stop, cluster.pod("api", "66c8f9bd5"))
        for at in ev.spread(stop, stop + 900 * MS, 3):
            proxy.failed(at, ev.rng.choice([1, 2, 30]) * MS, 502, old[index], CLOSED, connected=0, method="POST",
                         path="/api/orders")
        for at in ev.spread(stop + S, stop + 5 * S, 6):
            proxy.failed(at, ev.rng.choice([0, 1]) * MS, 502, old[index], REFUSED, method="POST", path="/api/orders")
    cluster.write()


@case(WITHOUT, "quiet-drain-too-short",
      "first: drain-too-short\nverdict: proved|supported\nnot: deploy-without-drain\ncandidate: deploy-without-drain")
def _(ev):
    """The same service events, but with a delay that only the longest requests outlast: they end together, 20 s after
    the drain began, and nothing else fails."""
    short_delay_ecs(ev, t("2026-11-22T13:00:00"))


@case(WITHOUT, "quiet-slow-startup",
      "first: slow-startup\nverdict: proved|supported\nnot: deploy-without-drain\ncandidate: deploy-without-drain")
def _(ev):
    """A release as well, and targets that are draining; but those have been idle since long, and what refuses
    connections is a new task in its first minute, before its health checks find it ready."""
    start = t("2026-11-22T14:00:00")
    alb, ecs = Alb(ev, OLD), Ecs(ev)
    begin = start + 10 * MIN
    ready = begin + 65 * S
    alb.traffic(start, begin - 90 * S, 14, [OLD[0]])
    task, left = ecs.task_id(), ecs.task_id()
    ecs.drained(begin - 80 * S)
    ecs.stopped(begin - 75 * S, left)
    ecs.started(begin - 30 * S, task)
    ecs.registered(begin)
    ecs.unhealthy(begin + 40 * S, task, 8080, "Health checks failed")
    for at in ev.spread(begin + S, ready - S, 30):
        alb.unconnected(at, NEW[0], ev.rng.randint(900, 2_400))
    alb.traffic(ready, start + 24 * MIN, 14, [NEW[0]])
    ecs.say(ready + 30 * S, "has reached a steady state.")
    ecs.describe_service()
    ecs.target_health([(NEW[0], "healthy"), (OLD[0], "draining")])


@case(WITHOUT, "fires-aws-alb-cloudtrail",
      "first: deploy-without-drain\nverdict: proved|supported\nnot: drain-too-short app-crash target-connect-refused")
def _(ev):
    """A script deregisters each target and stops its service in the same second; CloudTrail has the calls, and the load
    balancer goes on for some seconds."""
    start = t("2026-11-22T15:00:00")
    alb, calls = Alb(ev, OLD), [start + 8 * MIN, start + 11 * MIN]
    for at in ev.arrivals(start, start + 20 * MIN, 20):
        alb.ok(at, ev.rng.choice([OLD[i] for i in range(2) if not calls[i] - 200 * MS <= at <= calls[i] + 95 * S]))
    for index, call in enumerate(calls):
        host, port = OLD[index].split(":")
        group = {"targetGroupArn": alb.arn, "targets": [{"id": host, "port": int(port)}]}
        cloudtrail(ev, call, "elasticloadbalancing", "DeregisterTargets", group)
        for at in ev.spread(call + 100 * MS, call + 900 * MS, 3):
            alb.closed(at, OLD[index], ev.rng.randint(1, 60) * MS)
        for at in ev.spread(call + S, call + 8 * S, 10):
            alb.unconnected(at, OLD[index], ev.rng.randint(900, 2_400))
        cloudtrail(ev, call + 80 * S, "elasticloadbalancing", "RegisterTargets", group)
