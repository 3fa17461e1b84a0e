//! Patterns: ECMA-262 with Unicode, not anchored, in linear time.

use serde_json::json;

use super::{BOTH, check};
use crate::schemas::compile;

#[track_caller]
fn pattern(pattern: &str, good: &[&str], bad: &[&str]) {
    let values = |texts: &[&str]| texts.iter().map(|text| json!(text)).collect::<Vec<_>>();
    check(&BOTH, &json!({"pattern": pattern}), &values(good), &values(bad));
    check(&BOTH, &json!({"pattern": pattern}), &[json!(1), json!(null), json!(["x"])], &[]);
}

#[test]
fn they_are_looked_for_anywhere() {
    pattern("a+", &["xxaayy", "a"], &["", "b"]);
    pattern("", &["", "x"], &[]);
    pattern("^$", &[""], &["a", "\n"]);
    pattern("a|^b", &["ba", "b"], &["cb"]);
    pattern("^a|b$", &["ax", "xb"], &["xax"]);
}

#[test]
fn classes_are_ecma_262s() {
    pattern(r"^\d$", &["0", "9"], &["\u{7c0}", "٣", "x"]);
    pattern(r"^\D$", &["\u{7c0}", "é"], &["0"]);
    pattern(r"^\w$", &["a", "_", "0"], &["é", "ſ", "\u{212a}"]);
    pattern(r"^\W$", &["é", "-"], &["a"]);
    pattern(
        r"^\s$",
        &[" ", "\t", "\u{b}", "\u{c}", "\u{a0}", "\u{feff}", "\u{2028}", "\u{2029}", "\u{2003}", "\n"],
        &["\u{1}", "\u{2013}", "\u{85}", "\u{200b}", "\u{180e}"],
    );
    pattern(r"^\S$", &["\u{85}", "\u{1}"], &["\u{feff}", " "]);
    pattern(r"^[\d]$", &["1"], &["٣"]);
    pattern(r"^[^\d]$", &["٣"], &["1"]);
    pattern(r"^[\w]$", &["a"], &["é"]);
    pattern(r"^[\s]$", &["\u{feff}"], &["\u{85}"]);
    pattern(r"^[\S]$", &["\u{85}"], &["\u{feff}"]);
    pattern(r"^[\W]$", &["é"], &["a"]);
    pattern(r"^[\D]$", &["٣"], &["3"]);
    pattern("^.$", &["a", "é", "🐲", "\u{85}"], &["\n", "\r", "\u{2028}", "\u{2029}"]);
}

#[test]
fn escapes_are_ecma_262s() {
    pattern(r"^\cA\cz$", &["\u{1}\u{1a}"], &["cA"]);
    pattern(r"^\t\n\v\f\r$", &["\t\n\u{b}\u{c}\r"], &["t"]);
    pattern(r"^\x41\u0042$", &["AB"], &["x41"]);
    pattern(r"^\u{1F432}$", &["🐲"], &["u"]);
    pattern(r"^\ud83d\udc32$", &["🐲"], &["x"]);
    pattern(r"^\0$", &["\u{0}"], &["0"]);
    pattern(r"^\/\-\.\$\^\*\+\?\(\)\[\]\{\}\|\\$", &[r"/-.$^*+?()[]{}|\"], &["x"]);
    pattern(r"^[\b]$", &["\u{8}"], &["b"]);
    pattern(r"^[\-a]$", &["-", "a"], &["b"]);
    pattern(r"^\p{L}$", &["é", "π"], &["1"]);
    pattern(r"^\p{Letter}$", &["é"], &["1"]);
    pattern(r"^\P{L}$", &["1"], &["é"]);
    pattern(r"^\p{Script=Greek}$", &["π"], &["p"]);
    pattern(r"^\p{sc=Grek}$", &["π"], &["p"]);
    pattern(r"^\p{Lu}$", &["É"], &["é"]);
    pattern(r"^[\p{L}\d]$", &["é", "1"], &["-"]);
}

#[test]
fn syntax_is_ecma_262s() {
    pattern("^(?<year>[0-9]{4})$", &["2026"], &["26"]);
    pattern("^(?:ab)+$", &["abab"], &["aba"]);
    pattern("^a{2,}$", &["aa", "aaa"], &["a"]);
    pattern("^a{2}?$", &["aa"], &["a"]);
    pattern("^a*?b+?$", &["aab"], &["aa"]);
    pattern("^[&&x]$", &["&", "x"], &["y"]);
    pattern("^[a&&b]$", &["a", "&", "b"], &["c"]);
    pattern("^[+--]$", &["+", ",", "-"], &["a", "."]);
    pattern("^[a-z--/]$", &["m", "-", ".", "/"], &["+"]);
    pattern("^[a~~b]$", &["~", "a"], &["c"]);
    pattern("^[[]$", &["["], &["x"]);
    pattern("^[[a]$", &["[", "a"], &["b"]);
    pattern("^#x y$", &["#x y"], &["#xy"]);
    pattern("^[^\\n]$", &["a", "\r"], &["\n"]);
    pattern("^é$", &["é"], &["e\u{301}"]);
    pattern("^[🐲-🐴]$", &["🐳"], &["🐱"]);
    pattern("^🐲{2}$", &["🐲🐲"], &["🐲"]);
}

#[test]
fn what_linear_time_cannot_have_is_refused_where_it_stands() {
    for (pattern, hint) in [
        ("(?=a)a", "look-around"),
        ("(?!a)b", "look-around"),
        ("(?<=a)b", "look-around"),
        ("(?<!a)b", "look-around"),
        (r"(a)\1", "back-references"),
        (r"(?<n>a)\k<n>", "back-references"),
        ("(a{1000}){1000}", "repetition"),
        ("(", "a group without an end"),
        ("a**", "a repetition of a repetition"),
        ("[z-a]", "a range out of order"),
        (r"\p{Nonsense}", "a property of characters"),
        (r"\p{Script=Nonsense}", "the engine lacks: `Script=Nonsense`"),
        (r"\P{Cs}", "no character of a JSON text"),
        (r"\p{CWKCF}", "the engine lacks: `CWKCF`"),
        (r"\Qa\E", r"`\Q`"),
        (r"\h", r"`\h`"),
        (r"\a", r"`\a`"),
        (r"\e", r"`\e`"),
        ("(?>a)", "gives nothing back"),
        (r"^\ud83d$", "half of a surrogate pair"),
    ] {
        let text = json!({"properties": {"a": {"pattern": pattern}}}).to_string();
        let Err(fault) = compile(&[("s.json", &text)], "") else { panic!("{pattern} is taken") };
        assert!(fault.starts_with("s.json:1:") && fault.contains(hint), "{pattern}: {fault}");
        let text = json!({"patternProperties": {pattern: true}}).to_string();
        let Err(fault) = compile(&[("s.json", &text)], "") else { panic!("{pattern} is taken") };
        assert!(fault.starts_with("s.json:1:") && fault.contains(hint), "{pattern}: {fault}");
    }
}
