//! Examples on pages: fenced blocks that name the file which they stand for.

use std::path::Path;

/// A fenced block of a page: what stands behind its fence, and its text.
pub(crate) struct Block<'p> {
    pub(crate) info: &'p str,
    pub(crate) text: &'p str,
}

pub(crate) fn blocks(section: &str) -> Vec<Block<'_>> {
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

impl<'p> Block<'p> {
    /// The language of the block and the file that it names; `None` where it is only shown.
    pub(crate) fn file(&self) -> Option<(&'p str, &'p str)> {
        self.info.split_once(' ')
    }
}

/// Adds to the configuration; every other file is the example's own.
pub(crate) fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    let is_there = name == "doorward.toml" && path.exists();
    let before = if is_there { std::fs::read_to_string(&path).unwrap() + "\n" } else { String::new() };
    std::fs::write(path, before + text + "\n").unwrap();
}
