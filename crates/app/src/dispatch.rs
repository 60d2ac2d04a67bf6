//! One list of commands for every transport.

use dhc_ipc::{self as ipc, Call, Command, Done, Failure};
use serde_json::Value;

use crate::{
    App, activity, answers, approval, archive, audit, contacts, contribution, earn,
    failure::misuse, film, glass, governance, grant, grants, home, identity, import, issue,
    job::Job, node, onward, opening, pins, profile::Profile, proxies, records, renewal, requests,
    restore, settings, sponsors, storage, templates, vaults, wallet,
};

fn answer<C: Command>(_: &C, value: C::Answer) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|e| Failure::new(ipc::Code::Internal, e.to_string()))
}

/// Reads the arguments of `C`, does `work`, and makes sure that the answer is `C`'s.
macro_rules! commands {
    ($call:ident { $($request:ty => |$args:pat_param| $work:expr,)* }) => {
        match $call.name.as_str() {
            $(<$request as Command>::NAME => {
                let args: $request = serde_json::from_value($call.args)
                    .map_err(|e| misuse(format!("{}: {e}", <$request as Command>::NAME)))?;
                let value: <$request as Command>::Answer = { let $args = &args; $work };
                answer(&args, value)
            })*
            name => Err(misuse(format!("no command {name:?}"))),
        }
    };
}

pub async fn dispatch(app: &App, call: Call, job: &Job) -> Result<Value, Failure> {
    let profile = || -> Result<std::sync::Arc<Profile>, Failure> {
        let profile = app.profile(&call.profile)?;
        profile.touch();
        Ok(profile)
    };
    let own = || profile().and_then(|p| p.session().map(|s| (p, s)));
    commands!(call {
        ipc::AppState => |_| app.state()?,
        ipc::CreateProfile => |a| app.create_profile(a.clone()).await?,
        ipc::RenameProfile => |a| profile()?.rename(&a.name)?,
        ipc::CreateVault => |a| vaults::create(&*profile()?, a.clone()).await?,
        ipc::RestoreVault => |a| vaults::restore(&*profile()?, a.clone()).await?,
        ipc::ConfirmWords => |a| vaults::confirm_words(&*profile()?, a)?,
        ipc::RevealWords => |a| vaults::reveal(&*profile()?, a.password.clone()).await?,
        ipc::VerifyVault => |_| vaults::verify(&*profile()?)?,
        ipc::Unlock => |a| {
            let view = vaults::unlock(&*profile()?, a.password.clone()).await?;
            app.after_unlock(&call.profile).await;
            view
        },
        ipc::Lock => |_| {
            app.before_lock(&call.profile).await;
            vaults::lock(&*profile()?)
        },
        ipc::Cancel => |a| Done { ok: app.end_job(&a.job) },
        ipc::Settings => |_| profile()?.settings()?,
        ipc::ChangeSettings => |a| settings::change(&*profile()?, a)?,
        ipc::Home => |_| home::home(&*profile()?).await?,
        ipc::NodeStatus => |_| node::status(&*profile()?).await?,
        ipc::ResumeNode => |_| node::resume(&*profile()?).await?,
        ipc::CheckNode => |_| node::check(&*profile()?).await?,
        ipc::ShowCheckpoint => |_| node::checkpoint(&*profile()?).await?,
        ipc::TrustCheckpoint => |a| node::trust(&*profile()?, a).await?,
        ipc::StorageStatus => |_| node::storage(&*profile()?).await?,
        ipc::StorageObjects => |a| {
            storage::status(&*profile()?, a.id.as_deref(), a.check).await?
        },
        ipc::VerifyStorage => |a| {
            storage::verify(&*profile()?, a.id.as_deref(), a.repair, job).await?
        },
        ipc::StorageQuota => |a| storage::quota(&*profile()?, a.bytes).await?,
        ipc::ForgetObject => |a| storage::forget(&*profile()?, &a.id, a.last_copy).await?,
        ipc::ExportObject => |a| archive::export(&*profile()?, a, job).await?,
        ipc::ImportObjects => |a| archive::import(&*profile()?, &a.path, job).await?,
        ipc::PinServices => |_| pins::view(&own()?.1)?,
        ipc::AddPinService => |a| pins::add(&*profile()?, a, job).await?,
        ipc::RemovePinService => |a| pins::remove(&*profile()?, &a.name, a.unpin).await?,
        ipc::SyncPins => |_| pins::sync(&*profile()?, job).await?,
        ipc::RestoreRecords => |a| restore::restore(&*profile()?, a, job).await?,
        ipc::Sponsors => |_| sponsors::view(&own()?.1)?,
        ipc::AddSponsor => |a| sponsors::add(&own()?.1, &a.address)?,
        ipc::RemoveSponsor => |a| sponsors::remove(&own()?.1, &a.sponsor)?,
        ipc::UseSponsors => |a| sponsors::change_use(&own()?.1, a)?,
        ipc::PublishIdentity => |_| identity::publish(&*profile()?, job).await?,
        ipc::ShowIdentity => |a| identity::show(&*profile()?, a.address.as_deref()).await?,
        ipc::Import => |a| import::import(&*profile()?, a, job).await?,
        ipc::Issue => |a| issue::issue(&*profile()?, a, job).await?,
        ipc::Records => |_| records::list(&*profile()?).await?,
        ipc::ShowRecord => |a| records::show(&*profile()?, &a.id).await?,
        ipc::OpenFilm => |a| film::open(&*profile()?, &a.id, job).await?,
        ipc::Templates => |_| templates::list(&*profile()?).await?,
        ipc::Contacts => |_| contacts::list(&own()?.1)?,
        ipc::SaveContact => |a| contacts::save(&own()?.1, a)?,
        ipc::Grant => |a| grant::give(&*profile()?, a, job).await?,
        ipc::RenewGrant => |a| renewal::renew(&*profile()?, a, job).await?,
        ipc::ShareGrant => |a| onward::share(&*profile()?, a, job).await?,
        ipc::BreakGlass => |a| glass::break_glass(&*profile()?, a, job).await?,
        ipc::Alarms => |_| glass::alarms(&*profile()?).await?,
        ipc::AcknowledgeAlarms => |a| glass::acknowledge(&*profile()?, a.seq).await?,
        ipc::ShowGrant => |a| approval::show(&*profile()?, &a.grant).await?,
        ipc::ApproveGrant => |a| approval::approve(&*profile()?, a, job).await?,
        ipc::RevokeGrant => |a| grant::revoke(&*profile()?, &a.grant, job).await?,
        ipc::Grants => |a| grants::list(&*profile()?, a.direction.as_deref()).await?,
        ipc::Audit => |a| audit::audit(&*profile()?, a.study.as_deref()).await?,
        ipc::AskAccess => |a| requests::ask(&*profile()?, a, job).await?,
        ipc::Requests => |a| requests::list(&*profile()?, a.direction.as_deref()).await?,
        ipc::AnswerRequest => |a| answers::answer(&*profile()?, a, job).await?,
        ipc::DeclineRequest => |a| requests::decline(&*profile()?, &a.request, job).await?,
        ipc::WithdrawRequest => |a| requests::withdraw(&*profile()?, &a.request, job).await?,
        ipc::AppointProxy => |a| proxies::appoint(&*profile()?, a, job).await?,
        ipc::DismissProxy => |a| proxies::dismiss(&*profile()?, a, job).await?,
        ipc::Proxies => |_| proxies::list(&*profile()?).await?,
        ipc::Fetch => |a| opening::fetch(&*profile()?, a, job).await?,
        ipc::Weigh => |a| contribution::weigh(&*profile()?, &a.id).await?,
        ipc::Contribute => |a| contribution::contribute(&*profile()?, a, job).await?,
        ipc::Earnings => |_| earn::earnings(&*profile()?).await?,
        ipc::Claim => |_| earn::claim(&*profile()?, job).await?,
        ipc::Accounts => |_| wallet::accounts(&own()?.1),
        ipc::Balance => |a| wallet::balance(&*profile()?, a.address.as_deref()).await?,
        ipc::PreviewSend => |a| wallet::preview(&*profile()?, a).await?,
        ipc::Send => |a| wallet::send(&*profile()?, a, job).await?,
        ipc::Activity => |_| activity::list(&*profile()?).await?,
        ipc::LockVotes => |a| governance::lock(&*profile()?, &a.amount, job).await?,
        ipc::UnlockVotes => |a| governance::unlock(&*profile()?, &a.amount, job).await?,
        ipc::Propose => |a| governance::propose(&*profile()?, a, job).await?,
        ipc::Proposals => |_| governance::list(&*profile()?).await?,
        ipc::VoteOn => |a| governance::vote(&*profile()?, &a.proposal, &a.support, job).await?,
        ipc::QueueProposal => |a| governance::queue(&*profile()?, &a.proposal, job).await?,
        ipc::ExecuteProposal => |a| governance::execute(&*profile()?, &a.proposal, job).await?,
        ipc::Certify => |a| wallet::certify(&*profile()?, a).await?,
        ipc::Fund => |a| wallet::fund(&*profile()?, a).await?,
    })
}
