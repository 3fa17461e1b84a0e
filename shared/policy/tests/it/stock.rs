//! The door's answer is stock Cedar's, but for the closed layer: asked with the same policies, every entity of the file
//! and no bound on what is loaded, stock Cedar says the same.

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression,
};
use doorward_model::{DenyReason, EntityName};
use serde_json::{Value, json};

use crate::shop::{Call, ENTITIES, NOW, Payload, compile, user};

pub(crate) const POLICIES: &str = r#"
permit(principal in Group::"staff", action, resource);
permit(principal is User, action == Action::"readOrder", resource) when { resource.owner == principal };
permit(principal is User, action == Action::"readOrder", resource) when {
    resource.owner has manager && resource.owner.manager == principal
};
permit(principal is User, action in Action::"http", resource in Function::"orders") when {
    principal has manager && principal.manager has level && principal.manager.level + 1 > 0
};
permit(principal in Group::"people", action == Action::"createOrder", resource) when {
    context.input.total <= 10 || (context.input has gift && context.input.gift)
};
forbid(principal, action == Action::"createOrder", resource) when {
    context.input has discount && context.input.discount.greaterThan(decimal("0.5"))
};
forbid(principal, action in Action::"http", resource) when {
    context.request has source_ip && context.request.source_ip.isInRange(ip("10.0.0.0/8"))
} unless { principal in Group::"buyers" };
forbid(principal is User, action, resource) when {
    principal.hasTag("site") && principal.getTag("site") == "north" && context has purpose
};
forbid(principal, action == Action::"readOrder", resource) when { resource.owner has level && resource.owner.level * 4 > 100 };
"#;

#[test]
fn stock_cedar_says_the_same() {
    let policies = compile(POLICIES).unwrap();
    let stock: PolicySet = POLICIES.parse().unwrap();
    let mut answers = [0; 4];
    for call in calls() {
        let decision = call.ask(&policies);
        let response = Authorizer::new().is_authorized(&request(&call), &stock, &entities(&call));
        let diagnostics = response.diagnostics();
        let erring: Vec<String> = sorted(diagnostics.errors().map(|error| {
            let cedar_policy::AuthorizationError::PolicyEvaluationError(error) = error;
            shop_id(error.policy_id())
        }));
        assert_eq!(decision.note.errors, erring, "{call:?}");
        let forbids = ["shop#6", "shop#7", "shop#8", "shop#9"];
        let closed =
            !decision.note.policies.is_empty() && decision.note.policies.iter().all(|id| erring.contains(id));
        if closed {
            assert!(decision.note.policies.iter().all(|id| forbids.contains(&id.as_str())), "{decision:?}");
            assert!(decision.deny.is_some(), "{decision:?}");
            answers[3] += 1;
            continue;
        }
        assert_eq!(decision.note.policies, sorted(diagnostics.reason().map(shop_id)), "{call:?}");
        assert_eq!(decision.deny.is_none(), response.decision() == Decision::Allow, "{call:?}");
        answers[match decision.deny {
            None => 0,
            Some(DenyReason::NoPermit | DenyReason::PermitErrored | DenyReason::MissingEntity) => 1,
            Some(DenyReason::Forbidden) => 2,
            Some(other) => panic!("{other}: {call:?}"),
        }] += 1;
    }
    assert!(answers.iter().all(|count| *count > 10), "every answer is met: {answers:?}");
}

/// Every combination of a few principals, groups, things to do, addresses and purposes.
pub(crate) fn calls() -> Vec<Call> {
    let mut calls = Vec::new();
    for name in ["ann", "max", "bob"] {
        for groups in [&[][..], &["staff"], &["buyers", "guests"], &["people"]] {
            let who = || user(name, groups);
            let mut these = vec![Call::status(who()), Call::read(who(), "42"), Call::read(who(), "new")];
            for input in [
                json!({"total": 10}),
                json!({"total": 11}),
                json!({"total": 11, "gift": true, "note": null}),
                json!({"total": 1, "discount": 0.75, "other": 1}),
            ] {
                these.push(Call::create(who(), input));
            }
            for call in these {
                calls.push(call.clone());
                calls.push(call.clone().from("10.0.0.7"));
                calls.push(call.clone().from("192.0.2.7").purpose("checkout"));
            }
        }
    }
    calls
}

fn uid(name: &EntityName) -> EntityUid {
    name.to_string().parse().unwrap()
}

/// `policy3` is `shop#4`.
fn shop_id(id: &cedar_policy::PolicyId) -> String {
    let number: usize = id.to_string().trim_start_matches("policy").parse().unwrap();
    format!("shop#{}", number + 1)
}

fn sorted(ids: impl Iterator<Item = String>) -> Vec<String> {
    let mut ids: Vec<String> = ids.collect();
    ids.sort();
    ids
}

/// The whole file, with what the request adds written into it.
fn entities(call: &Call) -> Entities {
    let mut all: Value = serde_json::from_str(ENTITIES).unwrap();
    let list = all.as_array_mut().unwrap();
    let json = |name: &EntityName| json!({"type": name.type_name, "id": name.id});
    for (name, parents) in
        [(&call.principal.name, call.principal.parents.clone()), (&call.resource, call.parents.clone())]
    {
        let parents: Vec<Value> = parents.iter().map(json).collect();
        match list.iter_mut().find(|entity| entity["uid"] == json(name)) {
            Some(entity) => entity["parents"].as_array_mut().unwrap().extend(parents),
            None => list.push(json!({"uid": json(name), "attrs": {}, "parents": parents})),
        }
    }
    let manager = list.iter_mut().find_map(|entity| entity["attrs"].get_mut("manager")).unwrap();
    *manager = json!({"__entity": manager.clone()});
    let owner = list.iter_mut().find_map(|entity| entity["attrs"].get_mut("owner")).unwrap();
    *owner = json!({"__entity": owner.clone()});
    let action = Entity::new_no_attrs(
        uid(&EntityName::new("Action", &call.action)),
        [uid(&EntityName::new("Action", "http"))].into(),
    );
    Entities::from_json_value(all, None).unwrap().add_entities([action], None).unwrap()
}

fn request(call: &Call) -> Request {
    let mut request = vec![("method", string("POST")), ("path", string("/orders"))];
    request
        .extend(call.source_ip.as_ref().map(|address| ("source_ip", RestrictedExpression::new_ip(address))));
    let mut context = vec![
        ("now", RestrictedExpression::new_datetime(NOW)),
        ("trust", string(call.principal.trust.word())),
        ("request", record(request)),
    ];
    context.extend(call.purpose.as_ref().map(|purpose| ("purpose", string(purpose))));
    if let Payload::Checked(Some(input)) = &call.input {
        let mut members = vec![("total", RestrictedExpression::new_long(input["total"].as_i64().unwrap()))];
        members.extend(input["gift"].as_bool().map(|gift| ("gift", RestrictedExpression::new_bool(gift))));
        let discount = input["discount"].as_f64();
        members.extend(discount.map(|it| ("discount", RestrictedExpression::new_decimal(it.to_string()))));
        context.push(("input", record(members)));
    }
    let context =
        Context::from_pairs(context.into_iter().map(|(name, value)| (name.to_owned(), value))).unwrap();
    let action = EntityName::new("Action", &call.action);
    Request::new(uid(&call.principal.name), uid(&action), uid(&call.resource), context, None).unwrap()
}

fn string(text: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(text.to_owned())
}

fn record(members: Vec<(&str, RestrictedExpression)>) -> RestrictedExpression {
    RestrictedExpression::new_record(members.into_iter().map(|(name, value)| (name.to_owned(), value)))
        .unwrap()
}
