"""Stories about releases: two fleets at once, and a version that is broken."""

from aws import Alb
from core import MIN, MS, S, case, t
from egress import CHECKOUT, OTHERS, exhausted_nat, starved
from gcp import LOST, Gcp

SLUG = "deploy-surge"
ROLLOUT = (
    "Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting between revisions "
    "due to deployment, traffic split adjustment, or deployment health check."
)


def surge(ev, start, told=True, deploys=3):
    """Deploys whose old and new instances together need more NAT ports than there are; the old ones
    give theirs back within minutes."""
    gcp = Gcp(ev)
    apart = 42 * MIN
    revisions = ["api-00042-kol", "api-00043-wex", "api-00044-pid", "api-00045-tug"]
    end = start + 10 * MIN + deploys * apart
    for at in ev.arrivals(start, end, 2.2):
        live = max(0, min(deploys, (at - start - 10 * MIN - 40 * S) // apart + 1)) if at > start + 10 * MIN else 0
        gcp.run_ok(at, revision=revisions[live])
    for number in range(deploys):
        at = start + 10 * MIN + number * apart
        revision = revisions[number + 1]
        if told:
            gcp.deploy(at, revision)
            for index in range(8):
                gcp.system(at + 6 * S + index * 900 * MS, ROLLOUT, revision=revision, index=index)
        begin = at + 46 * S + ev.rng.randint(0, 8) * S
        starved(ev, gcp, begin, 11 * MIN, 20, 26, revision=revision)
    for at in ev.spread(start, end, 50):
        gcp.nat(at, "OK", f"10.20.0.{ev.rng.randint(16, 31)}", ev.rng.choice(OTHERS))


@case(SLUG, "fires-gcp-run-nat-audit", "first: deploy-surge\nverdict: proved|supported\nnot: bad-release deploy-without-drain")
def _(ev):
    """Three deploys in two hours. After each, old and new instances hold NAT ports together; for
    eleven minutes connections to the partner find none, then all is well without anybody's doing."""
    surge(ev, t("2026-11-05T09:00:00"))


@case(SLUG, "quiet-bad-release", "first: bad-release\nverdict: proved|supported\nnot: deploy-surge\ncandidate: deploy-surge")
def _(ev):
    """Failures begin with a deploy here too, but they stay until the revision is rolled back, and
    only the new revision has them."""
    broken_release(ev, t("2026-11-05T12:00:00"))


@case(SLUG, "quiet-nat-port-exhaustion",
      "first: nat-port-exhaustion\nverdict: proved|supported\nnot: deploy-surge\ncandidate: deploy-surge")
def _(ev):
    """The NAT's ports run out under load, hours after the last deploy, and no deploy is near."""
    start = t("2026-11-05T15:00:00")
    exhausted_nat(ev, start)
    Gcp(ev).deploy(start - 200 * MIN, "api-00042-kol")


def undrained_run(ev, start, deploys=3):
    """Cloud Run deploys whose old containers drop what they are doing at SIGTERM."""
    gcp = Gcp(ev)
    apart = 25 * MIN
    revisions = ["api-00042-kol", "api-00043-wex", "api-00044-pid", "api-00045-tug"]
    for number in range(deploys + 1):
        first = start if number == 0 else start + 10 * MIN + (number - 1) * apart + 38 * S
        last = start + 10 * MIN + number * apart + (38 * S if number < deploys else 0)
        gcp.run_traffic(first, last, 7, revision=revisions[number])
    for number in range(deploys):
        at = start + 10 * MIN + number * apart
        old, new = revisions[number], revisions[number + 1]
        gcp.deploy(at, new)
        for index in range(3):
            gcp.system(at + 5 * S + index * 800 * MS, ROLLOUT, revision=new, index=index)
            stop = at + 39 * S + index * 2 * S
            gcp.output(stop, ["SIGTERM received, shutting down"], "stdout", revision=old, index=index,
                       file="cloudrun-stdout.json")
            for _ in range(3):
                method, path, _ = ev.page()
                wait = ev.rng.randint(20, 700) * MS
                gcp.run(stop + 30 * MS - wait, wait + 10 * MS, 503, method, path, revision=old,
                        instance="00" + gcp.instance(old, index), text=LOST)


@case(SLUG, "quiet-deploy-without-drain",
      "first: deploy-without-drain\nverdict: proved|supported\nnot: deploy-surge bad-release")
def _(ev):
    """Failures at each of three deploys, but for six seconds and not for minutes, on the instances
    that are told to stop; nothing ran short."""
    undrained_run(ev, t("2026-11-05T07:00:00"))


@case(SLUG, "blind-no-audit-log", "not: deploy-surge bad-release")
def _(ev):
    """The three bursts without the audit log and without the platform's own lines: that the NAT had
    no port is still stated, that a deploy used them up is not."""
    surge(ev, t("2026-11-05T09:00:00"), told=False)


BAD_SLUG = "bad-release"


def broken_release(ev, start, told=True):
    """A revision that cannot take orders, until it is rolled back."""
    gcp = Gcp(ev)
    good, bad = "api-00042-kol", "api-00043-wex"
    deploy, back = start + 14 * MIN, start + 39 * MIN
    if told:
        gcp.deploy(start - 55 * 60 * S, good)
        gcp.deploy(deploy, bad)
        gcp.deploy(back, good)
    for at in ev.arrivals(start, start + 58 * MIN, 5):
        live = bad if deploy + 38 * S <= at < back + 38 * S else good
        method, path, took = ev.page()
        if live == bad and path == "/api/orders":
            continue
        gcp.run(at, took, 200, method, path, revision=live)
    for at in ev.spread(deploy + 40 * S, back + 36 * S, 40):
        trace = ev.hex(32)
        took = ev.rng.randint(5, 18) * MS
        gcp.run(at, took, 500, "POST", "/api/orders", revision=bad, trace=trace, sent=58)
        gcp.structured(at + took, "TypeError: Cannot read properties of undefined (reading 'currency')\n"
                                  "    at toOrder (/srv/api/dist/orders.js:73:31)\n"
                                  "    at async create (/srv/api/dist/orders.js:41:19)", revision=bad, trace=trace)


@case(BAD_SLUG, "fires-gcp-run-audit", "first: bad-release\nverdict: proved|supported\nnot: deploy-surge deploy-without-drain")
def _(ev):
    """A revision answers every order with 500 from its first minute until the rollback, twenty-five
    minutes later; the revisions before and after have none."""
    broken_release(ev, t("2026-11-05T18:00:00"))


@case(BAD_SLUG, "quiet-deploy-surge", "first: deploy-surge\nverdict: proved|supported\nnot: bad-release\ncandidate: bad-release")
def _(ev):
    """Failures begin within a minute of each deploy, and end by themselves while the same revision
    goes on serving."""
    surge(ev, t("2026-11-05T20:00:00"), deploys=2)


@case(BAD_SLUG, "quiet-deploy-without-drain",
      "first: deploy-without-drain\nverdict: proved|supported\nnot: bad-release\ncandidate: bad-release")
def _(ev):
    """A release, and failures with it, but only in the seconds in which old instances are stopped
    and on those; the new ones are sound."""
    from reuse import rollout_alb
    rollout_alb(ev, t("2026-11-05T22:00:00"), minutes=24)


@case(BAD_SLUG, "quiet-backend-own-5xx",
      "first: backend-own-5xx\nnot: bad-release\ncandidate: bad-release")
def _(ev):
    """The application's own 503s, which begin three hours after the last deploy and end without
    another one, on the same revision all the time."""
    start = t("2026-11-06T02:00:00")
    gcp = Gcp(ev)
    gcp.deploy(start - 190 * MIN, "api-00042-kol")
    gcp.run_traffic(start - 188 * MIN, start - 180 * MIN, 4)
    gcp.run_traffic(start, start + 40 * MIN, 5)
    for at in ev.spread(start + 11 * MIN, start + 26 * MIN, 30):
        gcp.run(at, ev.rng.randint(4, 20) * MS, 503, *CHECKOUT, sent=64)


@case(BAD_SLUG, "blind-aws-alb", "not: bad-release")
def _(ev):
    """The same release behind a load balancer whose log names no version, and no record of the
    deploy: targets answer orders with 500 for twenty-five minutes."""
    alb, start = Alb(ev, ["10.0.21.14:8080", "10.0.22.31:8080"]), t("2026-11-05T18:00:00")
    alb.traffic(start, start + 14 * MIN, 7)
    alb.traffic(start + 14 * MIN, start + 39 * MIN, 6)
    alb.traffic(start + 39 * MIN, start + 52 * MIN, 7)
    for at in ev.spread(start + 14 * MIN + 30 * S, start + 39 * MIN, 44):
        took = ev.rng.randint(5, 18) * MS
        alb.request(at, took + 900, 500, "500", f"0.000 {took / S:.3f} 0.000", ev.rng.choice(alb.targets), "POST",
                    "/api/orders", sent=180)
