//! Each table of the document, key by key, in the order in which people write them.

use super::draft::{ClauseParts, DatasetParts, Draft, PartyParts, Row};
use super::section::Section;
use crate::agreement::{
    Ceiling, Clause, Instrument, Organisational, OutsideCondition, Party, Purpose, Validity,
};
use crate::element::{Dataset, Element};
use crate::ids::{AuthorityId, PurposeId};

const MAX_PARTIES: usize = 50;
const MAX_PURPOSES: usize = 200;
const MAX_DATASETS: usize = 20;
/// Most elements of one dataset.
const MAX_ELEMENTS: usize = 1_000;
const MAX_CLAUSES: usize = 200;
const MAX_DUTIES: usize = 200;

pub(super) fn agreement(document: Section<'_>) -> Draft {
    let (instrument, languages) = document.table("instrument").map(instrument).unwrap_or_default();
    let draft = Draft {
        schema: document.number("schema"),
        id: document.word("id"),
        version: document.number("version"),
        title: document.text("title"),
        suite: document.text("suite"),
        instrument,
        languages,
        validity: document.table("validity").and_then(validity),
        conditions: rows(document.tables("condition", "id", false, MAX_DUTIES), "id", condition),
        parties: rows(document.tables("party", "authority", true, MAX_PARTIES), "authority", party),
        purposes: rows(document.tables("purpose", "id", true, MAX_PURPOSES), "id", purpose),
        datasets: rows(document.tables("dataset", "id", true, MAX_DATASETS), "id", dataset_parts),
        clauses: rows(document.tables("clause", "id", true, MAX_CLAUSES), "id", clause),
        organisational: rows(document.tables("organisational", "id", false, MAX_DUTIES), "id", organisational),
    };
    document.finish();
    draft
}

/// A dataset in a file of its own.
pub(super) fn dataset(document: Section<'_>) -> Row<Dataset, DatasetParts> {
    row(document, "id", dataset_parts)
}

type Read<T, P> = fn(Section<'_>) -> (Option<T>, P);

fn rows<T, P>(sections: Vec<Section<'_>>, named: &str, read: Read<T, P>) -> Vec<Row<T, P>> {
    sections.into_iter().map(|section| row(section, named, read)).collect()
}

fn row<T, P>(section: Section<'_>, named: &str, read: Read<T, P>) -> Row<T, P> {
    let (path, name) = (section.path.clone(), section.raw(named));
    let (value, parts) = read(section);
    Row { path, name, parts, value }
}

fn instrument(table: Section<'_>) -> (Option<Instrument>, Vec<String>) {
    let title = table.text("title");
    let reference = table.text("reference");
    let date = table.date("date");
    let languages: Option<Vec<String>> = table.words("languages");
    let digest = table.word("digest");
    table.finish();
    let parts = languages.clone().unwrap_or_default();
    let value = (|| {
        Some(Instrument {
            title: title?,
            reference: reference?,
            date: date?,
            languages: languages?,
            digest: digest?,
        })
    })();
    (value, parts)
}

fn validity(table: Section<'_>) -> Option<Validity> {
    let (from, until) = (table.date("from"), table.date("until"));
    table.finish();
    Some(Validity { from: from?, until: until? })
}

fn condition(table: Section<'_>) -> (Option<OutsideCondition>, Option<AuthorityId>) {
    let (id, text) = (table.word("id"), table.text("text"));
    let attested_by: Option<AuthorityId> = table.word("attested_by");
    table.finish();
    let parts = attested_by.clone();
    ((|| Some(OutsideCondition { id: id?, text: text?, attested_by: attested_by? }))(), parts)
}

fn party(table: Section<'_>) -> (Option<Party>, PartyParts) {
    let authority = table.word("authority");
    let name = table.text("name");
    let parts = PartyParts {
        country: table.text("country"),
        role: table.word("role"),
        regime: table.word("regime"),
        root_key: table.word("root_key"),
        log_key: table.maybe_word("log_key"),
    };
    table.finish();
    let value = (|| {
        Some(Party {
            authority: authority?,
            name: name?,
            country: parts.country.clone()?,
            role: parts.role?,
            regime: parts.regime?,
            root_key: parts.root_key.clone()?,
            log_key: parts.log_key.clone()?,
        })
    })();
    (value, parts)
}

fn purpose(table: Section<'_>) -> (Option<Purpose>, Vec<PurposeId>) {
    let (id, title) = (table.word("id"), table.text("title"));
    let broader: Option<Vec<PurposeId>> = table.maybe_words("broader");
    table.finish();
    let parts = broader.clone().unwrap_or_default();
    ((|| Some(Purpose { id: id?, title: title?, broader: broader? }))(), parts)
}

fn dataset_parts(table: Section<'_>) -> (Option<Dataset>, DatasetParts) {
    let id = table.word("id");
    let title = table.text("title");
    let controller = table.word("controller");
    let originator = table.word("originator");
    let format = table.word("format");
    let sections = table.tables("element", "path", true, MAX_ELEMENTS);
    let names = sections.iter().filter_map(|section| section.raw("path")).collect();
    let written = sections.len();
    let read = |section: Section<'_>| Some((section.path.clone(), element(section)?));
    let elements: Vec<(String, Element)> = sections.into_iter().filter_map(read).collect();
    table.finish();
    let whole = written > 0 && elements.len() == written;
    let parts = DatasetParts { controller, format, elements, names, whole };
    let value = (|| {
        Some(Dataset {
            id: id?,
            title: title?,
            controller: parts.controller.clone()?,
            originator: originator?,
            format: parts.format?,
            elements: parts.elements.iter().map(|(_, element)| element.clone()).collect(),
        })
    })();
    (value, parts)
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

fn clause(table: Section<'_>) -> (Option<Clause>, ClauseParts) {
    let id = table.word("id");
    let title = table.text("title");
    let recipients: Option<Vec<_>> = table.words("recipients");
    let roles: Option<Vec<_>> = table.words("roles");
    let dataset = table.word("dataset");
    let actions: Option<Vec<_>> = table.words("actions");
    let purposes: Option<Vec<_>> = table.words("purposes");
    let search: Option<Vec<_>> = table.maybe_words("search");
    let search_known: Option<Vec<_>> = table.maybe_words("search_known");
    let elements = table.table("elements").map(|elements| elements.entries(MAX_ELEMENTS)).unwrap_or_default();
    let ceiling = table.table("ceiling").and_then(ceiling);
    let retention_days = table.number("retention_days");
    let onward_transfer = table.text("onward_transfer");
    let legal_basis = table.text("legal_basis");
    let transfer_tool = table.maybe_text("transfer_tool");
    let article = table.text("article");
    table.finish();
    let parts = ClauseParts {
        recipients: recipients.clone().unwrap_or_default(),
        roles: roles.as_ref().map_or(0, Vec::len),
        dataset,
        actions: actions.clone().unwrap_or_default(),
        purposes: purposes.clone().unwrap_or_default(),
        search: search.clone().unwrap_or_default(),
        search_known: search_known.clone().unwrap_or_default(),
        elements,
        rows_per_day: ceiling.as_ref().map(|ceiling| ceiling.rows_per_day),
        retention_days,
        has_transfer_tool: transfer_tool != Some(None),
    };
    let value = (|| {
        Some(Clause {
            id: id?,
            title: title?,
            recipients: recipients?,
            roles: roles?,
            dataset: parts.dataset.clone()?,
            actions: actions?,
            purposes: purposes?,
            search: search?,
            search_known: search_known?,
            elements: parts.elements.clone(),
            ceiling: ceiling?,
            retention_days: retention_days?,
            onward_transfer: onward_transfer?,
            legal_basis: legal_basis?,
            transfer_tool: transfer_tool?,
            article: article?,
        })
    })();
    (value, parts)
}

fn ceiling(table: Section<'_>) -> Option<Ceiling> {
    let rows_per_day = table.number("rows_per_day");
    table.finish();
    Some(Ceiling { rows_per_day: rows_per_day? })
}

fn organisational(table: Section<'_>) -> (Option<Organisational>, Option<AuthorityId>) {
    let (id, text) = (table.word("id"), table.text("text"));
    let accepted_by: Option<AuthorityId> = table.word("accepted_by");
    table.finish();
    let parts = accepted_by.clone();
    ((|| Some(Organisational { id: id?, text: text?, accepted_by: accepted_by? }))(), parts)
}
