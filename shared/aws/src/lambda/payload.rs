use std::collections::BTreeMap;

use doorward_config::PayloadForm;
use doorward_core::ports::{Forward, ForwardMessage};
use doorward_events::Attested;
use doorward_events::records::envelope;
use doorward_events::target::{TargetRequest, encode, encode_socket, encode_v1};
use doorward_model::TargetFault;

/// What the function is sent: a request in its payload format, what came by a connection in
/// the form of its API, or the source's own envelope around its own record.
pub(super) fn of(forward: &Forward<'_>, form: PayloadForm) -> Result<Vec<u8>, TargetFault> {
    let value = match forward.message {
        ForwardMessage::Http { request, route_key, path, parameters, withheld, .. } => {
            let path_parameters: BTreeMap<String, String> = parameters.iter().cloned().collect();
            let request = TargetRequest {
                request,
                front: &forward.call.front,
                route_key,
                path,
                path_parameters: &path_parameters,
                withheld,
                attested: Attested {
                    caller: &forward.principal.name,
                    plan: forward.call.plan.as_deref(),
                    purpose: forward.call.purpose.as_deref(),
                    call: &forward.call.id,
                },
                trace: forward.trace,
                at: forward.call.at,
            };
            match (&request.request.socket, form) {
                (Some(socket), _) => encode_socket(&request, socket),
                (None, PayloadForm::V2) => encode(&request),
                (None, PayloadForm::V1) => encode_v1(&request),
            }
        }
        ForwardMessage::Event { records } => envelope(records),
        // Functions are sent it as a request.
        ForwardMessage::CloudEvent { .. } => return Err(TargetFault::Unfit("it is for services")),
        // What its caller wrote is what was checked.
        ForwardMessage::Invoke { payload, .. } => return Ok(payload.to_vec()),
    };
    serde_json::to_vec(&value).map_err(|_| TargetFault::Unfit("its event cannot be written"))
}
