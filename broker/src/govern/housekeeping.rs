//! What time itself asks for: agreements end on their last day, endpoints leave with their enrolment,
//! keys of members are renewed.

use std::sync::Arc;
use std::time::Duration;

use super::{GovernError, agreement, endpoint};
use crate::app::App;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(300);

/// Looks at once and then again and again.
pub(crate) async fn run(app: Arc<App>) {
    loop {
        if let Err(error) = tidy(&app).await {
            tracing::error!(%error, "what was due could not be done; it is tried again");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn tidy(app: &App) -> Result<(), GovernError> {
    agreement::expire_all(app).await?;
    endpoint::remove_ended(app).await?;
    endpoint::admit_all(app).await
}
