//! The numbers of a function's variables, for those who compress it: of each type, those used most
//! come first. So the same few numbers stand everywhere.

use std::cmp::Reverse;
use std::convert::Infallible;

use anyhow::Result;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, Function, Instruction, MemArg, Module};
use wasmparser::types::TypesRef;
use wasmparser::{CodeSectionReader, FunctionBody, Operator, Parser, Validator};

/// The same program, the variables of its functions sorted.
///
/// # Errors
/// When it is no valid program.
pub(crate) fn sort(program: &[u8]) -> Result<Vec<u8>> {
    let types = Validator::new().validate_all(program)?;
    let mut variables = Variables {
        types: types.as_ref(),
        function: 0,
        now: Vec::new(),
    };
    let mut sorted = Module::new();
    variables.parse_core_module(&mut sorted, Parser::new(0), program)?;
    Ok(sorted.finish())
}

/// The variables of the function that is being written.
struct Variables<'a> {
    types: TypesRef<'a>,
    /// The function that comes next.
    function: u32,
    /// The new numbers by the old ones. The parameters come first and stay.
    now: Vec<u32>,
}

impl Reencode for Variables<'_> {
    type Error = Infallible;

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        // The imported functions come first.
        self.function = self.types.function_count() - section.count();
        utils::parse_code_section(self, code, section)
    }

    fn new_function_with_parsed_locals(
        &mut self,
        body: &FunctionBody<'_>,
    ) -> Result<Function, Error> {
        let function = &self.types[self.types.core_function_at(self.function)];
        self.function += 1;
        let mut types = function.unwrap_func().params().to_vec();
        let parameters = types.len();
        for group in body.get_locals_reader()? {
            let (count, kind) = group?;
            types.resize(types.len() + count as usize, kind);
        }
        // How often each is used, and where first.
        let mut uses = vec![(Reverse(0), 0); types.len()];
        for operator in body.get_operators_reader()?.into_iter_with_offsets() {
            if let (
                Operator::LocalGet { local_index }
                | Operator::LocalSet { local_index }
                | Operator::LocalTee { local_index },
                place,
            ) = operator?
            {
                let (Reverse(count), first) = &mut uses[local_index as usize];
                if *count == 0 {
                    *first = place;
                }
                *count += 1;
            }
        }
        let mut order: Vec<usize> = (0..types.len()).collect();
        order[parameters..].sort_by_key(|&at| {
            let own = &types[parameters..];
            (own.iter().position(|kind| *kind == types[at]), uses[at])
        });
        self.now = vec![0; order.len()];
        for (new, &old) in (0..).zip(&order) {
            self.now[old] = new;
        }
        let own = order[parameters..].iter().map(|&at| types[at]).collect();
        Ok(Function::new_with_locals_types(self.val_types(own)?))
    }

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> Result<Instruction<'a>, Error> {
        let now = |old| self.now[old as usize];
        Ok(match operator {
            Operator::LocalGet { local_index } => Instruction::LocalGet(now(local_index)),
            Operator::LocalSet { local_index } => Instruction::LocalSet(now(local_index)),
            Operator::LocalTee { local_index } => Instruction::LocalTee(now(local_index)),
            other => utils::instruction(self, other)?,
        })
    }

    /// What a place in memory is a multiple of is a hint, and no browser takes it: it becomes the size
    /// of what is there.
    fn mem_arg(&mut self, place: wasmparser::MemArg) -> Result<MemArg, Error> {
        let align = place.max_align;
        utils::mem_arg(self, wasmparser::MemArg { align, ..place })
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        CodeSection, Function, FunctionSection, MemArg, MemorySection, MemoryType, Module,
        TypeSection, ValType,
    };

    use super::sort;

    /// A function of one parameter that has these variables, uses `one` once, then `two` twice and
    /// `long` once, and loads 4 bytes.
    fn program(
        variables: &[(u32, ValType)],
        [one, two, long]: [u32; 3],
        alignment: u32,
    ) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32], []);
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut function = Function::new(variables.to_vec());
        let mut code = function.instructions();
        code.local_get(one).local_get(0).i32_add().local_set(two);
        code.i64_const(0).local_set(long).local_get(two);
        code.i32_load(MemArg {
            offset: 5,
            align: alignment,
            memory_index: 0,
        });
        code.drop().end();
        let mut code = CodeSection::new();
        code.function(&function);
        let mut program = Module::new();
        program.section(&types).section(&functions);
        program.section(&memories).section(&code);
        program.finish()
    }

    #[test]
    fn of_each_type_the_most_used_variable_comes_first_and_parameters_stay() {
        let (i32, i64) = (ValType::I32, ValType::I64);
        let unsorted = program(&[(2, i32), (1, i64), (1, i32)], [1, 4, 3], 2);
        let sorted = program(&[(3, i32), (1, i64)], [2, 1, 4], 2);
        assert_eq!(sort(&unsorted).unwrap(), sorted);
        assert_eq!(sort(&sorted).unwrap(), sorted);
    }

    #[test]
    fn a_place_in_memory_has_the_alignment_of_what_is_there() {
        let variables = [(2, ValType::I32), (1, ValType::I64)];
        let natural = program(&variables, [2, 1, 3], 2);
        assert_eq!(sort(&program(&variables, [2, 1, 3], 0)).unwrap(), natural);
    }

    #[test]
    fn a_variable_that_is_not_there_is_an_error() {
        let refused = sort(&program(&[(1, ValType::I64)], [0, 2, 1], 2)).unwrap_err();
        assert!(refused.to_string().contains("unknown local 2"), "{refused}");
    }
}
