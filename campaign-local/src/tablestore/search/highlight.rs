//! The words that were found, between tags.

use campaign_tablestore::op::search::SearchQuery;
use campaign_tablestore::search::{
    FieldSchema, FieldType, FragmentOrder, Highlight, HighlightEncoder, HighlightField, HighlightParameter, Query, Text,
};
use campaign_tablestore::server::Refusal;

use super::document::{Document, Scalar};
use super::evaluate::{Scope, inside, is_like};
use super::nested;
use super::words::{Word, words};
use crate::tablestore::check::invalid;

/// Fragments of a field and characters of a fragment unless the search says otherwise.
const FRAGMENTS: i32 = 1;
const CHARACTERS: i32 = 50;

/// Fields and fragments that one search can ask for, those of inner hits counted (service document "Search index limits").
const FIELDS: usize = 10;
const ALL_FRAGMENTS: i64 = 500;

/// Refuses more fields and fragments than a search can ask for.
pub(super) fn number(query: &SearchQuery) -> Result<(), Refusal> {
    fn inner<'a>(query: &'a Query, into: &mut Vec<&'a Highlight>) {
        if let Query::Nested(query) = query {
            into.extend(query.inner_hits.iter().filter_map(|hits| hits.highlight.as_ref()));
        }
        inside(query).into_iter().for_each(|query| inner(query, into));
    }
    let mut highlights: Vec<&Highlight> = query.highlight.iter().collect();
    inner(&query.query, &mut highlights);
    let parameters = || highlights.iter().flat_map(|highlight| &highlight.parameters);
    if parameters().count() > FIELDS {
        return Err(invalid(format!("the number of highlighted fields must not exceed {FIELDS}")));
    }
    let fragments = |parameter: &HighlightParameter| i64::from(parameter.number_of_fragments.unwrap_or(FRAGMENTS));
    if parameters().map(fragments).sum::<i64>() > ALL_FRAGMENTS {
        return Err(invalid(format!("the number of highlighted fragments must not exceed {ALL_FRAGMENTS}")));
    }
    Ok(())
}

/// Refuses fields that cannot be highlighted.
pub(super) fn check(highlight: Option<&Highlight>, scope: Scope<'_>) -> Result<(), Refusal> {
    for parameter in highlight.iter().flat_map(|highlight| &highlight.parameters) {
        let field = scope.path(&parameter.field);
        let fits =
            field.is_some_and(|field| field.field_type == FieldType::Text && field.enable_highlighting == Some(true));
        if !fits {
            let name = crate::log::printable(&parameter.field);
            return Err(invalid(format!("highlighting is not supported for field[{name}]")));
        }
        if parameter.number_of_fragments.unwrap_or(FRAGMENTS) < 0 || parameter.fragment_size.unwrap_or(CHARACTERS) < 1 {
            return Err(invalid("[number_of_fragments] must not be negative and [fragment_size] must be positive"));
        }
    }
    Ok(())
}

/// The fragments of a document.
pub(super) fn fields(
    highlight: Option<&Highlight>,
    query: &Query,
    document: Document<'_>,
    scope: Scope<'_>,
) -> Vec<HighlightField> {
    let Some(highlight) = highlight else { return Vec::new() };
    let html = highlight.encoder == Some(HighlightEncoder::Html);
    let field = |parameter: &HighlightParameter| {
        let schema = scope.path(&parameter.field)?;
        let mut asked = Vec::new();
        collect(query, &parameter.field, schema, &mut asked);
        let texts = nested::values(document, scope, &parameter.field, None).into_iter();
        let texts = texts.filter_map(|value| if let Scalar::Text(text) = value { Some(text) } else { None });
        let mut pieces: Vec<(usize, Text)> =
            texts.flat_map(|text| pieces(&text, &words(schema, &text), &asked, parameter, html)).collect();
        if parameter.fragments_order == Some(FragmentOrder::Score) {
            pieces.sort_by_key(|(marks, _)| std::cmp::Reverse(*marks));
        }
        pieces.truncate(usize::try_from(parameter.number_of_fragments.unwrap_or(FRAGMENTS)).unwrap_or(0));
        let fragments: Vec<Text> = pieces.into_iter().map(|(_, piece)| piece).collect();
        (!fragments.is_empty()).then(|| HighlightField { field: parameter.field.clone(), fragments })
    };
    highlight.parameters.iter().filter_map(field).collect()
}

/// What a query looks for in a field.
enum Look<'a> {
    Word(String),
    Prefix(&'a str),
    Suffix(&'a str),
    Pattern(&'a str),
}

impl Look<'_> {
    fn finds(&self, word: &str) -> bool {
        match self {
            Self::Word(text) => word == text,
            Self::Prefix(text) => word.starts_with(text),
            Self::Suffix(text) => word.ends_with(text),
            Self::Pattern(text) => is_like(word, text),
        }
    }
}

fn collect<'a>(query: &'a Query, path: &str, schema: &FieldSchema, into: &mut Vec<Look<'a>>) {
    let mut all = |field: &str, text: &str| {
        if field == path {
            into.extend(words(schema, text).into_iter().map(|word| Look::Word(word.text)));
        }
    };
    match query {
        Query::Match(query) => all(&query.field, &query.text),
        Query::MatchPhrase(query) => all(&query.field, &query.text),
        Query::Term(query) => all(&query.field, query.term.as_str().unwrap_or_default()),
        Query::Terms(query) => query.terms.iter().for_each(|term| all(&query.field, term.as_str().unwrap_or_default())),
        Query::Prefix(query) if query.field == path => into.push(Look::Prefix(&query.prefix)),
        Query::Suffix(query) if query.field == path => into.push(Look::Suffix(&query.suffix)),
        Query::Wildcard(query) if query.field == path => into.push(Look::Pattern(&query.pattern)),
        Query::Bool(query) => {
            let inside = query.must.iter().chain(&query.should).chain(&query.filter);
            inside.for_each(|query| collect(query, path, schema, into));
        }
        other => inside(other).into_iter().for_each(|query| collect(query, path, schema, into)),
    }
}

/// Pieces of the text with a word that was found, in the order of the text, with how many were.
fn pieces(
    text: &str,
    found: &[Word],
    asked: &[Look<'_>],
    parameter: &HighlightParameter,
    html: bool,
) -> Vec<(usize, Text)> {
    let most = usize::try_from(parameter.fragment_size.unwrap_or(CHARACTERS)).unwrap_or(0).max(1);
    let (before, after) =
        (parameter.pre_tag.as_deref().unwrap_or("<em>"), parameter.post_tag.as_deref().unwrap_or("</em>"));
    let mut marks: Vec<(usize, usize)> = Vec::new();
    for word in found.iter().filter(|word| asked.iter().any(|look| look.finds(&word.text))) {
        match marks.last_mut() {
            // Words that touch are one mark.
            Some((_, end)) if *end == word.start => *end = word.end,
            _ => marks.push((word.start, word.end)),
        }
    }
    let mut cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(most).collect();
    cuts.push(text.len());
    let mut pieces = Vec::new();
    let mut from = 0;
    for end in cuts.into_iter().skip(1) {
        // A mark is not cut through.
        let end = marks.iter().find(|(start, stop)| *start < end && end < *stop).map_or(end, |(_, stop)| *stop);
        if end <= from {
            continue;
        }
        let inside: Vec<_> = marks.iter().filter(|(start, stop)| *start >= from && *stop <= end).collect();
        if !inside.is_empty() {
            let (mut piece, mut at, many) = (String::new(), from, inside.len());
            for (start, stop) in inside {
                piece.push_str(&shown(text.get(at..*start), html));
                piece.push_str(before);
                piece.push_str(&shown(text.get(*start..*stop), html));
                piece.push_str(after);
                at = *stop;
            }
            piece.push_str(&shown(text.get(at..end), html));
            pieces.push((many, piece.into()));
        }
        from = end;
    }
    pieces
}

fn shown(text: Option<&str>, html: bool) -> String {
    let text = text.unwrap_or_default();
    if !html {
        return text.to_owned();
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    // The slash: functional tests of the official Go client.
    text.replace('\'', "&#x27;").replace('/', "&#x2F;")
}
