//! Which pages may talk to this server.

use axum::http::{HeaderMap, header};

/// The rule for the `Origin` header (RFC 6454), which browsers send with every WebSocket handshake
/// and every request that changes something, and which a page cannot forge.
pub struct Origins;

impl Origins {
    /// Whether a request may come from where it says: no `Origin` at all (a program), the origin
    /// the request was sent to, or one the operator allowed.
    pub fn allows(allowed: &[String], headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return true;
        };
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        // Behind a proxy that ends TLS the scheme differs; the host it forwards does not.
        let own = host.is_some_and(|host| {
            origin.split_once("://").is_some_and(|(scheme, authority)| {
                matches!(scheme, "http" | "https") && authority.eq_ignore_ascii_case(host)
            })
        });
        own || allowed
            .iter()
            .any(|allowed| allowed.trim_end_matches('/').eq_ignore_ascii_case(origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(origin: Option<&'static str>, allowed: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "chat.example:8080".parse().expect("valid"));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().expect("valid"));
        }
        let allowed: Vec<_> = allowed.iter().map(|&text| text.to_owned()).collect();
        Origins::allows(&allowed, &headers)
    }

    #[test]
    fn programs_and_the_own_page_may_connect_and_others_only_when_allowed() {
        assert!(allows(None, &[]));
        assert!(allows(Some("http://chat.example:8080"), &[]));
        assert!(allows(Some("https://Chat.example:8080"), &[]));
        assert!(!allows(Some("http://chat.example"), &[]));
        assert!(!allows(Some("https://evil.example"), &[]));
        assert!(!allows(Some("null"), &[]));
        assert!(!allows(Some("http://chat.example:8080.evil.example"), &[]));
        assert!(allows(
            Some("https://other.example"),
            &["https://other.example/"]
        ));
    }
}
