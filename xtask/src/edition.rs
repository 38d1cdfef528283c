//! What makes trunk's output one edition of the page: no script inside the HTML, which the content
//! security policy of the server would refuse, the size of the program for its progress bar, and a
//! build id, by which a page that is open notices that there is a newer one.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use anyhow::{Context, Result};

/// Trunk's start of the program; `client/shell/start.js` takes its place.
const SCRIPT: (&str, &str) = ("<script type=\"module\">", "</script>");
/// The link of the program, up to where its size is written.
const PROGRAM: &str = "as=\"fetch\"";

/// Completes the page in this folder.
pub(crate) fn complete(page: &Path) -> Result<()> {
    let path = page.join("index.html");
    let index = without_script(&fs::read_to_string(&path)?)?;
    let bytes = program_size(page)?;
    let index = index.replacen(PROGRAM, &format!("{PROGRAM} data-bytes=\"{bytes}\""), 1);
    let build = build_id(&index);
    let index = index.replacen("<head>", &format!("<head data-build=\"{build}\">"), 1);
    fs::write(&path, index)?;
    fs::write(
        page.join("build.json"),
        format!("{{\"build\":\"{build}\"}}\n"),
    )?;
    Ok(())
}

fn without_script(index: &str) -> Result<String> {
    let (before, rest) = index
        .split_once(SCRIPT.0)
        .context("trunk's script is not in index.html; is it another version of trunk?")?;
    let (_, after) = rest.split_once(SCRIPT.1).context("a script has no end")?;
    Ok([before.trim_end(), after].concat())
}

fn program_size(page: &Path) -> Result<u64> {
    for entry in fs::read_dir(page)? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|kind| kind == "wasm") {
            return Ok(entry.metadata()?.len());
        }
    }
    anyhow::bail!("the page has no program")
}

/// The names of the files hold the hashes of their contents, and the index holds their names.
fn build_id(index: &str) -> String {
    let mut hasher = DefaultHasher::new();
    index.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "<html><head>\n<script type=\"module\">\nstart();\n</script>\n\
        <link rel=\"preload\" href=\"/a.wasm\" as=\"fetch\"></head><body></body></html>";

    fn completed(index: &str) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("index.html"), index).unwrap();
        fs::write(folder.path().join("a.wasm"), "12345").unwrap();
        complete(folder.path()).unwrap();
        let read = |name| fs::read_to_string(folder.path().join(name)).unwrap();
        (read("index.html"), read("build.json"))
    }

    #[test]
    fn no_script_is_left_inside_and_the_programs_size_is_told() {
        let (index, _) = completed(INDEX);
        assert!(!index.contains("start()"), "{index}");
        assert!(index.contains("as=\"fetch\" data-bytes=\"5\">"), "{index}");
    }

    #[test]
    fn another_page_is_another_build_and_the_same_page_the_same() {
        let (index, build) = completed(INDEX);
        let id = build.split('"').nth(3).unwrap();
        assert_eq!(id.len(), 16);
        assert!(index.contains(&format!("<head data-build=\"{id}\">")));
        assert_eq!(completed(INDEX).1, build);
        assert_ne!(completed(&INDEX.replace("/a.", "/b.")).1, build);
    }

    #[test]
    fn an_index_without_the_script_is_an_error_that_names_it() {
        let error = without_script("<html></html>").unwrap_err();
        assert!(error.to_string().contains("trunk's script"));
    }
}
