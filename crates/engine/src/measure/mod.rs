//! Signals: named facts measured on an incident's window and the failures a cause claims in it.
//!
//! A signal is `None` where the evidence that would show it is not there; a count of zero means
//! that the evidence is there and shows none.

mod area;
mod change;
mod configuration;
mod failures;
mod moments;
mod network;
mod surroundings;
mod traffic;

pub(crate) use failures::timer;
pub(crate) use network::is_to_ipv6_loopback;

use model::{Cause, OccurrenceKind, Signal, Timestamp, Window};

use crate::digest::Place;
use crate::incidents::Cluster;
use crate::view::{Fail, View};

/// A signal's value and the records that show it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) value: f64,
    /// Place, time and text of records that show it.
    pub(crate) shown_by: Vec<Shown>,
}

/// A record that shows something.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) at: Option<Timestamp>,
    pub(crate) place: Place,
    pub(crate) text: String,
}

impl Measured {
    fn of(value: f64) -> Option<Measured> {
        Some(Measured { value, shown_by: Vec::new() })
    }
}

/// What signals are measured on.
pub(crate) struct Scope<'s, 'a> {
    pub(crate) view: &'s View<'a>,
    pub(crate) cluster: &'s Cluster,
    pub(crate) window: Window,
    /// Claimed failures: positions in the view, in the order of time.
    pub(crate) claimed: Vec<usize>,
    /// How many of the claimed failures' records state the cause by themselves.
    pub(crate) stated: f64,
    /// How many of the causes this one leads to hold here; `None` if that cannot be seen.
    pub(crate) effects: Option<usize>,
    /// All clusters of the diagnosis, for what repeats.
    pub(crate) clusters: &'s [Cluster],
    pub(crate) cause: &'static Cause,
}

impl<'s, 'a> Scope<'s, 'a> {
    pub(crate) fn fails(&self) -> impl Iterator<Item = &'s Fail<'a>> + '_ {
        self.claimed.iter().map(|&position| &self.view.fails[position])
    }

    pub(crate) fn weight(&self) -> f64 {
        self.fails().map(|fail| fail.weight).sum()
    }

    /// Weighted share of the claimed failures, among those the question can be asked of.
    fn share(&self, ask: impl Fn(&Fail<'a>) -> Option<bool>) -> Option<Measured> {
        let (mut yes, mut all) = (0.0, 0.0);
        for fail in self.fails() {
            if let Some(answer) = ask(fail) {
                all += fail.weight;
                yes += if answer { fail.weight } else { 0.0 };
            }
        }
        if all > 0.0 { Measured::of(yes / all) } else { None }
    }

    /// Whether more logs would show a signal that is not visible. Some are invisible although their
    /// log is there: too little traffic to compare with, or a log that ends too early.
    pub(crate) fn would_be_shown_by_more_logs(&self, signal: Signal) -> bool {
        use Signal as S;
        match signal {
            S::TargetSuccessShare
            | S::HealthyTargetShare
            | S::VanishedTargetShare
            | S::FinishedTogether
            | S::FirstAnswerShare
            | S::AnswersLaterShare
            | S::NewTargetShare => !self.fails().any(|f| f.is_access() && f.target().is_some()),
            S::LoadRise | S::LatencyRise | S::FailureRate => !self.fails().any(Fail::is_access),
            S::Recovers => self.deploys_visible(),
            // No dialect tells new connections from reused ones, and ids of healthy requests are not
            // kept: to ask for such logs would be to ask in vain.
            S::Steadiness | S::ReusedShare | S::InnerNeverSawShare => false,
            // What answers now and then has not moved.
            S::MovedShare => self.target_success().is_some_and(|served| served.value < 0.1),
            // Every slow answer could wait for a connection; ask only where the application says that
            // something went wrong.
            S::PoolTimeouts => self.fails().any(|f| {
                use model::Mechanism as M;
                matches!(f.failure.mechanism, M::StatusFromUpstream | M::StatusFromApplication)
            }),
            // A bare status could be of a function's caller; ask only where functions are called.
            S::FunctionErrors | S::Throttles => self.calls_functions(),
            // Anything could follow a change that nobody recorded: to ask for it each time says nothing.
            S::ChangeLead => false,
            // Checks are late only where the rest of the group serves.
            S::DownAfterShare => self.healthy_targets().is_some_and(|share| share.value > 0.0),
            // Every slow answer could be a forgotten flow: ask only where pauses point to it.
            S::FlowMatch | S::FlowDrops => {
                self.after_pause().is_none_or(|pauses| pauses.value >= 0.2)
            }
            // What asks after calls or sockets wherever there are none would ask in vain.
            S::SocketCheckFailures | S::EgressEndedShare => false,
            _ => true,
        }
    }

    /// Measures one signal.
    pub(crate) fn measure(&self, signal: Signal) -> Option<Measured> {
        use OccurrenceKind as K;
        use Signal as S;
        match signal {
            // Nothing can be said of failing requests where there are none to look at.
            S::Failures | S::StatedShare if self.claimed.is_empty() => None,
            S::Failures => Measured::of(self.weight()),
            S::StatedShare => Measured::of(self.stated / self.weight().max(1e-9)),
            S::EffectsHold => Measured::of(self.effects? as f64),
            S::UnreadableShare => self.unreadable(),
            S::ShortWaitShare => self.short_waits(),
            S::LongWaitShare => self.long_waits(),
            S::TimerShare => self.timers(),
            S::ReusedShare => self.reused(),
            S::UnsafeMethodShare => self.unsafe_methods(),
            S::TopTargetShare => self.top(super::view::Fail::target),
            S::TopPathShare => self.top(|fail| fail.record.path.as_deref()),
            S::FailingTargets => self.failing_targets(),
            S::Steadiness => self.steadiness(),
            S::BurstShare => self.burst_share(),
            S::WindowSeconds => Measured::of(self.window.length().as_secs_f64()),
            S::PrecededByTargetFailure => self.preceded_by_target_failure(),
            S::InnerFinishedLater => self.inner_finished_later(),
            // Healthy requests are counted, not kept, so their ids cannot be compared.
            S::InnerNeverSawShare => None,
            S::FailureRate => self.failure_rate(),
            S::TargetSuccessShare => self.target_success(),
            S::HealthyTargetShare => self.healthy_targets(),
            S::VanishedTargetShare => self.vanished_targets(),
            S::NewTargetShare => self.new_targets(),
            S::LoadRise => self.load_rise(),
            S::LatencyRise => self.latency_rise(),
            S::DeployLead => self.deploy_lead(),
            S::DeploysFollowed => self.deploys_followed(),
            S::StopAlignedShare => self.stop_aligned(),
            S::StopConfinedShare => self.stop_confined(),
            S::ExitAlignedShare => self.exit_aligned(),
            S::Recovers => self.recovers(),
            S::NatDrops => self.count(&[K::NatDrop], 60),
            S::NatDropFocus => self.nat_focus(),
            S::NatDestinationMatch => self.nat_destination_match(),
            S::EgressFailures => self.egress(|_| true),
            S::EgressConnectTimeouts => self.egress(|m| m == model::Mechanism::ConnectTimeout),
            S::EgressLookupFailures => self.egress(|m| {
                matches!(m, model::Mechanism::NameNotFound | model::Mechanism::NameLookupFailed)
            }),
            S::EgressPeerFailures => self.egress(surroundings::is_at_the_peer),
            S::EgressDestinations => self.egress_destinations(),
            S::EgressEndedShare => self.egress_ended(),
            S::OomKills => self.oom_kills(),
            S::ProcessExits => self.count(&[K::ProcessExit], 60),
            S::WorkerKills => self.count(&[K::WorkerKilled], 5),
            S::KillAlignedShare
            | S::StartAlignedShare
            | S::RefusalAlignedShare
            | S::PoolTimeoutAlignedShare => self.near(signal),
            S::PoolTimeouts => self.count(&[K::ConnectionPoolEmpty], 30),
            S::FunctionErrors => self.count(&[K::FunctionError], 30),
            S::FunctionKills => Some(self.function_kills()),
            S::Throttles => self.count(&[K::Throttle], 60),
            S::Stalls => self.count(&[K::Stall], 30),
            S::FinishedTogether => self.finished_together(),
            S::FirstAnswerShare => self.before_first_answer(),
            S::AnswersLaterShare => self.answers_later(),
            S::InstanceStarts => self.count(&[K::InstanceStart], 600),
            S::InstanceStops => self.count(&[K::InstanceStop], 60),
            S::LoopbackListeners => self.loopback_listeners(),
            S::ListenFailures => self.count(&[K::ListenFailed], 120),
            // PHP-FPM and Apache httpd say once that all are busy, and no more until one is idle.
            S::PoolSaturations => self.count(&[K::PoolSaturated], 600),
            S::HealthDowns => self.count(&[K::HealthDown], 120),
            S::NoServerLeft => self.count(&[K::NoServerLeft], 30),
            S::Ejections => self.count(&[K::TargetEjected], 60),
            S::ScaleLimits => self.scale_limits(),
            S::PlacementFailures => self.count(&[K::ScaleLimit], 60),
            S::DatabaseLimits => self.count(&[K::DatabaseLimit, K::ConnectionPoolEmpty], 30),
            S::DatabaseRefusals => self.count(&[K::DatabaseLimit], 30),
            S::ApplicationErrors => self.count(&[K::ApplicationError], 5),
            S::ListenOverflows => self.count(&[K::ListenOverflow], 30),
            S::FirewallDrops => self.count(&[K::FirewallDrop], 10),
            S::FirewallMatch => self.reached_by(K::FirewallDrop),
            S::FirewallFocus => self.firewall_focus(),
            S::ReturnDrops => self.count(&[K::ReturnDrop], 10),
            S::ReturnMatch => self.reached_by(K::ReturnDrop),
            // Where answers are told by their flags, none is left to be told by its ports.
            S::BackwardMatch => self
                .reached_by(K::BackwardDrop)
                .or_else(|| self.reached_by(K::ReturnDrop).and(Measured::of(0.0))),
            S::AccessDenials => self.count(&[K::AccessDenied], 60),
            S::FlowMatch => self.reached_by(K::FlowDrop),
            S::FlowDrops => self.count(&[K::FlowDrop], 60),
            S::AfterPauseShare => self.after_pause(),
            S::ConntrackDrops => self.count(&[K::ConntrackFull], 60),
            S::Ipv6LoopbackShare => self.ipv6_loopback(),
            S::LocalhostShare => self.localhost_groups(),
            S::Ipv4LoopbackListens => self.ipv4_loopback_listens(),
            S::Ipv4LoopbackServes => self.ipv4_loopback_serves(),
            S::DrainCutShare => self.drain_cut(),
            S::DrainingShare => self.draining(),
            S::EarlyCheckFailures => self.early_check_failures(),
            S::MovedShare => self.moved(),
            S::CheckRefusals => self.check_refusals(),
            S::SocketCheckFailures => self.socket_check_failures(),
            S::DownAfterShare => self.down_after(),
            S::CdnShare => self.share(|fail| {
                let by_itself = fail.behind.is_none() && fail.key.author != model::Author::Behind;
                Some(fail.key.kind == model::HopKind::Cdn && by_itself)
            }),
            S::BehindServed => self.behind_served(),
            S::ChangeLead => self.change_lead(),
            S::CertificateProblems => self.certificate_problems(),
            S::CertificateLead => self.certificate_lead(),
            S::VagueQuickShare => self.share(|fail| {
                let took = fail.record.wait.or(fail.record.total)?;
                let vague = fail.failure.mechanism == model::Mechanism::ConnectFailed;
                Some(vague && took < model::Micros::from_secs(1))
            }),
            S::HandshakeShare => {
                self.share(|fail| Some(fail.failure.phase == Some(model::Phase::Tls)))
            }
            S::ProcessorSaturations => self.processor_saturations(),
        }
    }
}
