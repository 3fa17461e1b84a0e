use http::Method;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// API Gateway verifies who signs, and policies say what that role may do. A front that verifies nothing proves nobody.
pub(crate) const SCENE: Scene = Scene {
    title: "The warehouse's function ships an order with the credentials of its role",
    in_tour: true,
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &Stage) -> Result<Vec<Act>, Failure> {
    let [http_api, function_url] = stage.fronts();
    let warehouse = ("warehouse", stage.role("warehouse")?);
    let reports = ("reports", stage.role("reports")?);
    let shipped = Expect {
        status: 200,
        outcome: "admitted",
        why: &["allow by the-warehouse-ships-orders", "ledger:"],
        headers: &["ratelimit"],
    };
    let mut acts = vec![stage.act_signed(SCENE.title, shipment(http_api), warehouse, shipped).await?];
    let another =
        Expect { status: 403, outcome: "denied", why: &["because no policy permits it"], headers: &[] };
    acts.push(stage.act_signed(SCENE.title, shipment(http_api), reports, another).await?);
    let unsigned = Expect {
        status: 403,
        outcome: "gateway",
        why: &["gateway: refused, since the request is not signed"],
        headers: &[],
    };
    acts.push(stage.act(SCENE.title, shipment(http_api), unsigned).await?);
    let unverified =
        Expect { status: 401, outcome: "unauthenticated", why: &["no credentials"], headers: &[] };
    acts.push(stage.act_signed(SCENE.title, shipment(function_url), warehouse, unverified).await?);
    Ok(acts)
}

fn shipment(base: &str) -> Ask<'_> {
    Ask { base, method: Method::PUT, path: "/orders/1001/shipment", token: None, body: None }
}
