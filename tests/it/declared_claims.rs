//! Declared claims, tried on a local door.

use doorward_tests::http::send;
use doorward_tests::local_door::LocalDoor;
use serde_json::json;

use crate::check::project;

#[test]
fn the_local_issuer_gives_the_claims_that_its_door_requires() {
    let claims =
        "claims = { tenant = { type = \"String\", required = true }, plan = \"Long\" }\nprincipal = {";
    let folder = project(&[("doorward.toml", &|text| {
        text.replacen("principal = {", claims, 1).replace("groups = \"groups\"", "groups = \"roles\"")
    })]);
    let door = LocalDoor::open(folder.path(), &[]);
    assert_eq!(door.token_claims(), &json!({ "tenant": "some" }));
    let read = |query: &str| {
        let bearer = door.bearer_of(query);
        send(door.function_url(), "GET", "/orders/1001", &[("authorization", &bearer)], b"").status
    };
    // `{"tenant":"some"}`, as `curl --data-urlencode` sends it.
    let announced = "&claims=%7B%22tenant%22%3A%22some%22%7D";
    assert_eq!(read(&format!("sub=alice{announced}")), 200);
    assert_eq!(read("sub=alice"), 401, "a required claim is missing");
    assert_eq!(read("sub=alice&claims=%7B%22tenant%22%3A7%7D"), 401, "it has another type");
    let suspended = format!("sub=alice&groups=suspended{announced}");
    assert_eq!(read(&suspended), 403, "groups stand in the claim that the issuer names");
}
