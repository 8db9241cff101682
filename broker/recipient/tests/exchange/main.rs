//! The recipient program against a small provider of its own: the whole way, and every way in
//! which a provider can be wrong.

mod authority;
mod commands;
mod misbehaviour;
mod outward;
mod provider;
mod walk;
mod world;
