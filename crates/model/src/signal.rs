//! The named facts that the engine measures and that causes are described with.
//!
//! A signal is measured on one incident window `W` and on `F`, the failing requests of that window
//! which the cause claims. It is either known (a number; flags are 0 or 1, "never" is infinity) or
//! not visible: the evidence that would show it is not there. Not visible is never the same as
//! zero.

use crate::names::vocabulary;

vocabulary! {
    /// A named fact measured on a window and the failures a cause claims in it.
    pub enum Signal {
        /// Number of failing requests in F.
        Failures = "failures",
        /// Share of F whose record states this cause by itself (claims marked `states`).
        StatedShare = "stated-share",
        /// Share of F whose record says that the hop could not take the target's response, and not for
        /// which fault of it.
        UnreadableShare = "unreadable-share",
        /// Share of F, where a duration is known, that ended within 50 ms of being sent.
        ShortWaitShare = "short-wait-share",
        /// Share of F, where a duration is known, that took one second or longer.
        LongWaitShare = "long-wait-share",
        /// Largest share of F that ended at one and the same duration of 0.9 s or more (within
        /// 3 %): a timer's fingerprint.
        TimerShare = "timer-share",
        /// Share of F, where the record tells, that failed on a reused connection.
        ReusedShare = "reused-share",
        /// Share of F, where the method is known, that is not idempotent (POST, PATCH).
        UnsafeMethodShare = "unsafe-method-share",
        /// Share of F, where the target is known, on the target with the most failures.
        TopTargetShare = "top-target-share",
        /// Number of different targets in F.
        FailingTargets = "failing-targets",
        /// Of all requests in W to the targets of F, the share that succeeded. Not visible where
        /// successes cannot be seen (error logs alone).
        TargetSuccessShare = "target-success-share",
        /// Of the targets of the same hops, the share that succeeded at least once in W.
        HealthyTargetShare = "healthy-target-share",
        /// Share of F, where the path is known, on the path with the most failures.
        TopPathShare = "top-path-share",
        /// Share of all counted requests in W that are in F.
        FailureRate = "failure-rate",
        /// Share of ten equal parts of W in which F has failures: 1 is an even trickle.
        Steadiness = "steadiness",
        /// Largest share of F inside any 60 seconds.
        BurstShare = "burst-share",
        /// Length of W in seconds.
        WindowSeconds = "window-seconds",
        /// Request rate in W over the request rate outside W.
        LoadRise = "load-rise",
        /// 95th percentile of the duration of healthy requests in W over that outside W.
        LatencyRise = "latency-rise",
        /// Seconds from the last deploy to the first failure of F; infinity if none came within
        /// 30 minutes before. Not visible without any deploy record in the evidence.
        DeployLead = "deploy-lead",
        /// Share of the deploys in the evidence that F followed within 20 minutes.
        DeploysFollowed = "deploys-followed",
        /// Share of F within 30 s after an instance was told to stop, or a deploy completed.
        StopAlignedShare = "stop-aligned-share",
        /// The same, where the evidence goes on for more than those 30 s after the last of these
        /// moments, so that failures could have come later. Not visible otherwise.
        StopConfinedShare = "stop-confined-share",
        /// 1 if F ended by itself: no further deploy, and evidence goes on for a while without it.
        Recovers = "recovers",
        /// Share of F on targets that never served again after W although their hop did.
        VanishedTargetShare = "vanished-target-share",
        /// Share of F on targets or revisions that first appeared within 20 minutes before it.
        NewTargetShare = "new-target-share",
        /// Packets the NAT dropped for want of a port in W (as logged; logging may be sampled).
        NatDrops = "nat-drops",
        /// Share of the NAT drops of the whole evidence that fall into W or another window of the
        /// same kinds of failure.
        NatDropFocus = "nat-drop-focus",
        /// Share of the outward calls that failed in W, where the destination is known, whose
        /// destination is one the NAT dropped packets to. Not visible without any drop.
        NatDestinationMatch = "nat-destination-match",
        /// Outward calls of applications that failed in W, of any mechanism.
        EgressFailures = "egress-failures",
        /// Outward calls that failed in W because nobody answered the SYN.
        EgressConnectTimeouts = "egress-connect-timeouts",
        /// Outward calls that failed in W because the name could not be resolved.
        EgressLookupFailures = "egress-lookup-failures",
        /// Outward calls that failed in W on the way to the other side or at it: not those that ended
        /// at a lookup, for want of an own port, or over TLS settings.
        EgressPeerFailures = "egress-peer-failures",
        /// Of the outward calls that failed in W to the destinations of those behind F, the share whose
        /// connection ended before a response began. Not visible where no outward call is behind F.
        EgressEndedShare = "egress-ended-share",
        /// Number of different destinations of the outward calls that failed in W. Not visible
        /// without application logs, or where none of them names a destination.
        EgressDestinations = "egress-destinations",
        /// Processes the kernel or the platform killed for memory in W or a minute before.
        OomKills = "oom-kills",
        /// Processes that ended by themselves or by a signal in W or a minute before.
        ProcessExits = "process-exits",
        /// Share of F within 5 s of such an end or such a kill.
        ExitAlignedShare = "exit-aligned-share",
        /// Workers a supervisor killed in W.
        WorkerKills = "worker-kills",
        /// Share of F within 5 s of a supervisor's killing a worker for its time.
        KillAlignedShare = "kill-aligned-share",
        /// Reports that a process had stood still, in W or 30 s around it.
        Stalls = "stalls",
        /// The most requests that one target of F finished at one moment (within two seconds) in W
        /// or 30 s around it, each after one second or more, although they had begun a second or
        /// more apart, while hardly any other had to wait so long in the ten seconds before and
        /// after: what waits for a process that stands still is answered at once.
        FinishedTogether = "finished-together",
        /// Share of F in the two minutes before the report of a start with which they ended: some
        /// of F came in the ten seconds before it, and none in the half minute after; or the report of
        /// a check that finds an instance ready within five minutes of its start. Starts within
        /// half a minute of a stop do not count: there the gap between the two is the stop's.
        StartAlignedShare = "start-aligned-share",
        /// Share of F, where the target is known, in the five minutes before that target's first
        /// answer of all. Not visible for targets that the log may have missed earlier answers of.
        FirstAnswerShare = "first-answer-share",
        /// Share of F, where the target is known, on targets that answered some request afterwards.
        AnswersLaterShare = "answers-later-share",
        /// Health checks and probes that failed, and targets marked down, in W or two minutes around
        /// it, of an instance that had started five minutes before at most. Not visible where no
        /// record names both, an instance that started and one whose check failed.
        EarlyCheckFailures = "early-check-failures",
        /// Instances that started in W or ten minutes before.
        InstanceStarts = "instance-starts",
        /// Instances told to stop in W or a minute before.
        InstanceStops = "instance-stops",
        /// Share of F, where the target is known, on a target that was being taken out of its group:
        /// reported as draining, or deregistered in the ten minutes before. Not visible where no
        /// record names such a target.
        DrainingShare = "draining-share",
        /// Reports in W that a process did not listen where it had to.
        ListenFailures = "listen-failures",
        /// Processes that said, in the evidence, that they listen on a loopback address only, on the
        /// port of a target in F that is not on loopback. Not visible unless a process says on which
        /// address it listens on such a port.
        LoopbackListeners = "loopback-listeners",
        /// Reports in W that all workers or slots are busy.
        PoolSaturations = "pool-saturations",
        /// Targets marked down in W or two minutes before.
        HealthDowns = "health-downs",
        /// Reports in W that a group had no target left.
        NoServerLeft = "no-server-left",
        /// Targets a proxy took out because of failed requests, in W or a minute before.
        Ejections = "ejections",
        /// Share of F preceded, within 15 s and at the same hop, by another failure to reach or
        /// read from a target.
        PrecededByTargetFailure = "preceded-by-target-failure",
        /// Requests the platform could find no instance for, in W.
        ScaleLimits = "scale-limits",
        /// Reports of the platform in W or a minute before, other than the failing requests' own
        /// records, that it could start or place no instance.
        PlacementFailures = "placement-failures",
        /// Refusals of a database or its pool in W.
        DatabaseLimits = "database-limits",
        /// Refusals of a database itself, or a pooler in front of it, in W: it has too many
        /// connections.
        DatabaseRefusals = "database-refusals",
        /// Share of F within 5 s of such a refusal by the database itself.
        RefusalAlignedShare = "refusal-aligned-share",
        /// Reports in W that an application's own pool of connections had none to give in time.
        PoolTimeouts = "pool-timeouts",
        /// Share of F within 5 s of such a report.
        PoolTimeoutAlignedShare = "pool-timeout-aligned-share",
        /// Errors in W that a function did not handle, or that ended its process.
        FunctionErrors = "function-errors",
        /// Ends of functions' processes by SIGKILL in W or a minute before for which no record states a
        /// reason: none where reports of memory use are in the evidence, for they state it or speak
        /// against it.
        FunctionKills = "function-kills",
        /// Reports in W that a platform or gateway refused calls beyond a rate, quota or
        /// concurrency: not the refused requests' own records.
        Throttles = "throttles",
        /// Unhandled errors of applications in W.
        ApplicationErrors = "application-errors",
        /// Listen queues the kernel saw overflow in W.
        ListenOverflows = "listen-overflows",
        /// Requests, joined by id, which the hop behind finished after the outer hop had given up.
        InnerFinishedLater = "inner-finished-later",
        /// Share of F, where the hop behind logs the same ids, that the hop behind never logged.
        InnerNeverSawShare = "inner-never-saw-share",
        /// Openings of connections that a firewall logged as dropped or rejected, in W.
        FirewallDrops = "firewall-drops",
        /// Share of F, where the target's address is known, on an address and port towards which a
        /// firewall dropped openings of connections in W. Not visible without any such drop.
        FirewallMatch = "firewall-match",
        /// Share of a firewall's dropped openings of the whole evidence that fall into W or another
        /// window of the same kinds of failure; known only where F names no target's address.
        FirewallFocus = "firewall-focus",
        /// Answers to the opening of a connection that a firewall without state rejected although it
        /// had let the opening pass, in W.
        ReturnDrops = "return-drops",
        /// Share of F, where the target's address is known, on an address and port whose answers a
        /// firewall without state rejected in W. Not visible without any such rejection.
        ReturnMatch = "return-match",
        /// Share of F, where the target's address is known, on an address and port whose packets
        /// towards the client a firewall rejected in W, by records that do not say what these
        /// packets were. Not visible without any such rejection, nor any of answers.
        BackwardMatch = "backward-match",
        /// Accesses that a policy of the operating system or the platform forbade a process, in W.
        AccessDenials = "access-denials",
        /// Share of F, where the target's address is known, on an address and port towards which a
        /// firewall or NAT dropped packets of connections it did not know, in W. Not visible
        /// without any such drop.
        FlowMatch = "flow-match",
        /// Packets of connections that a firewall, NAT or load balancer no longer knew, and connections
        /// that it gave up for idleness, in W, by its log or its metric.
        FlowDrops = "flow-drops",
        /// Of the requests that were the first to their target after a pause as long as those that
        /// nearly all of F came after (12 s or more), the share that failed; 0 if F came without
        /// such pauses.
        AfterPauseShare = "after-pause-share",
        /// Reports in W that the kernel's connection table was full.
        ConntrackDrops = "conntrack-drops",
        /// Share of F, where the target's address is known, on the IPv6 loopback address.
        Ipv6LoopbackShare = "ipv6-loopback-share",
        /// Share of F on the IPv6 loopback address, or whose group of targets is the name `localhost`
        /// with all of its addresses taken out: a proxy never takes out the only one (nginx
        /// `ngx_http_upstream_round_robin.c`), so that the name has `::1` as well as 127.0.0.1.
        LocalhostShare = "localhost-share",
        /// Reports that a process listens on 127.0.0.1 and a port that F was refused on.
        Ipv4LoopbackListens = "ipv4-loopback-listens",
        /// Requests that 127.0.0.1 served on a port that F was refused on; not visible where it was
        /// never asked.
        Ipv4LoopbackServes = "ipv4-loopback-serves",
        /// Share of F that was being handled when an instance was told to stop and ended at one and
        /// the same delay, 1.5 s or more, after that order.
        DrainCutShare = "drain-cut-share",
        /// Share of F on targets that their proxy never used again after it had been reloaded, when
        /// it took up an address it had never used; those within 30 s after an instance was told to
        /// stop are not counted in. Not visible without a reload or what came after it.
        MovedShare = "moved-share",
        /// Health checks that failed, and targets marked down for them, in W or two minutes before,
        /// for the status, 300 to 499, with which the target answered the check.
        CheckRefusals = "check-refusals",
        /// Health checks that failed, and targets marked down for them, in W or two minutes before,
        /// because the checker could not open the target's unix socket.
        SocketCheckFailures = "socket-check-failures",
        /// Share of F, where the target is known, in the five minutes before a health check marked
        /// that very target down. Not visible where no record tells of a target marked down.
        DownAfterShare = "down-after-share",
        /// Share of F that failed between a CDN and its origin: the CDN wrote the status, and no hop
        /// behind it logged why.
        CdnShare = "cdn-share",
        /// Requests of W that a hop behind the one that tells of F answered well. Not visible where
        /// no hop behind it logs requests.
        BehindServed = "behind-served",
        /// Seconds from the last change of a setting that can bring about what most of F failed of,
        /// and that names nothing else than what failed, to the first failure of F; infinity if none
        /// came within 30 minutes before, or if the same failures were there before it. Not visible
        /// without any record of changes, or of what was before the change.
        ChangeLead = "change-lead",
        /// Records, in W or within a day of it, that a certificate was expired or could not be
        /// renewed.
        CertificateProblems = "certificate-problems",
        /// Seconds from the moment a certificate ran out to the first failure of F; infinity if none
        /// ran out in the ten minutes before. Not visible where no record gives such a moment.
        CertificateLead = "certificate-lead",
        /// Share of F that failed in the TLS handshake.
        HandshakeShare = "handshake-share",
        /// Share of F, where a duration is known, that failed to connect within a second, without
        /// the record saying how.
        VagueQuickShare = "vague-quick-share",
        /// Measurements in W, or two minutes around it, of a processor that was used up and that was
        /// not mostly so at other times.
        ProcessorSaturations = "processor-saturations",
        /// Number of causes this one leads to, without others between, whose needs all hold in W.
        EffectsHold = "effects-hold",
    }
}

/// What a signal's number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A share, from 0 to 1.
    Share,
    /// Seconds; infinity means never.
    Seconds,
    /// One rate or duration over another.
    Ratio,
    /// A number of things, or a flag of 0 or 1.
    Count,
}

impl Signal {
    /// The unit of its value.
    #[must_use]
    pub const fn unit(self) -> Unit {
        use Signal as S;
        match self {
            S::StatedShare
            | S::HandshakeShare
            | S::VagueQuickShare
            | S::UnreadableShare
            | S::LocalhostShare
            | S::ShortWaitShare
            | S::LongWaitShare
            | S::TimerShare
            | S::ReusedShare
            | S::UnsafeMethodShare
            | S::TopTargetShare
            | S::TargetSuccessShare
            | S::HealthyTargetShare
            | S::TopPathShare
            | S::FailureRate
            | S::Steadiness
            | S::BurstShare
            | S::DeploysFollowed
            | S::StopAlignedShare
            | S::StopConfinedShare
            | S::VanishedTargetShare
            | S::NewTargetShare
            | S::NatDropFocus
            | S::NatDestinationMatch
            | S::ExitAlignedShare
            | S::KillAlignedShare
            | S::StartAlignedShare
            | S::FirstAnswerShare
            | S::AnswersLaterShare
            | S::RefusalAlignedShare
            | S::PoolTimeoutAlignedShare
            | S::PrecededByTargetFailure
            | S::InnerNeverSawShare
            | S::FirewallMatch
            | S::FirewallFocus
            | S::FlowMatch
            | S::EgressEndedShare
            | S::AfterPauseShare
            | S::Ipv6LoopbackShare
            | S::DrainCutShare
            | S::DrainingShare
            | S::ReturnMatch
            | S::BackwardMatch
            | S::DownAfterShare
            | S::CdnShare
            | S::MovedShare => Unit::Share,
            S::WindowSeconds | S::DeployLead | S::ChangeLead | S::CertificateLead => Unit::Seconds,
            S::LoadRise | S::LatencyRise => Unit::Ratio,
            _ => Unit::Count,
        }
    }
}
