//! What an operator sets: flags, environment, and an optional TOML file beneath both.

mod limits;
mod url;

pub use limits::Limits;
pub use url::parse_origin;

use self::url::parse_public_url;

use crate::logging::LogFormat;
use crate::network::parse_network;
use crate::store;
use ::url::Url;
use clap::builder::{BoolishValueParser, Resettable};
use clap::{Args, Command};
use ipnet::IpNet;
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tidings_shared::delivery::Timing;
use tidings_shared::heartbeat::Bounds;

/// Where the store is; every command takes it.
#[derive(Debug, Clone, Args)]
pub struct StoreConfig {
    /// The store as a URL: `sqlite://PATH` (the file is created when missing) or
    /// `postgres://USER:PASSWORD@HOST/DATABASE`, with `?sslmode=verify-full` for TLS
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite://tidings.db",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_url: String,

    /// How many connections to a PostgreSQL database read, at most; two more write. All nodes
    /// together must stay below its `max_connections`. A SQLite file needs no such number
    #[arg(
        long,
        env = "TIDINGS_DATABASE_CONNECTIONS",
        default_value_t = store::READERS,
        value_name = "N"
    )]
    pub database_connections: NonZeroU32,

    /// Begin a new database in a SQLite file that is there and empty; without it such a file is
    /// refused, because what was in it may be lost. A file that is not there needs no such word
    #[arg(long, env = "TIDINGS_INIT", value_parser = BoolishValueParser::new())]
    pub init: bool,
}

/// What `tidings serve` is set to.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Where the store is.
    #[command(flatten)]
    pub store: StoreConfig,

    /// The address and port to listen on; port 0 takes a free one
    #[arg(
        long,
        env = "TIDINGS_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDR:PORT"
    )]
    pub listen: SocketAddr,

    /// Give an empty database the demo users 张三, 李四 and 王五 with the password 1234
    #[arg(long, env = "TIDINGS_DEMO", value_parser = BoolishValueParser::new())]
    pub demo: bool,

    /// Redis, which carries events between nodes: redis://[USER:PASSWORD@]HOST[:PORT][/DB], with
    /// ?cluster=true for a cluster; rediss:// for TLS, with ?sslrootcert=FILE for an authority that
    /// the system does not know; none: this is the only node
    #[arg(long, env = "REDIS_URL", value_name = "URL", hide_env_values = true)]
    pub redis_url: Option<String>,

    /// What this node is called among others, for operators [default: the host's name]
    #[arg(long, env = "TIDINGS_NODE_NAME", value_name = "NAME")]
    pub node_name: Option<String>,

    /// The folder of the built page [default: the page inside this program if it was built with
    /// one, else dist]
    #[arg(long, env = "TIDINGS_CLIENT_DIR", value_name = "DIR")]
    pub client_dir: Option<PathBuf>,

    /// Milliseconds from a push to its first repeat when it is not acknowledged
    #[arg(long, env = "TIDINGS_ACK_TIMEOUT_MS", default_value_t = 5000, value_name = "MS",
          value_parser = clap::value_parser!(u64).range(1..=600_000))]
    pub ack_timeout_ms: u64,

    /// Milliseconds from a repeat to the next one, and from the last one to the close (4001)
    #[arg(long, env = "TIDINGS_REPUSH_INTERVAL_MS", default_value_t = 2000, value_name = "MS",
          value_parser = clap::value_parser!(u64).range(1..=600_000))]
    pub repush_interval_ms: u64,

    /// Repeats of a push before its connection is closed as dead
    #[arg(long, env = "TIDINGS_REPUSH_ATTEMPTS", default_value_t = 2, value_name = "N",
          value_parser = clap::value_parser!(u32).range(0..=100))]
    pub repush_attempts: u32,

    /// Milliseconds without any frame after which a connection is closed (4000)
    #[arg(long, env = "TIDINGS_IDLE_TIMEOUT_MS", default_value_t = 360_000, value_name = "MS",
          value_parser = clap::value_parser!(u64).range(1..=86_400_000))]
    pub idle_timeout_ms: u64,

    /// The shortest heartbeat interval given to clients, in milliseconds
    #[arg(long, env = "TIDINGS_HEARTBEAT_MIN_MS", default_value_t = 15_000, value_name = "MS",
          value_parser = clap::value_parser!(u64).range(1..=86_400_000))]
    pub heartbeat_min_ms: u64,

    /// The longest heartbeat interval given to clients, in milliseconds
    #[arg(long, env = "TIDINGS_HEARTBEAT_MAX_MS", default_value_t = 240_000, value_name = "MS",
          value_parser = clap::value_parser!(u64).range(1..=86_400_000))]
    pub heartbeat_max_ms: u64,

    /// Whether anybody may register; off: only the operator adds users, with `tidings user add`
    #[arg(
        long,
        env = "TIDINGS_REGISTRATION",
        default_value = "on",
        value_name = "ON|OFF",
        action = clap::ArgAction::Set,
        value_parser = BoolishValueParser::new()
    )]
    pub registration: bool,

    /// The addresses under which people come, as in `https://chat.example.org`; requests to any other
    /// host are refused (421), and where it is https cookies are Secure and browsers are told to come
    /// by HTTPS only. Without it the server changes things under bare addresses and localhost only
    #[arg(long, env = "TIDINGS_PUBLIC_URL", value_delimiter = ',', value_name = "URL",
          value_parser = parse_public_url)]
    pub public_url: Vec<Url>,

    /// Other origins whose pages may log in and connect, as in `https://portal.example.org`; the
    /// server's own pages always may
    #[arg(long, env = "TIDINGS_ALLOWED_ORIGINS", value_delimiter = ',', value_name = "ORIGIN",
          value_parser = parse_origin)]
    pub allowed_origins: Vec<Url>,

    /// Milliseconds over which open connections are told to go elsewhere (1001) when the server
    /// is asked to end; 0 tells all of them at once
    #[arg(long, env = "TIDINGS_DRAIN_MS", default_value_t = 10_000, value_name = "MS",
          value_parser = clap::value_parser!(u64).range(0..=3_600_000))]
    pub drain_ms: u64,

    /// Milliseconds a socket may wait for its next HTTP request: longer than the load balancer keeps
    /// one it does not use
    #[arg(long, env = "TIDINGS_KEEP_ALIVE_MS", default_value_t = 75_000, value_name = "MS",
          value_parser = clap::value_parser!(u64).range(1000..=3_600_000))]
    pub keep_alive_ms: u64,

    /// Connections this node takes; further ones are refused with 503 and a time to come back
    #[arg(long, env = "TIDINGS_MAX_CONNECTIONS", default_value_t = 100_000, value_name = "N",
          value_parser = count)]
    pub max_connections: usize,

    /// Connections a user may hold on this node; the bind of a further one is refused (4003)
    #[arg(long, env = "TIDINGS_MAX_CONNECTIONS_PER_USER", default_value_t = 32, value_name = "N",
          value_parser = count)]
    pub max_connections_per_user: usize,

    /// Connections an address (IPv6: a /64) may hold on this node, 429 beyond, and eight times as many
    /// sockets that speak HTTP; 0 is no limit
    #[arg(
        long,
        env = "TIDINGS_MAX_CONNECTIONS_PER_ADDRESS",
        default_value_t = 0,
        value_name = "N"
    )]
    pub max_connections_per_address: usize,

    /// Binds made at once; 256 times as many may wait up to 8 s, further ones are refused (4003)
    #[arg(long, env = "TIDINGS_MAX_BINDS", default_value_t = 64, value_name = "N",
          value_parser = count)]
    pub max_binds: usize,

    /// What one user may take.
    #[command(flatten)]
    pub limits: Limits,

    /// Proxies whose X-Forwarded-For is believed, as networks (10.0.0.0/8) or addresses
    #[arg(long, env = "TIDINGS_TRUSTED_PROXIES", value_delimiter = ',', value_name = "CIDR",
          value_parser = parse_network)]
    pub trusted_proxies: Vec<IpNet>,

    /// Serve /metrics, with /healthz and /readyz, on this address only; without it /metrics is on
    /// --listen, where a load balancer must not publish it
    #[arg(long, env = "TIDINGS_METRICS_LISTEN", value_name = "ADDR:PORT")]
    pub metrics_listen: Option<SocketAddr>,

    /// The form of the log on standard error; what is logged is set in the environment, as in
    /// `TIDINGS_LOG=debug`
    #[arg(
        long,
        env = "TIDINGS_LOG_FORMAT",
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,

    /// Give the session cookie the Secure attribute though no --public-url says https
    #[arg(long, env = "TIDINGS_SECURE_COOKIE", value_parser = BoolishValueParser::new())]
    pub secure_cookie: bool,

    /// A TOML file with any of these settings by their flag's name, as in listen = "0.0.0.0:80";
    /// flags and environment win over it
    #[arg(long, env = "TIDINGS_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The largest count a setting takes; a semaphore holds 256 times as many.
const COUNT_MAX: usize = 10_000_000;

/// Reads a count that is not zero.
fn count(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=COUNT_MAX).contains(count))
        .ok_or_else(|| format!("a number from 1 to {COUNT_MAX}"))
}

/// Settings that contradict each other.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Contradiction(&'static str);

impl Config {
    /// Checks what a single flag cannot.
    ///
    /// # Errors
    /// [`Contradiction`] says which flags and what to do.
    pub fn check(&self) -> Result<(), Contradiction> {
        if self.heartbeat_min_ms > self.heartbeat_max_ms {
            return Err(Contradiction(
                "--heartbeat-min-ms is above --heartbeat-max-ms: swap them or set one",
            ));
        }
        if self.heartbeat_bounds().max >= self.idle_timeout() {
            return Err(Contradiction(
                "--idle-timeout-ms must be longer than --heartbeat-max-ms, or quiet connections \
                 are closed before their heartbeat: raise the one or lower the other",
            ));
        }
        Ok(())
    }

    /// How long a socket may wait for its next request.
    pub const fn keep_alive(&self) -> Duration {
        Duration::from_millis(self.keep_alive_ms)
    }

    /// The time over which open connections are closed (1001) during a drain.
    pub const fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }

    /// When pushes are repeated.
    pub const fn timing(&self) -> Timing {
        Timing {
            ack_timeout: Duration::from_millis(self.ack_timeout_ms),
            repush_interval: Duration::from_millis(self.repush_interval_ms),
            repush_attempts: self.repush_attempts,
        }
    }

    /// Without any frame for so long a connection is closed.
    pub const fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.idle_timeout_ms)
    }

    /// The bounds of the heartbeat interval.
    pub const fn heartbeat_bounds(&self) -> Bounds {
        Bounds {
            min: Duration::from_millis(self.heartbeat_min_ms),
            max: Duration::from_millis(self.heartbeat_max_ms),
        }
    }
}

/// Why a configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is not TOML.
    #[error("{path}: {error}")]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        error: toml::de::Error,
    },
    /// It sets something that `tidings serve` does not know.
    #[error("{path}: {key} is no setting; `tidings serve --help` lists them")]
    Unknown {
        /// Which file.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// A setting is a table or a date.
    #[error("{path}: {key} must be a string, a number, true, false or a list of strings")]
    Kind {
        /// Which file.
        path: PathBuf,
        /// The key.
        key: String,
    },
}

/// Makes the settings of the configuration file, if one is named, the defaults of `serve`, so that
/// flags and environment win over them and are checked by the same rules.
///
/// # Errors
/// [`FileError`] when the file cannot be read, is not TOML, or sets what does not exist.
pub fn with_file(mut command: Command, arguments: &[OsString]) -> Result<Command, FileError> {
    let Some(path) = file_named(arguments) else {
        return Ok(command);
    };
    let text = std::fs::read_to_string(&path).map_err(|error| FileError::Read {
        path: path.clone(),
        error,
    })?;
    let table: toml::Table = text.parse().map_err(|error| FileError::Syntax {
        path: path.clone(),
        error,
    })?;
    for (key, value) in table {
        let values = value_texts(&value).ok_or_else(|| FileError::Kind {
            path: path.clone(),
            key: key.clone(),
        })?;
        command = set_default(command, &path, &key, &values)?;
    }
    Ok(command)
}

fn set_default(
    command: Command,
    path: &Path,
    key: &str,
    values: &[String],
) -> Result<Command, FileError> {
    let serve = command.find_subcommand("serve");
    let argument = serve
        .into_iter()
        .flat_map(Command::get_arguments)
        .find(|argument| argument.get_long() == Some(key) && key != "config" && key != "help");
    let Some(id) = argument.map(|argument| argument.get_id().clone()) else {
        return Err(FileError::Unknown {
            path: path.to_owned(),
            key: key.to_owned(),
        });
    };
    Ok(with_default(command, id.as_str(), values))
}

/// Sets the default wherever the setting exists: the database is every command's.
fn with_default(mut command: Command, id: &str, values: &[String]) -> Command {
    if command
        .get_arguments()
        .any(|argument| argument.get_id() == id)
    {
        command = command.mut_arg(id, |argument| argument.default_values(values.to_vec()));
    }
    command.mut_subcommands(|inner| with_default(inner, id, values))
}

fn value_texts(value: &toml::Value) -> Option<Vec<String>> {
    Some(match value {
        toml::Value::String(text) => vec![text.clone()],
        toml::Value::Integer(number) => vec![number.to_string()],
        toml::Value::Boolean(flag) => vec![flag.to_string()],
        toml::Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<_>>()?,
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => return None,
    })
}

fn file_named(arguments: &[OsString]) -> Option<PathBuf> {
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--config" {
            return rest.next().map(PathBuf::from);
        }
        if let Some(path) = argument
            .to_str()
            .and_then(|text| text.strip_prefix("--config="))
        {
            return Some(path.into());
        }
    }
    std::env::var_os("TIDINGS_CONFIG")
        .filter(|path| !is_blank(path))
        .map(PathBuf::from)
}

/// Makes a blank variable of the environment the same as one that is not set: who deletes a value in
/// a unit or a compose file leaves `REDIS_URL=` behind.
pub fn without_blank_variables(command: Command) -> Command {
    let command = command.mut_args(|argument| {
        let blank = argument.get_env().and_then(std::env::var_os);
        if blank.is_some_and(|value| is_blank(&value)) {
            argument.env(Resettable::Reset)
        } else {
            argument
        }
    });
    command.mut_subcommands(without_blank_variables)
}

/// Whether a variable's value is nothing but white space.
pub fn is_blank(value: &OsStr) -> bool {
    value.to_str().is_some_and(|text| text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Cli, Subcommand};
    use clap::{CommandFactory, FromArgMatches};

    fn parse(file: &str, flags: &[&str]) -> Result<Config, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("tidings.toml");
        std::fs::write(&path, file).expect("writable");
        let mut arguments: Vec<OsString> = vec!["tidings".into(), "serve".into()];
        arguments.extend(["--config".into(), path.into_os_string()]);
        arguments.extend(flags.iter().map(Into::into));
        let command = with_file(Cli::command(), &arguments).map_err(|e| e.to_string())?;
        let matches = command
            .try_get_matches_from(arguments)
            .map_err(|e| e.to_string())?;
        match Cli::from_arg_matches(&matches)
            .map_err(|e| e.to_string())?
            .command
        {
            Subcommand::Serve(config) => Ok(*config),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn defaults_are_as_documented_and_consistent() {
        let config = parse("", &[]).expect("valid");
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.store.database_url, "sqlite://tidings.db");
        let bounds = Bounds {
            min: Duration::from_secs(15),
            max: Duration::from_mins(4),
        };
        assert_eq!(config.heartbeat_bounds(), bounds);
        assert_eq!(config.idle_timeout(), Duration::from_mins(6));
        assert!(!config.demo && config.allowed_origins.is_empty());
        assert!(config.registration);
        config.check().expect("no contradiction");
    }

    #[test]
    fn flags_take_precedence_over_the_file() {
        let file = "listen = '0.0.0.0:80'\ndemo = true\nack-timeout-ms = 7\n\
                    registration = 'off'\n\
                    allowed-origins = ['https://a.example', 'https://b.example']";
        let config = parse(file, &["--ack-timeout-ms", "9"]).expect("valid");
        assert_eq!(config.listen.port(), 80);
        assert!(config.demo);
        assert_eq!(config.ack_timeout_ms, 9);
        assert!(!config.registration);
        assert_eq!(config.allowed_origins.len(), 2);
    }

    #[test]
    fn switch_accepts_the_usual_boolean_words() {
        for (word, on) in [("on", true), ("yes", true), ("1", true), ("true", true)]
            .into_iter()
            .chain([
                ("off", false),
                ("no", false),
                ("0", false),
                ("false", false),
            ])
        {
            let file =
                format!("registration = '{word}'\ndemo = '{word}'\nsecure-cookie = '{word}'");
            let config = parse(&file, &[]).expect(word);
            let switches = [config.registration, config.demo, config.secure_cookie];
            assert_eq!(switches, [on; 3], "{word}");
            let flag = parse("", &["--registration", word]).expect(word);
            assert_eq!(flag.registration, on, "{word}");
        }
        assert!(parse("demo = 'perhaps'", &[]).is_err());
    }

    #[test]
    fn urls_with_passwords_are_hidden_from_help() {
        let command = Cli::command();
        let nested = command.get_subcommands().flat_map(Command::get_subcommands);
        let commands = command.get_subcommands().chain(nested);
        let mut seen = 0;
        for argument in commands.flat_map(Command::get_arguments) {
            if matches!(argument.get_long(), Some("database-url" | "redis-url")) {
                assert!(argument.is_hide_env_values_set(), "{argument}");
                seen += 1;
            }
        }
        assert!(seen > 2, "{seen}");
    }

    #[test]
    fn wrong_file_is_an_error_that_names_the_key() {
        assert!(
            parse("lissten = 'x'", &[])
                .expect_err("unknown")
                .contains("lissten is no setting")
        );
        assert!(
            parse("listen = {}", &[])
                .expect_err("kind")
                .contains("listen must be")
        );
        assert!(
            parse("listen = 'x'", &[])
                .expect_err("value")
                .contains("--listen")
        );
        assert!(
            parse("listen", &[])
                .expect_err("syntax")
                .contains("tidings.toml")
        );
    }

    #[test]
    fn contradictions_are_refused_with_advice() {
        let config = parse("idle-timeout-ms = 30000", &[]).expect("each valid");
        assert!(
            config
                .check()
                .expect_err("too short")
                .to_string()
                .contains("--idle-timeout-ms")
        );
        let config = parse("heartbeat-min-ms = 300000", &[]).expect("each valid");
        assert!(
            config
                .check()
                .expect_err("swapped")
                .to_string()
                .contains("--heartbeat-min-ms")
        );
    }
}
