//! Generated policies, entities and requests: every form of scope, conditions that hold, do not hold and err.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Context, Entities, Entity, EntityUid, Policy, PolicyId, PolicySet, Request, RestrictedExpression, SlotId,
    Template,
};
use fastrand::Rng;

/// A set of policies and the entities that it is asked about.
#[derive(Debug, Clone)]
pub struct World {
    pub statements: Vec<Statement>,
    pub entities: Entities,
}

/// A policy as text, and the entities that its slots are linked with where it is a template.
#[derive(Debug, Clone)]
pub struct Statement {
    text: String,
    links: HashMap<SlotId, EntityUid>,
}

const TYPES: [&str; 4] = ["User", "Group", "Doc", "Org::Team"];
const IDS: [&str; 5] = ["a", "b", "c", "d", "e"];
const ACTIONS: [&str; 6] = ["read", "write", "list", "erase", "all", "some"];

impl World {
    pub fn generate(rng: &mut Rng) -> Self {
        let statements = (0..rng.usize(1..=24)).map(|_| Statement::generate(rng)).collect();
        Self { statements, entities: entities(rng) }
    }

    /// The policies, numbered.
    pub fn policies(&self) -> PolicySet {
        let mut set = PolicySet::new();
        for (nth, statement) in self.statements.iter().enumerate() {
            let id = PolicyId::new(format!("p{nth}"));
            if statement.links.is_empty() {
                set.add(Policy::parse(Some(id), &statement.text).unwrap()).unwrap();
            } else {
                let template = PolicyId::new(format!("t{nth}"));
                set.add_template(Template::parse(Some(template.clone()), &statement.text).unwrap()).unwrap();
                set.link(template, id, statement.links.clone()).unwrap();
            }
        }
        set
    }
}

impl Statement {
    fn generate(rng: &mut Rng) -> Self {
        let mut links = HashMap::new();
        let effect = if rng.u8(0..100) < 66 { "permit" } else { "forbid" };
        let principal = scope(rng, "principal", SlotId::principal(), &mut links);
        let action = action_scope(rng);
        let resource = scope(rng, "resource", SlotId::resource(), &mut links);
        let mut text = format!("{effect}({principal}, {action}, {resource})");
        for _ in 0..rng.usize(0..=2) {
            let word = if rng.u8(0..4) == 0 { "unless" } else { "when" };
            text += &format!(" {word} {{ {} }}", condition(rng));
        }
        Self { text: text + ";", links }
    }
}

/// Everything is open more often than not, so that policies meet requests.
fn scope(rng: &mut Rng, variable: &str, slot: SlotId, links: &mut HashMap<SlotId, EntityUid>) -> String {
    let entity = uid(rng);
    let type_name = rng.choice(TYPES).unwrap();
    let form = rng.u8(0..16);
    let mut name = || {
        if rng.u8(0..5) > 0 {
            return entity.to_string();
        }
        let name = slot.to_string();
        links.insert(slot.clone(), entity.clone());
        name
    };
    match form {
        0..=6 => variable.to_owned(),
        7 | 8 => format!("{variable} is {type_name}"),
        9 | 10 => format!("{variable} == {}", name()),
        11..=13 => format!("{variable} in {}", name()),
        _ => format!("{variable} is {type_name} in {}", name()),
    }
}

fn action_scope(rng: &mut Rng) -> String {
    match rng.u8(0..10) {
        0..=3 => "action".to_owned(),
        4 | 5 => format!("action == {}", action(rng)),
        6 => format!("action in {}", action(rng)),
        _ => {
            let listed: Vec<String> = (0..rng.usize(0..=3)).map(|_| action(rng).to_string()).collect();
            format!("action in [{}]", listed.join(", "))
        }
    }
}

/// What holds, what does not, and what cannot be evaluated: an attribute or an entity that is not there, an overflow,
/// a value that is no truth value.
fn condition(rng: &mut Rng) -> String {
    let entity = uid(rng);
    let fixed = [
        "true",
        "1 == 1",
        "context.n > 2",
        "context.n + 9223372036854775805 > 0",
        "context.tags.contains(\"x\")",
        "context has m && context.m == principal",
        "context.m == principal",
        "principal.level > 1",
        "principal has level && principal.level > 1",
        "resource.owner == principal",
        "resource has owner && resource.owner in principal",
        "principal.hasTag(\"t\") && principal.getTag(\"t\") == 1",
        "principal.getTag(\"t\") == 1",
        "ip(context.address).isLoopback()",
        "if context.n == 3 then context.n else true",
        "resource.owner.level == 2",
        "false || context.missing",
    ];
    match rng.usize(0..fixed.len() + 3) {
        nth if nth < fixed.len() => fixed[nth].to_owned(),
        nth if nth == fixed.len() => format!("principal in {entity}"),
        nth if nth == fixed.len() + 1 => format!("[{entity}, principal].contains(resource)"),
        _ => format!("resource in [{entity}, principal] || principal is Org::Team"),
    }
}

fn uid(rng: &mut Rng) -> EntityUid {
    let (type_name, id) = (rng.choice(TYPES).unwrap(), rng.choice(IDS).unwrap());
    format!("{type_name}::\"{id}\"").parse().unwrap()
}

fn action(rng: &mut Rng) -> EntityUid {
    format!("Action::\"{}\"", rng.choice(ACTIONS).unwrap()).parse().unwrap()
}

/// Some of the entities, in a hierarchy across types with several parents each; the rest is not known.
fn entities(rng: &mut Rng) -> Entities {
    let all: Vec<EntityUid> = TYPES
        .iter()
        .flat_map(|type_name| IDS.iter().map(move |id| format!("{type_name}::\"{id}\"").parse().unwrap()))
        .collect();
    let mut order = all;
    rng.shuffle(&mut order);
    let known = rng.usize(0..=order.len());
    let mut found = Vec::new();
    for (nth, uid) in order.iter().take(known).enumerate() {
        // Only earlier ones are parents, so there is no cycle; some of them are not known themselves.
        let mut parents = HashSet::new();
        for _ in 0..rng.usize(0..=3) {
            if nth > 0 {
                parents.insert(order[rng.usize(0..nth)].clone());
            }
        }
        if let Some(stranger) = order.last().filter(|last| rng.u8(0..6) == 0 && *last != uid) {
            parents.insert(stranger.clone());
        }
        let mut attributes = HashMap::new();
        if rng.bool() {
            attributes.insert("level".to_owned(), RestrictedExpression::new_long(rng.i64(0..4)));
        }
        if rng.bool() {
            let owner = order[rng.usize(0..order.len())].clone();
            attributes.insert("owner".to_owned(), RestrictedExpression::new_entity_uid(owner));
        }
        let tags = rng.bool().then(|| ("t".to_owned(), RestrictedExpression::new_long(rng.i64(0..2))));
        found.push(Entity::new_with_tags(uid.clone(), attributes, parents, tags).unwrap());
    }
    if rng.u8(0..4) > 0 {
        let parents =
            |names: &[&str]| names.iter().map(|id| format!("Action::\"{id}\"").parse().unwrap()).collect();
        for (name, groups) in
            [("read", &["some", "all"][..]), ("list", &["some"]), ("write", &["all"]), ("some", &["all"])]
        {
            let uid = format!("Action::\"{name}\"").parse().unwrap();
            found.push(Entity::new_no_attrs(uid, parents(groups)));
        }
    }
    // A stranger that is known after all closes a circle: then nobody has strange parents.
    Entities::from_entities(found.clone(), None).unwrap_or_else(|_| {
        Entities::from_entities(
            found.into_iter().map(|it| Entity::new_no_attrs(it.uid(), HashSet::new())),
            None,
        )
        .unwrap()
    })
}

/// Somebody, and now and then something else, asks for something.
pub fn request(rng: &mut Rng) -> Request {
    let principal = if rng.u8(0..20) == 0 { action(rng) } else { uid(rng) };
    let action = if rng.u8(0..20) == 0 { uid(rng) } else { action(rng) };
    let mut members = vec![
        ("n", RestrictedExpression::new_long(rng.i64(0..6))),
        ("tags", RestrictedExpression::new_set([RestrictedExpression::new_string("x".to_owned())])),
    ];
    if rng.bool() {
        members.push(("m", RestrictedExpression::new_entity_uid(uid(rng))));
    }
    if rng.bool() {
        let text = if rng.bool() { "127.0.0.1" } else { "nowhere" };
        members.push(("address", RestrictedExpression::new_string(text.to_owned())));
    }
    let context = Context::from_pairs(members.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Request::new(principal, action, uid(rng), context.unwrap(), None).unwrap()
}
