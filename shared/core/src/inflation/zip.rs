use super::decoder::{Sink, Stop};
use super::gzip::Gzip;
use super::inflate::Inflate;

/// The codings `gzip` and `deflate`. Some readers go by how the body begins and not by what it is called, and some senders leave
/// out the wrapping of zlib that `deflate` is said to have (RFC 9110 section 8.4.1.2).
pub(super) enum Zip {
    /// The first byte is awaited, or the second one, which tells what it is.
    Begins {
        first: Option<u8>,
        /// Whether it may be deflate without a wrapping.
        may_be_bare: bool,
    },
    Gzip(Gzip),
    Deflate(Inflate),
}

impl Zip {
    pub(super) fn new(may_be_bare: bool) -> Self {
        Self::Begins { first: None, may_be_bare }
    }

    pub(super) fn decode(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        let Self::Begins { first, may_be_bare } = self else { return self.go_on(input, sink) };
        let (head, rest) = match (*first, input) {
            (Some(first), [second, ..]) => ([first, *second], input),
            (None, [first, rest @ ..]) => match rest.first() {
                Some(second) => ([*first, *second], rest),
                None => {
                    *self = Self::Begins { first: Some(*first), may_be_bare: *may_be_bare };
                    return Ok(());
                }
            },
            (_, []) => return Ok(()),
        };
        *self = match head {
            [0x1f, 0x8b] => Self::Gzip(Gzip::default()),
            head if is_zlib(head) => Self::Deflate(Inflate::new(true)),
            _ if *may_be_bare => Self::Deflate(Inflate::new(false)),
            _ => return Err(Stop::End),
        };
        let [first, _] = head;
        self.go_on(&[first], sink)?;
        self.go_on(rest, sink)
    }

    fn go_on(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        match self {
            Self::Begins { .. } => Ok(()),
            Self::Gzip(gzip) => gzip.decode(input, sink),
            Self::Deflate(inflate) => inflate.decode(input, sink)?.map_or(Ok(()), |_| Err(Stop::End)),
        }
    }
}

/// RFC 1950 section 2.2: the method, and the check of both bytes.
fn is_zlib(head: [u8; 2]) -> bool {
    let [method, _] = head;
    method & 0x0f == 8 && u16::from_be_bytes(head).is_multiple_of(31)
}
