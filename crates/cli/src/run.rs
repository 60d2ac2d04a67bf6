//! One use case of the core stands behind each command.

use dhc_ipc::{self as ipc, Failure};
use serde_json::{Value, json};

use crate::{
    app,
    args::{
        Cli, Command, Contact, Devnet, Earnings, Film, Identity, Network, Node, Records, Vault,
    },
    composition::One,
    consent, demo, devnet, film, governance, network,
    output::Output,
    secrets, serve, sponsor, storage,
};

pub async fn run(cli: Cli, output: &Output) -> Result<(), Failure> {
    match &cli.command {
        Command::Devnet(Devnet::Start(start)) => return devnet::start(start, output).await,
        Command::Network(Network::Start(start)) => return network::start(start, output).await,
        Command::Serve(args) => return serve::serve(&cli, args, output).await,
        Command::App(args) => return app::answer(&cli, args, output).await,
        Command::Demo(args) => {
            // By name the embedded network is meant, which the play starts for itself.
            let file = (cli.network != "devnet").then(|| std::path::Path::new(&cli.network));
            return demo::play(args, file, output).await;
        }
        Command::Film(Film::Decode { file, frame, out }) => {
            output.answer(&film::decode(file, *frame, out)?);
            return Ok(());
        }
        Command::Film(Film::Render(render)) => {
            output.answer(&film::render(&cli, render).await?);
            return Ok(());
        }
        _ => {}
    }
    output.answer(&answer(&cli).await?);
    Ok(())
}

/// Whether a command needs the vault open.
fn needs_vault(command: &Command) -> bool {
    !matches!(
        command,
        Command::Devnet(_)
            | Command::Vault(Vault::Create { .. } | Vault::Restore { .. })
            | Command::Node(_)
            | Command::Balance { address: Some(_) }
            | Command::Identity(Identity::Show { address: Some(_) })
    )
}

async fn answer(cli: &Cli) -> Result<Value, Failure> {
    let one = One::open(cli, needs_vault(&cli.command), false).await?;
    match &cli.command {
        Command::Devnet(Devnet::Fund { address, dhl }) => {
            one.ask(ipc::Fund {
                to: address.clone(),
                amount: dhl.clone(),
            })
            .await
        }
        Command::Devnet(Devnet::Certify {
            address,
            grade,
            name,
        }) => {
            one.ask(ipc::Certify {
                address: address.clone(),
                grade: grade.clone(),
                name: name.clone(),
            })
            .await
        }
        Command::Vault(vault) => vaults(cli, &one, vault).await,
        Command::Node(Node::Status) => one.ask(ipc::NodeStatus {}).await,
        Command::Node(Node::Resume) => one.ask(ipc::ResumeNode {}).await,
        Command::Node(Node::Check) => one.ask(ipc::CheckNode {}).await,
        Command::Node(Node::Checkpoint) => one.ask(ipc::ShowCheckpoint {}).await,
        Command::Node(Node::Trust { height, hash }) => {
            let (height, hash) = (*height, hash.clone());
            one.ask(ipc::TrustCheckpoint { height, hash }).await
        }
        Command::Identity(Identity::Publish) => one.ask(ipc::PublishIdentity {}).await,
        Command::Identity(Identity::Show { address }) => {
            one.ask(ipc::ShowIdentity {
                address: address.clone(),
            })
            .await
        }
        Command::Balance { address } => {
            one.ask(ipc::Balance {
                address: address.clone(),
            })
            .await
        }
        Command::Send { to, amount } => {
            one.ask(ipc::Send {
                to: to.clone(),
                amount: amount.clone(),
            })
            .await
        }
        Command::Activity => one.ask(ipc::Activity {}).await,
        Command::Contact(Contact::List) => one.ask(ipc::Contacts {}).await,
        Command::Contact(Contact::Save {
            address,
            name,
            organisation,
        }) => {
            let (address, name, organisation) =
                (address.clone(), name.clone(), organisation.clone());
            one.ask(ipc::SaveContact {
                address,
                name,
                organisation,
            })
            .await
        }
        Command::Import {
            paths,
            issuer_seal,
            issuer_key,
        } => {
            let (paths, issuer_seal, issuer_key) =
                (paths.clone(), issuer_seal.clone(), issuer_key.clone());
            one.ask(ipc::Import {
                paths,
                issuer_seal,
                issuer_key,
            })
            .await
        }
        Command::Issue(i) => {
            one.ask(ipc::Issue {
                paths: i.paths.clone(),
                to: i.to.clone(),
                grade: i.grade.clone(),
                disease: i.disease.clone(),
                out: i.out.clone(),
            })
            .await
        }
        Command::Records { command: None } => one.ask(ipc::Records {}).await,
        Command::Records {
            command: Some(Records::Show { id }),
        } => one.ask(ipc::ShowRecord { id: id.clone() }).await,
        Command::Records {
            command: Some(Records::Restore(args)),
        } => storage::restore(&one, args).await,
        Command::Storage(command) => storage::run(&one, command).await,
        Command::Sponsor(command) => sponsor::run(&one, command).await,
        Command::Consent(command) => consent::consents(cli, &one, command).await,
        Command::Fetch { grant, study, out } => {
            let out = out.as_ref().map(|o| o.to_string_lossy().into_owned());
            one.ask(ipc::Fetch {
                grant: grant.clone(),
                study: study.clone(),
                out,
            })
            .await
        }
        Command::Contribute { id, template } => {
            one.ask(ipc::Contribute {
                id: id.clone(),
                template: template.clone(),
            })
            .await
        }
        Command::Governance(command) => governance::answer(&one, command).await,
        Command::Earnings { command: None } => one.ask(ipc::Earnings {}).await,
        Command::Earnings {
            command: Some(Earnings::Claim),
        } => one.ask(ipc::Claim {}).await,
        Command::Devnet(Devnet::Start(_))
        | Command::Network(_)
        | Command::Film(_)
        | Command::Serve(_)
        | Command::App(_)
        | Command::Demo(_) => Err(Failure::new(ipc::Code::Internal, "handled before")),
    }
}

async fn vaults(cli: &Cli, one: &One, command: &Vault) -> Result<Value, Failure> {
    let passphrase = |file: &Option<std::path::PathBuf>| {
        file.as_deref().map_or_else(
            || Ok(String::new()),
            |f| secrets::first_line(f).map(|p| p.to_string()),
        )
    };
    match command {
        Vault::Create {
            words,
            passphrase_file,
            name,
            show_words,
        } => {
            let password = secrets::password(cli, true)?.to_string();
            let passphrase = passphrase(passphrase_file)?;
            let made = one
                .call(ipc::CreateVault {
                    words: *words,
                    password,
                    passphrase,
                })
                .await?;
            if let Some(name) = name.clone() {
                one.call(ipc::RenameProfile { name }).await?;
            }
            // On a terminal the words are what the command is for.
            let shown = *show_words || !cli.json;
            Ok(match made.words.filter(|_| shown) {
                Some(words) => json!({"accounts": made.accounts, "words": words.join(" ")}),
                None => json!({"accounts": made.accounts}),
            })
        }
        Vault::Restore {
            words_file,
            passphrase_file,
        } => {
            let words = secrets::whole(words_file)?.to_string();
            let password = secrets::password(cli, true)?.to_string();
            let passphrase = passphrase(passphrase_file)?;
            let made = one
                .call(ipc::RestoreVault {
                    words,
                    password,
                    passphrase,
                })
                .await?;
            Ok(json!({"accounts": made.accounts}))
        }
        Vault::Accounts => one.ask(ipc::Accounts {}).await,
        Vault::Verify => one.ask(ipc::VerifyVault {}).await,
    }
}
