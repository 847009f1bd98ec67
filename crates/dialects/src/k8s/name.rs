//! The workload a pod belongs to, by the pod's name.
//!
//! Source: Kubernetes `k8s.io/apimachinery/pkg/util/rand` (the letters of generated suffixes) and
//! the documentation on Deployments (`pod-template-hash`) and StatefulSets (ordinals).

/// The workload's name: of `api-7d9c5b7f4-x2x4q` it is `api`, of `queue-0` it is `queue`.
pub(super) fn workload(pod: &str) -> &str {
    let Some((front, last)) = pod.rsplit_once('-') else { return pod };
    if front.is_empty() {
        return pod;
    }
    if last.len() <= 3 && !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()) {
        return front;
    }
    if last.len() != 5 || !is_generated(last) {
        return pod;
    }
    match front.rsplit_once('-') {
        Some((name, hash))
            if !name.is_empty() && (8..=10).contains(&hash.len()) && is_generated(hash) =>
        {
            name
        }
        _ => front,
    }
}

/// No vowels, no 0, 1 and 3: generated names shall spell nothing.
fn is_generated(text: &str) -> bool {
    text.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b))
}

/// A name as Kubernetes allows it (RFC 1123 subdomain).
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::workload;

    #[test]
    fn names() {
        for (pod, name) in [
            ("api-7d9c5b7f4-x2x4q", "api"),
            ("order-api-7d9c5b7f46-x2x4q", "order-api"),
            ("queue-0", "queue"),
            ("node-agent-x2x4q", "node-agent"),
            ("api", "api"),
            ("my-service", "my-service"),
            ("-x2x4q", "-x2x4q"),
            ("batch-worker", "batch-worker"),
        ] {
            assert_eq!(workload(pod), name, "{pod}");
        }
    }
}
