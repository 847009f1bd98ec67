//! Edits of what was read: a value replaced in the notation of its file, or a setting added where
//! there was none, gives a file that is read as meant.

use configs::{Input, read};
use model::Micros;
use model::config::{Key, Origin, System, Value};

fn files(files: &[(&str, &str)]) -> Vec<Input> {
    let input = |&(path, text): &(&str, &str)| Input { path: path.into(), text: text.into() };
    files.iter().map(input).collect()
}

fn idle(system: &System) -> &model::config::Setting {
    let balancer = system.hops.iter().find(|hop| hop.get(Key::ClientIdleTimeout).is_some());
    balancer.and_then(|hop| hop.get(Key::ClientIdleTimeout)).expect("a load balancer")
}

/// Changes the idle timeout of the load balancer to 75 s, and gives the line that changed.
fn changed(given: &[(&str, &str)]) -> String {
    let mut inputs = files(given);
    let system = read(inputs.clone());
    let setting = idle(&system);
    let to = Value::Time(Micros::from_secs(75));
    let (at, text) = match (setting.origin, setting.notation) {
        (Origin::Written(at), Some(notation)) => (at, notation.write(&to).unwrap()),
        (Origin::Written(_), None) => return "cannot be edited".to_owned(),
        (Origin::Default { .. }, _) => {
            let slots = system.hops.iter().flat_map(|hop| &hop.slots);
            let slot = slots.into_iter().find(|slot| slot.key == Key::ClientIdleTimeout);
            let Some(slot) = slot else { return "no place".to_owned() };
            let edit = slot.fill(&to).unwrap();
            (edit.at, edit.text)
        }
    };
    let name = system.file(at.file).name.clone();
    let file = inputs.iter_mut().find(|input| input.path == name).unwrap();
    file.text.replace_range(at.range(), &text);
    let line = file.text.lines().find(|line| line.contains("75")).unwrap_or("").trim().to_owned();
    let again = read(inputs);
    assert_eq!(idle(&again).time(), Some(Micros::from_secs(75)), "{}", again.describe());
    assert!(again.remarks.is_empty(), "{:?}", again.remarks);
    line
}

#[test]
fn timers_of_terraform_are_changed_where_they_are_written() {
    let lb = |value: &str| format!("resource \"aws_lb\" \"a\" {{\n  idle_timeout = {value}\n}}\n");
    for (value, variables, expected) in [
        ("60", "", "idle_timeout = 75"),
        ("\"60\"", "", "idle_timeout = \"75\""),
        ("var.idle", "variable \"idle\" {\n  default = 61\n}\n", "default = 75"),
        ("\"${var.idle}\"", "variable \"idle\" {\n  default = \"61\"\n}\n", "default = \"75\""),
        ("local.idle", "locals {\n  idle = 1 * 61\n}\n", "idle = 75"),
        ("local.all.idle", "locals {\n  all = { idle = 61 }\n}\n", "all = { idle = 75 }"),
        ("var.unknown", "", "cannot be edited"),
    ] {
        let main = lb(value);
        assert_eq!(changed(&[("main.tf", &main), ("variables.tf", variables)]), expected);
    }
    let main = lb("var.idle");
    let variables = "variable \"idle\" {}\n";
    let given = [("main.tf", &*main), ("v.tf", variables), ("x.auto.tfvars", "idle = 61\n")];
    assert_eq!(changed(&given), "idle = 75");
    let bare = "resource \"aws_lb\" \"a\" {\n  # theirs\n  name = \"a\"\n}\n";
    assert_eq!(changed(&[("main.tf", bare)]), "idle_timeout = 75");
    let short = "resource \"aws_lb\" \"a\" { name = \"a\" }\n";
    assert_eq!(changed(&[("main.tf", short)]), "no place");
    let json = "{\n  \"resource\": {\"aws_lb\": {\"a\": {\n    \"name\": \"a\"\n  }}}\n}\n";
    assert_eq!(changed(&[("main.tf.json", json)]), "no place");
}

#[test]
fn timers_of_templates_are_changed_where_they_are_written() {
    let start =
        "Resources:\n  A:\n    Type: AWS::ElasticLoadBalancingV2::LoadBalancer\n    Properties:\n";
    for (rest, expected) in [
        ("Value: 60", "Value: 75"),
        ("Value: '60'", "Value: \"75\""),
        ("Value: \"60\"", "Value: \"75\""),
    ] {
        let list = "      LoadBalancerAttributes:\n        - Key: idle_timeout.timeout_seconds\n          ";
        assert_eq!(changed(&[("t.yaml", &format!("{start}{list}{rest}\n"))]), expected);
    }
    let other = "      LoadBalancerAttributes:\n        - Key: routing.http2.enabled\n          Value: \"true\"\n";
    assert_eq!(changed(&[("t.yaml", &format!("{start}{other}"))]), "Value: \"75\"");
    let none = "      Scheme: internal\n";
    assert_eq!(changed(&[("t.yaml", &format!("{start}{none}"))]), "Value: \"75\"");
    let json = "{\"Resources\": {\n  \"A\": {\"Type\": \"AWS::ElasticLoadBalancingV2::LoadBalancer\", \"Properties\": {\n    \"Scheme\": \"internal\"\n  }}\n}}\n";
    assert_eq!(changed(&[("t.json", json)]), "no place");
}
