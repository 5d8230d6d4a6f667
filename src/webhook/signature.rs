use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign, verify};

/// The secrets of `TRILOCK_WEBHOOK_SECRET`: one, or several with commas while rotating.
#[derive(Clone)]
pub struct WebhookSecrets(Vec<Key>);

impl std::fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WebhookSecrets({})", self.0.len())
    }
}

impl WebhookSecrets {
    /// `None` when there is no secret in it.
    pub fn parse(text: &str) -> Option<Self> {
        let secrets: Vec<&str> = text.split(',').map(str::trim).filter(|secret| !secret.is_empty()).collect();
        let keys = secrets.iter().map(|secret| Key::new(HMAC_SHA256, secret.as_bytes())).collect();
        (!secrets.is_empty()).then_some(Self(keys))
    }

    /// Checks `X-Hub-Signature-256` over the raw body, in constant time for each secret.
    pub fn verify(&self, header: &str, body: &[u8]) -> bool {
        let Some(mac) = header.strip_prefix("sha256=").and_then(|text| hex::decode(text).ok()) else {
            return false;
        };
        self.0.iter().fold(false, |any, key| verify(key, body, &mac).is_ok() | any)
    }

    /// The header for a body, with the first secret: what GitHub would send.
    pub fn sign(&self, body: &[u8]) -> Option<String> {
        self.0.first().map(|key| format!("sha256={}", hex::encode(sign(key, body))))
    }
}
