//! Google Cloud: entries of Cloud Logging, one JSON object each.
mod about;
pub(crate) mod audit;
mod entry;
pub(crate) mod firewall;
pub(crate) mod flow;
mod glance;
pub(crate) mod lb;
pub(crate) mod metrics;
pub(crate) mod nat;
mod proxy_status;
pub(crate) mod run;
mod run_system;
mod status_details;

#[cfg(test)]
mod hostile {
    use crate::{Context, by_name};

    /// Every sample of these dialects, cut anywhere and with its bytes shuffled, is read without
    /// panicking, and what is refused leaves no event behind.
    #[test]
    fn cut_and_garbled_samples() {
        let samples = [
            include_str!("../../tests/gcp-lb.txt"),
            include_str!("../../tests/gcp-run.txt"),
            include_str!("../../tests/gcp-nat.txt"),
            include_str!("../../tests/gcp-audit.txt"),
            include_str!("../../tests/gcp-firewall.txt"),
            include_str!("../../tests/gcp-metrics.txt"),
            include_str!("../../tests/gcp-vpc-flow.txt"),
            include_str!("../../tests/node.txt"),
            include_str!("../../tests/kernel.txt"),
        ];
        let names = [
            "gcp-lb",
            "gcp-run",
            "gcp-nat",
            "gcp-audit",
            "gcp-firewall",
            "gcp-metrics",
            "gcp-vpc-flow",
            "node",
            "kernel",
        ];
        let dialects: Vec<_> = names.iter().filter_map(|name| by_name(name)).collect();
        assert_eq!(dialects.len(), samples.len());
        let context = Context::default();
        let mut seed = 1_u32;
        for record in samples.iter().flat_map(|text| text.split("\n=>\n")) {
            for _ in 0..5 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = record.floor_char_boundary(seed as usize % (record.len() + 1));
                let (head, tail) = record.split_at(at);
                for garbled in [head.to_owned(), tail.to_owned(), format!("{tail}é\u{fffd}{head}")]
                {
                    for dialect in &dialects {
                        let mut events = Vec::new();
                        let understood = dialect.parse(&garbled, &context, &mut events);
                        assert!(understood == crate::Understood::Yes || events.is_empty());
                        dialect.quick(garbled.as_bytes(), &context);
                        dialect.sniff(&garbled);
                    }
                }
            }
        }
    }
}
