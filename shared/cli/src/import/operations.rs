//! The operations of a document, as routes.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::closed::Lost;
use super::integration::{self, Leads};
use super::schemes::Schemes;
use super::{Reading, Rewrite, Route, Target, contract, join, names, parameters, servers, validators};

/// The path under which an exported HTTP API has what no other route takes.
const DEFAULT_ROUTE: &str = "/$default";
/// Path Item Object: the members that are operations a door routes.
pub(super) const METHODS: [&str; 7] = ["get", "head", "post", "put", "patch", "delete", "options"];
const ANY_METHOD: &str = "x-amazon-apigateway-any-method";
/// What a route of any method has in the place of one.
pub(super) const ANY: &str = "ANY";

/// What the operations become.
pub(super) struct Operations<'r, 'a> {
    reading: &'r mut Reading<'a>,
    schemes: &'r Schemes,
    /// Where operations lead that say nothing of it.
    target: Option<Leads>,
    is_export: bool,
    ids: BTreeSet<String>,
    target_names: BTreeSet<String>,
    pub(super) targets: Vec<Target>,
    pub(super) routes: Vec<Route>,
    /// The `paths` of the contract.
    pub(super) paths: Map<String, Value>,
    /// What became no route.
    pub(super) lost: Vec<Lost>,
}

impl<'r, 'a> Operations<'r, 'a> {
    pub(super) fn read(reading: &'r mut Reading<'a>, schemes: &'r Schemes, target: Option<Leads>) -> Self {
        let is_export = schemes.is_export;
        let mut operations = Self {
            reading,
            schemes,
            target,
            is_export,
            ids: BTreeSet::new(),
            target_names: BTreeSet::new(),
            targets: Vec::new(),
            routes: Vec::new(),
            paths: Map::new(),
            lost: Vec::new(),
        };
        // Ids that stand in the document are taken before any is made up.
        let paths: Vec<String> = operations
            .reading
            .value("/paths")
            .and_then(Value::as_object)
            .map(|all| all.keys().cloned().collect())
            .unwrap_or_default();
        // What no other route takes is known when all others are.
        let (default, own): (Vec<_>, Vec<_>) = paths.iter().partition(|path| *path == DEFAULT_ROUTE);
        for path in own.into_iter().filter(|path| path.starts_with('/')).chain(default) {
            operations.path(path);
        }
        operations
    }

    /// The route for what no other takes becomes two that take any path and method together.
    fn default_route(&mut self, at: &str, item: &Value) {
        let place = join(at, ANY_METHOD);
        let Some(operation) = item.get(ANY_METHOD) else { return };
        let integration = self.reading.follow(&join(&place, integration::KEY)).map(|(_, value)| value);
        let kind = integration.and_then(|value| value.get("type")?.as_str());
        let is_http = kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("http"));
        // "Working with HTTP proxy integrations" speaks of paths with a variable alone, and this route has none.
        if is_http
            && integration.is_none_or(|value| value.pointer("/requestParameters/overwrite:path").is_none())
        {
            let what = "the `$default` route: which path its server is sent is not said; write `ANY /` and `ANY /{proxy+}`";
            self.reading.leave(at, what);
            return;
        }
        self.reading.read.push(place.clone());
        let told = if is_http { "" } else { ", which functions are sent as the `routeKey`" };
        self.reading.leave(at, format!("the `$default` route is `ANY /` and `ANY /{{proxy+}}` now{told}"));
        for own in ["/", "/{proxy+}"] {
            self.operation(ANY, (DEFAULT_ROUTE, own), &place, operation, &Map::new(), &[], false);
        }
    }

    /// Notes that an operation is no route.
    fn lose(&mut self, method: &str, path: &str, at: &str) {
        self.lost.push(Lost { method: method.to_owned(), path: path.to_owned(), at: at.to_owned() });
    }

    fn path(&mut self, path: &str) {
        let stated = join("/paths", path);
        let Some((at, item)) = self.reading.follow(&stated) else {
            self.reading.leave(&stated, "a path whose operations stand elsewhere");
            self.lose(ANY, &contract::path(path).0, &stated);
            return;
        };
        if let Some(begin) = contract::until_all_is_taken(path) {
            let what = "a path that goes on behind a parameter which takes all that is left";
            self.reading.leave(&at, what);
            self.lose(ANY, &contract::path(begin).0, &at);
            return;
        }
        // As HTTP APIs are exported ("Export an HTTP API", API Gateway guide): no path, but all that no other route takes.
        if path == DEFAULT_ROUTE {
            self.default_route(&at, item);
            return;
        }
        let (own, renamed) = contract::path(path);
        for (old, new) in &renamed {
            self.reading.leave(&at, format!("the name of the parameter `{old}`: it is `{new}` now"));
        }
        let mut written = Map::new();
        for (name, value) in
            item.as_object().into_iter().flatten().filter(|(name, _)| !METHODS.contains(&name.as_str()))
        {
            if name == "trace" {
                self.reading.leave(&join(&at, name), "the method TRACE, which no front passes on");
            } else if !name.starts_with("x-amazon-") {
                written.insert(name.clone(), contract::without_extensions(value));
            }
        }
        parameters::rename(self.reading.document.value(), written.get_mut("parameters"), &renamed);
        let any = item.get(ANY_METHOD).map(|operation| (join(&at, ANY_METHOD), operation));
        if let Some((place, _)) = &any {
            self.reading.read.push(place.clone());
        }
        let modelled = any.clone().filter(|(place, operation)| {
            contract::models_any(operation)
                || validators::checks_parameters(self.reading, place, item.get("parameters"))
        });
        if let Some((place, _)) = &modelled {
            let what = "any method with models or checked parameters, of which a contract has one method: there is a route for each";
            self.reading.leave(place, what);
        }
        for name in METHODS {
            let stated = item.get(name).map(|operation| (join(&at, name), operation));
            // `x-amazon-apigateway-any-method` stands for those that are not there themselves.
            let Some((place, operation)) = stated.or_else(|| modelled.clone()) else { continue };
            let is_any = place.ends_with(ANY_METHOD);
            let operation = self.operation(name, (path, &own), &place, operation, &written, &renamed, is_any);
            if let Some(operation) = operation {
                written.insert(name.to_owned(), operation);
            }
        }
        let is_left = METHODS.iter().any(|method| item.get(*method).is_none());
        if let (Some((place, operation)), None, true) = (any, modelled, is_left) {
            self.operation(ANY, (path, &own), &place, operation, &written, &renamed, false);
        }
        if METHODS.iter().any(|method| written.contains_key(*method)) {
            self.paths.insert(own, Value::Object(written));
        }
    }

    /// The operation as the contract has it; `None` where there is no route for it, and where it is none of one method.
    #[expect(clippy::too_many_arguments, reason = "what a path says holds of each of its operations")]
    fn operation(
        &mut self,
        name: &str,
        (path, own): (&str, &str),
        at: &str,
        operation: &Value,
        item: &Map<String, Value>,
        renamed: &[(String, String)],
        is_any: bool,
    ) -> Option<Value> {
        let method = name.to_ascii_uppercase();
        let Some(leads) = self.leads(at, (&method, own)) else {
            self.lose(&method, own, at);
            return None;
        };
        let id = self.id(&method, path, at, operation, is_any);
        let target = self.target(&leads);
        let auth = self.schemes.of_operation(self.reading, at);
        let models = method != ANY && (!self.is_export || contract::models(operation, &method));
        let checks = method != ANY
            && !models
            && validators::checks_parameters(self.reading, at, item.get("parameters"));
        if !models {
            let what = match checks {
                true => {
                    "the operation models none of its messages: its contract checks parameters, and bodies of any media type are taken that is stated"
                }
                false => {
                    "the operation models none of its messages: its route has no contract until you write one"
                }
            };
            self.reading.leave(at, what);
        }
        let new_name = |name: &str| renamed.iter().find(|(old, _)| old == name).map(|(_, new)| new.clone());
        let mut rewrite = leads.rewrite.renamed(new_name);
        rewrite.path = rewrite.path.filter(|path| *path != own.replace("+}", "}"));
        self.routes.push(Route {
            id: id.clone(),
            method: method.clone(),
            path: own.to_owned(),
            target,
            auth: auth.auth,
            scopes: auth.scopes,
            any_scope: auth.any_scope,
            stream: leads.keys.iter().any(|(key, _)| *key == "stream"),
            contract: models || checks,
            // API Gateway looks at no answer.
            check_answers: if checks { Some("off") } else { (self.is_export && models).then_some("report") },
            rewrite,
            at: at.to_owned(),
        });
        if name == ANY {
            return None;
        }
        let mut written = contract::without_extensions(operation);
        let document = self.reading.document.value();
        parameters::rename(document, written.get_mut("parameters"), renamed);
        let members = written.as_object_mut()?;
        members.insert("operationId".to_owned(), json!(id));
        members.entry("responses").or_insert_with(|| json!({ "default": { "description": "Any answer." } }));
        if checks {
            validators::take_any_body(&method, members);
        }
        let own_declared = parameters::declared(document, members.get("parameters"));
        let declared = &parameters::declared(document, item.get("parameters")) | &own_declared;
        for name in contract::declare(own, &declared, members) {
            self.reading.leave(at, format!("the parameter `{name}` is not declared: it is any text"));
        }
        Some(written)
    }

    fn leads(&mut self, at: &str, route: (&str, &str)) -> Option<Leads> {
        let place = join(at, integration::KEY);
        if self.reading.value(&place).is_some() {
            self.reading.read.push(place.clone());
            return integration::read(self.reading, &place, route);
        }
        if let Some(target) = &self.target {
            return Some(target.clone());
        }
        // The nearest that are stated, as OpenAPI has it: "an alternative `servers` array" overrides that of what it stands in.
        let item = at.rsplit_once('/').map_or("", |(item, _)| item);
        let places = [join(at, "servers"), join(item, "servers"), "/servers".to_owned()];
        let is_stated = |place: &&String| self.reading.value(&format!("{place}/0")).is_some();
        let servers = places.iter().find(is_stated).map_or("/servers", String::as_str);
        let count = self.reading.value(servers).and_then(Value::as_array).map_or(0, Vec::len);
        for nth in 1..count {
            let further = format!("{servers}/{nth}");
            let url = self.reading.text(&further, "url").unwrap_or_default();
            self.reading
                .leave(&further, format!("the further server `{url}`: the target is the first of the list"));
        }
        if let Some(url) = self.reading.text(&format!("{servers}/0"), "url")
            && let Some((base, path)) = servers::split(&url)
            && !path.contains('{')
        {
            let name = servers::name(&base);
            let base = format!("{base}{}", path.trim_end_matches('/'));
            return Some(Leads { name, keys: vec![("http", json!(base))], rewrite: Rewrite::default() });
        }
        self.reading
            .leave(servers, "what answers is not said: set the target `to-be-set`, or say it by `--target`");
        Some(integration::to_be_set())
    }

    fn target(&mut self, leads: &Leads) -> String {
        if let Some(known) = self.targets.iter().find(|target| target.keys == leads.keys) {
            return known.name.clone();
        }
        let name = names::unique(&leads.name, &mut self.target_names);
        self.targets.push(Target { name: name.clone(), keys: leads.keys.clone() });
        name
    }

    fn id(&mut self, method: &str, path: &str, at: &str, operation: &Value, is_any: bool) -> String {
        let stated = operation.get("operationId").and_then(Value::as_str);
        let wanted = match stated {
            Some(id) if is_any => names::action(&format!("{id}-{}", method.to_ascii_lowercase())),
            Some(id) => names::action(id),
            None => names::of_operation(method, path),
        };
        let id = names::unique(&wanted, &mut self.ids);
        match stated {
            Some(stated) if stated != id => {
                let stated: String = stated.chars().filter(|c| !c.is_control()).take(64).collect();
                self.reading.leave(
                    &join(at, "operationId"),
                    format!("the `operationId` `{stated}`: the action is called `{id}`"),
                );
            }
            _ => {}
        }
        id
    }
}
