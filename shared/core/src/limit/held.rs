use std::fmt::{self, Write as _};

use doorward_config::{Dimension, Limit, LimitMode, LimitRule};
use doorward_model::EntityName;
use sha2::{Digest, Sha256};

use super::{Facts, Slot};
use jiff::Timestamp;

/// Longer names of scopes are hashed, in bytes: a partition key of DynamoDB has at most 2,048.
const LONGEST: usize = 1_024;

/// The limits that count by the same thing, for one call.
#[derive(Debug)]
pub(crate) struct Scope<'l> {
    /// What they count by, and which one: `caller#User::"alice"`.
    pub(crate) key: String,
    /// Whether it is the caller's own: then its item says which plan the caller is on.
    pub(crate) is_caller: bool,
    /// The limits, each with the amount that holds for this call.
    pub(crate) limits: Vec<(&'l Limit, LimitRule)>,
}

impl Scope<'_> {
    /// The slots at `now` of the limits in `mode`.
    pub(crate) fn slots(&self, mode: LimitMode, now: Timestamp) -> Vec<Slot> {
        let of_mode = self.limits.iter().filter(|(limit, _)| limit.mode == mode);
        of_mode.map(|(limit, rule)| Slot::of(&limit.name, *rule, now)).collect()
    }

    pub(crate) fn has(&self, mode: LimitMode) -> bool {
        self.limits.iter().any(|(limit, _)| limit.mode == mode)
    }
}

/// What `limits` hold the call to, scope by scope: the caller's own first, those that are asked for at each call last.
pub(crate) fn scopes<'l>(limits: impl Iterator<Item = &'l Limit>, facts: &Facts) -> Vec<Scope<'l>> {
    let mut scopes: Vec<Scope<'l>> = Vec::with_capacity(1);
    for limit in limits {
        if !holds(limit, facts) {
            continue;
        }
        let rule = rule(limit, facts);
        for key in keys(limit, facts) {
            match scopes.iter_mut().find(|scope| scope.key == key) {
                Some(scope) => scope.limits.push((limit, rule)),
                None => {
                    let is_caller = limit.by == [Dimension::Caller];
                    scopes.push(Scope { key, is_caller, limits: vec![(limit, rule)] });
                }
            }
        }
    }
    // What blocks give goes back without a write: who is refused by another limit costs the table less.
    scopes.sort_by_key(|scope| (!scope.is_caller, scope.has(LimitMode::Hard)));
    scopes
}

/// Whether the limit is for such calls.
fn holds(limit: &Limit, facts: &Facts) -> bool {
    limit.only.iter().all(|(dimension, named)| named.iter().any(|value| facts.is(dimension, value)))
}

/// Of the overrides that match, the one that says most; the first of those that say as much.
fn rule(limit: &Limit, facts: &Facts) -> LimitRule {
    let matching = limit
        .overrides
        .iter()
        .filter(|over| over.matches.iter().all(|(dimension, value)| facts.is(dimension, value)));
    let best =
        matching.reduce(|best, over| if over.matches.len() > best.matches.len() { over } else { best });
    best.map_or(limit.rule, |over| over.rule)
}

/// The scopes of a limit: one, or one for each group that it names and the caller is in. A caller who lacks what it
/// counts by is not held by it.
fn keys(limit: &Limit, facts: &Facts) -> Vec<String> {
    if let [Dimension::Caller] = limit.by.as_slice() {
        return vec![named("caller", &facts.caller)];
    }
    let mut tuples: Vec<Vec<String>> = vec![Vec::new()];
    for dimension in &limit.by {
        let named = limit.only.iter().find(|(named, _)| named == dimension).map(|(_, values)| values);
        let values: Vec<String> = facts
            .values(dimension)
            .into_iter()
            .filter(|value| named.is_none_or(|named| named.iter().any(|name| name == value)))
            .map(std::borrow::Cow::into_owned)
            .collect();
        tuples = tuples
            .iter()
            .flat_map(|tuple| {
                values.iter().map(|value| tuple.iter().cloned().chain([value.clone()]).collect())
            })
            .collect();
    }
    let by: Vec<String> = limit.by.iter().map(ToString::to_string).collect();
    let by = by.join("+");
    tuples
        .into_iter()
        .map(|tuple| match <[String; 1]>::try_from(tuple) {
            Ok([value]) => named(&by, value),
            Err(tuple) => named(&by, serde_json::json!(tuple).to_string()),
        })
        .collect()
}

fn named(by: &str, value: impl fmt::Display) -> String {
    let mut key = String::with_capacity(128);
    let _ = write!(key, "{by}#{value}");
    let value = key.get(by.len() + 1..).unwrap_or_default();
    if value.len() <= LONGEST {
        return key;
    }
    let digest = Sha256::digest(value);
    key = format!("{by}#sha256:");
    for byte in digest {
        let _ = write!(key, "{byte:02x}");
    }
    key
}

/// The scope of a caller's own limits.
pub(crate) fn of_caller(facts: &Facts) -> String {
    caller_scope(&facts.caller)
}

/// The scope of this caller's own limits: the owner of their item, which says which plan the caller is assigned, too.
#[must_use]
pub fn caller_scope(caller: &EntityName) -> String {
    named("caller", caller)
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_config::{Override, Window};

    fn facts() -> Facts {
        Facts {
            caller: EntityName::new("User", "alice"),
            parents: vec![
                EntityName::new("Group", "staff"),
                EntityName::new("Tenant", "partners"),
                EntityName::new("Group", "beta"),
            ],
            claims: serde_json::from_str(r#"{"tenant":"ac\"me","level":7,"scopes":["a"]}"#).unwrap(),
            key_id: None,
            source_ip: Some("2001:db8::7".parse().unwrap()),
            action: "getOrder".into(),
            target: "orders".into(),
        }
    }

    fn quota(units: u64) -> LimitRule {
        LimitRule::Quota { units, window: Window::Day }
    }

    fn by(name: &str, by: &[Dimension]) -> Limit {
        Limit { by: by.to_vec(), ..Limit::hard(name, quota(10)) }
    }

    fn claim(name: &str) -> Dimension {
        Dimension::Claim(name.into())
    }

    #[track_caller]
    fn check(limits: &[Limit], expected: &[(&str, &[&str])]) {
        let facts = facts();
        let found = scopes(limits.iter(), &facts);
        let found: Vec<(&str, Vec<&str>)> = found
            .iter()
            .map(|scope| {
                (scope.key.as_str(), scope.limits.iter().map(|(limit, _)| limit.name.as_str()).collect())
            })
            .collect();
        let expected: Vec<(&str, Vec<&str>)> =
            expected.iter().map(|(key, names)| (*key, names.to_vec())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn limits_that_count_by_the_same_are_one_scope_and_the_callers_is_first() {
        use Dimension::*;
        check(
            &[by("a", &[Action]), by("b", &[Caller]), by("c", &[Action]), by("d", &[Caller])],
            &[("caller#User::\"alice\"", &["b", "d"]), ("action#getOrder", &["a", "c"])],
        );
        check(
            &[
                by("a", &[Caller, Target]),
                by("b", &[SourceIp]),
                by("c", &[claim("tenant")]),
                by("d", &[claim("level")]),
            ],
            &[
                (r#"caller+target#["User::\"alice\"","orders"]"#, &["a"]),
                ("source-ip#2001:db8::", &["b"]),
                ("claim.tenant#ac\"me", &["c"]),
                ("claim.level#7", &["d"]),
            ],
        );
    }

    #[test]
    fn who_lacks_what_is_counted_by_is_not_held() {
        use Dimension::*;
        check(&[by("a", &[ApiKey]), by("b", &[claim("other")]), by("c", &[claim("scopes"), Caller])], &[]);
    }

    #[test]
    fn each_named_group_of_the_caller_has_a_count_of_its_own() {
        let of = |groups: &[&str]| Limit {
            only: vec![(Dimension::Group, groups.iter().map(|group| (*group).to_owned()).collect())],
            ..by("g", &[Dimension::Group])
        };
        check(&[of(&["staff", "partners", "beta"])], &[("group#staff", &["g"]), ("group#beta", &["g"])]);
        check(&[of(&["partners"])], &[]);
    }

    #[test]
    fn a_limit_holds_for_the_calls_that_it_names() {
        let only = |dimension, value: &str| Limit {
            only: vec![(dimension, vec![value.to_owned()])],
            ..by(value, &[Dimension::Caller])
        };
        check(
            &[
                only(Dimension::Action, "getOrder"),
                only(Dimension::Action, "other"),
                only(claim("tenant"), "acme"),
                only(claim("level"), "7"),
            ],
            &[("caller#User::\"alice\"", &["getOrder", "7"])],
        );
    }

    #[test]
    fn the_override_that_says_most_wins_and_the_first_of_equals() {
        let over = |matches: &[(Dimension, &str)], units| Override {
            matches: matches
                .iter()
                .map(|(dimension, value)| (dimension.clone(), (*value).to_owned()))
                .collect(),
            rule: quota(units),
        };
        use Dimension::*;
        let mut limit = by("l", &[Caller]);
        let units = |limit: &Limit| rule(limit, &facts());
        assert_eq!(units(&limit), quota(10));
        limit.overrides = vec![
            over(&[(Action, "other")], 1),
            over(&[(Group, "beta")], 2),
            over(&[(Group, "staff")], 3),
            over(&[(Group, "staff"), (Action, "getOrder")], 4),
            over(&[(Group, "staff"), (Action, "getOrder"), (Target, "other")], 5),
        ];
        assert_eq!(units(&limit), quota(4));
        limit.overrides.truncate(3);
        assert_eq!(units(&limit), quota(2));
    }

    #[test]
    fn long_names_are_hashed() {
        let mut facts = facts();
        facts.claims.insert("tenant".into(), "x".repeat(5_000).into());
        let limit = by("l", &[claim("tenant"), Dimension::Action]);
        let key = keys(&limit, &facts).remove(0);
        assert!(
            key.starts_with("action+claim.tenant#sha256:") || key.starts_with("claim.tenant+action#sha256:"),
            "{key}"
        );
        assert!(key.len() < 128);
    }
}
