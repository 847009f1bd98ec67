//! `mutate TARGET [--seconds N] [--seed N]`: tries a target on altered samples, without coverage,
//! on any compiler. The same seed tries the same inputs in the same order.
//!
//! `mutate TARGET --seeds FOLDER` writes the inputs with which the target begins, one file each, for
//! libFuzzer.
//!
//! It ends with 1 and leaves the input in `artifacts/TARGET/` if the target panics, takes longer
//! than [`HANG`] for one input, or lets the process grow by more than [`GROWTH`].

#[allow(dead_code)]
#[path = "../../xtask/src/random.rs"]
mod random;

use std::panic;
use std::path::{Path, PathBuf};
use std::process::exit;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use random::Random;

/// Longest time for one input.
const HANG: Duration = Duration::from_secs(3);
/// Growth of the resident set, in bytes, that is a leak.
const GROWTH: u64 = 256 << 20;
/// Longest input.
const LONGEST: usize = 64 << 10;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(name) = arguments.first() else { usage() };
    let Some((name, target)) = fuzz::TARGETS.iter().find(|(target, _)| target == name) else {
        usage()
    };
    let number = |option: &str, default: u64| {
        let at = arguments.iter().position(|argument| argument == option);
        at.map_or(default, |at| {
            arguments.get(at + 1).and_then(|n| n.parse().ok()).unwrap_or_else(|| usage())
        })
    };
    if let Some(at) = arguments.iter().position(|argument| argument == "--seeds") {
        let folder = arguments.get(at + 1).unwrap_or_else(|| usage());
        if let Err(error) = write_seeds(name, Path::new(folder)) {
            eprintln!("the seeds cannot be written to {folder}: {error}");
            exit(1)
        }
        return;
    }
    let limit = Duration::from_secs(number("--seconds", 10));
    let mut random = Random::new(number("--seed", 1));
    let mut seeds = fuzz::seeds(name);
    seeds.extend(fuzz::corpus(name).into_iter().map(|(_, input)| input));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("artifacts").join(name);

    let watched = Arc::new(Watched { since: AtomicU64::new(0), input: Mutex::new(Vec::new()) });
    let began = Instant::now();
    watch(Arc::clone(&watched), began, folder.clone());
    panic::set_hook(Box::new(|_| {}));

    let mut tried: u64 = 0;
    let mut base = 0;
    while began.elapsed() < limit {
        let input = match seeds.get(tried as usize) {
            Some(seed) => seed.clone(),
            None => altered(&seeds, &mut random),
        };
        if let Ok(mut current) = watched.input.lock() {
            current.clone_from(&input);
        }
        watched.since.store(began.elapsed().as_millis() as u64 + 1, Ordering::Relaxed);
        let outcome = panic::catch_unwind(|| target(&input));
        watched.since.store(0, Ordering::Relaxed);
        if let Err(panic) = outcome {
            let what = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|what| (*what).to_owned()))
                .unwrap_or_else(|| "a panic".to_owned());
            fail(&folder, &input, &what);
        }
        tried += 1;
        if tried == seeds.len() as u64 + 1_000 {
            base = resident();
        }
        if tried.is_multiple_of(1_000) && base > 0 && resident() > base + GROWTH {
            fail(&folder, &input, "the process keeps growing");
        }
    }
    println!("{name}: {tried} inputs in {:.0} s, nothing found", began.elapsed().as_secs_f64());
}

fn usage() -> ! {
    let names: Vec<&str> = fuzz::TARGETS.iter().map(|(name, _)| *name).collect();
    let usage = "mutate TARGET [--seconds N] [--seed N] | mutate TARGET --seeds FOLDER";
    eprintln!("{usage}; targets: {}", names.join(", "));
    exit(2)
}

fn write_seeds(target: &str, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (number, seed) in fuzz::seeds(target).iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number:05}")), seed)?;
    }
    Ok(())
}

/// The input at hand and when it was begun, in milliseconds and one; 0 between inputs.
struct Watched {
    since: AtomicU64,
    input: Mutex<Vec<u8>>,
}

/// A thread that ends the process when one input takes too long.
fn watch(watched: Arc<Watched>, began: Instant, folder: PathBuf) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(200));
            let since = watched.since.load(Ordering::Relaxed);
            let now = began.elapsed().as_millis() as u64 + 1;
            if since > 0 && now.saturating_sub(since) > HANG.as_millis() as u64 {
                let input = watched.input.lock().map(|input| input.clone()).unwrap_or_default();
                fail(&folder, &input, "one input takes too long");
            }
        }
    });
}

fn fail(folder: &Path, input: &[u8], what: &str) -> ! {
    // FNV-1a: the same input has the same name.
    let hash = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    let path = folder.join(format!("crash-{hash:016x}"));
    let kept = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, input));
    eprintln!("{what}");
    match kept {
        Ok(()) => eprintln!("the input is in {}", path.display()),
        Err(error) => eprintln!("the input could not be kept: {error}"),
    }
    exit(1)
}

/// Bytes of the process in memory; 0 where the system does not say.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_ascii_whitespace().nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

/// Texts that matter to readers of logs.
const TOKENS: [&[u8]; 36] = [
    b"\"",
    b"\\",
    b"\\x22",
    b"\\\"",
    b"'",
    b"\n",
    b"\r\n",
    b"\t",
    b" ",
    b"-",
    b"-1",
    b"0",
    b"99999999999999999999",
    b"0.000",
    b"502",
    b"000",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"=",
    b"|",
    b"/",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xe2\x82\xac",
    b"\xf0\x9f\xa6\x80",
    b"\xef\xbb\xbf",
    b"::1",
    b"[2001:db8::1]:443",
    b"31/Feb/2026:25:61:61 +9999",
    b"2026-02-30T24:60:60Z",
    b"\x1b[31m",
];

/// One input: a sample, or two joined, altered a few times.
fn altered(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = random.pick(seeds).clone();
    if random.chance(0.3) {
        input.push(b'\n');
        let other: &Vec<u8> = random.pick(seeds);
        input.extend_from_slice(other);
    }
    for _ in 0..random.between(1, 6) {
        let at = random.below(input.len() as u64 + 1) as usize;
        let length = random.below(16).min((input.len() - at) as u64) as usize;
        match random.below(9) {
            0 => input.truncate(at),
            1 => drop(input.drain(at..at + length)),
            2 => drop(input.splice(at..at, random.pick(&TOKENS).iter().copied())),
            3 => drop(input.splice(at..at + length, random.pick(&TOKENS).iter().copied())),
            4 if at < input.len() => input[at] = random.next() as u8,
            5 if at < input.len() => input[at] ^= 1 << random.below(8),
            6 => {
                // The same again, many times: where time grows faster than the input, it shows.
                let piece = input[at..at + length].to_vec();
                let times = random.below(400) as usize;
                drop(input.splice(at..at, piece.repeat(times)));
            }
            7 => {
                let other = random.pick(seeds);
                let from = random.below(other.len() as u64) as usize;
                drop(input.splice(at.., other[from..].iter().copied()));
            }
            _ => {
                for byte in &mut input {
                    if byte.is_ascii_digit() && random.chance(0.2) {
                        *byte = b'0' + random.below(10) as u8;
                    }
                }
            }
        }
        input.truncate(LONGEST);
    }
    input
}
