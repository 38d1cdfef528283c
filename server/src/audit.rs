//! What an operator must be able to see: who tried to come in, and who changed what decides over that.
//!
//! Each is one line of the log, with this module for its target and the address it came from, and one
//! count. No email, password or token is ever in it: people are named by their uid, strangers by their
//! address only.

use crate::admission::ClientAddress;
use crate::app::AppState;
use axum::extract::{ConnectInfo, Request};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use std::net::{IpAddr, SocketAddr};
use tidings_shared::UserId;

/// What somebody did, or tried to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// A login with a wrong password, or of nobody.
    LoginFailed,
    /// A login with the right password of who is locked out.
    LoginLocked,
    /// A login after too many of those.
    LoginThrottled,
    /// A new user, by themselves.
    Registered,
    /// A registration after too many.
    RegistrationThrottled,
    /// A password changed by its owner.
    PasswordChanged,
    /// A change of a password by who does not know the old one.
    PasswordRefused,
    /// A request under a foreign name, or of a foreign page.
    SiteRefused,
    /// A new group.
    GroupMade,
    /// Members added to a group.
    MembersAdded,
}

impl Act {
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

    /// As it stands in the log and among the figures.
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

/// How often each happened.
#[derive(Debug)]
pub(crate) struct Acts(Family<[(&'static str, &'static str); 1], Counter>);

impl Acts {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let family = Family::default();
        registry.register(
            "audit",
            "Logins that failed, and what changed who may come in",
            family.clone(),
        );
        for act in Act::ALL {
            family.get_or_create_owned(&[("act", act.name())]);
        }
        Self(family)
    }

    fn count(&self, act: Act) {
        self.0.get_or_create_owned(&[("act", act.name())]).inc();
    }
}

/// Notes what somebody did from an address; `uid` is whose account it was about, if there is one.
pub(crate) fn note(app: &AppState, act: Act, address: IpAddr, uid: Option<UserId>) {
    app.metrics.acts.count(act);
    let uid = uid.map(|uid| uid.0);
    tracing::info!(act = act.name(), %address, uid, "audit");
}

/// Notes a request that was refused for the name it came under, or the page it came from.
pub(crate) fn refused(app: &AppState, request: &Request, host: &str, origin: &str) {
    let act = Act::SiteRefused;
    app.metrics.acts.count(act);
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|peer| peer.0);
    let ClientAddress(address) = ClientAddress::of(app, peer, request.headers());
    tracing::warn!(
        act = act.name(),
        %address,
        host,
        origin,
        path = request.uri().path(),
        "give --public-url the addresses under which people come, and --allowed-origins those of other \
         sites' pages"
    );
}
