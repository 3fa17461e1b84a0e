use doorward_core::Rules;

use crate::shop;

/// What is said of the shop with this file, and its configuration changed.
#[track_caller]
fn check(file: &str, change: impl FnOnce(&str) -> String, expected: Option<&str>) {
    let mut bundle = shop::bundle(&[(file, "[]")]);
    bundle.config.1 = change(&bundle.config.1);
    let said = Rules::compile(&bundle, |_| None).err().map(|faults| faults.to_string());
    match expected {
        None => assert_eq!(said, None, "{file}"),
        Some(expected) => assert!(said.as_deref().is_some_and(|said| said.contains(expected)), "{said:?}"),
    }
}

#[test]
fn links_and_entities_that_nothing_reads_are_faults() {
    let as_is = str::to_owned;
    check("links.json", as_is, None);
    check("candidate/links.json", as_is, None);
    check("teams/my-links.json", as_is, None);
    let links = "teams/links.json:1:1: nothing reads `links.json` in a folder within the policies'\n  hint: links stand in";
    check("teams/links.json", as_is, Some(links));
    check("candidate/teams/links.json", as_is, Some("candidate/teams/links.json:1:1: nothing reads"));
    let entities = "candidate/entities.json:1:1: nothing reads `entities.json`";
    check("candidate/entities.json", as_is, Some(entities));
    // Without a candidate set, its folder is one of policies like any other.
    let unshadowed = |config: &str| config.replace("[shadow]", "").replace("policies = \"candidate\"", "");
    check("candidate/links.json", unshadowed, Some("candidate/links.json:1:1: nothing reads"));
    // What the configuration names is read, whatever it is called: as a key set, it is none.
    let keys = |config: &str| {
        config.replace(
            "jwks = \"https://id.shop.example/.well-known/jwks.json\"",
            "jwks_file = \"keys/links.json\"",
        )
    };
    let mut bundle = shop::bundle(&[("keys/links.json", "[]")]);
    bundle.config.1 = keys(&bundle.config.1);
    let said = Rules::compile(&bundle, |_| None).unwrap_err().to_string();
    assert!(!said.contains("nothing reads"), "{said}");
}
