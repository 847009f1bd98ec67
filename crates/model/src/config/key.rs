//! What a setting means, in the field's own words, whatever a vendor calls it.

use super::Value;
use crate::names::vocabulary;

vocabulary! {
    /// The meaning of a setting. Where it stands (a hop, a link, a check) is part of the meaning:
    /// settings toward clients belong to a hop, settings toward a target to a link.
    pub enum Key {
        /// Hop: how long an idle connection from the hop in front is kept open.
        ClientIdleTimeout = "client-idle-timeout",
        /// Hop: whether a client's connection is used for further requests.
        ClientKeepAlive = "client-keep-alive",
        /// Hop: age at which a connection from the hop in front is closed, busy or not.
        ClientMaxLifetime = "client-max-lifetime",
        /// Hop: how long a client may take to send the head of a request.
        ClientHeaderTimeout = "client-header-timeout",
        /// Hop: how long a client may take to send the request, or pause within it.
        ClientBodyTimeout = "client-body-timeout",
        /// Hop: requests after which a client's connection is closed.
        ClientKeepAliveRequests = "client-keep-alive-requests",
        /// Hop: how long its slowest request takes, as those who run it have measured or promised.
        LongestRequest = "longest-request",
        /// Hop: bound on handling one request, after which the hop itself answers or gives up.
        RequestTimeout = "request-timeout",
        /// Hop: time after which a process that is still at one request is killed.
        WorkerTimeout = "worker-timeout",
        /// Hop: largest request head accepted.
        MaxRequestHeader = "max-request-header",
        /// Hop, or link for its requests only: largest request body accepted.
        MaxRequestBody = "max-request-body",
        /// Hop: address and port it binds to, as written.
        BindAddress = "bind-address",
        /// Hop: connections that may wait to be accepted.
        Backlog = "backlog",
        /// Hop: connections it holds at most.
        MaxConnections = "max-connections",
        /// Hop: names it answers for.
        ServerNames = "server-names",
        /// Hop: names its certificate carries.
        CertificateNames = "certificate-names",
        /// Hop: file of its certificate, as written.
        CertificateFile = "certificate-file",
        /// Hop: when its certificate ends, RFC 3339.
        CertificateNotAfter = "certificate-not-after",
        /// Hop: whether its certificate file carries the issuer's certificate, too, where a public
        /// authority issued the certificate.
        CertificateChain = "certificate-chain",
        /// Hop: requests per second let through before refusals.
        RateLimit = "rate-limit",
        /// Hop: protocol it forwards if that is not HTTP: `tcp`, `udp`.
        ServedProtocol = "served-protocol",

        /// Link: what sends the requests, where that is a library of a program: `fetch`,
        /// `http.Agent`, `requests.Session`.
        UpstreamClient = "upstream-client",
        /// Link: how long to wait for a connection to a target.
        ConnectTimeout = "connect-timeout",
        /// Link: how long a target may pause while the request is sent to it.
        SendTimeout = "send-timeout",
        /// Link: how long to wait for a response, or for its next part.
        ResponseTimeout = "response-timeout",
        /// Link: bound on the whole exchange, from request to the last byte of the response.
        TotalTimeout = "total-timeout",
        /// Link: whether connections to targets are used again.
        UpstreamKeepAlive = "upstream-keep-alive",
        /// Link: how long an idle connection to a target is kept for reuse.
        UpstreamIdleTimeout = "upstream-idle-timeout",
        /// Link: requests after which a connection to a target is closed.
        UpstreamKeepAliveRequests = "upstream-keep-alive-requests",
        /// Link: idle connections kept to a target.
        UpstreamPool = "upstream-pool",
        /// Link: protocol spoken to targets: `http/1.0`, `http/1.1`, `h2`, `h2c`, `grpc`,
        /// `fastcgi`, `uwsgi`, `scgi`, `ajp`, `https`, `tcp`.
        UpstreamProtocol = "upstream-protocol",
        /// Link: whether TLS is spoken to targets.
        UpstreamTls = "upstream-tls",
        /// Link: name sent in the TLS handshake; flag off if none is sent.
        UpstreamSni = "upstream-sni",
        /// Link: whether the target's certificate is verified.
        UpstreamVerify = "upstream-verify",
        /// Link: name the certificate is verified for.
        UpstreamVerifyName = "upstream-verify-name",
        /// Link: `Host` field sent to targets, as written.
        UpstreamHost = "upstream-host",
        /// Link: whether the target's name is resolved once, at start.
        ResolveOnce = "resolve-once",
        /// Link: name servers that are asked while requests are served; flag off if names have to be
        /// asked for and no server is set.
        NameServers = "name-servers",
        /// Link: further attempts after the first.
        Retries = "retries",
        /// Link: what is tried again, as written.
        RetryOn = "retry-on",
        /// Link: whether methods that are not idempotent (RFC 9110, 9.2.2) are tried again.
        RetryNonIdempotent = "retry-non-idempotent",
        /// Link: bound on one attempt.
        AttemptTimeout = "attempt-timeout",
        /// Link: largest response head accepted from a target.
        MaxResponseHeader = "max-response-header",
        /// Link: largest response body accepted from a target.
        MaxResponseBody = "max-response-body",
        /// Link: connections to a target at most.
        UpstreamMaxConnections = "upstream-max-connections",
        /// Link: requests that may wait for a connection.
        UpstreamMaxPending = "upstream-max-pending",
        /// Link: how long a request waits for a connection when no target may take one more.
        QueueTimeout = "queue-timeout",
        /// Link: whether requests may become connections of another protocol (WebSocket), whose silence
        /// is then bounded by the wait for a response.
        Upgrades = "upgrades",
        /// Link: how long a connection that was upgraded (WebSocket) or is a tunnel may be idle.
        TunnelTimeout = "tunnel-timeout",
        /// Link: failures after which a target is left out.
        MaxFails = "max-fails",
        /// Link: how long a target is left out after failing.
        FailTimeout = "fail-timeout",
        /// Link: how long a target that is taken out may finish its requests.
        DeregistrationDelay = "deregistration-delay",
        /// Link: how long a new target gets fewer requests than the others.
        SlowStart = "slow-start",

        /// Check: its path.
        CheckPath = "check-path",
        /// Check: its port.
        CheckPort = "check-port",
        /// Check: its protocol.
        CheckProtocol = "check-protocol",
        /// Check: `Host` field it sends.
        CheckHost = "check-host",
        /// Check: which statuses pass.
        CheckMatcher = "check-matcher",
        /// Check: time between two.
        CheckInterval = "check-interval",
        /// Check: how long one may take.
        CheckTimeout = "check-timeout",
        /// Check: passes in a row that bring a target in.
        CheckHealthyThreshold = "check-healthy-threshold",
        /// Check: failures in a row that take a target out.
        CheckUnhealthyThreshold = "check-unhealthy-threshold",
        /// Check: time after the start during which failures do not count.
        CheckStartPeriod = "check-start-period",

        /// Hop: time between leaving rotation and the signal to stop (a preStop hook's sleep).
        PreStopDelay = "pre-stop-delay",
        /// Hop: time between the signal to stop and the kill.
        TerminationGrace = "termination-grace",
        /// Hop: how long the program itself lets requests finish after the signal to stop.
        ShutdownTimeout = "shutdown-timeout",
        /// Hop: whether the program stops at the signal without finishing requests.
        StopsAtOnce = "stops-at-once",
        /// Hop: instances at least.
        MinInstances = "min-instances",
        /// Hop: instances at most.
        MaxInstances = "max-instances",
        /// Hop: instances added at a roll-out before old ones leave, a count or a share.
        MaxSurge = "max-surge",
        /// Hop: instances that may be missing at a roll-out, a count or a share.
        MaxUnavailable = "max-unavailable",
        /// Hop: requests one instance handles at a time.
        Concurrency = "concurrency",
        /// Hop: worker processes.
        Workers = "workers",
        /// Hop: threads per worker process.
        Threads = "threads",
        /// Hop: memory it may use, bytes.
        MemoryLimit = "memory-limit",
        /// Hop: bound on the program's own heap, bytes.
        HeapLimit = "heap-limit",
        /// Hop: largest response it may send (functions).
        MaxResponsePayload = "max-response-payload",
        /// Hop: calls at a time it may take at most (functions).
        ReservedConcurrency = "reserved-concurrency",

        /// Link to a database: connections in one pool.
        PoolMax = "pool-max",
        /// Link to a database: idle connections kept.
        PoolMin = "pool-min",
        /// Link to a database: how long a request waits for a connection.
        PoolAcquireTimeout = "pool-acquire-timeout",
        /// Link to a database: how long an idle connection is kept.
        PoolIdleTimeout = "pool-idle-timeout",
        /// Link to a database: age at which a connection is replaced.
        PoolMaxLifetime = "pool-max-lifetime",
        /// Hop or link: bound on one statement.
        StatementTimeout = "statement-timeout",
        /// Hop (database): connections kept for administrators.
        ReservedConnections = "reserved-connections",
        /// Hop: whether it has an address of the public internet.
        PublicAddress = "public-address",
        /// Hop: whether it has a private address.
        PrivateAddress = "private-address",

        /// Hop: from where requests are accepted: `all`, `internal`,
        /// `internal-and-cloud-load-balancing`.
        IngressMode = "ingress-mode",
        /// Link: the only addresses from which requests may take it, as written or by the name of
        /// what holds them.
        AllowedSources = "allowed-sources",
        /// Hop: which traffic leaves through the network: `all-traffic`, `private-ranges-only`,
        /// `none`.
        EgressMode = "egress-mode",
        /// Hop: name of the hop whose instances' addresses its traffic leaves with (a connector).
        EgressVia = "egress-via",
        /// Hop: addresses of its subnet that one instance takes.
        AddressesPerInstance = "addresses-per-instance",
        /// Link: whether the address it is reached by is one of the public internet.
        ReachedPublicly = "reached-publicly",
        /// NAT: ports for one instance at least.
        NatMinPorts = "nat-min-ports",
        /// NAT: ports for one instance at most.
        NatMaxPorts = "nat-max-ports",
        /// NAT: whether ports are handed out by need.
        NatDynamicPorts = "nat-dynamic-ports",
        /// NAT: addresses it has; unknown when it takes as many as it needs.
        NatAddresses = "nat-addresses",
        /// NAT: the addresses with which traffic leaves, as written or by the name of what holds
        /// them.
        OutboundAddresses = "outbound-addresses",
        /// NAT: how long a closed connection's port stays taken.
        NatTimeWait = "nat-time-wait",
        /// NAT or firewall: how long an idle connection is remembered.
        FlowIdleTimeout = "flow-idle-timeout",

        /// Hop: how long an answer about a name may be kept, as the hop is told.
        DnsTtl = "dns-ttl",
        /// Hop or link: whether IPv6 addresses are tried first, as a runtime's version or a gateway's
        /// setting decides.
        PrefersIpv6 = "prefers-ipv6",
    }
}

impl Key {
    /// True if changing it from one value to another changes nothing for requests but that fewer
    /// fail: how long idle connections are kept, and more time to drain. What bounds the wait for an
    /// answer, or what costs money, is for people to decide.
    #[must_use]
    pub fn may_change(self, from: &Value, to: &Value) -> bool {
        let grows = match (from, to) {
            (Value::Time(from), Value::Time(to)) => to > from,
            (Value::Count(from), Value::Count(to)) => to > from,
            _ => false,
        };
        match self {
            Key::ClientIdleTimeout | Key::UpstreamIdleTimeout | Key::PoolIdleTimeout => true,
            Key::ClientHeaderTimeout
            | Key::ClientKeepAliveRequests
            | Key::Backlog
            | Key::TerminationGrace
            | Key::ShutdownTimeout
            | Key::DeregistrationDelay => grows,
            _ => false,
        }
    }

    /// True if it bounds how long somebody waits for an answer.
    #[must_use]
    pub fn bounds_a_wait(self) -> bool {
        matches!(
            self,
            Key::ResponseTimeout
                | Key::TotalTimeout
                | Key::SendTimeout
                | Key::AttemptTimeout
                | Key::RequestTimeout
                | Key::WorkerTimeout
                | Key::StatementTimeout
                | Key::PoolAcquireTimeout
                | Key::QueueTimeout
        )
    }
}
