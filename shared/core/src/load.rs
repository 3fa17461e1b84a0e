use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use doorward_config::Config;
use doorward_model::{Call, DecisionNote, DenyReason, Effect, EntityName, Item, ItemValue, Refusal};
use doorward_policy::{Loaded, Policies};

use crate::door::Door;
use crate::entity_cache::{EntityCache, Read};
use crate::find::Found;
use crate::ports::EntitySource;

/// Where the resource of a route is read from before the policies are asked.
#[derive(Debug, Clone)]
pub(crate) struct LoadRules {
    source: EntitySource,
    /// For how long an entity that was read is used again.
    fresh: Duration,
    /// Shared by all routes.
    cache: Arc<EntityCache>,
}

/// What each route loads, by the route's id; only those that load are there.
pub(crate) fn rules(config: &Config, policies: &Policies) -> HashMap<String, LoadRules> {
    let cache = Arc::new(EntityCache::default());
    let rules = config.routes.iter().filter_map(|route| {
        let resource = route.resource.as_ref()?;
        let load = resource.load.as_ref()?;
        let source = EntitySource {
            type_name: resource.type_name.clone(),
            table: load.table.clone(),
            attributes: policies.attributes(&resource.type_name).unwrap_or_default(),
        };
        let fresh = load.cache.unwrap_or(config.door.refresh);
        Some((route.id.clone(), LoadRules { source, fresh, cache: Arc::clone(&cache) }))
    });
    rules.collect()
}

/// What the item that a table holds of `name` makes of it.
pub(crate) fn made(
    policies: &Policies,
    name: &EntityName,
    item: Option<&Item>,
) -> Result<Loaded, DenyReason> {
    item.map_or(Err(DenyReason::NoEntity), |item| policies.load(name, item))
}

impl Door {
    /// The resource as its item makes it; `None` where the route reads none. What is not there and what does not fit is
    /// denied like anything else, so that a caller does not learn of it. Nothing that was not there is remembered: it
    /// may be there with the next call.
    pub(crate) async fn load(
        &self,
        found: &Found<'_>,
        call: &mut Call,
    ) -> Result<Option<Arc<Loaded>>, Refusal> {
        let Some(LoadRules { source, fresh, cache }) = found.load() else { return Ok(None) };
        let (name, now) = (found.resource(), self.ports.clock.now());
        if let Some(known) = cache.recall(name, *fresh, now) {
            return Ok(Some(known));
        }
        let asked = self.in_time(call, self.ports.entities.load(source, &name.id)).await;
        let item = asked.map_err(|error| self.store_away(call, &error))?;
        match made(self.rules.policies(), name, item.as_ref()) {
            Ok(loaded) => {
                let loaded = Arc::new(loaded);
                if !fresh.is_zero() {
                    let bytes = name.id.len() + item.map_or(0, |item| ItemValue::Record(item).size());
                    cache.remember(name, Read { at: now, loaded: Arc::clone(&loaded), bytes });
                }
                Ok(Some(loaded))
            }
            Err(reason) => {
                cache.forget(name);
                call.decision =
                    Some(DecisionNote { effect: Effect::Deny, policies: Vec::new(), errors: Vec::new() });
                Err(Refusal::Denied(reason))
            }
        }
    }
}
