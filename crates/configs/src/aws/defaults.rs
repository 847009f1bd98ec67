//! What Amazon's services do unless told otherwise, each with the page that says so.

use model::config::KnownDefault;

use crate::defaults::stated::known;
pub(crate) use crate::defaults::stated::{count, flag, seconds, word};

known! {
    below "https://docs.aws.amazon.com/";
    /// Attributes of an Application Load Balancer.
    ALB "AWS ALB" false "elasticloadbalancing/latest/application/edit-load-balancer-attributes.html";
    /// What no attribute of an Application Load Balancer changes.
    ALB_FIXED "AWS ALB" true "elasticloadbalancing/latest/application/load-balancer-troubleshooting.html";
    /// How an Application Load Balancer speaks to targets.
    ALB_TARGETS "AWS ALB" true "elasticloadbalancing/latest/application/load-balancer-target-groups.html";
    /// Attributes of target groups.
    TARGET_GROUP "AWS ALB" false "elasticloadbalancing/latest/application/edit-target-group-attributes.html";
    /// Health checks of an Application Load Balancer.
    ALB_CHECK "AWS ALB" false "elasticloadbalancing/latest/application/target-group-health-checks.html";
    /// Flows of a Network Load Balancer.
    NLB "AWS NLB" false "elasticloadbalancing/latest/network/update-idle-timeout.html";
    /// Flows of a TLS listener of a Network Load Balancer.
    NLB_TLS "AWS NLB" true "elasticloadbalancing/latest/network/update-idle-timeout.html";
    /// Attributes of target groups of a Network Load Balancer.
    NLB_TARGETS "AWS NLB" false "elasticloadbalancing/latest/network/edit-target-group-attributes.html";
    /// Health checks of a Network Load Balancer.
    NLB_CHECK "AWS NLB" false "elasticloadbalancing/latest/network/target-group-health-checks.html";
    /// A Classic Load Balancer's idle timeout.
    CLB "AWS CLB" false "elasticloadbalancing/latest/classic/config-idle-timeout.html";
    /// Connection draining of a Classic Load Balancer.
    CLB_DRAIN "AWS CLB" false "elasticloadbalancing/latest/classic/config-conn-drain.html";
    /// Origins of CloudFront.
    CLOUDFRONT "Amazon CloudFront" false "AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html";
    /// How CloudFront verifies origins.
    CLOUDFRONT_TLS "Amazon CloudFront" true "AmazonCloudFront/latest/DeveloperGuide/using-https-cloudfront-to-custom-origin.html";
    /// Integrations of HTTP APIs: the timeout is also the largest that can be set.
    HTTP_API "Amazon API Gateway HTTP API" true "apigateway/latest/developerguide/http-api-quotas.html";
    /// Integrations of REST APIs; more takes a raised quota, for Regional and private ones only.
    REST_API "Amazon API Gateway REST API" true "apigateway/latest/developerguide/limits.html";
    /// Functions.
    LAMBDA "AWS Lambda" false "lambda/latest/api/API_CreateFunction.html";
    /// Limits of functions that nobody can change.
    LAMBDA_FIXED "AWS Lambda" true "lambda/latest/dg/gettingstarted-limits.html";
    /// Containers of a task.
    ECS_TASK "Amazon ECS" false "AmazonECS/latest/APIReference/API_ContainerDefinition.html";
    /// Health checks of containers.
    ECS_CHECK "Amazon ECS" false "AmazonECS/latest/APIReference/API_HealthCheck.html";
    /// Deployments of a service.
    ECS_SERVICE "Amazon ECS" false "AmazonECS/latest/APIReference/API_DeploymentConfiguration.html";
    /// NAT gateways.
    NAT "AWS NAT gateway" true "vpc/latest/userguide/nat-gateway-troubleshooting.html";
}

/// What Terraform's provider sets in a `health_check` block unless told otherwise: not what Amazon
/// does where the block is left out.
pub(crate) static TERRAFORM_CHECK: KnownDefault = KnownDefault {
    product: "terraform-provider-aws",
    versions: "all",
    source: "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lb_target_group",
    fixed: false,
};

/// What Terraform's provider sets for a database.
pub(crate) static TERRAFORM_RDS: KnownDefault = KnownDefault {
    product: "terraform-provider-aws",
    versions: "all",
    source: "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/db_instance",
    fixed: false,
};
