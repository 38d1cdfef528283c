//! The form of a WebAssembly program (its specification's chapter 5, "Binary Format"), as far as it
//! is read and written here.

pub(crate) mod cut;

use anyhow::{Context, Result, bail};

/// What every program begins with: a mark and a version.
pub(crate) const START: &[u8] = b"\0asm\x01\0\0\0";

/// The numbers of the sections that matter here.
pub(crate) mod section {
    pub(crate) const CUSTOM: u8 = 0;
    pub(crate) const TYPES: u8 = 1;
    pub(crate) const IMPORTS: u8 = 2;
    pub(crate) const FUNCTIONS: u8 = 3;
    pub(crate) const GLOBALS: u8 = 6;
    pub(crate) const EXPORTS: u8 = 7;
    pub(crate) const START: u8 = 8;
    pub(crate) const ELEMENTS: u8 = 9;
    pub(crate) const CODE: u8 = 10;
}

/// The sections of a program, by number and content.
pub(crate) fn sections(program: &[u8]) -> Result<Vec<(u8, &[u8])>> {
    let mut rest = program
        .strip_prefix(START)
        .context("the program is not WebAssembly of version 1")?;
    let mut sections = Vec::new();
    while !rest.is_empty() {
        sections.push((byte(&mut rest)?, counted(&mut rest)?));
    }
    Ok(sections)
}

/// The program that has these sections.
pub(crate) fn program<C: AsRef<[u8]>>(sections: impl IntoIterator<Item = (u8, C)>) -> Vec<u8> {
    let mut program = START.to_vec();
    for (kind, content) in sections {
        program.push(kind);
        put_counted(&mut program, content.as_ref());
    }
    program
}

pub(crate) fn byte(rest: &mut &[u8]) -> Result<u8> {
    Ok(bytes(rest, 1)?[0])
}

pub(crate) fn bytes<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8]> {
    let (first, after) = rest
        .split_at_checked(count)
        .context("the program is cut off")?;
    *rest = after;
    Ok(first)
}

/// A number in LEB128, as all are.
pub(crate) fn number(rest: &mut &[u8]) -> Result<u32> {
    let mut value = 0;
    for shift in (0..u32::BITS).step_by(7) {
        let byte = byte(rest)?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    bail!("the program holds a number that is too large")
}

/// What has its length before it.
pub(crate) fn counted<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8]> {
    let length = number(rest)? as usize;
    bytes(rest, length)
}

pub(crate) fn text(rest: &mut &[u8]) -> Result<String> {
    Ok(str::from_utf8(counted(rest)?)?.to_owned())
}

pub(crate) fn put_number(into: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        into.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    into.push(value.to_le_bytes()[0]);
}

pub(crate) fn put_counted(into: &mut Vec<u8>, content: &[u8]) {
    put_number(into, length(content));
    into.extend(content);
}

/// How many there are of what stands in a program.
pub(crate) fn length<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).expect("a program is smaller than 4 GiB")
}
