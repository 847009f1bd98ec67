//! Target health: what Elastic Load Balancing thinks of a target at the moment it is asked.
//!
//! One element of `TargetHealthDescriptions` (`aws elbv2 describe-target-health`) or of
//! `InstanceStates` (`aws elb describe-instance-health`). They have no time. Source: Elastic Load
//! Balancing API reference, `TargetHealth` and `InstanceState`.

use memchr::memmem;
use model::{Event, Occurrence, OccurrenceKind as K};

use super::names::cut;
use crate::json::Json;
use crate::{About, Blind, Context, Dialect, Marks, Understood};

/// Target health of Elastic Load Balancing.
pub(crate) struct TargetHealth;

impl Dialect for TargetHealth {
    fn name(&self) -> &'static str {
        "aws-target-health"
    }

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::in_objects(&[&["\"TargetHealth\"", "\"ReasonCode\""]])
    }

    fn sniff(&self, record: &str) -> bool {
        read(record).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        _context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(read(record), out)
    }
}

fn read(record: &str) -> Option<Vec<Occurrence<'static>>> {
    let bytes = record.as_bytes();
    let words: [&[u8]; 2] = [b"\"TargetHealth\"", b"\"ReasonCode\""];
    words.iter().find(|word| memmem::find(bytes, word).is_some())?;
    let root = Json::object(record)?;
    target(&root).or_else(|| instance(&root))
}

/// A target of a target group.
fn target(root: &Json<'_>) -> Option<Vec<Occurrence<'static>>> {
    let health = root.get("TargetHealth")?;
    let state = health.get("State")?.text()?;
    let id = root.get("Target")?.word("Id")?;
    let port = root.path(&["Target", "Port"]).and_then(Json::integer);
    let target = port.map_or_else(|| id.to_string(), |port| format!("{id}:{port}"));
    let reason = health.word("Reason");
    let said = |kind| {
        let words = [reason.clone(), health.word("Description")];
        let words: Vec<_> = words.into_iter().flatten().collect();
        let one = Occurrence::new(kind, None, "target group").object(target.clone());
        if words.is_empty() { one } else { one.detail(cut(&words.join(": "), 140)) }
    };
    let mut out = Vec::new();
    match (state.as_ref(), reason.as_deref()) {
        ("unhealthy" | "unhealthy.draining", _) => out.push(said(K::HealthDown)),
        // Stopped, terminated, or in a zone or group that the load balancer does not use: it is
        // registered and gets no requests.
        ("unused", Some("Target.InvalidState" | "Target.NotInUse" | "Target.IpUnusable")) => {
            out.push(said(K::HealthDown));
        }
        ("draining", _) => out.push(said(K::InstanceStop)),
        // Unavailable: nobody checks it.
        ("healthy" | "initial" | "unused" | "unavailable", _) => {}
        _ => return None,
    }
    let mitigated = root.path(&["AnomalyDetection", "MitigationInEffect"]).and_then(Json::text);
    if mitigated.is_some_and(|mitigated| mitigated == "yes") {
        let ejected = Occurrence::new(K::TargetEjected, None, "target group").object(target);
        out.push(ejected.detail("anomaly mitigation in effect"));
    }
    Some(out)
}

/// An instance of a Classic Load Balancer.
fn instance(root: &Json<'_>) -> Option<Vec<Occurrence<'static>>> {
    let id = root.word("InstanceId").filter(|id| id.starts_with("i-"))?;
    let reason = root.word("ReasonCode")?;
    match root.get("State")?.text()?.as_ref() {
        "InService" | "Unknown" => Some(Vec::new()),
        "OutOfService" => {
            let text = root.word("Description").unwrap_or_default();
            let down =
                Occurrence::new(K::HealthDown, None, "load balancer").object(id.into_owned());
            Some(vec![down.detail(cut(&format!("{reason}: {text}"), 140))])
        }
        _ => None,
    }
}

const ABOUT: About = About {
    title: "Elastic Load Balancing target health",
    source: "Elastic Load Balancing API reference, “TargetHealth” \
             (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/\
             API_TargetHealth.html)",
    from: "`aws elbv2 describe-target-health --target-group-arn ARN`; for a Classic Load Balancer \
           `aws elb describe-instance-health --load-balancer-name NAME`.",
    time: "None: it is the state at the moment of the call. Keep the answer with the time in its \
           name.",
    fields: &[
        ("Target.Id, Target.Port", "the target"),
        ("TargetHealth.State, Reason, Description", "whether it gets requests, and why not"),
        ("AnomalyDetection.MitigationInEffect", "taken out for its errors"),
        ("InstanceId, State, ReasonCode, Description", "the same of a Classic Load Balancer"),
    ],
    shows: &[
        "Targets that are unhealthy, with the reason: the status of the check, a timeout, a stopped \
         instance, a zone that is not enabled.",
        "Targets that are being drained.",
    ],
    blind: &[
        Blind {
            what: "Since when, and what was before",
            how: "UnHealthyHostCount and HealthyHostCount in CloudWatch, by target group; the health \
                  check logs of the Application Load Balancer.",
        },
        Blind {
            what: "Of which target group the answer is",
            how: "ask for one group at a time and name the file after it.",
        },
    ],
    recommended: "aws elbv2 describe-target-health --target-group-arn ARN \
                  > \"target-health-$(date -u +%FT%TZ).json\"",
};
