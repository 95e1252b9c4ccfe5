//! The expansion of an annotated function.
//!
//! ```text
//! let span = tracing::span!(…);
//! let argument = …keep();                                    // of each argument that is no field of the span
//! let returned = run(&span, &[…], move || -> T { body });
//! match (…Returned(&returned)).returned_failure() {                   // and the options none_is_failure, fail_if, finite
//!     None => succeed(&span),
//!     Some(failure) => fail(&span, &[…], &failure, &|| tracing::event!(…)),
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
use crate::source_text::source_text;
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

struct Expansion<'a> {
    options: &'a Options,
    arguments: Vec<Argument>,
    /// The name of the function.
    name: String,
    private: TokenStream,
}

/// Returns a variable of the expansion, which the body cannot see.
fn local(name: &str) -> Ident {
    Ident::new(&format!("__tracing_failure_{name}"), Span::mixed_site())
}

impl Expansion<'_> {
    /// Returns the body of a function that calls the closure, and returns its value at this place if it returns.
    fn of_closure(&self, closure: &TokenStream, end: Option<Span>) -> TokenStream {
        let (private, span, returned) = (&self.private, local("span"), local("returned"));
        let (conditional, open, keep) = (self.conditional(), self.span(), self.keep());
        let (list, arguments, exit) = (self.list_arguments(), local("arguments"), self.exit());
        let opened = quote!(#conditional let #span = #open; #exit #keep #list);
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
        let (conditional, open, keep) = (self.conditional(), self.span(), self.keep());
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
            #keep
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

    fn target(&self) -> TokenStream {
        self.options.target.as_ref().map_or_else(|| quote!(::core::module_path!()), ToTokens::to_token_stream)
    }

    /// Returns statements that keep or summarise the arguments.
    fn keep(&self) -> TokenStream {
        let arguments = self.arguments.iter().map(|argument| {
            let (local, kept) = (&argument.local, self.kept(&argument.reference()));
            quote! {
                #[allow(unknown_lints, clippy::used_underscore_binding)]
                let #local = #kept;
            }
        });
        quote!(#(#arguments)*)
    }

    /// Returns an expression that keeps or summarises the value of a reference.
    fn kept(&self, reference: &TokenStream) -> TokenStream {
        let private = &self.private;
        self.selected(&quote!(&&&&&&&&&&&#private::ArgumentValue(#reference)))
    }

    /// Returns an expression that keeps a returned value. It has two references less than that of an argument, so that
    /// the selection passes over the values that are fields of the span.
    fn kept_result(&self, variable: &Ident) -> TokenStream {
        let private = &self.private;
        self.selected(&quote!(&&&&&&&&&#private::ArgumentValue(&#variable)))
    }

    fn selected(&self, value: &TokenStream) -> TokenStream {
        let private = &self.private;
        quote!({
            use #private::{
                KeepCollection as _, KeepDebug as _, KeepHandle as _, KeepLockable as _, KeepNothing as _,
                KeepPlainData as _, KeepSerialize as _, KeepSpanField as _, KeepSummary as _, KeepUnreadDebug as _,
                KeepUnreadSerialize as _,
            };
            (#value).keep_argument()
        })
    }

    /// Returns statements that list the arguments, if any of them is no field of the span.
    fn list_arguments(&self) -> TokenStream {
        let (private, list, all) = (&self.private, local("arguments"), local("all_arguments"));
        if self.arguments.is_empty() {
            return quote!(let #list: &[#private::CallArgument<'_>] = &[];);
        }
        let are_empty =
            self.arguments.iter().map(|Argument { local, .. }| quote!(#private::Capture::is_empty(&#local)));
        let arguments = self
            .arguments
            .iter()
            .map(|Argument { name, local, .. }| quote!(#private::CallArgument::new(#name, &#local)));
        quote! {
            let #all;
            let #list: &[#private::CallArgument<'_>] = if #(#are_empty)&&* {
                &[]
            } else {
                #all = [#(#arguments),*];
                &#all
            };
        }
    }

    /// Returns an expression that emits the ERROR event of a failure. Without a span, as below the level of a filter, the
    /// event names the computation itself.
    fn event(&self, span: &TokenStream) -> TokenStream {
        let (private, failure, target) = (&self.private, local("failure"), self.target());
        let (computation, reference) = (self.computation(), self.reference());
        let event = |fields: TokenStream| {
            quote!(#private::tracing::event!(
                name: "computation failed", target: #target, #private::tracing::Level::ERROR,
                #fields error = %#failure
            ))
        };
        let (inside, alone) = (event(quote!()), event(quote!(computation = #computation, #reference)));
        quote!(if (#span).is_disabled() { #alone } else { #inside })
    }

    fn computation(&self) -> TokenStream {
        let name = &self.name;
        self.options.name.as_ref().map_or_else(|| quote!(#name), ToTokens::to_token_stream)
    }

    fn reference(&self) -> Option<TokenStream> {
        self.options.theoretical_ref.as_ref().map(|reference| quote!(theoretical_ref = #reference,))
    }

    /// Returns a statement that reports the outcome. A report gets a note with the path of its record.
    fn judge(&self, span: &TokenStream) -> TokenStream {
        let (private, returned, failure) = (&self.private, local("returned"), local("failure"));
        let exit = local("exit");
        let (arguments, event, tests) = (local("arguments"), self.event(span), self.tests());
        let has_failed = quote!(#private::in_own_frame(|| {
            use #private::{
                FailByDebug as _, FailByDisplay as _, FailByError as _, FailByPayload as _, FailByReport as _,
                FailBySentBox as _, FailBySharedBox as _, FailByType as _, NeverFail as _, SucceedItself as _,
                SucceedWithin as _,
            };
            let #failure = (&&&&&&&&&#private::Returned(&#returned)).returned_failure();
            #tests
            match #failure {
                ::core::option::Option::None => {
                    #private::succeed(#span, #arguments);
                    false
                }
                ::core::option::Option::Some(#failure) => {
                    let #failure = #failure.at(#exit);
                    #private::fail(#span, #arguments, &#failure, &|| {
                        #event
                    });
                    true
                }
            }
        }));
        quote! {
            let #returned = if #has_failed {
                use #private::WithoutNote as _;
                #private::FailedResult(#returned).with_record_note()
            } else {
                #returned
            };
        }
    }

    /// Returns the tests of the options `none_is_failure`, `finite` and `fail_if`, in this order.
    fn tests(&self) -> TokenStream {
        let Expansion { options, private, .. } = self;
        let (returned, failure, success) = (local("returned"), local("failure"), local("success"));
        let exit = local("exit");
        let mut tests = TokenStream::new();
        if options.finite.is_some() || options.fail_if.is_some() {
            tests.extend(quote!(let #success = (&&#private::Returned(&#returned)).returned_success();));
        }
        let shown = local("shown");
        if options.fail_if.is_some() {
            let kept = self.kept_result(&success);
            tests.extend(quote!(let #shown = #kept;));
        }
        let none_is_failure =
            options.none_is_failure.map(|place| at(place, &quote!(#private::none_is_failure(&#returned))));
        let finite = options.finite.map(|place| {
            let site = quote!(#private::CheckSite {
                file: ::core::file!(), line: #exit.line_or(::core::line!()), module: ::core::module_path!(),
            });
            at(place, &quote!(#private::not_finite(#success, #site)))
        });
        let fail_if = options.fail_if.as_ref().map(|predicate| {
            let text = source_text(predicate.to_token_stream());
            let call = at(predicate.span(), &quote!(#private::fail_if));
            let shown = quote!(#text, &#shown);
            let arguments = quote_spanned!(predicate.span()=> (#success, #predicate, #shown));
            quote!(#call #arguments)
        });
        for test in [none_is_failure, finite, fail_if].into_iter().flatten() {
            tests.extend(quote! {
                let #failure = match #failure {
                    ::core::option::Option::None => #test,
                    #failure => #failure,
                };
            });
        }
        tests
    }
}
