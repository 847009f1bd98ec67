//! What `check` says of every drill's configuration: it predicts the cause from that of the fault and
//! not from that of the remedy, or there is a reason. The counts stand in `docs/drills-check.md`;
//! `WHY502_BLESS=1` writes the page, to be read before it is committed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use configs::Input;
use lab::Variant;
use lab::parts::Tools;
use model::{Cause, Drill, Predicts, Scenario, Timestamp};

/// What `check` finds in a run's configuration: the causes, and what it could not read.
struct Said {
    causes: BTreeSet<&'static str>,
    remarks: Vec<String>,
}

fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = Timestamp::from_unix_seconds(i64::try_from(now.as_secs()).unwrap());
    now.to_string().chars().take(10).collect()
}

fn check(name: &str, scenario: &'static Scenario, variant: Variant) -> Said {
    let files = lab::configuration(scenario, variant, &[], &Tools::recorded())
        .unwrap_or_else(|why| panic!("{name}: {why}"));
    let inputs = files.into_iter().map(|file| Input { path: file.path, text: file.text });
    let mut system = configs::read(inputs.collect());
    system.today = today();
    let causes =
        check::check(&system, catalogue::ALL).iter().map(|found| found.cause.slug).collect();
    let remarks = system
        .remarks
        .iter()
        .map(|remark| format!("{}: {}", system.place(remark.at), remark.says))
        .collect();
    if std::env::var_os("WHY502_SHOW").is_some_and(|wanted| name == wanted) {
        println!("{}", system.describe());
        for found in check::check(&system, catalogue::ALL) {
            println!(
                "{variant:?}: {}: {}",
                found.cause.slug,
                found.prediction.says.render(model::Lang::En)
            );
        }
    }
    Said { causes, remarks }
}

/// A drill and what `check` says of it.
struct Row {
    cause: &'static Cause,
    drill: &'static str,
    predicted: bool,
    silent: bool,
    others: Vec<&'static str>,
    reason: String,
}

fn rows(complaints: &mut Vec<String>) -> Vec<Row> {
    let reasons: BTreeMap<&str, &str> =
        catalogue::UNFORESEEN.iter().map(|one| (one.drill, one.reason)).collect();
    let mut used = BTreeSet::new();
    let mut rows = Vec::new();
    for cause in catalogue::ALL {
        let Drill::Runs(scenarios) = cause.drill else { continue };
        for scenario in scenarios {
            let name = format!("{}/{}", cause.slug, scenario.name);
            let fault = check(&name, scenario, Variant::Fault);
            let remedy = check(&name, scenario, Variant::Remedy);
            // What the lab writes of a system has to be read without a complaint; the configuration of a
            // drill may be broken on purpose.
            let remarks = fault.remarks.iter().chain(&remedy.remarks);
            for remark in remarks.filter(|remark| remark.starts_with("why502.toml:")) {
                complaints.push(format!("{name}: {remark}"));
            }
            let predicted = fault.causes.contains(cause.slug);
            let silent = !remedy.causes.contains(cause.slug);
            let own = reasons.get(name.as_str());
            used.extend(own.map(|_| name.clone()));
            let reason = match (&cause.predicts, own) {
                (_, Some(reason)) => (*reason).to_owned(),
                (Predicts::Never(reason) | Predicts::NotYet(reason), None) => (*reason).to_owned(),
                (Predicts::By(_), None) => String::new(),
            };
            let right = predicted && silent;
            if right && !reason.is_empty() {
                complaints
                    .push(format!("{name} has a reason not to be predicted, and is: {reason}"));
            }
            if !right && reason.is_empty() {
                complaints
                    .push(format!("{name}: predicted {predicted}, silent {silent}, no reason"));
            }
            let others = remedy.causes.iter().copied().filter(|slug| *slug != cause.slug).collect();
            rows.push(Row { cause, drill: scenario.name, predicted, silent, others, reason });
        }
    }
    for (name, _) in reasons.iter().filter(|(name, _)| !used.contains(**name)) {
        complaints.push(format!("there is no drill {name} to have a reason"));
    }
    rows
}

const HEAD: &str = "\
<!-- Made by `WHY502_BLESS=1 cargo test -p why502 --features drill --test drills_check`. -->

# What check says of the drills

Each drill of [drills.md](drills.md) is a system with a fault and the same system with the remedy. This
table is about their configuration alone, as `why502 drill <cause>/<servers> --config DIR` writes it:
the files of each host, and a `why502.toml` with what the team that runs it knows. *predicted*: `why502
check` names the cause from the configuration with the fault. *silent*: it does not name it with the
remedy. *also said*: other causes that it names with the remedy, which the drill does not bring about.

";

fn page(rows: &[Row]) -> String {
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    let predicted = rows.iter().filter(|row| row.predicted).count();
    let silent = rows.iter().filter(|row| row.silent).count();
    let never = rows.iter().filter(|row| matches!(row.cause.predicts, Predicts::Never(_))).count();
    let of_those = rows.len() - never;
    let mut page = format!(
        "{HEAD}{} drills: {predicted} are predicted, {silent} are silent with the remedy. {never} belong to \
         causes that no setting tells; of the other {of_those}, {} are not predicted.\n\n",
        rows.len(),
        of_those - predicted
    );
    page.push_str("| cause | drill | predicted | silent | also said | reason |\n| --- | --- | --- | --- | --- | --- |\n");
    for row in rows {
        let _ = writeln!(
            page,
            "| [{slug}](causes/{slug}.md) | {} | {} | {} | {} | {} |",
            row.drill,
            yes(row.predicted),
            yes(row.silent),
            row.others.join(", "),
            row.reason,
            slug = row.cause.slug
        );
    }
    page
}

#[test]
fn drills_are_predicted_from_their_configuration_or_there_is_a_reason() {
    let mut complaints = Vec::new();
    let page = page(&rows(&mut complaints));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/drills-check.md");
    if std::env::var_os("WHY502_BLESS").is_some() {
        std::fs::write(&file, &page).unwrap();
    } else if std::fs::read_to_string(&file).unwrap_or_default() != page {
        complaints.push("docs/drills-check.md is not what check says now".to_owned());
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
