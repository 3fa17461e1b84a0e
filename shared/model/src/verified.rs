use serde_json::{Map, Value};

/// What a front itself verified of a caller, in the front's own words: nothing of it comes from the caller's hand,
/// provided that the front is pinned and does verify such things. Which fronts do, the configuration says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FrontVerified {
    /// The claims of a token that the front's own authorizer verified: the JWT authorizer of an HTTP API, the Cognito
    /// authorizer of a REST API.
    pub claims: Option<FrontClaims>,
    /// Whose AWS signature the front verified.
    pub iam: Option<IamCaller>,
    /// The client certificate of mutual TLS, as PEM.
    pub certificate: Option<String>,
    /// What our own authorizer said of the caller when the connection was opened, as the front keeps it: of what came by
    /// that connection since. Nobody but an authorizer of that API could have written it.
    pub connection: Option<String>,
}

/// Claims as a front hands them over: every value a text, lists in a form of the front's own.
#[derive(Debug, Clone, PartialEq)]
pub struct FrontClaims {
    /// How lists of texts are written in one text.
    pub lists: ListForm,
    /// The claims, by name.
    pub claims: Map<String, Value>,
}

/// How a front writes a claim that is a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListForm {
    /// `[admins buyers]`: the JWT authorizer of HTTP APIs.
    Bracketed,
    /// `admins,buyers`: the Cognito authorizer of REST APIs.
    Commas,
}

/// An AWS identity whose signature (SigV4) a front verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IamCaller {
    /// Its ARN: `arn:aws:sts::123456789012:assumed-role/orders/session`.
    pub arn: String,
    /// Its account.
    pub account: String,
    /// Its organisation, where the front knows it: `o-a1b2c3`.
    pub organization: Option<String>,
    /// Its unique id, which outlives a role or user of the same name: `AROA…:session`.
    pub unique_id: Option<String>,
}
