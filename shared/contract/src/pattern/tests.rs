use super::*;

#[track_caller]
fn check(pattern: &str, expected: &str) {
    assert_eq!(read(pattern).as_deref(), Ok(expected), "{pattern}");
}

#[track_caller]
fn refuse(pattern: &str, what: &str) {
    let message = format!("the pattern has {what}, which ECMA-262 does not have");
    assert_eq!(read(pattern).map_err(|refused| refused.message), Err(message), "{pattern}");
}

#[test]
fn what_the_engine_means_likewise_stays() {
    for same in [
        "",
        "^a.c$",
        r"\d\w\s\D\W\S\\b\.\*\(\)\p{L}",
        "[a-z0-9_]",
        r"[\]\\\-\^]",
        "[^a]",
        "a{1,3}b{2}c{3,}",
        "é[é]#x y",
        "a+?b*?c??d{2}?",
        r"(?:a+)+|(b|)[*+]*",
        "(?i)a(?-i:b)(?i:c)[(?s)]",
        r"\p{L}{2}?\P{Lu}*[\p{Script=Greek}\d]+",
    ] {
        check(same, same);
    }
}

#[test]
fn what_it_means_otherwise_is_rewritten() {
    check(r"\bcaf\b", r"(?-u:\b)caf(?-u:\b)");
    check(r"a\B", r"a(?-u:\B)");
    check("^[^]$", r"^[\s\S]$");
    check("[]a]", r"[^\s\S]a\]");
    check(r"^[\w-\.]+@[.-\w]", r"^[\w\-.]+@[.\-\w]");
    check(r"[\b\n]\b", r"[\u{8}\u{A}](?-u:\b)");
    check(r"\0[\0-\x1f]\n\cA", r"\u{0}[\u{0}-\u{1F}]\u{A}\u{1}");
    check(r"\u{1F432}\u0041\x41\u{00000041}", "🐲AAA");
    check(r"\ud83d\uDC32[\uD83D\uDC32-\uD83D\uDC34]", "🐲[🐲-🐴]");
    check(r"\x2a\x7b\u005b[\x5d\x2d]", r"\*\{\[[\]\-]");
    check("(?<s>c)(?<ñ_1>d)", "(?:c)(?:d)");
    check(r"\-\_\ \/\@{2}", r"-_ /@{2}");
}

#[test]
fn braces_and_brackets_that_open_nothing_are_themselves() {
    check("^{$", r"^\{$");
    check("^{.*}$", r"^\{.*\}$");
    check("{}{a}{,}{1", r"\{\}\{a\}\{,\}\{1");
    check("a]", r"a\]");
    check("[{1, 2}]", "[{1, 2}]");
    check("[[a]&&[b]~~]", r"[\[a]&&[b]~~\]");
    check("[a&&b~~c]", r"[a\&\&b\~\~c]");
}

#[test]
fn ranges_are_read_as_they_stand() {
    check("[+--]", r"[+-\-]");
    check("[a-z--/]", r"[a-z\--/]");
    check("[--a-]", r"[\--a\-]");
    check(r"[\d-]", r"[\d\-]");
    check("[&-~]", r"[\&-\~]");
    refuse("[z-a]", "a range out of order");
    refuse("[a--b]", "a range out of order");
    refuse(r"[\d-a-z]", "a range that begins with a class");
    refuse("[a", "a class without an end");
    refuse("[a-", "a class without an end");
}

#[test]
fn what_ends_lines_is_taken_where_the_flag_says_so() {
    check("(?s:.(?-s:.).)(?i-s:.).", r"(?:[\s\S](?:.)[\s\S])(?i:.).");
    check("(?is:.(a.)).", r"(?i:[\s\S](a[\s\S])).");
    assert_eq!(read("(?m:^a)").unwrap_err().message, "the flag `m` of a group is not carried");
}

#[test]
fn what_no_contract_can_mean_is_refused() {
    refuse(r"\<a", r"`\<`");
    refuse(r"a\>", r"`\>`");
    for word in ['A', 'z', 'Z', 'a', 'e', 'h', 'Q', 'G', 'y'] {
        refuse(&format!(r"\{word}"), &format!(r"`\{word}`"));
        refuse(&format!(r"[\{word}]"), &format!(r"`\{word}`"));
    }
    refuse(r"[\B]", r"`\B`");
    refuse(r"\é", r"`\é`");
    refuse(r"\b{start}", r"`\b{…}`");
    refuse(r"\x{41}", r"`\x` without two hexadecimal digits");
    refuse(r"\x4", r"`\x` without two hexadecimal digits");
    refuse(r"\u12", r"`\u` without four hexadecimal digits");
    refuse(r"\u{}", r"`\u` without four hexadecimal digits");
    refuse(r"\u{110000}", r"`\u` without four hexadecimal digits");
    refuse(r"\u{+41}", r"`\u` without four hexadecimal digits");
    refuse(r"[\U00000041]", r"`\U`");
    refuse(r"\c1", r"`\c` without a letter");
    refuse(r"\01", "an octal escape");
    refuse(r"[\1]", "an octal escape");
    refuse(r"a\", "a backslash at its end");
    refuse("a{1, 3}", "blanks in a repetition");
    refuse("a{,3}", "a repetition without a least count");
    refuse("a{3,1}", "a repetition with counts out of order");
    refuse("a{1,2,3}", "a repetition with counts out of order");
    refuse("(a", "a group without an end");
    refuse("a)", "the end of a group that does not begin");
    for group in ["(?s)a", "(?x) b", "(?im)^a", "(?ii:a)", "(?i-i:a)", "(?-:a)", "(?-i)a", "(?a:b)", "(?i"] {
        refuse(group, "flags of a group that are not its own");
    }
    refuse("(?P<a>b)", "a group that begins with `(?P`");
    refuse("(?>a)", "a group that gives nothing back, `(?>…)`");
    refuse("(?#a)", "a comment, `(?#…)`");
    refuse("(?R)", "a group of another kind");
    refuse("(?<1>a)", "a group whose name is none");
    refuse("(?<>a)", "a group whose name is none");
    for half in
        [r"\ud83d", r"\udc32\ud83d", r"[\ud800-\udfff]", r"\ud83d\u0041", r"\ud83d\u+c32", r"\u{d83d}"]
    {
        refuse(half, "half of a surrogate pair");
    }
    for twice in ["a**", "a++", "a{2}{3}", "a+?+", "a???", "(a)?*", "[a]{1,}+"] {
        refuse(twice, "a repetition of a repetition");
    }
    for nothing in ["*", "^*", "a|+", "(?:?)", r"\b+", "(*)", "{1}", "(?i)*"] {
        refuse(nothing, "a repetition of nothing");
    }
    for beyond in ["(?=a)", "(?!a)", "(?<=a)", "(?<!a)", r"(a)\1", r"(?<n>a)\k<n>"] {
        assert_eq!(read(beyond), Err(Refused::not_linear()), "{beyond}");
    }
}

#[test]
fn properties_have_the_names_of_the_standard() {
    for known in [
        "L",
        "Letter",
        "punct",
        "gc=Lu",
        "General_Category=Letter",
        "ASCII",
        "Any",
        "White_Space",
        "Script=Old_Italic",
    ] {
        check(&format!(r"\p{{{known}}}"), &format!(r"\p{{{known}}}"));
    }
    for other in [
        "Greek",
        "l",
        "letter",
        "greek",
        "sc=greek",
        "Script=GREEK",
        "IsGreek",
        "^L",
        "gc=Greek",
        "Age=3.0",
        "",
        "L=",
        "script=Greek",
    ] {
        refuse(&format!(r"\p{{{other}}}"), "a property of characters");
    }
    refuse(r"\pL", r"`\p` without braces");
    refuse(r"[\PL]", r"`\P` without braces");
    refuse(r"\p{L", r"`\p` without braces");
}

#[test]
fn every_property_is_the_standards_and_the_engine_has_nearly_all() {
    let all = property::CATEGORIES.split_ascii_whitespace().chain(property::BINARY.split_ascii_whitespace());
    for name in all {
        let text = format!(r"\p{{{name}}}");
        assert!(regress::Regex::with_flags(&text, "u").is_ok(), "{name}");
        let is_taken = crate::checker::validator(&serde_json::json!({ "pattern": text })).is_ok();
        let is_left_out = property::SURROGATES.contains(&name) || property::LACKING.contains(&name);
        // What is left out is what the engine lacks.
        assert_eq!((is_taken, read(&text).is_ok()), (!is_left_out, !is_left_out), "{name}");
    }
}

#[test]
fn why_a_property_is_not_taken_is_said() {
    for surrogates in [r"\p{Cs}", r"[^\p{Surrogate}]", r"\P{gc=Cs}", r"\p{General_Category=Surrogate}"] {
        assert_eq!(read(surrogates), Err(Refused::surrogates()), "{surrogates}");
    }
    for lacking in [r"\p{CWKCF}", r"[\P{Changes_When_NFKC_Casefolded}]"] {
        let told = read(lacking).unwrap_err().message;
        assert!(
            told.starts_with("the pattern has a property of characters that the engine lacks: `C"),
            "{told}"
        );
    }
    // Scripts are the engine's to know.
    let takes = |text: &str| crate::checker::validator(&serde_json::json!({ "pattern": text })).is_ok();
    let refused = |text: &str| {
        assert!(read(text).is_ok() && !takes(text), "{text}");
        Refused::by_engine(text, takes)
    };
    for text in [r"\p{Script=Nonsense}", r"^(?:\p{L}|[a\P{Script=Nonsense}])+$"] {
        assert_eq!(refused(text), Refused::lacking("Script=Nonsense"), "{text}");
    }
    assert_eq!(refused(r"(\p{L}{1000}){1000}"), Refused::not_linear());
}
