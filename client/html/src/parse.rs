//! From tokens to nodes.

use proc_macro2::TokenStream;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Ident, Lit, Path, Token, braced, token};

/// A piece of markup.
pub(crate) enum Node {
    /// `<div class="a">…</div>`
    Element(Element),
    /// `<Avatar {name} />`
    Component(Component),
    /// `<>…</>`, or all there is between two braces.
    Fragment(Vec<Node>),
    /// `if condition { … } else { … }`
    If(Box<Expr>, Vec<Node>, Option<Box<Node>>),
    /// `{ for nodes }`
    Each(Expr),
    /// `{ expression }`; several statements, too.
    Value(TokenStream),
}

/// An element and what is in it.
pub(crate) struct Element {
    pub(crate) tag: Ident,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) children: Vec<Node>,
}

/// A component and what is in it.
pub(crate) struct Component {
    pub(crate) path: Path,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) children: Vec<Node>,
}

/// `name="text"`, `name={expression}`, or `{name}` for a variable of that name.
pub(crate) struct Attribute {
    /// Words, with hyphens between them.
    pub(crate) name: Vec<Ident>,
    pub(crate) value: Value,
}

/// What an attribute is.
pub(crate) enum Value {
    Literal(Lit),
    Expression(TokenStream),
}

impl Parse for Node {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.is_empty() {
            return Ok(Self::Fragment(Vec::new()));
        }
        if input.peek(Token![if]) {
            return condition(input);
        }
        if input.peek(token::Brace) {
            return block(input);
        }
        input.parse::<Token![<]>()?;
        if input.peek(Token![>]) {
            return fragment(input);
        }
        let name = input.fork().call(Ident::parse_any)?.to_string();
        if name.starts_with(char::is_uppercase) {
            component(input)
        } else {
            element(input)
        }
    }
}

fn element(input: ParseStream) -> syn::Result<Node> {
    let tag = input.call(Ident::parse_any)?;
    let attributes = attributes(input)?;
    let children = if is_closed(input)? {
        Vec::new()
    } else {
        let children = children(input)?;
        input.parse::<Token![<]>()?;
        input.parse::<Token![/]>()?;
        let end = input.call(Ident::parse_any)?;
        if end != tag {
            return Err(syn::Error::new(end.span(), format!("`{tag}` is open here")));
        }
        input.parse::<Token![>]>()?;
        children
    };
    Ok(Node::Element(Element {
        tag,
        attributes,
        children,
    }))
}

fn component(input: ParseStream) -> syn::Result<Node> {
    let path: Path = input.parse()?;
    let attributes = attributes(input)?;
    let children = if is_closed(input)? {
        Vec::new()
    } else {
        let children = children(input)?;
        input.parse::<Token![<]>()?;
        input.parse::<Token![/]>()?;
        input.parse::<Path>()?;
        input.parse::<Token![>]>()?;
        children
    };
    Ok(Node::Component(Component {
        path,
        attributes,
        children,
    }))
}

fn fragment(input: ParseStream) -> syn::Result<Node> {
    input.parse::<Token![>]>()?;
    let children = children(input)?;
    input.parse::<Token![<]>()?;
    input.parse::<Token![/]>()?;
    input.parse::<Token![>]>()?;
    Ok(Node::Fragment(children))
}

fn condition(input: ParseStream) -> syn::Result<Node> {
    input.parse::<Token![if]>()?;
    let condition = Expr::parse_without_eager_brace(input)?;
    let then = braced_children(input)?;
    let otherwise = if input.peek(Token![else]) {
        input.parse::<Token![else]>()?;
        Some(Box::new(if input.peek(Token![if]) {
            input.parse()?
        } else {
            Node::Fragment(braced_children(input)?)
        }))
    } else {
        None
    };
    Ok(Node::If(Box::new(condition), then, otherwise))
}

fn block(input: ParseStream) -> syn::Result<Node> {
    let content;
    braced!(content in input);
    if content.peek(Token![for]) {
        content.parse::<Token![for]>()?;
        return Ok(Node::Each(content.parse()?));
    }
    Ok(Node::Value(content.parse()?))
}

/// All up to the end of what they are in.
fn children(input: ParseStream) -> syn::Result<Vec<Node>> {
    let mut children = Vec::new();
    while !(input.is_empty() || input.peek(Token![<]) && input.peek2(Token![/])) {
        children.push(input.parse()?);
    }
    Ok(children)
}

fn braced_children(input: ParseStream) -> syn::Result<Vec<Node>> {
    let content;
    braced!(content in input);
    children(&content)
}

/// Whether a tag ends here with what it opens.
fn is_closed(input: ParseStream) -> syn::Result<bool> {
    let closed = input.parse::<Option<Token![/]>>()?.is_some();
    input.parse::<Token![>]>()?;
    Ok(closed)
}

fn attributes(input: ParseStream) -> syn::Result<Vec<Attribute>> {
    let mut attributes = Vec::new();
    while !input.peek(Token![>]) && !input.peek(Token![/]) {
        attributes.push(input.parse()?);
    }
    Ok(attributes)
}

impl Parse for Attribute {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.peek(token::Brace) {
            let content;
            braced!(content in input);
            let name: Ident = content.parse()?;
            return Ok(Self {
                value: Value::Expression(quote::quote!(#name)),
                name: vec![name],
            });
        }
        let mut name = vec![input.call(Ident::parse_any)?];
        while input.parse::<Option<Token![-]>>()?.is_some() {
            name.push(input.call(Ident::parse_any)?);
        }
        input.parse::<Token![=]>()?;
        let value = if input.peek(token::Brace) {
            let content;
            braced!(content in input);
            Value::Expression(content.parse()?)
        } else {
            Value::Literal(input.parse()?)
        };
        Ok(Self { name, value })
    }
}
