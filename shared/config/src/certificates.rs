use doorward_model::{Fault, Front, FrontKind};

use crate::checked::{CertificateId, Certificates};
use crate::fronts;
use crate::reader::Value;
use crate::report::{Reported, quote};

const IDS: &[(&str, CertificateId)] =
    &[("subject", CertificateId::Subject), ("fingerprint", CertificateId::Fingerprint)];

/// Reads `[certificates]`.
pub(crate) fn read(value: Value<'_>) -> Result<Certificates, Reported> {
    value.section("`[certificates]`", |section| {
        let fronts = section.required("fronts", |value| value.nonempty_set(|item| item.parse(front)));
        let id = section.or("id", CertificateId::Subject, |value| value.choice(IDS));
        Ok(Certificates { fronts: fronts?, id: id? })
    })
}

/// A front that checks the certificates of its clients.
fn front(text: &str) -> Result<Front, Fault> {
    let front = fronts::parse(text)?;
    match front.kind {
        FrontKind::Alb | FrontKind::RestApi | FrontKind::HttpApi => Ok(front),
        _ => {
            let fault = Fault::new(format!("{} checks no client certificates", quote(text)));
            Err(fault.hint("name an `alb:`, `rest-api:` or `http-api:` with mutual TLS"))
        }
    }
}
