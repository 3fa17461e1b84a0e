use doorward_policy::{Policies, Sources, Validated};

use crate::shop::{SCHEMA, compile, file, vocabulary};

/// Two entities deep, and one attribute that is not there.
const DEEP: &str =
    "permit (principal, action, resource) when { principal has manager && principal.manager has level };";
const UNSOUND: &str = "permit (principal, action, resource) when { principal.rank == 1 };";

/// Whether `policies` compile where an earlier validation found `validated`, and how deep they are said to read.
fn opens(policies: &str, validated: &Validated) -> Option<u32> {
    let files = [file("a.cedar", policies)];
    let schemas = [file("shop.cedarschema", SCHEMA)];
    let sources = Sources { policies: &files, schemas: &schemas, ..Sources::default() };
    let compiled = Policies::compile_validated(&sources, &vocabulary(), Some(validated));
    compiled.ok().map(|policies| policies.depth())
}

#[test]
fn what_was_validated_over_the_same_schema_is_not_validated_again() {
    let found = compile("").unwrap();
    let validated = |depth| Validated { schema: found.schema().to_owned(), depth };
    assert_eq!(opens(UNSOUND, &validated(2)), Some(2), "taken at its word");
    assert_eq!(opens("permit (principal, action, resource)", &validated(1)), None, "but parsed all the same");
}

#[test]
fn another_schema_or_a_depth_that_cannot_be_is_validated_again() {
    let schema = compile("").unwrap().schema().to_owned();
    assert_eq!(opens(UNSOUND, &Validated { schema: format!("{schema}\n"), depth: 1 }), None);
    for depth in [0, 4, u32::MAX] {
        assert_eq!(opens(UNSOUND, &Validated { schema: schema.clone(), depth }), None, "{depth}");
    }
    assert_eq!(opens(DEEP, &Validated { schema, depth: 0 }), Some(2), "as deep as the validator finds");
}
