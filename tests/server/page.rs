//! The built page over HTTP.

use anyhow::Result;
use std::path::Path;
use tidings_tests::server::Server;

async fn get(server: &Server, path: &str, encoding: &str) -> Result<reqwest::Response> {
    let request = server
        .http()
        .get(server.url(path))
        .header("accept-encoding", encoding);
    Ok(request.send().await?)
}

async fn write(folder: &Path, files: &[(&str, &str)]) -> Result<()> {
    for (name, content) in files {
        tokio::fs::write(folder.join(name), content).await?;
    }
    Ok(())
}

#[tokio::test]
async fn only_page_files_are_served_compressed_with_cache_headers() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let hashed = "app-0123456789abcdef.js";
    let files = [
        ("index.html", "<p>plain</p>"),
        (hashed, "plain"),
        ("app-0123456789abcdef.js.br", "brotli"),
        ("app-0123456789abcdef.js.gz", "gzip"),
    ];
    write(folder.path(), &files).await?;
    let server = Server::start(&["--client-dir", folder.path().to_str().expect("UTF-8")]).await?;

    let page = get(&server, "/", "identity").await?;
    assert_eq!(page.headers()["cache-control"], "no-cache");
    assert_eq!(page.headers()["content-type"], "text/html");
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    let policy = page.headers()["content-security-policy"].to_str()?;
    assert!(
        policy.contains("script-src 'self' 'wasm-unsafe-eval';"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe-inline"), "{policy}");
    assert_eq!(page.text().await?, "<p>plain</p>");
    let path = format!("/{hashed}");
    for (accepted, body) in [
        ("identity", "plain"),
        ("gzip", "gzip"),
        ("gzip, br", "brotli"),
    ] {
        let file = get(&server, &path, accepted).await?;
        assert_eq!(
            file.headers()["cache-control"],
            "public, max-age=31536000, immutable"
        );
        assert_eq!(file.headers()["content-type"], "text/javascript");
        assert_eq!(file.text().await?, body);
    }
    for path in [
        "/none",
        "/tidings.db",
        "/%2e%2e/tidings.db",
        "/api/none",
        "/ws/none",
    ] {
        assert_eq!(
            get(&server, path, "identity").await?.status(),
            404,
            "{path}"
        );
    }
    let api = get(&server, "/api/none", "identity").await?;
    assert_eq!(api.json::<serde_json::Value>().await?["code"], "not_found");
    Ok(())
}

#[tokio::test]
async fn missing_page_build_is_explained() -> Result<()> {
    let server = Server::start(&["--client-dir", "nowhere"]).await?;
    let page = get(&server, "/", "identity").await?;
    assert_eq!(page.status(), 503);
    assert!(page.text().await?.contains("trunk build --release"));
    Ok(())
}
