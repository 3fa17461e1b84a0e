//! The schema as one text, which Cedar's own tools take.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::SchemaFragment;
use doorward_model::{Claim, ClaimType, Fields, Omission, Shape};
use doorward_policy::{ActionSpec, CallShape, HttpShape, SourceFile, TokenShape, Vocabulary};
use expect_test::expect;
use serde_json::{Value, json};

use crate::shop::{action, compile_files, file, optional, record, required, text};

fn choice(values: &[&str]) -> Shape {
    Shape::Text { values: values.iter().map(|value| (*value).to_owned()).collect() }
}

fn everything() -> Vocabulary {
    let item = record([("size", required(choice(&["s", "m"]))), ("weight", optional(Shape::Decimal))]);
    let input = record([
        ("status", required(choice(&["new", "a \"quoted\"\nline"]))),
        ("colours", optional(Shape::List(Box::new(choice(&["red"]))))),
        ("items", optional(Shape::List(Box::new(item)))),
        ("empty", optional(record([]))),
        ("a-b", optional(Shape::List(Box::new(Shape::List(Box::new(text())))))),
        ("next", optional(Shape::Opaque { reason: "it refers to itself".to_owned() })),
    ]);
    let claims = BTreeMap::from([
        ("level".to_owned(), Claim { ty: ClaimType::Long, required: true }),
        ("network".to_owned(), Claim { ty: ClaimType::Address, required: false }),
    ]);
    let shape = HttpShape {
        methods: vec!["GET".to_owned(), "POST".to_owned()],
        input: Some(input),
        omissions: vec![Omission { place: ".items[].*".to_owned(), reason: "more members".to_owned() }],
        token: Some(TokenShape {
            claims: claims.clone(),
            principals: BTreeSet::from(["User".to_owned()]),
            required: true,
        }),
        headers: vec!["x-tenant".to_owned()],
        query: vec!["page".to_owned()],
        invocation: true,
        connection: true,
        claimed: Fields::new(),
    };
    let create = action("createOrder", &["User"], "Order", CallShape::Http(shape));
    let anonymous = HttpShape {
        token: Some(TokenShape {
            claims: claims.clone(),
            principals: BTreeSet::from(["User".to_owned()]),
            required: false,
        }),
        ..HttpShape::default()
    };
    Vocabulary {
        actions: vec![
            ActionSpec { resource_parents: vec!["Tenant".to_owned()], ..create },
            action("status", &["Anonymous", "Shop::Clerk"], "Function", CallShape::Http(anonymous)),
        ],
        attributes: BTreeMap::from([("User".to_owned(), claims)]),
        ..Vocabulary::default()
    }
}

fn own_files() -> Vec<SourceFile> {
    vec![
        file(
            "a.cedarschema",
            "// The staff.\nnamespace Shop {\n  type Level = Long;\n  entity Clerk in [Group] { level?: Level };\n}\n// end",
        ),
        file(
            "b/c.cedarschema",
            "\nentity Site { clerks: Set<Shop::Clerk> };\ntype Name = String;\nentity Street in [Site] { name: Name };\n",
        ),
    ]
}

#[test]
fn everything_that_is_stated() {
    let policies =
        compile_files(&[], &own_files(), None, &everything()).unwrap_or_else(|faults| panic!("{faults}"));
    expect![[r#"
        // Generated from the configuration and the contracts.
        entity Anonymous;
        entity Function;
        entity Group in [Group];
        entity Order in [Function, Tenant];
        entity Tenant;
        entity User in [Group] {
          "level"?: Long,
          "network"?: ipaddr,
        };

        // Groups: every HTTP action is in the first, every event action in the second.
        action "http", "events";

        action "createOrder" in ["http"] appliesTo {
          principal: [User],
          resource: [Order],
          context: {
            "input": {
              "a-b"?: Set<Set<String>>,
              "colours"?: Set<String>, // each one of "red"
              "empty"?: {},
              "items"?: Set<{
                "size": String, // one of "s", "m"
                "weight"?: decimal,
              }>,
              "status": String, // one of "new", "a \"quoted\"\nline"
            },
            "now": datetime,
            "request": {
              "connected_at"?: datetime,
              "connection_id": String,
              "event_type": String, // one of "CONNECT", "MESSAGE", "DISCONNECT"
              "headers": {
                "x-tenant"?: String,
              },
              "invocation_type": String, // one of "Event", "RequestResponse"
              "method": String, // one of "GET", "POST"
              "path": String,
              "qualifier"?: String,
              "query": {
                "page"?: String,
              },
              "route_key": String,
              "source_ip"?: ipaddr,
            },
            "token": {
              "level": Long,
              "network"?: ipaddr,
            },
            "trust": String, // one of "unproven", "attested", "verified"
          }
        };

        action "status" in ["http"] appliesTo {
          principal: [Anonymous, Shop::Clerk],
          resource: [Function],
          context: {
            "now": datetime,
            "request": {
              "method": String,
              "path": String,
              "source_ip"?: ipaddr,
            },
            "token"?: {
              "level": Long,
              "network"?: ipaddr,
            },
            "trust": String, // one of "unproven", "attested", "verified"
          }
        };

        // From a.cedarschema
        // The staff.
        namespace Shop {
          type Level = Long;
          entity Clerk in [Group] { level?: Level };
        }
        // end

        // From b/c.cedarschema
        entity Site { clerks: Set<Shop::Clerk> };
        type Name = String;
        entity Street in [Site] { name: Name };
    "#]]
    .assert_eq(policies.schema());
    expect![[r#"
        createOrder: input.next: it refers to itself
        createOrder: input.items[].*: more members"#]]
    .assert_eq(&policies.unstated().join("\n"));
}

/// Cedar's JSON form of a schema text.
fn read(text: &str) -> Value {
    let (fragment, warnings) = SchemaFragment::from_cedarschema_str(text).unwrap();
    assert_eq!(warnings.count(), 0);
    fragment.to_json_value().unwrap()
}

#[test]
fn the_whole_text_declares_what_its_parts_do() {
    let files = own_files();
    let whole = compile_files(&[], &files, None, &everything()).unwrap();
    let (stated, own) = whole.schema().split_once("\n// From ").unwrap();
    let mut parts = read(stated);
    for file in &files {
        for (namespace, definitions) in read(&file.text).as_object().unwrap() {
            for (kind, named) in definitions.as_object().unwrap() {
                if parts[namespace][kind].is_null() {
                    parts[namespace][kind] = json!({});
                }
                for (name, definition) in named.as_object().unwrap() {
                    parts[namespace][kind][name] = definition.clone();
                }
            }
        }
    }
    assert_eq!(read(whole.schema()), parts);
    assert!(own.starts_with("a.cedarschema\n"), "{own}");
    assert!(whole.schema().contains("// end\n\n// From b/c.cedarschema\n"), "{}", whole.schema());
}

/// A policy that the parts refuse is refused by the whole, and the other way round.
#[test]
fn the_whole_text_judges_as_its_parts_do() {
    let whole = compile_files(&[], &own_files(), None, &everything()).unwrap();
    let (schema, _) = cedar_policy::Schema::from_cedarschema_str(whole.schema()).unwrap();
    let validator = cedar_policy::Validator::new(schema);
    for (condition, good) in [
        ("context.token.level > 1 && context.input.status == \"new\"", true),
        ("context.request.headers has \"x-tenant\"", true),
        ("context.token.network.isIpv4()", false),
        ("context.input.next == 1", false),
        ("principal has level && principal.level > 1", true),
        ("principal has level && principal.level == \"1\"", false),
    ] {
        let text =
            format!("permit(principal, action == Action::\"createOrder\", resource) when {{ {condition} }};");
        let set = text.parse().unwrap();
        let result = validator.validate(&set, cedar_policy::ValidationMode::Strict);
        assert_eq!(result.validation_passed(), good, "{condition}");
        let compiled = compile_files(&[file("p.cedar", &text)], &own_files(), None, &everything());
        assert_eq!(compiled.is_ok(), good, "{condition}");
    }
}

#[test]
fn a_namespace_is_opened_once() {
    let files = [
        file("a.cedarschema", "namespace Shop { entity Clerk in [Group]; }"),
        file("b.cedarschema", "namespace Other { }\nnamespace Shop { entity Site; }"),
    ];
    let faults = compile_files(&[], &files, None, &everything()).expect_err("faults");
    expect![[r#"
        b.cedarschema:2:11: the namespace `Shop` is opened in two files
          hint: it is first opened in a.cedarschema: keep what is in it in one file"#]]
    .assert_eq(&faults.to_string());
}

#[test]
fn a_file_cannot_leave_its_comment() {
    let files = [file("a\nentity Evil;.cedarschema", "namespace Shop { entity Clerk in [Group]; }")];
    let policies = compile_files(&[], &files, None, &everything()).unwrap();
    assert!(read(policies.schema())[""]["entityTypes"].get("Evil").is_none(), "{}", policies.schema());
}
