//! What a change of a setting was about, in a few words.

use std::borrow::Cow;

use super::super::names::{cut, short};
use super::Call;
use super::changes::items;
use crate::json::Json;

/// What the calls of a service change, and the member of the request that names it. The calls are
/// those of the services' API references; those that change nothing a request depends on (tags,
/// descriptions, alarms) are left out.
const SUBJECTS: &[(&str, &[&str], &str, &[&str])] = &[
    ("ecs", &["UpdateService", "DeleteService"], "service", &["service"]),
    ("ecs", &["UpdateContainerInstancesState"], "container-instance", &["containerInstances"]),
    ("ecs", &["DeleteTaskSet", "UpdateTaskSet"], "service", &["service"]),
    (
        "lambda",
        &[
            "UpdateFunctionConfiguration",
            "PutFunctionConcurrency",
            "DeleteFunctionConcurrency",
            "PutProvisionedConcurrencyConfig",
            "DeleteProvisionedConcurrencyConfig",
            "AddPermission",
            "RemovePermission",
            "UpdateFunctionUrlConfig",
            "DeleteFunctionUrlConfig",
            "DeleteFunction",
            "DeleteAlias",
            "UpdateAlias",
        ],
        "function",
        &["functionName"],
    ),
    ("codedeploy", &["StopDeployment"], "deployment", &["deploymentId"]),
    (
        "apigateway",
        &[
            "UpdateStage",
            "CreateStage",
            "DeleteStage",
            "PutIntegration",
            "UpdateIntegration",
            "DeleteIntegration",
            "PutIntegrationResponse",
            "UpdateIntegrationResponse",
            "PutMethod",
            "UpdateMethod",
            "PutRestApi",
            "ImportRestApi",
            "UpdateRestApi",
            "DeleteRestApi",
            "UpdateAuthorizer",
            "DeleteAuthorizer",
            "UpdateApi",
            "ReimportApi",
            "DeleteApi",
            "CreateRoute",
            "UpdateRoute",
            "DeleteRoute",
        ],
        "api",
        &["restApiId", "apiId"],
    ),
    (
        "apigateway",
        &["UpdateDomainName", "DeleteDomainName", "UpdateBasePathMapping", "UpdateApiMapping"],
        "domain-name",
        &["domainName"],
    ),
    (
        "apigateway",
        &["UpdateUsagePlan", "DeleteUsagePlan"],
        "usage-plan",
        &["usagePlanId", "usageplanId"],
    ),
    ("apigateway", &["UpdateVpcLink", "DeleteVpcLink"], "vpc-link", &["vpcLinkId", "vpclinkId"]),
    (
        "elasticbeanstalk",
        &["UpdateEnvironment", "RestartAppServer", "RebuildEnvironment", "TerminateEnvironment"],
        "environment",
        &["environmentName", "environmentId"],
    ),
    (
        "autoscaling",
        &[
            "UpdateAutoScalingGroup",
            "SetDesiredCapacity",
            "PutScalingPolicy",
            "DeletePolicy",
            "SuspendProcesses",
            "ResumeProcesses",
            "AttachLoadBalancerTargetGroups",
            "DetachLoadBalancerTargetGroups",
            "DeleteAutoScalingGroup",
        ],
        "auto-scaling-group",
        &["autoScalingGroupName"],
    ),
    (
        "application-autoscaling",
        &["RegisterScalableTarget", "DeregisterScalableTarget", "PutScalingPolicy"],
        "scalable-target",
        &["resourceId"],
    ),
    (
        "ec2",
        &[
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupEgress",
            "ModifySecurityGroupRules",
            "DeleteSecurityGroup",
        ],
        "security-group",
        &["groupId", "groupName"],
    ),
    (
        "ec2",
        &["CreateNetworkAclEntry", "DeleteNetworkAclEntry", "ReplaceNetworkAclEntry"],
        "network-acl",
        &["networkAclId"],
    ),
    ("ec2", &["ReplaceNetworkAclAssociation"], "network-acl", &["networkAclId"]),
    (
        "ec2",
        &[
            "CreateRoute",
            "ReplaceRoute",
            "DeleteRoute",
            "AssociateRouteTable",
            "ReplaceRouteTableAssociation",
        ],
        "route-table",
        &["routeTableId"],
    ),
    ("ec2", &["DisassociateRouteTable"], "route-table-association", &["associationId"]),
    ("ec2", &["CreateNatGateway"], "nat-gateway", &[]),
    (
        "ec2",
        &["DeleteNatGateway", "AssociateNatGatewayAddress", "DisassociateNatGatewayAddress"],
        "nat-gateway",
        &["natGatewayId"],
    ),
    (
        "ec2",
        &["AssociateAddress", "DisassociateAddress", "ReleaseAddress"],
        "address",
        &["publicIp", "allocationId", "associationId"],
    ),
    ("ec2", &["ModifyVpcEndpoint"], "vpc-endpoint", &["vpcEndpointId"]),
    ("ec2", &["DeleteVpcEndpoints"], "vpc-endpoint", &[]),
    ("ec2", &["DetachInternetGateway"], "internet-gateway", &["internetGatewayId"]),
    ("ec2", &["ModifyNetworkInterfaceAttribute"], "network-interface", &["networkInterfaceId"]),
    ("ec2", &["ModifyInstanceAttribute"], "instance", &["instanceId"]),
    ("ec2", &["ModifyVpcAttribute", "AssociateDhcpOptions"], "vpc", &["vpcId"]),
    (
        "elasticloadbalancing",
        &["ModifyTargetGroup", "ModifyTargetGroupAttributes", "DeleteTargetGroup"],
        "target-group",
        &["targetGroupArn"],
    ),
    (
        "elasticloadbalancing",
        &[
            "ModifyLoadBalancerAttributes",
            "SetSecurityGroups",
            "SetSubnets",
            "SetIpAddressType",
            "CreateListener",
            "DeleteLoadBalancer",
            "ConfigureHealthCheck",
            "ApplySecurityGroupsToLoadBalancer",
            "DetachLoadBalancerFromSubnets",
            "DisableAvailabilityZonesForLoadBalancer",
            "CreateLoadBalancerListeners",
            "DeleteLoadBalancerListeners",
        ],
        "load-balancer",
        &["loadBalancerArn", "loadBalancerName"],
    ),
    (
        "elasticloadbalancing",
        &[
            "ModifyListener",
            "ModifyListenerAttributes",
            "DeleteListener",
            "CreateRule",
            "AddListenerCertificates",
            "RemoveListenerCertificates",
        ],
        "listener",
        &["listenerArn"],
    ),
    ("elasticloadbalancing", &["ModifyRule", "DeleteRule"], "listener-rule", &["ruleArn"]),
    ("elasticloadbalancing", &["SetRulePriorities"], "listener-rules", &[]),
    (
        "cloudfront",
        &["UpdateDistribution", "UpdateDistributionWithStagingConfig", "DeleteDistribution"],
        "distribution",
        &["id"],
    ),
    (
        "cloudfront",
        &["PublishFunction", "UpdateOriginRequestPolicy", "UpdateCachePolicy", "UpdateVpcOrigin"],
        "cloudfront",
        &["name", "id"],
    ),
    (
        "rds",
        &[
            "ModifyDBInstance",
            "RebootDBInstance",
            "StopDBInstance",
            "DeleteDBInstance",
            "PromoteReadReplica",
        ],
        "database",
        &["dBInstanceIdentifier"],
    ),
    (
        "rds",
        &["ModifyDBCluster", "FailoverDBCluster", "StopDBCluster", "RebootDBCluster"],
        "database-cluster",
        &["dBClusterIdentifier"],
    ),
    (
        "rds",
        &["ModifyDBParameterGroup", "ModifyDBClusterParameterGroup"],
        "parameter-group",
        &["dBParameterGroupName", "dBClusterParameterGroupName"],
    ),
    (
        "rds",
        &["ModifyDBProxy", "ModifyDBProxyTargetGroup", "DeregisterDBProxyTargets"],
        "database-proxy",
        &["dBProxyName"],
    ),
    (
        "elasticache",
        &["ModifyReplicationGroup", "TestFailover", "ModifyReplicationGroupShardConfiguration"],
        "cache",
        &["replicationGroupId"],
    ),
    (
        "elasticache",
        &["ModifyCacheCluster", "RebootCacheCluster", "DeleteCacheCluster"],
        "cache",
        &["cacheClusterId"],
    ),
    ("wafv2", &["UpdateWebACL", "UpdateRuleGroup", "UpdateIPSet"], "web-acl", &["name", "id"]),
    ("wafv2", &["AssociateWebACL", "DisassociateWebACL"], "web-acl", &["resourceArn"]),
    ("waf-regional", &["UpdateWebACL", "AssociateWebACL"], "web-acl", &["webACLId"]),
    ("acm", &["DeleteCertificate", "ImportCertificate"], "certificate", &["certificateArn"]),
    (
        "secretsmanager",
        &["PutSecretValue", "UpdateSecret", "RotateSecret", "DeleteSecret"],
        "secret",
        &["secretId"],
    ),
    ("ssm", &["PutParameter", "DeleteParameter"], "parameter", &["name"]),
    (
        "iam",
        &[
            "PutRolePolicy",
            "DeleteRolePolicy",
            "AttachRolePolicy",
            "DetachRolePolicy",
            "UpdateAssumeRolePolicy",
        ],
        "role",
        &["roleName"],
    ),
    (
        "eks",
        &["UpdateClusterVersion", "UpdateClusterConfig", "UpdateAddon"],
        "cluster",
        &["name", "clusterName"],
    ),
    (
        "eks",
        &["UpdateNodegroupVersion", "UpdateNodegroupConfig", "DeleteNodegroup"],
        "node-group",
        &["nodegroupName"],
    ),
    (
        "cloudformation",
        &["CreateStack", "UpdateStack", "ExecuteChangeSet", "RollbackStack", "DeleteStack"],
        "stack",
        &["stackName"],
    ),
    ("apprunner", &["UpdateService", "PauseService"], "service", &["serviceArn"]),
    ("appconfig", &["StartDeployment"], "application", &["applicationId"]),
    (
        "globalaccelerator",
        &["UpdateEndpointGroup", "RemoveEndpoints"],
        "endpoint-group",
        &["endpointGroupArn"],
    ),
];

/// What a call changes, and the members of its request that may name it; `None` if it is none that
/// matters.
pub(super) fn subject(
    service: &str,
    name: &str,
) -> Option<(&'static str, &'static [&'static str])> {
    SUBJECTS
        .iter()
        .find(|(of, names, _, _)| *of == service && names.contains(&name))
        .map(|(_, _, noun, keys)| (*noun, *keys))
}

/// The new value: the rule, the attributes, or what else the request sets, apart from the members
/// that name what is changed.
pub(super) fn of(call: &Call<'_, '_>, but: &[&str]) -> Option<String> {
    let request = call.request()?;
    if call.name.contains("SecurityGroup")
        && let Some(rules) = security_group_rules(call, request)
    {
        return Some(rules);
    }
    if request.get("networkAclId").is_some() && request.get("ruleNumber").is_some() {
        return Some(acl_entry(request));
    }
    if let Some(attributes) = request.get("attributes") {
        let pair = |attribute: &Json<'_>| {
            Some(format!("{}={}", attribute.word("key")?, attribute.word("value")?))
        };
        return joined(items(attributes).iter().take(6).filter_map(pair).collect());
    }
    scalars(request, but)
}

/// The rules of a security group that a call is about: those of the request, those the answer
/// lists where the request only names their ids, or the one that older clients spell out flatly.
fn security_group_rules(call: &Call<'_, '_>, request: &Json<'_>) -> Option<String> {
    let way = if call.name.ends_with("Egress") { "to" } else { "from" };
    let permissions = request.get("ipPermissions").map(items).unwrap_or_default();
    let answered = ["revokedSecurityGroupRuleSet", "securityGroupRuleSet"]
        .iter()
        .find_map(|set| call.get(&["responseElements", set]))
        .map(items)
        .unwrap_or_default();
    let flat = std::slice::from_ref(request);
    [permissions, answered, flat].iter().find_map(|rules| {
        let stated = rules.iter().filter(|rule| rule.get("ipProtocol").is_some());
        joined(stated.take(4).map(|rule| permission(rule, way)).collect())
    })
}

/// `tcp/8080 from sg-0a1b`.
fn permission(rule: &Json<'_>, way: &str) -> String {
    let protocol = rule.word("ipProtocol").unwrap_or_default();
    let port = |key| rule.get(key).and_then(Json::integer);
    let what = match (protocol.as_ref(), port("fromPort"), port("toPort")) {
        ("-1", _, _) => "all traffic".to_owned(),
        (protocol, Some(from), Some(to)) if from == to => format!("{protocol}/{from}"),
        (protocol, Some(from), Some(to)) => format!("{protocol}/{from}-{to}"),
        (protocol, _, _) => protocol.to_owned(),
    };
    let lists = [
        ("groups", "groupId"),
        ("ipRanges", "cidrIp"),
        ("ipv6Ranges", "cidrIpv6"),
        ("prefixListIds", "prefixListId"),
    ];
    let listed = lists
        .iter()
        .filter_map(|(list, key)| Some((rule.get(list)?, key)))
        .flat_map(|(list, key)| items(list).iter().take(4).filter_map(|end| end.word(key)));
    let flat = ["cidrIp", "cidrIpv4", "cidrIpv6", "prefixListId", "sourceSecurityGroupName"];
    let referred = rule.get("referencedGroupInfo").and_then(|group| group.word("groupId"));
    let ends: Vec<String> = listed
        .chain(flat.iter().filter_map(|key| rule.word(key)))
        .chain(referred)
        .map(Cow::into_owned)
        .collect();
    if ends.is_empty() { what } else { format!("{what} {way} {}", ends.join(", ")) }
}

/// `rule 90 egress deny tcp/1024-65535 10.0.0.0/8`.
fn acl_entry(entry: &Json<'_>) -> String {
    let mut words = Vec::new();
    if let Some(number) = entry.get("ruleNumber").and_then(Json::integer) {
        words.push(format!("rule {number}"));
    }
    if let Some(Json::Bool(egress)) = entry.get("egress") {
        words.push(if *egress { "egress" } else { "ingress" }.to_owned());
    }
    if let Some(action) = entry.word("ruleAction") {
        words.push(action.into_owned());
    }
    if let Some(protocol) = entry.get("aclProtocol").and_then(Json::integer) {
        let protocol = match protocol {
            -1 => "all traffic".to_owned(),
            6 => "tcp".to_owned(),
            17 => "udp".to_owned(),
            1 => "icmp".to_owned(),
            other => format!("protocol {other}"),
        };
        let port = |key| entry.path(&["portRange", key]).and_then(Json::integer);
        words.push(match (port("from"), port("to")) {
            (Some(from), Some(to)) if from == to => format!("{protocol}/{from}"),
            (Some(from), Some(to)) => format!("{protocol}/{from}-{to}"),
            _ => protocol,
        });
    }
    let block = entry.word("cidrBlock").or_else(|| entry.word("ipv6CidrBlock"));
    words.extend(block.map(Cow::into_owned));
    words.join(" ")
}

/// The values of a record set: its addresses, or the name it is an alias of.
pub(super) fn record_values(set: &Json<'_>) -> Option<String> {
    if let Some(alias) = set.path(&["aliasTarget", "dNSName"]).and_then(Json::text) {
        return Some(alias.clone().into_owned());
    }
    let values = set.get("resourceRecords").map(items).unwrap_or_default();
    let values = values.iter().take(4).filter_map(|value| value.word("value"));
    joined(values.map(Cow::into_owned).collect())
}

/// Members that say where a thing is, not what becomes of it.
const ASIDE: &[&str] = &["cluster", "clusterArn", "ifMatch", "roleArn", "description"];

/// `key=value` of the members that are plain values, and of those one level down. What may be
/// secret is left out: CloudTrail hides it, and some services do not.
fn scalars(request: &Json<'_>, but: &[&str]) -> Option<String> {
    const MOST: usize = 6;
    let mut found = Vec::new();
    let mut add = |prefix: &str, key: &str, value: &Json<'_>| {
        let secret = ["password", "secret", "token", "value", "key", "clientrequest"];
        let lower = key.to_ascii_lowercase();
        if found.len() == MOST || secret.iter().any(|word| lower.contains(word)) {
            return;
        }
        let value = match value {
            Json::Text(text) if text.is_empty() || text.starts_with("HIDDEN_") => return,
            Json::Text(text) => cut(short(text), 60),
            Json::Int(n) => n.to_string(),
            Json::Float(n) => n.to_string(),
            Json::Bool(flag) => flag.to_string(),
            _ => return,
        };
        found.push(format!("{prefix}{key}={value}"));
    };
    let Json::Object(members) = request else { return None };
    for (key, value) in members {
        if but.iter().chain(ASIDE).any(|aside| key.eq_ignore_ascii_case(aside)) {
            continue;
        }
        match value {
            list if !items(list).is_empty() => {
                items(list).iter().take(4).for_each(|item| match item {
                    Json::Object(inner) => {
                        inner.iter().take(1).for_each(|(key, value)| add("", key, value));
                    }
                    plain => add("", key, plain),
                });
            }
            Json::Object(inner) => {
                let prefix = format!("{key}.");
                inner.iter().for_each(|(key, value)| add(&prefix, key, value));
            }
            value => add("", key, value),
        }
    }
    joined(found)
}

fn joined(words: Vec<String>) -> Option<String> {
    (!words.is_empty()).then(|| words.join(", "))
}
