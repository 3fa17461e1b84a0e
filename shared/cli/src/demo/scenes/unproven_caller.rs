use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, CUSTOMERS, Expect, Stage};
use crate::output::Failure;

/// Callers who prove nothing: each is answered 401, and the operator alone learns why.
pub(crate) const SCENE: Scene = Scene {
    title: "Nobody comes in on no token, an old one, somebody else's or an unsigned one",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let hour = SignedDuration::from_hours(1);
    let old = stage.token_with("expired", "alice", &["customers"], None, -hour)?;
    let foreign = stage.token_with("wrong-audience", "alice", &["customers"], Some("another-api"), hour)?;
    let now = Timestamp::now().as_second();
    let claims = json!({
        "iss": "https://id.shop.example/", "aud": "shop-api", "sub": "alice", "exp": now + 3600,
    });
    let unsigned = stage.forged(CUSTOMERS, "alg-none", &json!({ "alg": "none" }), &claims)?;
    let tokens = [
        (Some(&old), "the token has expired"),
        (Some(&foreign), "the token is for another audience"),
        (Some(&unsigned), "the token's algorithm is not allowed"),
    ];
    let mut acts = vec![without_token(stage, &stage.http_api, true).await?];
    acts.push(without_token(stage, &stage.function_url, false).await?);
    for base in stage.fronts() {
        for (token, cause) in tokens {
            let token = token.map(String::as_str);
            let ask = Ask { base, method: Method::GET, path: "/orders/1001", token, body: None };
            let expect = Expect {
                status: 401,
                outcome: "unauthenticated",
                why: &["at identify", cause],
                headers: &[],
            };
            acts.push(stage.act(SCENE.title, ask, expect).await?);
        }
    }
    Ok(acts)
}

/// An HTTP API refuses a call without its identity source by itself; a Function URL passes it on, and renames the
/// challenge.
async fn without_token(stage: &Stage, base: &str, gateway_alone: bool) -> Result<Act, Failure> {
    let ask = Ask { base, method: Method::GET, path: "/orders/1001", token: None, body: None };
    let expect = if gateway_alone {
        Expect { status: 401, outcome: "gateway", why: &["an identity source is missing"], headers: &[] }
    } else {
        Expect {
            status: 401,
            outcome: "unauthenticated",
            why: &["no credentials"],
            headers: &["x-amzn-remapped-www-authenticate"],
        }
    };
    stage.act(SCENE.title, ask, expect).await
}
