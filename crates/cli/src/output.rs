//! One JSON document, or plain text for people.

use dhc_ipc::Failure;
use serde_json::Value;

pub struct Output {
    pub json: bool,
}

impl Output {
    /// The command's answer.
    pub fn answer(&self, value: &Value) {
        if self.json {
            println!("{value}");
        } else {
            let mut text = String::new();
            describe(value, 0, &mut text);
            print!("{text}");
        }
    }

    /// The first line of a command that goes on.
    pub fn ready(&self, value: &Value) {
        use std::io::Write;
        println!("{value}");
        // Whoever waits for the line must get it now.
        let _ = std::io::stdout().flush();
    }

    pub fn failure(&self, failure: &Failure) {
        if self.json {
            eprintln!(
                "{}",
                serde_json::to_string(failure).unwrap_or_else(|_| failure.to_string())
            );
            return;
        }
        eprintln!("dhc: {} ({})", failure.message, failure.code);
        if let Some(hint) = &failure.hint {
            eprintln!("     {hint}");
        }
    }
}

/// Fields as `name: value`, lists as blocks, standing as a word.
fn describe(value: &Value, depth: usize, out: &mut String) {
    use std::fmt::Write;
    let pad = "  ".repeat(depth);
    let Value::Object(fields) = value else {
        let _ = writeln!(out, "{pad}{}", scalar(value));
        return;
    };
    for (name, value) in fields {
        let name = name.replace('_', " ");
        match value {
            Value::Null => {}
            Value::Object(inner) if inner.contains_key("state") => {
                let _ = writeln!(out, "{pad}{name}: {}", standing(value));
            }
            Value::Object(_) => {
                let _ = writeln!(out, "{pad}{name}:");
                describe(value, depth + 1, out);
            }
            Value::Array(items) if items.iter().all(|i| !i.is_object()) => {
                let items: Vec<_> = items.iter().map(scalar).collect();
                let _ = writeln!(out, "{pad}{name}: {}", items.join(", "));
            }
            Value::Array(items) => {
                let _ = writeln!(out, "{pad}{name}: {}", items.len());
                for item in items {
                    describe(item, depth + 1, out);
                    out.push('\n');
                }
            }
            _ => {
                let _ = writeln!(out, "{pad}{name}: {}", scalar(value));
            }
        }
    }
}

fn standing(value: &Value) -> String {
    let state = value["state"].as_str().unwrap_or_default();
    match (&value["height"], value["reason"].as_str()) {
        (Value::Number(h), _) => format!("{state} at height {h}"),
        (_, Some(reason)) => format!("{state} ({reason})"),
        _ => state.to_owned(),
    }
}

fn scalar(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_read_names_values_and_standing() {
        let mut text = String::new();
        let value = json!({
            "amount": "15", "standing": {"state": "proven", "height": 7},
            "records": [{"trusted_height": 3}], "tx": null, "purposes": ["TREAT", "COC"],
        });
        describe(&value, 0, &mut text);
        assert_eq!(
            text,
            "amount: 15\npurposes: TREAT, COC\nrecords: 1\n  trusted height: 3\n\nstanding: proven at height 7\n"
        );
    }
}
