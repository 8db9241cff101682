//! The commands on files alone, driven as a person drives them: the binary, its words, its exit codes.
//!
//! What people read is in `golden/`; `TRANSIRE_BLESS=1 cargo test -p broker --test command_line`
//! writes it anew.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

struct Desk {
    dir: tempfile::TempDir,
}

/// What a command left behind.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Desk {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn private(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        self.write(name, text);
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs `transire` with words separated by blanks; `_` stands for a blank within a word.
    fn run(&self, words: &str) -> Ran {
        let words = words.split_whitespace().map(|word| word.replace("_", " "));
        let mut child = Command::new(env!("CARGO_BIN_EXE_transire"))
            .args(words)
            .current_dir(self.dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(b"").unwrap();
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
    }

    /// Runs a command that must succeed.
    fn done(&self, words: &str) -> String {
        let ran = self.run(words);
        assert_eq!(ran.code, 0, "{words}\n{}{}", ran.out, ran.err);
        ran.out
    }

    /// Runs a command that must succeed, and reads the one object that it prints.
    fn json(&self, words: &str) -> Value {
        one_object(&self.done(&format!("--json {words}")))
    }

    /// Runs a command that must fail as bad use, and gives what it says.
    fn misused(&self, words: &str) -> String {
        let ran = self.run(words);
        assert_eq!(ran.code, 2, "{words}\n{}{}", ran.out, ran.err);
        assert!(ran.out.is_empty(), "{}", ran.out);
        let as_json = self.run(&format!("--json {words}"));
        assert_eq!(as_json.code, 2, "{words}");
        assert!(one_object(&as_json.out)["error"].is_string());
        ran.err
    }

    /// Keys, an agreement and a dataset to work with.
    fn furnished() -> Self {
        let desk = Self::new();
        for name in ["nl-customs/root", "nl-customs/dpo", "nl-customs/signatory", "fr-statistics/root"] {
            desk.done(&format!("key new {name} --out {}", name.replace('/', "-")));
        }
        desk.done(
            "agreement new statistics-office --root-key nl-customs=nl-customs-root.pub \
             --root-key fr-statistics=fr-statistics-root.pub --out a.toml",
        );
        desk
    }
}

fn one_object(text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap();
    assert!(value.is_object() && text.trim_end().lines().count() == 1, "{text}");
    value
}

#[expect(clippy::disallowed_methods, reason = "how golden files are written anew")]
fn golden(name: &str, found: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var("TRANSIRE_BLESS").is_ok_and(|value| value == "1") {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, found).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(found, expected, "{name}: if this is meant, run with TRANSIRE_BLESS=1 and review it");
}

/// The library's text with its placeholder keys, so that what is printed is always the same.
fn library(desk: &Desk) {
    desk.write("library.toml", agreements::library::agreement("statistics-office").unwrap());
}

const ASK: &str = "policy decide library.toml --recipient fr-statistics --role statistician \
                   --dataset import-declarations --on 2026-06-01";

#[test]
fn a_key_is_private_and_is_never_written_over() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    let made = desk.json("key new nl-customs/dpo --out dpo");
    assert_eq!(std::fs::metadata(desk.path("dpo")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(desk.text("dpo.pub").trim(), made["key"].as_str().unwrap());
    assert!(!desk.text("dpo.pub").contains("seed"));
    for file in ["dpo", "dpo.pub"] {
        assert_eq!(desk.json(&format!("key show {file}"))["key"], made["key"]);
    }
    assert!(desk.misused("key new nl-customs/dpo --out dpo").contains("`dpo` exists"));
    for name in ["dpo", "nl-customs", "nl-customs/", "nl-customs/boss", "NL Customs/dpo"] {
        let said = desk.misused(&format!("key new {} --out other", name.replace(' ', "_")));
        assert!(said.contains("AUTHORITY/FUNCTION"), "{said}");
        assert!(!desk.path("other").exists());
    }
}

#[test]
fn a_sealed_key_signs_with_its_passphrase_alone() {
    let desk = Desk::furnished();
    desk.private("right", "correct horse battery\n");
    desk.private("wrong", "another\n");
    desk.done("key new nl-customs/signatory --out sealed --passphrase-file right");
    assert_eq!(desk.json("key show sealed")["kind"], "private, sealed with a passphrase");
    let sign = "agreement sign a.toml --authority nl-customs --as signatory --yes --key sealed";
    let refused = desk.run(&format!("{sign} --passphrase-file wrong --out n"));
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(!desk.path("n").exists());
    desk.done(&format!("{sign} --passphrase-file right --out n"));
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::furnished();
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(desk.path("nl-customs-dpo"), open).unwrap();
    let sign = "agreement sign a.toml --authority nl-customs --as dpo --verdict favourable --text Good --yes --key nl-customs-dpo --out n";
    let ran = desk.run(sign);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("chmod 600"), "{}", ran.err);
}

#[test]
fn a_signature_is_the_keys_own_over_the_digest_that_is_printed() {
    use agreements::{Note, NoteKey, Statement as _, statements::PartySignature};
    let desk = Desk::furnished();
    let digest = desk.json("agreement digest a.toml")["digest"].as_str().unwrap().to_owned();
    let shown = desk.done(
        "agreement sign a.toml --authority nl-customs --as signatory --yes --key nl-customs-signatory --out n",
    );
    assert!(shown.contains(&format!("digest: {digest}")), "{shown}");
    assert!(shown.find("digest: ").unwrap() < shown.find("signed NL-FR-2026-03 version 1").unwrap());
    let key = NoteKey::parse(desk.text("nl-customs-signatory.pub").trim()).unwrap();
    let signed = PartySignature::verified(&Note::parse(&desk.text("n")).unwrap(), &key).unwrap();
    assert_eq!(signed.digest.to_string(), digest);
}

#[test]
fn an_opinion_may_differ_clause_by_clause() {
    let desk = Desk::furnished();
    let opinion = desk.json(
        "agreement sign a.toml --authority nl-customs --as dpo --verdict favourable \
         --unfavourable counts-of-traders --text Too_much --yes --key nl-customs-dpo --out n",
    );
    let clauses = &opinion["opinion"]["clauses"];
    assert_eq!(clauses["foreign-trade"]["verdict"], "favourable");
    assert_eq!(clauses["counts-of-traders"]["verdict"], "unfavourable");
}

#[test]
fn nothing_is_signed_without_a_yes_a_verdict_or_a_party() {
    let desk = Desk::furnished();
    let sign = "agreement sign a.toml --key nl-customs-dpo --out n";
    for (rest, why) in [
        ("--authority nl-customs --as dpo --verdict favourable --text Good", "there is no terminal"),
        ("--authority nl-customs --as signatory --yes", "is the key of `nl-customs/dpo`"),
        (
            "--authority fr-statistics --as dpo --verdict favourable --text Good --yes",
            "signed as `fr-statistics/dpo`",
        ),
        ("--authority nl-customs --as dpo --yes", "needs `--verdict`"),
        ("--authority nl-customs --as dpo --verdict favourable --yes", "needs `--text`"),
        ("--authority de-customs --as signatory --yes", "no party"),
        ("--authority nl-customs --as minister --yes", "possible values"),
    ] {
        let ran = desk.run(&format!("{sign} {rest}"));
        assert_eq!(ran.code, 2, "{rest}");
        assert!(ran.err.contains(why), "{rest}: {}", ran.err);
        assert!(!desk.path("n").exists(), "{rest}");
    }
}

#[test]
fn a_directory_and_an_enrolment_are_signed_as_their_readers_expect() {
    use agreements::statements::Enrolment;
    use agreements::{Directory, Note, NoteKey, Statement};
    let desk = Desk::furnished();
    desk.done(
        "authority directory --authority nl-customs --root-key nl-customs-root --version 1 \
         --holder dpo=Data_protection_officer=nl-customs-dpo.pub \
         --holder signatory=Director=nl-customs-signatory.pub --out d",
    );
    let root = NoteKey::parse(desk.text("nl-customs-root.pub").trim()).unwrap();
    let directory = <Directory as Statement>::verified(&Note::parse(&desk.text("d")).unwrap(), &root).unwrap();
    assert_eq!((directory.version, directory.holders.len()), (1, 2));
    let leaf = "11".repeat(32);
    let enrol = format!(
        "authority enrol --authority nl-customs --endpoint nl-customs-1 --leaf-key {leaf} \
         --key nl-customs-signatory"
    );
    desk.done(&format!("{enrol} --days 30 --out e"));
    let key = NoteKey::parse(desk.text("nl-customs-signatory.pub").trim()).unwrap();
    Enrolment::verified(&Note::parse(&desk.text("e")).unwrap(), &key).unwrap();
    assert!(desk.misused(&format!("{enrol} --days 91 --out f")).contains("91"));
    assert!(desk.misused(&enrol.replace(&leaf, "xyz")).contains("xyz"));
}

#[test]
fn a_directory_that_no_broker_would_take_is_not_made() {
    let desk = Desk::furnished();
    let make = "authority directory --authority nl-customs --root-key nl-customs-root --out d";
    for (rest, why) in [
        ("--version 0 --holder dpo=Office=nl-customs-dpo.pub", "version 0"),
        ("--version 1 --holder dpo=Office=nl-customs-dpo", "not a public key"),
        ("--version 1 --holder minister=Office=nl-customs-dpo.pub", "minister"),
        ("--version 1 --holder dpo=nl-customs-dpo.pub", "FUNCTION=OFFICE=FILE"),
        (
            "--version 1 --holder dpo=Office=nl-customs-dpo.pub --holder signatory=Office=nl-customs-dpo.pub",
            "no other function",
        ),
        ("--version 1", "--holder"),
    ] {
        let said = desk.misused(&format!("{make} {rest}"));
        assert!(said.contains(why), "{rest}: {said}");
        assert!(!desk.path("d").exists());
    }
}

#[test]
fn every_violation_of_a_document_is_printed_with_its_line() {
    let desk = Desk::new();
    desk.write("broken.toml", include_str!("../../agreements/tests/broken.toml"));
    let ran = desk.run("agreement check broken.toml");
    assert_eq!(ran.code, 1);
    assert!(ran.err.is_empty(), "{}", ran.err);
    golden("check-broken.txt", &ran.out);
    let ran = desk.run("--json agreement check broken.toml");
    let value = one_object(&ran.out);
    assert_eq!((ran.code, &value["valid"]), (1, &Value::Bool(false)));
    assert!(value["violations"].as_array().unwrap().len() > 10);
}

#[test]
fn a_document_that_cannot_be_read_is_named_with_its_place() {
    let desk = Desk::new();
    desk.write("latin.toml", b"schema = 1\ntitle = \"caf\xe9\"\n");
    desk.write("huge.toml", vec![b'#'; (1 << 20) + 1]);
    desk.write("half.toml", "schema = 1\ntitle = \"never closed\n");
    assert_eq!(desk.misused("agreement check absent.toml").lines().count(), 1);
    assert!(desk.misused("agreement check latin.toml").contains("`latin.toml`: line 2: not UTF-8"));
    assert!(desk.misused("dataset check huge.toml").contains("larger than 1 MiB"));
    assert!(desk.misused("agreement check .").contains("`.`"));
    let ran = desk.run("dataset check half.toml");
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("line 2"), "{}", ran.out);
}

#[test]
fn the_library_checks_out() {
    let desk = Desk::furnished();
    library(&desk);
    desk.done("dataset new import-declarations --out d.toml");
    let checked = [
        desk.done("agreement check library.toml"),
        desk.done("dataset check d.toml"),
        desk.done("agreement digest library.toml"),
    ];
    golden("check.txt", &checked.concat());
    assert!(desk.misused("agreement new nothing --out x").contains("statistics-office"));
}

#[test]
fn a_party_reads_all_that_it_signs() {
    let desk = Desk::new();
    library(&desk);
    golden("read.txt", &desk.done("agreement read library.toml"));
}

#[test]
fn rules_are_shown_as_a_table() {
    let desk = Desk::new();
    library(&desk);
    golden("policy-show.txt", &desk.done("policy show library.toml"));
    assert_eq!(desk.json("policy show library.toml --recipient be-customs")["rules"], serde_json::json!([]));
}

#[test]
fn decisions_are_explained() {
    let desk = Desk::new();
    library(&desk);
    let mut all = String::new();
    for (rest, code) in [
        ("--action bulk --purpose dpv:ProvideOfficialStatistics", 0),
        ("--action bulk --purpose customs:TradeIndicators --elements declaration.date,goods.value", 0),
        ("--action bulk --purpose dpv:Marketing", 1),
        ("--action consult --purpose dpv:ProvideOfficialStatistics", 1),
        ("--action bulk --purpose dpv:ProvideOfficialStatistics --elements consignee.name", 1),
        ("--action bulk --purpose dpv:ProvideOfficialStatistics --where consignee.eori", 1),
    ] {
        let ran = desk.run(&format!("{ASK} {rest}"));
        assert_eq!(ran.code, code, "{rest}: {}{}", ran.out, ran.err);
        all.push_str(&format!("$ {rest}\n{}\n", ran.out));
        let value = one_object(&desk.run(&format!("--json {ASK} {rest}")).out);
        assert_eq!(value["decision"], if code == 0 { "permit" } else { "deny" });
    }
    golden("policy-decide.txt", &all);
    assert!(desk.misused(&format!("{ASK} --action read --purpose dpv:Marketing")).contains("`bulk`"));
}

#[test]
fn a_condition_is_attested_by_the_party_that_the_agreement_names() {
    let desk = Desk::furnished();
    let condition = "[[condition]]\nid = \"published\"\ntext = \"Published in the gazette.\"\n\
                     attested_by = \"nl-customs\"\n\n[[party]]";
    desk.write("a.toml", desk.text("a.toml").replacen("[[party]]", condition, 1));
    let attest = "agreement attest a.toml --reference Gazette_12 --key nl-customs-signatory --out n";
    let made = desk.json(&format!("{attest} --condition published --authority nl-customs"));
    assert_eq!(made["condition"]["reference"], "Gazette 12");
    assert!(desk.misused(&format!("{attest} --condition other --authority nl-customs")).contains("`other`"));
    let said = desk.misused(&format!("{attest} --condition published --authority fr-statistics"));
    assert!(said.contains("attested by `nl-customs`"), "{said}");
}

#[test]
fn a_password_never_goes_to_another_machine_in_clear() {
    let desk = Desk::new();
    desk.private("p", "secret\n");
    let said = desk.misused("status --broker 192.0.2.1:80 --officer NL-0001 --password-file p");
    assert!(said.contains("in clear"), "{said}");
    let ran = desk.run("--json status --broker 127.0.0.1:9 --officer NL-0001 --password-file p");
    assert_eq!(ran.code, 1);
    assert!(one_object(&ran.out)["error"].as_str().unwrap().contains("does not answer"));
}

const CONFIG: &str = "authority = \"nl-customs\"\nendpoint = \"nl-customs-1\"\ndata_dir = \"data\"\n\
    inward_listen = \"127.0.0.1:0\"\noutward_listen = \"127.0.0.1:0\"\nunlock = { key_file = \"unlock.key\" }\n";

#[test]
fn an_init_that_cannot_come_to_its_end_leaves_nothing_behind() {
    let desk = Desk::new();
    desk.write("transire.toml", CONFIG);
    desk.private("short", "too short\n");
    desk.private("password", "correct horse battery\n");
    desk.private("name", "A. Jansen\n");
    let init = "init --officer NL-0001 --name-file name";
    assert!(desk.misused(&format!("{init} --password-file short")).contains("12 to 256 characters"));
    // A file in the way of a folder.
    desk.write("file", "");
    let refused = desk.run(&format!("{init} --password-file password --log-key-out file/log.pub"));
    assert_ne!(refused.code, 0);
    assert!(refused.err.contains("`file/log.pub`") && !refused.err.contains(".tmp-"), "{}", refused.err);
    assert!(desk.misused(&format!("{init} --password-file password --log-key-out file")).contains("exists"));
    // The database cannot be reached: the vault was made by then.
    desk.write("elsewhere.toml", format!("database_url = \"postgres://nobody@127.0.0.1:1/none\"\n{CONFIG}"));
    let refused = desk.run(&format!("{init} --password-file password --config elsewhere.toml"));
    assert!(refused.err.contains("cannot be reached"), "{}", refused.err);
    for made in ["data", "unlock.key"] {
        assert!(!desk.path(made).exists(), "`{made}` was left behind");
    }
    desk.done(&format!("{init} --password-file password --log-key-out log.pub"));
    assert!(desk.text("log.pub").starts_with("nl-customs/log+"));
    // A second one touches nothing of the first.
    assert!(desk.misused(&format!("{init} --password-file password")).contains("nothing was made or changed"));
    desk.done("audit check");
}

#[test]
fn a_data_folder_without_an_officer_is_told_by_serve() {
    let desk = Desk::new();
    desk.write("transire.toml", CONFIG);
    desk.private("password", "correct horse battery\n");
    desk.private("name", "A. Jansen\n");
    desk.done("init --officer NL-0001 --name-file name --password-file password");
    // As a crash of `init` leaves it: a vault, and no record.
    for file in ["broker.db", "broker.db-wal", "broker.db-shm", "vault/mark"] {
        let _ = std::fs::remove_file(desk.path("data").join(file));
    }
    let ran = desk.run("serve");
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("nobody could sign in"), "{}", ran.err);
}
