use doorward_config::OpenapiAccess;
use doorward_model::{Call, HttpRequest, Inbound, Refusal, Reply};

use crate::door::Door;
use crate::own_answer;

/// The one path, exactly as it is sent.
pub(crate) const PATH: &str = "/.doorward/openapi.json";

/// The action under which it stands in the log; no route may have a name that begins so.
const ACTION: &str = "doorward.openapi";

impl Door {
    /// `GET /.doorward/openapi.json`: the contracts of all routes, merged. Who may read it is `[door] openapi`: anybody,
    /// whoever shows credentials that some route takes, or nobody, for whom nothing is there. It leaves a line and no
    /// ledger item.
    pub(crate) async fn openapi(&self, inbound: &Inbound, call: &mut Call) -> Option<Reply> {
        let request = self.asks_for(inbound, PATH)?;
        if self.rules.config().door.openapi == OpenapiAccess::Off {
            return None;
        }
        let answered = self.contract_for(request, inbound, call).await.map(own_answer::json);
        Some(self.answer_itself(ACTION, answered, call))
    }

    async fn contract_for(
        &self,
        request: &HttpRequest,
        inbound: &Inbound,
        call: &mut Call,
    ) -> Result<&str, Refusal> {
        match self.rules.config().door.openapi {
            OpenapiAccess::Public => self.screen_request(request)?,
            OpenapiAccess::Authenticated => drop(self.who_asks(inbound, call).await?),
            OpenapiAccess::Off => return Err(Refusal::NotFound),
        }
        self.rules.openapi().ok_or(Refusal::NotFound)
    }
}
