//! The decision beside stock Cedar, in one run: `cargo bench -p doorward-policy`.
//!
//! `decide` asks sets of growing size of which three policies concern the request; `crowded` asks sets of which all do,
//! `load` is what happens once, at start. Every answer is compared with stock Cedar's before it is timed.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on ends")]

use std::collections::HashSet;
use std::fmt::Write as _;
use std::hint::black_box;
use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression,
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use doorward_policy::{Policies, Sources, Validated};

#[path = "../src/engine/mod.rs"]
#[expect(dead_code, reason = "the decision reads more of an answer than the bench does")]
mod engine;

#[path = "../tests/it/shop.rs"]
#[expect(dead_code, clippy::panic, reason = "the tests use more of it")]
mod shop;

mod sets;

use engine::{Engine, While};
use sets::sparse;

const SIZES: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];

/// `count` policies that all concern the request.
fn crowded(count: usize, effect: &str, scope: &str) -> String {
    let mut text = "permit(principal, action, resource);".to_owned();
    for nth in 0..count {
        let _ = writeln!(
            text,
            "{effect}({scope}, action, resource) when {{ context.input.total > {} }};",
            10_000 + nth
        );
    }
    text
}

/// `count` policies that fit the schema of the tests' shop.
fn over_the_shop(count: usize) -> String {
    let mut text = String::new();
    for nth in 0..count {
        let _ = writeln!(
            text,
            "permit(principal in Group::\"g{nth}\", action == Action::\"createOrder\", resource == Function::\"f{nth}\") when {{ context.input.total <= 1000 && context.request.method == \"POST\" }};"
        );
    }
    text
}

fn request() -> Request {
    let input = [
        ("total".to_owned(), RestrictedExpression::new_long(250)),
        ("note".to_owned(), RestrictedExpression::new_string("a note".to_owned())),
    ];
    let input = RestrictedExpression::new_record(input).unwrap();
    let context = Context::from_pairs([("input".to_owned(), input)]).unwrap();
    Request::new(uid("User::\"u0\""), uid("Action::\"a0\""), uid("Function::\"f0\""), context, None).unwrap()
}

fn uid(text: &str) -> EntityUid {
    text.parse().unwrap()
}

fn entities() -> Entities {
    let entity = |name: &str, parents: &[&str]| {
        Entity::new_no_attrs(uid(name), parents.iter().map(|it| uid(it)).collect())
    };
    let all = [
        entity("User::\"u0\"", &["Group::\"g0\"", "Group::\"people\""]),
        entity("Action::\"a0\"", &["Action::\"http\""]),
        entity("Function::\"f0\"", &[]),
    ];
    Entities::from_entities(all, None).unwrap()
}

/// Holds the engine against stock Cedar before it is timed.
fn compare(policies: &PolicySet, engine: &Engine, request: &Request, entities: &Entities) {
    let stock = Authorizer::new().is_authorized(request, policies, entities);
    let answer = engine.decide(request, entities, While::Known);
    let reason: HashSet<_> = answer.reason.into_iter().collect();
    assert_eq!(reason, stock.diagnostics().reason().collect());
    assert_eq!(answer.allow, stock.decision() == Decision::Allow);
    assert_eq!(answer.errors.len(), stock.diagnostics().errors().count());
}

fn decide(criterion: &mut Criterion) {
    let (request, entities, authorizer) = (request(), entities(), Authorizer::new());
    let matching = PolicySet::from_str(&sparse(3)).unwrap();
    let mut group = criterion.benchmark_group("decide");
    group.bench_function("stock, given the three", |bencher| {
        bencher.iter(|| black_box(authorizer.is_authorized(black_box(&request), &matching, &entities)));
    });
    for size in SIZES {
        let policies = PolicySet::from_str(&sparse(size)).unwrap();
        let engine = Engine::new(&policies, |_| false);
        assert_eq!(engine.count(), size);
        compare(&policies, &engine, &request, &entities);
        group.bench_with_input(BenchmarkId::new("doorward", size), &engine, |bencher, engine| {
            bencher.iter(|| black_box(engine.decide(black_box(&request), &entities, While::Known)));
        });
        group.sample_size(if size > 1_000 { 10 } else { 100 });
        group.bench_with_input(BenchmarkId::new("stock", size), &policies, |bencher, policies| {
            bencher.iter(|| black_box(authorizer.is_authorized(black_box(&request), policies, &entities)));
        });
        group.sample_size(100);
    }
    group.finish();
}

fn crowds(criterion: &mut Criterion) {
    let (request, entities, authorizer) = (request(), entities(), Authorizer::new());
    let mut group = criterion.benchmark_group("crowded");
    group.sample_size(20);
    for (name, effect, scope) in [
        ("unconstrained permits", "permit", "principal"),
        ("unconstrained forbids", "forbid", "principal"),
        ("forbids of one group", "forbid", "principal in Group::\"people\""),
    ] {
        let policies = PolicySet::from_str(&crowded(1_000, effect, scope)).unwrap();
        let engine = Engine::new(&policies, |_| false);
        compare(&policies, &engine, &request, &entities);
        group.bench_with_input(BenchmarkId::new("doorward", name), &engine, |bencher, engine| {
            bencher.iter(|| black_box(engine.decide(black_box(&request), &entities, While::Known)));
        });
        group.bench_with_input(BenchmarkId::new("stock", name), &policies, |bencher, policies| {
            bencher.iter(|| black_box(authorizer.is_authorized(black_box(&request), policies, &entities)));
        });
    }
    group.finish();
}

/// The door's whole decision: fitting the question to the schema, building request and entities, deciding, closing.
/// Without policies, it is the building alone.
fn question(criterion: &mut Criterion) {
    let order = serde_json::json!({"total": 7, "note": "x", "items": [{"sku": "a", "quantity": 2}]});
    let call = shop::Call::create(shop::user("ann", &["staff"]), order).from("192.0.2.7");
    let permit = "permit(principal in Group::\"staff\", action == Action::\"createOrder\", resource) when { context.input.total <= 10 };";
    let mut group = criterion.benchmark_group("question");
    for (name, policies) in [("build", ""), ("build and decide", permit)] {
        let policies = shop::compile(policies).unwrap();
        assert_eq!(call.ask(&policies).deny.is_none(), name == "build and decide");
        group.bench_function(name, |bencher| bencher.iter(|| black_box(call.ask(black_box(&policies)))));
    }
    group.finish();
}

/// What is done once: reading 10,000 policies, indexing them, and a start with all else: what an archive shows to be
/// validated is not validated again.
fn load(criterion: &mut Criterion) {
    let text = sparse(10_000);
    let policies = PolicySet::from_str(&text).unwrap();
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    group.bench_function("parse 10000 (stock)", |bencher| {
        bencher.iter(|| black_box(PolicySet::from_str(black_box(&text)).unwrap()));
    });
    group.bench_function("index 10000", |bencher| {
        bencher.iter_with_large_drop(|| Engine::new(black_box(&policies), |_| false));
    });
    let text = over_the_shop(10_000);
    let validated = shop::compile(&text).unwrap();
    let validated = Validated { schema: validated.schema().to_owned(), depth: validated.depth() };
    for (name, validated) in [("start, validated 10000", None), ("start, trusted 10000", Some(&validated))] {
        group.bench_function(name, |bencher| {
            bencher.iter_with_large_drop(|| {
                let files = [shop::file("shop.cedar", black_box(&text))];
                let schemas = [shop::file("shop.cedarschema", shop::SCHEMA)];
                let sources = Sources { policies: &files, schemas: &schemas, ..Sources::default() };
                Policies::compile_validated(&sources, &shop::vocabulary(), validated).unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decide, crowds, question, load);
criterion_main!(benches);
