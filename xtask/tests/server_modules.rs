//! The server's modules form layers: no two of them use each other, not even by way of others.
//!
//! Read from the sources: `crate::x` in any file of a module is a use of module `x`, but for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

type Uses = BTreeMap<String, BTreeSet<String>>;

/// A source up to its test module.
fn without_tests(source: &str) -> &str {
    source.split("\n#[cfg(test)]").next().unwrap_or_default()
}

/// The modules of the crate that a source names, as `crate::x` or in `crate::{x, y::z}`.
fn named(source: &str) -> BTreeSet<String> {
    let first = |path: &str| -> String {
        let is_name = |c: &char| c.is_ascii_lowercase() || *c == '_';
        path.trim().chars().take_while(is_name).collect()
    };
    let mut found = BTreeSet::new();
    for rest in source.split("crate::").skip(1) {
        if let Some(list) = rest.strip_prefix('{') {
            let list = list.split(';').next().unwrap_or_default();
            found.extend(list.split([',', '{']).map(first));
        } else {
            found.insert(first(rest));
        }
    }
    found.remove("");
    found
}

/// Adds what the sources of a module use.
fn add_uses(path: &Path, module: &str, uses: &mut Uses) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder") {
            add_uses(&entry.expect("readable").path(), module, uses);
        }
    } else if path.extension().is_some_and(|ending| ending == "rs") {
        let source = fs::read_to_string(path).expect("UTF-8");
        let named = named(without_tests(&source));
        uses.entry(module.into()).or_default().extend(named);
    }
}

/// What each module of the server uses of the others.
fn uses_of_the_server() -> Uses {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src");
    let mut uses = Uses::new();
    for entry in fs::read_dir(root).expect("a folder") {
        let path = entry.expect("readable").path();
        let module = path.file_stem().expect("a name").to_string_lossy();
        if !matches!(&*module, "lib" | "main") {
            add_uses(&path, &module, &mut uses);
        }
    }
    let modules: BTreeSet<String> = uses.keys().cloned().collect();
    for (module, used) in &mut uses {
        used.retain(|other| other != module && modules.contains(other));
    }
    uses
}

/// Removes modules that use nothing that is left, lowest layer first; what remains is in a cycle or
/// above one.
fn layers(mut uses: Uses) -> Result<Vec<Vec<String>>, Uses> {
    let mut layers = Vec::new();
    while !uses.is_empty() {
        let free = uses.iter().filter(|(_, used)| used.is_empty());
        let layer: Vec<String> = free.map(|(module, _)| module.clone()).collect();
        if layer.is_empty() {
            return Err(uses);
        }
        for module in &layer {
            uses.remove(module);
            for used in uses.values_mut() {
                used.remove(module);
            }
        }
        layers.push(layer);
    }
    Ok(layers)
}

#[test]
fn modules_of_the_server_form_layers_without_a_cycle() {
    let layers = match layers(uses_of_the_server()) {
        Ok(layers) => layers,
        Err(cycle) => panic!("these use each other: {cycle:#?}"),
    };
    let layer = |module: &str| {
        let found = layers
            .iter()
            .position(|layer| layer.iter().any(|it| it == module));
        found.unwrap_or_else(|| panic!("{module} is no module: {layers:?}"))
    };
    assert_eq!(layer("domain"), 0, "a leaf");
    for order in [
        ["domain", "bus", "store"],
        ["store", "app", "gateway"],
        ["gateway", "http", "lifecycle"],
    ] {
        assert!(order.is_sorted_by_key(|module| layer(module)), "{order:?}");
    }
}

#[test]
fn cycle_by_way_of_others_is_found() {
    let uses = |pairs: &[(&str, &str)]| -> Uses {
        let modules = pairs.iter().flat_map(|(one, other)| [*one, *other]);
        let mut uses: Uses = modules.map(|name| (name.into(), BTreeSet::new())).collect();
        for (one, other) in pairs {
            uses.entry((*one).into())
                .or_default()
                .insert((*other).into());
        }
        uses
    };
    let chain = layers(uses(&[("a", "b"), ("b", "c"), ("a", "c")]));
    assert_eq!(chain.map(|layers| layers.len()), Ok(3));
    assert!(layers(uses(&[("a", "b"), ("b", "c"), ("c", "a")])).is_err());
    let named =
        named("use crate::bus::Bus;\nuse crate::{store::{A, B}, clock};\nfn f() { crate::x() }");
    assert_eq!(
        named.into_iter().collect::<Vec<_>>(),
        ["bus", "clock", "store", "x"]
    );
}
