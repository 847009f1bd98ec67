//! Source code and prose that quote what a server would say: no server said it.

/// Whether a line is a comment, a statement or a sentence with something in backticks. None of the
/// servers whose words are read here writes such lines.
pub(crate) fn is_code(line: &str) -> bool {
    const STARTS: [&str; 16] = [
        "//", "/*", "* ", "#", "\"", "(\"", "[\"", "&[\"", "||", "&&", "<!--", "> ", "let ",
        "raise ", "throw ", "return ",
    ];
    const ENDS: [&str; 6] = [";", "{", "\",", "\"),", "(", "["];
    let line = line.trim();
    line.contains('`')
        || STARTS.iter().any(|start| line.starts_with(start))
        || ENDS.iter().any(|end| line.ends_with(end))
}

/// Whether a text begins as a source file's item or statement does: with a keyword or a quoted
/// text, and open or closed by the punctuation of code at the end of its first line.
pub(crate) fn begins_code(text: &str) -> bool {
    const KEYWORDS: [&str; 26] = [
        "mod",
        "fn",
        "pub",
        "const",
        "static",
        "let",
        "use",
        "impl",
        "import",
        "export",
        "function",
        "class",
        "def",
        "if",
        "for",
        "while",
        "return",
        "var",
        "async",
        "func",
        "package",
        "public",
        "private",
        "match",
        "assert!",
        "assert_eq!",
    ];
    let line = text.trim_start().lines().next().unwrap_or("").trim_end();
    let calls = ["print(", "println!(", "assert!(", "assert_eq!("];
    let is_call = calls.iter().any(|call| line.starts_with(call))
        || (line.contains('(') && ["\"),", "\");"].iter().any(|end| line.ends_with(end)));
    if is_call || line.starts_with("//") || line.starts_with("/*") || line.starts_with("#[") {
        return true;
    }
    if line.starts_with(['"', '('])
        && ["\",", "),", "\";", "("].iter().any(|end| line.ends_with(end))
    {
        return true;
    }
    let word = line.split([' ', '(']).next().unwrap_or("");
    KEYWORDS.contains(&word) && line.ends_with(['{', '(', '[', ';', ':', ',', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_prose_are_told_from_logs() {
        for line in [
            "/// `*** HARAKIRI ON WORKER 3 (pid: 12, try: 1) ***`, said uWSGI.",
            "    if line.contains(\"*** HARAKIRI ON WORKER \") {",
            "        \"ERROR 1040 (HY000): Too many connections\",",
            "//! - MySQL: ERROR 1040 (HY000): Too many connections",
        ] {
            assert!(is_code(line), "{line}");
        }
        for line in [
            "*** HARAKIRI ON WORKER 3 (pid: 12, try: 1) ***",
            "level=error msg=\"FATAL: sorry, too many clients already\"",
            "[7] ! Terminating timed out worker (Worker 0 failed to check in): 12",
        ] {
            assert!(!is_code(line), "{line}");
        }
        assert!(begins_code("mod tests {\n    const A: &str = \"TypeError: fetch failed\";"));
        assert!(begins_code("const NODE: &str = \"TypeError: fetch failed\";"));
        assert!(begins_code("\"  [cause]: AggregateError [ETIMEDOUT]: \","));
        for text in ["TypeError: fetch failed {\n  [cause]: Error: x", "for the record: boom", ""] {
            assert!(!begins_code(text), "{text}");
        }
    }
}
