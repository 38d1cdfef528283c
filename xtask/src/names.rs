//! Short names for what the program and its script call each other by. wasm-bindgen gives them long
//! ones, with digits of chance that no compression makes shorter, and they stand in both files. What
//! the program tells debuggers goes altogether.

use std::collections::HashMap;

use anyhow::{Result, ensure};
use wasm_encoder::{EntityType, ExportSection, ImportSection, Module, RawSection};
use wasmparser::{ExportSectionReader, ImportSectionReader, Parser, Payload};

/// What all of wasm-bindgen's own exports begin with; others have names that somebody chose.
const OWN_EXPORT: &str = "__w";

/// What the script calls itself by most often.
const HELPERS: [&str; 14] = [
    "arg0",
    "arg1",
    "arg2",
    "arg3",
    "arg4",
    "addToExternrefTable0",
    "getDataViewMemory0",
    "getStringFromWasm0",
    "handleError",
    "isLikeNone",
    "makeMutClosure",
    "passStringToWasm0",
    "takeFromExternrefTable0",
    "WASM_VECTOR_LEN",
];

/// Returns both files with short names in place of those that they share.
pub(crate) fn shorten(script: &str, program: &[u8]) -> Result<(String, Vec<u8>)> {
    let mut names = Names::default();
    let mut short = Module::new();
    for part in Parser::new(0).parse_all(program) {
        match part? {
            Payload::CustomSection(_) => {}
            Payload::ImportSection(imports) => drop(short.section(&names.imports(imports)?)),
            Payload::ExportSection(exports) => drop(short.section(&names.exports(exports)?)),
            other => {
                if let Some((id, range)) = other.as_section() {
                    let data = &program[range];
                    short.section(&RawSection { id, data });
                }
            }
        }
    }
    for (at, helper) in HELPERS.iter().enumerate() {
        names.items.insert((*helper).into(), format!("h{at}"));
    }
    let script = names.in_script(&without_second_start(script));
    Ok((listed(&script).unwrap_or(script), short.finish()))
}

/// The short names by the long ones.
#[derive(Debug, Default)]
struct Names {
    /// Of modules, as they stand between quotation marks.
    modules: HashMap<String, String>,
    /// Of functions and other things that are imported or exported.
    items: HashMap<String, String>,
}

impl Names {
    fn imports(&mut self, old: ImportSectionReader) -> Result<ImportSection> {
        let mut new = ImportSection::new();
        for import in old.into_imports() {
            let import = import?;
            let next = format!("m{}", self.modules.len());
            let module = self.modules.entry(import.module.into()).or_insert(next);
            // Numbers are the names of a list's items; see `listed`.
            let next = self.items.len().to_string();
            let item = self.items.entry(import.name.into()).or_insert(next);
            new.import(module, item, EntityType::try_from(import.ty)?);
        }
        Ok(new)
    }

    fn exports(&mut self, old: ExportSectionReader) -> Result<ExportSection> {
        let mut new = ExportSection::new();
        for (at, export) in old.into_iter().enumerate() {
            let export = export?;
            let mut name = export.name.to_owned();
            if name.starts_with(OWN_EXPORT) {
                name = format!("e{at}");
                let twice = self.items.insert(export.name.into(), name.clone());
                ensure!(twice.is_none(), "the program exports what it imports");
            }
            new.export(&name, export.kind.into(), export.index);
        }
        Ok(new)
    }

    fn in_script(&self, script: &str) -> String {
        let mut short = String::with_capacity(script.len());
        let mut rest = script;
        while !rest.is_empty() {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            short += self.items.get(name).map_or(name, String::as_str);
            let end = after.find(is_name).unwrap_or(after.len());
            short += &after[..end];
            rest = &after[end..];
        }
        let quoted = |name| format!("\"{name}\"");
        for (module, name) in &self.modules {
            short = short.replacen(&quoted(module), &quoted(name), 1);
        }
        short
    }
}

/// Takes out the start of the program that does not wait for it to come, which nobody calls.
fn without_second_start(script: &str) -> String {
    let parts = script
        .split_once("function initSync(")
        .and_then(|(before, rest)| {
            let (_, after) = rest.split_once("let __wbg_init_promise;")?;
            Some((before, after.replacen("initSync, ", "", 1)))
        });
    parts.map_or_else(
        || script.to_owned(),
        |(before, after)| [before, "let __wbg_init_promise;", &after].concat(),
    )
}

/// Makes a list of the object that holds what the program imports: of a list each item is called by its
/// place, and no name has to be written.
fn listed(script: &str) -> Option<String> {
    let (before, rest) = script.split_once("{\n__proto__: null,\n")?;
    let (object, after) = rest.split_once("\n};\n")?;
    let mut items: Vec<(usize, String)> = Vec::new();
    for line in object.lines() {
        match line.split_once(": function") {
            Some((name, code)) => items.push((name.parse().ok()?, format!("function{code}"))),
            None => items.last_mut()?.1.extend(["\n", line]),
        }
    }
    items.sort_unstable();
    if items.iter().enumerate().any(|(at, item)| at != item.0) {
        return None;
    }
    let items: Vec<String> = items.into_iter().map(|(_, code)| code).collect();
    Some([before, "[\n", &items.join("\n"), "\n];\n", after].concat())
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{Module, RawSection};

    use super::{listed, shorten};

    fn program(sections: &[(u8, &[u8])]) -> Vec<u8> {
        let mut program = Module::new();
        for &(id, data) in sections {
            program.section(&RawSection { id, data });
        }
        program.finish()
    }

    #[test]
    fn what_is_imported_becomes_a_list_if_all_has_its_place_there() {
        let script = "const all = {\n__proto__: null,\n1: function() {\nb;\n},\n0: function() {\na;\n\
            },\n};\nreturn {\n__proto__: null,\nm0: all,\n};\n";
        assert_eq!(
            listed(script).unwrap(),
            "const all = [\nfunction() {\na;\n},\nfunction() {\nb;\n},\n];\nreturn {\n__proto__: null,\nm0: all,\n};\n"
        );
        assert_eq!(listed(&script.replace("1:", "2:")), None);
        assert_eq!(listed(&script.replace("1:", "one:")), None);
        assert_eq!(listed("const all = {};"), None);
    }

    #[test]
    fn the_names_of_both_files_become_the_same_short_ones() {
        let long = program(&[
            (1, b"\x01\x60\0\0"),
            (
                2,
                b"\x02\x06./a.js\x0f__wbg_get_0123f\0\0\x06./a.js\x0f__wbg_set_0123f\0\0",
            ),
            (7, b"\x02\x06memory\x02\0\x0b__wbg_start\0\x81\x01"),
        ]);
        let script = "const all = { __wbg_get_0123f: f, __wbg_set_0123f: f, __wbg_get_0123: f }; \
            return { \"./a.js\": all }; wasm.__wbg_start(wasm.memory);";
        let (script, short) = shorten(script, &long).unwrap();
        assert_eq!(
            script,
            "const all = { 0: f, 1: f, __wbg_get_0123: f }; return { \"m0\": all }; \
            wasm.e1(wasm.memory);"
        );
        let expected = program(&[
            (1, b"\x01\x60\0\0"),
            (2, b"\x02\x02m0\x010\0\0\x02m0\x011\0\0"),
            (7, b"\x02\x06memory\x02\0\x02e1\0\x81\x01"),
        ]);
        assert_eq!(short, expected);
    }

    #[test]
    fn only_the_start_that_is_called_stays() {
        let script = "a(); function initSync(module) { b(); } let __wbg_init_promise; c(); \
            export { initSync, __wbg_init as default };";
        let short = shorten(script, &program(&[])).unwrap().0;
        assert_eq!(
            short,
            "a(); let __wbg_init_promise; c(); export { __wbg_init as default };"
        );
    }

    #[test]
    fn what_is_for_debuggers_goes_and_all_else_stays_as_it_is() {
        let code = b"\x02\x02\0\x0b\x04\0\x10\x80\0";
        let functions = b"\x02\0\0";
        let long = program(&[
            (3, functions),
            (10, code),
            (0, b"\x04name\x01"),
            (11, b"\0"),
        ]);
        let short = shorten("", &long).unwrap().1;
        assert_eq!(short, program(&[(3, functions), (10, code), (11, b"\0")]));
    }

    #[test]
    fn what_is_no_whole_program_is_an_error() {
        let whole = program(&[(2, b"\x01\x01m\x01n\0\0")]);
        assert!(shorten("", &whole).is_ok());
        assert!(shorten("", &whole[..whole.len() - 1]).is_err());
        assert!(shorten("", b"#!/bin/sh").is_err());
    }
}
