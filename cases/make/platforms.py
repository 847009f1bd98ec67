"""What platforms and servers say of the processes they run: Amazon ECS, Elastic Load Balancing,
Kubernetes, and the logs of application servers."""

import json

from core import MS, S, iso, when

ACCOUNT = "123456789012"


class Ecs:
    """One service of Amazon ECS: its events, its tasks, and the health of its targets, as the AWS CLI
    prints them."""

    def __init__(self, ev, service="shop-api", group="shop-api"):
        self.ev, self.service, self.group = ev, service, group
        self.arn = f"arn:aws:elasticloadbalancing:ap-northeast-1:{ACCOUNT}:targetgroup/{group}/{ev.hex(16)}"
        self.told, self.tasks = [], []

    def task_id(self):
        """A task's id."""
        return self.ev.hex(32)

    def say(self, at, text):
        """A service event."""
        self.told.append((at, f"(service {self.service}) {text}"))

    def started(self, at, task):
        """A task was launched, and registered as a target when its container ran."""
        self.say(at, f"has started 1 tasks: (task {task}).")

    def registered(self, at):
        """A target was added."""
        self.say(at, f"registered 1 targets in (target-group {self.arn})")

    def drained(self, at):
        """A target was taken out."""
        self.say(at, f"deregistered 1 targets in (target-group {self.arn})")
        self.say(at + 40 * MS, "has begun draining connections on 1 tasks.")

    def stopped(self, at, task):
        """A task was told to stop."""
        self.say(at, f"has stopped 1 running tasks: (task {task}).")

    def unhealthy(self, at, task, port, reason):
        """A target failed its health checks."""
        self.say(at, f"(task {task}) (port {port}) is unhealthy in (target-group {self.arn}) due to (reason {reason}).")

    def describe_service(self, file="services.json"):
        """Writes what `aws ecs describe-services` prints: the newest event first."""
        events = [{"id": self.ev.uuid(), "createdAt": iso(at, 6, "+00:00"), "message": text}
                  for at, text in sorted(self.told, reverse=True)]
        self.ev.add(file, "aws-ecs", 0, json.dumps(
            {"services": [{"serviceName": self.service, "status": "ACTIVE", "desiredCount": 2, "events": events}],
             "failures": []}, indent=4))

    def ended(self, task, started, stopping, ended, code, reason, address, code_word="ServiceSchedulerInitiated"):
        """A task that was stopped: told to at one time, its container gone at another."""
        self.tasks.append({
            "taskArn": f"arn:aws:ecs:ap-northeast-1:{ACCOUNT}:task/prod/{task}",
            "clusterArn": f"arn:aws:ecs:ap-northeast-1:{ACCOUNT}:cluster/prod",
            "taskDefinitionArn": f"arn:aws:ecs:ap-northeast-1:{ACCOUNT}:task-definition/{self.service}:43",
            "containers": [{"name": "app", "lastStatus": "STOPPED", "exitCode": code,
                            "networkInterfaces": [{"privateIpv4Address": address}]}],
            "desiredStatus": "STOPPED", "lastStatus": "STOPPED", "launchType": "FARGATE",
            "group": f"service:{self.service}", "createdAt": iso(started - 31 * S, 6, "+00:00"),
            "startedAt": iso(started, 6, "+00:00"), "stoppingAt": iso(stopping, 6, "+00:00"),
            "executionStoppedAt": iso(ended, 6, "+00:00"), "stoppedAt": iso(ended + 14 * S, 6, "+00:00"),
            "stopCode": code_word, "stoppedReason": reason,
        })

    def describe_tasks(self, file="stopped-tasks.json"):
        """Writes what `aws ecs describe-tasks` prints."""
        self.ev.add(file, "aws-ecs-task", 0, json.dumps({"tasks": self.tasks, "failures": []}, indent=4))

    def target_health(self, states, file="target-health.json"):
        """Writes what `aws elbv2 describe-target-health` prints: pairs of an address and its state."""
        words = {
            "healthy": {"State": "healthy"},
            "draining": {"State": "draining", "Reason": "Target.DeregistrationInProgress",
                         "Description": "Target deregistration is in progress"},
        }
        told = []
        for address, state in states:
            host, port = address.split(":")
            told.append({"Target": {"Id": host, "Port": int(port), "AvailabilityZone": "ap-northeast-1a"},
                         "HealthCheckPort": port, "TargetHealth": words[state]})
        self.ev.add(file, "aws-target-health", 0, json.dumps({"TargetHealthDescriptions": told}, indent=4))


class Kubernetes:
    """The events of one namespace, as `kubectl get events -o json` prints them."""

    def __init__(self, ev, namespace="shop", file="events.json"):
        self.ev, self.namespace, self.file, self.told = ev, namespace, file, []
        self.pods = []

    def pod(self, deployment="api", replica_set=None):
        """A pod's name."""
        letters = "bcdfghjklmnpqrstvwxz2456789"
        suffix = "".join(self.ev.rng.choice(letters) for _ in range(5))
        return f"{deployment}-{replica_set or '7d9c5b7f4'}-{suffix}"

    def event(self, at, reason, message, name, kind="Pod", level="Normal", first=None, count=1):
        """One event; times are whole seconds."""
        self.told.append((at, {
            "apiVersion": "v1", "kind": "Event", "reason": reason, "message": message, "type": level, "count": count,
            "firstTimestamp": iso(first or at, 0), "lastTimestamp": iso(at, 0), "eventTime": None,
            "involvedObject": {"apiVersion": "v1", "kind": kind, "name": name, "namespace": self.namespace},
            "metadata": {"name": f"{name}.{self.ev.hex(16)}", "namespace": self.namespace},
            "reportingComponent": "", "source": {"component": "kubelet", "host": "node-1"},
        }))

    def scaled(self, at, deployment, replica_set, to, old=0):
        """A deployment's step."""
        self.event(at, "ScalingReplicaSet", f"Scaled up replica set {replica_set} to {to} from {old}", deployment,
                   "Deployment")

    def started(self, at, pod, container="api"):
        """A container runs."""
        self.event(at, "Started", f"Started container {container}", pod)

    def killing(self, at, pod, container="api"):
        """A container is told to stop."""
        self.event(at, "Killing", f"Stopping container {container}", pod)

    def probe_failed(self, at, pod, which, message, first=None, count=1):
        """A probe of the kubelet failed."""
        self.event(at, "Unhealthy", f"{which} probe failed: {message}", pod, level="Warning", first=first, count=count)

    def write(self):
        """Writes the list."""
        items = [event for _, event in sorted(self.told, key=lambda one: one[0])]
        self.ev.add(self.file, "kubernetes", 0, json.dumps(
            {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}, indent=4))

    def ended_pod(self, at, pod, code, reason, began, container="api"):
        """A pod whose container has ended, as `kubectl get pods -o json` prints it while it is being deleted."""
        self.pods.append({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": pod, "namespace": self.namespace},
            "status": {"phase": "Failed", "containerStatuses": [{
                "name": container, "ready": False, "restartCount": 0, "lastState": {},
                "state": {"terminated": {"exitCode": code, "reason": reason, "startedAt": iso(began, 0),
                                         "finishedAt": iso(at, 0)}}}]},
        })

    def write_pods(self, file="pods.json"):
        """Writes the pods."""
        self.ev.add(file, "kubernetes", 0, json.dumps(
            {"apiVersion": "v1", "items": self.pods, "kind": "List", "metadata": {"resourceVersion": ""}}, indent=4))


def gunicorn(ev, at, pid, level, text, file="gunicorn.log"):
    """A line of gunicorn's own log."""
    ev.add(file, "gunicorn", at, f"[{when(at).strftime('%Y-%m-%d %H:%M:%S')} +0000] [{pid}] [{level}] {text}")


def spring(ev, at, text, level="INFO", thread="main", logger="o.s.b.w.e.tomcat.GracefulShutdown", file="app.log", more=()):
    """A line of a Spring Boot program, and what stands below it."""
    head = (f"{iso(at, 3)} {level:>5} 1 --- [shop-api] [{thread[-15:]:>15}] {logger:<40} : {text}")
    for number, line in enumerate([head, *more]):
        ev.add(file, "spring", at + number, line)


def metric(ev, at, datapoints, label, file, period=60):
    """Writes what `aws cloudwatch get-metric-statistics` prints: pairs of a time and a sum."""
    points = [{"Timestamp": iso(moment // (period * S) * period * S, 0, "+00:00"), "Sum": float(value), "Unit": "Count"}
              for moment, value in datapoints]
    ev.add(file, "aws-metrics", at, json.dumps({"Label": label, "Datapoints": points}, indent=4))
