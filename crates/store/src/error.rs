//! What can go wrong in the store, by what a caller does about it.

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or cannot write now (gone, disk full, queue full): try again later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database undid the transaction for the sake of another one (deadlock, serialization): certainly nothing was
    /// stored, and the same may succeed at once.
    #[error("the transaction gave way to another one: {0}")]
    GaveWay(String),
    /// A statement was refused; trying the same again would be refused again.
    #[error("a statement failed: {0}")]
    Statement(String),
    /// A row holds what this version cannot read.
    #[error("a stored row cannot be read: {0}")]
    Corrupt(String),
    /// The database cannot be opened; the text says what helps.
    #[error("{0}")]
    Open(String),
}

impl StoreError {
    /// Whether the same command may succeed later.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::GaveWay(_))
    }

    /// The same error for another caller of one batch.
    #[must_use]
    pub fn copy(&self) -> Self {
        match self {
            Self::Unavailable(text) => Self::Unavailable(text.clone()),
            Self::GaveWay(text) => Self::GaveWay(text.clone()),
            Self::Statement(text) => Self::Statement(text.clone()),
            Self::Corrupt(text) => Self::Corrupt(text.clone()),
            Self::Open(text) => Self::Open(text.clone()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_) => Self::Unavailable(error.to_string()),
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                // PostgreSQL's class 40; SQLite's codes are shorter.
                if code.len() == 5 && code.starts_with("40") {
                    Self::GaveWay(error.to_string())
                } else if is_unavailable_code(&code) {
                    Self::Unavailable(error.to_string())
                } else {
                    Self::Statement(error.to_string())
                }
            }
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Corrupt(error.to_string()),
            _ => Self::Statement(error.to_string()),
        }
    }
}

/// SQLite's primary codes: 5 busy, 6 locked, 8 read-only (the disk went away), 10 I/O, 13 full, 14 cannot open; extended
/// codes carry them in the low byte. PostgreSQL's classes: 08 connection, 53 resources,
/// 57P shutdown, 58 I/O, and 25006 after a fail-over to a read-only server.
fn is_unavailable_code(code: &str) -> bool {
    if let Ok(number) = code.parse::<u32>()
        && code.len() < 5
    {
        return matches!(number & 0xff, 5 | 6 | 8 | 10 | 13 | 14);
    }
    ["08", "53", "57P", "58", "25006"].iter().any(|class| code.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passing_fault_is_told_from_a_refused_statement() {
        for code in ["5", "13", "778", "08006", "53100", "57P01", "25006"] {
            assert!(is_unavailable_code(code), "{code}");
        }
        for code in ["19", "1555", "23505", "22021", "42601", ""] {
            assert!(!is_unavailable_code(code), "{code}");
        }
    }
}
