use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

/// A buffered reader that counts what it gave, can look ahead, and remembers a failure of the
/// storage, which parsers report as if the data were at fault.
pub(crate) struct Tape<R> {
    inner: BufReader<R>,
    position: u64,
    ended: bool,
    failure: Option<io::Error>,
}

impl<R: Read> Tape<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            inner: BufReader::with_capacity(1 << 16, source),
            position: 0,
            ended: false,
            failure: None,
        }
    }

    /// The next bytes, not consumed: as many as the buffer has after one fill, at least one
    /// unless the input ended.
    pub(crate) fn peek(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    /// Gives exactly `N` bytes or `None` where the input ends before.
    pub(crate) fn take_array<const N: usize>(&mut self) -> io::Result<Option<[u8; N]>> {
        let mut bytes = [0; N];
        match self.read_exact(&mut bytes) {
            Ok(()) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// A failure of the storage. Errors that a decompressor raises about its data are the
    /// data's fault and not returned.
    pub(crate) fn storage_failure(&mut self) -> Option<io::Error> {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        self.failure
            .take()
            .filter(|e| !matches!(e.kind(), InvalidData | InvalidInput | UnexpectedEof))
    }
}

impl<R: Read> Read for Tape<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buf) {
            Ok(n) => {
                self.position += n as u64;
                self.ended |= n == 0 && !buf.is_empty();
                Ok(n)
            }
            Err(e) => {
                if e.kind() != io::ErrorKind::Interrupted {
                    self.failure = Some(io::Error::new(e.kind(), e.to_string()));
                }
                Err(e)
            }
        }
    }
}

/// A tape that several decoders read in turn, each in its encoding.
pub(crate) struct SharedTape<R>(Rc<RefCell<Tape<R>>>);

impl<R> Clone for SharedTape<R> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<R: Read> SharedTape<R> {
    pub(crate) fn new(tape: Tape<R>) -> Self {
        Self(Rc::new(RefCell::new(tape)))
    }

    /// Bytes given so far.
    pub(crate) fn position(&self) -> u64 {
        self.0.borrow().position
    }

    /// Whether a read has found the input's end.
    pub(crate) fn ended(&self) -> bool {
        self.0.borrow().ended
    }

    /// Whether nothing is left.
    pub(crate) fn is_at_end(&self) -> io::Result<bool> {
        match self.0.borrow_mut().peek() {
            Ok(next) => Ok(next.is_empty()),
            // A compressed input that ends wrongly is for the parser to judge.
            Err(e) if e.kind() == io::ErrorKind::InvalidData => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// As [`Tape::storage_failure`].
    pub(crate) fn storage_failure(&self) -> Option<io::Error> {
        self.0.borrow_mut().storage_failure()
    }
}

impl<R: Read> Read for SharedTape<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buf)
    }
}
