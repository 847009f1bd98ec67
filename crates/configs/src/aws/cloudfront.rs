//! Amazon CloudFront: distributions, their origins, and which Host they send.

use std::collections::BTreeMap;

use model::config::{Key, Listen, Notation, Route, Setting, Settings, Slot, Task, Value};

use super::endpoint::endpoint;
use super::{Cloud, certificate, defaults as known, hop_of};
use crate::draft::{Draft, LinkDraft, Name};
use crate::part::{Names, Part, put};
use crate::resources::Tongue;

const DISTRIBUTIONS: &[&str] = &["aws_cloudfront_distribution", "AWS::CloudFront::Distribution"];
const VPC_ORIGINS: &[&str] = &["aws_cloudfront_vpc_origin", "AWS::CloudFront::VpcOrigin"];
const ORIGINS: Names = ("origin", "DistributionConfig.Origins.Items|DistributionConfig.Origins");
const READ: Names = (
    "custom_origin_config.origin_read_timeout|vpc_origin_config.origin_read_timeout",
    "CustomOriginConfig.OriginReadTimeout|VpcOriginConfig.OriginReadTimeout",
);
const KEPT: Names = (
    "custom_origin_config.origin_keepalive_timeout|vpc_origin_config.origin_keepalive_timeout",
    "CustomOriginConfig.OriginKeepaliveTimeout|VpcOriginConfig.OriginKeepaliveTimeout",
);
/// Amazon's own policies that send the viewer's Host to the origin: `AllViewer` and
/// `AllViewerAndCloudFrontHeaders-2022-06`.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html>
const SENDS_HOST: &[&str] =
    &["216adef6-5c7f-47e4-b989-5492eafa07d3", "33f36d7e-f396-46d9-90e0-52428a34d9dc"];
const POLICIES: &[&str] =
    &["aws_cloudfront_origin_request_policy", "AWS::CloudFront::OriginRequestPolicy"];
const LOOKED_UP_POLICIES: &[&str] = &["data.aws_cloudfront_origin_request_policy"];

/// Reads distributions.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) {
    for part in cloud.all(DISTRIBUTIONS) {
        distribution(cloud, part, draft);
    }
}

fn distribution(cloud: &Cloud<'_>, part: Part<'_>, draft: &mut Draft) {
    let mut hop = hop_of(cloud, part, Task::Cdn, "Amazon CloudFront", (("", ""), ("", "")));
    let aliases = ("aliases", "DistributionConfig.Aliases.Items|DistributionConfig.Aliases");
    let list = part.get(aliases);
    let all = part.each(aliases);
    let names: Vec<String> = all.iter().filter_map(|a| a.text().map(str::to_owned)).collect();
    if !names.is_empty() && names.len() == all.len() {
        hop.names.extend(names.iter().map(|name| Name::host(name)));
        hop.hop.settings.set(list.meaning(Key::ServerNames, Value::Names(names)));
    }
    hop.names.extend(part.get(("domain_name", "DomainName")).text().map(Name::host));
    let at = Some(part.resource.at);
    for (port, tls) in [(80, false), (443, true)] {
        hop.hop.listens.push(Listen { address: String::new(), port, tls, at });
    }
    let shown = part.get((
        "viewer_certificate.acm_certificate_arn",
        "DistributionConfig.ViewerCertificate.AcmCertificateArn",
    ));
    certificate::put(cloud, shown, &mut hop.hop);
    let from = draft.add_hop(hop);
    let behaviors = behaviors(part);
    let groups = groups(part);
    for origin in part.each(ORIGINS) {
        let id = origin.get(("origin_id", "Id")).written();
        let domain = origin.get(("domain_name", "DomainName"));
        let static_files = origin.get(("s3_origin_config", "S3OriginConfig")).there().is_some()
            && origin.get(("custom_origin_config", "CustomOriginConfig")).there().is_none();
        let mut there = endpoint(domain);
        let inner = origin.get(("vpc_origin_config.vpc_origin_id", "VpcOriginConfig.VpcOriginId"));
        if let Some(inside) = cloud.follow(inner, VPC_ORIGINS) {
            let target =
                inside.get(("vpc_origin_endpoint_config.arn", "VpcOriginEndpointConfig.Arn"));
            there = endpoint(target);
        }
        let (mut settings, slots) = settings(cloud, origin, static_files);
        let policy = origin.get((
            "custom_origin_config.origin_protocol_policy",
            "CustomOriginConfig.OriginProtocolPolicy",
        ));
        let port = |names: Names, standard: u16| match origin.get(names).port() {
            0 => standard,
            port => port,
        };
        let plain = port(("custom_origin_config.http_port", "CustomOriginConfig.HTTPPort"), 80);
        let tls = port(("custom_origin_config.https_port", "CustomOriginConfig.HTTPSPort"), 443);
        let reached = match policy.word().as_str() {
            "http-only" => {
                settings.set(policy.meaning(Key::UpstreamTls, Value::Flag(false)));
                plain
            }
            "https-only" => {
                settings.set(policy.meaning(Key::UpstreamTls, Value::Flag(true)));
                let name = "certificate verification";
                settings.set(known::flag(Key::UpstreamVerify, true, name, &known::CLOUDFRONT_TLS));
                tls
            }
            "" => 0,
            _ => {
                let unknown = Value::Unknown("as the viewer's".to_owned());
                settings.set(policy.meaning(Key::UpstreamTls, unknown));
                0
            }
        };
        let used = behaviors.iter().filter(|behavior| {
            behavior.origin == id
                || groups.get(&behavior.origin).is_some_and(|members| members.contains(&id))
        });
        for behavior in used {
            let mut link = LinkDraft::new(from, there.to.clone(), there.address.clone());
            link.port = reached;
            link.at = Some(domain.span());
            link.route = Route { hosts: Vec::new(), path: behavior.path.clone() };
            link.settings = settings.clone();
            put(&mut link.settings, host(cloud, behavior.part, domain));
            link.slots.clone_from(&slots);
            draft.links.push(link);
        }
    }
}

/// The timers of an origin.
fn settings(cloud: &Cloud<'_>, origin: Part<'_>, static_files: bool) -> (Settings, Vec<Slot>) {
    let mut settings = Settings::new();
    let mut slots = Vec::new();
    let set = &mut settings;
    let from = &known::CLOUDFRONT;
    let wait = origin.get(("connection_timeout", "ConnectionTimeout"));
    put(set, wait.seconds(Key::ConnectTimeout));
    set.set(known::seconds(Key::ConnectTimeout, 10, "connection_timeout", from));
    let attempts = origin.get(("connection_attempts", "ConnectionAttempts"));
    put(
        set,
        attempts.setting(Key::Retries, |part| Some(Value::Count(part.number()?.saturating_sub(1)))),
    );
    set.set(known::count(Key::Retries, 2, "connection_attempts", from));
    // It tries GET and HEAD again, and connections of every request.
    let name = "connection_attempts";
    set.set(known::flag(Key::RetryNonIdempotent, false, name, from));
    if static_files {
        return (settings, slots);
    }
    put(set, origin.get(READ).seconds(Key::ResponseTimeout));
    set.set(known::seconds(Key::ResponseTimeout, 30, "origin_read_timeout", from));
    let whole = origin.get(("response_completion_timeout", "ResponseCompletionTimeout"));
    put(set, whole.seconds(Key::TotalTimeout));
    put(set, origin.get(KEPT).seconds(Key::UpstreamIdleTimeout));
    set.set(known::seconds(Key::UpstreamIdleTimeout, 5, "origin_keepalive_timeout", from));
    set.set(known::flag(Key::UpstreamKeepAlive, true, "keep-alive", from));
    let block = origin.get(("custom_origin_config", ""));
    let text = cloud.text_of(origin).filter(|_| origin.of.tongue == Tongue::Terraform);
    if let (Some(text), Some(first)) = (text, block.at.each().next()) {
        for (names, key, name) in [
            (READ, Key::ResponseTimeout, "origin_read_timeout"),
            (KEPT, Key::UpstreamIdleTimeout, "origin_keepalive_timeout"),
        ] {
            if origin.get(names).there().is_none() {
                let file = block.span().file;
                slots.extend(first.hcl_slot(text, file, (key, name), Notation::Seconds));
            }
        }
    }
    (settings, slots)
}

/// Which requests go to which origin.
struct Behavior<'r> {
    part: Part<'r>,
    origin: String,
    path: String,
}

fn behaviors(part: Part<'_>) -> Vec<Behavior<'_>> {
    let first = ("default_cache_behavior", "DistributionConfig.DefaultCacheBehavior");
    let others = (
        "ordered_cache_behavior",
        "DistributionConfig.CacheBehaviors.Items|DistributionConfig.CacheBehaviors",
    );
    let all = part.each(others).into_iter().chain(part.each(first));
    all.map(|part| Behavior {
        part,
        origin: part.get(("target_origin_id", "TargetOriginId")).written(),
        path: part.get(("path_pattern", "PathPattern")).written(),
    })
    .filter(|behavior| !behavior.origin.is_empty())
    .collect()
}

/// Groups of origins, of which the second is asked when the first fails.
fn groups(part: Part<'_>) -> BTreeMap<String, Vec<String>> {
    let list =
        ("origin_group", "DistributionConfig.OriginGroups.Items|DistributionConfig.OriginGroups");
    let members = |group: Part<'_>| {
        let members = group.each(("member", "Members.Items"));
        members.into_iter().map(|m| m.get(("origin_id", "OriginId")).written()).collect()
    };
    part.each(list)
        .into_iter()
        .map(|group| (group.get(("origin_id", "Id")).written(), members(group)))
        .collect()
}

/// The Host that origins see: the viewer's if a policy says so, else the origin's domain.
fn host(cloud: &Cloud<'_>, behavior: Part<'_>, domain: Part<'_>) -> Option<Setting> {
    let viewers = Value::Text("viewer's Host".to_owned());
    let policy = behavior.get(("origin_request_policy_id", "OriginRequestPolicyId"));
    if let Some(id) = policy.text() {
        if SENDS_HOST.contains(&id) {
            return Some(policy.meaning(Key::UpstreamHost, viewers));
        }
    } else if policy.there().is_some() {
        let own = cloud
            .follow(policy, POLICIES)
            .map(|own| own.get(("headers_config", "OriginRequestPolicyConfig.HeadersConfig")));
        let named = cloud.follow(policy, LOOKED_UP_POLICIES);
        let named = named.and_then(|named| named.get(("name", "")).text());
        let sends = match (own, named) {
            (_, Some(name)) => Some(matches!(
                name,
                "Managed-AllViewer" | "Managed-AllViewerAndCloudFrontHeaders-2022-06"
            )),
            (Some(headers), None) => {
                let kind = headers.get(("header_behavior", "HeaderBehavior")).word();
                let listed = headers.each(("headers.items", "Headers"));
                let host = listed.iter().any(|header| header.word() == "host");
                Some(
                    matches!(kind.as_str(), "allviewer" | "allviewerandwhitelistcloudfront")
                        || (kind == "whitelist" && host)
                        || (kind == "allexcept" && !host),
                )
            }
            (None, None) => None,
        };
        match sends {
            Some(true) => return Some(policy.meaning(Key::UpstreamHost, viewers)),
            Some(false) => {}
            None => {
                let unknown = Value::Unknown(policy.written());
                return Some(policy.meaning(Key::UpstreamHost, unknown));
            }
        }
    }
    // The old way of saying it, in the behavior itself.
    let listed = behavior.each((
        "forwarded_values.headers",
        "ForwardedValues.Headers.Items|ForwardedValues.Headers",
    ));
    if let Some(sent) = listed.iter().find(|header| matches!(header.word().as_str(), "host" | "*"))
    {
        return Some(sent.meaning(Key::UpstreamHost, viewers));
    }
    domain.name_of(Key::UpstreamHost)
}
