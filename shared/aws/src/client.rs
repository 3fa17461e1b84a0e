use std::fmt;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::RetryPartition;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Region, SharedCredentialsProvider, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector, http_client_fn};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use crate::api::ServiceApi;
use crate::passing::RetryPassing;

const CONNECT: Duration = Duration::from_secs(2);
const STORE_ATTEMPT: Duration = Duration::from_secs(1);
const STORE_OPERATION: Duration = Duration::from_secs(3);
const STORE_ATTEMPTS: u32 = 3;
const STORE_FIRST_BACKOFF: Duration = Duration::from_millis(25);
const STORE_LONGEST_BACKOFF: Duration = Duration::from_millis(250);

/// The clients of a sandbox: one HTTPS connector, and with it its connections, under all of them. Cheap to clone.
#[derive(Clone)]
pub struct AwsClients {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) lambda: aws_sdk_lambda::Client,
    pub(crate) connector: SharedHttpConnector,
    pub(crate) services: ServiceApi,
}

/// An environment variable without which there are no clients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable `{0}` is not set")]
pub struct EnvironmentError(pub &'static str);

impl AwsClients {
    /// Clients with the credentials and the region that Lambda puts into the environment of a function
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>), and the endpoints of
    /// `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_LAMBDA`, `AWS_ENDPOINT_URL_SECRETS_MANAGER`,
    /// `AWS_ENDPOINT_URL_SSM`, `AWS_ENDPOINT_URL_SQS`, `AWS_ENDPOINT_URL_SNS`, `AWS_ENDPOINT_URL_EVENTBRIDGE`,
    /// `AWS_ENDPOINT_URL_SFN` or `AWS_ENDPOINT_URL` where they are set
    /// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
    ///
    /// # Errors
    /// [`EnvironmentError`] when credentials or region are missing.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// Clients as [`AwsClients::from_environment`] makes them, from the variables that `lookup` finds.
    ///
    /// # Errors
    /// [`EnvironmentError`] when credentials or region are missing.
    pub fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, EnvironmentError> {
        let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let need = |name: &'static str| lookup(name).ok_or(EnvironmentError(name));
        let keys = Credentials::from_keys(
            need("AWS_ACCESS_KEY_ID")?,
            need("AWS_SECRET_ACCESS_KEY")?,
            lookup("AWS_SESSION_TOKEN"),
        );
        let credentials = SharedCredentialsProvider::new(keys.clone());
        let region = lookup("AWS_REGION").or_else(|| lookup("AWS_DEFAULT_REGION"));
        let region = Region::new(region.ok_or(EnvironmentError("AWS_REGION"))?);
        let endpoint = |service: &str| lookup(service).or_else(|| lookup("AWS_ENDPOINT_URL"));

        let connector = connector();
        let services = ServiceApi::new(connector.clone(), keys, region.to_string(), endpoint);
        let shared = connector.clone();
        let http = http_client_fn(move |_, _| shared.clone());
        let mut dynamodb = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(credentials.clone())
            .region(region.clone())
            .http_client(http.clone())
            .retry_config(store_retries())
            .retry_classifier(RetryPassing)
            .retry_partition(RetryPartition::custom("doorward").build())
            .timeout_config(store_timeouts(STORE_ATTEMPT, STORE_OPERATION));
        dynamodb.set_endpoint_url(endpoint("AWS_ENDPOINT_URL_DYNAMODB"));
        // A retried `Invoke` may run the target twice, and a target may think for minutes before its first byte:
        // each call brings its own time limit.
        let mut lambda = aws_sdk_lambda::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(credentials)
            .region(region)
            .http_client(http)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        lambda.set_endpoint_url(endpoint("AWS_ENDPOINT_URL_LAMBDA"));
        Ok(Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            lambda: aws_sdk_lambda::Client::from_conf(lambda.build()),
            connector,
            services,
        })
    }

    /// The same clients, which wait up to `attempt` for each answer of DynamoDB and up to `operation` for all attempts of
    /// one operation: 1 s and 3 s where nothing else is said.
    #[must_use]
    pub fn with_store_timeouts(mut self, attempt: Duration, operation: Duration) -> Self {
        let config = self.dynamodb.config().to_builder().timeout_config(store_timeouts(attempt, operation));
        self.dynamodb = aws_sdk_dynamodb::Client::from_conf(config.build());
        self
    }
}

impl fmt::Debug for AwsClients {
    /// Nothing of it: the SDK's configurations hold credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwsClients")
    }
}

/// Plain `http` is left possible for endpoints on loopback; AWS endpoints are `https` by the SDK's own rules.
fn connector() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build();
    SharedHttpConnector::new(connector)
}

/// At most so many attempts of one operation; and of all operations together as many retries as the SDK's budget holds
/// (about 50 time-outs), which these clients share with no others and successes fill again: while the store is away
/// for long, it is asked once a call.
fn store_retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(STORE_ATTEMPTS)
        .with_initial_backoff(STORE_FIRST_BACKOFF)
        .with_max_backoff(STORE_LONGEST_BACKOFF)
}

fn store_timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(attempt).operation_timeout(operation).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(variables: &[(&str, &str)], expected: Result<(), &'static str>) {
        let lookup =
            |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        let made = AwsClients::from_variables(lookup).map(drop);
        assert_eq!(made, expected.map_err(EnvironmentError));
    }

    #[test]
    fn credentials_and_region_are_needed() {
        let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
        check(&[], Err("AWS_ACCESS_KEY_ID"));
        check(&keys[..1], Err("AWS_SECRET_ACCESS_KEY"));
        check(&keys, Err("AWS_REGION"));
        check(&[keys[0], keys[1], ("AWS_REGION", "")], Err("AWS_REGION"));
        check(&[keys[0], keys[1], ("AWS_REGION", "eu-central-1")], Ok(()));
        check(&[keys[0], keys[1], ("AWS_DEFAULT_REGION", "eu-central-1")], Ok(()));
    }

    #[test]
    fn debug_shows_no_credentials() {
        let clients = AwsClients::from_variables(|name| Some(format!("http://{name}.invalid"))).unwrap();
        assert_eq!(format!("{clients:?}"), "AwsClients");
    }
}
