use std::collections::BTreeMap;

use crate::policy::ResourcePolicy;
use crate::policy::fields::Fields;
use crate::policy::keys::Section;
use crate::policy::nearest::suggestion;
use crate::policy::reader::Reader;

impl Reader {
    pub(super) fn resources(
        &mut self,
        build: &Fields<'_, '_>,
        named: &BTreeMap<String, ResourcePolicy>,
    ) -> Vec<String> {
        let mut resources: Vec<String> = Vec::new();
        for name in self.texts_of(build, "resources", "a resource") {
            if !named.contains_key(&name.value) {
                let message = format!("resource `{}` is not one of `named_resources`", name.value);
                let help = suggestion(&name.value, named.keys().map(String::as_str));
                let declare =
                    format!("declare it: `named_resources: {{ \"{}\": {{ capacity: 1 }} }}`", name.value);
                self.error(name.defined, message, help.or(Some(declare)));
            } else if !resources.contains(&name.value) {
                resources.push(name.value);
            }
        }
        resources
    }

    pub(super) fn named_resources(&mut self, top: &Fields<'_, '_>) -> BTreeMap<String, ResourcePolicy> {
        let mut resources = BTreeMap::new();
        for (name, value) in self.named_of(top, "named_resources") {
            if !is_resource(&name.value) {
                let message = format!("`{}` cannot name a resource", name.value);
                let help = Some("use letters, digits and `. _ - : /`, at most 100 characters".to_owned());
                self.error(name.defined, message, help);
            }
            let fields = self.fields(value, &format!("resource `{}`", name.value), Section::Resource);
            let capacity = self.count_of(&fields, "capacity");
            let capacity = capacity.unwrap_or_else(|| ResourcePolicy::default().capacity);
            resources.insert(name.value.clone(), ResourcePolicy { capacity });
        }
        resources
    }
}

fn is_resource(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-:/".contains(&b))
}
