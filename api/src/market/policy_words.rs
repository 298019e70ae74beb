//! The words of a policy: members of closed sets, each written as its name.

use std::borrow::Cow;
use std::marker::PhantomData;

use lessor_market::policy::{Format, PaymentRule};
use lessor_models::fleet::{Level, ZoneKind};
use lessor_models::job::{Domain, ServiceClass};
use lessor_models::resources::Kind;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};

/// A member of a closed set, written as its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<T>(pub(super) T);

/// A closed set whose members have names.
pub(super) trait Vocabulary: Copy + 'static {
    /// What a member is, in a message.
    const WHAT: &'static str;
    /// Every member, in the order of messages and schema.
    fn all() -> Vec<Self>;
    /// The name of a member.
    fn name(self) -> &'static str;
}

macro_rules! vocabulary {
    ($type:ty, $what:literal, $all:expr) => {
        impl Vocabulary for $type {
            const WHAT: &'static str = $what;
            fn all() -> Vec<Self> {
                $all
            }
            fn name(self) -> &'static str {
                self.name()
            }
        }
    };
}

vocabulary!(Kind, "resource kind", Kind::ALL.to_vec());
vocabulary!(ServiceClass, "service class", ServiceClass::ALL.to_vec());
vocabulary!(Format, "format", Format::ALL.to_vec());
vocabulary!(PaymentRule, "payment rule", PaymentRule::ALL.to_vec());
vocabulary!(
    Domain,
    "level or kind of zone",
    Level::ALL.map(Domain::Level).into_iter().chain(ZoneKind::ALL.map(Domain::Zone)).collect()
);

impl<'de, T: Vocabulary> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Word<T>, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<T: Vocabulary> Visitor<'_> for Reader<T> {
            type Value = Word<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "a {}", T::WHAT)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Word<T>, E> {
                let found = T::all().into_iter().find(|member| member.name() == text);
                found.map(Word).ok_or_else(|| {
                    let names: Vec<&str> = T::all().into_iter().map(T::name).collect();
                    E::custom(format_args!("{text:?} is no {}; write one of: {}", T::WHAT, names.join(", ")))
                })
            }
        }
        deserializer.deserialize_str(Reader(PhantomData))
    }
}

impl<T: Vocabulary> Serialize for Word<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<T: Vocabulary> JsonSchema for Word<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        T::WHAT.into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = T::all().into_iter().map(T::name).collect();
        json_schema!({ "type": "string", "enum": names })
    }
}
