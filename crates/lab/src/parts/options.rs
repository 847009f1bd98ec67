//! Options of a part: environment variables and words of the command line.

/// Environment variables (`NAME=value`) and everything else, without empty ones.
pub(super) fn split(options: &[String]) -> (Vec<(String, String)>, Vec<String>) {
    let mut env = Vec::new();
    let mut rest = Vec::new();
    for option in options.iter().map(|option| option.trim()).filter(|option| !option.is_empty()) {
        match option.split_once('=').filter(|(name, _)| is_name(name)) {
            Some((name, value)) => env.push((name.to_owned(), value.to_owned())),
            None => rest.push(option.to_owned()),
        }
    }
    (env, rest)
}

/// The words of the options: `--workers 2` may be given as one option.
pub(super) fn words(options: &[String]) -> Vec<String> {
    options.iter().flat_map(|option| option.split_ascii_whitespace().map(str::to_owned)).collect()
}

/// Whether one of the long options is given, alone, with `=value` or with a value behind it.
pub(super) fn given(words: &[String], names: &[&str]) -> bool {
    words.iter().any(|word| names.contains(&word.split('=').next().unwrap_or(word)))
}

/// `[A-Za-z_][A-Za-z0-9_]*`, what a shell takes for a name.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_values_are_the_environment() {
        let options = ["POOL=4", "", "--keep-alive 1", "--x=1", "URL=http://a/?b=c", " "];
        let (env, rest) = split(&options.map(str::to_owned));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(env, [pair("POOL", "4"), pair("URL", "http://a/?b=c")]);
        assert_eq!(rest, ["--keep-alive 1", "--x=1"]);
        let words = words(&rest);
        assert_eq!(words, ["--keep-alive", "1", "--x=1"]);
        assert!(given(&words, &["--x"]) && !given(&words, &["--keep"]));
    }
}
