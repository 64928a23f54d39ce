//! Lists in pages, and the members that were asked for.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderMap, Method};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, GraphError, admit, manage};
use crate::shared::Shared;

const PAGE_DEFAULT: usize = 25;

/// The parameters of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    pub(super) fields: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
    before: Option<String>,
    pub(super) name: Option<String>,
    pub(super) status: Option<String>,
    pub(super) category: Option<String>,
    pub(super) language: Option<String>,
    pub(super) content: Option<String>,
    pub(super) quality_score: Option<String>,
    sort: Option<String>,
    filtering: Option<String>,
}

pub(super) type Params<T> = Result<Query<T>, QueryRejection>;

pub(super) fn params<T>(query: Params<T>) -> Result<T, GraphError> {
    query.map(|Query(query)| query).map_err(|rejection| GraphError::new(100, rejection.body_text()))
}

/// The members that were asked for, always with the id.
pub(super) fn select(node: &Value, fields: Option<&str>, defaults: &[&str]) -> Result<Value, GraphError> {
    let wanted: Vec<&str> = match fields {
        Some(fields) => fields.split(',').map(str::trim).filter(|field| !field.is_empty()).chain(["id"]).collect(),
        None => defaults.to_vec(),
    };
    let mut selected = Map::new();
    for name in wanted {
        let Some(value) = node.get(name) else {
            return Err(GraphError::new(100, format!("Tried accessing nonexisting field ({name})")));
        };
        selected.insert(name.to_owned(), value.clone());
    }
    Ok(Value::Object(selected))
}

/// One page of an edge of the account.
pub(super) fn edge<F: Fn(&ListQuery) -> Vec<Value>>(
    app: &Shared,
    (version, id, name): (&str, &str, &str),
    headers: &HeaderMap,
    query: Params<ListQuery>,
    (list, defaults): (F, &[&str]),
) -> Result<Answer, GraphError> {
    admit(app, version, headers)?;
    manage(app)?;
    if id != app.waba_id {
        return Err(GraphError::no_such_object(&Method::GET, id));
    }
    let query = params(query)?;
    let all = list(&query);
    let limit = query.limit.unwrap_or(PAGE_DEFAULT).clamp(1, 1000);
    let start = match (&query.after, &query.before) {
        (Some(after), _) => position(after)? + 1,
        (None, Some(before)) => position(before)?.saturating_sub(limit),
        (None, None) => 0,
    };
    let end = all.len().min(start.saturating_add(limit));
    let page = all.get(start..end).unwrap_or_default();
    let data: Result<Vec<Value>, GraphError> =
        page.iter().map(|node| select(node, query.fields.as_deref(), defaults)).collect();
    let mut answer = json!({"data": data?});
    if !page.is_empty() {
        let mut paging = json!({"cursors": {"before": cursor(start), "after": cursor(end - 1)}});
        if end < all.len() {
            let next = format!("{}/{version}/{id}/{name}?limit={limit}&after={}", app.base_url, cursor(end - 1));
            paging["next"] = json!(carry_filters(next, &query));
        }
        answer["paging"] = paging;
    }
    Ok(Answer::ok(answer))
}

fn carry_filters(mut url: String, query: &ListQuery) -> String {
    let filters = [
        ("fields", &query.fields),
        ("name", &query.name),
        ("status", &query.status),
        ("category", &query.category),
        ("language", &query.language),
        ("content", &query.content),
        ("quality_score", &query.quality_score),
        ("sort", &query.sort),
        ("filtering", &query.filtering),
    ];
    for (name, value) in filters {
        if let Some(value) = value {
            url.push_str(&format!("&{name}={value}"));
        }
    }
    url
}

fn cursor(index: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("row{index}"))
}

fn position(cursor: &str) -> Result<usize, GraphError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let index = text.as_deref().and_then(|text| text.strip_prefix("row")).and_then(|index| index.parse().ok());
    index.ok_or_else(|| GraphError::new(100, "Invalid cursors values"))
}
