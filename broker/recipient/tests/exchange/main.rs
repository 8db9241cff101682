//! The recipient program against a small provider of its own: the whole way, and every way in
//! which a provider can be wrong.

// Under `cfg(test)` so that the lints know the builders for test code.
#[cfg(test)]
mod authority;
#[cfg(test)]
mod clauses;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod downloads;
#[cfg(test)]
mod handshakes;
#[cfg(test)]
mod misbehaviour;
#[cfg(test)]
mod outward;
#[cfg(test)]
mod previous;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod walk;
#[cfg(test)]
mod world;
