//! Numbers in place of the hashes in the names by which the program and its script call each other:
//! wasm-bindgen ends each with 16 digits of chance, which no compression makes shorter, and they
//! stand in both files.

use std::collections::HashMap;

/// The digits of a hash.
const DIGITS: usize = 16;

/// Numbers the names that both files hold. Nothing changes its length, and so nothing in the
/// program changes its place.
pub(crate) fn number_names(script: &mut [u8], program: &mut [u8]) {
    let mut numbers = HashMap::new();
    for at in hashes(script) {
        let next = numbers.len();
        numbers
            .entry(script[at..at + DIGITS].to_vec())
            .or_insert(next);
    }
    for file in [script, program] {
        for at in hashes(file) {
            let hash = &mut file[at..at + DIGITS];
            // Whatever else in the program looks like a hash stays.
            if let Some(number) = numbers.get(hash) {
                hash.copy_from_slice(format!("{number:0DIGITS$}").as_bytes());
            }
        }
    }
}

/// Where hashes begin: 16 digits at the end of a name, after `_` or `_h`.
fn hashes(file: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut run = 0;
    for (at, byte) in file.iter().chain(b" ").enumerate() {
        if matches!(byte, b'0'..=b'9' | b'a'..=b'f') {
            run += 1;
            continue;
        }
        let start = at - run;
        let name = &file[..start];
        let is_end = !byte.is_ascii_alphanumeric() && *byte != b'_';
        if run == DIGITS && is_end && (name.ends_with(b"_") || name.ends_with(b"_h")) {
            found.push(start);
        }
        run = 0;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::number_names;

    #[test]
    fn the_names_of_both_files_get_the_same_numbers() {
        let mut script = *b"__wbg_get_00ff00ff00ff00ff: () => wasm.call__h0123456789abcdef(), \
            __wbg_get_1111111111111111, __wbg_set_00ff00ff00ff00ff";
        let mut program = *b"\x1a__wbg_set_00ff00ff00ff00ff\0\x17call__h0123456789abcdef\0\
            __wbg_get_1111111111111111\0";
        number_names(&mut script, &mut program);
        assert_eq!(
            script,
            *b"__wbg_get_0000000000000000: () => wasm.call__h0000000000000001(), \
            __wbg_get_0000000000000002, __wbg_set_0000000000000000"
        );
        assert_eq!(
            program,
            *b"\x1a__wbg_set_0000000000000000\0\x17call__h0000000000000001\0\
            __wbg_get_0000000000000002\0"
        );
    }

    #[test]
    fn what_is_no_name_of_both_stays() {
        let (mut script, mut program) = (*b"a_0123456789abcdefx 0123456789abcdef", [0; 40]);
        program[..17].copy_from_slice(b"_0123456789abcdef");
        let before = (script, program);
        number_names(&mut script, &mut program);
        assert_eq!((script, program), before);
    }
}
