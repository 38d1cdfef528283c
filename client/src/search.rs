//! A search for names.

/// The text of a search field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Without the spaces around it.
    text: String,
    lower_case: String,
}

impl Query {
    /// The query of a field's text.
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

/// Converted by the browser in the page, because Rust's case tables add some KB to the first visit.
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
    fn query_matches_a_part_of_a_name_in_any_case() {
        assert!(Query::new(" LOVE").matches("Ada Lovelace"));
        assert!(Query::new("é").matches("ÉLISE"));
        assert!(Query::new("三").matches("张三"));
        assert!(!Query::new("x").matches("张三"));
    }

    #[test]
    fn query_of_spaces_is_empty() {
        let query = Query::new(" \t");
        assert!(query.is_empty() && query.matches("anybody"));
    }
}
