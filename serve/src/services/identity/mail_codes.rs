//! [`MailCodes`]: six digits that are sent to a mail address, good once and for a quarter of an hour.
//!
//! Five guesses are looked at for each code, and within an hour five codes are sent for each account and
//! purpose: guesses find a code on one day in seventeen hundred. An address, whoever names it, gets five in
//! an hour.

use std::time::Duration;

use uuid::Uuid;

use super::limits::Attempts;
use super::{Identity, of_store, random};
use crate::domain::{Language, Problem, ProblemKind, Secret, UserId, WallTime};
use crate::services::letters::{self, CodeLetter};
use crate::store::mails::NewMail;
use crate::store::people::{CodeLimit, CodePurpose, NewCode, SentCode};

/// How long a code is good for.
pub const CODE_LIFETIME: Duration = Duration::from_mins(15);
/// How often a code is looked at.
const TRIES: i64 = 5;
/// How many codes are sent for an account and purpose, to an address, and by a name that is typed, within an
/// hour.
const CODES: u32 = 5;
const HOUR: Duration = Duration::from_hours(1);

/// What codes are made with, and how often they are sent.
#[derive(Debug)]
pub(super) struct MailCodes {
    /// What digests are keyed with.
    key: [u8; 32],
    /// How often each address gets one.
    recipients: Attempts<[u8; 32]>,
    /// How often one is asked for by each name.
    names: Attempts<[u8; 32]>,
}

/// For whom a code is.
#[derive(Debug, Clone, Copy)]
pub(super) struct CodeFor<'a> {
    /// The person; without one it is to nobody, and takes as long.
    pub(super) user: Option<(UserId, &'a str)>,
    /// What it is for.
    pub(super) purpose: CodePurpose,
    /// The address, or whatever was typed.
    pub(super) mail: &'a str,
}

/// A code and the mail that has it.
#[derive(Debug)]
pub(super) struct Issue {
    pub(super) code: NewCode,
    pub(super) letter: NewMail,
}

impl MailCodes {
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self { key, recipients: Attempts::within(HOUR, CODES), names: Attempts::within(HOUR, CODES) }
    }

    /// Takes one of the times that a code is asked for by a name.
    pub(super) fn ask_by(&self, name: &str, now: WallTime) -> Result<(), Problem> {
        self.names.take(*blake3::hash(name.as_bytes()).as_bytes(), now)
    }

    /// Returns what stands for a name that nobody has.
    pub(super) fn nobody(&self, name: &str) -> Uuid {
        let digest = blake3::keyed_hash(&self.key, format!("nobody\n{name}").as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_bytes()[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// Draws a code. It is to nobody if its address has had too many.
    pub(super) fn issue(&self, of: CodeFor<'_>, language: Language, now: WallTime) -> Result<Issue, Problem> {
        let CodeFor { user, purpose, mail } = of;
        let may_get = self.recipients.take(*blake3::hash(mail.as_bytes()).as_bytes(), now).is_ok();
        let user = user.filter(|_| may_get);
        let subject = user.map_or_else(|| self.nobody(mail), |(user, _)| user.uuid());
        let digits = format!("{:06}", u64::from_le_bytes(random()?) % 1_000_000);
        let until = now.after(CODE_LIFETIME);
        let username = user.map_or("", |(_, name)| name);
        let letter = CodeLetter { username, code: &digits, now, until };
        let letter = match purpose {
            CodePurpose::Mail => letters::is_it_yours(language, letter),
            CodePurpose::Password => letters::new_password(language, letter),
        };
        let letter = if user.is_some() { letters::to(mail, letter) } else { letter };
        let hash = self.digest(subject, purpose, mail, &digits);
        let limit = CodeLimit { most: CODES.into(), since: before(now, HOUR) };
        let code = NewCode { subject, purpose, hash, mail: mail.to_owned(), now, expires_at: until, limit };
        Ok(Issue { code, letter })
    }

    fn digest(&self, subject: Uuid, purpose: CodePurpose, mail: &str, digits: &str) -> [u8; 32] {
        let text = format!("{}\n{subject}\n{mail}\n{digits}", purpose.name());
        *blake3::keyed_hash(&self.key, text.as_bytes()).as_bytes()
    }

    /// Returns whether a code is what somebody shows, however it is spaced. How long that takes says nothing.
    fn is(&self, sent: &SentCode, shown: &Secret) -> bool {
        let digits: String = shown.expose().chars().filter(|letter| !letter.is_whitespace()).collect();
        let digest = self.digest(sent.subject, sent.purpose, &sent.mail, &digits);
        <[u8; 32]>::try_from(sent.hash.as_slice())
            .is_ok_and(|hash| blake3::Hash::from(hash) == blake3::Hash::from(digest))
    }
}

impl Identity {
    /// Sends a code. Returns whether it was sent, or the address has had too many; not if the account has.
    pub(super) async fn send_code(&self, of: CodeFor<'_>) -> Result<bool, Problem> {
        let language = self.language_of(of.user.map(|(user, _)| user)).await?;
        let Issue { code, letter } = self.codes.issue(of, language, self.now())?;
        self.people.add_code(&code, &letter).await.map_err(of_store)
    }

    /// Returns in which language a person is written to; it takes as long for nobody.
    pub(super) async fn language_of(&self, user: Option<UserId>) -> Result<Language, Problem> {
        let user = user.unwrap_or_else(|| UserId::new(Uuid::nil()));
        self.people.language(user).await.map_err(of_store)
    }

    /// Says when codes are sent again for an account.
    pub(super) async fn too_many_codes(&self, user: UserId, purpose: CodePurpose) -> Problem {
        let since = match self.people.codes_counted_since(user.uuid(), purpose).await {
            Ok(since) => since.unwrap_or_else(|| self.now()),
            Err(error) => return of_store(error),
        };
        let message = format!("{CODES} codes were sent within an hour");
        let problem = Problem::new(ProblemKind::TooMany, "too_many_codes", message);
        problem.retry_after(self.now().until(since.after(HOUR)))
    }

    /// Returns a code that was sent, if it is the one that is shown.
    pub(super) async fn shown_code(
        &self,
        subject: Uuid,
        purpose: CodePurpose,
        shown: &Secret,
    ) -> Result<SentCode, Problem> {
        let sent = self.people.try_mail_code(subject, purpose, self.now(), TRIES).await.map_err(of_store)?;
        sent.filter(|sent| self.codes.is(sent, shown)).ok_or_else(invalid_code)
    }

    /// Deletes the codes that are good for nothing any more, and count no longer.
    pub(super) async fn forget_codes(&self) -> Result<u64, Problem> {
        let now = self.now();
        self.people.forget_codes(now, before(now, HOUR)).await.map_err(of_store)
    }
}

/// The code is not right, or not any more: which of these is not said.
pub(super) fn invalid_code() -> Problem {
    let message = "the code is wrong, used, too old, or was tried too often";
    Problem::new(ProblemKind::Refused, "invalid_code", message).at("code").hint("ask for another")
}

fn before(now: WallTime, span: Duration) -> WallTime {
    let span = i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
    WallTime::from_nanos(now.nanos().saturating_sub(span))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: WallTime = WallTime::from_nanos(1_764_424_800_000_000_000);

    fn digits(issue: &Issue) -> String {
        let line = |line: &&str| line.len() == 6 && line.bytes().all(|it| it.is_ascii_digit());
        issue.letter.body.lines().find(line).unwrap().to_owned()
    }

    #[test]
    fn a_code_is_the_one_that_was_sent_for_the_same_to_the_same() {
        let codes = MailCodes::new([1; 32]);
        let user = UserId::draw();
        let of = CodeFor { user: Some((user, "anne")), purpose: CodePurpose::Mail, mail: "a@b.co" };
        let issue = codes.issue(of, Language::En, NOW).unwrap();
        assert_eq!(issue.letter.recipient.as_deref(), Some("a@b.co"));
        let text = digits(&issue);
        let NewCode { subject, purpose, hash, mail, .. } = issue.code;
        let sent = SentCode { subject, purpose, hash: hash.to_vec(), mail };
        let is =
            |codes: &MailCodes, sent: &SentCode, text: &str| codes.is(sent, &Secret::new(text.to_owned()));
        assert!(is(&codes, &sent, &text));
        assert!(is(&codes, &sent, &format!(" {} {}\n", &text[..3], &text[3..])));
        assert!(!is(&codes, &sent, "") && !is(&codes, &sent, &text[1..]));
        assert!(!is(&MailCodes::new([2; 32]), &sent, &text), "it is keyed");
        let other = UserId::draw().uuid();
        for wrong in [
            SentCode { subject: other, ..sent.clone() },
            SentCode { purpose: CodePurpose::Password, ..sent.clone() },
            SentCode { mail: "b@b.co".to_owned(), ..sent.clone() },
            SentCode { hash: vec![], ..sent },
        ] {
            assert!(!is(&codes, &wrong, &text), "{wrong:?}");
        }
    }

    #[test]
    fn an_address_that_has_had_too_many_gets_none_and_the_code_before_stays() {
        let codes = MailCodes::new([1; 32]);
        let user = UserId::draw();
        let of = CodeFor { user: Some((user, "anne")), purpose: CodePurpose::Mail, mail: "a@b.co" };
        for _ in 0..5 {
            assert_eq!(codes.issue(of, Language::En, NOW).unwrap().code.subject, user.uuid());
        }
        let sixth = codes.issue(of, Language::En, NOW).unwrap();
        assert_eq!((sixth.letter.recipient, sixth.code.subject), (None, codes.nobody("a@b.co")));
        assert_ne!(sixth.code.subject, user.uuid());
        let other = CodeFor { mail: "b@b.co", ..of };
        assert_eq!(codes.issue(other, Language::En, NOW).unwrap().code.subject, user.uuid());
    }

    #[test]
    fn who_nobody_is_cannot_be_told_without_the_key() {
        let codes = MailCodes::new([1; 32]);
        assert_eq!(codes.nobody("anne"), codes.nobody("anne"));
        assert_ne!(codes.nobody("anne"), codes.nobody("bert"));
        assert_ne!(codes.nobody("anne"), MailCodes::new([2; 32]).nobody("anne"));
    }
}
