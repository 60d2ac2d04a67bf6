//! The wire form of `/dhc/oakley/1` and `/dhc/sponsor/1`: four bytes of length, big-endian, then
//! the message.

use std::io;

use async_trait::async_trait;
use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::{StreamProtocol, request_response};

pub(super) const KEYS: StreamProtocol = StreamProtocol::new("/dhc/oakley/1");
pub(super) const ERRANDS: StreamProtocol = StreamProtocol::new("/dhc/sponsor/1");

/// The largest message or answer, in bytes.
pub const MAX_LETTER: usize = 64 << 10;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LetterCodec;

#[async_trait]
impl request_response::Codec for LetterCodec {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        read(io).await
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        read(io).await
    }

    async fn write_request<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        letter: Vec<u8>,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write(io, &letter).await
    }

    async fn write_response<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        letter: Vec<u8>,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write(io, &letter).await
    }
}

async fn read(io: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    io.read_exact(&mut length).await?;
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_LETTER {
        return Err(too_long());
    }
    let mut letter = vec![0; length];
    io.read_exact(&mut letter).await?;
    Ok(letter)
}

async fn write(io: &mut (impl AsyncWrite + Unpin), letter: &[u8]) -> io::Result<()> {
    if letter.len() > MAX_LETTER {
        return Err(too_long());
    }
    let length = u32::try_from(letter.len()).map_err(|_| too_long())?;
    io.write_all(&length.to_be_bytes()).await?;
    io.write_all(letter).await?;
    io.close().await
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a message is at most 64 KiB")
}

#[cfg(test)]
mod tests {
    use futures::io::Cursor;
    use proptest::prelude::*;

    use super::*;

    fn written(letter: &[u8]) -> io::Result<Vec<u8>> {
        let mut wire = Vec::new();
        futures::executor::block_on(write(&mut wire, letter)).map(|()| wire)
    }

    fn read_back(wire: &[u8]) -> io::Result<Vec<u8>> {
        futures::executor::block_on(read(&mut Cursor::new(wire)))
    }

    #[test]
    fn the_wire_form_is_pinned() {
        assert_eq!(written(b"oakley").unwrap(), b"\x00\x00\x00\x06oakley");
        assert_eq!(written(b"").unwrap(), b"\x00\x00\x00\x00");
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_before_anything_is_read() {
        assert!(read_back(&[0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(read_back(&[0x00, 0x01, 0x00, 0x01]).is_err());
        assert!(written(&vec![0; MAX_LETTER + 1]).is_err());
        assert!(written(&vec![0; MAX_LETTER]).is_ok());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(letter in proptest::collection::vec(any::<u8>(), 0..2000), cut in 1usize..100) {
            let wire = written(&letter).unwrap();
            prop_assert_eq!(read_back(&wire).unwrap(), letter);
            prop_assert!(read_back(&wire[..wire.len().saturating_sub(cut)]).is_err());
        }
    }
}
