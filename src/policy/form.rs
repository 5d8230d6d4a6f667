use serde::{Deserialize, Serialize};

use super::FileError;
use super::reader::{lookup, plain};
use super::yaml::{self, Value};

/// An issue form: which heading of an issue stands for which input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    pub path: String,
    pub fields: Vec<FormField>,
}

/// A field whose `id` is an input's name and whose `label` becomes a heading in the issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormField {
    pub id: String,
    pub label: String,
}

/// Reads a file of `.github/ISSUE_TEMPLATE/`. Fields without `id` or label are left out; a file without `body` (such
/// as the folder's `config.yml`) has none.
pub fn parse_form(path: &str, text: &str) -> Result<Form, Vec<FileError>> {
    let root = yaml::parse(path, text).map_err(|error| vec![error])?;
    let items = match lookup(&root, "body").map(|body| &body.value) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    let fields = items.iter().filter_map(|item| {
        let id = plain(lookup(item, "id")?)?;
        let label = plain(lookup(lookup(item, "attributes")?, "label")?)?;
        Some(FormField { id: id.to_owned(), label: label.trim().to_owned() })
    });
    Ok(Form { path: path.to_owned(), fields: fields.collect() })
}
