//! The return type of a function, for the closure or the `async` block that contains its body.

use syn::visit_mut::{VisitMut, visit_type_mut};
use syn::{ReturnType, Token, Type, TypeInfer};

/// Returns the type with `_` in place of each `impl Trait`, which a closure cannot name. Returns `None` for `()` and
/// `!`.
pub(crate) fn nameable(output: &ReturnType) -> Option<Type> {
    let ReturnType::Type(_, output) = output else { return None };
    if matches!(**output, Type::Never(_)) {
        return None;
    }
    let mut output = (**output).clone();
    InferImplTrait.visit_type_mut(&mut output);
    Some(output)
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
