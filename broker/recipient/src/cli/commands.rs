//! `collect`, `answers`, `receipt`, `log`, `status`, `resume`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use agreements::{GroupId, RequestId};
use audit::verify::{ReceiptFile, verify_receipt};
use clap::Args;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::CliError;
use super::output::Output;
use crate::collector::{self, Until};
use crate::home::Home;
use crate::store::own_log::Act;
use crate::trust::Trust;

#[derive(Debug, Args)]
pub(super) struct CollectArgs {
    /// Go on until stopped by a signal.
    #[arg(long)]
    follow: bool,
    /// Without `--follow`: end once nothing came and nothing was sent for this long.
    #[arg(long, value_name = "SECONDS", default_value_t = 3)]
    quiet_seconds: u64,
}

#[derive(Debug, Args)]
pub(super) struct AnswersArgs {
    /// At most so many, newest first.
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

#[derive(Debug, Args)]
pub(super) struct ReceiptArgs {
    /// The request.
    request: RequestId,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct LogArgs {
    /// The last so many lines.
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    /// The group, as `status` shows it.
    group: GroupId,
}

pub(super) async fn collect(home: Home, args: CollectArgs, output: &Output) -> Result<ExitCode, CliError> {
    let (stop, stopped) = watch::channel(false);
    let failed = |source| CliError::File { path: "signals".into(), source };
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let listening = tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        // The collector has ended when nobody listens.
        let _ = stop.send(true);
        // Keeps the channel open until this task is ended.
        std::future::pending::<()>().await;
    });
    let until =
        if args.follow { Until::Stopped } else { Until::Quiet(Duration::from_secs(args.quiet_seconds)) };
    let home = Arc::new(home);
    let result = collector::collect(Arc::clone(&home), until, stopped).await;
    listening.abort();
    result?;
    status(&home, output).await
}

pub(super) async fn answers(home: &Home, args: AnswersArgs, output: &Output) -> Result<ExitCode, CliError> {
    let rows = home.store.requests(i64::from(args.limit)).await?;
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{}  {}  {}  {}  {}  until {}",
                row.request,
                row.status.as_str(),
                row.asked_at,
                row.agreement,
                row.officer,
                row.delete_by
            )
        })
        .collect();
    output.done(&json!({ "requests": rows }), &lines.join("\n"))
}

pub(super) async fn receipt(home: &Home, args: ReceiptArgs, output: &Output) -> Result<ExitCode, CliError> {
    let Some(proof) = home.store.answer_proof(args.request).await? else {
        return Err(CliError::Other(format!("there is no proof for request `{}` here", args.request)));
    };
    let damaged = |_| CliError::Other("the stored proof is malformed".to_owned());
    let file: ReceiptFile = serde_json::from_slice(&proof).map_err(damaged)?;
    let entry = verify_receipt(&file, None).map_err(|fault| CliError::Other(fault.to_string()))?;
    let mut tx = home.store.write().await?;
    tx.log(home.clock.now(), None, Act::ProofWritten, Some(args.request), "").await?;
    tx.commit().await?;
    let failed = |source| CliError::File { path: args.out.clone(), source };
    std::fs::write(&args.out, &proof).map_err(failed)?;
    output.done(
        &json!({ "request": args.request, "index": entry.index, "out": args.out }),
        &format!("{entry}\nwritten to `{}`", args.out.display()),
    )
}

pub(super) async fn log(home: &Home, args: LogArgs, output: &Output) -> Result<ExitCode, CliError> {
    let lines = home.store.own_log(i64::from(args.limit)).await?;
    let text: Vec<String> = lines
        .iter()
        .map(|line| {
            format!(
                "{}  {}  {}  {}  {}  {}",
                line.n, line.at, line.act, line.officer, line.request, line.detail
            )
        })
        .collect();
    output.done(&json!({ "log": lines }), &text.join("\n"))
}

pub(super) async fn status(home: &Home, output: &Output) -> Result<ExitCode, CliError> {
    let trust = Trust::load(home).await?;
    let (mut groups, mut text) = (Vec::new(), Vec::new());
    text.push(format!("endpoint `{}` of `{}`", home.endpoint(), home.authority()));
    text.push(format!("key {}", home.leaf_key()));
    for row in home.store.groups().await? {
        let log = trust.newest(&row.agreement).map(|signed| signed.log_key.name().to_owned());
        let checkpoint = match &log {
            Some(log) => home.store.newest_checkpoint(log).await?.map(|kept| kept.size),
            None => None,
        };
        text.push(format!(
            "group {}  {}  {}  epoch {}  message {}{}",
            row.group,
            row.agreement,
            row.status.as_str(),
            row.epoch,
            row.position,
            row.alarm.as_ref().map(|alarm| format!("\n  ALARM: {alarm}")).unwrap_or_default()
        ));
        groups.push(json!({
            "group": row.group,
            "agreement": row.agreement,
            "status": row.status,
            "epoch": row.epoch,
            "members": row.members,
            "position": row.position,
            "sequence": row.sequence,
            "alarm": row.alarm,
            "log_size": checkpoint,
        }));
    }
    let outbox = home.store.outbox_length().await?;
    text.push(format!("{outbox} waiting to be sent"));
    output.done(
        &json!({
            "authority": home.authority(),
            "endpoint": home.endpoint(),
            "leaf_key": home.leaf_key(),
            "enrolled": home.store.enrolment().await?.is_some(),
            "groups": groups,
            "outbox": outbox,
        }),
        &text.join("\n"),
    )
}

pub(super) async fn resume(home: &Home, args: ResumeArgs, output: &Output) -> Result<ExitCode, CliError> {
    let mut tx = home.store.write().await?;
    let resumed = tx.resume_group(args.group).await?;
    if !resumed {
        return Err(CliError::Use(format!("group `{}` is not stopped", args.group)));
    }
    tx.log(home.clock.now(), None, Act::Resumed, None, &format!("group {}", args.group)).await?;
    tx.commit().await?;
    output.done(&json!({ "group": args.group }), &format!("group {} is read again", args.group))
}
