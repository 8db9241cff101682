//! Seeds of pseudonymisation domains: random, in the vault, made when an agreement comes into force
//! and destroyed when its domain ends.

use agreements::{Agreement, Digest};
use audit::Event;
use common::vault::{Branch, KeyId, VaultError};
use pseudonym::Domain;
use zeroize::Zeroizing;

use crate::app::Core;
use crate::recorder::{Effect, Item};

/// The root from which domain keys follow; useless without the domain's seed.
pub(crate) fn root(core: &Core) -> Zeroizing<[u8; 32]> {
    core.vault.branch(&Branch::Domains)
}

/// The seed of a domain.
pub(crate) fn seed(core: &Core, domain: &Domain) -> Result<Zeroizing<[u8; 32]>, String> {
    let id = key_id(domain)?;
    let bytes = core.vault.get(&id).map_err(|error| error.to_string())?;
    let seed = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| format!("key `{id}` has another length"))?;
    Ok(Zeroizing::new(seed))
}

/// Makes the seed of every domain that an agreement needs, durable in the vault, and gives the
/// entries that name them. One that is there already is kept: a domain never depends on a version.
pub(crate) fn make_seeds(core: &Core, agreement: &Agreement) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    for domain in of_agreement(agreement) {
        let id = key_id(&domain)?;
        match core.vault.put(&id, core.rng.key().as_slice(), &*core.rng) {
            Ok(()) => {}
            Err(VaultError::KeyExists(_)) if core.standing.load().keys().contains(id.as_str()) => continue,
            // Left by an attempt that was never recorded: the same seed serves.
            Err(VaultError::KeyExists(_)) => {}
            Err(other) => return Err(other.to_string()),
        }
        items.push(made(&id, "domain-seed"));
    }
    Ok(items)
}

/// The entries that destroy the seeds of domains that end: no pseudonym can be computed under them any
/// more. The vault forgets them once the entries are committed.
pub(crate) fn destroy_seeds(
    core: &Core,
    domains: impl IntoIterator<Item = Domain>,
) -> Result<Vec<Item>, String> {
    let standing = core.standing.load();
    let known = standing.keys();
    let mut items = Vec::new();
    for domain in domains {
        let id = key_id(&domain)?.to_string();
        if known.contains(id.as_str()) {
            let event = Event::KeyDestroyed { key: id.clone(), kind: "domain-seed".to_owned() };
            items.push(Item::of(event).and(Effect::VaultKeyDestroyed { id }));
        }
    }
    Ok(items)
}

/// The entry that a key was made.
pub(crate) fn made(id: &KeyId, kind: &str) -> Item {
    let (key, kind) = (id.to_string(), kind.to_owned());
    Item::of(Event::KeyMade { key: key.clone(), kind: kind.clone() }).and(Effect::VaultKey { id: key, kind })
}

/// Every domain of an agreement: one for each recipient and purpose of a clause.
pub(crate) fn of_agreement(agreement: &Agreement) -> Vec<Domain> {
    let mut domains = Vec::new();
    for clause in &agreement.clauses {
        for recipient in &clause.recipients {
            for purpose in &clause.purposes {
                let domain = Domain {
                    agreement: agreement.id.clone(),
                    recipient: recipient.clone(),
                    purpose: purpose.clone(),
                    epoch: 0,
                };
                if !domains.contains(&domain) {
                    domains.push(domain);
                }
            }
        }
    }
    domains
}

/// Id of the seed's key: no name in it, since it is a file's name.
pub(crate) fn key_id(domain: &Domain) -> Result<KeyId, String> {
    let digest: Digest = domain.digest().map_err(|error| error.to_string())?;
    KeyId::parse(&format!("domain-seed.{digest}")).map_err(|error| error.to_string())
}
