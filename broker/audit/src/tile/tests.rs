//! What tiles and bundles promise.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::tree::{self, leaf_hash};

type Stored = BTreeMap<(u8, u64), Vec<u8>>;

fn grow(edge: &mut Edge, stored: &mut Stored, count: u64) {
    let leaves: Vec<Hash> = (edge.size()..edge.size() + count).map(|n| leaf_hash(&n.to_be_bytes())).collect();
    for tile in edge.append(&leaves) {
        stored.insert((tile.level, tile.index), tile.bytes());
    }
}

#[test]
fn paths_are_those_of_the_specification_and_no_others() {
    let path = TilePath::Hashes { level: 0, index: 1_234_067, width: 256 };
    assert_eq!(path.to_string(), "tile/0/x001/x234/067");
    assert_eq!(TilePath::Entries { index: 0, width: 5 }.to_string(), "tile/entries/000.p/5");
    for good in ["tile/0/x001/x234/067", "tile/entries/000.p/5", "tile/63/999.p/255"] {
        assert_eq!(TilePath::parse(good).unwrap().to_string(), good);
    }
    let bad = [
        "",
        "tile/",
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/001/234",
        "tile/64/000",
        "tile/00/000",
        "tile/0/x000/001",
        "tile/0/../000",
        "/tile/0/000",
        "tile/0/000/",
        "tile/data/000",
        "tile/0/000.p/05",
        "tile/+0/000",
        "tile/0/x99999999999999999999/000",
        "tile/0/\u{661}00",
    ];
    for path in bad {
        assert_eq!(TilePath::parse(path), None, "{path}");
    }
}

#[test]
fn the_stored_tiles_are_exactly_those_that_a_log_of_that_size_has() {
    for step in [1, 3, 255, 256, 257, 70_000] {
        let (mut edge, mut stored) = (Edge::new(), Stored::new());
        while edge.size() < 70_000 && edge.size() < step * 600 {
            grow(&mut edge, &mut stored, step);
        }
        let expected: Stored = TilePath::of_log(edge.size())
            .filter_map(|path| match path {
                TilePath::Hashes { level, index, width } => {
                    Some(((level, index), vec![0; width as usize * 32]))
                }
                TilePath::Entries { .. } => None,
            })
            .collect();
        let shape = |stored: &Stored| stored.iter().map(|(at, b)| (*at, b.len())).collect::<Vec<_>>();
        assert_eq!(shape(&stored), shape(&expected));
        let reader = TileReader(|level, index| stored.get(&(level, index)));
        assert_eq!(tree::root(edge.size(), &reader).unwrap(), edge.root());
        let again = Edge::restore(edge.frontier().clone(), |l, i| stored.get(&(l, i))).unwrap();
        assert_eq!(again, edge);
    }
}

#[test]
fn an_edge_is_not_restored_from_a_tile_that_was_changed() {
    let (mut edge, mut stored) = (Edge::new(), Stored::new());
    grow(&mut edge, &mut stored, 700);
    stored.get_mut(&(0, 2)).unwrap()[40] ^= 1;
    let error = Edge::restore(edge.frontier().clone(), |l, i| stored.get(&(l, i))).unwrap_err();
    assert_eq!(error, TileError::Edge { level: 0, index: 2, size: 700 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn proofs_from_tiles_hold_and_name_beforehand_what_they_read(
        size in 1_u64..70_000, at in any::<prop::sample::Index>(), old in any::<prop::sample::Index>(),
    ) {
        let (mut edge, mut stored) = (Edge::new(), Stored::new());
        grow(&mut edge, &mut stored, size);
        let (at, old) = (at.index(size as usize) as u64, old.index(size as usize) as u64);
        let only = |names: Vec<(u8, u64)>| -> Stored {
            names.into_iter().filter_map(|n| Some((n, stored.get(&n)?.clone()))).collect()
        };
        let some = only(tiles_for_inclusion(at, size));
        let proof = tree::inclusion_proof(at, size, &TileReader(|l, i| some.get(&(l, i)))).unwrap();
        let leaf = leaf_hash(&at.to_be_bytes());
        tree::verify_inclusion(at, size, &leaf, &proof, &edge.root()).unwrap();

        let some = only(tiles_for_consistency(old, size));
        let reader = TileReader(|l, i| some.get(&(l, i)));
        let proof = tree::consistency_proof(old, size, &reader).unwrap();
        let whole = TileReader(|l, i| stored.get(&(l, i)));
        let old_root = tree::root(old, &whole).unwrap();
        tree::verify_consistency(old, &old_root, size, &edge.root(), &proof).unwrap();
    }

    #[test]
    fn bundles_are_read_as_written(entries in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..99), 0..9)) {
        let bytes = encode_bundle(&entries).unwrap();
        prop_assert_eq!(decode_bundle(&bytes).unwrap(), entries);
    }

    #[test]
    fn no_bytes_make_the_bundle_reader_fail_to_answer(bytes in proptest::collection::vec(any::<u8>(), 0..99), path in ".{0,40}") {
        if let Ok(entries) = decode_bundle(&bytes) {
            prop_assert_eq!(encode_bundle(&entries).unwrap(), bytes);
        }
        let _ = TilePath::parse(&path);
    }
}
