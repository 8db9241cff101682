//! Every inward route, and who may use it.
//!
//! The router is made from this table alone, and the gate stands before every route of it: no body,
//! path or query is looked at for somebody who may not use the route. A route that names nobody
//! cannot be written down. `docs/src/reference/routes.md` is this table, and the end-to-end tests hold
//! the running program to that page.

use std::sync::Arc;

use axum::routing::{MethodFilter, MethodRouter, on};

use super::{
    agreements, datasets, deposits, directories, endpoints, log, notes, officers, roots, sessions, status,
};
use crate::app::App;
use crate::roles::Role;

/// What is done at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Patch,
    Delete,
}

impl Verb {
    /// The method's name.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum May {
    /// Whoever reaches the address: signing in and out, and whether the program runs.
    Anybody,
    /// Officers who are signed in and have one of these roles.
    Officers(&'static [Role]),
}

/// How long a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// One document in, one out.
    Short,
    /// A stream; it must get on, but has no end in time.
    Stream,
}

/// One route.
pub(super) struct Route {
    pub(super) verb: Verb,
    /// The path, with its parameters as `{name}`.
    pub(super) path: &'static str,
    pub(super) may: May,
    pub(super) pace: Pace,
    /// What it does, for the page.
    pub(super) what: &'static str,
    handler: fn(MethodFilter) -> MethodRouter<Arc<App>>,
}

impl Route {
    /// What answers at the path, once the gate lets the caller through.
    pub(super) fn answers(&self) -> MethodRouter<Arc<App>> {
        (self.handler)(self.verb.filter())
    }

    const fn stream(mut self) -> Self {
        self.pace = Pace::Stream;
        self
    }
}

const fn route(
    verb: Verb,
    path: &'static str,
    may: May,
    what: &'static str,
    handler: fn(MethodFilter) -> MethodRouter<Arc<App>>,
) -> Route {
    Route { verb, path, may, pace: Pace::Short, what, handler }
}

use May::Anybody;
use Verb::{Delete, Get, Patch, Post};

const EVERY_OFFICER: May = May::Officers(&Role::ALL);
const ADMINISTRATOR: May = May::Officers(&[Role::Administrator]);
const ADMINISTRATOR_DPO: May = May::Officers(&[Role::Administrator, Role::Dpo]);
const ADMINISTRATOR_AGREEMENTS_DPO: May = May::Officers(&[Role::Administrator, Role::Agreements, Role::Dpo]);
const AGREEMENTS: May = May::Officers(&[Role::Agreements]);
const AGREEMENTS_DPO: May = May::Officers(&[Role::Agreements, Role::Dpo]);
const SOURCE: May = May::Officers(&[Role::Source]);
const DPO: May = May::Officers(&[Role::Dpo]);

/// The table.
#[rustfmt::skip]
pub(super) const ROUTES: [Route; 29] = [
    route(Get, "/v1/health", Anybody, "says that the program runs", |to| on(to, status::health)),
    route(Post, "/v1/sessions", Anybody, "signs in", |to| on(to, sessions::sign_in)),
    route(Delete, "/v1/sessions", Anybody, "signs out", |to| on(to, sessions::sign_out)),
    route(Get, "/v1/status", EVERY_OFFICER, "how the exchange service stands", |to| on(to, status::status)),
    route(Post, "/v1/officers", ADMINISTRATOR, "names an officer", |to| on(to, officers::name)),
    route(Get, "/v1/officers", ADMINISTRATOR_DPO, "lists the officers", |to| on(to, officers::list)),
    route(Get, "/v1/officers/{number}", ADMINISTRATOR_DPO, "opens the name of an officer; an entry", |to| on(to, officers::identify)),
    route(Patch, "/v1/officers/{number}", ADMINISTRATOR, "changes an officer's roles and standing", |to| on(to, officers::change)),
    route(Post, "/v1/roots", AGREEMENTS, "trusts an authority's root key", |to| on(to, roots::trust)),
    route(Post, "/v1/directories", AGREEMENTS, "takes an authority's signed directory", |to| on(to, directories::replace)),
    route(Get, "/v1/directories", ADMINISTRATOR_AGREEMENTS_DPO, "lists who holds which function, since when", |to| on(to, directories::list)),
    route(Post, "/v1/datasets", SOURCE, "publishes a dataset", |to| on(to, datasets::publish)),
    route(Get, "/v1/datasets", EVERY_OFFICER, "lists the datasets", |to| on(to, datasets::list)),
    route(Post, "/v1/datasets/{id}/deposits", SOURCE, "deposits records", |to| on(to, deposits::deposit)).stream(),
    route(Post, "/v1/agreements", AGREEMENTS, "proposes an agreement", |to| on(to, agreements::propose)),
    route(Get, "/v1/agreements", EVERY_OFFICER, "lists the agreements", |to| on(to, agreements::list)),
    route(Get, "/v1/agreements/{id}/versions/{version}", EVERY_OFFICER, "shows one version", |to| on(to, agreements::show)),
    route(Post, "/v1/agreements/{id}/versions/{version}/in-force", AGREEMENTS, "brings a version into force", |to| on(to, agreements::enter_into_force)),
    route(Post, "/v1/agreements/{id}/suspension", AGREEMENTS_DPO, "suspends", |to| on(to, agreements::suspend)),
    route(Delete, "/v1/agreements/{id}/suspension", AGREEMENTS, "resumes", |to| on(to, agreements::resume)),
    route(Post, "/v1/agreements/{id}/termination", AGREEMENTS, "terminates", |to| on(to, agreements::terminate)),
    route(Post, "/v1/notes", AGREEMENTS_DPO, "takes a signed opinion, signature or attestation", |to| on(to, notes::take)),
    route(Post, "/v1/endpoints", AGREEMENTS, "takes an enrolment", |to| on(to, endpoints::enrol)),
    route(Get, "/v1/endpoints", EVERY_OFFICER, "lists the endpoints", |to| on(to, endpoints::list)),
    route(Delete, "/v1/endpoints/{endpoint}", AGREEMENTS_DPO, "withdraws an endpoint", |to| on(to, endpoints::remove)),
    route(Get, "/v1/log/checkpoint", EVERY_OFFICER, "the signed state of the record", |to| on(to, log::checkpoint)),
    route(Get, "/v1/log/entries", DPO, "reads the record", |to| on(to, log::entries)),
    route(Post, "/v1/log/subjects", DPO, "finds what was disclosed about a person", |to| on(to, log::subjects)),
    route(Get, "/v1/log/export", DPO, "exports the record", |to| on(to, log::export)).stream(),
];

/// The table as the page has it.
pub(super) fn table() -> String {
    let yes = |may: bool| if may { " yes |" } else { " 403 |" };
    let heads: String = Role::ALL.iter().map(|role| format!(" {} |", role.as_str())).collect();
    let mut text =
        format!("| route | what | nobody |{heads}\n|---|---|---|{}\n", "---|".repeat(Role::ALL.len()));
    for Route { verb, path, may, what, .. } in &ROUTES {
        let cells: String = match may {
            Anybody => " yes |".repeat(Role::ALL.len() + 1),
            May::Officers(roles) => {
                let cells = Role::ALL.iter().map(|role| yes(roles.contains(role)));
                std::iter::once(" 401 |").chain(cells).collect()
            }
        };
        text += &format!("| `{} {path}` | {what} |{cells}\n", verb.as_str());
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const BEGIN: &str = "<!-- routes: rendered from ROUTES; do not edit -->\n";
    const END: &str = "<!-- end of routes -->";

    #[test]
    #[expect(clippy::disallowed_methods, reason = "tests only: how a reviewed change is written down")]
    fn the_page_says_of_each_route_who_may_use_it_as_the_code_does() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/reference/routes.md");
        let page = std::fs::read_to_string(&path).unwrap();
        let (before, rest) = page.split_once(BEGIN).expect("the marker");
        let (shown, after) = rest.split_once(END).expect("the end marker");
        if std::env::var("TRANSIRE_BLESS").is_ok() {
            std::fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
        } else {
            assert_eq!(shown, table(), "run this test with TRANSIRE_BLESS=1 and review the page");
        }
    }
}
