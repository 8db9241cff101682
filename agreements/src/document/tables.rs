//! Each table of the document, key by key, in the order in which people write them.

use super::draft::{Draft, Row};
use super::section::Section;
use crate::agreement::{
    Ceiling, Clause, Instrument, Organisational, OutsideCondition, Party, Purpose, Validity,
};
use crate::element::{Dataset, Element};

const MAX_PARTIES: usize = 50;
const MAX_PURPOSES: usize = 200;
const MAX_DATASETS: usize = 20;
/// Most elements of one dataset.
const MAX_ELEMENTS: usize = 1_000;
const MAX_CLAUSES: usize = 200;
const MAX_DUTIES: usize = 200;

pub(super) fn agreement(document: Section<'_>) -> Draft {
    let draft = Draft {
        schema: document.number("schema"),
        id: document.word("id"),
        version: document.number("version"),
        title: document.text("title"),
        suite: document.text("suite"),
        instrument: document.table("instrument").and_then(instrument),
        validity: document.table("validity").and_then(validity),
        conditions: rows(document.tables("condition", "id", false, MAX_DUTIES), "id", condition),
        parties: rows(document.tables("party", "authority", true, MAX_PARTIES), "authority", party),
        purposes: rows(document.tables("purpose", "id", true, MAX_PURPOSES), "id", purpose),
        datasets: document.tables("dataset", "id", true, MAX_DATASETS).into_iter().map(dataset).collect(),
        clauses: rows(document.tables("clause", "id", true, MAX_CLAUSES), "id", clause),
        organisational: rows(document.tables("organisational", "id", false, MAX_DUTIES), "id", organisational),
    };
    document.finish();
    draft
}

fn rows<T>(sections: Vec<Section<'_>>, named: &str, read: fn(Section<'_>) -> Option<T>) -> Vec<Row<T>> {
    let row = |section: Section<'_>| {
        let (path, name) = (section.path.clone(), section.raw(named));
        let value = read(section);
        Row { path, name, whole: value.is_some(), value }
    };
    sections.into_iter().map(row).collect()
}

fn instrument(table: Section<'_>) -> Option<Instrument> {
    let title = table.text("title");
    let reference = table.text("reference");
    let date = table.date("date");
    let languages = table.words("languages");
    let digest = table.word("digest");
    table.finish();
    Some(Instrument {
        title: title?,
        reference: reference?,
        date: date?,
        languages: languages?,
        digest: digest?,
    })
}

fn validity(table: Section<'_>) -> Option<Validity> {
    let (from, until) = (table.date("from"), table.date("until"));
    table.finish();
    Some(Validity { from: from?, until: until? })
}

fn condition(table: Section<'_>) -> Option<OutsideCondition> {
    let (id, text, attested_by) = (table.word("id"), table.text("text"), table.word("attested_by"));
    table.finish();
    Some(OutsideCondition { id: id?, text: text?, attested_by: attested_by? })
}

fn party(table: Section<'_>) -> Option<Party> {
    let authority = table.word("authority");
    let name = table.text("name");
    let country = table.text("country");
    let role = table.word("role");
    let regime = table.word("regime");
    let root_key = table.word("root_key");
    let log_key = table.maybe_word("log_key");
    table.finish();
    Some(Party {
        authority: authority?,
        name: name?,
        country: country?,
        role: role?,
        regime: regime?,
        root_key: root_key?,
        log_key: log_key?,
    })
}

fn purpose(table: Section<'_>) -> Option<Purpose> {
    let (id, title, broader) = (table.word("id"), table.text("title"), table.maybe_words("broader"));
    table.finish();
    Some(Purpose { id: id?, title: title?, broader: broader? })
}

pub(super) fn dataset(table: Section<'_>) -> Row<Dataset> {
    let (path, name) = (table.path.clone(), table.raw("id"));
    let id = table.word("id");
    let title = table.text("title");
    let controller = table.word("controller");
    let originator = table.word("originator");
    let format = table.word("format");
    let sections = table.tables("element", "path", true, MAX_ELEMENTS);
    let written = sections.len();
    let elements: Vec<Element> = sections.into_iter().filter_map(element).collect();
    let whole = written > 0 && elements.len() == written;
    table.finish();
    let value = (|| {
        Some(Dataset {
            id: id?,
            title: title?,
            controller: controller?,
            originator: originator?,
            format: format?,
            elements,
        })
    })();
    Row { path, name, value, whole }
}

fn element(table: Section<'_>) -> Option<Element> {
    let path = table.word("path");
    let column = table.maybe_text("column");
    let title = table.text("title");
    let category = table.word("category");
    let identifier = table.maybe_word("identifier");
    let subject = table.maybe_text("subject");
    let quasi_identifier = table.flag("quasi_identifier");
    let kind = table.maybe_word("kind");
    table.finish();
    Some(Element {
        path: path?,
        column: column?,
        title: title?,
        category: category?,
        identifier: identifier?,
        subject: subject?,
        quasi_identifier: quasi_identifier?,
        kind: kind?.unwrap_or_default(),
    })
}

fn clause(table: Section<'_>) -> Option<Clause> {
    let id = table.word("id");
    let title = table.text("title");
    let recipients = table.words("recipients");
    let roles = table.words("roles");
    let dataset = table.word("dataset");
    let actions = table.words("actions");
    let purposes = table.words("purposes");
    let search = table.maybe_words("search");
    let search_known = table.maybe_words("search_known");
    let elements = table.table("elements").map(|elements| elements.entries(MAX_ELEMENTS));
    let ceiling = table.table("ceiling").and_then(ceiling);
    let retention_days = table.number("retention_days");
    let onward_transfer = table.text("onward_transfer");
    let legal_basis = table.text("legal_basis");
    let transfer_tool = table.maybe_text("transfer_tool");
    let article = table.text("article");
    table.finish();
    Some(Clause {
        id: id?,
        title: title?,
        recipients: recipients?,
        roles: roles?,
        dataset: dataset?,
        actions: actions?,
        purposes: purposes?,
        search: search?,
        search_known: search_known?,
        elements: elements?,
        ceiling: ceiling?,
        retention_days: retention_days?,
        onward_transfer: onward_transfer?,
        legal_basis: legal_basis?,
        transfer_tool: transfer_tool?,
        article: article?,
    })
}

fn ceiling(table: Section<'_>) -> Option<Ceiling> {
    let rows_per_day = table.number("rows_per_day");
    table.finish();
    Some(Ceiling { rows_per_day: rows_per_day? })
}

fn organisational(table: Section<'_>) -> Option<Organisational> {
    let (id, text, accepted_by) = (table.word("id"), table.text("text"), table.word("accepted_by"));
    table.finish();
    Some(Organisational { id: id?, text: text?, accepted_by: accepted_by? })
}
