//! A part of a program, cut where numbers stand that may be written as others.

use anyhow::{Context, Result, bail, ensure};

use super::{byte, bytes, counted, number, put_number};

/// The instruction at the end of a function and of the value of something else.
const END: u8 = 0x0b;

/// A number that may become another.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    /// A function's.
    Function(u32),
    /// A variable's, in the function that it stands in; the parameters come first.
    Variable(u32),
    /// What a place in memory is a multiple of, as a power of two: the size of what is there. It is a
    /// hint, and no browser takes it.
    Alignment(u32),
}

/// The new numbers of things by the old ones. What comes before them stays.
pub(crate) struct Numbers {
    first: u32,
    new: Vec<u32>,
}

impl Numbers {
    /// The things that were in the places `order`, from `first` on, are now in the places 0, 1, 2….
    pub(crate) fn of(first: u32, order: &[usize]) -> Self {
        let mut new = vec![0; order.len()];
        for (number, old) in (first..).zip(order) {
            new[*old] = number;
        }
        Self { first, new }
    }

    pub(crate) fn now(&self, old: u32) -> Result<u32> {
        match old.checked_sub(self.first) {
            None => Ok(old),
            Some(place) => {
                let new = self.new.get(place as usize);
                new.copied()
                    .with_context(|| format!("the program has nothing of the number {old}"))
            }
        }
    }
}

/// The part, and how far it is read.
pub(crate) struct Cut<'a> {
    /// The bytes before a number, and the number.
    pieces: Vec<(&'a [u8], Number)>,
    /// What was not cut yet, and in the end what comes after the last number.
    last: &'a [u8],
    /// What was not read yet.
    pub(crate) rest: &'a [u8],
}

impl<'a> Cut<'a> {
    pub(crate) const fn begin(part: &'a [u8]) -> Self {
        Self {
            pieces: Vec::new(),
            last: part,
            rest: part,
        }
    }

    /// The number of a function comes next.
    pub(crate) fn function(&mut self) -> Result<()> {
        self.cut(|function| Ok(Number::Function(function)))
    }

    /// Such a number comes next.
    fn cut(&mut self, is: impl FnOnce(u32) -> Result<Number>) -> Result<()> {
        let before = &self.last[..self.last.len() - self.rest.len()];
        self.pieces.push((before, is(number(&mut self.rest)?)?));
        self.last = self.rest;
        Ok(())
    }

    /// A place in memory comes next, of something that has this size.
    fn place(&mut self, size: u32) -> Result<()> {
        self.cut(|hint| {
            ensure!(hint <= size, "the program has more than one memory");
            Ok(Number::Alignment(size))
        })?;
        self.number()
    }

    /// Any number, of which only the end matters.
    pub(crate) fn number(&mut self) -> Result<()> {
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
            // `local.get`, `local.set`, `local.tee`.
            0x20..=0x22 => self.cut(|variable| Ok(Number::Variable(variable)))?,
            // Loads and stores, by the size of what is in memory.
            0x2c | 0x2d | 0x30 | 0x31 | 0x3a | 0x3c => self.place(0)?,
            0x2e | 0x2f | 0x32 | 0x33 | 0x3b | 0x3d => self.place(1)?,
            0x28 | 0x2a | 0x34..=0x36 | 0x38 | 0x3e => self.place(2)?,
            0x29 | 0x2b | 0x37 | 0x39 => self.place(3)?,
            // Blocks and jumps, globals, tables, the memory's size, constants, `ref.null`.
            0x02..=0x04 | 0x0c | 0x0d | 0x23..=0x26 | 0x3f..=0x42 | 0xd0 => self.number()?,
            // Indirect calls.
            0x11 | 0x13 => self.numbers(2)?,
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

    pub(crate) fn numbers(&mut self, count: u32) -> Result<()> {
        (0..count).try_for_each(|_| self.number())
    }

    pub(crate) fn expression(&mut self) -> Result<()> {
        while self.instruction()? != END {}
        Ok(())
    }

    /// All instructions that are left.
    pub(crate) fn code(&mut self) -> Result<()> {
        while !self.rest.is_empty() {
            self.instruction()?;
        }
        Ok(())
    }

    /// The numbers, in their order.
    pub(crate) fn found(&self) -> impl Iterator<Item = Number> {
        self.pieces.iter().map(|(_, number)| *number)
    }

    /// The part with other numbers.
    pub(crate) fn with(&self, new: impl Fn(Number) -> Result<Option<u32>>) -> Result<Vec<u8>> {
        let mut part = Vec::new();
        for (before, number) in &self.pieces {
            part.extend(*before);
            if let Some(new) = new(*number)? {
                put_number(&mut part, new);
            }
        }
        part.extend(self.last);
        Ok(part)
    }
}
