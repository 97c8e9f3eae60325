//! The check of a body against a route's model.

use bytes::Bytes;
use campaign_apigw::Code;
use http::{HeaderMap, header};
use jsonschema::Validator;
use serde_json::Value;

use super::bad_route::BadRoute;
use super::refusal::Refusal;
use super::route::{Model, ModelCheck};

/// A model made ready.
#[derive(Debug)]
pub(super) struct Check {
    validator: Validator,
    structural: bool,
}

impl Check {
    pub(super) fn new(model: &Model) -> Result<Self, BadRoute> {
        if !model.schema.is_object() {
            return Err(BadRoute::Model);
        }
        let validator = jsonschema::draft4::new(&model.schema).map_err(|_| BadRoute::Model)?;
        Ok(Self { validator, structural: model.check == ModelCheck::Structural })
    }

    /// Refusals tell where in the body, never what stands there.
    pub(super) fn check(&self, headers: &HeaderMap, body: &Bytes) -> Result<(), Refusal> {
        if self.structural && !is_json(headers) {
            return Err(Refusal::new(Code::I400CT, "application/json is expected"));
        }
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            if self.structural {
                return Err(Refusal::new(Code::I400BD, "not JSON"));
            }
            return Ok(());
        };
        match self.validator.validate(&value) {
            Ok(()) => Ok(()),
            Err(error) => {
                let (place, rule) = (error.instance_path().to_string(), error.schema_path().to_string());
                Err(Refusal::new(Code::I400IP, &format!("`{place}` against {rule}")))
            }
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}
