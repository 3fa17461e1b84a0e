use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::allowance::Bomb;
use super::decoder::{PIECE, Sink, Stop};

/// The largest window (RFC 7932 section 9.1).
const LARGEST_WINDOW: u64 = 16 * 1024 * 1024;
/// What a stream with a larger one begins with, which RFC 7932 leaves to nobody: some readers take it all the same.
const LARGE: u8 = 0b001_0001;

/// The coding `br` (RFC 7932).
pub(super) struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    has_begun: bool,
    piece: Vec<u8>,
}

impl Default for Brotli {
    fn default() -> Self {
        let allocate = StandardAlloc::default;
        Self {
            state: BrotliState::new_strict(allocate(), allocate(), allocate()),
            has_begun: false,
            piece: vec![0; PIECE],
        }
    }
}

impl Brotli {
    pub(super) fn decode(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        if let (false, Some(first)) = (self.has_begun, input.first()) {
            self.has_begun = true;
            if first & 0x7f == LARGE {
                return Err(Bomb::Window(LARGEST_WINDOW).into());
            }
        }
        let (mut left, mut read, mut total) = (input.len(), 0, 0);
        loop {
            let (mut room, mut written) = (self.piece.len(), 0);
            let result = BrotliDecompressStream(
                &mut left,
                &mut read,
                input,
                &mut room,
                &mut written,
                &mut self.piece,
                &mut total,
                &mut self.state,
            );
            sink(written)?;
            match result {
                // It asks for more although it has more to give.
                BrotliResult::NeedsMoreInput if room == 0 => {}
                BrotliResult::NeedsMoreInput => return Ok(()),
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::ResultSuccess | BrotliResult::ResultFailure => return Err(Stop::End),
            }
        }
    }
}
