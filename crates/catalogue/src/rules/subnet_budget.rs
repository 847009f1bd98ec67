//! Addresses of a subnet: what the instances of two revisions side by side take of it.

use model::config::{Hop, HopId, Prediction, Setting, Severity, Subnet, System};
use model::{Statement, Text};

use super::said::{Instances, beside, sure};

/// Addresses that a cloud keeps of each subnet: AWS five, Google Cloud four. The smaller number, so
/// that nothing is called full that is not.
const KEPT: u64 = 4;

/// The instances of one hop in one subnet at a release.
struct Taken<'s> {
    id: HopId,
    hop: &'s Hop,
    setting: &'s Setting,
    surge: Option<&'s Setting>,
    instances: u64,
    /// Addresses of each: Cloud Run keeps two while an instance lives (Google Cloud, "Direct VPC
    /// egress": "2 times the number of instances").
    each: u64,
}

/// Subnets without addresses for both revisions.
pub(crate) fn at_release(system: &System) -> Vec<Prediction> {
    system.subnets.iter().filter_map(|subnet| too_small(system, subnet)).collect()
}

fn too_small(system: &System, subnet: &Subnet) -> Option<Prediction> {
    let (block, at) = (subnet.block?, subnet.at?);
    let free = block.size().saturating_sub(KEPT);
    let taken: Vec<Taken> = subnet
        .hops
        .iter()
        // What lies in several subnets spreads over them in a way that the files do not tell.
        .filter(|hop| system.subnets.iter().filter(|s| s.hops.contains(hop)).count() == 1)
        .filter_map(|hop| taken(system, *hop))
        .collect();
    let all = taken
        .iter()
        .fold(0_u64, |sum, one| sum.saturating_add(one.instances.saturating_mul(one.each)));
    if all <= free {
        return None;
    }
    let settings: Vec<&Setting> = taken.iter().map(|one| one.setting).collect();
    let says = Statement::plain(SAYS)
        .with("subnet", &subnet.name)
        .with("block", block)
        .with("free", free)
        .with("all", all);
    let mut one = Prediction::new(Severity::Warning, sure(system, &settings, &[]), says)
        .at(at, Statement::plain(BLOCK).with("subnet", &subnet.name).with("free", free));
    for taken in &taken {
        one = one.rests_on(system, taken.id, taken.setting);
        if let Some(surge) = taken.surge {
            one = one.rests_on(system, taken.id, surge);
        }
        one = one.step(
            Statement::plain(STEP)
                .with("hop", &taken.hop.name)
                .with("instances", taken.instances)
                .with("each", taken.each)
                .with("all", taken.instances.saturating_mul(taken.each)),
        );
    }
    let bits = all.saturating_add(KEPT).checked_next_power_of_two()?.trailing_zeros();
    let length = 32_u32.checked_sub(bits)?;
    Some(one.change(Statement::plain(CHANGE).with("subnet", &subnet.name).with("length", length)))
}

fn taken(system: &System, id: HopId) -> Option<Taken<'_>> {
    let hop = system.hops.get(id.0 as usize)?;
    let instances = Instances::of(hop);
    let setting = instances.setting().filter(|setting| setting.is_written())?;
    let most = instances.at_most();
    if hop.runs("Cloud Run") {
        let both = most.saturating_mul(2);
        return Some(Taken { id, hop, setting, surge: None, instances: both, each: 2 });
    }
    let (more, surge) = beside(hop, most).map_or((0, None), |(n, setting)| (n, Some(setting)));
    Some(Taken { id, hop, setting, surge, instances: most.saturating_add(more), each: 1 })
}

const SAYS: Text = Text::new(
    "the subnet {subnet} ({block}) has {free} addresses, but both revisions together take {all} at a \
     release: new instances do not start",
    "サブネット {subnet}（{block}）のアドレスは {free} ですが、リリース時には新旧合わせて {all} 必要です。新しい\
     インスタンスが起動できません",
);
const BLOCK: Text = Text::new("{subnet}: {free} addresses", "{subnet}: {free} アドレス");
const STEP: Text = Text::new(
    "{hop}: {instances} instances, old and new, × {each} each = {all} addresses",
    "{hop}: 新旧 {instances} インスタンス × 各 {each} = {all} アドレス",
);
const CHANGE: Text = Text::new(
    "make {subnet} a /{length} or larger, or release in smaller steps",
    "{subnet} を /{length} 以上の広さにするか、リリースの刻みを小さくします",
);

#[cfg(test)]
mod tests {
    use model::config::{Key, Task, Value};

    use super::*;
    use crate::rules::test_support::{Made, count, only, unknown};

    fn with(block: &str, most: Value, product: &'static str) -> Vec<Prediction> {
        let mut made = Made::new();
        let app = made.hop(Task::App, "web");
        made.runs(app, product, "");
        made.set(app, Key::MaxInstances, most);
        made.default(app, Key::MaxSurge, Value::Share(1.0));
        made.subnet(block, &[app]);
        at_release(&made.system)
    }

    #[test]
    fn both_revisions_fit_into_the_subnet() {
        // 4 × 20 = 80 addresses of the 60 that a /26 has.
        let one = only(with("10.0.0.0/26", count(20), "Cloud Run"));
        assert!(one.changes[0].render(model::Lang::En).contains("/25"));
        assert!(with("10.0.0.0/26", count(15), "Cloud Run").is_empty());
        assert!(with("10.0.0.0/26", count(20), "ECS").is_empty());
        only(with("10.0.0.0/28", count(20), "ECS"));
        assert!(with("10.0.0.0/28", unknown(), "ECS").is_empty());
        assert!(with("not a block", count(20), "ECS").is_empty());
        assert!(with("fd00::/64", count(20), "ECS").is_empty());
    }
}
