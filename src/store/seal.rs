//! Encryption at rest: AES-256-GCM with a random nonce, several keys while rotating.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
    rand,
};

use super::StoreError;

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
