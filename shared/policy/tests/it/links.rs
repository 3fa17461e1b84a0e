//! Templates and what `links.json` fills them with.

use expect_test::{Expect, expect};

use crate::shop::{Call, check_linked, compile_linked, user};

const READERS: &str = r#"
@id("readers")
permit(principal == ?principal, action == Action::"readOrder", resource == ?resource);
@id("orders-of")
permit(principal in ?principal, action in Action::"http", resource) when { context.request.method == "POST" };
"#;

const LINKS: &str = r#"[
    {"template_id": "readers", "link_id": "ann-reads-42",
     "args": {"?principal": "User::\"ann\"", "?resource": "Order::\"42\""}},
    {"template_id": "orders-of", "link_id": "staff", "args": {"?principal": "Group::\"staff\""}}
]"#;

#[test]
fn links_decide_by_their_own_ids() {
    check_linked(READERS, LINKS, &Call::read(user("ann", &[]), "42"), "allow by ann-reads-42");
    check_linked(READERS, LINKS, &Call::read(user("ann", &[]), "43"), "deny: no policy permits it");
    check_linked(READERS, LINKS, &Call::read(user("bob", &["staff"]), "42"), "allow by staff");
    check_linked(READERS, LINKS, &Call::read(user("ann", &["staff"]), "42"), "allow by ann-reads-42 staff");
}

#[track_caller]
fn check_faults(links: Option<&str>, expected: &Expect) {
    expected.assert_eq(&compile_linked(READERS, links).expect_err("faults").to_string());
}

#[test]
fn a_template_needs_a_link() {
    check_faults(
        None,
        &expect![[r#"
        policies/shop.cedar:2:1: the template `readers` decides nothing, as nothing links it
          hint: link it in `links.json`, or write the entity in place of `?principal` or `?resource`
        policies/shop.cedar:4:1: the template `orders-of` decides nothing, as nothing links it
          hint: link it in `links.json`, or write the entity in place of `?principal` or `?resource`"#]],
    );
}

#[test]
fn links_must_fit_their_templates() {
    let links = r#"[
        {"template_id": "reader", "link_id": "a", "args": {"?principal": "User::\"ann\""}},
        {"template_id": "readers", "link_id": "b", "args": {"?principal": "User::\"ann\""}},
        {"template_id": "orders-of", "link_id": "readers", "args": {"?principal": "Group::\"staff\""}},
        {"template_id": "orders-of", "link_id": "d", "args": {"?principal": "Grop::\"staff\""}},
        {"template_id": "orders-of", "link_id": "e", "args": {"?principal": "Group::staff"}},
        {"template_id": "orders-of", "link_id": "f", "args": {"?action": "Group::\"staff\""}},
        {"template_id": "orders-of", "args": {"?principal": "Group::\"staff\""}},
        {"template_id": "orders-of", "link_id": "h", "arguments": {}},
        {"template_id": "readers", "link_id": "i", "args": {"?principal": "User::\"ann\"", "?resource": "Function::\"orders\""}},
        7
    ]"#;
    check_faults(
        Some(links),
        &expect![[r#"
            links.json:2:9: there is no template `reader`
              hint: templates are `readers`, `orders-of`
            links.json:3:9: the link `b` does not fill the slots of `readers`
              hint: `args` needs `?principal` and `?resource` and nothing else
            links.json:4:9: the policy id `readers` is used twice
              hint: give one of them another id
              see: policies/shop.cedar:2:1
            links.json:5:9: for policy `d`, unrecognized entity type `Grop`
              hint: did you mean `Group`?
            links.json:6:9: the value of `?principal` is not an entity
              hint: write it as in policies: `User::"ann"`
            links.json:7:9: unknown slot `?action`
              hint: slots are `?principal` and `?resource`
            links.json:8:9: a link needs `link_id`, a text
              hint: write `[{"template_id": "readers", "link_id": "ann-reads", "args": {"?principal": "User::\"ann\""}}]`
            links.json:9:9: unknown member `arguments` of a link
              hint: write `[{"template_id": "readers", "link_id": "ann-reads", "args": {"?principal": "User::\"ann\""}}]`
            links.json:11:9: a link is an object
              hint: write `[{"template_id": "readers", "link_id": "ann-reads", "args": {"?principal": "User::\"ann\""}}]`"#]],
    );
}

#[test]
fn links_are_one_unambiguous_list() {
    for (links, expected) in [
        ("{}", "links.json:1:1: expected a list of links"),
        ("[{},\n{\"link_id\": 1, \"link_id\": 2}]", "links.json:2:1: "),
        ("[", "links.json:1:1: "),
    ] {
        let faults = compile_linked(READERS, Some(links)).expect_err("faults").to_string();
        assert!(faults.contains(expected) && faults.contains("hint: write `[{\"template_id\""), "{faults}");
    }
}

#[test]
fn faults_do_not_bring_others_after_them() {
    // A link that is wrong may have meant the template that nothing links.
    for (link, expected) in [
        (r#"{"template_id": "reader", "link_id": "a", "args": {}}"#, "there is no template `reader`"),
        (r#"{"template_id": "readers", "link_id": "a"}"#, "a link needs `args`"),
        (r#"{"template_id": "readers", "link_id": "a", "args": {}}"#, "does not fill the slots"),
        ("7", "a link is an object"),
    ] {
        let faults = compile_linked(READERS, Some(&format!("[{link}]"))).expect_err("faults");
        let [fault] = faults.0.as_slice() else { panic!("{link}: {faults}") };
        assert!(fault.message.contains(expected), "{link}: {fault}");
    }
    // A file that cannot be read may hold the template that a link names.
    let faults =
        compile_linked(&format!("{READERS} permit ("), Some(LINKS)).expect_err("a fault").to_string();
    assert!(faults.contains("shop.cedar") && !faults.contains("links.json"), "{faults}");
}
