//! The browser's WebSocket as a value: dropping it closes it and removes its listeners.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{CloseEvent, Event, MessageEvent, WebSocket};

/// What happens to a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SocketEvent {
    Opened,
    Text(String),
    /// With this close code; 1006: without a close frame.
    Closed(u16),
}

pub(super) struct Socket {
    inner: WebSocket,
    _on_open: Closure<dyn FnMut(Event)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Opens a socket; `None` when the browser refuses to try.
    pub(super) fn open(url: &str, notify: impl Fn(SocketEvent) + Clone + 'static) -> Option<Self> {
        let socket = WebSocket::new(url).ok()?;
        let opened = notify.clone();
        let on_open = Closure::<dyn FnMut(Event)>::new(move |_| opened(SocketEvent::Opened));
        let closed = notify.clone();
        let on_close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            closed(SocketEvent::Closed(event.code()));
        });
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            // The protocol has no binary messages.
            if let Some(text) = event.data().as_string() {
                notify(SocketEvent::Text(text));
            }
        });
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Some(Self {
            inner: socket,
            _on_open: on_open,
            _on_message: on_message,
            _on_close: on_close,
        })
    }

    /// Hands a text to the browser, which does not prove its arrival.
    pub(super) fn send(&self, text: &str) {
        if self.inner.ready_state() == WebSocket::OPEN {
            // Fails only while connecting; a closing socket drops the text, as a network may.
            let _ = self.inner.send_with_str(text);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.inner.set_onopen(None);
        self.inner.set_onmessage(None);
        self.inner.set_onclose(None);
        // 1000 is always allowed; a closed socket stays closed.
        let _ = self.inner.close_with_code(1000);
    }
}
