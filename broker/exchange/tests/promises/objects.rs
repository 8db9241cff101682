//! Bulk objects: whole, of one disclosure, or nothing.

use std::collections::BTreeMap;
use std::io::Write as _;

use agreements::{Digest, DisclosureId, ElementPath, ObjectId, PurposeId, RequestId, Transformation};
use exchange::object::{CHUNK_BYTES, check_ciphertext};
use exchange::{ObjectDescriptor, ObjectError, ObjectHeader, ObjectKey, ObjectOpener, ObjectSealer};
use zeroize::Zeroizing;

const CHUNK: usize = CHUNK_BYTES as usize;
const SEALED: usize = CHUNK + 16;

fn key() -> ObjectKey {
    ObjectKey::from_bytes(Zeroizing::new([5; 32]))
}

fn header() -> ObjectHeader {
    ObjectHeader {
        object: ObjectId::from_bytes([1; 16]),
        disclosure: DisclosureId::from_bytes([2; 16]),
        digest: Digest::of(b"agreement"),
        request: RequestId::from_bytes([3; 16]),
        purpose: PurposeId::parse("customs:RiskManagement").unwrap(),
        elements: BTreeMap::from([(ElementPath::parse("goods.hs_code").unwrap(), Transformation::Keep)]),
        chunk_bytes: CHUNK_BYTES,
    }
}

fn records(len: usize) -> Vec<u8> {
    (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect()
}

fn seal(records: &[u8]) -> (Vec<u8>, ObjectDescriptor) {
    let mut sealer = ObjectSealer::new(Vec::new(), header(), &key()).unwrap();
    for part in records.chunks(10_007) {
        sealer.write_all(part).unwrap();
    }
    sealer.finish().unwrap()
}

fn open(sealed: &[u8], descriptor: &ObjectDescriptor) -> Result<Vec<u8>, ObjectError> {
    let mut out = Vec::new();
    ObjectOpener::new(descriptor, &key())?.open(sealed, &mut out)?;
    Ok(out)
}

#[test]
fn records_of_every_size_come_back_as_they_were() {
    for len in [0, 1, 1023, 1024, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5 * CHUNK + 77, 1_000_000] {
        let (sealed, descriptor) = seal(&records(len));
        assert_eq!(sealed.len() as u64, descriptor.ciphertext_bytes);
        assert_eq!(descriptor.plaintext_bytes, len as u64);
        assert_eq!(descriptor.plaintext, Digest::of(&records(len)));
        assert_eq!(descriptor.ciphertext, Digest::of(&sealed));
        check_ciphertext(&descriptor, sealed.as_slice()).unwrap();
        assert_eq!(open(&sealed, &descriptor).unwrap(), records(len), "{len}");
    }
}

#[test]
fn sizes_that_are_near_each_other_look_the_same() {
    let sizes: std::collections::BTreeSet<usize> =
        (1_000_000..1_002_000).step_by(50).map(|len| seal(&records(len)).0.len()).collect();
    assert!(sizes.len() <= 2, "{sizes:?}");
    for len in [100_000, 1_000_000, 3_000_001] {
        let (sealed, _) = seal(&records(len));
        assert!(sealed.len() * 100 < len * 113, "{len} became {}", sealed.len());
    }
}

#[test]
fn a_cut_lengthened_reordered_or_swapped_object_does_not_open() {
    let (sealed, descriptor) = seal(&records(3 * CHUNK + 500));
    let refused = |bytes: &[u8]| {
        assert!(check_ciphertext(&descriptor, bytes).is_err());
        assert!(open(bytes, &descriptor).is_err());
    };
    for cut in [0, 1, SEALED - 1, SEALED, 2 * SEALED, 3 * SEALED, sealed.len() - 1] {
        refused(&sealed[..cut]);
    }
    refused(&[&sealed[..], &[0]].concat());
    let swapped = [&sealed[SEALED..2 * SEALED], &sealed[..SEALED], &sealed[2 * SEALED..]].concat();
    refused(&swapped);
    refused(&[&sealed[..SEALED], &sealed[..SEALED], &sealed[2 * SEALED..]].concat());
    for at in [0, 100, SEALED - 1, SEALED + 5, sealed.len() - 1] {
        let mut flipped = sealed.clone();
        flipped[at] ^= 1;
        refused(&flipped);
    }
}

#[test]
fn a_chunk_is_refused_before_a_byte_of_it_is_written() {
    let (mut sealed, descriptor) = seal(&records(3 * CHUNK));
    sealed[SEALED + 1] ^= 1;
    let mut out = Vec::new();
    let error = ObjectOpener::new(&descriptor, &key()).unwrap().open(sealed.as_slice(), &mut out).unwrap_err();
    assert!(matches!(error, ObjectError::Chunk { chunk: 1, .. }));
    assert_eq!(out.len(), CHUNK);
}

#[test]
fn an_object_cannot_be_passed_off_as_that_of_another_disclosure() {
    let (sealed, descriptor) = seal(&records(2 * CHUNK));
    let other = |change: fn(&mut ObjectHeader)| {
        let mut descriptor = descriptor.clone();
        change(&mut descriptor.header);
        open(&sealed, &descriptor).unwrap_err()
    };
    assert!(matches!(
        other(|h| h.disclosure = DisclosureId::from_bytes([9; 16])),
        ObjectError::Chunk { chunk: 0, .. }
    ));
    assert!(matches!(other(|h| h.request = RequestId::from_bytes([9; 16])), ObjectError::Chunk { .. }));
    assert!(matches!(other(|h| h.digest = Digest::of(b"other")), ObjectError::Chunk { .. }));
    assert!(matches!(other(|h| h.elements.clear()), ObjectError::Chunk { .. }));
    assert!(matches!(other(|h| h.object = ObjectId::from_bytes([9; 16])), ObjectError::OtherKey(_)));
    assert!(matches!(other(|h| h.chunk_bytes = 4096), ObjectError::Header(_)));
}

#[test]
fn no_other_key_and_no_other_hash_will_do() {
    let (sealed, descriptor) = seal(&records(CHUNK));
    let wrong = ObjectKey::from_bytes(Zeroizing::new([6; 32]));
    assert!(matches!(ObjectOpener::new(&descriptor, &wrong), Err(ObjectError::OtherKey(_))));
    let hash = ObjectDescriptor { plaintext: Digest::of(b"other"), ..descriptor.clone() };
    assert!(matches!(open(&sealed, &hash), Err(ObjectError::Hash(_))));
    let hash = ObjectDescriptor { ciphertext: Digest::of(b"other"), ..descriptor.clone() };
    assert!(matches!(open(&sealed, &hash), Err(ObjectError::Hash(_))));
    for bytes in [0, 1, 2 * CHUNK as u64, u64::MAX] {
        let size = ObjectDescriptor { plaintext_bytes: bytes, ..descriptor.clone() };
        assert!(open(&sealed, &size).is_err());
    }
}

#[test]
fn after_a_failure_of_writing_nothing_is_named_an_object() {
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            match self.0.checked_sub(bytes.len()) {
                Some(left) => self.0 = left,
                None => return Err(std::io::Error::other("full")),
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut sealer = ObjectSealer::new(Full(SEALED), header(), &key()).unwrap();
    assert!(sealer.write_all(&records(3 * CHUNK)).is_err());
    assert!(matches!(sealer.finish(), Err(ObjectError::Spoiled(_))));
}
