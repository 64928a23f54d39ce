//! Every error code that Meta documents or sends: what kind of refusal it is, what happened, and what helps.
//!
//! The sentences are read by the person who runs a clinic or a shop, not by a developer.

use domain::refusal::RefusalKind;
use domain::refusal::RefusalKind::{
    Authentication as A, PairRate as P, Permanent as X, Policy as C, Recipient as R, SenderRate as N, Template as M,
    Transient as T,
};

/// One code, or several in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) kind: RefusalKind,
    pub(super) reason: &'static str,
    pub(super) remedy: &'static str,
    /// Whether Meta's own details are worth reading too, since they name the field, the parameter or the cause.
    pub(super) quotes_details: bool,
}

/// Reads well on its own.
const fn one(code: i64, kind: RefusalKind, reason: &'static str, remedy: &'static str) -> Row {
    Row { first: code, last: code, kind, reason, remedy, quotes_details: false }
}

/// Needs Meta's details beside it.
const fn with(code: i64, kind: RefusalKind, reason: &'static str, remedy: &'static str) -> Row {
    Row { first: code, last: code, kind, reason, remedy, quotes_details: true }
}

impl Row {
    const fn to(mut self, last: i64) -> Self {
        self.last = last;
        self
    }
}

const RECONNECT: &str = "Connect the WhatsApp number again with a valid token.";
const PERMISSION: &str =
    "Check in Meta Business Manager that the app and its token may use this number, then reconnect.";
const WAITS: &str = "Nothing to do: Waypost slows down and tries again.";
const TRIES_AGAIN: &str = "Nothing to do: Waypost tries again later.";
const REPORT: &str = "Correct the message; if Waypost made it, report this as a fault.";
const BUSINESS: &str = "Open WhatsApp Manager, see what Meta asks for, and settle it there.";
const TEMPLATE: &str = "Compare the template in WhatsApp Manager with what you fill in, and correct it.";
const REGISTER: &str = "Finish the registration of the number in the sender's settings.";
const FLOW: &str = "Correct the flow in WhatsApp Manager.";
const CALLING: &str = "Nothing is wrong with messages; check the calling settings of the number.";
const USE_CHAT: &str = "Try another way to reach this person.";

#[rustfmt::skip]
pub(super) const CODES: &[Row] = &[
    // Access
    with(0, A, "Meta could not recognise the access token.", RECONNECT),
    with(3, A, "The app may not do this with the number.", PERMISSION),
    with(10, A, "The permission to use this number is missing or was taken away.", PERMISSION),
    with(104, A, "The access token is missing or incomplete.", RECONNECT),
    with(190, A, "The access token has expired or was withdrawn.", RECONNECT),
    with(200, A, "A permission is missing or was taken away.", PERMISSION).to(299),
    with(131005, A, "Meta denied access to the number.", PERMISSION),

    // Faults at Meta
    one(1, T, "WhatsApp had a fault or was not available.", TRIES_AGAIN),
    one(2, T, "WhatsApp was overloaded or not available for a moment.", TRIES_AGAIN),
    one(131000, T, "WhatsApp failed without saying why.", TRIES_AGAIN),
    one(131016, T, "A part of WhatsApp was not available.", TRIES_AGAIN),
    one(131057, T, "Meta is working on your number, usually for a minute.", TRIES_AGAIN),
    one(133004, T, "WhatsApp's servers were not available for a moment.", TRIES_AGAIN),
    one(133015, T, "The number was deleted a moment ago and Meta is not done with it.", TRIES_AGAIN),
    one(134101, T, "Meta is still preparing the template, which takes up to ten minutes.", TRIES_AGAIN),
    one(2494100, T, "Meta is working on your number, usually for a few minutes.", TRIES_AGAIN),

    // Limits
    one(4, N, "The app made too many requests to Meta this hour.", WAITS),
    one(17, N, "Too many requests were made to Meta.", WAITS),
    one(32, N, "Too many requests were made to Meta.", WAITS),
    one(613, N, "Too many requests were made to Meta.", WAITS),
    one(80007, N, "Your WhatsApp Business account reached its hourly limit.", WAITS),
    one(80008, N, "Your WhatsApp Business account reached its hourly limit.", WAITS),
    one(130429, N, "Your number sent more messages per second than WhatsApp allows it.", WAITS),
    one(131056, P, "Too many messages went to this one person within a short time.", WAITS),

    // The person
    one(1026, R, "This person's WhatsApp cannot show this kind of message.", "Send it as plain text or as a template."),
    one(130403, R, "You have blocked this person.", "Unblock them if you want to write to them."),
    one(130472, R, "Meta holds back marketing messages to this person as part of an experiment.",
        "Do not send it again; reach this person another way if it matters."),
    one(131021, R, "The message was addressed to your own business number.", "Choose another recipient."),
    one(131026, R, "The message could not reach this person: the number may not be on WhatsApp, may run an old \
        version, or may have blocked you. WhatsApp does not say which.",
        "Check the number, and try another way to reach them."),
    one(131062, R, "This kind of message needs a phone number, and this contact is known by user name only.",
        "Ask the person for their phone number."),
    one(137000, R, "The person's WhatsApp identity has changed since you last checked it.",
        "Make sure by other means that you write to the right person."),

    // Rules of WhatsApp, and the state of the account
    with(33, C, "The business number no longer exists at Meta.", "Connect the number again, or another one."),
    with(368, C, "Meta has blocked or restricted your account for breaking its rules.", BUSINESS),
    one(130497, C, "Your account may not send messages to this country.",
        "Check Meta's list of countries for your kind of business."),
    one(131030, C, "Test numbers may only write to people on their list, and this person is not on it.",
        "Add the person to the list in Meta's app settings, or use your live number."),
    with(131031, C, "Meta has locked your WhatsApp Business account.", BUSINESS),
    one(131037, C, "Meta has not approved the display name of your number.",
        "Have the display name approved in WhatsApp Manager."),
    one(131042, C, "There is a problem with the payment for your WhatsApp Business account.",
        "Check the payment method of the account in Meta Business Manager."),
    one(131044, C, "There is a problem with the payment for calls.",
        "Check the payment method of the account in Meta Business Manager."),
    with(131045, C, "The number is not correctly registered at Meta.", REGISTER),
    one(131047, C, "More than 24 hours have passed since this person last wrote, so only a template may be sent.",
        "Send a template; after the person answers you can write freely again."),
    one(131048, C, "WhatsApp limits your number because too many people blocked or reported it.",
        "Stop bulk messages for some hours, and write only to people who expect it."),
    one(131049, C, "WhatsApp held the message back because this person gets many marketing messages.",
        "Wait at least a day before you try again; do not repeat it at once."),
    one(131050, C, "This person does not want marketing messages from you.", "Send them no more marketing messages."),
    one(131063, C, "Marketing templates are switched off for your account on this way of sending.", BUSINESS),
    one(131064, C, "Meta limits your account because templates were filed in the wrong category.",
        "Correct the categories of your templates in WhatsApp Manager."),
    with(133000, C, "An earlier removal of the number is not complete.", "Remove the number again, then register it."),
    one(133005, C, "The PIN of the number was wrong.", "Enter the right PIN; do not guess, or the number is locked."),
    one(133006, C, "The number has not been verified yet.", "Request a code and verify the number."),
    with(133008, C, "The PIN was guessed too often.", "Wait as long as Meta says before you enter it again."),
    with(133009, C, "The PIN was entered too quickly.", "Wait a moment before you enter it again."),
    one(133010, C, "The number is not registered with WhatsApp.", REGISTER),
    one(133016, C, "The number was registered and removed too often; Meta locks it for 72 hours.",
        "Wait 72 hours, then register it once."),
    one(134011, C, "The terms of WhatsApp Payments have not been accepted.", "Accept them in WhatsApp Manager."),
    with(134102, C, "The template cannot be used for marketing messages yet.", BUSINESS),
    with(136024, C, "Meta would not send a verification code now.", "Wait some hours, then request the code again."),
    with(138000, C, "A call was not possible.", CALLING).to(138025),
    with(139000, C, "A flow could not be published or changed.", FLOW).to(139006),
    with(141000, C, "Meta reports a problem with the account or one of its templates.", BUSINESS).to(141010),
    with(147001, C, "The business user name cannot be used.",
        "Choose another name, or link the accounts Meta asks for.").to(147004),
    with(200005, C, "Statistics of templates are not available for this account.",
        "Switch them on in WhatsApp Manager.").to(200007),
    with(1752041, C, "This connection was already asked for.", "Nothing to do; the number is already being connected."),
    with(2388001, C, "Meta cannot register the number yet; its display name may still be under review.",
        "Wait until the name is reviewed, then register again."),
    one(2388019, C, "The account has as many templates as Meta allows.", "Delete templates you no longer use."),
    with(2388091, C, "The number is not being moved from another account.", "Verify the number with a code instead."),
    with(2388093, C, "The number is not being moved from another account.", "Verify the number with a code instead."),
    with(2388103, C, "The number cannot be moved to this account.", BUSINESS),
    with(2593079, C, "The account is being handed over to another owner.", BUSINESS),
    with(2593085, C, "The account is being handed over to another owner.", BUSINESS),
    one(2593108, C, "The chats of the phone were not copied within 24 hours.",
        "Disconnect the number and connect it again."),

    // Templates
    with(132000, M, "The template was filled with the wrong number of values.", TEMPLATE),
    with(132001, M, "There is no approved template of this name in this language.",
        "Check the template's name, language and approval in WhatsApp Manager."),
    with(132005, M, "The template's text became too long with these values.", "Use shorter values."),
    with(132007, M, "The template's text breaks a rule of WhatsApp.",
        "Change the template and have it approved again."),
    with(132008, M, "A value of the template is not well formed.", TEMPLATE),
    with(132012, M, "A value of the template is of the wrong kind, such as a text where a picture belongs.", TEMPLATE),
    one(132015, M, "Meta paused this template because people did not like it.",
        "Use another template, or wait until Meta resumes it."),
    one(132016, M, "Meta switched this template off for good because people did not like it.", "Make a new template."),
    with(132018, M, "Something is wrong with the values of the template.", TEMPLATE),
    with(132068, M, "The flow behind this template is blocked.", FLOW),
    one(132069, M, "Meta lets the flow behind this template send only a few messages an hour.",
        "Correct the flow in WhatsApp Manager; try again in an hour."),
    one(2388023, M, "A template of this name and language is being deleted.", "Choose another name, or wait 30 days."),
    one(2388024, M, "There is already a template of this name and language.", "Choose another name."),
    with(2388039, M, "A part of the template is too long or not well formed.", TEMPLATE).to(2388040),
    with(2388047, M, "A part of the template is too long or not well formed.", TEMPLATE),
    with(2388072, M, "A part of the template is too long or not well formed.", TEMPLATE).to(2388073),
    one(2388293, M, "The template has too many variables for so little text.", "Add text around the variables."),
    one(2388299, M, "The template begins or ends with a variable.", "Put text before and after the variable."),

    // The request
    with(100, X, "WhatsApp did not understand the request.", REPORT),
    with(803, X, "WhatsApp does not know what the request is about.", REPORT),
    with(131008, X, "The request lacks something that WhatsApp needs.", REPORT),
    with(131009, X, "The request holds a value that WhatsApp does not take.", REPORT),
    with(131014, X, "WhatsApp could not fetch the picture or file from its link.",
        "Check that the link opens without a sign-in."),
    with(131020, X, "The group cannot be used.", USE_CHAT),
    with(131041, X, "WhatsApp does not know the group.", USE_CHAT),
    with(131051, X, "WhatsApp does not support this kind of message.", "Send it as text, picture or template."),
    with(131052, X, "The file the person sent could not be fetched; it may be too large.",
        "Ask the person to send it in another form."),
    with(131053, X, "WhatsApp could not take the picture or file of this message.",
        "Check its type and size, and that its link opens without a sign-in."),
    with(131055, X, "This way of sending is for marketing templates only.", REPORT),
    with(131059, X, "A page of a list is no longer available.", "Open the list again."),
    with(134100, X, "This way of sending is for marketing templates only.", REPORT),
    with(135000, X, "WhatsApp did not take the values of the request.", REPORT),
    with(139100, X, "People could not be blocked or unblocked.",
        "Try again; the list of blocked people may be full.").to(139103),
    with(2388012, X, "The number already belongs to this account.", "Nothing to do; use the number as it is."),
    with(2593107, X, "The copy of the phone's chats was already asked for.", "Nothing to do; wait for it."),
    with(2593109, X, "The business chose not to share the phone's chats.", "Nothing to do; new chats arrive as usual."),
];

/// What the subcodes of 190, and 33 below 100, add to their code.
#[rustfmt::skip]
pub(super) const SUBCODES: &[(i64, Row)] = &[
    (100, with(33, A, "Meta does not know the business number, or the token may not use it.", PERMISSION)),
    (190, one(458, A, "The app was removed from the Meta account that gave the token.", RECONNECT)),
    (190, one(459, A, "Meta wants the owner of the token to sign in and confirm who they are.",
        "Sign in to Meta, follow its steps, then connect the number again.")),
    (190, one(460, A, "The access token ended because a password was changed.", RECONNECT)),
    (190, one(463, A, "The access token has expired.", RECONNECT)),
    (190, one(464, A, "The Meta account that gave the token has not been confirmed.",
        "Confirm the account at Meta, then connect the number again.")),
    (190, one(467, A, "The access token is no longer valid.", RECONNECT)),
];
