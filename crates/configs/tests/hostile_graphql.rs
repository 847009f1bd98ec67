//! Hostile GraphQL: very large, very deep, cut anywhere. Reading it ends in seconds, without a panic,
//! and says what was left out.

use std::time::{Duration, Instant};

use configs::{Input, read};
use model::config::System;

/// Far more than any of these takes, on a slow machine and without optimisation.
const PATIENCE: Duration = Duration::from_secs(180);

fn system(path: &str, text: String) -> System {
    let start = Instant::now();
    let system = read(vec![Input { path: path.to_owned(), text }]);
    let took = start.elapsed();
    eprintln!("TIME {path} {} {took:?}", system.files[0].text.len());
    assert!(took < PATIENCE, "{path} took {took:?}");
    system
}

fn is_cut(system: &System) {
    assert!(
        system.graphql.iter().all(|file| file.partial),
        "what is missing is not called missing"
    );
    assert_eq!(system.remarks.len(), 1, "{:?}", system.remarks);
}

#[test]
fn depth_is_bounded() {
    for (open, close) in [("{a", "}"), ("{...{a", "}}"), ("{...on A{", "}")] {
        let depth = 20_000;
        is_cut(&system("q.graphql", format!("{}{}", open.repeat(depth), close.repeat(depth))));
    }
    let lists = format!("type Q {{ a: {}Int{} }}", "[".repeat(20_000), "]".repeat(20_000));
    is_cut(&system("s.graphql", lists));
    let values = format!("{{ a(b: {}1{}) }}", "[".repeat(20_000), "]".repeat(20_000));
    is_cut(&system("v.graphql", values));
    let objects = format!("{{ a(b: {}1{}) }}", "{a:".repeat(20_000), "}".repeat(20_000));
    is_cut(&system("o.graphql", objects));
    let close = "}".repeat(20_000);
    is_cut(&system("c.graphql", format!("type Q {{ a: Int }} {close}")));
}

#[test]
fn size_is_bounded() {
    let text = "x ".repeat(300);
    let field = |n: usize| {
        format!("  \"{text}\"\n  field{n}(argument: [String!]! = [\"x\"]): Type{n}! @deprecated\n")
    };
    let fields: String = (0..18_000).map(field).collect();
    assert!(fields.len() > 10 << 20);
    let large = system("large.graphql", format!("type Query {{\n{fields}}}\n"));
    assert_eq!(large.graphql[0].types[0].fields.len(), 18_000);
    assert!(large.remarks.is_empty(), "{:?}", large.remarks);

    is_cut(&system("words.graphql", "a ".repeat(1 << 20)));
    let huge = system("huge.graphql", "# x\n".repeat(5 << 20));
    assert!(huge.remarks[0].says.contains("16 MiB"), "{:?}", huge.remarks);
    is_cut(&system("quote.graphql", format!("type Q {{ \"\"\"{}", "x".repeat(10 << 20))));
}

const SCHEMA: &str = "\"\"\"Text \\\"\"\" with quotes\"\"\"\nschema @link(url: \"x\") { query: Q }\n\
    type Q implements N & M @a(b: {c: [1, E, null, true, 1.5]}) {\n  \
    \"d\" a(b: [Int!]! = [1] @x): [B!] @deprecated(reason: \"é\")\n}\n\
    extend union U = | A | B\nenum E { A B }\ninput I { a: Int = 1 }\nscalar S @specifiedBy(url: \"u\")\n\
    directive @x(a: Int) repeatable on FIELD | QUERY\n\
    query Name($a: [Int!] = [1], $b: I) @x { alias: a(b: $a, c: {d: E}) { ...F ... on B { c } ... { d } } }\n\
    fragment F on B { e }\nsubscription { f }\n";

#[test]
fn a_file_may_be_cut_or_damaged_anywhere() {
    let whole = system("a.graphql", SCHEMA.to_owned());
    assert!(whole.remarks.is_empty(), "{:?}", whole.remarks);
    let read = &whole.graphql[0];
    assert!(read.federated && !read.partial);
    assert_eq!(read.roots, [("query".to_owned(), "Q".to_owned())]);
    assert_eq!((read.types.len(), read.operations.len()), (5, 3));
    let a = &read.types[0].fields[0];
    assert!(a.deprecated);
    assert_eq!(
        (a.of.to_string(), a.arguments[0].of.to_string()),
        ("[B!]".into(), "[Int!]!".into())
    );
    assert_eq!(a.arguments[0].default.as_deref(), Some("[1]"));
    for at in (0..=SCHEMA.len()).filter(|at| SCHEMA.is_char_boundary(*at)) {
        system("a.graphql", SCHEMA[..at].to_owned());
        for with in ["", "}", "\"", "{", "!", "\0", "…"] {
            let rest = SCHEMA[at..].chars().skip(1).collect::<String>();
            system("a.graphql", format!("{}{with}{rest}", &SCHEMA[..at]));
        }
    }
}

#[test]
fn introspection_may_be_anything() {
    for text in [
        "{\"__schema\": {\"types\": [{\"kind\": \"OBJECT\", \"name\": \"Q\", \"fields\": 3}, 4, null]}}",
        "{\"__schema\": 1}",
        "{\"data\": {\"__schema\": {\"types\": {}}}}",
        "{\"__schema\": {\"types\": [{\"kind\": \"ENUM\", \"name\": \"E\", \"enumValues\": [{}]}]",
        "[\"__schema\"]",
    ] {
        system("schema.json", text.to_owned());
    }
    let wraps = "{\"kind\": \"LIST\", \"ofType\": ".repeat(50_000);
    let text = format!(
        "{{\"__schema\": {{\"types\": [{{\"kind\": \"OBJECT\", \"name\": \"Q\", \"fields\": \
         [{{\"name\": \"a\", \"type\": {wraps}"
    );
    system("schema.json", text);
}
