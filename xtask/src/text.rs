//! Cheap ways to append numbers and words to a buffer: a generator must outrun what reads it.

use crate::random::Random;

/// Appends text.
#[inline]
pub(crate) fn push(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Appends a decimal number.
#[inline]
pub(crate) fn number(out: &mut Vec<u8>, mut n: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends the last `width` (at most 20) decimal digits of a number, with leading zeros.
#[inline]
pub(crate) fn pad(out: &mut Vec<u8>, mut n: u64, width: usize) {
    let mut digits = [b'0'; 20];
    for digit in digits.iter_mut().take(width).rev() {
        *digit = b'0' + (n % 10) as u8;
        n /= 10;
    }
    out.extend_from_slice(&digits[..width]);
}

/// Appends `12.345`: microseconds as seconds with three decimals, cut, as load balancers write it.
#[inline]
pub(crate) fn seconds3(out: &mut Vec<u8>, micros: u64) {
    number(out, micros / 1_000_000);
    out.push(b'.');
    pad(out, micros / 1000 % 1000, 3);
}

/// Appends `12.345678`: microseconds as seconds with six decimals.
#[inline]
pub(crate) fn seconds6(out: &mut Vec<u8>, micros: u64) {
    number(out, micros / 1_000_000);
    out.push(b'.');
    pad(out, micros % 1_000_000, 6);
}

/// Appends the last `width` (at most 16) hexadecimal digits of a number.
#[inline]
pub(crate) fn hex(out: &mut Vec<u8>, n: u64, width: usize) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [0u8; 16];
    let mut n = n;
    for digit in digits.iter_mut().take(width).rev() {
        *digit = DIGITS[(n & 15) as usize];
        n >>= 4;
    }
    out.extend_from_slice(&digits[..width]);
}

/// `width` random hexadecimal digits as a string.
pub(crate) fn hex_string(random: &mut Random, width: usize) -> String {
    let mut out = Vec::with_capacity(width + 16);
    while out.len() < width {
        hex(&mut out, random.next(), 16);
    }
    out.truncate(width);
    String::from_utf8_lossy(&out).into_owned()
}

/// Reads a size such as `500`, `64K`, `200M`, `1G` in bytes (powers of 1024).
pub(crate) fn parse_bytes(text: &str) -> anyhow::Result<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        _ => anyhow::bail!("expected a size such as 64K, 200M or 1G, got {text:?}"),
    };
    let n: u64 = digits.parse().map_err(|_| anyhow::anyhow!("not a size: {text:?}"))?;
    match n.checked_mul(1 << shift) {
        Some(bytes) if bytes > 0 => Ok(bytes),
        _ => anyhow::bail!("size out of range: {text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn numbers_are_written_as_the_formatter_would() {
        for n in [0, 7, 10, 999, 1_000_000, u64::MAX] {
            assert_eq!(text(|o| number(o, n)), n.to_string());
        }
        assert_eq!(text(|o| pad(o, 42, 5)), "00042");
        assert_eq!(text(|o| seconds3(o, 60_001_999)), "60.001");
        assert_eq!(text(|o| seconds6(o, 12_000_034)), "12.000034");
        assert_eq!(text(|o| hex(o, 0xbeef, 6)), "00beef");
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_bytes("1G").expect("valid"), 1 << 30);
        assert_eq!(parse_bytes("200M").expect("valid"), 200 << 20);
        for bad in ["", "G", "0", "1X", "99999999999T"] {
            assert!(parse_bytes(bad).is_err(), "{bad}");
        }
    }
}
