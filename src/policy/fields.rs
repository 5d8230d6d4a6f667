//! Mappings whose keys the table knows, and their values as the table says they are.

use std::time::Duration;

use serde_saphyr::{Location, Spanned};

use super::Pattern;
use super::keys::{Section, Takes, moved};
use super::nearest::suggestion;
use super::reader::Reader;
use super::yaml::{Node, Value};

/// A mapping whose keys are all known.
pub(super) struct Fields<'n, 'a> {
    section: Section,
    place: Location,
    entries: Vec<(&'n str, &'n Node<'a>)>,
}

impl<'n, 'a> Fields<'n, 'a> {
    /// The value of a key; an empty one counts as absent.
    pub fn get(&self, key: &str) -> Option<&'n Node<'a>> {
        debug_assert!(self.section.key(key).is_some(), "{key} is not in the table");
        let (_, value) = self.entries.iter().find(|(name, _)| *name == key)?;
        (!matches!(value.value, Value::Null)).then_some(value)
    }

    /// The keys that are there, in the table's order.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.section.keys().map(|key| key.name).filter(|key| self.get(key).is_some())
    }

    fn takes(&self, key: &str) -> Option<Takes> {
        self.section.key(key).map(|key| key.takes)
    }
}

impl Reader {
    /// The entries of a mapping with fixed keys; an unknown one is an error that names the nearest.
    pub fn fields<'n, 'a>(&mut self, node: &'n Node<'a>, what: &str, section: Section) -> Fields<'n, 'a> {
        let mut fields = Fields { section, place: node.defined, entries: Vec::new() };
        for (key, value) in self.entries(node, what) {
            let name = key.value.as_str();
            if section.key(name).is_some() {
                fields.entries.push((name, value));
                continue;
            }
            let help = moved(section, name).map(str::to_owned);
            let help = help.or_else(|| suggestion(name, section.keys().map(|key| key.name)));
            self.error(key.defined, format!("unknown key `{name}` in {what}"), help);
        }
        fields
    }

    /// A value that must be there.
    pub fn required<'n, 'a>(
        &mut self,
        fields: &Fields<'n, 'a>,
        key: &str,
        what: &str,
        help: &str,
    ) -> Option<&'n Node<'a>> {
        let value = fields.get(key);
        if value.is_none() {
            self.error(fields.place, format!("{what} needs the key `{key}`"), Some(help.to_owned()));
        }
        value
    }

    /// One of the key's words.
    pub fn word_of(&mut self, fields: &Fields<'_, '_>, key: &str) -> Option<&'static str> {
        let node = fields.get(key)?;
        let text = self.text(node, &format!("`{key}`"))?;
        let Some(Takes::Word(words)) = fields.takes(key) else { return None };
        let word = words.iter().find(|word| **word == text).copied();
        if word.is_none() {
            let help = suggestion(text, words.iter().copied());
            self.error(node.defined, format!("`{key}` cannot be `{text}`"), help);
        }
        word
    }

    pub fn text_of<'n>(&mut self, fields: &Fields<'n, '_>, key: &str) -> Option<&'n str> {
        self.text(fields.get(key)?, &format!("`{key}`"))
    }

    pub fn texts_of(&mut self, fields: &Fields<'_, '_>, key: &str, what: &str) -> Vec<Spanned<String>> {
        fields.get(key).map(|node| self.texts(node, what)).unwrap_or_default()
    }

    pub fn boolean_of(&mut self, fields: &Fields<'_, '_>, key: &str) -> Option<bool> {
        self.boolean(fields.get(key)?, &format!("`{key}`"))
    }

    pub fn count_of(&mut self, fields: &Fields<'_, '_>, key: &str) -> Option<u32> {
        let Some(Takes::Count(most)) = fields.takes(key) else { return None };
        self.count(fields.get(key)?, &format!("`{key}`"), most)
    }

    pub fn duration_of(&mut self, fields: &Fields<'_, '_>, key: &str) -> Option<Duration> {
        let Some(Takes::Duration(days)) = fields.takes(key) else { return None };
        self.duration(fields.get(key)?, &format!("`{key}`"), days)
    }

    /// The entries of a mapping with names of the author's choosing.
    pub fn named_of<'n, 'a>(
        &mut self,
        fields: &Fields<'n, 'a>,
        key: &str,
    ) -> &'n [(Spanned<String>, Node<'a>)] {
        let (Some(node), Some(Takes::Named { most, .. })) = (fields.get(key), fields.takes(key)) else {
            return &[];
        };
        let entries = self.entries(node, &format!("`{key}`"));
        if let Some((name, _)) = entries.get(most) {
            self.error(name.defined, format!("`{key}` has more than {most} entries"), None);
        }
        &entries[..entries.len().min(most)]
    }

    pub fn pattern_of(&mut self, fields: &Fields<'_, '_>, key: &str) -> Option<Pattern> {
        self.pattern(fields.get(key)?, &format!("`{key}`"))
    }
}
