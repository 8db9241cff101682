//! What may stand in a log after what.

use agreements::directory::{Directory, Function, Holder};
use agreements::statements::ReceiptStage;
use agreements::*;
use audit::*;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::story::{Story, authority, endpoint, key, officer, path, signed};

/// Words of a refusal, and the change that brings it about.
type Change<'a> = (&'a str, &'a dyn Fn(&mut Disclosure));

/// Applies an event that must be refused and change nothing; returns why.
fn refused(story: &mut Story, event: &Event) -> String {
    let before = story.standing.to_state();
    let error = story.standing.apply(story.at, event).unwrap_err();
    assert_eq!(story.standing.to_state(), before, "{event:?}");
    error.to_string()
}

fn altered(story: &Story, sequence: u64, alter: impl Fn(&mut Disclosure)) -> Event {
    let mut disclosure = story.disclosure(sequence);
    alter(&mut disclosure);
    Event::Disclosure(Box::new(disclosure))
}

#[test]
fn the_whole_story_follows_and_can_be_taken_up_at_any_state_entry() {
    let story = Story::told();
    let mut from_zero = Standing::new();
    for cut in 0..story.openings.len() {
        let mut taken_up =
            Standing::from_state(from_zero.last().unwrap_or_default(), &from_zero.to_state()).unwrap();
        for (index, opening) in story.openings.iter().enumerate().skip(cut) {
            let at = Leaf::parse(story.leaf(index as u64)).unwrap().at;
            taken_up.apply(at, &opening.values).unwrap();
        }
        assert_eq!(taken_up.to_state(), story.standing.to_state());
        let at = Leaf::parse(story.leaf(cut as u64)).unwrap().at;
        from_zero.apply(at, &story.openings[cut].values).unwrap();
    }
    let json = canonical(&story.standing.to_state()).unwrap();
    assert_eq!(serde_json::from_str::<State>(&json).unwrap(), story.standing.to_state());
}

#[test]
fn an_opinion_stays_good_when_the_dpo_changes() {
    let mut story = Story::in_force();
    story.push(Event::DirectoryChanged { note: story.directory("be-customs", 2), by: officer("NL-1") });
    let state = story.standing.to_state();
    assert_eq!(Standing::from_state(Timestamp::UNIX_EPOCH, &state).unwrap().to_state(), state);
    let mut other = Story::new();
    other.begin();
    other.push(Event::DirectoryChanged { note: other.directory("be-customs", 2), by: officer("NL-1") });
    let late = other.opinion("be-customs");
    assert_eq!(refused(&mut other, &late), "no signature by `the dpo of be-customs`");
}

#[test]
fn a_restated_state_is_verified_again() {
    let story = Story::told();
    let good = story.standing.to_state();
    let refused = |change: &dyn Fn(&mut State)| {
        let mut state = good.clone();
        change(&mut state);
        assert_ne!(state, good);
        assert!(Standing::from_state(Timestamp::UNIX_EPOCH, &state).is_err());
    };
    refused(&|state| state.agreements[0].document.push_str("x = 1\n"));
    refused(&|state| drop(state.agreements[0].notes.remove(0)));
    refused(&|state| state.agreements[0].notes[0].directory = 2);
    refused(&|state| state.agreements[0].steps.truncate(2));
    refused(&|state| drop(state.roots.insert(authority("be-customs"), key("other/root"))));
    refused(&|state| drop(state.directories.remove(&authority("be-customs"))));
    refused(&|state| state.endpoints.values_mut().for_each(|e| e.note = e.note.replace("desk-1", "desk-2")));
}

#[test]
fn nothing_goes_out_without_an_agreement_in_force() {
    let mut story = Story::new();
    story.begin();
    let event = Event::Disclosure(Box::new(story.disclosure(1)));
    assert!(refused(&mut story, &event).contains("is not in force"));
    story.approve();
    assert!(refused(&mut story, &event).contains("is not in force"));
    let mut story = Story::in_force();
    story.suspend();
    let event = Event::Disclosure(Box::new(story.disclosure(1)));
    assert!(refused(&mut story, &event).contains("it is suspended"));
    story.resume();
    assert_eq!(refused(&mut story, &event), "policy epoch 2, where 3 was due");
    story.disclose(1);
    story.at = "2031-04-01T00:00:00Z".parse().unwrap();
    let event = Event::Disclosure(Box::new(story.disclosure(2)));
    assert!(refused(&mut story, &event).contains("is not in force"));
}

#[test]
fn a_disclosure_is_one_that_its_clause_gives() {
    let mut story = Story::in_force();
    let parse = |text| Transformation::parse(text).unwrap();
    let put = |d: &mut Disclosure, element, form| d.elements.extend([(element, form)]);
    let changes: [Change; 16] = [
        ("the recipient", &|d| d.recipient = authority("fr-statistics")),
        ("the role", &|d| d.role = RoleId::parse("case-officer").unwrap()),
        ("the purpose", &|d| d.purpose = PurposeId::parse("customs:PostClearanceControl").unwrap()),
        ("the dataset", &|d| d.dataset = DatasetId::parse("aeo-status").unwrap()),
        ("the retention", &|d| d.retention_days = 366),
        ("the ceiling of clause", &|d| (d.records, d.counted) = (100_001, 100_001)),
        ("number of records counted", &|d| d.counted = d.records + 1),
        ("number of records counted", &|d| d.counted = d.records - 1),
        ("another form", &|d| put(d, path("consignee.eori"), Transformation::Keep)),
        ("another form", &|d| put(d, path("remarks"), Transformation::Keep)),
        ("element of its clauses", &|d| put(d, path("goods.origin"), Transformation::Keep)),
        ("withheld", &|d| put(d, path("consignee.iban"), Transformation::Withhold)),
        ("clause `other`", &|d| d.clauses = vec![ClauseId::parse("other").unwrap()]),
        ("no clause", &|d| d.clauses.clear()),
        ("digest", &|d| d.digest = Digest::of(b"other")),
        ("sequence 2", &|d| d.sequence = 2),
    ];
    for (words, change) in changes {
        let event = altered(&story, 1, change);
        let why = refused(&mut story, &event);
        assert!(why.contains(words), "{why} / {words}");
    }
    // Randomised pseudonyms let out less than the clause gives.
    let event = altered(&story, 1, |d| {
        d.elements.insert(path("consignee.eori"), parse("pseudonymise:document"));
    });
    story.push(event);
}

/// Records that the story's next disclosure under its clause counts for.
fn counting(story: &Story, sequence: u64, records: u64) -> Event {
    altered(story, sequence, |d| (d.records, d.counted) = (records, records))
}

#[test]
fn what_was_given_on_a_day_counts_until_the_day_is_over() {
    let mut story = Story::in_force();
    let event = counting(&story, 1, 60_000);
    story.push(event);
    let event = counting(&story, 2, 39_999);
    story.push(event);
    let more = counting(&story, 3, 2);
    let why = refused(&mut story, &more);
    assert!(why.contains("99999 records were given that day, 100000 may be"), "{why}");
    // A question about a known person counts for one, though nothing was found.
    let nothing_found = altered(&story, 3, |d| (d.records, d.counted) = (0, 1));
    story.push(nothing_found);
    let none = altered(&story, 4, |d| (d.records, d.counted) = (0, 1));
    assert!(refused(&mut story, &none).contains("ceiling"));
    // A restated standing counts on, and a clock that goes back begins no new day.
    let mut restated = Standing::from_state(story.at, &story.standing.to_state()).unwrap();
    assert!(restated.apply(story.at, &none).is_err());
    let yesterday = story.at - jiff::SignedDuration::from_hours(24);
    assert!(story.standing.apply(yesterday, &none).is_err());
    story.at += jiff::SignedDuration::from_hours(24);
    let event = counting(&story, 4, 100_000);
    story.push(event);
}

#[test]
fn a_sequence_has_no_gap_and_no_number_twice() {
    let mut story = Story::in_force();
    story.disclose(1);
    for wrong in [0, 1, 3] {
        let event = story.refusal(wrong);
        assert_eq!(refused(&mut story, &event), format!("sequence {wrong} for `be-customs`, where 2 was due"));
    }
    story.push(story.refusal(2));
}

#[test]
fn a_key_follows_only_the_receipt_of_its_own_object() {
    let mut story = Story::in_force();
    let index = story.disclose_object(1);
    let good = story.receipt(index, 1, ReceiptStage::Held);
    let mut wrong = vec![good.clone(); 5];
    wrong[0].stage = ReceiptStage::Opened;
    wrong[1].received = Digest::of(b"other");
    wrong[2].object = None;
    wrong[3].digest = Digest::of(b"other");
    wrong[4].authority = authority("fr-statistics");
    for receipt in wrong {
        let event = story.key_delivered(1, 2, &receipt);
        refused(&mut story, &event);
    }
    let mut other = story.key_delivered(1, 2, &good);
    if let Event::KeyDelivered { receipt, .. } = &mut other {
        *receipt = receipt.replace("held", "helt");
    }
    refused(&mut story, &other);
    let event = story.key_delivered(1, 2, &good);
    let mut suspended = story.standing.clone();
    let (agreement, policy_epoch) = (story.version(), 2);
    let halt = Event::Suspended { agreement, by: officer("NL-1"), policy_epoch, grounds: "x".into() };
    suspended.apply(story.at, &halt).unwrap();
    assert!(suspended.apply(story.at, &event).unwrap_err().to_string().contains("it is suspended"));
    story.push(event.clone());
    assert!(refused(&mut story, &event).contains("is not known"));
}

#[test]
fn only_active_officers_act_and_the_first_names_itself() {
    let mut story = Story::in_force();
    let change = |number: &str, active, by: &str| Event::OfficerChanged {
        officer: officer(number),
        roles: vec!["controller".into()],
        active,
        by: officer(by),
    };
    refused(&mut story, &change("NL-2", true, "NL-2"));
    story.push(change("NL-2", true, "NL-1"));
    story.push(change("NL-1", false, "NL-2"));
    let (agreement, policy_epoch) = (story.version(), 2);
    let halt = Event::Suspended { agreement, by: officer("NL-1"), policy_epoch, grounds: "x".into() };
    assert_eq!(refused(&mut story, &halt), "`NL-1` is not an active officer at this point of the log");
}

#[test]
fn an_agreement_needs_roots_notes_and_datasets_that_are_what_they_say() {
    let mut story = Story::new();
    story.begin();
    let (agreement, digest, document) = (story.version(), story.digest(), story.document.clone());
    let by = officer("NL-1");
    let other = Event::Proposed {
        agreement: AgreementVersion { version: 2, ..agreement.clone() },
        digest,
        document: document.clone(),
        by: by.clone(),
    };
    assert!(refused(&mut story, &other).contains("does not have the id"));
    let again =
        Event::Proposed { agreement: agreement.clone(), digest, document: document.clone(), by: by.clone() };
    assert!(refused(&mut story, &again).contains("exists already"));
    let signature = story.signature("nl-customs");
    assert!(refused(&mut story, &signature).contains("still missing"));
    let opinion = story.opinion("nl-customs");
    let Event::OpinionGiven { note, .. } = &opinion else { unreachable!() };
    let forged = Event::OpinionGiven { note: note.replace("Nothing", "Something"), by: officer("NL-1") };
    assert!(refused(&mut story, &forged).contains("does not hold"));
    story.approve();
    let dataset = DatasetId::parse("import-declarations").unwrap();
    let change = Event::DatasetPublished { dataset, digest: Digest::of(b"other"), by };
    story.push(change.clone());
    let force = Event::InForce { agreement, digest, by: officer("NL-1"), policy_epoch: 1 };
    assert!(refused(&mut story, &force).contains("is not published as"));
    let mut in_force = Story::in_force();
    assert!(refused(&mut in_force, &change).contains("is not published as"));
}

#[test]
fn members_are_enrolled_endpoints_of_the_recipient() {
    let mut story = Story::in_force();
    let events = [
        story.group(2, GroupChange::Added, &["desk-2"]),
        story.group(1, GroupChange::Refreshed, &[]),
        story.group(2, GroupChange::Removed, &["desk-2"]),
        story.group(2, GroupChange::Created, &[]),
        Event::Enrolled { note: story.enrolment("desk-2", 91), by: officer("NL-1") },
    ];
    for event in events {
        refused(&mut story, &event);
    }
    story.push(Event::Enrolled { note: story.enrolment("desk-2", 1), by: officer("NL-1") });
    let add = story.group(2, GroupChange::Added, &["desk-2"]);
    story.at += SignedDuration::from_hours(25);
    assert!(refused(&mut story, &add).contains("expired"));
    let gone = Event::EndpointRemoved {
        authority: authority("be-customs"),
        endpoint: endpoint("desk-1"),
        grounds: "lost".into(),
        by: officer("NL-1"),
    };
    story.push(gone.clone());
    refused(&mut story, &gone);
    assert!(story.standing.endpoint(&endpoint("desk-1")).is_none());
    story.push(story.group(2, GroupChange::Removed, &["desk-1"]));
    let again = story.group(3, GroupChange::Added, &["desk-1"]);
    refused(&mut story, &again);
}

#[test]
fn two_authorities_share_no_key() {
    let mut story = Story::new();
    story.begin();
    let by = officer("NL-1");
    let event =
        Event::RootTrusted { authority: authority("jp-customs"), key: key("be-customs/root"), by: by.clone() };
    assert!(refused(&mut story, &event).contains("has a key of another authority"));
    let event = Event::RootTrusted { authority: authority("be-customs"), key: key("x"), by };
    assert!(refused(&mut story, &event).contains("exists already"));
    let forged = story.directory("be-customs", 2);
    let note = Note::parse(&forged).unwrap();
    let directory = <Directory as Statement>::from_note(&note).unwrap();
    let event = Event::DirectoryChanged { note: signed(&directory, "nl-customs/root"), by: officer("NL-1") };
    assert!(refused(&mut story, &event).contains("no signature by"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The story with some entries left out, swapped or repeated: whatever is accepted can be
    /// restated and taken up again, whatever is refused changes nothing.
    #[test]
    fn replay_from_a_state_entry_is_replay_from_zero(order in proptest::collection::vec(0_usize..40, 0..80)) {
        let story = Story::told();
        let mut mixed = Story::new();
        mixed.begin();
        for at in order {
            let event = &story.openings[at % story.openings.len()].values;
            let before = mixed.standing.to_state();
            match mixed.standing.apply(story.at, event) {
                Ok(()) => {}
                Err(_) => prop_assert_eq!(mixed.standing.to_state(), before),
            }
        }
        let state = mixed.standing.to_state();
        prop_assert_eq!(Standing::from_state(Timestamp::UNIX_EPOCH, &state).unwrap().to_state(), state);
    }
}

#[test]
fn time_does_not_go_back_on_record() {
    let mut story = Story::in_force();
    story.disclose(1);
    story.at -= SignedDuration::from_hours(1);
    let event = Event::Disclosure(Box::new(story.disclosure(2)));
    assert!(refused(&mut story, &event).contains("time does not go back"));
    // Nor behind a state entry from which replay begins.
    let at = story.at + SignedDuration::from_hours(1);
    let mut restated = Standing::from_state(at, &story.standing.to_state()).unwrap();
    assert!(restated.apply(story.at, &event).is_err());
    restated.apply(at, &event).unwrap();
}

#[test]
fn a_key_that_one_authority_gave_up_and_another_took_is_restated() {
    let mut story = Story::in_force();
    let directory = |story: &Story, name: &str, dpo: &str| {
        let key_of = |office: &str| key(&format!("{name}/{office}"));
        let holder = |function, key| Holder { function, office: "Office".to_owned(), key };
        let directory = Directory {
            authority: authority(name),
            version: 2,
            at: story.at,
            holders: vec![
                holder(Function::Signatory, key_of("signatory")),
                holder(Function::Dpo, key(dpo)),
                holder(Function::Enrolment, key_of("enrolment")),
                holder(Function::Statements, key_of("statements")),
            ],
        };
        Event::DirectoryChanged { note: signed(&directory, &format!("{name}/root")), by: officer("NL-1") }
    };
    let taken = directory(&story, "be-customs", "nl-customs/dpo");
    assert!(refused(&mut story, &taken).contains("a key of another authority"), "while it is in use");
    let given_up = directory(&story, "nl-customs", "nl-customs/dpo-2");
    story.push(given_up);
    story.push(taken);
    let state = story.standing.to_state();
    assert_eq!(Standing::from_state(story.at, &state).unwrap().to_state(), state);
}

#[test]
fn nobody_who_controls_decides_what_leaves_or_names_who_acts() {
    let mut story = Story::new();
    story.begin();
    for roles in [["agreements", "dpo"], ["dpo", "administrator"]] {
        let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        let event = Event::OfficerChanged {
            officer: officer("NL-7"),
            roles: roles.clone(),
            active: true,
            by: officer("NL-1"),
        };
        assert!(refused(&mut story, &event).contains("independent"));
        let mut state = story.standing.to_state();
        let known = audit::state::OfficerState { roles, active: true };
        state.officers.insert(officer("NL-7"), known);
        assert!(Standing::from_state(Timestamp::UNIX_EPOCH, &state).is_err());
    }
}

#[test]
fn a_note_is_handed_in_by_an_officer_who_may_act() {
    let mut story = Story::in_force();
    let by = officer("NL-404");
    let events = [
        Event::DirectoryChanged { note: story.directory("be-customs", 2), by: by.clone() },
        Event::Enrolled { note: story.enrolment("desk-2", 90), by: by.clone() },
        Event::EndpointRemoved {
            authority: authority("be-customs"),
            endpoint: endpoint("desk-1"),
            grounds: "lost".into(),
            by: by.clone(),
        },
        Event::OfficerIdentified {
            officer: officer("NL-1"),
            grounds: audit::LogPurpose::Lawfulness,
            by: by.clone(),
        },
    ];
    for event in events {
        assert_eq!(refused(&mut story, &event), "`NL-404` is not an active officer at this point of the log");
    }
}
