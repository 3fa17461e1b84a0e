use doorward_aws::{InvokeClient, InvokeCredentials, InvokeInput};
use doorward_emulator::IamIdentity;
use doorward_model::InvocationType;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::act::Act;
use super::stage::{Expect, Stage, TOKEN_FOLDER, in_shell};
use crate::calling::Answered;
use crate::local_door::REGION;
use crate::output::Failure;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

impl Stage {
    /// Has AWS's own client invoke `function` as `caller` at the door, and holds what it reads, and what the system says of it,
    /// against what is expected. The credentials are kept under `name`.
    pub(crate) async fn act_invoked(
        &self,
        scene: &'static str,
        (function, kind, payload): (&str, InvocationType, &Value),
        (name, caller): (&str, &IamIdentity),
        expect: Expect<'_>,
    ) -> Result<Act, Failure> {
        let door = self.door.emulator.signed_function_url();
        let door =
            door.ok_or_else(|| Failure::new("the demo has no function URL that verifies signatures"))?;
        let session = caller.session_token.as_deref();
        let credentials = InvokeCredentials {
            access_key: &caller.access_key,
            secret_key: &caller.secret_key,
            session_token: session,
            region: REGION,
        };
        let client = InvokeClient::new(door, credentials).map_err(Failure::new)?;
        let text = payload.to_string();
        let input = InvokeInput { kind: Some(kind), ..InvokeInput::new(function, text.as_bytes()) };
        let (status, body, request_id) = match client.invoke(input).await {
            Ok(answer) => {
                (u16::try_from(answer.status).unwrap_or_default(), answer.payload, answer.request_id)
            }
            Err(refusal) => {
                let said = format!("{}: {}", refusal.exception, refusal.message);
                (refusal.status, said.into(), refusal.request_id)
            }
        };
        let id = request_id.and_then(|id| HeaderValue::from_str(&id).ok());
        let headers = HeaderMap::from_iter(id.map(|id| (REQUEST_ID, id)));
        let variables = format!(
            "AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\nAWS_SESSION_TOKEN={}\nAWS_REGION={REGION}\n",
            caller.access_key,
            caller.secret_key,
            session.unwrap_or_default()
        );
        let keys = self.write(format!("{name}.env"), &variables)?;
        let line = format!(
            "env $(cat {TOKEN_FOLDER}/{keys}) aws lambda invoke --endpoint-url {door} --function-name {function} \
             --invocation-type {kind} --cli-binary-format raw-in-base64-out --payload {} /dev/stdout",
            in_shell(&text)
        );
        self.hold(scene, line, &Answered { status, headers, body }, expect).await
    }
}
