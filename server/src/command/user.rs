//! `tidings user`: adding users, changing their passwords, locking them out.

use super::migrate;
use crate::auth::{
    Passwords, UserError, check_chosen_password, check_draft, checked_username, normal_email,
};
use crate::clock;
use crate::config::StoreConfig;
use crate::domain::SessionHash;
use crate::store::{Credentials, NewUser, Store, UserDraft};
use anyhow::{Context, ensure};
use clap::Args;
use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tidings_shared::UserId;

/// Add users, change their passwords, and lock them out.
#[derive(Debug, clap::Subcommand)]
pub enum UserCommand {
    /// Add one user; the password is read from standard input
    Add(Add),
    /// Add every user of a CSV file, or none of them if one is wrong
    Import(Import),
    /// Give a user another password, read from standard input, and end all their logins; open
    /// connections end within seconds
    Password(Whose),
    /// Lock a user out: end all their logins, and let them begin no other
    Lock(Whose),
    /// Let a locked user log in again
    Unlock(Whose),
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
    /// The uid, 1 to 2^53 - 1 [default: the next free one, from 1000]
    #[arg(long)]
    uid: Option<i64>,
}

/// Which user.
#[derive(Debug, Args)]
pub struct Whose {
    #[command(flatten)]
    store: StoreConfig,
    /// The address they log in with
    #[arg(long)]
    email: String,
}

impl Whose {
    /// The store, and the user in it.
    pub(super) async fn find(&self) -> anyhow::Result<(Arc<dyn Store>, Credentials)> {
        let email = normal_email(&self.email);
        let store = migrate::open(&self.store).await?;
        let mut credentials = store.credentials(&email).await?;
        if credentials.is_none() {
            // Earlier versions stored emails without NFKC.
            let typed = self.email.trim().to_lowercase();
            credentials = store.credentials(&typed).await?;
        }
        let user =
            credentials.with_context(|| format!("there is no user with the email {email}"))?;
        Ok((store, user))
    }
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
            // An operator who types a password wants one.
            ensure!(!draft.password.is_empty(), UserError::Password);
            (add.store, vec![draft])
        }
        UserCommand::Import(import) => (import.store, read_csv(&import.file)?),
        UserCommand::Password(whose) => return change_password(whose).await,
        UserCommand::Lock(whose) => return set_locked(whose, true).await,
        UserCommand::Unlock(whose) => return set_locked(whose, false).await,
    };
    let store = migrate::open(&config).await?;
    let uids = add(store.as_ref(), &drafts).await?;
    store.close().await;
    for (uid, draft) in uids.iter().zip(&drafts) {
        println!("{uid}\t{}", normal_email(&draft.email));
    }
    Ok(())
}

async fn change_password(command: Whose) -> anyhow::Result<()> {
    let password = read_password()?;
    check_chosen_password(&password, &[&command.email])?;
    let (store, user) = command.find().await?;
    let hashes = (&*user.password_hash, &*Passwords::hash(&password)?);
    let ended = store
        .change_password(user.uid, hashes, SessionHash::NONE)
        .await?
        .context("the password was changed by somebody else just now; look, and try again")?;
    store.close().await;
    let email = normal_email(&command.email);
    println!("{}\t{email}\t{} logins ended", user.uid, ended.len());
    Ok(())
}

async fn set_locked(command: Whose, locked: bool) -> anyhow::Result<()> {
    let (store, user) = command.find().await?;
    let ended = store.set_locked(user.uid, locked).await?;
    store.close().await;
    let now = if locked { "locked" } else { "unlocked" };
    let email = normal_email(&command.email);
    println!("{}\t{email}\t{now}\t{ended} logins ended", user.uid);
    Ok(())
}

/// Hashes the passwords, all cores at once, and adds the users.
pub(super) async fn add(store: &dyn Store, drafts: &[UserDraft]) -> anyhow::Result<Vec<UserId>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let chunk_size = drafts.len().div_ceil(cores).max(1);
    let tasks: Vec<_> = drafts
        .chunks(chunk_size)
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
        username: checked_username(&draft.username)?,
        avatar: draft.avatar.clone(),
        password_hash: if draft.password.is_empty() {
            Passwords::NONE.to_owned()
        } else {
            Passwords::hash(&draft.password)?
        },
        created_at: clock::now_ms(),
    })
}

fn read_csv(path: &Path) -> anyhow::Result<Vec<UserDraft>> {
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
    parse_csv(file, &name)
}

/// Reads users as [`Import`] has them, and checks each.
///
/// # Errors
/// With `name` and the line that is wrong.
pub fn parse_csv(file: impl Read, name: &str) -> anyhow::Result<Vec<UserDraft>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(file);
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
