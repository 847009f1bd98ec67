"""Stories about functions behind a load balancer or an API gateway."""

import json

from aws import Alb, ApiGateway, Lambda
from change import cloudfront
from core import MIN, MS, S, case, iso, t
from limits import RATE, SCALE, SIZE

SHAPE = "lambda-malformed-response"
ERROR = "lambda-function-error"
PAYLOAD = "lambda-payload-limit"
REFUSED = "lambda-throttled-or-denied"
UPLOAD = ("POST", "/api/photos", 0)
EXPORT = ("GET", "/api/orders/export", 0)


def failing(ev, start, reason, count, status=502, page=None, took=(40, 900), minutes=(12, 26), **more):
    """A function behind an ALB; some of its requests fail for one reason."""
    alb = Alb(ev, [], name="shop-fn", group="shop-fn")
    alb.function_traffic(start, start + 30 * MIN, 10)
    for at in ev.spread(start + minutes[0] * MIN, start + minutes[1] * MIN, count):
        alb.function(at, ev.rng.randint(*took) * MS, status, reason, page, **more)
    return alb


@case(SHAPE, "fires-aws-alb", f"first: {SHAPE}\nverdict: proved\nnot: {ERROR} {PAYLOAD}")
def _(ev):
    """A release returns the list of orders as an object instead of a string; the load balancer cannot make a
    response of it, while the function's own metrics show success."""
    failing(ev, t("2026-11-20T09:00:00"), "LambdaInvalidResponse", 44, page=("GET", "/api/orders/latest", 0),
            answered=False)


@case(SHAPE, f"quiet-{ERROR}", f"first: {ERROR}\nverdict: proved\nnot: {SHAPE}\ncandidate: {ERROR}")
def _(ev):
    """502 from the load balancer on one route as well; but the function threw, and the reason says so."""
    failing(ev, t("2026-11-20T10:00:00"), "LambdaUnhandled", 44, page=("GET", "/api/orders/latest", 0))


@case(SHAPE, f"quiet-{PAYLOAD}", f"first: {PAYLOAD}\nverdict: proved\nnot: {SHAPE}\ncandidate: {PAYLOAD}")
def _(ev):
    """The export has grown past what a function may answer an ALB; its shape is the right one."""
    failing(ev, t("2026-11-20T11:00:00"), "LambdaResponseTooLarge", 30, page=EXPORT, took=(900, 2600))


@case(SHAPE, "blind-short-records", f"verdict-at-most: consistent\nnot: {SHAPE} {ERROR} {PAYLOAD}")
def _(ev):
    """The same 502 in records whose last fields were cut off on the way: no reason, and nothing is claimed."""
    cut(ev, lambda: failing(ev, t("2026-11-20T12:00:00"), "LambdaInvalidResponse", 44,
                            page=("GET", "/api/orders/latest", 0), answered=False))


def cut(ev, story):
    """Runs a story and drops the fields from the redirect on, as an older pipeline does."""
    story()
    for file, records in ev.files.items():
        ev.files[file] = [(at, serial, text.split(' "forward" ')[0] + ' "forward" "-"') for at, serial, text in records]


@case(ERROR, "fires-aws-alb", f"first: {ERROR}\nverdict: proved\nnot: {SHAPE} {REFUSED}")
def _(ev):
    """An environment variable is missing in production: one route throws, and the load balancer answers 502."""
    failing(ev, t("2026-11-20T13:00:00"), "LambdaUnhandled", 52, page=("POST", "/api/orders", 0))


@case(ERROR, f"quiet-{SHAPE}", f"first: {SHAPE}\nverdict: proved\nnot: {ERROR}\ncandidate: {SHAPE}")
def _(ev):
    """The function ended well and returned nothing."""
    failing(ev, t("2026-11-20T14:00:00"), "LambdaInvalidResponse", 40, page=("POST", "/api/orders", 0), answered=False)


@case(ERROR, f"quiet-{REFUSED}", f"first: {REFUSED}\nverdict: proved\nnot: {ERROR}\ncandidate: {REFUSED}")
def _(ev):
    """502 in a burst at peak: the function was never started, for its concurrency was used up."""
    start = t("2026-11-20T15:00:00")
    alb = failing(ev, start, "LambdaThrottling", 60, took=(3, 20), minutes=(12, 15))
    alb.function_traffic(start + 12 * MIN, start + 15 * MIN, 30)


@case(ERROR, "blind-short-records", f"verdict-at-most: consistent\nnot: {ERROR} {SHAPE}")
def _(ev):
    """Records without their last fields: 502 after a while, with no target and no reason."""
    cut(ev, lambda: failing(ev, t("2026-11-20T16:00:00"), "LambdaUnhandled", 52, page=("POST", "/api/orders", 0)))


@case(PAYLOAD, "fires-aws-alb", f"first: {PAYLOAD}\nverdict: proved\nnot: {SHAPE} {SIZE}")
def _(ev):
    """The export of orders has grown past 1 MB, which is all that a function may answer a load balancer."""
    failing(ev, t("2026-11-20T17:00:00"), "LambdaResponseTooLarge", 34, page=EXPORT, took=(900, 2600))


@case(PAYLOAD, "fires-aws-alb-upload", f"first: {PAYLOAD}\nverdict: proved\nnot: {SIZE}")
def _(ev):
    """Photos above 1 MB, uploaded through a load balancer to a function: 413, and the reason names the function."""
    failing(ev, t("2026-11-20T18:00:00"), "LambdaRequestTooLarge", 34, status=413, page=UPLOAD, took=(30, 90),
            received=ev.rng.randint(1_200_000, 2_400_000))


@case(PAYLOAD, f"quiet-{SIZE}", f"first: {SIZE}\nverdict: proved\nnot: {PAYLOAD}\ncandidate: {SIZE}")
def _(ev):
    """A URL with a hundred parameters: 414 from the load balancer itself, whatever is behind it."""
    start = t("2026-11-20T19:00:00")
    alb = Alb(ev, [], name="shop-fn", group="shop-fn")
    alb.function_traffic(start, start + 30 * MIN, 10)
    for at in ev.spread(start + 5 * MIN, start + 26 * MIN, 30):
        alb.request(at, MS, 414, "-", "-1 -1 -1", None, "GET", "/api/search", received=17_000)


@case(PAYLOAD, f"quiet-{SHAPE}", f"first: {SHAPE}\nverdict: proved\nnot: {PAYLOAD}\ncandidate: {SHAPE}")
def _(ev):
    """The export answers with the wrong shape, at any length."""
    failing(ev, t("2026-11-20T20:00:00"), "LambdaInvalidResponse", 34, page=EXPORT, answered=False)


@case(PAYLOAD, "blind-short-records", f"verdict-at-most: consistent\nnot: {PAYLOAD} {SHAPE}")
def _(ev):
    """Records without their last fields: the export ends with 502, and nothing says why."""
    cut(ev, lambda: failing(ev, t("2026-11-20T21:00:00"), "LambdaResponseTooLarge", 34, page=EXPORT, took=(900, 2600)))


@case(REFUSED, "fires-aws-alb-throttled", f"first: {REFUSED}\nverdict: proved\nnot: {ERROR} {SCALE}")
def _(ev):
    """A sale begins: the function's reserved concurrency is used up within seconds, and the rest gets 502."""
    start = t("2026-11-21T09:00:00")
    alb = failing(ev, start, "LambdaThrottling", 66, took=(3, 20), minutes=(12, 15))
    alb.function_traffic(start + 12 * MIN, start + 15 * MIN, 40)


@case(REFUSED, "fires-aws-alb-denied", f"first: {REFUSED}\nverdict: proved\nnot: {ERROR}")
def _(ev):
    """The target group's function was created anew without a permission for the load balancer: every request of
    its route gets 502 from then on."""
    start = t("2026-11-21T10:00:00")
    alb = Alb(ev, [], name="shop-fn", group="shop-fn")
    alb.function_traffic(start, start + 15 * MIN, 10)
    for at in ev.arrivals(start + 15 * MIN, start + 28 * MIN, 10):
        m, p, _ = ev.page()
        alb.function(at, ev.rng.randint(4, 15) * MS, 502, "LambdaAccessDenied", (m, p, 0))


@case(REFUSED, f"quiet-{ERROR}", f"first: {ERROR}\nverdict: proved\nnot: {REFUSED}\ncandidate: {ERROR}")
def _(ev):
    """502 from the same function at the same hour; it ran, and threw."""
    failing(ev, t("2026-11-21T11:00:00"), "LambdaUnhandled", 60, minutes=(12, 15))


@case(REFUSED, f"quiet-{SCALE}", f"first: {SCALE}\nverdict: proved\nnot: {REFUSED}\ncandidate: {SCALE}")
def _(ev):
    """A burst as well; but what ran out are the addresses of the function's subnets."""
    failing(ev, t("2026-11-21T12:00:00"), "LambdaSubnetIPAddressLimitReachedException", 60, minutes=(12, 15))


@case(REFUSED, "blind-short-records", f"verdict-at-most: consistent\nnot: {REFUSED} {ERROR}")
def _(ev):
    """The sale once more, in records without their last fields."""
    cut(ev, lambda: failing(ev, t("2026-11-21T13:00:00"), "LambdaThrottling", 66, took=(3, 20), minutes=(12, 15)))


WAITED = "api-gateway-integration-timeout"
BODY = '{"message": "Internal server error"}'


@case(WAITED, "fires-aws-api-gateway", f"first: {WAITED}\nverdict: proved\nnot: {ERROR} backend-own-5xx")
def _(ev):
    """The report of the year takes longer than 29 s; the gateway gives up, and the function's log shows that each
    went on to its end."""
    start = t("2026-11-21T14:00:00")
    api, function = ApiGateway(ev), Lambda(ev, "reports", 1024)
    api.traffic(start, start + 30 * MIN, 10)
    for at in ev.spread(start + 3 * MIN, start + 27 * MIN, 24):
        api.access(at, 29 * S + ev.rng.randint(2, 40) * MS, 504, "GET", "/prod/reports/year", None,
                   "INTEGRATION_TIMEOUT")
        function.request(at + 20 * MS, ev.rng.randint(31_000, 58_000) * MS, used=611)


@case(WAITED, "fires-aws-api-gateway-body", f"first: {WAITED}\nverdict: proved\nnot: {ERROR}")
def _(ev):
    """A function was moved into a VPC's private subnets that have no route outward: each call to the payment
    service waits for an answer to its SYN until the gateway gives up. Pasted from the client's side, where the body
    is all there is."""
    ev.add("client.txt", "aws-api-gateway", t("2026-11-21T15:00:00"),
           'HTTP/1.1 504 Gateway Timeout\n\n{"message": "Endpoint request timed out"}')


@case(WAITED, "fires-beside-cloudfront-alb",
      f"first: {WAITED}\nverdict: proved\ncandidate: target-response-timeout\nnot: {ERROR}")
def _(ev):
    """Two fronts fail in the same minutes for reasons of their own. The shop stands behind a CDN and a load balancer
    whose one target answers the orders too late; beside it the reports have an API gateway of their own, whose
    function takes longer than 29 s. The CDN has none of the reports, so both are counted."""
    start = t("2026-11-21T19:00:00")
    api, function = ApiGateway(ev), Lambda(ev, "reports", 1024)
    api.traffic(start, start + 30 * MIN, 6)
    alb = Alb(ev, ["10.0.31.7:8080", "10.0.32.8:8080"])
    for at in ev.arrivals(start, start + 30 * MIN, 8):
        m, p, took = ev.page()
        alb.ok(at, method=m, path=p)
        cloudfront(ev, at - 4 * MS, took * MS // 1_000 + 9 * MS, 200, "Miss", "Miss", (m, p, took))
    for at in ev.spread(start + 5 * MIN, start + 25 * MIN, 24):
        alb.request(at, 30 * S + 2 * MS, 504, "-", "0.000 30.001 -1", "10.0.31.7:8080", "POST", "/api/orders", sent=132)
        cloudfront(ev, at - 4 * MS, 30 * S + 9 * MS, 504, "Error", "Error", ("POST", "/api/orders", 0))
    for at in ev.spread(start + 5 * MIN, start + 25 * MIN, 36):
        api.access(at, 29 * S + ev.rng.randint(2, 40) * MS, 504, "GET", "/prod/reports/year", None,
                   "INTEGRATION_TIMEOUT")
        function.request(at + 20 * MS, ev.rng.randint(31_000, 58_000) * MS, used=611)


@case(WAITED, f"quiet-{ERROR}", f"first: {ERROR}\nverdict: proved\nnot: {WAITED}\ncandidate: {ERROR}")
def _(ev):
    """The function ends by itself, with an error, long before the gateway would have; 502 with the reason in the
    execution log."""
    start = t("2026-11-21T16:00:00")
    api = ApiGateway(ev)
    api.traffic(start, start + 30 * MIN, 10)
    for at in ev.spread(start + 12 * MIN, start + 25 * MIN, 30):
        failed(ev, api, at, 502, "Lambda execution failed with status 200 due to customer function error: Cannot read "
               f"properties of undefined (reading 'id'). Lambda request id: {ev.uuid()}")


@case(WAITED, "quiet-target-response-timeout",
      f"first: target-response-timeout\nverdict: proved\nnot: {WAITED}")
def _(ev):
    """A report that takes too long, behind a load balancer with servers instead: 504 at its idle timer."""
    start = t("2026-11-21T17:00:00")
    alb = Alb(ev, ["10.0.31.7:8080", "10.0.32.8:8080"])
    alb.traffic(start, start + 30 * MIN, 10)
    for at in ev.spread(start + 3 * MIN, start + 27 * MIN, 24):
        alb.request(at, 60 * S + 2 * MS, 504, "-", "0.000 60.001 -1", "10.0.31.7:8080", "GET", "/reports/year", sent=132)


@case(WAITED, "blind-no-integration-fields", f"verdict-at-most: consistent\nnot: {WAITED}")
def _(ev):
    """The same reports in the common log format: a status of 504 and no duration, no reason."""
    start = t("2026-11-21T18:00:00")
    api = ApiGateway(ev)
    moments = [(at, 200) for at in ev.arrivals(start, start + 30 * MIN, 10)]
    moments += [(at, 504) for at in ev.spread(start + 3 * MIN, start + 27 * MIN, 24)]
    for at, status in moments:
        common(ev, api, at, status, "/prod/reports/year" if status == 504 else ev.page()[1])


def common(ev, api, at, status, path):
    """A line in the console's template of the common log format."""
    day = iso(at, 0, "")
    ev.add(api.access_file, "aws-api-gateway", at,
           f'{ev.client()} - - [{day[8:10]}/Nov/2026:{day[11:19]} +0000] "GET {path} HTTP/1.1" {status} 41 {ev.uuid()}')


def failed(ev, api, at, status, *reasons):
    """A request that the gateway answered itself, with its access line and the execution log's reasons."""
    request_id = ev.uuid()
    m, p, took = ev.page()
    api.access(at, took, status, m, f"/prod{p}", None, "DEFAULT_5XX" if status == 500 else "-", request_id=request_id)
    api.execution(at + took - 9 * MS, request_id, *reasons,
                  f"Gateway response body: {BODY}", f"Method completed with status: {status}")


@case(SHAPE, "fires-aws-api-gateway", f"first: {SHAPE}\nverdict: proved\nnot: {ERROR}")
def _(ev):
    """A handler returns nothing on one of its paths; the access log has 502 and no reason, the execution log has the
    sentence, under the same request id."""
    start = t("2026-11-21T19:00:00")
    api = ApiGateway(ev)
    api.traffic(start, start + 30 * MIN, 10)
    for at in ev.spread(start + 12 * MIN, start + 25 * MIN, 30):
        failed(ev, api, at, 502, "Endpoint response body before transformations: null",
               "Execution failed due to configuration error: Malformed Lambda proxy response")


@case(ERROR, "fires-aws-lambda", f"first: {ERROR}\nverdict: proved\nnot: oom-kill {SHAPE}")
def _(ev):
    """The function's log alone: a handler that meets an order without an id."""
    start, function = t("2026-11-21T20:00:00"), Lambda(ev)
    for at in ev.arrivals(start, start + 20 * MIN, 5):
        function.request(at, ev.rng.randint(20, 160) * MS)
    for at in ev.spread(start + 9 * MIN, start + 15 * MIN, 18):
        end = at + ev.rng.randint(8, 40) * MS
        function.request(at, end - at, f"{iso(end, 3)}\t{{id}}\tERROR\tInvoke Error \t"
                         '{"errorType":"TypeError","errorMessage":"Cannot read properties of undefined (reading \'id\')",'
                         '"stack":["TypeError: Cannot read properties of undefined (reading \'id\')",'
                         '"    at Runtime.handler (/var/task/index.js:41:19)"]}',
                         status="Status: error\tError Type: TypeError")


@case(ERROR, "quiet-oom-kill", f"first: oom-kill\nverdict: proved\nnot: {ERROR}")
def _(ev):
    """Large photos: the function's process is killed at its memory size."""
    start, function = t("2026-11-21T21:00:00"), Lambda(ev, "photos", 128)
    for at in ev.arrivals(start, start + 20 * MIN, 5):
        function.request(at, ev.rng.randint(80, 400) * MS, used=ev.rng.randint(84, 110))
    for at in ev.spread(start + 4 * MIN, start + 17 * MIN, 14):
        function.request(at, ev.rng.randint(900, 2400) * MS, "RequestId: {id} Error: Runtime exited with error: signal: "
                         "killed", used=128, status="Status: error\tError Type: Runtime.ExitError")


@case(REFUSED, "fires-aws-api-gateway", f"first: {REFUSED}\nverdict: proved\nnot: {ERROR} {RATE}")
def _(ev):
    """Another function of the account is in a loop and holds all its executions; the gateway answers 500, and its
    execution log has the 429 of the platform."""
    start = t("2026-11-22T09:00:00")
    api = ApiGateway(ev)
    api.traffic(start, start + 30 * MIN, 10)
    for at in ev.spread(start + 12 * MIN, start + 18 * MIN, 48):
        failed(ev, api, at, 500, f"Lambda invocation failed with status: 429. Lambda request id: {ev.uuid()}")


@case(REFUSED, f"quiet-{RATE}", f"first: {RATE}\nverdict: proved\nnot: {REFUSED}\ncandidate: {RATE}")
def _(ev):
    """The stage's own throttle: 429 to the client, and the function is not called."""
    start = t("2026-11-22T10:00:00")
    api = ApiGateway(ev)
    api.traffic(start, start + 30 * MIN, 10)
    for at in ev.spread(start + 12 * MIN, start + 18 * MIN, 48):
        m, p, _ = ev.page()
        api.access(at, 2 * MS, 429, m, f"/prod{p}", None, "THROTTLED")


@case(REFUSED, "fires-aws-metrics", f"first: {REFUSED}\nverdict: supported|proved\nnot: {ERROR}")
def _(ev):
    """The stage logs in the common log format: a bare 500. The function's metric has the throttled calls of these
    minutes, and none before or after."""
    start = t("2026-11-22T11:00:00")
    api = ApiGateway(ev)
    moments = [(at, 200) for at in ev.arrivals(start, start + 30 * MIN, 10)]
    moments += [(at, 500) for at in ev.spread(start + 12 * MIN, start + 16 * MIN, 52)]
    for at, status in moments:
        common(ev, api, at, status, ev.page()[1])
    points = []
    for minute in range(30):
        value = 13.0 if 12 <= minute < 16 else 0.0
        points.append({"Timestamp": iso(start + minute * MIN, 0, "+00:00"), "Sum": value, "Unit": "Count"})
    ev.add("throttles.json", "aws-metrics", start, json.dumps({"Label": "Throttles", "Datapoints": points}, indent=4))
