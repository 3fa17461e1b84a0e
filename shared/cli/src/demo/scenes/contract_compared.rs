use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ran, Stage, TOKEN_FOLDER};
use crate::output::Failure;

/// The next version of a contract is held against the one that callers were built for.
pub(crate) const SCENE: Scene = Scene {
    title: "A contract that would break callers",
    in_tour: false,
    play: |stage| Box::pin(play(stage)),
};

/// What the next version would say otherwise: fewer of an article, a member more, and an answer that is no number.
const CHANGES: [(&str, &str); 3] = [
    ("maximum: 1000\n", "maximum: 100\n"),
    ("required: [items, total]", "required: [items, total, note]"),
    ("total:\n          type: integer\n", "total:\n          type: string\n"),
];

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let old = stage.project.with_file_name("contracts").join("shop.yaml");
    let text = std::fs::read_to_string(stage.root().join(&old)).map_err(Failure::new)?;
    let next = CHANGES.iter().fold(text, |text, (before, after)| text.replace(before, after));
    let file = format!("{TOKEN_FOLDER}/{}", stage.write("shop-next.yaml".to_owned(), &next)?);
    let old = old.to_string_lossy();
    let expected = ["bound-tightened", "property-became-required", "type-added"];
    let breaking = Ran { exit: 2, lines: &expected };
    let same = Ran { exit: 0, lines: &[] };
    Ok(vec![
        stage.run(SCENE.title, &["contract", "diff", &old, &file], breaking).await?,
        stage.run(SCENE.title, &["contract", "diff", &old, &old], same).await?,
    ])
}
