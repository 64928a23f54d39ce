//! `/v1/senders`: the numbers one may send from, and how they stand at their providers.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use domain::sender_state::{Observation, Property};
use domain::time::Timestamp;
use messaging::sender_state::{self, SenderStanding};
use serde::Serialize;
use serde_json::Value;

use super::messages::{List, NoParameters};
use crate::auth::TokenScope;
use crate::problem::Problem;
use crate::state::Web;

/// A number one may send from.
#[derive(Debug, Serialize)]
pub(super) struct SenderView {
    id: i64,
    name: String,
    provider: String,
    phone: Option<String>,
    /// Whether credentials are configured, so that it can send.
    connected: bool,
    business_account_id: Option<String>,
    /// What the provider allows, in both directions together; null where it is not known.
    messages_per_second: Option<i64>,
    /// What is known, by property; what is not known is not in it.
    state: BTreeMap<&'static str, StateView>,
}

/// One property, with its time and where it came from.
#[derive(Debug, Serialize)]
struct StateView {
    value: Value,
    at: Timestamp,
    source: &'static str,
}

impl From<&Observation> for StateView {
    fn from(observation: &Observation) -> Self {
        let text = || Value::String(observation.value.clone());
        let value = match observation.property {
            Property::Settings | Property::Restrictions => {
                serde_json::from_str(&observation.value).unwrap_or_else(|_| text())
            }
            Property::OnPhoneApp | Property::Official | Property::PinSet => {
                observation.value.parse().map_or_else(|_| text(), Value::Bool)
            }
            _ => text(),
        };
        Self { value, at: observation.at, source: observation.source.as_str() }
    }
}

impl From<SenderStanding> for SenderView {
    fn from(standing: SenderStanding) -> Self {
        Self {
            id: standing.sender.id.0,
            connected: standing.is_connected,
            messages_per_second: standing.messages_per_second(),
            state: standing.known.values().map(|known| (known.property.as_str(), known.into())).collect(),
            name: standing.sender.name,
            provider: standing.sender.provider,
            phone: standing.sender.phone,
            business_account_id: standing.sender.business_account_id,
        }
    }
}

/// `GET /v1/senders`
pub(super) async fn list(
    TokenScope(scope): TokenScope,
    _: NoParameters,
    State(web): State<Web>,
) -> Result<Json<List<SenderView>>, Problem> {
    let standings = sender_state::standings(&web.core, &scope).await?;
    Ok(Json(List { data: standings.into_iter().map(SenderView::from).collect(), next: None }))
}
