use doorward_model::{Fault, Faults};

use crate::checked::{Config, JwksLocation};
use crate::{fronts, location, targets};

/// One environment variable that Doorward's programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnvironmentVariable {
    /// Its name; `<…>` stands for a part that the configuration decides.
    pub name: &'static str,
    /// What it does, one sentence for the reference page.
    pub description: &'static str,
    /// What holds where it is not set, in words.
    pub default: Option<&'static str>,
}

const FRONTS: &str = "DOORWARD_FRONTS";

/// Every environment variable that Doorward's programs read, in the order of the reference page.
pub const ENVIRONMENT: &[EnvironmentVariable] = &[
    EnvironmentVariable {
        name: "DOORWARD_CONFIG",
        description: "What governs: a project's folder, its `doorward.toml`, or a `bundle.tar.gz`.",
        default: Some("`doorward.toml`, else `policies/doorward.toml`, else `bundle.tar.gz`"),
    },
    EnvironmentVariable {
        name: FRONTS,
        description: "Further fronts that may send, separated by commas: for ids that are known only after deployment.",
        default: None,
    },
    EnvironmentVariable {
        name: "DOORWARD_JWKS_URL_<ISSUER>",
        description: "Where the keys of one issuer are, instead of the configured place: an `https` URL, or `http` on \
                      loopback. `<ISSUER>` is the issuer's name in upper case, with `_` for all but letters and digits.",
        default: None,
    },
    EnvironmentVariable {
        name: "DOORWARD_TARGET_<TARGET>",
        description: "Where one target is, instead of the configured place: as many URLs, names or ARNs as it has endpoints, \
                      separated by commas. `<TARGET>` is the target's name in upper case, with `_` for all but letters and \
                      digits.",
        default: None,
    },
    EnvironmentVariable {
        name: "DOORWARD_LOG",
        description: "The lowest level that is logged: `error`, `warn`, `info` or `off`; `debug` and `trace` in development builds.",
        default: Some("`info`"),
    },
    EnvironmentVariable {
        name: "AWS_ENDPOINT_URL_DYNAMODB",
        description: "Where DynamoDB is: the local door's store in development.",
        default: Some("the service in the function's region"),
    },
    EnvironmentVariable {
        name: "AWS_ENDPOINT_URL_LAMBDA",
        description: "Where Lambda functions are invoked: the local door or `cargo lambda watch` in development.",
        default: Some("the service in the function's region"),
    },
    EnvironmentVariable {
        name: "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        description: "Where Secrets Manager is, for `secretsmanager:` references.",
        default: Some("the service in the secret's region"),
    },
    EnvironmentVariable {
        name: "AWS_ENDPOINT_URL_SSM",
        description: "Where Systems Manager is, for `ssm:` references.",
        default: Some("the service in the function's region"),
    },
];

impl Config {
    /// The configuration with what the environment adds: further fronts, and places of keys. `lookup` gives the value
    /// of a variable; it is asked once for each that can be set.
    ///
    /// # Errors
    /// Every fault of these variables; the faults have no place.
    pub fn with_environment(mut self, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut add = |variable: &str, fault: Fault| {
            let message = format!("environment variable `{variable}`: {}", fault.message);
            faults.0.push(Fault { message, ..fault });
        };
        let further = lookup(FRONTS).unwrap_or_default();
        for text in further.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            match fronts::parse(text) {
                Ok(front) if self.fronts.contains(&front) => {}
                Ok(front) => self.fronts.push(front),
                Err(fault) => add(FRONTS, fault),
            }
        }
        for issuer in &mut self.issuers {
            let variable = jwks_url_variable(&issuer.name);
            if let Some(url) = lookup(&variable) {
                match location::parse_url(&url) {
                    Ok(url) => issuer.jwks = JwksLocation::Url(url),
                    Err(fault) => add(&variable, fault),
                }
            }
        }
        for target in &mut self.targets {
            let variable = target_variable(&target.name);
            if let Some(places) = lookup(&variable)
                && let Err(fault) = targets::move_to(target, &places)
            {
                add(&variable, fault);
            }
        }
        faults.or(self)
    }
}

/// `DOORWARD_JWKS_URL_MY_ISSUER` for the issuer `my-issuer`.
#[must_use]
pub fn jwks_url_variable(issuer: &str) -> String {
    format!("DOORWARD_JWKS_URL_{}", in_variable(issuer))
}

/// `DOORWARD_TARGET_MY_TARGET` for the target `my-target`.
#[must_use]
pub fn target_variable(target: &str) -> String {
    format!("DOORWARD_TARGET_{}", in_variable(target))
}

fn in_variable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}
