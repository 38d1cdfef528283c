//! From nodes to the calls that make them.

use crate::parse::{Attribute, Component, Element, Node, Value};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{Error, Lit};

/// An expression whose value is the node.
pub(crate) fn node(node: &Node) -> TokenStream {
    match node {
        Node::Element(element) => self::element(element),
        Node::Component(component) => self::component(component),
        Node::Fragment(children) => fragment(children),
        Node::If(condition, then, otherwise) => {
            let then = fragment(then);
            let otherwise = otherwise.as_ref().map_or_else(nothing, |it| self::node(it));
            quote!(if #condition { #then } else { #otherwise })
        }
        Node::Each(_) | Node::Value(_) => fragment(std::slice::from_ref(node)),
    }
}

fn nothing() -> TokenStream {
    quote!(<::yew::Html as ::std::default::Default>::default())
}

fn fragment(children: &[Node]) -> TokenStream {
    match children {
        [] => nothing(),
        [node @ (Node::Element(_) | Node::Component(_) | Node::If(..))] => self::node(node),
        _ => {
            let children = children.iter().map(child);
            quote!(::tidings_client::element::Element::fragment() #(#children)* .html())
        }
    }
}

/// The call that puts the node into an element.
fn child(node: &Node) -> TokenStream {
    match node {
        Node::Value(value) => quote!(.child({ #value })),
        Node::Each(nodes) => quote!(.children(#nodes)),
        Node::Element(element) => {
            let element = unfinished(element);
            quote!(.element(#element))
        }
        _ => {
            let node = self::node(node);
            quote!(.node(#node))
        }
    }
}

fn element(element: &Element) -> TokenStream {
    let element = unfinished(element);
    quote!(#element.html())
}

/// An expression whose value is all that is said of the element: a text with what is known of it by
/// now, as `client/src/element/shape.rs` reads it, and the rest by calls.
fn unfinished(element: &Element) -> TokenStream {
    let tag = element.tag.unraw_text();
    let (mut known, mut later) = (Vec::new(), Vec::new());
    let mut calls = Vec::new();
    for attribute in &element.attributes {
        let name = attribute.text();
        match &attribute.value {
            _ if attribute.is_special(&tag) => calls.push(attribute.call()),
            Value::Literal(Lit::Bool(flag)) if flag.value => known.push(format!("{name}={name}")),
            Value::Literal(Lit::Bool(_)) => {}
            Value::Literal(Lit::Str(text)) if !text.value().contains('\n') => {
                known.push(format!("{name}={}", text.value()));
            }
            Value::Literal(other) => {
                let words = "an attribute is a text of one line, true or false";
                let error = Error::new_spanned(other, words).to_compile_error();
                calls.push(quote!(.attribute({ #error })));
            }
            Value::Expression(value) => {
                later.push(name);
                calls.push(quote!(.attribute({ #value })));
            }
        }
    }
    let shape: Vec<String> = [tag].into_iter().chain(known).chain(later).collect();
    let shape = shape.join("\n");
    let children = element.children.iter().map(child);
    quote!(::tidings_client::element::Element::new(#shape) #(#calls)* #(#children)*)
}

fn component(component: &Component) -> TokenStream {
    let Component {
        path,
        attributes,
        children,
    } = component;
    let mut key = quote!(::std::option::Option::None);
    let mut properties = Vec::new();
    for attribute in attributes {
        let (name, value) = (&attribute.name[0], attribute.value());
        if name == "key" {
            key = quote!(::std::option::Option::Some(::std::convert::Into::into(#value)));
        } else {
            properties.push(quote!(#name: ::yew::html::IntoPropValue::into_prop_value(#value)));
        }
    }
    if !children.is_empty() {
        let children = fragment(children);
        properties.push(quote!(children: #children));
    }
    quote!({
        type Properties = <#path as ::tidings_client::component::Shown>::Properties;
        <#path as ::tidings_client::component::Shown>::node(
            Properties { #(#properties),* },
            #key,
        )
    })
}

impl Attribute {
    fn text(&self) -> String {
        let words: Vec<String> = self.name.iter().map(Text::unraw_text).collect();
        words.join("-")
    }

    /// Whether it is none of the attributes that are set on the DOM's element as they are.
    fn is_special(&self, tag: &str) -> bool {
        let name = self.text();
        match &*name {
            "key" | "ref" => true,
            "value" | "checked" => tag == "input",
            "defaultvalue" => tag == "textarea",
            _ => name.starts_with("on"),
        }
    }

    /// The call of what is named as it is.
    fn call(&self) -> TokenStream {
        let value = self.value();
        let name = match &*self.text() {
            "ref" => quote!(node_ref),
            _ => self.name[0].to_token_stream(),
        };
        quote!(.#name(#value))
    }

    /// The expression that it is.
    fn value(&self) -> TokenStream {
        match &self.value {
            Value::Literal(literal) => literal.to_token_stream(),
            Value::Expression(value) => quote!({ #value }),
        }
    }
}

/// What a word is in HTML.
trait Text {
    fn unraw_text(&self) -> String;
}

impl Text for Ident {
    fn unraw_text(&self) -> String {
        syn::ext::IdentExt::unraw(self).to_string()
    }
}
