//! The echo baseline.

use tidings_load::echo_server;
use tidings_load::options::Common;
use tidings_load::scenario::echo::{self, Echo};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn round_trips_with_the_echo_server_are_counted_and_timed() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let server = tokio::spawn(echo_server::serve(listener));
    for in_flight in [1, 16] {
        let options = Echo {
            connections: 4,
            in_flight,
            size: 200,
            seconds: 1,
            warm_up_s: 0,
        };
        let common = Common::to(vec![address.parse()?]);
        let report = echo::run(&common, &options, &CancellationToken::new()).await?;
        assert!(report.is_clean(), "{report}");
        assert!(report.answered_per_second > 100.0, "{report}");
        let latency = report.answer.expect("measured");
        assert!(
            latency.p50_ms > 0.0 && latency.p50_ms <= latency.p99_ms,
            "{report}"
        );
    }
    server.abort();
    Ok(())
}
