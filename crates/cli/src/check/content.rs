//! The text of a file as the readers want it: UTF-8, without a byte order mark, without private keys.

use anyhow::{Result, bail};

/// How far a file is looked through for bytes that no text has.
const LOOKED_AT: usize = 8 << 10;

/// The text of a file.
#[derive(Debug)]
pub(super) struct Content {
    /// Its text; bytes that are no UTF-8 replaced.
    pub(super) text: String,
    /// The first byte that is no UTF-8, counted in the text.
    pub(super) strange: Option<usize>,
}

/// Makes text of a file's bytes.
///
/// # Errors
/// If they are no text.
pub(super) fn content(bytes: &[u8]) -> Result<Content> {
    if bytes[..bytes.len().min(LOOKED_AT)].contains(&0) {
        bail!("it is no text in UTF-8, as it holds zero bytes");
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let strange = std::str::from_utf8(bytes).err().map(|fault| fault.valid_up_to());
    let text = without_keys(String::from_utf8_lossy(bytes).into_owned());
    Ok(Content { text, strange })
}

/// The text with every private key in it blanked out, each byte where it was.
fn without_keys(text: String) -> String {
    const BEGIN: &str = "PRIVATE KEY-----";
    if !text.contains(BEGIN) {
        return text;
    }
    let mut inside = false;
    let lines = text.split_inclusive('\n').map(|line| {
        let marks = line.contains(BEGIN);
        let blank = inside && !marks;
        inside = if marks { line.contains("-----BEGIN ") } else { inside };
        let hide = |c: char| match c {
            '\n' | '\r' => c.to_string(),
            other => " ".repeat(other.len_utf8()),
        };
        if blank { line.chars().map(hide).collect() } else { line.to_owned() }
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_keys_are_not_kept() {
        let key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\u{e9}\n-----END EC PRIVATE KEY-----\n";
        let text = format!("a\n{key}b\n");
        let kept = without_keys(text.clone());
        assert_eq!(kept.len(), text.len());
        assert!(!kept.contains("MHcCAQ") && kept.starts_with("a\n") && kept.ends_with("\nb\n"));
        // A key that is cut off is hidden to the end.
        assert!(!without_keys("-----BEGIN PRIVATE KEY-----\nMHc".to_owned()).contains("MHc"));
        assert_eq!(without_keys("listen 80;".to_owned()), "listen 80;");
    }
}
