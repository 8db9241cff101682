//! What a source gives: split and checked, and every refusal names its place and no value.

use agreements::Dataset;
use proptest::prelude::*;
use pseudonym::Deposit;

use crate::builders::{dataset, declarations};

fn table() -> Dataset {
    dataset(
        "csv",
        &[("id", "text", "trader-number", "a"), ("day", "date", "", ""), ("price", "number", "", "")],
    )
}

fn read(dataset: &Dataset, bytes: &[u8], piece: usize) -> Result<Vec<(u64, String)>, String> {
    let mut deposit = Deposit::new(dataset).unwrap();
    let mut rows = Vec::new();
    for piece in bytes.chunks(piece) {
        deposit.push(piece);
        take(&mut deposit, &mut rows)?;
    }
    deposit.end();
    take(&mut deposit, &mut rows)?;
    Ok(rows)
}

fn take(deposit: &mut Deposit, rows: &mut Vec<(u64, String)>) -> Result<(), String> {
    while let Some(row) = deposit.row().map_err(|error| error.to_string())? {
        rows.push((row.line, String::from_utf8(row.bytes.to_vec()).unwrap()));
    }
    Ok(())
}

fn refusal(dataset: &Dataset, bytes: &[u8]) -> String {
    let whole = read(dataset, bytes, usize::MAX).unwrap_err();
    assert_eq!(read(dataset, bytes, 1000).unwrap_err(), whole);
    whole
}

#[test]
fn a_table_is_read_line_by_line() {
    let text = "\u{feff}id,day,price\r\nA,2021-04-01,1.0\r\n\r\n\"B\nC\",,\nD,,2";
    let expected =
        vec![(2, "A,2021-04-01,1.0".to_owned()), (4, "\"B\nC\",,".to_owned()), (6, "D,,2".to_owned())];
    for piece in [1, 2, 7, 1000] {
        assert_eq!(read(&table(), text.as_bytes(), piece).unwrap(), expected);
    }
    assert_eq!(read(&table(), b"id,day,price", 5).unwrap(), vec![]);
    assert_eq!(refusal(&table(), b""), "deposit is empty");
}

#[test]
fn another_header_is_refused_by_the_names_of_its_columns() {
    let refused = |text: &str| refusal(&table(), text.as_bytes());
    assert_eq!(
        refused("id,Day,extra,price\n"),
        "line 1: header is not that of dataset `declarations`: missing `day`; unknown `Day`, `extra`;"
    );
    assert_eq!(
        refused("id,day,price,id\n"),
        "line 1: header is not that of dataset `declarations`: unknown `id`;"
    );
    assert_eq!(
        refused("day,id,price\n"),
        "line 1: header of dataset `declarations` has its columns in another order: column 1 must be `id`"
    );
}

#[test]
fn a_bad_row_is_refused_with_its_line() {
    let refused = |rows: &str| refusal(&table(), format!("id,day,price\n{rows}").as_bytes());
    assert_eq!(refused("A,,1\nB,,1,2\n"), "line 3: record has 4 fields, the dataset has 3 columns");
    assert_eq!(refused("A,,1\n\"B\n\",,Anna\n"), "line 3: element `price` is not a number");
    assert_eq!(refused("A,2021-02-30,1\n"), "line 2: element `day` is not a date as `YYYY-MM-DD`");
    let unclosed = "record has a quote in field 1 that is never closed or stands inside the field";
    assert_eq!(refused("A,,1\n\"B,,1\nC,,1\n"), format!("line 3: {unclosed}"));
    assert_eq!(refused(&format!("\"B,,1\n{}", "C,,1\n".repeat(100_000))), format!("line 2: {unclosed}"));
    assert_eq!(refused(&"x".repeat(100_000_000)), "line 2: record is longer than 262144 bytes");
    assert_eq!(
        refusal(&table(), b"id,day,price\nM\xfcller,,1\n"),
        "line 2: record is not UTF-8 from byte 2 on"
    );
    assert_eq!(refusal(&table(), b"\xff\xfei\0d\0"), "line 1: record is not UTF-8 from byte 1 on");
}

#[test]
fn a_json_line_holds_the_declared_elements_and_no_other() {
    let good = r#"{"consignee":{"name":"Anna","country":null},"goods":[{"hs":"440890"},{"net_mass":1.10}],"persons":[]}"#;
    let text = format!("{good}\n\n{good}");
    assert_eq!(
        read(&declarations(), text.as_bytes(), 10).unwrap(),
        vec![(1, good.to_owned()), (3, good.to_owned())]
    );
    let deep = format!(r#"{{"persons":{}{}}}"#, "[".repeat(40), "]".repeat(40));
    for (record, said) in [
        (r#"{"consignee":{"shoe":1}}"#, "`consignee.shoe` is not an element of the dataset"),
        (r#"{"consignee":{"Anna Müller":1}}"#, "`consignee.?` is not an element of the dataset"),
        (r#"{"consignee":"Anna"}"#, "`consignee` is neither an object nor an array of objects"),
        (r#"{"consignee":{"name":true}}"#, "element `consignee.name` is not a text"),
        (r#"{"consignee":{"name":{"a":1}}}"#, "element `consignee.name` is not a text"),
        (r#"{"consignee":{"name":"\ud800"}}"#, "element `consignee.name` is not a text"),
        (
            r#"{"goods":[{"hs":"4408a"}]}"#,
            "element `goods.hs` is not a Harmonised System code of 2 to 10 digits",
        ),
        (r#"{"remarks":"a","remarks":"b"}"#, "element `remarks` occurs twice in one object"),
        (r#"["Anna"]"#, "record is not a JSON object"),
        (
            r#"{"remarks":"Anna}"#,
            "record is not JSON: EOF while parsing a string at line 1 column 17 of the record",
        ),
        (&deep, "record has more than 32 levels"),
    ] {
        assert_eq!(
            refusal(&declarations(), format!("{good}\n{record}\n").as_bytes()),
            format!("line 2: {said}")
        );
    }
}

proptest! {
    #[test]
    fn pieces_of_any_size_give_the_same_rows(
        cells in prop::collection::vec(("[a-z\",\\n\\r]{0,6}", "[0-9]{0,3}"), 0..12), piece in 1usize..40, crlf: bool
    ) {
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().terminator(terminator).from_writer(Vec::new());
        writer.write_record(["id", "day", "price"]).unwrap();
        for (id, price) in &cells {
            writer.write_record([id.as_str(), "", price]).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let rows = read(&table(), &bytes, piece).unwrap();
        prop_assert_eq!(rows.len(), cells.len());
        prop_assert_eq!(&rows, &read(&table(), &bytes, usize::MAX).unwrap());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), piece in 1usize..40) {
        for dataset in [table(), declarations()] {
            _ = read(&dataset, &bytes, piece);
            _ = read(&dataset, &[b"id,day,price\n", bytes.as_slice()].concat(), piece);
        }
    }
}
