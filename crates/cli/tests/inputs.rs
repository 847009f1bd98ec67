//! Every kind of input that is not what it should be: a clear sentence, and the rest is still read.

mod support;

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use support::{piped, why502};

/// Text that is no log, numbered, so that what was read can be counted.
fn lines(count: usize) -> Vec<u8> {
    (1..=count).flat_map(|n| format!("something odd, number {n}\n").into_bytes()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated);
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A directory with one readable file `good.log` beside what is given.
fn with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files.iter().chain(&[("good.log", &lines(7)[..])]) {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

fn json(dir: &Path, words: &[&str]) -> String {
    let words: Vec<&str> = ["diagnose", "--format", "json"].iter().chain(words).copied().collect();
    why502(dir, &words).said()
}

#[test]
fn each_problem_has_its_sentence_and_the_rest_is_read() {
    let cut = gzip(&lines(200_000));
    let mut foreign = gzip(&lines(3));
    foreign.extend_from_slice(b"trailing rubbish");
    let mut tar = vec![0; 1024];
    tar[..4].copy_from_slice(b"name");
    tar[257..262].copy_from_slice(b"ustar");
    let elf: Vec<u8> = (0..4096_u32).map(|n| (n * 7 % 256) as u8).collect();
    let dir = with(&[
        ("binary", &elf),
        ("empty.log", b""),
        ("cut.gz", &cut[..cut.len() / 2]),
        ("foreign.gz", &foreign),
        ("bundle", &tar),
        ("broken.zip", b"PK\x03\x04 and nothing more"),
        ("hollow/.keep", b""),
        ("hollow/picture.png", b"x"),
    ]);
    for (path, sentence) in [
        ("binary", "binary is a binary file"),
        ("empty.log", "empty.log is empty"),
        ("cut.gz", "cut.gz ends in the middle of its compressed data"),
        ("foreign.gz", "foreign.gz is damaged"),
        ("bundle", "bundle is a tar archive"),
        ("broken.zip", "broken.zip cannot be opened as a zip archive"),
        ("hollow", "There is no log in the directory hollow"),
        ("hollow", "(2: .keep, picture.png)"),
        ("missing.log", "missing.log does not exist"),
        ("none/**/*.gz", "No file matches none/**/*.gz"),
    ] {
        let alone = why502(dir.path(), &["diagnose", path]);
        assert!(alone.said().contains(sentence), "{path}: {}", alone.said());
        assert_eq!(alone.code, 2, "{path}: nothing in it can be used");
        let beside = json(dir.path(), &[path, "good.log"]);
        assert!(beside.contains(sentence), "{path}: {beside}");
        assert!(beside.contains("None of the 7 lines of good.log"), "{path}: {beside}");
    }
}

#[test]
fn unknown_lines_are_counted() {
    let dir = with(&[]);
    let run = why502(dir.path(), &["diagnose", "good.log"]);
    assert_eq!(run.code, 2);
    assert!(run.said().contains("None of the 7 lines of good.log"), "{}", run.said());
    assert!(run.err.contains("no line was understood"), "{}", run.err);
}

#[test]
fn what_was_compressed_reads_like_what_was_not() {
    let text = lines(30_000);
    let (head, tail) = text.split_at(text.len() / 3);
    let members = [gzip(head), gzip(tail)].concat();
    let zstd = zstd::encode_all(&text[..], 1).unwrap();
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(String::from_utf8(text.clone()).unwrap().encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let crlf = String::from_utf8(text.clone()).unwrap().replace('\n', "\r\n");
    // The names say something else on purpose.
    let dir = with(&[
        ("plain.gz", &text),
        ("members.txt", &members),
        ("zstd.log", &zstd),
        ("utf16.csv", &utf16),
        ("crlf", crlf.as_bytes()),
        ("twice", &gzip(&gzip(&text))),
    ]);
    for name in ["plain.gz", "members.txt", "zstd.log", "utf16.csv", "crlf", "twice"] {
        let said = json(dir.path(), &[name]);
        assert!(said.contains(&format!("None of the 30000 lines of {name}")), "{name}: {said}");
    }
    let piped = piped(dir.path(), &["diagnose", "-"], &members);
    assert!(piped.said().contains("None of the 30000 lines of -"), "{}", piped.said());
}

#[test]
fn archives_are_read_member_by_member() {
    let mut locked = zip(&[("locked.log", &lines(2))]);
    // Bit 0 of the flags, in the local header and in the central directory (APPNOTE 4.4.4).
    locked[6] |= 1;
    let central = locked.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    locked[central + 8] |= 1;
    let bundle = zip(&[
        ("logs/b.gz", &gzip(&lines(3))),
        ("logs/a.log", &lines(4)),
        ("logs/none.log", b""),
        ("inner.zip", &zip(&[("x", b"y")])),
    ]);
    let dir = with(&[("bundle.dat", &bundle), ("locked.zip", &locked)]);
    let said = json(dir.path(), &["."]);
    for sentence in [
        "None of the 3 lines of bundle.dat/logs/b.gz",
        "None of the 4 lines of bundle.dat/logs/a.log",
        "bundle.dat/logs/none.log is empty",
        "bundle.dat/inner.zip is a zip archive in a place where it cannot be read",
        "locked.zip/locked.log is protected by a password",
        "None of the 7 lines of good.log",
    ] {
        assert!(said.contains(sentence), "{sentence}: {said}");
    }
}

/// Three lines, one of so many MiB, four more.
fn long(mib: usize) -> Vec<u8> {
    let mut text = lines(3);
    text.resize(text.len() + (mib << 20), b'x');
    text.push(b'\n');
    text.extend_from_slice(&lines(4));
    text
}

#[test]
fn a_line_of_100_mb_is_passed_over() {
    let dir = with(&[("long.log", &long(100)), ("long.gz", &gzip(&long(10)))]);
    for (name, threads) in [("long.log", "1"), ("long.log", "3"), ("long.gz", "1")] {
        let said = json(dir.path(), &[name, "--threads", threads]);
        let long = format!("{name} has lines longer than 1 MiB (1 of them)");
        assert!(said.contains(&long), "{said}");
        let unknown = format!("None of the 8 lines of {name}");
        assert!(said.contains(&unknown), "{said}");
    }
}

#[test]
fn neither_order_nor_threads_nor_repetition_change_the_result() {
    let dir = with(&[
        ("a/AWSLogs/1/elasticloadbalancing/x/2024/01/02/big.log", &lines(150_000)),
        ("b/requests/2024/01/02/03:00:00_03:59:59_S0.json", &lines(5)),
        ("b/picture.png", b"x"),
    ]);
    let first = json(dir.path(), &["a", "b", "good.log", "--threads", "1"]);
    assert!(first.contains("150000 lines"), "{first}");
    assert!(first.contains("b/requests/2024/01/02/03:00:00_03:59:59_S0.json"), "{first}");
    for words in [
        &["good.log", "b", "a", "--threads", "4"][..],
        &["b", "good.log", "./good.log", "a", "a", "--threads", "2"],
    ] {
        let other = json(dir.path(), words);
        assert_eq!(other, first, "{words:?}");
    }
    // Patterns reach the program unexpanded when they are quoted.
    let globbed = json(dir.path(), &["*/**/*.log"]);
    assert!(globbed.contains("150000 lines"), "{globbed}");
}

#[cfg(unix)]
#[test]
fn links_that_loop_and_files_that_are_closed_do_no_harm() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dir = with(&[("d/a.log", &lines(2)), ("closed.log", &lines(2))]);
    symlink("..", dir.path().join("d/up")).unwrap();
    symlink("nowhere", dir.path().join("d/dangling")).unwrap();
    let said = json(dir.path(), &["d"]);
    assert!(said.contains("None of the 2 lines of d/a.log"), "{said}");
    assert!(said.contains("d/dangling cannot be read"), "{said}");
    let closed = dir.path().join("closed.log");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
    if fs::File::open(&closed).is_err() {
        let said = json(dir.path(), &["closed.log", "good.log"]);
        assert!(said.contains("closed.log cannot be read"), "{said}");
    }
}

#[test]
fn configuration_is_no_log() {
    let dir = with(&[("nginx.conf", b"http {\n  log_format main '$remote_addr';\n}\n")]);
    let said = json(dir.path(), &["."]);
    assert!(said.contains("\"path\": \"nginx.conf\", \"read_as\": \"nginx\""), "{said}");
    assert_eq!(said.matches("nginx.conf").count(), 1, "neither an input nor a problem: {said}");
    assert!(said.contains("None of the 7 lines of good.log"), "{said}");
}

/// A combined line is the same in nginx and in Apache httpd: where the file lies decides.
#[test]
fn a_combined_log_is_read_as_what_its_place_says() {
    let folder = tempfile::tempdir().unwrap();
    let line =
        "192.0.2.1 - - [17/Oct/2026:05:57:50 +0000] \"GET /b HTTP/1.1\" 503 226 \"-\" \"-\"\n";
    for place in ["apache2", "web"] {
        fs::create_dir(folder.path().join(place)).unwrap();
        fs::write(folder.path().join(place).join("access.log"), line.repeat(3)).unwrap();
    }
    let events = |place| why502(folder.path(), &["events", place]).out;
    assert!(events("apache2").contains("apache-access request"), "{}", events("apache2"));
    assert!(events("web").contains("nginx-access request"), "{}", events("web"));
}

#[test]
fn a_flow_log_without_its_names_is_read_by_the_format_given() {
    let record = "10.0.12.5 10.0.22.31 41712 8080 6 1794000845 REJECT OK\n";
    let headed = format!("dstaddr srcaddr action log-status\n{}", "10.0.2.1 10.0.2.2 ACCEPT OK\n");
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("flow.log"), record.repeat(20)).unwrap();
    fs::write(dir.path().join("headed.log"), headed).unwrap();
    let format = "${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${start} ${action} \
                  ${log-status}";
    let words = ["flow.log", "headed.log", "--vpc-flow-format", format];
    let said: serde_json::Value = serde_json::from_str(&json(dir.path(), &words)).unwrap();
    let sources = said["sources"].to_string();
    assert!(sources.contains(r#""aws-vpc-flow":20}"#), "{sources}");
    // A line of names in the file itself goes before the option.
    assert!(sources.contains(r#""aws-vpc-flow":2}"#), "{sources}");
    let without = why502(dir.path(), &["diagnose", "flow.log"]);
    assert_eq!(without.code, 2, "{}", without.err);
}
