//! How a message is handed to the provider, beside what it says and to whom.

use serde_json::{Map, Value, json};

use crate::fields::{FieldError, Fields};

/// How a message is handed to the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendOptions {
    /// Meta delivers only while the person's identity still has this hash; Meta's `recipient_identity_key_hash`.
    pub identity_key_hash: Option<String>,
    /// Sent by Meta's Marketing Messages API instead of the ordinary endpoint.
    pub marketing: Option<MarketingMessage>,
}

/// What the Marketing Messages API takes beside a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarketingMessage {
    product_policy: Option<&'static str>,
    message_activity_sharing: Option<bool>,
}

impl SendOptions {
    /// Reads `provider_options` of `fields`: what Meta's message object has no place for, by provider. What no provider
    /// takes is refused, not dropped silently.
    ///
    /// # Errors
    /// The field that is unknown or wrong.
    pub fn read_provider_options(fields: &mut Fields<'_>) -> Result<Option<MarketingMessage>, FieldError> {
        let Some(mut options) = fields.optional_object("provider_options")? else { return Ok(None) };
        let meta = options.optional_object("meta_cloud")?.map(MarketingMessage::read).transpose()?.flatten();
        options.finish()?;
        Ok(meta)
    }

    /// `provider_options` as it was asked for, if it was.
    #[must_use]
    pub fn provider_options(&self) -> Option<Value> {
        let marketing = self.marketing.as_ref()?;
        let mut meta = Map::from_iter([("marketing_messages".to_owned(), json!(true))]);
        meta.extend(marketing.to_object());
        Some(json!({"meta_cloud": meta}))
    }

    /// What is stored; nothing for a message without options.
    #[must_use]
    pub fn to_stored(&self) -> Option<String> {
        let mut stored = Map::new();
        stored.extend(self.identity_key_hash.as_ref().map(|hash| (HASH.to_owned(), json!(hash))));
        stored.extend(self.provider_options().map(|options| ("provider_options".to_owned(), options)));
        (!stored.is_empty()).then(|| Value::Object(stored).to_string())
    }

    /// Reads back what [`Self::to_stored`] wrote.
    ///
    /// # Errors
    /// Anything else.
    pub fn from_stored(text: Option<&str>) -> Result<Self, FieldError> {
        let Some(text) = text else { return Ok(Self::default()) };
        let value: Value = serde_json::from_str(text)
            .map_err(|error| FieldError::new("invalid_json", "options", error.to_string()))?;
        let mut fields = Fields::of(&value, "options")?;
        let identity_key_hash = read_identity_key_hash(&mut fields)?;
        let marketing = Self::read_provider_options(&mut fields)?;
        fields.finish()?;
        Ok(Self { identity_key_hash, marketing })
    }
}

const HASH: &str = "recipient_identity_key_hash";

/// Reads Meta's `recipient_identity_key_hash`.
pub(crate) fn read_identity_key_hash(fields: &mut Fields<'_>) -> Result<Option<String>, FieldError> {
    Ok(fields.optional_filled(HASH, 512)?.map(ToOwned::to_owned))
}

impl MarketingMessage {
    /// Meta's members beside the template.
    #[must_use]
    pub fn to_object(&self) -> Map<String, Value> {
        let mut object = Map::new();
        object.extend(self.product_policy.map(|policy| ("product_policy".to_owned(), json!(policy))));
        let sharing = self.message_activity_sharing;
        object.extend(sharing.map(|sharing| ("message_activity_sharing".to_owned(), json!(sharing))));
        object
    }

    fn read(mut fields: Fields<'_>) -> Result<Option<Self>, FieldError> {
        let is_marketing = fields.optional_boolean("marketing_messages")?.unwrap_or(false);
        if !is_marketing {
            for key in ["product_policy", "message_activity_sharing"] {
                fields.refuse(key, "this goes with `\"marketing_messages\": true` only")?;
            }
            fields.finish()?;
            return Ok(None);
        }
        let product_policy = fields.optional_word("product_policy", &["CLOUD_API_FALLBACK", "STRICT"])?;
        let message_activity_sharing = fields.optional_boolean("message_activity_sharing")?;
        fields.finish()?;
        Ok(Some(Self { product_policy, message_activity_sharing }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_read_back_as_they_were_asked_for() {
        for (hash, options) in [
            (None, None),
            (Some("h+/="), None),
            (None, Some(json!({"meta_cloud": {"marketing_messages": true}}))),
            (
                Some("h"),
                Some(json!({"meta_cloud": {"marketing_messages": true, "product_policy": "STRICT",
                "message_activity_sharing": false}})),
            ),
        ] {
            let body = json!({"provider_options": options});
            let marketing = SendOptions::read_provider_options(&mut Fields::of(&body, "").expect("an object"))
                .expect("well formed");
            let read = SendOptions { identity_key_hash: hash.map(str::to_owned), marketing };
            assert_eq!(read.provider_options(), options);
            assert_eq!(SendOptions::from_stored(read.to_stored().as_deref()), Ok(read));
        }
        assert_eq!(SendOptions::default().to_stored(), None);
    }
}
