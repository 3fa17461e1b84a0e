//! Routes of any method and greedy parameters behind the fronts that the emulator has, each with a table of its own.

use doorward_testkit::http1::HttpMessage;
use doorward_testkit::unruly_server::{Conduct, UnrulyServer};
use doorward_tests::http::{Answer, send};
use doorward_tests::local_door::LocalDoor;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::check::project;

const POLICY: &str = r#"
@id("files-are-read")
permit (principal in Group::"customers", action == Action::"readFile", resource) unless { resource == File::"private/keys" };

@id("an-index-is-read")
permit (principal in Group::"customers", action == Action::"readIndex", resource);

@id("files-are-replaced")
permit (principal in Group::"customers", action == Action::"changeFile", resource) when { context.request.method == "PUT" };
"#;

fn files(server: &UnrulyServer) -> TempDir {
    let routes = [
        ("readFile", "GET /files/{path+}", "resource = { type = \"File\", id = \"path.path\" }"),
        ("readIndex", "GET /files/{folder}/index", ""),
        ("changeFile", "ANY /files/{path+}", "rewrite = \"/v2/{path}\""),
    ];
    let routes = routes.map(|(id, matched, more)| {
        format!("\n[[routes]]\nid = \"{id}\"\nmatch = \"{matched}\"\ntarget = \"files\"\nauth = [\"main\"]\n{more}\n")
    });
    let target = format!(
        "\n[[targets]]\nname = \"files\"\nhttp = \"http://{}\"\nnetworks = [\"127.0.0.0/8\"]\nretry = false\nhealth = false\n",
        server.address()
    );
    project(&[
        ("doorward.toml", &|text| {
            let fronts = r#"fronts = ["rest-api:shoprest", "http-api:shop","#;
            let text = text
                .replacen(r#"fronts = ["http-api:shop","#, fronts, 1)
                .replacen("burst = 10", "burst = 1000", 1)
                .replacen("cache = \"60s\"", "cache = \"0s\"", 1);
            format!("{text}\n[cors]\norigins = [\"https://pages.example\"]\n{target}{}", routes.concat())
        }),
        ("orders.cedar", &|text| text + POLICY),
        ("shop.cedarschema", &|text| text + "\nentity File in [Function];\n"),
    ])
}

/// Origin and base path of `http://127.0.0.1:3000/prod`.
fn split(url: &str) -> (String, String) {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let base = if path.is_empty() { String::new() } else { format!("/{}", path.trim_end_matches('/')) };
    (format!("{scheme}://{authority}"), base)
}

struct Front<'d> {
    door: &'d LocalDoor,
    name: &'static str,
    origin: String,
    base: String,
}

impl Front<'_> {
    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        send(&self.origin, method, &format!("{}{path}", self.base), headers, b"")
    }

    fn ask_as(&self, groups: &str, method: &str, path: &str) -> Answer {
        self.ask(method, path, &[("authorization", &self.door.bearer("alice", groups))])
    }

    /// The action and the resource that the ledger has of an admitted call.
    #[track_caller]
    fn recorded(&self, method: &str, path: &str) -> String {
        let answer = self.ask_as("customers", method, path);
        assert_eq!(answer.status, 200, "{}: {method} {path}: {answer:?}", self.name);
        let item = self.door.ledger(answer.header("x-request-id").unwrap());
        format!("{} {}", item["action"]["S"].as_str().unwrap(), item["resource"]["S"].as_str().unwrap())
    }

    #[track_caller]
    fn refused(&self, method: &str, path: &str, statuses: &[u16]) {
        let answer = self.ask_as("customers", method, path);
        assert!(statuses.contains(&answer.status), "{}: {method} {path}: {answer:?}", self.name);
    }
}

#[test]
fn the_most_specific_route_takes_a_request_whatever_its_front() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(UnrulyServer::start(|request: &HttpMessage| {
        Conduct::Answer(HttpMessage::answer(200, if request.request_line().0 == "HEAD" { "" } else { "{}" }))
    }));
    let folder = files(&server);
    let door = LocalDoor::open(folder.path(), &[]);
    for (name, url) in
        [("rest-api", door.rest_api()), ("http-api", door.http_api()), ("function-url", door.function_url())]
    {
        let (origin, base) = split(url);
        let front = Front { door: &door, name, origin, base };
        assert_eq!(front.recorded("GET", "/files/a/b/c"), "readFile File::\"a/b/c\"", "{name}");
        assert_eq!(front.recorded("GET", "/files/index"), "readFile File::\"index\"", "{name}");
        assert_eq!(front.recorded("GET", "/files/a/index"), "readIndex Function::\"files\"", "{name}");
        assert_eq!(front.recorded("PUT", "/files/a/index"), "changeFile Function::\"files\"", "{name}");
        assert_eq!(front.recorded("PUT", "/files/a%20b/c"), "changeFile Function::\"files\"", "{name}");
        let sent = server.requests().last().unwrap().start.clone();
        assert_eq!(sent, "PUT /v2/a%20b/c HTTP/1.1", "{name}");
        front.refused("GET", "/files/private/keys", &[403]);
        front.refused("POST", "/files/a/b", &[403]);
        // What no route has, the API or the door says.
        front.refused("GET", "/files", &[403, 404]);
        front.refused("GET", "/files/", &[400, 403, 404]);
        let reached = server.requests().len();
        for hostile in
            ["/files//x", "/files/%2e%2e/x", "/files/%2e%2e", "/files/a%00", "/files/a%252Fb", "/files/a;b"]
        {
            // An authorizer can say no more than 403.
            front.refused("GET", hostile, &[400, 403]);
        }
        let nobody = front.ask("DELETE", "/files/a", &[]);
        assert_eq!(nobody.status, 401, "{name}: {nobody:?}");
        let asks = [("origin", "https://pages.example"), ("access-control-request-method", "PUT")];
        let preflight = front.ask("OPTIONS", "/files/a/b", &asks);
        assert_eq!(preflight.status, 204, "{name}: {preflight:?}");
        let methods = preflight.header("access-control-allow-methods");
        assert_eq!(methods, Some("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"), "{name}");
        assert_eq!(server.requests().len(), reached, "{name}");
    }
    // As sent, an encoded slash is no part of a segment; decoded by an HTTP API, it parts two, and these are decided upon.
    for (url, path, status) in [
        (door.function_url(), "/files/private%2Fkeys", 400),
        (door.http_api(), "/files/private%2Fkeys", 403),
        (door.rest_api(), "/files/private%2Fkeys", 403),
    ] {
        let (origin, base) = split(url);
        let front = Front { door: &door, name: "encoded", origin, base };
        front.refused("GET", path, &[status]);
    }
}
