//! Several contracts beside each other.

use doorward_core::Rules;

use crate::shop::bundle;

/// One name for two types, in two contracts: each action's input is typed in place, so that they do not clash.
#[test]
fn contracts_may_name_other_types_alike() {
    let contract = |name: &str, total: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{ title: t, version: '1' }}\npaths:\n  /{name}:\n    post:\n      operationId: put\n      requestBody:\n        required: true\n        content:\n          application/json:\n            schema: {{ $ref: '#/components/schemas/Amount' }}\n      responses: {{ '204': {{ description: done }} }}\ncomponents:\n  schemas:\n    Amount: {{ type: object, required: [total], properties: {{ total: {{ type: {total} }} }}, additionalProperties: false }}\n"
        )
    };
    let routes = ["texts", "numbers"].map(|name| {
        format!("\n[[routes]]\nid = \"{name}\"\nmatch = \"POST /{name}\"\ntarget = \"orders\"\nauth = [\"main\"]\ncontract = \"contracts/{name}.yaml#put\"\n")
    });
    let policies =
        "permit (principal, action == Action::\"texts\", resource) when { context.input.total == \"1\" };
        permit (principal, action == Action::\"numbers\", resource) when { context.input.total == 1 };";
    let files = [("texts", "string"), ("numbers", "integer")]
        .map(|(name, ty)| (format!("contracts/{name}.yaml"), contract(name, ty)));
    let compile = |policies: &str| {
        let mut bundle = bundle(&[("more.cedar", policies)]);
        bundle.config.1.push_str(&routes.concat());
        bundle.files.extend(files.iter().cloned());
        Rules::compile(&bundle, |_| None)
    };
    assert!(compile(policies).is_ok(), "{:?}", compile(policies).err());
    let mixed = policies.replace("== \"1\"", "< 1");
    let faults = compile(&mixed).err().map(|faults| faults.to_string()).unwrap_or_default();
    assert!(faults.contains("expected Long but saw String"), "{faults}");
}
