//! Two revisions of schemas, as text, and what is said of them.

use configs::Input;
use model::Lang;
use model::config::{PlaceOf, Prediction, Revisions, Severity};

use super::breaking_changes;

type Files<'f> = &'f [(&'f str, &'f str)];

fn both(before: Files<'_>, now: Files<'_>) -> Revisions {
    let read = |files: Files<'_>| {
        let input = |(path, text): &(&str, &str)| Input {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        configs::read(files.iter().map(input).collect())
    };
    Revisions::new(read(before), read(now), "HEAD~1")
}

fn between(before: Files<'_>, now: Files<'_>) -> Vec<Prediction> {
    let both = both(before, now);
    let found = breaking_changes(&both);
    for one in &found {
        let places = one.places.iter().map(|(_, shows)| shows);
        for sentence in [&one.says].into_iter().chain(places).chain(&one.changes) {
            assert!(!sentence.has_gaps(), "{sentence:?}");
            assert!(!sentence.render(Lang::Ja).is_empty());
        }
        assert!(!one.changes.is_empty() && !one.places.is_empty() && !one.about.is_empty());
        for (place, _) in &one.places {
            let PlaceOf::Text(at) = place else { panic!("no settings here") };
            let file = both.now.file(at.file);
            assert!(file.text.get(at.range()).is_some(), "{}", one.about);
        }
    }
    found
}

/// Changes of one schema: severity and coordinate of each.
fn changes(before: &str, now: &str) -> Vec<(Severity, String)> {
    told(&between(&[("schema.graphql", before)], &[("schema.graphql", now)]))
}

fn told(found: &[Prediction]) -> Vec<(Severity, String)> {
    let coordinate = |one: &Prediction| one.about.split(' ').next().unwrap_or("").to_owned();
    found.iter().map(|one| (one.severity, coordinate(one))).collect()
}

fn one(severity: Severity, coordinate: &str) -> Vec<(Severity, String)> {
    vec![(severity, coordinate.to_owned())]
}

const NONE: Vec<(Severity, String)> = Vec::new();
use Severity::{Error, Note, Warning};

#[test]
fn what_is_removed_outright_is_worse_than_what_was_deprecated() {
    let query = |user: &str| format!("type Query {{ user: User }} type User {{ {user} }}");
    let old = query("id: ID! name: String");
    assert_eq!(changes(&old, &query("id: ID!")), one(Warning, "User.name"));
    let old = query("id: ID! name: String @deprecated(reason: \"use names\")");
    assert_eq!(changes(&old, &query("id: ID!")), one(Note, "User.name"));
    assert_eq!(changes(&old, &old), NONE);
    assert_eq!(changes(&query("id: ID!"), &old), NONE);
    // To mark it now is what should be done first.
    assert_eq!(changes(&query("id: ID! name: String"), &old), NONE);
}

#[test]
fn arguments_and_input_fields_can_be_removed_or_become_required() {
    let field = |arguments: &str| format!("type Query {{ user{arguments}: Int }}");
    let change = |old: &str, new: &str| changes(&field(old), &field(new));
    assert_eq!(change("(id: ID)", ""), one(Warning, "Query.user(id:)"));
    assert_eq!(change("(id: ID, a: Int @deprecated)", "(id: ID)"), one(Note, "Query.user(a:)"));
    assert_eq!(change("", "(id: ID!)"), one(Warning, "Query.user(id:)"));
    assert_eq!(change("", "(id: ID)"), NONE);
    assert_eq!(change("", "(id: ID! = 1)"), NONE);
    assert_eq!(change("(id: ID)", "(id: ID!)"), one(Warning, "Query.user(id:)"));
    assert_eq!(change("(id: ID)", "(id: ID! = 1)"), one(Note, "Query.user(id:)"));
    assert_eq!(change("(id: ID!)", "(id: ID)"), NONE);
    assert_eq!(change("(id: ID)", "(id: Int)"), one(Warning, "Query.user(id:)"));
    assert_eq!(change("(first: Int = 10)", "(first: Int = 20)"), one(Note, "Query.user(first:)"));
    assert_eq!(change("(first: Int = 10)", "(first: Int  =  10)"), NONE);

    let input = |fields: &str| format!("type Query {{ a(b: B): Int }} input B {{ {fields} }}");
    let change = |old: &str, new: &str| changes(&input(old), &input(new));
    assert_eq!(change("x: Int y: Int", "x: Int"), one(Warning, "B.y"));
    assert_eq!(change("x: Int", "x: Int y: Int!"), one(Warning, "B.y"));
    assert_eq!(change("x: Int", "x: Int y: Int y2: Int! = 3"), NONE);
    assert_eq!(change("x: [Int]", "x: [Int!]"), one(Warning, "B.x"));
    assert_eq!(change("x: [Int!]!", "x: [Int]"), NONE);
}

#[test]
fn values_matter_where_clients_send_them() {
    let sent = |values: &str| format!("type Query {{ a(r: R): R }} enum R {{ {values} }}");
    assert_eq!(changes(&sent("A B"), &sent("A")), one(Warning, "R.B"));
    assert_eq!(changes(&sent("A B @deprecated"), &sent("A")), one(Note, "R.B"));
    assert_eq!(changes(&sent("A"), &sent("A B")), NONE);
    let answered = |values: &str| format!("type Query {{ a: R }} enum R {{ {values} }}");
    assert_eq!(changes(&answered("A B"), &answered("A")), NONE);
}

#[test]
fn answers_may_get_stricter() {
    let field = |of: &str| {
        format!(
            "type Query {{ a: {of} }} type U {{ id: ID }} type V {{ id: ID n: Int }} type W {{ n: Int }} \
             scalar Date"
        )
    };
    let change = |old: &str, new: &str| changes(&field(old), &field(new));
    assert_eq!(change("Int", "Int!"), NONE);
    assert_eq!(change("[U]", "[U!]!"), NONE);
    assert_eq!(change("Int!", "Int"), one(Note, "Query.a"));
    assert_eq!(change("Int", "String"), one(Warning, "Query.a"));
    assert_eq!(change("U", "[U]"), one(Warning, "Query.a"));
    assert_eq!(change("U", "Int"), one(Warning, "Query.a"));
    assert_eq!(change("U", "W"), one(Warning, "Query.a"));
    assert_eq!(change("U", "V"), one(Note, "Query.a"));
    assert_eq!(change("String", "Date"), one(Note, "Query.a"));
    assert_eq!(change("ID", "String"), NONE);
}

#[test]
fn members_of_unions_and_implementations_are_asked_for_by_fragments() {
    let union = |members: &str| {
        format!("type Query {{ s: S }} union S = {members} type A {{ x: Int }} type B {{ x: Int }}")
    };
    assert_eq!(changes(&union("A | B"), &union("A")), one(Warning, "S...B"));
    assert_eq!(changes(&union("A"), &union("A | B")), NONE);
    let node = "type Query { n: N } interface N { x: Int } type A implements N { x: Int }";
    let without = "type Query { n: N a: A } interface N { x: Int } type A { x: Int }";
    assert_eq!(changes(node, without), one(Warning, "N...A"));
    let two = "type Query { n: N m: M } interface N { x: Int } interface M { x: Int } \
               type A implements N & M { x: Int } type B implements N & M { x: Int }";
    let gone = two.replace("type A implements N & M { x: Int }", "");
    let found = between(&[("s.graphql", two)], &[("s.graphql", &gone)]);
    assert_eq!(told(&found), one(Warning, "M...A"));
    assert!(found[0].says.render(Lang::En).contains("A is no longer one of M, N"), "{found:#?}");
    let interface =
        two.replace("interface M { x: Int }", "").replace("N & M", "N").replace("m: M", "");
    let found = changes(two, &interface);
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(changes(without, &node.replace("n: N", "n: N a: A")), NONE);
}

#[test]
fn a_type_that_is_gone_is_told_where_it_was_used() {
    let old = "type Query { a: A @deprecated, b: Int } type A { x: Int y: Int }";
    assert_eq!(changes(old, "type Query { b: Int }"), one(Note, "Query.a"));
    // A type that nobody can reach.
    assert_eq!(changes("type Query { b: Int } type A { x: Int }", "type Query { b: Int }"), NONE);
    let unreached = |field: &str| format!("type Query {{ b: Int }} type A {{ x: Int {field} }}");
    assert_eq!(changes(&unreached("y: Int"), &unreached("")), NONE);
    // Queries that a tool makes of the types are not in the files.
    let entity = |field: &str| format!("type A @entity {{ id: ID! {field} }}");
    assert_eq!(changes(&entity("y: Int"), &entity("")), one(Warning, "A.y"));
    let root = "type Query { b: Int } type Mutation { c: Int }";
    assert_eq!(changes(root, "type Query { b: Int }"), one(Warning, "mutation"));
    let renamed = "schema { query: Q } type Q { b: Int }";
    assert_eq!(changes("type Query { b: Int }", renamed), NONE);
    let kind = changes("type Query { a: A } type A { x: Int }", "type Query { a: A } scalar A");
    assert_eq!(kind, one(Warning, "A"));
}

const SCHEMA: &str = "type Query { user(id: ID!, role: Role): User shop: Shop }
type User { id: ID! name: String mail: String friend: User }
type Shop { name: String }
enum Role { ADMIN GUEST }
type Mutation { save(user: UserInput, note: String): User }
input UserInput { name: String role: Role }
";

const FRONT: &str = "query Profile($id: ID!) { user(id: $id, role: ADMIN) { ...Card } }
fragment Card on User { id friend { name } }
mutation Save($note: String) { save(user: { name: \"x\" }, note: $note) { id } }
";

/// The differences to that schema with that front end beside it.
fn with_clients(from: &str, to: &str) -> Vec<Prediction> {
    assert!(SCHEMA.contains(from), "{from}");
    let now = SCHEMA.replace(from, to);
    let front = ("web/queries.graphql", FRONT);
    between(&[("api/schema.graphql", SCHEMA), front], &[("api/schema.graphql", &now), front])
}

#[test]
fn operations_that_break_are_named_with_their_places() {
    let found = with_clients("name: String mail", "mail");
    assert_eq!(told(&found), one(Error, "User.name"));
    let says = found[0].says.render(Lang::En);
    assert!(says.contains("but Profile of the earlier revision used it"), "{says}");
    let both = both(
        &[("api/schema.graphql", SCHEMA), ("web/queries.graphql", FRONT)],
        &[
            ("api/schema.graphql", &SCHEMA.replace("name: String mail", "mail")),
            ("web/queries.graphql", FRONT),
        ],
    );
    let places: Vec<String> = found[0]
        .places
        .iter()
        .map(|(place, _)| match place {
            PlaceOf::Text(at) => both.now.place(*at),
            PlaceOf::Setting(_) => String::new(),
        })
        .collect();
    assert_eq!(
        places,
        [
            "api/schema.graphql:2",
            "HEAD~1:api/schema.graphql:2",
            "HEAD~1:web/queries.graphql:2",
            "web/queries.graphql:2",
        ]
    );
}

#[test]
fn operations_break_only_by_what_they_use() {
    let breaks = |from: &str, to: &str, expected: Severity, coordinate: &str| {
        assert_eq!(told(&with_clients(from, to)), one(expected, coordinate), "{from} → {to}");
    };
    breaks("mail: String ", "", Warning, "User.mail");
    breaks("ADMIN GUEST", "GUEST", Error, "Role.ADMIN");
    breaks("ADMIN GUEST", "ADMIN", Warning, "Role.GUEST");
    breaks("input UserInput { name: String", "input UserInput {", Error, "UserInput.name");
    breaks("String role: Role }", "String }", Warning, "UserInput.role");
    breaks("role: Role }", "role: Role age: Int! }", Error, "UserInput.age");
    breaks(", note: String", "", Error, "Mutation.save(note:)");
    // The variable may be null, and is declared so.
    breaks("note: String", "note: String!", Error, "Mutation.save(note:)");
    breaks("user: UserInput,", "user: UserInput!,", Warning, "Mutation.save(user:)");
    breaks("id: ID!, role", "id: Int!, role", Error, "Query.user(id:)");
    breaks("shop: Shop }", "shop(at: ID!): Shop }", Warning, "Query.shop(at:)");
    breaks("friend: User }", "friend: Shop }", Warning, "User.friend");
    breaks("shop: Shop }\n", "shop: User }\n", Note, "Query.shop");
    breaks("id: ID! name: String mail", "id: ID name: String mail", Warning, "User.id");
    let deprecated = SCHEMA.replace("name: String mail", "name: String @deprecated mail");
    let front = ("web/queries.graphql", FRONT);
    let now = SCHEMA.replace("name: String mail", "mail");
    let found = between(&[("s.graphql", &deprecated), front], &[("s.graphql", &now), front]);
    assert_eq!(told(&found), one(Warning, "User.name"));
}

#[test]
fn files_of_one_schema_belong_together() {
    let query = "type Query { user: User }";
    let user = "type User { id: ID name: String }";
    // Moved within a folder, to another folder, as a whole, and into one file.
    let one_file = format!("{query} {user}");
    let before: Files<'_> = &[("api/query.graphql", query), ("api/user.graphql", user)];
    for now in [
        &[("api/query.graphql", query), ("api/people.graphql", user)][..],
        &[("api/query.graphql", query), ("lib/types/user.graphqls", user)],
        &[("new/query.graphql", query), ("new/user.graphql", user)],
        &[("schema.graphql", &one_file)],
    ] {
        assert_eq!(told(&between(before, now)), NONE, "{now:?}");
    }
    // Two services with types of the same names.
    let other = "type Query { user: User } type User { id: ID name: String }";
    let less = "type Query { user: User } type User { id: ID }";
    let found = between(
        &[("a/schema.graphql", other), ("b/schema.graphql", other)],
        &[("a/schema.graphql", less), ("b/schema.graphql", other)],
    );
    assert_eq!(told(&found), one(Warning, "User.name"));
    // A field that another part of a federated schema still has.
    let part = |fields: &str| {
        format!("type Query {{ u: User }} type User @key(fields: \"id\") {{ id: ID {fields} }}")
    };
    let (with, without) = (part("name: String @shareable"), part(""));
    let found = between(
        &[("a/schema.graphql", &with), ("b/schema.graphql", &with)],
        &[("a/schema.graphql", &without), ("b/schema.graphql", &with)],
    );
    assert_eq!(told(&found), NONE);
    let found = between(
        &[("a/schema.graphql", &with), ("b/schema.graphql", &without)],
        &[("a/schema.graphql", &without), ("b/schema.graphql", &without)],
    );
    assert_eq!(told(&found), one(Warning, "User.name"));
    // A field that came from one service to another.
    let found = between(
        &[
            ("a/schema.graphql", "type Query { a: Int moved: Int }"),
            ("b/schema.graphql", "type Query { b: Int }"),
        ],
        &[
            ("a/schema.graphql", "type Query { a: Int }"),
            ("b/schema.graphql", "type Query { b: Int moved: Int }"),
        ],
    );
    assert_eq!(told(&found), NONE);
}

#[test]
fn what_cannot_be_read_is_not_called_gone() {
    let old = "type Query { a: Int b: Int }";
    assert_eq!(changes(old, "type Query { a: Int "), NONE);
    assert_eq!(changes(old, "type Query { a: Int } type {"), NONE);
    assert_eq!(changes("type Query { a: Int } type {", "type Query { b: Int }"), NONE);
    // The schema is made by code now, or lies in another repository.
    assert_eq!(told(&between(&[("schema.graphql", old)], &[("other.conf", "x")])), NONE);
    assert_eq!(told(&between(&[], &[("schema.graphql", old)])), NONE);
    // A copy of the same schema tells the same.
    let new = "type Query { a: Int }";
    let found = between(
        &[("api/schema.graphql", old), ("web/schema.graphql", old)],
        &[("api/schema.graphql", new), ("web/schema.graphql", new)],
    );
    assert_eq!(told(&found), one(Warning, "Query.b"));
}

#[test]
fn answers_to_introspection_are_schemas_too() {
    let schema = |fields: &str| {
        format!(
            r#"{{"data": {{"__schema": {{"queryType": {{"name": "Query"}}, "types": [
            {{"kind": "OBJECT", "name": "Query", "fields": [{fields}]}},
            {{"kind": "OBJECT", "name": "__Type", "fields": [{{"name": "x", "type": {{"kind": "SCALAR", "name": "Int"}}}}]}}
            ]}}}}}}"#
        )
    };
    let field = |name: &str, deprecated: bool, args: &str| {
        format!(
            r#"{{"name": "{name}", "isDeprecated": {deprecated}, "args": [{args}],
            "type": {{"kind": "NON_NULL", "ofType": {{"kind": "SCALAR", "name": "Int"}}}}}}"#
        )
    };
    let argument = r#"{"name": "x", "type": {"kind": "SCALAR", "name": "Int"}}"#;
    let change = |old: &str, new: &str| {
        let (old, new) = (schema(old), schema(new));
        told(&between(&[("schema.json", &old)], &[("schema.json", &new)]))
    };
    let (a, b) = (field("a", false, argument), field("b", false, ""));
    assert_eq!(change(&format!("{a},{b}"), &a), one(Warning, "Query.b"));
    assert_eq!(change(&format!("{a},{}", field("b", true, "")), &a), one(Note, "Query.b"));
    // It may be deprecated, which the usual query leaves out.
    assert_eq!(change(&a, &field("a", false, "")), NONE);
    let nullable = a.replace(
        "\"NON_NULL\", \"ofType\": {\"kind\": \"SCALAR\", \"name\": \"Int\"}",
        "\"SCALAR\", \"name\": \"Int\"",
    );
    assert_eq!(change(&a, &nullable), one(Note, "Query.a"));
}
