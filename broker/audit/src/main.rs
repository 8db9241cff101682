//! `transire-verify`: checks a log, a receipt or two checkpoints without the broker.

fn main() {}
