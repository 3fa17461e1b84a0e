use async_trait::async_trait;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use bytes::Bytes;
use doorward_core::ports::{IdempotencyStore, Put, StoreError};
use doorward_model::{CallId, EntityName, IdempotencyRecord, IdempotencyState, StoredAnswer};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attributes::{self, Attributes};
use crate::{AwsClients, sdk_error};

/// What the partitions of keys begin with; each has one item, `key`.
pub(crate) const OWNER: &str = "idempotency#";
const ITEM: &str = "key";

/// The words of two states.
pub(crate) const ANSWERED: &str = "answered";
pub(crate) const NOT_KEPT: &str = "not-kept";

const ABSENT: &str = "attribute_not_exists(#owner)";
const AS_FOUND: &str = "#call = :call AND #at = :at AND #state = :state";

/// The idempotency keys of calls in `<table>-state`: partition `idempotency#<hash>`, with the answer to the call.
///
/// Every write is conditional, so that a write which the SDK sends again after a time-out changes nothing: the item that
/// the second one finds names the try that wrote it.
#[derive(Debug, Clone)]
pub struct DynamoIdempotency {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

/// A key, beside the fields (`headers`: a list of names and values) and the body (`body`) of the answer.
#[derive(Debug, Serialize, Deserialize)]
struct KeyItem {
    owner: String,
    item: String,
    call: String,
    caller: String,
    fingerprint: String,
    at: Timestamp,
    until: Option<Timestamp>,
    window_ends: Timestamp,
    state: Word,
    status: Option<u16>,
    /// When the table may forget it, in seconds since the epoch.
    expires: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    InProgress,
    Answered,
    NotKept,
    Released,
}

impl Word {
    fn of(state: &IdempotencyState) -> Self {
        match state {
            IdempotencyState::InProgress => Self::InProgress,
            IdempotencyState::Answered(_) => Self::Answered,
            IdempotencyState::NotKept => Self::NotKept,
            IdempotencyState::Released => Self::Released,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::InProgress => "in-progress",
            Self::Answered => ANSWERED,
            Self::NotKept => NOT_KEPT,
            Self::Released => "released",
        }
    }
}

impl DynamoIdempotency {
    /// The keys in the tables that begin with `table`.
    #[must_use]
    pub fn new(clients: &AwsClients, table: &str) -> Self {
        Self { client: clients.dynamodb.clone(), table: format!("{table}-state") }
    }
}

#[async_trait]
impl IdempotencyStore for DynamoIdempotency {
    async fn find(&self, id: &str) -> Result<Option<IdempotencyRecord>, StoreError> {
        let read = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("owner", text(&format!("{OWNER}{id}")))
            .key("item", text(ITEM))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        read.item.map(read_item).transpose()
    }

    async fn put(
        &self,
        record: &IdempotencyRecord,
        found: Option<&IdempotencyRecord>,
    ) -> Result<Put, StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(write_item(record)?))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = match found {
            None => put.condition_expression(ABSENT).expression_attribute_names("#owner", "owner"),
            Some(found) => put
                .condition_expression(AS_FOUND)
                .expression_attribute_names("#call", "call")
                .expression_attribute_names("#at", "at")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":call", text(found.call.as_str()))
                .expression_attribute_values(":at", text(&found.at.to_string()))
                .expression_attribute_values(":state", text(Word::of(&found.state).text())),
        };
        let stands = match put.send().await {
            Ok(_) => return Ok(Put::Written),
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                PutItemError::ConditionalCheckFailedException(failed) => {
                    failed.item.map(read_item).transpose()?
                }
                error => return Err(StoreError(sdk_error::code(&error))),
            },
            Err(error) => return Err(StoreError(sdk_error::brief(&error))),
        };
        match stands {
            Some(stands)
                if stands.is_same_try(record) && Word::of(&stands.state) == Word::of(&record.state) =>
            {
                Ok(Put::Written)
            }
            stands => Ok(Put::Otherwise(stands.map(Box::new))),
        }
    }
}

fn write_item(record: &IdempotencyRecord) -> Result<Attributes, StoreError> {
    let answer = match &record.state {
        IdempotencyState::Answered(answer) => Some(answer),
        IdempotencyState::InProgress | IdempotencyState::NotKept | IdempotencyState::Released => None,
    };
    let item = KeyItem {
        owner: format!("{OWNER}{}", record.id),
        item: ITEM.to_owned(),
        call: record.call.to_string(),
        caller: record.caller.to_string(),
        fingerprint: record.fingerprint.clone(),
        at: record.at,
        until: record.until,
        window_ends: record.window_ends,
        state: Word::of(&record.state),
        status: answer.map(|answer| answer.status.as_u16()),
        expires: record.window_ends.as_second().saturating_add(1),
    };
    let unwritable = |_| StoreError("the idempotency key cannot be written as an item".to_owned());
    let mut item = attributes::write(&item).map_err(unwritable)?;
    if let Some(answer) = answer {
        let fields = answer.headers.iter();
        let fields = fields.flat_map(|(name, value)| [text(name.as_str()), binary(value.as_bytes())]);
        item.insert("headers".to_owned(), AttributeValue::L(fields.collect()));
        item.insert("body".to_owned(), binary(&answer.body));
    }
    Ok(item)
}

fn read_item(mut item: Attributes) -> Result<IdempotencyRecord, StoreError> {
    let unreadable = || StoreError("an idempotency key that is there cannot be read".to_owned());
    let (headers, body) = (item.remove("headers"), item.remove("body"));
    let item: KeyItem = attributes::read(item).map_err(|_| unreadable())?;
    let state = match item.state {
        Word::InProgress => IdempotencyState::InProgress,
        Word::NotKept => IdempotencyState::NotKept,
        Word::Released => IdempotencyState::Released,
        Word::Answered => {
            let answer = read_answer(item.status, headers.as_ref(), body.as_ref());
            IdempotencyState::Answered(answer.ok_or_else(unreadable)?)
        }
    };
    Ok(IdempotencyRecord {
        id: item.owner.strip_prefix(OWNER).ok_or_else(unreadable)?.to_owned(),
        call: CallId::new(item.call),
        caller: item.caller.parse::<EntityName>().map_err(|_| unreadable())?,
        fingerprint: item.fingerprint,
        at: item.at,
        until: item.until,
        window_ends: item.window_ends,
        state,
    })
}

fn read_answer(
    status: Option<u16>,
    headers: Option<&AttributeValue>,
    body: Option<&AttributeValue>,
) -> Option<StoredAnswer> {
    let mut fields = HeaderMap::new();
    let (pairs, []) = headers?.as_l().ok()?.as_chunks::<2>() else { return None };
    for [name, value] in pairs {
        let name = HeaderName::from_bytes(name.as_s().ok()?.as_bytes()).ok()?;
        fields.append(name, HeaderValue::from_bytes(value.as_b().ok()?.as_ref()).ok()?);
    }
    let body = Bytes::copy_from_slice(body?.as_b().ok()?.as_ref());
    Some(StoredAnswer { status: StatusCode::from_u16(status?).ok()?, headers: fields, body })
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn binary(value: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}
