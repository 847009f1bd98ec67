//! Damaged files: whatever is cut off or changed in the files of the cases, reading ends without a
//! panic, and what it says can be printed.

mod common;

use std::fs;
use std::path::Path;

use common::inputs;
use configs::read;

/// Damages tried per case.
const TRIES: u64 = 60;

#[test]
fn cut_and_changed_files_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/facts");
    let mut cases: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let mut seed = 0x5eed_u64;
    for case in cases {
        let text = fs::read_to_string(&case).unwrap();
        let inputs = inputs(text.split("\n=>\n").next().unwrap_or_default());
        for _ in 0..TRIES {
            let mut damaged = inputs.clone();
            let number = random(&mut seed, damaged.len());
            let bytes = damage(damaged[number].text.as_bytes(), &mut seed);
            damaged[number].text = String::from_utf8_lossy(&bytes).into_owned();
            let system = read(damaged);
            // Every place has to lie in its file, at the border of a character.
            for remark in &system.remarks {
                let file = &system.files[remark.at.file.0 as usize];
                assert!(
                    file.text.get(remark.at.range()).is_some(),
                    "{}: {}",
                    file.name,
                    remark.says
                );
            }
            let slots = system.hops.iter().flat_map(|hop| &hop.slots);
            for slot in slots.chain(system.links.iter().flat_map(|link| &link.slots)) {
                let file = &system.files[slot.file.0 as usize];
                assert!(
                    file.text.is_char_boundary(slot.at as usize),
                    "{}: {}",
                    file.name,
                    slot.name
                );
            }
            let settings = system.hops.iter().flat_map(|hop| &hop.settings);
            for setting in settings.chain(system.links.iter().flat_map(|link| &link.settings)) {
                let Some(span) = setting.span() else { continue };
                let file = &system.files[span.file.0 as usize];
                assert!(file.text.get(span.range()).is_some(), "{}: {}", file.name, setting.name);
            }
            assert!(system.describe().len() < 10 << 20, "{}", case.display());
        }
    }
}

/// A number below the bound (xorshift64).
fn random(seed: &mut u64, below: usize) -> usize {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    usize::try_from(*seed % below.max(1) as u64).unwrap_or(0)
}

/// The bytes with something wrong with them.
fn damage(bytes: &[u8], seed: &mut u64) -> Vec<u8> {
    const MARKS: &[u8] = b"{}[]()<>\"'\\;:#$%&*\n\t =,-/\0\xff\xc3";
    let mut bytes = bytes.to_vec();
    let at = random(seed, bytes.len());
    match random(seed, 6) {
        0 => bytes.truncate(at),
        1 => {
            bytes.drain(..at);
        }
        2 => {
            let end = (at + random(seed, 40)).min(bytes.len());
            bytes.drain(at..end);
        }
        3 => {
            let end = (at + random(seed, 200)).min(bytes.len());
            let piece = bytes[at..end].to_vec();
            let to = random(seed, bytes.len());
            bytes.splice(to..to, piece);
        }
        _ => {
            for _ in 0..=random(seed, 4) {
                let at = random(seed, bytes.len());
                let mark = MARKS[random(seed, MARKS.len())];
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = mark;
                }
            }
        }
    }
    bytes
}
