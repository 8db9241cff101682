//! How many records a second one core transforms, beside a floor measured in the same rounds.
//!
//! `cargo run --release -p pseudonym --example bench [DECLARATIONS.csv]`; the file has the 22 columns
//! of the Korea Customs Service sample, and without it rows of the same form are generated.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement: it prints, or it fails")]

use std::collections::BTreeMap;
use std::time::Instant;

use agreements::{Dataset, DisclosureId, ElementPath, Transformation};
use pseudonym::{Deposit, Domain, DomainKey, Plan};
use serde_json::{Value, json};

const ROUNDS: usize = 9;
const RECORDS: usize = 20_000;

fn main() {
    let records: Vec<String> = (0..RECORDS).map(declaration).collect();
    let bytes: usize = records.iter().map(String::len).sum();
    println!("JSON, {RECORDS} records of {} bytes, 10 keyed elements", bytes / RECORDS);
    let plan = json_plan();
    measure(
        RECORDS,
        &mut [
            ("parse to a tree and write it again (floor)", &mut || {
                records.iter().map(|r| serde_json::from_str::<Value>(r).unwrap().to_string().len()).sum()
            }),
            ("one pass through the plan", &mut || pass(&plan, records.iter().map(String::as_bytes))),
            ("check as a deposit", &mut || check(&json_dataset(), records.join("\n").as_bytes())),
        ],
    );

    let table = match std::env::args().nth(1) {
        Some(file) => std::fs::read_to_string(file).unwrap(),
        None => generated_table(),
    };
    let rows: Vec<&str> = table.lines().skip(1).collect();
    println!("CSV, {} rows of {} bytes, 4 keyed columns", rows.len(), table.len() / rows.len());
    let dataset = csv_dataset(table.lines().next().unwrap());
    let plan = csv_plan(&dataset);
    measure(
        rows.len(),
        &mut [
            ("one pass through the plan", &mut || pass(&plan, rows.iter().map(|row| row.as_bytes()))),
            ("split and check as a deposit", &mut || check(&dataset, table.as_bytes())),
        ],
    );
}

/// Runs the contenders in turn, so that each meets the same noise; prints best and median.
fn measure(records: usize, contenders: &mut [(&str, &mut dyn FnMut() -> usize)]) {
    let mut rates: Vec<Vec<f64>> = contenders.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for ((_, run), rates) in contenders.iter_mut().zip(&mut rates) {
            let begun = Instant::now();
            std::hint::black_box(run());
            rates.push(records as f64 / begun.elapsed().as_secs_f64());
        }
    }
    for ((name, _), rates) in contenders.iter().zip(&mut rates) {
        rates.sort_by(f64::total_cmp);
        let (best, median) = (rates.last().unwrap(), rates.get(ROUNDS / 2).unwrap());
        println!("  {name}: best {:.0} k/s, median {:.0} k/s", best / 1e3, median / 1e3);
    }
}

fn pass<'a>(plan: &Plan, records: impl Iterator<Item = &'a [u8]>) -> usize {
    let mut pass = plan.begin();
    let mut written = 0;
    for record in records {
        pass.record(record).unwrap();
        if pass.waiting() > 1 << 16 {
            written += pass.take().as_bytes().len();
        }
    }
    written + pass.finish().0.as_bytes().len()
}

fn check(dataset: &Dataset, bytes: &[u8]) -> usize {
    let mut deposit = Deposit::new(dataset).unwrap();
    let mut rows = 0;
    for piece in bytes.chunks(1 << 16) {
        deposit.push(piece);
        while deposit.row().unwrap().is_some() {
            rows += 1;
        }
    }
    deposit.end();
    while deposit.row().unwrap().is_some() {
        rows += 1;
    }
    rows
}

fn key() -> DomainKey {
    let domain = Domain {
        agreement: "NL-BE-2026-04".parse().unwrap(),
        recipient: "be-customs".parse().unwrap(),
        purpose: "customs:RiskManagement".parse().unwrap(),
        epoch: 1,
    };
    DomainKey::derive(&[1; 32], &[2; 32], &domain).unwrap()
}

fn declaration(number: usize) -> String {
    let names = [
        "Anna Müller",
        "JAN DE VRIES",
        "Παπαδόπουλος Νίκος",
        "Рубець Ольга",
        "Maria O’Brien",
        "Li Wei Trading",
    ];
    let name =
        |shift: usize| format!("{} {}", names.iter().cycle().nth(number % 6 + shift).unwrap(), number % 997);
    json!({
        "declaration": {"number": format!("26NL{number:014}"), "date": "2026-05-17", "office": "NL000396"},
        "consignee": {"name": name(0), "address": format!("Hauptstraße {number}, Köln"), "country": "DE",
            "eori": format!("DE{number:015}"), "vat": format!("DE{number:09}"), "passport": format!("C{number:08}"),
            "iban": format!("DE89{number:018}"), "email": format!("office{number}@example.org")},
        "consignor": {"name": name(1), "address": "88 Nanjing Road, Shanghai", "country": "CN"},
        "container": {"number": format!("MSKU{number:07}")},
        "goods": [
            {"hs_code": "44089010", "description": "veneer sheets of oak, sliced, 0.6 mm, for furniture", "net_mass": 108.50, "value": 3722.40},
            {"hs_code": "690722", "description": "ceramic tiles, glazed, in cartons on pallets", "net_mass": 11352.0, "value": 3757.20}
        ],
        "remarks": format!("Consignee {} called about the release of the container and asks for inspection at the \
            premises; the driver waits at gate 4. Documents were shown and found in order by the officer.", name(0)),
    })
    .to_string()
}

fn dataset(format: &str, elements: Vec<Value>) -> Dataset {
    serde_json::from_value(json!({
        "id": "declarations", "title": "Declarations", "controller": "nl-customs",
        "originator": "nl-customs", "format": format, "element": elements,
    }))
    .unwrap()
}

fn json_dataset() -> Dataset {
    let elements = [
        ("declaration.number", "text", "declaration-number"),
        ("declaration.date", "date", ""),
        ("declaration.office", "text", ""),
        ("consignee.name", "text", "name"),
        ("consignee.address", "text", "address"),
        ("consignee.country", "text", ""),
        ("consignee.eori", "text", "eori"),
        ("consignee.vat", "text", "vat"),
        ("consignee.passport", "text", "passport"),
        ("consignee.iban", "text", "iban"),
        ("consignee.email", "text", "email"),
        ("consignor.name", "text", "name"),
        ("consignor.address", "text", "address"),
        ("consignor.country", "text", ""),
        ("container.number", "text", "container"),
        ("goods.hs_code", "hs-code", ""),
        ("goods.description", "narrative", ""),
        ("goods.net_mass", "number", ""),
        ("goods.value", "number", ""),
        ("remarks", "narrative", ""),
    ];
    let element = |(path, kind, identifier): (&str, &str, &str)| {
        let mut element = json!({"path": path, "title": path, "category": "none", "kind": kind});
        if let (false, Some(element)) = (identifier.is_empty(), element.as_object_mut()) {
            element.insert("identifier".to_owned(), identifier.into());
        }
        element
    };
    dataset("json", elements.map(element).into())
}

/// Ten elements pseudonymised, the narratives withheld, the rest kept or made coarser.
fn json_plan() -> Plan {
    let dataset = json_dataset();
    let mut elements = BTreeMap::new();
    for element in &dataset.elements {
        let form = match (element.path.as_str(), element.identifier) {
            ("consignor.address", _) => "withhold",
            (_, Some(_)) => "pseudonymise",
            ("goods.hs_code", _) => "generalise-hs:4",
            ("declaration.date", _) => "generalise-date:month",
            ("goods.description" | "remarks", _) => "withhold-text",
            _ => "keep",
        };
        elements.insert(element.path.clone(), Transformation::parse(form).unwrap());
    }
    Plan::new(&dataset, &elements, &key(), DisclosureId::from_bytes([3; 16])).ok().unwrap()
}

fn csv_dataset(header: &str) -> Dataset {
    let element = |column: &str| {
        let path = column.replace(' ', "_");
        let kind = match column {
            "Date" => "date",
            "Net Mass" | "Item Price" | "Tax Rate" => "number",
            "HS6 Code" => "hs-code",
            _ => "text",
        };
        let mut element =
            json!({"path": path, "column": column, "title": column, "category": "none", "kind": kind});
        if let (true, Some(element)) = (column.ends_with(" ID"), element.as_object_mut()) {
            element.insert("identifier".to_owned(), "trader-number".into());
        }
        element
    };
    dataset("csv", header.split(',').map(element).collect())
}

fn csv_plan(dataset: &Dataset) -> Plan {
    let keyed = ["Declaration_ID", "Declarant_ID", "Importer_ID", "Seller_ID"];
    let elements: BTreeMap<ElementPath, Transformation> = dataset
        .elements
        .iter()
        .map(|element| {
            let keyed = keyed.contains(&element.path.as_str());
            (element.path.clone(), Transformation::parse(if keyed { "pseudonymise" } else { "keep" }).unwrap())
        })
        .collect();
    Plan::new(dataset, &elements, &key(), DisclosureId::from_bytes([3; 16])).ok().unwrap()
}

fn generated_table() -> String {
    let mut table = "Declaration ID,Date,Office ID,Process Type,Import Type,Import Use,Payment Type,Mode of Transport,\
        Declarant ID,Importer ID,Seller ID,Courier ID,HS6 Code,Country of Departure,Country of Origin,Tax Rate,Tax Type,\
        Country of Origin Indicator,Net Mass,Item Price,Fraud,Critical Fraud\n"
        .to_owned();
    for n in 0..54_000 {
        table.push_str(&format!(
            "{n:08},2020-01-01,30,B,11,21,11,10,Z{n:06},Q{n:06},S{n:06},,440890,BE,BE,0.0,FEU1,G,108.0,{n}.4,0,0\n"
        ));
    }
    table
}
