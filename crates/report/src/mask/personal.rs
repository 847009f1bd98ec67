//! Finds e-mail addresses and payment card numbers.

use std::ops::Range;

/// Longest local part of an address (RFC 5321 section 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;
/// Longest domain (RFC 5321 section 4.5.3.1.2).
const LONGEST_DOMAIN: usize = 255;

/// Last labels after an `@` that are no domain: unit types of systemd, file types.
const NOT_A_DOMAIN: [&[u8]; 8] =
    [b"service", b"socket", b"slice", b"timer", b"mount", b"scope", b"tgz", b"js"];

/// `urls` is what was found in URLs, in order.
pub(super) fn find(text: &[u8], urls: &[Range<usize>], hidden: &mut Vec<Range<usize>>) {
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'@' => at = address(text, at, 1, urls, hidden),
            b'%' if text[at..].starts_with(b"%40") => at = address(text, at, 3, urls, hidden),
            b'0'..=b'9' if at == 0 || !continues_number(text[at - 1]) => {
                at = card(text, at, hidden);
            }
            _ => at += 1,
        }
    }
}

/// An address around its `@` (of this length); returns where to go on.
fn address(
    text: &[u8],
    at: usize,
    sign: usize,
    urls: &[Range<usize>],
    hidden: &mut Vec<Range<usize>>,
) -> usize {
    let is_local = |b: &&u8| b.is_ascii_alphanumeric() || b"._+-".contains(b) || **b >= 0x80;
    let local = text[..at].iter().rev().take(LONGEST_LOCAL).take_while(is_local).count();
    let start = at + sign;
    let is_domain = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'-' || **b == b'.';
    let length = text[start..].iter().take(LONGEST_DOMAIN).take_while(is_domain).count();
    let trailing = text[start..start + length].iter().rev().take_while(|b| **b == b'.').count();
    let length = length - trailing;
    let domain = &text[start..start + length];
    // `user:password@host`: the password is hidden already, and the host is no personal datum.
    let is_user_info = urls.binary_search_by_key(&at, |range| range.end).is_ok();
    if local == 0 || length == 0 || is_user_info {
        return start;
    }
    // A text that was cut may end inside an address.
    let is_cut = start + length == text.len() && domain[0].is_ascii_alphabetic();
    if is_cut || is_domain_name(domain) {
        hidden.push(at - local..start + length);
    }
    start + length
}

fn is_domain_name(domain: &[u8]) -> bool {
    let Some(dot) = domain.iter().rposition(|b| *b == b'.') else { return false };
    let last = &domain[dot + 1..];
    dot > 0
        && last.len() >= 2
        && last.iter().all(u8::is_ascii_alphabetic)
        && !NOT_A_DOMAIN.iter().any(|word| last.eq_ignore_ascii_case(word))
}

fn continues_number(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'.' || b == b'_'
}

/// A card number that begins here: 13 to 19 digits, single spaces or dashes between them, a known
/// issuer's first digits and a right check digit. Returns where to go on.
fn card(text: &[u8], start: usize, hidden: &mut Vec<Range<usize>>) -> usize {
    let mut digits: Vec<u8> = Vec::with_capacity(20);
    let mut at = start;
    let mut end = start;
    while at < text.len() && digits.len() < 20 {
        match text[at] {
            digit @ b'0'..=b'9' => {
                digits.push(digit - b'0');
                end = at + 1;
            }
            b' ' | b'-' if at == end => {}
            _ => break,
        }
        at += 1;
    }
    let run = start + text[start..].iter().take_while(|b| b.is_ascii_digit()).count();
    let bounded = text.get(end).is_none_or(|b| !continues_number(*b) || *b == b'.');
    let grouped = is_grouped(&text[start..end]);
    if bounded && grouped && is_card(&digits) && !follows_trace_id(text, start) {
        hidden.push(start..end);
        return end;
    }
    run
}

/// Whether the digits stand together or in groups as on a card (4-4-4-4, 4-6-5, 4-6-4), not as
/// separate numbers that happen to follow each other.
fn is_grouped(text: &[u8]) -> bool {
    let groups: Vec<usize> = text.split(|b| *b == b' ' || *b == b'-').map(<[u8]>::len).collect();
    match groups.as_slice() {
        [_] | [4, 6, 5] | [4, 6, 4] => true,
        [first @ .., last] => first.iter().all(|n| *n == 4) && *last <= 4,
        [] => false,
    }
}

/// Issuer ranges of the large card networks with their lengths, and the Luhn check digit
/// (ISO/IEC 7812-1).
fn is_card(digits: &[u8]) -> bool {
    if !(13..=19).contains(&digits.len()) {
        return false;
    }
    let head = digits[..4].iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(*digit));
    let issued = match digits.len() {
        13 => head / 1000 == 4,
        14 => matches!(head / 10, 300..=305) || matches!(head / 100, 36 | 38),
        15 => matches!(head / 100, 34 | 37),
        16 => {
            head / 1000 == 4
                || matches!(head / 100, 51..=55 | 62 | 65)
                || matches!(head, 2221..=2720 | 6011 | 3528..=3589)
                || matches!(head / 10, 644..=649)
        }
        19 => head / 1000 == 4 || matches!(head / 100, 62 | 65),
        _ => head / 100 == 62,
    };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, digit)| {
            let doubled = u32::from(*digit) * if i % 2 == 1 { 2 } else { 1 };
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    issued && sum.is_multiple_of(10)
}

/// `TRACE_ID/SPAN_ID` with a decimal span id (X-Cloud-Trace-Context).
fn follows_trace_id(text: &[u8], start: usize) -> bool {
    text[..start].strip_suffix(b"/").is_some_and(|before| {
        before.len() >= 32 && before[before.len() - 32..].iter().all(u8::is_ascii_hexdigit)
    })
}

#[cfg(test)]
mod tests {
    use crate::mask::mask;

    #[test]
    fn addresses_and_cards_go() {
        for (text, expected) in [
            ("mail to jane.doe+x@mail.example.org.", "mail to ***."),
            ("/users/jane%40example.com/orders", "/users/***/orders"),
            ("user jane@exam", "user ***"),
            ("card 4111 1111 1111 1111 declined", "card *** declined"),
            ("pan:378282246310005,", "pan:***,"),
            ("/pay/5555555555554444/x", "/pay/***/x"),
            ("c=4111-1111-1111-1111", "c=***"),
        ] {
            assert_eq!(mask(text), expected, "{text}");
        }
    }

    #[test]
    fn look_alikes_stay() {
        for text in [
            "node_modules/.pnpm/undici@5.28.2/node_modules/undici/index.js:1:2",
            "getty@tty1.service started",
            "image@sha256:0123",
            "4111111111111112",
            "1762092187123456 1762092187123456789 1762092187123",
            "105445aa7843bc8bf206b12000100000/4111111111111111;o=1",
            "10.0.0.1:54321 10.0.0.2:8080 0.004 0.000 502 4111",
            "4111 1111 1111 1111 1",
        ] {
            assert_eq!(mask(text), text);
        }
    }
}
