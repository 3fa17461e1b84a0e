use flate2::{Decompress, FlushDecompress, Status};

use super::decoder::{PIECE, Sink, Stop};

/// A stream of deflate (RFC 1951), with or without the wrapping of zlib (RFC 1950).
pub(super) struct Inflate {
    stream: Decompress,
    piece: Vec<u8>,
}

impl Inflate {
    pub(super) fn new(is_zlib: bool) -> Self {
        Self { stream: Decompress::new(is_zlib), piece: vec![0; PIECE] }
    }

    /// Begins another one, without the wrapping.
    pub(super) fn again(&mut self) {
        self.stream.reset(false);
    }

    /// What is behind the stream's end in `input`; `None` where the end is yet to come.
    pub(super) fn decode<'i>(
        &mut self,
        mut input: &'i [u8],
        sink: &mut Sink<'_>,
    ) -> Result<Option<&'i [u8]>, Stop> {
        loop {
            let (read, written) = (self.stream.total_in(), self.stream.total_out());
            let status = self.stream.decompress(input, &mut self.piece, FlushDecompress::None);
            let read = usize::try_from(self.stream.total_in() - read).unwrap_or(usize::MAX);
            let written = usize::try_from(self.stream.total_out() - written).unwrap_or(usize::MAX);
            input = input.get(read..).unwrap_or_default();
            sink(written)?;
            match status {
                Err(_) => return Err(Stop::End),
                Ok(Status::StreamEnd) => return Ok(Some(input)),
                Ok(Status::Ok | Status::BufError) if read == 0 && written == 0 => return Ok(None),
                Ok(Status::Ok | Status::BufError) => {}
            }
        }
    }
}
