//! What is wrong with a configuration: which key, from where, what would be right; never a secret.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::summary::Layer;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the built-in reference.
    Default,
    /// In a file; the line counts from 1.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// The line, unless the whole file is meant.
        line: Option<usize>,
    },
    /// In an environment variable.
    Environment(String),
}

impl Origin {
    pub(super) fn in_file(path: &Path, line: usize) -> Self {
        Self::File { path: path.to_path_buf(), line: Some(line) }
    }

    /// The layer this place belongs to.
    #[must_use]
    pub const fn layer(&self) -> Layer {
        match self {
            Self::Default => Layer::Default,
            Self::File { .. } => Layer::File,
            Self::Environment(_) => Layer::Environment,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the built-in default"),
            Self::File { path, line: Some(line) } => write!(f, "{}, line {line}", path.display()),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The key, `section.name`, where one is concerned.
    pub key: Option<String>,
    /// Where it stands.
    pub origin: Origin,
    /// What is wrong.
    pub wrong: String,
    /// What would be right, where that is known.
    pub right: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{key} ({}): {}", self.origin, self.wrong)?,
            None => write!(f, "{}: {}", self.origin, self.wrong)?,
        }
        match &self.right {
            Some(right) => write!(f, "; {right}"),
            None => Ok(()),
        }
    }
}

/// A configuration that cannot be used; lists every problem that was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    pub(super) const fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// The problems: first those of the file, then of the environment, then wrong values in the order of the keys.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [problem] = self.problems.as_slice() {
            return write!(f, "the configuration has a problem: {problem}");
        }
        write!(f, "the configuration has {} problems:", self.problems.len())?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}
