/// Where an instance's pixel data lies, in bytes from the start of the (inflated) input.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Pixels {
    #[default]
    None,
    Native {
        kind: NativeKind,
        offset: u64,
        length: u64,
        /// The value was encoded as 16-bit words: in big endian, 8-bit samples are swapped.
        words: bool,
    },
    Encapsulated {
        /// Basic offset table (PS3.5, A.4), as written.
        offset_table: Vec<u32>,
        fragments: Vec<Fragment>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NativeKind {
    Integer,
    Float,
    Double,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub(crate) offset: u64,
    pub(crate) length: u32,
}
