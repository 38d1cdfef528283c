use super::*;

fn input(email: &str, name: &str, password: &str) -> Input {
    Input {
        email: email.into(),
        name: name.into(),
        password: password.into(),
    }
}

fn after(events: impl IntoIterator<Item = LoginEvent>) -> Rc<LoginState> {
    (events.into_iter()).fold(Rc::new(LoginState::default()), Reducible::reduce)
}

fn registering(input: Input) -> Rc<LoginState> {
    after([LoginEvent::SwitchMode, LoginEvent::Submit(input)])
}

#[test]
fn complete_login_sends_trimmed_input() {
    let state = after([LoginEvent::Submit(input(" a@b.c ", "", " pass "))]);
    let asked = Request::LogIn(input("a@b.c", "", " pass "));
    assert!(state.request == Some(asked) && state.is_busy());
    assert_eq!(state.error, None);
}

#[test]
fn empty_field_gets_the_focus_and_sends_nothing() {
    for (given, field) in [
        (input("", "", ""), Field::Email),
        (input("a@b.c", "", ""), Field::Password),
    ] {
        let state = after([LoginEvent::Submit(given)]);
        assert_eq!(state.focus(), Some((field, 1)));
        assert!(!state.is_busy() && !state.is_invalid(field));
    }
    let state = registering(input("a@b.c", " ", "12345678"));
    assert_eq!(state.focus(), Some((Field::Name, 1)));
}

#[test]
fn repeated_error_moves_the_focus_again() {
    let empty = || LoginEvent::Submit(Input::default());
    let (once, twice) = (after([empty()]), after([empty(), empty()]));
    assert_ne!(once.focus(), twice.focus());
}

#[test]
fn registration_requires_an_address_and_a_long_password() {
    let state = registering(input("no address", "n", "long enough"));
    assert_eq!(state.error, Some(FormError::NoAddress));
    assert!(state.is_invalid(Field::Email));
    let state = registering(input("a@b.c", "n", "x"));
    assert_eq!(state.error, Some(FormError::ShortPassword));
    assert!(state.is_invalid(Field::Password));
    let state = registering(input("a@b.c", "n", "long enough"));
    let asked = Request::Register(input("a@b.c", "n", "long enough"));
    assert!(state.request == Some(asked));
}

#[test]
fn second_submit_while_busy_changes_nothing() {
    let busy = after([LoginEvent::Submit(input("a", "", "b"))]);
    let again = busy
        .clone()
        .reduce(LoginEvent::Submit(input("other", "", "c")));
    assert!(Rc::ptr_eq(&busy, &again));
}

#[test]
fn wrong_credentials_mark_both_fields_and_select_the_password() {
    let state = after([
        LoginEvent::Submit(input("a", "", "b")),
        LoginEvent::Refused(HttpError::BadCredentials),
    ]);
    assert!(!state.is_busy());
    assert!(state.is_invalid(Field::Email) && state.is_invalid(Field::Password));
    assert_eq!(state.focus(), Some((Field::Password, 1)));
}

#[test]
fn taken_email_is_marked_and_other_failures_mark_nothing() {
    let refused = |error| {
        after([
            LoginEvent::Submit(input("a", "", "b")),
            LoginEvent::Refused(error),
        ])
    };
    let taken = refused(HttpError::Refused(ProblemCode::EmailTaken, "".into()));
    assert_eq!(taken.focus(), Some((Field::Email, 1)));
    let common = refused(HttpError::Refused(ProblemCode::CommonPassword, "".into()));
    assert_eq!(common.focus(), Some((Field::Password, 1)));
    let locked = refused(HttpError::Refused(ProblemCode::Locked, "".into()));
    let text = locked.error_text(crate::i18n::Lang::En.texts());
    assert!(text.is_some_and(|text| text.contains("locked")));
    let network = refused(HttpError::Network);
    assert_eq!(network.focus(), None);
    assert!(network.error_text(crate::i18n::Lang::En.texts()).is_some());
}

#[test]
fn switching_to_registration_clears_the_error() {
    let state = after([LoginEvent::Submit(Input::default()), LoginEvent::SwitchMode]);
    assert!(state.registering);
    assert_eq!(state.error_text(crate::i18n::Lang::En.texts()), None);
}

#[test]
fn registration_whose_answer_was_lost_becomes_a_login() {
    let taken = || LoginEvent::Refused(HttpError::Refused(ProblemCode::EmailTaken, "".into()));
    let typed = || input("a@b.c", "n", "long enough");
    let state = registering(typed())
        .reduce(LoginEvent::Refused(HttpError::Network))
        .reduce(LoginEvent::Submit(typed()))
        .reduce(taken());
    assert!(state.request == Some(Request::LogIn(typed())));

    let other = registering(typed())
        .reduce(LoginEvent::Refused(HttpError::Network))
        .reduce(LoginEvent::Submit(input("x@b.c", "n", "long enough")))
        .reduce(taken());
    assert!(!other.is_busy(), "that one is somebody else's");
    assert!(!registering(typed()).reduce(taken()).is_busy());
}
