use std::time::Duration;

use doorward_model::Fault;
use http::{HeaderName, Uri};

use crate::checked::Cors;
use crate::reader::Value;
use crate::report::{Reported, quote};

const DEFAULT_MAX_AGE: Duration = Duration::from_secs(10 * 60);
/// Firefox's bound; Chromium's is two hours.
const LONGEST_AGE: Duration = Duration::from_secs(24 * 60 * 60);
const MOST_ORIGINS: usize = 100;

/// Reads `[cors]`.
pub(crate) fn read(value: Value<'_>) -> Result<Cors, Reported> {
    value.section("`[cors]`", |section| {
        let origins = section.required("origins", |value| Ok((read_origins(value)?, value)));
        let headers = section.optional("headers", |value| Ok((fields(value)?, value)));
        let expose = section.optional("expose", |value| Ok((fields(value)?, value)));
        let credentials = section.or("credentials", false, Value::flag);
        let max_age =
            section.or("max_age", DEFAULT_MAX_AGE, |value| value.duration(Duration::ZERO..=LONGEST_AGE));
        let (origins, place) = origins?;
        let credentials = credentials?;
        if credentials && origins.is_empty() {
            // Any page could act in the name of whoever is signed in (Fetch Standard, section 3.2.5).
            let fault = Fault::new("browsers would send cookies for pages of any origin");
            return Err(place.fault(fault.hint("list the origins, or leave `credentials` out")));
        }
        let (headers, expose) = (named(headers?, credentials), named(expose?, credentials));
        Ok(Cors { origins, headers: headers?, expose: expose?, credentials, max_age: max_age? })
    })
}

/// None where any origin will do.
fn read_origins(value: Value<'_>) -> Result<Vec<String>, Reported> {
    let origins = value.nonempty_set(|item| item.parse(origin))?;
    if origins.len() > MOST_ORIGINS {
        return Err(
            value.fault(Fault::new(format!("{} origins are more than {MOST_ORIGINS}", origins.len())))
        );
    }
    match origins.iter().any(|origin| origin == "*") {
        true if origins.len() > 1 => {
            Err(value
                .fault(Fault::new("`*` is every origin, and others stand beside it").hint("keep it alone")))
        }
        true => Ok(Vec::new()),
        false => Ok(origins),
    }
}

/// As browsers write it in `Origin` (RFC 6454 section 6.2): in lower case, without a default port, a path or a slash.
fn origin(text: &str) -> Result<String, Fault> {
    if text == "*" {
        return Ok(text.to_owned());
    }
    let wrong = || {
        let fault = Fault::new(format!("{} is no origin as browsers send it", quote(text)));
        fault.hint("write scheme, host and where it is not the default port: `https://shop.example`")
    };
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(wrong()) };
    let default = matches!((scheme, authority.port_u16()), ("https", Some(443)) | ("http", Some(80)));
    let written = format!("{scheme}://{authority}");
    let lower = text.chars().all(|c| !c.is_ascii_uppercase());
    match written == text && lower && !default && !text.contains('@') && matches!(scheme, "http" | "https") {
        true => Ok(text.to_owned()),
        false => Err(wrong()),
    }
}

fn fields(value: Value<'_>) -> Result<Vec<HeaderName>, Reported> {
    value.set(|item| item.parse(field))
}

/// The fields that are listed at a place, or none.
fn named(
    listed: Option<(Vec<HeaderName>, Value<'_>)>,
    credentials: bool,
) -> Result<Vec<HeaderName>, Reported> {
    let Some((names, place)) = listed else { return Ok(Vec::new()) };
    if credentials && names.iter().any(|name| name == "*") {
        // Fetch Standard, section 3.2.2: the wildcards are for requests without credentials.
        let fault =
            Fault::new("with `credentials`, browsers take `*` for a field of that name, and for no other");
        return Err(place.fault(fault.hint("list the fields")));
    }
    Ok(names)
}

fn field(text: &str) -> Result<HeaderName, Fault> {
    HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| Fault::new(format!("{} is no name of a header field", quote(text))))
}
