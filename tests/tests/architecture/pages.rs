//! The book: every page is in its summary, and no link leads nowhere.

use crate::none;
use crate::source::{files, root};

/// The targets of the links `](target)` of a page, without those to other sites.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .map(|target| target.split('#').next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains("://"))
}

#[test]
fn no_link_of_a_page_leads_nowhere() {
    let root = root();
    let mut broken = Vec::new();
    for path in files(&root).iter().filter(|path| path.ends_with(".md")) {
        let page = root.join(path);
        let text = std::fs::read_to_string(&page).unwrap();
        for link in links(&text).filter(|link| !page.parent().unwrap().join(link).exists()) {
            broken.push(format!("{path}: {link}"));
        }
    }
    none("every link leads to a file", &broken);
}

#[test]
fn every_page_of_the_book_is_in_its_summary() {
    let root = root();
    let summary = std::fs::read_to_string(root.join("docs/src/SUMMARY.md")).unwrap();
    let listed: Vec<&str> = links(&summary).collect();
    let broken: Vec<String> = files(&root)
        .into_iter()
        .filter_map(|path| path.strip_prefix("docs/src/").map(str::to_owned))
        .filter(|page| page.ends_with(".md") && page != "SUMMARY.md" && !listed.contains(&page.as_str()))
        .collect();
    none("every page under docs/src is a chapter", &broken);
}
