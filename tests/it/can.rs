//! `doorward policy can`, and what any verb says of arguments that make no sense.

use std::process::{Command, Output};

use doorward_tests::{binaries, workspace};
use serde_json::Value;

use crate::policy_tests::said;

fn doorward(arguments: &[&str]) -> Output {
    let root = workspace::root();
    Command::new(binaries::path("doorward")).current_dir(root).args(arguments).output().unwrap()
}

#[track_caller]
fn check(arguments: &[&str], code: i32, expected: &[&str]) {
    let output = doorward(&[&["policy", "can"], arguments].concat());
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}");
    for words in expected {
        assert!(said.contains(words), "`{words}` is missing after {arguments:?}:\n{said}");
    }
}

#[test]
fn what_a_principal_may_do_is_listed() {
    let alice = "User::\"alice\"";
    check(
        &[alice, "--group", "customers"],
        0,
        &["createOrder on Function::\"orders\"", "by customers-order-"],
    );
    check(&[alice, "--action", "createOrder"], 2, &["User::\"alice\" may do nothing"]);
}

#[test]
fn who_cannot_call_may_not_do_nothing_but_is_invalid() {
    let unknown = ["error: no action has a principal of the type `Usr`", "hint: did you mean `User`?"];
    check(&["Usr::\"alice\""], 3, &unknown);
    check(
        &["Order::\"1\""],
        3,
        &["no action has a principal of the type `Order`", "hint: expected `", "`User`"],
    );
    let outside = [
        "error: EventSource::\"bucket:receipts\" cannot be in the group `customers`",
        "hint: principals in groups are of the type `Client`, `Employee`, `IamUser`, `Role`, `User`",
    ];
    check(&["EventSource::\"bucket:receipts\"", "--group", "customers"], 3, &outside);
    let action = ["error: no route and no event is named `creatOrder`", "hint: did you mean `createOrder`?"];
    check(&["User::\"alice\"", "--action", "creatOrder"], 3, &action);
}

/// Invalid arguments exit with 3, and programs read why on standard output.
#[test]
fn invalid_arguments_are_told_in_the_format_that_is_asked_for() {
    #[track_caller]
    fn check(line: &str, error: &str, hint: &str) {
        let arguments: Vec<&str> = line.split(' ').collect();
        let output = doorward(&arguments);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |name: &str| told[name].as_str().unwrap_or_default();
        assert!(text("error").contains(error) && text("hint").contains(hint), "{line}: {told:#}");
    }
    check("policy can User --format json", "invalid value 'User' for '<PRINCIPAL>'", "");
    check("--format=json chek", "unrecognized subcommand 'chek'", "'check'");
    check("emit s3 --format json --key a", "--bucket <BUCKET>", "usage: doorward emit s3");
    check("check --format json --foramt x", "unexpected argument '--foramt'", "'--format'");
    check(
        "bundle list policies --format json --endpoint-url nowhere",
        "`nowhere` is not an endpoint",
        "scheme",
    );
    let since = "policy replay policies --policies policies --since 1h --until 2h --format json";
    check(since, "lies after", "");
    check(
        "policy replay --policies policies/orders.cedar --format json",
        "is one file of policies",
        "folder",
    );

    let human = doorward(&["policy", "can", "User"]);
    assert_eq!(human.status.code(), Some(3));
    assert!(human.stdout.is_empty() && human.stderr.starts_with(b"error: invalid value"), "{human:?}");
    let help = doorward(&["policy", "can", "--help", "--format", "json"]);
    assert_eq!(help.status.code(), Some(0), "an answer");
}
