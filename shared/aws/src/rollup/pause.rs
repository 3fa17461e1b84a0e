use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use doorward_core::ports::StoreError;
use jiff::Timestamp;

use super::RollUp;
use crate::sdk_error;

/// For how long the roll-up rests after it was last asked to, in seconds: whoever asks and is gone holds it up no longer.
const RESTS: i64 = 60;

/// Asks the roll-up to rest: `rollup`/`pause` in `<table>-state`, with `until` in seconds since the epoch. It reports what
/// it is given as failed, so that the stream holds it back; nothing depends on it but how soon sums stand still.
#[derive(Debug)]
pub struct Pause<'a>(&'a RollUp);

fn key() -> HashMap<String, AttributeValue> {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    HashMap::from([("owner".to_owned(), text("rollup")), ("item".to_owned(), text("pause"))])
}

impl RollUp {
    /// Has the roll-up rest from the next records on.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn pause(&self) -> Result<Pause<'_>, StoreError> {
        let pause = Pause(self);
        pause.renew().await?;
        Ok(pause)
    }

    /// Whether somebody has asked it to rest at `now`.
    pub(super) async fn rests(&self, now: Timestamp) -> Result<bool, StoreError> {
        let read = self.client.get_item().table_name(&*self.state).set_key(Some(key())).send().await;
        let read = read.map_err(|error| StoreError(sdk_error::brief(&error)))?;
        let until = read.item.and_then(|item| item.get("until")?.as_n().ok()?.parse::<i64>().ok());
        // Further ahead than anybody asks for is a mistake, and would hold it up for ever.
        Ok(until.is_some_and(|until| (1..=RESTS).contains(&(until - now.as_second()))))
    }
}

impl Pause<'_> {
    /// Asks again, for as long as it may still take.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer.
    pub async fn renew(&self) -> Result<(), StoreError> {
        let mut item = key();
        let until = Timestamp::now().as_second() + RESTS;
        for name in ["until", "expires"] {
            item.insert(name.to_owned(), AttributeValue::N(until.to_string()));
        }
        let put = self.0.client.put_item().table_name(&*self.0.state).set_item(Some(item)).send().await;
        put.map(drop).map_err(|error| StoreError(sdk_error::brief(&error)))
    }

    /// Has the roll-up go on.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer; it goes on a minute later then.
    pub async fn end(self) -> Result<(), StoreError> {
        let delete = self.0.client.delete_item().table_name(&*self.0.state).set_key(Some(key())).send().await;
        delete.map(drop).map_err(|error| StoreError(sdk_error::brief(&error)))
    }
}
