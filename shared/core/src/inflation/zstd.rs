use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::allowance::Bomb;
use super::decoder::{Parts, Sink, Stop};

/// The largest window of a body: `zstd` as a content coding has no larger one (RFC 9659 section 3).
const LARGEST_WINDOW: u64 = 8 * 1024 * 1024;
/// The longest head of a frame, and that of a block, in bytes (RFC 8878 sections 3.1.1.1 and 3.1.1.2).
const LONGEST_HEAD: usize = 18;
const BLOCK_HEAD: usize = 3;
/// The most bytes of a block (RFC 8878 section 3.1.1.2.4).
const LARGEST_BLOCK: usize = 128 * 1024;
/// Of a frame that is skipped: magic number and length (RFC 8878 section 3.1.2).
const SKIPPED_HEAD: usize = 8;
const CHECKSUM: usize = 4;

/// The coding `zstd`: frames one behind the other (RFC 8878 section 3). What a window holds is counted when its frame ends, or
/// when more is there than the window holds.
pub(super) struct Zstd {
    frames: Parts,
    decoder: FrameDecoder,
    step: Step,
    /// What came and is not read: less than a head, or a block with it.
    pending: Vec<u8>,
}

/// What comes next.
#[derive(Debug, Clone, Copy)]
enum Step {
    Frame,
    Block {
        /// Whether a checksum follows the last one.
        checksum: bool,
    },
    Skipped(u32),
}

impl Default for Zstd {
    fn default() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(LARGEST_WINDOW);
        Self { frames: Parts::default(), decoder, step: Step::Frame, pending: Vec::new() }
    }
}

impl Zstd {
    pub(super) fn decode(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        let mut pending = std::mem::take(&mut self.pending);
        pending.extend_from_slice(input);
        let mut rest = pending.as_slice();
        while let Some(read) = self.step(rest, sink)? {
            rest = rest.get(read..).unwrap_or_default();
        }
        self.pending = rest.to_vec();
        Ok(())
    }

    /// How much of `input` was read; `None` where more is needed.
    fn step(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<Option<usize>, Stop> {
        match self.step {
            Step::Frame => self.begin(input),
            Step::Block { checksum } => self.block(input, checksum, sink),
            Step::Skipped(left) => {
                let read = input.len().min(left as usize);
                let left = left - u32::try_from(read).unwrap_or(left);
                self.step = if left == 0 { Step::Frame } else { Step::Skipped(left) };
                Ok((left == 0 || read > 0).then_some(read))
            }
        }
    }

    fn begin(&mut self, input: &[u8]) -> Result<Option<usize>, Stop> {
        let Some([magic @ .., descriptor]) = input.first_chunk::<5>() else { return Ok(None) };
        if is_skipped(*magic) {
            let Some([_, _, _, _, length @ ..]) = input.first_chunk::<SKIPPED_HEAD>() else {
                return Ok(None);
            };
            self.frames.begin()?;
            self.step = Step::Skipped(u32::from_le_bytes(*length));
            return Ok(Some(SKIPPED_HEAD));
        }
        let mut rest = input;
        match self.decoder.reset(&mut rest) {
            Ok(()) => {}
            Err(FrameDecoderError::WindowSizeTooBig { .. }) => {
                return Err(Bomb::Window(LARGEST_WINDOW).into());
            }
            Err(_) if input.len() < LONGEST_HEAD => return Ok(None),
            Err(_) => return Err(Stop::End),
        }
        self.frames.begin()?;
        self.step = Step::Block { checksum: descriptor & 0b100 != 0 };
        Ok(Some(input.len() - rest.len()))
    }

    fn block(&mut self, input: &[u8], checksum: bool, sink: &mut Sink<'_>) -> Result<Option<usize>, Stop> {
        let Some([low, middle, high]) = input.first_chunk::<BLOCK_HEAD>() else { return Ok(None) };
        let head = u32::from_le_bytes([*low, *middle, *high, 0]);
        let (is_last, is_repeated) = (head & 1 == 1, head >> 1 & 0b11 == 1);
        let size = if is_repeated { 1 } else { (head >> 3) as usize };
        if size > LARGEST_BLOCK {
            return Err(Stop::End);
        }
        let whole = BLOCK_HEAD + size + if is_last && checksum { CHECKSUM } else { 0 };
        let Some(block) = input.get(..whole) else { return Ok(None) };
        let decoded = self.decoder.decode_blocks(block, BlockDecodingStrategy::UptoBlocks(1));
        let ended = decoded.map_err(|_| Stop::End)?;
        if let Some(inflated) = self.decoder.collect() {
            sink(&inflated)?;
        }
        if ended {
            self.step = Step::Frame;
        }
        Ok(Some(whole))
    }
}

/// RFC 8878 section 3.1.2: `0x184D2A50` to `0x184D2A5F`.
fn is_skipped(magic: [u8; 4]) -> bool {
    u32::from_le_bytes(magic) & 0xffff_fff0 == 0x184d_2a50
}
