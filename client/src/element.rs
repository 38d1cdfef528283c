//! Elements, put together by calls, of which `html!` writes one for each thing there is to say.
//!
//! That these are not written out where they are called is what they are for: there are hundreds of
//! such places.

mod shape;

use crate::component::UNNAMED;
use shape::Shape;
use std::rc::Rc;
use web_sys::{Event, FocusEvent, InputEvent, KeyboardEvent, MouseEvent, SubmitEvent};
use yew::html::{IntoEventCallback, IntoPropValue};
use yew::virtual_dom::{
    AttrValue, AttributeOrProperty, Attributes, FullyKeyedState, Key, Listener, Listeners, VList,
    VNode, VTag, VText,
};
use yew::{Callback, Html, NodeRef};

pub use tidings_html::html;

/// An element to be.
#[must_use]
pub struct Element(Box<Parts>);

struct Parts {
    shape: Shape,
    /// The values of all attributes, unless all are known.
    values: Vec<Option<AttributeOrProperty>>,
    listeners: Vec<Option<Rc<dyn Listener>>>,
    node_ref: NodeRef,
    key: Option<Key>,
    value: Option<AttrValue>,
    checked: Option<bool>,
    children: Vec<VNode>,
    /// Whether these may be another number the next time.
    any_number: bool,
}

impl Element {
    /// One of this shape, which `html!` writes; the values that it leaves open follow by
    /// [`Element::attribute`].
    #[inline(never)]
    pub fn new(shape: &'static str) -> Self {
        let shape = Shape::of(shape);
        let mut values = Vec::with_capacity(shape.names.len());
        if !shape.names.is_empty() {
            values.extend(shape.known.iter().map(|(_, value)| Some(value.clone())));
        }
        Self(Box::new(Parts {
            shape,
            values,
            listeners: Vec::new(),
            node_ref: NodeRef::default(),
            key: None,
            value: None,
            checked: None,
            children: Vec::new(),
            any_number: false,
        }))
    }

    /// What has children and is no element.
    #[inline(never)]
    pub fn fragment() -> Self {
        Self::new("")
    }

    /// The value of the next attribute.
    pub fn attribute(self, value: impl Attribute) -> Self {
        value.set(self)
    }

    #[inline(never)]
    fn set(mut self, value: Option<AttrValue>) -> Self {
        (self.0.values).push(value.map(AttributeOrProperty::Attribute));
        self
    }

    /// By what the element is known among its siblings.
    pub fn key(mut self, key: impl Into<Key>) -> Self {
        self.0.key = Some(key.into());
        self
    }

    /// What is to refer to the element once it is there.
    pub fn node_ref(mut self, node_ref: impl IntoPropValue<NodeRef>) -> Self {
        self.0.node_ref = node_ref.into_prop_value();
        self
    }

    /// What the field holds at first, or is sent for it.
    pub fn value(mut self, value: impl IntoPropValue<AttrValue>) -> Self {
        self.0.value = Some(value.into_prop_value());
        self
    }

    /// What the text field holds at first.
    pub fn defaultvalue(self, value: impl IntoPropValue<AttrValue>) -> Self {
        self.value(value)
    }

    /// Whether the box is checked.
    #[inline(never)]
    pub fn checked(mut self, checked: bool) -> Self {
        self.0.checked = Some(checked);
        self
    }

    #[inline(never)]
    fn listen(mut self, listener: Rc<dyn Listener>) -> Self {
        self.0.listeners.push(Some(listener));
        self
    }

    /// The next child.
    pub fn child(self, child: impl Child) -> Self {
        child.put(self)
    }

    /// The next child, as it is.
    #[inline(never)]
    pub fn node(mut self, node: Html) -> Self {
        self.0.children.push(node);
        self
    }

    /// The next child, which is an element.
    #[inline(never)]
    pub fn element(self, element: Self) -> Self {
        self.node(element.html())
    }

    /// The next children, as many as there happen to be.
    pub fn children<T: Child>(self, children: impl IntoIterator<Item = T>) -> Self {
        children
            .into_iter()
            .fold(self.any_number(), |element, child| child.put(element))
    }

    #[inline(never)]
    fn any_number(mut self) -> Self {
        self.0.any_number = true;
        self
    }

    /// The element.
    #[inline(never)]
    pub fn html(self) -> Html {
        let mut parts = self.0;
        let children = match parts.children.len() {
            0 => VNode::default(),
            // Where a list is followed by a node that is none, yew makes that one anew.
            1 if !parts.any_number => parts.children.remove(0),
            _ => list(parts.children),
        };
        let attributes = if parts.shape.names.is_empty() {
            Attributes::Static(parts.shape.known)
        } else {
            Attributes::Dynamic {
                keys: parts.shape.names,
                values: parts.values.into_boxed_slice(),
            }
        };
        let listeners = if parts.listeners.is_empty() {
            Listeners::None
        } else {
            Listeners::Pending(parts.listeners.into_boxed_slice())
        };
        let (node_ref, key) = (parts.node_ref, parts.key);
        let tag = match parts.shape.tag {
            "" => return children,
            "input" => VTag::__new_input(
                parts.value,
                parts.checked,
                node_ref,
                key,
                attributes,
                listeners,
            ),
            "textarea" => {
                VTag::__new_textarea(None, parts.value, node_ref, key, attributes, listeners)
            }
            tag => VTag::__new_other(
                AttrValue::Static(tag),
                node_ref,
                key,
                attributes,
                listeners,
                children,
            ),
        };
        tag.into()
    }
}

fn list(children: Vec<VNode>) -> Html {
    let is_named = |child: &VNode| child.key().is_some_and(|key| !key.starts_with(UNNAMED));
    let keyed = if children.iter().all(is_named) {
        FullyKeyedState::KnownFullyKeyed
    } else {
        FullyKeyedState::KnownMissingKeys
    };
    VNode::from(VList::__macro_new(children, None, keyed))
}

/// What the value of an attribute is made of.
pub trait Attribute {
    /// Gives the next attribute this value.
    fn set(self, element: Element) -> Element;
}

/// What stands in an element.
pub trait Child {
    /// Becomes the next child.
    fn put(self, element: Element) -> Element;
}

impl Child for Html {
    fn put(self, element: Element) -> Element {
        element.node(self)
    }
}

impl<T: Child> Child for Option<T> {
    fn put(self, element: Element) -> Element {
        match self {
            Some(child) => child.put(element),
            None => element,
        }
    }
}

/// Texts, which are both.
macro_rules! text {
    ($($text:ty: $value:ident => $made:expr;)*) => {$(
        impl Attribute for $text {
            #[inline(never)]
            fn set(self, element: Element) -> Element {
                let $value = self;
                element.set(Some($made))
            }
        }

        impl Attribute for Option<$text> {
            #[inline(never)]
            fn set(self, element: Element) -> Element {
                element.set(self.map(|$value| $made))
            }
        }

        impl Child for $text {
            #[inline(never)]
            fn put(self, element: Element) -> Element {
                let $value = self;
                element.node(VText::new($made).into())
            }
        }
    )*};
}

text! {
    &'static str: text => AttrValue::Static(text);
    String: text => AttrValue::from(text);
    Rc<str>: text => AttrValue::Rc(text);
    AttrValue: text => text;
    &AttrValue: text => text.clone();
    &String: text => AttrValue::from(text.clone());
    u64: count => AttrValue::from(count.to_string());
}

/// An attribute that is there, or not.
impl Attribute for bool {
    #[inline(never)]
    fn set(self, element: Element) -> Element {
        self.then_some("").set(element)
    }
}

/// What attributes of accessibility say for what is so, or not.
pub const fn truth(holds: bool) -> &'static str {
    if holds { "true" } else { "false" }
}

/// Classes with a space between them; empty ones are none.
pub fn classes(names: &[&str]) -> String {
    let mut classes = String::new();
    for name in names.iter().filter(|name| !name.is_empty()) {
        if !classes.is_empty() {
            classes.push(' ');
        }
        classes += name;
    }
    classes
}

/// Events by their names in HTML.
macro_rules! listeners {
    ($($name:ident: $event:ty;)*) => {$(
        impl Element {
            #[doc = concat!("`", stringify!($name), "`.")]
            pub fn $name(self, callback: impl IntoEventCallback<$event>) -> Self {
                #[inline(never)]
                fn listen(element: Element, callback: Callback<$event>) -> Element {
                    element.listen(Rc::new(yew::html::$name::Wrapper::new(callback)))
                }
                match callback.into_event_callback() {
                    Some(callback) => listen(self, callback),
                    None => self,
                }
            }
        }
    )*};
}

listeners! {
    oncancel: Event;
    onchange: Event;
    onclick: MouseEvent;
    oncopy: Event;
    onerror: Event;
    onfocusout: FocusEvent;
    oninput: InputEvent;
    onkeydown: KeyboardEvent;
    onmousedown: MouseEvent;
    onscroll: Event;
    onsubmit: SubmitEvent;
}
