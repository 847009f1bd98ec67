//! English after the number one: `1 process was killed`, where the sentence was written for many.

use std::borrow::Cow;

/// Nouns that our own sentences count.
const NOUNS: &[(&str, &str)] = &[
    ("answers", "answer"),
    ("calls", "call"),
    ("checks", "check"),
    ("connections", "connection"),
    ("denials", "denial"),
    ("errors", "error"),
    ("failures", "failure"),
    ("groups", "group"),
    ("inputs", "input"),
    ("instances", "instance"),
    ("kills", "kill"),
    ("kinds", "kind"),
    ("lines", "line"),
    ("measurements", "measurement"),
    ("packets", "packet"),
    ("processes", "process"),
    ("programs", "program"),
    ("queues", "queue"),
    ("records", "record"),
    ("refusals", "refusal"),
    ("reports", "report"),
    ("requests", "request"),
    ("responses", "response"),
    ("targets", "target"),
    ("times", "time"),
    ("workers", "worker"),
];

/// Verbs, and what else has a number, as they follow such a noun.
const VERBS: &[(&str, &str)] = &[
    ("are", "is"),
    ("fill", "fills"),
    ("have", "has"),
    ("open", "opens"),
    ("overflow", "overflow"),
    ("say", "says"),
    ("tell", "tells"),
    ("were", "was"),
];

/// Words that stand for such a noun in the rest of the sentence.
const PRONOUNS: &[(&str, &str)] =
    &[("their", "its"), ("them", "it"), ("themselves", "itself"), ("they", "it")];

/// Words that may stand between the number and its noun.
const BEFORE: &[&str] = &[
    "answered",
    "dropped",
    "error",
    "failed",
    "failing",
    "healthy",
    "large",
    "listen",
    "memory",
    "more",
    "or",
    "outward",
    "rejected",
    "unhandled",
];

/// Words that may stand between the noun and its verb.
const BETWEEN: &[&str] = &[
    "an",
    "error",
    "failures",
    "function",
    "functions",
    "in",
    "of",
    "openings",
    "rarest",
    "status",
    "that",
    "the",
    "to",
    "which",
    "window",
    "with",
];

fn one(table: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(many, _)| *many == word).map(|(_, one)| *one)
}

/// The words that follow the number one, in the singular. What is not one of our own counted nouns
/// stays as it is.
pub(crate) fn after_one(words: &str) -> Cow<'_, str> {
    if !words.starts_with(' ') {
        return Cow::Borrowed(words);
    }
    let mut out: Vec<Cow<'_, str>> = words.split(' ').map(Cow::Borrowed).collect();
    let bare = |word: &str| word.trim_end_matches(['.', ',', ';', ':']).to_owned();
    let Some(noun) = (1..out.len()).find(|&i| one(NOUNS, &bare(&out[i])).is_some()) else {
        return Cow::Borrowed(words);
    };
    if !out[1..noun].iter().all(|word| BEFORE.contains(&&**word)) {
        return Cow::Borrowed(words);
    }
    let mut put = |at: usize, table: &[(&str, &'static str)]| {
        let word = out[at].clone();
        let found = one(table, &bare(&word));
        if let Some(found) = found {
            out[at] = Cow::Owned(format!("{found}{}", &word[bare(&word).len()..]));
        }
        (found.is_some(), word.ends_with(['.', ',', ';', ':']))
    };
    let (_, mut ended) = put(noun, NOUNS);
    let mut at = noun + 1;
    // `requests or answers`.
    if !ended && words.split(' ').nth(at) == Some("or") && at + 1 < words.split(' ').count() {
        let (is_noun, end) = put(at + 1, NOUNS);
        (at, ended) = if is_noun { (at + 2, end) } else { (at, ended) };
    }
    let all: Vec<&str> = words.split(' ').collect();
    while !ended && at < all.len() {
        let (is_verb, end) = put(at, VERBS);
        if is_verb || end || !BETWEEN.contains(&all[at]) {
            break;
        }
        at += 1;
    }
    // The sentence goes on about the one thing.
    for word in out.iter_mut().skip(noun) {
        let plain = word.trim_end_matches(['.', ',', ';', ':']).len();
        if let Some(found) = one(PRONOUNS, &word[..plain]) {
            *word = Cow::Owned(format!("{found}{}", &word[plain..]));
        }
        if word.ends_with('.') {
            break;
        }
    }
    Cow::Owned(out.join(" ").replace("it listen ", "it listens "))
}

#[cfg(test)]
mod tests {
    use super::after_one;

    #[test]
    fn one_is_no_plural() {
        for (many, one) in [
            (" processes were killed for their memory.", " process was killed for its memory."),
            (" outward calls failed on the way.", " outward call failed on the way."),
            (
                " reports in the window say that a process",
                " report in the window says that a process",
            ),
            (
                " answers of the function were not of the shape",
                " answer of the function was not of the shape",
            ),
            (
                " requests or answers of the function exceeded",
                " request or answer of the function exceeded",
            ),
            (
                " dropped or rejected packets that open connections.",
                " dropped or rejected packet that opens connections.",
            ),
            (" times that it had stood still.", " time that it had stood still."),
            (" targets down, their checks", " target down, its checks"),
            (" processes say that they listen on it.", " process says that it listens on it."),
            (" more inputs as for", " more input as for"),
            (" requests.", " request."),
        ] {
            assert_eq!(after_one(many), one);
        }
    }

    #[test]
    fn other_words_stay() {
        for words in [
            " of these requests went to a target",
            " s after a deploy",
            "",
            "s",
            " ms before the requests were sent",
            " request ended",
            " process was killed, and others were not",
        ] {
            assert_eq!(after_one(words), words);
        }
    }
}
