//! The statements that keep the arguments of a function, and list them for the recorder.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::arguments::Argument;
use crate::expansion::{Expansion, local};

impl Expansion<'_> {
    /// Returns statements that keep or summarise the arguments.
    pub(crate) fn capture_arguments(&self) -> TokenStream {
        let arguments = self.arguments.iter().map(|argument| {
            let (local, captured) = (&argument.local, self.capture_argument(&argument.reference()));
            quote! {
                #[allow(unknown_lints, clippy::used_underscore_binding)]
                let #local = #captured;
            }
        });
        quote!(#(#arguments)*)
    }

    /// Returns an expression that keeps or summarises the value of a reference.
    fn capture_argument(&self, reference: &TokenStream) -> TokenStream {
        let private = &self.private;
        self.select(&quote!(&&&&&&&&&&&#private::ArgumentValue(#reference)))
    }

    /// Returns an expression that keeps a returned value. It has two references less than that of an argument, so that
    /// the selection passes over the values that are fields of the span.
    pub(crate) fn capture_result(&self, variable: &Ident) -> TokenStream {
        let private = &self.private;
        self.select(&quote!(&&&&&&&&&#private::ArgumentValue(&#variable)))
    }

    fn select(&self, value: &TokenStream) -> TokenStream {
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
    pub(crate) fn list_arguments(&self) -> TokenStream {
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
}
