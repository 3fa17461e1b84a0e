//! What every front stands in.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;

use super::client_certificate::ClientCertificate;
use super::signature::Signers;
use super::stage::Stage;
use crate::EmulatorError;
use crate::lambda::Lambda;
use crate::logs::Logs;

/// What every front stands in.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) signers: Arc<Signers>,
    pub(crate) lambda: Arc<Lambda>,
    pub(crate) logs: Logs,
    /// `true`, or nobody who could say so, ends what outlives its request.
    pub(crate) closing: watch::Receiver<bool>,
}

impl Surroundings {
    /// Every function that a front names must be there.
    pub(super) fn require<'a>(
        &self,
        functions: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), EmulatorError> {
        match functions.into_iter().find(|function| !self.lambda.knows(function)) {
            Some(unknown) => Err(EmulatorError::UnknownFunction(unknown.to_owned())),
            None => Ok(()),
        }
    }

    /// The stage `name` of the API `id`, which listens at `address`.
    pub(super) fn stage(
        &self,
        id: String,
        name: &str,
        address: SocketAddr,
        certificate: Option<&str>,
    ) -> Result<Stage, EmulatorError> {
        let region = &self.region;
        Ok(Stage {
            domain_name: format!("{id}.execute-api.{region}.amazonaws.com"),
            api_id: id,
            name: name.to_owned(),
            region: region.clone(),
            account: self.account.clone(),
            port: address.port(),
            certificate: certificate.map(ClientCertificate::parse).transpose()?,
        })
    }
}
