use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What policies read of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reads {
    /// Of the principal, and of what its attributes lead to.
    #[serde(default, skip_serializing_if = "ReadTree::is_empty")]
    pub principal: ReadTree,
    /// Of the resource, and of what its attributes lead to.
    #[serde(default, skip_serializing_if = "ReadTree::is_empty")]
    pub resource: ReadTree,
    /// Of the context.
    #[serde(default, skip_serializing_if = "ReadTree::is_empty")]
    pub context: ReadTree,
}

/// What is read of a value, and of the values that it leads to: members of a record, attributes of an entity. That a
/// value has a node says that its presence is read; an empty node, that nothing else is.
///
/// It serializes tersely, as it stands beside what was kept in each recorded decision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadTree {
    /// The value itself is read, a record with all its members. The value of an entity is its name.
    #[serde(rename = "v", default, skip_serializing_if = "is_false")]
    pub whole: bool,
    /// Everything that the value leads to is read.
    #[serde(rename = "e", default, skip_serializing_if = "is_false")]
    pub everything: bool,
    /// What the entity is in is read.
    #[serde(rename = "i", default, skip_serializing_if = "is_false")]
    pub ancestors: bool,
    /// Members and attributes, by name.
    #[serde(rename = "m", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, ReadTree>,
    /// The entity's tags, by name.
    #[serde(rename = "t", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, ReadTree>,
    /// Every tag, where the name is not known before the call.
    #[serde(rename = "*", default, skip_serializing_if = "Option::is_none")]
    pub any_tag: Option<Box<ReadTree>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Reads {
    /// Everything that a call has.
    #[must_use]
    pub fn everything() -> Self {
        let tree = ReadTree { everything: true, ..ReadTree::default() };
        Self { principal: tree.clone(), resource: tree.clone(), context: tree }
    }

    /// Adds what `other` reads.
    pub fn merge(&mut self, other: &Self) {
        self.principal.merge(&other.principal);
        self.resource.merge(&other.resource);
        self.context.merge(&other.context);
    }
}

impl ReadTree {
    /// Whether nothing but the value's presence is read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether something is read of the entity that the value names, not only its name.
    #[must_use]
    pub fn follows(&self) -> bool {
        let led = !self.members.is_empty() || !self.tags.is_empty() || self.any_tag.is_some();
        led || self.ancestors || self.everything
    }

    /// Whether something is read of the value that `path` leads to, its presence included.
    #[must_use]
    pub fn reads(&self, path: &[&str]) -> bool {
        if self.whole || self.everything {
            return true;
        }
        match path.split_first() {
            None => true,
            Some((name, rest)) => self.members.get(*name).is_some_and(|member| member.reads(rest)),
        }
    }

    /// The node of the member `name`, made where it is not there.
    pub fn member(&mut self, name: &str) -> &mut Self {
        self.members.entry(name.to_owned()).or_default()
    }

    /// Adds what `other` reads.
    pub fn merge(&mut self, other: &Self) {
        self.whole |= other.whole;
        self.everything |= other.everything;
        self.ancestors |= other.ancestors;
        for (name, tree) in &other.members {
            self.member(name).merge(tree);
        }
        for (name, tree) in &other.tags {
            self.tags.entry(name.clone()).or_default().merge(tree);
        }
        if let Some(tree) = &other.any_tag {
            self.any_tag.get_or_insert_default().merge(tree);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_merge_and_read_back() {
        let mut context = ReadTree::default();
        context.member("input").member("total").whole = true;
        let mut other = ReadTree::default();
        other.member("input").member("note");
        other.tags.insert("site".into(), ReadTree { whole: true, ..ReadTree::default() });
        other.any_tag = Some(Box::default());
        context.merge(&other);
        let input = &context.members["input"];
        assert_eq!(input.members.keys().collect::<Vec<_>>(), ["note", "total"]);
        assert!(input.members["note"].is_empty() && input.members["total"].whole);
        assert!(context.tags["site"].whole && context.any_tag.is_some());
        assert!(context.reads(&[]) && context.reads(&["input"]) && context.reads(&["input", "note"]));
        assert!(context.reads(&["input", "total", "any"]) && !context.reads(&["input", "other"]));
        assert!(!context.reads(&["now"]) && Reads::everything().context.reads(&["now"]));
        let reads = Reads { context, ..Reads::everything() };
        let text = serde_json::to_string(&reads).unwrap();
        assert_eq!(serde_json::from_str::<Reads>(&text).unwrap(), reads);
        assert_eq!(serde_json::to_string(&Reads::default()).unwrap(), "{}");
    }
}
