//! The sandbox's control API, over HTTP.

use http::Request;
use http_body_util::BodyExt as _;
use octocrab::Octocrab;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use trilock::sandbox::Record;

/// Clones are the same one.
#[derive(Clone)]
pub struct GitHub {
    client: Octocrab,
    address: String,
}

impl GitHub {
    pub fn new(address: String) -> Self {
        Self { client: Octocrab::builder().build().expect("a client"), address }
    }

    /// Does a command; `Err` is what GitHub would answer to the person.
    pub async fn ask(&self, command: &str, arguments: Value) -> Result<Value, String> {
        let url = format!("{}/_sandbox/{command}", self.address);
        let request = Request::post(url).body(arguments.to_string()).expect("a request");
        let response = self.client.execute(request).await.expect("the sandbox answers");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the sandbox's answer").to_bytes();
        let value = serde_json::from_slice(&body).expect("an answer in JSON");
        if parts.status.is_success() { Ok(value) } else { Err(format!("{command} {arguments}: {value}")) }
    }

    /// Does a command that cannot be refused.
    pub async fn tell(&self, command: &str, arguments: Value) -> Value {
        self.ask(command, arguments).await.unwrap_or_else(|error| panic!("{error}"))
    }

    pub async fn read<T: DeserializeOwned>(&self, command: &str, arguments: Value) -> T {
        serde_json::from_value(self.tell(command, arguments).await).expect("an answer of this type")
    }

    /// What really happened.
    pub async fn record(&self) -> Record {
        self.read("record", json!({})).await
    }
}
