use super::RollUp;
use crate::AwsClients;
use crate::start::{StartError, configuration};

/// Makes the roll-up that a function runs, once, at cold start: of the tables that the configuration names. The bundle is
/// where [`crate::open_door`] looks for it; of it only the configuration is read.
///
/// # Errors
/// [`StartError`], which ends the sandbox before it counts anything.
pub fn open_rollup() -> Result<RollUp, StartError> {
    let table = configuration()?.door.table;
    let roll_up = RollUp::new(&AwsClients::from_environment()?, &table);
    tracing::info!(table, "the roll-up is open");
    Ok(roll_up)
}
