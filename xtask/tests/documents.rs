//! The files, sources and tests that the documents refer to exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The documents of the root, of `docs`, and of folders with a README of their own.
fn documents() -> Vec<PathBuf> {
    ["", "docs", "deploy", "fuzz"]
        .iter()
        .flat_map(|folder| fs::read_dir(root().join(folder)).expect("a folder"))
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect()
}

/// The texts in backticks outside of code blocks.
fn code(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    prose
        .flat_map(|part| part.split('`').skip(1).step_by(2))
        .collect()
}

#[test]
fn linked_files_exist() {
    for path in documents() {
        let text = fs::read_to_string(&path).expect("UTF-8");
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap_or_default();
            if target.is_empty() || target.contains(':') {
                continue;
            }
            let file = path.with_file_name("").join(target);
            assert!(file.exists(), "{}: {target}", path.display());
        }
    }
}

#[test]
fn sources_and_tests_in_course_documents_exist() {
    for name in ["docs/course.md", "docs/course.zh-CN.md"] {
        let text = fs::read_to_string(root().join(name)).expect("UTF-8");
        let code = code(&text);
        let is_source = |word: &&&str| Path::new(word).extension().is_some_and(|it| it == "rs");
        let sources: BTreeSet<_> = code.iter().filter(is_source).collect();
        let sources = sources.iter().map(|source| {
            let file = root().join(source);
            fs::read_to_string(&file).unwrap_or_else(|error| panic!("{name}: {source}: {error}"))
        });
        let sources: String = sources.collect();
        let tests = code
            .iter()
            .filter(|word| word.matches('_').count() > 2)
            .filter(|word| {
                word.bytes()
                    .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
            });
        for test in tests {
            assert!(sources.contains(&format!("fn {test}(")), "{name}: {test}");
        }
    }
}
