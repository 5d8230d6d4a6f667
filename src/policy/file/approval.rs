use std::collections::BTreeMap;

use serde_saphyr::Spanned;

use crate::policy::keys::Section;
use crate::policy::reader::Reader;
use crate::policy::yaml::Node;
use crate::policy::{ApprovalPolicy, Condition, InputPolicy, InputType, Pin, Role};

/// What a condition says of hosts.
const HOST_KINDS: [&str; 2] = ["public", "private"];

impl Reader {
    pub(super) fn approval(
        &mut self,
        node: &Node<'_>,
        inputs: &BTreeMap<String, InputPolicy>,
    ) -> ApprovalPolicy {
        let fields = self.fields(node, "`approval`", Section::Approval);
        let default = ApprovalPolicy::default();
        ApprovalPolicy {
            unless: match self.word_of(&fields, "unless") {
                None => default.unless,
                Some("anyone") => Some(Role::None),
                Some(word) => Role::from_name(word),
            },
            by: self.word_of(&fields, "by").and_then(Role::from_name).unwrap_or(default.by),
            expires: self.duration_of(&fields, "expires").unwrap_or(default.expires),
            pin: match self.word_of(&fields, "pin") {
                Some("commit") => Pin::Commit,
                _ => default.pin,
            },
            own: self.boolean_of(&fields, "own").unwrap_or(default.own),
            when: fields.get("when").and_then(|node| self.condition(node, inputs)),
        }
    }

    fn condition(&mut self, node: &Node<'_>, inputs: &BTreeMap<String, InputPolicy>) -> Option<Condition> {
        let fields = self.fields(node, "`when`", Section::When);
        let help = "write for example `when: { input: host, is: public }`";
        self.required(&fields, "input", "`when`", help);
        let input = self.text_of(&fields, "input").map(str::to_owned);
        let given = self.required(&fields, "is", "`when`", help)?;
        let values = self.texts_of(&fields, "is", "`is`");
        if values.is_empty() {
            self.error(given.defined, "`is` names no answer".to_owned(), Some(help.to_owned()));
        }
        let input = input?;
        if !inputs.get(&input).is_some_and(names_a_host) {
            self.no_host_kinds(&values, &input);
        }
        Some(Condition { input, is: values.into_iter().map(|value| value.value).collect() })
    }

    /// A rule that never applies would let everything pass.
    fn no_host_kinds(&mut self, values: &[Spanned<String>], input: &str) {
        for value in values {
            if HOST_KINDS.contains(&value.value.as_str()) {
                let message = format!("`{}` is said of hosts, and `{input}` is none", value.value);
                let help = format!("give it a type: `inputs: {{ {input}: {{ type: host }} }}`");
                self.error(value.defined, message, Some(help));
            }
        }
    }
}

fn names_a_host(input: &InputPolicy) -> bool {
    matches!(input.kind, Some(InputType::Host | InputType::Url))
}
