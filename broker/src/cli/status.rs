//! `status`: how the broker stands.

use serde_json::Value;

use super::session::{BrokerArgs, failed};
use super::table::plain;
use super::{CliError, Output};

pub(super) async fn status(broker: &BrokerArgs, output: &Output) -> Result<(), CliError> {
    let client = broker.sign_in().await?;
    let status: Value = client.get("/v1/status").await.map_err(|error| failed(&error))?;
    let mut words = String::new();
    for (name, value) in status.as_object().into_iter().flatten() {
        let shown = value.as_str().map_or_else(|| value.to_string(), plain);
        words.push_str(&format!("{}: {shown}\n", name.replace('_', " ")));
    }
    output.done(&status, &words)
}
