//! Markup in the client's code, in yew's notation. yew's own macro writes all that makes an element
//! out where the element stands, some 300 bytes of the program each; this one calls a function of
//! `client/src/element.rs` for each thing there is to say of it.
//!
//! Components, and what is checked of their properties, are left to yew.

mod expand;
mod parse;

use parse::Node;
use proc_macro::TokenStream;

/// Markup, as yew's `html!` takes it, but for dynamic tags and properties of the DOM.
#[proc_macro]
pub fn html(input: TokenStream) -> TokenStream {
    let node = syn::parse_macro_input!(input as Node);
    expand::node(&node).into()
}
