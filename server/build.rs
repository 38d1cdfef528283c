//! With the feature `embedded-page`: makes a table of the built page's files for `http::page`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_EMBEDDED_PAGE").is_none() {
        return;
    }
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    if !dist.join("index.html").is_file() {
        println!(
            "cargo::error=the feature embedded-page carries the built page, and there is none in \
             dist: run `trunk build --release` first, or `cargo xtask release`, which does both"
        );
        return;
    }
    let mut files = Vec::new();
    collect(&dist, &dist, &mut files);
    files.sort();
    let mut table = String::from("&[\n");
    for (name, path) in files {
        let path = path.to_str().expect("the path of this folder is UTF-8");
        writeln!(table, "    ({name:?}, include_bytes!({path:?})),").expect("memory");
    }
    table += "]\n";
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("page.rs"), table).expect("OUT_DIR is writable");
}

/// Every file below `folder`: its name from `root` on, with slashes, and its path.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) {
    for entry in fs::read_dir(folder).expect("dist is readable") {
        let path = entry.expect("dist is readable").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("it is below");
            let name = name.to_str().expect("names of the page are UTF-8");
            let path = path.canonicalize().expect("it is there");
            files.push((name.replace('\\', "/"), path));
        }
    }
}
