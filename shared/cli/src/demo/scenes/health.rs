use async_trait::async_trait;
use http::Method;

use crate::demo::act::Act;
use crate::demo::scene::Scene;
use crate::demo::stage::{Ask, Expect, Stage};
use crate::output::Failure;

/// The door says that it is there.
pub(crate) struct Health;

#[async_trait]
impl Scene for Health {
    fn title(&self) -> &'static str {
        "The door answers for itself"
    }

    fn in_tour(&self) -> bool {
        true
    }

    async fn play(&self, stage: &Stage) -> Result<Vec<Act>, Failure> {
        let mut acts = Vec::new();
        for base in stage.fronts() {
            let ask = Ask { base, method: Method::GET, path: "/.doorward/health", token: None, body: None };
            // Health is no call: nothing is decided, limited or recorded.
            let expect = Expect { status: 200, outcome: "gateway", why: &[], headers: &[] };
            acts.push(stage.act(self.title(), ask, expect).await?);
        }
        Ok(acts)
    }
}
