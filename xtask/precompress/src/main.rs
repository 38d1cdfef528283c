//! trunk's hook after a build (`Trunk.toml`): writes `FILE.br` and `FILE.gz` beside each file of
//! the page, and prints what a first visit transfers.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

/// The most bytes that a first visit should transfer. More gives a remark, not an error.
const BOUND: usize = 250_000;
/// Files that are not compressed: it would gain nothing, and only browsers that install the page
/// read them.
const LEFT_OUT: [&str; 4] = ["png", "webmanifest", "br", "gz"];

fn main() -> io::Result<()> {
    let Some(folder) = env::var_os("TRUNK_STAGING_DIR").map(PathBuf::from) else {
        return Err(io::Error::other(
            "this is trunk's hook: run `trunk build --release`",
        ));
    };
    let index = fs::read_to_string(folder.join("index.html"))?;
    let mut total = 0;
    println!("{:>9} {:>9} {:>9}", "bytes", "gzip", "brotli");
    for file in files(&folder)? {
        let name = file.strip_prefix(&folder).unwrap_or(&file).display();
        let sizes = compress(&file)?;
        // The page, and the files it references.
        let name = name.to_string();
        if name == "index.html" || index.contains(&format!("\"/{name}\"")) {
            total += sizes[2];
            let [plain, gzip, brotli] = sizes;
            println!("{plain:>9} {gzip:>9} {brotli:>9}  {name}");
        }
    }
    let remark = if total > BOUND { ", and too much" } else { "" };
    println!("a first visit transfers {total} bytes; {BOUND} are the bound{remark}");
    Ok(())
}

/// Every file below `folder` that is worth compressing, in the order of their names.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().unwrap_or_default();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if !LEFT_OUT.iter().any(|ending| extension == *ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Writes both compressed files. Returns the sizes: plain, gzip, brotli.
fn compress(file: &Path) -> io::Result<[usize; 3]> {
    let plain = fs::read(file)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&plain)?;
    let gzip = gzip.finish()?;
    let mut brotli = Vec::new();
    let parameters = BrotliEncoderParams {
        quality: 11,
        lgwin: 24,
        size_hint: plain.len(),
        ..BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut plain.as_slice(), &mut brotli, &parameters)?;
    fs::write(file.with_added_extension("gz"), &gzip)?;
    fs::write(file.with_added_extension("br"), &brotli)?;
    Ok([plain.len(), gzip.len(), brotli.len()])
}
