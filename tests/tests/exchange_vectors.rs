//! Third-party vectors through the exchange's own types: AES-256-GCM as in bulk objects, Ed25519 as
//! in notes, receipts and outward calls.

#[cfg(test)]
mod vectors {
    use std::collections::BTreeMap;
    use std::io::Write as _;

    use aes_gcm::KeyInit as _;
    use aes_gcm::aead::{Aead as _, Payload};
    use agreements::{
        Digest, DisclosureId, ElementPath, NoteKey, ObjectId, PurposeId, RequestId, Transformation, digest_of,
    };
    use exchange::object::{CHUNK_BYTES, ChunkCipher};
    use exchange::{EndpointKey, ObjectHeader, ObjectKey, ObjectSealer};
    use serde_json::Value;
    use zeroize::Zeroizing;

    fn bytes(value: &Value) -> Vec<u8> {
        hex::decode(value.as_str().unwrap()).unwrap()
    }

    fn groups(file: &str) -> Option<Vec<Value>> {
        let text = std::fs::read_to_string(tests::data(&format!("crypto/wycheproof/{file}"))?).unwrap();
        let all: Value = serde_json::from_str(&text).unwrap();
        Some(all["testGroups"].as_array().unwrap().clone())
    }

    #[test]
    fn the_cipher_of_chunks_passes_every_wycheproof_vector_of_its_sizes() {
        let Some(groups) = groups("aes_gcm_test.json") else { return };
        let mut run = 0;
        for group in groups.iter().filter(|g| g["keySize"] == 256 && g["ivSize"] == 96 && g["tagSize"] == 128) {
            for case in group["tests"].as_array().unwrap() {
                let cipher = ChunkCipher::new_from_slice(&bytes(&case["key"])).unwrap();
                let nonce: [u8; 12] = bytes(&case["iv"]).try_into().unwrap();
                let (aad, message) = (bytes(&case["aad"]), bytes(&case["msg"]));
                let sealed = [bytes(&case["ct"]), bytes(&case["tag"])].concat();
                let opened = cipher.decrypt(&nonce.into(), Payload { msg: &sealed, aad: &aad });
                let made = cipher.encrypt(&nonce.into(), Payload { msg: &message, aad: &aad }).unwrap();
                match case["result"].as_str().unwrap() {
                    "valid" => {
                        assert_eq!(opened.unwrap(), message, "case {}", case["tcId"]);
                        assert_eq!(made, sealed, "case {}", case["tcId"]);
                    }
                    _ => assert!(opened.is_err(), "case {}", case["tcId"]),
                }
                run += 1;
            }
        }
        assert_eq!(run, 66);
    }

    #[test]
    fn an_object_is_those_chunks_with_the_nonces_and_associated_data_of_its_description() {
        let header = ObjectHeader {
            object: ObjectId::from_bytes([1; 16]),
            disclosure: DisclosureId::from_bytes([2; 16]),
            digest: Digest::of(b"agreement"),
            request: RequestId::from_bytes([3; 16]),
            purpose: PurposeId::parse("customs:RiskManagement").unwrap(),
            elements: BTreeMap::from([(ElementPath::parse("goods.hs_code").unwrap(), Transformation::Keep)]),
            chunk_bytes: CHUNK_BYTES,
        };
        let key = ObjectKey::from_bytes(Zeroizing::new([5; 32]));
        let mut sealer = ObjectSealer::new(Vec::new(), header.clone(), &key).unwrap();
        sealer.write_all(&[7; 150_000]).unwrap();
        let (sealed, descriptor) = sealer.finish().unwrap();
        let cipher = ChunkCipher::new_from_slice(key.as_bytes()).unwrap();
        let aad = *digest_of(&header).unwrap().as_bytes();
        let chunks: Vec<_> = sealed.chunks(CHUNK_BYTES as usize + 16).collect();
        let mut plain = Vec::new();
        for (number, chunk) in chunks.iter().enumerate() {
            let mut nonce = [0; 12];
            nonce[7..11].copy_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
            nonce[11] = u8::from(number + 1 == chunks.len());
            plain.extend(cipher.decrypt(&nonce.into(), Payload { msg: chunk, aad: &aad }).unwrap());
        }
        // Padmé: the first and the 5 bits after it are kept, the rest is rounded up.
        assert_eq!(plain.len(), 151_552);
        assert_eq!(plain[..150_000], [7; 150_000]);
        assert!(plain[150_000..].iter().all(|&byte| byte == 0));
        assert_eq!(descriptor.plaintext, Digest::of(&plain[..150_000]));
    }

    #[test]
    fn note_keys_verify_every_wycheproof_signature_and_no_other() {
        let Some(groups) = groups("ed25519_test.json") else { return };
        let mut run = 0;
        for group in &groups {
            let public: [u8; 32] = bytes(&group["publicKey"]["pk"]).try_into().unwrap();
            let key = NoteKey::new("wycheproof", public).unwrap();
            for case in group["tests"].as_array().unwrap() {
                let holds = <[u8; 64]>::try_from(bytes(&case["sig"]))
                    .is_ok_and(|signature| key.verifies(&bytes(&case["msg"]), &signature));
                assert_eq!(holds, case["result"] == "valid", "case {}", case["tcId"]);
                run += 1;
            }
        }
        assert_eq!(run, 151);
    }

    #[test]
    fn endpoint_keys_make_the_signatures_of_rfc_8032() {
        // Section 7.1, tests 1 and 2: seed, public key, message, signature.
        let vectors = [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ];
        for (seed, public, message, signature) in vectors {
            let seed: [u8; 32] = hex::decode(seed).unwrap().try_into().unwrap();
            let key = EndpointKey::from_seed(&Zeroizing::new(seed));
            assert_eq!(key.public().to_string(), public);
            assert_eq!(hex::encode(key.sign(&hex::decode(message).unwrap())), signature);
        }
    }
}
