//! The outside tools are what `requirements.txt` pins, and they run.

use std::process::Command;

use doorward_tests::ministack::Ministack;
use doorward_tests::tools::Tools;

#[test]
fn cargo_lambda_is_the_pinned_one() {
    let tools = Tools::install().unwrap();
    let output = Command::new(tools.cargo_lambda()).args(["lambda", "--version"]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.split(' ').nth(1), Tools::pinned("cargo-lambda"), "{printed}");
}

#[test]
fn ministack_is_the_pinned_one_and_healthy() {
    let tools = Tools::install().unwrap();
    let ministack = Ministack::start(&tools).unwrap();
    assert_eq!(ministack.version().as_deref(), Tools::pinned("ministack"));
}
