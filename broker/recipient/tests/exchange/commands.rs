//! The program as it is run: real processes, its command line, its exit codes.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use agreements::statements::ReceiptStage;
use audit::verify::{ReceiptFile, verify_receipt};
use serde_json::Value;

use crate::provider::Arrived;
use crate::world::{PASSWORD, World, holds};

fn program(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_transire-receive"));
    command.args(["--json", "--data"]).arg(data).args(arguments).stdin(Stdio::null());
    command
}

fn run(data: &Path, arguments: &[&str]) -> (i32, Value) {
    let Output { status, stdout, stderr } = program(data, arguments).output().unwrap();
    let text = String::from_utf8(stdout).unwrap();
    let value = serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{arguments:?}: {text}{}", String::from_utf8_lossy(&stderr)));
    (status.code().unwrap(), value)
}

fn done(data: &Path, arguments: &[&str]) -> Value {
    let (code, value) = run(data, arguments);
    assert_eq!(code, 0, "{arguments:?}: {value}");
    value
}

struct Killed(std::process::Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_way_goes_by_commands_alone() {
    let world = World::new().await;
    let data = world.file("by-commands");
    let write = |name: &str, text: &str| {
        let path = world.file(name);
        std::fs::write(&path, text).unwrap();
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    };
    let root = write("root.vkey", &world.be.root.key().to_string());
    let statements = world.file("data.statements.key").display().to_string();
    let broker = world.home.config.broker.clone();
    let init = |broker: &str| {
        let arguments = [
            "init",
            "--authority",
            "be-customs",
            "--endpoint",
            "be-desk-9",
            "--broker",
            broker,
            "--root-key",
            &root,
            "--statements-key",
            &statements,
            "--demonstration",
        ];
        run(&data, &arguments)
    };
    assert_eq!(init("http://192.0.2.1:8080").0, 1, "another address than loopback is refused");
    assert!(!data.join("receive.toml").exists());
    let (code, made) = init(&broker);
    assert_eq!(code, 0, "{made}");
    let leaf_key = agreements::Digest::parse(made["leaf_key"].as_str().unwrap()).unwrap();
    assert_eq!(init(&broker).0, 1, "a folder that is made is not made again");

    let (own, provider) = (write("own", &world.be.directory), write("provider", &world.nl.directory));
    let wrong = write("wrong", &world.nl.enrol("be-desk-9", leaf_key));
    let (code, refused) = run(&data, &["enrol", "--note", &wrong, "--own-directory", &own]);
    assert_eq!(code, 1, "{refused}");
    let note = write("note", &world.be.enrol("be-desk-9", leaf_key));
    done(&data, &["enrol", "--note", &note, "--own-directory", &own]);
    let (file, signature) =
        (write("agreement", &world.document), write("signature", &world.signature(&world.document)));
    done(
        &data,
        &[
            "agreement",
            "add",
            "--file",
            &file,
            "--signature",
            &signature,
            "--own-directory",
            &own,
            "--provider-directory",
            &provider,
        ],
    );
    let password = write("password", PASSWORD);
    done(
        &data,
        &[
            "officer",
            "add",
            "BE-7",
            "--name-file",
            &write("name", "Anna Peeters\n"),
            "--role",
            "risk-analyst",
            "--password-file",
            &password,
        ],
    );
    world.provider().endpoints.insert(agreements::EndpointId::parse("be-desk-9").unwrap(), leaf_key);
    let _collector = Killed(program(&data, &["collect", "--follow"]).stdout(Stdio::null()).spawn().unwrap());
    world.until("key packages", |world| !world.provider().key_packages.is_empty()).await;
    world.provider().welcome();

    let out = world.file("out.jsonl").display().to_string();
    let question = write(
        "question",
        "case = \"C-1\"\njustification = \"to see\"\n[where]\ndeclaration.office = \"NL000510\"\n",
    );
    let loose = write("loose", "case = \"C-1\"\njustification = \"to see\"\n");
    std::fs::set_permissions(&loose, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let asking = ["ask", "--agreement", "NL-BE-FR-2026-04", "--role", "risk-analyst", "--purpose"];
    let asking = [&asking[..], &["customs:RiskManagement", "--dataset", "import-declarations"]].concat();
    let asking = [&asking[..], &["--officer", "BE-7"]].concat();
    let (code, refused) =
        run(&data, &[&asking[..], &["--password-file", &password, "--question", &loose]].concat());
    assert_eq!((code, refused["error"].to_string().contains("can be read by others")), (1, true), "{refused}");
    assert_eq!(run(&data, &[&asking[..], &["--password-stdin", "--question", "-"]].concat()).0, 2);
    let ask = |role: &str| {
        let arguments = [
            "ask",
            "--agreement",
            "NL-BE-FR-2026-04",
            "--role",
            role,
            "--purpose",
            "customs:RiskManagement",
            "--dataset",
            "import-declarations",
            "--question",
            &question,
            "--officer",
            "BE-7",
            "--password-file",
            &password,
            "--wait-seconds",
            "30",
        ];
        program(&data, &arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    };
    let child = ask("case-officer").wait_with_output().unwrap();
    assert_eq!(child.status.code(), Some(1), "a role that the officer does not have");
    let child = ask("risk-analyst");
    world
        .until("the question", |world| {
            world.provider().opened.iter().any(|arrived| matches!(arrived, Arrived::Question(..)))
        })
        .await;
    let question = world
        .provider()
        .opened
        .iter()
        .find_map(|arrived| match arrived {
            Arrived::Question(question, role) => Some((question.clone(), role.clone())),
            Arrived::Receipt(..) => None,
        })
        .unwrap();
    world.provider().answer(&question.0, &question.1, &[r#"{"net_mass":1.10}"#]);
    let child = child.wait_with_output().unwrap();
    let text = String::from_utf8(child.stdout).unwrap();
    assert_eq!(child.status.code(), Some(0), "{text}");
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&answer["status"], &answer["records"]), (&Value::from("answered"), &Value::from(1)));
    assert_eq!(answer["proof_verified"], Value::from(true));
    assert!(text.contains("1.10"), "numbers stay as they came: {text}");
    world.receipt(ReceiptStage::Opened).await;

    let request = answer["request"].as_str().unwrap();
    let proof = world.file("proof.json").display().to_string();
    done(&data, &["receipt", request, "--out", &proof]);
    let file: ReceiptFile = serde_json::from_slice(&std::fs::read(&proof).unwrap()).unwrap();
    verify_receipt(&file, Some(world.provider().signer.key())).unwrap();
    let show = ["show", request, "--officer", "BE-7", "--password-file", &password, "--out", &out];
    done(&data, &show);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "{\"net_mass\":1.10}\n");
    let wrong = write("wrong-password", "not the right password");
    assert_eq!(run(&data, &["show", request, "--officer", "BE-7", "--password-file", &wrong]).0, 1);
    assert_eq!(done(&data, &["answers"])["requests"][0]["status"], Value::from("answered"));
    assert_eq!(done(&data, &["status"])["groups"][0]["status"], Value::from("open"));
    assert_eq!(done(&data, &["agreement", "list"])["agreements"][0]["version"], Value::from(1));
    let log = done(&data, &["log"]).to_string();
    for act in ["asked", "received", "shown", "exported", "proof-written"] {
        assert!(log.contains(act), "the own log lacks `{act}`: {log}");
    }
    assert!(!holds(log.as_bytes(), "Peeters"));
    let (code, second) = run(&data, &["collect"]);
    assert_eq!((code, second["error"].to_string().contains("in use")), (1, true), "{second}");
}

#[test]
fn bad_use_is_exit_code_2_and_a_missing_folder_a_clear_error() {
    let folder = tempfile::TempDir::new().unwrap();
    let code = |arguments: &[&str]| program(folder.path(), arguments).output().unwrap().status.code();
    assert_eq!(code(&["no-such-command"]), Some(2));
    assert_eq!(code(&["show", "not-an-id", "--officer", "BE-7"]), Some(2));
    assert_eq!(code(&["--help"]), Some(0));
    // What names people has no place on a command line; all else of these is well used.
    let ask = ["ask", "--agreement", "A", "--role", "r", "--purpose", "customs:X", "--dataset", "d"];
    let ask = [&ask[..], &["--officer", "B", "--question", "-"]].concat();
    let add = ["officer", "add", "B", "--role", "r"];
    assert_eq!((code(&ask), code(&add)), (Some(1), Some(1)));
    for option in ["--where", "--case", "--justification"] {
        assert_eq!(code(&[&ask[..], &[option, "x=y"]].concat()), Some(2), "{option}");
    }
    assert_eq!(code(&[&add[..], &["--name", "Anna Peeters"]].concat()), Some(2));
    let (code, error) = run(folder.path(), &["status"]);
    assert_eq!(code, 1);
    assert!(error["error"].as_str().unwrap().contains("receive.toml"), "{error}");
}
