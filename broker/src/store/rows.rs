//! The one place where SQL is put together and where rows are taken apart.
//!
//! [`Values`] runs one statement for many rows. It uses a few fixed sizes (powers of two), so that
//! a batch of any length needs few statements and every one of them is prepared once and cached.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use futures_util::stream::BoxStream;
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::{AnyConnection, Arguments as _, AssertSqlSafe, Row as _};

use super::StoreError;

/// The largest statement: 2^6 rows (measured: more gains nothing on either database).
const SIZES: usize = 7;

/// Bound values, in order. The first failure is kept and given back by [`Args::done`].
#[derive(Default)]
pub(super) struct Args {
    values: AnyArguments,
    failure: Option<StoreError>,
}

impl Args {
    fn add<'q, T>(&mut self, value: T) -> &mut Self
    where
        T: sqlx::Encode<'q, sqlx::Any> + sqlx::Type<sqlx::Any>,
    {
        if let Err(error) = self.values.add(value) {
            self.failure = Some(StoreError::Query(sqlx::Error::Encode(error)));
        }
        self
    }

    pub(super) fn text(&mut self, value: impl AsRef<str>) -> &mut Self {
        self.add(value.as_ref().to_owned())
    }

    pub(super) fn shown(&mut self, value: &impl ToString) -> &mut Self {
        self.add(value.to_string())
    }

    pub(super) fn maybe_shown<T: ToString>(&mut self, value: Option<&T>) -> &mut Self {
        self.add(value.map(ToString::to_string))
    }

    pub(super) fn maybe_text(&mut self, value: Option<&str>) -> &mut Self {
        self.add(value.map(str::to_owned))
    }

    pub(super) fn time(&mut self, value: Timestamp) -> &mut Self {
        self.add(time_text(value))
    }

    pub(super) fn number(&mut self, value: u64) -> &mut Self {
        match i64::try_from(value) {
            Ok(number) => self.add(number),
            Err(_) => {
                self.failure = Some(StoreError::Range);
                self
            }
        }
    }

    pub(super) fn maybe_number(&mut self, value: Option<u64>) -> &mut Self {
        match value {
            Some(number) => self.number(number),
            None => self.add(None::<i64>),
        }
    }

    pub(super) fn yes(&mut self, value: bool) -> &mut Self {
        self.add(i64::from(value))
    }

    pub(super) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.add(value.to_vec())
    }

    pub(super) fn maybe_bytes(&mut self, value: Option<&[u8]>) -> &mut Self {
        self.add(value.map(<[u8]>::to_vec))
    }

    fn done(self) -> Result<AnyArguments, StoreError> {
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(self.values),
        }
    }
}

/// A time as the store writes it: UTC, whole seconds, so that order of text is order of time.
pub(super) fn time_text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Runs a fixed statement and says how many rows it changed.
pub(super) async fn execute(
    connection: &mut AnyConnection,
    sql: &'static str,
    bind: impl FnOnce(&mut Args),
) -> Result<u64, StoreError> {
    let mut args = Args::default();
    bind(&mut args);
    Ok(sqlx::query_with(sql, args.done()?).execute(connection).await?.rows_affected())
}

/// Runs a fixed query that gives at most one row.
pub(super) async fn optional(
    connection: &mut AnyConnection,
    sql: &'static str,
    bind: impl FnOnce(&mut Args),
) -> Result<Option<AnyRow>, StoreError> {
    let mut args = Args::default();
    bind(&mut args);
    Ok(sqlx::query_with(sql, args.done()?).fetch_optional(connection).await?)
}

/// Runs a fixed query and gives its rows. Callers bound their number.
pub(super) async fn all(
    connection: &mut AnyConnection,
    sql: &'static str,
    bind: impl FnOnce(&mut Args),
) -> Result<Vec<AnyRow>, StoreError> {
    let mut args = Args::default();
    bind(&mut args);
    Ok(sqlx::query_with(sql, args.done()?).fetch_all(connection).await?)
}

/// Runs a fixed query and gives its rows one by one, so that a page can end before the query does.
pub(super) fn stream<'c>(
    connection: &'c mut AnyConnection,
    sql: &'static str,
    bind: impl FnOnce(&mut Args),
) -> Result<BoxStream<'c, Result<AnyRow, sqlx::Error>>, StoreError> {
    let mut args = Args::default();
    bind(&mut args);
    Ok(sqlx::query_with(sql, args.done()?).fetch(connection))
}

/// Runs a query whose text was put together from constants of this program. Every value is bound;
/// the text must never hold one.
pub(super) async fn all_composed(
    connection: &mut AnyConnection,
    sql: String,
    args: Args,
) -> Result<Vec<AnyRow>, StoreError> {
    Ok(sqlx::query_with(AssertSqlSafe(sql), args.done()?).fetch_all(connection).await?)
}

/// A statement `head VALUES ($1, $2, ..), (..) tail` over many rows.
///
/// On SQLite the values are written `?`: there `$1` is a name, and sqlx looks each name up in a
/// list from its beginning, which for 700 values costs more than the insert.
pub(super) struct Values {
    head: &'static str,
    columns: usize,
    tail: &'static str,
    named: [OnceLock<Arc<str>>; SIZES],
    unnamed: [OnceLock<Arc<str>>; SIZES],
}

impl Values {
    pub(super) const fn new(head: &'static str, columns: usize, tail: &'static str) -> Self {
        Self {
            head,
            columns,
            tail,
            named: [const { OnceLock::new() }; SIZES],
            unnamed: [const { OnceLock::new() }; SIZES],
        }
    }

    /// Runs the statement for all rows and gives the number of rows that it changed. `bind` binds
    /// exactly the statement's columns.
    pub(super) async fn execute<R>(
        &self,
        connection: &mut AnyConnection,
        rows: &[R],
        bind: impl Fn(&mut Args, &R),
    ) -> Result<u64, StoreError> {
        let named = named(connection);
        let mut changed = 0;
        let mut rest = rows;
        while let Some((chunk, after, sql)) = self.next(named, rest) {
            rest = after;
            let mut args = Args::default();
            args.values.reserve(chunk.len() * self.columns, 0);
            chunk.iter().for_each(|row| bind(&mut args, row));
            changed += sqlx::query_with(AssertSqlSafe(sql), args.done()?)
                .execute(&mut *connection)
                .await?
                .rows_affected();
        }
        Ok(changed)
    }

    /// Runs the statement, a query, for all rows and gives what it finds, in no order.
    pub(super) async fn fetch<R>(
        &self,
        connection: &mut AnyConnection,
        rows: &[R],
        bind: impl Fn(&mut Args, &R),
    ) -> Result<Vec<AnyRow>, StoreError> {
        let named = named(connection);
        let mut found = Vec::new();
        let mut rest = rows;
        while let Some((chunk, after, sql)) = self.next(named, rest) {
            rest = after;
            let mut args = Args::default();
            chunk.iter().for_each(|row| bind(&mut args, row));
            found.extend(sqlx::query_with(AssertSqlSafe(sql), args.done()?).fetch_all(&mut *connection).await?);
        }
        Ok(found)
    }

    /// Cuts off the largest power of two that fits and gives the statement for it.
    fn next<'r, R>(&self, named: bool, rows: &'r [R]) -> Option<(&'r [R], &'r [R], Arc<str>)> {
        let size = usize::try_from(rows.len().checked_ilog2()?).ok()?.min(SIZES - 1);
        let (chunk, rest) = rows.split_at_checked(1 << size)?;
        let written = if named { &self.named } else { &self.unnamed };
        let sql = written.get(size)?.get_or_init(|| self.write(named, 1 << size)).clone();
        Some((chunk, rest, sql))
    }

    fn write(&self, named: bool, rows: usize) -> Arc<str> {
        let mut sql = String::from(self.head);
        sql.push_str(" VALUES ");
        for row in 0..rows {
            sql.push_str(if row == 0 { "(" } else { ", (" });
            for column in 1..=self.columns {
                sql.push_str(if column == 1 { "" } else { ", " });
                if named {
                    // Writing to a `String` cannot fail.
                    let _ = write!(sql, "${}", row * self.columns + column);
                } else {
                    sql.push('?');
                }
            }
            sql.push(')');
        }
        sql.push(' ');
        sql.push_str(self.tail);
        sql.into()
    }
}

fn named(connection: &AnyConnection) -> bool {
    connection.backend_name() != "SQLite"
}

/// Reading one row, column by column.
pub(super) trait Columns {
    fn text(&self, column: &'static str) -> Result<String, StoreError>;
    fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError>;
    fn number(&self, column: &'static str) -> Result<u64, StoreError>;
    fn maybe_number(&self, column: &'static str) -> Result<Option<u64>, StoreError>;
    fn yes(&self, column: &'static str) -> Result<bool, StoreError>;
    fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError>;
    fn maybe_bytes(&self, column: &'static str) -> Result<Option<Vec<u8>>, StoreError>;
    fn parsed<T: TryFrom<String>>(&self, column: &'static str) -> Result<T, StoreError>;
    fn maybe_parsed<T: TryFrom<String>>(&self, column: &'static str) -> Result<Option<T>, StoreError>;

    fn small(&self, column: &'static str) -> Result<u32, StoreError> {
        u32::try_from(self.number(column)?).map_err(|_| StoreError::Corrupt { column })
    }

    fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.text(column)?.parse().map_err(|_| StoreError::Corrupt { column })
    }

    fn date(&self, column: &'static str) -> Result<Date, StoreError> {
        self.text(column)?.parse().map_err(|_| StoreError::Corrupt { column })
    }
}

impl Columns for AnyRow {
    fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.try_get(column).map_err(|_| StoreError::Corrupt { column })
    }

    fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.try_get(column).map_err(|_| StoreError::Corrupt { column })
    }

    fn number(&self, column: &'static str) -> Result<u64, StoreError> {
        self.maybe_number(column)?.ok_or(StoreError::Corrupt { column })
    }

    fn maybe_number(&self, column: &'static str) -> Result<Option<u64>, StoreError> {
        let number: Option<i64> = self.try_get(column).map_err(|_| StoreError::Corrupt { column })?;
        number.map(u64::try_from).transpose().map_err(|_| StoreError::Corrupt { column })
    }

    fn yes(&self, column: &'static str) -> Result<bool, StoreError> {
        match self.number(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(StoreError::Corrupt { column }),
        }
    }

    fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.try_get(column).map_err(|_| StoreError::Corrupt { column })
    }

    fn maybe_bytes(&self, column: &'static str) -> Result<Option<Vec<u8>>, StoreError> {
        self.try_get(column).map_err(|_| StoreError::Corrupt { column })
    }

    fn parsed<T: TryFrom<String>>(&self, column: &'static str) -> Result<T, StoreError> {
        self.maybe_parsed(column)?.ok_or(StoreError::Corrupt { column })
    }

    fn maybe_parsed<T: TryFrom<String>>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        let text = self.maybe_text(column)?;
        text.map(T::try_from).transpose().map_err(|_| StoreError::Corrupt { column })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_of_any_length_is_cut_into_powers_of_two() {
        static MANY: Values = Values::new("INSERT INTO t (a, b)", 2, "ON CONFLICT DO NOTHING");
        let rows = vec![0; 255];
        let mut sizes = Vec::new();
        let mut rest = &rows[..];
        while let Some((chunk, after, _)) = MANY.next(true, rest) {
            sizes.push(chunk.len());
            rest = after;
        }
        assert_eq!(sizes, [64, 64, 64, 32, 16, 8, 4, 2, 1]);
    }

    #[test]
    fn a_statement_numbers_its_values_row_by_row() {
        static TWO: Values = Values::new("INSERT INTO t (a, b)", 2, "ON CONFLICT DO NOTHING");
        let (_, _, sql) = TWO.next(true, &[1, 2]).unwrap();
        assert_eq!(&*sql, "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING");
        let (_, _, sql) = TWO.next(false, &[1, 2]).unwrap();
        assert_eq!(&*sql, "INSERT INTO t (a, b) VALUES (?, ?), (?, ?) ON CONFLICT DO NOTHING");
    }

    #[test]
    fn times_are_written_to_the_second_so_that_text_sorts_as_time() {
        let time: Timestamp = "2026-11-22T00:16:49.987Z".parse().unwrap();
        assert_eq!(time_text(time), "2026-11-22T00:16:49Z");
    }
}
