//! Collections of what has a row of its own: serde's `with` names one value only.

/// A module for a list or a set.
macro_rules! list {
    ($module:ident, $item:ident as $row:ident in $path:literal) => {
        mod $module {
            use serde::{Deserialize, Deserializer, Serialize, Serializer};
            use temper_core::recording::$item;

            use super::$row;

            #[derive(Serialize)]
            struct Ref<'a>(#[serde(with = $path)] &'a $item);

            #[derive(Deserialize)]
            struct Read(#[serde(with = $path)] $item);

            pub(super) fn serialize<'a, C, S>(list: &'a C, serializer: S) -> Result<S::Ok, S::Error>
            where
                &'a C: IntoIterator<Item = &'a $item>,
                S: Serializer,
            {
                serializer.collect_seq(list.into_iter().map(Ref))
            }

            pub(super) fn deserialize<'de, C, D>(deserializer: D) -> Result<C, D::Error>
            where
                C: FromIterator<$item>,
                D: Deserializer<'de>,
            {
                let list = Vec::<Read>::deserialize(deserializer)?;
                Ok(list.into_iter().map(|Read(item)| item).collect())
            }
        }
    };
}

/// A module for what is found by a path.
macro_rules! by_path {
    ($module:ident, $item:ident as $row:ident in $path:literal) => {
        mod $module {
            use std::collections::BTreeMap;

            use serde::{Deserialize, Deserializer, Serialize, Serializer};
            use temper_core::recording::$item;

            use super::$row;

            #[derive(Serialize)]
            struct Ref<'a>(#[serde(with = $path)] &'a $item);

            #[derive(Deserialize)]
            struct Read(#[serde(with = $path)] $item);

            pub(super) fn serialize<S: Serializer>(
                map: &BTreeMap<String, $item>,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.collect_map(map.iter().map(|(path, item)| (path, Ref(item))))
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<BTreeMap<String, $item>, D::Error> {
                let map = BTreeMap::<String, Read>::deserialize(deserializer)?;
                Ok(map.into_iter().map(|(path, Read(item))| (path, item)).collect())
            }
        }
    };
}

/// A module for what there may be none of.
macro_rules! optional {
    ($module:ident, $item:ident as $row:ident in $path:literal) => {
        mod $module {
            use serde::{Deserialize, Deserializer, Serialize, Serializer};
            use temper_core::recording::$item;

            use super::$row;

            #[derive(Serialize)]
            struct Ref<'a>(#[serde(with = $path)] &'a $item);

            #[derive(Deserialize)]
            struct Read(#[serde(with = $path)] $item);

            #[expect(clippy::ref_option, reason = "serde passes fields so")]
            pub(super) fn serialize<S: Serializer>(item: &Option<$item>, serializer: S) -> Result<S::Ok, S::Error> {
                item.as_ref().map(Ref).serialize(serializer)
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<$item>, D::Error> {
                let item = Option::<Read>::deserialize(deserializer)?;
                Ok(item.map(|Read(item)| item))
            }
        }
    };
}

pub(super) use {by_path, list, optional};
