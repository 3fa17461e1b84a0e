//! `GET /.doorward/openapi.json`: who may read the merged contract, and what it says.

use doorward_contract::Document;
use doorward_model::Reply;
use doorward_testkit::http;
use http::Method;
use serde_json::json;

use crate::shop::{Shop, json_body};

fn shop(access: &str) -> Shop {
    Shop::with(|config| config.replacen("[door]\n", &format!("[door]\n{access}\n"), 1))
}

async fn ask(shop: &Shop, token: Option<&str>) -> Reply {
    let token = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = token.iter().map(|token| ("authorization", token.as_str())).collect();
    shop.ask(http("o1", Method::GET, "/.doorward/openapi.json", &headers, "", shop.world.now())).await
}

#[tokio::test]
async fn it_is_read_by_whom_the_configuration_lets() {
    for (access, without, with) in [
        ("", 401, 200),
        ("openapi = \"authenticated\"", 401, 200),
        ("openapi = \"public\"", 200, 200),
        ("openapi = \"off\"", 404, 404),
    ] {
        let shop = shop(access);
        let token = shop.token("alice", &["customers"]);
        let found = (ask(&shop, None).await.status.as_u16(), ask(&shop, Some(&token)).await.status.as_u16());
        assert_eq!(found, (without, with), "{access}");
        assert!(shop.world.ledger.rows().len() <= 1, "{access}");
    }
    let shop = shop("");
    assert_eq!(ask(&shop, Some("a.b.c")).await.status, 401);
}

#[tokio::test]
async fn it_is_an_openapi_document_of_all_routes_with_a_contract() {
    let shop = shop("openapi = \"public\"");
    let reply = ask(&shop, None).await;
    assert_eq!(reply.headers["x-request-id"], "o1");
    let document = json_body(reply).await;
    let read =
        Document::parse("served.json", &document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    let names: Vec<String> = read.operations().map(|operation| operation.id.to_owned()).collect();
    assert!(names.contains(&"createOrder".to_owned()), "{names:?}");
    for name in &names {
        read.operation(name).unwrap_or_else(|faults| panic!("{faults}"));
    }
    let order = &document["paths"]["/orders"]["post"];
    assert_eq!(order["responses"]["429"], json!({"$ref": "#/components/responses/Refusal"}));
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    for requirement in order["security"].as_array().unwrap() {
        assert!(
            requirement.as_object().unwrap().keys().all(|name| schemes.contains_key(name)),
            "{requirement}"
        );
    }
    assert!(document.get("servers").is_none());
}
