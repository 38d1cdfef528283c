//! The page's Content-Security-Policy. Inline scripts of the page (trunk's start script) are
//! allowed by the hash of their exact text; no other inline script is.

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The policy for a file of the page: its own files, WebAssembly and pictures, plus the inline
/// elements of `html`. `'self'` includes the WebSocket of the same host.
pub(super) fn policy(html: &str) -> HeaderValue {
    let scripts = hashes(html, "script");
    let styles = hashes(html, "style");
    let policy = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{scripts}; \
         style-src 'self'{styles}; img-src 'self' data: blob: https:; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("base64 and words")
}

/// ` 'sha256-…'` for each element of that name without `src`, in order.
fn hashes(html: &str, name: &str) -> String {
    let mut sources = String::new();
    for content in inline(html, name) {
        let hash = BASE64_STANDARD.encode(Sha256::digest(content));
        write!(sources, " 'sha256-{hash}'").expect("memory");
    }
    sources
}

/// The content of each inline element. Parses only what trunk writes: lower case, no `>` in
/// attributes, and no such element within another's text.
fn inline<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let (start, end) = (format!("<{name}"), format!("</{name}>"));
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if rest.starts_with("<!--") {
            rest = rest.split_once("-->").map_or("", |(_, rest)| rest);
            continue;
        }
        let Some((tag, inner)) = rest.split_once('>') else {
            break;
        };
        rest = inner;
        let attributes = tag.strip_prefix(&start).filter(|attributes| {
            attributes.is_empty() || attributes.starts_with(|first: char| first.is_whitespace())
        });
        if let Some(attributes) = attributes {
            let Some((content, after)) = inner.split_once(&end) else {
                break;
            };
            if !attributes.contains(" src=") {
                found.push(content);
            }
            rest = after;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<!doctype html><html><head><!-- no <script>comment()</script> -->\n\
        <style media=\"print\">p { color: red }</style><script src=\"/theme.js\"></script>\n\
        <script type=\"module\">\nimport init from '/a.js';\nif (1 < 2) init();\n</script></head>\n\
        <body><scripted></scripted><script>alert(1)</script></body></html>";

    #[test]
    fn only_inline_elements_are_found() {
        let scripts = [
            "\nimport init from '/a.js';\nif (1 < 2) init();\n",
            "alert(1)",
        ];
        assert_eq!(inline(PAGE, "script"), scripts);
        assert_eq!(inline(PAGE, "style"), ["p { color: red }"]);
        assert_eq!(inline("<script>no end", "script"), Vec::<&str>::new());
    }

    #[test]
    fn policy_has_the_hash_of_each_inline_script() {
        // The example of CSP 3, §8.2.
        let policy = policy("<script>alert('Hello, world.');</script>");
        let policy = policy.to_str().expect("ASCII");
        let hash = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='";
        let scripts = format!("script-src 'self' 'wasm-unsafe-eval' {hash}; style-src 'self';");
        assert!(policy.contains(&scripts), "{policy}");
        assert!(!policy.contains("unsafe-inline"));
    }
}
