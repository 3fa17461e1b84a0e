use doorward_aws::{AwsClients, is_table_missing};
use doorward_core::ports::StoreError;

use crate::clients::clients;
use crate::output::Failure;

const DYNAMODB: &str = "AWS_ENDPOINT_URL_DYNAMODB";
const LAMBDA: &str = "AWS_ENDPOINT_URL_LAMBDA";
const LOCAL_DYNAMODB: &str = "http://127.0.0.1:3003";
const LOCAL_LAMBDA: &str = "http://127.0.0.1:3002";

/// `--dynamodb-url`, which means the same in every verb.
#[derive(clap::Args)]
pub(crate) struct Dynamodb {
    /// Where DynamoDB is.
    #[arg(long, value_name = "URL", env = DYNAMODB, default_value = LOCAL_DYNAMODB)]
    dynamodb_url: String,
}

impl Dynamodb {
    /// The one at `url`.
    pub(crate) fn at(url: &str) -> Self {
        Self { dynamodb_url: url.to_owned() }
    }

    pub(crate) fn clients(&self) -> Result<AwsClients, Failure> {
        clients(DYNAMODB, &self.dynamodb_url)
    }

    /// A read or write of `table` that came to nothing.
    pub(crate) fn failed(&self, table: &str, error: &StoreError) -> Failure {
        let url = &self.dynamodb_url;
        if is_table_missing(error) {
            let failure = Failure::new(format!("no table `{table}` at {url}"));
            return failure.hint(
                "`--dynamodb-url` says where DynamoDB is, and `[door] table` what its tables' names begin with",
            );
        }
        let hint = "`--dynamodb-url` says where DynamoDB is; `doorward dev` starts a local one";
        Failure::new(format!("`{table}` at {url}: {error}")).hint(hint)
    }

    /// The option again, for a command that goes on from this one; nothing where it would be the usual place.
    pub(crate) fn again(&self) -> String {
        match self.dynamodb_url.as_str() {
            LOCAL_DYNAMODB => String::new(),
            url => format!(" --dynamodb-url {url}"),
        }
    }
}

/// What `--dynamodb-url` was called in verbs that know no other endpoint.
pub(crate) fn earlier_name(argument: clap::Arg) -> clap::Arg {
    argument.alias("endpoint-url")
}

/// `--lambda-url`, which means the same in every verb.
#[derive(clap::Args)]
pub(crate) struct Lambda {
    /// Where the Lambda Invoke API is; that of a local door knows the lines of its functions, too.
    #[arg(long, global = true, value_name = "URL", alias = "endpoint-url", env = LAMBDA, default_value = LOCAL_LAMBDA)]
    lambda_url: String,
}

impl Lambda {
    pub(crate) fn url(&self) -> &str {
        &self.lambda_url
    }

    pub(crate) fn clients(&self) -> Result<AwsClients, Failure> {
        clients(LAMBDA, &self.lambda_url)
    }
}

/// What a shell must be told, so that the verbs find stores that are not where they look; `None` where they are.
pub(crate) fn export_line(dynamodb: &str, lambda: &str) -> Option<String> {
    let usual = (dynamodb, lambda) == (LOCAL_DYNAMODB, LOCAL_LAMBDA);
    (!usual).then(|| format!("export {DYNAMODB}={dynamodb} {LAMBDA}={lambda}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    #[command(mut_arg("dynamodb_url", earlier_name))]
    struct OfDynamodb {
        #[command(flatten)]
        dynamodb: Dynamodb,
    }

    #[derive(clap::Parser)]
    struct OfBoth {
        #[command(flatten)]
        dynamodb: Dynamodb,
        #[command(flatten)]
        lambda: Lambda,
    }

    #[test]
    fn the_earlier_name_means_what_it_meant() {
        use clap::Parser as _;
        let url = "http://127.0.0.1:1";
        for name in ["--dynamodb-url", "--endpoint-url"] {
            let alone = OfDynamodb::parse_from(["x", name, url]);
            assert_eq!(alone.dynamodb.dynamodb_url, url, "{name}");
        }
        let both = OfBoth::parse_from(["x", "--dynamodb-url", url, "--endpoint-url", "http://127.0.0.1:2"]);
        assert_eq!((both.dynamodb.dynamodb_url.as_str(), both.lambda.url()), (url, "http://127.0.0.1:2"));
    }

    #[test]
    fn only_unusual_places_are_exported() {
        assert_eq!(export_line("http://127.0.0.1:3003", "http://127.0.0.1:3002"), None);
        let line = "export AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:4003 AWS_ENDPOINT_URL_LAMBDA=http://127.0.0.1:4002";
        assert_eq!(export_line("http://127.0.0.1:4003", "http://127.0.0.1:4002").as_deref(), Some(line));
    }
}
