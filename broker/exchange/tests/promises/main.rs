//! What the exchange promises, each promise a test; every trap of openmls that touches us is here.

mod calls;
mod contents;
mod groups;
mod hostile;
mod objects;
// Under `cfg(test)` so that the lints know it for test code.
#[cfg(test)]
mod world;
