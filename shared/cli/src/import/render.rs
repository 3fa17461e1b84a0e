//! The files of a project, as texts.

use serde_json::{Map, Value, json};

use super::closed::{KEYS_FILE, NOBODY};
use super::{Imported, Issuer, Rewrite, Route, Target};

/// A text, a list or a table as TOML has it, whose basic strings are JSON's but for one character.
fn toml(value: &Value) -> String {
    let text = |text: &Value| text.to_string().replace('\u{7f}', "\\u007f");
    match value {
        Value::Object(members) => {
            let is_bare = |name: &str| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            };
            let key = |name: &str| if is_bare(name) { name.to_owned() } else { text(&json!(name)) };
            let members = members.iter().map(|(name, value)| format!("{} = {}", key(name), toml(value)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        value => text(value),
    }
}

fn line(key: &str, value: &Value) -> String {
    format!("{key} = {}\n", toml(value))
}

/// What stands before all routes.
pub(super) fn head(imported: &Imported, file: &str) -> String {
    let mut text = format!("# Imported from {file}.\n\n[door]\n");
    text.push_str(&line("name", &json!(imported.door)));
    text.push_str(&line("table", &json!("doorward")));
    text.push_str("# Pin what may send: nothing enters until the ids of APIs stand here or in `DOORWARD_FRONTS`.\nfronts = []\n");
    if let Some(header) = &imported.key_header {
        text.push_str("\n[api_keys]\n");
        text.push_str(&line("header", &json!(header)));
    }
    text
}

/// IAM users are principals of a type that no issuer makes.
pub(super) const IAM: &str = "\n[iam]\nuser_type = \"IamUser\"\n";

pub(super) fn cors(cors: &Value) -> String {
    let members = cors.as_object().into_iter().flatten().map(|(key, value)| line(key, value));
    "\n[cors]\n".to_owned() + &members.collect::<String>()
}

/// Each issuer makes principals of a type of its own, which no two may share; `nth` is the first of its URL.
pub(super) fn issuer(issuer: &Issuer, nth: usize) -> String {
    let mut text = "\n[[issuers]]\n".to_owned();
    text.push_str(&line("name", &json!(issuer.name)));
    text.push_str(&line("issuer", &json!(issuer.issuer)));
    if issuer.is_cognito {
        text.push_str(&line("tokens", &json!("cognito")));
    }
    text.push_str(&line("audiences", &json!(issuer.audiences)));
    text.push_str(&line("algorithms", &json!(issuer.algorithms)));
    let kind = if nth == 0 { "User".to_owned() } else { format!("User{}", nth + 1) };
    text.push_str(&format!("principal = {{ type = \"{kind}\", id = \"sub\", groups = false }}\n"));
    text
}

/// The issuer that no token is of: its set of keys is empty.
pub(super) fn nobody() -> String {
    format!(
        "\n# Nobody has a token of an issuer without keys: routes that take one alone let nobody in until `auth` says whom.\n\
         [[issuers]]\nname = \"{NOBODY}\"\nissuer = \"https://{NOBODY}.invalid/\"\njwks_file = \"{KEYS_FILE}\"\n\
         audiences = [\"{NOBODY}\"]\nalgorithms = [\"ES256\"]\nprincipal = {{ type = \"Nobody\", id = \"sub\", groups = false }}\n"
    )
}

pub(super) fn target(target: &Target) -> String {
    let mut text = "\n[[targets]]\n".to_owned() + &line("name", &json!(target.name));
    for (key, value) in &target.keys {
        text.push_str(&line(key, value));
    }
    text
}

pub(super) fn route(route: &Route, contract: &str) -> String {
    let mut text = "\n[[routes]]\n".to_owned();
    text.push_str(&line("id", &json!(route.id)));
    text.push_str(&line("match", &json!(format!("{} {}", route.method, route.path))));
    text.push_str(&line("target", &json!(route.target)));
    text.push_str(&line("auth", &json!(route.auth)));
    if !route.scopes.is_empty() {
        let scopes = toml(&json!(route.scopes));
        match route.any_scope && route.scopes.len() > 1 {
            true => text.push_str(&format!("scopes = {{ any = {scopes} }}\n")),
            false => text.push_str(&format!("scopes = {scopes}\n")),
        }
    }
    if route.stream {
        text.push_str("stream = true\n");
    }
    if route.contract {
        text.push_str(&line("contract", &json!(format!("{contract}#{}", route.id))));
        if let Some(word) = route.check_answers.filter(|_| !route.stream) {
            text.push_str(&line("check_answers", &json!(word)));
        }
    }
    if let Some(rewrite) = rewrite(&route.rewrite) {
        text.push_str(&line("rewrite", &rewrite));
    }
    text
}

fn rewrite(rewrite: &Rewrite) -> Option<Value> {
    let path = rewrite.path.as_ref().map(|path| json!(path));
    let mut query = Map::new();
    if !rewrite.set_query.is_empty() {
        query.insert(
            "set".to_owned(),
            rewrite.set_query.iter().cloned().map(|(name, text)| (name, json!(text))).collect(),
        );
    }
    if !rewrite.remove_query.is_empty() {
        query.insert("remove".to_owned(), json!(rewrite.remove_query));
    }
    if query.is_empty() {
        return path;
    }
    let path = path.map(|path| ("path".to_owned(), path));
    Some(path.into_iter().chain([("query".to_owned(), Value::Object(query))]).collect())
}

/// Policies are not imported: what permits is for their writer to say.
pub(super) fn policies(routes: &[Route], file: &str) -> String {
    let mut text = format!(
        "// Nothing is permitted until a policy here says so: each call of the API that was imported from\n// {file} is answered with 403.\n"
    );
    if let Some(route) = routes.first() {
        text.push_str(&format!(
            "//\n// permit (\n//     principal,\n//     action == Action::\"{}\",\n//     resource == Function::\"{}\"\n// );\n",
            route.id, route.target
        ));
    }
    text
}
