//! The commands of the `tidings` program, one file each.

mod backup;
mod demo;
mod epoch;
mod logins;
mod migrate;
mod presence;
mod serve;
mod token;
pub mod user;

use crate::config::{Config, StoreConfig};
use crate::logging::LogFormat;
use clap::Parser;

/// Instant messaging whose delivery you can bet on.
#[derive(Debug, Parser)]
#[command(name = "tidings", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Subcommand,
}

/// What the program does.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
    /// Serve the page, the API and the WebSocket
    Serve(Box<Config>),
    /// Bring the database's schema up to this version (serve does it too)
    Migrate(StoreConfig),
    /// Copy a SQLite database to a new file, while it is in use
    Backup(backup::Backup),
    /// Put a backup in the place of a SQLite database that nobody uses; what was there is kept beside it
    Restore(backup::Restore),
    /// The mark of the database's history, by which clients see that a backup was put back
    #[command(subcommand)]
    Epoch(epoch::EpochCommand),
    /// Add users, change their passwords, and lock them out
    #[command(subcommand)]
    User(user::UserCommand),
    /// See where a user is logged in, and end that
    #[command(subcommand)]
    Logins(logins::LoginsCommand),
    /// Bearer tokens, for programs and load tests
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Print how users stand: uid, online or offline, their nodes, and when they were last seen
    /// (ms since 1970), separated by tabs
    Presence(presence::PresenceQuery),
}

impl Cli {
    /// How this command logs: as it is set for the server, for people else.
    pub fn log_format(&self) -> LogFormat {
        match &self.command {
            Subcommand::Serve(config) => config.log_format,
            _ => LogFormat::default(),
        }
    }
}

/// Runs a command.
///
/// # Errors
/// With a sentence for the person who typed it.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Subcommand::Serve(config) => serve::run(*config).await,
        Subcommand::Migrate(config) => migrate::run(&config).await,
        Subcommand::Backup(command) => backup::backup(command).await,
        Subcommand::Restore(command) => backup::restore(command).await,
        Subcommand::Epoch(command) => epoch::run(command).await,
        Subcommand::User(command) => user::run(command).await,
        Subcommand::Logins(command) => logins::run(command).await,
        Subcommand::Token(command) => token::run(command).await,
        Subcommand::Presence(query) => presence::run(query).await,
    }
}
