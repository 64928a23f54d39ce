//! The management of templates: list, create, edit, delete, resume.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::lists::{ListQuery, Params, edge, params};
use super::{Answer, GraphError, admit, json_body, respond};
use crate::shared::{App, Shared};
use crate::templates::{Draft, MalformedTemplate, Template};

/// The members a template shows if none are asked for.
pub(super) const TEMPLATE_DEFAULTS: &[&str] =
    &["name", "parameter_format", "components", "language", "status", "category", "id"];
const TEMPLATES_MAX: usize = 6_000;

/// `GET /{version}/{waba}/message_templates`.
pub(super) async fn list(
    State(app): State<App>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    query: Params<ListQuery>,
) -> Response {
    let list = |query: &ListQuery| {
        let world = app.world();
        world
            .catalogue
            .all()
            .iter()
            .filter(|template| fits(query, template))
            .map(|template| template.to_json())
            .collect()
    };
    respond(&app, edge(&app, (&version, &id, "message_templates"), &headers, query, (list, TEMPLATE_DEFAULTS)))
}

fn fits(query: &ListQuery, template: &Template) -> bool {
    let is =
        |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|word| word.eq_ignore_ascii_case(value));
    // Meta looks for names that contain the word.
    query.name.as_deref().is_none_or(|word| template.name.contains(word))
        && is(&query.status, &template.status)
        && is(&query.category, template.category.word())
        && is(&query.language, &template.language)
        && is(&query.quality_score, &template.quality)
        && query.content.as_deref().is_none_or(|word| template.components.to_string().contains(word))
}

/// `POST /{version}/{waba}/message_templates`: a new template waits for its review.
pub(super) async fn create(
    State(app): State<App>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = owner(&app, &version, &id, &Method::POST, &headers).and_then(|()| {
        let draft = Draft::parse(&json_body(&headers, &body)?).map_err(|error| GraphError::template(&error))?;
        let now = app.now();
        let mut world = app.world();
        if world.catalogue.find(&draft.name, &draft.language).is_some() {
            let reason = format!("There is already {} content for this template", draft.language);
            return Err(GraphError::template(&MalformedTemplate { subcode: Some(2_388_024), reason }));
        }
        if world.catalogue.all().len() >= TEMPLATES_MAX {
            let reason = "The account has as many templates as it may have".to_owned();
            return Err(GraphError::template(&MalformedTemplate { subcode: Some(2_388_019), reason }));
        }
        let template = world.catalogue.add(draft, "PENDING", now);
        let category = template.category.word().to_uppercase();
        Ok(Answer::ok(json!({"id": template.id, "status": template.status, "category": category})))
    });
    respond(&app, answer)
}

/// `POST /{version}/{template}`: another text, category or lifetime.
pub(super) fn edit(app: &Shared, id: &str, headers: &HeaderMap, body: &[u8]) -> Result<Answer, GraphError> {
    let Some(template) = app.world().catalogue.by_id(id).cloned() else {
        return Err(GraphError::no_such_object(&Method::POST, id));
    };
    if !["APPROVED", "REJECTED", "PAUSED"].contains(&template.status.as_str()) {
        let reason = format!("A template that is {} cannot be edited", template.status);
        return Err(GraphError::template(&MalformedTemplate::because(reason)));
    }
    let changes = json_body(headers, body)?;
    let mut whole = json!({
        "name": template.name, "language": template.language, "category": template.category.word(),
        "parameter_format": if template.named { "NAMED" } else { "POSITIONAL" },
        "components": template.components,
    });
    let members = changes.as_object().ok_or_else(|| GraphError::new(100, "The body must be a JSON object"))?;
    for (name, value) in members {
        match name.as_str() {
            "category" if template.status == "APPROVED" && is_other(value, &template) => {
                let reason = "The category of an approved template cannot be edited";
                return Err(GraphError::template(&MalformedTemplate::because(reason)));
            }
            "category" | "components" | "message_send_ttl_seconds" => whole[name] = value.clone(),
            other => return Err(GraphError::new(100, format!("Unexpected key \"{other}\""))),
        }
    }
    let draft = Draft::parse(&whole).map_err(|error| GraphError::template(&error))?;
    let now = app.now();
    app.world().catalogue.change(id, |template| template.replace(draft, now));
    Ok(Answer::ok(json!({"success": true})))
}

fn is_other(value: &Value, template: &Template) -> bool {
    value.as_str().is_none_or(|word| !word.eq_ignore_ascii_case(template.category.word()))
}

/// Which templates go: those of a name in every language, or one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeleteQuery {
    name: Option<String>,
    hsm_id: Option<String>,
}

/// `DELETE /{version}/{waba}/message_templates`.
pub(super) async fn delete(
    State(app): State<App>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    query: Params<DeleteQuery>,
) -> Response {
    let answer = owner(&app, &version, &id, &Method::DELETE, &headers).and_then(|()| {
        let query = params(query)?;
        let Some(name) = query.name else {
            return Err(GraphError::new(100, "The parameter name is required."));
        };
        let is_meant =
            |template: &Template| template.name == name && query.hsm_id.as_deref().is_none_or(|id| id == &*template.id);
        let mut world = app.world();
        if world.catalogue.all().iter().any(|template| is_meant(template) && template.status == "DISABLED") {
            return Err(GraphError::template(&MalformedTemplate::because("A disabled template cannot be deleted")));
        }
        match world.catalogue.remove(is_meant) {
            0 => Err(GraphError::new(100, format!("Message template {name} was not found"))),
            _ => Ok(Answer::ok(json!({"success": true}))),
        }
    });
    respond(&app, answer)
}

/// `POST /{version}/{template}/unpause`.
pub(super) async fn unpause(
    State(app): State<App>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let answer = admit(&app, &version, &headers).and_then(|()| {
        let mut world = app.world();
        match world.catalogue.by_id(&id).map(|template| template.status == "PAUSED") {
            None => Err(GraphError::no_such_object(&Method::POST, &id)),
            Some(false) => Ok(Answer::ok(json!({"success": false, "reason": "The template is not paused"}))),
            Some(true) => {
                world.catalogue.change(&id, |template| template.status = "APPROVED".to_owned());
                Ok(Answer::ok(json!({"success": true})))
            }
        }
    });
    respond(&app, answer)
}

/// The account has this edge, nothing else does.
fn owner(app: &Shared, version: &str, id: &str, method: &Method, headers: &HeaderMap) -> Result<(), GraphError> {
    admit(app, version, headers)?;
    if id == app.waba_id { Ok(()) } else { Err(GraphError::no_such_object(method, id)) }
}
