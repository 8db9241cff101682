//! Promises of function key files.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use agreements::statements::Enrolment;
use agreements::{AuthorityId, Digest, EndpointId};
use jiff::Timestamp;

use super::*;
use crate::rng::SeededRng;

fn key() -> FunctionKey {
    FunctionKey::generate("nl-customs/dpo", &SeededRng::new(1)).unwrap()
}

fn written(passphrase: Option<&str>) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("dpo.key");
    key().write_new(&path, passphrase, &SeededRng::new(2)).unwrap();
    (dir, path)
}

fn load(path: &Path, passphrase: Option<&str>) -> Result<FunctionKey, FunctionKeyError> {
    FunctionKey::load(path, || passphrase.map(|text| Zeroizing::new(text.to_owned())))
}

fn statement() -> Enrolment {
    Enrolment {
        authority: AuthorityId::parse("nl-customs").unwrap(),
        endpoint: EndpointId::parse("desk-1").unwrap(),
        leaf_key: Digest::of(b"key"),
        expires: Timestamp::UNIX_EPOCH,
        at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn a_key_from_its_file_signs_as_before() {
    for passphrase in [None, Some("a passphrase of mine")] {
        let (_dir, path) = written(passphrase);
        let loaded = load(&path, passphrase).unwrap();
        assert_eq!(loaded.key(), key().key());
        let note = loaded.sign(&statement()).unwrap();
        let read = Note::parse(&note.to_string()).unwrap();
        assert_eq!(Enrolment::verified(&read, key().key()).unwrap(), statement());
        assert_eq!(note, key().sign(&statement()).unwrap());
    }
}

#[test]
fn two_functions_may_sign_one_note() {
    let second = FunctionKey::generate("be-customs/dpo", &SeededRng::new(5)).unwrap();
    let mut note = key().sign(&statement()).unwrap();
    second.sign_note(&mut note).unwrap();
    note.verify(key().key()).unwrap();
    note.verify(second.key()).unwrap();
}

#[test]
fn a_sealed_file_opens_with_its_passphrase_only() {
    let (_dir, path) = written(Some("a passphrase of mine"));
    assert!(matches!(load(&path, None), Err(FunctionKeyError::NeedsPassphrase(_))));
    assert!(matches!(load(&path, Some("another")), Err(FunctionKeyError::Locked(_))));
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains(&BASE64.encode(key().signing.to_bytes())));
}

#[test]
fn a_plain_file_asks_for_no_passphrase() {
    let (_dir, path) = written(None);
    FunctionKey::load(&path, || panic!("asked")).unwrap();
}

#[test]
fn a_file_that_others_can_read_is_refused_and_it_is_made_private() {
    let (_dir, path) = written(None);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(load(&path, None), Err(FunctionKeyError::Private(PrivateFileError::Loose { .. }))));
}

#[test]
fn a_key_file_is_never_written_over_another() {
    let (_dir, path) = written(None);
    let again =
        FunctionKey::generate("x", &SeededRng::new(9)).unwrap().write_new(&path, None, &SeededRng::new(3));
    assert!(matches!(again, Err(FunctionKeyError::Durable(DurableError::Exists(_)))));
    assert_eq!(load(&path, None).unwrap().key(), key().key());
}

#[test]
fn a_truncated_file_never_gives_a_key() {
    let (_dir, path) = written(None);
    let whole = fs::read(&path).unwrap();
    // The last byte is a newline, which TOML does not need.
    for length in 0..whole.len() - 1 {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(load(&path, None).is_err(), "{length} bytes");
    }
}

#[test]
fn a_flipped_bit_never_gives_another_key() {
    let (_dir, path) = written(None);
    let whole = fs::read(&path).unwrap();
    let comment = whole.iter().position(|byte| *byte == b'\n').unwrap();
    let mut refused = 0;
    for bit in comment * 8..whole.len() * 8 {
        let mut bad = whole.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &bad).unwrap();
        match load(&path, None) {
            Ok(loaded) => assert_eq!(loaded.key(), key().key(), "bit {bit}"),
            Err(_) => refused += 1,
        }
    }
    // What is left is white space that became other white space.
    assert!(refused > (whole.len() - comment) * 8 - 60, "{refused}");
}

#[test]
fn an_altered_sealed_file_is_refused() {
    let (_dir, path) = written(Some("a passphrase of mine"));
    let text = fs::read_to_string(&path).unwrap();
    let other = FunctionKey::generate("nl-customs/dpo", &SeededRng::new(7)).unwrap();
    for (from, to) in [
        ("nl-customs/dpo+", "nl-customs/dpx+".to_owned()),
        (key().key().to_string().as_str(), other.key().to_string()),
        ("passes = 3", "passes = 2".to_owned()),
        ("passes = 3", "passes = 4000000000".to_owned()),
        ("memory_kib = 65536", "memory_kib = 4000000000".to_owned()),
        ("lanes = 4", "lanes = 0".to_owned()),
        ("function-key/1", "function-key/2".to_owned()),
        ("format", "formats".to_owned()),
        ("[sealed]", "seed = 'x'\n[sealed]".to_owned()),
    ] {
        // The first occurrence behind the comment.
        let (comment, rest) = text.split_once('\n').unwrap();
        assert!(rest.contains(from), "{from}");
        fs::write(&path, format!("{comment}\n{}", rest.replacen(from, &to, 1))).unwrap();
        assert!(load(&path, Some("a passphrase of mine")).is_err(), "{from}");
    }
}

#[test]
fn a_seed_under_another_public_key_is_refused() {
    let (_dir, path) = written(None);
    let other = FunctionKey::generate("nl-customs/dpo", &SeededRng::new(7)).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(&key().key().to_string(), &other.key().to_string())).unwrap();
    assert!(matches!(load(&path, None), Err(FunctionKeyError::Mismatch(_))));
}

#[test]
fn errors_and_debug_never_show_the_seed() {
    let (_dir, path) = written(None);
    let seed = BASE64.encode(key().signing.to_bytes());
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(&seed));
    for bad in [
        text.replace("seed = ", "seed = 3 "),
        text.replace("seed = ", "seeds = "),
        text.replace(&seed, &format!("{seed}{seed}")),
        text.replace("\nseed", "\nkey"),
        text.replace("seed = \"", "seed = \"\u{0}"),
    ] {
        fs::write(&path, bad).unwrap();
        let refused = load(&path, None).unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains(&seed[..8]), "{refused}");
    }
    assert!(!format!("{:?}", key()).contains(&seed[..8]));
}

#[test]
fn a_name_that_cannot_sign_is_refused() {
    for bad in ["", "a b", "a+b", "a\nb"] {
        assert!(FunctionKey::generate(bad, &SeededRng::new(1)).is_err(), "{bad}");
    }
}
