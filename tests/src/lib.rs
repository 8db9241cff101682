//! The end-to-end suite and the vectors: what its files share.

pub mod data;
pub mod harness;

pub use data::data;
