//! `tidings user add` and `tidings user import`.

use super::migrate;
use crate::auth::{Passwords, UserError, check_draft, normal_email};
use crate::clock;
use crate::config::StoreConfig;
use crate::store::{NewUser, Store, UserDraft};
use anyhow::{Context, ensure};
use clap::Args;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use tidings_shared::UserId;

/// Add users.
#[derive(Debug, clap::Subcommand)]
pub enum UserCommand {
    /// Add one user; the password is read from standard input
    Add(Add),
    /// Add every user of a CSV file, or none of them if one is wrong
    Import(Import),
}

/// One user.
#[derive(Debug, Args)]
pub struct Add {
    #[command(flatten)]
    store: StoreConfig,
    /// The address to log in with
    #[arg(long)]
    email: String,
    /// The name shown
    #[arg(long)]
    username: String,
    /// A picture: a path on this server (/…) or an https:// URL
    #[arg(long, default_value = "")]
    avatar: String,
    /// The uid, 1 or greater [default: the next free one, from 1000]
    #[arg(long)]
    uid: Option<i64>,
}

/// Many users.
#[derive(Debug, Args)]
pub struct Import {
    #[command(flatten)]
    store: StoreConfig,
    /// A file with the header email,username,password and, if wanted, avatar,uid; a user whose
    /// password is empty cannot log in with one, only with a token
    file: PathBuf,
}

pub(super) async fn run(command: UserCommand) -> anyhow::Result<()> {
    let (config, drafts) = match command {
        UserCommand::Add(add) => {
            let draft = UserDraft {
                email: add.email,
                username: add.username,
                password: read_password()?,
                avatar: add.avatar,
                uid: add.uid.map(UserId),
            };
            check_draft(&draft)?;
            // One who types a password wants one.
            ensure!(!draft.password.is_empty(), UserError::Password);
            (add.store, vec![draft])
        }
        UserCommand::Import(import) => (import.store, read_csv(&import.file)?),
    };
    let store = migrate::open(&config).await?;
    let uids = add(store.as_ref(), &drafts).await?;
    store.close().await;
    for (uid, draft) in uids.iter().zip(&drafts) {
        println!("{uid}\t{}", normal_email(&draft.email));
    }
    Ok(())
}

/// Hashes the passwords, all cores at once, and adds the users.
pub(super) async fn add(store: &dyn Store, drafts: &[UserDraft]) -> anyhow::Result<Vec<UserId>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = drafts.len().div_ceil(cores).max(1);
    let tasks: Vec<_> = drafts
        .chunks(share)
        .map(|chunk| {
            let chunk = chunk.to_vec();
            tokio::task::spawn_blocking(move || chunk.iter().map(new_user).collect::<Vec<_>>())
        })
        .collect();
    let mut users = Vec::with_capacity(drafts.len());
    for task in tasks {
        for user in task.await? {
            users.push(user?);
        }
    }
    Ok(store.add_users(&users).await?)
}

fn new_user(draft: &UserDraft) -> anyhow::Result<NewUser> {
    Ok(NewUser {
        uid: draft.uid,
        email: normal_email(&draft.email),
        username: draft.username.trim().to_owned(),
        avatar: draft.avatar.clone(),
        password_hash: if draft.password.is_empty() {
            Passwords::NONE.to_owned()
        } else {
            Passwords::hash(&draft.password)?
        },
        created_at: clock::now_ms(),
    })
}

fn read_csv(path: &PathBuf) -> anyhow::Result<Vec<UserDraft>> {
    let name = path.display();
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(path)
        .with_context(|| format!("cannot read {name}"))?;
    let mut drafts = Vec::new();
    for (index, record) in reader.deserialize().enumerate() {
        // The header is line 1.
        let line = index + 2;
        let draft: UserDraft = record.with_context(|| format!("{name}, line {line}"))?;
        check_draft(&draft).with_context(|| format!("{name}, line {line}"))?;
        drafts.push(draft);
    }
    Ok(drafts)
}

/// One line from standard input, so that a password is neither in the shell's history nor in the
/// list of processes.
fn read_password() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        eprint!("Password: ");
        std::io::stderr().flush()?;
    }
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .context("cannot read the password")?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
