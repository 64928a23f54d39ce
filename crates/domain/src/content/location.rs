//! A place on the map.

use serde_json::Value;

use super::object;
use crate::fields::{FieldError, Fields};

/// A place on the map.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    latitude: Coordinate,
    longitude: Coordinate,
    name: Option<String>,
    address: Option<String>,
}

/// Degrees, as they were written: Meta takes numbers and strings of digits alike.
#[derive(Clone, Debug, PartialEq)]
struct Coordinate {
    degrees: f64,
    written: Value,
}

impl Location {
    /// Degrees north.
    #[must_use]
    pub const fn latitude(&self) -> f64 {
        self.latitude.degrees
    }

    /// Degrees east.
    #[must_use]
    pub const fn longitude(&self) -> f64 {
        self.longitude.degrees
    }

    /// What the place is called.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Its postal address.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    pub(super) fn read(mut fields: Fields<'_>) -> Result<Self, FieldError> {
        let location = Self {
            latitude: Coordinate::read(&mut fields, "latitude", 90.0)?,
            longitude: Coordinate::read(&mut fields, "longitude", 180.0)?,
            name: fields.optional_filled("name", 1000)?.map(ToOwned::to_owned),
            address: fields.optional_filled("address", 1000)?.map(ToOwned::to_owned),
        };
        fields.finish()?;
        Ok(location)
    }

    pub(super) fn to_value(&self) -> Value {
        object([
            ("latitude", Some(self.latitude.written.clone())),
            ("longitude", Some(self.longitude.written.clone())),
            ("name", self.name().map(Value::from)),
            ("address", self.address().map(Value::from)),
        ])
    }

    pub(super) fn excerpt(&self) -> String {
        let place = self.name().or_else(|| self.address()).map(ToOwned::to_owned);
        place.unwrap_or_else(|| format!("{}, {}", self.latitude(), self.longitude()))
    }
}

impl Coordinate {
    fn read(fields: &mut Fields<'_>, key: &'static str, limit: f64) -> Result<Self, FieldError> {
        let written = fields.required(key)?;
        let degrees = match written {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let degrees = degrees.filter(|degrees: &f64| degrees.is_finite());
        let degrees =
            degrees.ok_or_else(|| FieldError::wrong_type(fields.path_of(key), "a number of degrees", written))?;
        if degrees.abs() > limit {
            return Err(fields.error("out_of_range", key, format!("expected -{limit} to {limit} degrees")));
        }
        Ok(Self { degrees, written: written.clone() })
    }
}
