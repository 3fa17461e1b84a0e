use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::json;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Delivery, Expect, Stage};
use crate::output::Failure;

/// A signature proves the sender and covers the body; who sends a captured delivery again finds it taken.
pub(crate) const SCENE: Scene = Scene {
    title: "A payment is reported by a signed webhook, and once, however often it is sent",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

const PATH: &str = "/payments/webhook";
/// The variable that `doorward.toml` names.
const SECRET: &str = "PAYMENTS_WEBHOOK_SECRET";

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let [http_api, function_url] = stage.fronts();
    let mut acts = Vec::new();
    let paid =
        signed(stage, "msg_demo_1", &json!({ "type": "payment.succeeded", "order": "1001" }).to_string())?;
    let served = Expect {
        status: 200,
        outcome: "admitted",
        why: &["allow by the-provider-reports-payments", "ledger:"],
        headers: &["x-request-id"],
    };
    acts.push(stage.deliver(SCENE.title, &paid.at(http_api, PATH), served).await?);
    // No front is signed: what came in by one is a replay at the other.
    for base in [http_api, function_url] {
        let refused = Expect {
            status: 409,
            outcome: "repeated",
            why: &["at claim", "the first one ended as `admitted`"],
            headers: &["x-request-id"],
        };
        acts.push(stage.deliver(SCENE.title, &paid.at(base, PATH), refused).await?);
    }
    let mut forged = signed(stage, "msg_demo_2", "{}")?;
    forged.body = json!({ "type": "payment.succeeded", "order": "1002" }).to_string();
    let refused = Expect {
        status: 401,
        outcome: "unauthenticated",
        why: &["at identify", "no configured secret makes its signature"],
        headers: &[],
    };
    acts.push(stage.deliver(SCENE.title, &forged.at(http_api, PATH), refused).await?);
    Ok(acts)
}

/// A delivery as the payment provider signs it now, by Standard Webhooks.
fn signed(stage: &Stage, id: &str, body: &str) -> Result<Delivery, Failure> {
    let lacking = || Failure::new(format!("the demo has no secret `{SECRET}`"));
    let secret = stage.door.secrets.get(SECRET).and_then(|secret| secret.strip_prefix("whsec_"));
    let key = STANDARD.decode(secret.ok_or_else(lacking)?).map_err(|_| lacking())?;
    let time = Timestamp::now().as_second();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signature = STANDARD.encode(hmac::sign(&key, format!("{id}.{time}.{body}").as_bytes()));
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", time.to_string()),
        ("webhook-signature", format!("v1,{signature}")),
    ];
    Ok(Delivery { url: String::new(), headers, body: body.to_owned() })
}
