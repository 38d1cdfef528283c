//! Test names are short enough to read in a list: at most [`LONGEST`] characters.

use std::fs;
use std::path::{Path, PathBuf};

/// The most characters of a test's name.
const LONGEST: usize = 60;
/// The macro whose arguments are names of tests (`server/tests/store`).
const LIST_OF_TESTS: &str = "on_each_store![";

/// All Rust sources below a folder, except build products and hidden folders.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "dist" {
                found.extend(sources(&path));
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// Whether this line is an attribute such as `#[test]`, `#[tokio::test(…)]` or
/// `#[wasm_bindgen_test]`.
fn marks_a_test(line: &str) -> bool {
    let Some(attribute) = line.strip_prefix("#[") else {
        return false;
    };
    let path = attribute.split(['(', ']']).next().unwrap_or_default();
    let last = path.rsplit("::").next().unwrap_or_default();
    matches!(last, "test" | "wasm_bindgen_test")
}

/// The name of the function that this line declares.
fn function(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let line = line.strip_prefix("async ").unwrap_or(line);
    line.strip_prefix("fn ")?.split(['(', '<']).next()
}

/// The names of the tests in a source.
fn tests(source: &str) -> Vec<&str> {
    let (mut names, mut is_test, mut in_list) = (Vec::new(), false, false);
    for line in source.lines().map(str::trim) {
        if in_list {
            let listed = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            names.extend(listed.filter(|name| !name.is_empty()));
            in_list = !line.contains(']');
        } else if line.starts_with(LIST_OF_TESTS) {
            in_list = true;
        } else if marks_a_test(line) {
            is_test = true;
        } else if let Some(name) = function(line) {
            if is_test {
                names.push(name);
            }
            is_test = false;
        }
    }
    names
}

#[test]
fn test_names_have_at_most_60_characters() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut count, mut too_long) = (0, Vec::new());
    for path in sources(&root) {
        let source = fs::read_to_string(&path).expect("UTF-8");
        for name in tests(&source) {
            count += 1;
            if name.chars().count() > LONGEST {
                too_long.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert!(count > 500, "only {count} tests are found");
    assert!(too_long.is_empty(), "rename:\n{}", too_long.join("\n"));
}

#[test]
fn tests_are_found_by_attribute_and_in_lists() {
    let source = "on_each_store![\n    first,\n    second_one,\n];\n\n#[cfg(test)]\nfn no_test() {}\n\n\
                  #[tokio::test(flavor = \"multi_thread\")]\n#[ignore = \"slow\"]\nasync fn third() {}\n\n\
                  #[test]\nfn fourth() {\n    fn helper() {}\n}\n";
    assert_eq!(tests(source), ["first", "second_one", "third", "fourth"]);
}
