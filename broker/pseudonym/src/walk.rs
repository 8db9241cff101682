//! One pass over a JSON record along the tree of its elements.
//!
//! Values are lent as they were written (`RawValue`), so numbers keep their digits and nothing is
//! built that is not needed. A member that the tree does not know is passed over; what else
//! happens to it is for the [`Visit`] to say.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::record::{RECORD_DEPTH, RecordError};
use crate::shape::{MEMBERS, Node, Shape, Target};

/// What became of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// Nothing was written.
    Nothing,
    /// An object without members was written.
    Empty,
    /// Something was written.
    Value,
}

/// What is done at each place. Those that only read leave the writing ones as they are.
pub(crate) trait Visit {
    /// A single value that is not null, as it is written; whether something was written for it.
    fn leaf(&mut self, leaf: usize, raw: &str) -> Result<bool, RecordError>;

    /// A single value where an object is declared.
    fn not_nested(&mut self, node: &Node) -> Result<(), RecordError>;

    /// A member that the tree does not know.
    fn unknown(&mut self, _node: &Node, _name: &str) -> Result<(), RecordError> {
        Ok(())
    }

    /// Writes the name of a member; returns where to go back to if it has no value.
    fn name(&mut self, _name: &str) -> usize {
        0
    }

    /// Goes back to that place.
    fn undo(&mut self, _to: usize) {}

    /// Writes what stands between two items of an array.
    fn item(&mut self) {}

    /// Writes a bracket or a null.
    fn mark(&mut self, _mark: &str) {}
}

/// Walks over `record`, which must be one JSON object and nothing else.
pub(crate) fn walk<V: Visit>(shape: &Shape, record: &[u8], visit: &mut V) -> Result<(), RecordError> {
    let text = std::str::from_utf8(record).map_err(|e| RecordError::Encoding { byte: e.valid_up_to() + 1 })?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => RecordError::NotAnObject,
            Err(error) => json_error(&error),
        });
    }
    let mut walker = Walker { shape, visit, failure: None };
    let mut json = serde_json::Deserializer::from_str(text);
    let walked = Inside { walker: &mut walker, node: 0, depth: 1, item: false }.deserialize(&mut json);
    let failure = walker.failure.take();
    walked.and_then(|_| json.end()).map_err(|error| failure.unwrap_or_else(|| json_error(&error)))
}

/// A syntax error of the parser names what it expected and quotes nothing; an error about data
/// could quote a value, and is said in our words.
fn json_error(error: &serde_json::Error) -> RecordError {
    let what = match error.classify() {
        serde_json::error::Category::Syntax | serde_json::error::Category::Eof => {
            let said = error.to_string();
            said.split(" at line ").next().unwrap_or("malformed").to_owned()
        }
        serde_json::error::Category::Data | serde_json::error::Category::Io => "unreadable value".to_owned(),
    };
    RecordError::Json { what, line: error.line(), column: error.column() }
}

struct Walker<'w, V> {
    shape: &'w Shape,
    visit: &'w mut V,
    /// Why the walk was broken off; serde's own errors carry only text.
    failure: Option<RecordError>,
}

impl<V: Visit> Walker<'_, V> {
    fn fail<E: serde::de::Error>(&mut self, failure: RecordError) -> E {
        self.failure = Some(failure);
        E::custom("refused")
    }

    /// A value of an element: null, a single value, or an array of them.
    fn leaf(&mut self, leaf: usize, raw: &str, depth: usize) -> Result<Written, RecordError> {
        match raw.as_bytes().first() {
            Some(b'n') => self.visit.mark("null"),
            Some(b'[') => {
                if depth >= RECORD_DEPTH {
                    return Err(RecordError::Depth);
                }
                let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(|error| json_error(&error))?;
                self.visit.mark("[");
                for item in items {
                    self.visit.item();
                    if self.leaf(leaf, item.get(), depth + 1)? != Written::Value {
                        self.visit.mark("null");
                    }
                }
                self.visit.mark("]");
            }
            _ => {
                if !self.visit.leaf(leaf, raw)? {
                    return Ok(Written::Nothing);
                }
            }
        }
        Ok(Written::Value)
    }
}

/// Inside the object of one node, or an array of such objects.
struct Inside<'a, 'w, V> {
    walker: &'a mut Walker<'w, V>,
    node: usize,
    depth: usize,
    /// Whether this is an item of an array.
    item: bool,
}

impl<'de, V: Visit> DeserializeSeed<'de> for Inside<'_, '_, V> {
    type Value = Written;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Written, D::Error> {
        if self.depth > RECORD_DEPTH {
            return Err(self.walker.fail(RecordError::Depth));
        }
        if self.item {
            self.walker.visit.item();
        }
        deserializer.deserialize_any(self)
    }
}

impl<V: Visit> Inside<'_, '_, V> {
    fn single<E: serde::de::Error>(self) -> Result<Written, E> {
        let shape = self.walker.shape;
        let Some(node) = shape.node(self.node) else { return Err(E::custom("no node")) };
        match self.walker.visit.not_nested(node) {
            Ok(()) => Ok(Written::Nothing),
            Err(failure) => Err(self.walker.fail(failure)),
        }
    }
}

impl<'de, V: Visit> Visitor<'de> for Inside<'_, '_, V> {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written, A::Error> {
        let shape = self.walker.shape;
        let Some(node) = shape.node(self.node) else { return Err(A::Error::custom("no node")) };
        let mut met = [0_u64; MEMBERS / 64];
        let mut written = Written::Empty;
        let mut likely = 0;
        self.walker.visit.mark("{");
        while let Some(member) = map.next_key_seed(Name { walker: self.walker, node, likely })? {
            let Some((at, target)) = member else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            likely = at + 1;
            let name = node.members.get(at).map_or("", |(name, _)| name);
            if let Some(word) = met.get_mut(at / 64) {
                let bit = 1 << (at % 64);
                if *word & bit != 0 {
                    let path =
                        if node.path.is_empty() { name.to_owned() } else { format!("{}.{name}", node.path) };
                    return Err(self.walker.fail(RecordError::Twice(path)));
                }
                *word |= bit;
            }
            let back = self.walker.visit.name(name);
            let outcome = match target {
                Target::Leaf(leaf) => {
                    let raw: &RawValue = map.next_value()?;
                    match self.walker.leaf(leaf, raw.get(), self.depth) {
                        Ok(outcome) => outcome,
                        Err(failure) => return Err(self.walker.fail(failure)),
                    }
                }
                Target::Node(node) => map.next_value_seed(Inside {
                    walker: self.walker,
                    node,
                    depth: self.depth + 1,
                    item: false,
                })?,
            };
            match outcome {
                Written::Value => written = Written::Value,
                Written::Empty | Written::Nothing => self.walker.visit.undo(back),
            }
        }
        self.walker.visit.mark("}");
        Ok(written)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Written, A::Error> {
        self.walker.visit.mark("[");
        while let Some(outcome) = seq.next_element_seed(Inside {
            walker: self.walker,
            node: self.node,
            depth: self.depth + 1,
            item: true,
        })? {
            if outcome == Written::Nothing {
                self.walker.visit.mark("null");
            }
        }
        self.walker.visit.mark("]");
        Ok(Written::Value)
    }

    fn visit_unit<E>(self) -> Result<Written, E> {
        self.walker.visit.mark("null");
        Ok(Written::Value)
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Written, E> {
        self.single()
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Written, E> {
        self.single()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Written, E> {
        self.single()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Written, E> {
        self.single()
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Written, E> {
        self.single()
    }
}

/// The name of a member, looked up without being copied.
struct Name<'a, 'w, V> {
    walker: &'a mut Walker<'w, V>,
    node: &'w Node,
    likely: usize,
}

impl<'de, V: Visit> DeserializeSeed<'de> for Name<'_, '_, V> {
    type Value = Option<(usize, Target)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, V: Visit> Visitor<'de> for Name<'_, '_, V> {
    type Value = Option<(usize, Target)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Self::Value, E> {
        let member = self.node.member(name, self.likely);
        if member.is_none()
            && let Err(failure) = self.walker.visit.unknown(self.node, name)
        {
            return Err(self.walker.fail(failure));
        }
        Ok(member)
    }
}
