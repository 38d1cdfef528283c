//! A Redis Cluster of three nodes, with sharded pub/sub.

use crate::server::{RedisServer, TIMEOUT};
use crate::station::{Station, user};
use crate::tls::Authority;
use tidings_server::bus::redis::Address;
use tidings_server::presence::read_presence;
use tidings_services::free_port;
use tidings_shared::UserId;
use tokio::time::{Duration, sleep, timeout};

/// Slots of a cluster; each of three nodes takes a third.
const SLOTS: u16 = 16_384;

async fn cluster() -> Vec<RedisServer> {
    let (mut nodes, mut ports) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let mut node = RedisServer::absent();
        // Not the default, 10,000 above the port, which may not exist.
        let gossip = free_port().expect("a free port").to_string();
        let settings = [["--cluster-enabled", "yes"], ["--cluster-port", &gossip]];
        node.launch(settings.as_flattened()).await;
        ports.push([node.port().to_string(), gossip]);
        nodes.push(node);
    }
    join(&nodes, &ports).await;
    nodes
}

/// The same with TLS, among its nodes as well; their ports for it.
async fn cluster_with_tls(authority: &Authority) -> (Vec<RedisServer>, Vec<String>) {
    let (mut nodes, mut ports) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let mut node = RedisServer::absent();
        let gossip = free_port().expect("a free port").to_string();
        let tls_port = free_port().expect("a free port");
        let settings = [
            ["--cluster-enabled", "yes"],
            ["--cluster-port", &gossip],
            ["--tls-cluster", "yes"],
        ];
        node.launch_with_tls(authority, tls_port, settings.as_flattened())
            .await;
        ports.push([tls_port.to_string(), gossip]);
        nodes.push(node);
    }
    join(&nodes, &ports).await;
    (nodes, ports.into_iter().map(|[port, _]| port).collect())
}

/// Makes one cluster of nodes, whose ports are for clients and for each other.
async fn join(nodes: &[RedisServer], ports: &[[String; 2]]) {
    let [first, gossip] = &ports[0];
    for (n, node) in (0_u16..).zip(nodes) {
        let (from, to) = (
            SLOTS / 3 * n,
            if n == 2 { SLOTS } else { SLOTS / 3 * (n + 1) } - 1,
        );
        let range = [from.to_string(), to.to_string()];
        node.run(&["CLUSTER", "ADDSLOTSRANGE", &range[0], &range[1]])
            .await;
        node.run(&["CLUSTER", "MEET", "127.0.0.1", first, gossip])
            .await;
    }
    timeout(TIMEOUT, async {
        for node in nodes {
            loop {
                let info = node.run(&["CLUSTER", "INFO"]).await;
                let info = redis::from_redis_value::<String>(info).expect("text");
                if info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3") {
                    break;
                }
                sleep(Duration::from_millis(50)).await;
            }
        }
    })
    .await
    .expect("the cluster agrees");
}

/// The address of a cluster whose nodes have these ports.
fn address(scheme: &str, ports: impl Iterator<Item = String>, parameters: &str) -> Address {
    let hosts: Vec<_> = ports.map(|port| format!("127.0.0.1:{port}")).collect();
    let url = format!("{scheme}://{}?cluster=true{parameters}", hosts.join(","));
    Address::parse(&url).expect("a URL")
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn events_cross_a_cluster_in_every_slot() {
    let nodes = cluster().await;
    let ports = nodes.iter().map(|node| node.port().to_string());
    cross(address("redis", ports, "")).await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn events_cross_a_cluster_with_tls() {
    let authority = Authority::new();
    let (_nodes, ports) = cluster_with_tls(&authority).await;
    let parameter = format!("&{}", authority.parameter());
    cross(address("rediss", ports.into_iter(), &parameter)).await;
}

/// Events of a hundred topics go from one node to another.
async fn cross(address: Address) {
    let here = Station::connected(address.clone()).await;
    let mut there = Station::connected(address.clone()).await;
    let topics: Vec<_> = (1..=100).map(user).collect();
    there.subscribe(&topics).await;
    for uid in 1..=100 {
        here.publish(user(uid), u8::try_from(uid).expect("small"))
            .await;
    }
    let mut marks = Vec::new();
    for _ in 0..100 {
        marks.push(there.event().await.1);
    }
    marks.sort_unstable();
    assert_eq!(marks, (1..=100).collect::<Vec<u8>>());
    there.bus.unsubscribe(user(1));
    there.subscribe(&[user(101)]).await;
    here.publish(user(1), 1).await;
    here.publish(user(101), 101).await;
    assert_eq!(there.event().await, (user(101), 101));

    let mut connection = address.open().await.expect("reachable");
    let uids: Vec<UserId> = (1..=50).map(UserId).collect();
    let found = read_presence(&mut connection, &uids).await.expect("told");
    assert_eq!(found.iter().map(|s| s.uid).collect::<Vec<_>>(), uids);
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn cluster_resyncs_on_node_start_and_on_connection_loss() {
    let mut nodes = cluster().await;
    let url = format!("{}?cluster=true", nodes[0].url());
    let address = Address::parse(&url).expect("a URL");
    let mut here = Station::connected(address.clone()).await;
    let _there = Station::connected(address).await;
    here.resync().await;
    for node in &mut nodes {
        node.kill();
    }
    here.until_disconnected().await;
    here.resync().await;
}
