//! Counters that differ in one label, looked up once.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// One counter for each value of the label, in the order of the values.
pub(super) fn counters(
    registry: &mut Registry,
    name: &str,
    help: &str,
    label: &'static str,
    values: impl IntoIterator<Item = String>,
) -> Box<[Counter]> {
    let family = Family::<[(&'static str, String); 1], Counter>::default();
    registry.register(name, help, family.clone());
    values
        .into_iter()
        .map(|value| family.get_or_create_owned(&[(label, value)]))
        .collect()
}
