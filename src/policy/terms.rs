use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use super::Catalogue;

#[cfg(test)]
mod tests;

/// A short stable name of what a build type's requests are checked by: its policy and its workflow's inputs. The first
/// 64 bits of a SHA-256, in hex.
pub fn terms(catalogue: &Catalogue, build_type: &str) -> Option<String> {
    let build = catalogue.policy.builds.get(build_type)?;
    let inputs = catalogue.workflows.get(&build.workflow).and_then(|workflow| workflow.inputs.as_ref());
    let value = json!({ "build": build, "inputs": inputs });
    let hash = digest(&SHA256, canonical(value).to_string().as_bytes());
    hash.as_ref().get(..8).map(hex::encode)
}

/// Keys in order, and nothing where nothing is said: a key that is new to the policy changes no name.
fn canonical(value: Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries
                .into_iter()
                .filter(|(_, value)| !matches!(value, Value::Null | Value::Bool(false)))
                .map(|(key, value)| (key, canonical(value)))
                .collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(canonical).collect()),
        other => other,
    }
}
