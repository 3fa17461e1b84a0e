//! The emulator as a whole: its listeners, their order of start and end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::backends::{BackendUrls, Listeners, Stores};
use crate::error::EmulatorError;
use crate::event_source::EventSources;
use crate::gateway::{self, HttpApiFront, RestApiFront, Signers, Surroundings, WebSocketApiFront};
use crate::issuer::{Issuers, TokenRequest};
use crate::lambda::{self, Lambda, Remote, World};
use crate::logs::Logs;
use crate::options::{Alb, FunctionUrl, Functions, HttpApi, Options, Ports, RestApi, WebSocketApi};
use crate::servers::{Listener, SHUTDOWN_LIMIT, Servers};

/// A running emulator. Dropping it kills its functions; [`shutdown`](Self::shutdown) lets them end in peace.
pub struct Emulator {
    urls: FrontUrls,
    backend_urls: BackendUrls,
    issuers: Arc<Issuers>,
    lambda: Arc<Lambda>,
    logs: Logs,
    /// `true` ends the functions' processes.
    closing: watch::Sender<bool>,
    processes: watch::Receiver<usize>,
    event_sources: EventSources,
    /// Fronts, which end before the functions do.
    fronts: Servers,
    /// What functions may still call while they end.
    backends: Servers,
}

/// Where the fronts listen.
#[derive(Default)]
struct FrontUrls {
    rest_api: Option<String>,
    http_api: Option<String>,
    websocket_api: Option<String>,
    function_url: Option<String>,
    signed_function_url: Option<String>,
    alb: Option<String>,
}

impl Emulator {
    /// Binds all ports, makes keys and tables, and starts to serve. Functions start with their first invocation.
    pub async fn start(options: Options) -> Result<Self, EmulatorError> {
        let listeners = Listeners::bind(&options).await?;
        let stores = Stores::open(&options, &listeners)?;
        let logs = Logs::default();
        let (closing, is_closing) = watch::channel(false);
        let (running, processes) = watch::channel(0);
        let world = Arc::new(World {
            region: options.region.clone(),
            account: options.account.clone(),
            variables: stores
                .issuers
                .environment()
                .into_iter()
                .chain(listeners.variables(&options))
                .collect(),
            logs: logs.clone(),
            closing: is_closing,
            processes: running,
        });
        let functions = match options.functions.clone() {
            Functions::Host(specs) => lambda::Functions::host(specs, Arc::clone(&world)),
            Functions::Remote(address) => lambda::Functions::Remote(Box::new(Remote::new(&address)?)),
        };
        let lambda = Arc::new(Lambda::new(world, functions));
        let event_sources = stores.map(&options, &lambda, &logs)?;
        let signers = Arc::new(Signers::new(options.identities.clone(), options.region.clone()));

        let (urls, issuers) = (listeners.urls(), Arc::clone(&stores.issuers));
        let mut backends = Servers::new();
        let websocket_listener = stores.serve(listeners, &lambda, &signers, &mut backends);
        let mut emulator = Self {
            urls: FrontUrls::default(),
            backend_urls: urls,
            issuers,
            lambda,
            event_sources,
            logs,
            closing,
            processes,
            fronts: Servers::new(),
            backends,
        };
        let around = Surroundings {
            signers,
            region: options.region.clone(),
            account: options.account.clone(),
            lambda: Arc::clone(&emulator.lambda),
            logs: emulator.logs.clone(),
            closing: emulator.closing.subscribe(),
        };
        emulator.open_fronts(options, websocket_listener, around).await?;
        Ok(emulator)
    }

    async fn open_fronts(
        &mut self,
        options: Options,
        websocket_listener: Option<Listener>,
        around: Surroundings,
    ) -> Result<(), EmulatorError> {
        let ports = options.ports;
        if let Some(api) = options.rest_api {
            self.open_rest_api(api, ports, around.clone()).await?;
        }
        if let Some(api) = options.http_api {
            self.open_http_api(api, ports, around.clone()).await?;
        }
        if let (Some(api), Some(listener)) = (options.websocket_api, websocket_listener) {
            self.open_websocket_api(api, listener, around.clone())?;
        }
        if let Some(url) = options.function_url {
            let opened = self.open_function_url(url, ports.function_url, around.clone()).await?;
            self.urls.function_url = Some(opened);
        }
        if let Some(url) = options.signed_function_url {
            let opened = self.open_function_url(url, ports.signed_function_url, around.clone()).await?;
            self.urls.signed_function_url = Some(opened);
        }
        if let Some(alb) = options.alb {
            self.open_alb(alb, ports, around).await?;
        }
        Ok(())
    }

    async fn open_rest_api(
        &mut self,
        api: RestApi,
        ports: Ports,
        around: Surroundings,
    ) -> Result<(), EmulatorError> {
        let listener = Listener::bind(ports.rest_api).await?;
        let url = format!("{}/{}", listener.url(), api.stage);
        let front = RestApiFront::new(api, listener.address, around)?;
        self.urls.rest_api = Some(url);
        self.fronts.serve(listener, gateway::rest_api_router(Arc::new(front)));
        Ok(())
    }

    async fn open_http_api(
        &mut self,
        api: HttpApi,
        ports: Ports,
        around: Surroundings,
    ) -> Result<(), EmulatorError> {
        let listener = Listener::bind(ports.http_api).await?;
        let front = HttpApiFront::new(api, listener.address, around)?;
        self.urls.http_api = Some(listener.url());
        self.fronts.serve(listener, gateway::http_api_router(Arc::new(front)));
        Ok(())
    }

    fn open_websocket_api(
        &mut self,
        api: WebSocketApi,
        listener: Listener,
        around: Surroundings,
    ) -> Result<(), EmulatorError> {
        let url = format!("ws://{}/{}", listener.address, api.stage);
        let front = WebSocketApiFront::new(api, listener.address, around)?;
        self.urls.websocket_api = Some(url);
        self.fronts.serve(listener, gateway::websocket_api_router(Arc::new(front)));
        Ok(())
    }

    async fn open_function_url(
        &mut self,
        url: FunctionUrl,
        port: u16,
        around: Surroundings,
    ) -> Result<String, EmulatorError> {
        let listener = Listener::bind(port).await?;
        let router = gateway::function_url_router(url, listener.address, around)?;
        let url = listener.url();
        self.fronts.serve(listener, router);
        Ok(url)
    }

    async fn open_alb(&mut self, alb: Alb, ports: Ports, around: Surroundings) -> Result<(), EmulatorError> {
        let listener = Listener::bind(ports.alb).await?;
        let router = gateway::alb_router(alb, listener.address, around)?;
        self.urls.alb = Some(listener.url());
        self.fronts.serve(listener, router);
        Ok(())
    }

    /// Where the REST API's stage is, such as `http://127.0.0.1:49152/prod`; `None` without one.
    pub fn rest_api_url(&self) -> Option<&str> {
        self.urls.rest_api.as_deref()
    }

    /// Where the HTTP API listens, such as `http://127.0.0.1:49152`; `None` without one.
    pub fn http_api_url(&self) -> Option<&str> {
        self.urls.http_api.as_deref()
    }

    /// Where the Function URL listens; `None` without one.
    pub fn function_url(&self) -> Option<&str> {
        self.urls.function_url.as_deref()
    }

    /// Where the other Function URL listens; `None` without one.
    pub fn signed_function_url(&self) -> Option<&str> {
        self.urls.signed_function_url.as_deref()
    }

    /// Where the WebSocket API's stage is, such as `ws://127.0.0.1:49152/live`; `None` without one.
    pub fn websocket_api_url(&self) -> Option<&str> {
        self.urls.websocket_api.as_deref()
    }

    /// Where the load balancer listens; `None` without one.
    pub fn alb_url(&self) -> Option<&str> {
        self.urls.alb.as_deref()
    }

    /// The Lambda endpoint: the Invoke API, `GET /_doorward/logs?id=…` with the JSON form of [`Logs::find`], and
    /// `PUT` and `DELETE /_doorward/away/REGION`, which do what [`set_region_away`](Self::set_region_away) does.
    pub fn lambda_url(&self) -> &str {
        &self.backend_urls.lambda
    }

    /// The DynamoDB endpoint.
    pub fn dynamodb_url(&self) -> &str {
        &self.backend_urls.dynamodb
    }

    /// The SQS endpoint; `None` without a queue.
    pub fn sqs_url(&self) -> Option<&str> {
        self.backend_urls.sqs.as_deref()
    }

    /// Where a queue is, as SQS names it: its `QueueUrl`; `None` without a queue at all.
    pub fn queue_url(&self, queue: &str) -> Option<String> {
        self.backend_urls.sqs.as_ref().map(|_| self.event_sources.queue_url(queue))
    }

    /// The Kinesis endpoint; `None` without a stream.
    pub fn kinesis_url(&self) -> Option<&str> {
        self.backend_urls.kinesis.as_deref()
    }

    /// The key set of an issuer.
    pub fn jwks_url(&self, issuer: &str) -> Result<String, EmulatorError> {
        self.issuers.jwks_url(issuer)
    }

    /// Where an issuer gives tokens to whoever asks on this machine: `?sub=alice&groups=customers,buyers`.
    pub fn token_url(&self, issuer: &str) -> Result<String, EmulatorError> {
        self.issuers.token_url(issuer)
    }

    /// A token of an issuer, signed with its newest key.
    pub fn issue_token(&self, issuer: &str, request: TokenRequest) -> Result<String, EmulatorError> {
        self.issuers.get(issuer)?.issue(request)
    }

    /// A token with exactly this header and these claims, both JSON texts, under the issuer's true
    /// signature: for tokens that must be refused for what they say.
    pub fn sign_raw(&self, issuer: &str, header: &str, claims: &str) -> Result<String, EmulatorError> {
        self.issuers.get(issuer)?.sign_raw(header, claims)
    }

    /// Makes a new key of an issuer, which signs from now on; the one before it stays in the key set. The new key's id.
    pub fn rotate_key(&self, issuer: &str) -> Result<String, EmulatorError> {
        self.issuers.get(issuer)?.rotate()
    }

    /// Takes the keys of an issuer that were rotated out of its key set. Their ids.
    pub fn retire_keys(&self, issuer: &str) -> Result<Vec<String>, EmulatorError> {
        Ok(self.issuers.get(issuer)?.retire())
    }

    /// What functions printed and fronts answered.
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Starts one process of each function named, one after the other, unless one waits already, and keeps it for
    /// the next invocation: per function, the time from its start until it asked for work. Functions that run
    /// elsewhere are left out.
    pub async fn prewarm(&self, functions: &[&str]) -> Result<Vec<(String, Duration)>, EmulatorError> {
        let mut started = Vec::new();
        for function in functions {
            let failed =
                |reason: String| EmulatorError::FunctionStart { function: (*function).into(), reason };
            if let Some(init) =
                self.lambda.prewarm(function).await.map_err(|fault| failed(fault.to_string()))?
            {
                started.push(((*function).to_owned(), init));
            }
        }
        Ok(started)
    }

    /// From now on the Invoke API answers 503 to whatever is signed for `region`, or no longer does. The same functions run
    /// for all regions.
    pub fn set_region_away(&self, region: &str, away: bool) {
        self.lambda.set_region_away(region, away);
    }

    /// Returns as soon as no asynchronous invocation is queued, running or waiting for its retry.
    pub async fn async_idle(&self) {
        self.lambda.idle().await;
    }

    /// Returns as soon as everything that streams hold now is delivered to the functions that they are mapped to.
    pub async fn streams_idle(&self) {
        self.event_sources.streams_idle().await;
    }

    /// Returns as soon as each mapped queue has been seen empty: all that it held is done with, or is in its dead-letter
    /// queue. A message that fails for ever in a queue without one is waited for as long.
    pub async fn queues_idle(&self) {
        self.event_sources.queues_idle().await;
    }

    /// Ends the fronts and event sources, then the functions (SIGTERM and half a second where they registered an extension, as
    /// Lambda does), then what they may still have called.
    pub async fn shutdown(self) {
        let Self { fronts, backends, closing, mut processes, lambda, event_sources, .. } = self;
        fronts.stop().await;
        event_sources.stop().await;
        // The receivers are in `lambda`, which this function holds.
        closing.send_replace(true);
        let _ = tokio::time::timeout(SHUTDOWN_LIMIT, processes.wait_for(|running| *running == 0)).await;
        drop(lambda);
        backends.stop().await;
    }
}
