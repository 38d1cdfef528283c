//! What makes trunk's output one edition of the page: no script inside the HTML, which the content
//! security policy of the server would refuse, one style sheet instead of a dozen, one script of the
//! shell's, the size of the program for its progress bar, a build id, by which a page that is open
//! notices that there is a newer one, and the service worker's list of what to keep.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::{names, order, variables};

/// Trunk's start of the program; `client/shell/start.js` takes its place.
const SCRIPT: (&str, &str) = ("<script type=\"module\">", "</script>");
/// The link of the program, up to where its size is written.
const PROGRAM: &str = "as=\"fetch\"";
/// Where the build id is written.
const HEAD: &str = "<head>";

/// Files of one kind that become one.
struct Joined {
    /// What links to such a file, up to its name and after it.
    link: (&'static str, &'static str),
    /// What follows the name of the one.
    end: &'static str,
    /// Its name, but for a hash, and the ending of that.
    name: (&'static str, &'static str),
    shorten: fn(&str) -> String,
}

const SHEETS: Joined = Joined {
    link: ("<link rel=\"stylesheet\" href=\"/", "\""),
    end: "\">",
    name: ("style", "css"),
    shorten: shorten_sheet,
};
const SCRIPTS: Joined = Joined {
    link: (
        "<script src=\"/",
        "\" data-integrity=\"none\" type=\"module\"></script>",
    ),
    end: "\" type=\"module\"></script>",
    name: ("shell", "js"),
    shorten: shorten_script,
};

/// The script of the service worker, and what is filled in there.
const WORKER: &str = "sw.js";
const BUILD: &str = "const BUILD = \"\";";
const FILES: &str = "const FILES = [];";
/// What a page needs to start, by the endings of the names; the rest is for installing it.
const KEPT: [&str; 4] = ["css", "js", "svg", "wasm"];

/// Completes the page in this folder.
pub(crate) fn complete(page: &Path) -> Result<()> {
    let path = page.join("index.html");
    let index = without_script(&fs::read_to_string(&path)?)?;
    let index = SHEETS.join(&index, page)?;
    let index = without(&SCRIPTS.join(&index, page)?, ("<!--", "-->"));
    shorten_scripts(page)?;
    let bytes = shorten_program(page)?;
    for mark in [PROGRAM, HEAD] {
        ensure!(
            index.contains(mark),
            "index.html has no `{mark}`; is it another version of trunk?"
        );
    }
    let index = index.replacen(PROGRAM, &format!("{PROGRAM} data-bytes=\"{bytes}\""), 1);
    let build = build_id(&index);
    let index = index.replacen(HEAD, &format!("<head data-build=\"{build}\">"), 1);
    fs::write(&path, index)?;
    fs::write(
        page.join("build.json"),
        format!("{{\"build\":\"{build}\"}}\n"),
    )?;
    let worker = fs::read_to_string(page.join(WORKER)).context("no service worker")?;
    fs::write(
        page.join(WORKER),
        completed_worker(&worker, &build, &kept(page)?)?,
    )?;
    Ok(())
}

/// The paths of what the service worker keeps beside the index.
fn kept(page: &Path) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(page)? {
        let path = entry?.path();
        let is_kept = path
            .extension()
            .is_some_and(|kind| KEPT.iter().any(|kept| kind == *kept));
        if let Some(name) = path.file_name().and_then(|name| name.to_str())
            && is_kept
            && name != WORKER
        {
            paths.push(format!("/{name}"));
        }
    }
    paths.sort();
    Ok(paths)
}

fn completed_worker(worker: &str, build: &str, files: &[String]) -> Result<String> {
    ensure!(
        worker.contains(BUILD) && worker.contains(FILES),
        "{WORKER} has no `{BUILD}` or no `{FILES}`"
    );
    let files = serde_json::to_string(files)?;
    Ok(worker
        .replacen(BUILD, &format!("const BUILD = \"{build}\";"), 1)
        .replacen(FILES, &format!("const FILES = {files};"), 1))
}

fn without_script(index: &str) -> Result<String> {
    let (before, rest) = index
        .split_once(SCRIPT.0)
        .context("trunk's script is not in index.html; is it another version of trunk?")?;
    let (_, after) = rest.split_once(SCRIPT.1).context("a script has no end")?;
    Ok([before.trim_end(), after].concat())
}

impl Joined {
    /// Joins the files, in their order, into one where the first of them was: one request, and one
    /// text that is compressed as a whole.
    fn join(&self, index: &str, page: &Path) -> Result<String> {
        let (mut lines, mut whole, mut place) = (Vec::new(), String::new(), None);
        for line in index.lines() {
            let link = line.split_once(self.link.0).map(|(_, link)| link);
            let Some((name, _)) = link.and_then(|link| link.split_once(self.link.1)) else {
                lines.push(line.to_owned());
                continue;
            };
            let path = page.join(name);
            whole += &fs::read_to_string(&path).with_context(|| format!("no {name}"))?;
            fs::remove_file(&path)?;
            if place.is_none() {
                place = Some(lines.len());
                lines.push(String::new());
            }
        }
        let place = place.with_context(|| {
            format!(
                "index.html has no `{}`; is it another version of trunk?",
                self.link.0
            )
        })?;
        let whole = (self.shorten)(&whole);
        let (stem, kind) = self.name;
        let name = format!("{stem}-{}.{kind}", hash_of(&whole));
        lines[place] = [self.link.0, &name, self.end].concat();
        fs::write(page.join(name), whole)?;
        Ok(lines.join("\n"))
    }
}

fn shorten_sheet(sheet: &str) -> String {
    without(sheet, ("/*", "*/"))
        .replace(" {", "{")
        .replace(": ", ":")
}

/// Takes the comments out of the scripts, those of wasm-bindgen too. No string in them spans lines or
/// holds what looks like a comment at a line's beginning; the tests in browsers would show it.
fn shorten_scripts(page: &Path) -> Result<()> {
    for entry in fs::read_dir(page)? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "js") {
            fs::write(&path, shorten_script(&fs::read_to_string(&path)?))?;
        }
    }
    Ok(())
}

fn shorten_script(script: &str) -> String {
    let script = without(script, ("/**", "*/"));
    let lines = script.lines().filter(|line| !line.starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Takes the comments out, and what is blank around lines.
fn without(text: &str, (open, close): (&str, &str)) -> String {
    let (mut code, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, comment)) = rest.split_once(open) {
        code += before;
        rest = comment.split_once(close).map_or("", |(_, after)| after);
    }
    code += rest;
    let lines = code.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Shortens what the program and its script call each other by, and sorts the program's functions
/// and their variables; returns the program's size.
fn shorten_program(page: &Path) -> Result<usize> {
    let program = program(page)?;
    let name = program.file_name().and_then(|name| name.to_str());
    let name = name
        .and_then(|name| name.strip_suffix("_bg.wasm"))
        .context("the program has another name than wasm-bindgen gives it")?;
    let script = page.join(format!("{name}.js"));
    let code = fs::read_to_string(&script).context("the program has no script")?;
    let (code, binary) = names::shorten(&code, &fs::read(&program)?)?;
    let binary = order::sort(&variables::sort(&binary)?)?;
    fs::write(&script, code)?;
    fs::write(&program, &binary)?;
    Ok(binary.len())
}

fn program(page: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(page)? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "wasm") {
            return Ok(path);
        }
    }
    anyhow::bail!("the page has no program")
}

/// The names of the files hold the hashes of their contents, and the index holds their names.
fn build_id(index: &str) -> String {
    hash_of(index)
}

fn hash_of(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "<html><head><!-- why -->\n<script type=\"module\">\nstart();\n</script>\n\
        <link rel=\"stylesheet\" href=\"/a-1.css\"/>\n<link rel=\"stylesheet\" href=\"/b-2.css\"/>\n\
        <script src=\"/c-3.js\" data-integrity=\"none\" type=\"module\"></script>\n\
        <link rel=\"preload\" href=\"/a_bg.wasm\" as=\"fetch\"></head><body></body></html>";

    fn completed(index: &str) -> (String, String) {
        let page = complete_page(index);
        let read = |name| fs::read_to_string(page.path().join(name)).unwrap();
        (read("index.html"), read("build.json"))
    }

    fn complete_page(index: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("index.html"), index).unwrap();
        fs::write(folder.path().join("a_bg.wasm"), "\0asm\x01\0\0\0").unwrap();
        fs::write(folder.path().join("a.js"), "").unwrap();
        fs::write(folder.path().join("icon.png"), "").unwrap();
        fs::write(folder.path().join("a-1.css"), "/* a\n */\na {}\n").unwrap();
        fs::write(folder.path().join("b-2.css"), "b {}\n").unwrap();
        fs::write(folder.path().join("c-3.js"), "// c\nc();\n").unwrap();
        fs::write(folder.path().join(WORKER), [BUILD, FILES].concat()).unwrap();
        complete(folder.path()).unwrap();
        folder
    }

    #[test]
    fn no_script_is_left_inside_and_the_programs_size_is_told() {
        let (index, _) = completed(INDEX);
        assert!(!index.contains("start()"), "{index}");
        assert!(index.contains("as=\"fetch\" data-bytes=\"8\">"), "{index}");
    }

    #[test]
    fn the_style_sheets_and_scripts_become_one_each_that_the_worker_keeps_with_the_program() {
        let page = complete_page(INDEX);
        let read = |name: &str| fs::read_to_string(page.path().join(name)).unwrap();
        let name = format!("style-{}.css", hash_of("a{}\nb{}\n"));
        assert_eq!(read(&name), "a{}\nb{}\n");
        let script = format!("shell-{}.js", hash_of("c();\n"));
        assert_eq!(read(&script), "c();\n");
        let index = read("index.html");
        assert_eq!(index.matches(".css").count(), 1, "{index}");
        assert!(!index.contains("why"), "{index}");
        assert!(index.contains(&format!("href=\"/{name}\">")), "{index}");
        assert!(!page.path().join("a-1.css").exists());
        let worker = read(WORKER);
        assert!(
            worker.contains(&format!(
                "[\"/a.js\",\"/a_bg.wasm\",\"/{script}\",\"/{name}\"]"
            )),
            "{worker}"
        );
        let build = read("build.json");
        assert!(
            worker.contains(build.split('"').nth(3).unwrap()),
            "{worker}"
        );
    }

    #[test]
    fn another_page_is_another_build_and_the_same_page_the_same() {
        let (index, build) = completed(INDEX);
        let id = build.split('"').nth(3).unwrap();
        assert_eq!(id.len(), 16);
        assert!(index.contains(&format!("<head data-build=\"{id}\">")));
        assert_eq!(completed(INDEX).1, build);
        assert_ne!(completed(&INDEX.replace("/a_", "/b_")).1, build);
    }

    #[test]
    fn an_index_without_the_script_is_an_error_that_names_it() {
        let error = without_script("<html></html>").unwrap_err();
        assert!(error.to_string().contains("trunk's script"));
    }
}
