//! What is sent: the entry as JSON.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    str::FromStr,
};

use clap::Args;
use serde_json::{Map, Value};

use crate::BoxError;

/// Longer entries are refused by every campaign.
const MOST: u64 = 64 << 10;

#[derive(Debug, Args)]
pub(crate) struct Entry {
    /// A field of the entry as text; once for each.
    #[arg(long = "field", value_name = "NAME=VALUE", conflicts_with = "file")]
    fields: Vec<Field>,

    /// A file with the entry, one JSON object, sent as it stands. Without --field and --file it is read from standard
    /// input.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// `NAME=VALUE` of the command line.
#[derive(Debug, Clone)]
struct Field(String, String);

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self(name.to_owned(), value.to_owned())),
            _ => Err("it must be a name and a value, such as size=M".to_owned()),
        }
    }
}

impl Entry {
    /// The text to send: a JSON object. Whether its fields are right, the campaign says.
    pub(crate) fn read(&self) -> Result<String, BoxError> {
        if !self.fields.is_empty() {
            let mut entry = Map::new();
            for Field(name, value) in &self.fields {
                if entry.insert(name.clone(), Value::from(value.as_str())).is_some() {
                    return Err(format!("--field {name} is given twice").into());
                }
            }
            return Ok(Value::Object(entry).to_string());
        }
        let (name, source): (_, Box<dyn Read>) = match &self.file {
            Some(path) => {
                let name = path.display().to_string();
                let file = File::open(path).map_err(|error| format!("{name}: {error}"))?;
                (name, Box::new(file))
            }
            None => ("standard input".to_owned(), Box::new(io::stdin())),
        };
        let mut text = String::new();
        source.take(MOST + 1).read_to_string(&mut text).map_err(|error| format!("{name}: {error}"))?;
        if text.len() as u64 > MOST {
            return Err(format!("{name}: longer than {MOST} bytes").into());
        }
        // The parser's own words would show a piece of the entry.
        match serde_json::from_str(&text) {
            Ok(Value::Object(_)) => Ok(text),
            _ => Err(format!("{name}: it is not one JSON object").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_an_object_and_a_name_stands_once() {
        let entry = |fields: &[&str]| {
            let fields = fields.iter().map(|field| field.parse().unwrap()).collect();
            Entry { fields, file: None }.read()
        };
        assert_eq!(entry(&["name=Ada", "note=a=b", "empty="]).unwrap(), r#"{"empty":"","name":"Ada","note":"a=b"}"#);
        assert_eq!(entry(&["a=1", "a=2"]).unwrap_err().to_string(), "--field a is given twice");
        assert!("=a".parse::<Field>().is_err() && "a".parse::<Field>().is_err());
    }

    #[test]
    fn a_file_is_sent_as_it_stands_and_never_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("entry.json");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            Entry { fields: Vec::new(), file: Some(file.clone()) }.read().map_err(|error| error.to_string())
        };
        assert_eq!(read("{ \"a\" : 1 }\n").unwrap(), "{ \"a\" : 1 }\n");
        for bad in ["", "[]", "canary", "{\"canary\":", &"{".repeat(70_000)] {
            let error = read(bad).unwrap_err();
            assert!(error.contains("entry.json: ") && !error.contains("canary"), "{error}");
        }
    }
}
