//! Letters (`dhc_content::letter`) over libp2p: `/dhc/oakley/1` and `/dhc/sponsor/1`.

use std::io;

use async_trait::async_trait;
use dhc_content::letter;
use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::{StreamProtocol, request_response};

pub(super) const KEYS: StreamProtocol = StreamProtocol::new("/dhc/oakley/1");
pub(super) const ERRANDS: StreamProtocol = StreamProtocol::new("/dhc/sponsor/1");

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
    let mut head = [0; letter::HEAD];
    io.read_exact(&mut head).await?;
    let mut message = vec![0; letter::length(head).map_err(invalid)?];
    io.read_exact(&mut message).await?;
    Ok(message)
}

async fn write(io: &mut (impl AsyncWrite + Unpin), message: &[u8]) -> io::Result<()> {
    let head = letter::head(message.len()).map_err(invalid)?;
    io.write_all(&head).await?;
    io.write_all(message).await?;
    io.close().await
}

fn invalid(e: letter::TooLong) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, e)
}

#[cfg(test)]
mod tests {
    use dhc_content::letter::MAX_LETTER;
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

        /// Whatever a peer sends: the message that its first four bytes announce, or an error.
        #[test]
        fn a_garbled_letter_is_what_it_announces_or_refused(
            letter in proptest::collection::vec(any::<u8>(), 0..300),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut wire = written(&letter).unwrap();
            for (at, byte) in changes {
                let at = at.index(wire.len());
                wire[at] = byte;
            }
            // Mostly whole.
            wire.truncate(cut.index(2 * wire.len()).max(1));
            match read_back(&wire) {
                Ok(read) => {
                    prop_assert!(read.len() <= MAX_LETTER);
                    let again = written(&read).unwrap();
                    prop_assert_eq!(&again[..], &wire[..again.len()]);
                }
                Err(_) => prop_assert!(!matches!(letter::split(&wire), Ok(Some(_)))),
            }
        }
    }
}
