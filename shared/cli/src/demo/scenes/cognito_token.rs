use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, STAFF, Stage};
use crate::output::Failure;

/// An access token of Amazon Cognito names no audience but the app client, and what it is used for. The ID token of the
/// same sign-in tells an app who signed in, and is no key to an API.
pub(crate) const SCENE: Scene = Scene {
    title: "Who helps customers comes with a token of Amazon Cognito",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let access = staff_token(stage, "ida")?;
    let id = id_token(stage, &access)?;
    let mut acts = Vec::new();
    for base in stage.fronts() {
        let served = Expect {
            status: 200,
            outcome: "admitted",
            why: &["allow by support-reads-every-order", "ledger:"],
            headers: &["ratelimit"],
        };
        acts.push(stage.act(SCENE.title, order(base, &access), served).await?);
        let refused = Expect {
            status: 401,
            outcome: "unauthenticated",
            why: &["at identify", "`token_use`"],
            headers: &[],
        };
        acts.push(stage.act(SCENE.title, order(base, &id), refused).await?);
    }
    Ok(acts)
}

/// The file of an access token of somebody who helps customers, kept under `name`.
pub(super) fn staff_token(stage: &Stage, name: &str) -> Result<String, Failure> {
    let groups = Map::from_iter([("cognito:groups".to_owned(), json!(["support"]))]);
    stage.issue(STAFF, name, "1f3870be-274f-4c49-b3e3-1a0c6728957f", groups)
}

/// A customer's order.
pub(super) fn order<'a>(base: &'a str, token: &'a str) -> Ask<'a> {
    Ask { base, method: Method::GET, path: "/orders/1002", token: Some(token), body: None }
}

/// The file of the ID token beside that access token, signed with the same key.
fn id_token(stage: &Stage, access: &str) -> Result<String, Failure> {
    let token = stage.read(access)?;
    let unreadable = || Failure::new("the issuer's token cannot be read");
    let part = |nth| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(nth)?).ok()?).ok()
    };
    let (header, claims) = part(0).zip(part(1)).ok_or_else(unreadable)?;
    let own = |name: &str| claims.get(name).cloned().unwrap_or_default();
    let now = Timestamp::now().as_second();
    // https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html
    let claims = json!({
        "iss": own("iss"), "sub": own("sub"), "aud": own("client_id"), "token_use": "id", "auth_time": now, "iat": now,
        "exp": now + 3600, "cognito:groups": own("cognito:groups"), "cognito:username": "ida",
        "email": "ida@shop.example", "email_verified": true,
    });
    stage.forged(STAFF, "ida-id", &header, &claims)
}
