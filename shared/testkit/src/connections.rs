use doorward_model::{Socket, SocketEvent};
use jiff::Timestamp;

/// What a WebSocket API says of the connection `id`, which was opened at `connected`, by this route key.
#[must_use]
pub fn socket(route_key: &str, id: &str, connected: Timestamp) -> Socket {
    let event = SocketEvent::of_key(route_key);
    Socket {
        event,
        route_key: route_key.to_owned(),
        connection: id.to_owned(),
        message: (event == SocketEvent::Message).then(|| "m-1".to_owned()),
        stage: "prod".to_owned(),
        connected: Some(connected),
        closed: None,
    }
}
