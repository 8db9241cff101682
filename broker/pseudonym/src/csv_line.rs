//! One CSV record, strictly by RFC 4180, as spans of its line: no copy of a field that has no
//! doubled quote, and a field that is kept is written exactly as it came.

use std::borrow::Cow;

use crate::record::RecordError;

/// One field.
pub(crate) struct Field<'a> {
    /// As it stands in the line, with its quotes.
    pub(crate) verbatim: &'a str,
    /// What it says.
    pub(crate) text: Cow<'a, str>,
}

/// Calls `each` with every field of `line`, which has no line end; the number of fields.
pub(crate) fn fields<'a>(
    line: &'a [u8],
    mut each: impl FnMut(usize, Field<'a>) -> Result<(), RecordError>,
) -> Result<usize, RecordError> {
    let line = std::str::from_utf8(line).map_err(|e| RecordError::Encoding { byte: e.valid_up_to() + 1 })?;
    let mut rest = line;
    let mut number = 0;
    loop {
        let (field, after) = field(rest, number + 1)?;
        each(number, field)?;
        number += 1;
        match after {
            Some(after) => rest = after,
            None => return Ok(number),
        }
    }
}

/// The first field of `rest`, and what follows its comma.
fn field(rest: &str, number: usize) -> Result<(Field<'_>, Option<&str>), RecordError> {
    let quote = RecordError::Quote { field: number };
    let Some(quoted) = rest.strip_prefix('"') else {
        let mut end = rest.len();
        for (at, byte) in rest.bytes().enumerate() {
            match byte {
                b',' => {
                    end = at;
                    break;
                }
                b'"' => return Err(quote),
                b'\r' | b'\n' => return Err(RecordError::LineBreak { field: number }),
                _ => {}
            }
        }
        let (verbatim, after) = (rest.get(..end).unwrap_or_default(), rest.get(end + 1..));
        return Ok((Field { verbatim, text: Cow::Borrowed(verbatim) }, after));
    };
    let mut from = 0;
    let mut doubled = false;
    let closed = loop {
        let Some(at) = quoted.get(from..).and_then(|part| part.find('"')).map(|at| from + at) else {
            return Err(quote);
        };
        if quoted.as_bytes().get(at + 1) != Some(&b'"') {
            break at;
        }
        doubled = true;
        from = at + 2;
    };
    let inside = quoted.get(..closed).unwrap_or_default();
    let text = if doubled { Cow::Owned(inside.replace("\"\"", "\"")) } else { Cow::Borrowed(inside) };
    let verbatim = rest.get(..closed + 2).unwrap_or_default();
    match quoted.get(closed + 1..) {
        None | Some("") => Ok((Field { verbatim, text }, None)),
        Some(after) => match after.strip_prefix(',') {
            Some(after) => Ok((Field { verbatim, text }, Some(after))),
            None => Err(quote),
        },
    }
}

/// Appends a field, in quotes where it needs them.
pub(crate) fn write(text: &str, out: &mut Vec<u8>) {
    if !text.bytes().any(|b| matches!(b, b'"' | b',' | b'\r' | b'\n')) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for b in text.bytes() {
        if b == b'"' {
            out.push(b'"');
        }
        out.push(b);
    }
    out.push(b'"');
}
