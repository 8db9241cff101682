//! CSV records: only the columns that the plan names, in the dataset's order.

use proptest::prelude::*;

use crate::builders::{dataset, pass, plan};

const ROW: [(&str, &str, &str, &str); 4] = [
    ("id", "text", "trader-number", "importer"),
    ("day", "date", "", ""),
    ("price", "number", "", ""),
    ("note", "text", "", ""),
];

#[test]
fn a_row_holds_the_named_columns_and_no_other() {
    let plan = plan(&dataset("csv", &ROW), &[("price", "keep"), ("day", "generalise-date:month")]);
    let mut pass = plan.begin();
    pass.record(b"Y3OM027,2021-04-01,1248.70,secret").unwrap();
    pass.record(b"\"Y3,OM\",,\"1248.70\",\"a \"\"b\"\"\"").unwrap();
    assert_eq!(pass.finish().0.as_bytes(), b"day,price\n2021-04,1248.70\n,\"1248.70\"\n");
}

#[test]
fn one_trader_has_one_pseudonym_in_every_row() {
    let plan = plan(&dataset("csv", &ROW), &[("id", "pseudonymise")]);
    assert_eq!(pass(&plan, "Y3OM027,,,"), pass(&plan, "\"y3 om-027\",,,x"));
    assert_ne!(pass(&plan, "Y3OM027,,,"), pass(&plan, "Y3OM028,,,"));
    // A line without a character would be no record.
    assert_eq!(pass(&plan, ",,,"), "\"\"");
}

#[test]
fn a_ragged_or_badly_quoted_row_is_refused() {
    let plan = plan(&dataset("csv", &ROW), &[("note", "keep")]);
    let mut pass = plan.begin_part();
    for (row, said) in [
        ("a,b,c", "record has 3 fields, the dataset has 4 columns"),
        ("a,b,c,d,e", "record has 5 fields, the dataset has 4 columns"),
        ("a,2021-04-01,\"1", "record has a quote in field 3 that is never closed or stands inside the field"),
        ("a,b\"c,1,d", "record has a quote in field 2 that is never closed or stands inside the field"),
        ("a,b,\"1\"2,d", "record has a quote in field 3 that is never closed or stands inside the field"),
        ("a,b,1,d\nx", "record has a line end in field 4, which is not in quotes"),
    ] {
        assert_eq!(pass.record(row.as_bytes()).unwrap_err().to_string(), said);
        assert_eq!(pass.waiting(), 0);
    }
    assert_eq!(pass.record(b"a,b,1,M\xfcller").unwrap_err().to_string(), "record is not UTF-8 from byte 8 on");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// What the crate `csv` writes is read as it was meant, and what we write it reads.
    #[test]
    fn rows_are_read_and_written_as_another_program_does(cells in prop::array::uniform4("[ -~é\\n\"]{0,12}")) {
        let all: Vec<(&str, &str, &str, &str)> =
            ["a", "b", "c", "d"].map(|name| (name, "text", "", "")).into();
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        writer.write_record(&cells).unwrap();
        let line = writer.into_inner().unwrap();
        let line = std::str::from_utf8(&line).unwrap().strip_suffix('\n').unwrap();
        let data = dataset("csv", &all);
        for form in ["keep", "mask:200,55"] {
            let plan = plan(&data, &["a", "b", "c", "d"].map(|name| (name, form)));
            let written = pass(&plan, line);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(written.as_bytes());
            let read = reader.records().next().unwrap().unwrap();
            let expected = cells.clone().map(|cell| if form == "keep" { cell } else { "*".repeat(cell.chars().count()) });
            prop_assert_eq!(read.iter().collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b','), Just(b'"')], 0..60)) {
        let plan = plan(&dataset("csv", &ROW), &[("note", "keep"), ("id", "pseudonymise")]);
        _ = plan.begin().record(&bytes);
    }
}
