//! Memory: a program that believes in a larger heap than its container has memory.

use model::config::{Key, Prediction, Severity, System};
use model::{Statement, Text};

use super::said::{any_written, number, sure};

/// A heap at or above the limit of the container, which also holds stacks, buffers and code.
pub(crate) fn heap(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, hop) in system.hops() {
        let (Some((heap, grows)), Some((limit, has))) =
            (number(hop, Key::HeapLimit), number(hop, Key::MemoryLimit))
        else {
            continue;
        };
        // Every process has a heap of its own.
        let processes = number(hop, Key::Workers).filter(|(_, n)| *n > 1);
        let all = grows.saturating_mul(processes.map_or(1, |(_, n)| n));
        if all < has || !any_written(&[heap, limit]) {
            continue;
        }
        let says = Statement::plain(SAYS)
            .with("hop", &hop.name)
            .with("heap", &heap.value)
            .with("heap_name", heap.name)
            .with("limit", &limit.value);
        let mut one = Prediction::new(Severity::Error, sure(system, &[heap, limit], &[]), says)
            .rests_on(system, id, heap)
            .rests_on(system, id, limit);
        if let Some((workers, n)) = processes {
            one = one.rests_on(system, id, workers).step(
                Statement::plain(STEP)
                    .with("n", n)
                    .with("heap", &heap.value)
                    .with("all", model::config::Value::Bytes(all)),
            );
        }
        found.push(one.change(
            Statement::plain(CHANGE).with("name", heap.name).with("hop", &hop.name).with(
                "most",
                model::config::Value::Bytes(has / 4 * 3 / processes.map_or(1, |(_, n)| n)),
            ),
        ));
    }
    found
}

const SAYS: Text = Text::new(
    "{hop} lets its heap grow to {heap} per process ({heap_name}), but may use {limit} in all: it is killed \
     before it collects garbage",
    "{hop} はヒープをプロセスごとに {heap} まで広げますが（{heap_name}）、使えるメモリは合わせて {limit} です。ガベージ\
     コレクションの前に強制終了されます",
);
const STEP: Text = Text::new("{n} processes × {heap} = {all}", "{n} プロセス × {heap} = {all}");
const CHANGE: Text = Text::new(
    "set {name} of {hop} to three quarters of its memory or less: {most}",
    "{hop} の {name} をメモリの 4 分の 3 以下（{most}）にします",
);

#[cfg(test)]
mod tests {
    use model::config::{Task, Value};

    use super::*;
    use crate::rules::test_support::{Made, count, only, unknown};

    const MIB: u64 = 1 << 20;

    fn with(heap: Value, limit: Value, workers: u64) -> Vec<Prediction> {
        let mut made = Made::new();
        let app = made.hop(Task::App, "app");
        made.set(app, Key::HeapLimit, heap);
        made.set(app, Key::MemoryLimit, limit);
        made.set(app, Key::Workers, count(workers));
        super::heap(&made.system)
    }

    #[test]
    fn the_heap_fits_into_the_container() {
        let of = |mib| Value::Bytes(mib * MIB);
        only(with(of(2048), of(512), 1));
        only(with(of(512), of(512), 1));
        assert_eq!(only(with(of(300), of(512), 2)).arithmetic.len(), 1);
        assert!(with(of(384), of(512), 1).is_empty());
        assert!(with(unknown(), of(512), 1).is_empty());
        assert!(with(of(384), unknown(), 1).is_empty());
    }
}
