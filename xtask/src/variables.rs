//! The numbers of a function's variables, for those who compress it: of each type, those used most
//! come first. So the same few numbers stand everywhere.

use std::cmp::Reverse;

use anyhow::{Context, Result, ensure};

use crate::wasm::cut::{Cut, Number, Numbers};
use crate::wasm::{byte, length, number, put_number};

/// The most variables that browsers take in a function (WebAssembly JavaScript Interface, chapter 7).
const MOST: usize = 50_000;

/// The same code of a function that has so many parameters, its variables sorted.
///
/// # Errors
/// When there is something in it that is not known here.
pub(crate) fn sort(body: &[u8], parameters: u32) -> Result<Vec<u8>> {
    let mut code = body;
    let types = types(&mut code)?;
    let mut cut = Cut::begin(code);
    cut.code()?;
    // How often each is used, and where first.
    let mut uses = vec![(0, 0); types.len()];
    for (place, number) in cut.found().enumerate() {
        if let Number::Variable(variable) = number
            && let Some(own) = variable.checked_sub(parameters)
        {
            let (count, first) = uses
                .get_mut(own as usize)
                .context("the program has no such variable")?;
            if *count == 0 {
                *first = place;
            }
            *count += 1;
        }
    }
    let mut order: Vec<usize> = (0..types.len()).collect();
    order.sort_by_key(|&at| {
        let (count, first) = uses[at];
        let kind = types.iter().position(|kind| *kind == types[at]);
        (kind, Reverse(count), first)
    });
    let numbers = Numbers::of(parameters, &order);
    let mut sorted = declared(&order, &types);
    sorted.extend(cut.with(|number| {
        Ok(Some(match number {
            Number::Variable(old) => numbers.now(old)?,
            Number::Function(same) | Number::Alignment(same) => same,
        }))
    })?);
    Ok(sorted)
}

/// The type of each variable, which is one byte.
fn types(rest: &mut &[u8]) -> Result<Vec<u8>> {
    let mut types = Vec::new();
    for _ in 0..number(rest)? {
        let count = number(rest)? as usize;
        ensure!(
            types.len() + count <= MOST,
            "a function has too many variables"
        );
        types.resize(types.len() + count, byte(rest)?);
    }
    Ok(types)
}

/// What a function's code begins with.
fn declared(order: &[usize], types: &[u8]) -> Vec<u8> {
    let sorted: Vec<u8> = order.iter().map(|&at| types[at]).collect();
    let groups: Vec<&[u8]> = sorted.chunk_by(|one, next| one == next).collect();
    let mut declared = Vec::new();
    put_number(&mut declared, length(&groups));
    for group in groups {
        put_number(&mut declared, length(group));
        declared.push(group[0]);
    }
    declared
}

#[cfg(test)]
mod tests {
    use super::sort;

    #[test]
    fn of_each_type_the_most_used_variable_comes_first_and_parameters_stay() {
        // After one parameter: two of the type 0x7f, one of 0x7e, one of 0x7f; a load of 4 bytes.
        let body = [
            3, 2, 0x7f, 1, 0x7e, 1, 0x7f, 0x20, 1, 0x20, 0, 0x21, 4, 0x22, 3, 0x22, 4,
        ];
        let load = [0x28, 0, 5, 0x0b];
        let sorted = [
            2, 3, 0x7f, 1, 0x7e, 0x20, 2, 0x20, 0, 0x21, 1, 0x22, 4, 0x22, 1,
        ];
        let natural = [0x28, 2, 5, 0x0b];
        assert_eq!(
            sort(&[&body[..], &load].concat(), 1).unwrap(),
            [&sorted[..], &natural].concat()
        );
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        let refused = |body: &[u8]| sort(body, 1).unwrap_err().to_string();
        assert!(refused(&[0, 0x20, 1, 0x0b]).contains("no such variable"));
        assert!(refused(&[0, 0x28, 0x42, 0, 0x0b]).contains("more than one memory"));
        assert!(refused(&[1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f]).contains("too many"));
    }
}
