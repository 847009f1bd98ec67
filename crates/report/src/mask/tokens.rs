//! Finds secrets by their look: known prefixes of access tokens, long hexadecimal strings, and
//! long strings in which upper case, lower case and digits change as often as in random data.

use std::ops::Range;

/// Prefixes that issuers put before their tokens, so that leaks can be found.
const PREFIXES: [&[u8]; 21] = [
    b"AKIA",
    b"ASIA",
    b"ghp_",
    b"gho_",
    b"ghu_",
    b"ghs_",
    b"ghr_",
    b"github_pat_",
    b"glpat-",
    b"xoxb-",
    b"xoxp-",
    b"xoxa-",
    b"xoxs-",
    b"sk_live_",
    b"sk_test_",
    b"rk_live_",
    b"AIza",
    b"ya29.",
    b"eyJ",
    b"npm_",
    b"pypi-",
];
/// Least number of characters after such a prefix.
const SHORTEST_TOKEN: usize = 10;

/// Longest hexadecimal string that stays: trace ids have 32 digits, Git commits 40.
const LONGEST_ID: usize = 40;

/// Shortest string that is judged by its look.
const SHORTEST_RANDOM: usize = 28;

/// Longest key that is looked at before a long hexadecimal string.
const LONGEST_KEY: usize = 24;

/// Endings of keys whose value is an id that records are joined by, or a digest.
const ID_KEYS: [&[u8]; 5] = [b"id", b"trace", b"span", b"sha256", b"digest"];

pub(super) fn find(text: &[u8], hidden: &mut Vec<Range<usize>>) {
    let mut at = 0;
    while at < text.len() {
        let length = text[at..].iter().take_while(|b| is_run(**b)).count();
        if length >= SHORTEST_TOKEN {
            run(text, at..at + length, hidden);
        }
        at += length.max(1);
    }
}

fn is_run(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"+/_-=.".contains(&b)
}

/// Judges a maximal run of token characters, part by part.
fn run(text: &[u8], range: Range<usize>, hidden: &mut Vec<Range<usize>>) {
    let mut part = range.start;
    // Where the last hidden part ended: looking back further would cost quadratic time.
    let mut judged = range.start;
    while part < range.end {
        let rest = &text[part..range.end];
        if let Some(prefix) = PREFIXES.iter().find(|prefix| rest.starts_with(prefix)) {
            let tail = &rest[prefix.len()..];
            let token = tail.iter().take_while(|b| **b != b'/' && **b != b'=').count();
            if token >= SHORTEST_TOKEN && has_digit_or_capital(&tail[..token]) {
                hidden.push(part..part + prefix.len() + token);
                part += prefix.len() + token;
                continue;
            }
        }
        if part == range.start || text[part - 1] != b'/' {
            let long = rest.iter().take_while(|b| !b".=".contains(b)).count();
            if is_random_with_slashes(text, part..part + long) {
                let wide = widen(text, &(part..part + long), &range);
                part = wide.end;
                hidden.push(wide);
                continue;
            }
        }
        let length = rest.iter().take_while(|b| !b"/.=".contains(b)).count();
        let here = part..part + length;
        if is_long_hex(&text[here.clone()]) {
            if !follows_id_key(text, here.start) {
                hidden.push(here);
            }
        } else if is_random(&text[here.clone()]) && !follows_id_key(text, here.start) {
            let wide = widen(text, &here, &(judged..range.end));
            part = wide.end + 1;
            judged = wide.end;
            hidden.push(wide);
            continue;
        }
        part += length + 1;
    }
}

fn has_digit_or_capital(token: &[u8]) -> bool {
    token.iter().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

fn is_long_hex(part: &[u8]) -> bool {
    part.len() > LONGEST_ID
        && part.iter().all(u8::is_ascii_hexdigit)
        && part.iter().any(u8::is_ascii_alphabetic)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Digit,
    Other,
}

fn class(b: u8) -> Class {
    match b {
        b'a'..=b'z' => Class::Lower,
        b'A'..=b'Z' => Class::Upper,
        b'0'..=b'9' => Class::Digit,
        _ => Class::Other,
    }
}

/// Random base64 changes class at about 62 % of its characters and has a digit in every six;
/// names in camel case change at about 30 % and hardly have digits.
fn is_random(part: &[u8]) -> bool {
    if part.len() < SHORTEST_RANDOM {
        return false;
    }
    let count = |wanted: Class| part.iter().filter(|b| class(**b) == wanted).count();
    let changes = part.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count();
    count(Class::Lower) >= 3
        && count(Class::Upper) >= 3
        && count(Class::Digit) >= 2
        && changes * 100 >= part.len() * 40
}

/// Whether this is one random string in base64 with `/` among its digits rather than a path:
/// it does not begin like one, and none of its parts is a plain word.
fn is_random_with_slashes(text: &[u8], range: Range<usize>) -> bool {
    let part = &text[range.clone()];
    if part.len() < SHORTEST_RANDOM || !part.contains(&b'/') {
        return false;
    }
    let digits: Vec<u8> = part.iter().copied().filter(|b| *b != b'/').collect();
    part.split(|b| *b == b'/').all(|segment| segment.len() < 3 || is_mixed(segment))
        && part[0] != b'/'
        && is_random(&digits)
        && !follows_id_key(text, range.start)
}

/// Base64 may contain `/`: takes in the neighbours that are no words, and padding.
fn widen(text: &[u8], part: &Range<usize>, run: &Range<usize>) -> Range<usize> {
    let mut wide = part.clone();
    while wide.start > run.start && text[wide.start - 1] == b'/' {
        let before = &text[run.start..wide.start - 1];
        let length = before.iter().rev().take_while(|b| !b"/.=".contains(b)).count();
        if !is_mixed(&before[before.len() - length..]) {
            break;
        }
        wide.start -= length + 1;
    }
    while wide.end < run.end {
        let after = &text[wide.end + 1..run.end];
        let length = after.iter().take_while(|b| !b"/.=".contains(b)).count();
        match text[wide.end] {
            b'=' => wide.end += 1,
            b'/' if is_mixed(&after[..length]) => wide.end += length + 1,
            _ => break,
        }
    }
    wide
}

fn is_mixed(part: &[u8]) -> bool {
    part.iter().any(u8::is_ascii_uppercase)
        && part.iter().any(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// Whether a key such as `"instanceId":` or `sha256:` stands right before.
fn follows_id_key(text: &[u8], start: usize) -> bool {
    let mut end = start;
    let mut separated = false;
    for _ in 0..8 {
        match text[..end].last() {
            Some(b':' | b'=') => {
                separated = true;
                end -= 1;
            }
            Some(b'"' | b'\'' | b' ' | b'\\') => end -= 1,
            _ => break,
        }
    }
    let length = text[..end]
        .iter()
        .rev()
        .take(LONGEST_KEY)
        .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_' || **b == b'-')
        .count();
    let key = text[end - length..end].to_ascii_lowercase();
    separated && ID_KEYS.iter().any(|ending| key.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use crate::mask::mask;

    const HEX64: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    #[test]
    fn tokens_go() {
        for (text, expected) in [
            ("key AKIAIOSFODNN7EXAMPLE used", "key *** used"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "***"),
            ("push ghp_16C7e42F292c6912E7710c838347Ae178B4a", "push ***"),
            ("got kX9f/Qm2bLt7/zR4wVn8yH3cJ6dS1gT5pA0eUoIi ok", "got *** ok"),
            ("/dl/Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZkdISQ==/x", "/dl/***/x"),
        ] {
            assert_eq!(mask(text), expected, "{text}");
        }
        assert_eq!(mask(&format!("digest of key {HEX64}")), "digest of key ***");
    }

    #[test]
    fn ids_names_and_paths_stay() {
        let digest = format!("sha256:{HEX64}");
        let instance = format!("\\\"instanceId\\\": \\\"00bf4bf02d{HEX64}\\\"");
        for text in [
            "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "Root=1-58337262-36d228ad5d99923122bbe354",
            "123e4567-e89b-12d3-a456-426614174000",
            "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067",
            "api-7d9f8b6c5d-x2x4z_default_api-0f3b7f5a6a0c_1",
            "org.springframework.beans.factory.support.AbstractAutowireCapableBeanFactory2Impl",
            "UND_ERR_CONNECT_TIMEOUT upstream_reset_before_response_started{connection_termination}",
            "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
            "0A000001:8A5C_AC10B0C1:01BB_5FA1C0D2_0001:7F3A",
            "2026-11-02T14:03:07.123456Z 10.0.3.17:443 0.001/0.050/-1/-1",
            "35683658089614582423604394983260738922885519999578275840",
            digest.as_str(),
            instance.as_str(),
        ] {
            assert_eq!(mask(text), text);
        }
    }
}
