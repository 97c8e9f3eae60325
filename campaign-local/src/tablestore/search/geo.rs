//! Places: distances on a sphere, rectangles, polygons.

use campaign_tablestore::search::{GeoGrid, GeoPoint, GeoPosition};

/// The earth's mean radius in metres, as the search engines have it.
const RADIUS: f64 = 6_371_008.771_4;

/// Steps of a circle.
const STEPS: f64 = 4_294_967_296.0;

/// Metres between two places, along the sphere.
pub(super) fn distance(a: GeoPoint, b: GeoPoint) -> f64 {
    let (north, south) = (a.latitude.to_radians(), b.latitude.to_radians());
    let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let chord = half(b.latitude - a.latitude) + north.cos() * south.cos() * half(b.longitude - a.longitude);
    2.0 * RADIUS * chord.sqrt().min(1.0).asin()
}

/// Whether a place is in a rectangle, which may cross the 180th meridian.
///
/// The index keeps degrees in steps of 2^-32 of the circle, rounded down, and rounds the lower edges up: so a place on a lower
/// edge is outside, as the official SDKs' tests have it, unless the edge is a whole step.
pub(super) fn in_box(place: GeoPoint, top_left: GeoPoint, bottom_right: GeoPoint) -> bool {
    let latitude = |degrees: f64| degrees / (180.0 / STEPS);
    let longitude = |degrees: f64| degrees / (360.0 / STEPS);
    let (north, south) = (latitude(top_left.latitude).floor(), latitude(bottom_right.latitude).ceil());
    let (west, east) = (longitude(top_left.longitude).ceil(), longitude(bottom_right.longitude).floor());
    let (across, up) = (longitude(place.longitude).floor(), latitude(place.latitude).floor());
    let between = if west <= east { (west..=east).contains(&across) } else { across >= west || across <= east };
    between && (south..=north).contains(&up)
}

/// Whether a place, as the index keeps it, is in a polygon whose sides are straight on the map: a ray from it crosses them an
/// odd number of times.
pub(super) fn in_polygon(place: GeoPoint, corners: &[GeoPoint]) -> bool {
    let kept = |degrees: f64, whole: f64| (degrees / (whole / STEPS)).floor() * (whole / STEPS);
    let place = GeoPoint::new(kept(place.latitude, 180.0), kept(place.longitude, 360.0));
    let sides = corners.iter().zip(corners.iter().cycle().skip(1));
    let crossed = sides.filter(|(a, b)| {
        (a.latitude > place.latitude) != (b.latitude > place.latitude) && {
            let share = (place.latitude - a.latitude) / (b.latitude - a.latitude);
            place.longitude < a.longitude + share * (b.longitude - a.longitude)
        }
    });
    crossed.count() % 2 == 1
}

/// Characters of the longest geohash of a grid.
pub(super) const FINEST: usize = 12;

/// The cell of a geohash grid that a place is in: each character of the hash cuts five times, across and up by turns.
pub(super) fn cell(place: GeoPoint, precision: usize) -> (String, GeoGrid) {
    const LETTERS: [char; 32] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm', 'n', 'p',
        'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
    ];
    let (mut across, mut up) = ((-180.0, 180.0), (-90.0, 90.0));
    let halve = |side: &mut (f64, f64), at: f64| {
        let middle = f64::midpoint(side.0, side.1);
        let upper = at >= middle;
        if upper {
            side.0 = middle
        } else {
            side.1 = middle
        }
        usize::from(upper)
    };
    let mut hash = String::new();
    for letter in 0..precision {
        let mut number = 0;
        for bit in 0..5 {
            let is_across = (letter * 5 + bit) % 2 == 0;
            let half = if is_across { halve(&mut across, place.longitude) } else { halve(&mut up, place.latitude) };
            number = number * 2 + half;
        }
        hash.extend(LETTERS.get(number));
    }
    let top_left = GeoPosition { latitude: up.1, longitude: across.0 };
    (hash, GeoGrid { top_left, bottom_right: GeoPosition { latitude: up.0, longitude: across.1 } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_geohash_is_that_of_its_public_description() {
        // The example of the geohash system's own description.
        let (hash, grid) = cell(GeoPoint::new(57.649_11, 10.407_44), 11);
        assert_eq!(hash, "u4pruydqqvj");
        assert!(grid.bottom_right.latitude <= 57.649_11 && 57.649_11 < grid.top_left.latitude);
        assert!(grid.top_left.longitude <= 10.407_44 && 10.407_44 < grid.bottom_right.longitude);
        assert_eq!(cell(GeoPoint::new(90.0, 180.0), 1).0, "z");
        assert_eq!(cell(GeoPoint::new(-90.0, -180.0), 2).0, "00");
    }
}
