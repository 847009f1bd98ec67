//! Images of containers: which product they hold, and in which version.

use model::config::{Hop, Product, Span, Task};

/// Names of well known images, without registry, and their products in the vendors' spelling.
const IMAGES: &[(&str, &str)] = &[
    ("node", "Node.js"),
    ("nodejs", "Node.js"),
    ("python", "Python"),
    ("ruby", "Ruby"),
    ("golang", "Go"),
    ("nginx", "nginx"),
    ("nginx-unprivileged", "nginx"),
    ("httpd", "Apache httpd"),
    ("haproxy", "HAProxy"),
    ("envoy", "Envoy"),
    ("caddy", "Caddy"),
    ("traefik", "Traefik"),
    ("openjdk", "Java"),
    ("eclipse-temurin", "Java"),
    ("amazoncorretto", "Java"),
    ("tomcat", "Tomcat"),
    ("jetty", "Jetty"),
    ("php", "PHP"),
    ("postgres", "PostgreSQL"),
    ("postgis", "PostgreSQL"),
    ("mysql", "MySQL"),
    ("mariadb", "MariaDB"),
    ("redis", "Redis"),
    ("valkey", "Valkey"),
    ("mongo", "MongoDB"),
    ("memcached", "Memcached"),
];

/// Products that answer no requests of HTTP, and their ports.
pub(crate) const DATABASES: &[(&str, u16)] = &[
    ("PostgreSQL", 5432),
    ("MySQL", 3306),
    ("MariaDB", 3306),
    ("Redis", 6379),
    ("Valkey", 6379),
    ("MongoDB", 27017),
    ("Memcached", 11211),
];

/// Products whose task is to pass requests on.
const GATEWAYS: [&str; 6] = ["nginx", "Apache httpd", "HAProxy", "Envoy", "Caddy", "Traefik"];

/// Says of a container what runs in it, and its task where the product has only one.
pub(crate) fn contains(hop: &mut Hop, product: Product) {
    if DATABASES.iter().any(|(name, _)| *name == product.name) {
        hop.task = Task::Database;
    }
    if GATEWAYS.contains(&product.name) {
        hop.task = Task::Gateway;
    }
    hop.products.push(product);
}

/// The products of all well known images.
pub(crate) fn products() -> impl Iterator<Item = &'static str> {
    IMAGES.iter().map(|(_, product)| *product)
}

/// The product of an image and its version: the tag as far as it is a number. `None` for images
/// that are not well known, which hold somebody's own program.
pub(crate) fn product(image: &str, at: Option<Span>) -> Option<Product> {
    let image = image.split('@').next().unwrap_or(image);
    let last = image.rsplit('/').next().unwrap_or(image);
    let (name, tag) = last.split_once(':').unwrap_or((last, ""));
    // A name of one's own registry may be anything: `registry.example/team/node`.
    let folders = image.split('/').count();
    let known_owner = [
        "library",
        "bitnami",
        "nginxinc",
        "envoyproxy",
        "postgis",
        "valkey",
        "cimg",
        "docker.io",
        "public.ecr.aws",
        "docker",
    ]
    .iter()
    .any(|owner| {
        image.split('/').rev().nth(1) == Some(owner) || image.starts_with(&format!("{owner}/"))
    });
    if folders > 1 && !known_owner {
        return None;
    }
    let (_, product) = IMAGES.iter().find(|(known, _)| *known == name)?;
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let end = tag.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(tag.len());
    let version = tag[..end].trim_end_matches('.').to_owned();
    let version_at = if version.is_empty() { None } else { at };
    Some(Product { name: product, version, version_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_name_products_and_tags_versions() {
        for (image, name, version) in [
            ("node:20", "Node.js", "20"),
            ("node:20.11.1-bookworm-slim", "Node.js", "20.11.1"),
            ("docker.io/library/node:22-alpine", "Node.js", "22"),
            ("node:lts@sha256:00", "Node.js", ""),
            ("envoyproxy/envoy:v1.30.1", "Envoy", "1.30.1"),
            ("public.ecr.aws/docker/library/postgres:16", "PostgreSQL", "16"),
            ("nginx", "nginx", ""),
        ] {
            let found = product(image, None).unwrap();
            assert_eq!((found.name, found.version.as_str()), (name, version), "{image}");
        }
        for own in ["registry.example/team/node:3", "shop", "shop/api:1", "nodes:1", "", ":", "/"] {
            assert!(product(own, None).is_none(), "{own}");
        }
    }
}
