use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem};
use doorward_core::ports::StoreError;
use doorward_core::usage::{Group, Row, Sums};

use super::{Held, Named, Standing};
use crate::passing;
use crate::rollup::RollUp;
use crate::rollup::transaction::{add, number};

impl RollUp {
    /// Moves the caller's sums to those of `to` where nothing but the sums tells of them: two looks that find a row as it
    /// was have seen its items and its markers at one moment, and each row moves only if it is so still. How many items
    /// are gone.
    pub(crate) async fn rename_rows(
        &self,
        before: &Named,
        after: &Named,
        to: &str,
    ) -> Result<usize, StoreError> {
        let mut moved = 0;
        for (row, standing) in &after.rows {
            if before.rows.get(row) == Some(standing) && standing.print == 0 && !standing.items.is_empty() {
                let group = Group { caller: to.to_owned(), ..row.group.clone() };
                let written = self.move_row(row, standing, &Row { group, ..row.clone() }).await?;
                moved += if written { standing.items.len() } else { 0 };
            }
        }
        Ok(moved)
    }

    /// `false` where somebody writes to the row.
    async fn move_row(&self, row: &Row, standing: &Standing, to: &Row) -> Result<bool, StoreError> {
        let unbuilt = |_: BuildError| StoreError("the request cannot be built".to_owned());
        let mut writes = Vec::new();
        for (spread, held) in &standing.items {
            let delete = self.delete(row, *spread, held).map_err(unbuilt)?;
            writes.push(TransactWriteItem::builder().delete(delete).build());
        }
        let sums = standing.sums();
        if !sums.is_zero() {
            let update = add(&self.state, to, 0, sums).map_err(unbuilt)?;
            writes.push(TransactWriteItem::builder().update(update).build());
        }
        passing::transact(&self.client, writes).await
    }

    /// The end of an item, if it holds what it held.
    fn delete(&self, row: &Row, spread: u8, held: &Held) -> Result<Delete, BuildError> {
        let mut conditions = vec!["attribute_exists(#owner)".to_owned()];
        let mut names = HashMap::from([("#owner".to_owned(), "owner".to_owned())]);
        let mut delete = Delete::builder()
            .table_name(&*self.state)
            .key("owner", AttributeValue::S(row.owner()))
            .key("item", AttributeValue::S(row.item(spread)));
        for ((name, _), sum) in Sums::default().named().into_iter().zip(held) {
            names.insert(format!("#{name}"), name.to_owned());
            match sum {
                None => conditions.push(format!("attribute_not_exists(#{name})")),
                Some(sum) => {
                    conditions.push(format!("#{name} = :{name}"));
                    delete = delete.expression_attribute_values(format!(":{name}"), number(sum));
                }
            }
        }
        delete
            .condition_expression(conditions.join(" AND "))
            .set_expression_attribute_names(Some(names))
            .build()
    }
}
