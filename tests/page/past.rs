//! Conversations with history from before the page is opened.

use anyhow::{Result, ensure};
use serde_json::json;
use tidings_tests::server::Server;
use tidings_tests::socket::Socket;

/// Sends in flight on a connection. The server processes 64 of a connection at a time.
const IN_FLIGHT: usize = 256;

/// The text of the message with this `seq`: lines, long words, code, links and emoji in turn, so
/// that rows differ in height.
pub(crate) fn mixed(n: usize) -> String {
    match n % 6 {
        0 => format!("line {n}\n{}", "and one more\n".repeat(n % 7)),
        1 => format!("word {n} {}", "x".repeat(40 * (n % 11))),
        2 => format!(
            "fn code_{n}() {{\n\tlet long = \"{}\";\n}}",
            "y".repeat(200)
        ),
        3 => "🎉".to_owned(),
        4 => format!("see https://example.org/{n}/{}", "path/".repeat(n % 30)),
        _ => format!("第 {n} 条{}", "消息很长".repeat(n % 40)),
    }
}

/// The same without links, each of which would be a tab stop.
pub(crate) fn mixed_without_links(n: usize) -> String {
    mixed(n).replace("https://", "")
}

/// Sends `count` messages, many at a time.
pub(crate) async fn write(
    server: &Server,
    from: (i64, &str),
    to: i64,
    count: usize,
    text: fn(usize) -> String,
) -> Result<()> {
    let mut socket = Socket::bound(server, from).await?;
    let (mut sent, mut answered) = (0, 0);
    while answered < count {
        while sent < count.min(answered + IN_FLIGHT) {
            sent += 1;
            let data = json!({"senderUid": from.0, "recipientUid": to, "content": text(sent),
                              "msgType": 1});
            socket.send(json!({"type": 3, "data": data})).await?;
        }
        // Half of them, so that some are always in flight.
        while answered + IN_FLIGHT / 2 < sent || sent == count && answered < count {
            let frame = socket.next().await?;
            ensure!(frame["type"] != 7, "refused: {frame}");
            answered += usize::from(frame["type"] == 3);
        }
    }
    Ok(())
}

/// Marks a conversation as read, so that it opens at its end.
pub(crate) async fn read(server: &Server, reader: (i64, &str), other: i64) -> Result<()> {
    let mut socket = Socket::bound(server, reader).await?;
    let query = json!({"ownerUid": reader.0, "otherUid": other});
    socket.send(json!({"type": 2, "data": query})).await?;
    // Unacknowledged messages are pushed first.
    while socket.next().await?["type"] != 2 {}
    Ok(())
}

/// Sends a text, and skips frames until its answer.
pub(crate) async fn line(socket: &mut Socket, from: i64, to: i64, content: &str) -> Result<()> {
    let data = json!({"senderUid": from, "recipientUid": to, "content": content, "msgType": 1});
    socket.send(json!({"type": 3, "data": data})).await?;
    while socket.next().await?["type"] != 3 {}
    Ok(())
}
