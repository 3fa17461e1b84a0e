//! From an operation of the document to one that checks.

use std::collections::{BTreeMap, BTreeSet};

use doorward_model::{Fault, Faults, Omission, Shape};
use serde_json::Value;

use crate::bundle::{Bundle, Direction};
use crate::checker::Checker;
use crate::claim::Claim;
use crate::document::Entry;
use crate::documents::Documents;
use crate::field_encoding;
use crate::form_body::{self, FormBody};
use crate::form_object::{FormObject, Tree};
use crate::header_field::HeaderField;
use crate::held::{self, Held};
use crate::location::Location;
use crate::media::{self, Content, Contents, Other};
use crate::multipart_body::{self, MultipartBody};
use crate::operation::{Operation, RequestBody};
use crate::parameter::Parameter;
use crate::pointer;
use crate::reading::Kind;
use crate::reference::follow;
use crate::response::{Response, Responses};
use crate::servers;
use crate::shape;
use crate::shared::Shared;
use crate::style;

/// Compiles the operation that stands at `entry`; every fault of it is reported. What is `shared` is compiled already.
pub(crate) fn operation(
    documents: Documents<'_>,
    entry: &Entry,
    shared: Option<&Shared>,
) -> Result<Operation, Faults> {
    let mut compiler = Compiler { documents, shared, faults: Vec::new() };
    let parameters = compiler.parameters(entry);
    let claims = compiler.claims(entry, &parameters);
    let (body, input, omissions) = compiler.body(&pointer::join(&entry.at, "requestBody"));
    let responses = compiler.responses(&pointer::join(&entry.at, "responses"));
    let operation = Operation {
        method: entry.method.clone(),
        path: entry.path.clone(),
        base_paths: servers::base_paths(&documents, &entry.item, &entry.at),
        parameters,
        claims,
        body,
        responses,
        input,
        omissions,
    };
    let mut faults = Vec::new();
    for fault in compiler.faults {
        // Requests and answers may share a schema, and its faults.
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    faults.sort_by_key(|fault| fault.place.as_ref().map(|place| place.span.start));
    Faults(faults).or(operation)
}

struct Compiler<'a> {
    documents: Documents<'a>,
    shared: Option<&'a Shared>,
    faults: Vec<Fault>,
}

impl<'a> Compiler<'a> {
    fn fault(&mut self, at: &str, message: impl Into<String>) {
        self.faults.push(self.documents.fault(at, message));
    }

    /// The object at `at` after references; `None` when it is missing or broken.
    fn object(&mut self, at: &str) -> Option<(String, &'a Value)> {
        self.documents.value(at)?;
        match follow(&self.documents, at) {
            Ok((at, object)) if object.is_object() => return Some((at, object)),
            Ok((at, _)) => self.fault(&at, "expected an object"),
            Err(fault) => self.faults.push(fault),
        }
        None
    }

    /// The operation's parameters, which come before those of its path.
    fn parameters(&mut self, entry: &Entry) -> Vec<Parameter> {
        let mut parameters = self.parameter_list(&pointer::join(&entry.at, "parameters"));
        for inherited in self.parameter_list(&pointer::join(&entry.item, "parameters")) {
            if !parameters.iter().any(|own| own.is(&inherited)) {
                parameters.push(inherited);
            }
        }
        let declared: BTreeSet<&str> = parameters
            .iter()
            .filter(|parameter| parameter.location == Location::Path)
            .map(|parameter| parameter.name.as_str())
            .collect();
        let named: BTreeSet<&str> = template_names(&entry.path).collect();
        // A parameter with faults is not among the declared ones.
        if self.faults.is_empty() {
            for name in named.symmetric_difference(&declared) {
                let what = if named.contains(name) { "is not declared" } else { "is not in the path" };
                let message = format!("the path parameter `{}` {what}", pointer::shown(name));
                self.faults.push(self.documents.fault(&pointer::join(&entry.at, "operationId"), message));
            }
        }
        parameters
    }

    /// What of a query the parameters read; two that read the same name are a fault of the operation.
    fn claims(&mut self, entry: &Entry, parameters: &[Parameter]) -> Vec<Claim> {
        let mut all: Vec<(&Parameter, Claim)> = Vec::new();
        for parameter in parameters {
            for claim in parameter.claims() {
                if let Some((other, _)) = all.iter().find(|(_, other)| other.meets(&claim)) {
                    let message = format!(
                        "the query parameters `{}` and `{}` both read {claim}",
                        pointer::shown(&other.name),
                        pointer::shown(&parameter.name),
                    );
                    let fault = self.documents.fault(&pointer::join(&entry.at, "operationId"), message);
                    self.faults.push(fault.hint("rename one, or write objects as `style: deepObject`"));
                }
                all.push((parameter, claim));
            }
        }
        all.into_iter().map(|(_, claim)| claim).collect()
    }

    fn parameter_list(&mut self, at: &str) -> Vec<Parameter> {
        let count = match self.documents.value(at) {
            None => 0,
            Some(Value::Array(parameters)) => parameters.len(),
            Some(_) => {
                self.fault(at, "`parameters` must be a list");
                0
            }
        };
        let mut compiled: Vec<Parameter> = Vec::new();
        for nth in 0..count {
            let place = format!("{at}/{nth}");
            let Some((resolved, object)) = self.object(&place) else { continue };
            let parameter = Parameter::compile(&self.documents, &resolved, object, &mut self.faults);
            let Some(parameter) = parameter else { continue };
            if compiled.iter().any(|other| other.is(&parameter)) {
                let message = format!("the parameter `{}` stands twice", pointer::shown(&parameter.name));
                self.fault(&place, message);
            } else {
                compiled.push(parameter);
            }
        }
        compiled
    }

    fn body(&mut self, at: &str) -> (Option<RequestBody>, Option<Shape>, Vec<Omission>) {
        let Some((at, object)) = self.object(at) else {
            return (None, None, Vec::new());
        };
        let required = style::flag(&self.documents, &at, object, "required", false);
        let required = required.map_err(|fault| self.faults.push(fault)).unwrap_or(true);
        let (mut contents, mut trees) = self.contents(&at, object, Direction::Request);
        if trees.is_empty() {
            trees.extend(contents.forms().filter_map(|form| form.tree.clone()));
        }
        let mut omissions = Vec::new();
        let mut trees = trees.into_iter();
        let input = match trees.next() {
            Some((first, _)) if trees.any(|(other, _)| other != first) => {
                Some(Shape::Opaque { reason: "its media types have different schemas".to_owned() })
            }
            Some((first, left_out)) => {
                omissions.extend(left_out);
                for omission in contents.hand_over(&first) {
                    if !omissions.contains(&omission) {
                        omissions.push(omission);
                    }
                }
                Some(first)
            }
            None => None,
        };
        omissions.extend(contents.unread());
        (Some(RequestBody { required, contents }), input, omissions)
    }

    fn responses(&mut self, at: &str) -> Responses {
        let mut responses = Responses::default();
        let Some((at, object)) = self.object(at) else {
            return responses;
        };
        for status in object.as_object().into_iter().flat_map(serde_json::Map::keys) {
            if status.starts_with("x-") {
                continue;
            }
            let place = pointer::join(&at, status);
            let Some((resolved, response)) = self.object(&place) else { continue };
            let (contents, _) = self.contents(&resolved, response, Direction::Response);
            let headers = self.header_fields(&pointer::join(&resolved, "headers"), Direction::Response);
            let response = Response { contents, headers };
            match status.as_bytes() {
                b"default" => responses.other = Some(response),
                [digit @ b'1'..=b'5', b'X', b'X'] => {
                    responses.ranges.insert(u16::from(digit - b'0'), response);
                }
                [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] => {
                    responses.exact.extend(status.parse().ok().map(|status: u16| (status, response)));
                }
                _ => {
                    let message = format!("`{}` is no status", pointer::shown(status));
                    let fault = self.documents.fault(&place, message);
                    self.faults.push(fault.hint("expected `200`, `2XX` or `default`"));
                }
            }
        }
        responses
    }

    /// The header fields of the Response or Encoding Object whose `headers` stand at `at`.
    fn header_fields(&mut self, at: &str, direction: Direction) -> Vec<HeaderField> {
        let names = match self.documents.value(at) {
            None => return Vec::new(),
            Some(Value::Object(fields)) => fields.keys(),
            Some(_) => {
                self.fault(at, "`headers` must hold header fields by name");
                return Vec::new();
            }
        };
        let mut compiled = Vec::new();
        for label in names {
            let place = pointer::join(at, label);
            let Some((resolved, object)) = self.object(&place) else { continue };
            let faults = &mut self.faults;
            compiled.extend(HeaderField::compile(
                &self.documents,
                direction,
                &resolved,
                label,
                object,
                faults,
            ));
        }
        compiled
    }

    /// The media types of the body that `object` at `at` describes, and of requests the type trees of the JSON ones with what
    /// they leave out.
    fn contents(&mut self, at: &str, object: &Value, direction: Direction) -> (Contents, Vec<Tree>) {
        let at = pointer::join(at, "content");
        let Some(content) = object.get("content") else {
            return (Contents::default(), Vec::new());
        };
        let Some(content) = content.as_object() else {
            self.fault(&at, "`content` must hold media types");
            return (Contents::default(), Vec::new());
        };
        let mut compiled: BTreeMap<String, Content> = BTreeMap::new();
        let mut trees = Vec::new();
        for (name, media_type) in content {
            let place = pointer::join(&at, name);
            let Some(range) = media::range(name) else {
                self.fault(&place, format!("`{}` is no media type", pointer::shown(name)));
                continue;
            };
            if let Err(fault) = media::check_object(&self.documents, &place, media_type) {
                self.faults.push(fault);
                continue;
            }
            let mut checker = None;
            if media::may_be_json(&range) {
                let schema = media_type
                    .get("schema")
                    .map(|_| self.schema(&pointer::join(&place, "schema"), direction));
                let (compiled, tree) = schema.flatten().unzip();
                checker = compiled;
                let no_schema = || (Shape::Opaque { reason: "it has no schema".to_owned() }, Vec::new());
                trees.push(tree.flatten().unwrap_or_else(no_schema));
            }
            let schema = media_type.get("schema");
            let is_json = media::is_json(&range);
            let other =
                schema.filter(|_| !is_json).map(|_| self.other(&place, &range, media_type, direction));
            let other = other.unwrap_or(Other::Unread);
            if compiled.insert(range.clone(), Content { range, checker, other }).is_some() {
                self.fault(&place, "the media type stands twice, if parameters are left out");
            }
        }
        (Contents::new(compiled.into_values().collect()), trees)
    }

    /// What the Media Type Object at `at`, which has a schema, says of bodies that are no JSON.
    fn other(&mut self, at: &str, range: &str, object: &Value, direction: Direction) -> Other {
        let schema = pointer::join(at, "schema");
        // Where JSON is read, too, the faults of the schema are known.
        let faults = &mut Vec::new();
        let noted = if media::may_be_json(range) { faults } else { &mut self.faults };
        let Some(bundle) = Bundle::gather(&self.documents, direction, &schema, noted) else {
            return Other::Refused;
        };
        let kind = match range {
            form_body::MEDIA_TYPE => Kind::Encoded,
            multipart_body::MEDIA_TYPE => Kind::Multipart,
            _ => return self.plain(&schema, range, &bundle, direction),
        };
        let mut encodings = field_encoding::read(&self.documents, at, object, &mut self.faults);
        if kind == Kind::Multipart {
            let all = pointer::join(at, "encoding");
            for (name, encoding) in &mut encodings {
                let headers = pointer::join(&pointer::join(&all, name), "headers");
                encoding.headers = self.header_fields(&headers, direction);
            }
        }
        let form = FormObject::compile(&self.documents, &bundle, at, encodings, kind, &mut self.faults);
        match (form, kind) {
            (None, _) => Other::Refused,
            (Some(form), Kind::Encoded) => Other::Held(Box::new(Held::Form(FormBody(form)))),
            (Some(form), Kind::Multipart) => Other::Held(Box::new(Held::Multipart(MultipartBody(form)))),
        }
    }

    /// The same of a media type that has no parts.
    fn plain(&mut self, at: &str, range: &str, bundle: &Bundle, direction: Direction) -> Other {
        match held::plain(&self.documents, bundle, range) {
            Ok(Some(held)) => Other::Held(Box::new(held)),
            Ok(None) => Other::Unread,
            // Answers of such a type are let through.
            Err(_) if direction == Direction::Response => Other::Unread,
            Err(_) if range.contains('*') => Other::Refused,
            Err(fault) => {
                let message = format!("bodies of `{}` cannot be held to this schema", pointer::shown(range));
                self.faults.push(fault.unwrap_or_else(|| {
                    let hint =
                        "leave `schema` out to have them pass unread, or the media type to refuse them";
                    self.documents.fault(at, message).hint(hint)
                }));
                Other::Refused
            }
        }
    }

    /// The schema at `at`, and the type tree of what requests hold: nobody asks for that of answers.
    fn schema(&mut self, at: &str, direction: Direction) -> Option<(Checker, Option<Tree>)> {
        let tree = |bundle| (direction == Direction::Request).then(|| shape::of(bundle));
        if let Some((bundle, checker)) = self.shared.and_then(|shared| shared.get(direction, at)) {
            return Some((checker.clone(), tree(bundle)));
        }
        let bundle = Bundle::gather(&self.documents, direction, at, &mut self.faults)?;
        match Checker::compile(&self.documents, &bundle) {
            Ok(checker) => Some((checker, tree(&bundle))),
            Err(fault) => {
                self.faults.push(fault);
                None
            }
        }
    }
}

/// The names between braces in a path template.
fn template_names(path: &str) -> impl Iterator<Item = &str> {
    // `{path+}`, as API Gateway exports a parameter `path` that takes all that is left.
    let names = path.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| name.strip_suffix('+').unwrap_or(name))
}
