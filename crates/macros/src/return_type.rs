//! The return type of a function, for the closure or the `async` block that contains its body.

use syn::visit_mut::{VisitMut, visit_type_mut};
use syn::{ReturnType, Token, Type, TypeInfer, parse_quote};

/// Returns the type with `_` in place of each `impl Trait`, which a closure cannot name.
pub(crate) fn nameable(output: &ReturnType) -> Type {
    let ReturnType::Type(_, output) = output else { return parse_quote!(()) };
    let mut output = (**output).clone();
    InferImplTrait.visit_type_mut(&mut output);
    output
}

/// Returns true for a function that does not return.
pub(crate) fn is_never(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, output) if matches!(**output, Type::Never(_)))
}

struct InferImplTrait;

impl VisitMut for InferImplTrait {
    fn visit_type_mut(&mut self, r#type: &mut Type) {
        if let Type::ImplTrait(_) = r#type {
            *r#type = Type::Infer(TypeInfer { underscore_token: <Token![_]>::default() });
        }
        visit_type_mut(self, r#type);
    }
}
