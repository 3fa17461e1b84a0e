//! What strangers send, and what authors mistype: no value shows, nothing panics.

use doorward_contract::{Document, RequestFault};

use crate::shop::{Request, SHOP, answer_headers, lines, operation};

const SECRET: &str = "s3cr3t-Zx81";

/// Every keyword that can refuse the secret, at a place of its own.
const STRICT: &str = r##"
openapi: 3.1.0
paths:
  /a/{p}:
    post:
      operationId: a
      parameters:
        - { name: p, in: path, required: true, schema: { type: integer } }
        - { name: q, in: query, schema: { enum: [a] } }
        - { name: h, in: header, schema: { pattern: "^a$" } }
        - { name: c, in: cookie, schema: { type: boolean } }
      requestBody:
        content:
          application/json:
            schema: { $ref: "#/components/schemas/Strict" }
      responses:
        "200":
          description: x
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Strict" }
components:
  schemas:
    Strict:
      type: object
      properties:
        a: { type: integer }
        b: { const: x }
        c: { enum: [x, y] }
        d: { maxLength: 1 }
        e: { pattern: "^x$" }
        f: { format: uuid }
        g: { not: { type: string } }
        h: { anyOf: [{ type: integer }, { const: x }] }
        i: { oneOf: [{ type: string }, { minLength: 1 }] }
        j: { prefixItems: [true], unevaluatedItems: false }
        k: { prefixItems: [true], items: false }
        l: { contains: { const: x } }
        m: { uniqueItems: true }
        n: { items: { properties: { x: false } } }
        o: { type: [integer, boolean] }
        p: { minLength: 100 }
        q: { if: { type: string }, then: false }
"##;

/// Every keyword under which members may stand that the contract does not name.
const MAPS: &str = r##"
openapi: 3.1.0
paths:
  /a:
    post:
      operationId: a
      requestBody:
        content:
          application/json:
            schema: { $ref: "#/components/schemas/Maps" }
      responses:
        "200":
          description: x
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Maps" }
components:
  schemas:
    Maps:
      type: object
      additionalProperties: false
      properties:
        a: { properties: { x: true }, additionalProperties: false }
        b: { additionalProperties: false }
        c: { additionalProperties: { type: integer } }
        d: { patternProperties: { "^s": { type: integer } } }
        e: { propertyNames: { maxLength: 1 } }
        f: { propertyNames: false }
        g: { unevaluatedProperties: false }
        h: { unevaluatedProperties: { type: integer } }
        i: { additionalProperties: { required: [x] } }
        j: { additionalProperties: { additionalProperties: { enum: [x] } } }
        k: { additionalProperties: { items: { anyOf: [{ type: integer }, { const: x }] } } }
        l: { patternProperties: { "^s": false } }
        m: { additionalProperties: { $ref: "#/components/schemas/Maps" } }
"##;

fn body() -> String {
    let one = "abcdefghiopq".chars().map(|name| format!("\"{name}\":\"{SECRET}\""));
    let lists = "jklm".chars().map(|name| format!("\"{name}\":[\"{SECRET}\",\"{SECRET}\"]"));
    let nested = std::iter::once(format!("\"n\":[{{\"x\":\"{SECRET}\"}}]"));
    format!("{{{}}}", one.chain(lists).chain(nested).collect::<Vec<_>>().join(","))
}

#[test]
fn no_violation_shows_a_value() {
    let operation = operation(STRICT, "a");
    let cookie = format!("c={SECRET}");
    let body = body();
    let request = Request {
        path: &[("p", SECRET)],
        query: &format!("q={SECRET}"),
        headers: &[("h", SECRET), ("cookie", &cookie), ("content-type", "application/json")],
        body: body.as_bytes(),
    };
    let fault = request.check(&operation).unwrap_err();
    assert!(!format!("{fault} {fault:?}").contains(SECRET), "{fault:?}");
    let RequestFault::Violations(found) = fault else { panic!("{fault:?}") };
    assert_eq!(found.len(), 20);

    let found = operation.check_response(200, &answer_headers(Some("application/json")), body.as_bytes());
    let members: Vec<_> = found.iter().filter_map(|violation| violation.pointer.chars().nth(1)).collect();
    for member in "abcdefghijklmnopq".chars() {
        assert!(members.contains(&member), "{member} is not refused: {}", lines(&found));
    }
    assert!(!format!("{found:?}").contains(SECRET), "{found:?}");
}

#[test]
fn no_violation_that_is_logged_shows_the_name_of_a_member() {
    let operation = operation(MAPS, "a");
    let member = |value: &str| format!("{{\"{SECRET}\":{value}}}");
    let one = "abcdefghl".chars().map(|name| format!("\"{name}\":{}", member("\"y\"")));
    let inner = [("i", "{}".to_owned()), ("j", member("1")), ("k", "[true]".to_owned()), ("m", member("1"))];
    let inner = inner.map(|(name, value)| format!("\"{name}\":{}", member(&value)));
    let unknown = std::iter::once(format!("\"{SECRET}\":1"));
    let body = format!("{{{}}}", one.chain(inner).chain(unknown).collect::<Vec<_>>().join(","));

    let headers = [("content-type", "application/json")];
    let request = Request { headers: &headers, body: body.as_bytes(), ..Request::default() };
    let fault = request.check(&operation).unwrap_err();
    let RequestFault::Violations(asked) = fault else { panic!("{fault:?}") };
    let answered = operation.check_response(200, &answer_headers(Some("application/json")), body.as_bytes());
    for found in [asked, answered] {
        for place in "abcdefghijklm".chars() {
            let mut there = found.iter().filter(|violation| violation.pointer.chars().nth(1) == Some(place));
            assert!(there.any(|violation| violation.names.iter().any(|name| name == SECRET)), "{place}");
        }
        assert!(found.iter().any(|violation| violation.pointer.is_empty() && violation.names == [SECRET]));
        for violation in &found {
            let logged = serde_json::to_string(violation).unwrap();
            assert!(!logged.contains(SECRET), "{logged}");
        }
    }
}

#[test]
fn faults_of_unreadable_bodies_show_nothing_of_them() {
    let operation = operation(STRICT, "a");
    let rounded = format!("{{\"{SECRET}\":[0,1e400]}}");
    let twice = format!("{{\"{SECRET}\":1,\"{SECRET}\":1}}");
    for text in [format!("{{\"a\": {SECRET}"), twice, rounded, SECRET.to_owned()] {
        let request = Request {
            path: &[("p", "1")],
            headers: &[("content-type", "application/json")],
            body: text.as_bytes(),
            ..Request::default()
        };
        let fault = request.check(&operation).unwrap_err();
        let RequestFault::Malformed(json) = &fault else { panic!("{fault:?}") };
        let found = operation.check_response(200, &answer_headers(Some("application/json")), text.as_bytes());
        let logged = serde_json::to_string(&(&json.violations, found)).unwrap();
        assert!(!format!("{fault} {logged}").contains(SECRET), "{fault} {logged}");
        let names = json.violations.iter().flat_map(|violation| &violation.names);
        assert_eq!(names.collect::<Vec<_>>().is_empty(), !text.ends_with('}'), "{fault:?}");
    }
}

/// Small deterministic noise (xorshift), so that a failure can be repeated.
struct Noise(u64);

impl Noise {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

#[test]
fn mutilated_documents_are_read_or_refused() {
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let scraps = [
        "$ref", "#/", "{", "}", "[", "]", ":", "\n", "  ", "-", "&a", "*a", "<<", "null", "1e9", "\"", "é",
        "?",
    ];
    let mut refused = 0;
    for _ in 0..400 {
        let mut text: Vec<char> = SHOP.chars().collect();
        for _ in 0..=noise.below(4) {
            let at = noise.below(text.len());
            let end = (at + noise.below(12)).min(text.len());
            let scrap = scraps[noise.below(scraps.len())];
            text.splice(at..end, scrap.chars());
        }
        let text: String = text.into_iter().collect();
        match Document::parse("f", &text) {
            Ok(document) => {
                for name in document.operations() {
                    refused += usize::from(document.operation(name.id).is_err());
                }
            }
            Err(faults) => {
                assert!(!faults.0.is_empty());
                refused += 1;
            }
        }
    }
    assert!(refused > 100, "the noise hardly broke anything: {refused}");
}

#[test]
fn mutilated_requests_are_judged() {
    let operation = operation(STRICT, "a");
    let mut noise = Noise(42);
    let valid = body();
    for _ in 0..2_000 {
        let mut body = valid.clone().into_bytes();
        for _ in 0..=noise.below(6) {
            let at = noise.below(body.len());
            body[at] = u8::try_from(noise.below(256)).unwrap();
        }
        let request = Request {
            path: &[("p", "1")],
            headers: &[("content-type", "application/json")],
            body: &body,
            ..Request::default()
        };
        assert!(request.check(&operation).is_err());
        assert!(!operation.check_response(200, &answer_headers(Some("application/json")), &body).is_empty());
    }
}
