//! What the door says of itself at `/.doorward/openapi.json` is an OpenAPI document, as a judge says that is not ours.

use std::process::Command;

use doorward_tests::http::send;
use doorward_tests::local_door::LocalDoor;
use doorward_tests::tools::Tools;
use serde_json::Value;

use crate::check::project;

const PATH: &str = "/.doorward/openapi.json";

#[test]
fn the_merged_contract_keeps_the_meta_schema_of_openapi() {
    let tools = Tools::install().unwrap();
    let folder = project(&[]);
    let door = LocalDoor::open(folder.path(), &[]);
    let bearer = door.bearer("alice", "customers");
    let refused = send(door.function_url(), "GET", PATH, &[], b"");
    assert_eq!(refused.status, 401, "{refused:?}");
    let served = send(door.function_url(), "GET", PATH, &[("authorization", &bearer)], b"");
    assert_eq!(served.status, 200, "{served:?}");

    let judge = |document: &Value| {
        let file = folder.path().join("served.json");
        std::fs::write(&file, document.to_string()).unwrap();
        let judged =
            Command::new(tools.python()).args(["-m", "openapi_spec_validator"]).arg(&file).output().unwrap();
        (judged.status.success(), String::from_utf8_lossy(&judged.stdout).into_owned())
    };
    let mut document = served.json();
    let (sound, said) = judge(&document);
    assert!(sound, "{said}\n{document:#}");
    // The judge does judge.
    document["paths"]["/orders"]["post"]["responses"]["201"] = Value::from("made");
    assert!(!judge(&document).0);
}
