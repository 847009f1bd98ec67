//! Hostile files: very large ones, deep ones, ones that include each other without end. Reading them
//! ends in seconds, without a panic, and says what was left out.

mod common;

use common::{input, remarks};

#[test]
fn deep_blocks_are_cut() {
    let nginx = "http {\nlisten 80;\n".repeat(500_000);
    assert!(remarks("nginx", vec![input("nginx.conf", nginx)]).contains("too deeply"));
    let apache = "<Location /x>\nProxyPass http://x\n".repeat(500_000);
    assert!(remarks("Apache", vec![input("httpd.conf", apache)]).contains("too deeply"));
}

#[test]
fn large_files_are_read_in_part() {
    let word = format!("http {{ server {{ listen {}; }} }}", "8".repeat(20 << 20));
    remarks("a long word", vec![input("nginx.conf", word)]);
    let quote = format!("http {{\nlisten 80;\nserver_name '{}", "x ".repeat(10 << 20));
    assert!(remarks("a quote", vec![input("nginx.conf", quote)]).contains("never closed"));
    let servers: String = (0..80_000)
        .map(|n| format!("server {{ listen 80; location / {{ proxy_pass http://h{n}; }} }}\n"))
        .collect();
    assert!(remarks("servers", vec![input("nginx/a.conf", servers)]).contains("too many"));
    let many = "frontend f\n bind :80\n".repeat(120_000);
    assert!(remarks("HAProxy", vec![input("haproxy.cfg", many)]).contains("too many lines"));
    let word = format!("frontend f\n bind {}\n", ":80,".repeat(1 << 20));
    remarks("HAProxy, a long word", vec![input("haproxy.cfg", word)]);
    let hosts: String = (0..80_000)
        .map(|n| format!("<VirtualHost *:80>\nProxyPass / http://h{n}/\n</VirtualHost>\n"))
        .collect();
    assert!(remarks("hosts", vec![input("vhosts.conf", hosts)]).contains("too many"));
}

#[test]
fn links_do_not_multiply_without_end() {
    let members: String = (0..20_000).map(|n| format!("server 10.0.0.1:{n};\n")).collect();
    let routes: String =
        (0..20_000).map(|n| format!("location /{n} {{ proxy_pass http://u; }}\n")).collect();
    let text = format!("upstream u {{ {members} }}\nserver {{ listen 80; {routes} }}\n");
    let said = remarks("nginx", vec![input("nginx/a.conf", text)]);
    assert!(said.contains("too many links"), "{said}");
    let backends: String =
        (0..2_000).map(|n| format!("backend b{n}\n server s 10.0.0.1:{n}\n")).collect();
    let fronts = "frontend f\n bind :80\n use_backend %[hdr(host)]\n".repeat(2_000);
    let said = remarks("HAProxy", vec![input("haproxy.cfg", format!("{backends}{fronts}"))]);
    assert!(said.contains("too many links"), "{said}");
}

#[test]
fn includes_do_not_multiply_without_end() {
    let nginx = (0..40).map(|n| {
        let text = format!("include l{0}.conf;\ninclude l{0}.conf;\nlisten 80;\n", n + 1);
        input(&format!("nginx/l{n}.conf"), text)
    });
    let said = remarks("nginx", nginx.collect());
    assert!(said.contains("too many includes") || said.contains("too deeply"), "{said}");
    let all: String = "include *.conf;\n".repeat(20_000);
    let many = (0..300).map(|n| input(&format!("nginx/{n}.conf"), all.clone()));
    remarks("nginx, all of all", many.take(20).collect());
    let apache = (0..40).map(|n| {
        let text = format!("Include l{0}.conf\nInclude l{0}.conf\nKeepAliveTimeout 5\n", n + 1);
        input(&format!("httpd/l{n}.conf"), text)
    });
    let said = remarks("Apache", apache.collect());
    assert!(said.contains("too many includes") || said.contains("too deeply"), "{said}");
}

#[test]
fn anchors_do_not_multiply_without_end() {
    let mut text = "routes: &routes\n".to_owned();
    text.push_str(&"  - route: { cluster: c }\n".repeat(5_000));
    text.push_str("hosts: &hosts\n");
    text.push_str(&"  - { domains: [a], routes: *routes }\n".repeat(2_000));
    text.push_str(
        "one: &one\n  filter_chains:\n    - filters:\n        - name: http_connection_manager\n          \
         typed_config: { route_config: { virtual_hosts: *hosts } }\n",
    );
    text.push_str("static_resources:\n  clusters: [ { name: c } ]\n  listeners:\n");
    text.push_str(&"    - *one\n".repeat(5_000));
    let said = remarks("Envoy", vec![input("envoy.yaml", text)]);
    assert!(said.contains("too many routes"), "{said}");
}

#[test]
fn outputs_of_many_resources_are_read_in_time() {
    let base = "https://www.googleapis.com/compute/v1/projects/p/global";
    let one = |n: usize| {
        format!(
            r#"{{"kind": "compute#urlMap", "name": "m{n}", "defaultService": "{base}/backendServices/b{n}"}},
{{"kind": "compute#backendService", "name": "b{n}", "backends": [{{"group": "{base}/instanceGroups/g{n}"}}]}},
{{"kind": "compute#targetHttpsProxy", "name": "t{n}", "urlMap": "{base}/urlMaps/m{n}"}},
{{"kind": "compute#forwardingRule", "name": "f{n}", "target": "{base}/targetHttpsProxies/t{n}"}},
{{"kind": "compute#firewall", "name": "w{n}", "network": "{base}/networks/n{n}"}},
{{"kind": "compute#router", "name": "r{n}", "network": "{base}/networks/n{n}", "nats": [{{"name": "x{n}"}}]}},
{{"kind": "compute#subnetwork", "name": "s{n}", "network": "{base}/networks/n{n}"}},
"#
        )
    };
    let all: String = (0..3_000).map(one).collect();
    let text = format!("[{all}{{}}]");
    assert_eq!(remarks("gcloud", vec![input("all.json", text)]), "");
}

#[test]
fn objects_of_kubernetes_do_not_multiply_without_end() {
    let objects: String = (0..12_000)
        .map(|n| {
            format!(
                "apiVersion: v1\nkind: Service\nmetadata: {{name: s{n}}}\nspec: {{selector: {{a: b}}, \
                 ports: [{{port: 80}}]}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{n}, \
                 labels: {{a: b}}}}\nspec: {{containers: [{{name: c}}]}}\n---\n"
            )
        })
        .collect();
    let said = remarks("objects", vec![input("all.yaml", objects)]);
    assert!(said.contains("too many objects"), "{said}");
    let mut aliases = String::from("x: &p {name: X, value: 'http://h/'}\n");
    for n in 0..40 {
        let before = if n == 0 { "p".to_owned() } else { format!("l{}", n - 1) };
        aliases.push_str(&format!("l{n}: &l{n} [*{before}, *{before}]\n"));
    }
    aliases.push_str("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: *l39\n");
    remarks("aliases", vec![input("pod.yaml", aliases)]);
    let lists = "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [".repeat(100_000);
    remarks("lists", vec![input("lists.json", lists)]);
    let paths: String = (0..5_000)
        .map(|n| format!("      - {{path: /{n}, backend: {{serviceName: s, servicePort: 80}}}}\n"))
        .collect();
    let ingress = format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i}}\nspec:\n  rules:\n    \
         - http:\n        paths: &p\n{}\n",
        paths.replace("      -", "          -")
    );
    remarks("paths", vec![input("ingress.yaml", ingress)]);
}

#[test]
fn a_declaration_is_bounded() {
    let deep = format!("[[hop]]\nname = \"a\"\nhosts = {}", "[".repeat(500_000));
    assert!(remarks("deep", vec![input("why502.toml", deep)]).contains("this is not TOML"));
    let hops: String = (0..12_000).map(|n| format!("[[hop]]\nname = \"h{n}\"\n")).collect();
    remarks("hops", vec![input("why502.toml", hops)]);
    let hop = "[[hop]]\nname = \"a\"\nfiles = [\"../../..\", \"\", \"/\"]\n";
    let links = "[[link]]\nfrom = \"a\"\nto = \"a\"\n".repeat(20_000);
    remarks("links", vec![input("x/why502.toml", format!("{hop}{links}"))]);
    remarks("words", vec![input("why502.toml", "\u{0}[[hop]]\nname = \"\\ud800\"\n".to_owned())]);
}
