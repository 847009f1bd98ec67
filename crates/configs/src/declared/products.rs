//! The products that `why502.toml` can name, and what each is on a path.

use model::config::{Product, Span, Task};

use crate::defaults;
use crate::programs;

/// Products of platforms, of which no default is known by version.
const PLATFORMS: &[(&str, Task)] = &[
    ("AWS ALB", Task::LoadBalancer),
    ("AWS NAT gateway", Task::Nat),
    ("AWS NLB", Task::LoadBalancer),
    ("Amazon CloudFront", Task::Cdn),
    ("Amazon RDS", Task::Database),
    ("Cloud NAT", Task::Nat),
    ("Cloud Run", Task::App),
    ("Cloud SQL", Task::Database),
    ("Kubernetes", Task::App),
];

/// Servers that forward.
const GATEWAYS: &[&str] = &["Apache httpd", "Caddy", "Envoy", "HAProxy", "Traefik", "nginx"];

/// All names, in the vendors' spelling.
pub(super) fn names() -> Vec<&'static str> {
    let platforms = PLATFORMS.iter().map(|(name, _)| *name);
    let mut all: Vec<&str> =
        defaults::products().chain(programs::image_products()).chain(platforms).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A product and its version: `nginx 1.27.2`, `Node.js`, whatever the case of its letters. `None` if
/// it is not known.
pub(super) fn parse(text: &str, at: Span) -> Option<Product> {
    let text = text.trim();
    let (name, version) = match text.rsplit_once(' ') {
        Some((name, version)) if version.trim_start_matches('v').starts_with(is_digit) => {
            (name.trim(), version.trim_start_matches('v'))
        }
        _ => (text, ""),
    };
    let name = names().into_iter().find(|known| known.eq_ignore_ascii_case(name))?;
    let version_at = (!version.is_empty()).then_some(at);
    Some(Product { name, version: version.to_owned(), version_at })
}

fn is_digit(letter: char) -> bool {
    letter.is_ascii_digit()
}

/// What a hop is that runs these.
pub(super) fn task(products: &[Product]) -> Task {
    let of = |name: &str| {
        let platform = PLATFORMS.iter().find(|(known, _)| *known == name).map(|(_, task)| *task);
        let gateway = GATEWAYS.contains(&name).then_some(Task::Gateway);
        let database = programs::DATABASES.iter().any(|(known, _)| *known == name);
        platform.or(gateway).or(database.then_some(Task::Database))
    };
    products.iter().find_map(|product| of(product.name)).unwrap_or(Task::App)
}

#[cfg(test)]
mod tests {
    use model::config::FileId;

    use super::*;

    #[test]
    fn products_are_known_with_and_without_versions() {
        let at = Span::new(FileId(0), 0..1);
        let read = |text| parse(text, at).map(|p| (p.name, p.version));
        assert_eq!(read("NGINX v1.27.2"), Some(("nginx", "1.27.2".to_owned())));
        assert_eq!(read("Apache httpd"), Some(("Apache httpd", String::new())));
        assert_eq!(read("Node.js 20"), Some(("Node.js", "20".to_owned())));
        assert_eq!(read("my own server 2"), None);
        let task_of = |text| task(&[parse(text, at).unwrap()]);
        assert_eq!(task_of("PostgreSQL 16"), Task::Database);
        assert_eq!(task_of("haproxy 3.0"), Task::Gateway);
        assert_eq!(task_of("gunicorn 23"), Task::App);
    }
}
