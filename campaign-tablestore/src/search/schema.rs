//! What a search index holds of a table's rows.

use bytes::Bytes;

use super::{Sort, Sorter};
use crate::wire::{enumeration, enumeration_field, messages, setters};

enumeration! {
    /// The type of a field (service document "Data types of a search index").
    #[non_exhaustive]
    pub enum FieldType {
        /// A whole number.
        Long = 1,
        /// A number.
        Double = 2,
        /// True or false.
        Boolean = 3,
        /// A text as a whole.
        Keyword = 4,
        /// A text by its words.
        Text = 5,
        /// Rows inside the row: a JSON array of objects.
        Nested = 6,
        /// A place: `latitude,longitude`.
        GeoPoint = 7,
        /// A time.
        Date = 8,
        /// A vector: a JSON array of numbers.
        Vector = 9,
        /// A text as a whole, fast for patterns.
        FuzzyKeyword = 10,
        /// An address of the Internet.
        Ip = 11,
        /// JSON.
        Json = 12,
        /// JSON whose leaves are all keywords.
        Flattened = 13,
    }
}

enumeration! {
    /// What is kept of each word.
    pub enum IndexOptions {
        /// The rows.
        Docs = 1,
        /// And how often.
        Freqs = 2,
        /// And at which places.
        Positions = 3,
        /// And at which characters.
        Offsets = 4,
    }
}

enumeration! {
    /// How objects in a JSON array are kept.
    pub enum JsonType {
        /// Flat.
        Object = 1,
        /// Each as a row.
        Nested = 2,
    }
}

enumeration! {
    /// How a text is scored.
    pub enum TextSimilarity {
        /// BM25.
        Bm25 = 1,
        /// For short texts.
        ShortText = 2,
    }
}

enumeration! {
    /// The type of a vector's numbers.
    pub enum VectorDataType {
        /// 32 bits each.
        Float32 = 2,
    }
}

enumeration! {
    /// How near two vectors are.
    pub enum VectorMetric {
        /// By their distance.
        Euclidean = 0,
        /// By their angle.
        Cosine = 1,
        /// By their product.
        DotProduct = 2,
    }
}

enumeration! {
    /// What an index is doing.
    #[non_exhaustive]
    pub enum SyncPhase {
        /// It takes the rows that were there before.
        Full = 1,
        /// It follows the writes.
        Incremental = 2,
    }
}

enumeration! {
    /// Whether an index can be searched.
    #[non_exhaustive]
    pub enum IndexState {
        /// Not yet.
        Pending = 1,
        /// It could not be made.
        Failed = 2,
        /// Yes.
        Running = 3,
    }
}

enumeration_field!(
    FieldType,
    IndexOptions,
    JsonType,
    TextSimilarity,
    VectorDataType,
    VectorMetric,
    SyncPhase,
    IndexState
);

messages! {
    /// A field of a search index: a column of the table, by its name. A value that is not of the field's type is not found.
    ///
    /// ```
    /// use campaign_tablestore::search::{FieldSchema, FieldType, IndexSchema, Sorter};
    ///
    /// let fields = [
    ///     FieldSchema::new("age", FieldType::Long).sort_and_agg(true),
    ///     FieldSchema::new("day", FieldType::Date).date_format("yyyy-MM-dd").sort_and_agg(true),
    ///     FieldSchema::new("tags", FieldType::Keyword).is_array(true),
    ///     FieldSchema::new("story", FieldType::Text),
    ///     FieldSchema::new("whole_story", FieldType::Keyword).source("story"),
    /// ];
    /// let schema = IndexSchema::from_iter(fields).sorted_by([Sorter::descending("day")]);
    /// # let _ = schema;
    /// ```
    pub struct FieldSchema {
        /// The name.
        pub name: String = 1,
        /// The type.
        pub field_type: FieldType = 2,
        /// What is kept of each word.
        pub index_options: Option<IndexOptions> = 3,
        /// How a text is made words.
        pub analyzer: Option<String> = 4,
        /// Whether it can be searched.
        pub index: Option<bool> = 5,
        /// Whether it can be sorted by and aggregated.
        pub sort_and_agg: Option<bool> = 6,
        /// Whether its value is kept in the index.
        pub store: Option<bool> = 7,
        /// The fields of a nested one.
        pub fields: Vec<FieldSchema> = 8,
        /// Whether the column holds a JSON array of values.
        pub is_array: Option<bool> = 9,
        /// The parameter of the analyzer: its message. [`FieldSchema::analyzer`] writes it.
        pub analyzer_parameter: Option<Bytes> = 10,
        /// Whether its values are those of another column.
        pub is_virtual_field: Option<bool> = 11,
        /// That column.
        pub source_field_names: Vec<String> = 12,
        /// How a date is written.
        pub date_formats: Vec<String> = 13,
        /// Whether hits in it can be highlighted.
        pub enable_highlighting: Option<bool> = 14,
        /// Of a vector.
        pub vector_options: Option<VectorOptions> = 15,
        /// Of JSON.
        pub json_type: Option<JsonType> = 16,
        /// How a text is scored.
        pub text_similarity: Option<TextSimilarity> = 17,
    }

    /// Of a vector.
    #[derive(Copy, Eq)]
    pub struct VectorOptions {
        /// The type of its numbers.
        pub data_type: Option<VectorDataType> = 1,
        /// How many they are.
        pub dimension: Option<i32> = 2,
        /// How near two vectors are.
        pub metric_type: Option<VectorMetric> = 3,
    }

    /// What a search index holds.
    #[derive(Default)]
    pub struct IndexSchema {
        /// The fields.
        pub fields: Vec<FieldSchema> = 1,
        /// How it is divided.
        pub index_setting: Option<IndexSetting> = 2,
        /// The order in which the rows are kept. Without it and without nested fields, that of the keys.
        pub index_sort: Option<Sort> = 3,
    }

    /// How an index is divided.
    #[derive(Default)]
    pub struct IndexSetting {
        /// Parts.
        pub number_of_shards: Option<i32> = 1,
        /// The key columns that decide the part.
        pub routing_fields: Vec<String> = 2,
        /// Parts that one value of them is spread over.
        pub routing_partition_size: Option<i32> = 3,
        /// Whether the index keeps the columns' own versions.
        pub enable_custom_column_version: Option<bool> = 7,
    }
}

impl FieldSchema {
    /// A field that can be searched.
    pub fn new(name: impl Into<String>, field_type: FieldType) -> Self {
        Self {
            name: name.into(),
            field_type,
            index_options: None,
            analyzer: None,
            index: Some(true),
            sort_and_agg: None,
            store: None,
            fields: Vec::new(),
            is_array: None,
            analyzer_parameter: None,
            is_virtual_field: None,
            source_field_names: Vec::new(),
            date_formats: Vec::new(),
            enable_highlighting: None,
            vector_options: None,
            json_type: None,
            text_similarity: None,
        }
    }

    /// A field whose rows have these fields.
    pub fn nested(name: impl Into<String>, fields: impl IntoIterator<Item = Self>) -> Self {
        Self { index: None, fields: fields.into_iter().collect(), ..Self::new(name, FieldType::Nested) }
    }

    /// The same with the values of another column: a virtual field, so that one column can be searched in two ways.
    #[must_use]
    pub fn source(mut self, column: impl Into<String>) -> Self {
        self.is_virtual_field = Some(true);
        self.source_field_names.push(column.into());
        self
    }

    /// The same with dates written so, such as `yyyy-MM-dd` or `epoch_millis`; another call adds another format.
    #[must_use]
    pub fn date_format(mut self, format: impl Into<String>) -> Self {
        self.date_formats.push(format.into());
        self
    }

    setters! {
        /// The same that can be searched or not.
        index: bool,
        /// The same that can be sorted by and aggregated or not.
        sort_and_agg: bool,
        /// The same with its value kept in the index or not.
        store: bool,
        /// The same whose column holds a JSON array.
        is_array: bool,
        /// The same whose hits can be highlighted.
        enable_highlighting: bool,
        /// The same as a vector.
        vector_options: VectorOptions,
        /// The same with its JSON kept so.
        json_type: JsonType,
        /// The same with its text scored so.
        text_similarity: TextSimilarity,
    }
}

impl FromIterator<FieldSchema> for IndexSchema {
    fn from_iter<I: IntoIterator<Item = FieldSchema>>(fields: I) -> Self {
        Self { fields: fields.into_iter().collect(), index_setting: None, index_sort: None }
    }
}

impl IndexSchema {
    /// The same with its rows kept in this order, which a search without an order gives. Not with nested fields.
    #[must_use]
    pub fn sorted_by<S: Into<Sorter>>(mut self, sorters: impl IntoIterator<Item = S>) -> Self {
        self.index_sort = Some(sorters.into_iter().collect());
        self
    }

    /// The same divided by these columns of the key, so that a search with
    /// [`routing_value`](crate::Search::routing_value) reads only one part.
    #[must_use]
    pub fn routed_by<N: Into<String>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.index_setting.get_or_insert_default().routing_fields = columns.into_iter().map(Into::into).collect();
        self
    }
}
