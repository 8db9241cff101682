//! A few declarations, all different, that follow the library's dataset `import-declarations`.

use serde_json::{Value, json};

/// How many declarations a world holds.
pub const DECLARATIONS: usize = 120;

/// Declaration number `n`.
pub fn declaration(n: usize) -> Value {
    let countries = ["CN", "US", "KR", "TR"];
    let number = format!("24NL{n:014}");
    let name = format!("Zuiderzee Handelsmaatschappij {n}");
    json!({
        "declaration": {
            "number": number,
            "date": format!("2026-04-{:02}", n % 28 + 1),
            "office": format!("NL0004{:02}", n % 6),
        },
        "consignee": {
            "name": name,
            "address": format!("Kanaalkade {n}, Vlissingen"),
            "country": "NL",
            "eori": format!("NL8{n:08}"),
            "vat": format!("NL{n:09}B01"),
            "iban": format!("NL91ABNA04{n:08}"),
            "passport": format!("SPECI{n:04}"),
        },
        "consignor": {
            "name": format!("Harbour Exporters {}", n % 17),
            "address": format!("Pier {}, Ningbo", n % 17),
            "country": countries[n % countries.len()],
        },
        "container": { "number": format!("MSKU{n:07}") },
        "goods": [{
            "hs_code": "847130",
            "description": format!("portable computers for {name}"),
            "net_mass": 12.5,
            "value": 1000 + n,
        }],
        "remarks": format!("{name} will collect"),
    })
}

/// The first `count` declarations, one a line.
pub fn declarations(count: usize) -> String {
    (0..count).map(|n| declaration(n).to_string() + "\n").collect()
}
