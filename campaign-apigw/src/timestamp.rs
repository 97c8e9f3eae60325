//! What `X-Ca-Timestamp` says: Unix milliseconds.

/// The number of a timestamp: up to 20 decimal digits, with a minus sign if it is before 1970. One that is too
/// large is as far away as can be.
pub(crate) fn milliseconds(text: &[u8]) -> Option<i64> {
    let (digits, sign) = match text {
        [b'-', digits @ ..] => (digits, -1),
        digits => (digits, 1),
    };
    if digits.is_empty() || digits.len() > 20 {
        return None;
    }
    // 19 digits always fit.
    let (first, last) = digits.split_at(digits.len().min(19));
    let digit = |byte: &u8| Some(u64::from(byte.wrapping_sub(b'0'))).filter(|digit| *digit < 10);
    let mut number = 0_u64;
    for byte in first {
        number = number * 10 + digit(byte)?;
    }
    for byte in last {
        number = number.saturating_mul(10).saturating_add(digit(byte)?);
    }
    Some(i64::try_from(number).unwrap_or(i64::MAX) * sign)
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn a_timestamp_is_up_to_20_digits_and_a_large_one_is_as_far_away_as_can_be() {
        for (text, number) in [
            ("0", 0),
            ("1794355200000", 1_794_355_200_000),
            ("-1", -1),
            ("00000001794355200000", 1_794_355_200_000),
            ("9223372036854775807", i64::MAX),
            ("9223372036854775808", i64::MAX),
            ("99999999999999999999", i64::MAX),
            ("-99999999999999999999", -i64::MAX),
        ] {
            assert_eq!(milliseconds(text.as_bytes()), Some(number), "{text}");
        }
        for text in ["", "-", "+1", "1.0", " 1", "1 ", "--1", "000000001794355200000", "1:", "1/"] {
            assert_eq!(milliseconds(text.as_bytes()), None, "{text}");
        }
    }
}
