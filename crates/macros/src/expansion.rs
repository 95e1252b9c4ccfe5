//! The expansion of an annotated function.
//!
//! ```text
//! let span = tracing::span!(…);
//! let argument = ….keep_argument();                  // of each argument
//! let returned = run(&span, arguments, move || -> T { body });
//! match ….returned_failure() {                       // and the options none_is_failure, finite, fail_if
//!     None => succeed(&span, arguments),
//!     Some(failure) => fail(&span, arguments, &failure, &|| tracing::event!(…)),
//! }
//! returned
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Block, Error, ItemFn, Result, Signature, parse_quote};

use crate::arguments::{self, Argument};
use crate::options::{Level, Options};
use crate::place::at;
use crate::{exits, future, return_type};

/// Returns the function with its body inside the span of the computation.
pub(crate) fn expand(options: &Options, mut function: ItemFn) -> Result<TokenStream> {
    if let Some(constant) = &function.sig.constness {
        return Err(Error::new(constant.span, "a `const fn` cannot be a computation: remove `const`"));
    }
    let mut expansion = Expansion {
        options,
        arguments: arguments::parameters(&function.sig, options)?,
        name: function.sig.ident.unraw().to_string(),
        private: private(options),
    };
    let body = &mut *function.block;
    exits::mark(future::body_mut(body), &expansion.private, &local("exit"));
    if function.sig.asyncness.is_some() {
        let returns = !return_type::is_never(&function.sig.output);
        let future = expansion.of_future(&in_async_block(body, &function.sig), returns);
        *body = parse_quote!({ #future });
    } else if let Some((before, tail)) = future::split_tail(body) {
        expansion.arguments.retain(|argument| before.is_empty() || future::captures(tail, before, &argument.variable));
        let block = &tail.block;
        let future = expansion.of_future(&quote!(async move #block), true);
        tail.block = parse_quote!({ #future });
    } else {
        let returns = !return_type::is_never(&function.sig.output);
        let end = body.stmts.last().map_or_else(|| body.span(), Spanned::span);
        let call = expansion.of_closure(&in_closure(body, &function.sig), returns.then_some(end));
        *body = parse_quote!({ #call });
    }
    Ok(function.into_token_stream())
}

/// Returns the path of the items that the expansion uses.
fn private(options: &Options) -> TokenStream {
    match &options.library {
        Some(library) => quote!(#library::__private),
        None => quote!(::tracing_failure::__private),
    }
}

/// Returns a closure with this body. A `return` and a `?` leave the closure.
///
/// The tokens have the place of the function, so that the compiler reports errors of the body there, with the names of
/// the arguments.
fn in_closure(body: &Block, signature: &Signature) -> TokenStream {
    let output = return_type::nameable(signature);
    quote_spanned!(signature.fn_token.span=> move || -> #output #body)
}

/// Returns an `async` block with this body. A `return` that never runs tells its type to the compiler.
fn in_async_block(body: &Block, signature: &Signature) -> TokenStream {
    let statements = &body.stmts;
    if return_type::is_never(&signature.output) {
        return quote_spanned!(signature.fn_token.span=> async move { #(#statements)* });
    }
    let output = return_type::nameable(signature);
    let returned = local("returned");
    let typed = quote_spanned! {Span::mixed_site().located_at(output.span())=>
        #[allow(unknown_lints, unreachable_code, clippy::all, clippy::pedantic, clippy::restriction)]
        if false {
            let #returned: #output = loop {};
            return #returned;
        }
    };
    quote_spanned!(signature.fn_token.span=> async move { #typed #(#statements)* })
}

/// The parts of an annotated function from which its expansion is made.
pub(crate) struct Expansion<'a> {
    pub(crate) options: &'a Options,
    pub(crate) arguments: Vec<Argument>,
    /// The name of the function.
    name: String,
    /// The path of the items that the expansion uses.
    pub(crate) private: TokenStream,
}

/// Returns a variable of the expansion, which the body cannot see.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(&format!("__tracing_failure_{name}"), Span::mixed_site())
}

impl Expansion<'_> {
    /// Returns the body of a function that calls the closure, and returns its value at this place if it returns.
    fn of_closure(&self, closure: &TokenStream, end: Option<Span>) -> TokenStream {
        let (private, span, returned) = (&self.private, local("span"), local("returned"));
        let (conditional, open, capture) = (self.conditional(), self.span(), self.capture_arguments());
        let (list, arguments, exit) = (self.list_arguments(), local("arguments"), self.exit());
        let opened = quote!(#conditional let #span = #open; #exit #capture #list);
        let call = quote!(#private::run(&#span, #arguments, #closure));
        let Some(end) = end else { return quote!(#opened #call) };
        let value = at(end, &returned.to_token_stream());
        let judge = self.judge(&quote!(&#span));
        // The value of a `?` is the argument of a call here, also if it is `()`.
        quote! {
            #opened
            #[allow(unknown_lints, clippy::unit_arg)]
            let #returned = #call;
            #judge
            #value
        }
    }

    /// Returns the body of an `async` function that awaits the future.
    fn of_future(&self, future: &TokenStream, returns: bool) -> TokenStream {
        let (private, call, body, exit) = (&self.private, local("call"), local("body"), self.exit());
        let (context, returned) = (local("context"), local("returned"));
        let (conditional, open, capture) = (self.conditional(), self.span(), self.capture_arguments());
        let (list, arguments, judge) = (self.list_arguments(), local("arguments"), self.judge(&quote!(#call.span())));
        let ready = if returns {
            quote!(::core::task::Poll::Ready(#returned) => { #judge ::core::task::Poll::Ready(#returned) })
        } else {
            quote!(#[allow(unreachable_patterns)] ::core::task::Poll::Ready(_) => ::core::unreachable!())
        };
        quote! {
            #conditional
            let mut #call = #private::AsyncCall::new(#open);
            #exit
            #capture
            #[allow(unknown_lints, clippy::unit_arg)]
            let mut #body = ::core::pin::pin!(
                #private::tracing::Instrument::instrument(#future, ::core::clone::Clone::clone(#call.span()))
            );
            ::core::future::poll_fn(move |#context| {
                #list
                match #call.poll(#arguments, #body.as_mut(), #context) {
                    ::core::task::Poll::Pending => ::core::task::Poll::Pending,
                    #ready
                }
            }).await
        }
    }

    /// Returns the span of the computation.
    fn span(&self) -> TokenStream {
        let Expansion { options, private, name, .. } = self;
        let level = match &options.level {
            Some(Level::Named(level)) => quote!(#private::tracing::Level::#level),
            Some(Level::Path(path)) => path.to_token_stream(),
            None => quote!(#private::tracing::Level::INFO),
        };
        let target = self.target();
        let parent = options.parent.as_ref().map(|parent| quote!(parent: #parent,));
        let (computation, reference) = (self.computation(), self.reference());
        let category = options.category.as_ref().map(|category| quote!(category = #category,));
        let arguments = self
            .arguments
            .iter()
            .map(|argument| (&argument.name, argument.reference()))
            .map(|(name, reference)| quote!(#name = (&&#private::SpanField(#reference)).span_field(),));
        let fields = &options.fields;
        let follows_from = options.follows_from.as_ref().map(|causes| {
            let (span, cause) = (local("span"), local("cause"));
            quote!(#[allow(for_loops_over_fallibles)] for #cause in #causes { #span.follows_from(#cause); })
        });
        let span = local("span");
        quote!(#private::in_own_frame(|| {
            use #private::{EmptyField as _, FieldOfValue as _};
            #[allow(unknown_lints, clippy::used_underscore_binding)]
            let #span = #private::tracing::span!(
                target: #target, #parent #level, #name,
                computation = #computation, #reference #category #(#arguments)* #(#fields,)*
            );
            #follows_from
            #span
        }))
    }

    /// Returns the variable that stores the line of the last exit.
    fn exit(&self) -> TokenStream {
        let (private, exit) = (&self.private, local("exit"));
        quote!(let #exit = &#private::ExitLine::new();)
    }

    /// Returns statements that declare the arguments that exist in some configurations only.
    fn conditional(&self) -> TokenStream {
        let private = &self.private;
        let conditional = self.arguments.iter().filter(|argument| !argument.conditions.is_empty());
        let declarations = conditional.map(|Argument { variable, local, conditions, .. }| {
            quote! {
                #[cfg(all(#(#conditions),*))]
                let #local = &#variable;
                #[cfg(not(all(#(#conditions),*)))]
                let #local = &#private::NoValue;
            }
        });
        quote!(#(#declarations)*)
    }

    pub(crate) fn target(&self) -> TokenStream {
        self.options.target.as_ref().map_or_else(|| quote!(::core::module_path!()), ToTokens::to_token_stream)
    }

    pub(crate) fn computation(&self) -> TokenStream {
        let name = &self.name;
        self.options.name.as_ref().map_or_else(|| quote!(#name), ToTokens::to_token_stream)
    }

    pub(crate) fn reference(&self) -> Option<TokenStream> {
        self.options.theoretical_ref.as_ref().map(|reference| quote!(theoretical_ref = #reference,))
    }
}
