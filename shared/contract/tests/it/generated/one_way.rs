//! `readOnly` and `writeOnly` of OpenAPI, as its 3.0.3 says of the Schema Object.

use std::cell::Cell;
use std::collections::BTreeSet;

use serde_json::Value;

use super::evaluator::{Around, Evaluator, list, map};
use super::mistake::Mistake;
use super::resources::Found;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    In,
    Out,
}

impl<'a> Evaluator<'a> {
    /// `around`, with the members that `schema` describes and that do not travel this way: requiring them there, or in the
    /// parts that are written there, asks for nothing.
    pub fn knowing_unsent(&self, schema: &'a Value, around: &Around<'a>) -> Around<'a> {
        let mut around = around.clone();
        let word = match self.way {
            Some(Way::In) => "readOnly",
            Some(Way::Out) => "writeOnly",
            None => return around,
        };
        if !self.makes(Mistake::RequiresWhatIsNotSent) {
            let here = around.scope[around.scope.len() - 1];
            self.add_unsent((schema, here), word, &mut around.unsent);
        }
        around
    }

    fn add_unsent(&self, (schema, here): Found<'a>, word: &str, unsent: &mut BTreeSet<&'a str>) {
        for part in self.parts((schema, here)) {
            let members = part.0.get("properties").map(map).into_iter().flatten();
            let marked = members.filter(|(_, member)| self.is_marked((member, part.1), word));
            unsent.extend(marked.map(|(name, _)| name.as_str()));
        }
    }

    /// The schema, what it refers to and what its `allOf` lists, all the way down.
    fn parts(&self, (schema, here): Found<'a>) -> Vec<Found<'a>> {
        let mut found = Vec::new();
        let reference = schema.get("$ref").and_then(Value::as_str);
        if let Some(reference) = reference {
            found.extend(self.parts(self.resources.find(reference, here, self.dialect)));
        }
        if reference.is_none() || self.dialect.is_2020() {
            found.push((schema, here));
            let listed = schema.get("allOf").map(list).unwrap_or_default();
            found.extend(listed.iter().flat_map(|schema| self.parts((schema, here))));
        }
        found
    }

    fn is_marked(&self, schema: Found<'a>, word: &str) -> bool {
        self.parts(schema).iter().any(|(schema, _)| schema.get(word) == Some(&Value::Bool(true)))
    }

    /// Whether the member that `schema` describes may have this value; one that must not travel leaks.
    pub fn member_holds(
        &self,
        schema: &'a Value,
        value: &Value,
        around: &Around<'a>,
        leaks: &Cell<bool>,
    ) -> bool {
        let here = around.scope[around.scope.len() - 1];
        let holds = self.takes(schema, value, around, leaks);
        let is_kept = holds && self.way == Some(Way::Out) && self.is_marked((schema, here), "writeOnly");
        leaks.set(leaks.get() || is_kept);
        holds
    }
}
