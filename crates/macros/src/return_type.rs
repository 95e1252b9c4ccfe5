//! The return type of a function, for the closure or the `async` block that contains its body.

use proc_macro2::Span;
use syn::visit_mut::{VisitMut, visit_type_mut};
use syn::{ReturnType, Signature, Token, Type, TypeInfer, parse_quote_spanned};

/// Returns the return type with `_` in place of each `impl Trait`, which a closure cannot name.
pub(crate) fn nameable(signature: &Signature) -> Type {
    let ReturnType::Type(_, output) = &signature.output else {
        return parse_quote_spanned!(signature.ident.span().resolved_at(Span::mixed_site())=> ());
    };
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
        if let Type::ImplTrait(opaque) = r#type {
            *r#type = Type::Infer(TypeInfer { underscore_token: Token![_](opaque.impl_token.span) });
        }
        visit_type_mut(self, r#type);
    }
}
