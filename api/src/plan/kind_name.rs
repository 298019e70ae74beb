//! A resource kind in files of rules and weights: by the name that tables have for it.

use lessor_models::resources::Kind;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A kind by its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KindName(pub(crate) Kind);

impl Serialize for KindName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for KindName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<KindName, D::Error> {
        let name = String::deserialize(deserializer)?;
        Kind::from_name(&name).map(KindName).ok_or_else(|| {
            let kinds = Kind::ALL.map(Kind::name).join(", ");
            D::Error::custom(format!("{name:?} is no kind of resource; write one of {kinds}"))
        })
    }
}
