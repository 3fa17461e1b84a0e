//! Bodies of `application/x-www-form-urlencoded` (WHATWG URL section 5).

use doorward_model::Violation;
use serde_json::Value;

use crate::checker::violation;
use crate::form_object::{FormObject, MAX_FIELDS};
use crate::query::pairs;
use crate::reading::{NESTED, Sent};
use crate::serialization::{ENCODED, Encoding, Rule};

/// The media type, without parameters.
pub(crate) const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

const MANY: Rule = "must hold at most 1,000 fields";

/// How such a form is read.
#[derive(Debug)]
pub(crate) struct FormBody(pub(crate) FormObject);

impl FormBody {
    /// What is handed over of the form.
    ///
    /// # Errors
    /// Where it breaks its schema.
    pub(crate) fn read(&self, body: &[u8]) -> Result<Option<Value>, Vec<Violation>> {
        let fields = self.fields(body).map_err(|rule| vec![violation("body", String::new(), rule)])?;
        self.0.read(fields)
    }

    fn fields<'b>(&self, body: &'b [u8]) -> Result<Vec<(String, Sent<'b>)>, Rule> {
        let text = std::str::from_utf8(body).map_err(|_| ENCODED)?;
        let mut fields = Vec::new();
        for (name, text) in pairs(text) {
            if fields.len() == MAX_FIELDS {
                return Err(MANY);
            }
            let name = Encoding::Form.decode(name)?.into_owned();
            // All texts are looked at, whether they are read further or not.
            Encoding::Form.decode(text)?;
            fields.push(match name.split_once('[') {
                Some((object, member)) if self.0.is_deep(object) && !self.0.named.contains_key(&name) => {
                    let member = member.strip_suffix(']').filter(|member| !member.is_empty());
                    let member = member.filter(|member| !member.contains(['[', ']'])).ok_or(NESTED)?;
                    (object.to_owned(), Sent::Member(member.to_owned(), text))
                }
                _ => (name, Sent::Encoded(text)),
            });
        }
        Ok(fields)
    }
}
