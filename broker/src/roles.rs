//! Roles of the provider's own officers. A route names the roles that may use it; any other is
//! refused.

/// What an officer of the provider is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Names officers.
    Administrator,
    /// Proposes agreements, takes notes, brings into force, suspends, resumes, terminates.
    Agreements,
    /// Publishes datasets and deposits records.
    Source,
    /// Data protection officer: reads the record, suspends; discloses nothing and alters nothing.
    Dpo,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Administrator, Self::Agreements, Self::Source, Self::Dpo];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Agreements => "agreements",
            Self::Source => "source",
            Self::Dpo => "dpo",
        }
    }

    /// The role of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}
