//! Patterns at random, held against an engine of ECMA-262's own, which is tested by test262.

use fastrand::Rng;
use regress::Regex;
use serde_json::json;

use crate::schemas::compile;

/// Patterns that are tried, most of which are none.
const PATTERNS: usize = 6_000;
/// Texts for each pattern.
const TEXTS: usize = 8;

/// What both grammars of ECMA-262 have, and what only looks like it.
const TOKENS: [&str; 68] = [
    "a", "b", "A", "0", "_", "-", "-", ".", ".", "^", "$", "|", "|", "(", "(", ")", ")", ")", "(?:", "(?:",
    "(?<n>", "(?i:", "(?s:", "(?i-s:", "[", "[", "[", "[^", "[]", "[^]", "]", "]", "]", "]", "{", "}", "{1}",
    "{0,2}", "{2,}", "{,2}", "{a}", "*", "+", "?", "*?", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\b",
    r"\B", r"\-", r"\_", r"\.", r"\/", r"\]", r"\0", r"\n", r"\cJ", r"\x61", r"\u0062", "&&", "~~", "--",
    "a-b", " ",
];
/// What means something else without the flag `u`.
const UNICODE: [&str; 16] = [
    r"\u{61}",
    r"\u{1F432}",
    r"\ud83d\udc32",
    "🐲",
    "[🐲-🐴]",
    "é",
    r"\p{L}",
    r"\P{Lu}",
    r"\p{Script=Greek}",
    r"\p{scx=Grek}",
    r"\p{ASCII}",
    r"\p{gc=Nd}",
    r"\p{Greek}",
    r"\pL",
    r"\p{l}",
    "ſ",
];
const CHARACTERS: [char; 27] = [
    'a', 'a', 'b', 'b', 'A', 'B', '0', '_', '-', '.', '^', '$', '{', '}', ']', '[', '/', '&', '~', ' ', '\n',
    '\u{2028}', '\0', 'é', '🐲', 'π', 'ſ',
];

fn text(rng: &mut Rng) -> String {
    (0..rng.usize(..5)).map(|_| CHARACTERS[rng.usize(..CHARACTERS.len())]).collect()
}

/// Whether the door takes each of `texts` by `pattern`, or why it does not take the pattern.
fn verdicts(pattern: &str, texts: &[String]) -> Result<Vec<bool>, String> {
    let schema = json!({ "pattern": pattern }).to_string();
    let schema = compile(&[("s.json", &schema)], "")?;
    Ok(texts.iter().map(|text| schema.violations(&json!(text)).is_empty()).collect())
}

/// Whether the grammar has no such pattern, though the engine takes it: one that repeats an assertion.
fn repeats_an_assertion(fault: &str) -> bool {
    fault.contains("a repetition of nothing") || fault.contains(r"`\b{…}`")
}

#[test]
fn patterns_mean_what_an_engine_of_ecma_262_means_by_them() {
    let mut rng = Rng::with_seed(262);
    let [mut strict, mut loose, mut refused, mut telling] = [0; 4];
    for _ in 0..PATTERNS {
        let of_unicode = rng.bool();
        let tokens = (0..rng.usize(1..7)).map(|_| match of_unicode && rng.u8(..3) == 0 {
            true => UNICODE[rng.usize(..UNICODE.len())],
            false => TOKENS[rng.usize(..TOKENS.len())],
        });
        let pattern: String = tokens.collect();
        let texts: Vec<String> = (0..TEXTS).map(|_| text(&mut rng)).collect();
        let engine = match (Regex::with_flags(&pattern, "u"), verdicts(&pattern, &texts)) {
            (Ok(_), Err(fault)) if repeats_an_assertion(&fault) => continue,
            (Ok(_), Err(fault)) => panic!("{pattern:?}: {fault}"),
            (Err(_), Err(_)) => {
                refused += 1;
                continue;
            }
            (Ok(engine), Ok(found)) => {
                strict += 1;
                Some((engine, found))
            }
            // Without the flag these would mean something else.
            (Err(_), Ok(_)) if of_unicode => None,
            // What is taken beyond the flag is annex B's.
            (Err(_), Ok(found)) => {
                loose += 1;
                let engine = Regex::with_flags(&pattern, "");
                Some((engine.unwrap_or_else(|error| panic!("{pattern:?}: {error}")), found))
            }
        };
        let Some((engine, found)) = engine else { continue };
        let expected: Vec<_> = texts.iter().map(|text| engine.find(text).is_some()).collect();
        assert_eq!(found, expected, "{pattern:?} of {texts:?}");
        telling += usize::from(expected.contains(&true) && expected.contains(&false));
    }
    let counted = [strict, loose, refused, telling];
    assert!(counted.iter().zip([1_000, 200, 1_000, 300]).all(|(found, least)| *found > least), "{counted:?}");
}
