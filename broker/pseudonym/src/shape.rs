//! The elements of a dataset as a tree of member names, for one pass over nested records.

use agreements::{ElementPath, RecordFormat};

/// Names one object may have at most; the walk keeps a bit for each.
pub(crate) const MEMBERS: usize = 1024;

/// Where a member leads.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// To an inner node, by its number.
    Node(usize),
    /// To an element, by its number.
    Leaf(usize),
}

/// One object: its path and its members.
pub(crate) struct Node {
    pub(crate) path: String,
    pub(crate) members: Vec<(Box<str>, Target)>,
}

impl Node {
    /// The position and target of the member called `name`; `likely` is looked at first, since
    /// most records name their members in the order of the dataset.
    pub(crate) fn member(&self, name: &str, likely: usize) -> Option<(usize, Target)> {
        if let Some((member, target)) = self.members.get(likely)
            && **member == *name
        {
            return Some((likely, *target));
        }
        let at = self.members.iter().position(|(member, _)| **member == *name)?;
        self.members.get(at).map(|(_, target)| (at, *target))
    }
}

/// A dataset whose elements cannot be told apart in a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// Two elements at one path, or one inside the other.
    #[error("element `{0}` is declared twice, or stands inside another element")]
    Overlap(ElementPath),
    /// More than 1024 members of one object.
    #[error("object that holds element `{0}` has too many members")]
    Members(ElementPath),
    /// An element of a CSV dataset has no column, or one of a JSON dataset has one.
    #[error("element `{element}` does not fit {}", form(*.format))]
    Column {
        /// The element.
        element: ElementPath,
        /// The format of its dataset.
        format: RecordFormat,
    },
}

const fn form(format: RecordFormat) -> &'static str {
    match format {
        RecordFormat::Json => "a JSON dataset: leave its column out",
        RecordFormat::Csv => "a CSV dataset: name its column",
    }
}

/// The tree; node 0 is the record.
pub(crate) struct Shape {
    nodes: Vec<Node>,
}

impl Shape {
    /// A tree of `paths`; the number of a leaf is the path's position.
    pub(crate) fn of<'a>(paths: impl Iterator<Item = &'a ElementPath>) -> Result<Self, ShapeError> {
        let mut shape = Self { nodes: vec![Node { path: String::new(), members: Vec::new() }] };
        for (leaf, path) in paths.enumerate() {
            shape.insert(path, leaf)?;
        }
        Ok(shape)
    }

    pub(crate) fn node(&self, number: usize) -> Option<&Node> {
        self.nodes.get(number)
    }

    fn insert(&mut self, path: &ElementPath, leaf: usize) -> Result<(), ShapeError> {
        let mut at = 0;
        let mut segments = path.segments().peekable();
        while let Some(segment) = segments.next() {
            let last = segments.peek().is_none();
            let fresh = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else { break };
            match node.member(segment, 0) {
                Some((_, Target::Node(next))) if !last => at = next,
                Some(_) => return Err(ShapeError::Overlap(path.clone())),
                None if node.members.len() >= MEMBERS => return Err(ShapeError::Members(path.clone())),
                None if last => node.members.push((segment.into(), Target::Leaf(leaf))),
                None => {
                    node.members.push((segment.into(), Target::Node(fresh)));
                    let path = if at == 0 { segment.to_owned() } else { format!("{}.{segment}", node.path) };
                    self.nodes.push(Node { path, members: Vec::new() });
                    at = fresh;
                }
            }
        }
        Ok(())
    }
}
