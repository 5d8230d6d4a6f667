//! The repository's files to types, or to mistakes with their places.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trilock::policy::{FileError, Policy, Workflow, parse_form, parse_policy, parse_workflow};

fuzz_target!(|text: &str| {
    match parse_policy("trilock.yml", text) {
        Ok(policy) => {
            assert!(!policy.builds.is_empty());
            let json = serde_json::to_string(&policy).expect("it can be stored");
            assert!(!json.replace("\\\\", "").contains("\\u0000"));
            assert_eq!(serde_json::from_str::<Policy>(&json).expect("and read"), policy);
        }
        Err(errors) => {
            places_are_in_the_file(text, &errors);
            assert!(errors.is_sorted_by_key(|error| (error.line, error.column)));
        }
    }
    match parse_workflow("w.yml", text) {
        Ok(workflow) => {
            let json = serde_json::to_string(&workflow).expect("it can be stored");
            assert_eq!(serde_json::from_str::<Workflow>(&json).expect("and read"), workflow);
        }
        Err(errors) => places_are_in_the_file(text, &errors),
    }
    if let Err(errors) = parse_form("f.yml", text) {
        places_are_in_the_file(text, &errors);
    }
});

/// A mistake at the file's end may be said to be right behind it.
fn places_are_in_the_file(text: &str, errors: &[FileError]) {
    assert!(!errors.is_empty());
    let plain = text.replace("\r\n", "\n");
    let widths: Vec<usize> = plain.split(['\n', '\r']).map(|line| line.chars().count()).collect();
    for error in errors {
        let width = widths.get(error.line as usize - 1).copied();
        let inside = width.is_some_and(|width| (1..=width + 1).contains(&(error.column as usize)));
        assert!(inside || (width.is_none() && error.line as usize == widths.len() + 1), "{error:?}");
        assert!(!error.message.is_empty() && !error.message.contains('\n'), "{error:?}");
    }
}
