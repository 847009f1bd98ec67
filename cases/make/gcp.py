"""Google Cloud: load balancer, Cloud Run, Cloud NAT, audit log. One LogEntry a record."""

import hashlib
import json

from core import AGENTS, S, iso

PROJECT = "shop-prod-417"
# Entries are long: two of three healthy ones are enough, as in a log that is sampled.
THIN = 0.65
TOO_LONG = (
    "The request has been terminated because it has reached the maximum request timeout. "
    "To change this limit, see https://cloud.google.com/run/docs/configuring/request-timeout"
)
LOST = (
    "The request failed because either the HTTP response was malformed or connection to the instance had an error. "
    "Additional troubleshooting documentation can be found at: "
    "https://cloud.google.com/run/docs/troubleshooting#malformed-response-or-connection-error"
)
OOM_REQUEST = (
    "While handling this request, the container instance was found to be using too much memory and was terminated. "
    "This is likely to cause a new container instance to be used for the next request to this revision. "
    "If you see this message frequently, you may have a memory leak in your code or may need more memory. "
    "Consider creating a new revision with more memory."
)


def latency(us):
    """A duration as the API writes it."""
    text = f"{us / S:.6f}".rstrip("0").rstrip(".")
    return f"{text}s"


class Gcp:
    """Writers for one project."""

    def __init__(self, ev, region="asia-northeast1"):
        self.ev, self.region = ev, region

    def entry(self, file, dialect, at, log, resource, where, **more):
        """Adds one LogEntry."""
        ev = self.ev
        entry = {"insertId": ev.hex(20)}
        entry.update(more)
        entry.update({
            "logName": f"projects/{PROJECT}/logs/{log}",
            "receiveTimestamp": iso(at + ev.rng.randint(200_000, 900_000), 9),
            "resource": {"labels": {"project_id": PROJECT, **where}, "type": resource},
            "timestamp": iso(at, 9 if dialect == "gcp-lb" else 6),
        })
        ev.add(file, dialect, at, json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")))

    def request_fields(self, start, total, status, method, path, host, server, sent=None):
        """The httpRequest object; a key without value is absent."""
        ev = self.ev
        fields = {
            "latency": latency(total), "protocol": "HTTP/1.1", "remoteIp": ev.client(),
            "requestMethod": method, "requestSize": str(ev.rng.randint(120, 900)),
            "requestUrl": f"https://{host}{path}",
            "responseSize": str(sent if sent is not None else (ev.rng.randint(400, 9000) if 0 < status < 400 else 447)),
            "serverIp": server, "userAgent": ev.rng.choice(AGENTS),
        }
        if status:
            fields["status"] = status
        if not server:
            del fields["serverIp"]
        return fields

    def lb(self, start, total, status, details, method, path, server="10.20.0.4", host="shop.example.com",
           service="shop-api", file="lb-requests.json", sent=None, trace=None):
        """One request at the global external load balancer; the time stamp is its start."""
        trace = trace or self.ev.hex(32)
        payload = {
            "@type": "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry",
            "backendTargetProjectNumber": "projects/417417417417",
            "remoteIp": self.ev.client(),
        }
        if details:
            payload["statusDetails"] = details
        self.entry(
            file, "gcp-lb", start, "requests", "http_load_balancer",
            {"backend_service_name": service, "forwarding_rule_name": "shop-https", "target_proxy_name": "shop-proxy",
             "url_map_name": "shop-map", "zone": "global"},
            httpRequest=self.request_fields(start, total, status, method, path, host, server, sent),
            jsonPayload=payload, severity="INFO" if 0 < status < 400 else "WARNING",
            spanId=self.ev.hex(16), trace=f"projects/{PROJECT}/traces/{trace}",
        )

    def lb_ok(self, at, server="10.20.0.4", slow=1.0, **more):
        """A request the backend answered."""
        m, p, took = self.ev.page()
        self.lb(at, int(took * slow), 200, "response_sent_by_backend", m, p, server, **more)

    def lb_traffic(self, start, end, per_minute, servers=("10.20.0.4", "10.20.0.5", "10.20.0.6"), slow=1.0):
        """Healthy traffic."""
        for at in self.ev.arrivals(start, end, per_minute * THIN):
            self.lb_ok(at, self.ev.rng.choice(list(servers)), slow)

    def run_labels(self, service, revision):
        """Labels of a Cloud Run revision."""
        return {"configuration_name": service, "location": self.region, "revision_name": revision,
                "service_name": service}

    def run(self, start, total, status, method, path, service="api", revision="api-00042-kol", instance=None,
            text=None, trace=None, file="cloudrun-requests.json", sent=None):
        """One request in Cloud Run's request log; platform errors carry a text."""
        more = {"textPayload": text} if text else {}
        severity = "ERROR" if status >= 500 else "WARNING" if status >= 400 else "INFO"
        self.entry(
            file, "gcp-run", start, "run.googleapis.com%2Frequests", "cloud_run_revision",
            self.run_labels(service, revision),
            httpRequest=self.request_fields(start, total, status, method, path,
                                            f"{service}-417417417417.{self.region}.run.app", "216.239.36.53", sent),
            labels={"instanceId": instance or "00" + self.instance(revision)}, severity=severity,
            spanId=self.ev.hex(16), trace=f"projects/{PROJECT}/traces/{trace or self.ev.hex(32)}",
            traceSampled=False, **more,
        )

    def instance(self, revision, index=0):
        """An instance id that belongs to a revision."""
        return hashlib.sha256(f"{revision}{index}".encode()).hexdigest()

    def run_ok(self, at, service="api", revision="api-00042-kol", slow=1.0, status=200, trace=None, instances=3, file="cloudrun-requests.json"):
        """A request the service answered."""
        m, p, took = self.ev.page()
        self.run(at, int(took * slow), status, m, p, service, revision,
                 "00" + self.instance(revision, self.ev.rng.randrange(instances)), trace=trace, file=file)

    def run_traffic(self, start, end, per_minute, slow=1.0, **more):
        """Healthy traffic."""
        for at in self.ev.arrivals(start, end, per_minute * THIN):
            self.run_ok(at, slow=slow, **more)

    def system(self, at, text, service="api", revision="api-00042-kol", severity="INFO", index=0,
               file="cloudrun-system.json"):
        """A line of the platform about an instance."""
        self.entry(file, "gcp-run", at, "run.googleapis.com%2Fvarlog%2Fsystem", "cloud_run_revision",
                   self.run_labels(service, revision),
                   labels={"instanceId": "00" + self.instance(revision, index)}, severity=severity, textPayload=text)

    def output(self, at, lines, stream="stderr", service="api", revision="api-00042-kol", index=0,
               file="cloudrun-stderr.json"):
        """What the container wrote: the platform makes one entry of every line."""
        for number, text in enumerate(lines):
            self.entry(file, "gcp-run", at + number, f"run.googleapis.com%2F{stream}", "cloud_run_revision",
                       self.run_labels(service, revision),
                       labels={"instanceId": "00" + self.instance(revision, index)}, textPayload=text)

    def structured(self, at, message, service="api", revision="api-00042-kol", severity="ERROR", trace=None,
                   file="cloudrun-stderr.json", **fields):
        """What the container wrote as JSON: one entry with all lines in `message`."""
        more = {"trace": f"projects/{PROJECT}/traces/{trace}"} if trace else {}
        self.entry(file, "gcp-run", at, "run.googleapis.com%2Fstderr", "cloud_run_revision",
                   self.run_labels(service, revision), jsonPayload={"message": message, **fields},
                   labels={"instanceId": "00" + self.instance(revision)}, severity=severity, **more)

    def nat(self, at, status, source, destination, port=443, file="nat-flows.json"):
        """One flow at Cloud NAT; a dropped one has no address or port of the gateway."""
        ev = self.ev
        connection = {"dest_ip": destination, "dest_port": port, "protocol": 6, "src_ip": source,
                      "src_port": ev.port()}
        if status == "OK":
            connection["nat_ip"] = "198.51.100.77"
            connection["nat_port"] = ev.rng.randint(1024, 65535)
        self.entry(
            file, "gcp-nat", at, "compute.googleapis.com%2Fnat_flows", "nat_gateway",
            {"gateway_name": "shop-nat", "region": self.region, "router_id": "5519217417417417417"},
            jsonPayload={
                "allocation_status": status, "connection": connection,
                "destination": {"geo_location": {"asn": 64500, "country": "usa"}},
                "endpoint": {"project_id": PROJECT, "region": self.region, "vm_name": "", "zone": ""},
                "gateway_identifiers": {"gateway_name": "shop-nat", "region": self.region,
                                        "router_name": "shop-router"},
                "vpc": {"project_id": PROJECT, "subnetwork_name": "run-egress", "vpc_name": "shop-vpc"},
            },
            labels={"nat.googleapis.com/instance_name": "", "nat.googleapis.com/nat_ip": connection.get("nat_ip", ""),
                    "nat.googleapis.com/network_name": "shop-vpc", "nat.googleapis.com/router_name": "shop-router",
                    "nat.googleapis.com/subnetwork_name": "run-egress"},
        )

    def deploy(self, at, revision, service="api", took=38 * S, file="audit-activity.json"):
        """A deploy of a Cloud Run service: the call, and its end when the revision takes traffic."""
        operation = self.ev.uuid()
        name = f"projects/{PROJECT}/locations/{self.region}/services/{service}"
        for first, moment in ((True, at), (False, at + took)):
            payload = {
                "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                "authenticationInfo": {"principalEmail": f"deployer@{PROJECT}.iam.gserviceaccount.com"},
                "methodName": "google.cloud.run.v2.Services.UpdateService",
                "resourceName": name, "serviceName": "run.googleapis.com", "status": {},
            }
            if first:
                payload["request"] = {
                    "@type": "type.googleapis.com/google.cloud.run.v2.UpdateServiceRequest",
                    "service": {"name": name, "template": {"revision": revision}},
                }
            else:
                payload["response"] = {
                    "@type": "type.googleapis.com/google.cloud.run.v2.Service", "name": name,
                    "latestCreatedRevision": f"{name}/revisions/{revision}",
                    "latestReadyRevision": f"{name}/revisions/{revision}",
                }
            self.entry(file, "gcp-audit", moment, "cloudaudit.googleapis.com%2Factivity", "cloud_run_revision",
                       self.run_labels(service, revision if not first else ""),
                       operation={"id": operation, "producer": "run.googleapis.com",
                                  ("first" if first else "last"): True},
                       protoPayload=payload, severity="NOTICE")
