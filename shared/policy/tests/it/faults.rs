use doorward_policy::{CallShape, HttpShape, Policies, Sources, Vocabulary};
use expect_test::{Expect, expect};

use crate::shop::{ENTITIES, SCHEMA, action, compile, file, vocabulary};

#[track_caller]
fn check(policies: &str, expected: &Expect) {
    let faults = compile(policies).expect_err("faults");
    expected.assert_eq(&faults.to_string());
}

#[track_caller]
fn check_files(schema: &str, entities: &str, expected: &Expect) {
    let schemas = [file("shop.cedarschema", schema)];
    let entities = file("entities.json", entities);
    let faults = Policies::compile(
        &Sources { schemas: &schemas, entities: Some(&entities), ..Sources::default() },
        &vocabulary(),
    )
    .expect_err("faults");
    expected.assert_eq(&faults.to_string());
}

#[test]
fn syntax() {
    check(
        "permit(principal, action, resource)\nwhen { context.now < };\n",
        &expect![
            "policies/shop.cedar:2:22: unexpected token `}`: expected `!`, `(`, `-`, `[`, `{`, `false`, identifier, `if`, number, `?principal`, `?resource`, string literal, or `true`"
        ],
    );
    check(
        "permit(principal, action);",
        &expect![[r#"
        policies/shop.cedar:1:25: this policy is missing the `resource` variable in the scope
          hint: policy scopes must contain a `principal`, `action`, and `resource` element in that order"#]],
    );
    check(
        "permit(principal, action, resource) when { 1 + true };\nallow(principal, action, resource);",
        &expect![[r#"
            policies/shop.cedar:2:1: invalid policy effect: allow
              hint: effect must be either `permit` or `forbid`"#]],
    );
}

#[test]
fn an_unknown_attribute_is_named_with_its_place() {
    check(
        "permit(principal, action == Action::\"createOrder\", resource) when {\n  context.input.totel <= 10\n};",
        &expect![[r#"
            policies/shop.cedar:2:3: for policy `shop#1`, attribute `input.totel` in context for Action::"createOrder" not found
              hint: did you mean `total`?"#]],
    );
    check(
        "permit(principal, action, resource) when { context.input.total <= 10 };",
        &expect![[r#"
        policies/shop.cedar:1:44: for policy `shop#1`, attribute `input` in context for Action::"readOrder" not found
          hint: did you mean `now`?
        policies/shop.cedar:1:44: for policy `shop#1`, attribute `input` in context for Action::"receiptUploaded" not found
          hint: did you mean `event`?
        policies/shop.cedar:1:44: for policy `shop#1`, attribute `input` in context for Action::"status" not found
          hint: did you mean `now`?"#]],
    );
    check(
        "permit(principal, action == Action::\"createOrder\", resource) when { context.input.note == \"x\" };",
        &expect![[r#"
            policies/shop.cedar:1:69: for policy `shop#1`, unable to guarantee safety of access to optional attribute `input.note` in context for Action::"createOrder"
              hint: try testing for the attribute's presence with `context.input has note && ..`"#]],
    );
    check(
        "permit(principal, action == Action::\"createOrder\", resource) when { context.input.extra == 1 };",
        &expect![[r#"
            policies/shop.cedar:1:69: for policy `shop#1`, attribute `input.extra` in context for Action::"createOrder" not found
              hint: did you mean `note`?"#]],
    );
}

#[test]
fn unknown_actions_and_entity_types() {
    check(
        "permit(principal, action == Action::\"createOder\", resource);",
        &expect![[r#"
        policies/shop.cedar:1:29: for policy `shop#1`, unrecognized action `Action::"createOder"`
          hint: did you mean `Action::"createOrder"`?"#]],
    );
    check(
        "permit(principal == Usr::\"ann\", action, resource);",
        &expect![[r#"
        policies/shop.cedar:1:21: for policy `shop#1`, unrecognized entity type `Usr`
          hint: did you mean `User`?"#]],
    );
    check(
        "permit(principal is User, action == Action::\"status\", resource is Funktion);",
        &expect![[r#"
        policies/shop.cedar:1:67: for policy `shop#1`, unrecognized entity type `Funktion`
          hint: did you mean `Function`?"#]],
    );
}

#[test]
fn types_do_not_mix() {
    check(
        "permit(principal, action == Action::\"createOrder\", resource) when { context.input.total == \"10\" };",
        &expect![[r#"
            policies/shop.cedar:1:69: the types Long and String are not compatible
              hint: for policy `shop#1`, both operands to a `==` expression must have compatible types. Types must be exactly equal to be compatible"#]],
    );
    check(
        "permit(principal, action, resource) when { context.now < \"2026\" };",
        &expect![
            "policies/shop.cedar:1:58: for policy `shop#1`, unexpected type: expected datetime but saw String"
        ],
    );
}

#[test]
fn ids_are_unique() {
    check(
        "@id(\"a\")\npermit(principal, action, resource);\n// again\n@id(\"a\")\nforbid(principal, action, resource);",
        &expect![[r#"
            policies/shop.cedar:4:1: the policy id `a` is used twice
              hint: give one of them another id
              see: policies/shop.cedar:1:1"#]],
    );
}

#[test]
fn templates_decide_nothing() {
    check(
        "permit(principal, action, resource);\npermit(principal == ?principal, action, resource);",
        &expect![[r#"
            policies/shop.cedar:2:1: the template `shop#2` decides nothing, as nothing links it
              hint: link it in `links.json`, or write the entity in place of `?principal` or `?resource`"#]],
    );
}

#[test]
fn references_have_a_bound() {
    check(
        "permit(principal is User, action, resource) when {\n  principal has manager.manager.manager.level\n};",
        &expect![[r#"
            policies/shop.cedar:2:3: for policy `shop#1`, this policy requires level 4, which exceeds the maximum allowed level (3)
              hint: policies read entities by way of `principal` and `resource`, at most 3 deep, so that a decision knows what to load"#]],
    );
    check(
        "permit(principal, action, resource) when { User::\"ann\" in Group::\"staff\" };",
        &expect![[r#"
        policies/shop.cedar:1:44: for policy `shop#1`, entity literals cannot be dereferenced at any level
          hint: policies read entities by way of `principal` and `resource`, at most 3 deep, so that a decision knows what to load"#]],
    );
}

#[test]
fn every_file_is_reported_in_order() {
    let bad = |name| {
        file(
            name,
            "permit(principal, action == Action::\"x\", resource);\npermit(principal is Y, action, resource);",
        )
    };
    let files = [bad("b.cedar"), file("broken.cedar", "permit("), bad("a.cedar")];
    let entities =
        file("entities.json", r#"[{"uid": {"type": "Z", "id": "1"}, "attrs": {}, "parents": []}]"#);
    let faults = Policies::compile(
        &Sources { policies: &files, entities: Some(&entities), ..Sources::default() },
        &vocabulary(),
    )
    .expect_err("faults");
    expect![[r#"
        b.cedar:1:29: for policy `b#1`, unrecognized action `Action::"x"`
          hint: did you mean `Action::"http"`?
        b.cedar:2:21: for policy `b#2`, unrecognized entity type `Y`
          hint: did you mean `User`?
        broken.cedar:1:8: unexpected end of input: expected `)` or identifier
        a.cedar:1:29: for policy `a#1`, unrecognized action `Action::"x"`
          hint: did you mean `Action::"http"`?
        a.cedar:2:21: for policy `a#2`, unrecognized entity type `Y`
          hint: did you mean `User`?
        entities.json:1:2: entity `Z::"1"` has type `Z` which is not declared in the schema"#]]
    .assert_eq(&faults.to_string());
}

#[test]
fn entities_are_checked_against_the_schema() {
    check_files(
        SCHEMA,
        r#"[
  {"uid": {"type": "User", "id": "ann"}, "attrs": {"levl": 3}, "parents": []},
  {"uid": {"type": "Order", "id": "1"}, "attrs": {}, "parents": []},
  {"uid": {"type": "Ordr", "id": "1"}, "attrs": {}, "parents": []},
  {"uid": {"type": "User", "id": "bob"}, "attrs": {"level": "3"}, "parents": []},
  {"uid": {"type": "User", "id": "cat"}, "attrs": {}, "parents": [{"type": "Function", "id": "x"}]},
  {"uid": {"type": "User", "id": "dan"}, "attrs": {}}
]"#,
        &expect![[r#"
            entities.json:2:3: attribute `levl` on `User::"ann"` should not exist according to the schema
            entities.json:3:3: expected entity `Order::"1"` to have attribute `owner`, but it does not
            entities.json:4:3: entity `Ordr::"1"` has type `Ordr` which is not declared in the schema
            entities.json:5:3: in attribute `level` on `User::"bob"`, type mismatch: value was expected to have type long, but it actually has type string: `"3"`
            entities.json:6:3: `User::"cat"` is not allowed to have an ancestor of type `Function` according to the schema
            entities.json:7:3: missing field `parents`"#]],
    );
}

#[test]
fn entities_are_a_list_without_circles_and_repetitions() {
    check_files(
        SCHEMA,
        "{}",
        &expect![[r#"
        entities.json:1:1: expected a list of entities
          hint: write `[{"uid": {"type": "User", "id": "ann"}, "attrs": {}, "parents": []}]`"#]],
    );
    check_files(
        SCHEMA,
        "[\n  {,}\n]",
        &expect![[r#"
        entities.json:2:4: not a JSON text (line 2, column 4)
          hint: write `[{"uid": {"type": "User", "id": "ann"}, "attrs": {}, "parents": []}]`"#]],
    );
    let group = |id: &str, parent: &str| {
        format!(
            r#"{{"uid": {{"type": "Group", "id": "{id}"}}, "attrs": {{}}, "parents": [{{"type": "Group", "id": "{parent}"}}]}}"#
        )
    };
    let circle = format!("[{},\n{},\n{}]", group("a", "b"), group("b", "a"), group("c", "a"));
    check_files(
        SCHEMA,
        &circle,
        &expect![[r#"
        entities.json:1:2: the entity `Group::"a"` is its own ancestor
          hint: parents may not lead back to the entity
        entities.json:2:1: the entity `Group::"b"` is its own ancestor
          hint: parents may not lead back to the entity"#]],
    );
    let twice = format!("[{},\n{}]", group("a", "b"), group("a", "b"));
    check_files(SCHEMA, &twice, &expect![[r#"entities.json:2:1: the entity `Group::"a"` is given twice"#]]);
}

#[test]
fn schema_files_declare_types_and_nothing_else() {
    check_files(
        "entity User in [Group];\naction \"status\" appliesTo { principal: User, resource: User, context: {} };",
        "[]",
        &expect![[r#"
            shop.cedarschema:2:9: the action `status` is declared by hand
              hint: actions come from the routes and events of `doorward.toml`; declare entity types here"#]],
    );
    check_files(
        "entity User {\n  level Long\n};",
        "[]",
        &expect!["shop.cedarschema:2:9: error parsing schema: unexpected token `Long`: expected `:` or `?`"],
    );
    check_files(
        "entity User;\nentity Order;",
        "[]",
        &expect![[r#"
            shop.cedarschema:1:8: entities of type `User` cannot be in a `Group`, but requests put them there
              hint: write `entity User in [Group]`
            shop.cedarschema:2:8: entities of type `Order` cannot be in a `Function`, but requests put them there
              hint: write `entity Order in [Function]`"#]],
    );
    check_files(
        "entity User in [Group] { boss: Boss };",
        "[]",
        &expect![[r#"
            shop.cedarschema:1:32: failed to resolve type: Boss
              hint: `Boss` has not been declared as a common or entity type"#]],
    );
    check_files(
        "entity String;\ntype decimal = Long;",
        "[]",
        &expect![[r#"
            shop.cedarschema:1:8: `String` is a type of Cedar's own
              hint: choose another name
            shop.cedarschema:2:6: `decimal` is a type of Cedar's own
              hint: choose another name"#]],
    );
    check_files(
        "entity User;\nentity User;",
        "[]",
        &expect!["shop.cedarschema:1:8: error parsing schema: `User` is declared twice"],
    );
}

#[test]
fn a_type_is_declared_once() {
    let schemas = [file("a.cedarschema", SCHEMA), file("b.cedarschema", "entity Order;\n")];
    let entities = file("entities.json", ENTITIES);
    let faults = Policies::compile(
        &Sources { schemas: &schemas, entities: Some(&entities), ..Sources::default() },
        &vocabulary(),
    )
    .expect_err("faults");
    expect![[r#"
        b.cedarschema:1:8: the entity type `Order` is declared twice
          hint: declare it once
          see: a.cedarschema:3:8"#]]
    .assert_eq(&faults.to_string());
}

#[test]
fn a_vocabulary_that_cannot_be_stated_is_a_fault() {
    let plain = || CallShape::Http(HttpShape::default());
    let actions = vec![
        action("http", &["User"], "Function", plain()),
        action("a", &["my-user"], "Shop::Order", plain()),
        action("b", &["String"], "Function", plain()),
    ];
    let vocabulary = Vocabulary { actions, ..Vocabulary::default() };
    let faults = Policies::compile(&Sources::default(), &vocabulary).expect_err("faults");
    expect![[r#"
        `String` is a type of Cedar's own, so no entity type
          hint: choose another name
        `http` is an action group, so no route or event may have this id
          hint: rename the route or event
        `my-user` is not the name of an entity type
          hint: entity types are named by letters, digits and `_`, as in `User`
        the entity type `Shop::Order` is not declared
          hint: declare it in a `.cedarschema` file, in its namespace"#]]
    .assert_eq(&faults.to_string());
}
