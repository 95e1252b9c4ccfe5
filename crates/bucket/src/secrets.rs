//! Credentials, and their redaction in texts of the service.

use std::fmt;

const REDACTED: &str = "[redacted]";

/// The key, the secret and the token of an account. `Debug` redacts them.
#[derive(Clone)]
pub(crate) struct Secrets {
    pub(crate) key: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

impl Secrets {
    /// Replaces the credentials in a text. Services repeat what they reject.
    pub(crate) fn redact_in(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in [Some(&self.secret), self.token.as_ref(), Some(&self.key)].into_iter().flatten() {
            text = text.replace(secret, REDACTED);
        }
        text
    }

    pub(crate) fn credentials(&self) -> rusty_s3::Credentials {
        match &self.token {
            Some(token) => rusty_s3::Credentials::new_with_token(&self.key, &self.secret, token),
            None => rusty_s3::Credentials::new(&self.key, &self.secret),
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}
