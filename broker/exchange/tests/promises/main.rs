//! What the exchange promises, each promise a test; every trap of openmls that touches us is here.

// Under `cfg(test)` so that the lints know the builders for test code.
#[cfg(test)]
mod calls;
#[cfg(test)]
mod contents;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod packages;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod state;
#[cfg(test)]
mod world;
