//! Figures for those who run the program: how much, how fast, how full. Never who or what: labels are
//! words of this program, and no authority, officer, element, value or id is among them.

use std::sync::Arc;

use audit::Event;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Metric, Registry};

use crate::app::App;
use crate::store::{StoreError, arrivals, inbox, officers};

/// What the page says of one figure.
struct About {
    name: &'static str,
    kind: &'static str,
    labels: &'static str,
    what: &'static str,
}

const fn about(name: &'static str, kind: &'static str, labels: &'static str, what: &'static str) -> About {
    About { name, kind, labels, what }
}

const ENTRIES: About = about("entries", "counter", "`operation`", "entries recorded since the start");
const REFUSALS: About = about("refusals", "counter", "`dimension`", "questions refused since the start");
const PROBLEMS: About = about("problems", "counter", "`code`", "questions that got a problem since the start");
const BATCH: About = about("batch_entries", "histogram", "", "entries recorded in one transaction");
const WRITE: About =
    about("write_seconds", "histogram", "", "time to write and commit one transaction of the record");
const COMMIT: About =
    about("commit_seconds", "histogram", "", "of that the commit: until the disk has taken it");
const REQUESTS: About = about(
    "http_requests",
    "counter",
    "`door`, `method`, `route`, `status`",
    "calls answered since the start; `route` is the pattern, never the path that was called",
);
const INBOX: About = about("inbox_messages", "gauge", "", "sealed messages kept for recipients");
const ARRIVALS: About = about("arrivals_waiting", "gauge", "", "messages of recipients that are not done yet");
const GROUPS: About = about("groups", "gauge", "", "exchange groups that are open");
const SESSIONS: About = about("sessions", "gauge", "", "officers' sessions that have not ended");

const ALL: [&About; 11] =
    [&ENTRIES, &REFUSALS, &PROBLEMS, &BATCH, &WRITE, &COMMIT, &REQUESTS, &INBOX, &ARRIVALS, &GROUPS, &SESSIONS];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Dimension {
    dimension: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    door: &'static str,
    method: &'static str,
    route: String,
    status: u32,
}

/// The figures. Counting is an atomic step; what is only worth knowing when somebody looks is asked of
/// the store then.
pub struct Metrics {
    registry: Registry,
    entries: Family<Operation, Counter>,
    refusals: Family<Dimension, Counter>,
    problems: Family<Code, Counter>,
    batch: Histogram,
    write: Histogram,
    commit: Histogram,
    requests: Family<Answered, Counter>,
    inbox: Gauge,
    arrivals: Gauge,
    groups: Gauge,
    sessions: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("transire");
        // 1 to 512 entries; 100 microseconds to 3 seconds.
        let sizes = || Histogram::new(exponential_buckets(1.0, 2.0, 10));
        let times = || Histogram::new(exponential_buckets(0.000_1, 2.0, 16));
        Self {
            entries: register(&mut registry, &ENTRIES, Family::default()),
            refusals: register(&mut registry, &REFUSALS, Family::default()),
            problems: register(&mut registry, &PROBLEMS, Family::default()),
            batch: register(&mut registry, &BATCH, sizes()),
            write: register(&mut registry, &WRITE, times()),
            commit: register(&mut registry, &COMMIT, times()),
            requests: register(&mut registry, &REQUESTS, Family::default()),
            inbox: register(&mut registry, &INBOX, Gauge::default()),
            arrivals: register(&mut registry, &ARRIVALS, Gauge::default()),
            groups: register(&mut registry, &GROUPS, Gauge::default()),
            sessions: register(&mut registry, &SESSIONS, Gauge::default()),
            registry,
        }
    }
}

fn register<M: Metric + Clone>(registry: &mut Registry, about: &About, metric: M) -> M {
    registry.register(about.name, about.what, metric.clone());
    metric
}

impl Metrics {
    /// One transaction of the record has been committed.
    pub(crate) fn committed<'a>(
        &self,
        events: impl ExactSizeIterator<Item = &'a Event>,
        write_seconds: f64,
        commit_seconds: f64,
    ) {
        self.batch.observe(u32::try_from(events.len()).unwrap_or(u32::MAX).into());
        self.write.observe(write_seconds);
        self.commit.observe(commit_seconds);
        for event in events {
            self.entries.get_or_create(&Operation { operation: event.operation() }).inc();
            if let Event::Refusal { dimension, .. } = event {
                self.refusals.get_or_create(&Dimension { dimension: dimension.clone() }).inc();
            }
            if let Event::Problem { code, .. } = event {
                self.problems.get_or_create(&Code { code: code.clone() }).inc();
            }
        }
    }

    fn answered(&self, door: Door, method: &Method, route: Option<&MatchedPath>, status: u16) {
        let route = route.map_or("none", MatchedPath::as_str).to_owned();
        let labels = Answered { door: door.as_str(), method: known(method), route, status: status.into() };
        self.requests.get_or_create(&labels).inc();
    }
}

/// A caller may send any word as a method; each would be a label of its own.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        _ => "other",
    }
}

/// At which address a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Officers and systems of the provider.
    Inward,
    /// Recipients.
    Outward,
}

impl Door {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Inward => "inward",
            Self::Outward => "outward",
        }
    }
}

/// Counts the answers of a door, once they are made.
pub async fn count(
    State((metrics, door)): State<(Arc<Metrics>, Door)>,
    request: Request,
    next: Next,
) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    metrics.answered(door, &method, route.as_ref(), response.status().as_u16());
    response
}

/// The figures as they are now, as OpenMetrics text, which Prometheus reads.
///
/// # Errors
/// [`StoreError`] when the store cannot be asked.
pub async fn text(app: &App) -> Result<String, StoreError> {
    let metrics = &app.metrics;
    let mut store = app.store.read().await?;
    set(&metrics.inbox, inbox::count(&mut store).await?);
    set(&metrics.arrivals, arrivals::count_all_undone(&mut store).await?);
    set(&metrics.sessions, officers::count_sessions(&mut store, app.clock.now()).await?);
    drop(store);
    set(&metrics.groups, app.groups.all().len() as u64);
    let mut text = String::new();
    // Writing into a string does not fail.
    let _ = prometheus_client::encoding::text::encode(&mut text, &metrics.registry);
    Ok(text)
}

fn set(gauge: &Gauge, value: u64) {
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
}

/// The table of the page `docs/src/reference/metrics.md`.
pub fn table() -> String {
    let mut table = String::from("| name | kind | labels | what |\n|---|---|---|---|\n");
    for About { name, kind, labels, what } in ALL {
        let end = if *kind == "counter" { "_total" } else { "" };
        table += &format!("| `transire_{name}{end}` | {kind} | {labels} | {what} |\n");
    }
    table
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const BEGIN: &str = "<!-- metrics: rendered from the code; do not edit -->\n";
    const END: &str = "<!-- end of metrics -->";

    #[test]
    #[expect(clippy::disallowed_methods, reason = "tests only: how a reviewed change is written down")]
    fn the_page_says_which_figures_there_are_as_the_code_does() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/reference/metrics.md");
        let page = std::fs::read_to_string(&path).unwrap();
        let (before, rest) = page.split_once(BEGIN).expect("the marker");
        let (shown, after) = rest.split_once(END).expect("the end marker");
        if std::env::var("TRANSIRE_BLESS").is_ok() {
            std::fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
        } else {
            assert_eq!(shown, table(), "run this test with TRANSIRE_BLESS=1 and review the page");
        }
    }

    #[test]
    fn a_made_up_method_or_path_is_no_label() {
        let metrics = Metrics::default();
        for made_up in ["NL-0001", "SECRET"] {
            let method = Method::from_bytes(made_up.as_bytes()).unwrap();
            metrics.answered(Door::Inward, &method, None, 404);
        }
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &metrics.registry).unwrap();
        let line = r#"transire_http_requests_total{door="inward",method="other",route="none",status="404"} 2"#;
        assert!(text.contains(line), "{text}");
        assert!(!text.contains("SECRET"), "{text}");
    }
}
