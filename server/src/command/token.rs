//! `tidings token issue`.

use super::migrate;
use crate::auth::Token;
use crate::clock;
use crate::config::StoreConfig;
use crate::store::{Session, Store};
use anyhow::{Context, ensure};
use clap::Args;
use std::fmt::Write as _;
use std::str::FromStr;
use std::time::Duration;
use tidings_shared::UserId;

/// Users read, and tokens added, per transaction.
const PAGE: u32 = 1000;

/// Bearer tokens.
#[derive(Debug, clap::Subcommand)]
pub enum TokenCommand {
    /// Print a new bearer token of a user, or one for each user of a range
    Issue(Issue),
}

/// Whose, and for how long.
#[derive(Debug, Args)]
pub struct Issue {
    #[command(flatten)]
    store: StoreConfig,
    /// The user; or a range like 1000-15999, which prints a line of uid, tab and token for each
    /// user of it that exists
    #[arg(long)]
    uid: Uids,
    /// Days until the tokens expire
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3650))]
    days: u64,
}

/// One user, or those from one uid to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Uids {
    One(UserId),
    Range(UserId, UserId),
}

impl FromStr for Uids {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let uid = |text: &str| {
            let uid: i64 = text.parse().context("a uid is a number")?;
            let uid = UserId(uid);
            ensure!(
                (UserId(1)..=UserId::MAX).contains(&uid),
                "a uid is 1 to {}",
                UserId::MAX
            );
            Ok(uid)
        };
        let Some((first, last)) = text.split_once('-') else {
            return uid(text).map(Self::One);
        };
        let (first, last) = (uid(first)?, uid(last)?);
        ensure!(
            first <= last,
            "a range goes from the smaller uid to the greater"
        );
        Ok(Self::Range(first, last))
    }
}

pub(super) async fn run(command: TokenCommand) -> anyhow::Result<()> {
    let TokenCommand::Issue(issue) = command;
    let store = migrate::open(&issue.store).await?;
    let ttl = Duration::from_hours(24 * issue.days);
    let printed = match issue.uid {
        Uids::One(uid) => {
            ensure!(
                store.user(uid).await?.is_some(),
                "there is no user with the uid {uid}"
            );
            let tokens = add(store.as_ref(), &[uid], ttl).await?;
            format!("{}\n", tokens[0].expose())
        }
        Uids::Range(first, last) => range(store.as_ref(), first, last, ttl).await?,
    };
    store.close().await;
    print!("{printed}");
    Ok(())
}

/// The lines of a range, a page of users at a time.
async fn range(
    store: &dyn Store,
    first: UserId,
    last: UserId,
    ttl: Duration,
) -> anyhow::Result<String> {
    let mut printed = String::new();
    let mut after = UserId(first.0 - 1);
    loop {
        let users = store.users(after, PAGE).await?;
        let uids: Vec<UserId> = users
            .iter()
            .map(|user| user.uid)
            .filter(|uid| *uid <= last)
            .collect();
        let tokens = add(store, &uids, ttl).await?;
        for (uid, token) in uids.iter().zip(&tokens) {
            writeln!(printed, "{uid}\t{}", token.expose())?;
        }
        match users.last() {
            Some(user) if user.uid < last => after = user.uid,
            _ => break,
        }
    }
    ensure!(
        !printed.is_empty(),
        "there is no user with a uid from {first} to {last}"
    );
    Ok(printed)
}

/// A new token for each of the users.
async fn add(store: &dyn Store, uids: &[UserId], ttl: Duration) -> anyhow::Result<Vec<Token>> {
    let now = clock::now_ms();
    let expires_at = now + i64::try_from(ttl.as_millis())?;
    let mut tokens = Vec::with_capacity(uids.len());
    let mut sessions = Vec::with_capacity(uids.len());
    for &uid in uids {
        let token = Token::generate()?;
        sessions.push(Session {
            hash: token.hash(),
            uid,
            expires_at,
            used_at: 0,
        });
        tokens.push(token);
    }
    store.add_sessions(&sessions, now).await?;
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uid_argument_is_one_number_or_a_range() {
        assert_eq!("7".parse::<Uids>().ok(), Some(Uids::One(UserId(7))));
        let range = Uids::Range(UserId(1000), UserId(15_999));
        assert_eq!("1000-15999".parse::<Uids>().ok(), Some(range));
        for wrong in [
            "",
            "x",
            "0",
            "-1",
            "1-",
            "-",
            "2-1",
            "1-2-3",
            "1,2",
            "9007199254740992",
        ] {
            assert!(wrong.parse::<Uids>().is_err(), "{wrong:?}");
        }
    }
}
