//! Checks of the host and origin of requests.
//!
//! A browser can be made to send requests here under a foreign host name (DNS rebinding), and by
//! foreign pages. With `--public-url` the operator lists the addresses of this server, and no other
//! host is served. Without it `localhost` and bare addresses are trusted, because they need no name
//! resolution; other names may only read.

use super::Failure;
use super::extract::ClientAddress;
use crate::app::AppState;
use crate::audit;
use crate::config::{Config, parse_origin};
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use std::net::SocketAddr;
use url::{Host, Url};

/// HSTS lifetime (RFC 6797): a year.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// Maximum characters logged of an untrusted header.
const LOGGED_CHARS: usize = 200;
/// The path of WebSocket handshakes; `/` accepts it too, see [`asks_for_socket`].
const SOCKET: &str = "/ws";
/// Probes of load balancers, accepted under any host.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// The site that a request addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Site {
    /// Whether browsers reach it by HTTPS, according to the operator.
    pub secure: bool,
    /// The port, if it is not the scheme's default.
    pub port: Option<u16>,
    /// Whether HSTS may be sent: it applies to every port of the host.
    pub hsts: bool,
}

impl FromRequestParts<AppState> for Site {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Infallible> {
        let insecure = Self {
            secure: app.config.secure_cookie,
            port: None,
            hsts: false,
        };
        Ok(parts.extensions.get().copied().unwrap_or(insecure))
    }
}

/// Why a request is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// Not exactly one valid `Host` (RFC 9112 §3.2).
    NoHost,
    /// A host that is no public address (RFC 9110 §15.5.20).
    OtherHost,
    /// A host name that is not configured, on a request that changes something.
    UnknownName,
    /// A page of another site.
    OtherOrigin,
}

/// Checks host and origin of a request; a refusal is logged once.
pub(super) async fn checked(
    State(app): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    if PROBES.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let found = find(
        &app.config,
        request.method(),
        request.uri(),
        request.headers(),
    );
    let site = match found {
        Ok(site) => site,
        Err(refusal) => return refuse(&app, refusal, &request),
    };
    request.extensions_mut().insert(site);
    let mut response = next.run(request).await;
    if site.hsts {
        let headers = response.headers_mut();
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}

fn refuse(app: &AppState, refusal: Refusal, request: &Request) -> Response {
    let text = |name| -> String {
        let values = request.headers().get_all(name).iter();
        let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let values: Vec<_> = values.collect();
        values.join(", ").chars().take(LOGGED_CHARS).collect()
    };
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let ClientAddress(address) = ClientAddress::of(app, peer.map(|peer| peer.0), request.headers());
    audit::record_refused_site(
        &app.metrics.audit,
        address,
        request.uri().path(),
        (&text(header::HOST), &text(header::ORIGIN)),
    );
    let failure = match refusal {
        Refusal::NoHost => Failure::BadRequest("a request has one Host header".into()),
        Refusal::OtherHost => Failure::Misdirected,
        Refusal::UnknownName => Failure::UnknownName,
        Refusal::OtherOrigin => Failure::ForeignOrigin,
    };
    failure.into_response()
}

fn find(config: &Config, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Site, Refusal> {
    let host = host(uri, headers).ok_or(Refusal::NoHost)?;
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let changes = !reads || uri.path() == SOCKET || asks_for_socket(method, headers);
    let site = if config.public_url.is_empty() {
        let only_reads = !changes && uri.path() != "/metrics";
        let believed = is_address(&host) || only_reads || is_program(headers);
        if !believed {
            return Err(Refusal::UnknownName);
        }
        Site {
            secure: config.secure_cookie,
            port: host.port_u16().filter(|port| !matches!(port, 80 | 443)),
            hsts: false,
        }
    } else {
        let urls = &config.public_url;
        let matched = urls.iter().find(|url| is_same_host(&host, url));
        // Prometheus uses the node's own address.
        let for_operators = uri.path() == "/metrics" && is_address(&host);
        if matched.is_none() && !for_operators {
            return Err(Refusal::OtherHost);
        }
        let secure = matched.is_some_and(|url| url.scheme() == "https");
        let port = matched.and_then(Url::port);
        let plain_too =
            |url: &Url| url.scheme() == "http" && undotted(url) == matched.and_then(undotted);
        Site {
            secure: secure || config.secure_cookie,
            port,
            hsts: secure && port.is_none() && !urls.iter().any(plain_too),
        }
    };
    if changes && !may_come_from(config, &host, headers) {
        return Err(Refusal::OtherOrigin);
    }
    Ok(site)
}

/// Whether a request asks for a WebSocket, on any path (RFC 6455 §4.1).
pub(super) fn asks_for_socket(method: &Method, headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE).map(HeaderValue::as_bytes);
    method == Method::GET && upgrade.is_some_and(|it| it.eq_ignore_ascii_case(b"websocket"))
}

/// The single host of a request; the request line takes precedence over the header (RFC 9112
/// §3.2.2).
fn host(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let mut named = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (named.next(), named.next()) else {
        return None;
    };
    let host = match uri.authority() {
        Some(authority) => authority.clone(),
        None => Authority::try_from(host.as_bytes()).ok()?,
    };
    (!host.host().is_empty() && !host.as_str().contains('@')).then_some(host)
}

/// Whether it comes from a program and not a browser: a page under a foreign name has no token, and
/// sends an origin.
fn is_program(headers: &HeaderMap) -> bool {
    let authorization = headers.get(header::AUTHORIZATION);
    let scheme = authorization.and_then(|value| value.as_bytes().split(|b| *b == b' ').next());
    let bears = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"));
    bears && !headers.contains_key(header::ORIGIN)
}

/// Whether the host needs no name resolution.
fn is_address(host: &Authority) -> bool {
    let url = Url::parse(&format!("http://{host}"));
    match url.ok().as_ref().and_then(undotted) {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

/// Whether `Host` matches `url`. A default port may be omitted, and a dot may end the name.
fn is_same_host(host: &Authority, url: &Url) -> bool {
    let named = Url::parse(&format!("{}://{host}", url.scheme()));
    named.is_ok_and(|named| {
        undotted(&named) == undotted(url)
            && named.port_or_known_default() == url.port_or_known_default()
    })
}

fn undotted(url: &Url) -> Option<Host<String>> {
    match url.host()? {
        Host::Domain(name) => Some(Host::Domain(name.trim_end_matches('.').to_owned())),
        address => Some(address.to_owned()),
    }
}

/// Checks the `Origin` header (RFC 6454), which browsers send with every WebSocket handshake and
/// every request that changes something, and which a page cannot forge. Allowed are: none (a
/// program), a public address, without public addresses the request's own host, and the origins
/// allowed by the operator.
fn may_come_from(config: &Config, host: &Authority, headers: &HeaderMap) -> bool {
    if !headers.contains_key(header::ORIGIN) {
        return true;
    }
    let Some(origin) = origin(headers) else {
        return false;
    };
    // Behind a proxy that terminates TLS the scheme differs, but not the forwarded host.
    let is_web = matches!(origin.scheme(), "http" | "https");
    let same_origin = config.public_url.is_empty() && is_web && is_same_host(host, &origin);
    let is_public = || is_any(&config.public_url, &origin);
    same_origin || is_public() || is_any(&config.allowed_origins, &origin)
}

/// Whether the origin is another site that the operator allowed.
pub(super) fn is_other_site(config: &Config, headers: &HeaderMap) -> bool {
    origin(headers).is_some_and(|origin| is_any(&config.allowed_origins, &origin))
}

fn origin(headers: &HeaderMap) -> Option<Url> {
    let origin = headers.get(header::ORIGIN)?.to_str().ok()?;
    parse_origin(origin).ok()
}

fn is_any(urls: &[Url], origin: &Url) -> bool {
    urls.iter().any(|url| {
        url.scheme() == origin.scheme()
            && undotted(url) == undotted(origin)
            && url.port_or_known_default() == origin.port_or_known_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, FromArgMatches as _};

    fn config(flags: &[&str]) -> Config {
        use crate::command::{Cli, Subcommand};
        let matches = Cli::command().get_matches_from([&["tidings", "serve"], flags].concat());
        match Cli::from_arg_matches(&matches).expect("valid").command {
            Subcommand::Serve(config) => *config,
            other => panic!("{other:?}"),
        }
    }

    /// A request that changes something.
    fn post(flags: &[&str], hosts: &[&str], origin: Option<&str>) -> Result<Site, Refusal> {
        ask(flags, &Method::POST, "/api/login", hosts, origin)
    }

    fn get(flags: &[&str], path: &str, host: &str) -> Result<Site, Refusal> {
        ask(flags, &Method::GET, path, &[host], None)
    }

    fn ask(
        flags: &[&str],
        method: &Method,
        uri: &str,
        hosts: &[&str],
        origin: Option<&str>,
    ) -> Result<Site, Refusal> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, host.parse().expect("valid"));
        }
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().expect("valid"));
        }
        find(
            &config(flags),
            method,
            &uri.parse().expect("valid"),
            &headers,
        )
    }

    const CHAT: [&str; 2] = ["--public-url", "https://chat.example"];

    #[test]
    fn own_page_is_accepted_with_or_without_default_port() {
        for (host, origin) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("localhost", "http://localhost"),
            ("192.0.2.1:443", "https://192.0.2.1"),
            ("192.0.2.1:80", "http://192.0.2.1"),
            ("[::1]:80", "http://[::1]"),
            ("[::1]", "http://[::1]:80"),
        ] {
            assert!(post(&[], &[host], Some(origin)).is_ok(), "{host} {origin}");
        }
        for host in [
            "chat.example",
            "chat.example:443",
            "Chat.Example.",
            "chat.example.:443",
        ] {
            let origin = Some("https://chat.example");
            assert!(post(&CHAT, &[host], origin).is_ok(), "{host}");
        }
        let http = ["--public-url", "http://chat.example"];
        assert!(post(&http, &["chat.example:80"], Some("http://chat.example")).is_ok());
    }

    #[test]
    fn page_of_another_site_is_refused_unless_allowed() {
        for origin in [
            "http://127.0.0.1",
            "https://evil.example",
            "null",
            "http://127.0.0.1:8080.evil.example",
            "ftp://127.0.0.1:8080",
        ] {
            let refused = post(&[], &["127.0.0.1:8080"], Some(origin));
            assert_eq!(refused, Err(Refusal::OtherOrigin), "{origin}");
        }
        let allowed = ["--allowed-origins", "https://a.example,https://b.example/"];
        for origin in ["https://a.example", "https://B.example:443"] {
            let flags = [&CHAT[..], &allowed].concat();
            assert!(
                post(&flags, &["chat.example"], Some(origin)).is_ok(),
                "{origin}"
            );
        }
        // With a public URL the scheme must match, too.
        let insecure = post(&CHAT, &["chat.example"], Some("http://chat.example"));
        assert_eq!(insecure, Err(Refusal::OtherOrigin));
    }

    #[test]
    fn hosts_outside_public_url_are_refused() {
        for host in [
            "evil.example",
            "chat.example:8443",
            "127.0.0.1",
            "localhost:8080",
        ] {
            for path in ["/", "/api/me", "/assets/x.js"] {
                assert_eq!(get(&CHAT, path, host), Err(Refusal::OtherHost), "{host}");
            }
        }
        assert_eq!(
            get(&CHAT, "/metrics", "evil.example"),
            Err(Refusal::OtherHost)
        );
        assert!(get(&CHAT, "/metrics", "10.0.0.7:8080").is_ok());
    }

    #[test]
    fn unknown_name_may_only_read_without_public_url() {
        assert!(get(&[], "/", "nas.local:8080").is_ok());
        assert_eq!(
            get(&[], "/metrics", "evil.example"),
            Err(Refusal::UnknownName)
        );
        assert_eq!(get(&[], "/ws", "evil.example"), Err(Refusal::UnknownName));
        let mut program = HeaderMap::new();
        program.insert(header::HOST, "tidings:8080".parse().expect("valid"));
        program.insert(header::AUTHORIZATION, "Bearer x".parse().expect("valid"));
        let uri = Uri::from_static("/ws");
        assert!(find(&config(&[]), &Method::GET, &uri, &program).is_ok());
        program.insert(
            header::ORIGIN,
            "http://tidings:8080".parse().expect("valid"),
        );
        let page = find(&config(&[]), &Method::GET, &uri, &program);
        assert_eq!(page, Err(Refusal::UnknownName));
        let same = Some("http://evil.example");
        for origin in [None, same] {
            let refused = post(&[], &["evil.example"], origin);
            assert_eq!(refused, Err(Refusal::UnknownName));
        }
        for host in [
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "[::1].evil",
        ] {
            assert!(post(&[], &[host], None).is_err(), "{host}");
        }
    }

    #[test]
    fn request_needs_one_host_and_its_line_takes_precedence() {
        for hosts in [
            &[][..],
            &["localhost", "localhost"],
            &["a@localhost"],
            &[""],
        ] {
            assert_eq!(post(&[], hosts, None), Err(Refusal::NoHost), "{hosts:?}");
        }
        let line = "http://evil.example/api/login";
        let refused = ask(&[], &Method::POST, line, &["localhost"], None);
        assert_eq!(refused, Err(Refusal::UnknownName));
    }

    #[test]
    fn public_url_determines_secure_port_and_hsts() {
        let secure = Site {
            secure: true,
            port: None,
            hsts: true,
        };
        assert_eq!(get(&CHAT, "/", "chat.example"), Ok(secure));
        let lan = Site {
            secure: false,
            port: Some(8081),
            hsts: false,
        };
        assert_eq!(get(&[], "/", "192.168.1.7:8081"), Ok(lan));
        let two = ["--public-url", "https://chat.example,http://lan:8081"];
        assert_eq!(get(&two, "/", "chat.example"), Ok(secure));
        assert_eq!(get(&two, "/", "lan:8081"), Ok(lan));
        // No HSTS: browsers would use HTTPS on every port of the host.
        let site = get(&["--public-url", "https://nas,http://nas:8081"], "/", "nas");
        let site = site.expect("ours");
        assert!(site.secure && !site.hsts);
        let site = get(&["--public-url", "https://nas:8443"], "/", "nas:8443");
        assert!(!site.expect("ours").hsts);
        let insecure = Site {
            secure: false,
            port: None,
            hsts: false,
        };
        assert_eq!(get(&CHAT, "/metrics", "10.0.0.7:8080"), Ok(insecure));
    }

    #[test]
    fn allowed_origin_may_have_any_scheme() {
        for origin in ["capacitor://localhost", "tauri://localhost"] {
            let flags = ["--allowed-origins", origin];
            assert!(post(&flags, &["localhost"], Some(origin)).is_ok());
        }
    }
}
