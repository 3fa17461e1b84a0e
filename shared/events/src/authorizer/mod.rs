//! The authorizer of an API of API Gateway: every form of its question, and both forms of its answer ("Input to an
//! Amazon API Gateway Lambda authorizer", "Control access to HTTP APIs with AWS Lambda authorizers" and "Control access to
//! WebSocket APIs with AWS Lambda REQUEST authorizers", API Gateway guide).
//!
//! | question | front | what is known of the request | answers |
//! |---|---|---|---|
//! | `TOKEN` | REST API | the token, and method and path as the ARN names them: no header field, query, address, host or certificate | policy |
//! | `REQUEST` | REST API | all but the body | policy |
//! | `REQUEST`, 1.0 | HTTP API | all but the body | policy |
//! | `REQUEST`, 2.0 | HTTP API | all but the body | policy, or simple as the API is set |
//! | `REQUEST` | WebSocket API | all of the opening handshake | policy |
//!
//! No documentation says whether the path in an ARN is percent-encoded. Of a `TOKEN` question, which has no other, a path
//! is read only where it makes no difference: with a `%` in it, or a slash at its end, it is refused. Of the
//! others, [`AuthorizerCall::is_about`] says whether the ARN, which the answer is about, is that of the path, which the
//! decision is about.

mod answer;
mod arn;
mod question;

pub use answer::{Allowed, Answer, AnswerFault, AnswerForm, UsageKey, Verdict, answer, deny};
pub(crate) use question::recognises;
pub use question::{AuthorizerCall, QuestionKind, arn_of, read};

/// The error message with which the function fails to have API Gateway answer 401; it must be exactly this.
pub const UNAUTHORIZED: &str = "Unauthorized";

/// The largest answer, in bytes, that API Gateway takes from an authorizer.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024;
