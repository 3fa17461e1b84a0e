use doorward_aws::AwsClients;

use crate::output::Failure;

/// Clients whose endpoint of one service, named by its `variable`, is `endpoint`; all else is the environment's. A local
/// endpoint takes any credentials.
pub(crate) fn clients(variable: &str, endpoint: &str) -> Result<AwsClients, Failure> {
    if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
        let failure = Failure::usage(format!("`{endpoint}` is not an endpoint"));
        return Err(failure.hint("write it with its scheme, such as `http://127.0.0.1:3000`"));
    }
    let local = is_local(endpoint);
    AwsClients::from_variables(|name| match name {
        name if name == variable => Some(endpoint.to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" if local => Some("local".to_owned()),
        "AWS_REGION" if local => Some("us-east-1".to_owned()),
        name => std::env::var(name).ok(),
    })
    .map_err(Failure::new)
}

pub(crate) fn is_local(endpoint: &str) -> bool {
    ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"]
        .iter()
        .any(|start| endpoint.starts_with(start))
}
