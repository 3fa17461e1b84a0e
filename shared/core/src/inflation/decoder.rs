use super::allowance::Bomb;
use super::brotli::Brotli;
use super::coding::Coding;
use super::gzip::Gzip;
use super::inflate::Inflate;
use super::zstd::Zstd;

/// Takes what a decoder inflates, piece by piece: so many bytes of it.
pub(super) type Sink<'a> = dyn FnMut(usize) -> Result<(), Bomb> + 'a;

/// How much is inflated at once, in bytes.
pub(super) const PIECE: usize = 64 * 1024;

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
    Gzip(Box<Gzip>),
    Deflate(Box<Inflate>),
    Brotli(Box<Brotli>),
    Zstd(Box<Zstd>),
}

impl Decoder {
    /// All by which a body in this coding is read. Some readers go by how it begins and not by what it is called, and some
    /// senders leave out the wrapping of zlib that `deflate` is said to have (RFC 9110 section 8.4.1.2): what it is not ends at
    /// once, and what it may be two ways counts both ways.
    pub(super) fn all_of(coding: Coding) -> Result<Vec<Self>, Bomb> {
        let gzip = || Self::Gzip(Box::default());
        let deflate = |is_zlib| Self::Deflate(Box::new(Inflate::new(is_zlib)));
        Ok(match coding {
            Coding::Gzip => vec![gzip(), deflate(true)],
            Coding::Deflate => vec![gzip(), deflate(true), deflate(false)],
            Coding::Brotli => vec![Self::Brotli(Box::default())],
            Coding::Zstd => vec![Self::Zstd(Box::new(Zstd::new()?))],
        })
    }

    /// Reads all of `input`, or as much as there is a body in it.
    pub(super) fn decode(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        match self {
            Self::Gzip(gzip) => gzip.decode(input, sink),
            Self::Deflate(deflate) => deflate.decode(input, sink)?.map_or(Ok(()), |_| Err(Stop::End)),
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
