//! Payloads that hold more than Cedar can: what no policy looks at is left out of them.

use cedar_policy::RestrictedExpression;
use doorward_model::ReadTree;
use serde_json::Value;

use super::express::{payload, record};
use crate::schema::types::Type;

/// Why a payload is not expressed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// It is not of its type.
    Type,
    /// The JSON Pointer (RFC 6901) of what holds a number that Cedar cannot hold, and is read.
    Number(String),
}

/// `value` without the numbers that Cedar cannot hold, such as one of five decimal places, and without the sets that hold such;
/// none of them is one that `reads` tells of, since a policy would take what is left out for absent. `None` where all of it is
/// left out.
pub(crate) fn express(
    ty: &Type,
    value: &Value,
    reads: Option<&ReadTree>,
) -> Result<Option<RestrictedExpression>, Misfit> {
    if let Ok(whole) = payload(ty, value) {
        return Ok(Some(whole));
    }
    match (ty, value) {
        (Type::Record(members), Value::Object(values)) => {
            let mut expressed = Vec::with_capacity(members.len());
            for (name, declared) in members {
                let reads = reads.and_then(|reads| member(reads, name));
                match values.get(name).filter(|value| !value.is_null()) {
                    Some(value) => {
                        let value =
                            express(&declared.ty, value, reads).map_err(|misfit| misfit.within(name))?;
                        expressed.extend(value.map(|value| (name.clone(), value)));
                    }
                    None if declared.required => return Err(Misfit::Type),
                    None => {}
                }
            }
            record(expressed).map(Some).map_err(|_| Misfit::Type)
        }
        (Type::Set(element), Value::Array(items)) => {
            items.iter().try_for_each(|item| express(element, item, None).map(drop))?;
            left_out(reads)
        }
        (Type::Long | Type::Decimal, Value::Number(_)) => left_out(reads),
        _ => Err(Misfit::Type),
    }
}

fn left_out(reads: Option<&ReadTree>) -> Result<Option<RestrictedExpression>, Misfit> {
    reads.map_or(Ok(None), |_| Err(Misfit::Number(String::new())))
}

impl Misfit {
    fn within(self, name: &str) -> Self {
        match self {
            Self::Type => Self::Type,
            Self::Number(pointer) => {
                Self::Number(format!("/{}{pointer}", name.replace('~', "~0").replace('/', "~1")))
            }
        }
    }
}

/// What is read of the member `name` of a record; `None` where nobody even asks whether it is there.
pub(crate) fn member<'r>(reads: &'r ReadTree, name: &str) -> Option<&'r ReadTree> {
    if reads.whole || reads.everything { Some(reads) } else { reads.members.get(name) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::schema::types::{Member, Members};

    fn tree(members: &[(&str, ReadTree)]) -> ReadTree {
        let members = members.iter().map(|(name, read)| ((*name).to_owned(), read.clone()));
        ReadTree { members: members.collect::<BTreeMap<_, _>>(), ..ReadTree::default() }
    }

    fn place() -> Type {
        let at = Members::from([
            ("lat".to_owned(), Member::required(Type::Decimal)),
            ("lon".to_owned(), Member::optional(Type::Decimal)),
        ]);
        let members = Members::from([
            ("at".to_owned(), Member::required(Type::Record(at))),
            ("count".to_owned(), Member::required(Type::Long)),
            ("past".to_owned(), Member::optional(Type::Set(Box::new(Type::Decimal)))),
        ]);
        Type::Record(members)
    }

    #[track_caller]
    fn check(value: &Value, reads: Option<&ReadTree>, expected: Result<&str, &str>) {
        let found = express(&place(), value, reads).map(|found| {
            let context = cedar_policy::Context::from_pairs([("it".to_owned(), found.unwrap())]).unwrap();
            context.get("it").unwrap().to_string()
        });
        let expected = expected.map(str::to_owned).map_err(|pointer| match pointer {
            "" => Misfit::Type,
            pointer => Misfit::Number(pointer.to_owned()),
        });
        assert_eq!(found, expected, "{value}");
    }

    #[test]
    fn what_nobody_reads_is_left_out() {
        let fine = json!({ "at": { "lat": 52.520008, "lon": 13.4 }, "count": 1, "past": [0.00001] });
        let whole = ReadTree { whole: true, ..ReadTree::default() };
        let present = ReadTree::default();
        let left = r#"{"at": {"lon": decimal("13.4")}, "count": 1}"#;
        check(&fine, None, Ok(left));
        check(&fine, Some(&tree(&[("count", whole.clone())])), Ok(left));
        check(&fine, Some(&tree(&[("at", tree(&[("lon", whole.clone())]))])), Ok(left));
        check(&fine, Some(&whole), Err("/at/lat"));
        check(&fine, Some(&tree(&[("at", whole.clone())])), Err("/at/lat"));
        check(&fine, Some(&tree(&[("at", tree(&[("lat", whole)]))])), Err("/at/lat"));
        // Left out, it would be taken for absent.
        check(&fine, Some(&tree(&[("past", present)])), Err("/past"));
        check(&json!({ "at": { "lat": 1e15 }, "count": 1e19 }), None, Ok(r#"{"at": {}}"#));
        // What a contract would not have let pass is no question of numbers.
        for broken in [
            json!({ "at": { "lat": 1e15 }, "count": "1" }),
            json!({ "at": {}, "count": 1 }),
            json!({ "at": { "lat": 1 }, "count": null }),
            json!({ "at": { "lat": 1 }, "count": 1, "past": [0.00001, "x"] }),
        ] {
            check(&broken, None, Err(""));
        }
    }
}
