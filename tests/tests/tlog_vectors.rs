//! The tree, the tiles and the checkpoints against other people's: the proof vectors of
//! transparency-dev/merkle, a real C2SP log written by Tessera, and three published crates.

#[cfg(test)]
mod vectors {
    use std::fs;
    use std::path::{Path, PathBuf};

    use agreements::{Digest, NoteKey};
    use audit::tile::{Bundle, decode_bundle};
    use audit::tree::{self, Hash, leaf_hash};
    use audit::{Checkpoint, Edge, Frontier, HashReader, LogSigner, TilePath, TileReader};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD as BASE64;
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use proptest::prelude::*;
    use serde::Deserialize;
    use signed_note::{Note, StandardVerifier, VerifierList};
    use tests::data;

    /// Published with Tessera's test data; its hash is checked when it is read.
    const TESSERA_KEY: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vector {
        #[serde(default)]
        leaf_idx: u64,
        #[serde(default)]
        tree_size: u64,
        #[serde(default)]
        start: u64,
        #[serde(default)]
        end: u64,
        #[serde(default)]
        size: u64,
        #[serde(default)]
        size1: u64,
        #[serde(default)]
        size2: u64,
        #[serde(default)]
        root: String,
        #[serde(default)]
        root1: String,
        #[serde(default)]
        root2: String,
        #[serde(default)]
        leaf_hash: String,
        proof: Option<Vec<String>>,
        want_err: bool,
    }

    /// Reads a hash; what is not 32 bytes is refused before any proof is looked at.
    fn hash(text: &str) -> Option<Hash> {
        BASE64.decode(text).unwrap().try_into().ok()
    }

    impl Vector {
        fn proof(&self) -> Option<Vec<Hash>> {
            self.proof.iter().flatten().map(|text| hash(text)).collect()
        }

        fn holds(&self, kind: &str) -> Option<bool> {
            let proof = self.proof()?;
            let held = match kind {
                "inclusion" => {
                    let (leaf, root) = (hash(&self.leaf_hash)?, hash(&self.root)?);
                    tree::verify_inclusion(self.leaf_idx, self.tree_size, &leaf, &proof, &root)
                }
                "consistency" => {
                    let (old, new) = (hash(&self.root1)?, hash(&self.root2)?);
                    tree::verify_consistency(self.size1, &old, self.size2, &new, &proof)
                }
                "subtreeinclusion" => {
                    let (leaf, root) = (hash(&self.leaf_hash)?, hash(&self.root)?);
                    tree::verify_subtree_inclusion(self.leaf_idx, self.start..self.end, &leaf, &proof, &root)
                }
                _ => {
                    let (part, root) = (hash(&self.root1)?, hash(&self.root2)?);
                    tree::verify_subtree(self.start..self.end, &part, self.size, &root, &proof)
                }
            };
            Some(held.is_ok())
        }
    }

    fn files(dir: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
        }
        found.sort();
        found
    }

    fn check_all(kind: &str, expected: usize) {
        let Some(dir) = data(&format!("tlog/merkle/testdata/{kind}")) else { return };
        let files = files(&dir);
        assert_eq!(files.len(), expected);
        for file in files {
            let vector: Vector = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            let held = vector.holds(kind).unwrap_or(false);
            assert_eq!(held, !vector.want_err, "{}", file.display());
        }
    }

    #[test]
    fn every_inclusion_vector_is_judged_rightly() {
        check_all("inclusion", 86);
    }

    #[test]
    fn every_consistency_vector_is_judged_rightly() {
        check_all("consistency", 84);
    }

    #[test]
    fn every_subtree_inclusion_vector_is_judged_rightly() {
        check_all("subtreeinclusion", 180);
    }

    #[test]
    fn every_subtree_consistency_vector_is_judged_rightly() {
        check_all("subtreeconsistency", 88);
    }

    #[test]
    fn a_real_log_is_read_byte_for_byte() {
        let Some(log) = data("tlog/tessera-log/testdata/log") else { return };
        let key = NoteKey::parse(TESSERA_KEY).unwrap();
        let read = |name: &str| fs::read(log.join(name)).unwrap();
        let note = |name: &str| String::from_utf8(read(name)).unwrap();
        let newest = Checkpoint::verify(&note("checkpoint"), &key).unwrap();
        assert_eq!(newest.size, 15);

        let mut edge = Edge::new();
        let mut earlier = vec![Checkpoint::verify(&note("checkpoint.0"), &key).unwrap()];
        assert_eq!(earlier[0].root, Digest::from_bytes(edge.root()));
        for size in 1..=15_u16 {
            let bundle = TilePath::Entries { index: 0, width: size }.to_string();
            let bytes = read(&bundle);
            let entries = decode_bundle(&bytes).unwrap();
            assert_eq!(entries.len(), usize::from(size));
            assert_eq!(audit::tile::encode_bundle(&entries).unwrap(), bytes);
            let tiles = edge.append(&[leaf_hash(entries[entries.len() - 1])]);
            assert_eq!(tiles.len(), 1);
            assert_eq!(tiles[0].bytes(), read(&tiles[0].path().to_string()));

            let checkpoint = Checkpoint::verify(&note(&format!("checkpoint.{size}")), &key).unwrap();
            assert_eq!((checkpoint.size, checkpoint.root), (size.into(), Digest::from_bytes(edge.root())));
            let reader = TileReader(|level, index| (level == 0 && index == 0).then(|| tiles[0].bytes()));
            for (index, entry) in entries.iter().enumerate() {
                let proof = tree::inclusion_proof(index as u64, size.into(), &reader).unwrap();
                let root = checkpoint.root.as_bytes();
                tree::verify_inclusion(index as u64, size.into(), &leaf_hash(entry), &proof, root).unwrap();
            }
            for old in &earlier {
                let proof = tree::consistency_proof(old.size, size.into(), &reader).unwrap();
                let (old_root, root) = (old.root.as_bytes(), checkpoint.root.as_bytes());
                tree::verify_consistency(old.size, old_root, size.into(), root, &proof).unwrap();
            }
            earlier.push(checkpoint);
        }
        assert_eq!(earlier.last(), Some(&newest));
        let mut tampered = read("checkpoint");
        tampered[30] ^= 1;
        assert!(Checkpoint::verify(&String::from_utf8_lossy(&tampered), &key).is_err());
        assert!(Bundle::new(&read("tile/entries/000.p/15")[1..]).any(|entry| entry.is_err()));
    }

    struct Leaves(Vec<Hash>);

    impl HashReader for Leaves {
        fn node(&self, level: u32, index: u64) -> Option<Hash> {
            let (width, index) = (1_usize << level, index as usize);
            let mut frontier = Frontier::new();
            self.0.get(index * width..(index + 1) * width)?.iter().for_each(|leaf| frontier.push(*leaf));
            Some(frontier.root())
        }
    }

    struct Oracle(Vec<tlog_tiles::Hash>);

    impl tlog_tiles::HashReader for Oracle {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
            Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
        }
    }

    fn records(count: u64) -> Vec<Vec<u8>> {
        (0..count).map(|n| n.to_be_bytes().to_vec()).collect()
    }

    fn oracle(records: &[Vec<u8>]) -> Oracle {
        let mut oracle = Oracle(Vec::new());
        for (n, record) in (0..).zip(records) {
            let next = tlog_tiles::stored_hashes(n, record, &oracle).unwrap();
            oracle.0.extend(next);
        }
        oracle
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn roots_proofs_and_tiles_are_those_of_two_other_implementations(
            size in 1_u64..1_500, at in any::<prop::sample::Index>(), old in any::<prop::sample::Index>(),
        ) {
            let (at, old) = (at.index(size as usize) as u64, old.index(size as usize) as u64 + 1);
            let records = records(size);
            let leaves = Leaves(records.iter().map(|record| leaf_hash(record)).collect());
            let mut edge = Edge::new();
            let tiles = edge.append(&leaves.0);
            let ours = (
                edge.root(),
                tree::inclusion_proof(at, size, &leaves).unwrap(),
                tree::consistency_proof(old, size, &leaves).unwrap(),
            );

            let oracle = oracle(&records);
            let root = tlog_tiles::tree_hash(size, &oracle).unwrap();
            prop_assert_eq!(root.0, ours.0);
            let proof = tlog_tiles::prove_record(size, at, &oracle).unwrap();
            prop_assert_eq!(proof.iter().map(|h| h.0).collect::<Vec<_>>(), ours.1.clone());
            let proof = tlog_tiles::prove_tree(size, old, &oracle).unwrap();
            prop_assert_eq!(proof.iter().map(|h| h.0).collect::<Vec<_>>(), ours.2.clone());
            for tile in tiles {
                let other = tlog_tiles::Tile::new(8, tile.level, tile.index, tile.width().into(), false);
                prop_assert_eq!(other.read_data(&oracle).unwrap(), tile.bytes());
            }

            let mut memory = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
            records.into_iter().for_each(|record| memory.push(record));
            prop_assert_eq!(memory.root().as_bytes().to_vec(), ours.0.to_vec());
            prop_assert_eq!(memory.prove_inclusion(at as usize).as_bytes().to_vec(), ours.1.concat());
            prop_assert_eq!(memory.prove_consistency((size - old) as usize).as_bytes().to_vec(), ours.2.concat());
        }

        #[test]
        fn our_checkpoints_are_read_by_published_crates(seed in any::<[u8; 32]>(), size in any::<u32>(), root in any::<[u8; 32]>()) {
            let signer = LogSigner::from_seed("nl-customs.example/log", seed.into()).unwrap();
            let ours = Checkpoint { origin: "nl-customs.example/log".into(), size: size.into(), root: Digest::from_bytes(root) };
            let text = ours.sign(&signer).unwrap();
            let note = Note::from_bytes(text.as_bytes()).unwrap();
            let verifier = StandardVerifier::new(&signer.key().to_string()).unwrap();
            let (good, other) = note.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
            prop_assert_eq!((good.len(), other.len()), (1, 0));
            let theirs = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
            prop_assert_eq!((theirs.origin(), theirs.size(), theirs.hash().0), (ours.origin.as_str(), ours.size, root));
        }
    }
}
