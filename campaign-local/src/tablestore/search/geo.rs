//! Places: distances on a sphere, rectangles, polygons.

use campaign_tablestore::search::GeoPoint;

/// The earth's mean radius in metres, as the search engines have it.
const RADIUS: f64 = 6_371_008.771_4;

/// Metres between two places, along the sphere.
pub(super) fn distance(a: GeoPoint, b: GeoPoint) -> f64 {
    let (north, south) = (a.latitude.to_radians(), b.latitude.to_radians());
    let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let chord = half(b.latitude - a.latitude) + north.cos() * south.cos() * half(b.longitude - a.longitude);
    2.0 * RADIUS * chord.sqrt().min(1.0).asin()
}

/// Whether a place is in a rectangle, which may cross the 180th meridian.
pub(super) fn in_box(place: GeoPoint, top_left: GeoPoint, bottom_right: GeoPoint) -> bool {
    let (west, east) = (top_left.longitude, bottom_right.longitude);
    let between = if west <= east {
        (west..=east).contains(&place.longitude)
    } else {
        place.longitude >= west || place.longitude <= east
    };
    between && (bottom_right.latitude..=top_left.latitude).contains(&place.latitude)
}

/// Whether a place is in a polygon whose sides are straight on the map: a ray from it crosses them an odd number of times.
pub(super) fn in_polygon(place: GeoPoint, corners: &[GeoPoint]) -> bool {
    let sides = corners.iter().zip(corners.iter().cycle().skip(1));
    let crossed = sides.filter(|(a, b)| {
        (a.latitude > place.latitude) != (b.latitude > place.latitude) && {
            let share = (place.latitude - a.latitude) / (b.latitude - a.latitude);
            place.longitude < a.longitude + share * (b.longitude - a.longitude)
        }
    });
    crossed.count() % 2 == 1
}
