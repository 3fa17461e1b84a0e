//! What functions may call, and what event source mappings read from: the stores, and where they listen.

use std::sync::Arc;

use dynoxide::Database;

use crate::dynamodb::{self, table_definitions};
use crate::error::EmulatorError;
use crate::event_source::{EventSources, Sources};
use crate::gateway::Signers;
use crate::issuer::{self, Issuers};
use crate::kinesis::{self, Kinesis};
use crate::lambda::{self, Lambda};
use crate::logs::Logs;
use crate::options::Options;
use crate::servers::{Listener, Servers};
use crate::sqs::{self, Sqs};

/// Bound before anything starts, so that functions can be told where everything is.
pub(crate) struct Listeners {
    lambda: Listener,
    dynamodb: Listener,
    issuers: Listener,
    sqs: Option<Listener>,
    kinesis: Option<Listener>,
    /// A front; but functions write to its connections.
    pub(crate) websocket_api: Option<Listener>,
}

/// Where they listen.
pub(crate) struct BackendUrls {
    pub(crate) lambda: String,
    pub(crate) dynamodb: String,
    pub(crate) sqs: Option<String>,
    pub(crate) kinesis: Option<String>,
}

impl Listeners {
    pub(crate) async fn bind(options: &Options) -> Result<Self, EmulatorError> {
        let ports = options.ports;
        Ok(Self {
            lambda: Listener::bind(ports.lambda).await?,
            dynamodb: Listener::bind(ports.dynamodb).await?,
            issuers: Listener::bind(ports.issuers).await?,
            sqs: Listener::bind_if(!options.queues.is_empty(), ports.sqs).await?,
            kinesis: Listener::bind_if(!options.kinesis_streams.is_empty(), ports.kinesis).await?,
            websocket_api: Listener::bind_if(options.websocket_api.is_some(), ports.websocket_api).await?,
        })
    }

    pub(crate) fn urls(&self) -> BackendUrls {
        BackendUrls {
            lambda: self.lambda.url(),
            dynamodb: self.dynamodb.url(),
            sqs: self.sqs.as_ref().map(Listener::url),
            kinesis: self.kinesis.as_ref().map(Listener::url),
        }
    }

    /// What functions have in their environment, so that SDKs find all that is here.
    pub(crate) fn variables(&self, options: &Options) -> Vec<(String, String)> {
        let BackendUrls { lambda, dynamodb, sqs, kinesis } = self.urls();
        let connections = self.websocket_api.as_ref().zip(options.websocket_api.as_ref());
        // Behind AWS, functions find this address in the events themselves.
        let connections = connections.map(|(listener, api)| format!("{}/{}", listener.url(), api.stage));
        let all = [
            ("AWS_ENDPOINT_URL_DYNAMODB", Some(dynamodb)),
            ("AWS_ENDPOINT_URL_LAMBDA", Some(lambda)),
            ("AWS_ENDPOINT_URL_SQS", sqs),
            ("AWS_ENDPOINT_URL_KINESIS", kinesis),
            ("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", connections),
        ];
        all.into_iter().filter_map(|(name, url)| Some((name.to_owned(), url?))).collect()
    }
}

/// The stores behind the listeners.
pub(crate) struct Stores {
    database: Database,
    pub(crate) issuers: Arc<Issuers>,
    sqs: Arc<Sqs>,
    kinesis: Arc<Kinesis>,
}

impl Stores {
    /// Makes tables, keys, queues and streams.
    pub(crate) fn open(options: &Options, listeners: &Listeners) -> Result<Self, EmulatorError> {
        let (region, account) = (options.region.as_str(), options.account.as_str());
        let tables = table_definitions(&options.tables, &options.table_prefix)?;
        let sqs_url = listeners.sqs.as_ref().map(Listener::url);
        let stores = Self {
            database: dynamodb::open(&tables)?,
            issuers: Arc::new(Issuers::new(options.issuers.clone(), listeners.issuers.url())?),
            sqs: Arc::new(Sqs::new(region, account, sqs_url.unwrap_or_default())),
            kinesis: Arc::new(Kinesis::new(region, account, &options.kinesis_streams)?),
        };
        stores.sqs.make(&options.queues)?;
        Ok(stores)
    }

    /// Starts the event source mappings.
    pub(crate) fn map(
        &self,
        options: &Options,
        lambda: &Arc<Lambda>,
        logs: &Logs,
    ) -> Result<EventSources, EmulatorError> {
        let sources = Sources {
            database: &self.database,
            sqs: &self.sqs,
            kinesis: &self.kinesis,
            lambda,
            region: &options.region,
            account: &options.account,
            logs,
        };
        EventSources::start(options.event_sources.clone(), options.queue_mappings.clone(), &sources)
    }

    /// Serves them, and the Invoke API; the WebSocket API's listener is left.
    pub(crate) fn serve(
        self,
        listeners: Listeners,
        lambda: &Arc<Lambda>,
        signers: &Arc<Signers>,
        servers: &mut Servers,
    ) -> Option<Listener> {
        servers.serve(listeners.lambda, lambda::router(Arc::clone(lambda)));
        servers.serve(listeners.issuers, issuer::router(self.issuers));
        servers.serve_dynamodb(listeners.dynamodb, self.database);
        if let Some(listener) = listeners.sqs {
            servers.serve(listener, sqs::router(self.sqs, Arc::clone(signers)));
        }
        if let Some(listener) = listeners.kinesis {
            servers.serve(listener, kinesis::router(self.kinesis));
        }
        listeners.websocket_api
    }
}
