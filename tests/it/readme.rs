//! What the README says is what the code says.

use doorward_tests::workspace;

fn readme() -> String {
    std::fs::read_to_string(workspace::root().join("README.md")).unwrap()
}

#[test]
fn the_readme_lists_every_environment_variable() {
    let readme = readme();
    for variable in doorward_config::ENVIRONMENT {
        let default = variable.default.unwrap_or("");
        let row = format!("| `{}` | {} | {default} |", variable.name, variable.description);
        assert!(readme.contains(&row), "the README lacks this row:\n{row}");
    }
}

#[test]
fn the_commands_of_the_readme_exist() {
    let readme = readme();
    let aliases = std::fs::read_to_string(workspace::root().join(".cargo/config.toml")).unwrap();
    for alias in ["demo", "doorward"] {
        assert!(
            readme.contains(&format!("cargo {alias}")) && aliases.contains(&format!("\n{alias} = ")),
            "{alias}"
        );
    }
}
