use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use doorward_core::limit::caller_scope;
use doorward_core::ports::StoreError;

use super::look::{Look, Place};
use super::{Counts, Forget};
use crate::attributes::Attributes;
use crate::rollup::Pause;
use crate::sdk_error;
use crate::{idempotency, passing};

/// How much longer the item of a caller's limits is kept that would be kept for good, in seconds: a month is the longest
/// window, and two days more than clocks differ.
const LIMITS_STAY: i64 = 33 * 24 * 60 * 60;

impl Forget {
    /// Goes on with blocks of which a part alone was counted, where the ledger has them: what was cut off in the middle
    /// of one may name the caller no more, and is not right for all that. How many markers moved.
    pub(super) async fn finish_blocks(
        &self,
        look: &Look,
        unreadable: &mut Vec<String>,
    ) -> Result<usize, StoreError> {
        let mut moved = 0;
        for id in look.named.unfinished() {
            if let Some(row) = self.row(id).await? {
                moved += self.count(vec![row], unreadable).await?;
            }
        }
        Ok(moved)
    }

    /// Changes what a look at the state found.
    pub(super) async fn change_state(
        &self,
        look: Look,
        pause: &Pause<'_>,
        unreadable: &mut Vec<String>,
    ) -> Result<Counts, StoreError> {
        let mut counts = self.change_items(&look).await?;
        let mut before = look.named;
        if !before.markers.is_empty() {
            for id in before.markers.keys() {
                counts.markers += self.rename_markers(id, unreadable).await?;
            }
            pause.renew().await?;
            before = self.look().await?.named;
        }
        pause.renew().await?;
        let after = self.look().await?.named;
        counts.aggregates += self.roll_up.rename_rows(&before, &after, self.pseudonym.to()).await?;
        Ok(counts)
    }

    /// With the row, where the ledger has it still, and it is not older than they.
    async fn rename_markers(&self, id: &str, unreadable: &mut Vec<String>) -> Result<usize, StoreError> {
        let mut moved = 0;
        if let Some(row) = self.row(id).await?
            && let Some(row) = self.rename_row(row).await?
        {
            moved += self.count(vec![row], unreadable).await?;
        }
        let (from, to) = (self.pseudonym.from(), self.pseudonym.to());
        Ok(moved + self.roll_up.rename_markers(id, from, to, self.now).await?)
    }

    /// Everything but sums and markers.
    async fn change_items(&self, look: &Look) -> Result<Counts, StoreError> {
        for place in look.decisions.iter().chain(&look.parts) {
            let delete = self.client.delete_item().table_name(&*self.state_table).set_key(Some(key(place)));
            delete.send().await.map_err(|error| StoreError(sdk_error::brief(&error)))?;
        }
        for (place, record, renamed) in &look.mentions {
            self.update(
                place,
                "SET #record = :renamed",
                "#record = :record",
                &[("#record", "record")],
                [(":renamed", text(renamed)), (":record", text(record))],
            )
            .await?;
        }
        for place in &look.quarantined {
            self.update(
                place,
                "SET #caller = :to REMOVE #cause, #violations, #record",
                "#caller = :from",
                &[
                    ("#caller", "caller"),
                    ("#cause", "cause"),
                    ("#violations", "violations"),
                    ("#record", "record"),
                ],
                [(":to", text(self.pseudonym.to())), (":from", text(self.pseudonym.from()))],
            )
            .await?;
        }
        for (place, state) in &look.keys {
            self.empty_key(place, state).await?;
        }
        for place in &look.assignments {
            self.move_assignment(place).await?;
        }
        if look.unending {
            let expires = self.now.as_second().saturating_add(LIMITS_STAY);
            self.update(
                &(self.scope.clone(), crate::assignments::LIMITS.to_owned()),
                "SET #expires = :expires",
                "attribute_exists(#owner) AND attribute_not_exists(#expires)",
                &[("#expires", "expires"), ("#owner", "owner")],
                [(":expires", AttributeValue::N(expires.to_string()))],
            )
            .await?;
        }
        Ok(Counts { markers: 0, aggregates: 0, ..look.counts() })
    }

    /// An answer goes. That there was one stays, under a hash, for as long as its key is not new: the call must not run
    /// again.
    async fn empty_key(&self, place: &Place, state: &str) -> Result<(), StoreError> {
        let then = if state == idempotency::ANSWERED { idempotency::NOT_KEPT } else { state };
        self.update(
            place,
            "SET #caller = :to, #state = :then REMOVE #status, #headers, #body",
            "#caller = :from AND #state = :state",
            &[
                ("#caller", "caller"),
                ("#state", "state"),
                ("#status", "status"),
                ("#headers", "headers"),
                ("#body", "body"),
            ],
            [
                (":to", text(self.pseudonym.to())),
                (":from", text(self.pseudonym.from())),
                (":then", text(then)),
                (":state", text(state)),
            ],
        )
        .await
    }

    /// Changes an item, if it is as it was; otherwise the next look shows how it is.
    async fn update<const N: usize>(
        &self,
        place: &Place,
        expression: &str,
        condition: &str,
        names: &[(&str, &str)],
        values: [(&str, AttributeValue); N],
    ) -> Result<(), StoreError> {
        let owned = |(alias, name): &(&str, &str)| ((*alias).to_owned(), (*name).to_owned());
        let update = self
            .client
            .update_item()
            .table_name(&*self.state_table)
            .set_key(Some(key(place)))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names.iter().map(owned).collect()))
            .set_expression_attribute_values(Some(
                values.into_iter().map(|(alias, value)| (alias.to_owned(), value)).collect(),
            ))
            .send()
            .await;
        passing::held(update.map(drop), |error| error.is_conditional_check_failed_exception()).map(drop)
    }

    /// A change of plan goes to the pseudonym, without who said so: a contract's number tells whose it was.
    async fn move_assignment(&self, place: &Place) -> Result<(), StoreError> {
        let read = self
            .client
            .get_item()
            .table_name(&*self.state_table)
            .set_key(Some(key(place)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError(sdk_error::brief(&error)))?;
        let Some(mut item) = read.item else { return Ok(()) };
        item.remove("by");
        item.insert("owner".to_owned(), text(&caller_scope(self.pseudonym.name())));
        let unbuilt = |_| StoreError("the request cannot be built".to_owned());
        let put =
            Put::builder().table_name(&*self.state_table).set_item(Some(item)).build().map_err(unbuilt)?;
        let delete = Delete::builder()
            .table_name(&*self.state_table)
            .set_key(Some(key(place)))
            .build()
            .map_err(unbuilt)?;
        let writes = vec![
            TransactWriteItem::builder().put(put).build(),
            TransactWriteItem::builder().delete(delete).build(),
        ];
        passing::transact(&self.client, writes).await.map(drop)
    }
}

fn key((owner, item): &Place) -> Attributes {
    [("owner".to_owned(), text(owner)), ("item".to_owned(), text(item))].into()
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
