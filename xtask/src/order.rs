//! The order of the program's functions, for those who compress it. wasm-bindgen writes them by size,
//! the largest first. Here those of one type stand together, and of these those that begin alike,
//! which is 2 % less over the wire.

use anyhow::{Context, Result, bail, ensure};

use crate::variables;
use crate::wasm::cut::{Cut, Number, Numbers};
use crate::wasm::{self, byte, counted, length, number, put_counted, put_number, section};

/// What an export is, if it is a function.
const FUNCTION: u8 = 0;

/// What a function's type begins with.
const FUNCTION_TYPE: u8 = 0x60;

/// The same program, its functions sorted.
///
/// # Errors
/// When there is something in it that is not known here: which number is a function's is then open.
pub(crate) fn sort(program: &[u8]) -> Result<Vec<u8>> {
    let sections = wasm::sections(program)?;
    // A section that is not there is an empty list.
    let content = |wanted| {
        let found = sections.iter().find(|(kind, _)| *kind == wanted);
        found.map_or(&[0][..], |(_, content)| *content)
    };
    let types = functions(content(section::FUNCTIONS))?;
    let parameters = parameters(content(section::TYPES))?;
    let bodies = bodies(content(section::CODE), &types, &parameters)?;
    let bodies: Vec<Cut> = bodies.iter().map(|of| body(of)).collect::<Result<_>>()?;
    let keys: Vec<Vec<u8>> = bodies.iter().map(likeness).collect::<Result<_>>()?;
    let mut order: Vec<usize> = (0..bodies.len()).collect();
    order.sort_by_key(|&at| (types[at], &keys[at]));
    let numbers = Numbers::of(number(&mut content(section::IMPORTS))?, &order);

    let mut sorted = Vec::new();
    for &(kind, content) in &sections {
        let content = match kind {
            section::FUNCTIONS => list(&order, |to, at| {
                put_number(to, types[at]);
                Ok(())
            }),
            section::CODE => list(&order, |to, at| {
                put_counted(to, &renumbered(&bodies[at], &numbers)?);
                Ok(())
            }),
            section::GLOBALS => renumbered(&globals(content)?, &numbers),
            section::EXPORTS => renumbered(&exports(content)?, &numbers),
            section::START => renumbered(&start(content)?, &numbers),
            section::ELEMENTS => renumbered(&elements(content)?, &numbers),
            _ => Ok(content.to_vec()),
        };
        sorted.push((kind, content?));
    }
    Ok(wasm::program(sorted))
}

/// The types of the functions.
fn functions(mut content: &[u8]) -> Result<Vec<u32>> {
    let count = number(&mut content)?;
    (0..count).map(|_| number(&mut content)).collect()
}

/// How many parameters the functions of each type have.
fn parameters(mut content: &[u8]) -> Result<Vec<u32>> {
    let mut parameters = Vec::new();
    for _ in 0..number(&mut content)? {
        let kind = byte(&mut content)?;
        ensure!(
            kind == FUNCTION_TYPE,
            "the program has types of the kind {kind}, not known here"
        );
        // Each is one byte, and so is each of what a function returns.
        parameters.push(length(counted(&mut content)?));
        counted(&mut content)?;
    }
    Ok(parameters)
}

/// The code of the functions, their variables sorted.
fn bodies(mut content: &[u8], types: &[u32], parameters: &[u32]) -> Result<Vec<Vec<u8>>> {
    let count = number(&mut content)? as usize;
    ensure!(types.len() == count, "a function has no code");
    let mut bodies = Vec::new();
    for of in types {
        let parameters = parameters
            .get(*of as usize)
            .context("a function has no type")?;
        bodies.push(variables::sort(counted(&mut content)?, *parameters)?);
    }
    Ok(bodies)
}

fn body(content: &[u8]) -> Result<Cut<'_>> {
    let mut cut = Cut::begin(content);
    // The variables: how many, and their type, which is one byte.
    for _ in 0..number(&mut cut.rest)? {
        cut.numbers(2)?;
    }
    cut.code()?;
    Ok(cut)
}

/// All of it but whom it calls.
fn likeness(part: &Cut) -> Result<Vec<u8>> {
    part.with(|number| {
        Ok(match number {
            Number::Function(_) => None,
            Number::Variable(same) | Number::Alignment(same) => Some(same),
        })
    })
}

fn renumbered(part: &Cut, numbers: &Numbers) -> Result<Vec<u8>> {
    part.with(|number| {
        Ok(Some(match number {
            Number::Function(old) => numbers.now(old)?,
            Number::Variable(same) | Number::Alignment(same) => same,
        }))
    })
}

fn globals(content: &[u8]) -> Result<Cut<'_>> {
    let mut cut = Cut::begin(content);
    for _ in 0..number(&mut cut.rest)? {
        // Its type, and whether it changes.
        cut.numbers(2)?;
        cut.expression()?;
    }
    Ok(cut)
}

fn exports(content: &[u8]) -> Result<Cut<'_>> {
    let mut cut = Cut::begin(content);
    for _ in 0..number(&mut cut.rest)? {
        counted(&mut cut.rest)?;
        match byte(&mut cut.rest)? {
            FUNCTION => cut.function()?,
            _ => cut.number()?,
        }
    }
    Ok(cut)
}

fn start(content: &[u8]) -> Result<Cut<'_>> {
    let mut cut = Cut::begin(content);
    cut.function()?;
    Ok(cut)
}

/// What tables hold when the program starts.
fn elements(content: &[u8]) -> Result<Cut<'_>> {
    let mut cut = Cut::begin(content);
    for _ in 0..number(&mut cut.rest)? {
        let kind = number(&mut cut.rest)?;
        match kind {
            0 => cut.expression()?,
            // Another than the first table, and that it holds functions.
            2 => {
                cut.number()?;
                cut.expression()?;
                cut.number()?;
            }
            other => bail!("the program has elements of the kind {other}, not known here"),
        }
        for _ in 0..number(&mut cut.rest)? {
            cut.function()?;
        }
    }
    Ok(cut)
}

/// A section that is a list.
fn list(
    order: &[usize],
    mut put: impl FnMut(&mut Vec<u8>, usize) -> Result<()>,
) -> Result<Vec<u8>> {
    let mut list = Vec::new();
    put_number(&mut list, length(order));
    for &at in order {
        put(&mut list, at)?;
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::sort;
    use crate::wasm::{program, section};

    /// Three functions of its own after one that is imported, in the places 1, 2 and 3; the second
    /// calls the third and the first, and a table, an export and the start name some.
    fn unsorted(second: &[u8]) -> Vec<u8> {
        let mut code = vec![3, 4, 0, 0x41, 7, 0x0b, second.len().to_le_bytes()[0]];
        code.extend(second);
        code.extend([2, 0, 0x0b]);
        program([
            (section::TYPES, &b"\x02\x60\0\0\x60\x01\x7f\0"[..]),
            (section::IMPORTS, b"\x01\x01m\x01n\0\0"),
            (section::FUNCTIONS, b"\x03\x01\x00\x00"),
            (section::GLOBALS, b"\x01\x70\0\xd2\x02\x0b"),
            (section::EXPORTS, b"\x02\x01a\0\x01\x01m\x02\0"),
            (section::START, b"\x03"),
            (section::ELEMENTS, b"\x01\0\x41\x01\x0b\x04\0\x01\x02\x03"),
            (section::CODE, &code),
        ])
    }

    #[test]
    fn functions_of_one_type_stand_together_and_are_called_by_their_new_numbers() {
        let second = [0, 0x10, 3, 0x10, 1, 0x10, 0, 0x0b];
        let expected = program([
            (section::TYPES, &b"\x02\x60\0\0\x60\x01\x7f\0"[..]),
            (section::IMPORTS, b"\x01\x01m\x01n\0\0"),
            (section::FUNCTIONS, b"\x03\x00\x00\x01"),
            (section::GLOBALS, b"\x01\x70\0\xd2\x02\x0b"),
            (section::EXPORTS, b"\x02\x01a\0\x03\x01m\x02\0"),
            (section::START, b"\x01"),
            (section::ELEMENTS, b"\x01\0\x41\x01\x0b\x04\0\x03\x02\x01"),
            (
                section::CODE,
                b"\x03\x02\0\x0b\x08\0\x10\x01\x10\x03\x10\0\x0b\x04\0\x41\x07\x0b",
            ),
        ]);
        assert_eq!(sort(&unsorted(&second)).unwrap(), expected);
        assert_eq!(sort(&expected).unwrap(), expected);
    }

    #[test]
    fn what_follows_an_instruction_is_not_taken_for_another() {
        // In each, a byte that by itself is a call.
        let instructions: [&[u8]; 9] = [
            &[0x41, 0x90, 0x10],
            &[0x42, 0x90, 0x90, 0x90, 0x90, 0x90, 0x10],
            &[0x43, 0x10, 0x10, 0x10, 0x10],
            &[0x44, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10],
            &[0x28, 0x02, 0x10],
            &[0x11, 0x10, 0x10],
            &[0x0e, 0x01, 0x10, 0x10],
            &[0x1c, 0x01, 0x10],
            &[0xfc, 0x0a, 0x10, 0x10],
        ];
        for instruction in instructions {
            let second = [&[0], instruction, &[0x0b]].concat();
            let sorted = sort(&unsorted(&second)).unwrap();
            assert!(sorted.windows(second.len()).any(|part| part == second));
        }
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        let refused = |second: &[u8]| sort(&unsorted(second)).unwrap_err().to_string();
        assert!(refused(&[0, 0xfd, 0x0b]).contains("0xfd"));
        assert!(refused(&[0, 0x10, 9, 0x0b]).contains("nothing of the number 9"));
        assert!(refused(&[0, 0x10]).contains("cut off"));
    }
}
