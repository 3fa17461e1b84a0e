//! The schemas at several places, and what they refer to.

use doorward_model::Fault;

use crate::bundle::{Direction, Gathered};
use crate::definitions::Definitions;
use crate::documents::Documents;
use crate::dynamic_scope::Scopes;
use crate::gather::Gatherer;
use crate::links::Link;
use crate::one_way::OneWay;

/// What was gathered from several places.
pub(crate) struct Gathering {
    pub(crate) gathered: Gathered,
    /// The references between the definitions.
    pub(crate) links: Vec<Link>,
    /// The number of the definition that stands at each of the places, in their order.
    pub(crate) numbers: Vec<usize>,
}

impl Gathering {
    /// Gathers the schemas at `places`, of which each is given once, with at most `limit` definitions; `None` when that added
    /// to `faults`.
    pub(crate) fn gather(
        documents: &Documents<'_>,
        direction: Direction,
        places: &[&str],
        limit: usize,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let before = faults.len();
        let mut gatherer = Gatherer {
            documents,
            direction,
            faults,
            definitions: Definitions::default(),
            scopes: Scopes::new(),
            links: vec![],
            unsent: vec![],
            one_way: OneWay::new(direction),
        };
        let mut numbers = Vec::new();
        for at in places {
            match documents.dialect_at(at, documents.dialect) {
                Ok(dialect) => numbers.push(gatherer.begin(at, dialect)),
                Err(fault) => gatherer.faults.push(fault),
            }
        }
        let definitions = gatherer.rewrite_all(places, limit);
        gatherer.refuse_multiplied();
        gatherer.refuse_endless();
        let Gatherer { definitions: gathered, links, unsent, .. } = gatherer;
        let origins = gathered.into_origins();
        let placed = unsent.into_iter().filter_map(|(definition, at, schema)| {
            let inside = at.strip_prefix(origins.get(definition)?.as_str())?;
            Some((format!("/$defs/{definition}{inside}"), schema))
        });
        let unsent = placed.collect();
        let gathered = Gathered::new(definitions, unsent, origins);
        (faults.len() == before).then_some(Self { gathered, links, numbers })
    }
}
