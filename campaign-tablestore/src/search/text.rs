//! Text that may be personal, and places on the earth.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use crate::WireFault;
use crate::wire::{Field, Raw, messages};

/// Text of a query or a result. `Debug` shows its length only: what people look for, and what is found, may be personal.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(pub String);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Field for Text {
    fn put(&self, tag: u32, out: &mut Vec<u8>) {
        self.0.put(tag, out);
    }

    fn take(raw: &Raw, depth: usize, name: &'static str) -> Result<Self, WireFault> {
        String::take(raw, depth, name).map(Self)
    }
}

/// A place: degrees of latitude in `[-90, 90]` and of longitude in `[-180, 180]`. As text it is `latitude,longitude`, which is
/// also how a GEO_POINT column holds it (service document "Geo query").
#[derive(Clone, Copy, PartialEq)]
pub struct GeoPoint {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

impl GeoPoint {
    /// The place at these degrees.
    #[must_use]
    pub const fn new(latitude: f64, longitude: f64) -> Self {
        Self { latitude, longitude }
    }
}

impl fmt::Debug for GeoPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GeoPoint(_)")
    }
}

impl fmt::Display for GeoPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.latitude, self.longitude)
    }
}

/// A text is not a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a place is latitude,longitude in degrees")]
pub struct NotAPlace;

impl FromStr for GeoPoint {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let (latitude, longitude) = text.split_once(',').ok_or(NotAPlace)?;
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| NotAPlace);
        let (latitude, longitude) = (number(latitude)?, number(longitude)?);
        let on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        on_earth.then_some(Self { latitude, longitude }).ok_or(NotAPlace)
    }
}

impl Field for GeoPoint {
    fn put(&self, tag: u32, out: &mut Vec<u8>) {
        self.to_string().put(tag, out);
    }

    fn take(raw: &Raw, depth: usize, name: &'static str) -> Result<Self, WireFault> {
        let text = String::take(raw, depth, name)?;
        text.parse().map_err(|NotAPlace| WireFault::Contradiction("a place is latitude,longitude in degrees"))
    }
}

messages! {
    /// A place as two numbers, as group-bys have it.
    pub struct GeoPosition {
        /// Degrees north.
        pub latitude: f64 = 1,
        /// Degrees east.
        pub longitude: f64 = 2,
    }

    /// A rectangle of a grid on the earth.
    pub struct GeoGrid {
        /// Its corner in the north west.
        pub top_left: GeoPosition = 1,
        /// Its corner in the south east.
        pub bottom_right: GeoPosition = 2,
    }
}

impl From<GeoPoint> for GeoPosition {
    fn from(point: GeoPoint) -> Self {
        Self { latitude: point.latitude, longitude: point.longitude }
    }
}
