//! Whether the filters of a hop let a sender through on a port.

use model::config::{Confidence, Direction, Filter, FilterKind, FilterRule};

use super::sender::Sender;

/// Which filters judged, and how sure it is that they let nothing through.
pub(super) struct Refusal<'s> {
    pub(super) filters: Vec<&'s Filter>,
    pub(super) rule: Option<&'s FilterRule>,
    pub(super) confidence: Confidence,
}

/// Whether the filters that a hop carries refuse a sender on a port; `None` if they let it through,
/// or if the files do not tell.
pub(super) fn refused<'s>(
    filters: &[&'s Filter],
    direction: Direction,
    port: u16,
    other: &Sender,
) -> Option<Refusal<'s>> {
    let first = filters.first()?;
    let kind = first.kind;
    if filters.iter().any(|filter| filter.kind != kind) {
        return None;
    }
    let mut rules: Vec<&FilterRule> = filters
        .iter()
        .flat_map(|filter| &filter.rules)
        .filter(|rule| rule.direction == direction)
        .collect();
    // Without a rule of this direction the default of the platform holds: what leaves may leave,
    // what comes may not. A filter without any rule is one whose rules are elsewhere.
    if rules.is_empty()
        && (direction == Direction::Egress || filters.iter().all(|filter| filter.rules.is_empty()))
    {
        return None;
    }
    let ordered = kind == FilterKind::VpcFirewall;
    if ordered {
        // Of equal priority, the rule that denies goes first (Google Cloud, "VPC firewall rules").
        rules.sort_by_key(|rule| (rule.priority, rule.allow));
    }
    let mut decided_by = None;
    for rule in rules {
        if !may_cover_tcp(rule, port) {
            continue;
        }
        if !rule.covers_tcp(port) {
            return None;
        }
        match other.is_among(&rule.peers) {
            None => return None,
            Some(true) if rule.allow => return None,
            Some(true) => {
                decided_by = Some(rule);
                break;
            }
            Some(false) => {}
        }
    }
    let default_allows = ordered && direction == Direction::Egress && decided_by.is_none();
    if default_allows {
        return None;
    }
    let partial = filters.iter().any(|filter| filter.partial);
    let confidence = if partial { Confidence::Low } else { Confidence::High };
    Some(Refusal { filters: filters.to_vec(), rule: decided_by, confidence })
}

/// True unless the rule surely speaks of something else than TCP on this port.
pub(super) fn may_cover_tcp(rule: &FilterRule, port: u16) -> bool {
    let other = matches!(rule.protocol.as_str(), "udp" | "17" | "icmp" | "1" | "icmpv6" | "58");
    !other && (rule.covers_tcp(port) || !is_known_protocol(rule))
}

fn is_known_protocol(rule: &FilterRule) -> bool {
    matches!(rule.protocol.as_str(), "tcp" | "6" | "-1" | "all")
}
