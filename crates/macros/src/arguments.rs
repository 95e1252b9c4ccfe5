//! The arguments of a function that become parameters.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Error, FnArg, Ident, Meta, Pat, Result, Signature, Type};

use crate::options::Options;

/// An argument, or a variable that the pattern of an argument binds.
pub(crate) struct Argument {
    pub(crate) variable: Ident,
    pub(crate) name: String,
    /// The local variable of the expansion that holds the argument for a failure.
    pub(crate) local: Ident,
    /// The `cfg` attributes without which the argument does not exist.
    pub(crate) conditions: Vec<Meta>,
}

impl Argument {
    /// Returns a reference to the value on entry.
    pub(crate) fn reference(&self) -> TokenStream {
        let Argument { variable, local, conditions, .. } = self;
        if conditions.is_empty() { quote!(&#variable) } else { quote!(#local) }
    }
}

/// Returns the arguments that the options do not skip. Fields of the same name take their place.
pub(crate) fn parameters(signature: &Signature, options: &Options) -> Result<Vec<Argument>> {
    let mut variables = Vec::new();
    for input in &signature.inputs {
        let FnArg::Typed(input) = input else { continue };
        let is_function = matches!(*input.ty, Type::BareFn(_));
        let mut bound = Vec::new();
        add_variables(&input.pat, &mut bound);
        variables.extend(bound.into_iter().map(|variable| Variable {
            variable,
            is_function,
            attributes: &input.attrs,
        }));
    }
    if let Some(unknown) = options.skip.iter().find(|skipped| !is_argument(signature, &variables, skipped)) {
        return Err(Error::new(unknown.span(), format!("the function has no argument `{unknown}`")));
    }
    let is_parameter = |variable: &Ident| {
        let name = variable.unraw().to_string();
        !options.skip_all && !options.skip.contains(variable) && options.fields.iter().all(|field| field.name != name)
    };
    let parameters = variables.into_iter().filter(|bound| !bound.is_function && is_parameter(&bound.variable));
    parameters.enumerate().map(|(index, bound)| argument(bound, index, options)).collect()
}

/// A variable that the pattern of an argument binds.
struct Variable<'a> {
    variable: Ident,
    is_function: bool,
    attributes: &'a [Attribute],
}

fn argument(bound: Variable<'_>, index: usize, options: &Options) -> Result<Argument> {
    let variable = bound.variable;
    let name = variable.unraw().to_string();
    let is_taken = match name.as_str() {
        "computation" | "theoretical_ref" => true,
        "category" => options.category.is_some(),
        _ => false,
    };
    if is_taken {
        let message = format!("the span has a field `{name}` already: rename the argument, or add `skip({name})`");
        return Err(Error::new(variable.span(), message));
    }
    let local = format_ident!("__tracing_failure_argument_{}", index, span = Span::mixed_site());
    let conditions = bound.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    let conditions = conditions.filter_map(|attribute| attribute.parse_args().ok()).collect();
    Ok(Argument { variable, name, local, conditions })
}

fn is_argument(signature: &Signature, variables: &[Variable<'_>], name: &Ident) -> bool {
    let is_receiver = name == "self" && signature.receiver().is_some();
    is_receiver || variables.iter().any(|bound| bound.variable == *name)
}

/// Adds the variables that a pattern binds.
pub(crate) fn add_variables(pattern: &Pat, variables: &mut Vec<Ident>) {
    let mut add = |pattern: &Pat| add_variables(pattern, variables);
    match pattern {
        Pat::Ident(binding) => {
            let is_constant = binding.ident.unraw().to_string().starts_with(char::is_uppercase);
            if !is_constant {
                variables.push(binding.ident.clone());
            }
            if let Some((_, inner)) = &binding.subpat {
                add_variables(inner, variables);
            }
        }
        Pat::Paren(inner) => add(&inner.pat),
        Pat::Reference(inner) => add(&inner.pat),
        Pat::Slice(inner) => inner.elems.iter().for_each(add),
        Pat::Tuple(inner) => inner.elems.iter().for_each(add),
        Pat::TupleStruct(inner) => inner.elems.iter().for_each(add),
        Pat::Struct(inner) => inner.fields.iter().for_each(|field| add(&field.pat)),
        Pat::Type(inner) => add(&inner.pat),
        _ => {}
    }
}
