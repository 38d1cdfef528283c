//! What is known of an element before the program runs: its tag and its attributes, as a text.
//!
//! As the tables that yew takes they would be a third of all that the program has beside its code,
//! and hard to compress. So they are made from their texts, each once: there are as many as there
//! are elements in the program.

use std::cell::RefCell;
use yew::virtual_dom::AttributeOrProperty;

/// What is known of an element.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) tag: &'static str,
    /// The attributes whose values are known.
    pub(super) known: &'static [(&'static str, AttributeOrProperty)],
    /// The names of these and of those whose values follow; empty: none follow.
    pub(super) names: &'static [&'static str],
}

thread_local! {
    /// By the places of their texts.
    static SHAPES: RefCell<Vec<((*const u8, usize), Shape)>> = const { RefCell::new(Vec::new()) };
}

impl Shape {
    /// The shape that a text is: lines with a tag, with `name=value` for each attribute that is
    /// known, and with the names of the others.
    #[inline(never)]
    pub(super) fn of(text: &'static str) -> Self {
        let place = (text.as_ptr(), text.len());
        SHAPES.with_borrow_mut(|shapes| {
            match shapes.binary_search_by_key(&place, |(place, _)| *place) {
                Ok(at) => shapes[at].1,
                Err(at) => {
                    let shape = Self::read(text);
                    shapes.insert(at, (place, shape));
                    shape
                }
            }
        })
    }

    fn read(text: &'static str) -> Self {
        let mut lines = text.split('\n');
        let tag = lines.next().unwrap_or_default();
        let (mut known, mut names) = (Vec::new(), Vec::new());
        for line in lines {
            let (name, value) = line.split_once('=').unzip();
            if let Some(value) = value {
                known.push((name.unwrap_or(line), AttributeOrProperty::Static(value)));
            }
            names.push(name.unwrap_or(line));
        }
        if names.len() == known.len() {
            names.clear();
        }
        Self {
            tag,
            known: known.leak(),
            names: names.leak(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;

    #[test]
    fn a_text_is_read_once_and_says_what_is_known_and_what_follows() {
        const TEXT: &str = "a\nhref=/?a=b\ntarget=\ntitle";
        let shape = Shape::of(TEXT);
        assert_eq!(shape.tag, "a");
        let known: Vec<&str> = shape.known.iter().map(|(name, _)| *name).collect();
        assert_eq!(known, ["href", "target"]);
        assert_eq!(shape.names, ["href", "target", "title"]);
        assert!(std::ptr::eq(shape.names, Shape::of(TEXT).names));
        assert!(Shape::of("br\nclass=x").names.is_empty());
    }
}
