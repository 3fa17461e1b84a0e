//! Every example of `policies/README.md` is run as a policy test.

use doorward_tests::workspace;

use crate::check::project;
use crate::examples::{Block, blocks, write};
use crate::policy_tests::{doorward, said};

/// The demo's configuration, contracts, schema and entities, without its policies and tests. Some of the examples read
/// what no gateway tells callers apart by, so no answer of the authorizer is kept.
fn bare_project() -> tempfile::TempDir {
    let folder = project(&[("doorward.toml", &|text| text.replacen("cache = \"60s\"", "cache = \"0s\"", 1))]);
    for entry in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if name.ends_with(".cedar") || name.ends_with(".test.toml") {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    folder
}

#[test]
fn every_example_for_authors_is_what_the_policies_say() {
    let page = std::fs::read_to_string(workspace::root().join("policies/README.md")).unwrap();
    let mut sections = 0;
    for section in page.split("\n## ").skip(1) {
        let title = section.lines().next().unwrap();
        let blocks = blocks(section);
        let policies = blocks.iter().filter(|block| block.info.starts_with("cedar ")).count();
        for Block { info, .. } in &blocks {
            let shown_only = ["console", "text"].contains(info);
            assert!(
                shown_only || info.contains(' '),
                "{title}: the block `{info}` names no file, so nothing runs it"
            );
        }
        if policies == 0 {
            continue;
        }
        let folder = bare_project();
        for block in &blocks {
            let Some((language, name)) = block.file() else { continue };
            assert!(name.ends_with(language) || language == "toml", "{title}: {language} {name}");
            write(folder.path(), name, block.text);
        }
        let output = doorward(&["policy", "test", "--deny-uncovered"], folder.path());
        assert_eq!(output.status.code(), Some(0), "{title}\n{}", said(&output));
        assert!(!said(&output).starts_with("0 tests"), "{title} has no test");
        sections += 1;
    }
    assert_eq!(sections, 12, "sections with examples");
}
