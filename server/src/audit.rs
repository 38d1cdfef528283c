//! Audit log: attempts to log in or register, and changes to accounts and groups.
//!
//! Each event is one log line, with this module as its target and the client address, and one
//! count. It never contains an email, password or token: users are identified by uid, strangers by
//! address only.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use std::net::IpAddr;
use tidings_shared::UserId;

/// An audited event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuditEvent {
    /// A login with a wrong password or an unknown email.
    LoginFailed,
    /// A login of a locked user with the right password.
    LoginLocked,
    /// A login refused after too many failures.
    LoginThrottled,
    /// A user registered.
    Registered,
    /// A registration refused after too many.
    RegistrationThrottled,
    /// A user changed their password.
    PasswordChanged,
    /// A password change with a wrong old password.
    PasswordRefused,
    /// A request refused because of its host or origin.
    SiteRefused,
    /// A group was created.
    GroupMade,
    /// Members were added to a group.
    MembersAdded,
}

impl AuditEvent {
    const ALL: [Self; 10] = [
        Self::LoginFailed,
        Self::LoginLocked,
        Self::LoginThrottled,
        Self::Registered,
        Self::RegistrationThrottled,
        Self::PasswordChanged,
        Self::PasswordRefused,
        Self::SiteRefused,
        Self::GroupMade,
        Self::MembersAdded,
    ];

    /// The name in the log and in the metrics.
    const fn name(self) -> &'static str {
        match self {
            Self::LoginFailed => "login_failed",
            Self::LoginLocked => "login_locked",
            Self::LoginThrottled => "login_throttled",
            Self::Registered => "registered",
            Self::RegistrationThrottled => "registration_throttled",
            Self::PasswordChanged => "password_changed",
            Self::PasswordRefused => "password_refused",
            Self::SiteRefused => "site_refused",
            Self::GroupMade => "group_made",
            Self::MembersAdded => "members_added",
        }
    }
}

/// A counter per event.
#[derive(Debug)]
pub(crate) struct AuditCounters(Family<[(&'static str, &'static str); 1], Counter>);

impl AuditCounters {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let family = Family::default();
        registry.register(
            "audit",
            "Logins that failed, and what changed who may come in",
            family.clone(),
        );
        for act in AuditEvent::ALL {
            family.get_or_create_owned(&[("act", act.name())]);
        }
        Self(family)
    }

    fn count(&self, act: AuditEvent) {
        self.0.get_or_create_owned(&[("act", act.name())]).inc();
    }
}

/// Records an event from an address; `uid` is the account concerned, if any.
pub(crate) fn record(
    counters: &AuditCounters,
    act: AuditEvent,
    address: IpAddr,
    uid: Option<UserId>,
) {
    counters.count(act);
    let uid = uid.map(|uid| uid.0);
    tracing::info!(act = act.name(), %address, uid, "audit");
}

/// Records a request refused because of its host or origin.
pub(crate) fn record_refused_site(
    counters: &AuditCounters,
    address: IpAddr,
    path: &str,
    (host, origin): (&str, &str),
) {
    let act = AuditEvent::SiteRefused;
    counters.count(act);
    tracing::warn!(
        act = act.name(),
        %address,
        host,
        origin,
        path,
        "give --public-url the addresses under which people come, and --allowed-origins those of other \
         sites' pages"
    );
}
