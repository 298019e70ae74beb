//! The form of numbers, lists and choices, and the two macros that spell out the form of a struct and of an enum.

use super::error::{DecodeError, Fault};

/// A type with a form.
pub(super) trait Form: Sized {
    /// Appends the value.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads a value.
    fn read(input: &mut Input<'_>) -> Result<Self, DecodeError>;

    /// Any value, for tests: every variant and every field has its turn.
    #[cfg(test)]
    fn sample(chance: &mut Chance) -> Self;
}

/// Where samples come from: numbers of every length, from a seed.
#[cfg(test)]
#[derive(Debug)]
pub(super) struct Chance(pub(super) u64);

#[cfg(test)]
impl Chance {
    /// SplitMix64 (Steele, Lea & Flood 2014).
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("below a size")
    }

    /// A number of any number of bits, up to so many: small ones as often as large ones.
    pub(super) fn number(&mut self, bits: u32) -> u128 {
        let wide = u128::from(self.next()) << 64 | u128::from(self.next());
        let kept = self.below(bits as usize + 1);
        if kept == 0 { 0 } else { wide >> (128 - kept) }
    }
}

/// Bytes that are being read.
#[derive(Clone, Debug)]
pub(super) struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Input<'a> {
        Input { bytes, at: 0 }
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// An error about what was just read.
    pub(super) fn fault(&self, fault: Fault) -> DecodeError {
        DecodeError { offset: self.at, fault }
    }

    /// Refuses bytes that are left over.
    pub(super) fn end(&self) -> Result<(), DecodeError> {
        if self.left() == 0 { Ok(()) } else { Err(self.fault(Fault::Rest)) }
    }

    pub(super) fn byte(&mut self, of: &'static str) -> Result<u8, DecodeError> {
        let byte = *self.bytes.get(self.at).ok_or(self.fault(Fault::End { of }))?;
        self.at += 1;
        Ok(byte)
    }

    pub(super) fn take(&mut self, count: usize, of: &'static str) -> Result<&'a [u8], DecodeError> {
        let end = self.at.checked_add(count).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or(self.fault(Fault::End { of }))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    /// A number of at most so many bits.
    fn number(&mut self, bits: u32, of: &'static str) -> Result<u128, DecodeError> {
        let mut number = 0u128;
        for shift in (0..bits).step_by(7) {
            let byte = self.byte(of)?;
            let part = u128::from(byte & 0x7f);
            if shift + 7 > bits && part >> (bits - shift) != 0 {
                break;
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                // One number has one form: a last byte of zero says nothing.
                if byte == 0 && shift > 0 {
                    break;
                }
                return Ok(number);
            }
        }
        Err(self.fault(Fault::Number { of }))
    }
}

/// Appends a number of 64 bits; small ones are the rule, so they have a path of their own.
#[inline]
pub(super) fn put_u64(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn put_u128(mut number: u128, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

macro_rules! unsigned {
    ($($type:ident),*) => {$(
        impl Form for $type {
            #[inline]
            fn write(&self, out: &mut Vec<u8>) {
                put_u64(u64::from(*self), out);
            }

            #[inline]
            fn read(input: &mut Input<'_>) -> Result<$type, DecodeError> {
                let number = input.number($type::BITS, stringify!($type))?;
                Ok($type::try_from(number).expect("the number keeps to its bits"))
            }

            #[cfg(test)]
            fn sample(chance: &mut Chance) -> $type {
                $type::try_from(chance.number($type::BITS)).expect("the number keeps to its bits")
            }
        }
    )*};
}
unsigned!(u8, u16, u32, u64);

impl Form for u128 {
    fn write(&self, out: &mut Vec<u8>) {
        put_u128(*self, out);
    }

    fn read(input: &mut Input<'_>) -> Result<u128, DecodeError> {
        input.number(u128::BITS, "u128")
    }

    #[cfg(test)]
    fn sample(chance: &mut Chance) -> u128 {
        chance.number(u128::BITS)
    }
}

impl Form for i64 {
    fn write(&self, out: &mut Vec<u8>) {
        put_u64(((self << 1) ^ (self >> 63)).cast_unsigned(), out);
    }

    fn read(input: &mut Input<'_>) -> Result<i64, DecodeError> {
        let folded = u64::read(input)?;
        Ok((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }

    #[cfg(test)]
    fn sample(chance: &mut Chance) -> i64 {
        let size = u64::sample(chance).cast_signed();
        if chance.below(2) == 0 { size } else { !size }
    }
}

impl Form for i128 {
    fn write(&self, out: &mut Vec<u8>) {
        put_u128(((self << 1) ^ (self >> 127)).cast_unsigned(), out);
    }

    fn read(input: &mut Input<'_>) -> Result<i128, DecodeError> {
        let folded = u128::read(input)?;
        Ok((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }

    #[cfg(test)]
    fn sample(chance: &mut Chance) -> i128 {
        let size = u128::sample(chance).cast_signed();
        if chance.below(2) == 0 { size } else { !size }
    }
}

impl Form for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn read(input: &mut Input<'_>) -> Result<bool, DecodeError> {
        match input.byte("switch")? {
            0 => Ok(false),
            1 => Ok(true),
            code => Err(input.fault(Fault::Code { of: "switch", code })),
        }
    }

    #[cfg(test)]
    fn sample(chance: &mut Chance) -> bool {
        chance.below(2) == 0
    }
}

impl<T: Form> Form for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            None => out.push(0),
            Some(value) => {
                out.push(1);
                value.write(out);
            }
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Option<T>, DecodeError> {
        Ok(if bool::read(input)? { Some(T::read(input)?) } else { None })
    }

    #[cfg(test)]
    fn sample(chance: &mut Chance) -> Option<T> {
        bool::sample(chance).then(|| T::sample(chance))
    }
}

/// Room that a list gets before its items are read: a length alone must not take memory.
const ITEMS_AT_ONCE: usize = 64;

impl<T: Form> Form for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        put_u64(self.len() as u64, out);
        self.iter().for_each(|item| item.write(out));
    }

    fn read(input: &mut Input<'_>) -> Result<Vec<T>, DecodeError> {
        let count = u64::read(input)?;
        // No item takes less than a byte.
        let count = usize::try_from(count).ok().filter(|&count| count <= input.left());
        let count = count.ok_or(input.fault(Fault::End { of: "list" }))?;
        let mut items = Vec::with_capacity(count.min(ITEMS_AT_ONCE));
        for _ in 0..count {
            items.push(T::read(input)?);
        }
        Ok(items)
    }

    #[cfg(test)]
    fn sample(chance: &mut Chance) -> Vec<T> {
        (0..chance.below(4)).map(|_| T::sample(chance)).collect()
    }
}

impl<T: Form, U: Form> Form for (T, U) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<(T, U), DecodeError> {
        Ok((T::read(input)?, U::read(input)?))
    }

    #[cfg(test)]
    fn sample(chance: &mut Chance) -> (T, U) {
        (T::sample(chance), U::sample(chance))
    }
}

/// The form of a struct: its fields in the order given.
macro_rules! form_struct {
    ($($type:ident { $($field:ident),* $(,)? })*) => {$(
        impl Form for $type {
            #[inline]
            fn write(&self, out: &mut Vec<u8>) {
                let $type { $($field),* } = self;
                $($field.write(out);)*
            }

            #[inline]
            fn read(input: &mut Input<'_>) -> Result<$type, DecodeError> {
                Ok($type { $($field: Form::read(input)?),* })
            }

            #[cfg(test)]
            fn sample(chance: &mut crate::wire::form::Chance) -> $type {
                $type { $($field: Form::sample(chance)),* }
            }
        }
    )*};
}
pub(super) use form_struct;

/// The form of a type with one field and no name for it.
macro_rules! form_newtype {
    ($($type:ident),* $(,)?) => {$(
        impl Form for $type {
            #[inline]
            fn write(&self, out: &mut Vec<u8>) {
                self.0.write(out);
            }

            #[inline]
            fn read(input: &mut Input<'_>) -> Result<$type, DecodeError> {
                Form::read(input).map($type)
            }

            #[cfg(test)]
            fn sample(chance: &mut crate::wire::form::Chance) -> $type {
                $type(Form::sample(chance))
            }
        }
    )*};
}
pub(super) use form_newtype;

/// The form of an enum: the code of its variant, which is never used again for another one, and the variant's fields.
macro_rules! form_enum {
    ($type:ident { $($code:literal => $variant:ident $({ $($field:ident),* })? $(( $item:ident ))?),* $(,)? }) => {
        impl Form for $type {
            #[inline]
            fn write(&self, out: &mut Vec<u8>) {
                match self {
                    $($type::$variant $({ $($field),* })? $(( $item ))? => {
                        out.push($code);
                        $($($field.write(out);)*)?
                        $($item.write(out);)?
                    })*
                }
            }

            #[inline]
            fn read(input: &mut Input<'_>) -> Result<$type, DecodeError> {
                match input.byte(stringify!($type))? {
                    $($code => {
                        $(let $item = Form::read(input)?;)?
                        Ok($type::$variant $({ $($field: Form::read(input)?),* })? $(( $item ))?)
                    })*
                    code => Err(input.fault(Fault::Code { of: stringify!($type), code })),
                }
            }

            #[cfg(test)]
            fn sample(chance: &mut crate::wire::form::Chance) -> $type {
                let codes: &[u8] = &[$($code),*];
                match codes[chance.below(codes.len())] {
                    $($code => {
                        $(let $item = Form::sample(chance);)?
                        $type::$variant $({ $($field: Form::sample(chance)),* })? $(( $item ))?
                    })*
                    _ => unreachable!("codes are of variants"),
                }
            }
        }
    };
}
pub(super) use form_enum;
