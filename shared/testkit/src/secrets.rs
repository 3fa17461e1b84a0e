use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use doorward_config::SecretRef;
use doorward_core::ports::{SecretError, Secrets};
use doorward_model::Secret;

use crate::stores::Switch;

/// Secrets in memory, by their references as they are written.
#[derive(Debug, Default)]
pub struct MemorySecrets {
    /// Turns the store off, and counts its reads.
    pub switch: Switch,
    kept: Mutex<HashMap<String, Secret>>,
}

impl MemorySecrets {
    /// Keeps `secret` at `reference` from now on.
    pub fn put(&self, reference: &str, secret: impl Into<Vec<u8>>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(reference.to_owned(), Secret::new(secret.into()));
    }

    /// Nothing is kept at `reference` from now on.
    pub fn remove(&self, reference: &str) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(reference);
    }
}

#[async_trait]
impl Secrets for MemorySecrets {
    async fn read(&self, reference: &SecretRef) -> Result<Secret, SecretError> {
        let fault =
            |cause: &str, gone| SecretError { reference: reference.clone(), cause: cause.to_owned(), gone };
        self.switch.ask().await.map_err(|_| fault("switched off", false))?;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&reference.to_string()).cloned().ok_or_else(|| fault("it is not there", true))
    }
}
