use doorward_model::{CanonicalPath, Fault, PathForm};

use crate::checked::Domain;
use crate::reader::Section;
use crate::report::{Reported, quote};

/// Reads `[[domains]]`.
pub(crate) fn read(document: &mut Section<'_>) -> Result<Vec<Domain>, Reported> {
    let mut earlier: Vec<(String, usize)> = Vec::new();
    document.sections("domains", "`[[domains]]`", |section| {
        let name = section.required("name", |value| {
            let name = value.parse(host_name)?;
            if let Some((_, line)) = earlier.iter().find(|(other, _)| *other == name) {
                let fault = Fault::new(format!("the domain {} is declared twice", quote(&name)));
                return Err(value.fault(fault.hint(format!("the first one is on line {line}"))));
            }
            earlier.push((name.clone(), value.line()));
            Ok(name)
        });
        let base_path = section.or("base_path", "/".to_owned(), |value| value.parse(base_path));
        Ok(Domain { name: name?, base_path: base_path? })
    })
}

/// A name as certificates have it (RFC 1123 section 2.1), in lower case: at least two labels.
fn host_name(text: &str) -> Result<String, Fault> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if text.len() <= 253 && text.contains('.') && text.split('.').all(is_label) {
        return Ok(text.to_ascii_lowercase());
    }
    let fault = Fault::new(format!("{} is not the name of a host", quote(text)));
    Err(fault.hint("write the custom domain alone, without scheme, port and last dot: `api.example.com`"))
}

/// A base path has the characters that API Gateway takes in one, none of which it decodes or a caller must encode.
fn base_path(text: &str) -> Result<String, Fault> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-._~$+!*'()".contains(c);
    let canonical = CanonicalPath::parse(text, PathForm::Decoded).is_ok();
    if canonical && text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    let fault = Fault::new(format!("{} is not a base path", quote(text)));
    Err(fault.hint("write a slash and what the domain's mapping names, without a slash at its end: `/shop`"))
}
