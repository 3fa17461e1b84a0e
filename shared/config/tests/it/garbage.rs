use doorward_config::parse;

use crate::shop::SHOP;

/// SplitMix64: the same inputs in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

const PIECES: [&str; 24] = [
    "",
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    "=",
    "\n",
    "#",
    "*",
    "/",
    "..",
    ":",
    "-1",
    "0",
    "18446744073709551616",
    "é",
    "\u{0}",
    "\u{FFFD}",
    "\\u0000",
    "true",
    "[[",
    "1979-05-27",
];

/// Replaces a few runs of characters by pieces that TOML or the readers give a meaning.
fn mutate(random: &mut Random) -> String {
    let mut characters: Vec<char> = SHOP.chars().collect();
    for _ in 0..=random.below(6) {
        let start = random.below(characters.len());
        let end = (start + random.below(12)).min(characters.len());
        let piece = PIECES[random.below(PIECES.len())];
        characters.splice(start..end, piece.chars());
    }
    characters.into_iter().collect()
}

/// Every answer is a configuration or faults that can be shown: one line each, at a place inside the file.
fn check(text: &str) -> bool {
    match parse("doorward.toml", text) {
        Ok(_) => true,
        Err(faults) => {
            assert!(!faults.0.is_empty(), "{text}");
            for fault in &faults.0 {
                assert!(!fault.message.contains('\n'), "{}", fault.message);
                assert!(fault.hint.as_ref().is_none_or(|hint| !hint.contains('\n')), "{:?}", fault.hint);
                let place = fault.place.as_ref().expect("every fault of a file has a place");
                assert!(text.get(place.span.clone()).is_some(), "{place:?}");
            }
            let starts: Vec<_> =
                faults.0.iter().map(|fault| fault.place.as_ref().unwrap().span.start).collect();
            assert!(starts.is_sorted(), "{starts:?}");
            false
        }
    }
}

#[test]
fn mutated_files_are_read_or_refused_with_places() {
    let mut random = Random(1);
    let read = (0..2000).filter(|_| check(&mutate(&mut random))).count();
    assert!(0 < read && read < 2000, "both outcomes must occur, {read} of 2000 were read");
}

#[test]
fn every_value_replaced_by_every_type_is_read_or_refused() {
    for (at, _) in SHOP.match_indices(" = ") {
        let line_end = SHOP[at..].find('\n').map_or(SHOP.len(), |end| at + end);
        for value in
            ["0", "-1", "1.5", "nan", "true", "''", "'x'", "[]", "[[]]", "{}", "[{}]", "07:32:00", "'é\\n'"]
        {
            check(&format!("{} = {value}{}", &SHOP[..at], &SHOP[line_end..]));
        }
    }
}

#[test]
fn text_that_is_no_toml_is_refused() {
    let mut random = Random(2);
    for _ in 0..500 {
        let text: String = (0..random.below(80)).map(|_| char::from((random.next() % 128) as u8)).collect();
        assert!(!check(&text));
    }
    for nested in ["[", "{a=", "a.", "[[a", "\"\"\""] {
        assert!(!check(&nested.repeat(20_000)));
        assert!(!check(&format!("a = {}", nested.repeat(20_000))));
    }
}
