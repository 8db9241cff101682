//! A plan: what happens to each element of a dataset in one disclosure, and the pass that does it.
//!
//! Denied by default: the output is built from the elements of the plan, never from the record with
//! something taken out. What does not look as declared is withheld and counted.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};

use agreements::{Dataset, DisclosureId, ElementPath, RecordFormat, Transformation};

use crate::csv_line;
use crate::keys::{DomainKey, KeyError};
use crate::pseudonym::Pseudonym;
use crate::record::{RECORD_BYTES, RecordError};
use crate::shape::{Node, Shape, ShapeError};
use crate::transform::{Leaf, LeafError, Outcome, Work};
use crate::value::Value;
use crate::walk::{Visit, walk};

/// A plan that cannot be made; nothing is disclosed under it.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// An element that the dataset does not have.
    #[error("`{0}` is not an element of the dataset")]
    Unknown(ElementPath),
    /// A transformation that does not apply to that element.
    #[error("`{transformation}` does not fit element `{element}`: {why}")]
    Unfit {
        /// The element.
        element: ElementPath,
        /// The transformation.
        transformation: Transformation,
        /// Why not.
        why: &'static str,
    },
    /// Every element is withheld.
    #[error("no element is given: all are withheld")]
    Nothing,
    /// The elements cannot be told apart.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A key could not be derived.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// What happens to each element in one disclosure. It may serve several threads at once, each with
/// a [`Pass`] of its own.
pub struct Plan {
    format: RecordFormat,
    shape: Shape,
    leaves: Vec<Leaf>,
    tracked: Vec<bool>,
    /// CSV: for each column of the dataset the leaf that it becomes.
    columns: Vec<Option<usize>>,
    header: Vec<u8>,
    disclosure: DisclosureId,
    /// Counts the values under a fully randomised pseudonym.
    next: AtomicU64,
}

impl Plan {
    /// A plan that gives `elements` and nothing else.
    ///
    /// A document-randomised pseudonym depends on `disclosure`, so each disclosure needs an id of
    /// its own, and one plan.
    ///
    /// # Errors
    /// [`PlanError`]
    pub fn new(
        dataset: &Dataset,
        elements: &BTreeMap<ElementPath, Transformation>,
        keys: &DomainKey,
        disclosure: DisclosureId,
    ) -> Result<Self, PlanError> {
        if let Some(unknown) = elements.keys().find(|path| dataset.element(path).is_none()) {
            return Err(PlanError::Unknown(unknown.clone()));
        }
        let mut plan = Self {
            format: dataset.format,
            shape: Shape::of(std::iter::empty())?,
            leaves: Vec::new(),
            tracked: Vec::new(),
            columns: Vec::new(),
            header: Vec::new(),
            disclosure,
            next: AtomicU64::new(0),
        };
        for element in &dataset.elements {
            let transformation = elements.get(&element.path).copied().unwrap_or(Transformation::Withhold);
            let leaf = Leaf::new(element, transformation, keys).map_err(|error| match error {
                LeafError::Unfit(why) => {
                    PlanError::Unfit { element: element.path.clone(), transformation, why }
                }
                LeafError::Key(error) => error.into(),
            })?;
            plan.columns.push(leaf.as_ref().map(|_| plan.leaves.len()));
            match (dataset.format, &element.column) {
                (RecordFormat::Csv, Some(column)) if leaf.is_some() => {
                    if !plan.header.is_empty() {
                        plan.header.push(b',');
                    }
                    csv_line::write(column, &mut plan.header);
                }
                (RecordFormat::Csv, Some(_)) | (RecordFormat::Json, None) => {}
                (format, _) => return Err(ShapeError::Column { element: element.path.clone(), format }.into()),
            }
            plan.leaves.extend(leaf);
        }
        if plan.leaves.is_empty() {
            return Err(PlanError::Nothing);
        }
        plan.shape = Shape::of(plan.leaves.iter().map(|leaf| &leaf.path))?;
        plan.tracked = vec![false; plan.leaves.len()];
        if dataset.format == RecordFormat::Csv {
            plan.header.push(b'\n');
        }
        Ok(plan)
    }

    /// Keeps what each pseudonym of these elements stands for, so that the recipient may later ask
    /// by it. Only pseudonyms that are the same throughout their domain can be asked by; other
    /// elements of the set are passed over.
    #[must_use]
    pub fn tracking(mut self, elements: &BTreeSet<ElementPath>) -> Self {
        self.tracked = self.leaves.iter().map(|leaf| elements.contains(&leaf.path)).collect();
        self
    }

    /// Begins a pass; for a CSV dataset its output begins with the header.
    pub fn begin(&self) -> Pass<'_> {
        let mut pass = self.begin_part();
        pass.out.extend_from_slice(&self.header);
        pass
    }

    /// Begins a pass without a header, whose output continues that of another.
    pub fn begin_part(&self) -> Pass<'_> {
        Pass { plan: self, out: Vec::new(), seen: Seen::default(), met: HashSet::new(), work: Work::default() }
    }
}

/// Bytes that went through a plan: JSON lines, or CSV. Nothing but a [`Pass`] makes them.
pub struct Pseudonymised(Vec<u8>);

impl Pseudonymised {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// What a pseudonym of a tracked element stands for. Personal data.
pub struct Tracked {
    /// The element.
    pub element: ElementPath,
    /// Its pseudonym.
    pub pseudonym: String,
    /// The normal form of the value, from which the blind index is computed.
    pub normalised: String,
}

/// What a pass met besides its output.
#[derive(Default)]
pub struct Seen {
    /// Records written.
    pub records: u64,
    /// Values withheld because they do not look as declared, by element.
    pub mismatched: BTreeMap<String, u64>,
    /// Pseudonyms of tracked elements, each once.
    pub pseudonyms: Vec<Tracked>,
}

/// One pass of records through a plan.
pub struct Pass<'p> {
    plan: &'p Plan,
    out: Vec<u8>,
    seen: Seen,
    /// Tracked pseudonyms that are in `seen` already.
    met: HashSet<(usize, Pseudonym)>,
    work: Work,
}

impl Pass<'_> {
    /// Transforms one record, a JSON object or a CSV line without its line end, and writes it with
    /// a line end. After an error the output is as it was before the record.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn record(&mut self, record: &[u8]) -> Result<(), RecordError> {
        if record.len() > RECORD_BYTES {
            return Err(RecordError::Size);
        }
        let before = self.out.len();
        let written = match self.plan.format {
            RecordFormat::Json => walk(&self.plan.shape, record, self),
            RecordFormat::Csv => self.csv(record),
        };
        match written {
            Ok(()) => {
                self.out.push(b'\n');
                self.seen.records += 1;
            }
            Err(_) => self.out.truncate(before),
        }
        written
    }

    /// Bytes written and not yet taken.
    pub fn waiting(&self) -> usize {
        self.out.len()
    }

    /// Takes what was written so far, so that memory stays flat.
    pub fn take(&mut self) -> Pseudonymised {
        Pseudonymised(std::mem::take(&mut self.out))
    }

    /// Takes the tracked pseudonyms met so far; one of them may come again afterwards.
    pub fn take_pseudonyms(&mut self) -> Vec<Tracked> {
        self.met.clear();
        std::mem::take(&mut self.seen.pseudonyms)
    }

    /// Ends the pass with what was written and not yet taken.
    pub fn finish(self) -> (Pseudonymised, Seen) {
        (Pseudonymised(self.out), self.seen)
    }

    fn csv(&mut self, record: &[u8]) -> Result<(), RecordError> {
        let plan = self.plan;
        let before = self.out.len();
        let mut first = true;
        let found = csv_line::fields(record, |column, field| {
            let Some((at, leaf)) = plan
                .columns
                .get(column)
                .copied()
                .flatten()
                .and_then(|at| plan.leaves.get(at).map(|leaf| (at, leaf)))
            else {
                return Ok(());
            };
            if !std::mem::take(&mut first) {
                self.out.push(b',');
            }
            // An empty field says that there is no value, whatever it is declared to be.
            if !field.text.is_empty() {
                match self.apply(at, leaf, &Value::Text(field.text)) {
                    Made::Verbatim => self.out.extend_from_slice(field.verbatim.as_bytes()),
                    Made::Changed => csv_line::write(&self.work.text, &mut self.out),
                    Made::Nothing => {}
                }
            }
            Ok(())
        })?;
        if found != plan.columns.len() {
            return Err(RecordError::Ragged { found, expected: plan.columns.len() });
        }
        // A line without a character would be read as no record at all.
        if self.out.len() == before {
            self.out.extend_from_slice(b"\"\"");
        }
        Ok(())
    }

    fn apply(&mut self, at: usize, leaf: &Leaf, value: &Value<'_>) -> Made {
        let plan = self.plan;
        let next = || plan.next.fetch_add(1, Ordering::Relaxed);
        match leaf.apply(value, &plan.disclosure, next, &mut self.work) {
            Outcome::Verbatim => Made::Verbatim,
            Outcome::Changed => Made::Changed,
            Outcome::Pseudonym(pseudonym) => {
                if plan.tracked.get(at) == Some(&true) && self.met.insert((at, pseudonym)) {
                    self.seen.pseudonyms.push(Tracked {
                        element: leaf.path.clone(),
                        pseudonym: self.work.text.clone(),
                        normalised: self.work.normal.clone(),
                    });
                }
                Made::Changed
            }
            Outcome::Mismatch => {
                self.mismatch(leaf.path.as_str());
                Made::Nothing
            }
        }
    }

    fn mismatch(&mut self, path: &str) {
        match self.seen.mismatched.get_mut(path) {
            Some(count) => *count += 1,
            None => _ = self.seen.mismatched.insert(path.to_owned(), 1),
        }
    }

    fn separate(&mut self, opening: u8) {
        if self.out.last() != Some(&opening) {
            self.out.push(b',');
        }
    }
}

/// What is to be written for a value.
enum Made {
    Verbatim,
    Changed,
    Nothing,
}

impl Visit for Pass<'_> {
    fn leaf(&mut self, leaf: usize, raw: &str) -> Result<bool, RecordError> {
        let plan = self.plan;
        let Some(element) = plan.leaves.get(leaf) else { return Ok(false) };
        let Some(value) = Value::of_json(raw) else {
            self.mismatch(element.path.as_str());
            return Ok(false);
        };
        match self.apply(leaf, element, &value) {
            Made::Verbatim => self.out.extend_from_slice(raw.as_bytes()),
            Made::Changed => write_json(&self.work.text, &mut self.out),
            Made::Nothing => return Ok(false),
        }
        Ok(true)
    }

    fn not_nested(&mut self, node: &Node) -> Result<(), RecordError> {
        self.mismatch(&node.path);
        Ok(())
    }

    fn name(&mut self, name: &str) -> usize {
        let before = self.out.len();
        self.separate(b'{');
        // Names are segments of element paths: letters, digits, `_` and `-`.
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        before
    }

    fn undo(&mut self, to: usize) {
        self.out.truncate(to);
    }

    fn item(&mut self) {
        self.separate(b'[');
    }

    fn mark(&mut self, mark: &str) {
        self.out.extend_from_slice(mark.as_bytes());
    }
}

/// A JSON text; only a mask can bring a character that must be escaped.
fn write_json(text: &str, out: &mut Vec<u8>) {
    if text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        let escaped = serde_json::Value::from(text).to_string();
        out.extend_from_slice(escaped.as_bytes());
    }
}
