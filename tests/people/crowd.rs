//! Many devices of some people behind one proxy, a group of some of them, and what they wrote.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fmt::Write;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;
use tidings_shared::link::{Event, Phase};
use tidings_shared::{GroupId, Peer, UserId};
use tidings_tests::client::{Client, Figures, Login, Status};
use tidings_tests::proxy::{Conditions, Dice, Proxy};
use tidings_tests::server::Server;
use tokio::time::{Instant, interval};

/// More messages than any conversation here gets: the devices keep all.
const KEEP: usize = 100_000;
/// Everybody writes to so many others only, so that conversations grow long enough to have an
/// order.
const CIRCLE: usize = 8;
/// Members of the group, at most.
const MEMBERS: usize = 8;
/// One in so many messages of a member goes to the group.
const TO_THE_GROUP: usize = 6;
/// How often somebody looks whether the page shows "retry now".
const NUDGE: Duration = Duration::from_secs(2);

/// Somebody with a login.
pub(crate) struct Person {
    pub(crate) uid: UserId,
    pub(crate) token: String,
}

/// A message that was written.
pub(crate) struct Written {
    /// The device's place in [`Crowd::clients`].
    pub(crate) device: usize,
    pub(crate) to: Peer,
    pub(crate) content: String,
}

/// The devices.
pub(crate) struct Crowd {
    pub(crate) proxy: Proxy,
    pub(crate) people: Vec<Person>,
    /// Of the first of the people.
    group: GroupId,
    pub(crate) clients: Vec<Client>,
    pub(crate) written: Vec<Written>,
    pub(crate) dice: Dice,
}

impl Crowd {
    /// Adds people and their group to the server and connects `devices` of each.
    pub(crate) async fn new(
        server: &Server,
        people: usize,
        devices: usize,
        seed: u64,
    ) -> Result<Self> {
        let people = add_people(server, people).await?;
        Self::of(server, people, devices, seed).await
    }

    /// Connects `devices` of each of these people, who are there already.
    pub(crate) async fn of(
        server: &Server,
        people: Vec<Person>,
        devices: usize,
        seed: u64,
    ) -> Result<Self> {
        let mut dice = Dice::new(seed);
        let proxy = Proxy::start(server.address().parse()?, dice.throw())?;
        let group = add_group(server, &people[..MEMBERS.min(people.len())]).await?;
        let mut clients = Vec::new();
        for n in 0..devices {
            for person in &people {
                let login = login(proxy.address(), person, n);
                clients.push(Client::start(login, dice.throw()));
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
            dice,
        })
    }

    /// One device writes to one of its person's circle, or to the group.
    pub(crate) async fn write_one(&mut self) -> Result<()> {
        let device = self.dice.below(self.clients.len());
        let client = self.clients.get(device).context("nobody")?;
        let me = self.people.iter().position(|p| p.uid == client.uid());
        let me = me.context("a stranger")?;
        let to = if me < MEMBERS && self.dice.below(TO_THE_GROUP) == 0 {
            Peer::Group(self.group)
        } else {
            let count = self.people.len();
            // Half of the circle after oneself, half before: who one writes to, writes back.
            let step = 1 + self.dice.below(CIRCLE.min(count - 1));
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

    /// Takes all faults away and waits until every device is connected and has nothing to send or
    /// to fetch; returns how long that took. Who was just trying on a connection that was dead
    /// already finds out after 15 s.
    pub(crate) async fn heal(&self) -> Result<Duration> {
        let started = Instant::now();
        self.proxy.set(Conditions::default());
        for connection in self.proxy.connections() {
            connection.set(Conditions::default());
        }
        for client in &self.clients {
            // What a browser says when the network is back.
            client.tell(Event::Online).await?;
        }
        let mut settled = pin!(async {
            for (device, client) in self.clients.iter().enumerate() {
                let own = self.written.iter().filter(|one| one.device == device);
                let own = u64::try_from(own.count())?;
                // The last one may not have reached the device's task yet.
                let answered = |status: &Status| status.figures.settled + status.figures.full;
                client
                    .until(|status| status.is_settled() && answered(status) >= own)
                    .await?;
            }
            anyhow::Ok(started.elapsed())
        });
        let mut nudges = interval(NUDGE);
        loop {
            tokio::select! {
                took = &mut settled => return took,
                _ = nudges.tick() => self.retry_now().await?,
            }
        }
    }

    /// Whoever waits for the next attempt makes it now, as a person would who sees the button.
    async fn retry_now(&self) -> Result<()> {
        for client in &self.clients {
            if matches!(client.status().phase, Phase::Waiting(_)) {
                client.tell(Event::RetryNow).await?;
            }
        }
        Ok(())
    }

    /// What happened to all devices together, and how often they connected.
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
            sum.complaints += one.complaints;
            connects += status.connects;
        }
        (sum, connects)
    }
}

/// Logs a demo user in.
pub(crate) async fn person(server: &Server, user: (i64, &str)) -> Result<Person> {
    Ok(Person {
        uid: UserId(user.0),
        token: server.login(user.1).await?,
    })
}

/// How the device numbered `n` of a person logs in.
pub(crate) fn login(address: SocketAddr, person: &Person, n: usize) -> Login {
    Login {
        address,
        uid: person.uid,
        token: person.token.clone(),
        device: format!("{}-{n}", person.uid),
        keep: KEEP,
    }
}

/// Imports people and logs each in.
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

/// The first of the people makes a group of all of them.
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
