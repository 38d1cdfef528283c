//! What all components that are functions are to yew: one.
//!
//! yew writes some 2,000 bytes of the program for each type of component: how it is made, mounted,
//! compared, updated, moved and dropped. All of that is the same for functions, but for the type of
//! their properties; so one type of component holds the properties of any.

use std::any::Any;
use std::rc::Rc;
use web_sys::Element;
use yew::functional::{Hook, HookContext};
use yew::html::BaseComponent;
use yew::virtual_dom::{Key, VChild};
use yew::{Html, Properties, Renderer};

pub use tidings_html::component;

/// What keys begin with that nobody gave: they keep two functions apart that stand in the same place
/// one after the other.
pub(crate) const UNNAMED: char = '\0';

/// A component that is a function; written with `#[component]`.
pub trait Component: 'static {
    /// What it is given.
    type Properties: PartialEq + 'static;

    /// The key of one that has no other: [`UNNAMED`], and what the function is called.
    const NAME: &'static str;

    /// What it shows.
    fn html(context: &mut HookContext, properties: &Self::Properties) -> Html;
}

/// What may stand in `html!` as a component.
pub trait Shown {
    /// What it is given.
    type Properties;

    /// The node that stands for it.
    fn node(properties: Self::Properties, key: Option<Key>) -> Html;
}

impl<T: Component> Shown for T {
    type Properties = T::Properties;

    fn node(properties: T::Properties, key: Option<Key>) -> Html {
        host(Rc::new(Given::<T>(properties)), key, T::NAME)
    }
}

/// Lets components of yew's own stand in `html!`.
macro_rules! shown {
    ($($component:ty),* $(,)?) => {$(
        impl Shown for $component {
            type Properties = <$component as BaseComponent>::Properties;

            fn node(properties: Self::Properties, key: Option<Key>) -> Html {
                VChild::<$component>::new(properties, key).into()
            }
        }
    )*};
}

shown!(crate::components::Thread, crate::pages::ChatPage,);

/// Shows a component, and all that follows from it, in an element of the page.
pub fn mount<T: Component<Properties = ()>>(root: Element) {
    let held: Rc<dyn Held> = Rc::new(Given::<T>(()));
    Renderer::<Host>::with_root_and_props(root, HostProperties { held }).render();
}

/// The properties of a component whose type is forgotten.
trait Held {
    fn html(&self, context: &mut HookContext) -> Html;
    fn is(&self, other: &dyn Held) -> bool;
    fn as_any(&self) -> &dyn Any;
}

struct Given<T: Component>(T::Properties);

impl<T: Component> Held for Given<T> {
    fn html(&self, context: &mut HookContext) -> Html {
        T::html(context, &self.0)
    }

    fn is(&self, other: &dyn Held) -> bool {
        (other.as_any().downcast_ref::<Self>()).is_some_and(|other| self.0 == other.0)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Clone, Properties)]
struct HostProperties {
    held: Rc<dyn Held>,
}

impl PartialEq for HostProperties {
    fn eq(&self, other: &Self) -> bool {
        self.held.is(&*other.held)
    }
}

#[inline(never)]
fn host(held: Rc<dyn Held>, key: Option<Key>, name: &'static str) -> Html {
    let key = key.unwrap_or_else(|| name.into());
    VChild::<Host>::new(HostProperties { held }, Some(key)).into()
}

/// What yew knows.
#[yew::component]
fn Host(properties: &HostProperties) -> Html {
    use_held(&*properties.held)
}

fn use_held(held: &dyn Held) -> impl Hook<Output = Html> {
    struct Use<'a>(&'a dyn Held);

    impl Hook for Use<'_> {
        type Output = Html;

        fn run(self, context: &mut HookContext) -> Html {
            self.0.html(context)
        }
    }

    Use(held)
}
