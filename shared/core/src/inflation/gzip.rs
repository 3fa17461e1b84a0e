use super::decoder::{Parts, Sink, Stop};
use super::gzip_head::Head;
use super::inflate::Inflate;

/// Checksum and length, behind each member.
const TRAILER: usize = 8;

/// The coding `gzip`: members one behind the other (RFC 1952 section 2.2), zeros between which are passed over.
#[derive(Default)]
pub(super) struct Gzip {
    step: Step,
    members: Parts,
    body: Option<Inflate>,
}

/// What comes next.
enum Step {
    Head(Head),
    Body,
    /// So many bytes of the trailer.
    Trailer(usize),
    /// Another member, zeros, or what is no part of the body.
    Between,
}

impl Default for Step {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

impl Gzip {
    pub(super) fn decode(&mut self, mut input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        while let [byte, rest @ ..] = input {
            match &mut self.step {
                Step::Head(head) => {
                    input = rest;
                    if head.take(*byte)? {
                        self.begin()?;
                    }
                }
                Step::Body => {
                    let Some(body) = &mut self.body else { return Err(Stop::End) };
                    let Some(rest) = body.decode(input, sink)? else { return Ok(()) };
                    input = rest;
                    self.step = Step::Trailer(TRAILER);
                }
                Step::Trailer(0) => self.step = Step::Between,
                Step::Trailer(left) => {
                    *left -= 1;
                    input = rest;
                }
                Step::Between if *byte == 0 => input = rest,
                Step::Between => self.step = Step::default(),
            }
        }
        Ok(())
    }

    /// Begins the stream of a member.
    fn begin(&mut self) -> Result<(), Stop> {
        self.members.begin()?;
        match &mut self.body {
            Some(body) => body.again(),
            None => self.body = Some(Inflate::new(false)),
        }
        self.step = Step::Body;
        Ok(())
    }
}
