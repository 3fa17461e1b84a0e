use doorward_model::Call;

use crate::door::Door;
use crate::find::Subject;
use crate::send::Sent;
use crate::units::Settled;

impl Door {
    /// What did the call count for? Where the target says it, at most what was reserved is counted. The caller never sees
    /// the target's word unless the route passes it on, whatever the answer is.
    pub(crate) fn settle<'c>(&self, mut sent: Sent<'c>, call: &mut Call) -> Sent<'c> {
        let rules = match sent.found().subject() {
            Subject::Http(http) => http.rules,
            Subject::Event { .. } => return sent,
        };
        let settled = rules.units.settle(&mut sent.reply_mut().headers);
        if let Some(Settled { units, fault }) = settled {
            call.units = units;
            call.unsettled = fault;
            sent.admitted_mut().settle(units);
        }
        sent
    }
}
