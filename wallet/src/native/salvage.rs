//! Reading a damaged file: page by page, without the tree that holds the pages together.
//!
//! The layout is SQLite's (<https://www.sqlite.org/fileformat2.html>): a page of an index has cells, each
//! cell a record of the columns kind, key and value. A cell that is whole is read wherever it is; what
//! looks like a cell and is none has no known kind.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use zeroize::Zeroizing;

use super::file::FILE;
use crate::error::StoreError;
use crate::store::{Change, Store, Table, Value};

/// The size of a page in a file whose beginning does not say it.
const PAGE_BYTES_DEFAULT: usize = 4096;
/// Bytes of the file's header, before the first page's own.
const FILE_HEADER_BYTES: usize = 100;
const WAL_HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// First byte of a page with cells of an index, at the end of the tree or within it.
const LEAF: u8 = 0x0a;
const INTERIOR: u8 = 0x02;
/// What a phrase looks like that no passphrase protects.
const PHRASE_BEGINS: &[u8] = b"{\"words\":\"";

/// What can be read of a wallet's file. Nothing can be written into it.
pub struct Salvaged {
    rows: BTreeMap<(Table, String), Value>,
}

impl Salvaged {
    /// Reads what can be read of the file in the folder `dir`, and of its log.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Failed`] when the file cannot be read at all.
    pub fn read(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(FILE);
        let file = match fs::read(&path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::Missing(dir.display().to_string()));
            }
            Err(error) => return Err(StoreError::Failed(format!("{}: {error}", path.display()))),
        };
        let log = fs::read(dir.join(format!("{FILE}-wal"))).unwrap_or_default();
        let log = Zeroizing::new(log);
        let pages = Pages::of(&file, &log);
        let mut rows = BTreeMap::new();
        for number in pages.numbers() {
            for (table, key, value) in pages.records(number) {
                rows.insert((table, key), value);
            }
        }
        let phrase = (Table::Meta, crate::purse::tables::KEY_PHRASE.to_owned());
        if !rows.contains_key(&phrase)
            && let Some(value) = bare_phrase(&file).or_else(|| bare_phrase(&log))
        {
            rows.insert(phrase, value);
        }
        Ok(Self { rows })
    }

    /// Returns whether nothing could be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Store for Salvaged {
    async fn get(&self, table: Table, key: &str) -> Result<Option<Value>, StoreError> {
        Ok(self.rows.get(&(table, key.to_owned())).cloned())
    }

    async fn scan(&self, table: Table) -> Result<Vec<(String, Value)>, StoreError> {
        let here = self.rows.iter().filter(|((of, _), _)| *of == table);
        Ok(here
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect())
    }

    async fn apply(&self, _: Vec<Change>) -> Result<(), StoreError> {
        Err(StoreError::Failed(
            "a damaged file is not written to".to_owned(),
        ))
    }
}

/// The pages of a file, each in its newest version.
struct Pages<'a> {
    size: usize,
    pages: BTreeMap<usize, &'a [u8]>,
}

impl<'a> Pages<'a> {
    fn of(file: &'a [u8], log: &'a [u8]) -> Self {
        let size = page_size(file, log);
        let mut pages: BTreeMap<usize, &[u8]> = (1..).zip(file.chunks_exact(size)).collect();
        pages.extend(committed(log, size));
        Self { size, pages }
    }

    fn numbers(&self) -> impl Iterator<Item = usize> {
        self.pages.keys().copied()
    }

    /// The records on a page that can be read.
    fn records(&self, number: usize) -> Vec<(Table, String, Value)> {
        let Some(page) = self.pages.get(&number) else {
            return Vec::new();
        };
        let header = if number == 1 { FILE_HEADER_BYTES } else { 0 };
        let (pointers, child) = match page.get(header) {
            Some(&LEAF) => (header + 8, 0),
            Some(&INTERIOR) => (header + 12, 4),
            _ => return Vec::new(),
        };
        let count = number_at(page, header + 3, 2).unwrap_or(0);
        let cells = (0..count).filter_map(|i| number_at(page, pointers + 2 * i, 2));
        cells
            .filter_map(|at| record(&self.payload(page, at + child)?))
            .collect()
    }

    /// The payload of the cell that begins at `at`, with what is on other pages.
    fn payload(&self, page: &[u8], at: usize) -> Option<Value> {
        let (length, used) = varint(page.get(at..)?)?;
        let length = usize::try_from(length).ok()?;
        if length > self.size.checked_mul(self.pages.len())? {
            return None;
        }
        let start = at + used;
        let here = self.local(length);
        let mut payload = Zeroizing::new(Vec::with_capacity(length));
        payload.extend_from_slice(page.get(start..start.checked_add(here)?)?);
        let mut next = match here < length {
            true => number_at(page, start + here, 4)?,
            false => 0,
        };
        while payload.len() < length {
            let overflow = self.pages.get(&next)?;
            next = number_at(overflow, 0, 4)?;
            let rest = (length - payload.len()).min(self.size - 4);
            payload.extend_from_slice(overflow.get(4..4 + rest)?);
        }
        Some(payload)
    }

    /// Returns how much of a payload is in its cell ("Cell Payload Overflow Pages").
    fn local(&self, length: usize) -> usize {
        let part = |share: usize| ((self.size - 12) * share / 255).saturating_sub(23);
        let (max, min) = (part(64), part(32));
        if length <= max {
            return length;
        }
        let fitting = min + (length - min) % (self.size - 4);
        if fitting <= max { fitting } else { min }
    }
}

/// The size of a page, by the file's header or its log's.
fn page_size(file: &[u8], log: &[u8]) -> usize {
    let is_size = |size: &usize| size.is_power_of_two() && (512..=65536).contains(size);
    let by_file = number_at(file, 16, 2).map(|size| if size == 1 { 65536 } else { size });
    let by_log = number_at(log, 8, 4);
    let said = by_file.filter(is_size).or(by_log.filter(is_size));
    match file.starts_with(b"SQLite format 3\0") {
        true => said.unwrap_or(PAGE_BYTES_DEFAULT),
        false => by_log.filter(is_size).unwrap_or(PAGE_BYTES_DEFAULT),
    }
}

/// The pages in a write-ahead log that belong to transactions which were committed.
fn committed(log: &[u8], size: usize) -> BTreeMap<usize, &[u8]> {
    let (mut committed, mut open) = (BTreeMap::new(), BTreeMap::new());
    let salt = log.get(16..24);
    let frames = log.get(WAL_HEADER_BYTES..).unwrap_or_default();
    for frame in frames.chunks_exact(FRAME_HEADER_BYTES + size) {
        let (Some(number), Some(end)) = (number_at(frame, 0, 4), number_at(frame, 4, 4)) else {
            break;
        };
        if frame.get(8..16) != salt {
            break;
        }
        open.insert(number, frame.get(FRAME_HEADER_BYTES..).unwrap_or_default());
        if end > 0 {
            committed.append(&mut open);
        }
    }
    committed
}

/// The columns kind, key and value of a record.
fn record(payload: &[u8]) -> Option<(Table, String, Value)> {
    let (header_length, mut at) = varint(payload)?;
    let header_length = usize::try_from(header_length).ok()?;
    let mut lengths = Vec::new();
    while at < header_length {
        let (kind, used) = varint(payload.get(at..header_length)?)?;
        at += used;
        lengths.push(usize::try_from(kind.checked_sub(12)? / 2).ok()?);
    }
    let [kind, key, value] = lengths.try_into().ok()?;
    let mut rest = payload.get(header_length..)?;
    let mut take = |length: usize| {
        let (column, after) = rest.split_at_checked(length)?;
        rest = after;
        Some(column)
    };
    let (kind, key, value) = (take(kind)?, take(key)?, take(value)?);
    let table = Table::ALL
        .into_iter()
        .find(|table| table.name().as_bytes() == kind)?;
    let key = String::from_utf8(key.to_vec()).ok()?;
    Some((table, key, Zeroizing::new(value.to_vec())))
}

/// A phrase that no passphrase protects, wherever it is.
fn bare_phrase(bytes: &[u8]) -> Option<Value> {
    let mut places = bytes.windows(PHRASE_BEGINS.len());
    let at = places.position(|here| here == PHRASE_BEGINS)?;
    let rest = bytes.get(at..)?;
    let end = rest.iter().position(|&byte| byte == b'}')?;
    Some(Zeroizing::new(rest.get(..=end)?.to_vec()))
}

/// A big-endian number of up to 4 bytes.
fn number_at(bytes: &[u8], at: usize, length: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    Some(
        bytes
            .iter()
            .fold(0, |number, byte| number << 8 | usize::from(*byte)),
    )
}

/// A number of 7 bits a byte, the first bit saying whether one more follows; all 8 bits of the ninth.
/// Gives how many bytes it takes.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number: u64 = 0;
    for (index, &byte) in bytes.iter().take(9).enumerate() {
        if index == 8 {
            return Some((number << 8 | u64::from(byte), 9));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, index + 1));
        }
    }
    None
}
