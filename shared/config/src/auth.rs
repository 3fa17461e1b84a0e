use doorward_model::Fault;

use crate::checked::{Credential, Issuer};
use crate::claims;
use crate::document::Declared;
use crate::reader::Value;
use crate::report::{Reported, quote};

/// `auth = ["anonymous"]` admits callers without credentials.
const ANONYMOUS: &str = "anonymous";

/// `auth = ["api-key"]` admits callers with a key of the door's own.
const API_KEY: &str = "api-key";

/// The words of `auth` that name no declaration of the file, so that no declaration can be named so.
const RESERVED: [(&str, &str); 2] =
    [(ANONYMOUS, "callers without credentials"), (API_KEY, "callers with an API key of the door's")];

/// Reads the `auth` of a route.
pub(crate) fn read(
    value: Value<'_>,
    names: &Declared<'_>,
    issuers: &[Issuer],
) -> Result<Vec<Credential>, Reported> {
    let auth = value.nonempty_set(|item| {
        let word = names.issuers.used_or(item, &RESERVED.map(|(word, _)| word))?;
        Ok(match word.as_str() {
            ANONYMOUS => Credential::Anonymous,
            API_KEY => Credential::ApiKey,
            _ => Credential::Token(word),
        })
    })?;
    let accepted = |issuer: &&Issuer| auth.contains(&Credential::Token(issuer.name.clone()));
    claims::agree(value, issuers.iter().filter(accepted))?;
    Ok(auth)
}

/// What `auth` names must be told apart from its own words.
pub(crate) fn not_reserved(name: &str) -> Result<(), Fault> {
    match RESERVED.iter().find(|(word, _)| *word == name) {
        None => Ok(()),
        Some((word, meaning)) => Err(Fault::new(format!("{} is reserved: it names {meaning}", quote(word)))),
    }
}
