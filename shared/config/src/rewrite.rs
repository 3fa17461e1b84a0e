use doorward_model::Fault;

use crate::checked::{Rewrite, Template, TemplatePart};
use crate::reader::{Value, with_hint};
use crate::report::{Reported, quote};
use crate::suggestion::suggest;

const MOST_PARAMETERS: usize = 32;
const LONGEST: usize = 1024;

/// Reads `rewrite = "/v2/orders/{id}"`, or a table that says what becomes of the query too. `parameters` are those of the
/// route's path; absent while that is faulty.
pub(crate) fn read(value: Value<'_>, parameters: Option<&[String]>) -> Result<Rewrite, Reported> {
    if value.is_text() {
        return Ok(Rewrite { path: Some(value.parse(|text| path(text, parameters))?), ..Rewrite::default() });
    }
    value.section("`rewrite`", |section| {
        let path = section.optional("path", |value| value.parse(|text| path(text, parameters)));
        let query = section.optional("query", |value| {
            value.section("`query`", |section| {
                let set = section.or("set", Vec::new(), |value| {
                    value.entries(|key, value| {
                        let name = name(key.text).map_err(|fault| key.fault(fault));
                        let content = value.parse(|text| template(text, parameters));
                        Ok((name?, content?))
                    })
                });
                let remove = section.or("remove", Vec::new(), |value| value.set(|item| item.parse(name)));
                Ok((set?, remove?))
            })
        });
        let (set_query, remove_query) = query?.unwrap_or_default();
        if set_query.len().max(remove_query.len()) > MOST_PARAMETERS {
            return Err(value.fault(Fault::new(format!("more than {MOST_PARAMETERS} query parameters"))));
        }
        let rewrite = Rewrite { path: path?, set_query, remove_query };
        if rewrite == Rewrite::default() {
            return Err(value.fault(Fault::new("it rewrites nothing").hint("set `path` or `query`")));
        }
        Ok(rewrite)
    })
}

/// A path whose segments stay segments whatever the parameters hold: one that is a parameter alone holds what was a segment
/// before, or several; beside one stands a letter or a digit. None is empty or a dot segment then: no segment that a caller
/// sends is (`CanonicalPath`), the first and the last one of a greedy parameter among them.
fn path(text: &str, parameters: Option<&[String]>) -> Result<Template, Fault> {
    let fault = |why: &str| Fault::new(format!("{} is no path: {why}", quote(text)));
    let Some(segments) = text.strip_prefix('/') else { return Err(fault("it must begin with a slash")) };
    let literal = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@".contains(c);
    let read = template(text, parameters)?;
    for part in &read.0 {
        if let TemplatePart::Text(text) = part
            && !text.chars().all(|c| c == '/' || literal(c))
        {
            let hint =
                "write what stands in a path as it is (RFC 3986 section 3.3), and parameters in braces";
            return Err(fault("it holds a character that stands in none").hint(hint));
        }
    }
    for segment in segments.split('/') {
        let stated = segment.split('{').map(|part| part.rsplit('}').next().unwrap_or_default());
        let stated: String = stated.collect();
        let is_parameter = stated.is_empty() && segment.matches('{').count() == 1;
        if segment.is_empty() && segments.is_empty() || is_parameter {
            continue;
        }
        if !stated.chars().any(|c| c.is_ascii_alphanumeric()) {
            return Err(fault(
                "a segment is empty, holds dots alone, or several parameters and nothing between them",
            ));
        }
    }
    Ok(read)
}

fn template(text: &str, parameters: Option<&[String]>) -> Result<Template, Fault> {
    let fault = |why: &str| Fault::new(format!("{} cannot be read: {why}", quote(text)));
    if text.len() > LONGEST || text.chars().any(char::is_control) {
        return Err(fault("it is too long, or holds control characters"));
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let (parameter, after) = behind.split_once('}').ok_or_else(|| fault("a brace is not closed"))?;
        if before.contains('}') {
            return Err(fault("a brace closes what none opened"));
        }
        if let Some(known) = parameters
            && !known.iter().any(|name| name == parameter)
        {
            let fault = Fault::new(format!("the path has no parameter {}", quote(parameter)));
            return Err(with_hint(fault, suggest(parameter, known.iter().map(String::as_str))));
        }
        if !before.is_empty() {
            parts.push(TemplatePart::Text(before.to_owned()));
        }
        parts.push(TemplatePart::Parameter(parameter.to_owned()));
        rest = after;
    }
    if rest.contains('}') {
        return Err(fault("a brace closes what none opened"));
    }
    if !rest.is_empty() {
        parts.push(TemplatePart::Text(rest.to_owned()));
    }
    Ok(Template(parts))
}

fn name(text: &str) -> Result<String, Fault> {
    match (1..=128).contains(&text.len()) && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(Fault::new("expected 1 to 128 characters, none of them control characters")),
    }
}
