//! The table of GitHub's own description: which calls exist, with which parameters and bodies.
//! What the server sends is held against it.

use std::{collections::BTreeSet, path::Path};

use anyhow::Context;
use jsonschema::Validator;
use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{api::Call, world::World};

const WANTED_HEADERS: [&str; 3] = ["accept", "user-agent", "x-github-api-version"];

/// The entries, what was checked and what did not match. Without entries nothing is checked.
#[derive(Default)]
pub(crate) struct Table {
    entries: Vec<Entry>,
    checked: u64,
    violations: Vec<String>,
}

struct Entry {
    method: String,
    operation: String,
    regex: Regex,
    params: Vec<Param>,
    body_required: bool,
    body: Option<Validator>,
}

struct Param {
    name: String,
    in_query: bool,
    required: bool,
    kinds: BTreeSet<String>,
    schema: Validator,
}

#[derive(Deserialize)]
struct RawEntry {
    method: String,
    regex: String,
    #[serde(rename = "operationId")]
    operation: String,
    params: Vec<RawParam>,
    body_required: bool,
    body: Option<Value>,
}

#[derive(Deserialize)]
struct RawParam {
    name: String,
    r#in: String,
    #[serde(default)]
    required: bool,
    schema: Value,
}

impl Table {
    /// # Errors
    /// When the file cannot be read or is not such a table.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let place = || format!("the table of API requests in {}", path.display());
        let text = std::fs::read_to_string(path).with_context(place)?;
        let raw: Vec<RawEntry> = serde_json::from_str(&text).with_context(place)?;
        let entries = raw.into_iter().map(Entry::new).collect::<anyhow::Result<_>>().with_context(place)?;
        Ok(Self { entries, ..Self::default() })
    }

    /// What is wrong with a call, if anything is.
    pub fn mismatch(&self, call: &Call) -> Option<String> {
        let times = |name: &&str| call.headers.get_all(*name).iter().count();
        if let Some(name) = WANTED_HEADERS.iter().find(|name| times(name) != 1) {
            return Some(format!("{} {name} headers, where one is wanted", times(name)));
        }
        let of_path: Vec<_> = self.entries.iter().filter(|e| e.regex.is_match(&call.raw_path)).collect();
        match of_path.iter().find(|e| e.method == call.method) {
            None if of_path.is_empty() => Some("no such path".to_owned()),
            None => Some("no such method for this path".to_owned()),
            Some(entry) => entry.mismatch(call).map(|why| format!("{}: {why}", entry.operation)),
        }
    }
}

impl Entry {
    fn new(raw: RawEntry) -> anyhow::Result<Self> {
        let params = raw.params.into_iter().map(Param::new).collect::<anyhow::Result<_>>()?;
        let body = raw.body.map(|schema| validator(&closed(schema)));
        Ok(Self {
            method: raw.method,
            operation: raw.operation,
            regex: Regex::new(&raw.regex)?,
            params,
            body_required: raw.body_required,
            body: body.transpose()?,
        })
    }

    fn mismatch(&self, call: &Call) -> Option<String> {
        self.path_mismatch(call)
            .or_else(|| self.query_mismatch(call))
            .or_else(|| self.body_mismatch(&call.body))
    }

    fn path_mismatch(&self, call: &Call) -> Option<String> {
        let parts = self.regex.captures(&call.raw_path)?;
        let of_path = self.params.iter().filter(|p| !p.in_query);
        of_path
            .filter_map(|p| parts.name(&p.name).map(|part| (p, part)))
            .find_map(|(p, m)| p.mismatch(m.as_str()))
    }

    fn query_mismatch(&self, call: &Call) -> Option<String> {
        let known = |name: &str| self.params.iter().find(|p| p.in_query && p.name == name);
        for (at, (name, value)) in call.query.iter().enumerate() {
            if call.query[..at].iter().any(|(other, _)| other == name) {
                return Some(format!("query parameter {name} comes twice"));
            }
            let Some(param) = known(name) else { return Some(format!("unknown query parameter {name}")) };
            if let Some(why) = param.mismatch(value) {
                return Some(why);
            }
        }
        let missing =
            self.params.iter().find(|p| p.in_query && p.required && call.param(&p.name).is_none())?;
        Some(format!("query parameter {} is missing", missing.name))
    }

    fn body_mismatch(&self, body: &Value) -> Option<String> {
        match (&self.body, body) {
            (_, Value::Null) if self.body_required => Some("a body is required".to_owned()),
            (_, Value::Null) => None,
            (None, _) => Some("this call takes no body".to_owned()),
            (Some(schema), body) => schema.validate(body).err().map(|error| {
                let place = error.instance_path().to_string();
                format!("body{place}: {error}")
            }),
        }
    }
}

impl Param {
    fn new(raw: RawParam) -> anyhow::Result<Self> {
        let mut kinds = BTreeSet::new();
        collect_types(&raw.schema, &mut kinds);
        let schema = validator(&raw.schema)?;
        Ok(Self { name: raw.name, in_query: raw.r#in == "query", required: raw.required, kinds, schema })
    }

    /// A parameter comes as text; what it should be decides how it is read.
    fn mismatch(&self, text: &str) -> Option<String> {
        let number = text.parse::<i64>().ok().filter(|_| self.kinds.contains("integer")).map(Value::from);
        let truth = text.parse::<bool>().ok().filter(|_| self.kinds.contains("boolean")).map(Value::from);
        let value = number.or(truth).unwrap_or_else(|| Value::from(text));
        self.schema.validate(&value).err().map(|e| format!("parameter {}: {e}", self.name))
    }
}

/// Formats are not checked: GitHub calls the `created` filter, e.g. `>=2026-01-01T00:00:00Z`, a `date-time`.
fn validator(schema: &Value) -> anyhow::Result<Validator> {
    jsonschema::validator_for(schema).map_err(|e| anyhow::anyhow!("schema: {e}"))
}

fn collect_types(schema: &Value, into: &mut BTreeSet<String>) {
    into.extend(schema["type"].as_str().map(str::to_owned));
    for alternative in ["oneOf", "anyOf"].iter().filter_map(|key| schema[*key].as_array()).flatten() {
        collect_types(alternative, into);
    }
}

/// The schema with every object closed that names its keys, however deep: GitHub ignores what it does not know, and
/// whoever sent it hoped for something. Where GitHub says that more may come, that stands.
fn closed(schema: Value) -> Value {
    close(schema, true)
}

/// `whole`: the schema stands for a value by itself, and not beside others that name keys of the same object.
fn close(schema: Value, whole: bool) -> Value {
    let Value::Object(mut schema) = schema else { return schema };
    let names = allowed_keys(&schema);
    let of_its_own = schema.contains_key("properties");
    for (key, part) in &mut schema {
        match (key.as_str(), part) {
            ("properties", Value::Object(keys)) => {
                keys.values_mut().for_each(|part| *part = close(part.take(), true));
            }
            ("items", part) => *part = close(part.take(), true),
            ("oneOf" | "anyOf", Value::Array(parts)) => {
                parts.iter_mut().for_each(|part| *part = close(part.take(), whole && !of_its_own));
            }
            _ => {}
        }
    }
    if whole && of_its_own && !schema.contains_key("additionalProperties") {
        schema.insert("propertyNames".to_owned(), json!({ "enum": names }));
    }
    Value::Object(schema)
}

/// The keys that a schema and its alternatives name, be it only as required.
fn allowed_keys(schema: &Map<String, Value>) -> BTreeSet<String> {
    let parts = ["oneOf", "anyOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    let parts = parts.filter_map(Value::as_object).chain([schema]);
    let keys = parts.flat_map(|part| {
        let named = part.get("properties").and_then(Value::as_object).into_iter().flatten();
        let required = part.get("required").and_then(Value::as_array).into_iter().flatten();
        let required = required.filter_map(Value::as_str).map(str::to_owned);
        named.map(|(key, _)| key.clone()).chain(required).collect::<Vec<_>>()
    });
    keys.collect()
}

impl World {
    /// The calls that were held against the table.
    pub fn checked(&self) -> u64 {
        self.table.checked
    }

    /// The calls that did not match, each with the reason.
    pub fn violations(&self) -> &[String] {
        &self.table.violations
    }

    /// Holds a call against the table, if there is one; says what is wrong with it.
    pub(super) fn check_call(&mut self, call: &Call) -> Result<(), String> {
        if self.table.entries.is_empty() {
            return Ok(());
        }
        self.table.checked += 1;
        let Some(why) = self.table.mismatch(call) else { return Ok(()) };
        let violation = format!("{} {}: {why}", call.method, call.raw_path);
        self.table.violations.push(violation.clone());
        Err(violation)
    }
}
