//! Paths that some reader takes for another one.

use super::{Mutation, mutation};

/// What is put behind the path.
const BEHIND: &[&str] = &[
    "/",
    "//",
    "/.",
    "/..",
    "/%2e",
    "/%2E%2e/",
    "/x/..",
    "%2F",
    "%2f",
    "%2Fx",
    "%2Flines",
    "\\",
    "%5C",
    "%5c..%5c",
    "%252F",
    "%255C",
    "%2500",
    "%25",
    "%",
    "%2",
    "%zz",
    "%u002F",
    "%00",
    "%00.json",
    "%0A",
    "%0D%0A",
    "%09",
    "%7F",
    "%C2%85",
    "%C0%AF",
    "%C0%AE%C0%AE",
    "%E0%80%AF",
    "%F0%80%80%AF",
    "%FF",
    "%C3",
    "%ED%A0%80",
    "%EF%BF%BD",
    ";a=b",
    "%3B",
    "%3F",
    "%3Fscope=all",
    "%23",
    "*",
    "%2A",
    "$%7Baws:username%7D",
    "e%CC%81",
    "%EF%BC%8F",
    "%E2%88%95",
    "%E2%80%8B",
    "%E2%80%AE",
    "%EF%BC%94",
    "%20",
    "+",
    "~",
    ":",
    "@",
    "&scope=all",
    ",",
    "'",
    "!",
    "(x)",
    ".json",
    ".",
    "/lines",
    "/x",
    "é",
];

/// What is put before it.
const BEFORE: &[&str] =
    &["/", "/.", "/..", "/%2e%2e", "/x/..", "/prod", "/shop", "/%2F", "/%5C", "/$default"];

pub(super) fn all() -> Vec<Mutation> {
    let behind = BEHIND
        .iter()
        .map(|end| mutation(format!("path: {end} behind"), move |request, _, _| request.path.push_str(end)));
    let before = BEFORE.iter().map(|beginning| {
        mutation(format!("path: {beginning} before"), move |request, _, _| {
            request.path.insert_str(0, beginning)
        })
    });
    behind.chain(before).chain(rewritten()).collect()
}

fn rewritten() -> Vec<Mutation> {
    let rewrite = |name: &str, rewrite: fn(&str, &str) -> String| {
        mutation(format!("path: {name}"), move |request, _, _| {
            let at = request.path.rfind('/').unwrap();
            let (before, last) = request.path.split_at(at);
            let path = rewrite(before, &last[1..]);
            // A front is given no path without a slash before it.
            request.path = if path.starts_with('/') { path } else { format!("/{path}") };
        })
    };
    vec![
        rewrite("the last slash encoded", |before, last| format!("{before}%2F{last}")),
        rewrite("the last slash a backslash", |before, last| format!("{before}\\{last}")),
        rewrite("the last slash an encoded backslash", |before, last| format!("{before}%5C{last}")),
        rewrite("the last slash twice", |before, last| format!("{before}//{last}")),
        rewrite("a dot before the last segment", |before, last| format!("{before}/./{last}")),
        rewrite("up and down", |before, last| format!("{before}/43/../{last}")),
        rewrite("upper case", |before, last| format!("{before}/{last}").to_uppercase()),
        rewrite("the last segment in upper case", |before, last| format!("{before}/{}", last.to_uppercase())),
        rewrite("all characters encoded", |before, last| format!("{before}/{}", encoded(last))),
        rewrite("all characters encoded twice", |before, last| {
            format!("{before}/{}", encoded(last).replace('%', "%25"))
        }),
        rewrite("lower hexadecimal digits", |before, last| {
            format!("{before}/{}", encoded(last).to_lowercase())
        }),
        rewrite("another order", |before, _| format!("{before}/43")),
        rewrite("an order of alice's", |before, _| format!("{before}/42")),
        rewrite("an order of nobody's", |before, _| format!("{before}/4711")),
        rewrite("a fullwidth order", |before, _| format!("{before}/%EF%BC%94%EF%BC%92")),
        rewrite("a homoglyph", |before, last| format!("{before}/{last}").replacen('o', "%D0%BE", 1)),
        rewrite("the template itself", |before, _| format!("{before}/%7Bid%7D")),
        rewrite("a long last segment", |before, _| format!("{before}/{}", "4".repeat(300))),
        rewrite("a path that is too long", |before, _| format!("{before}/{}", "4".repeat(2100))),
        rewrite(
            "no last segment",
            |before, _| if before.is_empty() { "/".to_owned() } else { before.to_owned() },
        ),
        rewrite("nothing but the slash", |_, _| "/".to_owned()),
    ]
}

/// Every byte percent-encoded, of what is not already.
fn encoded(segment: &str) -> String {
    super::super::forms::percent_decoded(segment).bytes().map(|byte| format!("%{byte:02X}")).collect()
}
