//! Promises of the lifecycle.

use jiff::Timestamp;
use jiff::civil::date;

use super::*;
use crate::document::read;
use crate::library;
use crate::statements::ClauseOpinion;

const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn proposed(name: &str) -> Lifecycle {
    Lifecycle::new(read(library::agreement(name).unwrap()).unwrap()).unwrap()
}

fn authority(name: &str) -> AuthorityId {
    AuthorityId::parse(name).unwrap()
}

fn opinion(of: &Lifecycle, by: &str, verdict: Verdict) -> Opinion {
    Opinion {
        agreement: of.agreement.at_version(),
        digest: of.digest,
        authority: authority(by),
        clauses: of
            .clause_digests
            .iter()
            .map(|(clause, digest)| (clause.clone(), ClauseOpinion { digest: *digest, verdict }))
            .collect(),
        text: "Assessed.".to_owned(),
        at: AT,
    }
}

fn signature(of: &Lifecycle, by: &str) -> PartySignature {
    PartySignature {
        agreement: of.agreement.at_version(),
        digest: of.digest,
        clauses: of.clause_digests.clone(),
        authority: authority(by),
        at: AT,
    }
}

fn met(of: &Lifecycle, condition: &str, by: &str) -> ConditionMet {
    ConditionMet {
        agreement: of.agreement.at_version(),
        digest: of.digest,
        condition: ClauseId::parse(condition).unwrap(),
        authority: authority(by),
        reference: "Gazette 2026/77".to_owned(),
        at: AT,
    }
}

const PARTIES: [&str; 3] = ["nl-customs", "be-customs", "fr-statistics"];

fn opined() -> Lifecycle {
    let mut life = proposed("import-declarations");
    for party in PARTIES {
        life.add_opinion(opinion(&life, party, Verdict::Favourable)).unwrap();
    }
    life
}

fn signed() -> Lifecycle {
    let mut life = opined();
    for party in PARTIES {
        life.add_signature(signature(&life, party)).unwrap();
    }
    life
}

fn in_force() -> Lifecycle {
    let mut life = signed();
    life.enter_into_force(date(2026, 4, 1)).unwrap();
    life
}

#[test]
fn it_says_in_plain_words_what_is_missing() {
    let mut life = proposed("aeo-status");
    life.add_opinion(opinion(&life, "nl-customs", Verdict::Favourable)).unwrap();
    assert_eq!(
        life.missing(),
        [
            "opinion of the DPO of be-customs",
            "opinion of the DPO of jp-customs",
            "signature of nl-customs",
            "signature of be-customs",
            "signature of jp-customs",
            "attestation of `publication` by nl-customs",
            "attestation of `transfer-assessment` by nl-customs",
        ]
    );
}

#[test]
fn it_comes_into_force_only_when_nothing_is_missing_and_only_within_its_validity() {
    let today = date(2026, 5, 1);
    let mut life = proposed("import-declarations");
    assert_eq!(life.status(), Status::Proposed);
    assert!(matches!(life.enter_into_force(today), Err(LifecycleError::Missing(m)) if m.len() == 6));
    let mut life = opined();
    assert_eq!(life.status(), Status::Opined);
    assert!(matches!(life.enter_into_force(today), Err(LifecycleError::Missing(m)) if m.len() == 3));
    let mut life = signed();
    assert_eq!((life.status(), life.missing().len()), (Status::Signed, 0));
    for outside in [date(2026, 3, 31), date(2031, 4, 1)] {
        assert!(matches!(life.enter_into_force(outside), Err(LifecycleError::OutsideValidity { .. })));
        assert!(!life.is_open(outside));
    }
    assert!(!life.is_open(today));
    life.enter_into_force(today).unwrap();
    assert!(life.is_open(today));
    assert!(matches!(life.enter_into_force(today), Err(LifecycleError::Step { .. })));
}

#[test]
fn nobody_signs_before_every_dpo_has_spoken() {
    let mut life = proposed("import-declarations");
    life.add_opinion(opinion(&life, "nl-customs", Verdict::Favourable)).unwrap();
    life.add_opinion(opinion(&life, "be-customs", Verdict::Favourable)).unwrap();
    let early = life.add_signature(signature(&life, "be-customs")).unwrap_err();
    assert_eq!(early.to_string(), "still missing: opinion of the DPO of fr-statistics");
}

#[test]
fn one_unfavourable_verdict_on_one_clause_rejects_the_agreement() {
    let mut life = proposed("import-declarations");
    let mut against = opinion(&life, "fr-statistics", Verdict::Favourable);
    against.clauses.values_mut().next().unwrap().verdict = Verdict::Unfavourable;
    life.add_opinion(against).unwrap();
    assert_eq!(life.status(), Status::Rejected);
    let late = opinion(&life, "nl-customs", Verdict::Favourable);
    assert!(matches!(life.add_opinion(late), Err(LifecycleError::Step { .. })));
    assert!(matches!(life.add_signature(signature(&life, "nl-customs")), Err(LifecycleError::Step { .. })));
    assert!(matches!(life.enter_into_force(date(2026, 5, 1)), Err(LifecycleError::Step { .. })));
    assert!(life.terminate().is_err());
}

#[test]
fn a_statement_about_another_text_is_refused() {
    let mut life = proposed("import-declarations");
    let good = opinion(&life, "be-customs", Verdict::Favourable);

    let mut other = good.clone();
    other.agreement.version = 2;
    assert!(matches!(life.add_opinion(other), Err(LifecycleError::OtherAgreement { .. })));
    let mut other = good.clone();
    other.digest = Digest::of(b"another text");
    assert!(matches!(life.add_opinion(other), Err(LifecycleError::OtherDigest { .. })));
    let mut other = good.clone();
    other.clauses.pop_first();
    assert!(matches!(life.add_opinion(other), Err(LifecycleError::Clause { .. })));
    let mut other = good.clone();
    other.clauses.first_entry().unwrap().get_mut().digest = Digest::of(b"another clause");
    assert!(matches!(life.add_opinion(other), Err(LifecycleError::Clause { .. })));
    let mut other = good.clone();
    let (_, said) = good.clauses.first_key_value().unwrap();
    other.clauses.insert(ClauseId::parse("no-clause").unwrap(), said.clone());
    assert!(matches!(life.add_opinion(other), Err(LifecycleError::Clause { .. })));
    let mut other = good.clone();
    other.authority = authority("jp-customs");
    assert!(matches!(life.add_opinion(other), Err(LifecycleError::NotAParty(_))));

    assert_eq!(life.status(), Status::Proposed);
    assert!(life.opinions().is_empty());
    life.add_opinion(good.clone()).unwrap();
    assert!(matches!(life.add_opinion(good), Err(LifecycleError::Given { .. })));

    let mut life = opined();
    let mut other = signature(&life, "be-customs");
    other.clauses.pop_last();
    assert!(matches!(life.add_signature(other), Err(LifecycleError::Clause { .. })));
    life.add_signature(signature(&life, "be-customs")).unwrap();
    let again = signature(&life, "be-customs");
    assert!(matches!(life.add_signature(again), Err(LifecycleError::Given { .. })));
}

#[test]
fn a_condition_is_attested_once_and_by_the_party_named() {
    let mut life = proposed("aeo-status");
    let publication = met(&life, "publication", "nl-customs");
    let by_another = met(&life, "publication", "be-customs");
    assert!(matches!(life.add_condition(by_another), Err(LifecycleError::OtherAttester { .. })));
    let unknown = met(&life, "training", "nl-customs");
    assert!(matches!(life.add_condition(unknown), Err(LifecycleError::UnknownCondition(_))));
    life.add_condition(publication.clone()).unwrap();
    assert!(matches!(life.add_condition(publication), Err(LifecycleError::Given { .. })));
    for party in ["nl-customs", "be-customs", "jp-customs"] {
        life.add_opinion(opinion(&life, party, Verdict::Favourable)).unwrap();
    }
    for party in ["nl-customs", "be-customs", "jp-customs"] {
        life.add_signature(signature(&life, party)).unwrap();
    }
    let missing = life.enter_into_force(date(2026, 5, 1)).unwrap_err();
    assert_eq!(missing.to_string(), "still missing: attestation of `transfer-assessment` by nl-customs");
    life.add_condition(met(&life, "transfer-assessment", "nl-customs")).unwrap();
    life.enter_into_force(date(2026, 5, 1)).unwrap();
}

#[test]
fn suspended_is_closed_until_resumed_and_terminated_is_closed_for_good() {
    let today = date(2027, 1, 1);
    let mut life = in_force();
    assert!(life.resume().is_err());
    life.suspend().unwrap();
    assert_eq!((life.status(), life.is_open(today)), (Status::Suspended, false));
    assert!(life.suspend().is_err());
    life.resume().unwrap();
    assert!(life.is_open(today));
    life.suspend().unwrap();
    life.terminate().unwrap();
    assert_eq!((life.status(), life.is_open(today)), (Status::Terminated, false));
    for refused in [life.clone().resume(), life.clone().suspend(), life.clone().terminate()] {
        assert!(matches!(refused, Err(LifecycleError::Step { .. })));
    }
    assert!(life.enter_into_force(today).is_err());
}

#[test]
fn it_is_closed_from_the_day_after_its_last() {
    let life = in_force();
    assert!(life.is_open(date(2031, 3, 31)));
    assert!(!life.is_open(date(2031, 4, 1)));
    assert_eq!(life.status_on(date(2031, 4, 1)), Status::Expired);
    assert_eq!(life.status(), Status::InForce);
    assert!(!life.is_open(date(2026, 3, 31)));
}

#[test]
fn every_status_reads_back_from_its_word() {
    for status in Status::ALL {
        assert_eq!(Status::parse(status.as_str()), Some(status));
        assert_eq!(serde_json::to_string(&status).unwrap(), format!("\"{status}\""));
    }
    assert_eq!(Status::parse("in force"), None);
}
