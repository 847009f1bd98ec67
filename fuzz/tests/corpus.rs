//! The inputs kept from fuzzing, tried again on a stable compiler: what was found once stays found,
//! and what took coverage to find is tried without.

use std::time::{Duration, Instant};

/// Bytes of all kept inputs together.
const SIZE: usize = 1 << 20;
/// Longest time for one input.
const HANG: Duration = Duration::from_secs(3);

fn replay(name: &str) {
    let (_, target) = fuzz::TARGETS.iter().find(|(target, _)| *target == name).expect("a target");
    let inputs = fuzz::corpus(name);
    assert!(inputs.len() > 20, "only {} inputs for {name}", inputs.len());
    for (path, input) in inputs {
        // The output is shown only if the test fails: the last line then names the input.
        println!("{}", path.display());
        let began = Instant::now();
        target(&input);
        let took = began.elapsed();
        assert!(took < HANG, "{} takes {took:?}", path.display());
    }
}

#[test]
fn dialect() {
    replay("dialect");
}

#[test]
fn sniff() {
    replay("sniff");
}

#[test]
fn reader() {
    replay("reader");
}

#[test]
fn intake() {
    replay("intake");
}

#[test]
fn it_stays_small() {
    let inputs: Vec<usize> = fuzz::TARGETS
        .iter()
        .flat_map(|(name, _)| fuzz::corpus(name))
        .map(|(_, input)| input.len())
        .collect();
    let bytes: usize = inputs.iter().sum();
    assert!(bytes < SIZE, "{bytes} bytes");
    assert!(inputs.len() < 600, "{} files", inputs.len());
}
