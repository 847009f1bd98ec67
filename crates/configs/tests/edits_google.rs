//! Settings of Google Cloud: changed where they are written, added where nobody wrote them, and read
//! again. What a command printed is no place for an edit.

use configs::{Input, read};
use model::Micros;
use model::config::{Key, Origin, System, Value};

/// Changes a setting of the first hop that has it, and gives the text of its line afterwards.
fn changed(path: &str, text: &str, key: Key, to: &Value) -> String {
    let input = Input { path: path.to_owned(), text: text.to_owned() };
    let system = read(vec![input.clone()]);
    let hop = system.hops.iter().find(|hop| hop.get(key).is_some()).expect("the setting");
    let setting = hop.get(key).unwrap();
    let (range, new) = match (setting.origin, setting.notation) {
        (Origin::Written(at), Some(notation)) => (at.range(), notation.write(to).unwrap()),
        (Origin::Written(_), None) => return "cannot be edited".to_owned(),
        (Origin::Default { .. }, _) => {
            let Some(slot) = hop.slots.iter().find(|slot| slot.key == key) else {
                return "no place".to_owned();
            };
            let edit = slot.fill(to).unwrap();
            (edit.at.range(), edit.text)
        }
    };
    let mut text = text.to_owned();
    let start = range.start;
    text.replace_range(range, &new);
    let system = read(vec![Input { path: path.to_owned(), text: text.clone() }]);
    let found = |system: &System| {
        system.hops.iter().find_map(|hop| hop.get(key).map(|setting| setting.value.clone()))
    };
    assert_eq!(found(&system).as_ref(), Some(to), "{}", system.describe());
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    text[line..].lines().next().unwrap_or("").trim().to_owned()
}

fn seconds(n: i64) -> Value {
    Value::Time(Micros::from_secs(n))
}

#[test]
fn service_files_are_edited_and_outputs_are_not() {
    let file = |rest: &str| {
        let spec = "spec:\n  template:\n    spec:\n      timeoutSeconds: 15\n";
        format!(
            "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {{name: a}}\n{spec}{rest}"
        )
    };
    let of = |text: &str| changed("service.yaml", text, Key::RequestTimeout, &seconds(60));
    assert_eq!(of(&file("")), "timeoutSeconds: 60");
    assert_eq!(of(&file("status: {url: https://a.run.app}\n")), "cannot be edited");
    let router = "{\"kind\": \"compute#router\", \"name\": \"r\", \"nats\": [{\"name\": \"n\", \"minPortsPerVm\": 64}]}";
    let ports = Value::Count(1024);
    assert_eq!(changed("r.json", router, Key::NatMinPorts, &ports), "cannot be edited");
}

#[test]
fn terraform_is_edited_where_it_is_written_or_may_be_added() {
    let service = |timeout: &str| {
        format!(
            "resource \"google_cloud_run_v2_service\" \"a\" {{\n  template {{\n    timeout = {timeout}\n  }}\n}}\n"
        )
    };
    let of = |text: &str| changed("main.tf", text, Key::RequestTimeout, &seconds(60));
    assert_eq!(of(&service("\"15s\"")), "timeout = \"60s\"");
    assert_eq!(of(&service("var.timeout")), "cannot be edited");
    let nat = "resource \"google_compute_router_nat\" \"n\" {\n  name = \"n\"\n}\n";
    let ports = Value::Count(1024);
    assert_eq!(changed("main.tf", nat, Key::NatMinPorts, &ports), "min_ports_per_vm = 1024");
    let nat = "resource \"google_compute_router_nat\" \"n\" {\n  min_ports_per_vm = 64\n}\n";
    assert_eq!(changed("main.tf", nat, Key::NatMinPorts, &ports), "min_ports_per_vm = 1024");
}

/// The network is Terraform's, the service a file of its own: they meet by name.
#[test]
fn a_service_file_meets_the_network_of_terraform() {
    let network = r#"
resource "google_compute_network" "n" {
  name = "shop"
}
resource "google_compute_subnetwork" "s" {
  name          = "run"
  network       = google_compute_network.n.id
  ip_cidr_range = "10.0.0.0/24"
}
resource "google_compute_router" "r" {
  name    = "r"
  network = google_compute_network.n.id
}
resource "google_compute_router_nat" "out" {
  name                               = "out"
  router                             = google_compute_router.r.name
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
}
"#;
    let service = r#"apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: front
spec:
  template:
    metadata:
      annotations:
        run.googleapis.com/network-interfaces: '[{"network": "shop", "subnetwork": "run"}]'
        run.googleapis.com/vpc-access-egress: all-traffic
"#;
    let input = |path: &str, text: &str| Input { path: path.to_owned(), text: text.to_owned() };
    let system = read(vec![input("main.tf", network), input("service.yaml", service)]);
    let [subnet] = &system.subnets[..] else { panic!("{}", system.describe()) };
    let [held] = subnet.hops[..] else { panic!("{}", system.describe()) };
    assert_eq!(system.hop(held).name, "front");
    let outward = subnet.routes.iter().find(|route| route.to.length == 0).unwrap();
    let nat = model::config::Via::Nat("google_compute_router_nat.out".to_owned());
    assert_eq!(outward.via, nat);
    assert!(system.hops.iter().any(|hop| hop.name == "google_compute_router_nat.out"));
}
