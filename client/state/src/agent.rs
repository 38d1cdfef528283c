//! Names for people of a `User-Agent`.

/// Browsers by their product token in a `User-Agent`: those whose header names others as well come
/// first.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Operating systems by their token.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// The browser and its system as far as they are recognised, or the program's product name. Empty
/// only if `agent` is.
pub fn agent_name(agent: &str) -> String {
    let find = |known: &[(&str, &'static str)]| {
        let of = known.iter().find(|(mark, _)| agent.contains(mark));
        of.map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(name), None) | (None, Some(name)) => name.into(),
        (None, None) => {
            let end = agent.find(['/', ' ']).filter(|end| *end > 0);
            agent[..end.unwrap_or(agent.len())].into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::agent_name;

    #[test]
    fn user_agent_names_the_browser_and_the_system() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
        let edge =
            chrome.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64") + " Edg/156.0";
        let phone = chrome.replace("X11; Linux x86_64", "Linux; Android 16; Pixel 9");
        for (agent, expected) in [
            (chrome, "Chrome · Linux"),
            (&edge, "Edge · Windows"),
            (&phone, "Chrome · Android"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari · iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0",
                "Firefox · macOS",
            ),
            ("curl/8.5.0", "curl"),
            ("Laptop", "Laptop"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(agent_name(agent), expected, "{agent}");
        }
    }
}
