//! What a change of a setting was about, read from the words of its record, and which failures can
//! come of it.

use model::Mechanism;

use crate::digest::occurrences::Happened;

/// What a change was about, as far as its record's words tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Area {
    /// Firewalls, routes, addresses.
    Network,
    /// Records of names.
    Names,
    /// Certificates and TLS settings.
    Tls,
    /// Groups of targets and their health checks.
    Targets,
    /// Listeners, rules, routes, distributions.
    Routing,
    /// Timers and attributes of load balancers.
    Timers,
    /// Functions, their permissions and concurrency.
    Functions,
    /// Rules that deny or limit requests.
    Policies,
    /// Databases.
    Databases,
}

/// Words of the vendors' names of calls and resources, in lower case and without separators, the
/// more particular ones first.
const WORDS: &[(&str, Area)] = &[
    ("certificate", Area::Tls),
    ("sslpolic", Area::Tls),
    ("targethttpsprox", Area::Tls),
    ("record", Area::Names),
    ("managedzone", Area::Names),
    ("webacl", Area::Policies),
    ("waf", Area::Policies),
    ("securitypolic", Area::Policies),
    ("ratelimit", Area::Policies),
    ("usageplan", Area::Policies),
    ("securitygroup", Area::Network),
    ("networkacl", Area::Network),
    ("networkpolic", Area::Network),
    ("firewall", Area::Network),
    ("routetable", Area::Network),
    ("subnet", Area::Network),
    ("peering", Area::Network),
    ("natgateway", Area::Network),
    ("router", Area::Network),
    ("loadbalancerattribute", Area::Timers),
    ("targetgroupattribute", Area::Timers),
    ("lambda", Area::Functions),
    ("function", Area::Functions),
    ("database", Area::Databases),
    ("dbinstance", Area::Databases),
    ("dbparameter", Area::Databases),
    ("dbcluster", Area::Databases),
    ("cloudsql", Area::Databases),
    ("postgresql", Area::Databases),
    ("healthcheck", Area::Targets),
    ("timeout", Area::Timers),
    ("keepalive", Area::Timers),
    ("targetgroup", Area::Targets),
    ("backendservice", Area::Targets),
    ("instancegroup", Area::Targets),
    ("networkendpointgroup", Area::Targets),
    ("autoscaling", Area::Targets),
    ("desiredcount", Area::Targets),
    ("listener", Area::Routing),
    ("distribution", Area::Routing),
    ("urlmap", Area::Routing),
    ("forwardingrule", Area::Routing),
    ("modifyrule", Area::Routing),
    ("deleterule", Area::Routing),
    ("createrule", Area::Routing),
    ("restapi", Area::Routing),
    ("integration", Area::Routing),
    ("updatestage", Area::Routing),
    ("loadbalancer", Area::Routing),
];

/// Words of changes that only let more through: nothing fails of them.
const HARMLESS: [&str; 3] = ["authorizesecuritygroup", "allowtcp", "addtags"];

/// Linux and most others choose the ports of outgoing connections up to this one at least (Linux
/// `ip_local_port_range`): a range that reaches it is about answers, not about a service.
pub(super) const EPHEMERAL: u16 = 60_999;

impl Area {
    pub(super) fn of(change: &Happened) -> Option<Area> {
        let words = plain(&kind(change));
        if HARMLESS.iter().any(|word| words.contains(word)) {
            return None;
        }
        WORDS.iter().find(|(word, _)| words.contains(word)).map(|(_, area)| *area)
    }

    /// Whether what failed so can come of such a change.
    pub(super) fn fits(self, mechanism: Mechanism) -> bool {
        use Mechanism as M;
        let connecting = matches!(
            mechanism,
            M::ConnectTimeout | M::ConnectRefused | M::ConnectUnreachable | M::ConnectFailed
        );
        let tls = matches!(
            mechanism,
            M::TlsHandshakeFailed
                | M::TlsPlaintextPeer
                | M::TlsAlert
                | M::TlsNameMismatch
                | M::TlsCertificateInvalid
                | M::TlsCertificateUnverified
                | M::TlsTimeout
        );
        let waiting = matches!(
            mechanism,
            M::ResponseTimeout
                | M::RequestDeadline
                | M::IntegrationTimeout
                | M::FunctionTimeout
                | M::ResponseStalled
        );
        let picking = matches!(mechanism, M::NoTarget | M::NoHealthyTarget | M::NoInstance);
        match self {
            Area::Network => connecting,
            Area::Names => {
                connecting
                    || matches!(
                        mechanism,
                        M::NameNotFound | M::NameLookupFailed | M::TlsNameMismatch
                    )
            }
            Area::Tls => tls,
            Area::Targets => {
                connecting || picking || waiting || tls || mechanism == M::ProtocolMismatch
            }
            Area::Routing => {
                connecting
                    || picking
                    || waiting
                    || tls
                    || matches!(
                        mechanism,
                        M::NoRoute | M::NameNotFound | M::ProtocolMismatch | M::FunctionDenied
                    )
            }
            Area::Timers => {
                waiting
                    || matches!(
                        mechanism,
                        M::ClosedBeforeResponse | M::ResetBeforeResponse | M::EndedBeforeResponse
                    )
            }
            Area::Functions => {
                waiting
                    || matches!(
                        mechanism,
                        M::FunctionError
                            | M::FunctionResponseInvalid
                            | M::FunctionPayloadTooLarge
                            | M::FunctionThrottled
                            | M::FunctionDenied
                            | M::InstanceOutOfMemory
                    )
            }
            Area::Policies => matches!(mechanism, M::Denied | M::Throttled),
            Area::Databases => {
                matches!(mechanism, M::StatusFromUpstream | M::StatusFromApplication)
            }
        }
    }

    /// Whether the resources of this area have names that gateways log.
    pub(super) fn is_named_in_logs(self) -> bool {
        matches!(self, Area::Targets | Area::Routing | Area::Timers | Area::Functions)
    }
}

/// What a record says of the kind of change: what the subject is, without its name, and what was
/// done. A call such as `compute firewalls.patch` is no name.
fn kind(change: &Happened) -> String {
    let mut words = change.subject.split(' ');
    let first = words.next().unwrap_or_default();
    let call = words.next().filter(|word| word.contains('.') && !word.contains('/'));
    let detail = change.detail.as_deref().unwrap_or_default();
    [first, call.unwrap_or_default(), detail].join(" ").to_ascii_lowercase()
}

/// All the words of a record of a change.
pub(super) fn told(change: &Happened) -> String {
    let parts = [Some(&*change.subject), change.object.as_deref(), change.detail.as_deref()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ").to_ascii_lowercase()
}

fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Ports that a change names: `tcp/8080`, `tcp/8000-8100`, `port 8080`.
pub(super) fn ports(text: &str) -> Vec<(u16, u16)> {
    let mut found = Vec::new();
    for key in ["tcp/", "port "] {
        for (at, _) in text.match_indices(key) {
            let rest = &text[at + key.len()..];
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
            let (from, to) = rest[..end].split_once('-').unwrap_or((&rest[..end], &rest[..end]));
            if let (Ok(from), Ok(to)) = (from.parse(), to.parse()) {
                found.push((from, to));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(subject: &str, detail: &str) -> Happened {
        Happened {
            at: None,
            subject: subject.into(),
            object: None,
            detail: Some(detail.into()),
            text: "".into(),
        }
    }

    #[test]
    fn what_a_change_was_about() {
        for (subject, detail, area) in [
            ("security-group sg-1", "RevokeSecurityGroupIngress tcp/8080", Some(Area::Network)),
            ("compute firewalls.patch", "", Some(Area::Network)),
            ("network-acl acl-1", "ReplaceNetworkAclEntry", Some(Area::Network)),
            ("certificate arn", "DeleteCertificate", Some(Area::Tls)),
            ("security-group sg-1", "AuthorizeSecurityGroupIngress tcp/8080", None),
            ("role firewall-admin", "DetachRolePolicy policyArn=Read", None),
            ("function orders", "UpdateFunctionConfiguration timeout=3", Some(Area::Functions)),
            ("listener app/shop/1", "ModifyListener", Some(Area::Routing)),
            ("load-balancer app/shop/1", "ModifyLoadBalancerAttributes", Some(Area::Timers)),
            ("target-group shop", "ModifyTargetGroup", Some(Area::Targets)),
            ("record api.example.com. A", "ChangeResourceRecordSets", Some(Area::Names)),
            ("bucket assets", "PutBucketTagging", None),
        ] {
            assert_eq!(Area::of(&change(subject, detail)), area, "{subject} {detail}");
        }
    }

    #[test]
    fn ports_that_a_change_names() {
        assert_eq!(ports("revokesecuritygroupingress tcp/8080 from sg-1"), [(8080, 8080)]);
        assert_eq!(ports("tcp/8000-8100 and port 22"), [(8000, 8100), (22, 22)]);
        assert_eq!(ports("tcp/ port x"), []);
    }

    #[test]
    fn only_what_a_change_can_do_fits() {
        assert!(Area::Network.fits(Mechanism::ConnectTimeout));
        assert!(!Area::Network.fits(Mechanism::ResponseMalformed));
        assert!(Area::Tls.fits(Mechanism::TlsCertificateInvalid));
        assert!(!Area::Tls.fits(Mechanism::ConnectTimeout));
        assert!(Area::Timers.fits(Mechanism::ResponseTimeout));
    }
}
