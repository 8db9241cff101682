//! The questions of the story: in bulk, one by one, and those that are refused.

use std::io::{BufRead as _, BufReader};

use serde_json::Value;

use super::report::flat;
use super::source::text_at;
use super::story::{Attempt, Refused, Story};
use crate::cli::CliError;

/// The recipients, by their place.
const CUSTOMS: usize = 0;
const STATISTICS: usize = 1;

impl Story {
    /// Every declaration goes to one recipient, pseudonymised, in one object.
    pub(super) async fn disclose_in_bulk(&mut self) -> Result<(), CliError> {
        let bar = self.bar("Disclosing", self.deposited, false);
        let out = self.folder.of("be-customs").join("declarations.jsonl");
        let attempt = Attempt { bulk: true, out: Some(out.clone()), ..Attempt::default() };
        let answer = self.asked(CUSTOMS, attempt).await?;
        bar.finish_and_clear();
        self.disclosed = answer.get("records").and_then(Value::as_u64).unwrap_or_default();
        let bar = self.bar("Opening", self.disclosed, false);
        let file = std::fs::File::open(&out).map_err(|error| CliError::failed(&error))?;
        let mut first = None;
        for line in BufReader::new(file).lines() {
            let line = line.map_err(|error| CliError::failed(&error))?;
            if first.is_none() {
                first = serde_json::from_str::<Value>(&line).ok();
            }
            self.opened += 1;
            bar.inc(1);
        }
        bar.finish_and_clear();
        self.output.say(&format!("Disclosed {} declarations in bulk; opened {}", self.disclosed, self.opened));
        Ok(())
    }

    /// Officers of both recipients ask about one declaration.
    pub(super) async fn ask(&mut self) -> Result<(), CliError> {
        self.output.say("Asking about one declaration, as officers of both recipients");
        let scenario = self.source.scenario;
        let (number, coarse) = self.chosen_values()?;
        let case_officer = Attempt {
            role: Some("case-officer"),
            purpose: Some("customs:PostClearanceControl"),
            terms: vec![format!("{}={number}", scenario.number)],
            ..Attempt::default()
        };
        let answer = self.asked(CUSTOMS, case_officer).await?;
        self.show("case officer of be-customs, for control after clearance", &answer);
        let terms = scenario.coarse.iter().zip(&coarse).map(|(path, value)| format!("{path}={value}"));
        let answer = self.asked(STATISTICS, Attempt { terms: terms.collect(), ..Attempt::default() }).await?;
        self.show("statistician of fr-statistics, for official statistics", &answer);
        // The risk analyst finds the declaration among those that were disclosed in bulk, and asks by
        // a pseudonym of the own domain.
        let disclosed = self.folder.of("be-customs").join("declarations.jsonl");
        let found = self.most_alike(disclosed_lines(&disclosed)?.map(|record| self.source.by_path(&record)));
        let pseudonym = text_at(&found, scenario.hidden);
        self.shown.push(("risk analyst of be-customs, in bulk, for risk management".to_owned(), found));
        let terms = vec![format!("{}={pseudonym}", scenario.hidden)];
        let answer = self.asked(CUSTOMS, Attempt { terms, ..Attempt::default() }).await?;
        self.show("risk analyst of be-customs, asking by a pseudonym", &answer);
        self.answers = 3;
        Ok(())
    }

    /// What is refused, and in which words.
    pub(super) async fn be_refused(&mut self) -> Result<(), CliError> {
        self.output.say("Asking for what the agreement does not give");
        let scenario = self.source.scenario;
        let hidden =
            self.chosen.as_ref().map(|chosen| text_at(&chosen.record, scenario.hidden)).unwrap_or_default();
        let purpose = Attempt { purpose: Some("dpv:Marketing"), ..Attempt::default() };
        self.refuse("a purpose that no clause has", CUSTOMS, purpose).await?;
        let role = Attempt { role: Some("director"), ..Attempt::default() };
        self.refuse("a role that no clause has", CUSTOMS, role).await?;
        let element = Attempt { elements: Some(scenario.unnamed), ..Attempt::default() };
        self.refuse("an element that the clause does not name", STATISTICS, element).await?;
        let search = Attempt { terms: vec![format!("{}={hidden}", scenario.hidden)], ..Attempt::default() };
        self.refuse("a search by a value that is hidden from the asker", CUSTOMS, search).await?;
        let unsigned = Attempt { agreement: Some("NL-FR-2026-03".to_owned()), ..Attempt::default() };
        self.refuse("an agreement that is not yet signed", STATISTICS, unsigned).await
    }

    /// Asks, and expects a refusal.
    pub(super) async fn refuse(
        &mut self,
        what: &'static str,
        who: usize,
        attempt: Attempt,
    ) -> Result<(), CliError> {
        let answer = self.question(who, attempt).await?;
        self.proofs.push(answer.get("proof_verified").and_then(Value::as_bool).unwrap_or(false));
        match answer.get("plain").and_then(Value::as_str) {
            Some(reason) => {
                self.refused.push(Refused { attempt: what, reason: reason.to_owned() });
                Ok(())
            }
            None => Err(CliError::Failed(format!("{what} was not refused: {}", without_data(&answer)))),
        }
    }

    /// Asks, and expects an answer.
    async fn asked(&mut self, who: usize, attempt: Attempt) -> Result<Value, CliError> {
        let answer = self.question(who, attempt).await?;
        if answer.get("status").and_then(Value::as_str) != Some("answered") {
            return Err(CliError::Failed(format!("a question was not answered: {}", without_data(&answer))));
        }
        self.proofs.push(answer.get("proof_verified").and_then(Value::as_bool).unwrap_or(false));
        Ok(answer)
    }

    async fn question(&self, who: usize, attempt: Attempt) -> Result<Value, CliError> {
        let agreement = self.agreement_id()?;
        let recipient =
            self.recipients.get(who).ok_or_else(|| CliError::Failed("no such recipient".to_owned()))?;
        let (role, purpose) = match who {
            CUSTOMS => ("risk-analyst", "customs:RiskManagement"),
            _ => ("statistician", "dpv:ProvideOfficialStatistics"),
        };
        let named = attempt.agreement.clone().unwrap_or_else(|| agreement.clone());
        let password = recipient.password.display().to_string();
        let dataset = self.source.dataset.id.to_string();
        let mut arguments = vec![
            "ask",
            "--agreement",
            &named,
            "--through",
            &agreement,
            "--role",
            attempt.role.unwrap_or(role),
            "--purpose",
            attempt.purpose.unwrap_or(purpose),
            "--dataset",
            &dataset,
            "--question",
            "-",
            "--officer",
            recipient.officer,
            "--password-file",
            &password,
            "--wait-seconds",
            "120",
            "--elements",
            attempt.elements.unwrap_or("all"),
        ];
        arguments.extend(["--action", if attempt.bulk { "bulk" } else { "consult" }]);
        let terms: Vec<String> =
            if attempt.terms.is_empty() && !attempt.bulk { self.some_term(who)? } else { attempt.terms };
        let mut question =
            "case = \"DEMO-2026-17\"\njustification = \"shown in the demonstration\"\n[where]\n".to_owned();
        for (path, value) in terms.iter().filter_map(|term| term.split_once('=')) {
            // A string of JSON is one of TOML.
            question.push_str(&format!("{} = {}\n", Value::from(path), Value::from(value)));
        }
        let out = attempt.out.map(|path| path.display().to_string());
        if let Some(out) = &out {
            arguments.extend(["--out", out, "--format", "jsonl"]);
        }
        recipient.desk.told(&arguments, &question).await
    }

    /// A search that the recipient's clause allows.
    fn some_term(&self, who: usize) -> Result<Vec<String>, CliError> {
        let (_, coarse) = self.chosen_values()?;
        let pairs = self.source.scenario.coarse.iter().zip(&coarse);
        let _ = who;
        Ok(pairs.map(|(path, value)| format!("{path}={value}")).collect())
    }

    fn chosen_values(&self) -> Result<(String, Vec<String>), CliError> {
        let chosen =
            self.chosen.as_ref().ok_or_else(|| CliError::Failed("nothing is deposited yet".to_owned()))?;
        Ok((text_at(&chosen.record, self.source.scenario.number), chosen.coarse.clone()))
    }

    fn show(&mut self, who: &str, answer: &Value) {
        let data = answer.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
        let shown = self.most_alike(data.iter().map(|record| self.source.by_path(record)));
        self.shown.push((who.to_owned(), shown));
    }

    /// Of records that were disclosed, the one with most values in common with the declaration that is
    /// shown: a pseudonymised record does not say which declaration it is of.
    fn most_alike(&self, records: impl Iterator<Item = Value>) -> Value {
        let Some(chosen) = &self.chosen else { return Value::Null };
        let held = flat(&chosen.record);
        let alike = |record: &Value| {
            flat(record).iter().filter(|(path, value)| held.get(*path) == Some(*value)).count()
        };
        // The first of those that are equally alike.
        records
            .fold((0, Value::Null), |best, record| {
                let alike = alike(&record);
                if best.1.is_null() || alike > best.0 { (alike, record) } else { best }
            })
            .1
    }
}

/// Records in a file of JSON lines.
fn disclosed_lines(path: &std::path::Path) -> Result<impl Iterator<Item = Value>, CliError> {
    let file = std::fs::File::open(path).map_err(|error| CliError::failed(&error))?;
    Ok(BufReader::new(file).lines().map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok()))
}

/// An answer without its records, for messages.
fn without_data(answer: &Value) -> String {
    let mut shown = answer.clone();
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("data");
    }
    shown.to_string()
}
