//! Highlights, inner hits and columns: what is told of a row that was found.

use super::{Sort, Text};
use crate::wire::{enumeration, enumeration_field, messages, setters};

enumeration! {
    /// Which columns of the rows are returned.
    pub enum ReturnType {
        /// All of the table.
        All = 1,
        /// Those that are named.
        Specified = 2,
        /// None besides the key.
        None = 3,
        /// All that the index holds.
        AllFromIndex = 4,
    }
}

enumeration! {
    /// The order of a field's fragments.
    pub enum FragmentOrder {
        /// As in the text.
        TextSequence = 1,
        /// The best first.
        Score = 2,
    }
}

enumeration! {
    /// How fragments are written.
    pub enum HighlightEncoder {
        /// As they are.
        Plain = 1,
        /// With the special characters of HTML escaped.
        Html = 2,
    }
}

enumeration_field!(ReturnType, FragmentOrder, HighlightEncoder);

messages! {
    /// Which columns of the rows are returned.
    pub struct ColumnsToGet {
        /// Which.
        pub return_type: ReturnType = 1,
        /// Their names, for [`ReturnType::Specified`].
        pub column_names: Vec<String> = 2,
    }

    /// Which rows of a nested field are told with a hit (service document "Nested query").
    ///
    /// ```
    /// use campaign_tablestore::search::{InnerHits, NestedQuery, Query, Sort, Sorter};
    ///
    /// let dearest = InnerHits::new().sort(Sort::from_iter([Sorter::descending("items.price")])).limit(1);
    /// let orders = NestedQuery::new("items", Query::term("items.kind", "book")).inner_hits(dearest);
    /// # let _ = orders;
    /// ```
    #[derive(Default)]
    pub struct InnerHits {
        /// Their order.
        pub sort: Option<Sort> = 1,
        /// How many are left out first.
        pub offset: Option<i32> = 2,
        /// How many are told: 3 unless it is said.
        pub limit: Option<i32> = 3,
        /// What is highlighted in them.
        pub highlight: Option<Highlight> = 4,
    }

    /// What is highlighted.
    ///
    /// ```
    /// use campaign_tablestore::Search;
    /// use campaign_tablestore::search::{Highlight, HighlightEncoder, HighlightParameter, Query};
    ///
    /// let story = HighlightParameter::new("story").pre_tag("<b>").post_tag("</b>").number_of_fragments(3);
    /// let search = Search::new("entries", "by_content", Query::words("story", "summer"))
    ///     .highlight(Highlight::from_iter([story]).encoder(HighlightEncoder::Html));
    /// # let _ = search;
    /// ```
    pub struct Highlight {
        /// The fields.
        pub parameters: Vec<HighlightParameter> = 1,
        /// How fragments are written.
        pub encoder: Option<HighlightEncoder> = 2,
    }

    /// How a field is highlighted.
    pub struct HighlightParameter {
        /// The field.
        pub field: String = 1,
        /// Fragments, at most; as many as the service chooses if absent.
        pub number_of_fragments: Option<i32> = 2,
        /// Characters of a fragment; as many as the service chooses if absent.
        pub fragment_size: Option<i32> = 3,
        /// What stands before a word that was found.
        pub pre_tag: Option<String> = 4,
        /// What stands after it.
        pub post_tag: Option<String> = 5,
        /// The order of the fragments.
        pub fragments_order: Option<FragmentOrder> = 6,
    }

    /// What is told of a row that was found, besides its columns.
    #[derive(Default)]
    pub struct SearchHit {
        /// How well it fits.
        pub score: Option<f64> = 3,
        /// The fragments that fit.
        pub highlight: Vec<HighlightField> = list 4,
        /// The rows of nested fields that fit.
        pub inner_hits: Vec<SearchInnerHit> = 5,
        /// Of a nested row: its place in the field, from 0.
        pub nested_doc_offset: Option<i32> = 6,
    }

    /// The rows of a nested field that fit.
    pub struct SearchInnerHit {
        /// The field.
        pub path: String = 1,
        /// The rows.
        pub hits: Vec<SearchHit> = 2,
    }

    /// The fragments of a field that fit.
    pub struct HighlightField {
        /// The field.
        pub field: String = 1,
        /// The fragments.
        pub fragments: Vec<Text> = 2,
    }
}

impl ColumnsToGet {
    /// All columns of this kind.
    #[must_use]
    pub const fn of(return_type: ReturnType) -> Self {
        Self { return_type, column_names: Vec::new() }
    }

    /// The columns of these names.
    pub fn named<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self { return_type: ReturnType::Specified, column_names: names.into_iter().map(Into::into).collect() }
    }
}

impl InnerHits {
    /// The first three that fit, in the order that the service gives them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// The same in this order.
        sort: Sort,
        /// The same leaving out so many first.
        offset: i32,
        /// The same with at most so many.
        limit: i32,
        /// The same with words that were found highlighted.
        highlight: Highlight,
    }
}

impl Highlight {
    setters! {
        /// The same with fragments written so.
        encoder: HighlightEncoder,
    }
}

impl HighlightParameter {
    /// The words that were found in `field`, between tags.
    pub fn new(field: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            number_of_fragments: None,
            fragment_size: None,
            pre_tag: None,
            post_tag: None,
            fragments_order: None,
        }
    }

    setters! {
        /// The same with at most so many fragments.
        number_of_fragments: i32,
        /// The same with so many characters in a fragment.
        fragment_size: i32,
        /// The same with this before a word.
        pre_tag: String,
        /// The same with this after a word.
        post_tag: String,
        /// The same with its fragments in this order.
        fragments_order: FragmentOrder,
    }
}

impl FromIterator<HighlightParameter> for Highlight {
    fn from_iter<I: IntoIterator<Item = HighlightParameter>>(parameters: I) -> Self {
        Self { parameters: parameters.into_iter().collect(), encoder: None }
    }
}
