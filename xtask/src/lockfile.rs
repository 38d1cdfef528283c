//! Which version of a dependency the workspace has locked.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use toml::Table;

use crate::version::Version;

/// The version of `package` in the `Cargo.lock` of the folder `root`.
pub(crate) fn locked_version(root: &Path, package: &str) -> Result<Version> {
    let file = root.join("Cargo.lock");
    let text = fs::read_to_string(&file)
        .with_context(|| format!("{} cannot be read; run `cargo fetch`", file.display()))?;
    find(&text, package)
}

fn find(text: &str, package: &str) -> Result<Version> {
    let lock: Table = text.parse().context("Cargo.lock is not valid TOML")?;
    let packages = lock.get("package").and_then(|value| value.as_array());
    let versions: Vec<&str> = packages
        .into_iter()
        .flatten()
        .filter(|entry| entry.get("name").and_then(|name| name.as_str()) == Some(package))
        .filter_map(|entry| entry.get("version")?.as_str())
        .collect();
    match versions[..] {
        [version] => version.parse(),
        [] => bail!("Cargo.lock holds no {package}; does the client still depend on it?"),
        _ => bail!(
            "Cargo.lock holds several versions of {package}: {}",
            versions.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
dependencies = ["cfg-if"]

[[package]]
name = "wasm-bindgen-futures"
version = "0.4.80"

[[package]]
name = "syn"
version = "1.0.109"

[[package]]
name = "syn"
version = "2.0.1"
"#;

    #[test]
    fn the_version_of_exactly_that_package_is_found() {
        assert_eq!(find(LOCK, "wasm-bindgen").unwrap().to_string(), "0.2.130");
    }

    #[test]
    fn a_missing_and_a_doubled_package_are_errors() {
        assert!(
            find(LOCK, "wasm")
                .unwrap_err()
                .to_string()
                .contains("holds no wasm")
        );
        assert!(
            find(LOCK, "syn")
                .unwrap_err()
                .to_string()
                .contains("1.0.109, 2.0.1")
        );
        assert!(find("not toml", "syn").is_err());
    }
}
