//! Markup in the client's code, in yew's notation. yew's own macro writes all that makes an element
//! out where the element stands, some 300 bytes of the program each; this one calls a function of
//! `client/src/element.rs` for each thing there is to say of it.
//!
//! A component's properties are a struct without defaults, which the compiler checks.

mod component;
mod expand;
mod parse;

use parse::Node;
use proc_macro::TokenStream;

/// Makes a function a component, as yew's `#[component]` does, but one of those that share what yew
/// has for each: see `client/src/component.rs`.
#[proc_macro_attribute]
pub fn component(_arguments: TokenStream, function: TokenStream) -> TokenStream {
    let function = syn::parse_macro_input!(function as syn::ItemFn);
    component::expand(&function)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Markup, as yew's `html!` takes it, but for dynamic tags and properties of the DOM.
#[proc_macro]
pub fn html(input: TokenStream) -> TokenStream {
    let node = syn::parse_macro_input!(input as Node);
    expand::node(&node).into()
}
