//! The statements that report how a function ends.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::expansion::{Expansion, local};
use crate::place::at;
use crate::source_text::source_text;

impl Expansion<'_> {
    /// Returns an expression that emits the ERROR event of a failure. Without a span, as below the level of a filter,
    /// the event names the computation itself.
    fn event(&self, span: &TokenStream) -> TokenStream {
        let (private, failure, target) = (&self.private, local("failure"), self.target());
        let (computation, reference) = (self.computation(), self.reference());
        let event = |fields: TokenStream| {
            quote!(#private::tracing::event!(
                name: #private::REPORT_NAME, target: #target, #private::tracing::Level::ERROR,
                #fields error = %#failure
            ))
        };
        let (inside, alone) = (event(quote!()), event(quote!(computation = #computation, #reference)));
        quote!(if (#span).is_disabled() { #alone } else { #inside })
    }

    /// Returns a statement that reports the outcome. A report gets a note with the path of its record.
    pub(crate) fn judge(&self, span: &TokenStream) -> TokenStream {
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
            let captured = self.capture_result(&success);
            tests.extend(quote!(let #shown = #captured;));
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
