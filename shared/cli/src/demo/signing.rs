use bytes::Bytes;
use doorward_aws::{Scope, Signer};
use doorward_emulator::IamIdentity;
use http_body_util::Full;

use super::act::Act;
use super::stage::{Ask, Expect, Stage};
use crate::local_door::REGION;
use crate::output::Failure;

impl Stage {
    /// Who calls with the credentials of this role.
    pub(crate) fn role(&self, name: &str) -> Result<&IamIdentity, Failure> {
        let session = format!(":assumed-role/{name}/");
        let found = self.door.callers.iter().find(|caller| caller.arn.contains(&session));
        found.ok_or_else(|| Failure::new(format!("the demo has no role `{name}`")))
    }

    /// Signs a request without a body as `caller`, sends it, and holds the answer, and what the system says of it, against
    /// what is expected. The credentials are kept under `name`.
    pub(crate) async fn act_signed(
        &self,
        scene: &'static str,
        ask: Ask<'_>,
        (name, caller): (&str, &IamIdentity),
        expect: Expect<'_>,
    ) -> Result<Act, Failure> {
        let service = if ask.base == self.function_url { "lambda" } else { "execute-api" };
        let session = caller.session_token.as_deref().unwrap_or_default();
        let keys =
            self.write(format!("{name}.aws"), &format!("{}:{}", caller.access_key, caller.secret_key))?;
        let token = self.write(format!("{name}.session"), session)?;
        let url = format!("{}{}", ask.base, ask.path);
        let signer = Signer::new(&caller.access_key, &caller.secret_key, caller.session_token.clone());
        let scope = Scope { region: REGION, service };
        let fields = signer.sign(scope, ask.method.as_str(), &url, &[], b"").map_err(Failure::new)?;
        let mut request = http::Request::builder().method(&ask.method).uri(&url);
        for (field, value) in fields {
            request = request.header(field, value);
        }
        let request = request.body(Full::new(Bytes::new())).map_err(Failure::new)?;
        let answer = self.caller.call(request).await?;
        let folder = super::stage::TOKEN_FOLDER;
        let line = format!(
            "curl -i -X {} {url} --aws-sigv4 aws:amz:{REGION}:{service} --user \"$(cat {folder}/{keys})\" -H \"x-amz-security-token: $(cat {folder}/{token})\"",
            ask.method
        );
        self.hold(scene, line, &answer, expect).await
    }
}
