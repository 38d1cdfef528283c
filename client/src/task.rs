//! What goes on while the page does.

use std::future::Future;
use std::pin::Pin;
use wasm_bindgen_futures::spawn_local;

/// A future whose type is forgotten: what takes one is in the program once, and not once for each.
pub type Task<T> = Pin<Box<dyn Future<Output = T>>>;

/// Lets a future go on by itself.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    let task: Task<()> = Box::pin(future);
    spawn_task(task);
}

#[inline(never)]
fn spawn_task(task: Task<()>) {
    spawn_local(task);
}
