use std::borrow::Cow;

use doorward_model::{CanonicalPath, PathForm};
use percent_encoding::percent_decode_str;

/// What the ARN of a method or route names: `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`, and
/// `…:API/STAGE/$connect` of a WebSocket API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RouteArn<'a> {
    /// All before the method, with its slash.
    stage_arn: &'a str,
    pub(super) api: &'a str,
    /// The method, or the route key of a WebSocket API.
    pub(super) method: &'a str,
    /// The path within the stage, without what a custom domain puts before it; `None` where none is named.
    path: Option<&'a str>,
}

impl<'a> RouteArn<'a> {
    pub(super) fn parse(arn: &'a str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let is_api = parts.next() == Some("arn")
            && parts.next().is_some_and(|partition| !partition.is_empty())
            && parts.next() == Some("execute-api")
            && parts.next().is_some_and(|region| !region.is_empty())
            && parts.next().is_some_and(|account| !account.is_empty());
        let mut resource = parts.next().filter(|_| is_api)?.splitn(4, '/');
        let mut named = || resource.next().filter(|part| !part.is_empty());
        let (api, _stage, method) = (named()?, named()?, named()?);
        let path = resource.next();
        let after_stage = method.len() + path.map_or(0, |path| path.len() + 1);
        let stage_arn = arn.get(..arn.len().checked_sub(after_stage)?)?;
        Some(Self { stage_arn, api, method, path })
    }

    /// The ARN of another method and path of the same stage.
    pub(super) fn of(&self, method: &str, path: &str) -> String {
        format!("{}{method}/{}", self.stage_arn, path.strip_prefix('/').unwrap_or(path))
    }

    /// With its slash.
    pub(super) fn path(&self) -> String {
        format!("/{}", self.path.unwrap_or_default())
    }

    /// Whether this ARN, read as sent or as decoded, is that of `path` as an event states it.
    pub(super) fn states(&self, path: &str) -> bool {
        let own = self.path();
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned);
        own == path || decoded(&own).as_deref() == Some(path) || decoded(path).as_ref() == Some(&own)
    }

    /// Whether this ARN, read as sent or as decoded, is that of `path`.
    pub(super) fn names(&self, path: &CanonicalPath) -> bool {
        let own = self.path();
        [PathForm::Encoded, PathForm::Decoded]
            .into_iter()
            .any(|form| CanonicalPath::parse(&own, form).is_ok_and(|own| own == *path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arn: &str, expected: Option<(&str, &str, &str)>) {
        let parsed = RouteArn::parse(arn);
        let read = parsed.as_ref().map(|arn| (arn.api, arn.method, arn.path()));
        assert_eq!(read, expected.map(|(api, method, path)| (api, method, path.to_owned())), "{arn}");
    }

    #[test]
    fn an_arn_names_api_method_and_path() {
        let arn = |end: &str| format!("arn:aws:execute-api:eu-central-1:123456789012:{end}");
        check(&arn("a1b2c3/prod/GET/orders/42"), Some(("a1b2c3", "GET", "/orders/42")));
        check(&arn("a1b2c3/$default/GET/a:b/c"), Some(("a1b2c3", "GET", "/a:b/c")));
        check(&arn("a1b2c3/prod/GET/"), Some(("a1b2c3", "GET", "/")));
        check(&arn("a1b2c3/prod/GET"), Some(("a1b2c3", "GET", "/")));
        check(&arn("a1b2c3/prod/GET//"), Some(("a1b2c3", "GET", "//")));
        check(&arn("a1b2c3/prod/$connect"), Some(("a1b2c3", "$connect", "/")));
        for end in ["", "a1b2c3", "a1b2c3/prod", "a1b2c3/prod/", "a1b2c3//GET/x", "/prod/GET/x"] {
            check(&arn(end), None);
        }
        for arn in [
            "",
            "arn",
            "x:aws:execute-api:r:1:a/b/GET/",
            "arn:aws:lambda:r:1:a/b/GET/",
            "arn:aws:execute-api::1:a/b/GET/",
        ] {
            check(arn, None);
        }
    }

    #[test]
    fn a_stage_has_arns_of_other_methods_and_paths() {
        for end in ["GET/orders/42", "GET/", "GET", "$connect"] {
            let arn = format!("arn:aws:execute-api:r:1:a1b2c3/prod/{end}");
            let of = |method, path| RouteArn::parse(&arn).unwrap().of(method, path);
            assert_eq!(of("POST", "/orders"), "arn:aws:execute-api:r:1:a1b2c3/prod/POST/orders");
            assert_eq!(of("GET", "/"), "arn:aws:execute-api:r:1:a1b2c3/prod/GET/");
        }
    }

    #[test]
    fn an_arn_is_that_of_a_path_however_it_is_written() {
        let named = |end: &str, path: &str| {
            let arn = format!("arn:aws:execute-api:r:1:a/b/GET{end}");
            let path = CanonicalPath::parse(path, PathForm::Encoded).unwrap();
            RouteArn::parse(&arn).unwrap().names(&path)
        };
        assert!(named("/orders/42", "/orders/42") && named("", "/") && named("/", "/"));
        assert!(named("/caf%C3%A9", "/caf%C3%A9") && named("/café", "/caf%C3%A9"));
        assert!(!named("/orders/42", "/orders/43") && !named("/shop/orders/42", "/orders/42"));
        assert!(!named("/orders/../orders/42", "/orders/42"));
    }
}
