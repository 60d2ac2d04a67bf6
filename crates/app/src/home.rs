//! What is new, newest first, and what comes next.

use dhc_ipc::{Failure, GrantStateView, HomeView, News, Standing};

use crate::{audit, earn, failure::standing, grants, profile::Profile, records};

const SHOWN: usize = 8;
const ENDING_S: u64 = 3 * 86_400;

pub async fn home(profile: &Profile) -> Result<HomeView, Failure> {
    let session = profile.session()?;
    let records = records::all(&session)?;
    let mut news = Vec::new();
    for r in records.iter().take(3) {
        news.push(News::Record {
            id: r.id.to_string(),
            title: r.title(),
            source: r.study.institution.clone(),
            images: r.images(),
            time: r.imported.to_string(),
            sealed: r.seal.is_some(),
        });
    }
    let mut view = HomeView {
        name: profile.label()?.unwrap_or_else(|| profile.id.clone()),
        news: Vec::new(),
        records: records.len() as u32,
        identity_published: false,
        grants_given: 0,
        grants_received: 0,
        claimable: "0".into(),
        standing: Standing::Unproven {
            reason: dhc_ipc::Code::NetworkUnreachable,
        },
    };
    // Offline, what is kept here is still shown, with that said by the standing.
    match chain_news(profile, &mut view).await {
        Ok(more) => news.extend(more),
        Err(e) => view.standing = Standing::Unproven { reason: e.code },
    }
    news.sort_by(|a, b| time(b).cmp(time(a)));
    news.truncate(SHOWN);
    view.news = news;
    Ok(view)
}

async fn chain_news(profile: &Profile, view: &mut HomeView) -> Result<Vec<News>, Failure> {
    let session = profile.session()?;
    let mut news = Vec::new();
    let status = profile
        .chain
        .sync()
        .await
        .map_err(crate::ledger::sync_failure)?;
    view.standing = standing(dhc_domain::Standing::Proven {
        height: status.height,
    });
    view.identity_published = crate::identity::show(profile, None)
        .await?
        .keys_hash
        .is_some();

    let given = grants::given(profile, &session).await?.grants;
    let now = profile.clock.now();
    view.grants_given = given
        .iter()
        .filter(|g| g.state == GrantStateView::Active)
        .count() as u32;
    for g in given.iter().filter(|g| g.state == GrantStateView::Active) {
        let ends = g
            .not_after
            .parse::<dhc_domain::Timestamp>()
            .unwrap_or_default();
        if ends.0 < now.0 + ENDING_S {
            news.push(News::Ending {
                grant: g.grant.clone(),
                to: g.to.clone(),
                to_name: g.to_name.clone(),
                title: g.title.clone().unwrap_or_default(),
                not_after: g.not_after.clone(),
            });
        }
    }

    let log = audit::audit(profile, None).await?;
    for (i, e) in log.entries.iter().enumerate().take(SHOWN) {
        let earlier = log.entries[i + 1..]
            .iter()
            .filter(|o| o.by == e.by && o.object == e.object)
            .count();
        news.push(News::Opening {
            grant: e.grant.clone(),
            by: e.by.clone(),
            by_name: e.by_name.clone(),
            record: e.object.clone(),
            title: e.title.clone().unwrap_or_default(),
            purpose: e.purpose.clone(),
            nth: earlier as u32 + 1,
            time: e.time.clone(),
        });
    }

    let received = grants::received(profile, &session).await?.grants;
    view.grants_received = received
        .iter()
        .filter(|g| g.state == GrantStateView::Active)
        .count() as u32;
    for g in received
        .into_iter()
        .filter(|g| g.state == GrantStateView::Active)
    {
        news.push(News::Received {
            grant: g.grant,
            from: g.from,
            from_name: g.from_name,
            title: g.title,
            not_after: g.not_after,
        });
    }

    let earnings = earn::earnings(profile).await?;
    if earnings.claimable != "0" {
        news.push(News::Reward {
            amount: earnings.claimable.clone(),
        });
    }
    view.claimable = earnings.claimable;
    Ok(news)
}

/// Rewards first, then by when it happened or ends.
fn time(news: &News) -> &str {
    match news {
        News::Reward { .. } => "9999",
        News::Record { time, .. } | News::Opening { time, .. } => time,
        News::Ending { not_after, .. } | News::Received { not_after, .. } => not_after,
    }
}
