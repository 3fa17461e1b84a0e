//! Operations that could not become routes, where another route would take their requests: routes that nobody is let in by.
//!
//! Methods that a path never had are not among them. Of a REST API too, method and path are resolved together ("a method request
//! against a specific resource takes precedence over a method request against a generic resource", "Set up a method request in API
//! Gateway", developer guide): `POST /a` is a greedy resource's there as well, where `/a` has `GET` alone.

use std::collections::BTreeSet;

use doorward_config::RouteMethod;
use serde_json::json;

use super::{Imported, Reading, Route, Target, contract, names};

/// The word in `auth` of an issuer without keys: no token is its own, so that nobody is let in by it, whatever policies permit.
pub(super) const NOBODY: &str = "nobody";
/// The key set of [`NOBODY`], in the folder of policies.
pub(super) const KEYS_FILE: &str = "nobody.jwks.json";
/// The content of [`KEYS_FILE`]: a set of no keys (RFC 7517 section 5).
pub(super) const KEYS: &str = "{ \"keys\": [] }\n";

/// An operation that became no route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lost {
    /// `ANY` for those methods of its path that have no other operation.
    pub(super) method: String,
    pub(super) path: String,
    /// Where it stands in the document that is imported.
    pub(super) at: String,
}

/// Closes what is lost, where a route that is imported would take its requests: by a route of its own if `fits` says that a door
/// takes that one, else by closing the routes that would take them.
pub(super) fn close(
    reading: &mut Reading<'_>,
    imported: &mut Imported,
    lost: &[Lost],
    mut fits: impl FnMut(&Route, &str) -> bool,
) {
    for lost in lost {
        let routes = imported.routes.iter().enumerate();
        let covering: Vec<usize> =
            routes.filter(|(_, route)| covers(route, lost)).map(|(nth, _)| nth).collect();
        let Some(first) = covering.first().and_then(|nth| imported.routes.get(*nth)) else { continue };
        let other = format!("{} {}", first.method, first.path);
        let this = format!("{} {}", lost.method, lost.path);
        let target = target(imported);
        let route = closed(imported, lost, target.name.clone());
        if fits(&route, &target.name) {
            let what = format!(
                "`{this}` is a route that nobody is let in by (`auth = [\"{NOBODY}\"]`), since `{other}` would take its requests"
            );
            reading.leave(&lost.at, what);
            if !imported.targets.contains(&target) {
                imported.targets.push(target);
            }
            imported.routes.push(route);
            continue;
        }
        for nth in covering {
            let Some(route) = imported.routes.get_mut(nth).filter(|route| route.auth != [NOBODY]) else {
                continue;
            };
            let what = format!(
                "nobody is let in by `{} {}` until `auth` says whom (`auth = [\"{NOBODY}\"]`): it would take the requests of `{this}`, which \
                 is no route",
                route.method, route.path
            );
            reading.leave(&lost.at, what);
            route.auth = vec![NOBODY.to_owned()];
            (route.scopes, route.any_scope) = (Vec::new(), false);
        }
    }
}

fn closed(imported: &Imported, lost: &Lost, target: String) -> Route {
    let path = match lost.path.trim_end_matches('/') {
        "" => "/",
        path => path,
    };
    let mut ids: BTreeSet<String> = imported.routes.iter().map(|route| route.id.clone()).collect();
    Route {
        id: names::unique(&names::of_operation(&lost.method, path), &mut ids),
        method: lost.method.clone(),
        path: path.to_owned(),
        target,
        auth: vec![NOBODY.to_owned()],
        at: lost.at.clone(),
        ..Route::default()
    }
}

/// The target of closed routes, which is to be set.
fn target(imported: &Imported) -> Target {
    let keys = vec![("lambda", json!("to-be-set"))];
    if let Some(known) = imported.targets.iter().find(|target| target.keys == keys) {
        return known.clone();
    }
    let mut taken = imported.targets.iter().map(|target| target.name.clone()).collect();
    Target { name: names::unique("to-be-set", &mut taken), keys }
}

/// Whether the route takes requests that were the operation's, once that is gone.
fn covers(route: &Route, lost: &Lost) -> bool {
    let is_any = |method: &str| method == RouteMethod::Any.as_str();
    let same_path = is_less_literal(&route.path, &lost.path) && is_less_literal(&lost.path, &route.path);
    let methods = route.method == lost.method
        || is_any(&route.method)
        // Beside a method of its own path, any method never stood for that one.
        || (is_any(&lost.method) && !same_path);
    methods && is_less_literal(&route.path, &lost.path)
}

/// Whether requests for the path `special` may come to `general` where there is no `special`: a path without a greedy parameter goes
/// before one with it, else the first segment that differs decides, a literal one before a parameter, and this before a greedy
/// one ("Working with routes for HTTP APIs", API Gateway guide).
fn is_less_literal(general: &str, special: &str) -> bool {
    let is_greedy = |path: &str| segments(path).any(takes_all);
    if is_greedy(special) && !is_greedy(general) {
        return false;
    }
    let mut is_decided = is_greedy(general) && !is_greedy(special);
    let (mut general, mut special) = (segments(general), segments(special));
    loop {
        match (general.next(), special.next()) {
            (None, None) => return true,
            (None, _) | (_, None) => return false,
            (Some(general), Some(_)) if takes_all(general) => return true,
            (Some(_), Some(special)) if takes_all(special) => return is_decided,
            (Some(general), Some(special)) => match (general.starts_with('{'), special.contains('{')) {
                (true, true) => {}
                (true, false) => is_decided = true,
                (false, true) if is_decided => {}
                (false, false) if general == special => {}
                (false, _) => return false,
            },
        }
    }
}

/// Whether the segment is a greedy parameter.
fn takes_all(segment: &str) -> bool {
    contract::parameter(segment).is_some_and(|(_, greedy)| !greedy.is_empty())
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(route: &str, lost: &str, expected: bool) {
        let (method, path) = route.split_once(' ').unwrap();
        let route = Route { method: method.to_owned(), path: path.to_owned(), ..Route::default() };
        let (method, path) = lost.split_once(' ').unwrap();
        let lost = Lost { method: method.to_owned(), path: path.to_owned(), at: String::new() };
        assert_eq!(covers(&route, &lost), expected, "{route:?} {lost:?}");
    }

    #[test]
    fn routes_take_what_others_leave() {
        for (route, lost, expected) in [
            ("ANY /{p+}", "GET /a", true),
            ("ANY /{p+}", "GET /a/{x}/", true),
            ("ANY /{p+}", "GET /", false),
            ("ANY /{p+}", "ANY /a/{p+}", true),
            ("ANY /a/{p+}", "ANY /{p+}", false),
            ("ANY /a/{p+}", "GET /{x}/b", true),
            ("GET /{p+}", "POST /a", false),
            ("GET /{p+}", "ANY /a", true),
            ("GET /a", "ANY /a", false),
            ("ANY /a", "GET /a", true),
            ("GET /a", "GET /a/", true),
            ("GET /{x}", "GET /a", true),
            ("GET /a", "GET /{x}", false),
            ("GET /a", "GET /{p+}", false),
            ("GET /{x}/b", "GET /a/{y}", true),
            ("GET /a/{y}", "GET /{x}/b", false),
            ("GET /a/{y}", "GET /b/{y}", false),
            ("GET /{x}", "GET /a/b", false),
            ("GET /{x}", "GET /{a}-{b}", true),
            ("GET /{x}", "GET /{a}-{b+}", true),
            ("GET /{p+}", "GET /{a}-{b}/c", true),
            ("GET /{x}/b", "GET /v{a}/b", true),
            ("GET /a", "GET /{a}-{b}", false),
        ] {
            check(route, lost, expected);
        }
    }
}
