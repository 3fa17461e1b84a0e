use doorward_model::Outcome;

/// What calls are summed up by. Its text, a JSON array, is the key of an aggregate's row within its bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Group {
    /// Who called: `User::"alice"`.
    pub caller: String,
    /// The route's or event's id.
    pub action: Option<String>,
    /// The target's name.
    pub target: Option<String>,
    /// The declared purpose.
    pub purpose: Option<String>,
    /// How the calls ended.
    pub outcome: Outcome,
    /// The plan that the caller was on.
    pub plan: Option<String>,
    /// Which version of it.
    pub plan_version: Option<String>,
}

/// The text is no group's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no key of an aggregate")]
pub struct GroupError(pub String);

type Members =
    (String, Option<String>, Option<String>, Option<String>, Outcome, Option<String>, Option<String>);

impl Group {
    /// `["User::\"alice\"","createOrder","orders","checkout","admitted","default","0a1b2c3d4e5f"]`, `null` where there is
    /// nothing.
    #[must_use]
    pub fn key(&self) -> String {
        let Self { caller, action, target, purpose, outcome, plan, plan_version } = self;
        serde_json::json!([caller, action, target, purpose, outcome, plan, plan_version]).to_string()
    }

    /// The group whose key `text` is.
    ///
    /// # Errors
    /// [`GroupError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, GroupError> {
        let members: Members = serde_json::from_str(text).map_err(|_| GroupError(text.to_owned()))?;
        let (caller, action, target, purpose, outcome, plan, plan_version) = members;
        Ok(Self { caller, action, target, purpose, outcome, plan, plan_version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back() {
        let group = Group {
            caller: "User::\"al\\\"ice é\"".into(),
            action: Some("createOrder".into()),
            target: Some("orders".into()),
            purpose: None,
            outcome: Outcome::OverQuota,
            plan: Some("free".into()),
            plan_version: None,
        };
        assert_eq!(Group::parse(&group.key()), Ok(group));
    }

    #[test]
    fn anything_else_is_no_key() {
        for text in [
            "",
            "[]",
            "{}",
            "[1,null,null,null,\"admitted\",null,null]",
            "[\"a\",null,null,null,\"odd\",null,null]",
        ] {
            assert_eq!(Group::parse(text), Err(GroupError(text.to_owned())));
        }
    }
}
