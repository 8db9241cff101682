//! One entry and its proof, and two checkpoints.

use agreements::*;
use audit::tree::{Hash, consistency_proof, inclusion_proof};
use audit::verify::{Evidence, Fault, compare, verify_receipt};
use audit::*;

use crate::story::{LOG, Story, key, other_key};

struct Hashes(Vec<Hash>);

impl HashReader for Hashes {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let width = 1_usize << level;
        let mut frontier = Frontier::new();
        self.0
            .get(index as usize * width..(index as usize + 1) * width)?
            .iter()
            .for_each(|h| frontier.push(*h));
        Some(frontier.root())
    }
}

pub fn receipt(story: &Story, index: u64) -> ReceiptFile {
    let proof = inclusion_proof(index, story.edge.size(), &Hashes(story.hashes())).unwrap();
    ReceiptFile {
        log_key: Story::signer().key().clone(),
        checkpoint: story.checkpoint().sign(&Story::signer()).unwrap(),
        index,
        leaf: String::from_utf8(story.leaf(index).to_vec()).unwrap(),
        proof: proof.into_iter().map(Digest::from_bytes).collect(),
        message: Digest::of(&index.to_be_bytes()),
        opening: story.openings[index as usize].clone(),
    }
}

pub fn told() -> (Story, u64) {
    let story = Story::told();
    let index = story.edge.size() - 1;
    (story, index)
}

#[test]
fn a_recipient_can_prove_what_it_received() {
    let (story, index) = told();
    let file = receipt(&story, index);
    let proven = verify_receipt(&file, Some(Story::signer().key())).unwrap();
    assert_eq!(proven.event, story.openings[index as usize].values);
    let line = proven.to_string();
    assert!(line.starts_with(&format!("{LOG}: entry {index} of {} verified: disclosure ", story.edge.size())));
    assert!(line.contains(" of 3 records in the message to be-customs under NL-BE-FR-2026-04 version 1 for "));
}

#[test]
fn nothing_in_a_receipt_can_be_changed() {
    let (story, index) = told();
    let good = receipt(&story, index);
    let other = receipt(&story, index - 1);
    let changes: [&dyn Fn(&mut ReceiptFile); 9] = [
        &|file| file.index -= 1,
        &|file| file.message = Digest::of(b"another"),
        &|file| file.leaf = other.leaf.clone(),
        &|file| file.proof = other.proof.clone(),
        &|file| file.proof.truncate(1),
        &|file| file.opening = other.opening.clone(),
        &|file| file.opening.salt = other.opening.salt,
        &|file| file.log_key = other_key(),
        &|file| file.checkpoint = file.checkpoint.replacen(LOG, "log", 2),
    ];
    for (at, change) in changes.iter().enumerate() {
        let mut file = good.clone();
        change(&mut file);
        assert_eq!(verify_receipt(&file, None).unwrap_err().code(), 1, "change {at}");
    }
    assert!(verify_receipt(&good, Some(&key("be-customs.example/log"))).is_err());
}

#[test]
fn an_entry_without_a_message_proves_no_message() {
    let (story, _) = told();
    let fault = verify_receipt(&receipt(&story, 0), None).unwrap_err();
    assert_eq!(fault.to_string(), "entry 0: it is about no message");
}

#[test]
fn a_forked_log_is_found_out_by_comparing_checkpoints() {
    let signer = Story::signer();
    let (old, new) = (Story::in_force(), Story::told());
    let sign = |story: &Story| story.checkpoint().sign(&signer).unwrap();
    let proof = consistency_proof(old.edge.size(), new.edge.size(), &Hashes(new.hashes())).unwrap();
    let evidence = Evidence { consistency: proof.into_iter().map(Digest::from_bytes).collect() };
    for (a, b) in [(&old, &new), (&new, &old)] {
        let line = compare(&sign(a), &sign(b), signer.key(), Some(&evidence)).unwrap().to_string();
        assert!(line.contains(" extends the log of "), "{line}");
    }
    assert!(matches!(compare(&sign(&old), &sign(&new), signer.key(), None), Err(Fault::Missing(_))));
    assert!(compare(&sign(&new), &sign(&new), signer.key(), None).is_ok());

    let mut forked = Story::in_force();
    forked.push(forked.refusal(1));
    while forked.edge.size() < new.edge.size() {
        let next = forked.standing.sequence(&forked.version().id, &crate::story::authority("be-customs")) + 1;
        forked.disclose(next);
    }
    for evidence in [None, Some(&evidence)] {
        let fault = compare(&sign(&new), &sign(&forked), signer.key(), evidence).unwrap_err();
        assert!(fault.to_string().contains("forked or rewritten"), "{fault}");
    }
    let mut rewritten = old.checkpoint();
    rewritten.root = Digest::of(b"other");
    let note = rewritten.sign(&signer).unwrap();
    assert_eq!(compare(&note, &sign(&new), signer.key(), Some(&evidence)).unwrap_err().code(), 1);
}
