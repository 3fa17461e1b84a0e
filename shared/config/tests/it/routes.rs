use expect_test::expect;

use crate::shop::{SHOP, check, check_text};

#[test]
fn names_that_are_used_are_declared() {
    check(
        "target = \"orders\"\nauth = [\"main\"]",
        "target = \"order\"\nauth = [\"mian\"]",
        expect![[r#"
        doorward.toml:29:10: no target is named `order`
          hint: did you mean `orders`?
        doorward.toml:30:9: no issuer or webhook is named `mian`
          hint: did you mean `main`?"#]],
    );
    check(
        r#"auth = ["main"]"#,
        r#"auth = ["somebody"]"#,
        expect![[r#"
            doorward.toml:30:9: no issuer or webhook is named `somebody`
              hint: expected `main`, `anonymous`, `api-key`, `iam` or `certificate`"#]],
    );
    check(
        r#"purpose = "checkout""#,
        r#"purpose = "marketing""#,
        expect![[r#"
        doorward.toml:33:11: no purpose is named `marketing`
          hint: expected `checkout` or `analytics`"#]],
    );
    check(
        r#"purposes = ["checkout", "analytics"]"#,
        "",
        expect![[r#"
            doorward.toml:33:11: no purpose is named `checkout`
              hint: no purpose is declared"#]],
    );
    check(
        r#"id = "path.id""#,
        r#"id = "path.orderId""#,
        expect![[r#"
        doorward.toml:40:35: the path has no parameter `orderId`
          hint: expected `id`"#]],
    );
    check(
        r#"id = "path.id""#,
        r#"id = "id""#,
        expect![[r#"
        doorward.toml:40:35: `id` is not a parameter of the path
          hint: write `path.` and the parameter's name"#]],
    );
}

#[test]
fn missing_keys_are_reported_at_the_header() {
    check(
        "match = \"POST /orders\"\n",
        "",
        expect!["doorward.toml:26:1: missing key `match` in `[[routes]]`"],
    );
    check("auth = [\"main\"]\n", "", expect!["doorward.toml:26:1: missing key `auth` in `[[routes]]`"]);
    check(
        r#"auth = ["main"]"#,
        "auth = []",
        expect!["doorward.toml:30:8: expected at least one element, found an empty array"],
    );
    check(r#"auth = ["main"]"#, r#"auth = ["main", "main"]"#, expect!["doorward.toml:30:17: listed twice"]);
}

#[test]
fn ids_are_unique_over_routes_and_events_and_not_the_doors() {
    check(
        r#"id = "getOrder""#,
        r#"id = "createOrder""#,
        expect![[r#"
        doorward.toml:36:6: a second route or event is named `createOrder`
          hint: the first one is on line 27"#]],
    );
    check(
        r#"id = "receiptUploaded""#,
        r#"id = "createOrder""#,
        expect![[r#"
        doorward.toml:43:6: a second route or event is named `createOrder`
          hint: the first one is on line 27"#]],
    );
    check(
        r#"id = "getOrder""#,
        r#"id = "doorward.usage""#,
        expect!["doorward.toml:36:6: `doorward.usage` is reserved: the door's own actions begin so"],
    );
    check(
        r#"id = "getOrder""#,
        r#"id = "get order""#,
        expect![[r#"
        doorward.toml:36:6: `get order` is not a name
          hint: use 1 to 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit"#]],
    );
}

#[test]
fn no_two_routes_match_the_same_requests() {
    let route = |matched: &str| {
        format!(
            "[[routes]]\nid = \"other\"\nmatch = \"{matched}\"\ntarget = \"orders\"\nauth = [\"main\"]\n\n[[plans]]"
        )
    };
    check(
        "[[plans]]",
        &route("GET /orders/{orderId}"),
        expect![[r#"
        doorward.toml:51:9: `GET /orders/{orderId}` matches the same requests as `GET /orders/{id}`
          hint: the first route is on line 37"#]],
    );
    check(
        "[[plans]]",
        &route("POST /orders"),
        expect![[r#"
        doorward.toml:51:9: `POST /orders` matches the same requests as `POST /orders`
          hint: the first route is on line 28"#]],
    );
    check(
        "[[plans]]",
        &route("GET /.doorward/{rest+}"),
        expect!["doorward.toml:51:9: `/.doorward/{rest+}` is reserved: the door answers below `/.doorward/`"],
    );
    for apart in [
        "PUT /orders",
        "GET /orders/new",
        "GET /orders/{key}/items",
        "GET /{id}/orders",
        "GET /orders/{key+}",
        "ANY /orders/{key}",
        "ANY /{rest+}",
        "ANY /",
    ] {
        let text = SHOP.replace("[[plans]]", &route(apart));
        assert!(doorward_config::parse("doorward.toml", &text).is_ok(), "{apart}");
    }
}

#[test]
fn greedy_and_any_routes_are_told_apart_by_method_and_shape() {
    let routes = |matches: &[&str]| {
        let route = |(nth, matched): (usize, &&str)| {
            format!(
                "[[routes]]\nid = \"r{nth}\"\nmatch = \"{matched}\"\ntarget = \"orders\"\nauth = [\"main\"]\n\n"
            )
        };
        SHOP.replace("[[plans]]", &(matches.iter().enumerate().map(route).collect::<String>() + "[[plans]]"))
    };
    check_text(
        &routes(&["GET /files/{path+}", "ANY /files/{id}", "GET /files/{rest+}"]),
        expect![[r#"
        doorward.toml:63:9: `GET /files/{rest+}` matches the same requests as `GET /files/{path+}`
          hint: the first route is on line 51"#]],
    );
    check_text(
        &routes(&["ANY /files/{path+}", "ANY /files/{rest+}"]),
        expect![[r#"
        doorward.toml:57:9: `ANY /files/{rest+}` matches the same requests as `ANY /files/{path+}`
          hint: the first route is on line 51"#]],
    );
    let all = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .map(|method| format!("{method} /a/{{b}}"));
    let mut all: Vec<&str> = all.iter().map(String::as_str).collect();
    all.insert(3, "ANY /a/{c}");
    check_text(
        &routes(&all),
        expect![[r#"
        doorward.toml:93:9: no request is left for `ANY /a/{c}`: each method has its own route
          hint: leave out the route on line 69"#]],
    );
    all.pop();
    assert!(doorward_config::parse("doorward.toml", &routes(&all)).is_ok());
}

#[test]
fn a_route_of_any_method_has_no_contract_and_takes_keys() {
    let any = SHOP.replace("match = \"POST /orders\"", "match = \"ANY /orders\"");
    check_text(
        &any,
        expect![[r#"
        doorward.toml:31:12: an operation has one method, and `ANY /orders` takes all
          hint: give each method that has a contract a route of its own, which comes before `ANY`; or leave `contract` out"#]],
    );
    let any = any.replace("contract = \"contracts/shop.yaml#createOrder\"", "idempotency = \"required\"");
    let config = doorward_config::parse("doorward.toml", &any).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(config.routes[0].takes_any_method() && config.routes[0].idempotency.is_some());
    assert_eq!(config.routes[0].matched.to_string(), "ANY /orders");
    check_text(
        &any.replace("idempotency = \"required\"", "cloudevents = {}"),
        expect![[r#"
        doorward.toml:29:10: a route of CloudEvents has no `target`: each of its events names the target
          hint: leave `target` out
        doorward.toml:31:15: events come by `POST`
          hint: write `match = "POST /…"`
        doorward.toml:32:9: a route of CloudEvents has no `units`: each event counts for one
          hint: leave `units` out
        doorward.toml:33:11: a route of CloudEvents has no `purpose`: each of its events states the purpose
          hint: leave `purpose` out"#]],
    );
}

#[test]
fn a_greedy_parameter_is_read_by_its_name() {
    let greedy = SHOP.replace("GET /orders/{id}", "GET /orders/{id+}");
    let config = doorward_config::parse("doorward.toml", &greedy).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(config.routes[1].matched.to_string(), "GET /orders/{id+}");
    assert_eq!(config.routes[1].resource.as_ref().unwrap().parameter, "id");
    check_text(
        &greedy.replace("path.id", "path.id+"),
        expect![[r#"
        doorward.toml:40:35: the path has no parameter `id+`
          hint: did you mean `id`?"#]],
    );
}

#[test]
fn a_match_is_a_method_and_a_canonical_path() {
    check(
        "POST /orders",
        "/orders",
        expect![[r#"
        doorward.toml:28:9: `/orders` is not a method and a path
          hint: write both with one space between: `POST /orders`"#]],
    );
    check(
        "POST /orders",
        "post /orders",
        expect![[r#"
        doorward.toml:28:9: unknown method `post`
          hint: did you mean `POST`?"#]],
    );
    check(
        "POST /orders",
        "BREW /orders",
        expect![[r#"
            doorward.toml:28:9: unknown method `BREW`
              hint: expected `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE`, `OPTIONS` or `ANY`"#]],
    );
    check(
        "POST /orders",
        "POST  /orders",
        expect!["doorward.toml:28:9: the path does not begin with a slash: ` /orders`"],
    );
    check(
        "POST /orders",
        "POST /orders/",
        expect![[r#"
            doorward.toml:28:9: the path `/orders/` ends with a slash
              hint: leave the last slash out"#]],
    );
    check(
        "POST /orders",
        "POST /a/../orders",
        expect!["doorward.toml:28:9: the path holds a dot segment: `/a/../orders`"],
    );
    check(
        "POST /orders",
        "POST /or%64ers",
        expect![[r#"
        doorward.toml:28:9: the path `/or%64ers` is percent-encoded
          hint: write the characters themselves: callers' paths are decoded before they are matched"#]],
    );
    check(
        "POST /orders",
        "POST /orders;v=1",
        expect!["doorward.toml:28:9: the path holds a delimiter in a segment: `/orders;v=1`"],
    );
    check(
        "POST /orders",
        "POST /{id}/{id}",
        expect!["doorward.toml:28:9: the path has the parameter `id` twice"],
    );
    check(
        "POST /orders",
        "POST /orders/{id}.json",
        expect![[r#"
        doorward.toml:28:9: `{id}.json` is not a parameter
          hint: a parameter is a whole segment and its name letters, digits and `_`: `/orders/{id}`"#]],
    );
    check(
        "POST /orders",
        "POST /{proxy+}/items",
        expect![[r#"
            doorward.toml:28:9: `{proxy+}` takes all that is left of the path
              hint: only the last segment can: leave out the `+`, or what stands behind it"#]],
    );
    check(
        "POST /orders",
        "POST /{*proxy}",
        expect![[r#"
            doorward.toml:28:9: `{*proxy}` is not a parameter
              hint: a parameter is a whole segment and its name letters, digits and `_`: `/orders/{id}`"#]],
    );
    check(
        "POST /orders",
        "POST /.doorward/usage",
        expect!["doorward.toml:28:9: `/.doorward/usage` is reserved: the door answers below `/.doorward/`"],
    );
}

#[test]
fn a_contract_is_a_file_below_and_an_operation() {
    let contract = "contracts/shop.yaml#createOrder";
    check(
        contract,
        "contracts/shop.yaml",
        expect![[r#"
        doorward.toml:31:12: `contracts/shop.yaml` names no operation
          hint: write the file, `#` and the `operationId`: `contracts/shop.yaml#createOrder`"#]],
    );
    check(
        contract,
        "contracts/shop.yaml#",
        expect![[r#"
        doorward.toml:31:12: `contracts/shop.yaml#` names no operation
          hint: write the file, `#` and the `operationId`: `contracts/shop.yaml#createOrder`"#]],
    );
    check(
        contract,
        "#createOrder",
        expect![[r#"
            doorward.toml:31:12: an empty text holds an empty or a dot segment
              hint: write a path below the folder of the configuration"#]],
    );
    check(
        contract,
        "/etc/shop.yaml#createOrder",
        expect![[r#"
            doorward.toml:31:12: `/etc/shop.yaml` is an absolute path
              hint: write a path below the folder of the configuration"#]],
    );
    check(
        contract,
        "contracts/../../shop.yaml#createOrder",
        expect![[r#"
            doorward.toml:31:12: `contracts/../../shop.yaml` leaves the folder of the configuration
              hint: write a path below the folder of the configuration"#]],
    );
    check(
        "purpose = \"checkout\"",
        "check_answers = \"strict\"",
        expect![[r#"
        doorward.toml:33:17: unknown value `strict`
          hint: expected `enforce`, `report` or `off`"#]],
    );
    check(
        "auth = [\"main\", \"anonymous\"]",
        "auth = [\"main\"]\ncheck_answers = \"report\"",
        expect![[r#"
        doorward.toml:40:17: answers cannot be checked without a contract
          hint: set `contract`, or leave `check_answers` out"#]],
    );
}

#[test]
fn a_resource_is_an_entity_of_its_own() {
    check(
        r#"type = "Order""#,
        r#"type = "2Order""#,
        expect![[r#"
        doorward.toml:40:21: `2Order` is not a Cedar entity type
          hint: write letters, digits and `_`, namespaces joined by `::`, such as `Shop::User`"#]],
    );
    check(
        r#"type = "Order""#,
        r#"type = "Function""#,
        expect!["doorward.toml:40:21: the entity type `Function` is reserved"],
    );
    check(
        r#"type = "Order""#,
        r#"type = "User""#,
        expect![[r#"
        doorward.toml:40:21: `User` is the type of an issuer's principals
          hint: give resources a type of their own"#]],
    );
}

#[test]
fn a_resource_is_in_what_the_path_names() {
    let resource = r#"resource = { type = "Order", id = "path.id" }"#;
    let matched = "GET /orders/{id}";
    let with = |parents: &str| {
        SHOP.replace(matched, "GET /tenants/{tenant}/orders/{id}")
            .replace(resource, &resource.replace(" }", &format!(", parents = {parents} }}")))
    };
    let config = doorward_config::parse(
        "f",
        &with(r#"[{ type = "Tenant", id = "path.tenant" }, { type = "User", id = "path.tenant" }]"#),
    )
    .unwrap();
    let parents = &config.routes[1].resource.as_ref().unwrap().parents;
    let shown: Vec<String> = parents.iter().map(|p| format!("{} {}", p.type_name, p.parameter)).collect();
    assert_eq!(shown, ["Tenant tenant", "User tenant"]);
    check_text(
        &with(r#"[{ type = "Group", id = "path.tenent" }, { type = "Tenant" }]"#),
        expect![[r#"
        doorward.toml:40:66: the entity type `Group` is reserved
        doorward.toml:40:80: the path has no parameter `tenent`
          hint: did you mean `tenant`?
        doorward.toml:40:97: missing key `id` in a parent"#]],
    );
    check_text(
        &with("[]"),
        expect!["doorward.toml:40:56: expected at least one element, found an empty array"],
    );
    check_text(
        &with(r#"[{ type = "Tenant", id = "path.tenant" }, { type = "Tenant", id = "path.tenant" }]"#),
        expect!["doorward.toml:40:98: listed twice"],
    );
    check_text(
        &with(r#"[{ type = "Order", id = "path.id" }]"#),
        expect!["doorward.toml:40:57: a resource cannot be in itself"],
    );
    assert!(doorward_config::parse("f", &with(r#"[{ type = "Order", id = "path.tenant" }]"#)).is_ok());
}

#[test]
fn units_are_positive() {
    check("units = 2", "units = 0", expect!["doorward.toml:32:9: `0` is not between 1 and 1000000"]);
    check(
        "units = 2",
        "units = 1_000_001",
        expect!["doorward.toml:32:9: `1000001` is not between 1 and 1000000"],
    );
}
