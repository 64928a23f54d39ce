//! What the account has to send with: templates, and the names of its flows, catalogues and groups.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use domain::time::Timestamp;
use serde_json::Value;

use super::{Draft, MalformedTemplate, Template};

/// The templates every account starts with, in the shape of a create body.
const SEEDS: &str = include_str!("../../assets/templates.json");
const FIRST_ID: u64 = 1_174_567_890_123_401;

/// Whether a template can be sent right now.
#[derive(Clone, Debug)]
pub(crate) enum Sendable {
    Yes(Arc<Template>),
    Paused,
    Disabled,
    /// Also when it is not approved.
    Missing,
}

/// Everything of the account that a send may name.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    templates: Vec<Arc<Template>>,
    /// Places in `templates` by name; made again after every change, which is rare.
    by_name: HashMap<String, Vec<usize>>,
    last_id: u64,
    pub(crate) flows: BTreeSet<String>,
    pub(crate) catalogs: BTreeSet<String>,
    /// Group ids with the digits of their members.
    pub(crate) groups: HashMap<String, Vec<String>>,
}

impl Catalogue {
    /// The account as it is at the start.
    ///
    /// # Errors
    /// A template of the start is not one Meta would take.
    pub(crate) fn new(now: Timestamp) -> Result<Self, MalformedTemplate> {
        let seeds: Vec<Value> =
            serde_json::from_str(SEEDS).map_err(|error| MalformedTemplate::because(error.to_string()))?;
        let mut catalogue = Self { last_id: FIRST_ID - 1, ..Self::default() };
        for seed in &seeds {
            let draft = Draft::parse(seed)?;
            catalogue.add(draft, "APPROVED", now.minus(Duration::from_secs(24 * 3600)));
        }
        catalogue.flows = ["1063200000000001", "appointment_booking"].map(str::to_owned).into();
        catalogue.catalogs = ["194836987003835".to_owned()].into();
        Ok(catalogue)
    }

    pub(crate) fn add(&mut self, draft: Draft, status: &str, now: Timestamp) -> Arc<Template> {
        self.last_id += 1;
        let template = Arc::new(Template::new(self.last_id.to_string().into(), draft, status, now));
        self.templates.push(Arc::clone(&template));
        self.index();
        template
    }

    pub(crate) fn all(&self) -> &[Arc<Template>] {
        &self.templates
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Arc<Template>> {
        self.templates.iter().find(|template| &*template.id == id)
    }

    /// The template of that name and language.
    pub(crate) fn find(&self, name: &str, language: &str) -> Option<&Arc<Template>> {
        let places = self.by_name.get(name)?;
        places.iter().filter_map(|at| self.templates.get(*at)).find(|template| template.language == language)
    }

    /// What a send of this name and language gets.
    pub(crate) fn sendable(&self, name: &str, language: &str) -> Sendable {
        let Some(template) = self.find(name, language) else {
            return Sendable::Missing;
        };
        match template.status.as_str() {
            "APPROVED" | "FLAGGED" | "REINSTATED" | "LOCKED" | "UNARCHIVED" => Sendable::Yes(Arc::clone(template)),
            "PAUSED" => Sendable::Paused,
            "DISABLED" => Sendable::Disabled,
            _ => Sendable::Missing,
        }
    }

    /// Changes a template; `None` if there is none with this id.
    pub(crate) fn change(&mut self, id: &str, change: impl FnOnce(&mut Template)) -> Option<Arc<Template>> {
        let template = self.templates.iter_mut().find(|template| &*template.id == id)?;
        change(Arc::make_mut(template));
        Some(Arc::clone(template))
    }

    /// Takes templates away and returns how many there were.
    pub(crate) fn remove(&mut self, is_meant: impl Fn(&Template) -> bool) -> usize {
        let before = self.templates.len();
        self.templates.retain(|template| !is_meant(template));
        self.index();
        before - self.templates.len()
    }

    pub(crate) fn has_flow(&self, id_or_name: &str) -> bool {
        self.flows.contains(id_or_name)
    }

    pub(crate) fn has_catalog(&self, id: &str) -> bool {
        self.catalogs.contains(id)
    }

    fn index(&mut self) {
        self.by_name.clear();
        for (at, template) in self.templates.iter().enumerate() {
            self.by_name.entry(template.name.clone()).or_default().push(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_starts_with_templates_meta_would_take() {
        let catalogue = Catalogue::new(Timestamp::from_seconds(0)).expect("seeds");
        let first: Vec<&str> = catalogue.all().iter().take(4).map(|template| template.name.as_str()).collect();
        assert_eq!(first, ["hello_world", "order_update", "appointment_reminder", "season_offer"]);
        assert!(matches!(catalogue.sendable("login_code", "en_US"), Sendable::Yes(_)));
        assert!(matches!(catalogue.sendable("hello_world", "en"), Sendable::Missing));
    }
}
