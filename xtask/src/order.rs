//! The order of the program's functions, for those who compress it. wasm-bindgen writes them by size,
//! the largest first. Here those of one type stand together, and of these those that begin alike,
//! which is 2 % less over the wire.

use anyhow::{Context, Result, bail, ensure};

use crate::wasm::{self, byte, bytes, counted, length, number, put_counted, put_number, section};

/// What an export is, if it is a function.
const FUNCTION: u8 = 0;

/// The instruction at the end of a function and of the value of something else.
const END: u8 = 0x0b;

/// The same program, its functions sorted.
///
/// # Errors
/// When there is something in it that is not known here: which number is a function's is then open.
pub(crate) fn sort(program: &[u8]) -> Result<Vec<u8>> {
    let sections = wasm::sections(program)?;
    let content = |wanted| {
        let found = sections.iter().find(|(kind, _)| *kind == wanted);
        found.map_or(&[0][..], |(_, content)| *content)
    };
    let types = functions(content(section::FUNCTIONS))?;
    let bodies = bodies(content(section::CODE))?;
    ensure!(types.len() == bodies.len(), "a function has no code");
    let mut order: Vec<usize> = (0..bodies.len()).collect();
    order.sort_by_cached_key(|&at| (types[at], bodies[at].bytes()));
    let numbers = Numbers::of(number(&mut content(section::IMPORTS))?, &order);

    let mut sorted = Vec::new();
    for &(kind, content) in &sections {
        let content = match kind {
            section::FUNCTIONS => list(&order, |to, at| {
                put_number(to, types[at]);
                Ok(())
            }),
            section::CODE => list(&order, |to, at| {
                put_counted(to, &bodies[at].renumbered(&numbers)?);
                Ok(())
            }),
            section::GLOBALS => globals(content)?.renumbered(&numbers),
            section::EXPORTS => exports(content)?.renumbered(&numbers),
            section::START => start(content)?.renumbered(&numbers),
            section::ELEMENTS => elements(content)?.renumbered(&numbers),
            _ => Ok(content.to_vec()),
        };
        sorted.push((kind, content?));
    }
    Ok(wasm::program(sorted))
}

/// The new numbers of functions by the old ones. What is imported comes first, and stays.
struct Numbers {
    imported: u32,
    own: Vec<u32>,
}

impl Numbers {
    /// The functions that were in the places `order` are now in the places 0, 1, 2….
    fn of(imported: u32, order: &[usize]) -> Self {
        let mut own = vec![0; order.len()];
        for (new, old) in (imported..).zip(order) {
            own[*old] = new;
        }
        Self { imported, own }
    }

    fn now(&self, old: u32) -> Result<u32> {
        match old.checked_sub(self.imported) {
            None => Ok(old),
            Some(own) => {
                let new = self.own.get(own as usize);
                new.copied().context("the program has no such function")
            }
        }
    }
}

/// A part of a program, cut where the number of a function stands.
struct Cut<'a> {
    /// The bytes before a number, and the number.
    pieces: Vec<(&'a [u8], u32)>,
    /// What was not cut yet, and in the end what comes after the last number.
    last: &'a [u8],
    /// What was not read yet.
    rest: &'a [u8],
}

impl<'a> Cut<'a> {
    const fn begin(part: &'a [u8]) -> Self {
        Self {
            pieces: Vec::new(),
            last: part,
            rest: part,
        }
    }

    /// The number of a function comes next.
    fn function(&mut self) -> Result<()> {
        let before = &self.last[..self.last.len() - self.rest.len()];
        self.pieces.push((before, number(&mut self.rest)?));
        self.last = self.rest;
        Ok(())
    }

    /// Any number, of which only the end matters.
    fn number(&mut self) -> Result<()> {
        while byte(&mut self.rest)? >= 0x80 {}
        Ok(())
    }

    /// One instruction (chapter 5.4 of the specification). Returns which it is.
    fn instruction(&mut self) -> Result<u8> {
        let instruction = byte(&mut self.rest)?;
        match instruction {
            // Control, `drop`, `select`, comparisons and arithmetic: nothing follows.
            0x00 | 0x01 | 0x05 | END | 0x0f | 0x1a | 0x1b | 0x45..=0xc4 | 0xd1 => {}
            // `call`, `return_call`, `ref.func`.
            0x10 | 0x12 | 0xd2 => self.function()?,
            // Blocks and jumps, variables, tables, the memory's size, constants, `ref.null`.
            0x02..=0x04 | 0x0c | 0x0d | 0x20..=0x26 | 0x3f..=0x42 | 0xd0 => self.number()?,
            // Indirect calls, and the memory.
            0x11 | 0x13 | 0x28..=0x3e => self.numbers(2)?,
            // `br_table`: the last is for all other values.
            0x0e => {
                let count = number(&mut self.rest)?;
                self.numbers(count + 1)?;
            }
            // `select` of values that are no numbers.
            0x1c => drop(counted(&mut self.rest)?),
            // `f32.const`, `f64.const`.
            0x43 => drop(bytes(&mut self.rest, 4)?),
            0x44 => drop(bytes(&mut self.rest, 8)?),
            0xfc => match number(&mut self.rest)? {
                // Numbers with a fraction to whole ones.
                0..=7 => {}
                // Parts of memory and tables.
                9 | 11 | 13 | 15..=17 => self.number()?,
                8 | 10 | 12 | 14 => self.numbers(2)?,
                other => bail!("the program has the instruction 0xfc {other}, not known here"),
            },
            other => bail!("the program has the instruction {other:#x}, not known here"),
        }
        Ok(instruction)
    }

    fn numbers(&mut self, count: u32) -> Result<()> {
        (0..count).try_for_each(|_| self.number())
    }

    fn expression(&mut self) -> Result<()> {
        while self.instruction()? != END {}
        Ok(())
    }

    /// What is between the numbers.
    fn bytes(&self) -> Vec<u8> {
        let pieces = self.pieces.iter().map(|(before, _)| *before);
        pieces.chain([self.last]).collect::<Vec<_>>().concat()
    }

    fn renumbered(&self, numbers: &Numbers) -> Result<Vec<u8>> {
        let mut new = Vec::new();
        for (before, function) in &self.pieces {
            new.extend(*before);
            put_number(&mut new, numbers.now(*function)?);
        }
        new.extend(self.last);
        Ok(new)
    }
}

/// The types of the functions.
fn functions(mut content: &[u8]) -> Result<Vec<u32>> {
    let count = number(&mut content)?;
    (0..count).map(|_| number(&mut content)).collect()
}

fn bodies(mut content: &[u8]) -> Result<Vec<Cut<'_>>> {
    let count = number(&mut content)?;
    (0..count).map(|_| body(counted(&mut content)?)).collect()
}

fn body(content: &[u8]) -> Result<Cut<'_>> {
    let mut cut = Cut::begin(content);
    // The variables: how many, and their type, which is one byte.
    for _ in 0..number(&mut cut.rest)? {
        cut.numbers(2)?;
    }
    while !cut.rest.is_empty() {
        cut.instruction()?;
    }
    Ok(cut)
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
            (section::IMPORTS, &b"\x01\x01m\x01n\0\0"[..]),
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
            (section::IMPORTS, &b"\x01\x01m\x01n\0\0"[..]),
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
            &[0x28, 0x10, 0x10],
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
        assert!(refused(&[0, 0x10, 9, 0x0b]).contains("no such function"));
        assert!(refused(&[0, 0x10]).contains("cut off"));
    }
}
