use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::decoder::{Sink, Stop};

/// How much is inflated at once, in bytes.
const PIECE: usize = 64 * 1024;

/// The coding `br` (RFC 7932), whose window is of 16 MiB at most: the larger ones of other formats are none of it.
pub(super) struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    piece: Vec<u8>,
}

impl Default for Brotli {
    fn default() -> Self {
        let allocate = StandardAlloc::default;
        Self { state: BrotliState::new_strict(allocate(), allocate(), allocate()), piece: vec![0; PIECE] }
    }
}

impl Brotli {
    pub(super) fn decode(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
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
            sink(self.piece.get(..written).unwrap_or_default())?;
            match result {
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::NeedsMoreInput => return Ok(()),
                BrotliResult::ResultSuccess | BrotliResult::ResultFailure => return Err(Stop::End),
            }
        }
    }
}
