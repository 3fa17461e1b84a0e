//! Formats: those that are asserted, and those that are annotations.

use serde_json::json;

use super::{BOTH, check};

#[track_caller]
fn format(format: &str, good: &[&str], bad: &[&str]) {
    let values = |texts: &[&str]| texts.iter().map(|text| json!(text)).collect::<Vec<_>>();
    let schema = json!({"format": format});
    check(&BOTH, &schema, &values(good), &values(bad));
    check(&BOTH, &schema, &[json!(null), json!(13.7), json!({}), json!([]), json!(false)], &[]);
}

#[test]
fn dates_and_times() {
    format(
        "date-time",
        &[
            "1963-06-19T08:30:06.283185Z",
            "1963-06-19t08:30:06z",
            "1990-12-31T15:59:50.123-08:00",
            "1998-12-31T23:59:60Z",
            "1998-12-31T15:59:60.123-08:00",
            "0000-01-01T00:00:00Z",
        ],
        &[
            "1998-12-31T23:59:61Z",
            "1998-12-31T23:58:60Z",
            "1998-12-31T22:59:60Z",
            "1990-02-31T15:59:59Z",
            "1990-12-31T15:59:59-24:00",
            "1963-06-19T08:30:06.28123+01:00Z",
            "06/19/1963 08:30:06 PST",
            "2013-350T01:01:01",
            "1963-6-19T08:30:06Z",
            "1963-06-19 08:30:06Z",
            "1963-06-19T08:30:06",
            "1963-06-1৪T00:00:00Z",
            "1963-06-19T08:30:06.Z",
            "+11963-06-19T08:30:06Z",
            "1963-06-19T24:00:00Z",
        ],
    );
    format(
        "date",
        &["1963-06-19", "2020-02-29", "2000-02-29"],
        &[
            "2021-02-29",
            "1900-02-29",
            "06/19/1963",
            "2013-350",
            "1998-1-20",
            "1998-13-01",
            "1963-06-1৪",
            "20230328",
            "2023-W01",
            "2023-04-31",
            "2023-00-10",
            "2023-01-00",
            "1963-06-19 ",
        ],
    );
    format(
        "time",
        &[
            "08:30:06Z",
            "23:59:60Z",
            "01:29:60+01:30",
            "15:59:60-08:00",
            "08:30:06.283185Z",
            "08:30:06+00:20",
            "08:30:06z",
        ],
        &[
            "008:030:006Z",
            "8:3:6Z",
            "22:59:60Z",
            "08:30:06 PST",
            "01:01:01,1111",
            "12:00:00",
            "12:00:00.52",
            "24:00:00Z",
            "00:60:00Z",
            "00:00:61Z",
            "01:02:03+24:00",
            "01:02:03+00:60",
            "1২:00:00Z",
            "08:30:06#00:20",
            "ab:cd:ef",
        ],
    );
    format(
        "duration",
        &["P4DT12H30M5S", "P4Y", "PT0S", "P0D", "P1M", "PT1M", "PT36H", "P1DT12H", "P2W"],
        &[
            "PT1D",
            "4DT12H30M5S",
            "P",
            "P1YT",
            "PT",
            "P2D1Y",
            "P1D2H",
            "P2S",
            "P1Y2W",
            "P২Y",
            "P1",
            "P1.5D",
            "-P1D",
        ],
    );
}

#[test]
fn names_and_addresses() {
    format(
        "ipv4",
        &["192.168.0.1", "0.0.0.0", "255.255.255.255"],
        &[
            "127.0.0.0.1",
            "256.256.256.256",
            "127.0",
            "0x7f000001",
            "2130706433",
            "087.10.0.1",
            "1২7.0.0.1",
            "192.168.1.0/24",
            " 192.168.0.1",
            "192.168.0.1\n",
            "192.168.0.1 ",
        ],
    );
    format(
        "ipv6",
        &[
            "::1",
            "::",
            "::abef",
            "::42:ff:1",
            "d6::",
            "1:d6::42",
            "1::d6:192.168.0.1",
            "1:2::192.168.0.1",
            "::ffff:192.168.0.1",
            "1:2:3:4:5:6:7:8",
        ],
        &[
            "12345::",
            "::laptop",
            "1:1:1:1:1:1:1:1:1",
            ":2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7:",
            "1::d6::42",
            "1::2:192.168.256.1",
            "1::2:192.168.ff.1",
            "fe80::a%eth1",
            "  ::1",
            "::1 ",
            "100:100:100:100:100:100:255.255.255.255.255",
            "1:2:3:4:5:::8",
            "1:2:3:4:5:6:7",
            "1",
            "fe80::/64",
            "::1%25",
        ],
    );
    format(
        "hostname",
        &["www.example.com", "xn--4gbwdl.xn--wgbh1c", "a", "1host", "a-b.c"],
        &[
            "-a-host-name-that-starts-with--",
            "not_a_valid_host_name",
            "a-vvvvvvvvvvvvvvvveeeeeeeeeeeeeeeerrrrrrrrrrrrrrrryyyyyyyyyyyyyyyy-long-host-name-component",
            "hostname-",
            "",
            ".",
            "a..b",
            "a b",
        ],
    );
    format(
        "email",
        &["joe.bloggs@example.com", "te~st@example.com", "~test@example.com", "te.s.t@example.com"],
        &[
            "2962",
            ".test@example.com",
            "test.@example.com",
            "te..st@example.com",
            "joe@",
            "@example.com",
            "joe bloggs@example.com",
        ],
    );
    format(
        "uuid",
        &[
            "2EB8AA08-AA98-11EA-B4AA-73B441D16380",
            "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
            "00000000-0000-0000-0000-000000000000",
            "99c17cbb-656f-f64a-940f-1a4568f03487",
        ],
        &[
            "2eb8aa08-aa98-11ea-b4aa-73b441d1638",
            "2eb8aa08-aa98-11ea-73b441d16380",
            "2eb8aa08-aa98-11ea-b4ga-73b441d16380",
            "2eb8aa08aa9811eab4aa73b441d16380",
            "2eb8aa08aa98-11ea-b4aa73b441d16380",
            "2eb8-aa08-aa98-11ea-b4aa73b44-1d16380",
            "{2eb8aa08-aa98-11ea-b4aa-73b441d16380}",
            "urn:uuid:2eb8aa08-aa98-11ea-b4aa-73b441d16380",
            "",
        ],
    );
    format(
        "uri",
        &[
            "http://foo.bar/?baz=qux#quux",
            "http://foo.com/blah_(wikipedia)_blah#cite-1",
            "http://foo.bar/?q=Test%20URL-encoded%20stuff",
            "http://-.~_!$&'()*+,;=:%40:80%2f::::::@example.com",
            "http://223.255.255.254",
            "ftp://ftp.is.co.za/rfc/rfc1808.txt",
            "ldap://[2001:db8::7]/c=GB?objectClass?one",
            "mailto:John.Doe@example.com",
            "tel:+1-816-555-1212",
            "urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
        ],
        &[
            "//foo.bar/?baz=qux#quux",
            "/abc",
            "\\\\WINDOWS\\fileshare",
            "abc",
            "http:// shouldfail.com",
            ":// should fail",
            "bar,baz:foo",
            "https://example.org/foobar\\.txt",
            "https://example.org/foobar<>.txt",
            "https://example.org/foobar{}.txt",
            "https://example.org/foobar^.txt",
            "https://example.org/foobar`.txt",
            "https://example.org/foo bar.txt",
            "https://example.org/foobar|.txt",
            "https://[@example.org/test.txt",
            "https://example.org/foobar\".txt",
            "http://example.com/%",
        ],
    );
    format(
        "uri-reference",
        &["http://foo.bar/?baz=qux#quux", "//foo.bar/?baz=qux#quux", "/abc", "abc", "#fragment", ""],
        &["\\\\WINDOWS\\fileshare", "#frag\\ment", "/foobar®.txt", "https://example.org/foobar\\.txt"],
    );
}

#[test]
fn other_formats_are_annotations() {
    for name in [
        "regex",
        "json-pointer",
        "relative-json-pointer",
        "uri-template",
        "iri",
        "idn-email",
        "idn-hostname",
        "password",
        "float",
        "binary",
        "unheard-of",
    ] {
        format(name, &["^(abc]", "\\", "/foo/bar~", ""], &[]);
    }
}
