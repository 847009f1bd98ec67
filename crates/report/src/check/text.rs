//! Findings for people: one sentence, the lines it rests on, the sums, the change.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use model::config::{Checked, Confidence, Edit, Finding, Severity, Source};
use model::{Lang, Text};

use super::excerpt::excerpt;
use super::happened;
use super::places::{ARMED, sentence, spots, unwritten};

/// How findings are shown.
#[derive(Clone, Copy, Debug)]
pub struct CheckText {
    /// The language.
    pub lang: Lang,
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to colour.
    pub colour: bool,
}

/// Every finding with its excerpts, then what could not be read, then the sum.
#[must_use]
pub fn text(checked: &Checked, how: &CheckText) -> String {
    let renderer = if how.colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(how.width);
    let mut out = String::new();
    for finding in &checked.findings {
        out.push_str(&renderer.render(&groups(checked, finding, how.lang)));
        out.push_str("\n\n");
    }
    for remark in &checked.system.remarks {
        let place = checked.system.place(remark.at);
        out.push_str(&format!("{}: {place}: {}\n", NOT_READ.get(how.lang), remark.says));
    }
    if !checked.system.remarks.is_empty() {
        out.push('\n');
    }
    out.push_str(&closing(checked, how.lang));
    out
}

const NOT_READ: Text = Text::new("note", "注記");
const SURE: Text = Text::new("how sure", "確かさ");
const CHANGE: Text = Text::new("smallest change: ", "最小の変更: ");
const NEW: Text = Text::new("new since {since}", "{since} 以降の新しい指摘です");
const NEXT: Text = Text::new("next: why502 explain ", "次に: why502 explain ");

fn confidence(finding: &Finding, lang: Lang) -> String {
    let why = match finding.prediction.confidence {
        Confidence::High => Text::new(
            "high: what it rests on is written, or a documented default of a known version",
            "高い: 根拠は明記された設定か、判明しているバージョンの文書化された既定値です",
        ),
        Confidence::Medium => Text::new(
            "medium: which parts belong together was concluded from their ports, from what was left, or \
             from a default",
            "中程度: どの部分どうしが対応するかを、ポート、残ったもの、または既定値から判断しました",
        ),
        Confidence::Low => Text::new(
            "low: a version or a link was assumed; `why502 check --explain-path` shows what",
            "低い: バージョンまたは接続を仮定しました。`why502 check --explain-path` で確認できます",
        ),
    };
    format!("{}: {}", SURE.get(lang), why.get(lang))
}

fn groups<'c>(checked: &'c Checked, finding: &'c Finding, lang: Lang) -> Vec<Group<'c>> {
    let (system, prediction) = (&checked.system, &finding.prediction);
    let level = match prediction.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let says = crate::mask::mask(&prediction.says.render(lang)).into_owned();
    let mut main = Group::with_title(level.primary_title(says).id(finding.cause.slug));
    for told in happened::sentences(checked, finding, lang) {
        main = main.element(Level::NOTE.message(told));
    }
    for (n, spot) in spots(system, finding).into_iter().enumerate() {
        let excerpt = excerpt(system.file(spot.span.file), spot.span.range(), 0);
        let kind = if n == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let label = crate::mask::mask(&spot.says.render(lang)).into_owned();
        main = main.element(
            Snippet::source(excerpt.text)
                .line_start(excerpt.line)
                .path(spot.title().into_owned())
                .annotation(kind.span(excerpt.marked).label(label)),
        );
    }
    for says in unwritten(finding) {
        main = main.element(Level::NOTE.message(sentence(says, lang)));
    }
    for step in &prediction.arithmetic {
        main = main.element(Level::NOTE.message(sentence(step, lang)));
    }
    for update in &prediction.armed_by {
        let says = format!("{}{}", ARMED.get(lang), sentence(update, lang));
        main = main.element(Level::NOTE.message(says));
    }
    if finding.is_new == Some(true) {
        let since = checked.since.as_deref().unwrap_or_default();
        main = main.element(Level::NOTE.message(NEW.get(lang).replace("{since}", since)));
    }
    main = main.element(Level::NOTE.message(confidence(finding, lang)));
    let mut groups = vec![main];
    if !prediction.changes.is_empty() {
        let changes: Vec<String> =
            prediction.changes.iter().map(|change| change.render(lang)).collect();
        let title = format!("{}{}", CHANGE.get(lang), changes.join("; "));
        let mut help = Group::with_title(Level::HELP.secondary_title(title));
        for edit in &prediction.edits {
            help = help.element(patch(system.file(edit.at.file), edit));
        }
        groups.push(help);
    }
    groups
}

/// The edit with its lines.
fn patch<'c>(source: &'c Source, edit: &Edit) -> Snippet<'c, Patch<'c>> {
    let excerpt = excerpt(source, edit.at.range(), 1);
    Snippet::source(excerpt.text)
        .line_start(excerpt.line)
        .path(source.name.clone())
        .patch(Patch::new(excerpt.marked, edit.text.clone()))
}

/// A number with its noun.
fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// One sentence with the numbers, and what to do next.
fn closing(checked: &Checked, lang: Lang) -> String {
    let count =
        |severity| checked.findings.iter().filter(|f| f.prediction.severity == severity).count();
    let read = checked.system.files.iter().filter(|file| !file.read_as.is_empty()).count();
    let mut out = match lang {
        Lang::En => {
            let mut parts = Vec::new();
            for (severity, word) in [
                (Severity::Error, "error"),
                (Severity::Warning, "warning"),
                (Severity::Note, "note"),
            ] {
                if count(severity) > 0 {
                    parts.push(counted(count(severity), word));
                }
            }
            let found = if parts.is_empty() {
                "Nothing was found that will break".to_owned()
            } else {
                parts.join(", ")
            };
            format!(
                "{found} in {} of configuration ({}, {}).",
                counted(read, "file"),
                counted(checked.system.hops.len(), "hop"),
                counted(checked.system.links.len(), "link")
            )
        }
        Lang::Ja => {
            let found = checked.findings.len();
            let found = if found == 0 {
                "壊れそうな箇所は見つかりませんでした".to_owned()
            } else {
                format!(
                    "エラー {} 件、警告 {} 件、注記 {} 件",
                    count(Severity::Error),
                    count(Severity::Warning),
                    count(Severity::Note)
                )
            };
            format!(
                "設定ファイル {read} 個（ホップ {}、リンク {}）: {found}。",
                checked.system.hops.len(),
                checked.system.links.len()
            )
        }
    };
    out.push('\n');
    let (safe, others) = super::fixable(checked);
    if let Some(since) = &checked.since {
        let new = checked.findings.iter().filter(|f| f.is_new == Some(true)).count();
        let text = match lang {
            Lang::En => format!("New since {since}: {new}."),
            Lang::Ja => format!("{since} 以降に新しいもの: {new} 件。"),
        };
        out.push_str(&text);
        out.push('\n');
    }
    if !checked.logs.is_empty() && !checked.findings.is_empty() && happened::count(checked) == 0 {
        let none = Text::new(
            "The logs do not show that any of these has happened.",
            "ログからは、このうちどれかが起きたことは確認できません。",
        );
        out.push_str(none.get(lang));
        out.push('\n');
    }
    let mut more = |text: Text, n: usize| {
        if n > 0 {
            out.push_str(&text.get(lang).replace("{n}", &n.to_string()));
            out.push('\n');
        }
    };
    more(
        Text::new(
            "Happened already, as far as the logs show: {n}.",
            "ログによれば、すでに起きているもの: {n} 件。",
        ),
        happened::count(checked),
    );
    more(
        Text::new("Silenced by comments: {n}.", "コメントで抑止: {n} 件。"),
        checked.ignored.len(),
    );
    more(
        Text::new("There before and not shown: {n}.", "以前からあり、表示しないもの: {n} 件。"),
        checked.old,
    );
    more(Text::new("Known from the baseline: {n}.", "ベースラインで既知: {n} 件。"), checked.known);
    more(
        Text::new(
            "Can be changed by `why502 check --fix`: {n}; `--diff` shows how.",
            "`why502 check --fix` で変更できるもの: {n} 件。`--diff` で内容を確認できます。",
        ),
        safe,
    );
    more(
        Text::new(
            "With `--unsafe-fixes` also: {n}; these change how long clients wait, or what runs.",
            "`--unsafe-fixes` を付けると、さらに {n} 件。クライアントの待ち時間や動作が変わります。",
        ),
        others,
    );
    if let Some(first) = checked.findings.first() {
        out.push_str(&format!("{}{}\n", NEXT.get(lang), first.cause.slug));
    }
    out
}
