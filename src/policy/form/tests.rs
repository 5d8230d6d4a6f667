use super::*;

const FORM: &str = r#"
name: Build
title: "[build] "
labels: [build, "two words"]
body:
  - type: markdown
    attributes: { value: Hello }
  - type: input
    id: tag
    attributes: { label: "版本号 ", placeholder: v1.4.0 }
  - { type: dropdown, id: channel, attributes: { label: Channel, options: [stable, 1.10] } }
  - { type: checkboxes, id: sign, attributes: { label: Sign, options: [{ label: Yes }] } }
"#;

#[test]
fn a_form_gives_ids_labels_and_options() {
    let field = |id: &str, label: &str, kind| FormField {
        id: id.to_owned(),
        label: label.to_owned(),
        kind,
        ..FormField::default()
    };
    let form = parse_form("f", FORM).unwrap();
    let mut tag = field("tag", "版本号", FieldKind::Input);
    tag.placeholder = Some("v1.4.0".to_owned());
    let mut channel = field("channel", "Channel", FieldKind::Dropdown);
    channel.options = ["stable", "1.10"].map(str::to_owned).to_vec();
    assert_eq!(form.fields, [tag, channel, field("sign", "Sign", FieldKind::Checkboxes)]);
    assert_eq!((form.name.as_deref(), form.title.as_deref()), (Some("Build"), Some("[build]")));
    assert_eq!(form.labels, ["build", "two words"]);
    assert_eq!(parse_form("f", "blank_issues_enabled: false").unwrap().fields, []);
    assert_eq!(parse_form("f", "labels: bug, build ,").unwrap().labels, ["bug", "build"]);
}

#[test]
fn what_it_says_has_a_place() {
    let placed = place_form("f", FORM).unwrap();
    assert_eq!((placed.labels, placed.title), ((4, 9), (3, 8)));
    assert_eq!(placed.fields[0].id, (9, 9));
    assert_eq!(placed.fields[1].options, [(11, 76), (11, 84)]);
}

#[test]
fn a_form_stored_by_an_older_server_is_read() {
    let old = r#"{ "path": "f", "fields": [{ "id": "tag", "label": "Tag" }] }"#;
    let form: Form = serde_json::from_str(old).unwrap();
    assert_eq!(form.fields[0].label, "Tag");
    assert!(form.labels.is_empty());
}
