use std::path::{Path, PathBuf};

use bytes::Bytes;
use doorward_core::ApiKey;
use doorward_emulator::TokenRequest;
use http::Method;
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::act::{Act, Verdict};
use super::upstreams::Upstreams;
use crate::calling::{Answered, Caller};
use crate::emit::s3_event;
use crate::explanation::{Explanation, Lines};
use crate::local_door::LocalDoor;
use crate::output::Failure;
use crate::project::Project;

/// The issuer of the customers' tokens, as `doorward.toml` names it.
pub(crate) const CUSTOMERS: &str = "main";
/// That of the tokens of who works for the shop.
pub(crate) const STAFF: &str = "staff";

/// The running door, and the people who call it.
pub(crate) struct Stage {
    pub(crate) door: LocalDoor,
    /// The servers that it forwards to.
    pub(crate) upstreams: Upstreams,
    pub(crate) http_api: String,
    pub(crate) function_url: String,
    /// Where the demo's `doorward.toml` is.
    pub(crate) project: PathBuf,
    /// What the project's API keys begin with.
    pub(crate) key_prefix: String,
    pub(super) caller: Caller,
    /// Where the tokens in printed `curl` lines are kept.
    tokens: PathBuf,
}

/// A request of a scene.
pub(crate) struct Ask<'a> {
    pub(crate) base: &'a str,
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    /// The file that holds the caller's token or API key, as [`Stage::token`] or [`Stage::keep_key`] wrote it.
    pub(crate) token: Option<&'a str>,
    pub(crate) body: Option<Value>,
}

/// A request with header fields of its own, signed as it is.
pub(crate) struct Delivery {
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Delivery {
    /// The same, sent there.
    pub(crate) fn at(&self, base: &str, path: &str) -> Self {
        Self { url: format!("{base}{path}"), headers: self.headers.clone(), body: self.body.clone() }
    }
}

/// An event that was taken and dealt with.
pub(crate) struct Emitted {
    /// The command that sends it again.
    pub(crate) asked: String,
    pub(crate) answered: String,
    pub(crate) explanation: Explanation,
}

/// Size of the uploads, in bytes.
const SIZE: u64 = 48_213;

/// What a scene expects of an answer.
pub(crate) struct Expect<'a> {
    pub(crate) status: u16,
    /// The outcome that the system itself states; `gateway` where nothing behind the gateway was asked.
    pub(crate) outcome: &'a str,
    /// Words that the explanation must hold.
    pub(crate) why: &'a [&'a str],
    /// Header fields that the answer must have.
    pub(crate) headers: &'a [&'a str],
}

/// What a scene expects of a command.
pub(crate) struct Ran<'a> {
    pub(crate) exit: i32,
    /// Words that its output must hold.
    pub(crate) lines: &'a [&'a str],
}

const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// How the names of files end that hold API keys.
const KEY_ENDING: &str = ".key";
pub(crate) const TOKEN_FOLDER: &str = "target/doorward";

impl Stage {
    pub(crate) fn set(
        door: LocalDoor,
        upstreams: Upstreams,
        project: &Project,
        root: &Path,
    ) -> Result<Self, Failure> {
        let lacking = |what: &str| Failure::new(format!("`{}` pins no {what}", project.config.display()));
        let http_api = door.emulator.http_api_url().ok_or_else(|| lacking("`http-api:` front"))?.to_owned();
        let function_url =
            door.emulator.function_url().ok_or_else(|| lacking("`function-url:` front"))?.to_owned();
        let tokens = root.join(TOKEN_FOLDER);
        std::fs::create_dir_all(&tokens).map_err(Failure::new)?;
        let key_prefix = project.rules.config().api_keys.prefix.clone();
        // Lines that are printed are typed at the root, where they are run, too.
        let project = project.config.strip_prefix(root).unwrap_or(&project.config).to_owned();
        Ok(Self {
            door,
            upstreams,
            http_api,
            function_url,
            project,
            key_prefix,
            caller: Caller::new(),
            tokens,
        })
    }

    /// Where files are kept that printed lines name.
    pub(crate) fn folder(&self) -> &Path {
        &self.tokens
    }

    /// Where printed lines are typed.
    pub(crate) fn root(&self) -> &Path {
        self.tokens.ancestors().nth(2).unwrap_or(Path::new("."))
    }

    /// Both fronts.
    pub(crate) fn fronts(&self) -> [&str; 2] {
        [&self.http_api, &self.function_url]
    }

    /// A token that is good for an hour, kept under `name`.
    pub(crate) fn token(&self, subject: &str, groups: &[&str]) -> Result<String, Failure> {
        self.token_with(subject, subject, groups, None, SignedDuration::from_hours(1))
    }

    /// A token for another audience, or of another age, kept under `name`.
    pub(crate) fn token_with(
        &self,
        name: &str,
        subject: &str,
        groups: &[&str],
        audience: Option<&str>,
        expires_in: SignedDuration,
    ) -> Result<String, Failure> {
        let now = Timestamp::now();
        let expires_at = now.saturating_add(expires_in).map_err(Failure::new)?;
        let claims = Map::from_iter([("groups".to_owned(), json!(groups))]);
        let request = TokenRequest {
            subject: subject.to_owned(),
            claims,
            audience: audience.map(str::to_owned),
            issued_at: now.min(expires_at),
            expires_at,
        };
        let token = self.door.emulator.issue_token(CUSTOMERS, request).map_err(Failure::new)?;
        self.keep(name, &token)
    }

    /// A token of this issuer's that is good for an hour, kept under `name`.
    pub(crate) fn issue(
        &self,
        issuer: &str,
        name: &str,
        subject: &str,
        claims: Map<String, Value>,
    ) -> Result<String, Failure> {
        let issued_at = Timestamp::now();
        let expires_at = issued_at.saturating_add(SignedDuration::from_hours(1)).map_err(Failure::new)?;
        let request =
            TokenRequest { subject: subject.to_owned(), claims, audience: None, issued_at, expires_at };
        let token = self.door.emulator.issue_token(issuer, request).map_err(Failure::new)?;
        self.keep(name, &token)
    }

    /// A token whose header and claims are exactly these, with the issuer's true signature, kept under `name`.
    pub(crate) fn forged(
        &self,
        issuer: &str,
        name: &str,
        header: &Value,
        claims: &Value,
    ) -> Result<String, Failure> {
        let token = self.door.emulator.sign_raw(issuer, &header.to_string(), &claims.to_string());
        self.keep(name, &token.map_err(Failure::new)?)
    }

    fn keep(&self, name: &str, token: &str) -> Result<String, Failure> {
        self.write(format!("{name}.jwt"), token)
    }

    /// Keeps an API key under `name`.
    pub(crate) fn keep_key(&self, name: &str, key: &ApiKey) -> Result<String, Failure> {
        self.write(format!("{name}{KEY_ENDING}"), key.expose())
    }

    /// What `file` holds.
    pub(crate) fn read(&self, file: &str) -> Result<String, Failure> {
        std::fs::read_to_string(self.tokens.join(file)).map_err(Failure::new)
    }

    pub(crate) fn write(&self, file: String, text: &str) -> Result<String, Failure> {
        std::fs::write(self.tokens.join(&file), text).map_err(Failure::new)?;
        Ok(file)
    }

    /// The header field that shows what `file` holds, without the text itself. An HTTP API asks nothing of who lacks its
    /// identity source, so a key is shown as a bearer token there.
    fn field(&self, base: &str, file: &str) -> (&'static str, &'static str) {
        if file.ends_with(KEY_ENDING) && base == self.function_url {
            ("x-api-key", "")
        } else {
            ("authorization", "Bearer ")
        }
    }

    /// Sends a request, and nothing else.
    pub(crate) async fn send(&self, ask: &Ask<'_>) -> Result<Answered, Failure> {
        self.send_with(ask, None).await
    }

    async fn send_with(&self, ask: &Ask<'_>, key: Option<&str>) -> Result<Answered, Failure> {
        let mut request =
            http::Request::builder().method(&ask.method).uri(format!("{}{}", ask.base, ask.path));
        if let Some(file) = ask.token {
            let token = self.read(file)?;
            let (name, scheme) = self.field(ask.base, file);
            request = request.header(name, format!("{scheme}{token}"));
        }
        if let Some(key) = key {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        let body = ask.body.as_ref().map(Value::to_string);
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(Full::new(Bytes::from(body.unwrap_or_default()))).map_err(Failure::new)?;
        self.caller.call(request).await
    }

    /// Sends a request and holds the answer, and what the system says of it, against what is expected.
    pub(crate) async fn act(
        &self,
        scene: &'static str,
        ask: Ask<'_>,
        expect: Expect<'_>,
    ) -> Result<Act, Failure> {
        let answer = self.send(&ask).await?;
        self.judge(scene, &ask, &answer, expect).await
    }

    /// As [`Self::act`], with an idempotency key.
    pub(crate) async fn act_keyed(
        &self,
        scene: &'static str,
        ask: Ask<'_>,
        key: &str,
        expect: Expect<'_>,
    ) -> Result<Act, Failure> {
        let answer = self.send_with(&ask, Some(key)).await?;
        let line = format!("{} -H '{IDEMPOTENCY_KEY}: {key}'", self.curl(&ask));
        self.hold(scene, line, &answer, expect).await
    }

    /// Sends a delivery and holds the answer, and what the system says of it, against what is expected.
    pub(crate) async fn deliver(
        &self,
        scene: &'static str,
        delivery: &Delivery,
        expect: Expect<'_>,
    ) -> Result<Act, Failure> {
        let mut request = http::Request::post(&delivery.url);
        let mut line = format!("curl -i -X POST {}", delivery.url);
        for (name, value) in &delivery.headers {
            request = request.header(*name, value);
            line.push_str(&format!(" -H '{name}: {value}'"));
        }
        line.push_str(&format!(" -d '{}'", delivery.body));
        let request = request.body(Full::new(Bytes::from(delivery.body.clone()))).map_err(Failure::new)?;
        let answer = self.caller.call(request).await?;
        self.hold(scene, line, &answer, expect).await
    }

    /// Holds an answer, and what the system says of it, against what is expected.
    pub(crate) async fn judge(
        &self,
        scene: &'static str,
        ask: &Ask<'_>,
        answer: &Answered,
        expect: Expect<'_>,
    ) -> Result<Act, Failure> {
        self.hold(scene, self.curl(ask), answer, expect).await
    }

    pub(super) async fn hold(
        &self,
        scene: &'static str,
        asked: String,
        answer: &Answered,
        expect: Expect<'_>,
    ) -> Result<Act, Failure> {
        // The id that the caller was given: the door's own, the gateway's where the gateway answered alone.
        let ids = ["x-request-id", "apigw-requestid", "x-amzn-requestid"];
        let id = ids.into_iter().find_map(|name| answer.header(name)).unwrap_or_default();
        let explanation =
            Explanation::read(&Lines::Own(self.door.emulator.logs()), &self.door.ledger, id).await?;
        let why = explanation.lines();
        let mut verdict = Verdict::default();
        verdict.same("the status", answer.status, expect.status);
        verdict.same("the outcome", explanation.outcome(), expect.outcome);
        for word in expect.why {
            verdict.holds(
                &format!("the explanation names `{word}`"),
                why.iter().any(|line| line.contains(word)),
            );
        }
        for name in expect.headers {
            verdict.holds(&format!("the answer has `{name}`"), answer.header(name).is_some());
        }
        Ok(Act {
            scene,
            asked,
            answered: describe(answer, expect.headers),
            why,
            unexpected: verdict.into_differences(),
        })
    }

    /// The request as a command that sends it again from the project's folder.
    pub(super) fn curl(&self, ask: &Ask<'_>) -> String {
        let mut line = format!("curl -i -X {} {}{}", ask.method, ask.base, ask.path);
        if let Some(file) = ask.token {
            let (name, scheme) = self.field(ask.base, file);
            line.push_str(&format!(" -H \"{name}: {scheme}$(cat {TOKEN_FOLDER}/{file})\""));
        }
        if let Some(body) = &ask.body {
            line.push_str(&format!(" -H 'content-type: application/json' -d '{body}'"));
        }
        line
    }

    /// Runs this very program as an operator would, and holds what it says against what is expected.
    pub(crate) async fn run(
        &self,
        scene: &'static str,
        arguments: &[&str],
        expect: Ran<'_>,
    ) -> Result<Act, Failure> {
        let program = std::env::current_exe().map_err(Failure::new)?;
        let run = tokio::process::Command::new(program).args(arguments).current_dir(self.root()).output();
        let output = run.await.map_err(Failure::new)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let why: Vec<String> = lines.map(str::to_owned).collect();
        let mut verdict = Verdict::default();
        verdict.same("the exit code", output.status.code(), Some(expect.exit));
        for word in expect.lines {
            verdict.holds(&format!("it says `{word}`"), why.iter().any(|line| line.contains(word)));
        }
        let words: Vec<String> = arguments.iter().map(|word| in_shell(word)).collect();
        Ok(Act {
            scene,
            asked: format!("cargo doorward {}", words.join(" ")),
            answered: output.status.to_string(),
            why,
            unexpected: verdict.into_differences(),
        })
    }

    /// Sends an S3 notification as S3 does, waits until it is dealt with, and says how that ended.
    pub(crate) async fn emit_s3(&self, key: &str, sequencer: &str) -> Result<Emitted, Failure> {
        let event = s3_event("receipts", key, SIZE, "ObjectCreated:Put", Some(sequencer));
        let sent = self.door.clients.invoke_event("dispatcher", event.to_string().into_bytes()).await;
        let request_id = sent.map_err(Failure::new)?;
        self.door.emulator.async_idle().await;
        let explanation =
            Explanation::read(&Lines::Own(self.door.emulator.logs()), &self.door.ledger, &request_id).await?;
        Ok(Emitted {
            asked: format!(
                "cargo doorward emit s3 --lambda-url {} --bucket receipts --key {key} --size {SIZE} --sequencer {sequencer}",
                self.door.emulator.lambda_url()
            ),
            answered: format!("taken as request {request_id}"),
            explanation,
        })
    }

    /// How often the target function was handed this object.
    pub(crate) fn booked(&self, key: &str) -> usize {
        let logs = self.door.emulator.logs();
        logs.find(key)
            .iter()
            .filter(|line| line.source == "receipts" && line.text.contains("receipt-booked"))
            .count()
    }
}

/// A word as a shell reads it back.
pub(super) fn in_shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn describe(answer: &Answered, headers: &[&str]) -> String {
    const LONGEST: usize = 300;
    let mut line = answer.status.to_string();
    for name in headers {
        if let Some(value) = answer.header(name) {
            line.push_str(&format!(" [{name}: {value}]"));
        }
    }
    let body = String::from_utf8_lossy(&answer.body);
    let shown: String = body.chars().take(LONGEST).collect();
    format!("{line} {shown}{}", if shown.len() < body.len() { " …" } else { "" })
}
