//! What a log record becomes: a tally (a healthy request, counted and forgotten), a request worth
//! keeping, or an occurrence.

use std::borrow::Cow;

use crate::names::vocabulary;
use crate::{Author, HopKind, Mechanism, Micros, Phase, ProxyError, Reuse, Role, Side, Timestamp};

/// A healthy request at the price of its counters: borrowed from the line, nothing allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally<'a> {
    /// When the request ended, or began if the dialect logs only that.
    pub at: Timestamp,
    /// The hop that wrote the record, raw bytes as logged.
    pub hop: &'a [u8],
    /// What kind of hop that is.
    pub kind: HopKind,
    /// Status sent to the client.
    pub status: u16,
    /// The target that served it, raw bytes; empty if none is named.
    pub target: &'a [u8],
    /// From first byte read to last byte sent, as the dialect measures it.
    pub elapsed: Option<Micros>,
}

/// One record that is kept as more than a count.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// One request as one hop saw it.
    Request(Box<Request<'a>>),
    /// Something that happened.
    Occurrence(Box<Occurrence<'a>>),
}

impl<'a> From<Request<'a>> for Event<'a> {
    fn from(request: Request<'a>) -> Event<'a> {
        Event::Request(Box::new(request))
    }
}

impl<'a> From<Occurrence<'a>> for Event<'a> {
    fn from(occurrence: Occurrence<'a>) -> Event<'a> {
        Event::Occurrence(Box::new(occurrence))
    }
}

/// The coordinates of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Failure {
    /// What the record says happened.
    pub mechanism: Mechanism,
    /// On which side.
    pub side: Side,
    /// In which phase, if the record says.
    pub phase: Option<Phase>,
    /// On which kind of connection.
    pub reuse: Reuse,
    /// RFC 9209 error type, if one fits.
    pub error: Option<ProxyError>,
}

impl Failure {
    /// A failure with the coordinates that usually go with its mechanism.
    #[must_use]
    pub const fn of(mechanism: Mechanism) -> Failure {
        let (side, phase, error) = mechanism.usual();
        Failure { mechanism, side, phase, reuse: Reuse::Unknown, error }
    }

    /// The same failure on another kind of connection.
    #[must_use]
    pub const fn on(mut self, reuse: Reuse) -> Failure {
        self.reuse = reuse;
        self
    }

    /// The same failure, of a call the application made outward.
    #[must_use]
    pub const fn outward(mut self) -> Failure {
        self.side = Side::Egress;
        self
    }
}

/// Spans the record states; absent where the phase was not reached or is not logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timers {
    /// The whole request at this hop.
    pub total: Option<Micros>,
    /// Waiting in the hop's queue.
    pub queue: Option<Micros>,
    /// Opening the connection to the target (with TLS where the dialect counts it in).
    pub connect: Option<Micros>,
    /// From the request being sent until the first byte of the response, or until failure.
    pub wait: Option<Micros>,
}

/// One request as one hop saw it. A request without `failure` is kept for contrast or for joining
/// (slow ones, mostly).
#[derive(Clone, Debug, PartialEq)]
pub struct Request<'a> {
    /// When it began, UTC, if known or computable.
    pub start: Option<Timestamp>,
    /// When it ended, UTC, if known or computable.
    pub end: Option<Timestamp>,
    /// The hop that wrote the record, as the record names it.
    pub hop: Cow<'a, str>,
    /// What kind of hop that is.
    pub kind: HopKind,
    /// Whether the record may be counted as a request.
    pub role: Role,
    /// Status sent to the client; 0 where the client got none.
    pub status: Option<u16>,
    /// Status received from the target, last attempt.
    pub upstream_status: Option<u16>,
    /// Who wrote the status.
    pub author: Author,
    /// What went wrong, if anything did.
    pub failure: Option<Failure>,
    /// The spans the record states.
    pub timers: Timers,
    /// Attempts at targets, 0 if not stated.
    pub attempts: u16,
    /// The target, normally `address:port`; the last one tried.
    pub target: Option<Cow<'a, str>>,
    /// The group of targets: upstream, backend, target group, cluster, revision.
    pub upstream: Option<Cow<'a, str>>,
    /// Revision or version of the service, if stated.
    pub revision: Option<Cow<'a, str>>,
    /// Instance of the service, if stated.
    pub instance: Option<Cow<'a, str>>,
    /// Request method.
    pub method: Option<Cow<'a, str>>,
    /// Path without query.
    pub path: Option<Cow<'a, str>>,
    /// Host the client asked for.
    pub host: Option<Cow<'a, str>>,
    /// Client address without port.
    pub client: Option<Cow<'a, str>>,
    /// Id shared by the hops of one request: trace id or request id, the id alone.
    pub id: Option<Cow<'a, str>>,
    /// The vendor's own token, as logged (`backend_timeout`, `SH--`, `UND_ERR_CONNECT_TIMEOUT`).
    pub token: Option<Cow<'a, str>>,
}

impl<'a> Request<'a> {
    /// A request about which only the hop is known yet.
    #[must_use]
    pub fn new(hop: impl Into<Cow<'a, str>>, kind: HopKind, role: Role) -> Request<'a> {
        Request {
            start: None,
            end: None,
            hop: hop.into(),
            kind,
            role,
            status: None,
            upstream_status: None,
            author: Author::Unknown,
            failure: None,
            timers: Timers::default(),
            attempts: 0,
            target: None,
            upstream: None,
            revision: None,
            instance: None,
            method: None,
            path: None,
            host: None,
            client: None,
            id: None,
            token: None,
        }
    }

    /// Fills start or end from the other and the total, where one of them is missing.
    pub fn complete_times(&mut self) {
        match (self.start, self.end, self.timers.total) {
            (Some(start), None, Some(total)) => self.end = Some(start + total),
            (None, Some(end), Some(total)) => self.start = Some(end - total),
            (Some(start), Some(end), None) if end >= start => self.timers.total = Some(end - start),
            _ => {}
        }
    }

    /// The moment the failure became visible: the end, or the start if that is all there is.
    #[must_use]
    pub fn at(&self) -> Option<Timestamp> {
        self.end.or(self.start)
    }
}

vocabulary! {
    /// Kinds of occurrences.
    pub enum OccurrenceKind {
        /// A new version was asked for or took traffic. Subject: service; object: revision.
        Deploy = "deploy",
        /// Configuration other than a version changed. Subject: what was changed.
        ConfigChange = "config-change",
        /// The proxy reloaded or restarted. Subject: proxy.
        Reload = "reload",
        /// An instance or worker started. Subject: service; object: instance or reason.
        InstanceStart = "instance-start",
        /// An instance was told to stop (SIGTERM, scale-in). Subject: service; object: instance.
        InstanceStop = "instance-stop",
        /// A process ended by itself or by a signal other than an orderly stop. Subject: process
        /// or service; object: exit code or signal.
        ProcessExit = "process-exit",
        /// The kernel or the platform killed a process for its memory. Subject: process, service.
        OomKill = "oom-kill",
        /// A supervisor killed a worker that took too long. Subject: supervisor.
        WorkerKilled = "worker-killed",
        /// The process did not listen where it had to. Subject: service; object: port.
        ListenFailed = "listen-failed",
        /// All workers, threads or slots of an application server are busy. Subject: pool.
        PoolSaturated = "pool-saturated",
        /// A NAT dropped a packet for want of a port. Subject: source; object: destination.
        NatDrop = "nat-drop",
        /// A NAT allocated a port. Subject: source; object: destination.
        NatAllocation = "nat-allocation",
        /// A target was marked down. Subject: group; object: target.
        HealthDown = "health-down",
        /// A target was marked up. Subject: group; object: target.
        HealthUp = "health-up",
        /// One health check or probe failed, whether or not the target was marked down for it.
        /// Subject: group or service; object: target; detail: the reason as logged.
        CheckFailed = "check-failed",
        /// A group has no target left. Subject: group.
        NoServerLeft = "no-server-left",
        /// A proxy took a target out because of failed requests. Subject: group; object: target.
        TargetEjected = "target-ejected",
        /// The platform could not start or find an instance. Subject: service.
        ScaleLimit = "scale-limit",
        /// A platform or gateway refused calls beyond a rate, quota or concurrency. Subject: service.
        Throttle = "throttle",
        /// A resource was used up or nearly so: processor, memory, connections. Subject: whose;
        /// object: the metric; detail: value and unit.
        ResourceSaturated = "resource-saturated",
        /// A function raised an error that it did not handle. Subject: function.
        FunctionError = "function-error",
        /// A policy of the operating system or the platform forbade a process an access (SELinux,
        /// AppArmor, IAM). Subject: process or principal; object: what it was denied.
        AccessDenied = "access-denied",
        /// A certificate is expired, about to, or could not be renewed. Subject: its name.
        CertificateProblem = "certificate-problem",
        /// A database, or a pooler in front of it, refused a connection because it has too many.
        /// Subject: database.
        DatabaseLimit = "database-limit",
        /// The application's own pool of database connections had none to give in time. Subject:
        /// pool.
        ConnectionPoolEmpty = "connection-pool-empty",
        /// A process reported that its event loop, or all of it, had stood still. Subject: process;
        /// detail: for how long.
        Stall = "stall",
        /// The kernel's connection table is full. Subject: host.
        ConntrackFull = "conntrack-full",
        /// A firewall dropped or rejected the opening of a connection. Subject: who opened it;
        /// object: address and port that were to be reached.
        FirewallDrop = "firewall-drop",
        /// A firewall that keeps no state let the opening of a connection pass and rejected the
        /// answer to it. Subject: who opened it; object: address and port that answered.
        ReturnDrop = "return-drop",
        /// A firewall rejected packets from a server to its client, and the record does not say
        /// whether they answered an opening or were left over from a connection that was there
        /// before. Subject: the client's address; object: the server's address and port.
        BackwardDrop = "backward-drop",
        /// A firewall or NAT dropped or reset a packet in the midst of a connection, for it knew no
        /// such connection, or gave one up for idleness. Subject: the client's address, or whose
        /// metric counts it; object: the server's address and port.
        FlowDrop = "flow-drop",
        /// The kernel saw a listen queue overflow. Subject: host; object: port.
        ListenOverflow = "listen-overflow",
        /// An unhandled error or an error message of the application. Subject: service.
        ApplicationError = "application-error",
    }
}

/// Something that happened, other than a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Occurrence<'a> {
    /// When, UTC; `None` where the record has no time of its own.
    pub at: Option<Timestamp>,
    /// What.
    pub kind: OccurrenceKind,
    /// To whom: see the kind.
    pub subject: Cow<'a, str>,
    /// With respect to what: see the kind.
    pub object: Option<Cow<'a, str>>,
    /// The dialect's own word for it, or the message, short.
    pub detail: Option<Cow<'a, str>>,
    /// The source port of the connection it is about: retransmissions of one attempt share it.
    pub source_port: Option<u16>,
    /// How many times, where one record sums up several (a metric, a repeated event); at least 1.
    pub count: u32,
}

impl<'a> Occurrence<'a> {
    /// An occurrence without object or detail.
    #[must_use]
    pub fn new(
        kind: OccurrenceKind,
        at: Option<Timestamp>,
        subject: impl Into<Cow<'a, str>>,
    ) -> Occurrence<'a> {
        Occurrence {
            at,
            kind,
            subject: subject.into(),
            object: None,
            detail: None,
            source_port: None,
            count: 1,
        }
    }

    /// The same occurrence, that many times; none is none.
    #[must_use]
    pub fn times(mut self, count: u32) -> Occurrence<'a> {
        self.count = count.max(1);
        self
    }

    /// The same occurrence with respect to something.
    #[must_use]
    pub fn object(mut self, object: impl Into<Cow<'a, str>>) -> Occurrence<'a> {
        self.object = Some(object.into());
        self
    }

    /// The same occurrence with its own words.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'a, str>>) -> Occurrence<'a> {
        self.detail = Some(detail.into());
        self
    }
}
