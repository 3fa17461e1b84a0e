//! What routes make of paths and queries.

use doorward_config::{Template, TemplatePart};
use expect_test::expect;

use crate::shop::{SHOP, check};

const ORDERS: &str = "lambda = \"orders\"";

#[test]
fn a_route_rewrites_what_a_server_is_sent() {
    let text = SHOP
        .replace(ORDERS, "http = \"https://a.example\"")
        .replace("resource = { type = \"Order\"", "rewrite = { path = \"/v2/o-{id}/{id}\", query = { set = { user = \"{id}\" }, remove = [\"debug\"] } }\nresource = { type = \"Order\"");
    let config = doorward_config::parse("doorward.toml", &text).unwrap_or_else(|faults| panic!("{faults}"));
    let rewrite = config.routes[1].rewrite.clone().unwrap();
    let (text, id) =
        (|text: &str| TemplatePart::Text(text.to_owned()), TemplatePart::Parameter("id".to_owned()));
    assert_eq!(rewrite.path, Some(Template(vec![text("/v2/o-"), id.clone(), text("/"), id.clone()])));
    assert_eq!(rewrite.set_query, [("user".to_owned(), Template(vec![id]))]);
    assert_eq!(rewrite.remove_query, ["debug"]);
}

#[test]
fn rewritten_paths_stay_paths() {
    let with = |rewrite: &str| {
        format!(
            "resource = {{ type = \"Order\", id = \"path.id\" }}\nrewrite = {rewrite}\n\n[[targets]]\nname = \"server\"\nhttp = \"https://a.example\""
        )
    };
    let resource = "resource = { type = \"Order\", id = \"path.id\" }";
    check(
        resource,
        &with("\"/v2/{id}\""),
        expect![[r#"
        doorward.toml:41:11: a target of kind `lambda` is sent no path that could be another one
          hint: leave `rewrite` out: it is for targets that speak HTTP"#]],
    );
    let text = SHOP.replace(ORDERS, "http = \"https://a.example\"");
    for (rewrite, expected) in [
        ("\"v2/{id}\"", expect!["doorward.toml:41:11: `v2/{id}` is no path: it must begin with a slash"]),
        (
            "\"/v2/{name}\"",
            expect![[r#"
            doorward.toml:41:11: the path has no parameter `name`
              hint: expected `id`"#]],
        ),
        (
            "\"/v2/.{id}\"",
            expect![
                "doorward.toml:41:11: `/v2/.{id}` is no path: a segment is empty, holds dots alone, or several parameters and nothing between them"
            ],
        ),
        (
            "\"/v2/{id}{id}\"",
            expect![
                "doorward.toml:41:11: `/v2/{id}{id}` is no path: a segment is empty, holds dots alone, or several parameters and nothing between them"
            ],
        ),
        (
            "\"/v2//x\"",
            expect![
                "doorward.toml:41:11: `/v2//x` is no path: a segment is empty, holds dots alone, or several parameters and nothing between them"
            ],
        ),
        (
            "\"/v2/../x\"",
            expect![
                "doorward.toml:41:11: `/v2/../x` is no path: a segment is empty, holds dots alone, or several parameters and nothing between them"
            ],
        ),
        (
            "\"/v2/%2e\"",
            expect![[r#"
            doorward.toml:41:11: `/v2/%2e` is no path: it holds a character that stands in none
              hint: write what stands in a path as it is (RFC 3986 section 3.3), and parameters in braces"#]],
        ),
        ("\"/v2/{id\"", expect!["doorward.toml:41:11: `/v2/{id` cannot be read: a brace is not closed"]),
        (
            "{ query = {} }",
            expect![[r#"
            doorward.toml:41:11: it rewrites nothing
              hint: set `path` or `query`"#]],
        ),
    ] {
        crate::shop::check_text(
            &text.replace(resource, &format!("{resource}\nrewrite = {rewrite}")),
            expected,
        );
    }
}
