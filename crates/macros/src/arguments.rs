//! The arguments of a function that become parameters.

use proc_macro2::Span;
use quote::format_ident;
use syn::ext::IdentExt;
use syn::{Error, FnArg, Ident, Pat, Result, Signature, Type};

use crate::options::Options;

/// An argument, or a variable that the pattern of an argument binds.
pub(crate) struct Argument {
    pub(crate) variable: Ident,
    pub(crate) name: String,
    /// The local variable of the expansion that holds the argument for a failure.
    pub(crate) local: Ident,
}

/// Returns the arguments that the options do not skip. Fields of the same name take their place.
pub(crate) fn parameters(signature: &Signature, options: &Options) -> Result<Vec<Argument>> {
    let mut variables = Vec::new();
    for input in &signature.inputs {
        let FnArg::Typed(input) = input else { continue };
        let is_function = matches!(*input.ty, Type::BareFn(_));
        add_variables(&input.pat, is_function, &mut variables);
    }
    if let Some(unknown) = options.skip.iter().find(|skipped| !is_argument(signature, &variables, skipped)) {
        return Err(Error::new(unknown.span(), format!("the function has no argument `{unknown}`")));
    }
    let is_parameter = |variable: &Ident| {
        let name = variable.unraw().to_string();
        !options.skip_all && !options.skip.contains(variable) && options.fields.iter().all(|field| field.name != name)
    };
    let variables = variables.into_iter().filter(|(variable, is_function)| !is_function && is_parameter(variable));
    variables.enumerate().map(|(index, (variable, _))| argument(variable, index, options)).collect()
}

fn argument(variable: Ident, index: usize, options: &Options) -> Result<Argument> {
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
    Ok(Argument { variable, name, local })
}

fn is_argument(signature: &Signature, variables: &[(Ident, bool)], name: &Ident) -> bool {
    let is_receiver = name == "self" && signature.receiver().is_some();
    is_receiver || variables.iter().any(|(variable, _)| variable == name)
}

/// Adds the variables that a pattern binds.
fn add_variables(pattern: &Pat, is_function: bool, variables: &mut Vec<(Ident, bool)>) {
    let mut add = |pattern: &Pat| add_variables(pattern, is_function, variables);
    match pattern {
        Pat::Ident(binding) => {
            let is_constant = binding.ident.unraw().to_string().starts_with(char::is_uppercase);
            if !is_constant {
                variables.push((binding.ident.clone(), is_function));
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
