use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::ShapeFault;

/// What a service calls the members of an attribute of a message.
pub(super) struct Names {
    /// Where the attributes stand.
    pub(super) place: &'static str,
    /// The member that says its type.
    pub(super) data_type: &'static str,
    /// The member that holds a text.
    pub(super) text: &'static str,
}

/// Adds to `claims` the attributes of a message, all of them its sender's: `attributes`, those that are texts and numbers, each
/// as it was written, which is exact; and `attribute_names`, the names of all, of bytes as well.
pub(super) fn claim(
    message: &Value,
    names: &Names,
    claims: &mut BTreeMap<String, Value>,
) -> Result<(), ShapeFault> {
    let odd = ShapeFault::Member(names.place);
    let (mut texts, mut all) = (Map::new(), Vec::new());
    match message.pointer(names.place) {
        None | Some(Value::Null) => {}
        Some(Value::Object(attributes)) => {
            for (name, attribute) in attributes {
                let data_type = attribute.get(names.data_type).and_then(Value::as_str).ok_or(odd)?;
                // A type may have a label of its sender's behind it: `Number.int`.
                if matches!(data_type.split('.').next(), Some("String" | "Number")) {
                    let text = attribute.get(names.text).and_then(Value::as_str).ok_or(odd)?;
                    texts.insert(name.clone(), text.into());
                }
                all.push(Value::from(name.as_str()));
            }
        }
        Some(_) => return Err(odd),
    }
    claims.insert("attributes".to_owned(), texts.into());
    claims.insert("attribute_names".to_owned(), all.into());
    Ok(())
}
