//! Published vectors, through the code that seals, derives and stretches for the vault.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;

use common::aead::{AeadKey, OVERHEAD};
use common::function_key::FunctionKey;
use common::passphrase::Stretch;
use common::{Rng, derive};
use serde_json::Value;

/// Gives the nonce of a vector in the place of random bytes.
struct Nonce(Vec<u8>);

impl Rng for Nonce {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.0);
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn key(value: &Value) -> Option<[u8; 32]> {
    bytes(value).try_into().ok()
}

#[test]
fn the_seal_gives_what_nist_says() {
    let Some(path) = tests::data("crypto/nist-gcm/gcmEncryptExtIV256.json") else { return };
    let vectors = json(&path);
    let mut checked = 0;
    for vector in vectors["vectors"].as_array().unwrap() {
        let seal = AeadKey::new(&key(&vector["key"]).unwrap());
        let (nonce, aad, text) = (bytes(&vector["nonce"]), bytes(&vector["aad"]), bytes(&vector["plaintext"]));
        let expected = [nonce.clone(), bytes(&vector["ciphertext"]), bytes(&vector["tag"])].concat();
        let sealed = seal.seal(&Nonce(nonce), &aad, &text);
        assert_eq!(sealed, expected);
        assert_eq!(sealed.len(), text.len() + OVERHEAD);
        assert_eq!(seal.open(&aad, &sealed).unwrap().as_slice(), text);
        checked += 1;
    }
    assert_eq!(checked, 375);
}

#[test]
fn the_seal_opens_what_wycheproof_calls_valid_and_nothing_else() {
    let Some(path) = tests::data("crypto/wycheproof/aes_gcm_test.json") else { return };
    let vectors = json(&path);
    let (mut valid, mut invalid) = (0, 0);
    for group in vectors["testGroups"].as_array().unwrap() {
        let size = |name: &str| group[name].as_u64().unwrap();
        if (size("keySize"), size("ivSize"), size("tagSize")) != (256, 96, 128) {
            continue;
        }
        for vector in group["tests"].as_array().unwrap() {
            let seal = AeadKey::new(&key(&vector["key"]).unwrap());
            let sealed = [bytes(&vector["iv"]), bytes(&vector["ct"]), bytes(&vector["tag"])].concat();
            let opened = seal.open(&bytes(&vector["aad"]), &sealed);
            if vector["result"] == "valid" {
                assert_eq!(opened.unwrap().as_slice(), bytes(&vector["msg"]), "{}", vector["tcId"]);
                valid += 1;
            } else {
                assert!(opened.is_err(), "{}", vector["tcId"]);
                invalid += 1;
            }
        }
    }
    assert!(valid > 20 && invalid > 20, "{valid} valid, {invalid} invalid");
}

#[test]
fn keys_are_derived_as_wycheproof_says() {
    let Some(path) = tests::data("crypto/wycheproof/hkdf_sha256_test.json") else { return };
    let vectors = json(&path);
    let mut checked = 0;
    for group in vectors["testGroups"].as_array().unwrap() {
        for vector in group["tests"].as_array().unwrap() {
            let okm = bytes(&vector["okm"]);
            // The first 32 bytes do not depend on how many are asked for.
            let Some(first) = okm.get(..32) else { continue };
            let derived =
                derive::hkdf(&bytes(&vector["ikm"]), &bytes(&vector["salt"]), &bytes(&vector["info"]));
            assert_eq!(derived.as_slice(), first, "{}", vector["tcId"]);
            checked += 1;
        }
    }
    assert!(checked > 40, "{checked}");
}

#[test]
fn tags_are_the_hmac_of_wycheproof() {
    use hmac::Mac as _;
    let Some(path) = tests::data("crypto/wycheproof/hmac_sha256_test.json") else { return };
    let vectors = json(&path);
    let (mut valid, mut invalid) = (0, 0);
    for group in vectors["testGroups"].as_array().unwrap() {
        for vector in group["tests"].as_array().unwrap() {
            let Some(key) = key(&vector["key"]) else { continue };
            let mut mac = derive::mac(&key);
            mac.update(&bytes(&vector["msg"]));
            // Tags are cut from the left, to 16 bytes in half of the groups, as ours are.
            let holds = mac.verify_truncated_left(&bytes(&vector["tag"])).is_ok();
            assert_eq!(holds, vector["result"] == "valid", "{}", vector["tcId"]);
            if holds {
                valid += 1;
            } else {
                invalid += 1;
            }
        }
    }
    assert!(valid > 20 && invalid > 20, "{valid} valid, {invalid} invalid");
}

#[test]
fn passphrases_are_stretched_by_the_argon2id_of_rfc_9106() {
    use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
    let Some(path) = tests::data("crypto/argon2/rfc9106.json") else { return };
    let vector = json(&path);
    let number = |name: &str| u32::try_from(vector[name].as_u64().unwrap()).unwrap();
    let secret = bytes(&vector["secret"]);
    for (algorithm, name) in
        [(Algorithm::Argon2d, "argon2d"), (Algorithm::Argon2i, "argon2i"), (Algorithm::Argon2id, "argon2id")]
    {
        let params = ParamsBuilder::new()
            .m_cost(number("m_kib"))
            .t_cost(number("t"))
            .p_cost(number("p"))
            .data(AssociatedData::new(&bytes(&vector["ad"])).unwrap())
            .build()
            .unwrap();
        let argon2 = Argon2::new_with_secret(&secret, algorithm, Version::V0x13, params).unwrap();
        let mut tag = [0; 32];
        argon2.hash_password_into(&bytes(&vector["password"]), &bytes(&vector["salt"]), &mut tag).unwrap();
        assert_eq!(hex::encode(tag), vector["tags"][name].as_str().unwrap());
    }
    // Our own stretching is that Argon2id, without the secret and the associated data.
    let stretch = Stretch { memory_kib: 32, passes: 3, lanes: 4, salt: [2; 16] };
    let params = ParamsBuilder::new().m_cost(32).t_cost(3).p_cost(4).build().unwrap();
    let mut expected = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(b"passphrase", &[2; 16], &mut expected)
        .unwrap();
    assert_eq!(*stretch.key("passphrase").unwrap(), expected);
}

#[test]
fn function_keys_are_the_ed25519_keys_of_rfc_8032() {
    for (seed, public) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        ),
    ] {
        let seed: [u8; 32] = hex::decode(seed).unwrap().try_into().unwrap();
        let key = FunctionKey::from_seed("rfc-8032", &seed).unwrap();
        assert_eq!(hex::encode(key.key().public()), public);
    }
}
