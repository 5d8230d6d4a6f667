//! The policy's keys as a JSON Schema, for editors.

use serde_json::{Map, Value, json};

use super::keys::{Absent, Key, Section, Takes};

#[cfg(test)]
mod tests;

/// A JSON Schema (draft 2020-12) of the policy file.
pub fn schema() -> Value {
    let mut schema = section(Section::Policy);
    let sections = Section::ALL.into_iter().filter(|section| *section != Section::Policy);
    let definitions: Map<_, _> = sections.map(|place| (name(place), Value::Object(section(place)))).collect();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!("Trilock policy (.github/trilock.yml)"));
    schema.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(schema)
}

fn name(section: Section) -> String {
    format!("{section:?}").to_lowercase()
}

fn section(section: Section) -> Map<String, Value> {
    let properties: Map<_, _> = section.keys().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<_> =
        section.keys().filter(|key| key.absent == Absent::Required).map(|key| key.name).collect();
    let mut schema = Map::new();
    // An empty mapping is written as nothing.
    let kind = if required.is_empty() { json!(["object", "null"]) } else { json!("object") };
    schema.insert("type".to_owned(), kind);
    schema.insert("description".to_owned(), json!(plain(section.about())));
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    if section == Section::Issue {
        schema.insert(
            "anyOf".to_owned(),
            json!([{ "required": ["labels"] }, { "required": ["title_prefix"] }]),
        );
    }
    if section == Section::Input {
        let both = json!({ "properties": { "private": { "const": true }, "secret": { "const": true } }, "required": ["private", "secret"] });
        schema.insert("not".to_owned(), both);
    }
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema
}

fn property(key: &Key) -> Value {
    let mut schema = value(key);
    if let Value::Object(schema) = &mut schema {
        let otherwise = match key.absent {
            Absent::Required => String::new(),
            Absent::Yaml(text) | Absent::Words(text) => format!(" Default: {text}."),
        };
        schema.insert("description".to_owned(), json!(format!("{}{}", plain(key.about), plain(&otherwise))));
    }
    schema
}

fn value(key: &Key) -> Value {
    match key.takes {
        Takes::Word(words) => {
            let numbers = words.iter().filter_map(|word| word.parse::<u32>().ok()).map(Value::from);
            json!({ "enum": numbers.chain(words.iter().map(|word| json!(word))).collect::<Vec<_>>() })
        }
        Takes::Boolean => json!({ "type": "boolean" }),
        Takes::Count(most) => json!({ "type": "integer", "minimum": 1, "maximum": most }),
        Takes::Duration(_) => json!({ "type": "string", "pattern": r"^\s*(\d+\s*[A-Za-z]+\s*)+$" }),
        Takes::Text => text(),
        Takes::Shaped(pattern, _) => json!({ "type": "string", "pattern": pattern }),
        Takes::Regex => json!({ "type": "string", "minLength": 1 }),
        Takes::Texts => json!({ "anyOf": [text(), { "type": "array", "items": text() }] }),
        Takes::Fixed(section) => reference(section),
        Takes::Named { pattern, section, most, .. } => {
            let mut schema = json!({ "type": ["object", "null"], "maxProperties": most });
            if key.absent == Absent::Required {
                schema = json!({ "type": "object", "minProperties": 1, "maxProperties": most });
            }
            schema["additionalProperties"] = reference(section);
            if !pattern.is_empty() {
                schema["propertyNames"] = json!({ "pattern": pattern });
            }
            schema
        }
    }
}

fn reference(section: Section) -> Value {
    json!({ "$ref": format!("#/$defs/{}", name(section)) })
}

/// Any scalar counts as it is spelled, so `1.10` needs no quotes.
fn text() -> Value {
    json!({ "type": ["string", "number", "boolean"], "minLength": 1 })
}

/// Markdown without links, as editors show it.
fn plain(markdown: &str) -> String {
    markdown
        .replace("[syntax](https://docs.rs/regex/latest/regex/#syntax)", "syntax of https://docs.rs/regex")
}
