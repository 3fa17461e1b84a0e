use expect_test::Expect;

/// A file with every section, from which tests change one place each.
pub const SHOP: &str = r#"[door]
name = "shop"
table = "doorward"
refresh = "30s"
purposes = ["checkout", "analytics"]

fronts = ["http-api:a1b2c3", "bucket:receipts"]

[[issuers]]
name = "main"
issuer = "https://id.example.com/"
jwks = "https://id.example.com/.well-known/jwks.json"
audiences = ["shop-api"]
algorithms = ["RS256", "ES256", "EdDSA"]
principal = { type = "User", id = "sub", groups = "groups" }

[[targets]]
name = "orders"
lambda = "orders"
timeout = "5s"

[[targets]]
name = "receipts"
lambda = "arn:aws:lambda:eu-central-1:123456789012:function:receipts:live"

[[routes]]
id = "createOrder"
match = "POST /orders"
target = "orders"
auth = ["main"]
contract = "contracts/shop.yaml#createOrder"
units = 2
purpose = "checkout"

[[routes]]
id = "getOrder"
match = "GET /orders/{id}"
target = "orders"
auth = ["main", "anonymous"]
resource = { type = "Order", id = "path.id" }

[[events]]
id = "receiptUploaded"
source = "s3"
match = { bucket = "receipts", event = "ObjectCreated:*", key = "inbox/*" }
target = "receipts"
on_deny = "discard"

[[plans]]
name = "default"
limits = [{ rate = "5/s", burst = 10 }, { quota = "1000/month", mode = "hard", by = "caller" }]
"#;

/// The faults of [`SHOP`] with its one occurrence of `found` replaced.
#[track_caller]
pub fn check(found: &str, replacement: &str, expected: Expect) {
    assert_eq!(SHOP.matches(found).count(), 1, "{found} must occur once");
    check_text(&SHOP.replace(found, replacement), expected);
}

/// The faults of `text`.
#[track_caller]
pub fn check_text(text: &str, expected: Expect) {
    let faults = doorward_config::parse("doorward.toml", text).expect_err("the file has a fault");
    assert!(!faults.0.is_empty());
    expected.assert_eq(&faults.to_string());
}
