//! An entry as a DPO reads it: everything that it says, whole, wrapped; elements one to a line with
//! their form in words, notes by what they state and who signed.

use agreements::statements::{ConditionMet, Enrolment, OfficerStatement, Opinion, PartySignature, Receipt};
use agreements::{Directory, Note, Statement, Transformation};
use serde::Serialize;
use serde_json::Value;

use crate::cli::table::plain;

/// Letters in a line of text, its margin not counted.
const WIDTH: usize = 96;

/// One entry: index, time, what it is, then each thing that it says on lines of its own.
pub(super) fn entry(entry: &Value) -> String {
    let text = |value: Option<&Value>| value.and_then(scalar).unwrap_or_default();
    let event = entry.get("event");
    let mut words = format!(
        "{}  {}  {}\n",
        text(entry.get("index")),
        text(entry.get("at")),
        text(event.and_then(|event| event.get("operation")))
    );
    for part in [event, entry.get("personal")].into_iter().flatten().filter_map(Value::as_object) {
        for (name, value) in part.iter().filter(|(name, value)| *name != "operation" && !value.is_null()) {
            field(name, value, 4, &mut words);
        }
    }
    words
}

/// One thing that an entry says.
fn field(name: &str, value: &Value, margin: usize, out: &mut String) {
    let name_shown = plain(&name.replace('_', " "));
    match value {
        Value::Object(elements) if name == "elements" => {
            line(&format!("{name_shown}:"), margin, out);
            for (path, form) in elements {
                let form = form.as_str().unwrap_or_default();
                let said =
                    Transformation::parse(form).map_or_else(|_| "?".to_owned(), Transformation::in_words);
                line(&format!("{}: {said} (`{}`)", plain(path), plain(form)), margin + 4, out);
            }
        }
        // What was sought: pairs of element and value.
        Value::Array(terms) if name == "query" => {
            line(&format!("{name_shown}:"), margin, out);
            for term in terms {
                let part = |at| term.get(at).and_then(scalar).unwrap_or_default();
                line(&format!("{} = {}", part(0), part(1)), margin + 4, out);
            }
        }
        Value::String(text) if text.contains('\n') => {
            line(&format!("{name_shown}:"), margin, out);
            match note(text) {
                Some(said) => said.iter().for_each(|said| line(said, margin + 4, out)),
                None => text.lines().for_each(|text| line(&plain(text), margin + 4, out)),
            }
        }
        Value::Object(fields) => {
            line(&format!("{name_shown}:"), margin, out);
            fields.iter().for_each(|(name, value)| field(name, value, margin + 4, out));
        }
        Value::Array(items) if items.iter().any(|item| scalar(item).is_none_or(|text| text.contains(' '))) => {
            line(&format!("{name_shown}:"), margin, out);
            items.iter().for_each(|item| field("-", item, margin + 4, out));
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(scalar).collect();
            line(&format!("{name_shown}: {}", items.join(", ")), margin, out);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            line(&format!("{name_shown}: {}", scalar(value).unwrap_or_default()), margin, out);
        }
    }
}

/// A value that fits into a line, without quotes.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(plain(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// A line, broken at its spaces where it is longer than [`WIDTH`]; what goes on stands further in. A
/// word that is longer stays whole, so that it can be copied.
fn line(text: &str, margin: usize, out: &mut String) {
    let mut used = 0;
    out.push_str(&" ".repeat(margin));
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(margin + 2));
            used = 2;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out.push('\n');
}

/// What a signed note states, a line each; none for a text that is no note of ours.
fn note(text: &str) -> Option<Vec<String>> {
    let note = Note::parse(text).ok()?;
    let mut said = match note.text().lines().next()? {
        Opinion::KIND => opinion(&Opinion::from_note(&note).ok()?),
        PartySignature::KIND => {
            let said = PartySignature::from_note(&note).ok()?;
            let clauses: Vec<&str> = said.clauses.keys().map(|clause| clause.as_str()).collect();
            vec![
                format!("{} signs {} on {}", said.authority, said.agreement, said.at),
                format!("clauses: {}", clauses.join(", ")),
                format!("digest {}", said.digest),
            ]
        }
        ConditionMet::KIND => {
            let said = ConditionMet::from_note(&note).ok()?;
            let (by, what, of) = (&said.authority, &said.condition, &said.agreement);
            vec![
                format!("{by} attests on {} that condition `{what}` of {of} is met", said.at),
                format!("proof: {}", plain(&said.reference)),
                format!("digest {}", said.digest),
            ]
        }
        Enrolment::KIND => {
            let said = Enrolment::from_note(&note).ok()?;
            vec![
                format!(
                    "{} enrols endpoint {} from {} until {}",
                    said.authority, said.endpoint, said.at, said.expires
                ),
                format!("key {}", said.leaf_key),
            ]
        }
        Directory::KIND => {
            let said = Directory::from_note(&note).ok()?;
            let holder = |held: &agreements::directory::Holder| {
                format!("{}: {}, key {}", held.function.as_str(), plain(&held.office), held.key)
            };
            let first = format!("directory of {}, version {}, of {}", said.authority, said.version, said.at);
            std::iter::once(first).chain(said.holders.iter().map(holder)).collect()
        }
        OfficerStatement::KIND => {
            let said = OfficerStatement::from_note(&note).ok()?;
            vec![
                format!(
                    "{} vouches for officer {} in role {}",
                    said.authority,
                    plain(said.officer.as_str()),
                    said.role
                ),
                format!("purpose {}, case {}, asked at {}", said.purpose, plain(&said.case), said.asked_at),
                format!("digest of the question {}", said.request),
            ]
        }
        Receipt::KIND => {
            let said = Receipt::from_note(&note).ok()?;
            vec![
                format!(
                    "{} (endpoint {}) has {} disclosure {} of record line {}, at {}",
                    said.authority,
                    said.endpoint,
                    word(&said.stage),
                    said.disclosure,
                    said.index,
                    said.at
                ),
                format!("received {}", said.received),
            ]
        }
        _ => return None,
    };
    said.push(format!("signed by {}", signers(text)));
    Some(said)
}

/// Who says what of each clause.
fn opinion(said: &Opinion) -> Vec<String> {
    let mut lines = vec![format!("the DPO of {} on {}, of {}", said.authority, said.agreement, said.at)];
    for (clause, of_clause) in &said.clauses {
        lines.push(format!("clause {clause}: {}", word(&of_clause.verdict)));
    }
    lines.extend(said.text.lines().map(|text| format!("reasons: {}", plain(text))));
    lines.push(format!("digest {}", said.digest));
    lines
}

/// The word that a value has in JSON.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| scalar(&value)).unwrap_or_default()
}

/// The names of the keys in a note's signature lines.
fn signers(note: &str) -> String {
    let lines = note.lines().filter_map(|line| line.strip_prefix("\u{2014} "));
    let names: Vec<String> = lines.filter_map(|line| line.split(' ').next()).map(plain).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_element_has_its_line_and_nothing_is_cut() {
        let long = "because ".repeat(60);
        let elements: serde_json::Map<String, Value> =
            (0..40).map(|n| (format!("declaration.element_{n:02}"), json!("pseudonymise"))).collect();
        let shown = entry(&json!({
            "index": 7, "at": "2026-11-22T01:00:00Z",
            "event": { "operation": "disclosure", "elements": elements, "clauses": ["c1", "c2"] },
            "personal": { "justification": long.trim(), "query": [["consignee.name", "Anna \u{1b}[2J"]] },
        }));
        assert!(shown.starts_with("7  2026-11-22T01:00:00Z  disclosure\n"), "{shown}");
        for n in 0..40 {
            let element = format!("declaration.element_{n:02}: replaced by a pseudonym");
            assert!(shown.lines().any(|line| line.trim().starts_with(&element)), "{shown}");
        }
        assert_eq!(shown.matches("because").count(), 60);
        assert!(shown.lines().all(|line| line.chars().count() <= WIDTH + 12), "{shown}");
        assert!(
            shown.contains("    clauses: c1, c2\n") && shown.contains("consignee.name = Anna \u{fffd}[2J\n")
        );
    }

    #[test]
    fn an_opinion_says_who_and_which_verdict_on_each_clause() {
        let statement = json!({
            "agreement": { "id": "NL-BE-2026-04", "version": 1 }, "digest": "0".repeat(64),
            "authority": "be-customs", "at": "2026-11-22T01:00:00Z", "text": "Necessary.",
            "clauses": {
                "risk": { "digest": "0".repeat(64), "verdict": "favourable" },
                "trade": { "digest": "0".repeat(64), "verdict": "unfavourable" },
            },
        });
        let said: Opinion = serde_json::from_value(statement).unwrap();
        let lines = opinion(&said);
        assert!(lines.contains(&"clause risk: favourable".to_owned()), "{lines:?}");
        assert!(lines.contains(&"clause trade: unfavourable".to_owned()), "{lines:?}");
        assert!(lines.iter().any(|line| line.starts_with("the DPO of be-customs on ")), "{lines:?}");
    }
}
