//! What can be wrong with an input: one sentence each, saying what, where and what to do.

use std::io;

use model::{Complaint, Statement, Text};

const ONE_UNKNOWN: Text = Text::new(
    "{unread} of the {lines} lines of {source} is in no known log format, line {first}: if it matters, read it apart with --dialect.",
    "{source} の {lines} 行のうち {unread} 行（{first} 行目）は既知のログ形式ではありません。必要な行なら --dialect を指定して別に読んでください。",
);

const SOME_UNKNOWN: Text = Text::new(
    "{unread} of the {lines} lines of {source} are in no known log format, the first at line {first}: if they matter, read them apart with --dialect.",
    "{source} の {lines} 行のうち {unread} 行は既知のログ形式ではありません（最初は {first} 行目）。必要な行なら --dialect を指定して別に読んでください。",
);

/// A problem with one input.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// No such path.
    Missing,
    /// A pattern without a match.
    NoMatch,
    /// The operating system will not let us read it.
    Unreadable(io::Error),
    /// Nothing in it.
    Empty,
    /// Not text.
    Binary,
    /// Compressed data that ends too early.
    Truncated,
    /// Compressed data that is damaged, or followed by something else.
    Corrupt(io::Error),
    /// A directory in which there is nothing to read.
    NoLogs,
    /// Lines or records beyond the limit.
    Overlong(u64),
    /// No line understood, of how many.
    Unknown(u64),
    /// Some lines not understood, of how many, and the number of the first.
    PartlyUnknown(u64, u64, u64),
    /// An archive member under a password.
    Encrypted,
    /// An archive that cannot be opened.
    BadArchive(String),
    /// An archive that has to be unpacked first.
    Unpack(&'static str),
    /// Files left out of a directory: how many, and the first few names.
    Skipped(u64, String),
}

impl Trouble {
    /// The complaint about the input of this name.
    pub(crate) fn about(self, source: &str) -> Complaint {
        let note = matches!(self, Trouble::Skipped(..));
        let (text, values) = self.sentence();
        let says = values
            .into_iter()
            .fold(Statement::plain(text), |says, (name, value)| says.with(name, value))
            .with("source", source);
        Complaint { source: source.to_owned(), says, note }
    }

    fn sentence(self) -> (Text, Vec<(&'static str, String)>) {
        match self {
            Trouble::Missing => (
                Text::new(
                    "{source} does not exist: check the spelling and the current directory.",
                    "{source} は存在しません。綴りと現在のディレクトリーを確認してください。",
                ),
                vec![],
            ),
            Trouble::NoMatch => (
                Text::new(
                    "No file matches {source}: check the pattern, or name a directory to read all of it.",
                    "{source} に一致するファイルがありません。パターンを確認するか、ディレクトリーを指定してください。",
                ),
                vec![],
            ),
            Trouble::Unreadable(error) => (
                Text::new(
                    "{source} cannot be read ({error}): check its permissions.",
                    "{source} を読み取れません（{error}）。アクセス権を確認してください。",
                ),
                vec![("error", error.to_string())],
            ),
            Trouble::Empty => (
                Text::new(
                    "{source} is empty: check that the log was written and exported completely.",
                    "{source} は空です。ログが書き込まれ、最後まで書き出されているか確認してください。",
                ),
                vec![],
            ),
            Trouble::Binary => (
                Text::new(
                    "{source} is a binary file and was left out: give the log as text, gzip, zstd or zip.",
                    "{source} はバイナリーファイルなので対象から外しました。テキスト、gzip、zstd、zip のいずれかで渡してください。",
                ),
                vec![],
            ),
            Trouble::Truncated => (
                Text::new(
                    "{source} ends in the middle of its compressed data: what could be read was used; copy the file again for the rest.",
                    "{source} は圧縮データの途中で終わっています。読めた部分は使いました。残りを読むには、ファイルをコピーし直してください。",
                ),
                vec![],
            ),
            Trouble::Corrupt(error) => (
                Text::new(
                    "{source} is damaged ({error}): what could be read before the damage was used; copy the file again for the rest.",
                    "{source} は壊れています（{error}）。壊れた箇所より前は使いました。残りを読むには、ファイルをコピーし直してください。",
                ),
                vec![("error", error.to_string())],
            ),
            Trouble::NoLogs => (
                Text::new(
                    "There is no log in the directory {source}: name the directory that holds the log files.",
                    "ディレクトリー {source} にログがありません。ログファイルのあるディレクトリーを指定してください。",
                ),
                vec![],
            ),
            Trouble::Overlong(count) => (
                Text::new(
                    "{source} has lines longer than 1 MiB ({count} of them), which were passed over: check that it is a log with one record a line.",
                    "{source} に 1 MiB を超える行が {count} 行あり、読み飛ばしました。1 行 1 レコードのログか確認してください。",
                ),
                vec![("count", count.to_string())],
            ),
            Trouble::Unknown(lines) => (
                Text::new(
                    "None of the {lines} lines of {source} is in a known log format: name the format with --dialect, or the nginx log_format with --nginx-log-format.",
                    "{source} の {lines} 行はどれも既知のログ形式ではありません。--dialect で形式を、または --nginx-log-format で nginx の log_format を指定してください。",
                ),
                vec![("lines", lines.to_string())],
            ),
            Trouble::PartlyUnknown(unread, lines, first) => (
                if unread == 1 { ONE_UNKNOWN } else { SOME_UNKNOWN },
                vec![
                    ("unread", unread.to_string()),
                    ("lines", lines.to_string()),
                    ("first", first.to_string()),
                ],
            ),
            Trouble::Encrypted => (
                Text::new(
                    "{source} is protected by a password and was left out: unpack the archive and give the directory.",
                    "{source} はパスワードで保護されているので対象から外しました。展開してからディレクトリーを指定してください。",
                ),
                vec![],
            ),
            Trouble::BadArchive(error) => (
                Text::new(
                    "{source} cannot be opened as a zip archive ({error}): copy it again, or unpack it and give the directory.",
                    "{source} を zip アーカイブとして開けません（{error}）。コピーし直すか、展開してからディレクトリーを指定してください。",
                ),
                vec![("error", error)],
            ),
            Trouble::Unpack(kind) => (
                Text::new(
                    "{source} is a {kind} archive in a place where it cannot be read: unpack it and give the directory.",
                    "{source} はここでは読めない {kind} アーカイブです。展開してからディレクトリーを指定してください。",
                ),
                vec![("kind", kind.to_owned())],
            ),
            Trouble::Skipped(count, names) => (
                Text::new(
                    "Left out of {source}, hidden or not logs by name ({count}: {names}).",
                    "{source} の隠しファイルと、名前からログではないとわかるファイルは対象外です（{count} 件: {names}）。",
                ),
                vec![("count", count.to_string()), ("names", names)],
            ),
        }
    }
}

/// Inputs with one and the same problem that are named in a sentence each.
const NAMED: usize = 3;

/// Sorts complaints by their inputs and puts those that repeat a sentence many times into one.
pub(crate) fn condense(mut complaints: Vec<Complaint>) -> Vec<Complaint> {
    complaints.sort_by(|a, b| a.source.cmp(&b.source));
    let mut kept: Vec<Complaint> = Vec::new();
    let mut more: Vec<(Text, bool, String, Vec<String>)> = Vec::new();
    for complaint in complaints {
        let text = complaint.says.text;
        if kept.iter().filter(|other| other.says.text == text).count() < NAMED {
            kept.push(complaint);
            continue;
        }
        match more.iter_mut().find(|(other, ..)| *other == text) {
            Some((.., names)) => names.push(complaint.source),
            None => {
                let first = kept.iter().find(|other| other.says.text == text);
                let like = first.map_or(String::new(), |first| first.source.clone());
                more.push((text, complaint.note, like, vec![complaint.source]));
            }
        }
    }
    for (_, note, like, names) in more {
        let (count, dots) = (names.len(), if names.len() > NAMED { ", …" } else { "" });
        let first = names.first().cloned().unwrap_or_default();
        let says = Statement::plain(Text::new(
            "The same holds for {count} more inputs as for {like}: {names}",
            "{like} と同じことが、ほかの {count} 件の入力にも当てはまります: {names}",
        ))
        .with("count", count)
        .with("like", like)
        .with("names", names[..count.min(NAMED)].join(", ") + dots);
        kept.push(Complaint { source: first, says, note });
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Lang;

    #[test]
    fn every_sentence_is_complete_in_both_languages() {
        let error = || io::Error::other("why");
        for trouble in [
            Trouble::Missing,
            Trouble::NoMatch,
            Trouble::Unreadable(error()),
            Trouble::Empty,
            Trouble::Binary,
            Trouble::Truncated,
            Trouble::Corrupt(error()),
            Trouble::NoLogs,
            Trouble::Overlong(1),
            Trouble::Unknown(2),
            Trouble::PartlyUnknown(1, 2, 3),
            Trouble::Encrypted,
            Trouble::BadArchive("why".into()),
            Trouble::Unpack("tar"),
            Trouble::Skipped(1, "a.png".into()),
        ] {
            let says = trouble.about("logs/a").says;
            for lang in [Lang::En, Lang::Ja] {
                let shown = says.render(lang);
                assert!(shown.contains("logs/a") && !shown.contains('{'), "{shown}");
                assert!(shown.ends_with(['.', '。']), "{shown}");
            }
        }
    }

    #[test]
    fn many_of_a_kind_become_one() {
        let names: Vec<String> = (0..50).map(|n| format!("{n:02}.log")).collect();
        let mut complaints: Vec<Complaint> =
            names.iter().rev().map(|name| Trouble::Empty.about(name)).collect();
        complaints.push(Trouble::Binary.about("core"));
        let shown: Vec<String> =
            condense(complaints).iter().map(|c| c.says.render(Lang::En)).collect();
        assert_eq!(shown.len(), 5);
        assert!(shown[0].starts_with("00.log is empty"));
        assert_eq!(
            shown[4],
            "The same holds for 47 more inputs as for 00.log: 03.log, 04.log, 05.log, …"
        );
    }

    #[test]
    fn what_was_left_out_on_purpose_is_a_note() {
        assert!(Trouble::Skipped(1, "a.png".into()).about("logs").note);
        assert!(!Trouble::Binary.about("core").note);
        let names: Vec<String> = (0..5).map(|n| format!("{n}")).collect();
        let left_out = names.iter().map(|name| Trouble::Skipped(1, ".git".into()).about(name));
        assert!(condense(left_out.collect()).iter().all(|complaint| complaint.note));
    }
}
