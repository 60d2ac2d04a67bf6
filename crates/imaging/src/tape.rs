use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

/// What happened on a [`Tape`], seen from outside the parser that owns it.
#[derive(Clone, Default)]
pub(crate) struct Meter {
    read: Rc<Cell<u64>>,
    failure: Rc<RefCell<Option<io::Error>>>,
}

impl Meter {
    /// Bytes that were really there, as opposed to those that a header promised.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.read.get()
    }

    /// A failure of the storage, which parsers report as if the data were at fault. Errors that
    /// a decompressor raises about its data are the data's fault and not returned.
    pub(crate) fn storage_failure(&self) -> Option<io::Error> {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        self.failure
            .borrow_mut()
            .take()
            .filter(|e| !matches!(e.kind(), InvalidData | InvalidInput | UnexpectedEof))
    }
}

/// A buffered reader that counts what it gave and can look ahead.
pub(crate) struct Tape<R> {
    inner: BufReader<R>,
    meter: Meter,
}

impl<R: Read> Tape<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            inner: BufReader::with_capacity(1 << 16, source),
            meter: Meter::default(),
        }
    }

    pub(crate) fn meter(&self) -> Meter {
        self.meter.clone()
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
}

impl<R: Read> Read for Tape<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buf) {
            Ok(n) => {
                self.meter.read.set(self.meter.read.get() + n as u64);
                Ok(n)
            }
            Err(e) => {
                if e.kind() != io::ErrorKind::Interrupted {
                    *self.meter.failure.borrow_mut() =
                        Some(io::Error::new(e.kind(), e.to_string()));
                }
                Err(e)
            }
        }
    }
}
