use std::collections::{BTreeMap, BTreeSet};

use doorward_aws::DynamoPlanVersions;
use doorward_config::Config;
use doorward_core::ports::StoreError;
use doorward_core::usage::Group;
use doorward_core::usage::pricing::{PlanVersion, PlanVersions};

/// What is known of the plans that these groups name: what the configuration says, and what was kept of earlier versions.
pub(super) async fn known<'g>(
    groups: impl Iterator<Item = &'g Group>,
    config: &Config,
    kept: &DynamoPlanVersions,
) -> Result<PlanVersions, StoreError> {
    let plans: BTreeSet<&str> = groups.filter_map(|group| group.plan.as_deref()).collect();
    let mut known = PlanVersions::default();
    for plan in plans {
        let mut served = BTreeMap::new();
        for version in kept.all(plan).await? {
            served.insert(version.version.clone(), version.since);
            let price = version.definition.price();
            known.insert(plan.to_owned(), version.version, PlanVersion { price, since: Some(version.since) });
        }
        if let Some(current) = config.plan(plan) {
            let since = served.get(&current.version).copied();
            let version = PlanVersion { price: current.price.clone(), since };
            known.insert(plan.to_owned(), current.version.clone(), version);
        }
    }
    Ok(known)
}
