//! Numbers, texts and lists as bytes.
//!
//! Numbers take seven bits a byte, least first; whatever has a length begins with it. Reading checks every length
//! against what is left before it allocates. Invariant: a [`Reader`] never looks beyond its bytes.

/// What was read cannot have been written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// Puts values behind each other.
#[derive(Debug)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub(super) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }
}

/// Takes values off the front.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    items_left: usize,
}

/// Items of all lists in one value together. The largest answer has some hundred products and a few thousand terms; a value
/// that claims millions of empty ones would take a thousand times its own memory.
const ITEMS_MAX: usize = 1 << 16;

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, items_left: ITEMS_MAX }
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.bytes.split_first().ok_or(Malformed)?;
        self.bytes = rest;
        Ok(*first)
    }

    pub(super) fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if bits << shift >> shift != bits {
                return Err(Malformed);
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(self.number()?).map_err(|_| Malformed)?;
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(Malformed)?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    /// A list of items that take a byte or more each; so its length is bounded by what is left.
    pub(super) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let length = usize::try_from(self.number()?).map_err(|_| Malformed)?;
        if length > self.bytes.len() {
            return Err(Malformed);
        }
        // Grown as items are read: a length alone allocates nothing.
        self.items_left = self.items_left.checked_sub(length).ok_or(Malformed)?;
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), Malformed> {
        if self.bytes.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_beyond_its_bits_or_its_bytes_is_refused() {
        let mut most = vec![0xff; 9];
        most.push(1);
        assert_eq!(Reader::new(&most).number(), Ok(u64::MAX));
        most[9] = 2;
        assert_eq!(Reader::new(&most).number(), Err(Malformed));
        assert_eq!(Reader::new(&[0x80; 10]).number(), Err(Malformed));
        assert_eq!(Reader::new(&[0x80; 3]).number(), Err(Malformed));
    }

    #[test]
    fn a_length_beyond_the_end_is_refused_before_anything_is_allocated() {
        let mut out = Writer::with_capacity(0);
        out.number(u64::MAX);
        let bytes = out.finish();
        assert_eq!(Reader::new(&bytes).bytes(), Err(Malformed));
        assert_eq!(Reader::new(&bytes).list(Reader::byte), Err(Malformed));
    }

    #[test]
    fn a_value_has_a_limited_number_of_items() {
        for (items, expected) in [(ITEMS_MAX, true), (ITEMS_MAX + 1, false)] {
            let mut out = Writer::with_capacity(0);
            out.count(items);
            (0..items).for_each(|_| out.number(0));
            let bytes = out.finish();
            assert_eq!(Reader::new(&bytes).list(Reader::number).is_ok(), expected, "{items}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(numbers in prop::collection::vec(any::<u64>(), 0..8), text: String) {
            let mut out = Writer::with_capacity(0);
            out.count(numbers.len());
            numbers.iter().for_each(|number| out.number(*number));
            out.bytes(text.as_bytes());
            let bytes = out.finish();
            let mut read = Reader::new(&bytes);
            prop_assert_eq!(read.list(Reader::number), Ok(numbers));
            prop_assert_eq!(read.text(), Ok(&*text));
            prop_assert_eq!(read.end(), Ok(()));
        }
    }
}
