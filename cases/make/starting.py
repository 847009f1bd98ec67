"""Stories about processes that get requests before they are ready."""

from aws import Alb
from core import MIN, MS, S, case, t
from gcp import Gcp
from limits import NO_INSTANCE
from nginx import REFUSED, Nginx
from platforms import Ecs, Kubernetes, spring
from webservers import Traefik

SLUG = "slow-startup"
SERVER = "o.s.b.w.embedded.tomcat.TomcatWebServer"


@case(SLUG, "fires-aws-alb-ecs",
      "first: slow-startup\nverdict: proved|supported\nnot: app-not-listening deploy-without-drain target-connect-refused")
def _(ev):
    """A service of one task is replaced in place (minimum healthy percent 0). The new task needs 70 s; meanwhile it is
    the only target, the load balancer sends to it although it is not healthy, and is refused."""
    start = t("2026-11-23T06:00:00")
    old, new = "10.0.21.14:8080", "10.0.22.90:8080"
    alb, ecs = Alb(ev, [old]), Ecs(ev)
    stop = start + 10 * MIN
    up, ready = stop + 38 * S, stop + 108 * S
    alb.traffic(start, stop - S, 14)
    first, second = ecs.task_id(), ecs.task_id()
    ecs.drained(stop)
    ecs.stopped(stop + S, first)
    ecs.started(stop + 6 * S, second)
    ecs.registered(up)
    ecs.unhealthy(up + 32 * S, second, 8080, "Health checks failed")
    for at in ev.spread(up + 2 * S, ready - S, 34):
        alb.unconnected(at, new, ev.rng.randint(900, 2_400))
    alb.traffic(ready, start + 25 * MIN, 14, [new])
    ecs.say(ready + 25 * S, "has reached a steady state.")
    ecs.describe_service()


def unready_pods(ev, start, proxy, slow=48 * S):
    """A roll-out whose pods have a liveness probe and no readiness probe: they get requests from the moment their
    container runs. The proxy is ingress-nginx or Traefik."""
    cluster = Kubernetes(ev)
    old = ["10.8.1.23:8080", "10.8.2.41:8080"]
    new = ["10.8.1.60:8080", "10.8.2.88:8080"]
    begins = [start + 9 * MIN, start + 12 * MIN]
    for at in ev.arrivals(start, start + 24 * MIN, 14):
        proxy.ok(at, ev.rng.choice([new[i] if at > begins[i] + slow else old[i] for i in range(2)]))
    cluster.scaled(start + 8 * MIN, "api", "api-7d9c5b7f4", 1)
    refused = []
    for index, begin in enumerate(begins):
        pod = cluster.pod()
        cluster.started(begin, pod)
        host = new[index].split(":")[0]
        cluster.probe_failed(begin + 30 * S, pod, "Liveness", f'Get "http://{host}:8080/actuator/health": dial tcp '
                             f"{host}:8080: connect: connection refused", begin + 10 * S, 3)
        cluster.killing(begin + slow + 60 * S, cluster.pod("api", "66c8f9bd5"))
        for at in ev.spread(begin + 400 * MS, begin + slow - 300 * MS, 16):
            refused.append((at, new[index]))
        spring(ev, begin + 4 * S, "Starting ShopApplication v4.12.0 using Java 21.0.5 with PID 1",
               logger="com.example.shop.ShopApplication", file=f"{pod}.log")
        spring(ev, begin + slow, "Tomcat started on port 8080 (http) with context path '/'", logger=SERVER,
               file=f"{pod}.log")
    cluster.write()
    return refused


@case(SLUG, "fires-nginx-kubernetes",
      "first: slow-startup\nverdict: proved|supported\nnot: app-not-listening deploy-without-drain bad-release")
def _(ev):
    """A Spring Boot release that takes 48 s to start; its pods have no readiness probe. ingress-nginx is refused until
    each says that Tomcat started, and the kubelet's liveness probe is refused with it."""
    proxy = Nginx(ev, style="ingress", group="shop-api-8080")
    for at, target in unready_pods(ev, t("2026-11-23T07:00:00"), proxy):
        proxy.failed(at, 0, 502, target, REFUSED)


@case(SLUG, "fires-traefik-kubernetes",
      "first: slow-startup\nverdict: supported|proved\nnot: app-not-listening deploy-without-drain bad-release")
def _(ev):
    """The same behind Traefik, which logs 502 without a reason unless it is told to debug."""
    proxy = Traefik(ev, "shop-api@kubernetes", debug=False)
    for at, target in unready_pods(ev, t("2026-11-23T08:00:00"), proxy):
        proxy.failed(at, ev.rng.randint(0, 2) * MS, 502, "", target)


@case(SLUG, "fires-gcp-run", "first: slow-startup\nverdict: supported|proved\nnot: app-not-listening")
def _(ev):
    """A Cloud Run service without a minimum of instances loads a model of 20 s. After each quiet spell the requests of
    the first seconds are given up before the new instance's start-up probe succeeds."""
    cloud, start = Gcp(ev), t("2026-11-23T09:00:00")
    for index in range(4):
        begin = start + index * 25 * MIN
        cloud.system(begin + 300 * MS, "Starting new instance. Reason: AUTOSCALING - Instance started due to configured "
                     "scaling factors (e.g. CPU utilization, request throughput, etc.) or no existing capacity for "
                     "current traffic.", index=index)
        for at in ev.spread(begin, begin + 9 * S, 6):
            cloud.run(at, 10_002 * MS + ev.rng.randint(0, 900), 429, "POST", "/predict", text=NO_INSTANCE)
        cloud.system(begin + 21 * S, "Default STARTUP TCP probe succeeded after 9 attempts for container \"api-1\" on port "
                     "8080.", index=index)
        cloud.run_traffic(begin + 22 * S, begin + 7 * MIN, 9, instances=1)


@case(SLUG, "quiet-health-check-misconfigured",
      "first: health-check-misconfigured\nnot: slow-startup\ncandidate: health-check-misconfigured")
def _(ev):
    """New tasks fail their checks soon after their start here too, and are replaced again and again; but they answer
    the checker, with 404: the path it asks for is not there any more. With no task left, the load balancer says 503."""
    start = t("2026-11-23T10:00:00")
    alb, ecs = Alb(ev, ["10.0.21.14:8080"]), Ecs(ev)
    alb.traffic(start, start + 8 * MIN, 12)
    for index in range(3):
        begin = start + (8 + 4 * index) * MIN
        task = ecs.task_id()
        ecs.started(begin, task)
        ecs.registered(begin + 20 * S)
        ecs.unhealthy(begin + 95 * S, task, 8080, "Health checks failed with these codes: [404]")
        ecs.drained(begin + 97 * S)
        ecs.stopped(begin + 98 * S, task)
        for at in ev.spread(begin + 100 * S, begin + 4 * MIN, 12):
            m, p, _ = ev.page()
            alb.request(at, MS, 503, "-", "-1 -1 -1", None, m, p, sent=337)
    alb.traffic(start + 20 * MIN, start + 32 * MIN, 12)
    ecs.describe_service()
