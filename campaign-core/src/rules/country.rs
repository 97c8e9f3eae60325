//! The country rule: an assigned ISO 3166-1 alpha-2 code.

/// The 249 assigned codes of ISO 3166-1, as listed in `iso3166.tab` of the IANA time zone
/// database (public domain). User-assigned (`XX`, `ZZ`) and reserved codes (`UK`, `EU`) are not
/// in the list.
const ASSIGNED: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ \
    BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR \
    CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU \
    ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ \
    LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ \
    MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF \
    PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI \
    SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR \
    TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// The assigned codes, in order.
pub(crate) fn assigned() -> impl Iterator<Item = &'static str> {
    ASSIGNED.split(' ')
}

/// For each first letter the second ones, one bit each.
const SECOND: [u32; 26] = {
    let (mut second, mut at) = ([0; 26], 0);
    let codes = ASSIGNED.as_bytes();
    while at < codes.len() {
        second[(codes[at] - b'A') as usize] |= 1 << (codes[at + 1] - b'A');
        at += 3;
    }
    second
};

/// Whether `code` is an assigned code, in upper case.
pub(crate) fn is_assigned(code: &str) -> bool {
    let &[first, second @ b'A'..=b'Z'] = code.as_bytes() else { return false };
    let of_first = SECOND.get(usize::from(first.wrapping_sub(b'A')));
    of_first.is_some_and(|seconds| seconds >> (second - b'A') & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_249_codes_of_two_upper_case_letters_in_order() {
        let codes: Vec<&str> = assigned().collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.iter().all(|c| c.len() == 2 && c.bytes().all(|b| b.is_ascii_uppercase())));
        assert!(codes.is_sorted_by(|a, b| a < b));
        assert!(codes.iter().all(|code| is_assigned(code)));
    }

    #[test]
    fn assigned_codes_are_accepted_and_others_are_not() {
        for code in ["DE", "CN", "AX", "ZW", "SS"] {
            assert!(is_assigned(code), "{code}");
        }
        for code in ["", "D", "de", "De", "XX", "ZZ", "UK", "EU", "AN", "U1", "USA", "D E", "AD AE", "\u{ff24}\u{ff25}"]
        {
            assert!(!is_assigned(code), "{code}");
        }
    }
}
