//! Control over the account: its limits, numbers, templates, media, events, and the clock.

use std::any::Any;
use std::time::Duration;

use domain::clock::MockClock;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Control, ControlError, phone_digits};
use crate::callback;
use crate::ids;
use crate::limits::{LimitSettings, Limits};
use crate::media::{LinkPolicy, MediaFaultRule, MediaFaults, NewMedium};
use crate::numbers::{DueEvent, ThroughputLevel};
use crate::samples::{Medium, MediumFile};
use crate::templates::{Category, Draft, Template};

/// Changes to a business number; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct NumberChange {
    /// Off: sends are refused with 133010.
    pub registered: Option<bool>,
    /// Meta's word, such as `CONNECTED` or `BANNED`; only `CONNECTED` can send.
    pub status: Option<String>,
    /// The level of throughput.
    pub level: Option<ThroughputLevel>,
    /// The number also lives in the WhatsApp Business app.
    pub coexistence: Option<bool>,
    /// `GREEN`, `YELLOW` or `RED`.
    pub quality: Option<String>,
    /// The reach of the portfolio, such as `TIER_2K`.
    pub tier: Option<String>,
    /// Starts an upgrade of the throughput: 131057 for so many seconds, then the level `HIGH` and its event.
    pub upgrade_s: Option<u64>,
}

/// Changes to the account; what is `None` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountChange {
    /// The code every send is refused with, such as 131031 or 368; `Some(None)`: none.
    pub refuses_with: Option<Option<u32>>,
    /// The token is refused with 190 and this subcode, such as 460; `Some(None)`: it is taken.
    pub token_subcode: Option<Option<u32>>,
}

/// Changes to a template; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct TemplateChange {
    /// Meta's word, such as `PAUSED`; told as `message_template_status_update`.
    pub status: Option<String>,
    /// Why, such as `INCORRECT_CATEGORY`.
    pub reason: Option<String>,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`; told as `template_category_update`.
    pub category: Option<String>,
    /// `GREEN`, `YELLOW` or `RED`; told as `message_template_quality_update`.
    pub quality: Option<String>,
    /// On: messages are held back, as with a new template Meta wants to see first. Off, or a new status: they are sent,
    /// or fail with 132015 if the template is paused.
    pub held: Option<bool>,
    /// Nothing is told of the template.
    pub silent: bool,
}

impl Control {
    /// Which speed limits are in force, from now on; their counters start again.
    pub fn set_limits(&self, settings: LimitSettings) {
        self.app.world().limits = Limits::new(settings);
    }

    /// Which speed limits are in force.
    #[must_use]
    pub fn limits(&self) -> LimitSettings {
        self.app.world().limits.settings.clone()
    }

    /// Which links in messages are fetched.
    pub fn set_links(&self, policy: LinkPolicy) {
        self.app.world().links = policy;
    }

    /// What goes wrong with downloads of media; replaces the rules before.
    pub fn set_media_faults(&self, rules: Vec<MediaFaultRule>) {
        self.app.world().media_faults = MediaFaults::new(rules);
    }

    /// Puts a medium on the shelf and returns its id.
    ///
    /// # Errors
    /// There is no such number, or the forced id is not decimal.
    pub fn add_media(&self, medium: NewMedium) -> Result<String, ControlError> {
        let number = match &medium.phone_number_id {
            None => 0,
            Some(id) => self.number(id)?,
        };
        if let Some(id) =
            medium.id.as_deref().filter(|id| id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(ControlError::Body(format!("a media id is made of digits, not {id}")));
        }
        let mut world = self.app.world();
        let id = medium.id.unwrap_or_else(|| ids::object(&mut world.rng));
        let file = MediumFile { mime_type: medium.mime_type, filename: medium.filename, bytes: medium.bytes };
        let shelved = Medium::of(file, number);
        if medium.uploaded {
            world.media.upload(id.clone(), shelved);
        } else {
            world.media.insert(id.clone(), shelved);
        }
        Ok(id)
    }

    /// Changes how a business number stands.
    ///
    /// # Errors
    /// There is no such number.
    pub fn set_number(&self, phone_number_id: &str, change: NumberChange) -> Result<(), ControlError> {
        let number = self.number(phone_number_id)?;
        let now = self.app.now();
        let digits = self.app.numbers.get(number).map(|number| number.digits.clone()).unwrap_or_default();
        let mut world = self.app.world();
        let world = &mut *world;
        let Some(state) = world.numbers.get_mut(number) else {
            return Err(ControlError::UnknownNumber(phone_number_id.to_owned()));
        };
        state.registered = change.registered.unwrap_or(state.registered);
        state.level = change.level.unwrap_or(state.level);
        state.coexistence = change.coexistence.unwrap_or(state.coexistence);
        for (old, new) in
            [(&mut state.status, change.status), (&mut state.quality, change.quality), (&mut state.tier, change.tier)]
        {
            *old = new.unwrap_or_else(|| std::mem::take(old));
        }
        if let Some(seconds) = change.upgrade_s {
            let wait = Duration::from_secs(seconds);
            state.maintenance_until = Some(now.plus(wait));
            let value = json!({
                "display_phone_number": digits, "event": "THROUGHPUT_UPGRADE", "current_limit": state.tier,
            });
            let field = "phone_number_quality_update".to_owned();
            world.due.push(DueEvent { at: now.plus(wait), field, value, raises: Some(number) });
            self.tell_due_after(wait);
        }
        Ok(())
    }

    /// A clock that runs gets there by itself; one that stands is moved with [`Control::advance_clock`].
    fn tell_due_after(&self, wait: Duration) {
        let app = std::sync::Arc::clone(&self.app);
        self.app.tasks.spawn(async move {
            tokio::select! {
                () = app.stop.cancelled() => {}
                () = sleep(wait) => callback::tell_due(&app),
            }
        });
    }

    /// Changes how the account stands.
    pub fn set_account(&self, change: AccountChange) {
        let mut world = self.app.world();
        world.account.refuses_with = change.refuses_with.unwrap_or(world.account.refuses_with);
        world.account.token_subcode = change.token_subcode.unwrap_or(world.account.token_subcode);
    }

    /// Adds a template in the shape of Meta's create body, approved at once; one of the same name and language is
    /// replaced. Returns its id.
    ///
    /// # Errors
    /// It is no template Meta would take.
    pub fn add_template(&self, body: &Value) -> Result<String, ControlError> {
        let draft = Draft::parse(body).map_err(|error| ControlError::Body(error.reason))?;
        let now = self.app.now();
        let mut world = self.app.world();
        let (name, language) = (draft.name.clone(), draft.language.clone());
        world.catalogue.remove(|template| template.name == name && template.language == language);
        Ok(world.catalogue.add(draft, "APPROVED", now).id.as_ref().to_owned())
    }

    /// Changes a template as Meta's reviewers do, and tells it.
    ///
    /// # Errors
    /// There is no such template, or the category is none.
    pub fn set_template(&self, name: &str, language: &str, change: TemplateChange) -> Result<(), ControlError> {
        let unknown = || ControlError::UnknownTemplate(format!("{name}/{language}"));
        let category = change.category.as_deref().map(|word| {
            Category::of_template(word).ok_or_else(|| ControlError::Body(format!("{word} is no category")))
        });
        let category = category.transpose()?;
        let now = self.app.now();
        let (before, after) = {
            let mut world = self.app.world();
            let before = world.catalogue.find(name, language).cloned().ok_or_else(unknown)?;
            let after = world.catalogue.change(&before.id, |template| {
                template.updated_at = now;
                template.status = change.status.clone().unwrap_or_else(|| template.status.clone());
                // A new status ends the waiting.
                template.held = change.held.unwrap_or(template.held && change.status.is_none());
                template.quality = change.quality.clone().unwrap_or_else(|| template.quality.clone());
                if let Some(category) = category.filter(|category| *category != template.category) {
                    template.previous_category = Some(template.category);
                    template.category = category;
                }
                if template.status == "REJECTED" {
                    template.rejected_reason = change.reason.clone().unwrap_or_else(|| "INVALID_FORMAT".to_owned());
                }
            });
            (before, after.ok_or_else(unknown)?)
        };
        if !after.held {
            self.let_go(&after);
        }
        if !change.silent {
            self.tell_template(&before, &after, &change);
        }
        Ok(())
    }

    /// What a template held back goes on, or fails with it.
    fn let_go(&self, template: &Template) {
        let fails_with = match template.status.as_str() {
            "PAUSED" => Some(132_015),
            "DISABLED" => Some(132_016),
            _ => None,
        };
        let now = self.app.now();
        let held = self.app.world().held.remove(&template.id).unwrap_or_default();
        for message in held {
            callback::schedule(&self.app, callback::plan(&self.app, &message, fails_with, now));
        }
    }

    fn tell_template(&self, before: &Template, after: &Template, change: &TemplateChange) {
        // Template events write the language with a hyphen.
        let language = after.language.replace('_', "-");
        let id: u64 = after.id.parse().unwrap_or_default();
        let about = |mut value: Value| {
            value["message_template_id"] = json!(id);
            value["message_template_name"] = json!(after.name);
            value["message_template_language"] = json!(language);
            value
        };
        if let Some(status) = &change.status {
            let mut value = about(json!({
                "event": status, "reason": change.reason.as_deref().unwrap_or("NONE"),
                "message_template_category": after.category.word().to_uppercase(),
            }));
            if status == "PAUSED" {
                value["other_info"] =
                    json!({"title": "FIRST_PAUSE", "description": "Paused for three hours: low quality"});
            }
            callback::tell_account(&self.app, "message_template_status_update", &value);
        }
        if change.quality.is_some() {
            let value = json!({"previous_quality_score": before.quality, "new_quality_score": after.quality});
            callback::tell_account(&self.app, "message_template_quality_update", &about(value));
        }
        if before.category != after.category {
            let upper = |template: &Template| template.category.word().to_uppercase();
            let value = json!({"previous_category": upper(before), "new_category": upper(after)});
            callback::tell_account(&self.app, "template_category_update", &about(value));
        }
    }

    /// Makes flows, catalogues and groups known; groups with their members' numbers.
    ///
    /// # Errors
    /// A group without members, or with one that is no phone number.
    pub fn add_objects(
        &self,
        flows: Vec<String>,
        catalogs: Vec<String>,
        groups: Vec<(String, Vec<String>)>,
    ) -> Result<(), ControlError> {
        let mut known = Vec::with_capacity(groups.len());
        for (id, members) in groups {
            let members: Result<Vec<String>, ControlError> = members.iter().map(|phone| phone_digits(phone)).collect();
            let members = members?;
            if members.is_empty() {
                return Err(ControlError::Body(format!("the group {id} has no members")));
            }
            known.push((id, members));
        }
        let mut world = self.app.world();
        world.catalogue.flows.extend(flows);
        world.catalogue.catalogs.extend(catalogs);
        world.catalogue.groups.extend(known);
        Ok(())
    }

    /// Tells anything about the account: `field` and `value` as Meta's reference has them.
    pub fn account_event(&self, field: &str, value: &Value) {
        callback::tell_account(&self.app, field, value);
    }

    /// Moves a clock that stands still, and tells what is due then.
    ///
    /// # Errors
    /// The clock runs by itself.
    pub fn advance_clock(&self, by: Duration) -> Result<(), ControlError> {
        let clock: &dyn Any = &*self.app.clock;
        let clock = clock.downcast_ref::<MockClock>().ok_or(ControlError::ClockRuns)?;
        clock.advance(by);
        callback::tell_due(&self.app);
        Ok(())
    }

    fn number(&self, phone_number_id: &str) -> Result<usize, ControlError> {
        let number = self.app.number_by_id.get(phone_number_id).copied();
        number.ok_or_else(|| ControlError::UnknownNumber(phone_number_id.to_owned()))
    }
}
