//! Delimiters (RFC 2046 section 5.1.1).

use memchr::memmem;

use super::part::{MAX_PARTS, Part};
use crate::serialization::Rule;

const BEGIN: Rule = "must begin with its first delimiter";
const STRAY: Rule = "must hold its boundary in delimiters only, each on a line of its own";
const END: Rule = "must end with its closing delimiter";
const MANY: Rule = "must hold at most 1,000 parts";

/// The parts of a body, in order. One that holds none, as browsers write a form without fields, has none.
pub(crate) fn parts<'b>(boundary: &str, body: &'b [u8]) -> Result<Vec<Part<'b>>, Rule> {
    let delimiter = format!("--{boundary}");
    let mut found = memmem::find_iter(body, delimiter.as_bytes());
    if found.next() != Some(0) {
        return Err(BEGIN);
    }
    let mut parts = Vec::new();
    let mut rest = body.get(delimiter.len()..).unwrap_or_default();
    let mut at = delimiter.len();
    loop {
        match rest {
            [b'-', b'-'] | [b'-', b'-', b'\r', b'\n'] => break,
            // What stands behind would be read by some.
            [b'-', b'-', ..] => return Err(END),
            [b'\r', b'\n', ..] => {}
            [] => return Err(END),
            _ => return Err(STRAY),
        }
        let start = at + 2;
        let end = found.next().ok_or(END)?;
        let part = end.checked_sub(2).and_then(|before| body.get(start..before)).ok_or(STRAY)?;
        if body.get(end - 2..end) != Some(b"\r\n") {
            return Err(STRAY);
        }
        if parts.len() == MAX_PARTS {
            return Err(MANY);
        }
        parts.push(Part::read(part)?);
        at = end + delimiter.len();
        rest = body.get(at..).unwrap_or_default();
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELD: &str = "Content-Disposition: form-data; name=\"a\"\r\n\r\n";

    #[track_caller]
    fn check(body: &str, expected: Result<&[&str], Rule>) {
        let body = body.replace("FIELD", FIELD);
        let found = parts("b", body.as_bytes());
        let contents = found.map(|parts| {
            parts.iter().map(|part| String::from_utf8_lossy(part.content).into_owned()).collect::<Vec<_>>()
        });
        let expected = expected.map(|all| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(contents, expected, "{body:?}");
    }

    #[test]
    fn parts_stand_between_delimiters() {
        check("--b\r\nFIELD1\r\n--b\r\nFIELD\r\n2\r\n\r\n--b--\r\n", Ok(&["1", "\r\n2\r\n"]));
        check("--b\r\nFIELD\r\n--b--", Ok(&[""]));
        check("--b\r\nFIELD-b\n-\r--\r\n--b--", Ok(&["-b\n-\r--"]));
        check("--b--\r\n", Ok(&[]));
        check("--b--", Ok(&[]));
    }

    #[test]
    fn what_some_readers_skip_or_guess_is_refused() {
        for body in ["", "x", "--a--", "\r\n--b--", "preamble\r\n--b--", " --b--", "-b--", "--B--"] {
            check(body, Err(BEGIN));
        }
        for body in [
            "--b",
            "--b\r\n",
            "--b\r\nFIELD1",
            "--b\r\nFIELD1\r\n--b",
            "--b\r\nFIELD1\r\n--b\r\n",
            "--b--x",
            "--b--\r\nepilogue",
            "--b--\r\n\r\n",
            "--b--\n",
            "--b--\r\n--b\r\nFIELD1\r\n--b--",
            "--b---",
        ] {
            check(body, Err(END));
        }
        for body in [
            "--b \r\nFIELD1\r\n--b--",
            "--b\nFIELD1\r\n--b--",
            "--b\r\nFIELD1\n--b--",
            "--b\r\nFIELD1\r--b--",
            "--b\r\nFIELD1--b--",
            "--b\r\nFIELD1\r\n--bc\r\n\r\n--b--",
            "--b\r\nFIELD1\r\n--b-\r\n",
            "--b\r\nFIELD1\r\n--b\r--",
            "--b\r\nFIELD1\r\n --b\r\n--b--",
            "--b\r\n--b\r\n--b--",
            "--bb--",
            "--b-x",
        ] {
            check(body, Err(STRAY));
        }
        let many = |count: usize| format!("{}--b--", "--b\r\nFIELD\r\n".repeat(count));
        check(&many(MAX_PARTS), Ok(&[""; MAX_PARTS]));
        check(&many(MAX_PARTS + 1), Err(MANY));
    }
}
