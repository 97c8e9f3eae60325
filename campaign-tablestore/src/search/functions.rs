//! FunctionsScoreQuery: scores changed by functions.

use bytes::Bytes;

use super::{GeoPoint, Query, TimeSpan};
use crate::WireFault;
use crate::wire::{Wire, enumeration, enumeration_field, messages};

enumeration! {
    /// What is done to a field before it is a factor.
    pub enum Modifier {
        /// Nothing.
        None = 1,
        /// The decimal logarithm.
        Log = 2,
        /// The decimal logarithm of one more.
        Log1p = 3,
        /// The decimal logarithm of two more.
        Log2p = 4,
        /// The natural logarithm.
        Ln = 5,
        /// The natural logarithm of one more.
        Ln1p = 6,
        /// The natural logarithm of two more.
        Ln2p = 7,
        /// The square.
        Square = 8,
        /// The square root.
        Sqrt = 9,
        /// The reciprocal.
        Reciprocal = 10,
    }
}

enumeration! {
    /// How a score falls with the distance.
    pub enum DecayShape {
        /// As a bell curve.
        Gauss = 1,
        /// As an exponential.
        Exp = 2,
        /// As a line.
        Linear = 3,
    }
}

enumeration! {
    /// What a decay's parameter is about.
    pub enum DecayParamKind {
        /// A time.
        Date = 1,
        /// A number.
        Numeric = 2,
        /// A place.
        Geo = 3,
    }
}

enumeration! {
    /// Which of several values of a field counts.
    pub enum MultiValueMode {
        /// The greatest.
        Max = 1,
        /// The least.
        Min = 2,
        /// Their sum.
        Sum = 3,
        /// Their mean.
        Avg = 4,
    }
}

enumeration! {
    /// How the results of several functions make one.
    pub enum FunctionScoreMode {
        /// Their mean.
        Avg = 1,
        /// The greatest.
        Max = 2,
        /// Their sum.
        Sum = 3,
        /// The least.
        Min = 4,
        /// Their product.
        Multiply = 5,
        /// The first whose filter fits.
        First = 6,
    }
}

enumeration! {
    /// How the functions' result and the query's score make one.
    pub enum CombineMode {
        /// Their product.
        Multiply = 1,
        /// Their mean.
        Avg = 2,
        /// The greater.
        Max = 3,
        /// Their sum.
        Sum = 4,
        /// The lesser.
        Min = 5,
        /// The functions' result.
        Replace = 6,
    }
}

enumeration_field!(Modifier, DecayShape, DecayParamKind, MultiValueMode, FunctionScoreMode, CombineMode);

messages! {
    /// A query whose scores are changed by up to three functions (official Java SDK).
    ///
    /// ```
    /// use campaign_tablestore::search::{
    ///     DecayFunction, DecayParam, DecayPlaces, DecayShape, FunctionsScoreQuery, GeoPoint, Query, ScoreFunction,
    /// };
    ///
    /// // Half the score at 5 km from here.
    /// let here = DecayPlaces { origin: Some(GeoPoint::new(30.25, 120.15)), scale: Some(5_000.0), offset: None };
    /// let decay = DecayFunction::new("place", DecayShape::Gauss, &DecayParam::Place(here));
    /// let near = ScoreFunction { decay: Some(decay), ..ScoreFunction::default() };
    /// let query = FunctionsScoreQuery::new(Query::words("title", "sea"), [near]);
    /// # let _: Query = query.into();
    /// ```
    pub struct FunctionsScoreQuery {
        /// The query.
        pub query: Query = 1,
        /// The functions.
        pub functions: Vec<ScoreFunction> = 2,
        /// How their results make one.
        pub score_mode: Option<FunctionScoreMode> = 3,
        /// How that and the query's score make one.
        pub combine_mode: Option<CombineMode> = 4,
        /// The least score.
        pub min_score: Option<f32> = 5,
        /// The greatest score.
        pub max_score: Option<f32> = 6,
    }

    /// One function: at most one of a field, a random number and a decay.
    #[derive(Default)]
    pub struct ScoreFunction {
        /// A field as a factor.
        pub field_value_factor: Option<FieldValueFunction> = 1,
        /// A random number.
        pub random: Option<RandomFunction> = 2,
        /// Less with the distance.
        pub decay: Option<DecayFunction> = 3,
        /// What its result is multiplied by.
        pub weight: Option<f32> = 4,
        /// Which rows it is for.
        pub filter: Option<Query> = 5,
    }

    /// A field as a factor.
    pub struct FieldValueFunction {
        /// The field, a number.
        pub field: String = 1,
        /// What it is multiplied by.
        pub factor: Option<f32> = 2,
        /// What is done to it then.
        pub modifier: Option<Modifier> = 3,
        /// Its value in rows without it.
        pub missing: Option<f64> = 4,
    }

    /// A random number.
    #[derive(Copy, Eq, Default)]
    pub struct RandomFunction {}

    /// A score that falls with the distance from an origin.
    pub struct DecayFunction {
        /// The field.
        pub field: String = 1,
        /// How it falls.
        pub shape: Option<DecayShape> = 2,
        /// What `param` is about.
        pub param_kind: Option<DecayParamKind> = 3,
        /// Origin, scale and offset: the message of the kind. [`DecayFunction::new`] writes it, [`DecayFunction::param_of`]
        /// reads it.
        pub param: Option<Bytes> = 4,
        /// What is left at the distance of the scale.
        pub decay: Option<f64> = 5,
        /// Which of several values counts.
        pub multi_value_mode: Option<MultiValueMode> = 6,
    }

    /// A distance in time.
    #[derive(Default, Eq)]
    pub struct DecayDates {
        /// The origin in nanoseconds since 1970.
        pub origin_long: Option<i64> = 1,
        /// The origin in a format of the field.
        pub origin_string: Option<String> = 2,
        /// Where the decay is reached, above 0; days are the largest unit.
        pub scale: Option<TimeSpan> = 3,
        /// Up to where nothing is lost.
        pub offset: Option<TimeSpan> = 4,
    }

    /// A distance between numbers.
    #[derive(Default, Copy)]
    pub struct DecayNumbers {
        /// The origin.
        pub origin: Option<f64> = 1,
        /// Where the decay is reached, above 0.
        pub scale: Option<f64> = 2,
        /// Up to where nothing is lost.
        pub offset: Option<f64> = 3,
    }

    /// A distance in metres.
    #[derive(Default, Copy)]
    pub struct DecayPlaces {
        /// The origin.
        pub origin: Option<GeoPoint> = 1,
        /// Where the decay is reached, above 0.
        pub scale: Option<f64> = 2,
        /// Up to where nothing is lost.
        pub offset: Option<f64> = 3,
    }
}

/// What a decay falls with.
#[derive(Debug, Clone, PartialEq)]
pub enum DecayParam {
    /// The distance in time, for DATE fields.
    Date(DecayDates),
    /// The distance between numbers, for LONG and DOUBLE fields.
    Number(DecayNumbers),
    /// The distance in metres, for GEO_POINT fields.
    Place(DecayPlaces),
}

impl DecayFunction {
    /// A score of 1 at the origin that falls with the distance of `field` from it.
    pub fn new(field: impl Into<String>, shape: DecayShape, param: &DecayParam) -> Self {
        let (kind, bytes) = match param {
            DecayParam::Date(param) => (DecayParamKind::Date, param.to_bytes()),
            DecayParam::Number(param) => (DecayParamKind::Numeric, param.to_bytes()),
            DecayParam::Place(param) => (DecayParamKind::Geo, param.to_bytes()),
        };
        Self {
            field: field.into(),
            shape: Some(shape),
            param_kind: Some(kind),
            param: Some(bytes.into()),
            decay: None,
            multi_value_mode: None,
        }
    }

    /// Origin, scale and offset, if the function says of which kind they are.
    ///
    /// # Errors
    /// [`WireFault`] if the parameter is not one of its kind.
    pub fn param_of(&self) -> Result<Option<DecayParam>, WireFault> {
        let param = self.param.clone().unwrap_or_default();
        let Some(kind) = self.param_kind else { return Ok(None) };
        Ok(Some(match kind {
            DecayParamKind::Date => DecayParam::Date(DecayDates::from_bytes(param)?),
            DecayParamKind::Numeric => DecayParam::Number(DecayNumbers::from_bytes(param)?),
            DecayParamKind::Geo => DecayParam::Place(DecayPlaces::from_bytes(param)?),
        }))
    }
}

impl FunctionsScoreQuery {
    /// A query with functions.
    pub fn new(query: impl Into<Query>, functions: impl IntoIterator<Item = ScoreFunction>) -> Self {
        Self {
            query: query.into(),
            functions: functions.into_iter().collect(),
            score_mode: None,
            combine_mode: None,
            min_score: None,
            max_score: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::TimeUnit;

    #[test]
    fn the_parameter_of_a_decay_is_read_as_it_was_written() {
        let day = TimeSpan { value: 1, unit: TimeUnit::Day };
        let params = [
            DecayParam::Date(DecayDates {
                origin_string: Some("1970".into()),
                scale: Some(day),
                ..DecayDates::default()
            }),
            DecayParam::Number(DecayNumbers { origin: Some(1.5), scale: Some(2.0), offset: None }),
            DecayParam::Place(DecayPlaces { origin: Some(GeoPoint::new(1.0, 2.0)), ..DecayPlaces::default() }),
        ];
        for param in params {
            let decay = DecayFunction::new("f", DecayShape::Gauss, &param);
            assert_eq!(decay.param_of().unwrap(), Some(param));
        }
        let broken = DecayFunction {
            param: Some(Bytes::from_static(&[0xff])),
            ..DecayFunction::new("f", DecayShape::Exp, &DecayParam::Number(DecayNumbers::default()))
        };
        assert!(broken.param_of().is_err());
    }
}
