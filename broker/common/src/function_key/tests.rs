//! Promises of function key files.
