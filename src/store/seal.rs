//! Encryption at rest: AES-256-GCM with a random nonce, several keys while rotating.

use std::collections::BTreeMap;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
    rand,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::StoreError;
use crate::queue::Event;

/// The keys of `TRILOCK_SECRET_KEY`: the first encrypts, all decrypt. Each is 32 bytes in hex.
#[derive(Clone)]
pub struct SecretKeys(Vec<[u8; 32]>);

#[derive(Debug, thiserror::Error)]
#[error(
    "TRILOCK_SECRET_KEY must be 32 bytes in hex (64 characters), or several such keys with commas between them. \
     `openssl rand -hex 32` makes one."
)]
pub struct SecretKeysError;

impl std::fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretKeys({:?})", self.fingerprints())
    }
}

impl std::str::FromStr for SecretKeys {
    type Err = SecretKeysError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = |key: &str| {
            let mut bytes = [0; 32];
            hex::decode_to_slice(key.trim(), &mut bytes).map(|()| bytes).map_err(|_| SecretKeysError)
        };
        text.split(',').map(parse).collect::<Result<_, _>>().map(Self)
    }
}

impl SecretKeys {
    /// A new random key, as text.
    pub fn generate() -> Result<String, StoreError> {
        Ok(hex::encode(random::<32>()?))
    }

    /// Eight hex digits per key: tells keys apart and gives nothing away.
    pub fn fingerprints(&self) -> Vec<String> {
        self.0.iter().map(|key| hex::encode(&digest(&SHA256, key).as_ref()[..4])).collect()
    }

    pub(super) fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let key = self.0.first().ok_or_else(unusable)?;
        let nonce = random::<NONCE_LEN>()?;
        let mut sealed = plain.to_vec();
        aead(key)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
            .map_err(|_| unusable())?;
        Ok([&nonce[..], &sealed].concat())
    }

    pub(super) fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(unusable)?;
        for key in &self.0 {
            let mut buffer = sealed.to_vec();
            let nonce = Nonce::assume_unique_for_key(*nonce);
            if let Ok(plain) = aead(key)?.open_in_place(nonce, Aad::empty(), &mut buffer) {
                return Ok(plain.to_vec());
            }
        }
        Err(unusable())
    }
}

/// Events with what people typed: some of it may be private, which is known only once the policy is.
impl SecretKeys {
    /// None: nobody wrote any of it.
    pub(super) fn seal_event(&self, event: &Event) -> Result<Option<Value>, StoreError> {
        if !matches!(event, Event::Issue(_) | Event::Comment(_)) {
            return Ok(None);
        }
        let plain = serde_json::to_value(event)?;
        let sealed = STANDARD.encode(self.seal(plain.to_string().as_bytes())?);
        Ok(Some(json!({ "event": plain["event"], "sealed": sealed })))
    }

    /// Puts the event itself in the place of a sealed one.
    pub(super) fn open_event(&self, event: &mut Value) -> Result<(), StoreError> {
        let Some(sealed) = event["sealed"].as_str() else { return Ok(()) };
        let plain = self.open(&STANDARD.decode(sealed).map_err(|_| unusable())?)?;
        *event = serde_json::from_slice(&plain)?;
        Ok(())
    }

    /// Private answers, as a build keeps them: `KEY:TEXT` with the key's fingerprint.
    pub fn seal_answers(&self, answers: &BTreeMap<String, String>) -> Result<String, StoreError> {
        let plain = serde_json::to_vec(answers)?;
        Ok(format!("{}:{}", self.newest(), STANDARD.encode(self.seal(&plain)?)))
    }

    /// The same under the newest key. None: they are under it already.
    pub(super) fn seal_anew(&self, sealed: &str) -> Result<Option<String>, StoreError> {
        let (key, text) = sealed.split_once(':').ok_or_else(unusable)?;
        if key == self.newest() {
            return Ok(None);
        }
        let plain = self.open(&STANDARD.decode(text).map_err(|_| unusable())?)?;
        Ok(Some(format!("{}:{}", self.newest(), STANDARD.encode(self.seal(&plain)?))))
    }

    /// The fingerprint of the key that encrypts.
    pub(super) fn newest(&self) -> String {
        self.fingerprints().into_iter().next().unwrap_or_default()
    }
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| StoreError::Setting("the system gives no random numbers".into()))?;
    Ok(bytes)
}

fn aead(key: &[u8; 32]) -> Result<LessSafeKey, StoreError> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).map_err(|_| unusable())?))
}

fn unusable() -> StoreError {
    StoreError::Setting("what is stored was sealed with a key that TRILOCK_SECRET_KEY does not have".into())
}
