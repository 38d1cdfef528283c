use super::*;
use crate::i18n::Lang;
use tidings_client_state::Contact;

const ADA: UserId = UserId(1003);

fn toggle(uid: UserId) -> GroupDialogEvent {
    GroupDialogEvent::Picker(PickerEvent::Toggle(Contact {
        uid,
        name: "Ada".into(),
        avatar: "".into(),
    }))
}

fn name(name: &str) -> GroupDialogEvent {
    GroupDialogEvent::NameChanged(name.into())
}

/// The state after these events.
fn after<const N: usize>(adds: bool, events: [GroupDialogEvent; N]) -> Rc<GroupDialogState> {
    let start = Rc::new(GroupDialogState::new(adds));
    events.into_iter().fold(start, Reducible::reduce)
}

fn error(state: &GroupDialogState) -> Option<String> {
    state.error_text(&Lang::En.texts().group, None, false)
}

#[test]
fn valid_form_sends_the_trimmed_name_and_the_people() {
    let state = after(false, [name(" Hikers "), toggle(ADA)]);
    let expected = Submission::Send("Hikers".into(), vec![ADA]);
    assert_eq!(state.submission(false), expected);
}

#[test]
fn blank_name_gets_an_error_and_the_focus() {
    let state = after(
        false,
        [name(" \t"), toggle(ADA), GroupDialogEvent::Submitted],
    );
    assert_eq!(state.submission(false), Submission::Correct(Field::Name));
    assert_eq!(error(&state).as_deref(), Some("Give the group a name."));
    assert!(state.is_name_invalid());
}

#[test]
fn name_is_limited_in_characters_without_outer_space() {
    let longest = "群".repeat(GROUP_NAME_CHARS);
    let state = after(false, [name(&format!(" {longest} ")), toggle(ADA)]);
    assert_eq!(state.name_chars(), GROUP_NAME_CHARS);
    assert!(!state.is_name_invalid());
    assert!(matches!(state.submission(false), Submission::Send(..)));

    let state = after(false, [name(&format!("{longest}x")), toggle(ADA)]);
    assert!(
        state.is_name_too_long() && state.is_name_invalid(),
        "before a submit, too"
    );
    assert_eq!(state.submission(false), Submission::Correct(Field::Name));
}

#[test]
fn nobody_chosen_puts_the_focus_into_the_search() {
    let state = after(false, [name("Hikers"), GroupDialogEvent::Submitted]);
    assert_eq!(state.submission(false), Submission::Correct(Field::Search));
    let expected = "Choose at least one person.";
    assert_eq!(error(&state).as_deref(), Some(expected));
    assert!(!state.is_name_invalid());
}

#[test]
fn name_error_comes_before_nobody_chosen() {
    let state = after(false, [GroupDialogEvent::Submitted]);
    assert_eq!(state.submission(false), Submission::Correct(Field::Name));
}

#[test]
fn added_members_need_no_name() {
    let state = after(true, [toggle(ADA)]);
    let expected = Submission::Send(String::new(), vec![ADA]);
    assert_eq!(state.submission(false), expected);
    let nobody = after(true, []);
    assert_eq!(nobody.submission(false), Submission::Correct(Field::Search));
}

#[test]
fn choosing_somebody_hides_the_error_about_it() {
    let submitted = [name("Hikers"), GroupDialogEvent::Submitted, toggle(ADA)];
    assert_eq!(error(&after(false, submitted)), None);
}

#[test]
fn editing_the_name_hides_the_error() {
    let submitted = [toggle(ADA), GroupDialogEvent::Submitted, name("H")];
    assert_eq!(error(&after(false, submitted)), None);
}

#[test]
fn second_submit_waits_for_the_answer() {
    let state = after(false, [name("Hikers"), toggle(ADA)]);
    assert_eq!(state.submission(true), Submission::Wait);
    let invalid = after(false, []);
    assert_eq!(invalid.submission(true), Submission::Correct(Field::Name));
}

#[test]
fn server_error_shows_unless_busy_or_the_form_has_its_own() {
    let texts = &Lang::En.texts().group;
    let refusal = Some(&HttpError::Server);
    let server = (texts.failed)(&HttpError::Server);
    let state = after(false, [name("Hikers"), toggle(ADA)]);
    assert_eq!(state.error_text(texts, refusal, false), Some(server));
    assert_eq!(state.error_text(texts, refusal, true), None);

    let invalid = after(false, [GroupDialogEvent::Submitted]);
    let form_error = Some(texts.name_missing.to_owned());
    assert_eq!(invalid.error_text(texts, refusal, false), form_error);
}
