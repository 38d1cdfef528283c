//! A connection to Redis, a single server or a cluster, and its address.

use super::channel;
use futures_util::stream::{FuturesUnordered, StreamExt};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, IntoConnectionInfo, Pipeline,
    ProtocolVersion, PushInfo, RedisFuture, RedisResult, TlsCertificates, Value,
};
use std::time::Duration;

/// How long a connection attempt may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// How long a reply may take before the connection counts as lost.
const RESPONSE_LIMIT: Duration = Duration::from_secs(3);
/// Concurrent commands in a cluster, where a pipeline cannot span slots.
const CLUSTER_COMMANDS: usize = 64;

/// The address of Redis, parsed from a URL. Not printable: it may contain a password.
#[derive(Clone)]
pub struct Address {
    /// One server, or the seed nodes of a cluster.
    contacts: Vec<ConnectionInfo>,
    cluster: bool,
    /// PEM certificates of the trusted authorities; `None`: those of the system.
    authorities: Option<String>,
}

/// The URL is no valid Redis URL.
#[derive(Debug, thiserror::Error)]
#[error(
    "--redis-url is not of the form redis://[USER:PASSWORD@]HOST[:PORT][/DB], or for a cluster \
     redis://[USER:PASSWORD@]HOST:PORT[,HOST:PORT…]?cluster=true; with TLS rediss://…, and \
     ?sslrootcert=FILE for an authority that the system does not know: {0}"
)]
pub struct AddressError(String);

impl Address {
    /// Parses a URL. `cluster=true` makes its hosts the seed nodes of a cluster, and
    /// `sslrootcert=FILE` names the authorities of a Redis with TLS (`rediss://`).
    ///
    /// # Errors
    /// [`AddressError`], whose text does not contain the URL.
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        let (url, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut cluster, mut authorities, mut rest) = (false, None, Vec::new());
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("cluster", "true")) => cluster = true,
                Some(("sslrootcert", file)) => authorities = Some(certificates(file)?),
                Some(("protocol", _)) => rest.push(parameter),
                // Unknown parameters are refused: another database's way to ask for TLS must not be
                // ignored silently.
                other => {
                    let name = other.map_or(parameter, |(name, _)| name);
                    return Err(AddressError(format!("it has no parameter {name:?}")));
                }
            }
        }
        if url.contains('#') || query.contains('#') {
            let reason = "nothing may follow a #; in a password it is written %23";
            return Err(AddressError(reason.into()));
        }
        if authorities.is_some() && !url.starts_with("rediss://") {
            let reason = "sslrootcert is for TLS: begin with rediss://";
            return Err(AddressError(reason.into()));
        }
        let scheme_end = url.find("://").map_or(0, |at| at + "://".len());
        let login_end = url.rfind('@').map_or(scheme_end, |at| at + 1);
        let (head, hosts) = url.split_at(login_end);
        if hosts.contains(',') && !cluster {
            let reason = "several hosts are a cluster: add ?cluster=true";
            return Err(AddressError(reason.into()));
        }
        let contacts = hosts.split(',').map(|host| {
            let info = format!("{head}{host}?{}", rest.join("&"))
                .into_connection_info()
                .map_err(|error| AddressError(error.to_string()))?;
            let settings = info.redis_settings().clone();
            let settings = settings.set_protocol(ProtocolVersion::RESP3);
            Ok(info.set_redis_settings(settings))
        });
        let address = Self {
            contacts: contacts.collect::<Result<_, _>>()?,
            cluster,
            authorities,
        };
        let client = address.client();
        client.map_err(|error| AddressError(error.to_string()))?;
        Ok(address)
    }

    /// A client of the server, or of the first seed node.
    fn client(&self) -> RedisResult<Client> {
        let contact = self.contacts[0].clone();
        match self.certificates() {
            Some(certificates) => Client::build_with_tls(contact, certificates),
            None => Client::open(contact),
        }
    }

    fn certificates(&self) -> Option<TlsCertificates> {
        let authorities = self.authorities.as_ref()?;
        Some(TlsCertificates {
            client_tls: None,
            root_cert: Some(authorities.clone().into_bytes()),
        })
    }

    /// Connects, for commands alone.
    ///
    /// # Errors
    /// When Redis cannot be reached within two seconds, or refuses the login.
    pub async fn open(&self) -> RedisResult<RedisConnection> {
        self.connect(|_| ()).await
    }

    /// Connects; `pushes` is called with the pushes of subscriptions and must not block.
    ///
    /// # Errors
    /// When Redis cannot be reached within two seconds, or refuses the login.
    pub(super) async fn connect(
        &self,
        pushes: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> RedisResult<RedisConnection> {
        let pushes = move |info| {
            pushes(info);
            Ok::<(), redis::aio::SendError>(())
        };
        if !self.cluster {
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(CONNECT_LIMIT))
                .set_response_timeout(Some(RESPONSE_LIMIT))
                .set_push_sender(pushes);
            let connection = self
                .client()?
                .get_multiplexed_async_connection_with_config(&config)
                .await?;
            return Ok(RedisConnection::Single(connection));
        }
        let mut builder = ClusterClientBuilder::new(self.contacts.clone())
            .use_protocol(ProtocolVersion::RESP3)
            .connection_timeout(CONNECT_LIMIT)
            .response_timeout(RESPONSE_LIMIT)
            .retries(2)
            .push_sender(pushes);
        if let Some(certificates) = self.certificates() {
            builder = builder.certs(certificates);
        }
        Ok(RedisConnection::Cluster(
            builder.build()?.get_async_connection().await?,
        ))
    }
}

/// Reads the certificates of a file.
fn certificates(file: &str) -> Result<String, AddressError> {
    let invalid = |reason: &str| AddressError(format!("sslrootcert={file}: {reason}"));
    let text = std::fs::read_to_string(file).map_err(|error| invalid(&error.to_string()))?;
    if !text.contains("-----BEGIN CERTIFICATE-----") {
        return Err(invalid("there is no certificate in it; PEM is expected"));
    }
    Ok(text)
}

/// A connection; clones share it.
#[derive(Clone)]
pub enum RedisConnection {
    /// To one server.
    Single(MultiplexedConnection),
    /// To every node of a cluster.
    Cluster(ClusterConnection),
}

impl RedisConnection {
    /// Subscribes to channels and waits for the confirmation of each.
    pub(super) async fn subscribe(&mut self, channels: &[String]) -> RedisResult<()> {
        match self {
            Self::Single(connection) => connection.subscribe(channels).await,
            Self::Cluster(connection) => {
                let (of_all, of_slots) = split(channels);
                if !of_all.is_empty() {
                    connection.subscribe(of_all).await?;
                }
                each(of_slots, |channel| {
                    let mut connection = connection.clone();
                    async move { connection.ssubscribe(channel).await }
                })
                .await
            }
        }
    }

    /// Unsubscribes from channels.
    pub(super) async fn unsubscribe(&mut self, channels: &[String]) -> RedisResult<()> {
        match self {
            Self::Single(connection) => connection.unsubscribe(channels).await,
            Self::Cluster(connection) => {
                each(channels.iter(), |channel| {
                    let mut connection = connection.clone();
                    async move { connection.sunsubscribe(channel).await }
                })
                .await
            }
        }
    }

    /// Publishes all, in order on one server.
    pub(super) async fn publish(&mut self, items: &[(String, Vec<u8>)]) -> RedisResult<()> {
        if let Self::Single(connection) = self {
            let mut pipeline = Pipeline::with_capacity(items.len());
            for (channel, payload) in items {
                pipeline.cmd("PUBLISH").arg(channel).arg(payload).ignore();
            }
            return pipeline.query_async(connection).await;
        }
        each(items.iter(), |(channel, payload)| {
            let mut connection = self.clone();
            let verb = if channel == channel::NODES {
                "PUBLISH"
            } else {
                "SPUBLISH"
            };
            async move {
                let mut command = redis::cmd(verb);
                command.arg(channel).arg(payload);
                command.query_async::<i64>(&mut connection).await.map(drop)
            }
        })
        .await
    }

    /// Runs commands that may concern different keys; returns their answers in order.
    ///
    /// # Errors
    /// When Redis cannot be reached or refuses one.
    pub async fn run(&mut self, commands: Vec<Cmd>) -> RedisResult<Vec<Value>> {
        if let Self::Single(connection) = self {
            let mut pipeline = Pipeline::with_capacity(commands.len());
            for command in commands {
                pipeline.add_command(command);
            }
            return pipeline.query_async(connection).await;
        }
        let answers = commands.into_iter().map(|command| {
            let mut connection = self.clone();
            async move { command.query_async::<Value>(&mut connection).await }
        });
        futures_util::stream::iter(answers)
            .buffered(CLUSTER_COMMANDS)
            .collect::<Vec<_>>()
            .await
            .into_iter()
            .collect()
    }
}

/// Splits channels into the one that every node of a cluster has and those that belong to a slot.
fn split(channels: &[String]) -> (Vec<&String>, impl Iterator<Item = &String>) {
    let of_all = channels.iter().filter(|name| *name == channel::NODES);
    let of_slots = channels.iter().filter(|name| *name != channel::NODES);
    (of_all.collect(), of_slots)
}

/// Runs `act` for each item, at most [`CLUSTER_COMMANDS`] at once; stops at the first error.
async fn each<T, F>(items: impl Iterator<Item = T>, act: impl Fn(T) -> F) -> RedisResult<()>
where
    F: Future<Output = RedisResult<()>>,
{
    let mut in_flight = FuturesUnordered::new();
    for item in items {
        if in_flight.len() >= CLUSTER_COMMANDS
            && let Some(done) = in_flight.next().await
        {
            done?;
        }
        in_flight.push(act(item));
    }
    while let Some(done) = in_flight.next().await {
        done?;
    }
    Ok(())
}

impl ConnectionLike for RedisConnection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection) => connection.req_packed_command(cmd),
            Self::Cluster(connection) => connection.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_names_a_server_or_cluster_and_errors_hide_it() {
        let one = Address::parse("redis://:secret@localhost:6380/1").expect("a server");
        assert!(!one.cluster && one.contacts.len() == 1);
        let many = Address::parse("redis://u:p@a:1,b:2?cluster=true").expect("a cluster");
        assert!(many.cluster && many.contacts.len() == 2);
        for wrong in ["", "http://secret@a", "redis://secret@a:1,b:2"] {
            let error = Address::parse(wrong).map(|_| ()).expect_err("no Redis");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn wrong_tls_parameters_are_refused_by_the_parser() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let path = file.path().display().to_string();
        for (url, reason) in [
            ("rediss://secret@a?sslrootcert=/nowhere", "/nowhere: "),
            (
                &format!("rediss://secret@a?sslrootcert={path}"),
                "PEM is expected",
            ),
            ("rediss://secret@a/#insecure", "may follow a #"),
            (
                "redis://secret@a?sslmode=verify-full",
                "no parameter \"sslmode\"",
            ),
            ("redis://secret@a?cluster", "no parameter \"cluster\""),
        ] {
            let error = Address::parse(url).map(|_| ()).expect_err("no certificate");
            let error = error.to_string();
            assert!(
                error.contains(reason) && !error.contains("secret"),
                "{error}"
            );
        }
        let rubbish = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        std::fs::write(&path, rubbish).expect("room");
        for scheme in ["redis", "rediss"] {
            let url = format!("{scheme}://a?sslrootcert={path}");
            assert!(Address::parse(&url).is_err(), "{url}");
        }
    }
}
