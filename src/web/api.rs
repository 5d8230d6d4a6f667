//! The JSON behind the page, read without locks: true as of its own `now`.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::get,
};
use chrono::{DateTime, Utc};

use super::{
    Site,
    operator::Visitor,
    problem::Problem,
    view::{Page, RepositoryJson},
};
use crate::{queue::RepoKey, store::Repository};

/// Repositories on the overview; the others have a page of their own.
const MAX_REPOSITORIES: usize = 50;

pub(super) fn router() -> Router<Site> {
    Router::new().route("/api/overview", get(overview)).route("/api/queue/{owner}/{name}", get(queue))
}

/// The repositories where something happens first.
async fn overview(State(site): State<Site>, visitor: Visitor) -> Result<Json<Page>, Problem> {
    let store = site.0.context.store();
    let public_only = !visitor.is_operator();
    let (now, repositories) = (store.now().await?, store.repositories(public_only).await?);
    let mut shown = views(&site, visitor, repositories).await?;
    shown.sort_by_key(|repository| std::cmp::Reverse(repository.last_change()));
    let more = shown.len().saturating_sub(MAX_REPOSITORIES);
    shown.truncate(MAX_REPOSITORIES);
    let mut page = page(&site, visitor, now, shown);
    page.more = more;
    if visitor.is_operator() {
        page.dead = Some(store.dead().await?);
    }
    Ok(Json(page))
}

async fn queue(
    State(site): State<Site>,
    visitor: Visitor,
    Path((owner, name)): Path<(String, String)>,
) -> Result<Json<Page>, Problem> {
    let repository = visible(&site, visitor, &owner, &name).await?;
    let now = site.0.context.store().now().await?;
    let shown = views(&site, visitor, vec![repository]).await?;
    Ok(Json(page(&site, visitor, now, shown)))
}

/// The repository, if this visitor may see it.
///
/// # Errors
/// [`Problem::NotFound`], whether it is unknown or only private.
pub(super) async fn visible(
    site: &Site,
    visitor: Visitor,
    owner: &str,
    name: &str,
) -> Result<Repository, Problem> {
    let found = site.0.context.store().repository_by_name(owner, name).await?;
    found.filter(|repository| visitor.is_operator() || !repository.private).ok_or(Problem::NotFound)
}

async fn views(
    site: &Site,
    visitor: Visitor,
    repositories: Vec<Repository>,
) -> Result<Vec<RepositoryJson>, Problem> {
    let keys: Vec<RepoKey> = repositories.iter().map(|repository| repository.key).collect();
    let read = site.0.context.store().page_view(&keys).await?;
    let mut read: BTreeMap<_, _> = read.into_iter().map(|view| (view.key, view)).collect();
    let both = repositories.into_iter().filter_map(|row| read.remove(&row.key).map(|view| (row, view)));
    Ok(both.map(|(row, view)| RepositoryJson::new(&row, view, &site.0.options.github_url, visitor)).collect())
}

fn page(site: &Site, visitor: Visitor, now: DateTime<Utc>, repositories: Vec<RepositoryJson>) -> Page {
    Page {
        now,
        operator: visitor.is_operator(),
        can_sign_in: site.0.token.is_some(),
        repositories,
        more: 0,
        dead: None,
        demo: site.0.options.demo.clone(),
    }
}
