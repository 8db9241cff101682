//! Promises of the vault.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use proptest::prelude::*;

use super::*;
use crate::rng::SeededRng;

/// A data folder with a vault, and its key file elsewhere.
struct Place {
    _dir: tempfile::TempDir,
    data: PathBuf,
    key: PathBuf,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = Self { data: dir.path().join("data"), key: dir.path().join("keys/vault.key"), _dir: dir };
        durable::create_dir(place.key.parent().unwrap(), 0o700).unwrap();
        make_key_file(&place.key, &SeededRng::new(1)).unwrap();
        place
    }

    fn dir(&self) -> PathBuf {
        self.data.join("vault")
    }

    fn unlock(&self) -> Unlock {
        Unlock::KeyFile(self.key.clone())
    }

    fn create(&self) -> Vault {
        Vault::create(&self.dir(), &self.unlock(), &rng()).unwrap()
    }

    fn open(&self) -> Result<Vault, VaultError> {
        Vault::open(&self.dir(), &self.unlock())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir().join("keys").join(name)
    }
}

fn rng() -> SeededRng {
    SeededRng::new(2)
}

fn id(text: &str) -> KeyId {
    KeyId::parse(text).unwrap()
}

/// Calls `check` with each copy of `path` in which one bit is another, and puts the file back.
fn with_each_bit_flipped(path: &Path, mut check: impl FnMut(usize)) {
    let good = fs::read(path).unwrap();
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        fs::write(path, &bad).unwrap();
        check(bit);
    }
    fs::write(path, good).unwrap();
}

#[test]
fn what_was_put_is_there_after_a_restart() {
    let place = Place::new();
    let vault = place.create();
    let branch = vault.branch(&Branch::Domains);
    vault.put(&id("domain-seed.1"), b"seed", &rng()).unwrap();
    drop(vault);
    let vault = place.open().unwrap();
    assert_eq!(vault.get(&id("domain-seed.1")).unwrap().as_slice(), b"seed");
    assert_eq!(vault.branch(&Branch::Domains), branch);
    assert_eq!(vault.list().unwrap(), BTreeSet::from([id("domain-seed.1")]));
}

#[test]
fn a_passphrase_opens_the_vault_and_another_does_not() {
    let place = Place::new();
    let phrase = |text: &str| Unlock::Passphrase(Zeroizing::new(text.to_owned()));
    let vault = Vault::create(&place.dir(), &phrase("a long passphrase"), &rng()).unwrap();
    let branch = vault.branch(&Branch::Domains);
    drop(vault);
    let vault = Vault::open(&place.dir(), &phrase("a long passphrase")).unwrap();
    assert_eq!(vault.branch(&Branch::Domains), branch);
    assert!(matches!(Vault::open(&place.dir(), &phrase("another")), Err(VaultError::Locked(_))));
    assert!(matches!(place.open(), Err(VaultError::OtherUnlock { needs: "a passphrase", .. })));
}

#[test]
fn a_changed_passphrase_keeps_every_key_and_ends_the_old_one() {
    let place = Place::new();
    let vault = place.create();
    vault.put(&id("k"), b"key", &rng()).unwrap();
    vault.rewrap(&Unlock::Passphrase(Zeroizing::new("new".to_owned())), &rng()).unwrap();
    assert!(matches!(place.open(), Err(VaultError::OtherUnlock { needs: "a passphrase", .. })));
    let vault = Vault::open(&place.dir(), &Unlock::Passphrase(Zeroizing::new("new".to_owned()))).unwrap();
    assert_eq!(vault.get(&id("k")).unwrap().as_slice(), b"key");
}

#[test]
fn a_vault_is_never_made_over_another_nor_found_where_none_is() {
    let place = Place::new();
    assert!(matches!(place.open(), Err(VaultError::Absent(_))));
    let branch = place.create().branch(&Branch::Domains);
    let again = Vault::create(&place.dir(), &place.unlock(), &SeededRng::new(9));
    assert!(matches!(again, Err(VaultError::Exists(_))));
    assert_eq!(place.open().unwrap().branch(&Branch::Domains), branch);
}

#[test]
fn a_key_file_in_the_data_folder_is_refused_however_it_is_named() {
    let place = Place::new();
    place.create();
    let inside = place.data.join("vault.key");
    fs::copy(&place.key, &inside).unwrap();
    fs::set_permissions(&inside, Permissions::from_mode(0o600)).unwrap();
    let link = place.data.parent().unwrap().join("link.key");
    symlink(&inside, &link).unwrap();
    let around = place.data.join("../data/vault/../vault.key");
    for path in [inside.clone(), link, around] {
        let opened = Vault::open(&place.dir(), &Unlock::KeyFile(path));
        assert!(matches!(opened, Err(VaultError::KeyFileInside { .. })));
    }
    Vault::open(&place.dir(), &Unlock::KeyFileInDataFolder(inside)).unwrap();
}

#[test]
fn a_link_to_the_data_folder_does_not_hide_that_the_key_is_in_it() {
    let place = Place::new();
    place.create();
    let inside = place.data.join("vault.key");
    fs::rename(&place.key, &inside).unwrap();
    let other = place.data.parent().unwrap().join("other");
    symlink(&place.data, &other).unwrap();
    let opened = Vault::open(&other.join("vault"), &Unlock::KeyFile(inside));
    assert!(matches!(opened, Err(VaultError::KeyFileInside { .. })));
}

#[test]
fn a_key_file_that_others_can_read_is_refused() {
    let place = Place::new();
    place.create();
    for mode in [0o640, 0o604, 0o660] {
        fs::set_permissions(&place.key, Permissions::from_mode(mode)).unwrap();
        let refused = place.open().unwrap_err();
        assert!(matches!(refused, VaultError::Private(PrivateFileError::Loose { .. })));
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }
}

#[test]
fn a_key_file_cut_short_or_of_another_vault_opens_nothing() {
    let place = Place::new();
    place.create();
    let whole = fs::read(&place.key).unwrap();
    for length in 0..whole.len() {
        fs::write(&place.key, &whole[..length]).unwrap();
        assert!(matches!(place.open(), Err(VaultError::KeyFileForm(_))), "{length} bytes");
    }
    fs::remove_file(&place.key).unwrap();
    make_key_file(&place.key, &SeededRng::new(3)).unwrap();
    assert!(matches!(place.open(), Err(VaultError::Locked(_))));
    let taken = make_key_file(&place.key, &rng());
    assert!(matches!(taken, Err(VaultError::Durable(DurableError::Exists(_)))), "no key file is replaced");
}

#[test]
fn every_flipped_bit_of_the_root_and_of_its_key_file_is_refused() {
    let place = Place::new();
    place.create();
    for path in [place.dir().join("root"), place.key.clone()] {
        with_each_bit_flipped(&path, |bit| {
            assert!(place.open().is_err(), "bit {bit} of {}", path.display());
        });
    }
    place.open().unwrap();
}

#[test]
fn a_flipped_bit_of_a_root_under_a_passphrase_is_refused_without_exhausting_the_machine() {
    let place = Place::new();
    let unlock = Unlock::Passphrase(Zeroizing::new("a long passphrase".to_owned()));
    Vault::create(&place.dir(), &unlock, &rng()).unwrap();
    let path = place.dir().join("root");
    let good = fs::read(&path).unwrap();
    // The numbers are tried at their high bits, salt and sealed root at one byte in eight.
    let header = b"transire/vault-root/1\n".len();
    let numbers = (header..header + 13).map(|byte| (byte, 0x80));
    for (byte, mask) in numbers.chain((header + 13..good.len()).step_by(8).map(|byte| (byte, 1))) {
        let mut bad = good.clone();
        bad[byte] ^= mask;
        fs::write(&path, &bad).unwrap();
        assert!(Vault::open(&place.dir(), &unlock).is_err(), "byte {byte}");
    }
    fs::write(&path, good).unwrap();
    Vault::open(&place.dir(), &unlock).unwrap();
}

#[test]
fn every_flipped_bit_of_a_key_is_refused_and_so_is_another_keys_file() {
    let place = Place::new();
    let vault = place.create();
    vault.put(&id("a"), b"first", &rng()).unwrap();
    vault.put(&id("b"), b"other", &SeededRng::new(8)).unwrap();
    with_each_bit_flipped(&place.file("a"), |bit| {
        assert!(matches!(vault.get(&id("a")), Err(VaultError::Damaged(_))), "bit {bit}");
    });
    assert_eq!(vault.get(&id("a")).unwrap().as_slice(), b"first");
    fs::copy(place.file("a"), place.file("b")).unwrap();
    assert!(matches!(vault.get(&id("b")), Err(VaultError::Damaged(_))));
    fs::write(place.file("c"), vec![1; 1 << 20]).unwrap();
    assert!(matches!(vault.get(&id("c")), Err(VaultError::Damaged(_))));
}

#[test]
fn a_key_is_never_replaced() {
    let place = Place::new();
    let vault = place.create();
    vault.put(&id("a"), b"first", &rng()).unwrap();
    let again = vault.put(&id("a"), b"second", &SeededRng::new(8));
    assert!(matches!(again, Err(VaultError::KeyExists(_))));
    assert_eq!(vault.get(&id("a")).unwrap().as_slice(), b"first");
    let large = vault.put(&id("b"), &vec![0; MAX_KEY_BYTES + 1], &SeededRng::new(9));
    assert!(matches!(large, Err(VaultError::TooLarge(_))));
    assert!(!vault.holds(&id("b")));
}

#[test]
fn a_destroyed_key_is_overwritten_gone_and_may_be_destroyed_again() {
    let place = Place::new();
    let vault = place.create();
    vault.put(&id("a"), b"first", &rng()).unwrap();
    vault.get(&id("a")).unwrap();
    // A second name shows what happens to the bytes themselves.
    let other = place.data.join("other-name");
    fs::hard_link(place.file("a"), &other).unwrap();
    let before = fs::read(&other).unwrap();
    vault.destroy(&id("a"), &rng()).unwrap();
    let after = fs::read(&other).unwrap();
    assert_eq!(before.len(), after.len());
    assert_ne!(before, after, "overwritten");
    assert!(matches!(vault.get(&id("a")), Err(VaultError::NoKey(_))), "nor is it left in memory");
    vault.destroy(&id("a"), &rng()).unwrap();
    assert!(vault.list().unwrap().is_empty());
}

#[test]
fn a_crash_in_the_middle_of_a_write_leaves_nothing_that_stays() {
    let place = Place::new();
    let vault = place.create();
    vault.put(&id("kept"), b"kept", &rng()).unwrap();
    // Killed after the temporary file was written.
    fs::write(place.file(".tmp-00"), b"half").unwrap();
    fs::write(place.dir().join(".tmp-02"), b"half").unwrap();
    // Killed between link and unlink: two names of one key.
    fs::hard_link(place.file("kept"), place.file(".tmp-01")).unwrap();
    // Killed before the transaction that would have named the key.
    vault.put(&id("unnamed"), b"unnamed", &SeededRng::new(8)).unwrap();
    // Killed in the middle of a destruction.
    fs::write(place.file("half-destroyed"), [0; 33]).unwrap();
    drop(vault);
    let vault = place.open().unwrap();
    let swept = vault.sweep(&BTreeSet::from([id("kept"), id("lost")]), &rng()).unwrap();
    assert_eq!(swept, BTreeSet::from([id("half-destroyed"), id("unnamed")]));
    assert_eq!(fs::read_dir(place.dir().join("keys")).unwrap().count(), 1);
    assert!(!place.dir().join(".tmp-02").exists());
    assert_eq!(vault.get(&id("kept")).unwrap().as_slice(), b"kept");
}

#[test]
fn a_file_that_the_vault_did_not_write_stops_the_sweep() {
    let place = Place::new();
    let vault = place.create();
    fs::write(place.file("Notes.txt"), b"").unwrap();
    assert!(matches!(vault.sweep(&BTreeSet::new(), &rng()), Err(VaultError::Damaged(_))));
    assert!(place.file("Notes.txt").exists());
}

#[test]
fn nobody_else_can_read_the_vault() {
    let place = Place::new();
    let vault = place.create();
    vault.put(&id("a"), b"first", &rng()).unwrap();
    vault.write_mark(&Mark { size: 1, root: [1; 32] }).unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for folder in [place.dir(), place.dir().join("keys")] {
        assert_eq!(mode(folder), 0o700);
    }
    for file in [place.dir().join("root"), place.dir().join("mark"), place.file("a"), place.key.clone()] {
        assert_eq!(mode(file), 0o600);
    }
}

#[test]
fn neither_errors_nor_debug_show_a_secret() {
    let place = Place::new();
    let vault = place.create();
    let phrase = Unlock::Passphrase(Zeroizing::new("secret".to_owned()));
    let shown = format!("{vault:?} {phrase:?} {:?}", Vault::open(&place.dir(), &phrase).unwrap_err());
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn the_mark_is_the_newest_one_written_also_after_a_restart() {
    let place = Place::new();
    let vault = place.create();
    assert_eq!(vault.read_mark().unwrap(), None);
    for size in 1..=5 {
        vault.write_mark(&Mark { size, root: [9; 32] }).unwrap();
        assert_eq!(vault.read_mark().unwrap(), Some(Mark { size, root: [9; 32] }));
    }
    let vault = place.open().unwrap();
    assert_eq!(vault.read_mark().unwrap().unwrap().size, 5);
    vault.write_mark(&Mark { size: 6, root: [8; 32] }).unwrap();
    assert_eq!(place.open().unwrap().read_mark().unwrap(), Some(Mark { size: 6, root: [8; 32] }));
}

#[test]
fn a_mark_cut_short_leaves_the_one_before_and_none_is_believed_that_the_vault_did_not_write() {
    let place = Place::new();
    let vault = place.create();
    vault.write_mark(&Mark { size: 1, root: [1; 32] }).unwrap();
    vault.write_mark(&Mark { size: 2, root: [2; 32] }).unwrap();
    let path = place.dir().join("mark");
    let good = fs::read(&path).unwrap();
    with_each_bit_flipped(&path, |bit| {
        let left = if bit < good.len() * 4 { 2 } else { 1 };
        assert_eq!(vault.read_mark().unwrap().unwrap().size, left, "bit {bit}");
    });
    for length in 1..good.len() {
        fs::write(&path, &good[..length]).unwrap();
        match vault.read_mark() {
            Ok(Some(mark)) => assert_eq!((mark.size, length >= good.len() / 2), (1, true)),
            Err(VaultError::Damaged(_)) => assert!(length < good.len() / 2),
            other => panic!("{other:?}"),
        }
    }
    fs::write(&path, b"").unwrap();
    assert_eq!(vault.read_mark().unwrap(), None);
}

#[test]
fn a_new_log_begins_with_no_mark() {
    let place = Place::new();
    let vault = place.create();
    vault.write_mark(&Mark { size: 7, root: [1; 32] }).unwrap();
    vault.reset_mark(&rng()).unwrap();
    assert_eq!(vault.read_mark().unwrap(), None);
    vault.write_mark(&Mark { size: 1, root: [2; 32] }).unwrap();
    assert_eq!(place.open().unwrap().read_mark().unwrap().unwrap().size, 1);
}

#[test]
fn a_folder_is_held_by_one_process_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let held = durable::FolderLock::take(dir.path()).unwrap();
    assert!(matches!(durable::FolderLock::take(dir.path()), Err(DurableError::InUse(_))));
    drop(held);
    durable::FolderLock::take(dir.path()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_in_place_of_the_root_or_a_key_make_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let place = Place::new();
        let vault = place.create();
        fs::write(place.file("a"), &bytes).unwrap();
        prop_assert!(vault.get(&id("a")).is_err());
        fs::write(place.dir().join("root"), &bytes).unwrap();
        prop_assert!(place.open().is_err());
        let mut headed = b"transire/vault-root/1\n\x02".to_vec();
        headed.extend(&bytes);
        fs::write(place.dir().join("root"), &headed).unwrap();
        prop_assert!(place.open().is_err());
        fs::write(&place.key, &bytes).unwrap();
        prop_assert!(place.open().is_err());
    }
}
