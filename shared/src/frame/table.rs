//! The table of frames. What the frames' numbers, names and directions determine is made from it:
//! the constants, both enums, reading and writing. A new frame is a line here and its type.

use super::client::{Ack, Bind, Heartbeat, ListConversations, Query, Read, Send, Unread, Watch};
use super::envelope::{self, Envelope, FrameError};
use super::server::{
    Bound, ConversationList, Head, Page, Push, ReadMark, Receipt, ServerData, UnreadTotal,
};
use crate::api::{PresenceList, User};
use crate::{ErrorBody, Message};
use std::time::Duration;

macro_rules! frames {
    ($(
        $number:literal $constant:ident $name:literal
            client { $($client:ident($client_type:ty))? }
            server { $($server:ident($server_type:ty) $($lossy:ident)?),* }
    )*) => {
        /// The numbers of the frame types.
        pub mod kind {
            $(
                #[doc = concat!("Type ", stringify!($number), ", ", $name, ".")]
                pub const $constant: u64 = $number;
            )*

            /// Every type with its name, in ascending order.
            pub const ALL: &[(u64, &str)] = &[$(($number, $name)),*];

            /// The name of a type; `None`: there is no such type.
            pub fn name(kind: u64) -> Option<&'static str> {
                let found = ALL.binary_search_by_key(&kind, |(number, _)| *number);
                found.ok().map(|at| ALL[at].1)
            }
        }

        /// A frame from a client to a server.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum ClientFrame {
            $($(
                #[doc = concat!("Type ", stringify!($number), ", ", $name, ".")]
                $client($client_type),
            )?)*
        }

        impl ClientFrame {
            /// The number of its type.
            pub const fn kind(&self) -> u64 {
                match self {
                    $($(Self::$client(_) => $number,)?)*
                }
            }

            /// Reads a text message.
            ///
            /// # Errors
            /// [`FrameError`] for whatever is not a frame of this direction within the limits.
            pub fn parse(text: &str) -> Result<Self, FrameError> {
                let envelope = Envelope::parse(text)?;
                Ok(match envelope.kind {
                    $($($number => Self::$client(envelope.data::<$client_type>()?),)?)*
                    other => return Err(FrameError::UnknownType(other)),
                })
            }

            /// The JSON text of this frame.
            pub fn to_json(&self) -> String {
                match self {
                    $($(Self::$client(data) => envelope::write($number, data),)?)*
                }
            }
        }

        /// A frame from a server to a client.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum ServerFrame {
            $($(
                #[doc = concat!("Type ", stringify!($number), ", ", $name, ".")]
                $server($server_type),
            )*)*
        }

        impl ServerFrame {
            /// The number of its type.
            pub const fn kind(&self) -> u64 {
                match self {
                    $($(Self::$server(_) => $number,)*)*
                }
            }

            /// Whether a lost one is made up for elsewhere: it is dropped for a client that does not
            /// read.
            pub const fn may_be_lost(&self) -> bool {
                match self {
                    $($(Self::$server(_) => frames!(@lossy $($lossy)?),)*)*
                }
            }

            /// Reads a text message.
            ///
            /// # Errors
            /// [`FrameError`] for whatever is not a frame of this direction within the limits.
            pub fn parse(text: &str) -> Result<Self, FrameError> {
                let head: Head<'_> = envelope::read(text)?;
                Ok(match head.kind {
                    $($(
                        $number if <$server_type>::matches(&head) => {
                            Self::$server(<$server_type>::read(&head)?)
                        }
                    )*)*
                    other => return Err(FrameError::UnknownType(other)),
                })
            }

            /// The JSON text of this frame.
            pub fn to_json(&self) -> String {
                match self {
                    $($(Self::$server(data) => data.write($number),)*)*
                }
            }
        }
    };
    (@lossy) => { false };
    (@lossy lossy) => { true };
}

// Types 0 to 6 have the names and shapes of the legacy (v0) protocol.
frames! {
    0 HEARTBEAT "heartbeat" client { Heartbeat(Heartbeat) } server { Heartbeat(Duration) }
    1 BIND "bind" client { Bind(Bind) } server { Bound(Box<Bound>), BindRefused(ErrorBody) }
    2 QUERY "query" client { Query(Query) } server { Page(Page) }
    3 SEND "send" client { Send(Send) } server { Sent(Box<Message>) }
    4 PUSH "push" client {} server { Push(Box<Push>) }
    5 UNREAD "unread" client { Unread(Unread) } server { Unread(UnreadTotal) }
    6 ACK "ack" client { Ack(Ack) } server {}
    7 ERROR "error" client {} server { Error(ErrorBody) }
    8 CONVERSATIONS "conversations" client { ListConversations(ListConversations) }
        server { Conversations(ConversationList) }
    9 READ "read" client { Read(Read) } server { Read(ReadMark) }
    10 RECEIPT "receipt" client {} server { Receipt(Receipt) lossy }
    11 PRESENCE "presence" client { Watch(Watch) } server { Presence(PresenceList) lossy }
    12 PROFILE "profile" client {} server { Profile(User) lossy }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_numbered_without_a_gap_and_have_names() {
        for (index, (kind, name)) in kind::ALL.iter().enumerate() {
            assert_eq!(usize::try_from(*kind), Ok(index));
            assert_eq!(kind::name(*kind), Some(*name));
        }
        assert_eq!(kind::name(99), None);
    }
}
