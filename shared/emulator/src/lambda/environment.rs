//! What surrounds every function: account, region, endpoints, and the variables that tell it of them.

use std::path::Path;

use tokio::sync::watch;

use crate::logs::Logs;
use crate::options::FunctionSpec;

/// Memory size that functions are told. The emulator does not hold them to it.
pub(super) const MEMORY_MB: &str = "512";
/// The only version there is.
pub(super) const VERSION: &str = "$LATEST";

/// What all functions of an emulator share.
pub(crate) struct World {
    pub(crate) region: String,
    pub(crate) account: String,
    /// Endpoints and key set addresses, as environment variables.
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) logs: Logs,
    /// `true` asks all processes to end in peace; a dropped sender kills them.
    pub(crate) closing: watch::Receiver<bool>,
    /// How many processes run.
    pub(crate) processes: watch::Sender<usize>,
}

impl World {
    pub(super) fn function_arn(&self, function: &str) -> String {
        format!("arn:aws:lambda:{}:{}:function:{function}", self.region, self.account)
    }

    /// The environment of one process; nothing of the emulator's own but `PATH` is passed on.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>
    pub(super) fn environment(
        &self,
        spec: &FunctionSpec,
        task_root: &Path,
        runtime_api: String,
        log_stream: String,
    ) -> Vec<(String, String)> {
        let own = [
            ("_HANDLER", "bootstrap".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_DEFAULT_REGION", self.region.clone()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MEMORY_MB.to_owned()),
            ("AWS_LAMBDA_FUNCTION_NAME", spec.name.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION", VERSION.to_owned()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", spec.name)),
            ("AWS_LAMBDA_LOG_STREAM_NAME", log_stream),
            ("AWS_LAMBDA_RUNTIME_API", runtime_api),
            ("AWS_REGION", self.region.clone()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("AWS_SESSION_TOKEN", "local".to_owned()),
            ("LAMBDA_TASK_ROOT", task_root.display().to_string()),
            ("TZ", ":UTC".to_owned()),
        ];
        let path = std::env::var("PATH").ok().map(|path| ("PATH".to_owned(), path));
        own.into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .chain(path)
            .chain(self.variables.iter().cloned())
            .chain(spec.env.clone())
            .collect()
    }
}
