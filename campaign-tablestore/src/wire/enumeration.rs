//! Enumerations with their numbers on the wire.

/// Makes an enum and its two directions to the wire from one list.
macro_rules! enumeration {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$of:meta])* $value:ident = $number:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $vis enum $name {
            $($(#[$of])* $value,)+
        }

        #[allow(dead_code, reason = "without the server half some enumerations go one way only")]
        impl $name {
            /// The number on the wire.
            pub(crate) const fn number(self) -> i32 {
                match self { $(Self::$value => $number,)+ }
            }

            /// The value of a number in `field`.
            pub(crate) fn from_number(number: i32, field: &'static str) -> Result<Self, $crate::WireFault> {
                match number {
                    $($number => Ok(Self::$value),)+
                    other => Err($crate::WireFault::OutOfRange { field, value: other.into() }),
                }
            }
        }
    };
}

pub(crate) use enumeration;
