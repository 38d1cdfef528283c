//! What a person searches names for.

/// The text of a search field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Without the spaces around it.
    text: String,
    lower_case: String,
}

impl Query {
    /// What the field holds.
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        Self {
            text: text.to_owned(),
            lower_case: lower_case(text),
        }
    }

    /// Whether nothing is searched for.
    pub const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// As it was typed, without the spaces around it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a name contains it, in whatever case; an empty one is in every name.
    pub fn matches(&self, name: &str) -> bool {
        self.is_empty() || lower_case(name).contains(&self.lower_case)
    }
}

/// In the page by the browser, which has the tables for it: Rust's are some KB of the first visit.
fn lower_case(text: &str) -> String {
    #[cfg(target_arch = "wasm32")]
    return js_sys::JsString::from(text).to_lower_case().into();
    #[cfg(not(target_arch = "wasm32"))]
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn a_part_of_a_name_in_any_case_is_found() {
        assert!(Query::new(" LOVE").matches("Ada Lovelace"));
        assert!(Query::new("é").matches("ÉLISE"));
        assert!(Query::new("三").matches("张三"));
        assert!(!Query::new("x").matches("张三"));
    }

    #[test]
    fn spaces_alone_search_for_nothing() {
        let query = Query::new(" \t");
        assert!(query.is_empty() && query.matches("anybody"));
    }
}
