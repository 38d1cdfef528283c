//! Every WebSocket close code in one table, with the client's retry rule.

/// Why a server closes a connection. Tidings sends 1001 and the 4000s; browsers report 1006 when
/// there was no close frame (RFC 6455 §7.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// 1000: closed at the request of the client.
    Normal,
    /// 1001: the server is draining; connect again, to another one or to this one later.
    GoingAway,
    /// 4000: nothing arrived for the idle timeout.
    Idle,
    /// 4001: a push was not acknowledged after its last repush.
    AckMissing,
    /// 4002: a write to the connection did not finish in time.
    TooSlow,
    /// 4003: too many requests or connections.
    RateLimited,
    /// 4500: no valid login.
    NotLoggedIn,
    /// 4501: the client does not speak this protocol.
    ProtocolError,
    /// 4502: another connection replaced this one.
    Replaced,
    /// 4503: an operator, or the user on another device, ended this login.
    KickedOut,
}

/// What a client does after a close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryRule {
    /// Connect again after the backoff.
    Backoff,
    /// Do not connect again until the user acts.
    Never,
}

impl CloseCode {
    /// Every code; docs/protocol.md lists the same.
    pub const ALL: [Self; 10] = [
        Self::Normal,
        Self::GoingAway,
        Self::Idle,
        Self::AckMissing,
        Self::TooSlow,
        Self::RateLimited,
        Self::NotLoggedIn,
        Self::ProtocolError,
        Self::Replaced,
        Self::KickedOut,
    ];

    /// The number on the wire.
    pub const fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::Idle => 4000,
            Self::AckMissing => 4001,
            Self::TooSlow => 4002,
            Self::RateLimited => 4003,
            Self::NotLoggedIn => 4500,
            Self::ProtocolError => 4501,
            Self::Replaced => 4502,
            Self::KickedOut => 4503,
        }
    }

    /// The reason sent with it; at most 123 bytes (RFC 6455 §5.5).
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Normal => "done",
            Self::GoingAway => "the server is going away, connect again",
            Self::Idle => "nothing arrived for the idle timeout",
            Self::AckMissing => "pushes were not acknowledged",
            Self::TooSlow => "the connection is too slow",
            Self::RateLimited => "too many requests or connections",
            Self::NotLoggedIn => "log in first",
            Self::ProtocolError => "protocol error",
            Self::Replaced => "replaced by another connection",
            Self::KickedOut => "this login was ended",
        }
    }
}

/// The retry rule for a received code, known or not: the range decides (docs/protocol.md), so that
/// a newer server may add codes.
pub const fn retry_rule(code: u16) -> RetryRule {
    match code {
        4500..=4999 => RetryRule::Never,
        _ => RetryRule::Backoff,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_fits_in_a_close_frame() {
        for code in CloseCode::ALL {
            assert!(code.reason().len() <= 123, "{code:?}");
        }
    }

    #[test]
    fn the_range_of_a_close_code_decides_the_retry_rule() {
        assert_eq!(retry_rule(CloseCode::GoingAway.code()), RetryRule::Backoff);
        assert_eq!(retry_rule(1006), RetryRule::Backoff);
        assert_eq!(retry_rule(CloseCode::AckMissing.code()), RetryRule::Backoff);
        assert_eq!(retry_rule(4499), RetryRule::Backoff);
        assert_eq!(retry_rule(CloseCode::NotLoggedIn.code()), RetryRule::Never);
        assert_eq!(retry_rule(4999), RetryRule::Never);
    }
}
