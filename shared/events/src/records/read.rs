use std::collections::BTreeMap;
use std::sync::Arc;

use doorward_model::{
    BatchOrder, Carried, EventKind, EventPayload, EventRecord, Front, Inbound, Message, Pin, RecordEnvelope,
    Trace,
};
use serde_json::Value;

use super::carried::{self, Opened};
use super::{
    BatchAnswer, Openings, Reading, RecordBatch, ShapeFault, dynamodb, eventbridge, kinesis, sns, sqs,
};
use crate::envelope::Envelope;
use crate::fault::UnknownEvent;
use crate::s3::TestEvent;
use crate::{identity, s3};

/// How records are read.
pub(crate) struct Context<'a> {
    pub(crate) envelope: &'a Envelope<'a>,
    pub(crate) openings: &'a Openings,
    pub(crate) around: RecordEnvelope,
}

/// The sources whose records come in lists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    S3,
    Sqs,
    Sns,
    DynamoDb,
    Kinesis,
}

impl Source {
    fn of(record: &Value) -> Option<Self> {
        // SNS alone writes it so.
        let said = record.get("eventSource").or_else(|| record.get("EventSource"))?.as_str()?;
        match said {
            s3::SOURCE => Some(Self::S3),
            sqs::SOURCE => Some(Self::Sqs),
            sns::SOURCE => Some(Self::Sns),
            dynamodb::SOURCE => Some(Self::DynamoDb),
            kinesis::SOURCE => Some(Self::Kinesis),
            _ => None,
        }
    }

    fn read(self, record: &Value) -> Result<Reading, ShapeFault> {
        match self {
            // Buckets have a reading of their own.
            Self::S3 => Err(ShapeFault::Source),
            Self::Sqs => sqs::read(record),
            Self::Sns => sns::read(record),
            Self::DynamoDb => dynamodb::read(record),
            Self::Kinesis => kinesis::read(record),
        }
    }

    fn pin(self, record: &Value) -> Option<Pin> {
        match self {
            Self::S3 => None,
            Self::Sqs => sqs::pin(record),
            Self::Sns => sns::pin(record),
            Self::DynamoDb => dynamodb::pin(record),
            Self::Kinesis => kinesis::pin(record),
        }
    }

    fn kind(self) -> EventKind {
        match self {
            Self::S3 => EventKind::S3,
            Self::Sqs => EventKind::Sqs,
            Self::Sns => EventKind::Sns,
            Self::DynamoDb => EventKind::DynamoDb,
            Self::Kinesis => EventKind::Kinesis,
        }
    }

    /// By what a record is told to have failed, where it says that much.
    fn item(self, record: &Value) -> Option<&str> {
        let text = |pointer| record.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
        match self {
            Self::S3 | Self::Sns => None,
            Self::Sqs => text("/messageId"),
            Self::DynamoDb => text("/dynamodb/SequenceNumber"),
            Self::Kinesis => text("/kinesis/sequenceNumber").or_else(|| text("/sequenceNumber")),
        }
    }

    fn answer(self, front: &Front) -> BatchAnswer {
        match self {
            Self::S3 | Self::Sns => BatchAnswer::Whole,
            Self::Sqs if front.id.ends_with(".fifo") => BatchAnswer::Items(BatchOrder::Fifo),
            Self::Sqs => BatchAnswer::Items(BatchOrder::None),
            Self::DynamoDb | Self::Kinesis => BatchAnswer::Items(BatchOrder::Stream),
        }
    }
}

/// Reads records of which at least one says where it comes from.
pub(crate) fn read_all(context: &Context<'_>, records: Vec<Value>) -> Result<RecordBatch, UnknownEvent> {
    if records.is_empty() {
        return Err(UnknownEvent::NoRecords);
    }
    let source = records.iter().find_map(Source::of).ok_or(UnknownEvent::Source)?;
    if source == Source::S3 {
        let records = s3::read(context.envelope, records);
        return Ok(RecordBatch { records, tests: Vec::new(), answer: BatchAnswer::Whole });
    }
    // All records of an invocation are of one queue, topic or stream: what does not say so itself is of the same.
    let pin = records.iter().find_map(|record| source.pin(record)).ok_or(UnknownEvent::Source)?;
    let (mut calls, mut tests) = (Vec::with_capacity(records.len()), Vec::new());
    for record in records {
        let read =
            if Source::of(&record) == Some(source) { source.read(&record) } else { Err(ShapeFault::Source) };
        let record = Arc::new(record);
        match read.and_then(|reading| context.calls(reading, &record)) {
            Ok(Calls::Some(read)) => calls.extend(read),
            Ok(Calls::Test(test)) => tests.push(test),
            Err(fault) => calls.push(context.broken(source, &pin, &record, fault)),
        }
    }
    Ok(RecordBatch { records: calls.into_iter().map(Ok).collect(), tests, answer: source.answer(&pin.front) })
}

/// Reads an event of a bus, which stands alone.
pub(crate) fn read_one(context: &Context<'_>, event: Value) -> Result<RecordBatch, UnknownEvent> {
    let reading = eventbridge::read(&event).map_err(UnknownEvent::BusEvent)?;
    let (calls, tests) = match context.calls(reading, &Arc::new(event)).map_err(UnknownEvent::BusEvent)? {
        Calls::Some(calls) => (calls, Vec::new()),
        Calls::Test(test) => (Vec::new(), vec![test]),
    };
    Ok(RecordBatch { records: calls.into_iter().map(Ok).collect(), tests, answer: BatchAnswer::Whole })
}

/// What a record comes to.
enum Calls {
    /// One call, or one for each event that it carries.
    Some(Vec<Inbound>),
    /// None: it is a test of S3's.
    Test(TestEvent),
}

impl Context<'_> {
    fn calls(&self, reading: Reading, record: &Arc<Value>) -> Result<Calls, ShapeFault> {
        let Some(depth) = self.openings.get(&reading.front).copied().filter(|depth| *depth > 0) else {
            let call = identity::of(reading.kind, reading.identity.iter().map(String::as_str));
            return Ok(Calls::Some(vec![self.inbound(reading, call, record, None, None)]));
        };
        let events = match carried::open(&reading.front, &reading.payload, depth)? {
            Opened::Test(test) => return Ok(Calls::Test(test)),
            Opened::Events(events) => events,
        };
        let count = events.len();
        let mut calls = Vec::with_capacity(count);
        for (place, event) in events.into_iter().enumerate() {
            // Whoever may send to this queue claims ids as well: they are told apart from those of other ways in.
            let parts = ["carried", &reading.front.to_string()].map(str::to_owned);
            let parts = parts.iter().chain(reading.identity.first()).chain(&event.identity);
            let call = identity::of(event.kind, parts.map(String::as_str));
            let own = Reading {
                front: reading.front.clone(),
                arn: reading.arn.clone(),
                event_type: reading.event_type.clone(),
                region: reading.region.clone(),
                account: reading.account.clone(),
                attributes: reading.attributes.clone(),
                item: reading.item.clone(),
                identity: Vec::new(),
                trace: reading.trace.clone(),
                kind: reading.kind,
                happened: event.happened.or(reading.happened),
                claims: event.claims,
                payload: event.payload,
            };
            let carried = Carried {
                kind: event.kind,
                through: event.through,
                event_type: event.event_type,
                place,
                count,
            };
            calls.push(self.inbound(own, call, record, Some(carried), None));
        }
        Ok(Calls::Some(calls))
    }

    /// What is left of a record with a fault, so that it can be kept for its source.
    fn broken(&self, source: Source, neighbours: &Pin, record: &Arc<Value>, fault: ShapeFault) -> Inbound {
        let kind = source.kind();
        let Pin { front, arn } = source.pin(record).unwrap_or_else(|| neighbours.clone());
        let item = source.item(record).map(str::to_owned);
        let call = match &item {
            // It is the same one when it comes again.
            Some(item) => identity::of(kind, ["broken", &front.to_string(), item]),
            // Mappings deliver again by another invocation: what it says is all by which it can be known.
            None => identity::of(kind, ["broken as", &front.to_string(), &record.to_string()]),
        };
        let attribute = (kind.front_attribute().to_owned(), front.id.as_str().into());
        let reading = Reading {
            kind,
            event_type: String::new(),
            region: String::new(),
            account: None,
            happened: None,
            attributes: BTreeMap::from([attribute]),
            claims: BTreeMap::new(),
            payload: EventPayload::Absent,
            item,
            identity: Vec::new(),
            trace: Trace::default(),
            front,
            arn,
        };
        self.inbound(reading, call, record, None, Some(fault.to_string()))
    }

    fn inbound(
        &self,
        reading: Reading,
        call: doorward_model::CallId,
        record: &Arc<Value>,
        carried: Option<Carried>,
        fault: Option<String>,
    ) -> Inbound {
        let xray = reading.trace.xray.or_else(|| self.envelope.xray.map(str::to_owned));
        Inbound {
            call,
            invocation: self.envelope.request_id.to_owned(),
            gateway_request: None,
            received: None,
            deadline: self.envelope.deadline,
            trace: Trace { traceparent: reading.trace.traceparent, xray },
            message: Message::Event(EventRecord {
                source: reading.kind,
                event_type: reading.event_type,
                region: reading.region,
                account: reading.account,
                sender: reading.front.to_string(),
                arn: reading.arn,
                happened: reading.happened,
                attributes: reading.attributes,
                claims: reading.claims,
                carried,
                payload: reading.payload,
                item: reading.item,
                record: Arc::clone(record),
                envelope: self.around,
                fault,
            }),
            front: reading.front,
        }
    }
}
