//! The list of drills.

use lab::parts::Tools;
use model::Lang;
use serde_json::json;

use super::Known;

/// The drills for people: name, and what happens.
pub(crate) fn text(known: &[Known], lang: Lang, width: usize) -> String {
    let mut out = String::new();
    let mut last = "";
    for one in known {
        if one.cause.slug != last {
            last = one.cause.slug;
            out.push_str(&format!("{last}\n"));
        }
        let mark = if one.scenario.everyday { "" } else { " *" };
        out.push_str(&format!("  {}{mark}\n", one.scenario.name));
        for line in report::lines(one.scenario.happens.get(lang), width.saturating_sub(6)) {
            out.push_str(&format!("      {line}\n"));
        }
    }
    out.push_str(match lang {
        Lang::En => "\n* not among the everyday tests\n\nStories: several causes, and the cures one by one\n",
        Lang::Ja => "\n* 日常のテストには含まれません\n\nストーリー: 複数の原因と、対策を一つずつ\n",
    });
    for story in catalogue::stories::ALL {
        out.push_str(&format!("  {}\n", story.name));
        for line in report::lines(story.tells.get(lang), width.saturating_sub(6)) {
            out.push_str(&format!("      {line}\n"));
        }
    }
    out
}

/// The drills for programs. `missing` says why this machine cannot run a drill and is null if it
/// can; `forbidden` is the reason that holds for all of them.
pub(crate) fn json(known: &[Known], tools: &Tools, forbidden: Option<&str>) -> String {
    let drills: Vec<_> = known
        .iter()
        .map(|one| {
            let servers: std::collections::BTreeSet<&str> = one
                .scenario
                .hosts
                .iter()
                .flat_map(|host| host.parts)
                .map(|part| part.server.as_str())
                .collect();
            json!({
                "cause": one.cause.slug,
                "drill": one.scenario.name,
                "happens": { "en": one.scenario.happens.en, "ja": one.scenario.happens.ja },
                "cure": { "en": one.scenario.cure.en, "ja": one.scenario.cure.ja },
                "servers": servers,
                "everyday": one.scenario.everyday,
                "limits_memory": lab::limits_memory(one.scenario),
                "missing": forbidden.map(str::to_owned).or_else(|| {
                    lab::missing(one.scenario, tools).into_iter().next()
                }),
            })
        })
        .collect();
    let stories: Vec<_> = catalogue::stories::ALL
        .iter()
        .map(|story| {
            json!({
                "story": story.name,
                "tells": { "en": story.tells.en, "ja": story.tells.ja },
                "chapters": story.chapters.len(),
                "missing": forbidden.map(str::to_owned).or_else(|| {
                    lab::missing(&story.scenario, tools).into_iter().next()
                }),
            })
        })
        .collect();
    let list = json!({ "schema_version": "1", "drills": drills, "stories": stories });
    serde_json::to_string_pretty(&list).unwrap_or_default()
}
