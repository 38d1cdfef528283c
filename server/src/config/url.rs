//! Reads the addresses of sites.

use ::url::Url;

/// Parses an origin such as `https://chat.example.org`: no path, no query, no user.
///
/// # Errors
/// A sentence for the operator when it is none.
pub(super) fn parse_public_url(text: &str) -> Result<Url, String> {
    let url = parse_origin(text)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{text:?} does not begin with http:// or https://"));
    }
    Ok(url)
}

/// Parses an origin of any scheme: apps with an embedded page send `capacitor://localhost` and the
/// like.
///
/// # Errors
/// A sentence for the operator when it is none.
pub fn parse_origin(text: &str) -> Result<Url, String> {
    let wrong = || format!("{text:?} is no address such as https://chat.example.org");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let is_origin = url.has_host()
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    is_origin.then_some(url).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_url_must_be_an_origin_of_the_web() {
        for fine in [
            "https://chat.example",
            "http://10.0.0.1:8080/",
            "http://[::1]",
        ] {
            assert!(parse_public_url(fine).is_ok(), "{fine}");
        }
        for wrong in [
            "chat.example",
            "https://a/b",
            "https://a?b",
            "https://u@a",
            "",
        ] {
            assert!(parse_origin(wrong).is_err(), "{wrong}");
        }
        for other in ["capacitor://localhost", "tauri://localhost"] {
            assert!(parse_origin(other).is_ok() && parse_public_url(other).is_err());
        }
    }
}
