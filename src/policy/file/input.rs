use std::collections::BTreeMap;

use crate::policy::fields::Fields;
use crate::policy::keys::Section;
use crate::policy::reader::{Reader, parse_bool};
use crate::policy::{InputPolicy, InputType, OWN_INPUTS};

impl Reader {
    pub(super) fn inputs(&mut self, build: &Fields<'_, '_>) -> BTreeMap<String, InputPolicy> {
        let mut inputs = BTreeMap::new();
        for (name, value) in self.named_of(build, "inputs") {
            if OWN_INPUTS.contains(&name.value.as_str()) {
                let message = format!("`{}` is filled in by Trilock itself", name.value);
                self.error(name.defined, message, Some("declare it in the workflow only".to_owned()));
                continue;
            }
            let fields = self.fields(value, &format!("input `{}`", name.value), Section::Input);
            let input = self.input(&fields);
            inputs.insert(name.value.clone(), input);
        }
        inputs
    }

    fn input(&mut self, fields: &Fields<'_, '_>) -> InputPolicy {
        let input = InputPolicy {
            label: self.text_of(fields, "label").map(str::to_owned),
            required: self.boolean_of(fields, "required"),
            pattern: self.pattern_of(fields, "pattern"),
            example: self.text_of(fields, "example").map(str::to_owned),
            kind: self.word_of(fields, "type").and_then(input_type),
            default: self.text_of(fields, "default").map(str::to_owned),
            max_length: self.count_of(fields, "max_length"),
            private: self.boolean_of(fields, "private").unwrap_or(false),
            secret: self.boolean_of(fields, "secret").unwrap_or(false),
        };
        self.secrecy(fields, &input);
        self.answer_fits(fields, "example", &input, input.example.as_deref());
        self.answer_fits(fields, "default", &input, input.default.as_deref());
        input
    }

    fn secrecy(&mut self, fields: &Fields<'_, '_>, input: &InputPolicy) {
        if let Some(node) = fields.get("secret").filter(|_| input.private && input.secret) {
            let help = Some("leave `private` out: `secret` is the stricter".to_owned());
            self.error(node.defined, "an input is `private` or `secret`, not both".to_owned(), help);
        }
        if let Some(node) = fields.get("default").filter(|_| input.is_hidden()) {
            let message = "a private or secret input has no default: everybody could read it here".to_owned();
            self.error(node.defined, message, Some("leave `default` out".to_owned()));
        }
    }

    /// Whether the policy's own answer is one that it would take. Addresses and hosts are judged with the requests.
    fn answer_fits(&mut self, fields: &Fields<'_, '_>, key: &str, input: &InputPolicy, answer: Option<&str>) {
        let (Some(node), Some(answer)) = (fields.get(key), answer) else { return };
        let characters = u32::try_from(answer.chars().count()).unwrap_or(u32::MAX);
        let why = match (input.kind, &input.pattern, input.max_length) {
            (_, Some(pattern), _) if !pattern.matches(answer) => {
                format!("does not match the pattern `{pattern}`")
            }
            (_, _, Some(most)) if characters > most => format!("is longer than `max_length: {most}`"),
            (Some(InputType::Boolean), ..) if parse_bool(answer).is_none() => {
                "is not true or false".to_owned()
            }
            (Some(InputType::Number), ..) if answer.parse::<f64>().is_err() => "is not a number".to_owned(),
            _ => return,
        };
        self.error(node.defined, format!("the {key} `{answer}` {why}"), None);
    }
}

fn input_type(word: &str) -> Option<InputType> {
    Some(match word {
        "string" => InputType::String,
        "number" => InputType::Number,
        "boolean" => InputType::Boolean,
        "email" => InputType::Email,
        "url" => InputType::Url,
        "host" => InputType::Host,
        _ => return None,
    })
}
