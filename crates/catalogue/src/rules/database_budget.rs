//! Connections of a database: what all pools together may open, in operation and while two revisions
//! run side by side, against what the database accepts.

use model::config::{
    Confidence, Hop, HopId, Key, LinkId, Prediction, Setting, Severity, System, Task,
};
use model::{Statement, Text};

use super::said::{Instances, any_written, beside, number, sure};

/// One pool per process of one program.
struct Pool<'s> {
    link: LinkId,
    from: HopId,
    hop: &'s Hop,
    max: &'s Setting,
    size: u64,
    workers: Option<(&'s Setting, u64)>,
    instances: Instances<'s>,
}

impl Pool<'_> {
    /// Connections of one instance.
    fn each(&self) -> u64 {
        self.size.saturating_mul(self.workers.map_or(1, |(_, workers)| workers))
    }

    fn settings(&self) -> impl Iterator<Item = &Setting> {
        let workers = self.workers.map(|(setting, _)| setting);
        [Some(self.max), workers, self.instances.setting()].into_iter().flatten()
    }
}

/// A database with the pools that connect to it.
struct Budget<'s> {
    database: HopId,
    limit: &'s Setting,
    reserved: Option<(&'s Setting, u64)>,
    /// Connections that programs may open.
    free: u64,
    pools: Vec<Pool<'s>>,
}

fn budgets(system: &System) -> Vec<Budget<'_>> {
    let mut found = Vec::new();
    for (database, hop) in system.hops_that(Task::Database) {
        let Some((limit, all)) = number(hop, Key::MaxConnections) else { continue };
        let reserved = number(hop, Key::ReservedConnections);
        let free = all.saturating_sub(reserved.map_or(0, |(_, n)| n));
        let mut pools: Vec<Pool> = Vec::new();
        for (link, way) in system.links_to(database) {
            let Some(max) = way.get(Key::PoolMax) else { continue };
            let Some(size) = max.count().filter(|n| *n > 0) else { continue };
            // Two links of one program by the same pool are one pool.
            if pools.iter().any(|pool| pool.from == way.from && pool.max == max) {
                continue;
            }
            let from = system.hop(way.from);
            let (workers, instances) = (number(from, Key::Workers), Instances::of(from));
            pools.push(Pool { link, from: way.from, hop: from, max, size, workers, instances });
        }
        if !pools.is_empty() {
            found.push(Budget { database, limit, reserved, free, pools });
        }
    }
    found
}

impl<'s> Budget<'s> {
    fn sum(&self, of: impl Fn(&Pool<'s>) -> u64) -> u64 {
        let products = self.pools.iter().map(|pool| pool.each().saturating_mul(of(pool)));
        products.fold(0, u64::saturating_add)
    }

    /// The prediction with its places and sums, for so many instances of each program.
    fn predict(
        &self,
        system: &System,
        (severity, says): (Severity, Statement),
        instances: impl Fn(&Pool<'s>) -> u64,
    ) -> Option<Prediction> {
        let mut settings: Vec<&Setting> = vec![self.limit];
        settings.extend(self.pools.iter().flat_map(Pool::settings));
        let links: Vec<LinkId> = self.pools.iter().map(|pool| pool.link).collect();
        if !any_written(&settings) {
            return None;
        }
        let confidence: Confidence = sure(system, &settings, &links);
        let mut one = Prediction::new(severity, confidence, says);
        for pool in &self.pools {
            for setting in pool.settings() {
                one = one.rests_on(system, pool.from, setting);
            }
            one = one.along(system, pool.link).step(
                Statement::plain(POOL)
                    .with("hop", &pool.hop.name)
                    .with("instances", instances(pool))
                    .with("each", pool.each())
                    .with("all", instances(pool).saturating_mul(pool.each())),
            );
        }
        one = one.rests_on(system, self.database, self.limit);
        if let Some((reserved, n)) = self.reserved {
            one = one.rests_on(system, self.database, reserved).step(
                Statement::plain(FREE)
                    .with("limit", &self.limit.value)
                    .with("reserved", n)
                    .with("free", self.free),
            );
        }
        let total = self.sum(&instances);
        let processes = self.pools.iter().fold(0_u64, |sum, pool| {
            let workers = pool.workers.map_or(1, |(_, workers)| workers);
            sum.saturating_add(instances(pool).saturating_mul(workers))
        });
        Some(
            one.step(Statement::plain(SUM).with("total", total).with("free", self.free)).change(
                Statement::plain(CHANGE)
                    .with("each", self.free / processes.max(1))
                    .with("total", total)
                    .with("database", &system.hop(self.database).name),
            ),
        )
    }
}

/// All pools together, in operation.
pub(crate) fn in_operation(system: &System) -> Vec<Prediction> {
    let predict = |budget: &Budget| {
        let least = budget.sum(|pool| pool.instances.at_least());
        let most = budget.sum(|pool| pool.instances.at_most());
        let surely = least > budget.free;
        let all = if surely { least } else { most };
        if all <= budget.free {
            return None;
        }
        let says = Statement::plain(IN_OPERATION)
            .with("all", all)
            .with("database", &system.hop(budget.database).name)
            .with("free", budget.free)
            .with("name", budget.limit.name);
        let severity = if surely { Severity::Error } else { Severity::Warning };
        let instances = |pool: &Pool| {
            if surely { pool.instances.at_least() } else { pool.instances.at_most() }
        };
        budget.predict(system, (severity, says), instances)
    };
    budgets(system).iter().filter_map(predict).collect()
}

/// All pools of both revisions, while a release goes on.
pub(crate) fn at_release(system: &System) -> Vec<Prediction> {
    let predict = |budget: &Budget| {
        // What does not even fit in operation is found there.
        if budget.sum(|pool| pool.instances.at_most()) > budget.free {
            return None;
        }
        // Only programs whose surge is known count twice.
        let more = |pool: &Pool| beside(pool.hop, pool.instances.at_most()).map_or(0, |(n, _)| n);
        let both = |pool: &Pool| pool.instances.at_most().saturating_add(more(pool));
        let all = budget.sum(both);
        if all <= budget.free {
            return None;
        }
        let says = Statement::plain(AT_RELEASE)
            .with("all", all)
            .with("database", &system.hop(budget.database).name)
            .with("free", budget.free)
            .with("name", budget.limit.name);
        let mut one = budget.predict(system, (Severity::Warning, says), both)?;
        for pool in &budget.pools {
            if let Some((_, surge)) = beside(pool.hop, pool.instances.at_most()) {
                one = one.rests_on(system, pool.from, surge);
            }
        }
        Some(one)
    };
    budgets(system).iter().filter_map(predict).collect()
}

const IN_OPERATION: Text = Text::new(
    "the pools may open {all} connections to {database}, which accepts {free} ({name}): the rest is \
     refused",
    "プールは合わせて {all} 接続を開けますが、{database} が受け付けるのは {free} です（{name}）。残りは拒否され\
     ます",
);
const AT_RELEASE: Text = Text::new(
    "while old and new instances run side by side, the pools may open {all} connections to {database}, \
     which accepts {free} ({name}): new instances are refused at a release",
    "新旧のインスタンスが並行する間、プールは合わせて {all} 接続を開けますが、{database} が受け付けるのは {free} \
     です（{name}）。リリース時に新しいインスタンスの接続が拒否されます",
);
const POOL: Text = Text::new(
    "{hop}: {instances} × {each} connections each = {all}",
    "{hop}: {instances} × 各 {each} 接続 = {all}",
);
const FREE: Text = Text::new(
    "{limit} connections less {reserved} reserved = {free}",
    "{limit} 接続 − 予約 {reserved} = {free}",
);
const SUM: Text = Text::new("{total} in all, above {free}", "合計 {total} で、{free} を超えます");
const CHANGE: Text = Text::new(
    "bound each pool to {each} connections, put a pooler in front of {database}, or let it accept {total}",
    "各プールを {each} 接続以下にするか、{database} の前にプーラーを置くか、{total} 接続を受け付けるようにします",
);

#[cfg(test)]
mod tests {
    use model::config::Value;

    use super::*;
    use crate::rules::test_support::{Made, count, only, unknown};

    fn shop(pool: Value, instances: Value, surge: Option<Value>) -> Made {
        let mut made = Made::new();
        let app = made.hop(Task::App, "shop");
        let database = made.hop(Task::Database, "postgres");
        let link = made.link(app, database, "postgres:5432");
        made.set_link(link, Key::PoolMax, pool);
        made.set(app, Key::MinInstances, instances.clone());
        made.set(app, Key::MaxInstances, instances);
        if let Some(surge) = surge {
            made.default(app, Key::MaxSurge, surge);
        }
        made.default(database, Key::MaxConnections, count(100));
        made.default(database, Key::ReservedConnections, count(3));
        made
    }

    #[test]
    fn pools_fit_into_the_database() {
        let with = |pool, instances| in_operation(&shop(pool, instances, None).system);
        let one = only(with(count(20), count(5)));
        assert_eq!(one.severity, Severity::Error);
        assert!(one.changes[0].render(model::Lang::En).starts_with("bound each pool to 19"));
        assert!(with(count(20), count(4)).is_empty());
        assert!(with(unknown(), count(5)).is_empty());
        assert!(with(count(20), unknown()).is_empty());
    }

    #[test]
    fn workers_have_a_pool_each() {
        let mut made = shop(count(10), count(3), None);
        assert!(in_operation(&made.system).is_empty());
        made.set(HopId(0), Key::Workers, count(4));
        only(in_operation(&made.system));
    }

    #[test]
    fn both_revisions_fit_into_the_database() {
        let with = |surge| at_release(&shop(count(20), count(4), Some(surge)).system);
        only(with(Value::Share(0.25)));
        only(with(count(1)));
        assert!(with(count(0)).is_empty());
        assert!(with(unknown()).is_empty());
        assert!(at_release(&shop(count(20), count(5), Some(count(1))).system).is_empty());
        assert!(at_release(&shop(count(20), count(4), None).system).is_empty());
    }
}
