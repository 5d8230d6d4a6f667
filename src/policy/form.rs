use serde::{Deserialize, Serialize};

use super::FileError;
use super::reader::{lookup, plain};
use super::yaml::{self, Node, Value, position};

#[cfg(test)]
mod tests;

/// Fields of one form that are looked at. Nobody fills in more.
const MAX_FIELDS: usize = 200;

/// An issue form: which heading of an issue stands for which input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    pub path: String,
    pub fields: Vec<FormField>,
    #[serde(default)]
    pub name: Option<String>,
    /// What an issue's title is before somebody writes one.
    #[serde(default)]
    pub title: Option<String>,
    /// What GitHub labels its issues with.
    #[serde(default)]
    pub labels: Vec<String>,
}

/// A field whose `id` is an input's name and whose `label` becomes a heading in the issue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormField {
    pub id: String,
    pub label: String,
    #[serde(default)]
    pub kind: FieldKind,
    /// Of a dropdown.
    #[serde(default)]
    pub options: Vec<String>,
    #[serde(default)]
    pub placeholder: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    #[default]
    Input,
    Textarea,
    Dropdown,
    Checkboxes,
    Other,
}

/// A form, and where in its file what it says stands. Lines and columns.
pub(super) struct PlacedForm {
    pub form: Form,
    pub labels: (u32, u32),
    pub title: (u32, u32),
    /// One for each of the form's fields.
    pub fields: Vec<FieldPlaces>,
}

pub(super) struct FieldPlaces {
    pub id: (u32, u32),
    pub options: Vec<(u32, u32)>,
}

/// Reads a file of `.github/ISSUE_TEMPLATE/`. Fields without `id` or label are left out; a file without `body` (such
/// as the folder's `config.yml`) has none.
pub fn parse_form(path: &str, text: &str) -> Result<Form, Vec<FileError>> {
    place_form(path, text).map(|placed| placed.form)
}

/// The same with the places.
pub(super) fn place_form(path: &str, text: &str) -> Result<PlacedForm, Vec<FileError>> {
    let root = yaml::parse(path, text).map_err(|error| vec![error])?;
    let items = match lookup(&root, "body").map(|body| &body.value) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    let (fields, places) = items.iter().filter_map(field).take(MAX_FIELDS).unzip();
    let place = |key| position(lookup(&root, key).unwrap_or(&root).defined);
    let text = |key| lookup(&root, key).and_then(plain).map(|text| text.trim().to_owned());
    let form = Form {
        path: path.to_owned(),
        fields,
        name: text("name"),
        title: text("title"),
        labels: lookup(&root, "labels").map(labels).unwrap_or_default(),
    };
    Ok(PlacedForm { form, labels: place("labels"), title: place("title"), fields: places })
}

/// A list, or one text with commas.
fn labels(node: &Node<'_>) -> Vec<String> {
    let labels: Vec<&str> = match &node.value {
        Value::List(items) => items.iter().filter_map(plain).collect(),
        _ => plain(node).map(|text| text.split(',').collect()).unwrap_or_default(),
    };
    labels.into_iter().map(str::trim).filter(|label| !label.is_empty()).map(str::to_owned).collect()
}

fn field(item: &Node<'_>) -> Option<(FormField, FieldPlaces)> {
    let attributes = lookup(item, "attributes")?;
    let id = lookup(item, "id")?;
    let label = plain(lookup(attributes, "label")?)?.trim().to_owned();
    let kind = match lookup(item, "type").and_then(plain) {
        Some("input") | None => FieldKind::Input,
        Some("textarea") => FieldKind::Textarea,
        Some("dropdown") => FieldKind::Dropdown,
        Some("checkboxes") => FieldKind::Checkboxes,
        Some(_) => FieldKind::Other,
    };
    let options = match lookup(attributes, "options").map(|options| &options.value) {
        Some(Value::List(options)) if kind == FieldKind::Dropdown => options.as_slice(),
        _ => &[],
    };
    let (options, places) = options
        .iter()
        .filter_map(|option| Some((plain(option)?.trim().to_owned(), position(option.defined))))
        .unzip();
    let placeholder = lookup(attributes, "placeholder").and_then(plain).map(|text| text.trim().to_owned());
    let field = FormField { id: plain(id)?.to_owned(), label, kind, options, placeholder };
    Some((field, FieldPlaces { id: position(id.defined), options: places }))
}
