//! The configuration of what is imported, as a door takes it: what it would refuse is left out, and told.

use serde_json::json;

use super::closed::{self, Lost};
use super::{Imported, Reading, Route, Target, render};

/// The names of files that the configuration has.
pub(super) struct Files<'a> {
    pub(super) contract: &'a str,
    /// What is imported.
    pub(super) source: &'a str,
}

/// Writes the configuration part by part; a part that a door would not take is left out and told. `lost` are operations that
/// are no routes.
pub(super) fn write(
    reading: &mut Reading<'_>,
    imported: &mut Imported,
    targets: Vec<Target>,
    routes: Vec<Route>,
    mut lost: Vec<Lost>,
    files: &Files<'_>,
) -> String {
    let mut before = head(reading, imported, files.source);
    if let Some(cors) = imported.cors.clone() {
        let leave = ("/x-amazon-apigateway-cors", "what is answered to pages of other origins");
        if !add(reading, &mut before, &render::cors(&cors), leave) {
            imported.cors = None;
        }
    }
    if routes.iter().any(|route| route.auth.iter().any(|word| word == "iam")) {
        before.push_str(render::IAM);
    }
    for issuer in &imported.issuers {
        let what = format!("the issuer `{}`", issuer.name);
        let nth = imported.issuers.iter().position(|first| first.issuer == issuer.issuer).unwrap_or_default();
        add(reading, &mut before, &render::issuer(issuer, nth), ("/components/securitySchemes", &what));
    }
    for target in targets {
        let what = format!("where the target `{}` is: it is to be set", target.name);
        let is_fit = add(reading, &mut String::from(&before), &render::target(&target), ("/paths", &what));
        let keys = if is_fit { target.keys } else { vec![("lambda", json!("to-be-set"))] };
        let target = Target { keys, ..target };
        before.push_str(&render::target(&target));
        imported.targets.push(target);
    }
    let declared = imported.targets.len();
    let mut text = format!("{before}{}", render::nobody());
    for route in routes {
        let at = route.at.clone();
        let what = format!("the route `{} {}`", route.method, route.path);
        match as_is_fit(reading, &text, &route, files.contract) {
            Some(route) => {
                text.push_str(&render::route(&route, files.contract));
                imported.routes.push(route);
            }
            None => {
                add(reading, &mut text, &render::route(&route, files.contract), (&at, &what));
                lost.push(Lost { method: route.method, path: route.path, at });
            }
        }
    }
    closed::close(reading, imported, &lost, |route, target| {
        let target = Target { name: target.to_owned(), keys: vec![("lambda", json!("to-be-set"))] };
        let own = render::route(route, files.contract);
        let both = format!("{}{own}", render::target(&target));
        // One of them stands there by now, if an operation or a closed route leads to it.
        match [own, both].into_iter().find(|part| is_sound(&format!("{text}{part}"))) {
            Some(part) => text.push_str(&part),
            None => return false,
        }
        true
    });
    if imported.routes.iter().any(Route::admits_nobody) {
        before.push_str(&render::nobody());
    }
    let own = imported.targets.iter().skip(declared).map(render::target);
    let routes = imported.routes.iter().map(|route| render::route(route, files.contract));
    before.extend(own.chain(routes));
    before
}

fn head(reading: &mut Reading<'_>, imported: &mut Imported, source: &str) -> String {
    let text = render::head(imported, source);
    if is_sound(&text) {
        return text;
    }
    imported.key_header = None;
    reading
        .leave("/components/securitySchemes", "the header field of API keys: they are shown in `x-api-key`");
    render::head(imported, source)
}

/// The route as a door takes it: it may lose the last slash of the path that its target is sent, which is told, but no more of it,
/// since the rest is what keeps callers in the part of the target that is meant for them.
fn as_is_fit(reading: &mut Reading<'_>, text: &str, route: &Route, contract: &str) -> Option<Route> {
    let fits = |route: &Route| is_sound(&format!("{text}{}", render::route(route, contract)));
    if fits(route) {
        return Some(route.clone());
    }
    let path = route.rewrite.path.as_ref().and_then(|path| path.strip_suffix('/'))?;
    let mut trimmed = route.clone();
    trimmed.rewrite.path = Some(path.to_owned());
    if !fits(&trimmed) {
        return None;
    }
    reading
        .leave(&route.at, format!("the last slash of the path that the target is sent: it is `{path}` now"));
    Some(trimmed)
}

/// Why a door would not take the target; `None` where it would.
pub(super) fn refuses(target: &Target) -> Option<String> {
    let text = render::head(&Imported { door: "door".to_owned(), ..Imported::default() }, "");
    let faults = doorward_config::parse("doorward.toml", &(text + &render::target(target))).err()?;
    Some(faults.0.first().map(|fault| fault.message.clone()).unwrap_or_default())
}

fn is_sound(text: &str) -> bool {
    doorward_config::parse("doorward.toml", text).is_ok()
}

/// Adds a part to the configuration unless that makes it unsound.
fn add(reading: &mut Reading<'_>, text: &mut String, part: &str, (at, what): (&str, &str)) -> bool {
    let whole = format!("{text}{part}");
    match doorward_config::parse("doorward.toml", &whole) {
        Ok(_) => {
            *text = whole;
            true
        }
        Err(faults) => {
            let told = faults.0.first().map(|fault| fault.message.clone()).unwrap_or_default();
            reading.leave(at, format!("{what}: {told}"));
            false
        }
    }
}
