use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, get_error_name};

use super::allowance::Bomb;
use super::decoder::{PIECE, Parts, Sink, Stop};

/// The largest window, in bits: `zstd` as a content coding has none beyond 8 MiB (RFC 9659 section 3).
const LARGEST_WINDOW: u32 = 23;
/// How long the magic number of a frame is, in bytes.
const MAGIC: usize = 4;
/// Frames of what was Zstandard before it was one, which some readers take: the last three bytes of their magic numbers, and that
/// of the first version.
const EARLIER: [u8; 3] = [0xb5, 0x2f, 0xfd];
const EARLIEST: [u8; MAGIC] = [0x1e, 0xb5, 0x2f, 0xfd];

/// The coding `zstd`: frames one behind the other (RFC 8878 section 3).
pub(super) struct Zstd {
    context: DCtx<'static>,
    frames: Parts,
    /// The magic number of the frame that is read, as far as it is there.
    magic: Vec<u8>,
    piece: Vec<u8>,
}

impl Zstd {
    /// [`Bomb::Untold`] where there is no memory for it: what is not counted does not pass.
    pub(super) fn new() -> Result<Self, Bomb> {
        let mut context = DCtx::try_create().ok_or(Bomb::Untold)?;
        context.set_parameter(DParameter::WindowLogMax(LARGEST_WINDOW)).map_err(|_| Bomb::Untold)?;
        Ok(Self {
            context,
            frames: Parts::default(),
            magic: Vec::with_capacity(MAGIC),
            piece: vec![0; PIECE],
        })
    }

    pub(super) fn decode(&mut self, mut input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        while !input.is_empty() {
            if self.magic.len() == MAGIC {
                input = self.read(input, sink)?;
                continue;
            }
            let (taken, rest) = input.split_at(input.len().min(MAGIC - self.magic.len()));
            self.magic.extend_from_slice(taken);
            input = rest;
            if let Ok(magic) = <[u8; MAGIC]>::try_from(self.magic.as_slice()) {
                if is_earlier(magic) {
                    return Err(Bomb::Earlier.into());
                }
                self.read(&magic, sink)?;
            }
        }
        Ok(())
    }

    /// Reads a frame as far as it is there, and says what is behind it.
    fn read<'i>(&mut self, input: &'i [u8], sink: &mut Sink<'_>) -> Result<&'i [u8], Stop> {
        let mut read = InBuffer::around(input);
        loop {
            let mut output = OutBuffer::around(self.piece.as_mut_slice());
            let before = read.pos();
            let result = self.context.decompress_stream(&mut output, &mut read);
            let written = output.pos();
            sink(written)?;
            match result {
                Err(code) => return Err(fault(code)),
                // All that it holds was given.
                Ok(0) => {
                    self.frames.begin()?;
                    self.magic.clear();
                    return Ok(input.get(read.pos()..).unwrap_or_default());
                }
                Ok(_) if written == 0 && read.pos() == before => return Ok(&[]),
                Ok(_) => {}
            }
        }
    }
}

/// What the library refuses.
fn fault(code: usize) -> Stop {
    match get_error_name(code).contains("too much memory") {
        true => Bomb::Window(1 << LARGEST_WINDOW).into(),
        false => Stop::End,
    }
}

fn is_earlier(magic: [u8; MAGIC]) -> bool {
    let [first, rest @ ..] = magic;
    magic == EARLIEST || rest == EARLIER && (0x22..0x28).contains(&first)
}
