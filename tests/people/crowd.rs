//! Many devices of some users behind one proxy, a group of some of them, and the messages they
//! wrote.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fmt::Write;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;
use tidings_shared::link::{LinkEvent, Phase};
use tidings_shared::{GroupId, Peer, UserId};
use tidings_tests::client::{Client, Figures, Login, Status};
use tidings_tests::proxy::{Conditions, Proxy, Rng};
use tidings_tests::server::Server;
use tokio::time::{Instant, interval};

/// More messages than any conversation here gets, so that the devices keep all.
const KEEP: usize = 100_000;
/// How many others each user writes to: few, so that conversations grow long enough to check their
/// order.
const CONTACTS: usize = 8;
/// The most members of the group.
const MEMBERS: usize = 8;
/// One of so many messages of a member goes to the group.
const TO_THE_GROUP: usize = 6;
/// How often a device that waits for its next attempt gets "retry now".
const RETRY_EVERY: Duration = Duration::from_secs(2);

/// A user with a login.
pub(crate) struct Person {
    pub(crate) uid: UserId,
    pub(crate) token: String,
}

/// A message that was written.
pub(crate) struct Written {
    /// The index of the device in [`Crowd::clients`].
    pub(crate) device: usize,
    pub(crate) to: Peer,
    pub(crate) content: String,
}

/// The devices.
pub(crate) struct Crowd {
    pub(crate) proxy: Proxy,
    pub(crate) people: Vec<Person>,
    /// The group of the first users.
    group: GroupId,
    pub(crate) clients: Vec<Client>,
    pub(crate) written: Vec<Written>,
    pub(crate) rng: Rng,
}

impl Crowd {
    /// Adds users and their group to the server, and connects `devices` of each.
    pub(crate) async fn new(
        server: &Server,
        people: usize,
        devices: usize,
        seed: u64,
    ) -> Result<Self> {
        let people = add_people(server, people).await?;
        Self::of(server, people, devices, seed).await
    }

    /// Connects `devices` of each of these users, who were added before.
    pub(crate) async fn of(
        server: &Server,
        people: Vec<Person>,
        devices: usize,
        seed: u64,
    ) -> Result<Self> {
        let mut rng = Rng::new(seed);
        let proxy = Proxy::start(server.address().parse()?, rng.next_u64())?;
        let group = add_group(server, &people[..MEMBERS.min(people.len())]).await?;
        let mut clients = Vec::new();
        for n in 0..devices {
            for person in &people {
                let login = login(proxy.address(), person, n);
                clients.push(Client::start(login, rng.next_u64()));
            }
        }
        for client in &clients {
            client.until(Status::is_settled).await?;
        }
        Ok(Self {
            proxy,
            people,
            group,
            clients,
            written: Vec::new(),
            rng,
        })
    }

    /// One device writes to one of its user's contacts, or to the group.
    pub(crate) async fn write_one(&mut self) -> Result<()> {
        let device = self.rng.below(self.clients.len());
        let client = self.clients.get(device).context("nobody")?;
        let me = self.people.iter().position(|p| p.uid == client.uid());
        let me = me.context("a stranger")?;
        let to = if me < MEMBERS && self.rng.below(TO_THE_GROUP) == 0 {
            Peer::Group(self.group)
        } else {
            let count = self.people.len();
            // Half of the contacts follow the user, half precede, so that contacts are mutual.
            let step = 1 + self.rng.below(CONTACTS.min(count - 1));
            let step = if step.is_multiple_of(2) {
                step / 2
            } else {
                count - step.div_ceil(2)
            };
            Peer::User(self.people[(me + step) % count].uid)
        };
        let content = format!("{device}:{}", self.written.len());
        client.write_in(to, content.clone()).await?;
        self.written.push(Written {
            device,
            to,
            content,
        });
        Ok(())
    }

    /// Ends all faults, and waits until every device is connected and has nothing to send or to
    /// fetch. Returns how long that took. A device that was just connecting over a dead connection
    /// detects it after 15 s.
    pub(crate) async fn heal(&self) -> Result<Duration> {
        let started = Instant::now();
        self.proxy.set(Conditions::default());
        for connection in self.proxy.connections() {
            connection.set(Conditions::default());
        }
        for client in &self.clients {
            // The event of a browser when the network is back.
            client.notify(LinkEvent::Online).await?;
        }
        let mut settled = pin!(async {
            for (device, client) in self.clients.iter().enumerate() {
                let written = self.written.iter().filter(|one| one.device == device);
                let written = u64::try_from(written.count())?;
                // The last one may not have reached the device's task yet.
                let answered = |status: &Status| status.figures.settled + status.figures.full;
                client
                    .until(|status| status.is_settled() && answered(status) >= written)
                    .await?;
            }
            anyhow::Ok(started.elapsed())
        });
        let mut retries = interval(RETRY_EVERY);
        loop {
            tokio::select! {
                took = &mut settled => return took,
                _ = retries.tick() => self.retry_now().await?,
            }
        }
    }

    /// Devices that wait for the next attempt make it now, as if a person pressed the button.
    async fn retry_now(&self) -> Result<()> {
        for client in &self.clients {
            if matches!(client.status().phase, Phase::Waiting(_)) {
                client.notify(LinkEvent::RetryNow).await?;
            }
        }
        Ok(())
    }

    /// The counts of all devices together, and how often they connected.
    pub(crate) fn figures(&self) -> (Figures, u64) {
        let mut sum = Figures::default();
        let mut connects = 0;
        for client in &self.clients {
            let status = client.status();
            let one = status.figures;
            sum.settled += one.settled;
            sum.resent += one.resent;
            sum.full += one.full;
            sum.pushes += one.pushes;
            sum.repeated += one.repeated;
            sum.duplicates += one.duplicates;
            sum.fetches += one.fetches;
            sum.violations += one.violations;
            connects += status.connects;
        }
        (sum, connects)
    }
}

/// Logs a user of the tests in.
pub(crate) async fn person(server: &Server, user: (i64, &str)) -> Result<Person> {
    Ok(Person {
        uid: UserId(user.0),
        token: server.login(user.1).await?,
    })
}

/// The login of the device number `n` of a user.
pub(crate) fn login(address: SocketAddr, person: &Person, n: usize) -> Login {
    Login {
        address,
        uid: person.uid,
        token: person.token.clone(),
        device: format!("{}-{n}", person.uid),
        keep: KEEP,
    }
}

/// Imports users and logs each in.
pub(crate) async fn add_people(server: &Server, count: usize) -> Result<Vec<Person>> {
    let mut csv = String::from("email,username,password\n");
    for n in 0..count {
        writeln!(csv, "user{n}@example.org,User {n},1234")?;
    }
    tokio::fs::write(server.folder().join("people.csv"), csv).await?;
    let printed = server
        .command(&["user", "import", "people.csv"], "")
        .await?;
    let mut people = Vec::new();
    for line in printed.lines() {
        let (uid, email) = line.split_once('\t').context("no tab")?;
        people.push(Person {
            uid: UserId(uid.parse()?),
            token: server.login(email).await?,
        });
    }
    Ok(people)
}

/// Creates a group of all of these users; the first one owns it.
async fn add_group(server: &Server, people: &[Person]) -> Result<GroupId> {
    let owner = people.first().context("nobody")?;
    let members: Vec<_> = people.iter().map(|person| person.uid).collect();
    let request = server.http().post(server.url("/api/groups"));
    let request = request.bearer_auth(&owner.token);
    let answer = request.json(&json!({"name": "all", "members": members}));
    let group: Value = answer.send().await?.json().await?;
    ensure!(group["members"] == people.len(), "{group}");
    Ok(GroupId(group["groupId"].as_i64().context("no id")?))
}
