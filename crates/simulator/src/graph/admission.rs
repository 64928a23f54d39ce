//! What every call goes through: version and token first, the hour's budget of management calls, and the headers that
//! tell how much of it is used.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::GraphError;
use crate::shared::{App, Shared};

/// Version and token: the first two things Meta looks at.
pub(super) fn admit(app: &Shared, version: &str, headers: &HeaderMap) -> Result<(), GraphError> {
    admit_version(version)?;
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    match token {
        None | Some("") => Err(GraphError::token_missing()),
        Some(token) if token != app.access_token => Err(GraphError::token_wrong()),
        Some(_) => match app.world().account.token_subcode {
            Some(subcode) => Err(GraphError::token_revoked(subcode)),
            None => Ok(()),
        },
    }
}

pub(super) fn admit_version(version: &str) -> Result<(), GraphError> {
    if is_version(version) {
        return Ok(());
    }
    Err(GraphError::new(100, format!("Unknown version {version}: expected a version such as v24.0")))
}

fn is_version(text: &str) -> bool {
    let number = text.strip_prefix('v').and_then(|rest| rest.strip_suffix(".0"));
    number.is_some_and(|number| (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Counts a management call against the hour's budget.
pub(super) fn manage(app: &Shared) -> Result<(), GraphError> {
    let now = app.now();
    let (percent, code, status) = {
        let mut world = app.world();
        let (percent, code) = world.limits.manage(now);
        (percent, code, world.limits.settings.http_status)
    };
    app.usage_percent.store(percent, Ordering::Relaxed);
    match code {
        Some(code) => {
            let text = "There have been too many calls to this WhatsApp Business account";
            Err(GraphError::new(code, text).with_status(Some(status)))
        }
        None => Ok(()),
    }
}

/// Meta's usage headers on every answer.
pub(super) async fn usage(State(app): State<App>, mut answer: Response) -> Response {
    let percent = app.usage_percent.load(Ordering::Relaxed);
    let app_usage = format!("{{\"call_count\":{percent},\"total_cputime\":0,\"total_time\":0}}");
    // The budget is counted by the clock's hours, so access is back within the hour at the latest.
    let minutes = if percent > 100 { 60 - app.now().as_seconds().rem_euclid(3600) / 60 } else { 0 };
    let business = format!(
        "{{\"{}\":[{{\"type\":\"whatsapp\",\"call_count\":{percent},\"total_cputime\":0,\"total_time\":0,\
         \"estimated_time_to_regain_access\":{minutes}}}]}}",
        app.waba_id
    );
    let headers = answer.headers_mut();
    for (name, value) in [("x-app-usage", app_usage), ("x-business-use-case-usage", business)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    headers.insert("x-fb-rev", HeaderValue::from_static("1029384756"));
    answer
}

#[cfg(test)]
mod tests {
    use super::is_version;

    #[test]
    fn only_full_versions_are_versions() {
        assert!(is_version("v24.0") && is_version("v3.0"));
        for text in ["24.0", "v24", "v24.1", "v.0", "vx.0", "v240.0", ""] {
            assert!(!is_version(text), "{text}");
        }
    }
}
