//! The local issuers make tokens of the kind that the configuration declares, signed as it says, which the real functions
//! accept.

use doorward_tests::http::send;
use doorward_tests::local_door::LocalDoor;

use crate::check::project;

#[test]
fn each_local_issuer_makes_tokens_that_its_door_accepts() {
    let audiences = "audiences = [\"shop-api\"]";
    let algorithms = "algorithms = [\"RS256\", \"ES256\", \"EdDSA\"]";
    let folder = project(&[("doorward.toml", &|text| {
        assert!(text.contains(audiences) && text.contains("name = \"staff\"") && text.contains(algorithms));
        let text = text.replacen(audiences, &format!("{audiences}\ntokens = \"at+jwt\""), 1);
        text.replacen(algorithms, "algorithms = [\"RS256\"]", 1)
    })]);
    let door = LocalDoor::open(folder.path(), &[]);
    let customer = door.bearer("alice", "customers");
    let staff = door.bearer_from("staff", "sub=ida&groups=support");
    let get = |base: &str, path: &str, bearer: &str| {
        send(base, "GET", path, &[("authorization", bearer)], b"").status
    };
    for base in [door.http_api(), door.function_url()] {
        assert_eq!(get(base, "/orders/1001", &customer), 200, "{base}");
        assert_eq!(get(base, "/orders/1002", &customer), 403, "{base}: somebody else's");
        assert_eq!(get(base, "/orders/1002", &staff), 200, "{base}");
    }
}
