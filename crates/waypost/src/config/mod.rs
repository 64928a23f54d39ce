//! Configuration: defaults, then an optional file, then the environment; read once, at start, into typed sections.
//!
//! `default.toml` beside this file is the reference and the built-in defaults. To add a setting: a commented entry
//! there, a line in `keys.rs`, a field in `sections.rs`. Nothing outside this module reads the environment, and no
//! secret leaves it as plain text: not in `Debug`, not in the summary, not in an error.

mod error;
mod keys;
mod layers;
mod reader;
mod sections;
mod suggest;
mod summary;
mod values;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use error::{ConfigError, Origin, Problem};
pub use keys::Purpose;
use reader::Reader;
pub use sections::{
    AccountsSection, DatabaseSection, DispatchSection, LimitsSection, LogSection, MediaSection, MetaSection,
    ServerSection,
};
pub use summary::{Layer, SettingLine, Warning};
pub use values::{BaseUrl, DatabaseTarget, DefaultProvider, GraphVersion, LogFilter, LogFormat, MetaId, TimeZoneName};

/// The commented reference, which is also the layer of defaults.
pub const REFERENCE: &str = include_str!("default.toml");

/// The file that is read from the working directory when none is named.
const FILE_NAME: &str = "waypost.toml";

/// Everything an operator can set, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where we listen and how the internet reaches us.
    pub server: ServerSection,
    /// Where data is kept.
    pub database: DatabaseSection,
    /// What is logged, and how.
    pub log: LogSection,
    /// The WhatsApp Cloud API and the one sender whose credentials stand here.
    pub meta: MetaSection,
    /// Sizes and rates beyond which requests are refused.
    pub limits: LimitsSection,
    /// How calls to providers are made.
    pub dispatch: DispatchSection,
    /// What is fetched, taken and looked at.
    pub media: MediaSection,
    /// What holds for accounts that have not chosen otherwise.
    pub accounts: AccountsSection,
    summary: Vec<SettingLine>,
    warnings: Vec<Warning>,
}

impl Config {
    /// Defaults, then `file` if one is given, then `environment`. Reads nothing else.
    ///
    /// # Errors
    /// Every problem found, each with its key, its place, and what would be right.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut layers = layers::Layers::default();
        layers.add_defaults(REFERENCE);
        if let Some(path) = file {
            layers.add_file(path);
        }
        layers.add_environment(environment);
        Self::from_layers(layers)
    }

    /// [`Config::load`] for the running process: its environment, and `waypost.toml` of the working directory when
    /// `file` is not given and that file exists.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_for_process(file: Option<&Path>) -> Result<Self, ConfigError> {
        let file = file.map(Path::to_path_buf).or_else(|| file_in(Path::new("")));
        // `vars` panics on text that is not UTF-8, which any other program's variable may hold. Ours are refused by
        // name when the conversion left its replacement character in them.
        let environment = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
        Self::load(file.as_deref(), environment)
    }

    /// Every setting in the order of the reference, secrets masked.
    #[must_use]
    pub fn summary(&self) -> Vec<SettingLine> {
        self.summary.clone()
    }

    /// What is allowed but probably not meant.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The settings without which `purpose` cannot work, empty when it can.
    #[must_use]
    pub fn missing_for(&self, purpose: Purpose) -> Vec<&SettingLine> {
        let is_missing = |line: &&SettingLine| line.required_for.contains(&purpose) && !self.satisfies(line, purpose);
        self.summary.iter().filter(is_missing).collect()
    }

    fn satisfies(&self, line: &SettingLine, purpose: Purpose) -> bool {
        if purpose == Purpose::GoingLive && line.key == "server.public_url" {
            return self.server.public_url.as_ref().is_some_and(BaseUrl::is_https);
        }
        line.is_set
    }

    fn from_layers(layers: layers::Layers) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(layers);
        // All sections are read before any is used, so that every problem is reported at once.
        let server = ServerSection::read(&mut reader);
        let database = DatabaseSection::read(&mut reader);
        let log = LogSection::read(&mut reader);
        let meta = MetaSection::read(&mut reader);
        let limits = LimitsSection::read(&mut reader);
        let dispatch = DispatchSection::read(&mut reader);
        let media = MediaSection::read(&mut reader);
        let accounts = AccountsSection::read(&mut reader);
        let (summary, warnings, problems) = reader.finish();
        let (Some(server), Some(database), Some(log), Some(meta)) = (server, database, log, meta) else {
            return Err(ConfigError::new(problems));
        };
        let (Some(limits), Some(dispatch), Some(media), Some(accounts), []) =
            (limits, dispatch, media, accounts, problems.as_slice())
        else {
            return Err(ConfigError::new(problems));
        };
        let mut config = Self { server, database, log, meta, limits, dispatch, media, accounts, summary, warnings };
        config.warnings.extend(summary::warnings_about(&config));
        Ok(config)
    }
}

fn file_in(folder: &Path) -> Option<PathBuf> {
    let path = folder.join(FILE_NAME);
    path.exists().then_some(path)
}
