//! The emulator as a whole: its listeners, their order of start and end.

use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::dynamodb::{self, table_definitions};
use crate::error::EmulatorError;
use crate::gateway::{self, HttpApiFront};
use crate::issuer::{self, Issuers, TokenRequest};
use crate::lambda::{self, Lambda, Remote, World};
use crate::logs::Logs;
use crate::options::{FunctionUrl, Functions, HttpApi, Options};

/// Time that open requests have to end at shutdown.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(2);

/// A running emulator. Dropping it kills its functions; [`shutdown`](Self::shutdown) lets them end in peace.
pub struct Emulator {
    http_api_url: Option<String>,
    function_url: Option<String>,
    lambda_url: String,
    dynamodb_url: String,
    issuers: Arc<Issuers>,
    lambda: Arc<Lambda>,
    logs: Logs,
    /// `true` ends the functions' processes.
    closing: watch::Sender<bool>,
    processes: watch::Receiver<usize>,
    /// Fronts, which end before the functions do.
    fronts: Servers,
    /// What functions may still call while they end.
    backends: Servers,
}

impl Emulator {
    /// Binds all ports, makes keys and tables, and starts to serve. Functions start with their first invocation.
    pub async fn start(options: Options) -> Result<Self, EmulatorError> {
        let ports = options.ports;
        let lambda_listener = Listener::bind(ports.lambda).await?;
        let dynamodb_listener = Listener::bind(ports.dynamodb).await?;
        let issuer_listener = Listener::bind(ports.issuers).await?;
        let tables = table_definitions(&options.tables, &options.table_prefix)?;
        let database = dynamodb::open(&tables)?;
        let issuers = Arc::new(Issuers::new(options.issuers, issuer_listener.url())?);
        let logs = Logs::default();

        let mut variables = issuers.environment();
        variables.push(("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), dynamodb_listener.url()));
        variables.push(("AWS_ENDPOINT_URL_LAMBDA".to_owned(), lambda_listener.url()));
        let (closing, is_closing) = watch::channel(false);
        let (running, processes) = watch::channel(0);
        let world = Arc::new(World {
            region: options.region.clone(),
            account: options.account.clone(),
            variables,
            logs: logs.clone(),
            closing: is_closing,
            processes: running,
        });
        let functions = match options.functions {
            Functions::Host(specs) => lambda::Functions::host(specs, Arc::clone(&world)),
            Functions::Remote(address) => lambda::Functions::Remote(Box::new(Remote::new(&address)?)),
        };

        let mut emulator = Self {
            http_api_url: None,
            function_url: None,
            lambda_url: lambda_listener.url(),
            dynamodb_url: dynamodb_listener.url(),
            issuers: Arc::clone(&issuers),
            lambda: Arc::new(Lambda::new(world, functions)),
            logs,
            closing,
            processes,
            fronts: Servers::new(),
            backends: Servers::new(),
        };
        emulator.backends.serve(lambda_listener, lambda::router(Arc::clone(&emulator.lambda)));
        emulator.backends.serve(issuer_listener, issuer::router(issuers));
        emulator.backends.serve_dynamodb(dynamodb_listener, database);
        if let Some(api) = options.http_api {
            emulator.open_http_api(api, ports.http_api, &options.region, &options.account).await?;
        }
        if let Some(url) = options.function_url {
            emulator.open_function_url(url, ports.function_url, &options.region).await?;
        }
        Ok(emulator)
    }

    async fn open_http_api(
        &mut self,
        api: HttpApi,
        port: u16,
        region: &str,
        account: &str,
    ) -> Result<(), EmulatorError> {
        let listener = Listener::bind(port).await?;
        let (lambda, logs) = (Arc::clone(&self.lambda), self.logs.clone());
        let front = HttpApiFront::new(api, region, account, listener.address, lambda, logs)?;
        self.http_api_url = Some(listener.url());
        self.fronts.serve(listener, gateway::http_api_router(Arc::new(front)));
        Ok(())
    }

    async fn open_function_url(
        &mut self,
        url: FunctionUrl,
        port: u16,
        region: &str,
    ) -> Result<(), EmulatorError> {
        if !self.lambda.knows(&url.function) {
            return Err(EmulatorError::UnknownFunction(url.function));
        }
        let listener = Listener::bind(port).await?;
        let (lambda, logs) = (Arc::clone(&self.lambda), self.logs.clone());
        let router = gateway::function_url_router(url, region, listener.address, lambda, logs);
        self.function_url = Some(listener.url());
        self.fronts.serve(listener, router);
        Ok(())
    }

    /// Where the HTTP API listens, such as `http://127.0.0.1:49152`; `None` without one.
    pub fn http_api_url(&self) -> Option<&str> {
        self.http_api_url.as_deref()
    }

    /// Where the Function URL listens; `None` without one.
    pub fn function_url(&self) -> Option<&str> {
        self.function_url.as_deref()
    }

    /// The Lambda endpoint: the Invoke API, and `GET /_doorward/logs?id=…` with the JSON form of [`Logs::find`].
    pub fn lambda_url(&self) -> &str {
        &self.lambda_url
    }

    /// The DynamoDB endpoint.
    pub fn dynamodb_url(&self) -> &str {
        &self.dynamodb_url
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

    /// Returns as soon as no asynchronous invocation is queued, running or waiting for its retry.
    pub async fn async_idle(&self) {
        self.lambda.idle().await;
    }

    /// Ends the fronts, then the functions (SIGTERM and half a second where they registered an extension, as
    /// Lambda does), then what they may still have called.
    pub async fn shutdown(self) {
        let Self { fronts, backends, closing, mut processes, lambda, .. } = self;
        fronts.stop().await;
        // The receivers are in `lambda`, which this function holds.
        closing.send_replace(true);
        let _ = tokio::time::timeout(SHUTDOWN_LIMIT, processes.wait_for(|running| *running == 0)).await;
        drop(lambda);
        backends.stop().await;
    }
}

struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listener {
    async fn bind(port: u16) -> Result<Self, EmulatorError> {
        let failed = |cause| EmulatorError::Listen { port, cause };
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Servers that end together: by [`stop`](Self::stop) with their open requests, by being dropped without.
struct Servers {
    stopping: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Servers {
    fn new() -> Self {
        Self { stopping: watch::Sender::new(false), tasks: JoinSet::new() }
    }

    fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stopping = self.stopping.subscribe();
        async move {
            let _ = stopping.wait_for(|stopping| *stopping).await;
        }
    }

    fn serve(&mut self, listener: Listener, router: axum::Router) {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let server = axum::serve(listener.listener, service).with_graceful_shutdown(self.stopped());
        self.tasks.spawn(async move {
            // `axum::serve` never fails: it retries what its listener reports.
            let _ = server.into_future().await;
        });
    }

    fn serve_dynamodb(&mut self, listener: Listener, database: dynoxide::Database) {
        let stopped = self.stopped();
        self.tasks.spawn(async move {
            let _ = dynoxide::server::serve_with_shutdown(listener.listener, database, stopped).await;
        });
    }

    async fn stop(mut self) {
        self.stopping.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(SHUTDOWN_LIMIT, all).await;
    }
}
