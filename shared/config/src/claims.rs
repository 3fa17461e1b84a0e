use doorward_model::{Claim, ClaimType, Claims, Fault};

use crate::checked::Issuer;
use crate::reader::Value;
use crate::report::{Reported, quote};

/// The longest name of a claim, in bytes: URLs are the usual names of an issuer's own claims (RFC 7519 section 4.2).
const LONGEST_NAME: usize = 256;

/// Reads `{ tenant = "String", verified = { type = "Bool", required = true } }`. Every name is added to `names`, the
/// faulty ones too, so that their uses are not reported as well.
pub(crate) fn read(value: Value<'_>, names: &mut Vec<String>) -> Result<Claims, Reported> {
    let claims = value.entries(|key, value| {
        names.push(key.text.to_owned());
        let claim = read_claim(value);
        check_name(key.text).map_err(|fault| key.fault(fault))?;
        Ok((key.text.to_owned(), claim?))
    })?;
    Ok(claims.into_iter().collect())
}

fn read_claim(value: Value<'_>) -> Result<Claim, Reported> {
    if value.is_text() {
        return Ok(Claim { ty: read_type(value)?, required: false });
    }
    value.section("a claim", |section| {
        let ty = section.required("type", read_type);
        let required = section.or("required", false, Value::flag);
        Ok(Claim { ty: ty?, required: required? })
    })
}

fn read_type(value: Value<'_>) -> Result<ClaimType, Reported> {
    value.choice(&ClaimType::ALL.map(|ty| (ty.word(), ty)))
}

fn check_name(name: &str) -> Result<(), Fault> {
    if (1..=LONGEST_NAME).contains(&name.len()) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    let fault = Fault::new(format!("{} cannot name a claim", quote(name)));
    Err(fault.hint(format!("use 1 to {LONGEST_NAME} bytes without control characters")))
}

/// Policies read the claims of all issuers of a route as one record, in which a name has one type.
pub(crate) fn agree<'i>(auth: Value<'_>, accepted: impl Iterator<Item = &'i Issuer>) -> Result<(), Reported> {
    let mut agreed = Ok(());
    let mut earlier: Vec<&Issuer> = Vec::new();
    for issuer in accepted {
        for (name, claim) in &issuer.claims {
            let other = earlier.iter().find_map(|other| Some((other, other.claims.get(name)?)));
            if let Some((other, first)) = other.filter(|(_, first)| first.ty != claim.ty) {
                let fault = Fault::new(format!(
                    "the issuers `{}` and `{}` declare the claim {} as `{}` and `{}`",
                    other.name,
                    issuer.name,
                    quote(name),
                    first.ty.word(),
                    claim.ty.word()
                ));
                let hint = "declare it alike, or let the route accept only one of them";
                agreed = Err(auth.fault(fault.hint(hint)));
            }
        }
        earlier.push(issuer);
    }
    agreed
}

/// An attribute that two issuers would give to principals of one type, each with a type of its own.
pub(crate) fn clash<'i>(one: &'i Issuer, other: &Issuer) -> Option<(&'i str, ClaimType, ClaimType)> {
    let shared = one.principal.attributes.iter().filter(|name| other.principal.attributes.contains(name));
    let same_type = one.principal.type_name == other.principal.type_name;
    shared.filter(|_| same_type).find_map(|name| {
        let (own, others) = (one.claims.get(name)?.ty, other.claims.get(name)?.ty);
        (own != others).then_some((name.as_str(), own, others))
    })
}
