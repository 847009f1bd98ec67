//! Which products occur in the evidence, so that a report names their settings and commands first
//! and spares the reader those of products that are not there.

use std::collections::BTreeSet;

use model::Diagnosis;

/// Dialects, by how their names begin, and the product whose records they are.
const RECORDS: &[(&str, &str)] = &[
    ("aws-alb", "AWS ALB"),
    ("aws-vpc-flow", "AWS VPC"),
    ("aws-cloudtrail", "AWS CloudTrail"),
    ("aws-ecs", "Amazon ECS"),
    ("aws-metrics", "Amazon CloudWatch"),
    ("aws-target-health", "AWS ALB"),
    ("nginx", "nginx"),
    ("haproxy", "HAProxy"),
    ("envoy", "Envoy"),
    ("apache", "Apache httpd"),
    ("gcp-lb", "Google Cloud Load Balancing"),
    ("gcp-run", "Cloud Run"),
    ("gcp-audit", "Cloud Run"),
    ("gcp-nat", "Cloud NAT"),
    ("gcp-firewall", "Google Cloud"),
    ("gcp-vpc-flow", "Google Cloud"),
    ("gcp-metrics", "Cloud Monitoring"),
    ("caddy", "Caddy"),
    ("traefik", "Traefik"),
    ("gunicorn", "gunicorn"),
    ("uvicorn", "uvicorn"),
    ("uwsgi", "uWSGI"),
    ("php-fpm", "PHP-FPM"),
    ("puma", "Puma"),
    ("kernel", "Linux"),
    ("node", "Node.js"),
];

/// Clouds, by how the names of their products begin.
const CLOUDS: &[(&str, &str)] = &[
    ("AWS ", "AWS"),
    ("Amazon ", "AWS"),
    ("Google ", "Google"),
    ("Cloud ", "Google"),
    ("GKE", "Google"),
    ("Azure ", "Azure"),
];

/// The products of one diagnosis.
#[derive(Debug, Default)]
pub(crate) struct Products {
    seen: BTreeSet<&'static str>,
    clouds: BTreeSet<&'static str>,
}

impl Products {
    /// The products whose records the evidence holds.
    pub(crate) fn of(diagnosis: &Diagnosis) -> Products {
        let read = diagnosis.sources.iter().flat_map(|source| &source.dialects);
        let read = read.filter(|(_, n)| *n > 0).map(|(dialect, _)| *dialect);
        let dialects = read.chain(diagnosis.streams.iter().map(|stream| stream.dialect));
        let seen: BTreeSet<&'static str> = dialects.filter_map(product_of).collect();
        let clouds = seen.iter().filter_map(|product| cloud_of(product)).collect();
        Products { seen, clouds }
    }

    /// Whether the product's records are there, or the words hold for any product.
    pub(crate) fn occurs(&self, product: &str) -> bool {
        matches!(product, "any" | "") || self.seen.contains(product)
    }

    /// How far the product is from the evidence: 0 it occurs, 1 it is of a cloud that does, 2 it
    /// may stand unseen behind what occurs, 3 its records, or its cloud's, would be there.
    fn distance(&self, product: &str) -> u8 {
        if self.occurs(product) {
            return 0;
        }
        match cloud_of(product) {
            Some(cloud) if self.clouds.contains(cloud) => 1,
            Some(_) if !self.clouds.is_empty() => 3,
            _ if RECORDS.iter().any(|(_, known)| *known == product && is_gateway(known)) => 3,
            _ => 2,
        }
    }

    /// Whether the product may stand unseen behind what occurs.
    pub(crate) fn may_be_there(&self, product: &str) -> bool {
        self.distance(product) < 3
    }

    /// The list with the nearest products first, otherwise in its own order.
    pub(crate) fn nearest_first<'a, T>(
        &self,
        list: &'a [T],
        product: impl Fn(&T) -> &str,
    ) -> Vec<&'a T> {
        let mut out: Vec<&T> = list.iter().collect();
        out.sort_by_key(|entry| self.distance(product(entry)));
        out
    }
}

/// Application servers and the kernel may be there without a log of theirs among the evidence.
fn is_gateway(product: &str) -> bool {
    !matches!(product, "Node.js" | "Linux" | "gunicorn" | "uvicorn" | "uWSGI" | "PHP-FPM" | "Puma")
}

fn product_of(dialect: &str) -> Option<&'static str> {
    RECORDS.iter().find(|(begin, _)| dialect.starts_with(begin)).map(|(_, product)| *product)
}

fn cloud_of(product: &str) -> Option<&'static str> {
    CLOUDS.iter().find(|(begin, _)| product.starts_with(begin)).map(|(_, cloud)| *cloud)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::SourceSummary;

    fn products(dialects: &[&'static str]) -> Products {
        let source = SourceSummary {
            name: "a.log".to_owned(),
            bytes: 1,
            lines: 1,
            dialects: dialects.iter().map(|dialect| (*dialect, 1)).collect(),
            unread: 0,
            unread_examples: vec![],
        };
        Products::of(&Diagnosis { sources: vec![source], ..Diagnosis::default() })
    }

    fn order(dialects: &[&'static str], list: &[&'static str]) -> Vec<&'static str> {
        products(dialects).nearest_first(list, |p| p).into_iter().copied().collect()
    }

    #[test]
    fn what_occurs_comes_first_and_what_would_show_comes_last() {
        let list = ["nginx", "Node.js", "gunicorn", "any", "Cloud Run", "AWS ECS", "AWS ALB"];
        assert_eq!(
            order(&["aws-alb"], &list),
            ["any", "AWS ALB", "AWS ECS", "Node.js", "gunicorn", "nginx", "Cloud Run"]
        );
        assert_eq!(
            order(&["nginx-access", "nginx-error", "node"], &list),
            ["nginx", "Node.js", "any", "gunicorn", "AWS ECS", "Cloud Run", "AWS ALB"]
        );
        assert_eq!(order(&["gcp-audit", "gcp-nat"], &list)[..2], ["any", "Cloud Run"]);
    }

    #[test]
    fn a_dialect_without_records_does_not_occur() {
        let mut d = Diagnosis::default();
        assert!(!Products::of(&d).occurs("nginx"));
        d.sources.push(SourceSummary {
            name: "a".to_owned(),
            bytes: 0,
            lines: 0,
            dialects: vec![("nginx-access", 0), ("haproxy-http", 1)],
            unread: 0,
            unread_examples: vec![],
        });
        let products = Products::of(&d);
        assert!(!products.occurs("nginx") && products.occurs("HAProxy") && products.occurs("any"));
    }
}
