//! Whose records a dialect reads: the products, as configuration names them.

/// The products; none where a dialect is of no one product, or of none that configuration describes.
pub(crate) fn of(dialect: &str) -> &'static [&'static str] {
    match dialect {
        "aws-alb" | "aws-alb-connection" | "aws-alb-health" => &["AWS ALB"],
        "aws-clb" => &["AWS CLB"],
        "aws-nlb" => &["AWS NLB"],
        "aws-cloudfront" | "aws-cloudfront-page" => &["Amazon CloudFront"],
        "aws-api-gateway" | "aws-api-gateway-execution" => &[
            "Amazon API Gateway HTTP API",
            "Amazon API Gateway REST API",
            "Amazon API Gateway WebSocket API",
        ],
        "aws-lambda" => &["AWS Lambda"],
        "gcp-lb" => &["Google Cloud Application Load Balancer"],
        "gcp-run" => &["Cloud Run"],
        "gcp-nat" => &["Cloud NAT"],
        "nginx-access" | "nginx-error" => &["nginx", "ingress-nginx"],
        "apache-access" | "apache-error" => &["Apache httpd"],
        "haproxy-http" | "haproxy-notice" => &["HAProxy"],
        "envoy-text" | "envoy-json" | "envoy-log" | "envoy-health" | "envoy-outlier" => &["Envoy"],
        "caddy" => &["Caddy"],
        "traefik" => &["Traefik"],
        "postgresql" => &["PostgreSQL"],
        "mysql" => &["MySQL", "MariaDB"],
        "node" => &["Node.js"],
        "gunicorn" => &["gunicorn"],
        "uvicorn" => &["uvicorn"],
        "uwsgi" => &["uWSGI"],
        "puma" => &["Puma"],
        "php-fpm" | "php-fpm-access" => &["PHP"],
        "ruby" => &["Ruby"],
        "go-client" => &["Go"],
        "java" => &["Java", "Spring Boot", "Tomcat", "Jetty"],
        "python" => &["Python", "gunicorn", "uvicorn", "Hypercorn"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dialects of records that no product of a path writes: platforms, kernels, clients, programs in
    /// any language.
    const OF_NONE: &[&str] = &[
        "app-json",
        "audit",
        "aws-cloudtrail",
        "aws-ecs",
        "aws-metrics",
        "aws-target-health",
        "aws-vpc-flow",
        "curl",
        "dotnet",
        "gcp-audit",
        "gcp-firewall",
        "gcp-metrics",
        "gcp-vpc-flow",
        "health-probe",
        "kernel",
        "kubernetes",
        "linux-counters",
    ];

    #[test]
    fn every_dialect_has_its_product_or_is_known_to_have_none() {
        for dialect in dialects::ALL {
            let name = dialect.name();
            assert_eq!(
                of(name).is_empty(),
                OF_NONE.contains(&name),
                "{name}: name its product in `of`, or list it in OF_NONE"
            );
        }
        for name in OF_NONE {
            assert!(dialects::by_name(name).is_some(), "there is no dialect {name}");
        }
    }
}
