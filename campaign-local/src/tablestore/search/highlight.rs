//! The words that were found, between tags.

use campaign_tablestore::Row;
use campaign_tablestore::search::{
    FieldSchema, FieldType, Highlight, HighlightEncoder, HighlightField, HighlightParameter, Query, Text,
};
use campaign_tablestore::server::Refusal;

use super::document::{Document, Scalar};
use super::index::{SearchIndex, field};
use super::words::{Word, words};
use crate::tablestore::check::invalid;

/// Fragments of a field and characters of a fragment unless the search says otherwise.
const FRAGMENTS: i32 = 1;
const CHARACTERS: i32 = 50;

/// The fragments of a row.
pub(super) fn fields(
    highlight: Option<&Highlight>,
    query: &Query,
    row: &Row,
    index: &SearchIndex,
) -> Result<Vec<HighlightField>, Refusal> {
    let Some(highlight) = highlight else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for parameter in &highlight.parameters {
        let schema = field(&index.schema().fields, &parameter.field)
            .filter(|field| field.field_type == FieldType::Text && field.enable_highlighting == Some(true));
        let Some(schema) = schema else {
            let name = crate::log::printable(&parameter.field);
            return Err(invalid(format!("highlighting is not supported for field[{name}]")));
        };
        let mut asked = Vec::new();
        collect(query, &parameter.field, schema, &mut asked);
        let html = highlight.encoder == Some(HighlightEncoder::Html);
        let texts = Document::Row(row).values(schema).into_iter();
        let fragments: Vec<Text> = texts
            .filter_map(|value| if let Scalar::Text(text) = value { Some(text) } else { None })
            .flat_map(|text| fragments(&text, &words(schema, &text), &asked, parameter, html))
            .take(usize::try_from(parameter.number_of_fragments.unwrap_or(FRAGMENTS)).unwrap_or(0))
            .collect();
        if !fragments.is_empty() {
            found.push(HighlightField { field: parameter.field.clone(), fragments });
        }
    }
    Ok(found)
}

/// The words that a query looks for in a field.
fn collect(query: &Query, path: &str, schema: &FieldSchema, into: &mut Vec<String>) {
    let mut all = |field: &str, text: &str| {
        if field == path {
            into.extend(words(schema, text).into_iter().map(|word| word.text));
        }
    };
    match query {
        Query::Match(query) => all(&query.field, &query.text),
        Query::MatchPhrase(query) => all(&query.field, &query.text),
        Query::Term(query) => all(&query.field, query.term.as_str().unwrap_or_default()),
        Query::Terms(query) => query.terms.iter().for_each(|term| all(&query.field, term.as_str().unwrap_or_default())),
        Query::Bool(query) => {
            let inside = query.must.iter().chain(&query.should).chain(&query.filter);
            inside.for_each(|query| collect(query, path, schema, into));
        }
        Query::ConstScore(query) => collect(&query.filter, path, schema, into),
        Query::FunctionScore(query) => collect(&query.query, path, schema, into),
        Query::DisMax(query) => query.queries.iter().for_each(|query| collect(query, path, schema, into)),
        _ => {}
    }
}

/// Pieces of the text with a word that was found, in the order of the text.
fn fragments(text: &str, found: &[Word], asked: &[String], parameter: &HighlightParameter, html: bool) -> Vec<Text> {
    let most = usize::try_from(parameter.fragment_size.unwrap_or(CHARACTERS)).unwrap_or(0).max(1);
    let (before, after) =
        (parameter.pre_tag.as_deref().unwrap_or("<em>"), parameter.post_tag.as_deref().unwrap_or("</em>"));
    let mut marks: Vec<(usize, usize)> = Vec::new();
    for word in found.iter().filter(|word| asked.contains(&word.text)) {
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
            let (mut piece, mut at) = (String::new(), from);
            for (start, stop) in inside {
                piece.push_str(&shown(text.get(at..*start), html));
                piece.push_str(before);
                piece.push_str(&shown(text.get(*start..*stop), html));
                piece.push_str(after);
                at = *stop;
            }
            piece.push_str(&shown(text.get(at..end), html));
            pieces.push(piece.into());
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
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
