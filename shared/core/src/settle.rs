use doorward_model::Call;

use crate::door::Door;
use crate::find::Subject;
use crate::reserve::Tab;
use crate::send::Sent;
use crate::units::Settled;

impl Door {
    /// What did the call count for? Where the target says it, at most what was reserved is counted. The caller never sees
    /// the target's word unless the route passes it on, whatever the answer is.
    pub(crate) fn settle<'c>(&self, mut sent: Sent<'c>, tab: &mut Tab, call: &mut Call) -> Sent<'c> {
        let rules = match sent.found().subject() {
            Subject::Http(http) => http.rules,
            Subject::Event { .. } => return sent,
        };
        let settled = rules.units.settle(&mut sent.reply_mut().headers);
        if let Some(Settled { units, fault }) = settled {
            tab.settle(units);
            call.unsettled = fault;
        }
        sent
    }
}
