use expect_test::expect;

use crate::shop::check_text;

#[test]
fn all_faults_of_a_file_are_reported_together_in_its_order() {
    let text = r#"fronts = ["http-api:", "bucket:receipts"]
colour = "red"

[door]
name = "my shop"
refresh = "soon"
max_body = "1GB"

[[plans]]
name = "default"
limits = [{ rate = "5/s", burst = 0 }, { quota = "much" }]

[[routes]]
id = "createOrder"
match = "POST /orders/"
target = "odrers"
auth = ["mian", "anonymous"]
units = -1

[[routes]]
match = "GET /orders/{id}"
target = "orders"
auth = []
resource = { type = "in", id = "path.key" }

[[issuers]]
name = "main"
issuer = "https://id.example.com/"
jwks = "http://id.example.com/keys"
audiences = []
algorithms = ["HS256"]
principal = { type = "User" }
leeway = "5m"

[[targets]]
name = "orders"
lambda = "or ders"
timeout = "1h"

[[events]]
id = "createOrder"
source = "s4"
match = { bucket = "" }
target = "receipts"
"#;
    check_text(
        text,
        expect![[r#"
            doorward.toml:1:11: `http-api:` is not a front: expected `rest-api:ID`, `http-api:ID`, `websocket-api:ID`, `function-url:ID`, `alb:NAME/ID`, `bucket:NAME`, `queue:NAME`, `topic:NAME`, `bus:ACCOUNT`, `schedule:NAME`, `schedule:GROUP/NAME`, `table:NAME` or `stream:NAME`
            doorward.toml:2:1: unknown key `colour` in the file
              hint: expected `door`, `fronts`, `api_keys`, `authorizer`, `certificates`, `iam`, `cors`, `shadow`, `domains`, `mappings`, `plans`, `limits`, `issuers`, `webhooks`, `targets`, `routes` or `events`
            doorward.toml:4:1: missing key `table` in `[door]`
            doorward.toml:5:8: `my shop` is not a name
              hint: use 1 to 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit
            doorward.toml:6:11: `soon` is not a duration
              hint: write a whole number and one of `ms`, `s`, `m`, `h` and `d`, such as `30s`
            doorward.toml:7:12: `1GB` is not a size
              hint: write bytes as an integer, or a text such as `256KiB` or `1MiB`
            doorward.toml:11:35: `0` is not between 1 and 2678400000000
            doorward.toml:11:50: `much` is not a quota
              hint: write units and one of `minute`, `hour`, `day` and `month`, such as `1000/month`
            doorward.toml:15:9: the path `/orders/` ends with a slash
              hint: leave the last slash out
            doorward.toml:16:10: no target is named `odrers`
              hint: did you mean `orders`?
            doorward.toml:17:9: no issuer or webhook is named `mian`
              hint: did you mean `main`?
            doorward.toml:18:9: `-1` is not between 1 and 1000000
            doorward.toml:20:1: missing key `id` in `[[routes]]`
            doorward.toml:23:8: expected at least one element, found an empty array
            doorward.toml:24:21: `in` is not a Cedar entity type
              hint: write letters, digits and `_`, namespaces joined by `::`, such as `Shop::User`
            doorward.toml:24:32: the path has no parameter `key`
              hint: expected `id`
            doorward.toml:29:8: `http://id.example.com/keys` is not a usable URL: keys fetched over `http` can be replaced on the way
              hint: use `https`; `http` is for `localhost`, `127.0.0.0/8` and `[::1]`
            doorward.toml:30:13: expected at least one element, found an empty array
            doorward.toml:31:15: tokens signed with `HS256` are not accepted
              hint: whoever can check a shared secret can forge with it: use `RS256`, `ES256` or `EdDSA`
            doorward.toml:32:13: missing key `id` in `principal`
            doorward.toml:33:10: `5m` is not between `0s` and `1m`
            doorward.toml:37:10: `or ders` names no Lambda function
              hint: write a name, `name:alias`, or `arn:aws:lambda:REGION:ACCOUNT:function:NAME`
            doorward.toml:38:11: `1h` is not between `1ms` and `15m`
            doorward.toml:41:6: a second route or event is named `createOrder`
              hint: the first one is on line 14
            doorward.toml:42:10: unknown value `s4`
              hint: did you mean `s3`?
            doorward.toml:43:20: an empty pattern matches nothing
              hint: write `*` for anything
            doorward.toml:44:10: no target is named `receipts`
              hint: expected `orders`"#]],
    );
}
