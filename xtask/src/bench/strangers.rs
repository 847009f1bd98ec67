//! Text that no dialect understands, of the kinds that lie beside gateway logs: what it costs to
//! find out that nobody knows it.

use std::fmt::Write;

use crate::random::Random;

/// Writes one line, or one piece of a line, with the number that it has in its text.
type WriteLine = fn(&mut Random, u64, &mut String);

/// Kinds of text and how a line of each is written.
const KINDS: &[(&str, WriteLine)] = &[
    ("own format", own_format),
    ("plain words", plain_words),
    ("key=value", key_value),
    ("JSON lines", json_line),
    ("CSV", csv_row),
    ("source code", source_code),
    ("SQL dump", sql),
];

/// Every kind of text, each of at least so many bytes.
pub(super) fn all(bytes: usize) -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let texts = KINDS.iter().map(move |&(name, line)| {
        let mut random = Random::part(502, name);
        // Making a text is slower than reading it: a block of lines is repeated.
        let mut block = String::new();
        for number in 0.. {
            line(&mut random, number, &mut block);
            block.push('\n');
            if block.len() >= 1 << 20 {
                break;
            }
        }
        (name, block.into_bytes().repeat(bytes.div_ceil(1 << 20)))
    });
    texts.chain(long_lines(bytes))
}

/// JSON without line ends: as one document too long for a record, and as many that are not.
fn long_lines(bytes: usize) -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    [("JSON on one line", bytes), ("JSON, 100 kB a line", 100_000)].into_iter().map(
        move |(name, length)| {
            let mut random = Random::part(502, name);
            let mut document = String::from("{\"orders\":[");
            for number in 0.. {
                json_line(&mut random, number, &mut document);
                if document.len() >= length.min(1 << 20) {
                    break;
                }
                document.push(',');
            }
            if length > document.len() {
                let element = document["{\"orders\":[".len()..].to_owned();
                while document.len() < length {
                    document.push(',');
                    document.push_str(&element);
                }
            }
            document.push_str("]}\n");
            (name, document.as_bytes().repeat(bytes.div_ceil(document.len())))
        },
    )
}

const NAMES: &[&str] = &[
    "invoice", "customer", "basket", "payment", "stock", "parcel", "refund", "voucher", "catalog",
    "session", "mailer", "ledger",
];
const VERBS: &[&str] =
    &["rendered", "stored", "loaded", "checked", "queued", "merged", "dropped", "replayed"];

fn name(random: &mut Random) -> &'static str {
    random.pick::<&str>(NAMES)
}

fn verb(random: &mut Random) -> &'static str {
    random.pick::<&str>(VERBS)
}

/// A time of day in a text that runs on for some hours.
fn clock(number: u64) -> (u64, u64, u64, u64) {
    let millis = number * 137;
    (millis / 3_600_000 % 24, millis / 60_000 % 60, millis / 1000 % 60, millis % 1000)
}

fn own_format(random: &mut Random, number: u64, out: &mut String) {
    let (h, m, s, ms) = clock(number);
    let (worker, module, verb, name) = (random.below(32), name(random), verb(random), name(random));
    let (id, took, pages) = (random.below(1_000_000), random.below(400), random.below(9));
    let _ = write!(
        out,
        "2026-11-02 {h:02}:{m:02}:{s:02}.{ms:03} | INFO  | worker-{worker} | shop.{module} | {verb} \
         {name} {id} in {took} ms (cache=warm, pages={pages})"
    );
}

fn plain_words(random: &mut Random, _: u64, out: &mut String) {
    for at in 0..random.between(8, 20) {
        let word = if at % 3 == 1 { verb(random) } else { name(random) };
        out.push_str(if at == 0 { "The " } else { " " });
        out.push_str(word);
    }
    out.push('.');
}

fn key_value(random: &mut Random, number: u64, out: &mut String) {
    let (h, m, s, ms) = clock(number);
    let (module, verb, name) = (name(random), verb(random), name(random));
    let (id, took) = (random.below(1_000_000), random.below(400));
    let _ = write!(
        out,
        "ts=2026-11-02T{h:02}:{m:02}:{s:02}.{ms:03}Z lvl=info mod={module} msg=\"{verb} {name}\" \
         id={id} took={took}ms"
    );
}

fn json_line(random: &mut Random, number: u64, out: &mut String) {
    let (h, m, s, ms) = clock(number);
    let (kind, state, owner) = (name(random), verb(random), name(random));
    let (id, price, weight) = (random.below(1_000_000), random.below(99_999), random.below(900));
    let _ = write!(
        out,
        "{{\"id\":{id},\"kind\":\"{kind}\",\"state\":\"{state}\",\"owner\":\"{owner}\",\"at\":\
         \"2026-11-02T{h:02}:{m:02}:{s:02}.{ms:03}Z\",\"price\":{price},\"weights\":[{weight},1,2.5],\
         \"tags\":{{\"new\":true,\"gift\":false}}}}"
    );
}

fn csv_row(random: &mut Random, number: u64, out: &mut String) {
    if number == 0 {
        out.push_str("id,created,customer,product,quantity,price,state\n");
    }
    let (h, m, s, _) = clock(number);
    let (customer, product, state) = (random.below(90_000), name(random), verb(random));
    let (quantity, price) = (random.below(12), random.below(99_999));
    let _ = write!(
        out,
        "{number},2026-11-02 {h:02}:{m:02}:{s:02},C{customer},\"{product}, large\",{quantity},\
         {price}.00,{state}"
    );
}

/// This file, over and over.
fn source_code(_: &mut Random, number: u64, out: &mut String) {
    thread_local! {
        static LINES: Vec<&'static str> = include_str!("strangers.rs").lines().collect();
    }
    LINES.with(|lines| out.push_str(lines[number as usize % lines.len()]));
}

fn sql(random: &mut Random, number: u64, out: &mut String) {
    let (h, m, s, _) = clock(number);
    let (table, name, state) = (name(random), name(random), verb(random));
    let price = random.below(99_999);
    let _ = write!(
        out,
        "INSERT INTO `{table}` (`id`,`name`,`state`,`price`,`made`) VALUES ({number},'{name}',\
         '{state}',{price},'2026-11-02 {h:02}:{m:02}:{s:02}');"
    );
}
