//! Callers that sign with AWS credentials, by the signer of the AWS SDK.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use doorward_emulator::{
    Access, Emulator, FunctionUrl, HttpApi, IamIdentity, InvokeMode, Options, Payload, RestApi, RestMethod,
    Route, UrlAuth,
};
use http::Method;
use serde_json::json;
use uuid::Uuid;

use crate::client::{Answer, send};
use crate::probe::{function, options};

pub fn identity(session_token: Option<String>) -> IamIdentity {
    IamIdentity {
        access_key: "AKIAEXAMPLE".to_owned(),
        secret_key: Uuid::new_v4().to_string(),
        session_token,
        arn: "arn:aws:iam::210987654321:user/ada".to_owned(),
        account: "210987654321".to_owned(),
        user_id: "AIDAEXAMPLE".to_owned(),
        organization: Some("o-example".to_owned()),
    }
}

fn all_fronts(identities: Vec<IamIdentity>) -> Options {
    let route = |key: &str, payload| Route {
        key: key.to_owned(),
        function: "probe".to_owned(),
        access: Access::AwsIam,
        payload,
    };
    let method =
        |key: &str| RestMethod { key: key.to_owned(), function: "probe".to_owned(), access: Access::AwsIam };
    Options {
        identities,
        function_url: Some(FunctionUrl {
            invoke_mode: InvokeMode::Buffered,
            id: "u1v2w3".to_owned(),
            function: "probe".to_owned(),
            auth: UrlAuth::AwsIam,
        }),
        http_api: Some(HttpApi {
            id: "a1b2c3".to_owned(),
            routes: vec![route("POST /one", Payload::V1), route("ANY /{proxy+}", Payload::V2)],
            authorizer: None,
            client_certificate: None,
        }),
        rest_api: Some(RestApi {
            transfer_mode: InvokeMode::Buffered,
            id: "r1s2t3".to_owned(),
            stage: "prod".to_owned(),
            methods: vec![method("ANY /{proxy+}")],
            authorizer: None,
            binary_media_types: Vec::new(),
            access_denied: None,
            client_certificate: None,
        }),
        ..options(vec![function("probe")])
    }
}

/// The headers that the SDK's signer adds to a POST.
fn signed(
    identity: &IamIdentity,
    service: &str,
    url: &str,
    body: &[u8],
    time: SystemTime,
) -> Vec<(String, String)> {
    signed_with(identity, service, url, body, time, &[("content-type", "application/json")])
}

/// The same, with these headers signed as well.
pub fn signed_with(
    identity: &IamIdentity,
    service: &str,
    url: &str,
    body: &[u8],
    time: SystemTime,
    headers: &[(&str, &str)],
) -> Vec<(String, String)> {
    signed_as(&Method::POST, identity, service, url, body, time, headers)
}

/// The same of another method.
pub fn signed_as(
    method: &Method,
    identity: &IamIdentity,
    service: &str,
    url: &str,
    body: &[u8],
    time: SystemTime,
    headers: &[(&str, &str)],
) -> Vec<(String, String)> {
    let session = identity.session_token.clone();
    let credentials = Credentials::new(&identity.access_key, &identity.secret_key, session, None, "test");
    let credentials = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&credentials)
        .region("eu-central-1")
        .name(service)
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let request =
        SignableRequest::new(method.as_str(), url, headers.iter().copied(), SignableBody::Bytes(body))
            .unwrap();
    let (instructions, _) = sign(request, &parameters).unwrap().into_parts();
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    instructions.headers().map(own).chain(headers.iter().copied().map(own)).collect()
}

async fn post(url: &str, headers: &[(String, String)], body: &'static str) -> Answer {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    send(Method::POST, url, &headers, body).await
}

const BODY: &str = r#"{"a":1}"#;
const TAIL: &str = "/orders/a%2Fb%20c/d?z=1&a=x%20y&a=%2B&q";

#[tokio::test]
async fn a_function_url_knows_who_signs() {
    let ada = identity(None);
    let emulator = Emulator::start(all_fronts(vec![ada.clone()])).await.unwrap();
    let url = format!("{}{TAIL}", emulator.function_url().unwrap());
    let headers = signed(&ada, "lambda", &url, BODY.as_bytes(), SystemTime::now());
    let answer = post(&url, &headers, BODY).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let event = answer.json();
    assert_eq!(event["requestContext"]["accountId"], "210987654321");
    assert_eq!(
        event["requestContext"]["authorizer"],
        json!({
            "iam": {
                "accessKey": "AKIAEXAMPLE",
                "accountId": "210987654321",
                "callerId": "AIDAEXAMPLE",
                "cognitoIdentity": null,
                "principalOrgId": "o-example",
                "userArn": "arn:aws:iam::210987654321:user/ada",
                "userId": "AIDAEXAMPLE",
            },
        })
    );
    assert_eq!(event["headers"].get("authorization"), None);
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_function_url_forbids_everybody_else() {
    let ada = identity(None);
    let emulator = Emulator::start(all_fronts(vec![ada.clone()])).await.unwrap();
    let url = format!("{}{TAIL}", emulator.function_url().unwrap());
    let now = SystemTime::now();
    let good = signed(&ada, "lambda", &url, BODY.as_bytes(), now);
    let unsigned: Vec<_> = good.iter().filter(|(name, _)| name != "authorization").cloned().collect();
    let stranger = IamIdentity { access_key: "AKIAOTHER".to_owned(), ..ada.clone() };
    let guesser = IamIdentity { secret_key: "guessed".to_owned(), ..ada.clone() };
    let with_session = IamIdentity { session_token: Some("more".to_owned()), ..ada.clone() };
    let six_minutes = Duration::from_secs(360);
    let by = |who: &IamIdentity, service, time| signed(who, service, &url, BODY.as_bytes(), time);
    for (what, headers, body) in [
        ("nothing", Vec::new(), BODY),
        ("all but the signature", unsigned, BODY),
        ("a signature for another body", good.clone(), "{}"),
        ("an unknown key", by(&stranger, "lambda", now), BODY),
        ("a wrong secret", by(&guesser, "lambda", now), BODY),
        ("a session that is none", by(&with_session, "lambda", now), BODY),
        ("another service's signature", by(&ada, "execute-api", now), BODY),
        ("an old signature", by(&ada, "lambda", now - six_minutes), BODY),
        ("one from the future", by(&ada, "lambda", now + six_minutes), BODY),
    ] {
        let answer = post(&url, &headers, body).await;
        assert_eq!(answer.status, 403, "{what}");
        assert_eq!(answer.json(), json!({ "Message": "Forbidden" }), "{what}");
    }
    let elsewhere = url.replace("/orders/", "/admin/");
    assert_eq!(post(&elsewhere, &good, BODY).await.status, 403);
    assert_eq!(post(&url, &good, BODY).await.status, 201);
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_session_must_show_its_token() {
    let role = identity(Some(Uuid::new_v4().to_string()));
    let emulator = Emulator::start(all_fronts(vec![role.clone()])).await.unwrap();
    let url = format!("{}{TAIL}", emulator.function_url().unwrap());
    let by = |who: &IamIdentity| signed(who, "lambda", &url, BODY.as_bytes(), SystemTime::now());
    assert_eq!(post(&url, &by(&role), BODY).await.status, 201);
    let without = IamIdentity { session_token: None, ..role.clone() };
    assert_eq!(post(&url, &by(&without), BODY).await.status, 403);
    let other = IamIdentity { session_token: Some("other".to_owned()), ..role };
    assert_eq!(post(&url, &by(&other), BODY).await.status, 403);
    emulator.shutdown().await;
}

#[tokio::test]
async fn apis_know_who_signs() {
    let ada = identity(None);
    let emulator = Emulator::start(all_fronts(vec![ada.clone()])).await.unwrap();
    let by = |url: &str| signed(&ada, "execute-api", url, BODY.as_bytes(), SystemTime::now());
    let identity = json!({
        "accessKey": "AKIAEXAMPLE",
        "accountId": "210987654321",
        "caller": "AIDAEXAMPLE",
        "cognitoAuthenticationProvider": null,
        "cognitoAuthenticationType": null,
        "cognitoIdentityId": null,
        "cognitoIdentityPoolId": null,
        "principalOrgId": "o-example",
        "sourceIp": "127.0.0.1",
        "user": "AIDAEXAMPLE",
        "userAgent": null,
        "userArn": "arn:aws:iam::210987654321:user/ada",
    });

    let url = format!("{}{TAIL}", emulator.rest_api_url().unwrap());
    let event = post(&url, &by(&url), BODY).await.json();
    assert_eq!(event["requestContext"]["identity"], identity);
    assert_eq!(event["requestContext"].get("authorizer"), None);
    assert_eq!(event["requestContext"]["accountId"], "123456789012");
    assert_eq!(event["headers"].get("authorization"), None);
    let unsigned = post(&url, &[], BODY).await;
    assert_eq!(
        (unsigned.status.as_u16(), unsigned.json()["message"].as_str()),
        (403, Some("Missing Authentication Token"))
    );
    let forged = post(&url, &by(&format!("{url}&more")), BODY).await;
    assert_eq!(forged.header("x-amzn-errortype"), Some("InvalidSignatureException"));

    let url = format!("{}{TAIL}", emulator.http_api_url().unwrap());
    let event = post(&url, &by(&url), BODY).await.json();
    assert_eq!(event["requestContext"]["authorizer"]["iam"]["userArn"], identity["userArn"]);
    assert_eq!(event["requestContext"]["accountId"], "123456789012");
    let unsigned = post(&url, &[], BODY).await;
    assert_eq!((unsigned.status.as_u16(), unsigned.json()), (403, json!({ "message": "Forbidden" })));
    let url = format!("{}/one", emulator.http_api_url().unwrap());
    let event = post(&url, &by(&url), BODY).await.json();
    assert_eq!(event["requestContext"]["identity"], identity);
    emulator.shutdown().await;
}

#[test]
fn a_secret_is_not_printed() {
    let ada = identity(Some("session".to_owned()));
    let printed = format!("{:?}", all_fronts(vec![ada.clone()]));
    assert!(printed.contains("AKIAEXAMPLE"));
    assert!(!printed.contains(&ada.secret_key) && !printed.contains("session\""), "{printed}");
}
