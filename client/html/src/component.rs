//! Components that are functions.

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Error, FnArg, ItemFn, PatType, Token, Type};

/// A type of the function's name, which shows what the function returns.
pub(crate) fn expand(function: &ItemFn) -> syn::Result<TokenStream> {
    let ItemFn {
        attrs,
        vis,
        sig,
        block,
    } = function;
    let (name, arguments, returned) = (&sig.ident, &sig.inputs, &sig.output);
    let (properties, given) = if arguments.is_empty() {
        (quote!(()), quote!())
    } else {
        let words = "a component takes nothing but a reference to its properties";
        let properties = properties(arguments).ok_or_else(|| Error::new_spanned(sig, words))?;
        (quote!(#properties), quote!(properties))
    };
    Ok(quote! {
        #(#attrs)*
        #[derive(Debug)]
        #vis struct #name;

        impl ::tidings_client::component::Component for #name {
            type Properties = #properties;

            const NAME: &'static str = concat!("\0", stringify!(#name));

            fn html(
                context: &mut ::yew::functional::HookContext,
                properties: &Self::Properties,
            ) -> ::yew::Html {
                #[::yew::hook]
                fn use_html(#arguments) #returned #block

                let _ = properties;
                ::yew::functional::Hook::run(use_html(#given), context)
            }
        }
    })
}

fn properties(arguments: &Punctuated<FnArg, Token![,]>) -> Option<&Type> {
    match arguments.first() {
        Some(FnArg::Typed(PatType { ty, .. })) if arguments.len() == 1 => match &**ty {
            Type::Reference(reference) => Some(&reference.elem),
            _ => None,
        },
        _ => None,
    }
}
