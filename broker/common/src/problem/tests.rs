//! Promises of problems.
