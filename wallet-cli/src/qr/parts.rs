//! A long text as a sequence of QR codes (NUT-16): a `ur:bytes` of fountain parts, of which a scanner
//! needs any that are enough, in any order.

use ciborium::Value;
use ur::Encoder;
use zeroize::Zeroizing;

use super::picture::Drawing;

/// What a version holds at error correction level L in the alphanumeric mode (ISO/IEC 18004, table 7),
/// from version 4 on. Larger ones are harder to read from a screen.
const CAPACITIES: [(i16, usize); 7] = [
    (4, 114),
    (5, 154),
    (6, 195),
    (7, 224),
    (8, 279),
    (9, 335),
    (10, 395),
];
/// The side of the smallest code that is used, with its margin, in modules.
pub(super) const SIDE_MIN: usize = 37;
/// `UR:BYTES/`, and the numbers of the part and of all parts, with up to five digits each.
const HEAD_CHARS: usize = 9 + 12;
/// What goes with a fragment, at the most: CBOR's heads, number, count, length and checksum of the
/// message, and the checksum of the part.
const HEAD_BYTES: usize = 1 + 3 + 3 + 5 + 5 + 3 + 4;
/// In bytewords' minimal form each byte is two letters.
const CHARS_PER_BYTE: usize = 2;
/// After so many rounds the sequence begins again, so that the numbers stay short.
const ROUNDS: usize = 20;

/// A sequence of codes without an end.
pub(super) struct Parts {
    message: Zeroizing<Vec<u8>>,
    fragment_bytes: usize,
    version: i16,
    encoder: Encoder<'static>,
}

impl Parts {
    /// The sequence for `text` in codes with sides of up to `side` modules; `None` when that is less
    /// than [`SIDE_MIN`].
    pub(super) fn of(text: &str, side: usize) -> Option<Self> {
        let fits = |(version, _): &&(i16, usize)| Drawing::side_of_version(*version) <= side;
        let (version, capacity) = CAPACITIES.iter().rev().find(fits)?;
        let fragment = (capacity - HEAD_CHARS) / CHARS_PER_BYTE - HEAD_BYTES;
        // Wallets agree on the text's bytes as one CBOR byte string.
        let mut message = Zeroizing::new(Vec::new());
        ciborium::into_writer(&Value::Bytes(text.as_bytes().to_vec()), &mut *message).ok()?;
        Some(Self {
            encoder: Encoder::bytes(&message, fragment).ok()?,
            message,
            fragment_bytes: fragment,
            version: *version,
        })
    }

    /// Returns how many parts hold all of it.
    pub(super) fn count(&self) -> usize {
        self.encoder.fragment_count()
    }

    /// The next code.
    pub(super) fn next(&mut self) -> Option<String> {
        if self.encoder.current_index() >= self.count() * ROUNDS {
            self.encoder = Encoder::bytes(&self.message, self.fragment_bytes).ok()?;
        }
        let part = self.encoder.next_part().ok()?;
        // In capitals, for which QR codes have a denser mode.
        let drawing = Drawing::of_version(&part.to_ascii_uppercase(), self.version)?;
        Some(drawing.text())
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::tests::scanned;
    use super::*;

    /// Returns what a wallet reads that scans the drawings which `seen` picks, by their places.
    fn received(parts: &mut Parts, seen: impl Fn(usize) -> bool) -> String {
        let mut decoder = ur::Decoder::default();
        for place in 0.. {
            let drawing = parts.next().unwrap();
            if seen(place) {
                let text = scanned(&drawing);
                assert!(text.starts_with("UR:BYTES/"), "{text}");
                decoder.receive(&text).unwrap();
            }
            if decoder.complete() {
                break;
            }
        }
        let message = decoder.message().unwrap().unwrap();
        let Value::Bytes(bytes) = ciborium::from_reader(message.as_slice()).unwrap() else {
            panic!("not a byte string");
        };
        String::from_utf8(bytes).unwrap()
    }

    fn text(length: usize) -> String {
        let text = "cashuBo2FtdWh0dHBzOi8vbWludC5leGFtcGxlYXVlc2F0"
            .chars()
            .cycle();
        text.take(length).collect()
    }

    #[test]
    fn a_scanner_that_sees_every_part_and_one_that_misses_some_read_all() {
        console::set_colors_enabled(false);
        for (length, side) in [(300, SIDE_MIN), (1500, 44), (1500, 200), (4_000, 60)] {
            let text = text(length);
            let mut parts = Parts::of(&text, side).unwrap();
            assert!(parts.count() > 1);
            assert_eq!(received(&mut parts, |_| true), text);
            let mut parts = Parts::of(&text, side).unwrap();
            assert_eq!(received(&mut parts, |place| place % 3 > 0), text);
        }
    }

    #[test]
    fn all_parts_have_one_size_which_fits_and_the_sequence_begins_again() {
        console::set_colors_enabled(false);
        let mut parts = Parts::of(&text(900), 44).unwrap();
        assert_eq!(Drawing::side_of_version(4), SIDE_MIN);
        let first = parts.next().unwrap();
        let lines = first.lines().count();
        assert!(lines <= 22 && first.lines().all(|line| line.chars().count() == 41));
        for _ in 1..parts.count() * ROUNDS {
            assert_eq!(parts.next().unwrap().lines().count(), lines);
        }
        assert_eq!(parts.next().unwrap(), first);
        assert!(Parts::of("text", SIDE_MIN - 1).is_none());
    }
}
