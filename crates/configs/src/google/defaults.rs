//! What Google Cloud's services do unless told otherwise, each with the page that says so.

use model::config::KnownDefault;

use crate::defaults::stated::known;
pub(crate) use crate::defaults::stated::{count, flag, seconds, word};

known! {
    below "https://docs.cloud.google.com/";
    /// The timer of a request.
    RUN_TIMEOUT "Cloud Run" false "run/docs/configuring/request-timeout";
    /// Requests that an instance handles at a time.
    RUN_CONCURRENCY "Cloud Run" false "run/docs/about-concurrency";
    /// Fewest instances.
    RUN_MIN "Cloud Run" false "run/docs/configuring/min-instances";
    /// Most instances.
    RUN_MAX "Cloud Run" false "run/docs/configuring/max-instances";
    /// Memory of an instance.
    RUN_MEMORY "Cloud Run" false "run/docs/configuring/services/memory-limits";
    /// The port of a container, and the time it has after SIGTERM.
    RUN_CONTRACT "Cloud Run" true "run/docs/container-contract";
    /// Probes.
    RUN_PROBES "Cloud Run" false "run/docs/configuring/healthchecks";
    /// Who may reach a service.
    RUN_INGRESS "Cloud Run" false "run/docs/securing/ingress";
    /// Which traffic takes the network that a service is connected to.
    RUN_EGRESS "Cloud Run" false "run/docs/configuring/vpc-direct-vpc";
    /// Addresses of the subnet that Direct VPC egress takes.
    RUN_ADDRESSES "Cloud Run" true "run/docs/configuring/vpc-direct-vpc";
    /// A new revision has instances of its own before the old one loses any.
    RUN_REVISIONS "Cloud Run" true "run/docs/rollouts-rollbacks-traffic-migration";
    /// Connections of one instance to Cloud SQL.
    RUN_SQL "Cloud Run" true "sql/docs/quotas";
    /// Timer of a backend service.
    BACKEND "Google Cloud Application Load Balancer" false "load-balancing/docs/backend-service";
    /// The same before serverless backends, where it cannot be set.
    SERVERLESS "Google Cloud Application Load Balancer" true "load-balancing/docs/backend-service";
    /// Idle connections to clients.
    CLIENTS "Google Cloud Application Load Balancer" false "load-balancing/docs/https/request-distribution";
    /// The same where it cannot be set: the classic load balancer.
    CLASSIC_CLIENTS "Google Cloud Application Load Balancer" true "load-balancing/docs/https/request-distribution";
    /// Connections to backends.
    BACKENDS "Google Cloud Application Load Balancer" true "load-balancing/docs/https/request-distribution";
    /// Certificates of backends.
    BACKEND_TLS "Google Cloud Application Load Balancer" false "load-balancing/docs/ssl-certificates/encryption-to-the-backends";
    /// Connection draining.
    DRAINING "Google Cloud Application Load Balancer" false "load-balancing/docs/enabling-connection-draining";
    /// Health checks.
    CHECK "Google Cloud health check" false "load-balancing/docs/health-check-concepts";
    /// Ports and timers of Cloud NAT.
    NAT "Cloud NAT" false "nat/docs/tune-nat-configuration";
    /// Instances of a connector.
    CONNECTOR "Serverless VPC Access" false "vpc/docs/serverless-vpc-access";
    /// Connections of Cloud SQL for PostgreSQL by memory. The table of the page could not be read again.
    SQL_POSTGRES "Cloud SQL for PostgreSQL" false "sql/docs/postgres/flags (not checked)";
    /// Connections of Cloud SQL for MySQL by machine type. The table could not be read again.
    SQL_MYSQL "Cloud SQL for MySQL" false "sql/docs/mysql/quotas (not checked)";
    /// Addresses of Cloud SQL.
    SQL_ADDRESS "Cloud SQL" false "sql/docs/postgres/configure-ip";
}

/// What Terraform's provider sets in a backend service: not what Google does without it.
pub(super) static TERRAFORM_DRAINING: KnownDefault = KnownDefault {
    product: "terraform-provider-google",
    versions: "all",
    source: "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_backend_service",
    fixed: false,
};
