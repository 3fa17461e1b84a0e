//! Every example of `policies/README.md` is run as a policy test.

use std::path::Path;

use doorward_tests::workspace;

use crate::check::project;
use crate::policy_tests::{doorward, said};

/// A fenced block of a page: what stands behind its fence, and its text.
struct Block<'p> {
    info: &'p str,
    text: &'p str,
}

fn blocks(section: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut rest = section;
    while let Some((_, after)) = rest.split_once("\n```") {
        let (info, body) = after.split_once('\n').unwrap();
        let (text, after) = body.split_once("\n```").unwrap();
        found.push(Block { info, text });
        rest = after;
    }
    found
}

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

/// Adds to the configuration; every other file is the example's own.
fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    let before =
        if name == "doorward.toml" { std::fs::read_to_string(&path).unwrap() + "\n" } else { String::new() };
    std::fs::write(path, before + text + "\n").unwrap();
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
        for (language, name, text) in blocks.iter().filter_map(|block| {
            let (language, name) = block.info.split_once(' ')?;
            Some((language, name, block.text))
        }) {
            assert!(name.ends_with(language) || language == "toml", "{title}: {language} {name}");
            write(folder.path(), name, text);
        }
        let output = doorward(&["policy", "test", "--deny-uncovered"], folder.path());
        assert_eq!(output.status.code(), Some(0), "{title}\n{}", said(&output));
        assert!(!said(&output).starts_with("0 tests"), "{title} has no test");
        sections += 1;
    }
    assert_eq!(sections, 12, "sections with examples");
}
