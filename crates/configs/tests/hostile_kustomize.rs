//! Kustomizations that stand on each other in circles, patches about every object, and clients wrapped
//! in clients: reading them ends in seconds, without a panic.

mod common;

use common::{input, remarks};

fn deployment(name: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec: {{template: \
         {{spec: {{containers: [{{name: a, image: node}}]}}}}}}\n---\n"
    )
}

#[test]
fn bases_in_circles_and_bases_many_times() {
    let many = |of: &str| format!("resources:\n{}", format!("  - {of}\n").repeat(400));
    let mut files = vec![input("a/kustomization.yaml", many("../b"))];
    for (from, to) in [("b", "../c"), ("c", "../d"), ("d", "../b")] {
        files.push(input(&format!("{from}/kustomization.yaml"), many(to)));
    }
    files.push(input("e/kustomization.yaml", many("x.yaml")));
    files.push(input("e/x.yaml", deployment("x").repeat(50)));
    let all: Vec<&str> = vec!["f", "g"];
    for (at, name) in all.iter().enumerate() {
        let other = all[1 - at];
        files.push(input(&format!("{name}/kustomization.yaml"), many(&format!("../{other}"))));
    }
    remarks("circles", files);
}

#[test]
fn patches_about_every_object_end() {
    let objects: String = (0..1_000).map(|n| deployment(&format!("d{n}"))).collect();
    let patch = |number: usize| {
        let inner: String = (0..100).map(|n| format!("            a{number}x{n}: b\n")).collect();
        format!(
            "  - target: {{kind: Deployment}}\n    patch: |-\n      metadata:\n        \
             annotations:\n{inner}"
        )
    };
    let patches: String = (0..40).map(patch).collect();
    let text = format!("resources: [all.yaml]\npatches:\n{patches}");
    let files = vec![input("kustomization.yaml", text), input("all.yaml", objects)];
    let said = remarks("patches", files);
    assert!(said.contains("makes too much of these files"), "{said}");
}

#[test]
fn anchors_in_bases_and_patches_do_not_multiply() {
    let levels = |name: &str| {
        let mut text =
            format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n");
        text.push_str("  a0: &a0 {x: 1}\n");
        for n in 1..40 {
            let inner = n - 1;
            text.push_str(&format!("  a{n}: &a{n} {{l: *a{inner}, r: *a{inner}}}\n"));
        }
        text
    };
    let changed = levels("d").replace("x: 1", "x: 2");
    let text = "resources: [base.yaml]\npatches: [{path: patch.yaml}]\n".to_owned();
    let files = vec![
        input("kustomization.yaml", text),
        input("base.yaml", levels("d")),
        input("patch.yaml", changed),
    ];
    remarks("anchors", files);
}

#[test]
fn clients_in_clients_end() {
    let deep = format!(
        "const a = {}1{};\n",
        "new http.Agent({agent: ".repeat(20_000),
        "})".repeat(20_000)
    );
    let calls = "fetch(fetch(axios.create({ baseURL: ".repeat(20_000);
    let many: String = (0..20_000)
        .map(|n| format!("const c{n} = new http.Agent({{ agent: c{} }});\n", n + 1))
        .collect();
    let server = "require('http').createServer().listen(3000);\n";
    for text in [deep, calls, many] {
        let text = format!("const u = require('undici');\n{server}{text}");
        remarks("clients", vec![input("web/index.js", text)]);
    }
    let python = "import requests\nimport uvicorn\nuvicorn.run('x')\n".to_owned()
        + &"requests.get(requests.Session(timeout=(".repeat(20_000);
    remarks("Python", vec![input("api/main.py", python)]);
    let go = "package main\nimport \"net/http\"\nfunc main() { http.ListenAndServe(\":1\", nil) }\n"
        .to_owned()
        + &"var c = &http.Client{Transport: &http.Transport{".repeat(20_000);
    remarks("Go", vec![input("gate/main.go", go)]);
}
