//! How the real functions start: with what the environment adds, and not at all over faulty files.

use std::process::Command;

use doorward_tests::binaries;

use crate::check::{misspelt, project};

/// What the dispatcher says before it ends; it never gets as far as asking for work.
fn start(config: &std::path::Path, variables: &[(&str, &str)]) -> (bool, String) {
    let output = Command::new(binaries::path("dispatcher"))
        .env_clear()
        .env("DOORWARD_CONFIG", config)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_function_does_not_start_over_faulty_files_and_says_where_they_are_wrong() {
    let folder = project(&[
        ("doorward.toml", &|text| text.replace("timeout = \"2s\"", "timeuot = \"2s\"")),
        ("orders.cedar", &|text| text.replace("permit (", "permit [")),
    ]);
    let (started, said) = start(&folder.path().join("doorward.toml"), &[]);
    assert!(!started);
    let place = misspelt(folder.path());
    assert!(said.contains(&format!("{place}: unknown key `timeuot`")), "{said}");
    assert!(said.contains("orders.cedar:3:"), "the policies' own faults are not hidden: {said}");
    assert!(!said.contains("Fault {"), "{said}");
}

#[test]
fn the_environment_is_checked_like_the_files() {
    let folder = project(&[]);
    let config = folder.path().join("doorward.toml");
    for (name, value) in
        [("DOORWARD_FRONTS", "gopher:x"), ("DOORWARD_JWKS_URL_MAIN", "http://id.example/keys")]
    {
        let (started, said) = start(&config, &[(name, value)]);
        assert!(!started && said.contains(name), "{said}");
    }
    let (started, said) = start(&config, &[("DOORWARD_FRONTS", "http-api:a1b2c3,bucket:more")]);
    assert!(!started && said.contains("AWS_ACCESS_KEY_ID"), "what is missing next: {said}");
}
