//! The order of the program's functions, for those who compress it. wasm-bindgen writes them by size,
//! the largest first. Here those of one type stand together, and of these those that begin alike,
//! which is 2 % less over the wire.

use std::convert::Infallible;

use anyhow::Result;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{
    CodeSectionReader, FunctionBody, FunctionSectionReader, Parser, Payload, Validator,
};

/// The same program, its functions sorted.
///
/// # Errors
/// When it is no valid program.
pub(crate) fn sort(program: &[u8]) -> Result<Vec<u8>> {
    let valid = Validator::new().validate_all(program)?;
    let (mut types, mut bodies) = (Vec::new(), Vec::new());
    for part in Parser::new(0).parse_all(program) {
        match part? {
            Payload::FunctionSection(section) => {
                types = section.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::CodeSectionEntry(body) => bodies.push(body),
            _ => {}
        }
    }
    let keys: Vec<Vec<u8>> = bodies.iter().map(likeness).collect::<Result<_, _>>()?;
    let mut order: Vec<usize> = (0..bodies.len()).collect();
    order.sort_by_key(|&at| (types[at], &keys[at]));
    let count = valid.as_ref().function_count();
    let imported = count as usize - order.len();
    let mut now: Vec<u32> = (0..count).collect();
    for (new, old) in (0..count).skip(imported).zip(&order) {
        now[imported + old] = new;
    }
    let mut functions = Functions {
        sorted: order.iter().map(|&at| (types[at], &bodies[at])).collect(),
        now,
    };
    let mut sorted = Module::new();
    functions.parse_core_module(&mut sorted, Parser::new(0), program)?;
    Ok(sorted.finish())
}

/// All of a function but whom it calls.
fn likeness(body: &FunctionBody) -> Result<Vec<u8>, Error> {
    let mut function = Likeness.new_function_with_parsed_locals(body)?;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        function.instruction(&Likeness.parse_instruction(&mut operators)?);
    }
    Ok(function.into_raw_body())
}

struct Likeness;

impl Reencode for Likeness {
    type Error = Infallible;

    fn function_index(&mut self, _: u32) -> Result<u32, Error> {
        Ok(0)
    }
}

struct Functions<'a> {
    /// Their types and code.
    sorted: Vec<(u32, &'a FunctionBody<'a>)>,
    /// The new numbers by the old ones. The imported functions come first and stay.
    now: Vec<u32>,
}

impl Reencode for Functions<'_> {
    type Error = Infallible;

    fn function_index(&mut self, old: u32) -> Result<u32, Error> {
        Ok(self.now[old as usize])
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        _: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        for (kind, _) in &self.sorted {
            functions.function(*kind);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        _: CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        for (_, body) in self.sorted.clone() {
            self.parse_function_body(code, body.clone())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection,
        Function, FunctionSection, GlobalSection, GlobalType, ImportSection, Module, RefType,
        StartSection, TableSection, TableType, TypeSection, ValType,
    };

    use super::sort;

    /// Three functions after one that is imported, each with its type and whom it calls. A global, an
    /// export, the start and a table hold those of these numbers.
    fn program(own: [(u32, &[u32]); 3], [one, two, three]: [u32; 3]) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import("m", "n", EntityType::Function(0));
        let mut tables = TableSection::new();
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: 3,
            maximum: None,
            shared: false,
        });
        let mut globals = GlobalSection::new();
        let kind = GlobalType {
            val_type: ValType::Ref(RefType::FUNCREF),
            mutable: false,
            shared: false,
        };
        globals.global(kind, &ConstExpr::ref_func(one));
        let mut exports = ExportSection::new();
        exports.export("a", ExportKind::Func, one);
        exports.export("b", ExportKind::Global, 0);
        let start = StartSection {
            function_index: three,
        };
        let mut elements = ElementSection::new();
        let listed = Elements::Functions(vec![one, two, three].into());
        elements.active(None, &ConstExpr::i32_const(0), listed);
        let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
        for (kind, called) in own {
            functions.function(kind);
            let mut function = Function::new([]);
            for number in called {
                function.instructions().call(*number);
            }
            function.instructions().end();
            code.function(&function);
        }
        let mut program = Module::new();
        program.section(&types).section(&imports);
        program.section(&functions).section(&tables);
        program.section(&globals).section(&exports);
        program.section(&start).section(&elements).section(&code);
        program.finish()
    }

    #[test]
    fn functions_of_one_type_stand_together_and_are_called_by_their_new_numbers() {
        let unsorted = program([(1, &[2]), (0, &[3, 1, 0]), (0, &[])], [1, 2, 3]);
        let sorted = program([(0, &[]), (0, &[1, 3, 0]), (1, &[2])], [3, 2, 1]);
        assert_eq!(sort(&unsorted).unwrap(), sorted);
        assert_eq!(sort(&sorted).unwrap(), sorted);
    }

    #[test]
    fn a_function_that_is_not_there_is_an_error() {
        let refused = sort(&program([(0, &[9]), (0, &[]), (0, &[])], [1, 2, 3])).unwrap_err();
        let expected = "unknown function 9";
        assert!(refused.to_string().contains(expected), "{refused}");
    }
}
