//! Key packages in stock at the provider, so that this endpoint can be added while it is offline.

use jiff::{SignedDuration, Timestamp};

use super::{CollectError, Shared};
use crate::store::agreements::KeyPackageRow;

/// How many are kept in stock.
const STOCK: usize = 5;
/// Age at which one is replaced, in hours; they are good for 84 days.
const OLDEST_HOURS: i64 = 60 * 24;

/// Makes and sends key packages until enough wait to be used. Each is kept before it is sent.
pub(super) async fn keep_in_stock(shared: &Shared) -> Result<(), CollectError> {
    let home = &shared.home;
    let Some(enrolment) = home.store.enrolment().await? else { return Ok(()) };
    let now = home.clock.now();
    let mut good = 0;
    for status in ["made", "sent"] {
        for package in home.store.key_packages(status).await? {
            if is_old(&package, now) {
                let mut tx = home.store.write().await?;
                tx.drop_key_package(&package.id).await?;
                tx.commit().await?;
            } else {
                good += 1;
            }
        }
    }
    for _ in good..STOCK {
        match exchange::key_package::make_key_package(&home.key, &enrolment, now) {
            Ok(made) => {
                let mut tx = home.store.write().await?;
                tx.add_key_package(made.reference, &made.bytes, &made.state, now).await?;
                tx.commit().await?;
            }
            Err(error) => {
                tracing::error!(%error, "no key package can be made: enrol this endpoint again");
                break;
            }
        }
    }
    let made = home.store.key_packages("made").await?;
    if made.is_empty() {
        return Ok(());
    }
    let bytes = made.iter().map(|package| package.package.clone()).collect();
    shared.outward.key_packages(bytes, "").await?;
    let mut tx = home.store.write().await?;
    for package in &made {
        tx.key_package_sent(&package.id).await?;
    }
    tx.commit().await?;
    shared.did_something();
    Ok(())
}

fn is_old(package: &KeyPackageRow, now: Timestamp) -> bool {
    package
        .made_at
        .parse::<Timestamp>()
        .is_ok_and(|made| now.duration_since(made) > SignedDuration::from_hours(OLDEST_HOURS))
}
