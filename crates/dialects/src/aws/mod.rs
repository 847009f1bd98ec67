//! AWS.
mod about;
pub(crate) mod alb;
pub(crate) mod alb_connection;
pub(crate) mod alb_health;
pub(crate) mod api_gateway;
pub(crate) mod api_gateway_execution;
pub(crate) mod clb;
pub(crate) mod cloudfront;
pub(crate) mod cloudtrail;
pub(crate) mod ecs;
mod flat;
pub(crate) mod flow;
pub(crate) mod lambda;
pub(crate) mod metrics;
mod names;
pub(crate) mod nlb;
pub(crate) mod target_health;
mod words;

#[cfg(test)]
mod hostile {
    use crate::{Context, Understood, by_name};

    /// Every sample of these dialects, cut anywhere and with its halves swapped, is read without
    /// panicking, and what is refused leaves no event behind.
    #[test]
    fn cut_and_garbled_samples() {
        let samples = [
            ("aws-vpc-flow", include_str!("../../tests/aws-vpc-flow.txt")),
            ("aws-vpc-flow", include_str!("../../tests/aws-vpc-flow.custom.txt")),
            ("aws-cloudtrail", include_str!("../../tests/aws-cloudtrail.txt")),
            ("aws-ecs", include_str!("../../tests/aws-ecs.txt")),
            ("aws-metrics", include_str!("../../tests/aws-metrics.txt")),
            ("aws-target-health", include_str!("../../tests/aws-target-health.txt")),
        ];
        let mut seed = 1_u32;
        for (name, text) in samples {
            let dialect = by_name(name).expect("a dialect");
            let names = text.lines().find_map(|line| line.strip_prefix("@columns "));
            let columns = names.unwrap_or("").split_whitespace().map(str::to_owned).collect();
            let context = Context { columns, ..Context::default() };
            for record in text.split("\n=>\n").flat_map(|part| part.split_inclusive('\n')) {
                for _ in 0..8 {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let at = record.floor_char_boundary(seed as usize % (record.len() + 1));
                    let (head, tail) = record.split_at(at);
                    let mixed = format!("{tail}é\u{fffd}{head}");
                    for garbled in [head, tail, &mixed, &mixed.replace(['"', '1'], "9")] {
                        let mut events = Vec::new();
                        let understood = dialect.parse(garbled, &context, &mut events);
                        assert!(understood == Understood::Yes || events.is_empty(), "{garbled}");
                        dialect.quick(garbled.as_bytes(), &context);
                        dialect.sniff_in(garbled, &context);
                    }
                }
            }
        }
    }
}
