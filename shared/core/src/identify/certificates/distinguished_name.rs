use std::fmt::Write;

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::{Any, Ia5StringRef, PrintableStringRef, Utf8StringRef};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Encode, Tag, Tagged};
use x509_cert::name::Name;

/// The attribute types that have a short name (RFC 4514 section 3).
const SHORT: [(ObjectIdentifier, &str); 9] = [
    (ObjectIdentifier::new_unwrap("2.5.4.3"), "CN"),
    (ObjectIdentifier::new_unwrap("2.5.4.7"), "L"),
    (ObjectIdentifier::new_unwrap("2.5.4.8"), "ST"),
    (ObjectIdentifier::new_unwrap("2.5.4.10"), "O"),
    (ObjectIdentifier::new_unwrap("2.5.4.11"), "OU"),
    (ObjectIdentifier::new_unwrap("2.5.4.6"), "C"),
    (ObjectIdentifier::new_unwrap("2.5.4.9"), "STREET"),
    (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25"), "DC"),
    (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1"), "UID"),
];

/// A name as RFC 4514 writes it: the last part first. No two names that differ are written alike: what has a meaning in
/// the text is escaped, and what is no UTF-8, or has no short name, stands as its DER in hex. Only in which of
/// `UTF8String`, `PrintableString` and `IA5String` a value is kept makes no difference, as it makes none to who is named
/// (RFC 5280 section 7.1).
///
/// `None` where a part of it is empty.
pub(super) fn text(name: &Name) -> Option<String> {
    let mut parts = Vec::new();
    for rdn in name.iter_rdn() {
        let attributes: Option<Vec<String>> = rdn.iter().map(attribute).collect();
        let attributes = attributes.filter(|attributes| !attributes.is_empty())?;
        parts.push(attributes.join("+"));
    }
    parts.reverse();
    Some(parts.join(","))
}

fn attribute(AttributeTypeAndValue { oid, value }: &AttributeTypeAndValue) -> Option<String> {
    let short = SHORT.iter().find(|(known, _)| known == oid).map(|(_, short)| *short);
    match (short, short.and_then(|_| string(value))) {
        (Some(short), Some(text)) => Some(format!("{short}={}", escaped(text))),
        (short, _) => {
            let der = value.to_der().ok()?;
            let name = short.map_or_else(|| oid.to_string(), str::to_owned);
            Some(format!("{name}=#{}", super::hex(&der)))
        }
    }
}

/// The value as a text, of those kinds of texts that are UTF-8. What a T61 or a BMP string means, readers differ over.
fn string(value: &Any) -> Option<&str> {
    match value.tag() {
        Tag::Utf8String => Utf8StringRef::try_from(value).ok().map(|text| text.as_str()),
        Tag::PrintableString => PrintableStringRef::try_from(value).ok().map(|text| text.as_str()),
        Tag::Ia5String => Ia5StringRef::try_from(value).ok().map(|text| text.as_str()),
        _ => None,
    }
}

/// A value as RFC 4514 section 2.4 escapes it. Every control character is escaped, not NUL alone: ids are kept and logged.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let last = text.len();
    for (at, character) in text.char_indices() {
        let at_an_end = at == 0 || at + character.len_utf8() == last;
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '#' if at == 0 => escaped.push_str("\\#"),
            ' ' if at_an_end => escaped.push_str("\\ "),
            _ if character.is_control() => {
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(escaped, "\\{byte:02x}");
                }
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use x509_cert::der::Decode;

    use super::*;

    const UTF8: u8 = 0x0c;
    const PRINTABLE: u8 = 0x13;
    const T61: u8 = 0x14;
    const IA5: u8 = 0x16;
    const BMP: u8 = 0x1e;

    const CN: &[u8] = &[0x55, 4, 3];
    const O: &[u8] = &[0x55, 4, 10];
    /// `emailAddress`, which RFC 4514 knows no short name of.
    const EMAIL: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];

    fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
        let length = u8::try_from(value.len()).unwrap();
        assert!(length < 128, "the short form");
        [&[tag, length], value].concat()
    }

    fn pair(oid: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
        tlv(0x30, &[tlv(6, oid), tlv(tag, value)].concat())
    }

    /// A name of these parts, each of these pairs.
    fn name(parts: &[&[Vec<u8>]]) -> Option<String> {
        let parts: Vec<u8> = parts.iter().flat_map(|pairs| tlv(0x31, &pairs.concat())).collect();
        text(&Name::from_der(&tlv(0x30, &parts)).ok()?)
    }

    #[track_caller]
    fn check(value: &str, expected: &str) {
        let got = name(&[&[pair(CN, UTF8, value.as_bytes())]]).unwrap();
        assert_eq!(got, format!("CN={expected}"));
    }

    #[test]
    fn names_are_written_as_the_rfc_has_them() {
        let [c, o, cn] = [
            pair(&[0x55, 4, 6], PRINTABLE, b"DE"),
            pair(O, UTF8, b"Shop"),
            pair(CN, UTF8, "Lučić".as_bytes()),
        ];
        assert_eq!(
            name(&[&[c], std::slice::from_ref(&o), std::slice::from_ref(&cn)]).unwrap(),
            "CN=Lučić,O=Shop,C=DE"
        );
        // A part is a set: in which order it was written makes no other name.
        assert_eq!(name(&[&[cn.clone(), o.clone()]]).unwrap(), "O=Shop+CN=Lučić");
        assert_eq!(name(&[&[o, cn]]).unwrap(), "O=Shop+CN=Lučić");
        assert_eq!(name(&[&[pair(EMAIL, IA5, b"a@b")]]).unwrap(), "1.2.840.113549.1.9.1=#1603614062");
        assert_eq!(name(&[]).unwrap(), "");
        assert_eq!(name(&[&[]]), None, "a part of nothing");
    }

    #[test]
    fn what_has_a_meaning_is_escaped() {
        check("plain text", "plain text");
        check("", "");
        check("James \"Jim\" Smith, III", r#"James \"Jim\" Smith\, III"#);
        check("a+b=c;d<e>f\\g", r"a\+b=c\;d\<e\>f\\g");
        check("#hash#", r"\#hash#");
        check(" a ", r"\ a\ ");
        check(" ", r"\ ");
        check("  ", r"\ \ ");
        check("a\0b\r\n", r"a\00b\0d\0a");
        check("a\u{85}b", r"a\c2\85b");
        check("\\00", r"\\00");
    }

    #[test]
    fn no_two_names_are_written_alike() {
        let cn = |value: &str| pair(CN, UTF8, value.as_bytes());
        let o = |value: &str| pair(O, UTF8, value.as_bytes());
        let names = [
            name(&[&[cn("admin")]]),
            name(&[&[cn("admin"), o("x")]]),
            name(&[&[cn("admin")], &[o("x")]]),
            name(&[&[o("x")], &[cn("admin")]]),
            name(&[&[cn("admin,O=x")]]),
            name(&[&[cn("admin+O=x")]]),
            name(&[&[cn("admin\\,O=x")]]),
            name(&[&[cn("admin\\")], &[o("x")]]),
            name(&[&[cn("admin")], &[cn("admin")]]),
            name(&[&[cn("admin\0")]]),
            name(&[&[cn("admin\\00")]]),
            name(&[&[cn(" admin")]]),
            name(&[&[cn("admin ")]]),
            name(&[&[cn("Admin")]]),
            name(&[&[o("admin")]]),
            name(&[&[pair(CN, T61, b"admin")]]),
            name(&[&[pair(CN, BMP, b"\0a\0d\0m\0i\0n")]]),
            name(&[&[pair(CN, BMP, b"admin!")]]),
            name(&[&[cn("#140561646d696e")]]),
            name(&[&[pair(CN, 4, b"admin")]]),
            name(&[&[pair(EMAIL, IA5, b"admin")]]),
            name(&[&[pair(EMAIL, UTF8, b"admin")]]),
            name(&[&[cn("1.2.840.113549.1.9.1=#160561646d696e")]]),
        ];
        for (nth, one) in names.iter().enumerate() {
            assert!(one.is_some(), "{nth}");
            for (other, text) in names.iter().enumerate().skip(nth + 1) {
                assert_ne!(one, text, "{nth} and {other}");
            }
        }
        // Which of the kinds of texts holds it makes no other name.
        assert_eq!(name(&[&[pair(CN, PRINTABLE, b"admin")]]), names[0]);
        assert_eq!(name(&[&[pair(CN, IA5, b"admin")]]), names[0]);
        // Bytes that are not what their kind says are refused, or are no text.
        let broken = name(&[&[pair(CN, UTF8, &[0xff, 0xfe])]]);
        assert_eq!(broken.as_deref(), Some("CN=#0c02fffe"));
        let broken = name(&[&[pair(CN, PRINTABLE, b"a*b")]]);
        assert_ne!(broken, name(&[&[cn("a*b")]]));
    }

    /// Every value is read back from what is written of it, so that no two can be written alike.
    #[test]
    fn what_is_escaped_is_read_back() {
        let alphabet =
            [' ', '#', ',', '+', '"', '\\', '<', '>', ';', '=', '\0', '\n', '0', 'a', 'é', '\u{85}'];
        let mut values = vec![String::new()];
        for _ in 0..4 {
            let longer = values.iter().flat_map(|value| alphabet.map(|c| format!("{value}{c}")));
            values = longer.collect();
            for value in &values {
                let written = escaped(value);
                assert_eq!(read_back(&written).as_ref(), Some(value), "{written}");
                assert!(!written.starts_with(['#', ' ']), "{written}");
            }
        }
    }

    /// RFC 4514 section 3, the other way.
    fn read_back(text: &str) -> Option<String> {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            if *first != b'\\' {
                assert!(!b",+\"<>;".contains(first), "it would end the value: {text}");
                bytes.push(*first);
                continue;
            }
            let (next, after) = rest.split_first()?;
            rest = after;
            if next.is_ascii_hexdigit() {
                let (second, after) = rest.split_first()?;
                rest = after;
                let pair = [*next, *second];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
            } else {
                bytes.push(*next);
            }
        }
        String::from_utf8(bytes).ok()
    }
}
