//! Every key of the whole system.

/// x
pub enum KeyKind {}
/// y
pub struct KeyRow;
