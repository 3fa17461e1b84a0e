//! The meta-schemas of the dialects that are carried, which contracts may refer to: nothing need be fetched for them.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use referencing::meta;
use serde_json::Value;

use crate::source::Source;

type Named = (&'static str, &'static LazyLock<Arc<Value>>);

const ALL: [Named; 10] = [
    ("http://json-schema.org/draft-07/schema", &meta::DRAFT7),
    ("https://json-schema.org/draft/2020-12/schema", &meta::DRAFT202012),
    ("https://json-schema.org/draft/2020-12/meta/core", &meta::DRAFT202012_CORE),
    ("https://json-schema.org/draft/2020-12/meta/applicator", &meta::DRAFT202012_APPLICATOR),
    ("https://json-schema.org/draft/2020-12/meta/unevaluated", &meta::DRAFT202012_UNEVALUATED),
    ("https://json-schema.org/draft/2020-12/meta/validation", &meta::DRAFT202012_VALIDATION),
    ("https://json-schema.org/draft/2020-12/meta/meta-data", &meta::DRAFT202012_META_DATA),
    ("https://json-schema.org/draft/2020-12/meta/format-annotation", &meta::DRAFT202012_FORMAT_ANNOTATION),
    ("https://json-schema.org/draft/2020-12/meta/format-assertion", &meta::DRAFT202012_FORMAT_ASSERTION),
    ("https://json-schema.org/draft/2020-12/meta/content", &meta::DRAFT202012_CONTENT),
];

static READ: LazyLock<BTreeMap<&'static str, Source>> = LazyLock::new(|| {
    let read = |(name, value): Named| Some((name, Source::read(name, &value.to_string()).ok()?));
    ALL.into_iter().filter_map(read).collect()
});

/// The meta-schema of this URI.
pub(crate) fn find(uri: &str) -> Option<&'static Source> {
    ALL.iter().any(|(name, _)| *name == uri).then(|| READ.get(uri)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_can_be_read_and_have_their_own_names() {
        assert_eq!(READ.len(), ALL.len());
        for (name, source) in READ.iter() {
            let id = source.value.get("$id").and_then(Value::as_str).unwrap();
            assert_eq!(id.trim_end_matches('#'), *name);
        }
        assert!(find("https://json-schema.org/draft/2019-09/schema").is_none());
    }
}
