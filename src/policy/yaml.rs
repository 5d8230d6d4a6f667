//! YAML as a tree in which every value and key knows its place and its spelling.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess};
use serde_saphyr::options::{MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Location, Options, Spanned, UserMessageFormatter};

use super::FileError;

#[cfg(test)]
mod tests;

/// Bytes. GitHub's contents API gives files of up to 1 MB inline; no policy, workflow or form comes near this.
const MAX_TEXT: usize = 512 * 1024;

pub(super) type Node<'a> = Spanned<Value<'a>>;

#[derive(Debug)]
pub(super) enum Value<'a> {
    Null,
    /// Any scalar, as it is spelled: `1.10` stays `1.10`, and `on` is no boolean.
    Text(Cow<'a, str>),
    /// A plain boolean or number before its spelling is looked up in the source.
    Typed,
    List(Vec<Node<'a>>),
    Map(Vec<(Spanned<String>, Node<'a>)>),
}

/// Parses one document. The error's text is for the author of the file.
pub(super) fn parse<'a>(path: &str, text: &'a str) -> Result<Node<'a>, FileError> {
    let at = |place: Option<Location>, message: String| {
        FileError::new(path, place.map_or((1, 1), position), &message, None)
    };
    if text.len() > MAX_TEXT {
        return Err(at(None, format!("the file is larger than {} KiB", MAX_TEXT / 1024)));
    }
    let mut node: Node<'a> = serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let error = error.without_snippet();
        let place = error.location();
        let message = error.render_with_formatter(&UserMessageFormatter);
        at(place, without_place(&message).to_owned())
    })?;
    spell(&mut node, text);
    Ok(node)
}

/// The library's limits, drawn close. Text in the tree is borrowed from the file wherever it can be; what must be
/// owned inside an anchor is at most 64 KiB, and at most 200 aliases replay it. So however its aliases are nested, a
/// file can claim no more than about 13 MB of text and 20,000 replayed nodes (their keys are of 1,024 characters at
/// most).
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 200_000,
            max_nodes: 100_000,
            max_depth: 32,
            flow_nesting_limit: 32,
            max_documents: 1,
            max_aliases: 200,
            max_anchors: 200,
            max_merge_keys: 200,
            max_recorded_anchor_events: 20_000,
            max_recorded_anchor_bytes: 64 * 1024,
            max_inclusion_depth: 0,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 20_000,
            max_replay_stack_depth: 16,
        },
        merge_keys: MergeKeyPolicy::Merge,
        strict_booleans: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    }
}

/// Line and column of a place, both from 1.
pub(super) fn position(place: Location) -> (u32, u32) {
    let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).max(1);
    (number(place.line()), number(place.column()))
}

fn without_place(message: &str) -> &str {
    message.rfind(" at line ").map_or(message, |end| &message[..end])
}

/// Puts the spelling of plain booleans and numbers in.
fn spell<'a>(node: &mut Node<'a>, source: &'a str) {
    match &mut node.value {
        Value::Typed => node.value = Value::Text(spelling(node.defined, source)),
        Value::List(items) => items.iter_mut().for_each(|item| spell(item, source)),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, value)| spell(value, source)),
        Value::Null | Value::Text(_) => {}
    }
}

fn spelling(place: Location, source: &str) -> Cow<'_, str> {
    let span = place.span();
    let range = span.byte_offset().zip(span.byte_len()).and_then(|(offset, len)| {
        let start = usize::try_from(offset).ok()?;
        source.get(start..start.checked_add(usize::try_from(len).ok()?)?)
    });
    Cow::Borrowed(range.unwrap_or_default().trim())
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Value::Typed)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Value::Typed)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Value::Typed)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Self::Value, E> {
        Ok(Value::Typed)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Self::Value, E> {
        Ok(Value::Typed)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Value::Typed)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key()? {
            map.push((key, entries.next_value()?));
        }
        Ok(Value::Map(map))
    }
}
