use std::io::Write as _;

use bytes::Bytes;
use doorward_model::BodyError;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use futures_util::{StreamExt as _, stream};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderValue};

use super::{Allowance, Bomb, hold, hold_stream};

const MIB: usize = 1024 * 1024;

/// Made by the libraries of those who devised the codings: lines of JSON that are 11,490 bytes, and 8 MiB of zeros.
const TEXT_BR: &[u8] = include_bytes!("../../tests/inflation/text.br");
const ZEROS_BR: &[u8] = include_bytes!("../../tests/inflation/zeros.br");
const TEXT_ZSTD: &[u8] = include_bytes!("../../tests/inflation/text.zst");
const CHECKED_ZSTD: &[u8] = include_bytes!("../../tests/inflation/checked.zst");
const ZEROS_ZSTD: &[u8] = include_bytes!("../../tests/inflation/zeros.zst");
/// 15 MiB of zeros, and then the stream goes on.
const UNFINISHED_BR: &[u8] = include_bytes!("../../tests/inflation/unfinished.br");
/// The text in a window of 128 MiB.
const WINDOW_ZSTD: &[u8] = include_bytes!("../../tests/inflation/window.zst");
const TEXT: u64 = 11_490;

macro_rules! packed {
    ($encoder:ident, $bytes:expr) => {{
        let mut encoder = $encoder::new(Vec::new(), Compression::best());
        encoder.write_all($bytes).unwrap();
        encoder.finish().unwrap()
    }};
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    packed!(GzEncoder, bytes)
}

fn fields(codings: &str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_str(codings).unwrap())])
}

/// What is said of a whole body. One that comes in pieces is never said to be more, and where its size is stated is the same.
fn held(codings: &str, body: &[u8], allowance: Allowance) -> Result<(), Bomb> {
    block_on(async {
        let whole = hold(&fields(codings), body, allowance).await;
        for piece in [1, 7, 4096].map(|least: usize| least.max(body.len() / 10_000)) {
            let said = in_pieces(codings, body, piece, allowance).await;
            let same = said == whole.err().map(|bomb| bomb.to_string());
            // What came until then is less than all of it.
            assert!(
                same || (whole.is_ok() && allowance == Allowance::default()),
                "{codings} in {piece}: {said:?}"
            );
        }
        whole
    })
}

async fn in_pieces(codings: &str, body: &[u8], piece: usize, allowance: Allowance) -> Option<String> {
    let parts: Vec<_> = body.chunks(piece).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
    match hold_stream(&fields(codings), stream::iter(parts), allowance) {
        Err(bomb) => Some(bomb.to_string()),
        Ok(parts) => {
            parts.filter_map(async |part| part.err()).boxed().next().await.map(|fault| match fault {
                BodyError::Inflates(cause) => cause,
                other => panic!("{other}"),
            })
        }
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// That it inflates to exactly so many bytes.
#[track_caller]
fn inflates(codings: &str, body: &[u8], bytes: u64) {
    assert_eq!(held(codings, body, Allowance::new(Some(bytes))), Ok(()), "{codings}");
    let less = bytes - 1;
    assert_eq!(held(codings, body, Allowance::new(Some(less))), Err(Bomb::Larger(less)), "{codings}");
}

/// That nobody inflates it to anything.
#[track_caller]
fn passes(codings: &str, body: &[u8]) {
    assert_eq!(held(codings, body, Allowance::new(Some(0))), Ok(()), "{codings}");
}

#[test]
fn every_coding_is_counted_to_the_byte() {
    let text = b"what is said, and said, and said again, and again".repeat(999);
    let length = text.len() as u64;
    inflates("gzip", &gzip(&text), length);
    inflates("X-Gzip", &gzip(&text), length);
    inflates("deflate", &packed!(ZlibEncoder, &text), length);
    inflates("deflate", &packed!(DeflateEncoder, &text), length);
    inflates("br", TEXT_BR, TEXT);
    inflates("zstd", TEXT_ZSTD, TEXT);
    inflates("zstd", CHECKED_ZSTD, TEXT);
    passes("identity", &text);
    passes("", &gzip(&text));
}

#[test]
fn a_body_is_what_it_begins_as_whatever_it_is_called() {
    inflates("deflate", &gzip(b"abc"), 3);
    inflates("gzip", &packed!(ZlibEncoder, b"abc"), 3);
    inflates("compress", &gzip(b"abc"), 3);
    passes("gzip", &packed!(DeflateEncoder, b"abc"));
    passes("br", b"plain");
    passes("zstd", b"plain, and longer than any head of a frame");
    passes("gzip", b"plain");
    passes("gzip", b"");
    passes("deflate", b"x");
    // By its first two bytes it is zlib as well, which it is not: an empty stored block, and deflate behind it.
    let bare = [&[0x78, 0x01, 0x00, 0xfe, 0xff, b'A'][..], &packed!(DeflateEncoder, b"abc")].concat();
    inflates("deflate", &bare, 4);
}

#[test]
fn parts_behind_the_first_one_count() {
    let (one, other) = (gzip(b"abc"), gzip(b"defgh"));
    inflates("gzip", &[&one[..], &other].concat(), 8);
    inflates("gzip", &[&one[..], &[0; 700], &other].concat(), 8);
    inflates("gzip", &[&one[..], b"\x1frest", &other].concat(), 3);
    inflates("gzip", &[&one[..], b"rest", &other].concat(), 3);
    let skipped = [&[0x5a, 0x2a, 0x4d, 0x18, 5, 0, 0, 0][..], b"12345"].concat();
    inflates("zstd", &[&skipped[..], TEXT_ZSTD, &skipped, CHECKED_ZSTD].concat(), 2 * TEXT);
    inflates("zstd", &[&[0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0][..], TEXT_ZSTD].concat(), TEXT);
    inflates("br", &[TEXT_BR, TEXT_BR].concat(), TEXT);
}

#[test]
fn what_breaks_off_counts_as_far_as_it_goes() {
    let text = vec![b'a'; 100_000];
    let whole = gzip(&text);
    inflates("gzip", &whole[..whole.len() - 8], 100_000);
    let mut wrong = whole.clone();
    *wrong.last_mut().unwrap() ^= 1;
    inflates("gzip", &wrong, 100_000);
    wrong[3] |= 0x80;
    inflates("gzip", &wrong, 100_000);
    passes("gzip", &whole[..10]);
    passes("zstd", &TEXT_ZSTD[..TEXT_ZSTD.len() / 2]);
    // All of it is within the window, and nothing of it is lost.
    inflates("zstd", &CHECKED_ZSTD[..CHECKED_ZSTD.len() - 1], TEXT);
    inflates("zstd", &ZEROS_ZSTD[..ZEROS_ZSTD.len() - 3], 8 * MIB as u64);
    inflates("br", UNFINISHED_BR, 15 * MIB as u64);
}

/// How much came is known of a whole body, and of a stream as it comes.
#[test]
fn the_ratio_is_that_of_the_whole_where_the_whole_is_there() {
    let mut random = fastrand::Rng::with_seed(3);
    let noise: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(MIB / 2).collect();
    let body = gzip(&[vec![0; 15 * MIB], noise].concat());
    let usual = Allowance::default();
    assert_eq!(held("gzip", &body, usual), Ok(()));
    assert!(block_on(in_pieces("gzip", &body, 1024, usual)).is_some());
}

#[test]
fn a_bomb_is_one_in_every_coding() {
    let zeros = vec![0; 8 * MIB];
    let usual = Allowance::default();
    assert_eq!(held("gzip", &gzip(&zeros), usual), Err(Bomb::Steeper));
    assert_eq!(held("deflate", &packed!(ZlibEncoder, &zeros), usual), Err(Bomb::Steeper));
    assert_eq!(held("br", ZEROS_BR, usual), Err(Bomb::Steeper));
    assert_eq!(held("zstd", ZEROS_ZSTD, usual), Err(Bomb::Steeper));
    assert_eq!(held("gzip", &gzip(&zeros), Allowance::new(Some(zeros.len() as u64))), Ok(()));
    inflates("br", ZEROS_BR, zeros.len() as u64);
    inflates("zstd", ZEROS_ZSTD, zeros.len() as u64);
}

#[test]
fn what_costs_without_becoming_large_is_bounded_too() {
    let usual = Allowance::default();
    assert_eq!(held("gzip", &gzip(b"").repeat(65_536), usual), Ok(()));
    assert_eq!(held("gzip", &gzip(b"").repeat(65_537), usual), Err(Bomb::Parts(65_536)));
    let skipped = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0];
    assert_eq!(held("zstd", &skipped.repeat(65_536), usual), Ok(()));
    assert_eq!(held("zstd", &skipped.repeat(65_537), usual), Err(Bomb::Parts(65_536)));
    assert_eq!(held("zstd", WINDOW_ZSTD, usual), Err(Bomb::Window(8 * MIB as u64)));
    assert_eq!(held("br", &[0x11, 0x1a, 0x03], usual), Err(Bomb::Window(16 * MIB as u64)));
}

#[test]
fn what_readers_read_otherwise_is_refused() {
    let usual = Allowance::default();
    assert_eq!(held("gzip, gzip", &gzip(&gzip(b"abc")), usual), Err(Bomb::Name));
    assert_eq!(held("gzip, gzip", b"", usual), Ok(()), "where there is nothing to read");
    for first in 0x22..0x28 {
        assert_eq!(held("zstd", &[first, 0xb5, 0x2f, 0xfd, 1, 2, 3], usual), Err(Bomb::Earlier));
    }
    assert_eq!(held("zstd", &[0x1e, 0xb5, 0x2f, 0xfd, 1, 2, 3], usual), Err(Bomb::Earlier));
    let behind = [TEXT_ZSTD, &[0x27, 0xb5, 0x2f, 0xfd, 1, 2, 3]].concat();
    assert_eq!(held("zstd", &behind, usual), Err(Bomb::Earlier));
}

/// Nobody here wrote what these bytes are.
#[test]
fn no_body_is_too_odd_to_be_held() {
    let mut random = fastrand::Rng::with_seed(7);
    let packed = [
        ("gzip", gzip(&b"abcdefgh".repeat(500))),
        ("deflate", packed!(ZlibEncoder, &b"abcdefgh".repeat(500))),
        ("br", TEXT_BR.to_vec()),
        ("zstd", CHECKED_ZSTD.to_vec()),
    ];
    for _ in 0..2_000 {
        for (coding, body) in &packed {
            let mut body = body.clone();
            for _ in 0..random.usize(1..4) {
                let place = random.usize(0..body.len());
                body[place] = random.u8(..);
            }
            body.truncate(random.usize(body.len() / 2..=body.len()));
            let said = block_on(hold(&fields(coding), &body, Allowance::default()));
            assert!(said.is_ok() || matches!(said, Err(Bomb::Window(_) | Bomb::Steeper | Bomb::Larger(_))));
        }
    }
}
