//! CloudEvents, which come as requests: to a door's address, with the credentials of whoever sends them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use doorward_aws::{AwsClients, Posted};
use doorward_events::{Sample, sample};
use doorward_model::EventKind;
use http::HeaderName;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::draft::fresh;
use super::exact::{raw, with_member};
use super::read_event;
use crate::output::{Exit, Failure, Format, say};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  doorward emit cloudevents --url http://127.0.0.1:3000/events --type com.example.order.placed --data '{\"total\": 5}' \\
    --header \"authorization: Bearer TOKEN\"
  doorward emit cloudevents --url https://door.example/events --mode batch --count 3 --type com.example.order.placed
  doorward emit cloudevents --url https://door.example/events --mode batch --file events.json

`doorward dev` prints the line that takes a TOKEN of the local issuer.

Exit codes: 0 taken, 1 could not be sent, 2 not or not wholly taken, 3 invalid input")]
pub(super) struct Arguments {
    /// Where the door takes them: `https`, or this machine.
    #[arg(long)]
    url: String,
    /// How they are sent.
    #[arg(long, value_enum, default_value = "structured")]
    mode: Mode,
    /// The type.
    #[arg(long = "type", default_value = "com.example.sample")]
    event_type: String,
    /// The source, a URI reference.
    #[arg(long, default_value = "/sample")]
    source: String,
    /// The id: two events with the same one and the same source are one event. A fresh one by default; of several, each has its
    /// number behind it.
    #[arg(long)]
    id: Option<String>,
    /// The subject.
    #[arg(long)]
    subject: Option<String>,
    /// The data, in JSON.
    #[arg(long)]
    data: Option<String>,
    /// Extension attributes: `--set tenant=7`.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// How many a batch holds.
    #[arg(long, default_value_t = 1)]
    count: usize,
    /// The body, as it is, in the place of made-up events: one in structured mode, or a batch.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Header fields: `--header "authorization: Bearer …"`.
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
}

/// The modes of the HTTP protocol binding 1.0.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Structured,
    Binary,
    Batch,
}

/// What is encoded in header fields: all but the printable characters of ASCII, and of them the space, the quotation mark and
/// the percent sign (section 3.1.3.2).
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

type Headers = Vec<(String, String)>;

pub(super) async fn run(
    arguments: &Arguments,
    clients: &AwsClients,
    format: Format,
) -> Result<Exit, Failure> {
    let (mut headers, body) = arguments.request()?;
    for field in &arguments.header {
        headers.push(header(field)?);
    }
    let url = &arguments.url;
    let answer = clients.post(url, &headers, body).await.map_err(|cause| {
        Failure::new(format!("no answer from `{url}`: {cause}"))
            .hint("is the door running? `doorward dev` starts a local one, and says where it answers")
    })?;
    let Posted { status, headers, body } = answer;
    let request_id = headers.iter().find(|(name, _)| name == "x-request-id").map(|(_, value)| value);
    let told: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    match format {
        Format::Json => say!("{}", json!({ "status": status, "request_id": request_id, "answer": told })),
        Format::Human => {
            say!("answered {status}: call {}", request_id.map_or("-", String::as_str));
            if !told.is_null() {
                say!("{told:#}");
            }
        }
    }
    let is_taken = (200..300).contains(&status) && status != 207;
    Ok(if is_taken { Exit::Ok } else { Exit::Different })
}

impl Arguments {
    fn request(&self) -> Result<(Headers, Vec<u8>), Failure> {
        let media = |media: &str| vec![("content-type".to_owned(), media.to_owned())];
        if self.count != 1 && self.mode != Mode::Batch {
            return Err(Failure::usage("one request holds one event").hint("`--mode batch` holds several"));
        }
        if let Some(path) = &self.file {
            let media = match self.mode {
                Mode::Structured => media("application/cloudevents+json"),
                Mode::Batch => media("application/cloudevents-batch+json"),
                Mode::Binary => {
                    let failure = Failure::usage("a file in binary mode has no attributes");
                    return Err(failure.hint("it holds an event, `--mode structured`, or a batch of them"));
                }
            };
            return Ok((media, read_event(path)?));
        }
        let data = self.data.as_deref().map(|data| raw("--data", data)).transpose()?;
        let id = self.id.clone().unwrap_or_else(|| fresh(Timestamp::now()));
        Ok(match self.mode {
            Mode::Structured => {
                let event = self.text(&id, data.as_deref())?;
                (media("application/cloudevents+json"), event.into_bytes())
            }
            Mode::Binary => {
                let Value::Object(members) = self.event(&id)? else {
                    return Ok((Vec::new(), Vec::new()));
                };
                let field = |(name, value): (String, Value)| {
                    let text = value.as_str().unwrap_or_default();
                    (format!("ce-{name}"), utf8_percent_encode(text, ENCODED).to_string())
                };
                let headers = members.into_iter().map(field).chain(media("application/json"));
                (headers.collect(), data.map(|data| data.get().to_owned()).unwrap_or_default().into_bytes())
            }
            Mode::Batch => {
                let numbered = |place| match self.count {
                    1 => id.clone(),
                    _ => format!("{id}-{place}"),
                };
                let events = (1..=self.count).map(|place| self.text(&numbered(place), data.as_deref()));
                let events = events.collect::<Result<Vec<_>, _>>()?.join(",");
                (media("application/cloudevents-batch+json"), format!("[{events}]").into_bytes())
            }
        })
    }

    fn text(&self, id: &str, data: Option<&RawValue>) -> Result<String, Failure> {
        let event = self.event(id)?;
        Ok(data.map_or_else(|| event.to_string(), |data| with_member(&event, "data", data)))
    }

    /// Its attributes.
    fn event(&self, id: &str) -> Result<Value, Failure> {
        let mut told: BTreeMap<String, Value> =
            BTreeMap::from([("source".to_owned(), self.source.as_str().into())]);
        told.extend(self.subject.iter().map(|subject| ("subject".to_owned(), subject.as_str().into())));
        for set in &self.set {
            let (name, value) = set.split_once('=').ok_or_else(|| {
                Failure::usage(format!("`{set}` sets no attribute")).hint("write `--set tenant=7`")
            })?;
            told.insert(name.to_owned(), value.into());
        }
        Ok(sample(&Sample {
            kind: EventKind::CloudEvents,
            event_type: Some(&self.event_type),
            told: &told,
            payload: None,
            id,
            time: Timestamp::now(),
            region: "",
            account: "",
        }))
    }
}

fn header(field: &str) -> Result<(String, String), Failure> {
    let parts = field.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
    match parts {
        Some((name, value)) if name.parse::<HeaderName>().is_ok() => {
            Ok((name.to_ascii_lowercase(), value.to_owned()))
        }
        _ => Err(Failure::usage("`--header` holds no header field").hint("write `--header \"name: value\"`")),
    }
}
