//! Instances and groups of instances of EC2.

use model::config::{Key, Task};

use super::{Cloud, filters, hop_of};
use crate::draft::{Draft, Name};
use crate::part::{Part, put};

const INSTANCES: &[&str] = &["aws_instance", "aws_spot_instance_request", "AWS::EC2::Instance"];
const SCALING: &[&str] = &["aws_autoscaling_group", "AWS::AutoScaling::AutoScalingGroup"];
const ATTACHMENTS: &[&str] = &["aws_autoscaling_attachment"];
const TEMPLATES: &[&str] = &[
    "aws_launch_template",
    "aws_launch_configuration",
    "AWS::EC2::LaunchTemplate",
    "AWS::AutoScaling::LaunchConfiguration",
];

/// Reads instances and groups of them.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) {
    for part in cloud.all(INSTANCES) {
        let groups = (
            "vpc_security_group_ids|security_groups",
            "SecurityGroupIds|SecurityGroups|NetworkInterfaces.GroupSet",
        );
        let subnets = ("subnet_id", "SubnetId|NetworkInterfaces.SubnetId");
        let mut hop = hop_of(cloud, part, Task::App, "", (groups, subnets));
        let address = part.get(("private_ip", "PrivateIpAddress")).text();
        hop.names.extend(address.map(Name::host));
        draft.add_hop(hop);
    }
    for part in cloud.all(SCALING) {
        let subnets = ("vpc_zone_identifier", "VPCZoneIdentifier");
        let mut hop = hop_of(cloud, part, Task::App, "", (("", ""), subnets));
        put(&mut hop.hop.settings, part.get(("min_size", "MinSize")).count(Key::MinInstances));
        put(&mut hop.hop.settings, part.get(("max_size", "MaxSize")).count(Key::MaxInstances));
        let template = part.get((
            "launch_template.id|launch_template.name|launch_configuration|mixed_instances_policy.launch_template.launch_template_specification.launch_template_id",
            "LaunchTemplate.LaunchTemplateId|LaunchConfigurationName",
        ));
        if let Some(template) = cloud.follow(template, TEMPLATES) {
            let groups = (
                "vpc_security_group_ids|network_interfaces.security_groups|security_groups",
                "LaunchTemplateData.SecurityGroupIds|LaunchTemplateData.NetworkInterfaces.Groups|SecurityGroups",
            );
            hop.filters = filters(template, groups);
        }
        draft.add_hop(hop);
    }
}

/// Groups of instances with what they register at: target groups and Classic Load Balancers.
pub(super) fn uses<'r>(cloud: &Cloud<'r>) -> Vec<(Name, Part<'r>)> {
    let mut uses = Vec::new();
    for part in cloud.all(SCALING) {
        let name = cloud.resources.name(&part.resource.address);
        for names in
            [("target_group_arns", "TargetGroupARNs"), ("load_balancers", "LoadBalancerNames")]
        {
            uses.extend(part.each(names).into_iter().map(|used| (name.clone(), used)));
        }
        for source in part.each(("traffic_source", "TrafficSources")) {
            uses.push((name.clone(), source.get(("identifier", "Identifier"))));
        }
    }
    for part in cloud.all(ATTACHMENTS) {
        let Some(name) = part.get(("autoscaling_group_name", "")).named() else { continue };
        for names in [("lb_target_group_arn|alb_target_group_arn", ""), ("elb", "")] {
            uses.extend(part.get(names).there().map(|used| (name.clone(), used)));
        }
    }
    uses
}
