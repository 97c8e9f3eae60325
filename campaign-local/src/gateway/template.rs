//! Paths with `{parameters}`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A route's path, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Template(Vec<Segment>);

#[derive(Debug, Clone)]
enum Segment {
    Literal(String),
    Parameter(String),
}

impl Template {
    /// `None` if the path is none of a route.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let mut names = Vec::new();
        let segments: Option<Vec<Segment>> = path
            .strip_prefix('/')?
            .split('/')
            .map(|segment| match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(name) => {
                    let good =
                        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                    let new = !names.contains(&name);
                    names.push(name);
                    (good && new).then(|| Segment::Parameter(name.to_owned()))
                }
                None => {
                    let good = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
                    (good && !is_dots(segment)).then(|| Segment::Literal(segment.to_owned()))
                }
            })
            .collect();
        let segments = segments?;
        // Only the root has an empty segment.
        let empty = |segment: &Segment| matches!(segment, Segment::Literal(text) if text.is_empty());
        (segments.len() == 1 || !segments.iter().any(empty)).then_some(Self(segments))
    }

    /// The parameters if `path` (its decoded segments) matches.
    pub(super) fn matches(&self, path: &[Cow<'_, str>]) -> Option<Vec<(String, String)>> {
        if path.len() != self.0.len() {
            return None;
        }
        let mut parameters = Vec::new();
        for (segment, given) in self.0.iter().zip(path) {
            match segment {
                Segment::Literal(text) if text == given => {}
                Segment::Parameter(name) if !given.is_empty() => {
                    parameters.push((name.clone(), given.clone().into_owned()));
                }
                _ => return None,
            }
        }
        Some(parameters)
    }

    /// For choosing among several that match: the one with a literal where the other has a
    /// parameter comes first.
    pub(super) fn precedence(&self) -> Vec<bool> {
        self.0.iter().map(|segment| matches!(segment, Segment::Parameter(_))).collect()
    }

    /// Whether both match the same paths.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|pair| match pair {
                (Segment::Literal(ours), Segment::Literal(theirs)) => ours == theirs,
                (Segment::Parameter(_), Segment::Parameter(_)) => true,
                _ => false,
            })
    }
}

/// The decoded segments of a request's path; `None` if it has `.` or `..` segments or does not
/// decode to text.
pub(super) fn segments(path: &str) -> Option<Vec<Cow<'_, str>>> {
    path.strip_prefix('/')?
        .split('/')
        .map(|segment| {
            let decoded = percent_decode_str(segment).decode_utf8().ok()?;
            (!is_dots(&decoded) && !decoded.chars().any(char::is_control)).then_some(decoded)
        })
        .collect()
}

fn is_dots(segment: &str) -> bool {
    segment == "." || segment == ".."
}
