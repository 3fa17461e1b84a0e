use serde_json::{Map, Value};

use crate::fault::MalformedRequest;

/// Takes typed members out of one JSON object. A member of the wrong type is a fault that names its place and never
/// its value, which serde's own messages would quote. `null` counts as absent, as in AWS's own samples.
pub(crate) struct Members {
    map: Map<String, Value>,
    place: String,
}

impl Members {
    /// The members of the document itself.
    pub(crate) fn of(map: Map<String, Value>) -> Self {
        Self { map, place: String::new() }
    }

    /// A text that must be there.
    pub(crate) fn text(&mut self, name: &str) -> Result<String, MalformedRequest> {
        self.optional_text(name)?.ok_or_else(|| self.fault(name, TEXT))
    }

    /// A text that may be absent.
    pub(crate) fn optional_text(&mut self, name: &str) -> Result<Option<String>, MalformedRequest> {
        match self.map.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.fault(name, TEXT)),
        }
    }

    /// A list of texts; empty when absent.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<String>, MalformedRequest> {
        const EXPECTED: &str = "a list of texts";
        let items = match self.map.remove(name) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(self.fault(name, EXPECTED)),
        };
        let text = |item| match item {
            Value::String(text) => Ok(text),
            _ => Err(self.fault(name, EXPECTED)),
        };
        items.into_iter().map(text).collect()
    }

    /// A whole number; `None` where there is none: what is read so decides nothing.
    pub(crate) fn optional_integer(&mut self, name: &str) -> Option<i64> {
        self.map.remove(name)?.as_i64()
    }

    /// `true` or `false`; `false` when absent.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, MalformedRequest> {
        match self.map.remove(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(self.fault(name, "true or false")),
        }
    }

    /// Pairs of names and texts; none when absent.
    pub(crate) fn pairs(&mut self, name: &str) -> Result<Vec<(String, String)>, MalformedRequest> {
        const EXPECTED: &str = "an object of texts";
        let map = match self.map.remove(name) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Object(map)) => map,
            Some(_) => return Err(self.fault(name, EXPECTED)),
        };
        let pair = |(key, value)| match value {
            Value::String(text) => Ok((key, text)),
            _ => Err(self.fault(name, EXPECTED)),
        };
        map.into_iter().map(pair).collect()
    }

    /// Names with a list of texts each; `None` when absent.
    pub(crate) fn optional_lists(&mut self, name: &str) -> Result<Option<Lists>, MalformedRequest> {
        const EXPECTED: &str = "an object of lists of texts";
        let map = match self.map.remove(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Object(map)) => map,
            Some(_) => return Err(self.fault(name, EXPECTED)),
        };
        let text = |item| match item {
            Value::String(text) => Ok(text),
            _ => Err(self.fault(name, EXPECTED)),
        };
        let list = |(key, value)| match value {
            Value::Array(items) => Ok((key, items.into_iter().map(text).collect::<Result<_, _>>()?)),
            _ => Err(self.fault(name, EXPECTED)),
        };
        map.into_iter().map(list).collect::<Result<_, _>>().map(Some)
    }

    /// An object that may be absent.
    pub(crate) fn optional_object(&mut self, name: &str) -> Result<Option<Self>, MalformedRequest> {
        match self.map.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.object(name).map(Some),
        }
    }

    /// The members that are left, whatever their types.
    pub(crate) fn into_map(self) -> Map<String, Value> {
        self.map
    }

    /// An object that must be there.
    pub(crate) fn object(&mut self, name: &str) -> Result<Self, MalformedRequest> {
        match self.map.remove(name) {
            Some(Value::Object(map)) => Ok(Self { map, place: self.place_of(name) }),
            _ => Err(self.fault(name, "an object")),
        }
    }

    pub(crate) fn fault(&self, name: &str, expected: &'static str) -> MalformedRequest {
        MalformedRequest::Member { member: self.place_of(name), expected }
    }

    fn place_of(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }
}

/// Names, with all the values of each.
pub(crate) type Lists = Vec<(String, Vec<String>)>;

const TEXT: &str = "a text";
