use super::allowance::Bomb;
use super::brotli::Brotli;
use super::coding::Coding;
use super::zip::Zip;
use super::zstd::Zstd;

/// Takes what a decoder inflates, piece by piece.
pub(super) type Sink<'a> = dyn FnMut(&[u8]) -> Result<(), Bomb> + 'a;

/// Why a decoder goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// What is left is no part of the body, or nobody can read it.
    End,
    Bomb(Bomb),
}

impl From<Bomb> for Stop {
    fn from(bomb: Bomb) -> Self {
        Self::Bomb(bomb)
    }
}

/// Inflates a body as it comes in.
pub(super) enum Decoder {
    Zip(Box<Zip>),
    Brotli(Box<Brotli>),
    Zstd(Box<Zstd>),
}

impl Decoder {
    pub(super) fn new(coding: Coding) -> Self {
        match coding {
            Coding::Gzip => Self::Zip(Box::new(Zip::new(false))),
            Coding::Deflate => Self::Zip(Box::new(Zip::new(true))),
            Coding::Brotli => Self::Brotli(Box::default()),
            Coding::Zstd => Self::Zstd(Box::default()),
        }
    }

    /// Reads all of `input`, or as much as there is a body in it.
    pub(super) fn decode(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        match self {
            Self::Zip(zip) => zip.decode(input, sink),
            Self::Brotli(brotli) => brotli.decode(input, sink),
            Self::Zstd(zstd) => zstd.decode(input, sink),
        }
    }
}

/// The most members of a gzip file, or frames of Zstandard, that a body has: each costs as much to begin as some KiB to inflate.
const MOST_PARTS: u32 = 65_536;

/// Counts them.
#[derive(Debug, Default)]
pub(super) struct Parts(u32);

impl Parts {
    /// One more.
    pub(super) fn begin(&mut self) -> Result<(), Bomb> {
        self.0 += 1;
        if self.0 > MOST_PARTS { Err(Bomb::Parts(MOST_PARTS)) } else { Ok(()) }
    }
}
