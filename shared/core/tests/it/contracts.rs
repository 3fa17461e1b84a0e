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

/// A path of that style would never come in: the canonical path takes no `;`.
#[test]
fn a_path_parameter_of_style_matrix_is_a_fault() {
    let text = "openapi: 3.1.0\npaths:\n  /a/{id}:\n    get:\n      operationId: a\n      parameters: [{ name: id, in: path, required: true, style: matrix, schema: { type: string } }]\n";
    let mut bundle = bundle(&[("contracts/a.yaml", text)]);
    let route = "\n[[routes]]\nid = \"a\"\nmatch = \"GET /a/{id}\"\ntarget = \"orders\"\nauth = [\"main\"]\ncontract = \"contracts/a.yaml#a\"\n";
    bundle.config.1.push_str(route);
    let found = Rules::compile(&bundle, |_| None).err().map(|faults| faults.to_string()).unwrap_or_default();
    assert!(
        found.contains("the path parameter `id` is written with `;`, which the door takes in no path"),
        "{found}"
    );
    bundle.files.insert("contracts/a.yaml".to_owned(), text.replace("matrix", "label"));
    assert!(Rules::compile(&bundle, |_| None).is_ok());
}
