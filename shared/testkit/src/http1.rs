//! HTTP/1.1 as bytes on a connection, as far as stand-ins on loopback need it: a server library would not let out an
//! answer that is cut off.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A request or an answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpMessage {
    /// The first line: `POST / HTTP/1.1`, `HTTP/1.1 200 OK`.
    pub start: String,
    /// Header fields in their order, without those that frame the body; trailers come last.
    pub fields: Vec<(String, String)>,
    /// The body, no longer in chunks.
    pub body: Vec<u8>,
}

impl HttpMessage {
    /// An answer with a body of JSON.
    #[must_use]
    pub fn answer(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let fields = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { start: format!("HTTP/1.1 {status} {status}"), fields, body: body.into() }
    }

    /// The same with one more field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    /// The first value of a field, by its lower-case name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// A request's method and target.
    #[must_use]
    pub fn request_line(&self) -> (&str, &str) {
        let mut words = self.start.split(' ');
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }

    /// An answer's status; 0 when the line has none.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.start.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
    }

    /// The next message of `connection`; `None` where it ended before one began.
    ///
    /// # Errors
    /// When the connection breaks, ends in the middle of a message, or carries something else.
    pub async fn read(connection: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<Self>> {
        Self::read_as_it_comes(connection, |_| ()).await
    }

    /// The same; `came` hears of each chunk of a body in chunks, as soon as it is there.
    ///
    /// # Errors
    /// See [`HttpMessage::read`].
    pub async fn read_as_it_comes(
        connection: &mut (impl AsyncBufRead + Unpin),
        came: impl FnMut(&[u8]),
    ) -> Result<Option<Self>> {
        let start = line(connection).await?;
        if start.is_empty() {
            return Ok(None);
        }
        let (mut fields, mut length, mut chunked) = (Vec::new(), 0, false);
        while let Some((name, value)) = field(connection).await? {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().map_err(|_| bad("the length is no number"))?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.eq_ignore_ascii_case("chunked");
            } else {
                fields.push((name, value));
            }
        }
        let body = if chunked {
            let body = chunks(connection, came).await?;
            while let Some(trailer) = field(connection).await? {
                fields.push(trailer);
            }
            body
        } else {
            let mut body = vec![0; length];
            connection.read_exact(&mut body).await?;
            body
        };
        Ok(Some(Self { start, fields, body }))
    }

    /// Writes it whole.
    ///
    /// # Errors
    /// When the other side is gone.
    pub async fn write(&self, connection: &mut (impl AsyncWrite + Unpin)) -> Result<()> {
        self.write_cut(connection, self.body.len(), self.body.len()).await
    }

    /// Writes it with the first `sent` bytes of its body and the word that it has `declared`.
    ///
    /// # Errors
    /// When the other side is gone.
    pub async fn write_cut(
        &self,
        connection: &mut (impl AsyncWrite + Unpin),
        sent: usize,
        declared: usize,
    ) -> Result<()> {
        let mut bytes = format!("{}\r\n", self.start).into_bytes();
        for (name, value) in &self.fields {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        bytes.extend(format!("content-length: {declared}\r\n\r\n").into_bytes());
        bytes.extend(self.body.iter().take(sent));
        connection.write_all(&bytes).await?;
        connection.flush().await
    }
}

/// One line without its end; empty at the end of the connection as well.
async fn line(connection: &mut (impl AsyncBufRead + Unpin)) -> Result<String> {
    let mut line = Vec::new();
    connection.read_until(b'\n', &mut line).await?;
    let text = String::from_utf8(line).map_err(|_| bad("a line is no text"))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// The next field; `None` at the empty line behind the last one.
async fn field(connection: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<(String, String)>> {
    let field = line(connection).await?;
    if field.is_empty() {
        return Ok(None);
    }
    let (name, value) = field.split_once(':').ok_or_else(|| bad("a field has no colon"))?;
    Ok(Some((name.to_owned(), value.trim().to_owned())))
}

/// The body to its last chunk; trailers may follow.
async fn chunks(
    connection: &mut (impl AsyncBufRead + Unpin),
    mut came: impl FnMut(&[u8]),
) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = line(connection).await?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| bad("a chunk has no size"))?;
        if size == 0 {
            return Ok(body);
        }
        let mut chunk = vec![0; size];
        connection.read_exact(&mut chunk).await?;
        came(&chunk);
        body.append(&mut chunk);
        line(connection).await?;
    }
}

fn bad(cause: &str) -> Error {
    Error::new(ErrorKind::InvalidData, cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut bytes: &[u8]) -> Vec<Result<Option<HttpMessage>>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let first = HttpMessage::read(&mut bytes).await;
            vec![first, HttpMessage::read(&mut bytes).await]
        })
    }

    #[test]
    fn bodies_end_by_length_or_by_chunks() {
        let bytes =
            b"POST / HTTP/1.1\r\nA: b\r\nContent-Length: 2\r\n\r\nxyHTTP/1.1 200 OK\r\nTransfer-Encoding: \
                      chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\nt: u\r\n\r\n";
        let read: Vec<HttpMessage> = read(bytes).into_iter().map(|read| read.unwrap().unwrap()).collect();
        assert_eq!((read[0].request_line(), read[0].field("a")), (("POST", "/"), Some("b")));
        assert_eq!((read[0].body.as_slice(), read[1].body.as_slice()), (b"xy".as_slice(), b"abc".as_slice()));
        assert_eq!(read[1].status(), 200);
    }

    #[test]
    fn what_is_cut_off_is_no_message() {
        let read = read(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab");
        assert!(read[0].is_err());
        assert!(matches!(&read[1], Ok(None)));
    }

    #[test]
    fn a_message_is_written_as_it_was_read_or_cut() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let message = HttpMessage::answer(200, "abcd").with("x", "y");
        let mut written = Vec::new();
        runtime.block_on(message.write(&mut written)).unwrap();
        assert_eq!(read(&written)[0].as_ref().unwrap(), &Some(message.clone()));
        let mut written = Vec::new();
        runtime.block_on(message.write_cut(&mut written, 2, 4)).unwrap();
        assert!(String::from_utf8(written).unwrap().ends_with("content-length: 4\r\n\r\nab"));
    }
}
