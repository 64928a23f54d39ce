//! `…/templates`: the message templates as the provider has them.

mod preview;

use askama::Template as _;
use axum::extract::{Path, RawQuery, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use messaging::templates;
use serde::Deserialize;
use store::template::{SyncState, Template, TemplateFilter, TemplatePlace};

use super::error::PageError;
use super::messages::viewer;
use super::rows::Viewer;
use super::scope::PageScope;
use crate::state::Web;
use crate::views::badge::Badge;
use crate::views::code::Code;
use crate::views::shell::{Area, Shell};
use crate::views::templates::{
    LanguageLink, LastReading, TemplatePage, TemplateRow, TemplateTrouble, TemplatesFilter, TemplatesPage,
};

const ROWS: usize = 50;
const COMPONENTS_BYTES_MAX: usize = 64 * 1024;
const EXCERPT_CHARS_MAX: usize = 200;

/// `GET …/templates`
pub(super) async fn list(
    page: PageScope,
    State(web): State<Web>,
    RawQuery(query): RawQuery,
) -> Result<Html<String>, PageError> {
    let shell = Shell { area: Area::Templates, ..page.shell(&web).await? };
    let (filter, after) = asked(&query.unwrap_or_default());
    // One more than is shown tells whether there are more.
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    let wanted = store_filter(&filter, after.clone());
    let mut found = templates::list(&web.core, &page.scope, &wanted, limit).await?;
    let has_more = found.len() > ROWS;
    found.truncate(ROWS);
    let viewer = viewer(&web, &page);
    let syncs = templates::syncs(&web.core, &page.scope).await?;
    let shown = TemplatesPage {
        filter,
        is_later: after.is_some(),
        next: found.last().filter(|_| has_more).map(|template| template.place().to_string()),
        rows: found.iter().map(|template| row(template, &shell, &viewer)).collect(),
        readings: syncs.into_iter().map(|sync| reading(sync, &viewer)).collect(),
        shell,
    };
    Ok(Html(shown.render()?))
}

/// `POST …/templates`: reads them again; the page shows them when they are there.
pub(super) async fn read_again(page: PageScope, State(web): State<Web>) -> Result<Response, PageError> {
    templates::request_all(&web.core, &page.scope).await?;
    Ok(Redirect::to(&format!("{}/templates", super::base_of(page.account.id))).into_response())
}

fn asked(query: &str) -> (TemplatesFilter, Option<TemplatePlace>) {
    let (mut filter, mut after) = (TemplatesFilter::default(), None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "q" => value.trim().clone_into(&mut filter.query),
            "status" => filter.status = value.to_uppercase(),
            "category" => filter.category = value.to_uppercase(),
            "language" => value.trim().clone_into(&mut filter.language),
            "after" => after = TemplatePlace::parse(&value),
            _ => {}
        }
    }
    (filter, after)
}

fn store_filter(filter: &TemplatesFilter, after: Option<TemplatePlace>) -> TemplateFilter {
    let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    TemplateFilter {
        // Names have small letters and underscores; people type spaces.
        name: filled(&filter.query.to_lowercase().replace(' ', "_")),
        status: filled(&filter.status),
        category: filled(&filter.category),
        language: filled(&filter.language.replace('-', "_")),
        sender: None,
        after,
    }
}

fn reading(sync: SyncState, viewer: &Viewer) -> LastReading {
    LastReading { finished_at: sync.finished_at.map(|at| viewer.moment(at)), problem: sync.problem }
}

fn link(template: &Template, shell: &Shell) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("language", &template.language).append_pair("account", &template.business_account_id);
    let name: String = form_urlencoded::byte_serialize(template.name.as_bytes()).collect();
    format!("{}/{}?{}", shell.templates(), name.replace('+', "%20"), pairs.finish())
}

fn row(template: &Template, shell: &Shell, viewer: &Viewer) -> TemplateRow {
    let catalogue = viewer.catalogue;
    TemplateRow {
        link: link(template, shell),
        name: template.name.clone(),
        language: template.language.clone(),
        excerpt: preview::body(template.components.as_deref()).chars().take(EXCERPT_CHARS_MAX).collect(),
        status: Badge::template_status(template.status.as_deref(), catalogue),
        category: template.category.as_deref().map(|word| Badge::category(word, catalogue)),
        quality: Badge::quality(template.quality.as_deref(), catalogue),
        reason: template.rejected_reason.clone().or_else(|| template.advice.clone()),
    }
}

/// Where a template is, behind the account.
#[derive(Debug, Deserialize)]
pub(super) struct TemplatePath {
    name: String,
}

/// `GET …/templates/{name}`
pub(super) async fn show(
    page: PageScope,
    State(web): State<Web>,
    Path(path): Path<TemplatePath>,
    RawQuery(query): RawQuery,
) -> Result<Html<String>, PageError> {
    let shell = Shell { area: Area::Templates, ..page.shell(&web).await? };
    let found = templates::find(&web.core, &page.scope, &path.name).await?;
    let query = query.unwrap_or_default();
    let wanted = |name: &str| {
        let value = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
        value.map(|(_, value)| value.replace('-', "_"))
    };
    let (language, account) = (wanted("language"), wanted("account"));
    let fits = |template: &&Template| {
        language.as_ref().is_none_or(|language| template.language == *language)
            && account.as_ref().is_none_or(|account| template.business_account_id == *account)
    };
    let template = found.iter().find(fits).ok_or(PageError::NotFound)?;
    let viewer = viewer(&web, &page);
    let languages = found.iter().map(|other| LanguageLink {
        language: other.language.clone(),
        link: link(other, &shell),
        is_shown: other == template,
    });
    let shown = TemplatePage {
        languages: languages.collect(),
        row: row(template, &shell, &viewer),
        troubles: troubles(template, &viewer),
        preview: preview::of(template.components.as_deref()),
        provider_id: template.provider_id.clone(),
        business_account: template.business_account_id.clone(),
        parameter_format: template.parameter_format.clone(),
        synced_at: template.synced_at.map(|at| viewer.moment(at)),
        changed_at: template.changed_at.map(|at| viewer.moment(at)),
        components: Code::new(
            template.components.as_deref().unwrap_or_default().as_bytes(),
            COMPONENTS_BYTES_MAX,
            viewer.catalogue,
        ),
        shell,
    };
    Ok(Html(shown.render()?))
}

fn troubles(template: &Template, viewer: &Viewer) -> Vec<TemplateTrouble> {
    let catalogue = viewer.catalogue;
    let trouble = |tone, title: &'static str, helps: &'static str| TemplateTrouble {
        tone,
        title: catalogue.t(title).to_owned(),
        said: template.advice.clone().or_else(|| template.rejected_reason.clone()),
        remedy: catalogue.t(helps).to_owned(),
    };
    let status = match template.status.as_deref() {
        Some("PENDING" | "IN_APPEAL") => Some(trouble("info", "template_trouble.pending", "template_helps.pending")),
        Some("FLAGGED") => Some(trouble("warn", "template_trouble.flagged", "template_helps.flagged")),
        Some("PAUSED") => Some(trouble("warn", "template_trouble.paused", "template_helps.paused")),
        Some("REJECTED") => {
            Some(trouble("bad", "template_trouble.rejected", rejected(template.rejected_reason.as_deref())))
        }
        Some("DISABLED") => Some(trouble("bad", "template_trouble.disabled", "template_helps.disabled")),
        Some("DELETED" | "PENDING_DELETION") => {
            Some(trouble("bad", "template_trouble.deleted", "template_helps.deleted"))
        }
        _ => None,
    };
    status.into_iter().chain(category(template, viewer)).collect()
}

fn rejected(reason: Option<&str>) -> &'static str {
    match reason {
        Some("ABUSIVE_CONTENT") => "template_helps.abusive_content",
        Some("INCORRECT_CATEGORY" | "CATEGORY_NOT_AVAILABLE") => "template_helps.incorrect_category",
        Some("INVALID_FORMAT") => "template_helps.invalid_format",
        Some("PROMOTIONAL") => "template_helps.promotional",
        Some("SCAM") => "template_helps.scam",
        Some("TAG_CONTENT_MISMATCH") => "template_helps.tag_content_mismatch",
        _ => "template_helps.rejected",
    }
}

/// A change of the category that was announced, or that Meta thinks right.
fn category(template: &Template, viewer: &Viewer) -> Option<TemplateTrouble> {
    let catalogue = viewer.catalogue;
    let correct =
        template.correct_category.as_deref().filter(|correct| template.category.as_deref() != Some(*correct))?;
    let name = Badge::category(correct, catalogue).text;
    let title = match template.category_changes_at.map(|at| viewer.moment(at).date) {
        Some(date) => catalogue.tf("template_trouble.category_at", &[("name", name.as_str()), ("date", date.as_str())]),
        None => catalogue.tf("template_trouble.category", &[("name", name.as_str())]),
    };
    let remedy = catalogue.t("template_helps.category").to_owned();
    Some(TemplateTrouble { tone: "warn", title, said: None, remedy })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_patience() {
        let (filter, after) = asked("q=Order+ok&status=approved&language=en-US&after=a%2Cen%2C1&utm=x");
        let wanted = store_filter(&filter, after);
        assert_eq!((wanted.name.as_deref(), wanted.status.as_deref()), (Some("order_ok"), Some("APPROVED")));
        assert_eq!((wanted.language.as_deref(), wanted.category), (Some("en_US"), None));
        assert_eq!(wanted.after.map(|place| place.to_string()).as_deref(), Some("a,en,1"));
        assert_eq!(store_filter(&asked("q=&after=x").0, asked("after=x").1), TemplateFilter::default());
    }
}
